/**
 * The arithmetic of stage 4, one step after the other, and the author's odds of tokens. No page.
 */

import { draw, keepTopK, keepTopP, likeliest, probabilities } from "./sample.js";
import { words } from "./world.js";

/**
 * @typedef {{temperature: number, topK: number | null, topP: number | null}} Handles
 *
 * @typedef {object} Cut
 * @property {number} kept what all that stay had together; the share is divided by it
 * @property {number} share after it: 0 for a token that goes
 *
 * @typedef {object} Drawn
 * @property {Float64Array[]} p after temperature, top-k and top-p; where there is no cut, as before
 * @property {number} id
 */

/**
 * @param {Float32Array} logits
 * @param {Handles} how
 * @param {number} u
 * @returns {Drawn}
 */
export function drawing(logits, how, u) {
  const heated = probabilities(logits, how.temperature);
  const atMostK = how.topK === null ? heated : keepTopK(heated, how.topK);
  const atMostP = how.topP === null ? atMostK : keepTopP(atMostK, how.topP);
  return { p: [heated, atMostK, atMostP], id: draw(atMostP, u) };
}

/**
 * How one token gets its share, and its stretch of the line.
 * @param {Float32Array} logits
 * @param {Handles} how
 * @param {Drawn} drawn
 * @param {number} id
 */
export function arithmetic(logits, how, drawn, id) {
  const [first] = likeliest(logits);
  const below = logits[id] - logits[first];
  const heated = below / how.temperature;
  const sum = logits.reduce((all, z) => all + Math.exp((z - logits[first]) / how.temperature), 0);
  const [p, k, all] = drawn.p;
  const from = all.subarray(0, id).reduce((a, b) => a + b, 0);
  return {
    first,
    logit: logits[id],
    largest: logits[first],
    below,
    heated,
    power: Math.exp(heated),
    sum,
    share: p[id],
    topK: cutOf(p, k, id),
    topP: cutOf(k, all, id),
    from,
    to: from + all[id],
  };
}

/**
 * @param {Float64Array} before
 * @param {Float64Array} after
 * @param {number} id
 * @returns {Cut | null} null where nothing was cut
 */
function cutOf(before, after, id) {
  if (before === after) return null;
  const kept = before.reduce((sum, share, i) => (after[i] > 0 ? sum + share : sum), 0);
  return { kept, share: after[id] };
}

/**
 * The author's odds of the next token: a token gets those of all words that go on with it. Null
 * where the author never came, or never wrote a word in such pieces.
 * @param {import("./load.js").Small} small
 * @param {number[]} ids of a text, without the end before it
 * @returns {Map<number, number> | null}
 */
export function authorsOdds(small, ids) {
  const { tokenizer, world } = small;
  const text = tokenizer.decode(ids);
  const found = words(text);
  const states = [world.start, ...world.walk(found.map(({ word }) => word))];
  // the last word may be a whole one, the beginning of a longer one, or either
  for (const whole of [found.length - 1, found.length]) {
    const state = states[whole];
    if (!state) continue;
    const end = whole ? found[whole - 1].at + found[whole - 1].word.length : 0;
    const begun = spelling(tokenizer, ids, text.slice(end));
    const odds = begun && tokenOdds(small, state, begun);
    if (odds?.size) return odds;
  }
  return null;
}

/**
 * The odds of the next token in a state, after a word's first ids.
 * @param {import("./load.js").Small} small
 * @param {import("./world.js").State} state
 * @param {number[]} begun
 * @returns {Map<number, number>} sums to one, or is empty
 */
function tokenOdds(small, state, begun) {
  const { tokenizer, world } = small;
  /** @type {Map<number, number>} */
  const odds = new Map();
  const add = (/** @type {number} */ id, /** @type {number} */ share) =>
    odds.set(id, (odds.get(id) ?? 0) + share);
  const fork = world.fork(state);
  fork.words.forEach((word, n) => {
    const bare = state === world.start || word === "." || word === ",";
    const ids =
      word === world.end
        ? [tokenizer.specialTokens[word]]
        : tokenizer.encode(bare ? word : ` ${word}`);
    if (begun.some((id, i) => ids[i] !== id)) return;
    if (ids.length > begun.length) {
      add(ids[begun.length], fork.odds[n]);
    } else {
      for (const [id, share] of tokenOdds(small, fork.after[n], [])) add(id, fork.odds[n] * share);
    }
  });
  const all = [...odds.values()].reduce((a, b) => a + b, 0);
  return new Map([...odds].map(([id, share]) => [id, share / all]));
}

/**
 * The last ids that together spell a text, or null where a token reaches over its beginning.
 * @param {import("./tokenize.js").Tokenizer} tokenizer
 * @param {number[]} ids
 * @param {string} text
 */
function spelling(tokenizer, ids, text) {
  for (let from = ids.length; from >= 0; from--) {
    const spelt = tokenizer.decode(ids.slice(from));
    if (spelt === text) return ids.slice(from);
    if (spelt.length > text.length) return null;
  }
  return null;
}
