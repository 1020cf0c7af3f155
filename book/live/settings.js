/** What is set in the handles of stage 4, and how it stands in the address. */

import { handle } from "./dom.js";
import { recall, remember, whole } from "./state.js";

/**
 * @typedef {import("./steps.js").Handles} Handles
 *
 * @typedef {object} Settings
 * @property {string} prompt
 * @property {number} seed
 * @property {Handles} how
 * @property {number | null} own a point that the reader has chosen for the next token
 * @property {number} n how many tokens are written, all with these settings
 */

export const FIRST_PROMPT = "Once a little fox named Ada lived by the river. One day";
/** At this temperature, the first point of this seed falls among the wrong tokens. */
const AT_FIRST = {
  prompt: FIRST_PROMPT,
  temperature: 2,
  seed: 2,
};
const HOTTEST = 3;
/** One more than the most: no cut. */
const ALL_K = 21;

/**
 * What the address says.
 * @returns {Settings}
 */
export function atFirst() {
  const asked = recall();
  const own = within(asked.u, -1, 0, 1 - 2 ** -53);
  const topP = Math.round(within(asked.p, 1, 0.05, 1) * 20) / 20;
  return {
    prompt: (asked.prompt ?? AT_FIRST.prompt).slice(0, 1000),
    seed: whole(asked.seed, AT_FIRST.seed, 2 ** 32 - 1),
    how: {
      temperature: Math.round(within(asked.t, AT_FIRST.temperature, 0.1, HOTTEST) * 10) / 10,
      topK: whole(asked.k, 0, ALL_K - 1) || null,
      topP: topP < 1 ? topP : null,
    },
    own: own < 0 ? null : own,
    n: whole(asked.n, 0, 60),
  };
}

/**
 * Put it into the address, but for what is as at first.
 * @param {Settings} set
 */
export function keep({ prompt, seed, how, own, n }) {
  remember({
    prompt: prompt === AT_FIRST.prompt ? null : prompt,
    seed: seed === AT_FIRST.seed ? null : seed,
    t: how.temperature === AT_FIRST.temperature ? null : how.temperature,
    k: how.topK,
    p: how.topP,
    u: own,
    n: n || null,
  });
}

/**
 * The three handles.
 * @param {Handles} how
 * @param {(moved: Partial<Handles>) => void} act
 */
export function knobsOf(how, act) {
  return [
    handle(
      "Temperature",
      { min: 0.1, max: HOTTEST, step: 0.1, value: how.temperature },
      (value) => value.toFixed(1),
      (temperature) => act({ temperature })
    ),
    handle(
      "Top-k",
      { min: 1, max: ALL_K, step: 1, value: how.topK ?? ALL_K },
      (value) => (value < ALL_K ? String(value) : "off"),
      (value) => act({ topK: value < ALL_K ? value : null })
    ),
    handle(
      "Top-p",
      { min: 0.05, max: 1, step: 0.05, value: how.topP ?? 1 },
      (value) => (value < 1 ? value.toFixed(2) : "off"),
      (value) => act({ topP: value < 1 ? value : null })
    ),
  ].map(({ element }) => element);
}

/**
 * A number that the address may hold, or what it is otherwise.
 * @param {string | undefined} text
 * @param {number} otherwise
 * @param {number} least
 * @param {number} most
 */
function within(text, otherwise, least, most) {
  const number = Number(text);
  return text?.trim() && number >= least && number <= most ? number : otherwise;
}
