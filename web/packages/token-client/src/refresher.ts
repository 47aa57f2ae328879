import { fault } from "./answer.js";
import { base, call, type Caller } from "./call.js";
import { AcsauthError, asError, mayPass } from "./errors.js";
import { join, type Tabs } from "./tabs.js";
import type { AbortSignalLike, AcsToken, RefresherEvent, RefresherOptions, TokenRefresher } from "./types.js";
import { aborted, backoff, unless, wait } from "./wait.js";

/** A refresh begins up to this long before refreshAfter, so that clients do not come in step; in milliseconds. */
const spread = 60_000;
/** A longer Retry-After than this is not waited for; in milliseconds. */
const maxWait = 60_000;
/** After a refresh that brought nothing better, the token in hand is given out for this long; in milliseconds. */
const pause = 30_000;

/** createTokenRefresher makes a refresher for the signed-in user's own ACS identity. */
export const createTokenRefresher = (options: RefresherOptions): TokenRefresher => refresher(options, "communicationUser");

/** createTeamsTokenRefresher makes a refresher for the signed-in user as a Teams user. */
export const createTeamsTokenRefresher = (options: RefresherOptions): TokenRefresher => refresher(options, "teamsUser");

function refresher(options: RefresherOptions, kind: AcsToken["kind"]): TokenRefresher {
  const r = new Refresher(options, kind);
  const get = (signal?: AbortSignalLike) => r.get(signal);
  const made = Object.assign(async (signal?: AbortSignalLike) => (await get(signal)).token, { get, invalidate: () => r.invalidate(), dispose: () => r.dispose() });
  return Object.defineProperty(made, "current", { get: () => r.current, enumerable: true }) as typeof made & { readonly current: AcsToken | undefined };
}

/** A refresh under way, for all who wait for it. */
interface Flight {
  work: Promise<AcsToken>;
  control: AbortController;
  waiting: number;
}

class Refresher {
  current: AcsToken | undefined;
  private flight: Flight | undefined;
  private readonly early = Math.random() * spread;
  private quietUntil = 0; // until then the token in hand is given out
  private fresh = false; // a token made after the request is wanted: not that of the server's cache
  private disposed = false;
  private readonly tabs: Tabs | undefined;
  private readonly caller: Caller;

  constructor(private readonly options: RefresherOptions, private readonly kind: AcsToken["kind"]) {
    const at = base(options.endpoint);
    this.caller = { base: at, options, kind, onChallenge: () => this.emit({ type: "challenged" }) };
    if (options.share) {
      const name = ["acsauth", options.share, kind, at, (options.scopes ?? []).join(" "), options.expiresInMinutes ?? ""].join("|");
      this.tabs = join(name, () => this.good(), (message) => this.heard(message));
    }
  }

  /** get returns the token in hand while it is good, else a fresh one. All who ask meanwhile share one refresh. */
  async get(signal?: AbortSignalLike): Promise<AcsToken> {
    if (this.disposed) throw new AcsauthError("disposed", "The refresher was disposed of.");
    if (signal?.aborted) throw aborted();
    const now = Date.now();
    if (this.current && this.alive() && (now < this.dueAt(this.current) || now < this.quietUntil)) return this.current;
    const flight = (this.flight ??= this.start());
    flight.waiting++;
    try {
      return await unless(flight.work, signal);
    } finally {
      if (--flight.waiting === 0) flight.control.abort(); // nobody waits any more; no effect once it has landed
    }
  }

  invalidate(): void {
    this.current = undefined;
    this.quietUntil = 0;
    this.fresh = true;
    this.flight = undefined; // what it brings was made before: those who wait for it get it, and nobody else
  }

  dispose(): void {
    this.disposed = true;
    this.flight?.control.abort();
    this.tabs?.close();
    this.invalidate();
  }

  private start(): Flight {
    const control = new AbortController();
    const work: Promise<AcsToken> = Promise.resolve().then(() => this.refresh(control.signal, () => this.flight === flight));
    const flight: Flight = { control, work, waiting: 0 };
    const end = () => { if (this.flight === flight) this.flight = undefined; };
    flight.work.then(end, end);
    control.signal.addEventListener("abort", end);
    return flight;
  }

