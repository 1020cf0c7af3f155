/**
 * A vector of one story, carried into another: the stream of one word after one layer is put in
 * place of a word of a second story, which then is read on from there.
 */

import { probabilities } from "./sample.js";

/**
 * @typedef {import("./model.js").Trace[]} Traces
 */

/**
 * The stream of a token after a layer; -1 is after embed.
 * @param {import("./model.js").Trace} trace
 * @param {number} layer
 */
export function streamAfter(trace, layer) {
  return layer < 0 ? trace.embed : trace.layers[layer].stream;
}

/**
 * What follows a story once one of its vectors is another. It rests after each token.
 * @param {import("./model.js").GPT} model
 * @param {Traces} into
 * @param {number} place where it is put
 * @param {number} layer
 * @param {Float32Array} vector
 * @param {(p: Float64Array) => void} done
 * @returns {Generator<void, void>}
 */
export function* carry(model, into, place, layer, vector, done) {
  const past = into.slice(0, place);
  for (const { id } of into.slice(place)) {
    past.push(model.read(id, past, { patches: [{ layer, place, vector }] }));
    yield;
  }
  done(probabilities(past[past.length - 1].logits));
}

/**
 * Which word of one story stands where in the other: of both the same words from the end, up to
 * the kind; a second word of the kind stands with the other's only one.
 * @param {string[]} from
 * @param {string[]} into
 * @param {(word: string) => boolean} isKind
 * @returns {[number, number][]} their numbers, in the order of the story
 */
export function pairs(from, into, isKind) {
  /** @type {[number, number][]} */
  const found = [];
  let [a, b] = [from.length - 1, into.length - 1];
  for (; a >= 0 && b >= 0 && !isKind(from[a]); a--, b--) found.unshift([a, b]);
  for (; isKind(into[b]); b--) {
    found.unshift([a, b]);
    if (isKind(from[a - 1])) a--;
  }
  return found;
}
