/**
 * Stories as the author tells them: those of world.stories(seed) in gpt/world.py, word by word.
 */

import { uniform } from "./random.js";

/**
 * What tells one story after the other, each as its words with the end.
 * @param {import("./world.js").World} world
 * @param {number} seed
 * @returns {() => string[]}
 */
export function storyteller(world, seed) {
  const point = uniform(seed);
  return () => {
    const words = [];
    let state = world.start;
    do {
      const fork = world.fork(state);
      // a word that has no alternative costs no draw
      const i = fork.words.length > 1 ? weighed(fork.weights, point()) : 0;
      words.push(fork.words[i]);
      state = fork.after[i];
    } while (words[words.length - 1] !== world.end);
    return words;
  };
}

/**
 * The option on whose part of the line u falls: in whole numbers, so no rounding decides.
 * @param {number[]} weights
 * @param {number} u
 */
function weighed(weights, u) {
  const choice = Math.floor(u * weights.reduce((sum, weight) => sum + weight, 0));
  let [i, bound] = [0, weights[0]];
  while (bound <= choice) bound += weights[++i];
  return i;
}
