/** Vectors as strips of cells, one above the other, and one column that all of them show. */

import { make } from "./dom.js";
import { arrowed } from "./tokenrow.js";

/**
 * A number with its sign as print has it.
 * @param {number} x
 * @param {number} digits
 */
export function withSign(x, digits = 2) {
  const text = Math.abs(x).toFixed(digits);
  return x < 0 && Number(text) ? `\u2212${text}` : text;
}

/** A vector's numbers: green above zero, purple below; the larger, the more colour. */
export class Strip {
  /**
   * @param {number} n
   * @param {"cells" | "bars"} kind
   */
  constructor(n, kind = "cells") {
    this.cells = Array.from({ length: n }, () => make("i", {}));
    this.element = make("div", { class: `strip ${kind}`, "aria-hidden": "true" }, ...this.cells);
  }

  /**
   * @param {Float32Array} numbers
   * @param {number} largest that which has the whole colour
   */
  show(numbers, largest) {
    this.cells.forEach((cell, i) => {
      const size = largest ? Math.min(1, Math.abs(numbers[i]) / largest) : 0;
      cell.className = numbers[i] < 0 ? "minus" : "plus";
      cell.style.setProperty("--size", `${(100 * size).toFixed(1)}%`);
    });
  }

  /** @param {number} column */
  point(column) {
    this.cells.forEach((cell, i) => {
      cell.classList.toggle("here", i === column);
    });
  }
}

/** @param {Float32Array[]} vectors */
export function largestOf(...vectors) {
  return Math.max(...vectors.map((one) => one.reduce((a, b) => Math.max(a, Math.abs(b)), 0)));
}

/**
 * Lets a reader point at a column: with a pointer on any strip inside, or with arrow keys.
 * @param {HTMLElement} element that holds strips; becomes a slider
 * @param {string} label
 * @param {number} n
 * @param {(column: number) => void} act
 */
export function columnSlider(element, label, n, act) {
  const at = () => Number(element.getAttribute("aria-valuenow")) - 1;
  for (const [name, value] of Object.entries({
    role: "slider",
    tabindex: "0",
    "aria-label": label,
    "aria-valuemin": "1",
    "aria-valuemax": String(n),
    "aria-valuenow": "1",
  })) {
    element.setAttribute(name, value);
  }
  element.addEventListener("keydown", (event) => {
    const to = arrowed(event.key.replace("Up", "Right").replace("Down", "Left"), at(), n);
    if (to === null || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    act(to);
  });
}

/**
 * The column of a strip that a pointer is on.
 * @param {Strip} strip
 * @param {(column: number) => void} act
 */
export function pointing(strip, act) {
  const point = (/** @type {PointerEvent} */ event) => {
    const { left, width } = strip.element.getBoundingClientRect();
    const column = Math.floor(((event.clientX - left) / width) * strip.cells.length);
    if (column >= 0 && column < strip.cells.length) act(column);
  };
  strip.element.addEventListener("pointermove", point);
  strip.element.addEventListener("pointerdown", point);
}
