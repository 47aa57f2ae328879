// Finds and starts Chromium. It trusts the emulator's certificate by the hash of its key, and no other unknown one.
import { createHash } from "node:crypto";
import { accessSync, constants, readFileSync } from "node:fs";
import { connect } from "node:tls";
import { chromium } from "playwright-core";

const install = "sudo apt-get install -y --no-install-recommends chromium";

// keyHash is the hash by which Chromium can be told to trust the key of a server, whose certificate is first checked
// against its authority.
export function keyHash(url, caFile) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port, servername: hostname, ca: readFileSync(caFile) }, () => {
      const key = socket.getPeerX509Certificate().publicKey.export({ type: "spki", format: "der" });
      resolve(createHash("sha256").update(key).digest("base64"));
      socket.end();
    });
    socket.on("error", reject);
  });
}

// launch starts Chromium with a profile of its own, which goes when it closes.
export function launch(trusted) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  try {
    accessSync(executablePath, constants.X_OK);
  } catch {
    throw new Error(`there is no Chromium at ${executablePath}; run: ${install}, or name one in $CHROMIUM`);
  }
  return chromium.launch({
    executablePath, headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", `--ignore-certificate-errors-spki-list=${trusted}`],
  });
}
