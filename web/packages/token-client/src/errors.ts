/** Why there is no token. */
export class AcsauthError extends Error {
  override readonly name = "AcsauthError";
  /** HTTP status; 0 if there was no answer. */
  readonly status: number;
  /**
   * Stable name of the reason: a problem code of the server (docs/errors.md), or one of this library: network, timeout,
   * answer_invalid, clock_wrong, access_token, aborted, disposed.
   */
  readonly code: string;
  readonly detail: string;
  /** What to change, and where. */
  readonly hint: string | undefined;
  /** Names the request in the server's log. */
  readonly requestId: string | undefined;
  /** Seconds to wait before a repeat. */
  readonly retryAfter: number | undefined;

  constructor(code: string, detail: string, more: { status?: number; hint?: string | undefined; requestId?: string | undefined; retryAfter?: number | undefined; cause?: unknown } = {}) {
    super(`${code}: ${detail}${more.hint ? ` ${more.hint}` : ""}`, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.detail = detail;
    this.status = more.status ?? 0;
    this.hint = more.hint;
    this.requestId = more.requestId;
    this.retryAfter = more.retryAfter;
  }
}

/** May a repeat of the same call succeed? */
export const mayPass = (error: AcsauthError): boolean =>
  error.code === "network" || error.code === "timeout" || error.status === 429 || error.status >= 500;

/** asError makes whatever was thrown an AcsauthError. */
export const asError = (reason: unknown, code: string, detail: string): AcsauthError =>
  reason instanceof AcsauthError ? reason : new AcsauthError(code, detail, { cause: reason });
