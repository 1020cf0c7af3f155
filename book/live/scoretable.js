/** From scores to shares, as with the pencil: a row for each word that is listened to. */

import { button, make, share } from "./dom.js";
import { mostOf } from "./scoring.js";
import { withSign } from "./strips.js";
import { spokenName } from "./tokenrow.js";

/**
 * @typedef {object} Pair one token that listens to another
 * @property {import("./scoring.js").Opened} opened
 * @property {string[]} names of all tokens
 * @property {number} t the listener
 * @property {number} s the speaker
 * @property {{layer: number, head: number}} which head
 */

/** How many rows are shown until all are asked for. */
const ROWS_SHOWN = 6;

export class ScoreTable {
  /** @param {(s: number) => void} ask for the share that goes to another token */
  constructor(ask) {
    this.ask = ask;
    this.all = false;
    /** @type {Pair | null} */
    this.pair = null;
    this.rows = make("tbody", {});
    this.caption = make("caption", {});
    this.more = button("", () => {
      this.all = !this.all;
      this.fill();
    });
    const heads = ["word", "score", "e to the score", "share"].map((name) =>
      make("th", { scope: "col" }, name)
    );
    const table = make(
      "table",
      { class: "score-steps-table" },
      this.caption,
      make("thead", {}, make("tr", {}, ...heads)),
      this.rows
    );
    this.element = make("div", {}, table, this.more);
  }

  /** @param {Pair} pair */
  show(pair) {
    const before = this.pair?.opened.scores;
    this.pair = pair;
    if (before === pair.opened.scores) return this.choose();
    this.all = false;
    this.fill();
  }

  /** The rows anew: the largest shares in the order of the text, and the others together. */
  fill() {
    if (!this.pair) return;
    const { opened, names, s, t } = this.pair;
    const { scores, powers, shares, total } = opened;
    const shown = mostOf(shares, this.all ? scores.length : ROWS_SHOWN);
    if (!shown.includes(s)) shown[shown.length - 1] = s;
    shown.sort((a, b) => a - b);
    const rows = shown.map((i) => {
      const itself = i === t && t > 0 ? " (itself)" : "";
      const act = () => this.ask(i);
      const pick = make("button", { type: "button", class: "live-pick", onclick: act });
      pick.append(names[i] + itself);
      const row = scoreRow(pick, withSign(scores[i], 3), powerOf(powers[i]), shares[i]);
      row.dataset.token = String(i);
      return row;
    });
    const rest = Array.from(shares, (_, i) => i).filter((i) => !shown.includes(i));
    if (rest.length) rows.push(restRow(rest, this.pair));
    const sum = scoreRow("sum", "", powerOf(total), 1);
    sum.className = "total";
    this.rows.replaceChildren(...rows, sum);
    this.caption.textContent = `What ${spokenName(names[t])} takes from each word so far`;
    this.more.hidden = scores.length <= ROWS_SHOWN;
    this.more.textContent = this.all ? "Show only the largest" : `Show all ${scores.length} words`;
    this.choose();
  }

  /** Mark the row of the speaker. */
  choose() {
    const s = String(this.pair?.s);
    const rows = /** @type {HTMLElement[]} */ ([...this.rows.children]);
    if (!rows.some((row) => row.dataset.token === s)) return this.fill();
    for (const row of rows) {
      const chosen = row.dataset.token === s;
      row.classList.toggle("chosen", chosen);
      row.querySelector("button")?.setAttribute("aria-pressed", String(chosen));
    }
  }
}

/**
 * What several words have together.
 * @param {number[]} rest
 * @param {Pair} pair
 */
function restRow(rest, { opened: { scores, powers, shares }, names }) {
  const sum = (/** @type {ArrayLike<number>} */ of) => rest.reduce((a, i) => a + of[i], 0);
  const [low, high] = [Math.min, Math.max].map((which) => which(...rest.map((i) => scores[i])));
  const many = rest.length > 1;
  return scoreRow(
    many ? `${rest.length} others` : names[rest[0]],
    many ? `${withSign(low, 1)} to ${withSign(high, 1)}` : withSign(low, 3),
    powerOf(sum(powers)),
    sum(shares)
  );
}

/**
 * @param {Node | string} word
 * @param {string} score
 * @param {string} power
 * @param {number} p
 */
function scoreRow(word, score, power, p) {
  const style = `--p:${p.toFixed(4)}`;
  const bar = make("span", { class: "live-bar", style, "aria-hidden": "true" });
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, word),
    make("td", {}, score),
    make("td", {}, power),
    make("td", { class: "share" }, bar, share(p))
  );
}

/**
 * A power of e, to about four digits.
 * @param {number} x
 */
export function powerOf(x) {
  if (x >= 1000) return Math.round(x).toLocaleString("en");
  return x >= 0.0005 ? x.toPrecision(4).replace(/(\.\d{3})\d+$/, "$1") : "< 0.001";
}
