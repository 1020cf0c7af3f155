/** What a model as it is now pays for held-out stories, beside what their author pays. */

import { heldOut, pay } from "./cost.js";
import { make } from "./dom.js";
import { inSlices } from "./slices.js";

/** As many as the chapter measures on. */
const BILL_STORIES = 100;
/** The least and the greatest on the scale, in nats above the author. */
const [SCALE_FROM, SCALE_TO] = [0.0003, 20];
const SCALE_TICKS = [0.001, 0.01, 0.1, 1, 10];

export class Bill {
  /** @param {import("./load.js").Small} small */
  constructor(small) {
    this.small = small;
    /** @type {import("./cost.js").Told[]} */
    this.stories = [];
    this.source = heldOut(small);
    /** @type {Map<string, import("./cost.js").Paid>} what is paid so far, by what is off */
    this.paid = new Map();
    this.stop = () => {};
    this.bar = make("progress", { max: BILL_STORIES, value: 0, "aria-label": "Stories read" });
    this.rows = make("tbody", {});
    this.caption = make("caption", {});
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
        this.caption,
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
   * Let the model of now read the stories, then the whole one, unless they have.
   * @param {string} key what is off, as a text: "none" for the whole model
   * @param {string} name the same in words
   * @param {import("./model.js").Switches} switches
   * @param {(paid: import("./cost.js").Paid) => void} done what the model of now has paid
   */
  show(key, name, switches, done) {
    this.stop();
    this.write(key, name);
    this.stop = inSlices(this.reading(key, name, switches, done));
  }

  /**
   * @param {string} key
   * @param {string} name
   * @param {import("./model.js").Switches} switches
   * @param {(paid: import("./cost.js").Paid) => void} done
   */
  *reading(key, name, switches, done) {
    for (const one of new Set([key, "none"])) {
      if (!this.whole(one)) {
        const taken = one === key ? switches : {};
        yield* pay(this.small, taken, this.told(), (paid) => {
          this.paid.set(one, paid);
          this.write(key, name);
        });
      }
      const paid = this.paid.get(one);
      if (one === key && paid) done(paid);
    }
  }

  /** @param {string} key */
  whole(key) {
    return this.paid.get(key)?.stories === BILL_STORIES;
  }

  /** @param {string} key @param {string} name */
  write(key, name) {
    const [now, whole] = [this.paid.get(key), this.paid.get("none")];
    const author = whole && this.whole("none") ? whole : now;
    const rows = [billRow("the author: the floor", "truth", author && authorEach(author), null)];
    if (key !== "none" && whole) rows.push(billRow("the whole model", "whole", ...paidEach(whole)));
    rows.push(billRow(name, "model", ...paidEach(now)));
    this.rows.replaceChildren(...rows);
    const read = (this.whole(key) ? whole : now)?.stories ?? 0;
    this.bar.value = read;
    this.bar.classList.toggle("whole", read === BILL_STORIES);
    this.caption.textContent =
      read === BILL_STORIES
        ? `The loss on ${BILL_STORIES} stories that it never read`
        : `The loss on stories that it never read: ${read} of ${BILL_STORIES} so far`;
  }
}

/** @param {import("./cost.js").Paid} paid */
function authorEach(paid) {
  return paid.author / paid.tokens;
}

/**
 * @param {import("./cost.js").Paid | undefined} paid
 * @returns {[number | undefined, number | null]}
 */
function paidEach(paid) {
  return paid ? [paid.model / paid.tokens, aboveAuthor(paid)] : [undefined, null];
}

/** @param {import("./cost.js").Paid} paid */
export function aboveAuthor(paid) {
  return (paid.model - paid.author) / paid.tokens;
}

/**
 * @param {string} name
 * @param {string} kind
 * @param {number | undefined} nats
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
    make("td", { class: "number" }, nats === undefined ? "…" : nats.toFixed(4)),
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
