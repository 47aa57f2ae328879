// An application with MSAL in a page of Chromium.
import assert from "node:assert/strict";
import { record } from "./ledger.js";
import { click } from "./emulatorpage.js";
import * as world from "./world.js";

const patience = 15_000; // milliseconds

// MSAL demands https of an authority, also when it never calls it because it was given the metadata.
const metadata = await (await fetch(`${world.info.authority}/v2.0/.well-known/openid-configuration`)).text();
export const ways = {
  https: { host: "localhost", auth: { authority: `${world.secure}/${world.tenant}`, knownAuthorities: [new URL(world.secure).host] } },
  http: { host: "127.0.0.1", auth: { authority: `https://emu.invalid/${world.tenant}`, knownAuthorities: ["emu.invalid"], authorityMetadata: metadata } },
};

// open opens an application of a major version of MSAL. name tells applications apart; auth changes their settings.
export async function open(major, way = "https", { name = "app", auth } = {}) {
  const { host, auth: common } = ways[way];
  const id = `${name}-${major}-${way}`;
  const url = `http://${host}:${world.site.port}/${id}/`;
  const settings = { clientId: world.client, redirectUri: url, postLogoutRedirectUri: `${url}done.html`, ...common, ...auth };
  world.configurations.set(id, { major, msal: { auth: settings, cache: { cacheLocation: "sessionStorage" } } });
  const app = await show(major, url);
  app.note("new PublicClientApplication");
  return app;
}

// show opens a page of an application.
async function show(major, url) {
  const page = await world.profile.newPage();
  page.setDefaultTimeout(patience);
  const app = new App(major, url, page);
  await page.goto(url);
  await app.started();
  return app;
}

class App {
  constructor(major, url, page) {
    Object.assign(this, { major, url, page, bridge: `${url}bridge.html` });
  }

  note(call) { record(`msal-browser-${this.major}`, call); }

  // started is the outcome of handleRedirectPromise in the page: {value} or {error}.
  async started() {
    if (this.major > 2) this.note("initialize");
    this.note("handleRedirectPromise");
    await this.page.waitForFunction(() => globalThis.started !== undefined);
    return this.page.evaluate(() => started);
  }

  // outcome calls MSAL in the page and returns {value} or {error}.
  outcome(name, ...args) {
    this.note(name);
    return this.page.evaluate(([call, rest]) => run(call, ...rest), [name, args]);
  }

  async run(name, ...args) {
    const { value, error } = await this.outcome(name, ...args);
    assert.equal(error, undefined, `${name}: ${JSON.stringify(error)}`);
    return value;
  }

  async refused(name, ...args) {
    const { value, error } = await this.outcome(name, ...args);
    assert.ok(error, `${name} was not refused: ${JSON.stringify(value)}`);
    return error;
  }

  // leave calls MSAL for what leads away from the page, and waits until it is at a URL, or at the emulator.
  async leave(name, request, to = (url) => url.pathname.includes("/oauth2/")) {
    this.note(name);
    await this.page.evaluate(([call, rest]) => { run(call, ...rest).then((result) => { globalThis.left = result; }); }, [name, [request]]);
    await this.page.waitForURL(to);
  }

  // back waits until the page is back at the application, and returns what handleRedirectPromise said.
  async back() {
    await this.page.waitForURL((url) => url.href.startsWith(this.url));
    return this.started();
  }

  // bounce calls MSAL for what leads away from the page and straight back, and returns what handleRedirectPromise said.
  async bounce(name, request) {
    this.note(name);
    await this.page.evaluate(([call, rest]) => { globalThis.old = true; run(call, rest).then((result) => { globalThis.left = result; }); }, [name, request]);
    await this.page.waitForFunction(() => globalThis.started !== undefined && globalThis.old === undefined);
    return this.started();
  }

  // signIn goes the whole way of loginRedirect, and returns MSAL's result.
  async signIn(choose, request = { scopes: [world.scopes.api], prompt: "select_account" }) {
    await this.leave("loginRedirect", request);
    await choose(this.page);
    const { value, error } = await this.back();
    assert.ok(value, `loginRedirect: ${JSON.stringify(error)}`);
    return value;
  }

  // popup calls MSAL for what opens a window, does something in the window, and returns {value} or {error}.
  async popup(name, request, act) {
    const opening = this.page.waitForEvent("popup");
    const result = this.outcome(name, { redirectUri: this.bridge, ...request });
    const window = await opening;
    window.setDefaultTimeout(patience);
    await act(window);
    return result;
  }

  // again opens the same application in another page: it shares the session of the emulator, and no cache.
  again() { return show(this.major, this.url); }
}

// names of the users as the page shows them.
export const shown = { alice: "Alice Adams", bob: "Bob Brown", carol: "Carol Clark", gail: "Gail Guest" };
export const choose = (user) => (page) => click(page, shown[user]);
