// What the buttons do.
export interface Operation {
  name: string; // what stands on the button
  method: "GET" | "POST" | "DELETE";
  path: string;
  about: string;
  wish?: boolean; // takes scopes and minutes
  teams?: boolean; // wants the Teams token besides
  form?: boolean; // token exchange by RFC 8693
  open?: boolean; // no bearer token
  asks?: boolean; // asks first
}

export const groups: [string, Operation[]][] = [
  ["The four of acsauth", [
    { name: "getUser", method: "POST", path: "/getUser", about: "your identity, made if there is none" },
    { name: "getToken", method: "POST", path: "/getToken", about: "a token for it", wish: true },
    { name: "refreshToken", method: "POST", path: "/refreshToken", about: "one made after this request", wish: true },
    { name: "exchangeToken", method: "POST", path: "/exchangeToken", about: "a token for you as a Teams user", teams: true },
  ]],
  ["Sign out, leave, standards", [
    { name: "revokeTokens", method: "POST", path: "/revokeTokens", about: "end all ACS tokens" },
    { name: "export", method: "GET", path: "/api/user/export", about: "all that is held about you" },
    { name: "delete", method: "DELETE", path: "/api/user", about: "your identity and all that ACS keeps for it", asks: true },
    { name: "token exchange (RFC 8693)", method: "POST", path: "/oauth2/token", about: "getToken for OAuth libraries", form: true, wish: true },
    { name: "readyz", method: "GET", path: "/readyz", about: "can the server do its work?", open: true },
  ]],
  ["The public samples' routes", [
    { name: "GET /api/user", method: "GET", path: "/api/user", about: "your identity, if there is one" },
    { name: "POST /api/user", method: "POST", path: "/api/user", about: "make it" },
    { name: "GET /api/token", method: "GET", path: "/api/token", about: "a token, if there is an identity" },
    { name: "GET /api/token/teams", method: "GET", path: "/api/token/teams", about: "as a Teams user", teams: true },
  ]],
];

export const scopes = ["chat", "chat.join", "chat.join.limited", "voip", "voip.join"];

export interface Wish { scopes: string[]; minutes: string }

/** requestOf is the fetch of an operation. */
export function requestOf(o: Operation, wish: Wish, token: string | undefined, teams: string | undefined): RequestInit {
  const headers: Record<string, string> = {};
  if (o.form) {
    const form = new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange", subject_token: token ?? "", subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      ...(wish.scopes.length > 0 && { scope: wish.scopes.join(" ") }),
    });
    return { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: String(form) };
  }
  if (token) headers["authorization"] = `Bearer ${token}`;
  if (teams) headers["teams-user-aad-token"] = teams;
  const asked = { ...(wish.scopes.length > 0 && { scopes: wish.scopes }), ...(wish.minutes && { expiresInMinutes: Number(wish.minutes) }) };
  if (!o.wish || Object.keys(asked).length === 0) return { method: o.method, headers };
  headers["content-type"] = "application/json";
  return { method: o.method, headers, body: JSON.stringify(asked) };
}
