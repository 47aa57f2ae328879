// Draws the Mermaid diagrams of the documents as SVG files in docs/diagrams, for readers without Mermaid. With --check it
// draws nothing, and fails if a file is missing, is of another source, or holds anything but a picture.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch } from "../../interop/browser/lib/chromium.js";

const docs = new URL("../../docs/", import.meta.url);
const folder = new URL("diagrams/", docs);
const slug = (text) => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");

// diagrams lists the blocks of all documents, each named by its document and heading.
export function diagrams() {
  const list = [];
  for (const file of readdirSync(docs).filter((name) => name.endsWith(".md"))) {
    const text = readFileSync(new URL(file, docs), "utf8");
    let heading = "";
    for (const m of text.matchAll(/^#{1,6} (.+)$|^```mermaid\n([\s\S]*?)^```$/gm)) {
      if (m[1]) heading = m[1];
      else list.push({ name: `${slug(file.replace(".md", ""))}-${slug(heading)}`, source: m[2], hash: createHash("sha256").update(m[2]).digest("hex") });
    }
  }
  if (new Set(list.map((d) => d.name)).size !== list.length) throw new Error("two diagrams have one name: give each a heading of its own");
  return list;
}

const mark = (hash) => `<!-- source: sha256 ${hash} -->\n`;

function check() {
  const faults = [];
  const files = new Set(readdirSync(folder).filter((name) => name.endsWith(".svg")));
  for (const d of diagrams()) {
    const name = `${d.name}.svg`;
    if (!files.delete(name)) {
      faults.push(`docs/diagrams/${name} is missing`);
      continue;
    }
    const svg = readFileSync(new URL(name, folder), "utf8");
    if (!svg.startsWith(mark(d.hash))) faults.push(`docs/diagrams/${name} was drawn from another source`);
    if (/<script|<foreignObject|<image|@import|(?:href|src)="(?!#)|url\((?!#|"?#)/i.test(svg)) faults.push(`docs/diagrams/${name} is not a plain picture`);
  }
  for (const name of files) faults.push(`docs/diagrams/${name} belongs to no diagram`);
  if (faults.length > 0) {
    console.error(`${faults.join("\n")}\nrun: cd web && npm run diagrams`);
    process.exit(1);
  }
}

async function build() {
  const list = diagrams();
  const chromium = await launch("");
  try {
    const page = await chromium.profile.newPage();
    await page.addScriptTag({ path: fileURLToPath(new URL("../node_modules/mermaid/dist/mermaid.min.js", import.meta.url)) });
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder).filter((n) => n.endsWith(".svg"))) rmSync(new URL(name, folder));
    for (const d of list) {
      const svg = await page.evaluate(async ({ name, source }) => {
        globalThis.mermaid.initialize({
          startOnLoad: false, theme: "neutral", themeCSS: ".edgeLabel rect, rect.background { fill: white; stroke: none; opacity: 1 }", fontFamily: "sans-serif", htmlLabels: false, flowchart: { htmlLabels: false, useMaxWidth: false },
          sequence: { useMaxWidth: false, mirrorActors: false }, deterministicIds: true,
        });
        return (await globalThis.mermaid.render(name, source)).svg;
      }, d);
      const white = svg.replace(/<svg([^>]*)>/, '<svg$1><rect width="100%" height="100%" x="-50%" y="-50%" fill="white" style="transform: scale(3)"/>');
      writeFileSync(new URL(`${d.name}.svg`, folder), `${mark(d.hash)}${white}\n`);
    }
    console.log(`${list.length} diagrams drawn`);
  } finally {
    await chromium.close();
  }
}

if (process.argv[2] === "--check") check();
else await build();
