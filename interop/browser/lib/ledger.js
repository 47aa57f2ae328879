// Keeps the ledger of the calls made through each version of each package, and which of them were made by tests that passed.
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { forget } from "./world.js";

const rows = new Map(); // "folder call" -> row
let running = []; // rows of the calls of the test that runs; tests run one after the other
const limit = 60_000; // milliseconds for one test

// check is a test in a browser without cookies and pages. Its calls count as passed when it passes.
export function check(name, body) {
  test(name, { timeout: limit }, async (t) => {
    running = [];
    await forget();
    await body(t);
    for (const row of running) row.passed++;
  });
}

// record notes a call of the package in a folder of node_modules.
export function record(folder, call) {
  const key = `${folder} ${call}`;
  const row = rows.get(key) ?? { folder, call, calls: 0, passed: 0 };
  rows.set(key, row);
  row.calls++;
  running.push(row);
}

// called lists the recorded calls of a package.
export const called = (folder) => [...rows.values()].filter((row) => row.folder === folder).map((row) => row.call);

const about = (folder) => JSON.parse(readFileSync(new URL(`../node_modules/${folder}/package.json`, import.meta.url), "utf8"));

// table renders rows: one line a call, one line of totals a version of a package.
export function table() {
  const lines = [["package", "version", "call", "calls made", "passed"]];
  for (const folder of new Set([...rows.values()].map((row) => row.folder))) {
    const mine = [...rows.values()].filter((row) => row.folder === folder);
    const sum = (member) => mine.reduce((total, row) => total + row[member], 0);
    const { name, version } = about(folder);
    for (const row of mine) lines.push([name, version, row.call, row.calls, row.passed]);
    lines.push([name, version, `all ${mine.length}`, sum("calls"), sum("passed")]);
  }
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => String(line[i]).length)));
  const cell = (value, i) => (typeof value === "number" ? String(value).padStart(widths[i]) : String(value).padEnd(widths[i]));
  return lines.map((line) => line.map(cell).join("  ").trimEnd()).join("\n");
}
