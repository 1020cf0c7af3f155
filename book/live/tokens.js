/**
 * The reader's own text as chunks and tokens, and one chunk opened merge by merge.
 */

import { pythonBlock, pythonString } from "./copy.js";
import { ChunkList } from "./chips.js";
import { button, make } from "./dom.js";
import { Ladder } from "./ladder.js";
import { OwnLine } from "./own.js";
import { chunksOf, legible, mergeTurns } from "./replay.js";
import { recall, remember, whole } from "./state.js";
import { pieces } from "./story.js";
import { TextBox } from "./text.js";
import { split } from "./tokenize.js";

const OWN_TEXT = "Once a little fox, 狐狸 🦊, leaped over mushrooms.<|endoftext|>";
const LONGEST_TEXT = 600;
const LONGEST_NAME = 60;
const MERGE_PACE = 1300; // milliseconds a merge

/**
 * @param {HTMLElement} root
 * @param {import("./load.js").Small} small
 */
export function part(root, small) {
  const { tokenizer } = small;
  const asked = recall();
  let text = (asked.prompt ?? OWN_TEXT).slice(0, LONGEST_TEXT);
  /** @type {import("./replay.js").Chunk[]} */
  let chunks = [];
  let chosen = 0;
  /** @type {import("./replay.js").Turn[]} */
  let turns = [];
  let step = 0;
  let timer = 0;

  const box = new TextBox("A text of your own", (typed) => {
    whose.set(typed);
    read(typed);
    choose(chunkAt(box.field.selectionStart));
    note();
  });
  const whose = new OwnLine([OWN_TEXT], (taken) => {
    read(taken.slice(0, LONGEST_TEXT));
    choose(mostMerged());
    note();
  });
  box.field.maxLength = LONGEST_TEXT;
  const fromCaret = () => {
    const i = chunkAt(box.field.selectionStart);
    if (i !== chosen) choose(i, true);
  };
  box.field.addEventListener("click", fromCaret);
  box.field.addEventListener("keyup", (/** @type {KeyboardEvent} */ event) => {
    if (/^(Arrow|Home|End|Page)/.test(event.key)) fromCaret();
  });
  const counts = make("p", { class: "tokens-counts" });
  const list = new ChunkList(tokenizer, (i) => choose(i, true));
  const hex = button("Bytes", () => {
    const on = !list.hex;
    list.show(on);
    hex.setAttribute("aria-pressed", String(on));
    ladder.hex = on;
    open();
  });
  hex.setAttribute("aria-pressed", "false");
  hex.title = "Show the bytes of every token, in hexadecimal";

  const title = make("p", { class: "tokens-title" });
  const ladder = new Ladder(tokenizer, walk);
  const key = make(
    "p",
    { class: "tokens-key" },
    "Below two neighbours: the id of what they are together, if that is a token. Circled: the lowest, ",
    "so this pair is merged next."
  );
  const said = make("p", { class: "tokens-said", role: "status" });
  const play = button("Play", () => (timer ? pause() : start()), { class: "live-button main" });
  const back = button("Back", () => walk(-1));
  const next = button("Step", () => walk(1));
  const controls = make("div", { class: "live-controls" }, play, back, next);
  const code = pythonBlock();
  root.append(
    box.element,
    whose.element,
    make("div", { class: "tokens-bar" }, counts, hex),
    list.element,
    make("div", { class: "tokens-panel" }, title, key, ladder.element, said, controls),
    code.element
  );

  /** Cut another text. */
  function read(/** @type {string} */ now) {
    text = now;
    chunks = chunksOf(tokenizer, split, text);
    list.set(chunks);
    box.set(text);
    const n = Array.from(text).length;
    const many = chunks.reduce((sum, one) => sum + one.ids.length, 0);
    const size = new TextEncoder().encode(text).length;
    counts.replaceChildren(
      make("span", {}, counted(n, "character")),
      make("span", {}, counted(size, "byte")),
      make("span", {}, counted(chunks.length, "chunk")),
      make("strong", {}, counted(many, "token"))
    );
    const special = chunks.some((one) => one.special) ? ', allowed_special="all"' : "";
    code.set(
      "from gpt.model import small\n\nmodel, tokenizer = small()\n" +
        `tokenizer.encode(${pythonString(text)}${special})`,
      `[${chunks.flatMap((one) => one.ids).join(", ")}]`
    );
  }

  function mark() {
    const ids = chunks.flatMap((one) => one.ids);
    const { from = 0, to = 0 } = chunks[chosen] ?? {};
    box.mark(
      pieces(tokenizer, text, ids).map((piece) => {
        const inside = piece.from >= from && piece.to <= to;
        const kind = [
          `tokens-mark tone${(piece.place - 1) % 5}`,
          inside && "chosen",
          piece.ids.length > 1 && "split",
        ];
        return { from: piece.from, to: piece.to, class: kind.filter(Boolean).join(" ") };
      })
    );
  }

  /** The chunk that the caret stands in, or after. */
  function chunkAt(/** @type {number} */ at) {
    const i = chunks.findIndex((one) => at <= one.to);
    return i < 0 ? Math.max(0, chunks.length - 1) : i;
  }

  /**
   * Open a chunk, as it is when all merges are done.
   * @param {number} i
   * @param {boolean} noted whether the reader has asked for it
   */
  function choose(i, noted = false) {
    pause();
    chosen = i;
    list.choose(i);
    mark();
    const chunk = chunks[i];
    turns = chunk && !chunk.special ? mergeTurns(tokenizer, chunk.text) : [];
    step = Math.max(0, turns.length - 1);
    open();
    if (noted) note();
  }

  function open() {
    const chunk = chunks[chosen];
    ladder.set(turns);
    controls.hidden = key.hidden = turns.length < 2 || !ladder.drawn;
    if (!chunk) title.textContent = "There is no text, and so there are no tokens.";
    else if (chunk.special) {
      title.replaceChildren(make("code", {}, chunk.text), ": a special token");
    } else {
      const all = legible(bytesOf(chunk.text));
      const name = all.length > LONGEST_NAME ? `${all.slice(0, LONGEST_NAME)}…` : all;
      const sizes = `${counted(turns[0].pieces.length, "byte")}, ${counted(chunk.ids.length, "token")}`;
      title.replaceChildren("The chunk ", make("code", {}, name), `: ${sizes}`);
    }
    go(step);
  }

  function go(/** @type {number} */ to) {
    step = Math.max(0, Math.min(turns.length - 1, to));
    ladder.show(step);
    back.disabled = step <= 0;
    next.disabled = step >= turns.length - 1;
    const chunk = chunks[chosen];
    if (chunk?.special) {
      said.textContent =
        `The encoder cuts it out before anything is merged, and gives it the id ${chunk.ids[0]}. ` +
        "In a text from outside, Python refuses it unless it is allowed.";
    } else said.textContent = chunk ? ladder.says() : "";
  }

  function walk(/** @type {number} */ by) {
    pause();
    go(step + by);
  }

  function start() {
    if (step >= turns.length - 1) go(0);
    play.textContent = "Pause";
    const on = () => {
      go(step + 1);
      if (step < turns.length - 1) timer = window.setTimeout(on, MERGE_PACE);
      else pause();
    };
    timer = window.setTimeout(on, MERGE_PACE);
  }

  function pause() {
    clearTimeout(timer);
    timer = 0;
    play.textContent = "Play";
  }

  function note() {
    remember({ prompt: text === OWN_TEXT ? null : text, chunk: chosen });
  }

  read(text);
  whose.begin(text);
  choose(whole(asked.chunk, mostMerged(), chunks.length - 1));
  new IntersectionObserver(([seen]) => {
    if (!seen.isIntersecting && timer) pause();
  }).observe(root);

  /** The chunk with most merges, of those that end as several tokens: it shows most. */
  function mostMerged() {
    const merges = chunks.map((one) => (one.ids.length > 1 ? mergeCount(one) : 0));
    return Math.max(0, merges.indexOf(Math.max(...merges)));
  }

  /** @param {import("./replay.js").Chunk} chunk */
  function mergeCount(chunk) {
    return chunk.special ? 0 : bytesOf(chunk.text).length - chunk.ids.length;
  }
}

/** @param {number} n @param {string} what */
function counted(n, what) {
  return `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
}

/** @param {string} text @returns {string} a character a byte */
function bytesOf(text) {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
