// Serves pages of an application on loopback, on another origin than the service.
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const types = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", json: "application/json", css: "text/css", ico: "image/x-icon" };
const web = fileURLToPath(new URL("../..", import.meta.url));

// bundle makes a script for a page of a module's text; loader is js, jsx, ts or tsx.
export const bundle = (contents, { loader = "js", resolveDir = web } = {}) =>
  buildSync({ stdin: { contents, resolveDir, loader }, bundle: true, write: false, format: "iife", logLevel: "silent" }).outputFiles[0].text;

// html is a page that runs scripts, in that order.
export const html = (title, ...scripts) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>${scripts.map((src) => `<script src="${src}"></script>`).join("")}<div id="root"></div></html>`;

// serve serves files by their path, such as "/" or "/app.js"; the map may grow.
export async function serve(files) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://site");
    const body = pathname === "/favicon.ico" ? "" : files.get(pathname);
    const type = types[/\.(\w+)$/.exec(pathname)?.[1] ?? "html"];
    response.writeHead(body === undefined ? 404 : 200, { "content-type": type, "cache-control": "no-store" });
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}`;
  return { url, stop: () => { server.closeAllConnections(); server.close(); } };
}
