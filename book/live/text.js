/**
 * A text that a reader can type into, with marks under its words. The marks lie on a copy of the
 * text that is set in the same type, behind the field: so typing, selecting, screen readers and
 * touch keyboards all work as in any field.
 */

import { make } from "./dom.js";

/**
 * @typedef {object} Mark what is drawn at a stretch of the text
 * @property {number} from
 * @property {number} to
 * @property {string} [class]
 * @property {string} [style]
 */

export class TextBox {
  /**
   * @param {string} label
   * @param {(text: string) => void} typed
   * @param {(at: number) => void} pointed the caret or the pointer is at this character
   */
  constructor(label, typed, pointed = () => {}) {
    this.copy = make("div", { class: "live-copy", "aria-hidden": "true" });
    this.field = make("textarea", {
      class: "live-field",
      "aria-label": label,
      rows: 1,
      spellcheck: "false",
      autocomplete: "off",
      autocapitalize: "off",
      maxlength: 1000,
    });
    const full = make("p", { class: "live-full", "aria-live": "polite" });
    this.element = make("div", { class: "live-text" }, this.copy, this.field, full);
    this.field.addEventListener("input", () => {
      const { value, maxLength } = this.field;
      full.textContent =
        value.length < maxLength
          ? ""
          : `Only the first ${maxLength.toLocaleString("en")} characters fit.`;
      typed(value);
    });
    const caret = () => {
      if (document.activeElement === this.field) pointed(this.field.selectionStart);
    };
    this.field.addEventListener("keyup", caret);
    this.field.addEventListener("click", caret);
    this.field.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
      if (event.pointerType !== "mouse" || event.buttons) return;
      const under = document.elementsFromPoint(event.clientX, event.clientY);
      const span = under.find((one) => one instanceof HTMLElement && one.dataset.from);
      if (span instanceof HTMLElement) pointed(Number(span.dataset.from));
    });
  }

  get text() {
    return this.field.value;
  }

  /**
   * @param {string} text
   */
  set(text) {
    if (this.field.value !== text) this.field.value = text;
  }

  /**
   * Draw the copy anew: marks in their order, which do not overlap.
   * @param {Mark[]} marks
   * @param {boolean} writing whether a caret of the machine's stands at the end
   */
  mark(marks, writing = false) {
    const parts = [];
    let at = 0;
    for (const mark of marks) {
      if (mark.from > at) parts.push(this.text.slice(at, mark.from));
      const { from, to, ...attributes } = mark;
      parts.push(make("span", { ...attributes, "data-from": from }, this.text.slice(from, to)));
      at = to;
    }
    parts.push(this.text.slice(at), make("span", { class: writing ? "live-caret" : "" }, "\u200b"));
    this.copy.replaceChildren(...parts);
  }
}
