// Drives the page to try the service.
import { click } from "../../../interop/browser/lib/emulatorpage.js";
import { collect } from "../../../interop/browser/lib/look.js";
import { info, open } from "./world.js";

const shown = { alice: "Alice Adams", bob: "Bob Brown", carol: "Carol Clark", gail: "Gail Guest" };

// visit opens the page.
export async function visit(context) {
  const page = await open(context);
  const errors = collect(page);
  await page.goto(`${info.server}/`);
  await page.getByText("You are not signed in.").waitFor();
  return { page, errors };
}

// signedIn opens the page as a user, with a first token.
export async function signedIn(user, context) {
  const { page, errors } = await visit(context);
  await page.getByRole("button", { name: `as ${user}` }).click();
  await click(page, shown[user]);
  await page.getByText("minutes left").waitFor().catch(async (error) => { throw new Error(`${page.url()}: ${await page.evaluate(() => document.body.innerText.slice(0, 600))}`, { cause: error }); });
  return { page, errors };
}

// press presses the button of an operation, and waits for its call in the log.
export async function press(page, name, path) {
  const before = await page.locator("#calls > li").count();
  await page.getByRole("button", { name, exact: true }).click();
  const call = page.locator("#calls > li").filter({ hasText: path }).first();
  await page.waitForFunction((n) => document.querySelectorAll("#calls > li").length > n, before);
  return { status: await call.locator(".status").textContent(), item: call };
}

// details opens a call of the log, and returns what it shows.
export async function details(item) {
  const box = item.locator("details");
  if (!(await box.evaluate((d) => d.open))) await item.locator("summary").click();
  return box.innerText();
}
