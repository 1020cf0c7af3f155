/**
 * One chunk from bytes to tokens as a ladder: a row a turn, every byte in a column of its own, and
 * under each row the pairs that could be joined.
 */

import { make, still } from "./dom.js";
import { hexBytes, legible } from "./replay.js";

const MOST_CELLS = 800; // cells; what has more is not drawn

export class Ladder {
  /**
   * @param {import("./tokenize.js").Tokenizer} tokenizer
   * @param {(by: number) => void} walk an arrow key was pressed
   */
  constructor(tokenizer, walk) {
    this.tokenizer = tokenizer;
    this.hex = false;
    this.step = 0;
    this.drawn = true;
    /** @type {import("./replay.js").Turn[]} */
    this.turns = [];
    /** @type {HTMLElement[][]} the elements of each turn */
    this.rows = [];
    this.grid = make("div", { class: "ladder-grid", role: "img" });
    this.element = make(
      "div",
      {
        class: "ladder",
        role: "region",
        "aria-label": "Merge by merge",
        tabindex: 0,
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
          // where it is too wide, the arrows scroll it
          if (by && this.element.scrollWidth <= this.element.clientWidth) walk(by);
        },
      },
      this.grid
    );
  }

  /**
   * Another chunk, all rows of which take their room at once: nothing moves when one is shown.
   * @param {import("./replay.js").Turn[]} turns
   */
  set(turns) {
    const bytes = turns[0]?.pieces.length ?? 0;
    this.drawn = bytes * turns.length <= MOST_CELLS;
    this.turns = turns;
    this.element.hidden = !turns.length || !this.drawn;
    this.rows = this.drawn ? turns.map((turn, t) => this.row(turn, t)) : [];
    this.grid.style.setProperty("--bytes", String(bytes));
    this.grid.replaceChildren(...this.rows.flat());
  }

  /**
   * @param {import("./replay.js").Turn} turn
   * @param {number} t
   */
  row(turn, t) {
    const { tokenizer } = this;
    let column = 1;
    return turn.pieces.flatMap((id, i) => {
      const piece = tokenizer.piece(id);
      const made = turn.made.includes(i);
      const place = `grid-row:${2 * t + 1};grid-column:${column}/span ${piece.length}`;
      column += piece.length;
      const chip = make(
        "span",
        { class: `ladder-piece${made ? " made" : ""}`, style: place },
        make("code", {}, this.name(id)),
        make("small", {}, String(id))
      );
      const pair = turn.pairs[i] ?? null;
      if (pair === null) return [chip];
      const between = `grid-row:${2 * t + 2};grid-column:${column - 1}/span 2`;
      const kind = `ladder-pair${pair === turn.next ? " lowest" : ""}`;
      return [chip, make("span", { class: kind, style: between }, String(pair))];
    });
  }

  /** @param {number} id */
  name(id) {
    const piece = this.tokenizer.piece(id);
    return this.hex ? hexBytes(piece) : legible(piece).replace(/^\\x(..)$/, "$1");
  }

  /**
   * Show the turns up to one.
   * @param {number} step
   */
  show(step) {
    this.step = step;
    this.rows.forEach((row, t) => {
      for (const one of row) {
        one.classList.toggle("ahead", t > step);
        one.classList.toggle("now", t === step);
      }
    });
    this.follow(step);
    const names = (/** @type {import("./replay.js").Turn} */ turn) =>
      turn.pieces.map((id) => this.name(id)).join(", ");
    const shown = this.turns.slice(0, step + 1);
    this.grid.setAttribute(
      "aria-label",
      shown.map((turn, t) => `${t ? `After merge ${t}` : "Bytes"}: ${names(turn)}.`).join(" ")
    );
  }

  /** Where the ladder is wider than its room, bring what was just made into sight. */
  follow(/** @type {number} */ step) {
    const made = this.rows[step]?.find((one) => one.classList.contains("made"));
    const room = this.element.clientWidth;
    if (!made || this.element.scrollWidth <= room) return;
    const left = made.offsetLeft - this.element.offsetLeft - (room - made.offsetWidth) / 2;
    this.element.scrollTo({ left, behavior: still() ? "auto" : "smooth" });
  }

  /** What the last turn did, and why. */
  says() {
    const { step, turns } = this;
    if (!this.drawn) return "This chunk is too long to be opened here.";
    const done = step === turns.length - 1;
    if (step === 0) {
      if (done && turns[0].pieces.length > 1) {
        return "No two neighbours together are a token, so each byte stays a token.";
      }
      return done ? "One byte is always a token." : "These are the bytes. Nothing is merged yet.";
    }
    const before = turns[step - 1];
    const at = before.pairs.indexOf(before.next);
    const [left, right] = before.pieces.slice(at, at + 2).map((id) => this.name(id));
    const ids = [...new Set(before.pairs)].filter((id) => id !== null);
    const others = ids.filter((id) => id !== before.next).sort((a, b) => a - b);
    const whole = this.name(Number(before.next));
    const twice = turns[step].made.length > 1 ? ` in ${turns[step].made.length} places` : "";
    const why = others.length
      ? `It is the lowest id here; the other ${others.length === 1 ? "pair" : "pairs"} would make ${others.join(", ")}.`
      : "No other pair is a token.";
    const end = done ? " Now no pair is left that is a token." : "";
    return `Merge ${step} of ${turns.length - 1}: ${left} and ${right} become ${whole}${twice}, id ${before.next}. ${why}${end}`;
  }
}
