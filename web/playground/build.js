// Makes the page that the service embeds: node web/playground/build.js. With --check it changes nothing, and fails if the page is not made from its source.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const here = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const out = here("../../internal/playground/dist/");
const version = (name) => JSON.parse(readFileSync(here(`../node_modules/${name}/package.json`), "utf8")).version;

// sources is one line for each file that goes in, with its digest, and for each package with its version.
function sources() {
  const lines = [];
  for (const folder of ["web/playground/src", "web/packages/token-client/src"]) {
    for (const name of readdirSync(here(`../../${folder}`)).sort()) {
      const digest = createHash("sha256").update(readFileSync(here(`../../${folder}/${name}`))).digest("hex");
      lines.push(`${digest}  ${folder}/${name}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function build() {
  const { outputFiles } = buildSync({
    entryPoints: [here("src/main.ts")], bundle: true, minify: true, format: "esm", target: "es2022", charset: "utf8", legalComments: "external", write: false, outfile: "app.js",
    tsconfig: here("src/tsconfig.json"), logLevel: "warning", absWorkingDir: here(".."),
  });
  const text = (end) => outputFiles.find((file) => file.path.endsWith(end))?.text ?? "";
  const licence = readFileSync(here("../node_modules/@azure/msal-common/LICENSE"), "utf8");
  return {
    "app.js": text("app.js"),
    "licences.txt": `app.js holds @azure/msal-browser ${version("@azure/msal-browser")} and @azure/msal-common ${version("@azure/msal-common")}:\n\n${licence}\n${text(".LEGAL.txt")}`.trimEnd() + "\n",
    "index.html": readFileSync(here("src/index.html"), "utf8"),
    "style.css": readFileSync(here("src/style.css"), "utf8"),
    "sources.txt": sources(),
  };
}

const made = build();
if (process.argv.includes("--check")) {
  const stale = Object.entries(made).filter(([name, text]) => readFileSync(out + name, "utf8") !== text).map(([name]) => name);
  if (stale.length > 0) {
    console.error(`internal/playground/dist is not made from its source (${stale.join(", ")}); run: cd web && node playground/build.js`);
    process.exit(1);
  }
  console.log("internal/playground/dist is made from its source");
} else {
  mkdirSync(out, { recursive: true });
  for (const [name, text] of Object.entries(made)) writeFileSync(out + name, text);
  console.log(Object.entries(made).map(([name, text]) => `${name} ${text.length}`).join("\n"));
}
