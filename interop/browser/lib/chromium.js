// Finds and starts Chromium. It trusts the emulator's certificate by the hash of its key, and no other unknown one.
import { createHash } from "node:crypto";
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

// Debian's Chromium, and any in a private window, keeps cookies from frames of other sites. An emulator on https and a
// page on http are two sites, so silent sign-in needs the setting that Chromium has elsewhere.
const preferences = { profile: { cookie_controls_mode: 0, block_third_party_cookies: false } };

// launch starts Chromium with a profile of its own, and returns the profile and how to end and remove it.
export async function launch(trusted) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  try {
    accessSync(executablePath, constants.X_OK);
  } catch {
    throw new Error(`there is no Chromium at ${executablePath}; run: ${install}, or name one in $CHROMIUM`);
  }
  const folder = mkdtempSync(join(tmpdir(), "acsauth-chromium-"));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  mkdirSync(join(folder, "Default"));
  writeFileSync(join(folder, "Default", "Preferences"), JSON.stringify(preferences));
  try {
    const profile = await chromium.launchPersistentContext(folder, {
      executablePath, headless: true,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", `--ignore-certificate-errors-spki-list=${trusted}`],
    });
    return { profile, close: () => profile.close().finally(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}
