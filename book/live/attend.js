/**
 * Stage 3, attend: a vector takes what it needs from those before it. As gpt/attend.py, but for
 * one new token at a time, beside the keys and values of all before it (gpt/cache.py).
 *
 *     x: Float32Array (C)  ->  (C), through H heads of d_head = C / H
 */

import { linear } from "./mlp.js";

/**
 * What one token does in one layer. A head's part of a vector is a slice of it.
 * @typedef {object} Looked
 * @property {Float32Array} q (C) what it asks
 * @property {Float32Array} k (C) what it offers
 * @property {Float32Array} v (C) what it gives
 * @property {Float32Array[]} scores of each head, one for each token so far
 * @property {Float32Array[]} weights of each head: the softmax of its scores
 * @property {Float32Array} heads (C) the weighted sums of the values, side by side
 * @property {Float32Array} out (C) what is added to the stream
 */

/**
 * The shares that a row of scores gives: they sum to one.
 * @param {Float32Array} scores
 * @returns {Float32Array}
 */
export function softmax(scores) {
  const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = scores.map((s) => Math.exp(s - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}

/**
 * Causal self-attention of one new token with all before it.
 * @param {Float32Array} x (C)
 * @param {{k: Float32Array, v: Float32Array}[]} past the keys and values of those before
 * @param {{qkv: import("./mlp.js").Linear, out: import("./mlp.js").Linear}} w
 * @param {number} H
 * @param {(head: number) => boolean} off heads that add nothing
 * @returns {Looked}
 */
export function attend(x, past, w, H, off) {
  const C = x.length;
  const qkv = linear(x, w.qkv.weight, w.qkv.bias); // (3C), cut in three
  const [q, k, v] = [0, C, 2 * C].map((from) => qkv.slice(from, from + C));
  const seen = [...past, { k, v }];
  const d_head = C / H;
  const heads = new Float32Array(C);
  const scores = [];
  const weights = [];
  for (let h = 0; h < H; h++) {
    const from = h * d_head;
    const to = from + d_head;
    const row = new Float32Array(seen.length);
    for (let t = 0; t < seen.length; t++) {
      let dot = 0;
      for (let i = from; i < to; i++) dot += q[i] * seen[t].k[i];
      row[t] = dot / Math.sqrt(d_head);
    }
    const shares = softmax(row);
    scores.push(row);
    weights.push(shares);
    if (off(h)) continue;
    for (let t = 0; t < seen.length; t++) {
      for (let i = from; i < to; i++) heads[i] += shares[t] * seen[t].v[i];
    }
  }
  return { q, k, v, scores, weights, heads, out: linear(heads, w.out.weight, w.out.bias) };
}
