// @microsoft/microsoft-graph-client: users, open extensions, pages and batches, and what Graph refuses.
import assert from "node:assert/strict";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";
import { clientSecret } from "../lib/credentials.js";
import { byProvider, client, construct, ofDaemon, onBehalfOf } from "../lib/graph.js";
import { check, make } from "../lib/ledger.js";
import * as world from "../lib/world.js";

const alice = world.objectID.alice;
const extensionName = "com.contoso.interop";

// refusedByGraph asserts the error that the SDK makes of a refusal, and returns it.
async function refusedByGraph(promise, statusCode, code, message) {
  let caught;
  await assert.rejects(promise, (error) => ((caught = error), true));
  assert.deepEqual([caught.constructor.name, caught.statusCode, caught.code], ["GraphError", statusCode, code], caught.message);
  if (message) assert.equal(caught.message, message);
  return caught;
}

// graphSuite checks a version of the package.
export function graphSuite(pkg) {
  users(pkg);
  pages(pkg);
  extensions(pkg);
  refusedExtensions(pkg);
  batches(pkg);
  refusedCalls(pkg);
  throttled(pkg);
}

function users(pkg) {
  check(`${pkg.label}: /me and /users/{id} are the caller, with the properties asked for`, async () => {
    const graph = client(pkg, await onBehalfOf("alice"));
    for (const path of ["/me", `/users/${alice}`, "/users/alice@acsauth.example"]) {
      const user = await graph.api(path).get();
      assert.deepEqual([user.id, user.displayName, user.userPrincipalName], [alice, "Alice Adams", "alice@acsauth.example"]);
      const part = await graph.api(path).select(["id", "displayName"]).get();
      assert.deepEqual(Object.keys(part).filter((name) => !name.startsWith("@")).sort(), ["displayName", "id"]);
    }
    assert.equal((await graph.api("/me").version("beta").get()).id, alice);
    assert.equal((await graph.api("/me").header("client-request-id", "11111111-2222-4333-8444-555555555555").query({ $select: "id" }).get()).id, alice);
  });

  check(`${pkg.label}: a daemon reads all users, filters, orders, counts and searches them`, async () => {
    const graph = client(pkg, await ofDaemon());
    const ids = (await graph.api("/users").get()).value.map((user) => user.id);
    for (const id of Object.values(world.objectID)) assert.ok(ids.includes(id), id);
    const found = await graph.api("/users").filter("startswith(displayName,'Bob')").select("id").get();
    assert.deepEqual(found.value.map((user) => user.id), [world.objectID.bob]);
    const counted = await graph.api("/users").header("ConsistencyLevel", "eventual").count(true).orderby("displayName").top(2).get();
    assert.equal(counted["@odata.count"], ids.length);
    assert.equal(counted.value.length, 2);
    const names = counted.value.map((user) => user.displayName);
    assert.deepEqual(names, [...names].sort());
    const searched = await graph.api("/users").header("ConsistencyLevel", "eventual").search('"displayName:Carol"').get();
    assert.deepEqual(searched.value.map((user) => user.id), [world.objectID.carol]);
  });
}

function pages(pkg) {
  check(`${pkg.label}: PageIterator walks through all pages of users, and can be stopped and resumed`, async () => {
    const graph = client(pkg, await ofDaemon());
    const all = (await graph.api("/users").select("id").get()).value.map((user) => user.id);
    const first = await graph.api("/users").select("id").top(1).get();
    assert.ok(first["@odata.nextLink"].startsWith(`${world.secure}/v1.0/users?`), first["@odata.nextLink"]);
    const seen = [];
    const iterator = construct(pkg, "PageIterator", graph.raw, first, (user) => seen.push(user.id) !== 2);
    await iterator.iterate();
    assert.deepEqual([seen.length, iterator.isComplete()], [2, false]);
    await iterator.resume();
    assert.deepEqual([seen.sort(), iterator.isComplete()], [all.sort(), true]);
  });
}

const body = (more) => ({ "@odata.type": "microsoft.graph.openTypeExtension", extensionName, acsUserIdentity: "8:acs:one", ...more });

// cleared removes the extensions of alice that these tests make, now and after the test.
async function cleared(t, graph) {
  const clear = async () => {
    for (const { id } of (await graph.raw.api("/me/extensions").get()).value) {
      if (id.startsWith(extensionName)) await graph.raw.api(`/me/extensions/${id}`).delete();
    }
  };
  t.after(clear);
  await clear();
}

