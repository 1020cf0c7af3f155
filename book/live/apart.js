/**
 * The model taken apart: a switch for each of its parts, a text with both rows of stripes as the
 * model reads it now, its bets before and after, and what that costs on held-out stories.
 */

import { Bill, aboveAuthor, signedNats } from "./bill.js";
import { board, offIn, offText, saidOf, switchesOf } from "./board.js";
import { columns } from "./columns.js";
import { make, quoted, share, visible } from "./dom.js";
import { likeliest, probabilities } from "./sample.js";
import { inSlices, slowly } from "./slices.js";
import { OwnLine } from "./own.js";
import { recall, remember } from "./state.js";
import { Story } from "./story.js";
import { striped } from "./striped.js";
import { TextBox } from "./text.js";

/** The story of the course, up to where the hero's name comes again. */
const APART_STORY =
  "Once a little fox named Ada lived by the river. One day Ada worked with a machine learning model. When the moon came up, the model guessed the next word, and she began to jump for joy. At last";
const FIRST_OFF = ["1.1"];

/** @type {import("./columns.js").Column[]} */
const APART_COLUMNS = [
  { text: "whole model", kind: "whole" },
  { text: "as it is now", kind: "model" },
  { text: "the truth", kind: "truth" },
];

/**
 * @typedef {{word: string, whole: number, now: number, truth: number | null}} ApartRow
 */

/**
 * @param {HTMLElement} root
 * @param {import("./load.js").Small} small
 */
export function part(root, small) {
  const asked = recall();
  let text = (asked.prompt ?? APART_STORY).slice(0, 1000);
  const off = offIn(asked.off, FIRST_OFF);
  const whole = new Story(small);
  const now = new Story(small, switchesOf(off));
  /** @type {number | null} the word that the table is about, or null for the next one */
  let looked = null;
  /** @type {import("./text.js").Mark[]} */
  let marks = [];
  /** @type {ApartRow[]} */
  let shown = [];
  let stop = () => {};
  let seen = false;
  let settled = false;

  const box = new TextBox("The text that the model reads", written, (at) => {
    if (!settled) return;
    const i = now.words.findIndex((word) => at <= word.to);
    const next = i < 0 || at >= text.length ? null : i;
    if (next === looked) return;
    looked = next;
    table();
  });
  const whose = new OwnLine([APART_STORY], (taken) => {
    box.set(taken);
    typed(taken);
  });
  const parts = board(off, () => {
    remember({ off: offText(off) === FIRST_OFF.join() ? null : offText(off) });
    parts.show();
    now.reader.change(switchesOf(off));
    read();
  });
  const bill = new Bill(small);
  const bets = make("div", { class: "apart-bets" });
  const said = make("p", { class: "live-said", role: "status" });
  root.append(
    parts.presets,
    box.element,
    whose.element,
    make(
      "p",
      { class: "live-key" },
      make("span", { class: "key model" }, "the model’s bets, as it is now"),
      make("span", { class: "key truth" }, "the truth: the author’s odds"),
      make("span", { class: "key came" }, "full colour: what came")
    ),
    make("div", { class: "apart-two" }, parts.element, bets),
    bill.element,
    said
  );

  function written(/** @type {string} */ changed) {
    whose.set(changed);
    typed(changed);
  }

  function typed(/** @type {string} */ changed) {
    let same = 0;
    while (same < changed.length && changed[same] === text[same]) same++;
    text = changed;
    looked = null;
    marks = marks.filter((mark) => mark.to < same);
    box.mark(marks);
    remember({ prompt: text === APART_STORY ? null : text });
    read();
  }

  /** Let both models read the text, then the one of now the held-out stories. */
  function read() {
    stop();
    bill.stop();
    settled = false;
    root.setAttribute("aria-busy", "true");
    stop = inSlices(reading());
  }

  function* reading() {
    const { tokenizer, world } = small;
    const ids = [tokenizer.specialTokens[world.end], ...tokenizer.encode(text)];
    for (const story of [whole, now]) {
      yield* slowly(story.reader, ids);
      story.set(text);
      yield;
    }
    yield* striped(now, text.length, (found) => {
      marks = found.text;
      box.mark(marks);
    });
    table();
    settled = true;
    root.removeAttribute("aria-busy");
    pay();
  }

  function pay() {
    if (!seen || !settled) return;
    const name = saidOf(off);
    bill.show(offText(off), name, switchesOf(off), (paid) => {
      const most = [...shown].sort((a, b) => b.whole - a.whole)[0];
      const each = (paid.model / paid.tokens).toFixed(4);
      said.textContent =
        `${name}: ${each} nats per token, ${signedNats(aboveAuthor(paid))} against the author. ` +
        (most ? `${caption()} ${most.word} ${share(most.now)}, before ${share(most.whole)}.` : "");
    });
  }

  function caption() {
    if (looked !== null) return `What could stand where ${quoted(now.words[looked].word)} stands?`;
    const last = now.words[now.words.length - 1];
    return last ? `What comes after ${quoted(last.word)}?` : "What comes first?";
  }

  function table() {
    shown = apartRows(whole, now, looked ?? now.words.length);
    const came = looked === null ? null : now.words[looked].word;
    bets.replaceChildren(
      shown.length
        ? columns(
            caption(),
            APART_COLUMNS,
            shown.map((row) => apartLine(row, came))
          )
        : make("p", { class: "live-none" }, "The model does not see so far back.")
    );
  }

  box.set(text);
  whose.begin(text);
  box.mark([]);
  parts.show();
  bill.write(offText(off), saidOf(off));
  read();
  new IntersectionObserver(([entry]) => {
    seen = entry.isIntersecting;
    if (seen) pay();
    else bill.stop();
  }).observe(root);
}

