/**
 * Stage 2, embed: an id in, a vector out: its token's row plus its place's. As gpt/embed.py.
 *
 *     id, place  ->  x: Float32Array (C)
 */

/**
 * The vector of a token plus the vector of its place.
 * @param {number} id
 * @param {number} place
 * @param {Float32Array} wte (n_vocab, C), a row a token
 * @param {Float32Array} wpe (n_ctx, C), a row a place
 * @param {number} C
 * @returns {Float32Array} (C)
 */
export function embed(id, place, wte, wpe, C) {
  if (!(id >= 0 && id < wte.length / C)) throw new RangeError(`the id ${id} has no row`);
  if (!(place >= 0 && place < wpe.length / C)) {
    throw new RangeError(`place ${place} is beyond the context of ${wpe.length / C}`);
  }
  const x = row(wte, id, C).slice();
  const at = row(wpe, place, C);
  for (let i = 0; i < C; i++) x[i] += at[i];
  return x;
}

/**
 * A row of a table, not copied.
 * @param {Float32Array} table (n, C)
 * @param {number} i
 * @param {number} C
 */
export function row(table, i, C) {
  return table.subarray(i * C, (i + 1) * C);
}

/**
 * How much two vectors point the same way: from -1 to 1, and 0 where one has no length.
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 */
export function cosine(a, b) {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return aa && bb ? ab / Math.sqrt(aa * bb) : 0;
}

/**
 * The k rows of a table that point most nearly as row `id` does; not that row itself.
 * @param {Float32Array} table (n, C)
 * @param {number} id
 * @param {number} k
 * @param {number} C
 * @returns {{id: number, cosine: number}[]} their cosines fall
 */
export function neighbours(table, id, k, C) {
  const own = row(table, id, C);
  return Array.from({ length: table.length / C }, (_, other) => ({
    id: other,
    cosine: cosine(own, row(table, other, C)),
  }))
    .filter((one) => one.id !== id)
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, k);
}
