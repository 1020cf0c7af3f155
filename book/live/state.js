/**
 * What a reader has set, in the page's address: so that a surprise can be sent. Nothing else
 * leaves the page, and an address is only written once the reader has changed something.
 */

import { ownText } from "./own.js";

/** What an address may hold that is nothing to a living part: a word that was searched for. */
const PASSING = ["found"];
/** Whether the page has begun with the text that the reader brought along. */
let brought = false;

/**
 * What the address says. Where it says nothing, the reader's own text is read, which comes along
 * from page to page; an address that says something is what somebody wants to be seen.
 * @returns {Record<string, string>}
 */
export function recall() {
  /** @type {Record<string, string>} */
  const found = Object.fromEntries(new URLSearchParams(location.search));
  const own = Object.keys(found).every((key) => PASSING.includes(key)) ? ownText() : null;
  if (own === null) return found;
  brought = true;
  return { ...found, prompt: own };
}

/**
 * Put values into the address; null takes one out. What else stands there stays.
 * @param {Record<string, string | number | null>} values
 */
export function remember(values) {
  const all = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) all.delete(name);
    else all.set(name, String(value));
  }
  const own = brought && !("prompt" in values) ? ownText() : null;
  if (own !== null && !all.has("prompt")) all.set("prompt", own);
  const query = all.size ? `?${all}` : "";
  try {
    history.replaceState(history.state, "", location.pathname + query + location.hash);
  } catch {
    // a browser that changes no address of a file: the page works without
  }
}

/**
 * A whole number that the address may hold, or what it is otherwise.
 * @param {string | undefined} text
 * @param {number} otherwise
 * @param {number} most
 */
export function whole(text, otherwise, most) {
  const number = Number(text);
  const fits = text && Number.isInteger(number) && number >= 0 && number <= most;
  return fits ? number : otherwise;
}
