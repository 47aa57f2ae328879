import { cells, views } from "/ui/tables.js";

const $ = (id) => document.getElementById(id);
const make = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};

let shown = ""; // what is on the page, to leave it alone while nothing changes
let cards = new Map();
const silent = "The emulator does not answer. Is it still running?";

function say(text, bad = false) {
  $("status").textContent = text;
  $("status").className = bad ? "bad" : "";
}

/** call asks the administration; it throws the text of a refusal. */
async function call(method, path, body) {
  const response = await ask(path, { method, body });
  return response.json();
}

async function ask(path, request) {
  const response = await fetch(path, { ...request, cache: "no-store" }).catch(() => { throw new Error(silent); });
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({})); // what stands between may answer without JSON
  throw Object.assign(new Error(answer.error ?? `${response.status} ${response.statusText}`), { status: response.status });
}

const current = () => views.find((v) => `#${v.id}` === location.hash) ?? views[0];

/** makeNav makes the links once, so that they keep the focus and the bar its place, and a target for each. */
function makeNav() {
  $("nav").replaceChildren(...views.map((v) => make("li", {}, make("a", { href: `#${v.id}`, textContent: v.title }))));
  $("main").prepend(...views.map((v) => make("div", { id: v.id, className: "target" })));
}

function showNav() {
  const here = `#${current().id}`;
  for (const link of $("nav").querySelectorAll("a")) {
    if (link.hash !== here) {
      link.removeAttribute("aria-current");
      continue;
    }
    link.setAttribute("aria-current", "page");
    link.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

function showHead() {
  const view = current();
  $("heading").textContent = view.title;
  $("hint").textContent = view.hint;
  $("filter-box").hidden = Boolean(view.cards);
  $("end-all").hidden = !view.endAll;
  $("end-all").textContent = view.endAll ?? "";
  document.title = `${view.title} · acsauth emulator`;
}

function cell(value, style) {
  const td = make("td", { className: style });
  if (value?.text !== undefined) td.append(make("span", { className: `badge ${value.kind}`, textContent: value.text }));
  else td.textContent = value ?? "";
  return td;
}

function showTable(view, data) {
  const wanted = $("filter").value.trim().toLowerCase();
  let rows = view.rows ? view.rows(data) : data;
  if (view.newestFirst) rows = rows.toReversed();
  if (wanted) rows = rows.filter((r) => JSON.stringify(r).toLowerCase().includes(wanted));
  if (rows.length === 0) {
    $("view").replaceChildren(make("p", { className: "empty", textContent: wanted ? "Nothing fits the filter." : "Nothing yet." }));
    return;
  }
  const head = make("tr", {}, ...view.columns.map((c) => make("th", { scope: "col", textContent: c.title, className: c.style.includes("number") ? "number" : "" })));
  const body = rows.slice(0, 500).map((r) => make("tr", {}, ...cells(view, r).map((value, i) => cell(value, view.columns[i].style))));
  const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
  table.setAttribute("aria-labelledby", "heading");
  const old = $("view").querySelector(".scroll");
  if (old) { // the same box stays: it may be scrolled, or have the focus
    old.replaceChildren(table);
    return;
  }
  const box = make("div", { className: "scroll", tabIndex: 0 }, table);
  box.setAttribute("role", "region");
  box.setAttribute("aria-labelledby", "heading");
  $("view").replaceChildren(box);
}

/** newCard makes the fixed part of a rehearsal, once: its buttons keep the focus while its state changes. */
function newCard(r) {
  const card = make("article", { className: "card" });
  const title = make("h3", { id: `r-${r.name}`, textContent: r.name });
  card.setAttribute("aria-labelledby", title.id);
  const state = make("span", { className: "badge" });
  const facts = make("dl");
  for (const [name, text] of [["Client sees", r.sees], ["Right", r.right], ["Ends", r.ends]]) {
    facts.append(make("dt", { textContent: name }), make("dd", { textContent: text }));
  }
  const detail = make("p", { className: "badge", hidden: true });
  const begin = make("button", { type: "button", className: "main", textContent: "Begin" });
  const end = make("button", { type: "button", textContent: "End", disabled: true });
  begin.setAttribute("aria-label", `Begin ${r.name}`);
  end.setAttribute("aria-label", `End ${r.name}`);
  const foot = make("footer", {}, begin, end);
  let options;
  if (r.options) {
    options = make("input", { type: "text", placeholder: JSON.stringify(r.defaults ?? {}), spellcheck: false, autocomplete: "off" });
    foot.append(make("label", {}, `Options: ${r.options.join(", ")}`, options));
  }
  begin.addEventListener("click", () => act(() => call("POST", `/rehearsals/${r.name}`, options?.value || undefined), `${r.name} has begun`));
  end.addEventListener("click", () => act(() => call("DELETE", `/rehearsals/${r.name}`), `${r.name} has ended`));
  card.append(make("header", {}, title, state), make("p", { textContent: r.summary }), facts, detail, foot);
  return { card, state, detail, begin, end };
}

function showCards(data) {
  if (cards.size === 0 || !$("view").querySelector(".cards")) {
    cards = new Map(data.map((r) => [r.name, newCard(r)]));
    $("view").replaceChildren(make("div", { className: "cards" }, ...[...cards.values()].map((c) => c.card)));
  }
  for (const r of data) {
    const { card, state, detail, begin, end } = cards.get(r.name);
    card.classList.toggle("active", r.active);
    const left = r.left > 0 ? `, ${r.left} left` : "";
    state.textContent = r.active ? `under way${left}` : r.started ? "over" : "ready";
    state.className = `badge ${r.active ? "warn" : ""}`;
    detail.hidden = !r.detail;
    detail.textContent = r.detail ? JSON.stringify(r.detail) : "";
    if (!r.active && end === document.activeElement) begin.focus(); // a disabled button cannot keep it
    end.disabled = !r.active;
  }
}

async function showView() {
  const view = current();
  const data = await call("GET", view.from);
  if (view !== current()) return;
  const seen = view.id + $("filter").value + JSON.stringify(data);
  if (seen === shown) return;
  shown = seen;
  if (view.cards) showCards(data);
  else showTable(view, data);
}

async function showClock() {
  const clock = await call("GET", "/clock");
  $("now").textContent = `${clock.now.slice(0, 19).replace("T", " ")} UTC`;
  $("now").dateTime = clock.now;
  const moved = clock.offset !== "0s";
  $("offset").hidden = !moved;
  $("offset").textContent = moved ? clock.offset.replace(/(\d[hm])0m?0s$/, "$1").replace(/^(?=\d)/, "+") : "";
  $("offset").className = "badge warn";
}

let busy = false;
let again = false; // something was asked for while the last answer was under way
async function refresh() {
  again = busy;
  if (busy) return;
  busy = true;
  try {
    await Promise.all([showClock(), showView()]);
    if ($("status").className === "bad" && $("status").dataset.lost) say("The emulator answers again.");
    delete $("status").dataset.lost;
  } catch (error) {
    say(error.message, true);
    $("status").dataset.lost = "1";
  } finally {
    busy = false;
  }
  if (again) await refresh();
}

/** act does something, says how it went, and shows what it changed. */
async function act(what, done) {
  try {
    const answer = await what();
    say(typeof done === "function" ? done(answer) : `${done}.`);
  } catch (error) {
    say(error.message, true);
    return;
  }
  await refresh();
}

const post = (path, body) => () => call("POST", path, body && JSON.stringify(body));

async function download() {
  const response = await ask("/snapshot");
  const url = URL.createObjectURL(await response.blob());
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(":", "");
  make("a", { href: url, download: `acsauth-emulator-${stamp}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

const actions = {
  hour: () => act(post("/clock", { advance: "1h" }), "The clock is 1 hour on"),
  day: () => act(post("/clock", { advance: "24h" }), "The clock is 24 hours on"),
  realtime: () => act(post("/clock", { reset: true }), "The clock shows the real time"),
  keys: () => act(post("/keys/rotate"), "Entra ID signs with its next key"),
  accesskey: () => act(post("/acs/keys/primary"), (a) => `The new primary access key is ${a.accessKey}`),
  reset: () => act(post("/reset"), "Everything is back at the start"),
  snapshot: () => act(download, "The snapshot is on its way"),
  restore: () => $("file").click(),
};

async function restore() {
  const [file] = $("file").files;
  if (file) await act(() => call("POST", "/restore", file), `${file.name} is restored`);
  $("file").value = "";
}

function change() {
  shown = "";
  $("filter").value = "";
  $("view").replaceChildren();
  showNav();
  showHead();
  refresh();
}

document.addEventListener("click", (event) => {
  const name = event.target.closest?.("[data-do]")?.dataset.do;
  if (name) actions[name]();
});
$("file").addEventListener("change", restore);
$("filter").addEventListener("input", refresh);
$("end-all").addEventListener("click", () => act(() => call("DELETE", current().from), `${current().title}: all ended`));
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the hash names the list and stays
  $("heading").focus();
});
addEventListener("hashchange", () => {
  change();
  $("heading").focus(); // goes on in the list, and a screen reader says which
});
setInterval(() => { if ($("auto").checked && document.visibilityState === "visible") refresh(); }, 2000);

makeNav();
change();
