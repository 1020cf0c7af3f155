/**
 * Long work in short slices, between which the page is drawn and answers.
 */

/** How long a slice may take, in milliseconds. */
const SLICE = 10;

/**
 * Do the work of a generator, a slice at a time. Each `yield` is a place where it may rest.
 * @param {Generator<void, void>} work
 * @returns {() => void} ends it: nothing of it happens after that
 */
export function inSlices(work) {
  let ended = false;
  const slice = () => {
    if (ended) return;
    const until = performance.now() + SLICE;
    do {
      if (work.next().done) return;
    } while (performance.now() < until);
    setTimeout(slice);
  };
  setTimeout(slice);
  return () => {
    ended = true;
  };
}

/**
 * Read a text token by token, with a rest after each. Then the reader has it, and to show it
 * costs no time.
 * @param {import("./model.js").Reader} reader
 * @param {number[]} ids
 */
export function* slowly(reader, ids) {
  const seen = ids.slice(-reader.model.config.n_ctx);
  for (let n = 1; n <= seen.length; n++) {
    reader.read(seen.slice(0, n));
    yield;
  }
}
