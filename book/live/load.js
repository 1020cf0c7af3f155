/**
 * The small model, its tokenizer and its world, fetched once for a page. The build writes them
 * (book/_ext/live.py): weights of 16 bits, which hold the numbers to about three digits.
 */

import { GPT } from "./model.js";
import { Tokenizer } from "./tokenize.js";
import { World } from "./world.js";

/**
 * @typedef {{config: import("./model.js").Config, pieces: string[],
 *   specialTokens: Record<string, number>, weights: [string, number[]][],
 *   grammar: import("./world.js").Grammar}} About
 * @typedef {{model: GPT, tokenizer: Tokenizer, world: World}} Small
 */

/**
 * The model from what the build wrote.
 * @param {About} about
 * @param {ArrayBuffer} halves
 * @returns {Small}
 */
export function assemble(about, halves) {
  return {
    model: new GPT(about.config, weights(about.weights, halves)),
    tokenizer: new Tokenizer(about.pieces, about.specialTokens),
    world: new World(about.grammar),
  };
}

/**
 * Weights by name from numbers of 16 bits, one after the other.
 * @param {[string, number[]][]} shapes
 * @param {ArrayBuffer} halves
 */
export function weights(shapes, halves) {
  const numbers = new Uint16Array(halves);
  const sizes = shapes.map(([, shape]) => shape.reduce((a, b) => a * b, 1));
  const total = sizes.reduce((a, b) => a + b, 0);
  if (numbers.length !== total) {
    throw new RangeError(`there are ${numbers.length} weights, and ${total} are needed`);
  }
  const table = wide();
  /** @type {Record<string, Float32Array>} */
  const found = {};
  let at = 0;
  shapes.forEach(([name], i) => {
    found[name] = Float32Array.from(numbers.subarray(at, at + sizes[i]), (half) => table[half]);
    at += sizes[i];
  });
  return found;
}

/** The number that each 16 bits stand for (IEEE 754, binary16). */
function wide() {
  return Float32Array.from({ length: 2 ** 16 }, (_, half) => {
    const sign = half >> 15 ? -1 : 1;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

/** @type {Promise<Small> | null} */
let small = null;

/**
 * The small model; the second time it is at hand.
 * @param {string} folder where the build's files lie, as an address that ends in a slash
 * @returns {Promise<Small>}
 */
export function load(folder) {
  small ??= location.protocol === "file:" ? carried(folder) : fetched(folder);
  small.catch(() => (small = null)); // the next time it is tried again
  return small;
}

/** @param {string} folder */
async function fetched(folder) {
  const get = async (/** @type {string} */ name) => {
    const answer = await fetch(folder + name);
    if (!answer.ok) throw new Error(`${name} could not be loaded (${answer.status})`);
    return answer;
  };
  const [about, halves] = await Promise.all([
    get("small.json").then((answer) => answer.json()),
    get("small.bin").then((answer) => answer.arrayBuffer()),
  ]);
  return assemble(about, halves);
}

/**
 * From a folder, a page may load scripts, and nothing else.
 * @param {string} folder
 * @returns {Promise<Small>}
 */
function carried(folder) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${folder}small.js`;
    script.onload = () => {
      const { about, weights } = /** @type {any} */ (window).gptSmall;
      const text = atob(weights);
      const halves = Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer;
      resolve(assemble(about, halves));
    };
    script.onerror = () => reject(new Error("small.js could not be loaded"));
    document.head.append(script);
  });
}
