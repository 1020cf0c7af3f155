/** The bets after a text as bars: before the handles, after them, and the author's as a mark. */

import { make, share } from "./dom.js";

/**
 * @typedef {object} Shown
 * @property {number[]} ids that have a bar of their own, the likeliest first
 * @property {Map<number, number> | null} odds the author's
 * @property {Float64Array} before at temperature 1, uncut
 */

export class Bars {
  /**
   * @param {(id: number) => string} name of a token
   * @param {(id: number | null) => void} choose null: any of the others
   */
  constructor(name, choose) {
    this.name = name;
    this.choose = choose;
    this.body = make("tbody", {});
    const heads = ["", "as trained", "the author"].map((text, i) =>
      make("th", { scope: "col", class: i ? "handles-more" : "", colspan: i ? false : 2 }, text)
    );
    this.axis = heads[0];
    this.element = make(
      "table",
      { class: "handles-bars" },
      make("caption", { class: "live-said" }, "The bets on the next token"),
      make("thead", {}, make("tr", {}, make("td", {}), ...heads)),
      this.body
    );
    /** @type {Shown} */
    this.shown = { ids: [], odds: null, before: new Float64Array() };
    /** @type {{id: number | null, set: (now: number) => void, element: any, pick: any}[]} */
    this.rows = [];
  }

  /** @param {Shown} shown */
  lay(shown) {
    this.shown = shown;
    const { ids, odds, before } = shown;
    const rest = (/** @type {(id: number) => number} */ of) =>
      Math.max(
        0,
        ids.reduce((left, id) => left - of(id), 1)
      );
    this.rows = ids.map((id) =>
      this.row(id, this.name(id), before[id], odds && (odds.get(id) ?? 0))
    );
    const others = `${before.length - ids.length} others`;
    const truth = odds && rest((id) => odds.get(id) ?? 0);
    this.rows.push(
      this.row(
        null,
        others,
        rest((id) => before[id]),
        truth
      )
    );
    this.body.replaceChildren(...this.rows.map(({ element }) => element));
  }

  /**
   * @param {number | null} id
   * @param {string} label
   * @param {number} before
   * @param {number | null} truth
   */
  row(id, label, before, truth) {
    const pick = make(
      "button",
      { type: "button", class: "live-pick", onclick: () => this.choose(id) },
      label
    );
    const now = make("span", { class: "bar-now" });
    const was = make("span", { class: "bar-before", style: `--p:${before.toFixed(5)}` });
    const track = make("div", { class: "bar-track", "aria-hidden": "true" }, was, now);
    if (truth && truth > 1e-6)
      track.append(make("span", { class: "bar-truth", style: `--p:${truth.toFixed(5)}` }));
    const number = make("td", { class: "number" });
    const known = truth === null ? "unknown" : truth > 0.0005 ? share(truth) : "0";
    const element = make(
      "tr",
      { class: truth !== null && truth < 0.0005 ? "wrong" : "right" },
      make("th", { scope: "row" }, pick),
      make("td", { class: "bar" }, track),
      number,
      make("td", { class: "handles-more" }, share(before)),
      make("td", { class: "handles-more" }, known)
    );
    const set = (/** @type {number} */ p) => {
      now.style.setProperty("--p", p.toFixed(5));
      number.textContent = p === 0 ? "cut" : share(p);
      element.classList.toggle("gone", p === 0);
    };
    return { id, set, element, pick };
  }

  /**
   * @param {Float64Array} p
   * @param {number} drawn
   * @param {number} chosen
   */
  set(p, drawn, chosen) {
    const { ids, before } = this.shown;
    // small bars are drawn larger, and it is said
    const longest = Math.max(...ids.map((id) => Math.max(p[id], before[id])));
    const scale = [0.1, 0.2, 0.5].find((most) => longest <= most) ?? 1;
    this.element.style.setProperty("--scale", scale);
    this.axis.textContent = `the share now, from 0 to ${scale}`;
    let left = 1;
    for (const { id, set, element, pick } of this.rows) {
      const own = (/** @type {number} */ one) => (id === null ? !ids.includes(one) : one === id);
      const now = id === null ? (left > 1e-9 ? left : 0) : p[id];
      left -= now;
      set(now);
      element.classList.toggle("drawn", own(drawn));
      pick.setAttribute("aria-pressed", String(own(chosen)));
    }
  }
}
