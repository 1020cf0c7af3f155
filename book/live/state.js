/**
 * What a reader has set, in the page's address: so that a surprise can be sent. Nothing else
 * leaves the page, and an address is only written once the reader has changed something.
 */

/**
 * What the address says.
 * @returns {Record<string, string>}
 */
export function recall() {
  return Object.fromEntries(new URLSearchParams(location.search));
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
