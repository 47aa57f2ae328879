// Signs the user in with MSAL, by redirects only: no popups, no frames.
import { CacheLookupPolicy, InteractionRequiredAuthError, PublicClientApplication, type AccountInfo } from "@azure/msal-browser";

export interface Config {
  clientId: string;
  authorities: string[]; // issuers, the first is the default
  scope: string;
  teamsScopes: string[];
  users: string[]; // of the emulator
  inspect: string; // page of the emulator
}

export type Kind = "user" | "teams";
export interface Wish { claims?: string; forceRefresh?: boolean }

const chosenKey = "acsauth.playground.authority";
const pendingKey = "acsauth.playground.pending";

export const chosenAuthority = (config: Config): string => {
  const chosen = sessionStorage.getItem(chosenKey) ?? "";
  return config.authorities.includes(chosen) ? chosen : config.authorities[0]!;
};
export const chooseAuthority = (authority: string): void => sessionStorage.setItem(chosenKey, authority);

/** LeavingError: the page is about to go to the sign-in page, and comes back. */
export class LeavingError extends Error {
  override readonly name = "LeavingError";
}

export class Session {
  private constructor(private readonly msal: PublicClientApplication, private readonly config: Config, public account: AccountInfo | undefined, readonly pending: string | undefined) {}

  // open finds out who is signed in, after a redirect, too.
  static async open(config: Config): Promise<Session> {
    const redirectUri = `${location.origin}/`;
    const auth = { clientId: config.clientId, redirectUri, postLogoutRedirectUri: redirectUri, ...(await authorityOptions(chosenAuthority(config))) };
    const msal = new PublicClientApplication({ auth, cache: { cacheLocation: "sessionStorage" } });
    await msal.initialize();
    const result = await msal.handleRedirectPromise();
    const pending = result ? sessionStorage.getItem(pendingKey) ?? undefined : undefined;
    sessionStorage.removeItem(pendingKey);
    const account = result?.account ?? msal.getActiveAccount() ?? msal.getAllAccounts()[0];
    if (account) msal.setActiveAccount(account);
    return new Session(msal, config, account ?? undefined, pending);
  }

  signIn(hint?: string): Promise<void> {
    return this.msal.loginRedirect({ scopes: [this.config.scope], ...(hint ? { loginHint: hint } : { prompt: "select_account" }) });
  }

  // signOut forgets everybody who signed in here: without an account MSAL clears all of its cache.
  signOut(): Promise<void> {
    return this.msal.logoutRedirect({ logoutHint: this.account?.username ?? "" });
  }

  // token returns an access token. If the user has to be asked, the page leaves, and the operation named goes on afterwards.
  async token(kind: Kind, operation: string, wish: Wish = {}): Promise<string> {
    const scopes = kind === "user" ? [this.config.scope] : this.config.teamsScopes;
    const request = { scopes, account: this.account!, ...wish };
    try {
      const quiet = { ...request, cacheLookupPolicy: wish.forceRefresh ? CacheLookupPolicy.RefreshToken : CacheLookupPolicy.AccessTokenAndRefreshToken };
      return (await this.msal.acquireTokenSilent(quiet)).accessToken;
    } catch (error) {
      if (!needsUser(error)) throw error;
      sessionStorage.setItem(pendingKey, operation);
      await this.msal.acquireTokenRedirect(request);
      throw new LeavingError("The page leaves to ask the user.");
    }
  }
}

// Without frames, MSAL says of a refresh token that is over that there are no tokens; asking the user helps then, too.
const needsUser = (error: unknown): boolean =>
  error instanceof InteractionRequiredAuthError || ["no_tokens_found", "refresh_token_expired", "invalid_grant"].includes((error as { errorCode?: string }).errorCode ?? "");

// authorityOptions: MSAL takes no authority on plain http, as an emulator is. With the metadata handed over it never asks the host of the authority.
async function authorityOptions(issuer: string) {
  const authority = issuer.replace(/\/v2\.0$/, "");
  const url = new URL(authority);
  if (url.protocol === "https:") return { authority, knownAuthorities: [url.host] };
  const metadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).text();
  return { authority: `https://emu.invalid${url.pathname}`, knownAuthorities: ["emu.invalid"], authorityMetadata: metadata };
}
