import { AcsauthError } from "./errors.js";
import type { AcsToken } from "./types.js";

const maxAnswer = 64 << 10; // characters

/** readText reads a body of bounded length. */
async function readText(response: Response): Promise<string> {
  const tooLong = () => new AcsauthError("answer_invalid", "The answer is too long.", { status: response.status });
  if (Number(response.headers.get("content-length") ?? 0) > maxAnswer) throw tooLong();
  const reader = response.body?.getReader?.();
  if (!reader) { // React Native
    const text = await response.text();
    if (text.length > maxAnswer) throw tooLong();
    return text;
  }
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    text += decoder.decode(value, { stream: !done });
    if (text.length > maxAnswer) {
      await reader.cancel();
      throw tooLong();
    }
    if (done) return text;
  }
}

const object = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text);
    if (value && typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch { /* as no object */ }
  return {};
};

/** read returns the token of an answer, or throws what the server said. */
export async function read(response: Response, kind: AcsToken["kind"]): Promise<AcsToken> {
  const members = object(await readText(response));
  if (!response.ok) throw refusal(response, members);
  const reason = fault(members, kind);
  if (reason) throw new AcsauthError("answer_invalid", `The answer is not that of acsauth: ${reason}.`, { status: response.status, hint: "Check the endpoint." });
  return members as unknown as AcsToken;
}

/** fault says what is wrong with a token from a server or another tab, or "". */
export function fault(t: Record<string, any>, kind: AcsToken["kind"]): string {
  if (t["kind"] !== kind) return `kind is not ${kind}`;
  if (typeof t["token"] !== "string" || !/^[\w.-]{1,32768}$/.test(t["token"])) return "token is missing or malformed";
  if (!Number.isSafeInteger(t["expiresOnTimestamp"]) || Math.abs(Date.parse(t["expiresOn"]) - t["expiresOnTimestamp"]) >= 1000) return "expiresOn and expiresOnTimestamp differ";
  if (!(Date.parse(t["refreshAfter"]) <= t["expiresOnTimestamp"])) return "refreshAfter is not before the end";
  if (typeof t["endpoint"] !== "string" || typeof t["user"]?.rawId !== "string" || typeof t["user"]?.id !== "string") return "endpoint or user is missing";
  return "";
}

const short = (value: unknown): string | undefined => (typeof value === "string" && value ? value.slice(0, 1000) : undefined);

/** refusal makes an error of a problem document (RFC 9457), or of an answer that is none, as of a proxy. */
function refusal(response: Response, problem: Record<string, unknown>): AcsauthError {
  const retryAfter = seconds(response.headers.get("retry-after"));
  return new AcsauthError(short(problem["code"]) ?? "answer_invalid", short(problem["detail"]) ?? `The server answered ${response.status}.`, {
    status: response.status, hint: short(problem["hint"]), requestId: short(problem["instance"]) ?? short(response.headers.get("x-request-id")), retryAfter,
  });
}

/** seconds reads Retry-After: a number, or a date (RFC 9110 section 10.2.3). */
export function seconds(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}

/** claims returns the claims challenge of an answer, JSON as text, or undefined. */
export function claims(response: Response): string | undefined {
  const [, encoded] = /\bclaims="([A-Za-z0-9+/_=-]{1,8192})"/.exec(response.headers.get("www-authenticate") ?? "") ?? [];
  if (!encoded) return undefined;
  try {
    const text = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
    return Object.keys(object(text)).length > 0 ? text : undefined;
  } catch {
    return undefined;
  }
}
