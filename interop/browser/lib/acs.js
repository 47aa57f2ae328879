// Calls ACS as a server does: signed with the access key of the connection string.
import { createHash, createHmac } from "node:crypto";
import * as world from "./world.js";

const version = "2023-10-01";
const [, endpoint, key] = /^endpoint=(.*);accesskey=(.*)$/.exec(world.info.connectionString);

async function post(path, body) {
  const url = new URL(`${path}?api-version=${version}`, endpoint);
  const text = JSON.stringify(body);
  const date = new Date(await world.now()).toUTCString();
  const hash = createHash("sha256").update(text).digest("base64");
  const signed = `POST\n${url.pathname}${url.search}\n${date};${url.host};${hash}`;
  const mac = createHmac("sha256", Buffer.from(key, "base64")).update(signed).digest("base64");
  const answer = await fetch(url, {
    method: "POST", body: text,
    headers: {
      "content-type": "application/json", "x-ms-date": date, "x-ms-content-sha256": hash,
      authorization: `HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${mac}`,
    },
  });
  return { status: answer.status, body: await answer.json() };
}

// exchange turns the Entra token of a Teams user into a token of ACS.
export const exchange = (body) => post("/teamsUser/:exchangeAccessToken", body);

// createIdentity makes an identity with a token.
export const createIdentity = (scopes, minutes) => post("/identities", { createTokenWithScopes: scopes, expiresInMinutes: minutes });

// issueToken gives an identity another token.
export const issueToken = (id, scopes, minutes) => post(`/identities/${id}/:issueAccessToken`, { scopes, expiresInMinutes: minutes });
