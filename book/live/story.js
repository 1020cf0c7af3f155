/**
 * A text as the model and the author of the small world see it: pieces, words, and bets.
 */

import { Reader } from "./model.js";
import { likeliest, probabilities } from "./sample.js";
import { words } from "./world.js";

/**
 * @typedef {object} Piece tokens that together make whole characters
 * @property {number} from the first character, in the text
 * @property {number} to the character after the last one
 * @property {number[]} ids
 * @property {number} place of its first token among the ids
 *
 * @typedef {object} Bet what may come next
 * @property {string} text as it would be written, its space before it
 * @property {string} word
 * @property {number} model the model's probability
 * @property {number | null} truth the author's, or null where he never came here
 *
 * @typedef {object} Word
 * @property {string} word
 * @property {number} from
 * @property {number} to
 * @property {boolean} sayable whether the author could have written it here
 * @property {number} before how many tokens stand before it
 * @property {string} seen the word, with the spaces before it where they are not as usual
 */

export class Story {
  /**
   * @param {import("./load.js").Small} small
   * @param {import("./model.js").Switches} switches
   */
  constructor(small, switches = {}) {
    this.small = small;
    this.reader = new Reader(small.model, switches);
    /** @type {Map<string, number[]>} */
    this.encoded = new Map();
    this.text = "";
    /** @type {number[]} the end of a story before, then those of the text */
    this.ids = [];
    /** @type {import("./model.js").Trace[]} */
    this.traces = [];
    /** @type {Piece[]} */
    this.pieces = [];
    /** @type {(import("./world.js").State | null)[]} before each word, and after the last */
    this.states = [];
    /** @type {Word[]} */
    this.words = [];
    this.set("");
  }

  /**
   * Read a text. Only what is new in it is computed.
   * @param {string} text
   */
  set(text) {
    const { tokenizer, world } = this.small;
    this.text = text;
    const own = tokenizer.encode(text);
    this.ids = [tokenizer.specialTokens[world.end], ...own];
    this.traces = this.reader.read(this.ids);
    this.pieces = pieces(tokenizer, text, own);
    const found = words(text);
    const states = [world.start, ...world.walk(found.map(({ word }) => word))];
    /** @type {Map<number, number>} tokens before the end of each piece */
    const ends = new Map([[0, 1]]);
    for (const piece of this.pieces) ends.set(piece.to, piece.place + piece.ids.length);
    let end = 0;
    let written = true; // as the author would write it, until now
    this.words = found.map(({ word, at }, i) => {
      const first = i === 0 || states[i] === world.start;
      const before = ends.get(end) ?? -1;
      const spelt = text.slice(end, at + word.length) === this.spaced(word, first);
      written &&= spelt && states[i + 1] !== null;
      if (!written) states[i + 1] = null;
      const from = spelt ? at : end;
      end = at + word.length;
      return { word, from: at, to: end, sayable: written, before, seen: text.slice(from, end) };
    });
    if (text.length > end) states[found.length] = null; // no text of his ends in a space
    this.states = states;
  }

  /**
   * The trace of the token at a place among the ids, or null where the context does not reach.
   * @param {number} place
   */
  trace(place) {
    return this.traces[place - this.reader.dropped] ?? null;
  }

  /**
   * What may stand as word i: the author's words, each with both odds, or where he never came
   * the model's likeliest tokens. Null where the model does not see so far back, or a token
   * reaches over the place.
   * @param {number} i at most the number of words: then what may follow the text
   * @param {number} most
   * @returns {Bet[] | null}
   */
  bets(i, most = 6) {
    const before = i < this.words.length ? this.words[i].before : this.ids.length;
    const trace = before < 0 ? null : this.trace(before - 1);
    if (!trace) return null;
    const state = this.states[i];
    const p = probabilities(trace.logits);
    if (!state) {
      const { tokenizer } = this.small;
      return likeliest(p)
        .slice(0, most)
        .map((id) => {
          const text = tokenizer.decode([id]);
          return { text, word: text.trim() || text, model: p[id], truth: null };
        });
    }
    const { words: could, odds } = this.small.world.fork(state);
    return could.map((word, n) => {
      const text = this.spaced(word, i === 0 || state === this.small.world.start);
      return { text, word, model: this.chance(text, before, p), truth: odds[n] };
    });
  }

  /**
   * A word as it is written in a text.
   * @param {string} word
   * @param {boolean} first
   */
  spaced(word, first) {
    return first || [".", ",", this.small.world.end].includes(word) ? word : ` ${word}`;
  }

  /**
   * The model's probability of a text after the first `before` tokens: of its tokens in turn.
   * @param {string} text
   * @param {number} before
   * @param {Float64Array} p of the first of them
   */
  chance(text, before, p) {
    const { model, tokenizer } = this.small;
    const ids = this.encoded.get(text) ?? tokenizer.encode(text);
    this.encoded.set(text, ids);
    let chance = p[ids[0]];
    if (ids.length > 1) {
      const past = this.traces.slice(0, before - this.reader.dropped);
      for (let n = 1; n < ids.length; n++) {
        if (past.length >= model.config.n_ctx) return chance; // it can look no further
        past.push(model.read(ids[n - 1], past, this.reader.switches));
        chance *= probabilities(past[past.length - 1].logits)[ids[n]];
      }
    }
    return chance;
  }
}

/**
 * How many nats more than the author's own bets the model's cost here, on average: the KL
 * divergence. Null where the author never came.
 * @param {Bet[]} bets
 */
export function divergence(bets) {
  let sum = 0;
  for (const { model, truth } of bets) {
    if (truth === null) return null;
    if (truth > 0) sum += truth * Math.log(truth / model);
  }
  return Math.max(0, sum);
}

/**
 * The tokens of a text, those together that share a character.
 * @param {import("./tokenize.js").Tokenizer} tokenizer
 * @param {string} text
 * @param {number[]} ids
 * @returns {Piece[]}
 */
export function pieces(tokenizer, text, ids) {
  const utf8 = new TextEncoder();
  const sizes = Array.from(text, (c) => [c.length, utf8.encode(c).length]);
  /** @type {Piece[]} */
  const found = [];
  let [character, at, bytes, read] = [0, 0, 0, 0];
  /** @type {Piece | null} */
  let open = null;
  ids.forEach((id, i) => {
    open ??= { from: at, to: at, ids: [], place: i + 1 };
    open.ids.push(id);
    bytes += tokenizer.piece(id).length;
    while (character < sizes.length && read + sizes[character][1] <= bytes) {
      at += sizes[character][0];
      read += sizes[character++][1];
    }
    open.to = at;
    if (read === bytes) {
      found.push(open);
      open = null;
    }
  });
  return found;
}
