// The public samples' browser client against this server, unchanged: what it sends, what it reads, and what its libraries make of it.
import assert from "node:assert/strict";
import { origin, press, show, signInByPopup, signInByRedirect } from "../lib/sample.js";
import { later, ownTime } from "../lib/refresher.js";
import { admin, check, info } from "../lib/world.js";

const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
const oid = (name) => info.users.find((user) => user.name === name).oid;
const short = ({ method, path, status }) => `${method} ${path} ${status}`;
const preflights = (calls) => calls.filter(({ method }) => method === "OPTIONS");
const own = (calls) => calls.filter(({ method }) => method !== "OPTIONS");

// forget deletes the identity of a user, so that a test sees a first visit whatever ran before.
async function forget(user) {
  const { access_token: token } = await admin("/token", { user });
  const answer = await fetch(`${info.server}/api/user`, { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 204);
}

// now is the time of the emulator, in milliseconds.
const now = async () => Date.parse((await admin("/clock")).now);

// credentialToken is what the calling page gets from the real credential.
const credentialToken = (page) => page.evaluate(() => credential.getToken());

check("drop-in: the samples' client signs in by a popup, makes its user, gets its token, and comes back", async () => {
  await forget("alice");
  const { page, calls } = await show();
  assert.notEqual(new URL(origin).host, new URL(info.server).host, "the samples are always cross-origin");
  await signInByPopup(page, "alice");
  assert.deepEqual(await page.evaluate(() => accounts().map(({ localAccountId }) => localAccountId)), [oid("alice")]);

  const first = await press(page, "Join");
  assert.deepEqual(first.errors, []);
  assert.deepEqual(calls.map(short).sort(), ["GET /api/token 201", "OPTIONS /api/token 204", "OPTIONS /api/user 204", "POST /api/user 201"]);
  for (const { headers, body, mimeType } of own(calls)) {
    const sent = Object.keys(headers).map((name) => name.toLowerCase());
    assert.ok(sent.includes("authorization") && !sent.includes("content-type") && !body, sent.join(" "));
    assert.equal(mimeType, "application/json");
  }
  assert.deepEqual([first.id, first.communicationUserId], [first.created.acsUserIdentity, first.created.acsUserIdentity]);
  const got = await credentialToken(page);
  assert.deepEqual([got.token, got.expiresOnTimestamp], [first.message.token, claims(first.message.token).exp * 1000]);
  assert.equal(`8:${claims(got.token).skypeid}`, first.id);
  const alive = (await admin("/identities")).filter(({ id, deleted }) => id === first.id && !deleted);
  assert.equal(alive.length, 1, "ACS does not know the identity");

  const again = await show();
  await signInByRedirect(again.page);
  const second = await press(again.page, "Join");
  assert.deepEqual(own(again.calls).map(short), ["POST /api/user 200", "GET /api/token 201"]);
  assert.deepEqual([second.id, second.errors], [first.id, []]);
});

check("drop-in: the samples' client signs in by a redirect, and older ones ask for a token before there is a user", async () => {
  await forget("bob");
  const { page, calls } = await show();
  await signInByRedirect(page, "bob");
  const early = await press(page, "Join without user");
  assert.deepEqual([own(calls).map(short), early.message.code], [["GET /api/token 404"], "identity_not_found"]);
  assert.equal(early.errors.length, 1, "the credential takes no token that is not there");
  const late = await press(page, "Join");
  assert.equal(late.errors.length, 1);
  assert.equal(`8:${claims((await credentialToken(page)).token).skypeid}`, late.created.acsUserIdentity);
  assert.equal((await press(page, "Join without user")).message.user.id, late.id);
});

check("drop-in: the samples' client as a Teams user, with its own refresher", async () => {
  const { page, calls } = await show();
  await signInByRedirect(page, "alice");
  const seen = await press(page, "Join as Teams user");
  assert.deepEqual(seen.errors, []);
  assert.deepEqual(calls.map(short).sort(), ["GET /api/token/teams 201", "OPTIONS /api/token/teams 204"]);
  const asked = preflights(calls)[0].headers["Access-Control-Request-Headers"];
  assert.equal(asked, "authorization,teams-user-aad-token");
  assert.deepEqual([seen.rawId, seen.message.user.rawId], [`8:orgid:${oid("alice")}`, `8:orgid:${oid("alice")}`]);
  assert.equal((await credentialToken(page)).token, seen.message.token);
  assert.equal(`8:${claims(seen.message.token).skypeid}`, seen.rawId);
});

// A Teams user's ACS token ends with the Entra token that it was made of, and MSAL keeps that one until five minutes before
// its end. The credential 1.0 wants another from ten minutes on, and without a pause: 2.0 and later wait.
check("drop-in: the samples' refresher asks in vain, and then gets a Teams token that lives longer", async (t) => {
  const context = await ownTime(t);
  const { page, calls } = await show(context);
  await signInByRedirect(page, "bob");
  const { errors, message: first } = await press(page, "Join as Teams user");
  assert.deepEqual(errors, []);
  const minutes = Math.floor((first.expiresOnTimestamp - (await now())) / 60_000);
  await later(minutes - 8, context);
  await page.waitForFunction(() => seen.refreshes > 3);
  assert.equal((await credentialToken(page)).expiresOnTimestamp, first.expiresOnTimestamp);
  await later(4, context);
  await page.waitForFunction((end) => seen.message.expiresOnTimestamp > end, first.expiresOnTimestamp);
  const { token } = await credentialToken(page);
  assert.equal(token, await page.evaluate(() => seen.message.token));
  assert.notEqual(token, first.token);
  assert.deepEqual([...new Set(own(calls).map(short))], ["GET /api/token/teams 201"]);
  await page.evaluate(() => credential.dispose());
});

check("drop-in: a user without Teams licence gets an error that the samples' client can read, and goes on", async () => {
  const { page, calls } = await show();
  const lines = [];
  page.on("console", (line) => lines.push(line.text()));
  await signInByPopup(page, "carol");
  const refused = await press(page, "Join as Teams user");
  const [{ status, mimeType }] = own(calls);
  assert.deepEqual([status, mimeType, refused.message.code], [403, "application/problem+json", "teams_token_rejected"]);
  assert.match(refused.message.hint, /Teams licence/);
  assert.ok(lines.length > 0 && !lines.join().includes("eyJ"), lines.join("\n"));
  const joined = await press(page, "Join");
  assert.equal((await credentialToken(page)).token, joined.message.token);
});
