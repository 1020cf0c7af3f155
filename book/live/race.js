/** The race of "Beat the author": five bars, where each last bet comes from, and who won. */

import { make, share } from "./dom.js";
import { meanOf, spelled, surpriseOf, verdict } from "./game.js";

/**
 * @typedef {Record<string, number[]>} Bets each player's bets on the words that came
 */

export const PLAYERS = ["you", "bigram", "trigram", "GPT", "author"];
/** What the bigram and the trigram have read. */
export const LIBRARY = { seed: 0, stories: 300 };

export class Race {
  constructor() {
    this.rows = PLAYERS.map((who) => racer(who));
    this.element = make("ul", { class: "beat-race" }, ...this.rows.map((one) => one.element));
  }

  /**
   * @param {Bets} bets
   * @param {number} at how many words have come; who counts still may have bet on fewer
   */
  set(bets, at) {
    const costs = PLAYERS.map((who) => bets[who].map(surpriseOf));
    const sums = costs.map((all) => all.reduce((a, b) => a + b, 0));
    const most = Math.max(8, ...sums);
    PLAYERS.forEach((who, i) => {
      const waits = costs[i].length < at;
      const last = waits || !at ? 0 : costs[i][at - 1];
      const text = waits
        ? "counting …"
        : at
          ? `−ln ${share(bets[who][at - 1])} = ${last.toFixed(2)}`
          : "";
      this.rows[i].set((sums[i] - last) / most, last / most, text, sums[i]);
    });
  }
}

/**
 * A player's row: the surprise before the last word, that of the last, and their sum.
 * @param {string} who
 */
function racer(who) {
  const bar = make("span", { class: "beat-bar", "aria-hidden": "true" });
  const last = make("span", { class: "beat-last" });
  const sum = make("span", { class: "beat-sum" });
  const label = make("span", { class: "beat-who" }, playerName(who));
  const element = make("li", { class: `beat-${who}` }, label, last, sum, bar);
  /**
   * @param {number} before
   * @param {number} now
   * @param {string} text
   * @param {number} all
   */
  function set(before, now, text, all) {
    bar.style.setProperty("--before", before.toFixed(4));
    bar.style.setProperty("--now", now.toFixed(4));
    last.textContent = text;
    sum.textContent = all.toFixed(2);
  }
  return { element, set };
}

/** @param {string} who */
function playerName(who) {
  return who === "author" ? "the author" : who;
}

/**
 * A word as it is called.
 * @param {string} word
 * @param {string} end
 */
export function wordName(word, end) {
  return word === end ? "(the end)" : word;
}

/** @param {{word: string, p: number}[]} odds */
export function oddsSaid(odds) {
  if (odds.length === 1) return "It had no choice: the words before decide.";
  const alike = odds.every(({ p }) => p === odds[0].p);
  const list = odds.map(({ word, p }) => `${word} ${share(p)}`).join(", ");
  return `The author’s odds: ${alike && odds.length > 4 ? `${odds.length} words, each ${share(odds[0].p)}` : list}.`;
}

/**
 * Where each bet on the last word comes from.
 * @param {Bets} bets
 * @param {number} at
 * @param {string[]} before the words before it
 * @param {string} word
 * @param {import("./ngrams.js").NGrams} grams
 */
export function reasonsOf(bets, at, before, word, grams) {
  const [one, two, three] = grams.bets(before, word);
  const counted = (
    /** @type {import("./ngrams.js").Counted} */ found,
    /** @type {import("./ngrams.js").Counted} */ shorter
  ) =>
    `In ${LIBRARY.stories} other stories, “${word}” came ${found.times} of ${found.total} times after “${spelled(found.after)}”: (${found.times} + ${share(shorter.p)}) / (${found.total} + 1) = ${share(found.p)}. The ${share(shorter.p)} is the bet with one word less of memory, so that no word has 0.`;
  const lines = [
    ["bigram", counted(two, one)],
    ["trigram", counted(three, two)],
    [
      "GPT",
      `It has read all words so far, and gives ${share(bets.GPT[at - 1])}: the product of the shares of the word’s tokens.`,
    ],
    ["the author", `Its grammar gives ${share(bets.author[at - 1])}:`],
  ];
  const text = JSON.stringify(spelled(before));
  const code = [
    "from math import log",
    "from gpt import world",
    `odds = world.next_word(${text})`,
    `print(-log(odds[${JSON.stringify(word)}]))`,
  ].join("\n");
  return [
    make("dl", {}, ...lines.flatMap(([who, why]) => [make("dt", {}, who), make("dd", {}, why)])),
    make("pre", {}, make("code", {}, code)),
  ];
}

/**
 * The loss of the reader, and the author's.
 * @param {Bets} bets
 * @returns {[number, number]}
 */
export function lossesOf(bets) {
  return [meanOf(bets.you.map(surpriseOf)), meanOf(bets.author.map(surpriseOf))];
}

/**
 * Who won, and what that means.
 * @param {Bets} bets
 */
export function outcomeOf(bets) {
  const means = PLAYERS.map((who) => meanOf(bets[who].map(surpriseOf)));
  const lucky = means[3] < means[4];
  const best = Math.min(...means);
  const rows = PLAYERS.map((who, i) =>
    make(
      "tr",
      { class: means[i] === best ? "best" : false },
      make("th", { scope: "row" }, playerName(who)),
      make("td", {}, means[i].toFixed(3))
    )
  );
  return [
    make("p", {}, make("strong", {}, verdict(...lossesOf(bets)))),
    make(
      "table",
      {},
      make("caption", {}, "Nats a word, the mean over what was asked"),
      make("tbody", {}, ...rows)
    ),
    make(
      "p",
      {},
      lucky ? "The GPT, too, was lucky here: on average it stays a little above the author. " : "",
      "Such a mean surprise is called the loss, and to train a GPT is to make it smaller. ",
      "(Words that nobody had to guess are not counted here. With them, all five numbers would be lower.)"
    ),
  ];
}
