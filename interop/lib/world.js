// What the program under test said about itself, the well-known ids of the emulator, and its administration.
import assert from "node:assert/strict";

export const info = JSON.parse(process.env.INTEROP_PROGRAM);

export const tenant = "ac5a0000-0000-4000-a000-000000000001";
export const otherTenant = "ac5a0000-0000-4000-a000-000000000002";
export const otherDomain = "fabrikam.example";
export const domain = "acsauth.example";
export const api = { id: "ac5a0000-0000-4000-a000-0000000000a1", secret: "api-secret-of-the-emulator", redirect: "http://localhost/signin-oidc" };
export const spa = { id: "ac5a0000-0000-4000-a000-0000000000a2" };
export const daemon = { id: "ac5a0000-0000-4000-a000-0000000000a3", secret: "daemon-secret-of-the-emulator" };
export const resource = "ac5a0000-0000-4000-a000-0000000000c5";
export const keys = {
  primary: "YWNzYXV0aCBlbXVsYXRvciBwcmltYXJ5IGFjY2VzcyBrZXksIHdlbGwga25vd24gYW5kIG5vdCBhIHNlY3JldA==",
  secondary: "YWNzYXV0aCBlbXVsYXRvciBzZWNvbmRhcnkgYWNjZXNzIGtleSwgd2VsbCBrbm93biBhbmQgbm90IGEgc2Vjcg==",
  wrong: Buffer.from("not the key of any resource at all").toString("base64"),
};
export const objectID = {
  alice: "ac5a0000-0000-4000-a000-0000000a11ce",
  bob: "ac5a0000-0000-4000-a000-000000000b0b",
  carol: "ac5a0000-0000-4000-a000-0000000ca401",
  gail: "ac5a0000-0000-4000-a000-000000006a11",
};
// The tenants of customers, with their clients, APIs and a user.
export const external = {
  tenant: "ac5a0000-0000-4000-a000-000000000003",
  spa: "ac5a0000-0000-4000-a000-0000000000e2",
  api: { id: "ac5a0000-0000-4000-a000-0000000000e1", secret: "external-api-secret-of-the-emulator" },
  scope: "api://ac5a0000-0000-4000-a000-0000000000e1/access_as_user",
  cora: "ac5a0000-0000-4000-a000-00000000c04a",
};
export const b2c = {
  tenant: "ac5a0000-0000-4000-a000-000000000004",
  policy: "B2C_1_susi",
  otherPolicy: "B2C_1_edit",
  spa: "ac5a0000-0000-4000-a000-0000000000b2",
  api: { id: "ac5a0000-0000-4000-a000-0000000000b1", secret: "b2c-api-secret-of-the-emulator" },
  scope: "https://acsauthb2c.onmicrosoft.example/ac5a0000-0000-4000-a000-0000000000b1/access_as_user",
  bea: "ac5a0000-0000-4000-a000-000000000bea",
};
// Users of the other workforce tenant: gail is a guest in the first one, by another id.
export const elsewhere = { fred: "ac5a0000-0000-4000-a000-00000000f4ed", gail: "ac5a0000-0000-4000-a000-00000000f6a1" };
export const scopes = {
  api: `api://${api.id}/access_as_user`,
  acs: "https://communication.azure.com//.default",
  teams: ["https://auth.msft.communication.azure.com/Teams.ManageCalls", "https://auth.msft.communication.azure.com/Teams.ManageChats"],
  graph: "https://graph.microsoft.com/User.Read",
};

// The emulator's root, which is Entra ID, Graph and ACS at once: on plain HTTP and on TLS.
export const plain = new URL(info.authority).origin;
export const secure = new URL(info.tls.url).origin;

// identityForm is the form of an identity of the emulated resource.
export const identityForm = new RegExp(`^8:acs:${resource}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`);

// admin calls the administration of the emulator.
export async function admin(path, body) {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(info.admin + path, init);
  assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
  return answer.json();
}

// mint returns a scripted Entra token: {user, teams, client, version, scopes, audience, expiresInSeconds, appOnly, flaw,
// tenant, policy}.
export const mint = async (request = {}) => (await admin("/token", request)).access_token;

// workload returns a token of the workload issuer, as Kubernetes puts one into a file: {subject, audience, expiresInSeconds}.
export const workload = async (request = {}) => (await admin("/token/workload", request)).access_token;

// fault makes the next request to an ACS operation fail in a given way.
export const fault = (op, what, times = 1) => admin("/faults", { op, times, fault: what });

// identities are all ACS identities by id, deleted ones included.
export async function identities() {
  return new Map((await admin("/identities")).map((identity) => [identity.id, identity]));
}

// header and claims decode a part of a JWT, without any check.
const part = (token, i) => JSON.parse(Buffer.from(token.split(".")[i], "base64url").toString());
export const header = (token) => part(token, 0);
export const claims = (token) => part(token, 1);
