// Makes calls and keeps a record of each: what was sent, what came back.
export interface Call {
  at: number;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
  status: number; // 0: no answer
  took: number; // milliseconds
  requestId: string | undefined;
  retryAfter: number | undefined; // seconds
  answer: string;
}

const masked = (token: string) => `${token.slice(0, 3)}…(${token.length.toLocaleString("en")} characters)`;

/** mask hides tokens: what looks like one, and what stands in a member that holds one. */
export const mask = (text: string): string => text
  .replace(/eyJ[\w-]+\.[\w-]+(\.[\w-]*)?/g, masked)
  .replace(/("(?:token|access_token|teamsUserAadToken)"\s*:\s*")([^"…]+)(")/g, (_, before: string, token: string, after: string) => before + masked(token) + after);

/** pretty writes JSON with line breaks, and anything else as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** curl is the call as a command, with $TOKEN and $TEAMS in place of tokens. */
export function curl(call: Call): string {
  const quoted = (text: string) => (text.includes("$T") ? `"${text.replace(/["\\`]/g, "\\$&")}"` : `'${text.replaceAll("'", `'\\''`)}'`);
  const parts = ["curl -sS"];
  if (call.method !== (call.body === undefined ? "GET" : "POST")) parts.push(`-X ${call.method}`);
  for (const [name, value] of Object.entries(call.headers)) {
    const shown = name === "authorization" ? "Bearer $TOKEN" : name === "teams-user-aad-token" ? "$TEAMS" : value;
    parts.push(`-H ${quoted(`${name}: ${shown}`)}`);
  }
  if (call.headers["content-type"] === "application/x-www-form-urlencoded") {
    for (const [name, value] of new URLSearchParams(call.body)) parts.push(`--data-urlencode ${quoted(`${name}=${name === "subject_token" ? "$TOKEN" : value}`)}`);
  } else if (call.body !== undefined) parts.push(`-d ${quoted(call.body)}`);
  return [...parts, quoted(location.origin + call.path)].join(" \\\n  ");
}

/** recorder is a fetch that tells of each call to this server. */
export const recorder = (tell: (call: Call) => void): typeof fetch => async (input, init = {}) => {
  const path = new URL(input as string | URL, location.origin).href.slice(location.origin.length);
  const call: Call = {
    at: Date.now(), method: init.method ?? "GET", path, headers: init.headers as Record<string, string> ?? {}, body: init.body as string | undefined,
    status: 0, took: 0, requestId: undefined, retryAfter: undefined, answer: "",
  };
  const began = performance.now();
  try {
    const response = await fetch(path, init);
    call.answer = await response.clone().text();
    call.status = response.status;
    call.requestId = response.headers.get("x-request-id") ?? undefined;
    const wait = Number(response.headers.get("retry-after") ?? NaN);
    call.retryAfter = Number.isFinite(wait) ? wait : undefined;
    return response;
  } finally {
    call.took = performance.now() - began;
    tell(call);
  }
};