  /** refresh gets a token, or gives out the one in hand if that is still alive. wanted: it was not invalidated meanwhile. */
  private async refresh(signal: AbortSignal, wanted: () => boolean): Promise<AcsToken> {
    try {
      const { tabs } = this;
      if (!tabs) return await this.fetched(signal, wanted);
      return await tabs.alone(signal, async () => (this.fresh ? undefined : this.good() ?? (await tabs.ask())) ?? this.fetched(signal, wanted));
    } catch (reason) {
      if (signal.aborted) throw this.disposed ? new AcsauthError("disposed", "The refresher was disposed of.") : aborted();
      const error = asError(reason, "network", "The refresh failed.");
      this.emit({ type: "failed", error });
      if (!this.current || !this.alive()) throw error;
      this.quietUntil = Date.now() + Math.min(maxWait, (error.retryAfter ?? 0) * 1000 || pause);
      return this.current;
    }
  }

  /** fetched gets a token from the server. If that is no better than the one in hand, it tries once with a fresh access token, and then lets some time pass. */
  private async fetched(signal: AbortSignal, wanted: () => boolean): Promise<AcsToken> {
    const before = this.current;
    // A Teams user's token ends with the access token that it was exchanged for, which MSAL keeps longer than we want it.
    const force = this.kind === "teamsUser" && before !== undefined;
    let token = await this.tried(signal, force);
    if (!force && Date.now() >= this.dueAt(token)) {
      const first = token;
      token = await this.tried(signal, true).catch(() => first);
    }
    if (Date.now() >= token.expiresOnTimestamp) {
      throw new AcsauthError("clock_wrong", "The token that the server gave just now has ended by this machine's clock.", { hint: "Set the clock of this machine." });
    }
    if (!wanted()) return token;
    const { current } = this;
    this.current = current && current.expiresOnTimestamp > token.expiresOnTimestamp ? current : token;
    this.fresh = false;
    if (Date.now() >= this.dueAt(this.current)) this.quietUntil = Date.now() + pause;
    this.emit({ type: "refreshed", expiresOnTimestamp: this.current.expiresOnTimestamp });
    this.tabs?.tell(this.current);
    return this.current;
  }

  /** tried makes the call, and repeats it where that may help. While a token is in hand nobody has to wait for it. */
  private async tried(signal: AbortSignal, forceRefresh: boolean): Promise<AcsToken> {
    for (let n = 0; ; n++) {
      try {
        return await call(this.caller, this.path(), signal, forceRefresh);
      } catch (reason) {
        if (signal.aborted) throw reason;
        const error = asError(reason, "network", "The call failed.");
        const ms = error.retryAfter === undefined ? backoff(n) : error.retryAfter * 1000;
        if (!mayPass(error) || n >= (this.options.retries ?? 3) || ms > maxWait || (this.current && this.alive())) throw error;
        this.emit({ type: "retry", wait: Math.round(ms), error });
        await wait(ms, signal);
      }
    }
  }

  private path(): string {
    if (this.kind === "teamsUser") return "/exchangeToken";
    return this.current || this.fresh ? "/refreshToken" : "/getToken";
  }

  /** heard takes a token of another tab, if it is a good one. */
  private heard(message: unknown): AcsToken | undefined {
    const token = message as AcsToken;
    if (this.fresh || !message || typeof message !== "object" || fault(message as Record<string, unknown>, this.kind) || Date.now() >= this.dueAt(token)) return undefined;
    if (this.current && this.current.expiresOnTimestamp >= token.expiresOnTimestamp) return this.good();
    this.current = token;
    this.emit({ type: "shared", expiresOnTimestamp: token.expiresOnTimestamp });
    return token;
  }

  private good(): AcsToken | undefined {
    return this.current && Date.now() < this.dueAt(this.current) ? this.current : undefined;
  }

  private alive(): boolean {
    return this.current !== undefined && Date.now() < this.current.expiresOnTimestamp;
  }

  private dueAt(token: AcsToken): number {
    return Date.parse(token.refreshAfter) - this.early;
  }

  private emit(event: Omit<RefresherEvent, "at">): void {
    this.options.onEvent?.({ ...event, at: Date.now() });
  }
}
