/** The words of a text with the two rows of stripes under each: the model's bets, the author's. */

import { stripes } from "./bets.js";

/**
 * @typedef {{text: import("./text.js").Mark[], bets: (import("./story.js").Bet[] | null)[]}} Striped
 */

/**
 * The marks of every word, and the bets where it stands, and at the end. It rests after each.
 * @param {import("./story.js").Story} story
 * @param {number} written from this character on the model has written
 * @param {(found: Striped) => void} done
 * @returns {Generator<void, void>}
 */
export function* striped(story, written, done) {
  /** @type {Striped} */
  const found = { text: [], bets: [] };
  for (const [i, word] of story.words.entries()) {
    const bets = story.bets(i);
    const kind = [
      "live-word",
      story.states[i] && !word.sayable && "unsayable",
      !story.states[i] && "outside",
      word.from >= written && "written",
    ];
    found.bets.push(bets);
    found.text.push({
      from: word.from,
      to: word.to,
      class: kind.filter(Boolean).join(" "),
      style: bets && bets[0].truth !== null ? stripes(bets, word.word) : "",
    });
    yield;
  }
  found.bets.push(story.bets(story.words.length));
  done(found);
}
