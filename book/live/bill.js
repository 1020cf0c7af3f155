/** What a model as it is now pays for held-out stories, beside what their author pays. */

import { heldOut, pay } from "./cost.js";
import { make } from "./dom.js";
import { inSlices } from "./slices.js";

/** As many as the chapter measures on. */
const BILL_STORIES = 100;
/** The least and the greatest on the scale, in nats aboveAuthor the author. */
const [SCALE_FROM, SCALE_TO] = [0.0001, 100];
const SCALE_TICKS = [0.001, 0.01, 0.1, 1, 10];

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
    this.bar = make("progress", { max: BILL_STORIES, value: 0, "aria-label": "Stories read" });
    this.rows = make("tbody", {});
    const scale = make("span", { class: "apart-scale ticks" });
    for (const tick of SCALE_TICKS) {
      scale.append(make("span", { style: `--at:${onScale(tick)}` }, String(tick)));
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
        make("caption", {}, `The loss on ${BILL_STORIES} stories that it never read`),
        make("thead", {}, head),
        this.rows,
        make("tfoot", { "aria-hidden": "true" }, foot)
      ),
      this.bar
    );
  }

  /** As many stories as are read, told when they are needed. */
  *told() {
    for (let i = 0; i < BILL_STORIES; i++) {
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
      if (paid.stories < BILL_STORIES) return;
      this.known.set(key, paid);
      done(paid);
    });
    this.stop = inSlices(reading);
  }

  /** @param {string} key @param {string} name @param {import("./cost.js").Paid | null} paid */
  write(key, name, paid) {
    const read = paid?.stories ?? 0;
    this.bar.value = read;
    this.bar.classList.toggle("whole", read === BILL_STORIES);
    const whole = this.known.get("none");
    const rows = [
      billRow("the author: the floor", "truth", paid && paid.author / paid.tokens, null),
    ];
    if (key !== "none" && whole) {
      rows.push(billRow("the whole model", "whole", eachToken(whole), aboveAuthor(whole)));
    }
    const so = read < BILL_STORIES ? `${name}, ${read} of ${BILL_STORIES} read` : name;
    rows.push(billRow(so, "model", paid && eachToken(paid), paid && aboveAuthor(paid)));
    this.rows.replaceChildren(...rows);
  }
}

/** @param {import("./cost.js").Paid} paid */
function eachToken(paid) {
  return paid.model / paid.tokens;
}

/** @param {import("./cost.js").Paid} paid */
export function aboveAuthor(paid) {
  return (paid.model - paid.author) / paid.tokens;
}

/**
 * @param {string} name
 * @param {string} kind
 * @param {number | null} nats
 * @param {number | null} more
 */
function billRow(name, kind, nats, more) {
  const dot =
    more === null
      ? ""
      : make("span", { class: "apart-scale" }, make("i", { style: `--at:${onScale(more)}` }));
  return make(
    "tr",
    { class: kind },
    make("th", { scope: "row" }, name),
    make("td", { class: "number" }, nats === null ? "…" : nats.toFixed(4)),
    make("td", {}, dot, more === null ? "" : make("span", { class: "number" }, signedNats(more)))
  );
}

/** @param {number} nats */
export function signedNats(nats) {
  return `${nats < 0 ? "−" : "+"}${Math.abs(nats).toFixed(4)}`;
}

/**
 * The place of a number on the logarithmic scale, from 0 to 1.
 * @param {number} nats
 */
function onScale(nats) {
  const place = Math.log(Math.max(nats, SCALE_FROM) / SCALE_FROM) / Math.log(SCALE_TO / SCALE_FROM);
  return Math.min(place, 1).toFixed(4);
}
