/** Two rows of a table side by side: their products, and the cosine that comes of these. */

import { Strips, signedNumber } from "./vectorstrips.js";
import { make } from "./dom.js";
import { cosine, row } from "./embed.js";
import { legible } from "./replay.js";

/** Full colour: few numbers of the words' rows are greater, and few products of two. */
export const FULL_ROW = 0.3;
const FULL_PRODUCT = 0.04;

/**
 * The name of a token, as the book writes it.
 * @param {import("./load.js").Small} small
 * @param {number} id
 */
export function tokenLabel({ tokenizer, world }, id) {
  return id === tokenizer.specialTokens[world.end] ? "END" : legible(tokenizer.piece(id));
}

/**
 * The id of a word that is one token, with a space before it or without; else null.
 * @param {import("./tokenize.js").Tokenizer} tokenizer
 * @param {string} word
 * @returns {number | null}
 */
export function oneToken(tokenizer, word) {
  const found = [` ${word}`, word].map((text) => tokenizer.encode(text));
  return found.find((ids) => ids.length === 1)?.[0] ?? null;
}

export class Comparison {
  /**
   * @param {import("./load.js").Small} small
   * @param {(other: number | null) => void} chosen the reader has named another word; null where
   *   it is no token
   */
  constructor(small, chosen) {
    this.small = small;
    this.chosen = chosen;
    const { d_model: C } = small.model.config;
    /** @type {Strips} */
    this.strips = new Strips("One number of both rows", C, 3, (i) => {
      const [a, b, ab] = this.strips.rows.map((one) => this.strips.number(one));
      return `number ${i}: ${a} times ${b} is ${ab}`;
    });
    this.field = make("input", {
      type: "text",
      list: "vectors-words",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      maxlength: 40,
      onchange: () => this.named(this.field.value),
    });
    this.told = make("p", { class: "vectors-cosine" });
    const words = [...small.tokenizer.ranks.keys()].filter((piece) =>
      /^ [A-Za-z]{2,}$/.test(piece)
    );
    this.element = make(
      "div",
      {},
      make("label", { class: "vectors-title" }, "Compare with ", this.field),
      make(
        "datalist",
        { id: "vectors-words" },
        ...words.map((piece) => make("option", { value: piece.trim() }))
      ),
      this.strips.element,
      this.told
    );
  }

  /** @param {string} typed */
  named(typed) {
    const { tokenizer } = this.small;
    const word = typed.trim().replace(/^␣/, "");
    const id = oneToken(tokenizer, word);
    if (id === null) {
      const many = tokenizer.encode(` ${word}`).length;
      this.told.textContent = word ? `“${word}” is ${many} tokens: it has no row of its own.` : "";
    }
    this.chosen(id);
  }

  /**
   * Compare two tokens.
   * @param {number} one
   * @param {number} other
   */
  set(one, other) {
    const { wte, config } = this.small.model;
    const [a, b] = [one, other].map((id) => row(wte, id, config.d_model));
    const products = a.map((value, i) => value * b[i]);
    const dot = products.reduce((total, value) => total + value, 0);
    const lengths = [a, b].map((x) => signedNumber(Math.hypot(...x)));
    const names = [one, other].map((id) => tokenLabel(this.small, id));
    this.strips.set(0, [make("code", {}, names[0])], a, FULL_ROW);
    this.strips.set(1, ["· ", make("code", {}, names[1])], b, FULL_ROW);
    this.strips.set(2, ["= product"], products, FULL_PRODUCT);
    this.strips.show();
    this.field.value = names[1].replace("␣", "");
    this.told.replaceChildren(
      `The ${a.length} products add up to ${signedNumber(dot)}. Divided by both lengths, that is the cosine: `,
      make(
        "span",
        { class: "vectors-formula" },
        `${signedNumber(dot)} / (${lengths.join(" · ")}) = `
      ),
      make("strong", {}, signedNumber(cosine(a, b), 2))
    );
  }
}
