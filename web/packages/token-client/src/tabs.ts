import type { AcsToken } from "./types.js";

/** How long the other tabs have to answer, in milliseconds. */
const patience = 200;

/** Tabs of one origin that share a name. */
export interface Tabs {
  /** ask returns a token that another tab has in hand and that is good enough, or undefined. */
  ask(): Promise<AcsToken | undefined>;
  /** alone runs work while no other tab does. A tab that is closed lets go. */
  alone<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  tell(token: AcsToken): void;
  close(): void;
}

/** join joins the tabs of a name; undefined where the browser has no means for it. mine is the token to give to others, heard takes one of theirs and says whether it is good. */
export function join(name: string, mine: () => AcsToken | undefined, heard: (message: unknown) => AcsToken | undefined): Tabs | undefined {
  const locks = globalThis.navigator?.locks;
  if (!locks || typeof BroadcastChannel !== "function") return undefined;
  const channel = new BroadcastChannel(name);
  const waiting = new Set<(token: AcsToken) => void>();
  channel.onmessage = ({ data }: MessageEvent) => {
    if (data?.ask === true) {
      const token = mine();
      if (token) channel.postMessage({ token });
      return;
    }
    const token = heard(data?.token);
    if (token) for (const resolve of [...waiting]) resolve(token);
  };
  const ask = () => new Promise<AcsToken | undefined>((resolve) => {
    const done = (token?: AcsToken) => { clearTimeout(timer); waiting.delete(done); resolve(token); };
    const timer = setTimeout(done, patience);
    waiting.add(done);
    channel.postMessage({ ask: true });
  });
  return {
    ask,
    alone: (signal, work) => locks.request(name, { signal }, work) as ReturnType<typeof work>,
    tell: (token) => channel.postMessage({ token }),
    close: () => channel.close(),
  };
}
