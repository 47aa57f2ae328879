// A clock that can be moved: that of the emulator by its administration, and that of this process together with it.
import * as world from "./world.js";

const minute = 60_000;

// movable takes the time of this process over for a test, and returns how to move both clocks by minutes. Timers of a minute
// and more run by the moved clock, shorter ones by the real one. Those of node:test cannot be used for it: clearing a timer
// that was set before they were put in place, as HTTP connections do, disturbs them.
export function movable(t) {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const waiting = new Map(); // our timers -> what they call, and when
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  t.mock.method(globalThis, "setTimeout", (call, after, ...args) => {
    if (!(after >= minute)) return set(call, after, ...args);
    const timer = { unref: () => timer };
    waiting.set(timer, { due: Date.now() + after, call: () => call(...args) });
    return timer;
  });
  t.mock.method(globalThis, "clearTimeout", (timer) => waiting.delete(timer) || clear(timer));
  t.after(() => world.admin("/clock", { reset: true }));

  return async (minutes) => {
    await world.admin("/clock", { advance: `${minutes}m` });
    t.mock.timers.tick(minutes * minute);
    for (const [timer, { due, call }] of waiting) if (due <= Date.now() && waiting.delete(timer)) call();
  };
}

// hurried lets what waits for seconds wait for a promise instead.
export function hurried(t, done) {
  const { setTimeout: set } = globalThis;
  t.mock.method(globalThis, "setTimeout", (call, after, ...args) => {
    if (!(after >= 4000 && after <= 10_000)) return set(call, after, ...args);
    const timer = { unref: () => timer, ref: () => timer };
    done.then(() => call(...args), () => call(...args));
    return timer;
  });
}
