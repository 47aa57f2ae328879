// Writes programs that behave like acsauth-dev, or do not.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// fake makes an executable of the given module text, and removes it after the test.
export function fake(t, text) {
  const folder = mkdtempSync(join(tmpdir(), "acsauth-fake-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "acsauth-dev");
  writeFileSync(file, `#!/usr/bin/env node\n${text}`);
  chmodSync(file, 0o755);
  return file;
}

// recording is a program whose administration answers each request with what it was asked, and with its arguments and environment.
export const recording = `
const http = require("node:http");
const server = http.createServer(async (req, res) => {
  let body = "";
  for await (const chunk of req) body += chunk;
  const answer = { method: req.method, url: req.url, body: body && JSON.parse(body), access_token: body };
  res.writeHead(req.url.includes("unknown") ? 404 : 200, { "content-type": "application/json" });
  res.end(JSON.stringify(req.url.includes("unknown") ? { error: "there is nothing here" } : answer));
});
server.listen(0, "127.0.0.1", () => {
  const url = "http://127.0.0.1:" + server.address().port;
  console.log(JSON.stringify({
    authority: url, graph: url, acs: url, admin: url, connectionString: "c", tenantId: "t", clientId: "c",
    args: process.argv.slice(2), env: process.env,
  }));
});
process.on("SIGTERM", () => process.exit(0));
`;
