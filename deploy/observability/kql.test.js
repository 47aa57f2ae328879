// Microsoft's own parser of KQL reads each query against the columns of the tables that it uses.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

// The package is made for a page: its scripts put what they define into the global scope.
const require = createRequire(import.meta.url);
require("@kusto/language-service-next/bridge.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.js");
const { Kusto } = globalThis;

// Columns as Azure Monitor documents them; those of ACSAuthIncomingOperations as shared by the reference of ACS.
const telemetry = "TimeGenerated: datetime, AppRoleName: string, Name: string, OperationId: string, ParentId: string, ResultCode: string, Success: bool, DurationMs: real, Properties: dynamic";
const tables = {
  AppRequests: telemetry,
  AppDependencies: `${telemetry}, Target: string, DependencyType: string`,
  ACSAuthIncomingOperations: "TimeGenerated: datetime, OperationName: string, OperationVersion: string, CorrelationId: string, Identity: string, Scopes: string, "
    + "ResultType: string, ResultSignature: string, ResultDescription: string, DurationMs: int, SdkType: string, PlatformType: string, URI: string",
};
const Symbols = Kusto.Language.Symbols;
const list = Object.entries(tables).map(([name, columns]) => new Symbols.TableSymbol.$ctor7(name, `(${columns})`, ""));
const state = Kusto.Language.GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor3("workspace", "workspace", list, false));

const faults = (text) => {
  const code = Kusto.Language.KustoCode.ParseAndAnalyze(text, state);
  const list = code.GetDiagnostics();
  return Array.from({ length: list.Count }, (_, i) => list.getItem(i)).map((d) => `${d.Severity}: ${d.Message} at ${text.slice(d.Start, d.Start + 30)}`);
};

test("the parser knows a wrong query from a good one", () => {
  assert.deepEqual(faults("AppRequests | where TimeGenerated > ago(1h) | count"), []);
  assert.match(faults("AppRequests | where Nonsense > 1").join(), /Nonsense/);
  assert.match(faults("AppRequests | whre TimeGenerated > ago(1h)").join(), /whre|expected/i);
});

const files = readdirSync(new URL("kql/", import.meta.url)).filter((name) => name.endsWith(".kql"));
assert.ok(files.length >= 6, "the folder of the queries");
for (const name of files) {
  test(name, () => assert.deepEqual(faults(readFileSync(new URL(`kql/${name}`, import.meta.url), "utf8")), []));
}
