/**
 * Beat the author: the reader bets on the next word of a story, against the author who tells it,
 * models that count, and the GPT. Whoever is less surprised by what comes wins.
 */

import { storyteller } from "./author.js";
import { button, make } from "./dom.js";
import {
  FAVOUR,
  evenly,
  favoured,
  moved,
  questions,
  spelled,
  surpriseOf,
  verdict,
} from "./game.js";
import { NGrams, readStories } from "./ngrams.js";
import {
  LIBRARY,
  PLAYERS,
  Race,
  lossesOf,
  oddsSaid,
  outcomeOf,
  reasonsOf,
  wordName,
} from "./race.js";
import { probabilities } from "./sample.js";
import { recall, remember, whole } from "./state.js";
import { Story } from "./story.js";

/** A story of a machine learning model, for a start. */
const FIRST_STORY = 18;

/**
 * @param {HTMLElement} root
 * @param {import("./load.js").Small} small
 */
export function part(root, small) {
  const { world } = small;
  const story = new Story(small);
  const grams = new NGrams(3);
  const counted = readStories(grams, storyteller(world, LIBRARY.seed), LIBRARY.stories);
  const asked = whole(recall().beat, FIRST_STORY, 2 ** 32 - 1);
  let seed = asked === LIBRARY.seed ? FIRST_STORY : asked;
  /** @type {string[]} */
  let words = [];
  /** @type {import("./game.js").Question[]} */
  let places = [];
  let at = 0;
  /** @type {number[]} the points on the words of this place */
  let points = [];
  let exact = false;
  /** @type {Record<string, number[]>} each one's bets on what came */
  let bets = {};
  let ready = false;

  const told = make("p", { class: "beat-story" });
  const legend = make("legend", {});
  const options = make("fieldset", { class: "beat-options" }, legend);
  const level = button("Even: the same on each", () => commit(evenly(points.length)));
  const fine = button("Exact bets", () => {
    exact = !exact;
    ask();
    focus();
  });
  const place = button("Place these bets", () => commit(points), { class: "live-button main" });
  const another = button("Another story", () => {
    seed = (seed + 1) % 2 ** 32 || 1; // never that of the library
    remember({ beat: seed === FIRST_STORY ? null : seed });
    begin();
    focus();
  });
  const came = make("p", { class: "beat-came" });
  const race = new Race();
  const outcome = make("div", { class: "beat-outcome" });
  const why = make("div", {});
  const reasons = make(
    "details",
    { class: "beat-why" },
    make("summary", {}, "How each one came to the last bet"),
    why
  );
  const said = make("p", { class: "live-said", role: "status" });
  root.append(
    make("p", { class: "beat-title" }, make("strong", {}, "Beat the author")),
    make(
      "p",
      {},
      `What comes next? Tap a word: it gets ${FAVOUR} of your 100 points, and the others share the rest. `,
      "The fewer points the right word had, the more it surprises you. The least surprised wins."
    ),
    told,
    options,
    make("div", { class: "live-controls" }, level, fine, place, another),
    outcome,
    came,
    make("p", { class: "beat-axis" }, "Surprise so far, in nats. The shortest bar leads."),
    race.element,
    reasons,
    said
  );

  function begin() {
    words = storyteller(world, seed)();
    places = questions(world, words);
    at = 0;
    bets = Object.fromEntries(PLAYERS.map((name) => [name, []]));
    came.textContent = "";
    outcome.replaceChildren();
    reasons.hidden = true;
    said.textContent = "";
    ask();
    show();
  }

  /** The next question, or the end. */
  function ask() {
    const question = places[at];
    for (const one of [options, level, fine]) one.hidden = !question;
    place.hidden = !question || !exact;
    another.classList.toggle("main", !question);
    another.textContent = question ? "Another story" : "One more story";
    told.replaceChildren(...line());
    options.replaceChildren(legend);
    if (!question) return;
    if (points.length !== question.options.length || !exact) {
      points = evenly(question.options.length);
    }
    legend.textContent = `Word ${at + 1} of ${places.length}: what comes next?`;
    fine.setAttribute("aria-pressed", String(exact));
    const cards = question.options.map((word, i) => card(wordName(word, world.end), i));
    options.append(make("div", { class: "beat-cards" }, ...cards));
    showPoints();
    // meanwhile, so that a tap need not wait for it
    setTimeout(() => places[at] === question && readTo(question));
  }

  /** The story so far, with what was guessed in colour, and the gap. */
  function line() {
    const to = places[at]?.at ?? words.length;
    const guessed = new Set(places.slice(0, at).map((question) => question.at));
    const parts = words.slice(0, to).map((word, i) => {
      const space = i && ![".", ",", world.end].includes(word) ? " " : "";
      const shown = word === world.end ? "" : word;
      const kind = i === places[at - 1]?.at ? "beat-guessed last" : "beat-guessed";
      return guessed.has(i) && shown
        ? [space, make("mark", { class: kind }, shown)]
        : [space + shown];
    });
    const gap = make("span", { class: "beat-gap" }, make("span", { class: "live-said" }, "blank"));
    return [...parts.flat(), ...(to < words.length ? [" ", gap] : [])];
  }

  /** @param {string} word @param {number} i */
  function card(word, i) {
    const shown = make("span", { class: "beat-points" });
    if (!exact) {
      const tap = (/** @type {MouseEvent} */ event) => {
        // the second tap of a double one was meant for the question before
        if (event.detail < 2) commit(favoured(points.length, i));
      };
      return make("button", { type: "button", class: "beat-card", onclick: tap }, word);
    }
    const step = (/** @type {number} */ by) => () => {
      points = moved(points, i, by);
      showPoints();
    };
    const less = button("−", step(-5), { "aria-label": `Fewer points on ${word}` });
    const more = button("+", step(5), { "aria-label": `More points on ${word}` });
    return make("div", { class: "beat-card" }, make("span", {}, word), less, shown, more);
  }

  /** The points beside each word. */
  function showPoints() {
    options
      .querySelectorAll(".beat-points")
      .forEach((/** @type {Node} */ shown, /** @type {number} */ i) => {
        shown.textContent = points[i].toFixed(1).replace(".0", "");
      });
  }

  /** The bets stand: what came, and what it cost everyone. */
  function commit(/** @type {number[]} */ mine) {
    const question = places[at];
    const i = question.options.indexOf(question.word);
    bets.you.push(mine[i] / 100);
    bets.author.push(question.truth[i]);
    bets.GPT.push(ofTheModel(question));
    at++;
    points = [];
    const odds = question.options
      .map((word, j) => ({ word: wordName(word, world.end), p: question.truth[j] }))
      .filter(({ p }) => p > 0);
    const shown = wordName(question.word, world.end);
    came.replaceChildren("It was ", make("strong", {}, shown), `. ${oddsSaid(odds)}`);
    ask();
    show();
    focus();
    const [you, author] = [bets.you, bets.author].map((all) => surpriseOf(all[at - 1]));
    said.textContent = `It was ${shown}. Your surprise: ${you.toFixed(2)} nats, the author’s: ${author.toFixed(2)}.`;
    if (at === places.length) said.textContent += ` ${verdict(...lossesOf(bets))}`;
  }

  /** What the GPT has bet on the word that came. */
  function ofTheModel(/** @type {import("./game.js").Question} */ question) {
    readTo(question);
    const trace = story.traces[story.traces.length - 1];
    const text = story.spaced(question.word, false);
    return story.chance(text, story.ids.length, probabilities(trace.logits));
  }

  /** Let the GPT read up to a question. */
  function readTo(/** @type {import("./game.js").Question} */ question) {
    story.set(spelled(words.slice(0, question.at)));
  }

  /** What the countings bet, once they are ready. */
  function catchUp() {
    for (let n = bets.bigram.length; ready && n < at; n++) {
      const { at: to, word } = places[n];
      const found = grams.bets(words.slice(0, to), word);
      bets.bigram.push(found[1].p);
      bets.trigram.push(found[2].p);
    }
  }

  function show() {
    catchUp();
    race.set(bets, at);
    if (!at || bets.trigram.length < at) return;
    const question = places[at - 1];
    reasons.hidden = false;
    why.replaceChildren(...reasonsOf(bets, at, words.slice(0, question.at), question.word, grams));
    if (at === places.length) outcome.replaceChildren(...outcomeOf(bets));
  }

  /** The first word of the next question, for the keyboard. */
  function focus() {
    const next = options.hidden ? another : options.querySelector("button");
    next?.focus({ preventScroll: true });
  }

  counted.then(() => {
    ready = true;
    show();
  });
  begin();
}
