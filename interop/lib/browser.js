// A browser, as far as the sign-in page of the emulator needs one: it keeps cookies, shows no page, and follows no redirect.
import assert from "node:assert/strict";

export class Browser {
  #cookies = new Map();

  async #fetch(url, init = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { ...init, redirect: "manual", headers: { ...init.headers, connection: "close", ...(cookie && { cookie }) } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      this.#cookies.set(name, value);
    }
    return answer;
  }

  // open loads a page. It returns {redirect} or {status, html, form}.
  async open(url) {
    return read(await this.#fetch(url), url);
  }

  // submit sends the form of a page with the button that was pressed.
  async submit(page, fields) {
    const init = { method: "POST", body: new URLSearchParams({ ...page.form.fields, ...fields }), headers: { origin: new URL(page.url).origin } };
    return read(await this.#fetch(page.form.action, init), page.form.action);
  }

  // enter opens the page that a device shows, types its code, and returns the page that comes then.
  async enter({ verificationUri, userCode }) {
    const page = await this.open(verificationUri);
    assert.equal(page.status, 200, page.html);
    return this.submit(page, { otc: userCode });
  }

  // signIn opens an authorize URL, picks the user, and returns the URL that the browser is sent to.
  async signIn(url, user) {
    const page = await this.open(url);
    assert.equal(page.status, 200, page.html);
    const answer = await this.submit(page, { user });
    assert.ok(answer.redirect, answer.html);
    return answer.redirect;
  }
}

async function read(answer, url) {
  if (answer.status === 302) return { redirect: new URL(answer.headers.get("location")) };
  const html = await answer.text();
  return { status: answer.status, url, html, form: form(html, url), buttons: buttons(html) };
}

const unescapeHTML = (text) => text.replaceAll("&#43;", "+").replaceAll("&#34;", '"').replaceAll("&#39;", "'")
  .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

function form(html, url) {
  const action = /<form method="post" action="([^"]*)"/.exec(html)?.[1];
  if (action === undefined) return undefined;
  const fields = [...html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
  return { action: new URL(unescapeHTML(action), url), fields: Object.fromEntries(fields.map(([, name, value]) => [name, unescapeHTML(value)])) };
}

const buttons = (html) => [...html.matchAll(/<button[^>]* name="user" value="([^"]*)"/g)].map(([, user]) => user);
