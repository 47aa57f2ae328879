// Keeps the ledger of the calls made through each SDK, and which of them were made by tests that passed.
import { readFileSync } from "node:fs";
import { test } from "node:test";

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

// make constructs an object of an SDK. Its construction and each method called on it are recorded; nothing else is changed.
export function make(sdk, Class, ...args) {
  record(sdk, `new ${Class.name}`);
  const object = new Class(...args);
  return new Proxy(object, {
    get(target, name) {
      const value = target[name];
      if (typeof value !== "function" || typeof name === "symbol") return value;
      return (...rest) => {
        record(sdk, `${Class.name}.${name}`);
        return value.apply(target, rest);
      };
    },
  });
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

// version is the installed version of a package.
export function version(sdk) {
  const file = new URL(`../node_modules/${sdk}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")).version;
}

// table renders rows: one line a call, one line of totals an SDK.
export function table() {
  const lines = [["SDK", "version", "call", "calls made", "passed"]];
  for (const sdk of new Set(all().map((row) => row.sdk))) {
    const mine = all().filter((row) => row.sdk === sdk);
    const sum = (name) => mine.reduce((total, row) => total + row[name], 0);
    const label = sdk.startsWith("@") ? version(sdk) : "";
    for (const row of mine) lines.push([sdk, label, row.call, row.calls, row.passed]);
    lines.push([sdk, label, `all ${mine.length}`, sum("calls"), sum("passed")]);
  }
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => String(line[i]).length)));
  const cell = (value, i) => (typeof value === "number" ? String(value).padStart(widths[i]) : String(value).padEnd(widths[i]));
  return lines.map((line) => line.map(cell).join("  ").trimEnd()).join("\n");
}
