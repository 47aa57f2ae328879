// An application with MSAL, the credential of ACS and the token client, as docs/token-client.md puts them together.
import { PublicClientApplication } from "@azure/msal-browser";
import { AzureCommunicationTokenCredential } from "@azure/communication-common";
import { createTeamsTokenRefresher, createTokenRefresher, type RefresherEvent, type TokenRefresher } from "../../packages/token-client/src/index.js";
import { accessTokens, scopes } from "../../packages/token-client/examples/msal.js";

const page = globalThis as any;
const { auth, start, endpoint, api } = page.config;
const wanted = scopes(api);
const events: RefresherEvent[] = [];
const calls = { silent: 0, claims: [] as string[] };

async function begin() {
  const msal = new PublicClientApplication({ auth, cache: { cacheLocation: "sessionStorage" } });
  await msal.initialize();
  const account = (await msal.handleRedirectPromise())?.account ?? msal.getAllAccounts()[0];
  if (!account) return msal.loginRedirect({ scopes: wanted.user, redirectUri: start });
  const quiet = msal.acquireTokenSilent.bind(msal);
  msal.acquireTokenSilent = (request) => { calls.silent++; if (request.claims) calls.claims.push(request.claims); return quiet(request); };
  let refresher: TokenRefresher;
  let credential: AzureCommunicationTokenCredential;
  page.app = {
    events, calls,
    make({ teams = false, share = false as string | false, proactive = true } = {}) {
      const make = teams ? createTeamsTokenRefresher : createTokenRefresher;
      refresher = make({ endpoint, share, timeout: 600_000, getAccessToken: accessTokens(msal, account, wanted), onEvent: (event) => events.push(event) });
      credential = new AzureCommunicationTokenCredential({ tokenRefresher: refresher, refreshProactively: proactive });
    },
    // look is what a caller gets now.
    async look() {
      const inHand = await refresher.get(); // first: no clock may run ahead of what is under way
      const { token, expiresOnTimestamp } = await credential.getToken();
      return { token, left: expiresOnTimestamp - Date.now(), inHand: inHand.expiresOnTimestamp - Date.now() };
    },
    ended: () => { refresher.dispose(); credential.dispose(); },
  };
}

begin().catch((error) => { page.failed = String(error?.stack ?? error); });
