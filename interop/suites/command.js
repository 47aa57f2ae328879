// acsauth-dev token: what a shell script gets.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { cleanEnvironment } from "../lib/program.js";
import { check, record } from "../lib/ledger.js";
import { call, forget, teamsToken, user } from "../lib/server.js";
import * as world from "../lib/world.js";

const execute = promisify(execFile);

async function command(...args) {
  record("acsauth-dev (command)", "token");
  const { stdout } = await execute(world.info.binary, ["token", "--authority", world.info.authority, ...args], { env: cleanEnvironment(), timeout: 20_000 });
  assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/, "one token and nothing else");
  return stdout.trim();
}

check("command: acsauth-dev --json says all that a script needs", () => {
  const { server, authority, graph, acs, admin, connectionString, users, clientId, scope } = world.info;
  for (const url of [server, authority, graph, acs, admin]) assert.match(url, /^http:\/\/127\.0\.0\.1:\d+/);
  assert.deepEqual([authority, graph, acs], [`${world.plain}/${world.tenant}`, world.plain, world.plain]);
  assert.equal(connectionString, `endpoint=${world.plain}/;accesskey=${world.keys.primary}`);
  assert.deepEqual([clientId, scope], [world.spa.id, world.scopes.api]);
  assert.deepEqual(Object.fromEntries(users.filter(({ tenantId, name }) => tenantId === world.tenant && name !== "otto").map(({ name, oid }) => [name, oid])), world.objectID);
});

check("command: acsauth-dev token prints a token that our server takes, and one of the Teams user", async () => {
  await forget("bob");
  const token = await command("--user", "bob");
  user(await call("GET /getUser", { token }), 201);
  const teams = await command("--user", "bob", "--teams");
  teamsToken(await call("POST /exchangeToken", { token, teams }), 200, world.objectID.bob, teams);
});

check("command: acsauth-dev token says what is wrong, and prints no token", async () => {
  await assert.rejects(command("--user", "nobody"), (error) => {
    assert.deepEqual([error.stdout, error.code === 0], ["", false]);
    assert.match(error.stderr, /no user "?nobody/);
    return true;
  });
});
