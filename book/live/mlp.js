/**
 * Stage 3, MLP: each vector by itself is widened, chosen from, narrowed. As gpt/mlp.py.
 *
 *     x: Float32Array (C)  ->  (C), through 4 C hidden values
 */

/**
 * x @ weight + bias.
 * @param {Float32Array} x (n)
 * @param {Float32Array} weight (n, m)
 * @param {Float32Array} bias (m)
 * @returns {Float32Array} (m)
 */
export function linear(x, weight, bias) {
  const m = bias.length;
  const y = bias.slice();
  for (let i = 0, at = 0; i < x.length; i++, at += m) {
    const xi = x[i];
    for (let j = 0; j < m; j++) y[j] += xi * weight[at + j];
  }
  return y;
}

/**
 * x, let through in proportion to how large it is: GPT-2's approximation by tanh.
 * @param {number} x
 */
export function gelu(x) {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/**
 * A vector at mean 0 and variance 1, then scaled and moved.
 * @param {Float32Array} x (C)
 * @param {Float32Array} weight (C)
 * @param {Float32Array} bias (C)
 * @returns {Float32Array} (C)
 */
export function layerNorm(x, weight, bias, eps = 1e-5) {
  const mean = x.reduce((sum, xi) => sum + xi, 0) / x.length;
  const variance = x.reduce((sum, xi) => sum + (xi - mean) ** 2, 0) / x.length;
  const scale = 1 / Math.sqrt(variance + eps);
  return x.map((xi, i) => (xi - mean) * scale * weight[i] + bias[i]);
}

/**
 * Widen, choose, narrow.
 * @param {Float32Array} x (C)
 * @param {{in: Linear, out: Linear}} w
 * @returns {{hidden: Float32Array, out: Float32Array}} (4 C) and (C)
 *
 * @typedef {{weight: Float32Array, bias: Float32Array}} Linear
 */
export function mlp(x, w) {
  const hidden = linear(x, w.in.weight, w.in.bias).map(gelu);
  return { hidden, out: linear(hidden, w.out.weight, w.out.bias) };
}
