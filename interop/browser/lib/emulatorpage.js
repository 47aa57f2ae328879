// The pages of the emulator, as a person uses them.
import assert from "node:assert/strict";

// focusedText is the text of the control that has the focus.
const focusedText = (page) => page.evaluate(() => (document.activeElement.matches("body") ? "" : document.activeElement.innerText));

// press walks to a button by the Tab key alone, sees that its focus is visible, and presses Enter.
export async function press(page, text) {
  await page.getByRole("button", { name: text }).waitFor();
  for (let i = 0; i < 30; i++) {
    if ((await focusedText(page)).includes(text)) {
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.notEqual(outline, "none", `the focus on "${text}" is not visible`);
      return page.keyboard.press("Enter").catch((error) => { if (!page.isClosed()) throw error; });
    }
    await page.keyboard.press("Tab");
  }
  throw new Error(`the Tab key does not lead to "${text}"`);
}

// click presses a button with the mouse.
export const click = (page, text) => page.getByRole("button", { name: text }).click();
