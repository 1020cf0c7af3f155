/** One score of one head, opened down to its numbers: lines of gpt/attend.py, one by one. */

/**
 * @typedef {object} Opened all that leads to one share; d_head numbers where nothing is said
 * @property {Float32Array} q what the listener asks
 * @property {Float32Array} k what the speaker offers
 * @property {Float32Array} products number by number
 * @property {number} sum of the products
 * @property {number} root of d_head
 * @property {Float32Array} scores of the listener, one for each token up to itself
 * @property {Float64Array} powers e to each score
 * @property {number} total the sum of the powers
 * @property {Float32Array} shares
 * @property {Float32Array} v what the speaker gives
 * @property {Float32Array} given its value times its share
 * @property {Float32Array} found what the head returns: the sum of all that is given
 */

/**
 * @param {import("./model.js").Trace[]} traces of the tokens that the model sees
 * @param {number} n_head
 * @param {{layer: number, head: number}} which
 * @param {number} t the listener
 * @param {number} s the speaker, not after it
 * @returns {Opened}
 */
export function openScore(traces, n_head, { layer, head }, t, s) {
  const listener = traces[t].layers[layer].attend;
  const speaker = traces[s].layers[layer].attend;
  const d_head = listener.q.length / n_head;
  /** @param {Float32Array} x */
  const mine = (x) => x.slice(head * d_head, (head + 1) * d_head);
  const [q, k, v] = [mine(listener.q), mine(speaker.k), mine(speaker.v)];
  const products = q.map((qi, i) => qi * k[i]);
  const scores = listener.scores[head];
  const shares = listener.weights[head];
  const powers = Float64Array.from(scores, Math.exp);
  return {
    q,
    k,
    products,
    sum: products.reduce((a, b) => a + b, 0),
    root: Math.sqrt(d_head),
    scores,
    powers,
    total: powers.reduce((a, b) => a + b, 0),
    shares,
    v,
    given: v.map((vi) => vi * shares[s]),
    found: mine(listener.heads),
  };
}

/**
 * The tokens with the largest shares, the largest first.
 * @param {ArrayLike<number>} shares
 * @param {number} many
 */
export function mostOf(shares, many) {
  const order = Array.from(shares, (_, i) => i).sort((a, b) => shares[b] - shares[a] || a - b);
  return order.slice(0, many);
}
