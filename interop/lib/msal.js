// MSAL applications for the emulator: over TLS, and over plain HTTP with the metadata given by the application.
import { ConfidentialClientApplication, CryptoProvider, PublicClientApplication } from "@azure/msal-node";
import { Browser } from "./browser.js";
import { make } from "./ledger.js";
import * as world from "./world.js";

const sdk = "@azure/msal-node";

// MSAL demands https of an authority, also when it never calls it because it was given the metadata.
export const ways = {
  https: { authority: `${world.secure}/${world.tenant}`, knownAuthorities: [new URL(world.secure).host] },
  "http with authorityMetadata": { authority: `https://emu.invalid/${world.tenant}`, knownAuthorities: ["emu.invalid"], authorityMetadata: JSON.stringify(world.info.metadata) },
};

export const confidential = (way, app, more) =>
  make(sdk, ConfidentialClientApplication, { auth: { ...way, clientId: app.id, clientSecret: app.secret, ...more } });

export const publicClient = (way = ways.https, more) =>
  make(sdk, PublicClientApplication, { auth: { ...way, clientId: world.spa.id, ...more } });

export const redirectUri = "http://localhost:3000/signed-in";

// pkce makes the parts of a sign-in that the client keeps to itself.
export async function pkce() {
  const crypto = make(sdk, CryptoProvider);
  return { ...(await crypto.generatePkceCodes()), state: crypto.createNewGuid(), nonce: crypto.createNewGuid() };
}

// signInRequest is a request for getAuthCodeUrl with PKCE.
export const signInRequest = (secret, scopes = [world.scopes.api]) => ({
  scopes, redirectUri, state: secret.state, nonce: secret.nonce, codeChallenge: secret.challenge, codeChallengeMethod: "S256",
});

// redeemRequest is the request for acquireTokenByCode that belongs to it.
export const redeemRequest = (secret, redirect, scopes = [world.scopes.api]) => ({
  scopes, redirectUri, code: redirect.searchParams.get("code"), codeVerifier: secret.verifier, nonce: secret.nonce, state: secret.state,
});

// signIn signs a user in as a web page would, by the picker page, and returns MSAL's result.
export async function signIn(app, user, scopes) {
  const secret = await pkce();
  const redirect = await new Browser().signIn(await app.getAuthCodeUrl(signInRequest(secret, scopes)), user);
  return app.acquireTokenByCode(redeemRequest(secret, redirect, scopes));
}

// refreshTokens are the refresh tokens in MSAL's cache.
export const refreshTokens = (app) =>
  Object.values(JSON.parse(app.getTokenCache().serialize()).RefreshToken).map((entry) => entry.secret);
