/**
 * Where one head looks, at the question that opens the chapter: a word is chosen, and arcs go
 * from it to the words that it looks back at. The twelve heads stand further below (heads.js).
 */

import { drawArcs } from "./arcs.js";
import { make, share } from "./dom.js";
import { ownText } from "./own.js";
import { probabilities, likeliest } from "./sample.js";
import { mostOf } from "./scoring.js";
import { Story } from "./story.js";
import { TokenRow, nameOfToken, radios, spokenName } from "./tokenrow.js";

/** It looks for the kind of a model: a test compares it with the chapter's. */
const [LOOK_LAYER, LOOK_HEAD] = [0, 1];
const LOOK_STORIES = ["fashion", "clay"].map((kind) => [
  `a ${kind} model`,
  `Once a little fox named Ada lived by the river. One day she worked with a ${kind} model. When the sun came up, the model`,
]);
/** The least share that has an arc. */
const LEAST_ARC = 0.05;

/**
 * @param {HTMLElement} root
 * @param {import("./load.js").Small} small
 */
export function part(root, small) {
  const story = new Story(small);
  /** @type {string[]} */
  let names = [];
  let t = 0;
  let [, text] = LOOK_STORIES[0];

  const arcs = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  arcs.setAttribute("aria-hidden", "true");
  arcs.setAttribute("class", "look-arcs");
  const row = new TokenRow("Which word looks back?", (i) => {
    t = i;
    show();
    tell();
  });
  const line = make("p", { class: "look-line" });
  const next = make("p", { class: "look-next" });
  const said = make("p", { class: "live-said", role: "status" });
  const which = make("div", { class: "look-stories", "aria-label": "The story" });
  const mark = radios(which, (i) => {
    read(texts()[i][1]);
    tell();
  });
  const all = make(
    "a",
    { href: "#heads-live" },
    "See all twelve heads, and how a share is computed"
  );
  root.append(
    which,
    make("div", { class: "look-box" }, row.element, arcs),
    line,
    next,
    make("p", { class: "look-on" }, all),
    said
  );

  /** The stories of the question, and the reader's own text where there is one. */
  function texts() {
    const own = ownText();
    return own === null ? LOOK_STORIES : [...LOOK_STORIES, ["your text", own]];
  }

  /** @param {string} now */
  function read(now) {
    text = now;
    story.set(text);
    names = story.reader.ids.map((id) => nameOfToken(small, id));
    row.read(small, story.reader.ids);
    t = names.length - 1;
    offer();
    show();
    const { logits } = story.traces[t];
    const p = probabilities(logits);
    const bets = likeliest(logits).slice(0, 3);
    next.replaceChildren(
      "The model’s bets on the next word: ",
      ...bets.flatMap((id, i) => [
        i ? ", " : "",
        make("strong", {}, nameOfToken(small, id)),
        ` ${share(p[id])}`,
      ]),
      "."
    );
  }

  /** The texts that can be chosen. */
  function offer() {
    const held = which.contains(document.activeElement);
    which.replaceChildren(
      ...texts().map(([name]) => make("button", { type: "button", role: "radio" }, name))
    );
    const chosen = texts().findIndex(([, one]) => one === text);
    mark(Math.max(0, chosen));
    if (held) which.children[Math.max(0, chosen)].focus();
  }

  function shares() {
    return story.traces[t].layers[LOOK_LAYER].attend.weights[LOOK_HEAD];
  }

  function show() {
    const given = shares();
    row.shade(
      names.map((_, i) => (i <= t ? given[i] : null)),
      (i) => (given[i] >= LEAST_ARC ? given[i].toFixed(2) : ""),
      t
    );
    arc();
    const [most] = mostOf(given, 1);
    const from = most === t ? "itself" : make("strong", {}, spokenName(names[most]));
    line.replaceChildren(
      `In head ${LOOK_LAYER}.${LOOK_HEAD}, `,
      make("strong", {}, spokenName(names[t])),
      ` takes ${share(given[most])} of what it hears from `,
      from,
      "."
    );
  }

  function arc() {
    const tokens = row.tokens.map(({ token }) => token);
    const given = Array.from(shares(), (p, s) => ({ s, p })).filter(({ p }) => p >= LEAST_ARC);
    drawArcs(arcs, tokens, t, given);
  }

  /** What a screen reader hears: the three largest shares. */
  function tell() {
    const most = mostOf(shares(), 3).map(
      (s) => `${share(shares()[s])} from ${s === t ? "itself" : spokenName(names[s])}`
    );
    said.textContent = `${spokenName(names[t])} takes ${most.join(", ")}. ${next.textContent}`;
  }

  read(text);
  addEventListener("own-kept", offer);
  new ResizeObserver(arc).observe(row.element);
  addEventListener("own-text", () => {
    if (texts().some(([, one]) => one === text)) offer();
    else read(ownText() ?? LOOK_STORIES[0][1]); // the reader has changed it, or left it
  });
}