function extensions(pkg) {
  check(`${pkg.label}: the life of an open extension: post, get, list, expand, patch, delete`, async (t) => {
    const graph = client(pkg, await onBehalfOf("alice"));
    await cleared(t, graph);
    const made = await graph.api("/me/extensions").post(body());
    assert.deepEqual([made.id, made.extensionName, made.acsUserIdentity], [extensionName, extensionName, "8:acs:one"]);
    const path = `/me/extensions/${extensionName}`;
    assert.equal((await graph.api(path).get()).acsUserIdentity, "8:acs:one");
    assert.equal((await graph.api(`/users/${alice}/extensions/${extensionName}`).get()).acsUserIdentity, "8:acs:one");
    const listed = (await graph.api("/me/extensions").get()).value;
    assert.ok(listed.some((one) => one.id === extensionName));
    const expanded = await graph.api("/me").select("id").expand("extensions").get();
    assert.ok(expanded.extensions.some((one) => one.id === extensionName));
    await graph.api(path).patch({ "@odata.type": "microsoft.graph.openTypeExtension", extensionName, other: "two" });
    const patched = await graph.api(path).get();
    assert.deepEqual([patched.acsUserIdentity, patched.other], [undefined, "two"], "PATCH replaces");
    await graph.api(path).update({ "@odata.type": "microsoft.graph.openTypeExtension", extensionName, other: "three" });
    assert.equal((await graph.api(path).get()).other, "three");
    await graph.api(path).delete();
    await refusedByGraph(graph.api(path).get(), 404, "ResourceNotFound", "Extension with given id not found.");
  });

  check(`${pkg.label}: a daemon writes the extension of a user, and the user reads it, until it is deleted`, async (t) => {
    const daemon = client(pkg, await ofDaemon());
    const graph = client(pkg, await onBehalfOf("alice"));
    await cleared(t, graph);
    await daemon.api(`/users/${alice}/extensions`).create(body());
    assert.equal((await graph.api(`/me/extensions/${extensionName}`).get()).acsUserIdentity, "8:acs:one");
    await daemon.api(`/users/${alice}/extensions/${extensionName}`).del();
    assert.deepEqual((await graph.api("/me/extensions").get()).value.filter((one) => one.id === extensionName), []);
  });
}

function refusedExtensions(pkg) {
  check(`${pkg.label}: a name twice, a third extension, too much, and a missing one are refused`, async (t) => {
    const graph = client(pkg, await onBehalfOf("alice"));
    await cleared(t, graph);
    await graph.api("/me/extensions").post(body());
    await refusedByGraph(graph.api("/me/extensions").post(body()), 400, "Request_BadRequest", "An extension already exists with given id.");
    await graph.api("/me/extensions").post(body({ extensionName: `${extensionName}2` }));
    await refusedByGraph(graph.api("/me/extensions").post(body({ extensionName: `${extensionName}3` })), 400, "Request_BadRequest",
      "Maximum number of extensions values supported per application is 2.");
    await graph.api(`/me/extensions/${extensionName}2`).delete();
    await refusedByGraph(graph.api("/me/extensions").post(body({ extensionName: `${extensionName}2`, text: "x".repeat(2048) })), 400, "Request_BadRequest");
    for (const call of [(r) => r.get(), (r) => r.delete(), (r) => r.patch(body())]) {
      await refusedByGraph(call(graph.api(`/me/extensions/${extensionName}.nobody`)), 404, "ResourceNotFound", "Extension with given id not found.");
    }
  });
}

function batches(pkg) {
  const step = (id, path, init) => ({ id, request: new Request(`https://graph.microsoft.com${path}`, init) });

  // send sends steps as a batch, and returns the SDK's view of the answers.
  async function send(graph, steps) {
    const content = construct(pkg, "BatchRequestContent", steps);
    return construct(pkg, "BatchResponseContent", await graph.api("/$batch").post(await content.getContent()));
  }

  check(`${pkg.label}: a batch answers each of its requests, good and bad`, async () => {
    const graph = client(pkg, await onBehalfOf("alice"));
    const answers = await send(graph, [step("1", "/me?$select=id"), step("2", "/me/extensions/nobody"), step("3", "/nothing")]);
    assert.deepEqual(["1", "2", "3"].map((id) => answers.getResponseById(id).status), [200, 404, 400]);
    assert.equal((await answers.getResponseById("1").json()).id, alice);
    assert.equal((await answers.getResponseById("2").json()).error.code, "ResourceNotFound");
  });

  check(`${pkg.label}: requests of a batch run in the order of their dependencies, and not after one that failed`, async (t) => {
    const graph = client(pkg, await onBehalfOf("alice"));
    await cleared(t, graph);
    const post = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body()) };
    const path = "/me/extensions";
    const answers = await send(graph, [
      step("1", path, post), { ...step("2", `${path}/${extensionName}`), dependsOn: ["1"] },
      { ...step("3", path, post), dependsOn: ["2"] }, { ...step("4", `${path}/${extensionName}`), dependsOn: ["3"] },
    ]);
    assert.deepEqual(["1", "2", "3", "4"].map((id) => answers.getResponseById(id).status), [201, 200, 400, 424]);
    assert.equal((await answers.getResponseById("2").json()).acsUserIdentity, "8:acs:one");
  });

  check(`${pkg.label}: more than twenty requests in a batch are refused, by the SDK and by Graph`, async () => {
    const steps = Array.from({ length: 21 }, (_, i) => step(`${i}`, "/me"));
    assert.throws(() => construct(pkg, "BatchRequestContent", steps), /Maximum requests limit exceeded/);
    const requests = steps.map(({ id }) => ({ id, method: "GET", url: "/me" }));
    await assert.rejects(client(pkg, await onBehalfOf("alice")).api("/$batch").post({ requests }), { statusCode: 400 });
  });
}

