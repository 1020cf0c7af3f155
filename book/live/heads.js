/**
 * The heads at work: a word asks, the twelve heads answer, each earlier word is shaded by the
 * share that it gets, and one share is opened down to its arithmetic.
 */

import { make, share } from "./dom.js";
import { askedPrompt, promptChoice } from "./prompts.js";
import { mostOf, openScore } from "./scoring.js";
import { recall, remember, whole } from "./state.js";
import { ScoreSteps } from "./scoresteps.js";
import { Story } from "./story.js";
import { TokenRow, radios, spokenName, nameOfToken } from "./tokenrow.js";

const OPENING = "Once a little fox named Ada lived by the river. One day";
const COURSE_STORY = `${OPENING} Ada worked with a machine learning model. When the moon came up, the model guessed the next word, and she began to jump for joy. At last Ada the fox ran home. Good night, little fox.`;
/** What the chapter has shown: a text, and the place and head to begin with. */
const SIGHTS = /** @type {const} */ ([
  [
    "model looks for its kind: head 0.1",
    `${OPENING} she worked with a fashion model. When the sun came up, the model`,
    28,
    [0, 1],
  ],
  ["last looks for the name: head 1.1", COURSE_STORY, 44, [1, 1]],
  ["the looks for the animal: head 2.3", COURSE_STORY, 46, [2, 3]],
  ["the first full stop looks at END: head 2.3", COURSE_STORY, 11, [2, 3]],
]);
/** A share from which on a number is written under a word. */
const LEAST_WRITTEN = 0.05;

/**
 * @param {HTMLElement} root
 * @param {import("./load.js").Small} small
 */
export function part(root, small) {
  const { n_layer, n_head, d_model } = small.model.config;
  const story = new Story(small);
  const asked = recall();
  /** @type {string[]} */
  let names = [];
  let [layer, head] = /** @type {number[]} */ ([...SIGHTS[0][3]]);
  let t = 0;
  let s = 0;

  const said = make("p", { class: "live-said", role: "status" });
  const line = make("p", { class: "heads-line" });
  const row = new TokenRow("Who asks?", (i) => ask(i), tell);
  const choice = promptChoice(
    "Begin with",
    SIGHTS.map(([label, text]) => [label, text]),
    (text, i) => {
      const sight = i < 0 ? null : SIGHTS[i];
      if (sight) [layer, head] = sight[3];
      read(text, sight ? sight[2] : Infinity);
      note();
    }
  );
  const minis = Array.from({ length: n_layer * n_head }, (_, i) => mini(i));
  const grid = make(
    "div",
    { class: "heads-grid", "aria-label": "Which head?" },
    ...minis.map(({ element }) => element)
  );
  const markHead = radios(
    grid,
    (i) => {
      [layer, head] = [Math.floor(i / n_head), i % n_head];
      look();
      note();
    },
    n_head
  );
  const steps = new ScoreSteps(d_model / n_head, {
    step: whole(asked.open, 1, 5),
    ask: (i) => {
      s = i;
      show();
      note();
    },
    stepped: note,
    say: (what) => (said.textContent = what),
  });
  root.append(choice.element, row.element, line, grid, steps.element, said);

  /** @param {number} i */
  function mini(i) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.append(path);
    const most = make("span", { class: "heads-most" });
    const number = `${Math.floor(i / n_head)}.${i % n_head}`;
    const element = make(
      "button",
      { type: "button", role: "radio" },
      make("span", { class: "heads-number" }, number),
      svg,
      most
    );
    return { element, svg, path, most };
  }

  /** @param {string} text @param {number} at who asks */
  function read(text, at) {
    story.set(text);
    const { ids } = story.reader;
    names = ids.map((id) => nameOfToken(small, id));
    row.read(small, ids);
    ask(Math.min(at, ids.length - 1), false);
  }

  /** @param {number} i @param {boolean} noted */
  function ask(i, noted = true) {
    t = i;
    look();
    if (noted) note();
  }

  /** The shares of all heads, for the word that asks. */
  function look() {
    const { layers } = story.traces[t];
    minis.forEach(({ svg, path, most }, i) => {
      const shares = layers[Math.floor(i / n_head)].attend.weights[i % n_head];
      const [first] = mostOf(shares, 1);
      svg.setAttribute("viewBox", `0 0 ${names.length} 1`);
      path.setAttribute("d", shareBars(shares));
      most.textContent = shares[first] < 0.2 ? "spread" : `${names[first]} ${share(shares[first])}`;
    });
    markHead(layer * n_head + head);
    [s] = mostOf(shares(), 1);
    show();
    const most = mostOf(shares(), 3).map(
      (i) => `${share(shares()[i])} from ${spokenName(names[i])}`
    );
    said.textContent = `Head ${layer}.${head}, ${spokenName(names[t])} takes ${most.join(", ")}.`;
  }

  function shares() {
    return story.traces[t].layers[layer].attend.weights[head];
  }

  /** The share of one head that goes to one word. */
  function show() {
    const given = shares();
    row.shade(
      names.map((_, i) => (i <= t ? given[i] : null)),
      (i) => (given[i] >= LEAST_WRITTEN ? given[i].toFixed(2) : ""),
      t
    );
    row.tokens.forEach(({ token }, i) => {
      token.classList.toggle("asked", i === s);
    });
    tell(null);
    steps.show({
      opened: openScore(story.traces, n_head, { layer, head }, t, s),
      names,
      t,
      s,
      which: { layer, head },
    });
  }

  /** @param {number | null} i the word under the pointer */
  function tell(i) {
    const who = make("strong", {}, spokenName(names[t]));
    if (i !== null && i > t) {
      line.replaceChildren(spokenName(names[i]), " comes after ", who, ": it cannot be looked at.");
      return;
    }
    const whom = i ?? s;
    const from = whom === t ? "itself" : make("strong", {}, spokenName(names[whom]));
    const how = make("strong", {}, share(shares()[whom]));
    line.replaceChildren(`In head ${layer}.${head}, `, who, " takes ", how, " from ", from, ".");
  }

  /** Which of the chapter's sights this is, or -1. */
  function sight() {
    return SIGHTS.findIndex(
      ([, text, at, which]) =>
        text === story.text && at === t && which[0] === layer && which[1] === head
    );
  }

  /** Keep in the address what was set. */
  function note() {
    const [, text, at, which] = SIGHTS[0];
    const [most] = mostOf(shares(), 1);
    const first = story.text === text;
    choice.show(story.text, sight());
    remember({
      prompt: first ? null : story.text,
      ask: first && t === at ? null : t,
      head: layer === which[0] && head === which[1] ? null : `${layer}.${head}`,
      from: s === most ? null : s,
      open: steps.step > 1 ? steps.step : null,
    });
  }

  const text = askedPrompt(asked) ?? SIGHTS[0][1];
  const which = SIGHTS.findIndex((sight) => sight[1] === text);
  const found = /^(\d)\.(\d)$/.exec(asked.head ?? "");
  if (found && Number(found[1]) < n_layer && Number(found[2]) < n_head) {
    [layer, head] = [Number(found[1]), Number(found[2])];
  }
  read(text, whole(asked.ask, which < 0 ? Infinity : SIGHTS[which][2], 63));
  s = whole(asked.from, s, t);
  show();
  choice.show(text, sight());
  choice.begin(text);
  said.textContent = "";
}

/**
 * Shares as bars, one beside the other: a path in a box as high as 1.
 * @param {Float32Array} shares
 */
function shareBars(shares) {
  return Array.from(shares, (p, i) => `M${i + 0.1} 1h.8v${(-p).toFixed(3)}h-.8z`).join("");
}
