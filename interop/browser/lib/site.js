// Serves the pages under test on loopback: plain files, and the packages' own bundles as they were published.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

export const majors = [5, 4, 3, 2];

const here = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const types = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", ico: "image/x-icon" };

// bundle makes a script of a package that publishes modules only, as the users of the package do.
const bundle = (contents) =>
  buildSync({ stdin: { contents, resolveDir: here(".") }, bundle: true, write: false, format: "iife", minify: true }).outputFiles[0].contents;

function files() {
  const all = new Map([["/favicon.ico", ""], ["/common.js", bundle(`globalThis.common = require("@azure/communication-common");`)]]);
  for (const name of ["acs.html", "app.html", "app.js", "bridge.html", "bridge.js", "done.html"]) all.set(`/${name}`, readFileSync(here(`../site/${name}`)));
  for (const major of majors) all.set(`/msal-${major}.js`, readFileSync(here(`../node_modules/msal-browser-${major}/lib/msal-browser.min.js`)));
  all.set("/redirect-bridge.js", readFileSync(here("../node_modules/msal-browser-5/lib/redirect-bridge/msal-redirect-bridge.min.js")));
  return all;
}

// serve starts the site. An application is at /{name}/; configurations holds what differs between them, and may grow.
export async function serve(configurations) {
  const all = files();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://site");
    const [, name, file] = /^\/([\w-]+)\/([\w-]*(?:\.\w+)?)$/.exec(pathname) ?? [];
    let body = all.get(pathname);
    if (configurations.has(name)) body = file === "config.js" ? `globalThis.config = ${JSON.stringify(configurations.get(name))};` : all.get(`/${file || "app.html"}`);
    response.writeHead(body === undefined ? 404 : 200, { "content-type": types[(file || pathname).split(".")[1] ?? "html"], "cache-control": "no-store" });
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: server.address().port, stop: () => { server.closeAllConnections(); server.close(); } };
}
