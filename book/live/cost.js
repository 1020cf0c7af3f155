/**
 * What a model pays for stories that it has not read, and what their author himself pays.
 *
 *     a seed  ->  stories, as gpt.world.stories tells them  ->  nats, those of both
 */

import { Reader } from "./model.js";
import { uniform } from "./random.js";
import { draw } from "./sample.js";

/**
 * @typedef {object} Told a story of the author's
 * @property {number[]} ids from the END before it to its own
 * @property {number} nats what the author pays: of every word's odds
 *
 * @typedef {{stories: number, tokens: number, model: number, author: number}} Paid nats of both
 */

/** The seed of the stories that training does not see, as in gpt/train.py. */
const HELD_OUT_SEED = 1_000_000;

/**
 * Stories without end.
 * @param {import("./load.js").Small} small
 * @returns {Generator<Told, never>}
 */
export function* heldOut({ world, tokenizer }, seed = HELD_OUT_SEED) {
  const points = uniform(seed);
  const end = tokenizer.specialTokens[world.end];
  for (;;) {
    let [text, nats, state] = ["", 0, world.start];
    for (let word = ""; word !== world.end; ) {
      const { words, odds, after } = world.fork(state);
      // a word that has no alternative costs no draw
      const i = words.length > 1 ? draw(Float64Array.from(odds), points()) : 0;
      word = words[i];
      nats -= Math.log(odds[i]);
      state = after[i];
      if (word !== world.end) text += text && word !== "." && word !== "," ? ` ${word}` : word;
    }
    yield { ids: [end, ...tokenizer.encode(text), end], nats };
  }
}

/**
 * Let a model read the stories, a token at a time: `told` hears of each that is whole.
 * @param {import("./load.js").Small} small
 * @param {import("./model.js").Switches} switches
 * @param {Iterable<Told>} stories
 * @param {(paid: Paid) => void} told
 * @returns {Generator<void, void>}
 */
export function* pay(small, switches, stories, told) {
  const paid = { stories: 0, tokens: 0, model: 0, author: 0 };
  for (const { ids, nats } of stories) {
    const reader = new Reader(small.model, switches);
    let sum = 0;
    for (let n = 1; n < ids.length; n++) {
      const trace = reader.read(ids.slice(0, n))[n - 1];
      sum += surprise(trace.logits, ids[n]);
      yield;
    }
    paid.stories += 1;
    paid.tokens += ids.length - 1;
    paid.model += sum;
    paid.author += nats;
    told({ ...paid });
  }
}

/**
 * Minus the logarithm of a token's probability.
 * @param {Float32Array} logits
 * @param {number} id
 */
export function surprise(logits, id) {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0; // a share may be too small for its own logarithm
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i] - largest);
  return Math.log(sum) + largest - logits[id];
}
