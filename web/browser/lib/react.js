// Serves the page of react-page.tsx.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { files, info, open, site } from "./world.js";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const script = buildSync({
  entryPoints: [here("react-page.tsx")], bundle: true, write: false, format: "iife", jsx: "automatic", define: { "process.env.NODE_ENV": '"development"' }, logLevel: "silent",
  alias: { "@acs-solutions/acsauth-token-client": here("../../packages/token-client/src/index.ts") },
}).outputFiles[0].text;
const token = execFileSync(info.binary, ["token", "--user", "bob", "--authority", info.authority], { encoding: "utf8" }).trim();

files.set("/react.js", script);
files.set("/react", `<!doctype html><html lang="en"><meta charset="utf-8"><title>React</title><div id="root"></div><script>globalThis.config = ${JSON.stringify({ endpoint: info.server, token })};</script><script src="/react.js"></script></html>`);

// mounted opens the page; calls are the paths of its calls to the service.
export async function mounted() {
  const page = await open();
  const calls = [];
  page.on("request", (request) => { if (request.url().startsWith(info.server) && request.method() === "POST") calls.push(new URL(request.url()).pathname); });
  await page.goto(`${site.url}/react`);
  await page.waitForFunction(() => globalThis.got);
  return { page, calls };
}
