// Shows the identity and the token in hand, how much of its life is left, and how it was refreshed.
import type { AcsToken, RefresherEvent } from "../../packages/token-client/src/index.js";
import { byId, clock, el, pairs } from "./dom.js";

const kept = 30; // refreshes shown

let token: AcsToken | undefined;
let issued = 0;

export function showIdentity(id: string): void {
  byId("identity").textContent = id || "none yet";
  byId<HTMLButtonElement>("copy-identity").disabled = !id;
}

export function showToken(next: AcsToken | undefined): void {
  token = next;
  issued = Date.now();
  if (next?.kind === "communicationUser") showIdentity(next.user.rawId);
  pairs(byId("token"), next ? {
    for: next.kind === "teamsUser" ? `you as the Teams user ${next.user.rawId}` : "your ACS identity", scopes: next.scopes?.join(", "), endpoint: next.endpoint,
    ends: clock(next.expiresOnTimestamp), refresh: `from ${clock(Date.parse(next.refreshAfter))} on`,
  } : {});
  tick();
}

export const inHand = (): AcsToken | undefined => token;

/** tick draws the life that is left. */
export function tick(): void {
  const bar = byId<HTMLProgressElement>("life");
  const left = token ? Math.max(0, token.expiresOnTimestamp - Date.now()) : 0;
  bar.hidden = !token;
  if (token) bar.value = Math.round((100 * left) / Math.max(1, token.expiresOnTimestamp - issued));
  byId("token-text").textContent = token ? (left > 0 ? `${left < 120_000 ? `${Math.ceil(left / 1000)} seconds` : `${Math.floor(left / 60_000)} minutes`} left` : "It has ended.") : "none yet";
}

const words: Record<RefresherEvent["type"], string> = { refreshed: "token received", shared: "token of another tab", retry: "failed, again soon", challenged: "another sign-in is wanted", failed: "failed" };

export function showEvent(event: RefresherEvent): void {
  const more = event.expiresOnTimestamp ? `, ends ${clock(event.expiresOnTimestamp)}` : event.error ? ` (${event.error.code})` : "";
  const list = byId("timeline");
  list.prepend(el("li", {}, `${clock(event.at)} ${words[event.type]}${more}`));
  while (list.childElementCount > kept) list.lastElementChild!.remove();
}
