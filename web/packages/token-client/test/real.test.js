// The refresher under the real credential of ACS against the real service, over 26 hours of both clocks.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, mock, test } from "node:test";
import { AzureCommunicationTokenCredential } from "@azure/communication-common";
import { start } from "../../../../interop/lib/program.js";
import { createTeamsTokenRefresher, createTokenRefresher } from "../dist/index.js";

const program = await start();
const { info } = program;
after(async () => assert.ok(await program.stop()));

const minute = 60_000;
const admin = async (path, body) => {
  const answer = await fetch(info.admin + path, { method: "POST", body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
};
const entraToken = (user, kind) =>
  execFileSync(info.binary, ["token", "--user", user, "--authority", info.authority, ...(kind === "teams" ? ["--teams"] : [])], { encoding: "utf8" }).trim();

// counted counts the calls to the service.
function counted() {
  const paths = [];
  return { paths, fetch: (url, init) => { paths.push(new URL(url).pathname); return fetch(url, init); } };
}

for (const [name, make, first, user] of [["user", createTokenRefresher, "/getToken", "bob"], ["Teams user", createTeamsTokenRefresher, "/exchangeToken", "alice"]]) {
  test(`26 hours of a ${name}`, { timeout: 120_000 }, async (t) => {
    const began = Date.now();
    mock.timers.enable({ apis: ["Date"], now: began });
    t.after(async () => { mock.timers.reset(); await admin("/clock", { reset: true }); });
    const calls = counted();
    const asked = [];
    const refresher = make({ endpoint: info.server, fetch: calls.fetch, getAccessToken: async ({ kind }) => { asked.push(kind); return entraToken(user, kind); } });
    const credential = new AzureCommunicationTokenCredential({ tokenRefresher: refresher });
    let least = Infinity; // of the refresher; the credential without refreshProactively keeps a token until its end
    let given = 0;
    for (let now = began; now < began + 26 * 60 * minute; now += 5 * minute, await admin("/clock", { advance: "5m" })) {
      mock.timers.setTime(now);
      const [one, two] = await Promise.all([credential.getToken(), refresher.get()]);
      least = Math.min(least, two.expiresOnTimestamp - now);
      assert.ok(one.expiresOnTimestamp > now, "the credential handed out a token that had ended");
      given += 2;
    }
    credential.dispose();
    refresher.dispose();
    t.diagnostic(`${given} tokens handed out, ${calls.paths.length} calls to the service, the least life left ${(least / minute).toFixed(1)} minutes`);
    assert.ok(least >= 10 * minute, `${least / minute} minutes`);
    assert.equal(calls.paths[0], first);
    assert.ok(calls.paths.length >= 20 && calls.paths.length <= 36, `${calls.paths.length} calls`);
    assert.deepEqual([...new Set(asked)], name === "user" ? ["user"] : ["user", "teams"]);
  });
}

test("what the server refuses is told with its hint", async () => {
  const refresher = createTokenRefresher({ endpoint: info.server, getAccessToken: async () => "not.a.token" });
  await assert.rejects(refresher(), (error) => error.code === "token_invalid" && error.status === 401 && error.hint.includes("MSAL") && /^[A-Z0-9]+$/.test(error.requestId));
});