function refusedCalls(pkg) {
  check(`${pkg.label}: no token, a bad token and the token of another resource are InvalidAuthenticationToken`, async () => {
    for (const token of ["nonsense", await world.mint(), await world.mint({ flaw: "expired", audience: "https://graph.microsoft.com" })]) {
      await refusedByGraph(client(pkg, token).api("/me").get(), 401, "InvalidAuthenticationToken");
    }
    await assert.rejects(client(pkg, undefined).api("/me").get(), /there is no token/);
  });

  check(`${pkg.label}: what the token gives no right to is Authorization_RequestDenied`, async () => {
    const reader = client(pkg, await onBehalfOf("bob", "https://graph.microsoft.com/User.Read"));
    await refusedByGraph(reader.api("/users").get(), 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
    await refusedByGraph(reader.api(`/users/${alice}`).get(), 403, "Authorization_RequestDenied");
  });

  check(`${pkg.label}: unknown users and unknown segments are refused, and the error names the request`, async () => {
    const graph = client(pkg, await ofDaemon());
    const id = "11111111-2222-4333-8444-555555555555";
    const error = await refusedByGraph(graph.api(`/users/${id}`).get(), 404, "Request_ResourceNotFound",
      `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`);
    assert.match(error.requestId, /^[0-9a-f-]{36}$/);
    assert.ok(error.date instanceof Date);
    await refusedByGraph(graph.api("/nothing").get(), 400, "RequestBroker--ParseUri", "Resource not found for the segment 'nothing'.");
    await refusedByGraph(graph.api("/me").get(), 400, "BadRequest");
  });
}

function throttled(pkg) {
  for (const status of [429, 503, 504]) {
    check(`${pkg.label}: the retry handler of the SDK gets over a ${status}`, async () => {
      await world.fault("graph.user", { status, retryAfter: "0" }, 3);
      assert.equal((await client(pkg, await onBehalfOf("alice")).api("/me").get()).id, alice);
      assert.deepEqual(await world.admin("/faults"), []);
    });
  }

  check(`${pkg.label}: a 429 that stays comes out after four requests, as TooManyRequests`, async () => {
    await world.fault("graph.user", { status: 429, retryAfter: "0" }, 4);
    await refusedByGraph(client(pkg, await onBehalfOf("alice")).api("/me").get(), 429, "TooManyRequests");
    assert.deepEqual(await world.admin("/faults"), [], "all four were used");
  });

  check(`${pkg.label}: a request that may ask for no retry gets the first answer`, async () => {
    await world.fault("graph.user", { status: 503, retryAfter: "0" });
    const never = construct(pkg, "RetryHandlerOptions", 0, 0);
    await refusedByGraph(client(pkg, await onBehalfOf("alice")).api("/me").middlewareOptions([never]).get(), 503, "ServiceUnavailable");
    assert.deepEqual(await world.admin("/faults"), []);
  });
}

// providerSuite checks the authentication provider for @azure/identity, that the newest version has.
export function providerSuite(pkg, credentials) {
  const scopes = ["https://graph.microsoft.com/.default"];
  const connect = (more) => byProvider(pkg, make(pkg.sdk, TokenCredentialAuthenticationProvider, clientSecret(credentials, more), { scopes }));

  check(`${pkg.label}: TokenCredentialAuthenticationProvider with ClientSecretCredential reads a user, and fails with a wrong secret`, async () => {
    assert.equal((await connect().api(`/users/${alice}`).get()).id, alice);
    await assert.rejects(connect({ secret: "wrong" }).api(`/users/${alice}`).get(), /AADSTS7000215/);
  });
}
