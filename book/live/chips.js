/** The chunks of a text as a list to choose from, each with its tokens as coloured chips. */

import { make } from "./dom.js";
import { hexBytes, legible } from "./replay.js";

const MOST_TOKENS = 100; // of a chunk

export class ChunkList {
  /**
   * @param {import("./tokenize.js").Tokenizer} tokenizer
   * @param {(i: number) => void} chosen the reader has chosen another
   */
  constructor(tokenizer, chosen) {
    this.tokenizer = tokenizer;
    this.chosen = chosen;
    this.at = 0;
    this.hex = false;
    /** @type {import("./replay.js").Chunk[]} */
    this.chunks = [];
    /** @type {HTMLElement[]} an element for each */
    this.chips = [];
    this.element = make("div", {
      class: "tokens-list",
      role: "listbox",
      "aria-label": "The chunks of the text, each with its tokens and their ids",
      "aria-orientation": "horizontal",
      onclick: (/** @type {Event} */ event) => {
        const chip = event.target instanceof Element && event.target.closest(".tokens-chunk");
        if (chip instanceof HTMLElement) chosen(this.chips.indexOf(chip));
      },
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
    });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const last = this.chunks.length - 1;
    const { at } = this;
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1 };
    const next = { ...to, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.chosen(Math.max(0, Math.min(last, next)));
    this.chips[this.at]?.focus();
  }

  /**
   * Other chunks. Only those that were not there are made, between those that stay.
   * @param {import("./replay.js").Chunk[]} chunks
   */
  set(chunks) {
    const old = this.chunks;
    const same = (/** @type {number} */ i, /** @type {number} */ j) =>
      old[i].text === chunks[j].text && old[i].special === chunks[j].special;
    const least = Math.min(old.length, chunks.length);
    let [front, end] = [0, 0];
    while (front < least && same(front, front)) front++;
    while (end < least - front && same(old.length - 1 - end, chunks.length - 1 - end)) end++;
    const fresh = chunks.slice(front, chunks.length - end).map((chunk) => this.chip(chunk));
    for (const gone of this.chips.splice(front, old.length - front - end, ...fresh)) gone.remove();
    if (front) this.chips[front - 1].after(...fresh);
    else this.element.prepend(...fresh);
    this.chunks = chunks;
    // neighbouring tokens have different colours, which are those of the marks in the text
    let place = 0;
    this.chips.forEach((chip, i) => {
      for (const [n, token] of [...chip.children].entries()) {
        const tone = `tokens-token tone${(place + n) % 5}`;
        if (token.className !== tone) token.className = tone;
      }
      place += chunks[i].ids.length;
    });
  }

  /** @param {import("./replay.js").Chunk} chunk */
  chip(chunk) {
    const shown = chunk.ids.slice(0, MOST_TOKENS).map((id) => {
      const token = make("span", { "data-id": id });
      const bytes = this.tokenizer.piece(id);
      token.append(
        make("code", {}, chunk.special ? bytes : legible(bytes)),
        make("small", {}, String(id))
      );
      if (this.hex) token.append(this.bytes(id));
      return token;
    });
    const rest = chunk.ids.length - shown.length;
    if (rest) shown.push(make("em", {}, `and ${rest} more`));
    const kind = `tokens-chunk${chunk.special ? " special" : ""}`;
    const plain = { role: "option", class: kind, tabindex: -1, "aria-selected": "false" };
    return make("div", plain, ...shown);
  }

  /** @param {number} id */
  bytes(id) {
    return make("small", { class: "tokens-hex" }, hexBytes(this.tokenizer.piece(id)));
  }

  /** @param {boolean} on whether the bytes are shown below the ids */
  show(on) {
    this.hex = on;
    for (const token of this.element.querySelectorAll("span[data-id]")) {
      if (on) token.append(this.bytes(Number(token.dataset.id)));
      else token.lastElementChild?.remove();
    }
  }

  /** @param {number} i */
  choose(i) {
    for (const chip of this.element.querySelectorAll("[aria-selected=true]")) {
      chip.setAttribute("aria-selected", "false");
      chip.tabIndex = -1;
    }
    this.at = i;
    this.chips[i]?.setAttribute("aria-selected", "true");
    if (this.chips[i]) this.chips[i].tabIndex = 0;
  }
}
