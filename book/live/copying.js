/**
 * What a model of some step writes, how it reads that, and whether it copies: all that the page of
 * a training shows of it.
 */

import { Reader } from "./model.js";
import { uniform } from "./random.js";
import { draw, probabilities, shares } from "./sample.js";
import { slowly } from "./slices.js";
import { Story } from "./story.js";
import { striped } from "./striped.js";

/** What is asked for the animal of the first sentence. */
export const COPY_ASKED =
  "Once a little fox named Ada lived by the river. One day Ada worked with a machine learning model. When the moon came up, the model guessed the next word, and she began to jump for joy. At last Ada the";
export const COPIED = "fox";

/**
 * @typedef {{text: string, bets: Map<string, number>,
 *   marks: import("./text.js").Mark[]}} Shown what a step writes, and bets on the animals
 */

/**
 * What a model writes from a prompt, up to the end of the story or of its context; then how it
 * reads that, word by word, and what it bets on where the animal comes again.
 * @param {import("./load.js").Small} small
 * @param {string} prompt
 * @param {number} seed
 * @param {(found: Shown) => void} done
 * @returns {Generator<void, void>}
 */
export function* lookAtStep(small, prompt, seed, done) {
  const { model, tokenizer, world } = small;
  const end = tokenizer.specialTokens[world.end];
  const ids = [end, ...tokenizer.encode(prompt)];
  const reader = new Reader(model);
  yield* slowly(reader, ids);
  const points = uniform(seed);
  while (ids.length <= model.config.n_ctx) {
    const traces = reader.read(ids);
    const id = draw(shares(traces[traces.length - 1].logits), points());
    if (id === end) break;
    ids.push(id);
    yield;
  }
  const text = tokenizer.decode(ids.slice(1));
  // what is no character is three bytes, and so tokens, once it is read: noise gets longer
  let seen = text;
  while (tokenizer.encode(seen).length >= model.config.n_ctx) seen = seen.slice(0, -1);
  const story = new Story(small);
  yield* slowly(story.reader, [end, ...tokenizer.encode(seen)]);
  story.set(seen);
  /** @type {import("./text.js").Mark[]} */
  let marks = [];
  yield* striped(story, prompt.length, (found) => {
    marks = found.text;
  });
  const copying = new Story(small);
  yield* slowly(copying.reader, [end, ...tokenizer.encode(COPY_ASKED)]);
  copying.set(COPY_ASKED);
  const at = copying.ids.length;
  const p = probabilities(copying.traces[at - 1].logits);
  const bets = new Map();
  for (const { animals } of movers(world)) {
    for (const animal of animals) {
      bets.set(animal, copying.chance(` ${animal}`, at, p));
      yield;
    }
  }
  done({ text, bets, marks });
}

/**
 * The animals, by how they move.
 * @param {import("./world.js").World} world
 */
export function movers(world) {
  const { cases } = /** @type {import("./world.js").Given} */ (world.slots.ran);
  return cases.map(([animals, verb]) => ({ animals, verb: String(verb) }));
}
