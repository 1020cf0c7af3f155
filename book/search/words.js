/** Words as the search compares them: small letters, no accents, one form of a plural. */

const WORD = /\p{Script=Han}|[\p{L}\p{N}]+/gu;
const HUMPS = /(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u;
export const JOINT = "="; // at the front of words that were joined to one
const LONGEST = 3; // words that are looked at as one name
const SHORTEST = 3; // letters that a part of a name like LayerNorm has at least

/**
 * One word in the form that is compared: "Heads" is "head", "Atención" is "atencion".
 * @param {string} word
 */
export function fold(word) {
  const small = word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return small.length > 3 && /[^sui]s$/.test(small) ? small.slice(0, -1) : small;
}

/**
 * The words of a text with their places, as they stand there. A Chinese character is one.
 * @param {string} text
 * @returns {{word: string, at: number}[]}
 */
export function wordsOf(text) {
  return [...text.matchAll(WORD)].map((found) => ({ word: found[0], at: found.index }));
}

/**
 * All forms under which a word can be found: "LayerNorm" is layernorm, layer and norm.
 * @param {string} word
 */
export function forms(word) {
  const parts = word.split(HUMPS);
  const whole = fold(word);
  if (parts.length < 2 || parts.some((part) => part.length < SHORTEST)) return [whole];
  return [whole, ...parts.map(fold)];
}

/**
 * The terms of a text.
 * @param {string} text
 */
export function terms(text) {
  return wordsOf(text).flatMap(({ word }) => forms(word));
}

/**
 * The terms of a name, and its neighbours joined: who looks for "layernorm" means "layer norm".
 * @param {string} name
 */
export function joined(name) {
  const all = wordsOf(name).map(({ word }) => fold(word));
  const pairs = all.slice(1).map((word, i) => JOINT + all[i] + word);
  const threes = all.slice(2).map((word, i) => JOINT + all[i] + all[i + 1] + word);
  return [...new Set([...terms(name), ...pairs, ...threes])];
}

/**
 * A name as one term: "KV cache", "kv-cache" and "KVCache" are the same.
 * @param {string} name
 */
export function key(name) {
  return wordsOf(name)
    .map(({ word }) => fold(word))
    .join("");
}

/**
 * Where the words stand that have been found: ranges in a text.
 * @param {string} text
 * @param {Set<string>} found terms
 * @returns {[number, number][]}
 */
export function places(text, found) {
  const all = wordsOf(text);
  /** @type {[number, number][]} */
  const ranges = [];
  const add = (/** @type {number} */ start, /** @type {number} */ end) => {
    const last = ranges.at(-1);
    // neighbours are one mark
    if (last && /^[ -]?$/.test(text.slice(last[1], start))) last[1] = Math.max(last[1], end);
    else ranges.push([start, end]);
  };
  all.forEach(({ word, at }, i) => {
    const ends = all.slice(i + 1, i + LONGEST).map((next) => next.at + next.word.length);
    const end = ends.reverse().find((last) => found.has(JOINT + key(text.slice(at, last))));
    if (end) add(at, end);
    else if (forms(word).some((form) => found.has(form))) add(at, at + word.length);
  });
  return ranges;
}
