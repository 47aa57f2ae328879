// byId returns an element that the page has.
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

type Child = Node | string;

// el makes an element. Text is always text: nothing is ever parsed as HTML.
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, properties: Partial<HTMLElementTagNameMap[K]> = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// pairs fills a list of terms and their values; values that are not there are left out.
export function pairs(list: HTMLElement, values: Record<string, string | undefined>): void {
  list.replaceChildren(...Object.entries(values).flatMap(([term, value]) => (value ? [el("dt", {}, term), el("dd", {}, value)] : [])));
}

let countdown: ReturnType<typeof setInterval> | undefined;

// say tells what happened, to the eye and to a screen reader.
export function say(text: string, bad = false): void {
  clearInterval(countdown);
  const status = byId("status");
  status.textContent = text;
  status.classList.toggle("bad", bad);
}

// sayWait counts down until a repeat makes sense.
export function sayWait(text: string, seconds: number): void {
  const end = Date.now() + seconds * 1000;
  say(`${text} Wait ${seconds} s.`, true);
  const status = byId("status");
  countdown = setInterval(() => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left <= 0) return say("You can try again.");
    status.textContent = `${text} Wait ${left} s.`;
  }, 1000);
}

export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied.`);
  } catch {
    say(`The browser did not let ${what} be copied: select and copy it by hand.`, true);
  }
}

export const clock = (ms: number): string => new Date(ms).toLocaleTimeString();
