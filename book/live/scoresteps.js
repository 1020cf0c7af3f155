/**
 * How one share comes about, step by step: query and key, their products, the score, the
 * softmax, and what the head returns. Each step stands beside the line of gpt/attend.py that
 * takes it.
 */

import { button, make, share, still } from "./dom.js";
import { ScoreTable, powerOf } from "./scoretable.js";
import { mostOf } from "./scoring.js";
import { Strip, columnSlider, largestOf, pointing, withSign } from "./strips.js";
import { spokenName } from "./tokenrow.js";

/** The lines of gpt/attend.py that the steps show; a test looks for them there. */
export const ATTEND_LINES = {
  made: "q, k, v = linear(x, weight.T, bias).split(C, -1)",
  scores: "scores = q @ k.transpose(-2, -1) / sqrt(d_head)",
  shares: "return scores.softmax(-1)",
  found: "return attention_weights(q, k) @ v",
};

const NEXT_STEP = ["multiply", "one score", "from scores to shares", "what the head returns"];

/** @typedef {import("./scoretable.js").Pair} Pair */

export class ScoreSteps {
  /**
   * @param {number} d_head
   * @param {object} options
   * @param {number} options.step how many steps are open, from 1 on
   * @param {(s: number) => void} options.ask for the share that goes to another token
   * @param {(step: number) => void} options.stepped
   * @param {(what: string) => void} options.say
   */
  constructor(d_head, { step, ask, stepped, say }) {
    this.d_head = d_head;
    this.step = Math.min(Math.max(step, 1), NEXT_STEP.length + 1);
    this.stepped = stepped;
    this.say = say;
    this.column = 0;
    this.strips = {
      q: new Strip(d_head),
      k: new Strip(d_head),
      products: new Strip(d_head, "bars"),
      v: new Strip(d_head),
      given: new Strip(d_head),
      found: new Strip(d_head),
    };
    for (const strip of Object.values(this.strips)) {
      pointing(strip, (column) => column !== this.column && this.point(column));
    }
    this.title = make("h3", { class: "score-steps-title" });
    this.said = Array.from({ length: 5 }, () => make("p", {}));
    this.labels = Object.fromEntries(
      Object.keys(this.strips).map((name) => [name, make("span", { class: "strip-label" })])
    );
    this.here = make("p", { class: "score-steps-here" });
    this.product = make("p", { class: "score-steps-here" });
    this.table = new ScoreTable(ask);
    this.next = button("", () => this.open(this.step + 1), { class: "live-button main" });
    this.every = button("", () =>
      this.open(this.step > NEXT_STEP.length ? 1 : NEXT_STEP.length + 1)
    );
    this.items = this.build();
    this.list = make("ol", { class: "score-steps" }, ...this.items);
    this.element = make(
      "div",
      {},
      this.title,
      this.list,
      make("div", { class: "live-controls" }, this.next, this.every)
    );
    this.fold();
  }

  /** @returns {HTMLElement[]} an item a step */
  build() {
    const pair = make("div", { class: "strips" }, ...this.row("q"), ...this.row("k"));
    this.slider = pair;
    columnSlider(pair, "A number of query and key", this.d_head, (column) => this.point(column));
    const parts = [
      [pair, this.here, codeLine(ATTEND_LINES.made)],
      [make("div", { class: "strips" }, ...this.row("products")), this.product],
      [codeLine(ATTEND_LINES.scores)],
      [this.table.element, codeLine(ATTEND_LINES.shares)],
      [
        make(
          "div",
          { class: "strips" },
          ...this.row("v"),
          ...this.row("given"),
          ...this.row("found")
        ),
        codeLine(ATTEND_LINES.found),
      ],
    ];
    return parts.map((part, i) => make("li", { tabindex: "-1" }, this.said[i], ...part));
  }

  /** @param {keyof ScoreSteps["strips"]} name */
  row(name) {
    return [this.labels[name], this.strips[name].element];
  }

