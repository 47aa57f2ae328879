// Waits until nothing listens at a URL.
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

const limit = 20_000; // milliseconds

// gone reports whether the port was closed within the limit.
export async function gone(url) {
  const { hostname, port } = new URL(url);
  for (const end = Date.now() + limit; Date.now() < end; await wait(25)) {
    if (!(await open(hostname, Number(port)))) return true;
  }
  return false;
}

export function open(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