/**
 * The author's words and what else the model of now bets on, with the bets of both models.
 * @param {Story} whole
 * @param {Story} now
 * @param {number} i
 * @returns {ApartRow[]}
 */
function apartRows(whole, now, i) {
  const [before, after] = [whole.bets(i, 5), now.bets(i, 5)];
  if (!before || !after) return [];
  /** @type {ApartRow[]} */
  const found = after[0].truth === null ? [] : pairedBets(before, after);
  const shown = found.sort(byWeight).slice(0, 5);
  const { tokenizer } = now.small;
  const at = i < now.words.length ? now.words[i].before : now.ids.length;
  const [p, q] = [whole, now].map((story) => {
    return probabilities(/** @type {import("./model.js").Trace} */ (story.trace(at - 1)).logits);
  });
  const begun = new Set(
    after.map((bet) => (bet.truth === null ? -1 : tokenizer.encode(bet.text)[0]))
  );
  const others = likeliest(q).filter((id) => !begun.has(id));
  for (const id of others.slice(0, found.length ? 5 : 6)) {
    if (found.length && q[id] < 0.02) break;
    const word = tokenizer.decode([id]);
    shown.push({
      word: word.trim() || visible(word),
      whole: p[id],
      now: q[id],
      truth: found.length ? 0 : null,
    });
  }
  return shown;
}

/** @param {ApartRow} a @param {ApartRow} b */
function byWeight(a, b) {
  return b.now + b.whole + (b.truth ?? 0) - (a.now + a.whole + (a.truth ?? 0));
}

/**
 * @param {import("./story.js").Bet[]} before
 * @param {import("./story.js").Bet[]} after
 * @returns {ApartRow[]}
 */
function pairedBets(before, after) {
  return after.map(({ word, model, truth }, n) => ({
    word,
    whole: before[n].model,
    now: model,
    truth,
  }));
}

/**
 * @param {ApartRow} row
 * @param {string | null} came the word that stands there, if one does
 * @returns {import("./columns.js").Line}
 */
function apartLine({ word, whole, now, truth }, came) {
  return { word, came: came === null || word === came, bets: [whole, now, truth] };
}