  /** @param {number} step */
  open(step) {
    this.step = step;
    this.fold();
    this.stepped(step);
    const item = this.items[step - 1];
    this.say(this.said[step - 1].textContent ?? "");
    if (step > 1 && !still()) {
      item.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 350 });
    }
  }

  fold() {
    this.items.forEach((item, i) => {
      item.hidden = i >= this.step;
    });
    const done = this.step > NEXT_STEP.length;
    if (done && document.activeElement === this.next) this.every.focus();
    this.next.hidden = done;
    this.next.textContent = `Next: ${NEXT_STEP[this.step - 1]}`;
    this.every.textContent = done ? "Only the first step" : "All five steps";
  }

  /**
   * Open the share that one token gives another.
   * @param {Pair} pair
   */
  show(pair) {
    const before = this.pair;
    this.pair = pair;
    const { opened, names, t, s, which } = pair;
    const { q, k, products, sum, root, scores, shares, v, given, found } = opened;
    const asks = () => emphasised(names[t]);
    const offers = () => emphasised(names[s]);
    const own = t === s;
    const amount = share(shares[s]);
    this.title.replaceChildren(
      "How does ",
      asks(),
      ` come to take ${amount} from `,
      own ? "itself" : offers(),
      "?"
    );
    this.strips.q.show(q, largestOf(q, k));
    this.strips.k.show(k, largestOf(q, k));
    this.strips.products.show(products, largestOf(products));
    for (const [strip, numbers] of /** @type {const} */ ([
      ["v", v],
      ["given", given],
      ["found", found],
    ])) {
      this.strips[strip].show(numbers, largestOf(v, found));
    }
    const labels = {
      q: ["query of ", asks()],
      k: ["key of ", offers()],
      products: ["query × key"],
      v: ["value of ", offers()],
      given: [`value × ${amount}`],
      found: ["sum over all words"],
    };
    for (const [one, text] of Object.entries(labels)) this.labels[one].replaceChildren(...text);
    const said = [
      [
        ...[emphasised(names[t], true), " asks and "],
        ...(own ? ["also offers."] : [offers(), " offers."]),
        ` Head ${which.layer}.${which.head} makes ${q.length} numbers from the vector of each: times `,
        matrix("Q"),
        " it is a query, times ",
        matrix("K"),
        " a key (and a bias is added). Green is above zero, purple below.",
      ],
      [
        `Multiply them, number by number. Where both have the same colour, the product is above zero and makes the score larger.`,
      ],
      [
        `Add the ${q.length} products: ${withSign(sum)}. Divide by √${q.length} = ${root.toFixed(3)}. This is the score: `,
        make("strong", {}, `${withSign(sum)} / ${root.toFixed(3)} = ${withSign(scores[s], 3)}`),
        ".",
      ],
      [
        "So far every word has its score. Now the softmax, as with the pencil, only with ",
        make("em", {}, "e"),
        " in place of 2: ",
        make("em", {}, "e"),
        " to the score, divided by the sum of them all. For ",
        offers(),
        ": ",
        make(
          "strong",
          {},
          `${powerOf(opened.powers[s])} / ${powerOf(opened.total)} = ${share(shares[s])}`
        ),
        ".",
      ],
      [
        "Last, the share is used. Every word gives its value, times its share, and the sum is what the head returns.",
      ],
    ];
    said.forEach((text, i) => {
      this.said[i].replaceChildren(...text);
    });
    if (!before || before.opened.scores !== scores || before.names !== names) {
      const [most] = mostOf(products.map(Math.abs), 1);
      this.column = most;
    }
    this.table.show(pair);
    this.point(this.column);
  }

  /** @param {number} column */
  point(column) {
    if (!this.pair || !this.slider) return;
    this.column = column;
    const { q, k, products } = this.pair.opened;
    for (const strip of Object.values(this.strips)) strip.point(column);
    const [qi, ki] = [withSign(q[column]), withSign(k[column])];
    const which = `Number ${column + 1} of ${q.length}: `;
    this.here.replaceChildren(
      which,
      make("strong", {}, qi),
      " in the query, ",
      make("strong", {}, ki),
      " in the key."
    );
    const sum = `${qi} × ${ki} = ${withSign(products[column])}`;
    this.product.replaceChildren(which, make("strong", {}, sum));
    this.slider.setAttribute("aria-valuenow", String(column + 1));
    this.slider.setAttribute("aria-valuetext", `number ${column + 1}: ${sum}`);
  }
}

/** @param {string} text @param {boolean} first of a sentence */
function emphasised(text, first = false) {
  const spoken = spokenName(text);
  return make("em", {}, first ? spoken.replace(/^./u, (c) => c.toUpperCase()) : spoken);
}

/** @param {string} letter */
function matrix(letter) {
  return make("span", {}, make("em", {}, "W"), make("sub", {}, letter));
}

/** @param {string} line */
function codeLine(line) {
  return make(
    "p",
    { class: "score-steps-code" },
    make("span", {}, "gpt/attend.py"),
    make("code", {}, line)
  );
}
