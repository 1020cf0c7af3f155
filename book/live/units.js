/** Hidden units: where in a text one of them answers, and for which tokens it then speaks. */

import { button, make } from "./dom.js";
import { askedPrompt, promptChoice } from "./prompts.js";
import { noteOf } from "./reading.js";
import { mostOf } from "./scoring.js";
import { recall, remember, whole } from "./state.js";
import { Story } from "./story.js";
import { withSign } from "./strips.js";
import { TokenRow, spokenName, nameOfToken } from "./tokenrow.js";

const BEGUN = "Once a little fox named Ada lived by the river. One day";
const UNIT_STORIES = /** @type {[string, string][]} */ ([
  [
    "the story of this course",
    `${BEGUN} Ada worked with a machine learning model. When the moon came up, the model guessed the next word, and she began to jump for joy. At last Ada the fox ran home. Good night, little fox.`,
  ],
  [
    "a fashion model",
    `${BEGUN} she worked with a fashion model. When the sun came up, the model wore a new hat.`,
  ],
  [
    "beans",
    "Long ago a brave otter named Mei lived by the sea. One evening she planted three beans. The beans that grew near the wall",
  ],
]);
/** The units that the chapter speaks of, and what it says they ask; a test compares them. */
const KNOWN_UNITS = /** @type {[number, number, string][]} */ ([
  [0, 217, "is this day, morning or evening?"],
  [1, 370, "is this a model, and of machine learning?"],
  [2, 47, "is the hero's animal named now?"],
  [0, 160, "is this word lived?"],
  [0, 183, "we cannot tell"],
  [1, 346, "is the hero Ada, Kofi or Ravi?"],
  [1, 157, "is the hero Ada, Kofi or Mei?"],
  [2, 188, "does a full stop follow?"],
]);
const RAISED = 6;
const LIVELY = 8;

/**
 * @param {HTMLElement} root
 * @param {import("./load.js").Small} small
 */
