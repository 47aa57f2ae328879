// Shows the calls, the last one first.
import { curl, mask, pretty, type Call } from "./calls.js";
import { byId, clock, copy, el, say, sayWait } from "./dom.js";

const most = 50;
const revealed = 30_000; // milliseconds that an answer is shown with its tokens

interface Problem { title?: string; detail?: string; hint?: string; expected?: string; found?: string; type?: string; code?: string }

export function show(call: Call): void {
  const failed = call.status === 0 || call.status >= 400;
  const problem = failed ? problemOf(call.answer) : {};
  announce(call, problem);
  const list = byId("calls");
  const item = el("li", { className: failed ? "failed" : "" }, el("details", { open: failed }, summary(call), ...body(call, problem, failed)));
  list.prepend(item);
  while (list.childElementCount > most) list.lastElementChild!.remove();
  byId("nothing").hidden = true;
}

export function clear(): void {
  byId("calls").replaceChildren();
  byId("nothing").hidden = false;
}

function announce(call: Call, problem: Problem): void {
  const text = `${call.method} ${call.path.split("?")[0]}: ${call.status || "no answer"}`;
  if (call.status === 429 && call.retryAfter) return sayWait(`${text}. ${problem.title ?? ""}`, call.retryAfter);
  if (call.status === 0) return say(`${text}. The server cannot be reached; is it still running?`, true);
  say(call.status >= 400 ? `${text}. ${problem.detail ?? ""}` : `${text} in ${Math.round(call.took)} ms.`, call.status >= 400);
}

const summary = (call: Call) => el("summary", {},
  el("span", { className: "status" }, call.status === 0 ? "—" : String(call.status)), el("span", { className: "mono" }, `${call.method} ${call.path}`), el("span", { className: "took" }, `${clock(call.at)}, ${Math.round(call.took)} ms`));

function body(call: Call, problem: Problem, failed: boolean): Node[] {
  const answer = el("pre", { tabIndex: 0 }, mask(pretty(call.answer)) || "(empty)");
  const sent = [`${call.method} ${call.path}`, ...Object.entries(call.headers).map(([name, value]) => `${name}: ${name === "teams-user-aad-token" || name === "authorization" ? mask(value) : value}`)];
  if (call.body) sent.push("", mask(call.body));
  const request = el("pre", { tabIndex: 0 }, sent.join("\n"));
  const buttons = el("p", { className: "buttons" }, el("button", { onclick: () => copy(curl(call), "The command") }, "Copy as curl"));
  if (mask(call.answer) !== call.answer) buttons.append(reveal(call, answer));
  return [...(failed && problem.code ? [explain(problem)] : []), el("h3", {}, "Sent"), request, el("h3", {}, `Got${call.requestId ? `, request ${call.requestId}` : ""}`), answer, buttons];
}

function reveal(call: Call, answer: HTMLElement): HTMLElement {
  let hide: ReturnType<typeof setTimeout> | undefined;
  const button = el("button", { ariaPressed: "false" }, "Show tokens");
  const set = (shown: boolean) => {
    clearTimeout(hide);
    answer.textContent = shown ? pretty(call.answer) : mask(pretty(call.answer));
    button.ariaPressed = String(shown);
    if (shown) hide = setTimeout(() => set(false), revealed);
  };
  button.onclick = () => set(button.ariaPressed !== "true");
  return button;
}

function explain(p: Problem): HTMLElement {
  const box = el("div", { className: "problem" }, el("strong", {}, `${p.title ?? ""} `), el("code", {}, p.code ?? ""), el("p", {}, p.detail ?? ""));
  if (p.hint) box.append(el("p", { className: "hint" }, p.hint));
  if (p.expected && p.found) box.append(el("p", {}, `Expected: ${p.expected}. Found: ${p.found}.`));
  if (p.type && /^https:\/\//.test(p.type)) box.append(el("p", {}, el("a", { href: `/docs#problem-${encodeURIComponent(p.code ?? "")}` }, "What this code means")));
  return box;
}

function problemOf(text: string): Problem {
  try {
    const members: unknown = JSON.parse(text);
    if (members && typeof members === "object") return Object.fromEntries(Object.entries(members).filter(([, value]) => typeof value === "string")) as Problem;
  } catch { /* of a proxy, perhaps */ }
  return {};
}
