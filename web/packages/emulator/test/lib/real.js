// Names the real program: ACSAUTH_DEV, or one built now by Go.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

export function real() {
  if (process.env.ACSAUTH_DEV) return process.env.ACSAUTH_DEV;
  const root = path("../../../../../");
  mkdirSync(`${root}.tmp`, { recursive: true });
  const out = `${root}.tmp/acsauth-dev`;
  execFileSync("go", ["build", "-o", out, "./cmd/acsauth-dev"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  return out;
}
