// @azure/communication-identity: getTokenForTeamsUser.
import assert from "node:assert/strict";
import { refusals, refusedByACS } from "../lib/expect.js";
import { exchange, plain } from "../lib/identity.js";
import { check } from "../lib/ledger.js";
import * as world from "../lib/world.js";

const ask = (teamsUserAadToken, more) => ({ teamsUserAadToken, clientId: world.spa.id, userObjectId: world.objectID.alice, ...more });

// teamsSuite checks a version of the package that has the call.
export function teamsSuite(pkg) {
  const redeem = (options) => exchange(pkg, plain(pkg), options);
  goodTokens(pkg, redeem);
  if (pkg.teams === "options") appAndUser(pkg, redeem); // the preview sends the token alone
  badTokens(pkg, redeem);
}

function goodTokens(pkg, redeem) {
  check(`${pkg.label}, teams: a Teams user's token becomes an ACS token that ends with it`, async () => {
    for (const version of ["1.0", "2.0"]) {
      const teams = await world.mint({ user: "alice", teams: true, version });
      const got = await redeem(ask(teams));
      assert.deepEqual(Object.keys(got).sort(), ["expiresOn", "token"]);
      assert.equal(got.expiresOn.getTime(), world.claims(teams).exp * 1000);
      const payload = world.claims(got.token);
      assert.equal(payload.skypeid, `orgid:${world.objectID.alice}`);
      assert.deepEqual(payload.acsScope.split(",").sort(), ["chat", "voip"]);
      assert.equal(payload.exp, world.claims(teams).exp);
    }
  });

  check(`${pkg.label}, teams: a Teams token needs one of the two Teams scopes, and gives the right that goes with it`, async () => {
    for (const [scope, right] of [["Teams.ManageChats", "chat"], ["Teams.ManageCalls", "voip"]]) {
      const got = await redeem(ask(await world.mint({ user: "alice", teams: true, scopes: [scope] })));
      assert.equal(world.claims(got.token).acsScope, right);
    }
    await refusals.badTeamsToken(redeem(ask(await world.mint({ user: "alice", teams: true, scopes: ["User.Read"] }))));
  });
}

function appAndUser(pkg, redeem) {
  check(`${pkg.label}, teams: ids are compared without regard to case`, async () => {
    const teams = await world.mint({ user: "bob", teams: true });
    const got = await redeem(ask(teams, { clientId: world.spa.id.toUpperCase(), userObjectId: world.objectID.bob.toUpperCase() }));
    assert.equal(world.claims(got.token).skypeid, `orgid:${world.objectID.bob}`);
  });

  check(`${pkg.label}, teams: the token of another application or another user is InvalidAccessToken`, async () => {
    const teams = await world.mint({ user: "alice", teams: true });
    await refusals.badTeamsToken(redeem(ask(teams, { clientId: world.api.id })));
    await refusals.badTeamsToken(redeem(ask(teams, { userObjectId: world.objectID.bob })));
    const foreign = await world.mint({ user: "alice", teams: true, client: "11111111-2222-4333-8444-555555555555" });
    await refusals.badTeamsToken(redeem(ask(foreign)));
  });

  check(`${pkg.label}, teams: appId and userId have to be GUIDs`, async () => {
    const teams = await world.mint({ user: "alice", teams: true });
    for (const bad of ["", "alice", `${world.spa.id}0`, world.spa.id.replaceAll("-", ""), `{${world.spa.id}}`]) {
      await refusedByACS(redeem(ask(teams, { clientId: bad })), 400, "ValidationError", "Provided AppId has invalid format.", "appId");
      await refusedByACS(redeem(ask(teams, { userObjectId: bad })), 400, "ValidationError", "Provided UserId has invalid format.", "userId");
    }
  });
}

const flaws = ["expired", "notYetValid", "signature", "unknownKey", "foreignKey", "algNone", "algHS256", "audience", "issuer", "idToken", "noScope", "noObjectID"];

function badTokens(pkg, redeem) {
  for (const flaw of flaws) {
    check(`${pkg.label}, teams: a Teams token with the flaw ${flaw} is InvalidAccessToken`, async () => {
      await refusals.badTeamsToken(redeem(ask(await world.mint({ user: "alice", teams: true, flaw }))));
    });
  }

  check(`${pkg.label}, teams: what is no Teams token at all is InvalidAccessToken`, async () => {
    const others = ["", "nonsense", "a.b.c", await world.mint({ user: "alice" }), await world.mint({ user: "alice", flaw: "graph" }), await world.mint({ appOnly: true })];
    for (const token of others) await refusals.badTeamsToken(redeem(ask(token)));
  });
}
