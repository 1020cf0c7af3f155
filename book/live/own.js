/**
 * The reader's own text. It goes along from stage to stage, as long as this tab is open, and so
 * all pages are one machine with one text. It is kept by the browser (sessionStorage) and sent to
 * nobody. Pages of a folder may share nothing: there it goes along with their links (book.js).
 */

import { button, make } from "./dom.js";

const KEY = "own-text";
/** Other parts of the page are told of a text once the reader has stopped typing. */
const RESTS = 400; // milliseconds

/**
 * The reader's own text, or null where there is none.
 * @returns {string | null}
 */
export function ownText() {
  try {
    return sessionStorage.getItem(KEY) || null;
  } catch {
    return null; // a browser that keeps nothing: each page has its own text
  }
}

/** @param {string | null} text */
function keepText(text) {
  try {
    if (text) sessionStorage.setItem(KEY, text);
    else sessionStorage.removeItem(KEY);
  } catch {
    // the page works without
  }
}

/** The line that says whose text is read, with the way back to the book's. */
export class OwnLine {
  /**
   * @param {string[]} ours the book's texts in this part; it begins with the first
   * @param {(text: string) => void} take read this text, which was chosen elsewhere
   */
  constructor(ours, take) {
    this.ours = ours;
    this.take = take;
    this.own = false;
    /** @type {string | null} the reader's last text, to come back to */
    this.last = null;
    this.rest = 0;
    this.whose = make("strong", {});
    this.told = make("span", {});
    this.change = button("", () => this.swap());
    this.element = make("p", { class: "own-line", hidden: "" }, this.whose, this.told, this.change);
    addEventListener("own-text", (event) => this.hear(/** @type {CustomEvent} */ (event).detail));
  }

  /**
   * What the part reads as the page begins. A text that came with the address is kept.
   * @param {string} text
   */
  begin(text) {
    // a part may read less of it than there is
    if (text && !this.ours.includes(text) && !ownText()?.startsWith(text)) {
      keepText(text);
      dispatchEvent(new Event("own-kept"));
    }
    this.show(text);
    if (this.own) this.last = ownText() ?? text;
  }

  /**
   * The reader has typed or chosen this text.
   * @param {string} text
   */
  set(text) {
    this.show(text);
    keepText(this.own ? text : null);
    clearTimeout(this.rest);
    this.rest = window.setTimeout(() => this.tell(this.own ? text : null), RESTS);
  }

  /** From the reader's text to the book's, or back. */
  swap() {
    const text = this.own ? this.ours[0] : (this.last ?? this.ours[0]);
    this.take(text);
    this.set(text);
  }

  /**
   * Tell the other parts of the page.
   * @param {string | null} text the reader's, or null where it is the book's again
   */
  tell(text) {
    dispatchEvent(new CustomEvent("own-text", { detail: { from: this, text } }));
  }

  /**
   * Another part of the page has another text.
   * @param {{from: OwnLine, text: string | null}} said
   */
  hear({ from, text }) {
    if (from === this || (text === null && !this.own)) return;
    this.take(text ?? this.ours[0]);
    this.show(text ?? this.ours[0]);
  }

  /** @param {string} text */
  show(text) {
    this.own = text !== "" && !this.ours.includes(text);
    if (this.own) this.last = text;
    this.element.hidden = this.last === null;
    this.whose.textContent = this.own ? "Your text" : "The book’s text";
    this.told.textContent = this.own ? " goes along to the other stages. " : ". ";
    this.change.textContent = this.own ? "Back to the book’s text" : "Take my text again";
  }
}
