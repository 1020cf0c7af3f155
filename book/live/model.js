/**
 * The four stages put together, with all that each makes on the way. As gpt/model.py, but the
 * text is read one token at a time: what was read is kept (gpt/cache.py).
 *
 *     ids: number[]  ->  a Trace for each, and in it the logits of what follows
 */

import { attend } from "./attend.js";
import { embed } from "./embed.js";
import { layerNorm, mlp } from "./mlp.js";
import { unembed } from "./sample.js";

/**
 * @typedef {{n_vocab: number, n_ctx: number, n_layer: number, n_head: number, d_model: number}}
 *   Config
 *
 * @typedef {object} Layer what one token goes through in one layer; (C) where nothing is said
 * @property {Float32Array} norm1
 * @property {import("./attend.js").Looked} attend
 * @property {Float32Array} middle the stream between attention and MLP
 * @property {Float32Array} norm2
 * @property {Float32Array} hidden (4 C)
 * @property {Float32Array} mlp
 * @property {Float32Array} stream
 *
 * @typedef {object} Trace what one token goes through
 * @property {number} id
 * @property {number} place
 * @property {Float32Array} embed (C)
 * @property {Layer[]} layers
 * @property {Float32Array} norm (C)
 * @property {Float32Array} logits (n_vocab) of what follows
 *
 * @typedef {object} Switches what is taken out of the model, or put into it
 * @property {Set<string>} [heads] those that add nothing, such as "0.3"
 * @property {Set<number>} [mlps] layers whose MLP adds nothing
 * @property {boolean} [noPlaces] all tokens are read as if at place 0
 * @property {boolean} [noNorms] vectors go on as they are
 * @property {{layer: number, place: number, vector: Float32Array}[]} [patches] streams after a
 *   layer (-1: after embed) that are replaced
 */

export class GPT {
  /**
   * @param {Config} config
   * @param {Record<string, Float32Array>} weights by their names in GPT-2's file
   */
  constructor(config, weights) {
    this.config = config;
    this.wte = weights["wte.weight"];
    this.wpe = weights["wpe.weight"];
    /** @param {string} name */
    const part = (name) => ({
      weight: weights[`${name}.weight`],
      bias: weights[`${name}.bias`],
    });
    this.layers = Array.from({ length: config.n_layer }, (_, n) => ({
      norm1: part(`h.${n}.ln_1`),
      attend: { qkv: part(`h.${n}.attn.c_attn`), out: part(`h.${n}.attn.c_proj`) },
      norm2: part(`h.${n}.ln_2`),
      mlp: { in: part(`h.${n}.mlp.c_fc`), out: part(`h.${n}.mlp.c_proj`) },
    }));
    this.norm = part("ln_f");
  }

  /**
   * Read one more token.
   * @param {number} id
   * @param {Trace[]} past the traces of all before it
   * @param {Switches} switches
   * @returns {Trace}
   */
  read(id, past, switches = {}) {
    const place = past.length;
    const { d_model: C, n_head: H } = this.config;
    /** @param {Float32Array} x @param {number} layer */
    const patched = (x, layer) =>
      switches.patches?.find((one) => one.layer === layer && one.place === place)?.vector ?? x;
    /** @param {Float32Array} x @param {{weight: Float32Array, bias: Float32Array}} w */
    const norm = (x, w) => (switches.noNorms ? x : layerNorm(x, w.weight, w.bias));

    const embedded = embed(id, switches.noPlaces ? 0 : place, this.wte, this.wpe, C);
    let x = patched(embedded, -1);
    const layers = this.layers.map((w, n) => {
      const norm1 = norm(x, w.norm1);
      const before = past.map((trace) => trace.layers[n].attend);
      const looked = attend(norm1, before, w.attend, H, (h) =>
        Boolean(switches.heads?.has(`${n}.${h}`))
      );
      const middle = sum(x, looked.out);
      const norm2 = norm(middle, w.norm2);
      const { hidden, out } = mlp(norm2, w.mlp);
      x = patched(switches.mlps?.has(n) ? middle : sum(middle, out), n);
      return { norm1, attend: looked, middle, norm2, hidden, mlp: out, stream: x };
    });
    const normed = norm(x, this.norm);
    const logits = unembed(normed, this.wte);
    return { id, place, embed: embedded, layers, norm: normed, logits };
  }

  /**
   * The bets after each layer, as if it were the last: the logit lens.
   * @param {Float32Array} stream (C)
   * @returns {Float32Array} logits
   */
  lens(stream) {
    return unembed(layerNorm(stream, this.norm.weight, this.norm.bias), this.wte);
  }
}

/** A text that grows, shrinks and changes: only what is new is read. */
export class Reader {
  /**
   * @param {GPT} model
   * @param {Switches} switches
   */
  constructor(model, switches = {}) {
    this.model = model;
    this.switches = switches;
    /** @type {number[]} */
    this.ids = [];
    /** @type {Trace[]} */
    this.traces = [];
    this.dropped = 0;
  }

  /**
   * The traces of a text. When it is longer than the context, those of its last tokens, which
   * then are all read anew: each stands at another place.
   * @param {number[]} ids
   * @returns {Trace[]}
   */
  read(ids) {
    this.dropped = Math.max(0, ids.length - this.model.config.n_ctx);
    const seen = ids.slice(this.dropped);
    let same = 0;
    while (same < this.ids.length && this.ids[same] === seen[same]) same++;
    this.ids = seen;
    this.traces.length = same;
    for (const id of seen.slice(same)) {
      this.traces.push(this.model.read(id, this.traces, this.switches));
    }
    return this.traces;
  }

  /**
   * Read everything anew with other switches.
   * @param {Switches} switches
   */
  change(switches) {
    this.switches = switches;
    this.ids = [];
    this.traces = [];
  }
}

/** @param {Float32Array} a @param {Float32Array} b */
function sum(a, b) {
  return a.map((ai, i) => ai + b[i]);
}
