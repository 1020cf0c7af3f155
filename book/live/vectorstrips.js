/**
 * Vectors as strips of colour, one below the other. A column is chosen with the pointer, with a
 * finger or with the arrow keys, and its numbers stand at the right.
 */

import { make } from "./dom.js";

/**
 * A number as the book writes it.
 * @param {number} value
 */
export function signedNumber(value, places = 3) {
  const text = value.toFixed(places).replace("-", "−");
  return Number(text.replace("−", "-")) === 0 ? (0).toFixed(places) : text;
}

/**
 * A vector as a background: purple below 0, paper at 0, green above.
 * @param {ArrayLike<number>} values
 * @param {number} full the value of full colour
 */
export function stripOf(values, full) {
  const n = values.length;
  const stops = Array.from(values, (value, i) => {
    const share = Math.round(100 * Math.min(1, Math.abs(value) / full));
    const colour = value > 0 ? "--above" : "--below";
    const [from, to] = [(100 * i) / n, (100 * (i + 1)) / n].map((x) => x.toFixed(3));
    return `color-mix(in oklab,var(${colour}) ${share}%,var(--fig-paper)) ${from}% ${to}%`;
  });
  return `linear-gradient(to right,${stops.join(",")})`;
}

/** One row of such strips. */
class StripRow {
  constructor() {
    this.name = make("span", { class: "columns-name" });
    this.number = make("span", { class: "columns-number" });
    this.drawn = make("div", { class: "columns-strip" });
    this.elements = [make("div", { class: "columns-head" }, this.name, this.number), this.drawn];
    /** @type {ArrayLike<number>} */
    this.values = [];
  }
}

/** Something wide of which one column is chosen: a slider to all who do not see it. */
export class Columns {
  /**
   * @param {string} label
   * @param {number} n columns
   * @param {(column: number) => string} say the numbers of a column in words
   * @param {(column: number) => void} chosen the reader has chosen another
   */
  constructor(label, n, say, chosen = () => {}) {
    this.n = n;
    this.say = say;
    this.chosen = chosen;
    this.column = 0;
    this.element = make("div", {
      class: "columns",
      role: "slider",
      tabindex: 0,
      "aria-label": label,
      "aria-valuemin": 0,
      "aria-valuemax": n - 1,
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        const to = {
          ArrowRight: this.column + 1,
          ArrowUp: this.column + 1,
          ArrowLeft: this.column - 1,
          ArrowDown: this.column - 1,
          PageUp: this.column + 8,
          PageDown: this.column - 8,
          Home: 0,
          End: n - 1,
        }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        this.choose(to);
      },
      onpointerdown: (/** @type {PointerEvent} */ event) => this.point(event),
      onpointermove: (/** @type {PointerEvent} */ event) => {
        if (event.pointerType === "mouse" || event.buttons) this.point(event);
      },
    });
  }

  /** @param {PointerEvent} event */
  point(event) {
    const { left, width } = this.element.getBoundingClientRect();
    this.choose(Math.floor((this.n * (event.clientX - left)) / width));
  }

  /** @param {number} column */
  choose(column) {
    const to = Math.max(0, Math.min(this.n - 1, column));
    if (to === this.column) return;
    this.column = to;
    this.show();
    this.chosen(to);
  }

  show() {
    this.element.style.setProperty("--at", String((this.column + 0.5) / this.n));
    this.element.setAttribute("aria-valuenow", String(this.column));
    this.element.setAttribute("aria-valuetext", this.say(this.column));
  }
}

/** Rows of strips in such columns, of which the last is made of those above it. */
export class Strips extends Columns {
  /**
   * @param {string} label
   * @param {number} n
   * @param {number} rows
   * @param {(column: number) => string} say
   * @param {(column: number) => void} chosen
   */
  constructor(label, n, rows, say, chosen = () => {}) {
    super(label, n, say, chosen);
    this.rows = Array.from({ length: rows }, () => new StripRow());
    this.element.append(...this.rows.flatMap((row) => row.elements));
  }

  /**
   * @param {number} i
   * @param {(Node | string)[]} name
   * @param {ArrayLike<number>} values none: there is no such row
   * @param {number} full
   */
  set(i, name, values, full) {
    const row = this.rows[i];
    row.name.replaceChildren(...name);
    row.values = values;
    row.drawn.style.backgroundImage = values.length ? stripOf(values, full) : "none";
  }

  /** The number of a row in the column that is chosen. */
  number(/** @type {StripRow} */ row, places = 3) {
    return row.values.length ? signedNumber(row.values[this.column], places) : "none";
  }

  show() {
    super.show();
    for (const row of this.rows) row.number.textContent = this.number(row);
  }
}
