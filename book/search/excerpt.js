/** What is shown of a text that holds the words: a few lines around them. */

import { places } from "./words.js";

const LENGTH = 170; // signs
const BEFORE = 50; // of them before the first word, where no sentence begins

/**
 * The piece of a text that shows most of the words, and whether it is marked.
 * @param {string} text
 * @param {Set<string>} found terms
 * @returns {{words: string, marked: boolean}[]} pieces, one after the other
 */
export function excerpt(text, found) {
  const [from, to] = stretch(text, places(text, found));
  const shown = text.slice(from, to);
  const pieces = [{ words: from ? "… " : "", marked: false }];
  pieces.push(...split(shown, found));
  pieces.push({ words: to < text.length ? " …" : "", marked: false });
  return pieces.filter(({ words }) => words);
}

/**
 * A text in pieces, those with the words marked.
 * @param {string} text
 * @param {Set<string>} found terms
 */
export function split(text, found) {
  const pieces = [];
  let done = 0;
  for (const [start, end] of places(text, found)) {
    pieces.push({ words: text.slice(done, start), marked: false });
    pieces.push({ words: text.slice(start, end), marked: true });
    done = end;
  }
  pieces.push({ words: text.slice(done), marked: false });
  return pieces.filter(({ words }) => words);
}

/**
 * Where the excerpt begins and ends.
 * @param {string} text
 * @param {[number, number][]} marks
 */
function stretch(text, marks) {
  let best = 0;
  let most = 0;
  for (const [start] of marks) {
    const inside = marks.filter(([at, end]) => at >= start && end <= start + LENGTH - BEFORE);
    if (inside.length > most) [most, best] = [inside.length, start];
  }
  let from = 0;
  if (best > BEFORE) {
    const earlier = text.slice(0, best);
    const sentence = Math.max(...[". ", "? ", "! "].map((end) => earlier.lastIndexOf(end) + 2));
    from =
      sentence > 1 && best - sentence < 2 * BEFORE
        ? sentence
        : earlier.lastIndexOf(" ", best - BEFORE) + 1;
  }
  if (from + LENGTH >= text.length) return [from, text.length];
  return [from, text.lastIndexOf(" ", from + LENGTH)];
}
