// Keeps the ledger of the calls made through each SDK, and which of them were made by tests that passed.
import { existsSync } from "node:fs";
import { test } from "node:test";
import { installed, packageFile } from "./packages.js";

const rows = new Map(); // "sdk call" -> row
let running = []; // rows of the calls of the test that runs; tests run one after the other

// check is a test whose calls count as passed when it passes.
export function check(name, body) {
  test(name, async (t) => {
    running = [];
    await body(t);
    for (const row of running) row.passed++;
  });
}

// record notes a call.
export function record(sdk, call) {
  const key = `${sdk} ${call}`;
  const row = rows.get(key) ?? { sdk, call, calls: 0, passed: 0 };
  rows.set(key, row);
  row.calls++;
  running.push(row);
}

// make constructs an object of an SDK, and records that.
export function make(sdk, Class, ...args) {
  record(sdk, `new ${Class.name}`);
  return watch(sdk, new Class(...args), Class.name);
}

// watch records each method called on an object of an SDK; nothing else is changed. What a method returns is watched if it
// is the object itself, as in a chain of calls.
export function watch(sdk, object, name = object.constructor.name) {
  const watched = new Proxy(object, {
    get(target, member) {
      const value = target[member];
      if (typeof value !== "function" || typeof member === "symbol" || member === "constructor") return value;
      return (...args) => {
        record(sdk, `${name}.${member}`);
        const result = value.apply(target, args);
        return result === target ? watched : result;
      };
    },
  });
  return watched;
}

// use calls a function of an SDK.
export function use(sdk, call, ...args) {
  record(sdk, call.name);
  return call(...args);
}

// called lists the recorded calls of an SDK.
export const called = (sdk) => [...rows.values()].filter((row) => row.sdk === sdk).map((row) => row.call);

// all lists all rows, in the order of their first call.
export const all = () => [...rows.values()];

// calls is the detail: a table for each SDK, with a line a call and a column a version. A cell is the calls that passed.
export function calls() {
  const tables = [];
  for (const name of new Set(all().map((row) => origin(row.sdk).name))) {
    const mine = all().filter((row) => origin(row.sdk).name === name);
    const versions = [...new Set(mine.map((row) => row.sdk))].sort(byVersion);
    const lines = [[name, ...versions.map((sdk) => origin(sdk).version)]];
    for (const call of new Set(mine.map((row) => row.call))) lines.push([call, ...versions.map((sdk) => cell(mine, sdk, call))]);
    tables.push(align(lines));
  }
  return tables.join("\n\n");
}

const byVersion = (a, b) => origin(a).version.localeCompare(origin(b).version, "en", { numeric: true });

// cell is the calls that passed, or "passed/made" if not all did.
function cell(mine, sdk, call) {
  const row = mine.find((one) => one.sdk === sdk && one.call === call);
  if (row === undefined) return "";
  return row.passed === row.calls ? row.calls : `${row.passed}/${row.calls}`;
}

// matrix is the summary: a line for each version of each SDK.
export function matrix() {
  const lines = [["package", "version", "methods", "calls made", "passed"]];
  const sdks = [...new Set(all().map((row) => row.sdk))].sort((a, b) => origin(a).name.localeCompare(origin(b).name) || byVersion(a, b));
  for (const sdk of sdks) {
    const mine = all().filter((row) => row.sdk === sdk);
    const sum = (member) => mine.reduce((total, row) => total + row[member], 0);
    lines.push([origin(sdk).name, origin(sdk).version, mine.length, sum("calls"), sum("passed")]);
  }
  return align(lines);
}

// origin is the package that an SDK is; our own server and program are none.
const origin = (sdk) => (existsSync(packageFile(sdk)) ? installed(sdk) : { name: sdk, version: "" });

// align renders lines as columns.
function align(lines) {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => String(line[i]).length)));
  const field = (value, i) => (typeof value === "number" ? String(value).padStart(widths[i]) : String(value).padEnd(widths[i]));
  return lines.map((line) => line.map(field).join("  ").trimEnd()).join("\n");
}
