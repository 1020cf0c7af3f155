/** What the table of embeddings reads in a vector, anywhere in the model. */

import { row } from "./embed.js";
import { likeliest, probabilities, unembed } from "./sample.js";

/**
 * How much a hidden unit speaks for each token when it answers 1: its row of w_out, with the
 * weights of the last norm, read by the table of embeddings. What the norm divides by is the
 * same for all tokens, and left out.
 * @param {import("./model.js").GPT} model
 * @param {number} layer
 * @param {number} unit
 * @returns {Float32Array} (n_vocab)
 */
export function noteOf(model, layer, unit) {
  const note = row(model.layers[layer].mlp.out.weight, unit, model.config.d_model);
  return unembed(
    note.map((x, i) => x * model.norm.weight[i]),
    model.wte
  );
}

/**
 * The streams of a token: as embedded, and after each layer.
 * @param {import("./model.js").Trace} trace
 */
export function streamsOf(trace) {
  return [trace.embed, ...trace.layers.map(({ stream }) => stream)];
}

/**
 * The best bets of a stream, were it the last.
 * @param {import("./model.js").GPT} model
 * @param {Float32Array} stream
 * @param {number} many
 * @returns {{id: number, p: number}[]}
 */
export function lensBets(model, stream, many) {
  const p = probabilities(model.lens(stream));
  if (many > 1) {
    return likeliest(p)
      .slice(0, many)
      .map((id) => ({ id, p: p[id] }));
  }
  let best = 0;
  for (let id = 1; id < p.length; id++) if (p[id] > p[best]) best = id;
  return [{ id: best, p: p[best] }];
}
