/** The logit lens: the best bet of every token, as embedded and after each layer. */

import { make, share } from "./dom.js";
import { askedPrompt, promptChoice } from "./prompts.js";
import { lensBets, streamsOf } from "./reading.js";
import { recall, remember } from "./state.js";
import { Story } from "./story.js";
import { arrowed, spokenName, nameOfToken } from "./tokenrow.js";

const PROMPT = "Once a little fox named Ada lived by the river. One day";
const KIND = "worked with a";
const LENS_STORIES = /** @type {[string, string][]} */ ([
  ["the prompt", PROMPT],
  [
    "the story, up to At last",
    `${PROMPT} Ada ${KIND} machine learning model. When the moon came up, the model guessed the next word, and she began to jump for joy. At last`,
  ],
  ["a fashion model", `${PROMPT} Ada ${KIND} fashion model. When the moon came up, the model`],
]);
const BEST = 5;

/**
 * @param {HTMLElement} root
 * @param {import("./load.js").Small} small
 */
export function part(root, small) {
  const { model } = small;
  const layers = model.config.n_layer + 1; // the embedding, too
  const story = new Story(small);
  const asked = recall();
  let text = LENS_STORIES[0][1];
  let t = 0;
  let column = 1;
  /** @type {HTMLElement[][]} */
  let cells = [];
  /** @type {WeakMap<import("./model.js").Trace, {id: number, p: number}[]>} */
  const read = new WeakMap();

  const said = make("p", { class: "live-said", role: "status" });
  const choice = promptChoice("Text", LENS_STORIES, (chosen) => {
    tell(chosen);
    point(story.traces.length - 1, column);
    reveal();
    note();
  });
  const names = ["embedding", ...model.layers.map((_, n) => `after layer ${n}`)];
  const body = make("tbody", { onkeydown: walk, onclick: at, onpointerover: over });
  const table = make(
    "table",
    { class: "lens-table", role: "grid", "aria-label": "The best bet at each word and layer" },
    make(
      "thead",
      {},
      make("tr", {}, ...["word", ...names].map((name) => make("th", { scope: "col" }, name)))
    ),
    body
  );
  const box = make("div", { class: "lens-box" }, table);
  const title = make("p", { class: "part-title" });
  const bets = make("ol", { class: "word-bars" });
  root.append(
    choice.element,
    box,
    make(
      "p",
      { class: "live-key" },
      make("span", { class: "lens-key" }, "the more colour, the more probable"),
      make("span", {}, make("strong", {}, "bold"), ": what does come next")
    ),
    make("div", { class: "lens-bets" }, title, bets),
    said
  );

  /** @param {string} chosen */
  function tell(chosen) {
    text = chosen;
    story.set(text);
    const { ids } = story.reader;
    cells = story.traces.map((trace, i) => {
      const best = read.get(trace) ?? streamsOf(trace).flatMap((x) => lensBets(model, x, 1));
      read.set(trace, best);
      return best.map(({ id, p }) =>
        make(
          "td",
          {
            role: "gridcell",
            tabindex: "-1",
            class: id === ids[i + 1] ? "came" : false,
            style: `--shade:${Math.round(50 * p)}%`,
          },
          nameOfToken(small, id)
        )
      );
    });
    body.replaceChildren(
      ...cells.map((row, i) =>
        make("tr", {}, make("th", { scope: "row" }, nameOfToken(small, ids[i])), ...row)
      )
    );
  }

  /** @param {number} row @param {number} layer */
  function point(row, layer) {
    const before = cells[t]?.[column];
    before?.setAttribute("tabindex", "-1");
    before?.setAttribute("aria-selected", "false");
    [t, column] = [Math.min(row, cells.length - 1), layer];
    const cell = cells[t][column];
    cell.tabIndex = 0;
    cell.setAttribute("aria-selected", "true");
    const word = spokenName(nameOfToken(small, story.reader.ids[t]));
    const found = lensBets(model, streamsOf(story.traces[t])[column], BEST);
    title.textContent = `The five best bets at ${word}, ${names[column]}`;
    bets.replaceChildren(
      ...found.map(({ id, p }) =>
        make(
          "li",
          { class: id === story.reader.ids[t + 1] ? "came" : false },
          make("span", { class: "word-name" }, nameOfToken(small, id)),
          make("span", { class: "live-bar", style: `--p:${p.toFixed(4)}`, "aria-hidden": "true" }),
          make("span", {}, share(p))
        )
      )
    );
  }

  function say() {
    const found = Array.from(
      bets.children,
      (one) => `${one.firstChild?.textContent} ${one.lastChild?.textContent}`
    );
    said.textContent = `${title.textContent}: ${found.join(", ")}.`;
  }

  /** @param {Event} event @returns {[number, number] | null} */
  function cellOf({ target }) {
    const i = cells.findIndex((row) => target instanceof HTMLElement && row.includes(target));
    return i < 0 ? null : [i, cells[i].indexOf(/** @type {HTMLElement} */ (target))];
  }

  /** @param {Event} event */
  function at(event) {
    const found = cellOf(event);
    if (!found) return;
    point(...found);
    cells[t][column].focus({ preventScroll: true });
    say();
    note();
  }

  /** A mouse only passes by: nothing is kept. @param {PointerEvent} event */
  function over(event) {
    const found = event.pointerType === "mouse" && !event.buttons ? cellOf(event) : null;
    if (found && (found[0] !== t || found[1] !== column)) point(...found);
  }

  /** @param {KeyboardEvent} event */
  function walk(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const to = arrowed(event.key, t * layers + column, cells.length * layers, layers);
    if (to === null) return;
    event.preventDefault();
    point(Math.floor(to / layers), to % layers);
    cells[t][column].focus();
    say();
    note();
  }

  /** Scroll to the cell, in the box alone. */
  function reveal() {
    box.scrollTop = cells[t][column].offsetTop - box.clientHeight / 2;
  }

  /** Keep in the address what was set. */
  function note() {
    choice.show(
      text,
      LENS_STORIES.findIndex(([, one]) => one === text)
    );
    const first = text === LENS_STORIES[0][1];
    const begun = t === cells.length - 1 && column === 1;
    remember({ prompt: first ? null : text, lens: begun ? null : `${t}.${column}` });
  }

  const first = askedPrompt(asked) ?? text;
  tell(first);
  choice.begin(first);
  choice.show(
    text,
    LENS_STORIES.findIndex(([, one]) => one === text)
  );
  const found = /^(\d{1,2})\.(\d)$/.exec(asked.lens ?? "");
  const fits = found && Number(found[1]) < cells.length && Number(found[2]) < layers;
  point(fits ? Number(found[1]) : cells.length - 1, fits ? Number(found[2]) : 1);
  reveal();
}