export function part(root, small) {
  const { model } = small;
  const n_hidden = 4 * model.config.d_model;
  const story = new Story(small);
  const asked = recall();
  let [layer, unit] = KNOWN_UNITS[0];
  let at = 0;
  let text = UNIT_STORIES[0][1];

  const said = make("p", { class: "live-said", role: "status" });
  const row = new TokenRow("At which word?", (i) => {
    at = i;
    show();
    note();
  });
  const choice = promptChoice("Text", UNIT_STORIES, (chosen) => {
    read(chosen, -1);
    show();
    note();
  });
  const which = make("select", {
    "aria-label": "Layer",
    onchange: () => to(Number(which.value), unit),
  });
  which.append(...model.layers.map((_, n) => make("option", { value: n }, `Layer ${n}`)));
  const known = make(
    "select",
    {
      onchange: () => {
        [layer, unit] = KNOWN_UNITS[Number(known.value)];
        at = liveliest();
        show();
        note();
      },
    },
    make("option", { value: "-1", hidden: "" }, "another unit"),
    ...KNOWN_UNITS.map(([l, u, asks], i) => make("option", { value: i }, `${l}.${u}: ${asks}`))
  );
  const field = make("input", {
    type: "number",
    min: 0,
    max: n_hidden - 1,
    inputmode: "numeric",
    oninput: () => {
      const asked = whole(field.value, -1, n_hidden - 1);
      if (asked >= 0) to(layer, asked);
    },
    onchange: () => (field.value = String(unit)),
  });
  const here = make("div", { class: "units-here" });
  const notes = make("ol", { class: "word-bars" });
  const hereTitle = make("p", { class: "part-title" });
  const notesTitle = make("p", { class: "part-title" });
  root.append(
    make(
      "div",
      { class: "prompt-choice" },
      make("label", {}, make("span", {}, "Units of this page"), known)
    ),
    make(
      "div",
      { class: "live-controls units-any" },
      which,
      make("label", { class: "units-number" }, make("span", {}, "unit"), field),
      button("Previous", () => to(layer, (unit + n_hidden - 1) % n_hidden)),
      button("Next", () => to(layer, (unit + 1) % n_hidden))
    ),
    choice.element,
    row.element,
    make(
      "div",
      { class: "units-both" },
      make("div", {}, notesTitle, notes),
      make("div", {}, hereTitle, here)
    ),
    said
  );

  /** @param {number} toLayer @param {number} toUnit */
  function to(toLayer, toUnit) {
    [layer, unit] = [toLayer, toUnit];
    show();
    note();
  }

  /** @param {string} chosen @param {number} place */
  function read(chosen, place) {
    text = chosen;
    story.set(text);
    row.read(small, story.reader.ids);
    at = place < 0 ? liveliest() : Math.min(place, story.traces.length - 1);
  }

  /** Where the unit answers most. */
  function liveliest() {
    return mostOf(
      story.traces.map((trace) => trace.layers[layer].hidden[unit]),
      1
    )[0];
  }

  function show() {
    which.value = String(layer);
    known.value = String(KNOWN_UNITS.findIndex(([l, u]) => l === layer && u === unit));
    if (Number(field.value) !== unit || field.value === "") field.value = String(unit);
    const answers = story.traces.map((trace) => trace.layers[layer].hidden[unit]);
    const largest = Math.max(1, ...answers);
    row.shade(
      answers.map((answer) => Math.max(0, answer / largest)),
      (i) => (answers[i] > 0.05 * largest ? answers[i].toFixed(1) : ""),
      at
    );
    showNotes();
    showHere();
    const place = liveliest();
    const name = spokenName(nameOfToken(small, story.reader.ids[place]));
    const most = withSign(answers[place]);
    said.textContent = `Layer ${layer}, unit ${unit}: its largest answer here is ${most}, at ${name}.`;
  }

  /** For which tokens the unit speaks. */
  function showNotes() {
    const scores = noteOf(model, layer, unit);
    const ids = mostOf(scores, RAISED);
    notesTitle.textContent = `Unit ${unit} of layer ${layer} speaks for … (score of its note)`;
    notes.replaceChildren(
      ...ids.map((id) => {
        const size = Math.max(0, scores[id] / scores[ids[0]]).toFixed(3);
        return make(
          "li",
          {},
          make("span", { class: "word-name" }, nameOfToken(small, id)),
          make("span", { class: "live-bar", style: `--p:${size}`, "aria-hidden": "true" }),
          make("span", {}, withSign(scores[id]))
        );
      })
    );
  }

  /** The units that answer most at the chosen word. */
  function showHere() {
    const answers = story.traces[at].layers[layer].hidden;
    hereTitle.textContent = `Most active at ${spokenName(nameOfToken(small, story.reader.ids[at]))}, in layer ${layer}`;
    const focused = here.contains(document.activeElement);
    here.replaceChildren(
      ...mostOf(answers, LIVELY).map((one) =>
        make(
          "button",
          {
            type: "button",
            class: "live-button",
            "aria-pressed": String(one === unit),
            onclick: () => to(layer, one),
          },
          String(one),
          make("span", {}, ` ${answers[one].toFixed(1)}`)
        )
      )
    );
    if (focused) here.querySelector("[aria-pressed=true]")?.focus();
  }

  /** Keep in the address what was set. */
  function note() {
    choice.show(
      text,
      UNIT_STORIES.findIndex(([, one]) => one === text)
    );
    const first = text === UNIT_STORIES[0][1];
    remember({
      prompt: first ? null : text,
      unit: layer === KNOWN_UNITS[0][0] && unit === KNOWN_UNITS[0][1] ? null : `${layer}.${unit}`,
      word: at === liveliest() ? null : at,
    });
  }

  const found = /^(\d)\.(\d{1,4})$/.exec(asked.unit ?? "");
  if (found && Number(found[1]) < model.layers.length && Number(found[2]) < n_hidden) {
    [layer, unit] = [Number(found[1]), Number(found[2])];
  }
  const first = askedPrompt(asked) ?? text;
  read(first, whole(asked.word, -1, 63));
  choice.begin(first);
  choice.show(
    text,
    UNIT_STORIES.findIndex(([, one]) => one === text)
  );
  show();
  said.textContent = "";
}
