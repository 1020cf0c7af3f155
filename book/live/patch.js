/**
 * Activation patching: the vector of one word of one story, after one layer, is put in place of a
 * word of another. A square for each word and layer says what becomes of the bet.
 */

import { carry, pairs, streamAfter } from "./carry.js";
import { columns } from "./columns.js";
import { make, share } from "./dom.js";
import {
  PATCH_ACTS,
  kindChoice,
  knownKind,
  lastPlace,
  namesKind,
  otherKind,
  storyLine,
  storyOf,
  wordsOf,
} from "./kinds.js";
import { probabilities } from "./sample.js";
import { inSlices, slowly } from "./slices.js";
import { recall, remember } from "./state.js";
import { Story } from "./story.js";

/** @typedef {import("./kinds.js").Kind} Kind */

/** @type {import("./columns.js").Column[]} */
const PATCH_COLUMNS = [
  { text: "before", kind: "whole" },
  { text: "with the vector", kind: "model" },
];
const PATCH_LAYERS = [-1, 0, 1, 2];

/** @param {number} layer */
const layerName = (layer) => (layer < 0 ? "embed" : `layer ${layer}`);

/**
 * @param {HTMLElement} root
 * @param {import("./load.js").Small} small
 */
export function part(root, small) {
  const asked = recall();
  let from = knownKind(asked.from, "fashion");
  let into = knownKind(asked.into, from === "machine learning" ? "fashion" : "machine learning");
  if (from === into) into = otherKind(from);
  /** How many words before the end the word stands, and after which layer it is taken. */
  let [back, layer] = askedVector(asked.vector);
  /** @type {Map<Kind, Story>} */
  const read = new Map();
  /** @type {Map<string, Float64Array>} the bets by pair and square */
  const found = new Map();
  let stop = () => {};
  /** @type {[number, number][]} */
  let rows = [];

  const told = make("div", { class: "patch-told" });
  const squares = make("div", { class: "patch-squares" });
  const bets = make("div", { class: "patch-bets" });
  const said = make("p", { class: "live-said", role: "status" });
  const fromChoice = kindChoice("Carry a vector from the story of a", () => {
    from = /** @type {Kind} */ (fromChoice.value);
    if (into === from) into = otherKind(from);
    changed();
  });
  const intoChoice = kindChoice("into the story of a", () => {
    into = /** @type {Kind} */ (intoChoice.value);
    if (into === from) from = otherKind(into);
    changed();
  });
  root.append(
    make(
      "div",
      { class: "live-controls patch-choice" },
      make("label", {}, "Carry a vector from the story of a ", fromChoice),
      make("label", {}, " into the story of a ", intoChoice)
    ),
    told,
    make("div", { class: "patch-two" }, squares, bets),
    said
  );

  function changed() {
    note();
    begin();
  }

  function note() {
    const own = from === "fashion" && into === "machine learning";
    remember({
      from: own ? null : from,
      into: own ? null : into,
      vector:
        back === 0 && layer === 0 ? null : `${back}.${layerName(layer).replace("layer ", "")}`,
    });
  }

  function begin() {
    stop();
    fromChoice.value = from;
    intoChoice.value = into;
    root.setAttribute("aria-busy", "true");
    stop = inSlices(working());
  }

  /** Read both stories, then carry over every vector, the chosen one first. */
  function* working() {
    for (const kind of [from, into]) {
      const story = read.get(kind) ?? new Story(small);
      const text = storyOf(kind);
      const ids = [small.tokenizer.specialTokens[small.world.end], ...small.tokenizer.encode(text)];
      yield* slowly(story.reader, ids);
      story.set(text);
      read.set(kind, story);
    }
    const [a, b] = [story(from), story(into)];
    rows = pairs(wordsOf(a), wordsOf(b), namesKind);
    back = Math.min(back, rows.length - 1);
    draw();
    yield* one(rows.length - 1 - back, layer);
    tell();
    for (let row = rows.length - 1; row >= 0; row--) {
      for (const after of PATCH_LAYERS) yield* one(row, after);
    }
    root.removeAttribute("aria-busy");
  }

  /** @param {number} row @param {number} after */
  function* one(row, after) {
    const key = keyOf(row, after);
    if (!found.has(key)) {
      const [i, j] = rows[row];
      const [a, b] = [story(from), story(into)];
      const vector = streamAfter(a.traces[lastPlace(a, i)], after);
      yield* carry(small.model, b.traces, lastPlace(b, j), after, vector, (p) => found.set(key, p));
    }
    fill(row, after);
  }

  /** @param {number} row @param {number} after */
  const keyOf = (row, after) => `${from}>${into} ${row} ${after}`;
  /** @param {Kind} kind */
  const story = (kind) => /** @type {Story} */ (read.get(kind));
  /** @param {string} word @param {Float64Array | undefined} p */
  const bet = (word, p) => p?.[small.tokenizer.encode(` ${word}`)[0]];
  /** @param {Story} one */
  const after = (one) => probabilities(one.traces[one.traces.length - 1].logits);

  /** @param {number} row @param {number} taken */
  function fill(row, taken) {
    const square = squares.querySelector(`[data-at="${row}.${taken}"]`);
    const p = bet(PATCH_ACTS[from], found.get(keyOf(row, taken)));
    if (!square || p === undefined) return;
    const [i] = rows[row];
    const { word } = story(from).words[i];
    square.style.setProperty("--p", p.toFixed(3));
    square.textContent = p < 0.005 || p >= 0.995 ? p.toFixed(0) : p.toFixed(2).slice(1);
    square.setAttribute(
      "aria-label",
      `${word} after ${layerName(taken)}: ${PATCH_ACTS[from]} ${square.textContent}`
    );
    if (rows.length - 1 - row === back && taken === layer) draw(false);
  }

  /** Draw all, or all but the squares. */
  function draw(whole = true) {
    const chosen = rows[rows.length - 1 - back];
    const [i, j] = chosen;
    const [a, b] = [story(from), story(into)];
    told.replaceChildren(
      storyLine(a, i, "from"),
      make(
        "p",
        { class: "patch-arrow" },
        make("span", { "aria-hidden": "true" }, "↓ "),
        "the vector of ",
        make("strong", {}, a.words[i].word),
        layer < 0
          ? ", as embedded, in place of that of "
          : ` after layer ${layer}, in place of that of `,
        make("strong", {}, b.words[j].word)
      ),
      storyLine(b, j, "into")
    );
    if (whole) squares.replaceChildren(grid(a, b));
    for (const square of squares.querySelectorAll("button")) {
      const own = square.dataset.at === `${rows.length - 1 - back}.${layer}`;
      square.setAttribute("aria-pressed", String(own));
      square.setAttribute("tabindex", own ? "0" : "-1");
    }
    const p = found.get(keyOf(rows.length - 1 - back, layer));
    bets.replaceChildren(table(after(b), p));
  }

  /** @param {Story} a @param {Story} b */
  function grid(a, b) {
    const head = [`${from} story`, ...PATCH_LAYERS.map(layerName), `${into} story`];
    const body = rows.map(([i, j], row) => {
      const cells = PATCH_LAYERS.map((taken) => {
        const label = `${a.words[i].word} after ${layerName(taken)}`;
        const square = { type: "button", "data-at": `${row}.${taken}`, "aria-label": label };
        const onclick = () => pick(row, taken);
        return make("td", {}, make("button", { ...square, class: "patch-square", onclick }));
      });
      return make(
        "tr",
        {},
        make("th", { scope: "row" }, a.words[i].word),
        ...cells,
        make("td", { class: "word" }, b.words[j].word)
      );
    });
    return make(
      "table",
      { class: "patch-grid", onkeydown: (/** @type {KeyboardEvent} */ event) => move(event) },
      make(
        "caption",
        {},
        "The bet on ",
        make("em", {}, PATCH_ACTS[from]),
        " when one vector is carried over"
      ),
      make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", {}, ...body)
    );
  }

  /** @param {number} row @param {number} taken */
  function pick(row, taken) {
    [back, layer] = [rows.length - 1 - row, taken];
    note();
    draw(false);
    squares.querySelector(`[data-at="${row}.${taken}"]`)?.focus();
    tell();
  }

  function move(/** @type {KeyboardEvent} */ event) {
    /** @type {Record<string, [number, number]>} */
    const ways = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const way = ways[event.key];
    if (!way) return;
    event.preventDefault();
    const row = rows.length - 1 - back + way[0];
    const taken = layer + way[1];
    if (rows[row] && PATCH_LAYERS.includes(taken)) pick(row, taken);
  }

  /**
   * The bets on the three acts, before and after.
   * @param {Float64Array} before
   * @param {Float64Array | undefined} carried
   */
  function table(before, carried) {
    const lines = Object.values(PATCH_ACTS).map((act) => {
      return { word: act, came: true, bets: [before, carried].map((p) => bet(act, p)) };
    });
    return columns("What does the model do?", PATCH_COLUMNS, lines);
  }

  function tell() {
    const p = found.get(keyOf(rows.length - 1 - back, layer));
    const [i] = rows[rows.length - 1 - back];
    const bets = Object.values(PATCH_ACTS).map((act) => `${act} ${share(bet(act, p) ?? 0)}`);
    if (!p) return;
    said.textContent = `${story(from).words[i].word} after ${layerName(layer)}: ${bets.join(", ")}.`;
  }

  begin();
}

/** @param {string | undefined} text @returns {[number, number]} */
function askedVector(text) {
  const [, back, layer] = /^(\d{1,2})\.(embed|[012])$/.exec(text ?? "") ?? [];
  if (back === undefined) return [0, 0];
  return [Number(back), layer === "embed" ? -1 : Number(layer)];
}
