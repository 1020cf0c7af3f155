/** What a model as it is now pays for held-out stories, beside what their author pays. */

import { heldOut, pay } from "./cost.js";
import { make } from "./dom.js";
import { inSlices } from "./slices.js";

/** As many as the chapter measures on. */
const MANY = 100;
/** The least and the greatest on the scale, in nats above the author. */
const [LEAST, MOST] = [0.0001, 100];
const TICKS = [0.001, 0.01, 0.1, 1, 10];

export class Bill {
  /** @param {import("./load.js").Small} small */
  constructor(small) {
    this.small = small;
    /** @type {import("./cost.js").Told[]} */
    this.stories = [];
    this.source = heldOut(small);
    /** @type {Map<string, import("./cost.js").Paid>} what is paid for all, by what is off */
    this.known = new Map();
    this.stop = () => {};
    this.bar = make("progress", { max: MANY, value: 0, "aria-label": "Stories read" });
    this.rows = make("tbody", {});
    const scale = make("span", { class: "apart-scale ticks" });
    for (const tick of TICKS) {
      scale.append(make("span", { style: `--at:${at(tick)}` }, String(tick)));
    }
    const head = make(
      "tr",
      {},
      make("td", {}),
      make("th", { scope: "col" }, "nats per token"),
      make("th", { scope: "col" }, "more than the author")
    );
    const foot = make("tr", {}, make("td", {}), make("td", {}), make("td", {}, scale));
    this.element = make(
      "div",
      { class: "apart-bill" },
      make(
        "table",
        {},
        make("caption", {}, `The loss on ${MANY} stories that it never read`),
        make("thead", {}, head),
        this.rows,
        make("tfoot", { "aria-hidden": "true" }, foot)
      ),
      this.bar
    );
  }

  /** As many stories as are read, told when they are needed. */
  *told() {
    for (let i = 0; i < MANY; i++) {
      if (i === this.stories.length) this.stories.push(this.source.next().value);
      yield this.stories[i];
    }
  }

  /**
   * Read the stories, unless that was done before.
   * @param {string} key what is off, as a text: "none" for the whole model
   * @param {string} name the same in words
   * @param {import("./model.js").Switches} switches
   * @param {(paid: import("./cost.js").Paid) => void} done
   */
  show(key, name, switches, done) {
    this.stop();
    const found = this.known.get(key);
    this.write(key, name, found ?? null);
    if (found) {
      done(found);
      return;
    }
    const reading = pay(this.small, switches, this.told(), (paid) => {
      this.write(key, name, paid);
      if (paid.stories < MANY) return;
      this.known.set(key, paid);
      done(paid);
    });
    this.stop = inSlices(reading);
  }

  /** @param {string} key @param {string} name @param {import("./cost.js").Paid | null} paid */
  write(key, name, paid) {
    const read = paid?.stories ?? 0;
    this.bar.value = read;
    this.bar.classList.toggle("whole", read === MANY);
    const whole = this.known.get("none");
    const rows = [row("the author: the floor", "truth", paid && paid.author / paid.tokens, null)];
    if (key !== "none" && whole) {
      rows.push(row("the whole model", "whole", each(whole), above(whole)));
    }
    const so = read < MANY ? `${name}, ${read} of ${MANY} read` : name;
    rows.push(row(so, "model", paid && each(paid), paid && above(paid)));
    this.rows.replaceChildren(...rows);
  }
}

/** @param {import("./cost.js").Paid} paid */
function each(paid) {
  return paid.model / paid.tokens;
}

/** @param {import("./cost.js").Paid} paid */
export function above(paid) {
  return (paid.model - paid.author) / paid.tokens;
}

/**
 * @param {string} name
 * @param {string} kind
 * @param {number | null} nats
 * @param {number | null} more
 */
function row(name, kind, nats, more) {
  const dot =
    more === null
      ? ""
      : make("span", { class: "apart-scale" }, make("i", { style: `--at:${at(more)}` }));
  return make(
    "tr",
    { class: kind },
    make("th", { scope: "row" }, name),
    make("td", { class: "number" }, nats === null ? "…" : nats.toFixed(4)),
    make(
      "td",
      {},
      dot,
      more === null ? "" : make("span", { class: "number" }, signed(more))
    )
  );
}

/** @param {number} nats */
export function signed(nats) {
  return `${nats < 0 ? "−" : "+"}${Math.abs(nats).toFixed(4)}`;
}

/**
 * The place of a number on the logarithmic scale, from 0 to 1.
 * @param {number} nats
 */
function at(nats) {
  const place = Math.log(Math.max(nats, LEAST) / LEAST) / Math.log(MOST / LEAST);
  return Math.min(place, 1).toFixed(4);
}
