// The page: signs in, offers the operations, keeps a token fresh.
import { claims as claimsOf } from "../../packages/token-client/src/answer.js";
import { createTokenRefresher, type AcsToken } from "../../packages/token-client/src/index.js";
import { chooseAuthority, chosenAuthority, LeavingError, Session, type Config, type Wish } from "./auth.js";
import { recorder } from "./calls.js";
import { byId, copy, el, pairs, say } from "./dom.js";
import { clear, show } from "./log.js";
import { groups, requestOf, scopes, type Operation } from "./operations.js";
import { inHand, showEvent, showIdentity, showToken, tick } from "./token.js";

const call = recorder(show);

async function begin(): Promise<void> {
  const answer = await fetch("/playground/config.json");
  if (!answer.ok) throw new Error(`The settings of the page could not be loaded: ${answer.status}.`);
  const config = (await answer.json()) as Config;
  if (config.inspect) Object.assign(byId<HTMLAnchorElement>("inspect"), { hidden: false, href: config.inspect });
  const session = await Session.open(config);
  if (!session.account) return offer(config, session);
  await signedIn(session);
}

function offer(config: Config, session: Session): void {
  byId("signin-text").textContent = config.users.length > 0 ? "The emulator lets everybody in without a password." : "You sign in at Microsoft Entra ID.";
  const select = byId<HTMLSelectElement>("authority");
  select.replaceChildren(...config.authorities.map((a) => el("option", { value: a, selected: a === chosenAuthority(config) }, a)));
  byId("authority-row").hidden = config.authorities.length < 2;
  select.onchange = () => { chooseAuthority(select.value); location.reload(); };
  const named = config.users.map((user) => el("button", { onclick: () => leave(session.signIn(user)) }, `as ${user.split(/[@_]/)[0]}`));
  byId("signin-buttons").replaceChildren(el("button", { className: "main", onclick: () => leave(session.signIn()) }, "Sign in"), ...named);
  byId("signin").hidden = false;
  say("You are not signed in.");
}

// leave reports what keeps the page from leaving.
const leave = (going: Promise<void>): Promise<void> => going.catch(fail);

function fail(error: unknown): void {
  if (error instanceof LeavingError) return say("The page goes to the sign-in page and comes back.");
  console.error(error);
  say(error instanceof Error ? error.message : String(error), true);
}

async function signedIn(session: Session): Promise<void> {
  const { account } = session;
  const claims = account!.idTokenClaims ?? {};
  pairs(byId("who"), {
    name: account!.name, "user name": account!.username, tenant: account!.tenantId, "object id": account!.localAccountId,
    kind: claims["idp"] || account!.homeAccountId.split(".")[1] !== account!.tenantId ? "guest" : "member",
  });
  byId("signout").onclick = () => leave(session.signOut());
  byId("other").onclick = () => leave(session.signIn());
  byId("copy-identity").onclick = () => copy(byId("identity").textContent ?? "", "The identity");
  byId("clear").onclick = clear;
  byId("scopes").replaceChildren(...scopes.map((s) => el("label", {}, el("input", { type: "checkbox", value: s }), s)));
  byId("app").hidden = false;
  const keeper = keep(session);
  const all = groups.flatMap(([, list]) => list);
  byId("operations").replaceChildren(...groups.map(([title, list]) => el("div", { className: "group" }, el("h3", {}, title),
    el("p", { className: "buttons" }, ...list.map((o) => el("button", { title: o.about, onclick: () => run(session, o, keeper).catch(fail) }, o.name))))));
  const pending = all.find((o) => o.name === session.pending);
  await (pending ? run(session, pending, keeper) : keeper.refresh());
}

interface Keeper {
  refresh(): Promise<void>;
  invalidate(): void;
}

// keep keeps a token fresh while the box is ticked.
function keep(session: Session): Keeper {
  const refresher = createTokenRefresher({
    endpoint: location.origin, fetch: call, onEvent: showEvent,
    getAccessToken: ({ claims, forceRefresh }) => session.token("user", "getToken", { ...(claims && { claims }), ...(forceRefresh && { forceRefresh }) }),
  });
  const refresh = () => refresher.get().then((token) => { if (token !== inHand()) showToken(token); }, fail);
  setInterval(() => {
    tick();
    const { current } = refresher;
    if (current && byId<HTMLInputElement>("auto").checked && Date.now() >= Date.parse(current.refreshAfter)) void refresh();
  }, 1000);
  return { refresh, invalidate: refresher.invalidate };
}

const wishes = () => ({
  scopes: [...byId("scopes").querySelectorAll<HTMLInputElement>("input:checked")].map((box) => box.value),
  minutes: byId<HTMLInputElement>("minutes").value,
});

// answered makes the call, and once more with a better access token after a 401. Undefined: there was no answer.
async function answered(session: Session, o: Operation, wish?: Wish): Promise<Response | undefined> {
  const token = o.open ? undefined : await session.token("user", o.name, wish);
  const teams = o.teams ? await session.token("teams", o.name, wish) : undefined;
  const answer = await call(o.path, { ...requestOf(o, wishes(), token, teams), credentials: "omit", cache: "no-store" }).catch(() => undefined);
  if (answer?.status !== 401 || wish || o.open) return answer;
  const claims = claimsOf(answer);
  return answered(session, o, claims ? { claims } : { forceRefresh: true });
}

async function run(session: Session, o: Operation, keeper: Keeper): Promise<void> {
  if (o.asks && !(await confirmed())) return say("Nothing was deleted.");
  say(`${o.name}: under way.`);
  const answer = await answered(session, o);
  if (!answer) return; // the log has said it
  const members = (await answer.json().catch(() => ({}))) as Partial<AcsToken> & { acsUserIdentity?: string };
  if (!answer.ok) return;
  if (members.token && members.user) showToken(members as AcsToken);
  else if (members.acsUserIdentity) showIdentity(members.acsUserIdentity);
  if (o.method === "DELETE" || o.name === "revokeTokens") {
    keeper.invalidate();
    showToken(undefined);
    if (o.method === "DELETE") showIdentity("");
  }
}

function confirmed(): Promise<boolean> {
  const dialog = byId<HTMLDialogElement>("delete");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

addEventListener("unhandledrejection", (event) => fail(event.reason));
begin().catch(fail);
