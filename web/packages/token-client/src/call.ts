import { claims, read } from "./answer.js";
import { AcsauthError, asError } from "./errors.js";
import type { AccessTokenRequest, AcsToken, RefresherOptions } from "./types.js";
import { within } from "./wait.js";

/** base checks the endpoint: https, or http on this machine. */
export function base(endpoint: string | URL): string {
  const url = new URL(endpoint);
  const local = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && local)) throw new TypeError("endpoint: https is needed, or http on this machine");
  if (url.username || url.password || url.search || url.hash) throw new TypeError("endpoint: only scheme, host, port and path");
  return url.href.replace(/\/+$/, "");
}

/** What all calls of a refresher have in common. */
export interface Caller {
  /** The endpoint, checked. */
  base: string;
  options: RefresherOptions;
  kind: AcsToken["kind"];
  /** Is told of each claims challenge. */
  onChallenge: () => void;
}

/** call makes one call, and repeats it once with a better access token if the server wants one. */
export async function call(c: Caller, path: string, signal: AbortSignal, forceRefresh: boolean): Promise<AcsToken> {
  const first = await once(c, path, signal, forceRefresh ? { forceRefresh } : {});
  if (!("again" in first)) return first;
  const second = await once(c, path, signal, first.again);
  if ("again" in second) throw second.error;
  return second;
}

type Ask = Pick<AccessTokenRequest, "claims" | "forceRefresh">;

/** once sends one request. `again` says what access token to come back with after a 401. */
async function once(c: Caller, path: string, signal: AbortSignal, ask: Ask): Promise<AcsToken | { again: Ask; error: AcsauthError }> {
  const headers: Record<string, string> = { authorization: `Bearer ${await accessToken(c, { kind: "user", signal, ...ask })}` };
  if (c.kind === "teamsUser") headers["teams-user-aad-token"] = await accessToken(c, { kind: "teams", signal, ...ask });
  const wish = c.kind === "communicationUser" ? wishes(c.options) : undefined;
  if (wish) headers["content-type"] = "application/json";
  return within(c.options.timeout ?? 10_000, signal, async (inner) => {
    const response = await send(c, path, { method: "POST", headers, signal: inner, ...(wish && { body: wish }) });
    try {
      return await read(response, c.kind);
    } catch (reason) {
      const error = asError(reason, "network", "The answer broke off.");
      if (response.status !== 401) throw error;
      const wanted = claims(response);
      if (wanted) c.onChallenge();
      return { again: wanted ? { claims: wanted } : { forceRefresh: true }, error };
    }
  });
}

function wishes({ scopes, expiresInMinutes }: RefresherOptions): string | undefined {
  if (scopes === undefined && expiresInMinutes === undefined) return undefined;
  return JSON.stringify({ scopes, expiresInMinutes });
}

async function accessToken(c: Caller, request: AccessTokenRequest): Promise<string> {
  try {
    const token = await c.options.getAccessToken(request);
    if (typeof token === "string" && /^[\w.-]+$/.test(token)) return token;
  } catch (reason) {
    throw asError(reason, "access_token", "getAccessToken failed; cause says why.");
  }
  throw new AcsauthError("access_token", "getAccessToken returned no access token.", { hint: "Return accessToken of MSAL's result." });
}

async function send(c: Caller, path: string, init: RequestInit): Promise<Response> {
  const get = c.options.fetch ?? fetch;
  try {
    return await get(c.base + path, { ...init, redirect: "error", credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" });
  } catch (reason) {
    throw asError(reason, "network", "The server could not be reached, or this page's origin is not allowed (ACSAUTH_ALLOWED_ORIGINS).");
  }
}
