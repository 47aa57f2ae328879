import { AcsauthError } from "./errors.js";
import type { AbortSignalLike } from "./types.js";

export const aborted = () => new AcsauthError("aborted", "The call was aborted.");

/** wait passes ms milliseconds, or fails when the signal aborts. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => { clearTimeout(timer); reject(aborted()); };
    const timer = setTimeout(() => { signal.removeEventListener("abort", stop); resolve(); }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** unless waits for a promise, or fails when the signal aborts. The work behind the promise goes on. */
export function unless<T>(work: Promise<T>, signal: AbortSignalLike | undefined): Promise<T> {
  if (!signal) return work;
  if (signal.aborted) return Promise.reject(aborted());
  return new Promise((resolve, reject) => {
    const stop = () => { signal.removeEventListener("abort", stop); reject(aborted()); };
    signal.addEventListener("abort", stop);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** within runs work with a signal that aborts with the outer one, or after ms milliseconds. */
export async function within<T>(ms: number, outer: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const inner = new AbortController();
  const stop = () => inner.abort();
  let late = false;
  const timer = setTimeout(() => { late = true; stop(); }, ms);
  if (outer.aborted) stop();
  outer.addEventListener("abort", stop, { once: true });
  try {
    return await unless(work(inner.signal), inner.signal);
  } catch (reason) {
    if (late) throw new AcsauthError("timeout", `There was no answer within ${ms} ms.`, { cause: reason });
    throw reason;
  } finally {
    clearTimeout(timer);
    outer.removeEventListener("abort", stop);
  }
}

/** backoff is how long to wait before the nth repeat, in milliseconds: full jitter, so that clients do not come in step. */
export const backoff = (n: number): number => Math.random() * Math.min(8_000, 500 * 2 ** n);
