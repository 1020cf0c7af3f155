/**
 * Stage 4, sample: the last vector in, the next token out. As gpt/sample.py.
 *
 *     x: Float32Array (C)  ->  logits (n_vocab)  ->  probabilities  ->  an id
 */

/**
 * How well a vector fits each token.
 * @param {Float32Array} x (C)
 * @param {Float32Array} wte (n_vocab, C)
 * @returns {Float32Array} (n_vocab)
 */
export function unembed(x, wte) {
  const C = x.length;
  const logits = new Float32Array(wte.length / C);
  for (let id = 0, at = 0; id < logits.length; id++, at += C) {
    let sum = 0;
    for (let i = 0; i < C; i++) sum += x[i] * wte[at + i];
    logits[id] = sum;
  }
  return logits;
}

/**
 * softmax(logits / temperature).
 * @param {ArrayLike<number>} logits
 * @returns {Float64Array} sums to one
 */
export function probabilities(logits, temperature = 1) {
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(`the temperature is ${temperature}, and must be above 0`);
  }
  let largest = -Infinity;
  for (let i = 0; i < logits.length; i++) largest = Math.max(largest, logits[i]);
  const p = Float64Array.from(logits, (l) => Math.exp((l - largest) / temperature));
  return divided(p);
}

/**
 * Only the k likeliest, made to sum to one again; of equally likely ones the smaller ids.
 * @param {Float64Array} p
 * @param {number} k
 */
export function keepTopK(p, k) {
  if (!(Number.isInteger(k) && k >= 1 && k <= p.length)) {
    throw new RangeError(`k is ${k}; it must be a whole number from 1 to ${p.length}`);
  }
  const kept = new Float64Array(p.length);
  for (const id of likeliest(p).slice(0, k)) kept[id] = p[id];
  return divided(kept);
}

/**
 * Only the fewest likeliest that together reach topP, made to sum to one again.
 * @param {Float64Array} p
 * @param {number} topP
 */
export function keepTopP(p, topP) {
  if (!(topP > 0 && topP <= 1)) {
    throw new RangeError(`top_p is ${topP}; it must be above 0 and at most 1`);
  }
  if (topP === 1) return p;
  const kept = new Float64Array(p.length);
  let before = 0;
  for (const id of likeliest(p)) {
    if (before >= topP) break;
    kept[id] = p[id];
    before += p[id];
  }
  return divided(kept);
}

/**
 * The token at the point u of the line on which each has its share, by id.
 * @param {Float64Array} p
 * @param {number} u from 0 up, below 1
 * @returns {number} an id, never one of probability 0
 */
export function draw(p, u) {
  if (!(u >= 0 && u < 1)) throw new RangeError(`u is ${u}; it must be from 0 up and below 1`);
  let end = 0;
  const ends = p.map((share) => (end += share));
  const id = ends.findIndex((one) => one > u * end);
  if (id < 0) throw new RangeError("p must sum to one");
  return id;
}

/**
 * @typedef {{temperature?: number, topK?: number | null, topP?: number | null}} How
 */

/**
 * The shares from which the next id is drawn: temperature, top-k, top-p in turn.
 * @param {ArrayLike<number>} logits
 * @param {How} how
 */
export function shares(logits, { temperature = 1, topK = null, topP = null } = {}) {
  let p = probabilities(logits, temperature);
  if (topK !== null) p = keepTopK(p, topK);
  if (topP !== null) p = keepTopP(p, topP);
  return p;
}

/**
 * The ids, the likeliest first; of equally likely ones the smaller first.
 * @param {ArrayLike<number>} p
 * @returns {number[]}
 */
export function likeliest(p) {
  return Array.from(p, (_, id) => id).sort((a, b) => p[b] - p[a]); // which keeps the order of equals
}

/** @param {Float64Array} p */
function divided(p) {
  const sum = p.reduce((a, b) => a + b, 0);
  return p.map((share) => share / sum);
}
