/**
 * The handles of stage 4: what temperature, top-k and top-p do to the bets, and how a point u
 * draws a token from what is left.
 */

import { Bars } from "./bars.js";
import { button, make, share, visible } from "./dom.js";
import { Line } from "./line.js";
import { Reader } from "./model.js";
import { OwnLine } from "./own.js";
import { asPython, sameHow } from "./python.js";
import { uniform } from "./random.js";
import { likeliest, probabilities } from "./sample.js";
import { FIRST_PROMPT, atFirst, keep, knobsOf } from "./settings.js";
import { arithmetic, authorsOdds, drawing } from "./steps.js";
import { sumsOf } from "./sums.js";
import { TextBox } from "./text.js";
import { words } from "./world.js";

/** How many tokens have a bar of their own: as many as the author has options, within these. */
const BARS = { fewest: 6, most: 12 };

/**
 * @param {HTMLElement} root
 * @param {import("./load.js").Small} small
 */
export function part(root, small) {
  const { tokenizer, world, model } = small;
  const { n_vocab } = model.config;
  const end = tokenizer.specialTokens[world.end];
  const reader = new Reader(model);
  const start = atFirst();
  let { prompt, seed, how } = start;
  /** @type {import("./python.js").Written[]} */
  let written = [];
  let points = pointsOf(seed);
  /** @type {number | null} a point that the reader has chosen */
  let own = null;
  /** @type {number | null} whose arithmetic is shown; null: that of the drawn token */
  let chosen = null;
  /** @type {Float32Array} */
  let logits = new Float32Array(n_vocab);
  /** @type {Map<number, number> | null} */
  let odds = null;
  let timer = 0;

  const name = (/** @type {number} */ id) =>
    id === end ? "END" : tokenName(tokenizer.decode([id]), box.text);
  const box = new TextBox("The text so far", (text) => {
    whose.set(text);
    prompt = text;
    restart();
    later();
  });
  const whose = new OwnLine([FIRST_PROMPT], (text) => {
    prompt = text;
    restart();
    later();
  });
  const bars = new Bars(name, (id) => {
    const drawn = drawing(logits, how, u()).id;
    chosen = id ?? (shownIds().includes(drawn) ? likeliest(logits)[shownIds().length] : drawn);
    show();
  });
  const line = new Line(name, (point) => change(() => (own = point)));
  const knobs = knobsOf(how, (moved) => change(() => (how = { ...how, ...moved })));
  const falls = make("p", { class: "line-falls" });
  const append = button("Append", () => change(write), { class: "live-button main" });
  const back = button("Back", () => {
    const last = written.pop();
    if (!last) return;
    own = last.own ? last.u : null;
    read();
    later();
  });
  const another = button("Another seed", () => {
    seed = (seed + 1) % 2 ** 32;
    points = pointsOf(seed);
    restart();
    later();
  });
  const sums = make("div", {});
  const code = make("code", {});
  const said = make("p", { class: "live-said", role: "status" });
  const bets = make(
    "div",
    {},
    make(
      "p",
      { class: "live-key" },
      make("span", { class: "key now" }, "the share now"),
      make("span", { class: "key before" }, "faint: as trained, at temperature 1"),
      make("span", { class: "key wrong" }, "never written here by the author"),
      make("span", { class: "key truth" }, "the author’s odds")
    ),
    bars.element,
    line.element,
    falls
  );
  root.append(
    box.element,
    whose.element,
    make("div", { class: "live-controls handles-knobs" }, ...knobs),
    bets,
    make("div", { class: "live-controls" }, append, back, another),
    sums,
    make(
      "details",
      { class: "handles-python" },
      make("summary", {}, "The same text in Python"),
      make("pre", {}, code)
    ),
    said
  );

  function u() {
    return own ?? points(written.length);
  }

  function shownIds() {
    return bars.shown.ids;
  }

  /** The prompt alone. */
  function restart() {
    written = [];
    own = null;
    read();
  }

  /** Read the text anew. */
  function read() {
    const ids = written.map(({ id }) => id);
    const text = prompt + tokenizer.decode(ids.filter((id) => id !== end));
    const before = tokenizer.encode(prompt);
    box.set(text);
    box.mark(marks(text), !ended());
    chosen = null;
    if (!ended()) {
      const traces = reader.read([end, ...before, ...ids]);
      logits = traces[traces.length - 1].logits;
      odds = authorsOdds(small, [...before, ...ids]);
      const many = Math.min(BARS.most, Math.max(BARS.fewest, odds?.size ?? 0));
      const shown = likeliest(logits).slice(0, many);
      bars.lay({ ids: shown, odds, before: probabilities(logits) });
      line.lay(shown, n_vocab, odds);
    }
    show();
  }

  function ended() {
    return written[written.length - 1]?.id === end;
  }

  /** What is written, and the first word that cannot stand there. */
  function marks(/** @type {string} */ text) {
    const found = words(text);
    const wrong = world.walk(found.map(({ word }) => word)).indexOf(null);
    return found
      .map(({ word, at }, i) => ({ from: at, to: at + word.length, wrong: i === wrong }))
      .filter(({ to, wrong }) => to > prompt.length || wrong)
      .map(({ from, to, wrong }) => ({
        from,
        to,
        class: `live-word ${to > prompt.length ? "handles-written" : ""} ${wrong ? "unsayable" : ""}`,
      }));
  }

  /** Set all to the handles. */
  function show() {
    back.disabled = !written.length;
    append.disabled = ended();
    append.classList.toggle("main", !ended());
    bets.hidden = ended();
    sums.hidden = ended();
    const drawn = drawing(logits, how, u());
    const pending = { id: drawn.id, u: u(), own: own !== null, how };
    code.textContent = asPython(prompt, seed, ended() ? written : [...written, pending], box.text);
    if (ended()) {
      append.textContent = "The story is over";
      return;
    }
    const p = drawn.p[2];
    const id = chosen ?? drawn.id;
    bars.set(p, drawn.id, id);
    line.set(p, u(), drawn.id, `${u().toFixed(3)}, on ${name(drawn.id)}`);
    const never = odds && !odds.has(drawn.id);
    falls.replaceChildren(
      `u = ${u().toFixed(4)} falls on `,
      make("strong", {}, name(drawn.id)),
      `, whose share is ${share(p[drawn.id])}.`,
      never ? " The author never writes it here." : ""
    );
    append.textContent = `Append “${name(drawn.id)}”`;
    const found = arithmetic(logits, how, drawn, id);
    sums.replaceChildren(
      make(
        "p",
        { class: "handles-head" },
        "The share of ",
        make("strong", {}, name(id)),
        id === drawn.id ? ", the drawn token. Choose another by its bar." : ""
      ),
      sumsOf(found, how, u(), name(found.first))
    );
  }

  /** A handle has moved. */
  function change(/** @type {() => void} */ act) {
    act();
    show();
    later();
  }

  /** Write the drawn token, and go on. */
  function write() {
    const { id } = drawing(logits, how, u());
    written.push({ id, u: u(), own: own !== null, how });
    own = null;
    read();
  }

  /** Once the handles rest: say what is to be seen, and put it into the address. */
  function later() {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      tell();
      note();
    }, 300);
  }

  function tell() {
    if (ended()) {
      said.textContent = `The story is over: ${box.text}`;
      return;
    }
    const { p, id } = drawing(logits, how, u());
    const first = shownIds().slice(0, 3);
    const list = first.map((one) => `${name(one)} ${share(p[2][one])}`).join(", ");
    const rest = share(Math.max(0, 1 - shownIds().reduce((sum, one) => sum + p[2][one], 0)));
    said.textContent = `Shares: ${list}; all without a bar together ${rest}. u falls on ${name(id)}.`;
  }

  function note() {
    const pure = written.every((one) => !one.own && sameHow(one.how, how));
    keep({
      prompt: pure ? prompt : box.text,
      seed,
      how,
      own: own ?? (pure || ended() ? null : u()),
      n: pure ? written.length : 0,
    });
  }

  whose.begin(prompt);
  read();
  for (let n = start.n; n > 0 && !ended(); n--) write();
  own = start.own;
  show();
}

/**
 * The points of a seed, by their number.
 * @param {number} seed
 * @returns {(n: number) => number}
 */
function pointsOf(seed) {
  const next = uniform(seed);
  /** @type {number[]} */
  const drawn = [];
  return (n) => {
    while (drawn.length <= n) drawn.push(next());
    return drawn[n];
  };
}

/**
 * A token as the chapter's pictures have it, without its space. A piece that would go on with
 * the text's last word shows that.
 * @param {string} token
 * @param {string} text
 */
function tokenName(token, text) {
  if (/^ \S/.test(token)) return token.slice(1);
  const letter = /[\p{L}\p{N}]/u;
  return letter.test(text.slice(-1)) && letter.test(token[0]) ? `…${token}` : visible(token);
}
