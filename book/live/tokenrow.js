/** A text as a row of its tokens, each shaded by a number and free to be chosen. */

import { make, visible } from "./dom.js";

/**
 * A token as the pages write it: END by its name, bytes that are no character in hexadecimal.
 * @param {import("./load.js").Small} small
 * @param {number} id
 */
export function nameOfToken({ tokenizer, world }, id) {
  if (id === tokenizer.specialTokens[world.end]) return "END";
  const text = tokenizer.decode([id]);
  if (!text.includes("\ufffd")) return visible(text.replace(/^ (?=.)/u, "")) || "␣";
  const bytes = Array.from(tokenizer.piece(id), (c) => c.charCodeAt(0).toString(16));
  return bytes.map((byte) => byte.padStart(2, "0")).join(" ");
}

/**
 * Which of `many` an arrow key leads to, or null where it leads nowhere.
 * @param {string} key
 * @param {number} at
 * @param {number} many
 * @param {number} across how many stand in a line
 */
export function arrowed(key, at, many, across = 1) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across };
  const to =
    key === "Home"
      ? 0
      : key === "End"
        ? many - 1
        : at + (steps[/** @type {keyof typeof steps} */ (key)] ?? NaN);
  return to >= 0 && to < many ? to : null;
}

/**
 * Buttons of which one is chosen, as a group: one tab stop, arrows within.
 * @param {HTMLElement} group
 * @param {(i: number) => void} choose
 * @param {number} across how many stand in a line, for the arrows up and down
 */
export function radios(group, choose, across = 1) {
  group.setAttribute("role", "radiogroup");
  const all = () => /** @type {HTMLElement[]} */ ([...group.children]);
  /** @param {Event} event */
  const of = (event) =>
    all().findIndex((one) => event.target instanceof Node && one.contains(event.target));
  group.addEventListener("click", (event) => {
    const i = of(event);
    if (i >= 0) choose(i);
  });
  group.addEventListener("keydown", (event) => {
    const to = arrowed(event.key, of(event), group.children.length, across);
    if (to === null || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    choose(to);
    all()[to].focus();
  });
  /** @param {number} chosen */
  return (chosen) =>
    all().forEach((one, i) => {
      one.setAttribute("aria-checked", String(i === chosen));
      one.tabIndex = i === chosen ? 0 : -1;
    });
}

/**
 * A token inside a sentence.
 * @param {string} name
 */
export function spokenName(name) {
  return { ".": "the full stop", ",": "the comma" }[name] ?? name;
}

/** How much of a colour stands for a share: as in the chapters' shaded texts, less for less. */
const shadeOf = (/** @type {number} */ share) =>
  `${(share < 0.05 ? 160 * share : 8 + 42 * share).toFixed(1)}%`;

export class TokenRow {
  /**
   * @param {string} label
   * @param {(i: number) => void} choose
   * @param {(i: number | null) => void} pointed the pointer is on this token, or on none
   */
  constructor(label, choose, pointed = () => {}) {
    this.element = make("div", { class: "token-row", "aria-label": label });
    this.mark = radios(this.element, choose);
    /** @type {{token: HTMLElement, number: HTMLElement}[]} */
    this.tokens = [];
    const at = (/** @type {Event} */ event) =>
      this.tokens.findIndex(({ token }) => token.contains(/** @type {Node} */ (event.target)));
    this.element.addEventListener("pointerover", (/** @type {Event} */ event) => {
      const i = at(event);
      pointed(i < 0 ? null : i);
    });
    this.element.addEventListener("pointerleave", () => pointed(null));
  }

  /**
   * The tokens of another text.
   * @param {import("./load.js").Small} small
   * @param {number[]} ids
   */
  read(small, ids) {
    this.tokens = ids.map((id) => {
      const number = make("span", { class: "token-number" });
      const spaced = small.tokenizer.decode([id]).startsWith(" ");
      const token = make(
        "button",
        { type: "button", role: "radio", class: spaced ? "token spaced" : "token" },
        make("span", { class: "token-name" }, nameOfToken(small, id)),
        number
      );
      return { token, number };
    });
    this.element.replaceChildren(...this.tokens.map(({ token }) => token));
  }

  /**
   * Shade every token.
   * @param {(number | null)[]} shades from 0 to 1; null is out of reach
   * @param {(i: number) => string} say its number, or "" for one too small to be written
   * @param {number} chosen
   */
  shade(shades, say, chosen) {
    this.mark(chosen);
    this.tokens.forEach(({ token, number }, i) => {
      const shade = shades[i] ?? null;
      const said = shade === null ? "" : say(i);
      token.classList.toggle("beyond", shade === null);
      token.classList.toggle("shaded", said !== "");
      token.style.setProperty("--shade", shade === null ? "0%" : shadeOf(shade));
      if (number.textContent !== said) number.textContent = said;
    });
  }
}
