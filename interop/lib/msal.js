// MSAL applications for the emulator, of any version: over TLS, and over plain HTTP with the metadata given by the application.
import { Browser } from "./browser.js";
import { make } from "./ledger.js";
import { current, msal } from "./packages.js";
import * as world from "./world.js";

// MSAL demands https of an authority, also when it never calls it because it was given the metadata.
export const ways = {
  https: { authority: `${world.secure}/${world.tenant}`, knownAuthorities: [new URL(world.secure).host] },
  "http with authorityMetadata": { authority: `https://emu.invalid/${world.tenant}`, knownAuthorities: ["emu.invalid"], authorityMetadata: JSON.stringify(world.info.metadata) },
};

// waysOf lists the ways that a version can go.
export const waysOf = (pkg) => Object.entries(ways).filter(([way]) => way === "https" || !pkg.httpsOnly);

export const redirectUri = "http://localhost:3000/signed-in";

// signInRequest is a request for getAuthCodeUrl with PKCE.
export const signInRequest = (secret, scopes = [world.scopes.api]) => ({
  scopes, redirectUri, state: secret.state, nonce: secret.nonce, codeChallenge: secret.challenge, codeChallengeMethod: "S256",
});

// redeemRequest is the request for acquireTokenByCode that belongs to it.
export const redeemRequest = (secret, redirect, scopes = [world.scopes.api]) => ({
  scopes, redirectUri, code: redirect.searchParams.get("code"), codeVerifier: secret.verifier, nonce: secret.nonce, state: secret.state,
});

// refreshTokens are the refresh tokens in MSAL's cache.
export const refreshTokens = (app) =>
  Object.values(JSON.parse(app.getTokenCache().serialize()).RefreshToken).map((entry) => entry.secret);

// msalOf makes applications of a version: pkg is one of packages.msal.
export function msalOf({ sdk, module }) {
  const confidential = (way, app, more) =>
    make(sdk, module.ConfidentialClientApplication, { auth: { ...way, clientId: app.id, clientSecret: app.secret, ...more } });

  const publicClient = (way = ways.https, more) =>
    make(sdk, module.PublicClientApplication, { auth: { ...way, clientId: world.spa.id, ...more } });

  // pkce makes the parts of a sign-in that the client keeps to itself.
  async function pkce() {
    const crypto = make(sdk, module.CryptoProvider);
    return { ...(await crypto.generatePkceCodes()), state: crypto.createNewGuid(), nonce: crypto.createNewGuid() };
  }

  // signIn signs a user in as a web page would, by the picker page, and returns MSAL's result.
  async function signIn(app, user, scopes) {
    const secret = await pkce();
    const redirect = await new Browser().signIn(await app.getAuthCodeUrl(signInRequest(secret, scopes)), user);
    return app.acquireTokenByCode(redeemRequest(secret, redirect, scopes));
  }

  return { confidential, publicClient, pkce, signIn };
}

// The newest version, for suites that only need tokens.
export const { confidential, publicClient, signIn } = msalOf(current(msal));
