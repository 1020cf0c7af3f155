/**
 * The line from 0 to 1 on which each token has its share, by id, and the needle u on it. The
 * needle is the thumb of a slider: so it can be dragged, and moved by the keyboard.
 */

import { make } from "./dom.js";

/** How many pixels a letter of a name takes, about. */
const LETTER = 8;

export class Line {
  /**
   * @param {(id: number) => string} name of a token
   * @param {(u: number) => void} moved
   */
  constructor(name, moved) {
    this.name = name;
    this.bar = make("div", { class: "line-bar", "aria-hidden": "true" });
    this.needle = make("input", {
      type: "range",
      class: "line-needle",
      "aria-label": "The draw u, a point on the line",
      ...{ min: 0, max: 0.998, step: 0.002 },
    });
    this.needle.addEventListener("input", () => moved(Number(this.needle.value)));
    const ends = make("div", { class: "line-ends", "aria-hidden": "true" });
    ends.append(make("span", {}, "0"), make("span", {}, "1"));
    this.element = make("div", { class: "line" }, this.bar, this.needle, ends);
    /** @type {{from: number, to: number, element: HTMLElement}[]} */
    this.stretches = [];
  }

  /**
   * Lay out the line anew: a stretch for each token that has a bar, and one for all between two
   * of them.
   * @param {number[]} shown ids
   * @param {number} n_vocab
   * @param {Map<number, number> | null} odds the author's, where he could write this text
   */
  lay(shown, n_vocab, odds) {
    const rest = odds ? "line-rest" : "line-right";
    let at = 0;
    this.stretches = [];
    for (const id of [...shown].sort((a, b) => a - b)) {
      if (id > at) this.add(at, id, rest, "");
      this.add(id, id + 1, !odds || odds.has(id) ? "line-right" : "line-wrong", this.name(id));
      at = id + 1;
    }
    if (at < n_vocab) this.add(at, n_vocab, rest, "");
    this.bar.replaceChildren(...this.stretches.map(({ element }) => element));
  }

  /**
   * @param {number} from id
   * @param {number} to id, not included
   * @param {string} kind
   * @param {string} label
   */
  add(from, to, kind, label) {
    const element = make("span", { class: kind }, make("span", {}, label));
    this.stretches.push({ from, to, element });
  }

  /**
   * Give each stretch its share, and put the needle at u.
   * @param {Float64Array} p
   * @param {number} u
   * @param {number} id that is drawn
   * @param {string} say
   */
  set(p, u, id, say) {
    const width = this.bar.clientWidth;
    for (const { from, to, element } of this.stretches) {
      const share = p.subarray(from, to).reduce((a, b) => a + b, 0);
      element.style.flexGrow = share.toFixed(5);
      element.classList.toggle("wide", share * width > LETTER * (element.textContent.length + 1));
      element.classList.toggle("drawn", from <= id && id < to);
    }
    this.needle.value = u;
    this.needle.setAttribute("aria-valuetext", say);
  }
}
