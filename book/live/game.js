/**
 * The game "Beat the author": which words of a story are asked, and what bets cost. No page.
 */

/**
 * @typedef {object} Question
 * @property {number} at which word of the story it is
 * @property {string} word that came
 * @property {string[]} options
 * @property {number[]} truth the author's odds of them
 */

/** The story's beginning is told up to this word: it has most options, and nothing to guess by. */
const BEGINS = "lived";
const POINTS = 100;
/** What a tap puts on a word. */
export const FAVOUR = 70;

/**
 * Where the author has a choice, and where none is left but a short memory would see several: the
 * hero's name after "At last", and what a model of a known kind did.
 * @param {import("./world.js").World} world
 * @param {string[]} words of a story
 * @returns {Question[]}
 */
export function questions(world, words) {
  const states = [world.start, ...world.walk(words)];
  const from = words.indexOf(BEGINS) + 1;
  /** @type {Question[]} */
  const found = [];
  words.forEach((word, at) => {
    const state = states[at];
    if (at < from || !state) return;
    const { words: could, odds } = world.fork(state);
    const options = could.length > 1 ? could : forgetful(world, words.slice(0, at));
    if (options.length < 2) return;
    const truth = options.map((option) => odds[could.indexOf(option)] ?? 0);
    found.push({ at, word, options, truth });
  });
  return found;
}

/**
 * What one would think possible who has forgotten the story's beginning.
 * @param {import("./world.js").World} world
 * @param {string[]} told
 */
function forgetful(world, told) {
  const ends = (/** @type {string} */ text) => told.join(" ").endsWith(text);
  if (ends("At last")) return world.options("name", {}).map(([name]) => name);
  if (!ends(", the model")) return [];
  return world.options("posed", { kind: "" }).map(([posed]) => posed.split(" ")[0]);
}

/**
 * 70 points on one word, the rest evenly on the others.
 * @param {number} n
 * @param {number} i
 */
export function favoured(n, i) {
  return Array.from({ length: n }, (_, j) => (j === i ? FAVOUR : (POINTS - FAVOUR) / (n - 1)));
}

/** @param {number} n */
export function evenly(n) {
  return Array.from({ length: n }, () => POINTS / n);
}

/**
 * More points (or fewer) on one word; the others give them, or get them, in proportion. Every
 * word keeps one: a bet of 0 on a word that comes would cost without end.
 * @param {number[]} points
 * @param {number} i
 * @param {number} by
 */
export function moved(points, i, by) {
  const n = points.length;
  const mine = Math.min(POINTS - (n - 1), Math.max(1, Math.round(points[i]) + by));
  const spare = POINTS - mine - (n - 1); // what the others have beyond one each
  const had = POINTS - points[i] - (n - 1);
  return points.map((have, j) => {
    if (j === i) return mine;
    return 1 + (had > 1e-9 ? ((have - 1) * spare) / had : spare / (n - 1));
  });
}

/** @param {number} p a bet on what came */
export function surpriseOf(p) {
  return -Math.log(p) || 0; // and not -0
}

/** @param {number[]} numbers */
export function meanOf(numbers) {
  return numbers.reduce((a, b) => a + b, 0) / numbers.length;
}

/**
 * The words as they are written.
 * @param {string[]} words
 */
export function spelled(words) {
  return words.join(" ").replace(/ ([.,])/g, "$1");
}

/**
 * What the outcome means.
 * @param {number} you nats a word
 * @param {number} author
 */
export function verdict(you, author) {
  const apart = Math.abs(you - author).toFixed(3);
  if (apart === "0.000") return "You and the author were equally surprised.";
  if (you < author) {
    return `You beat the author by ${apart} nats a word. That was luck: on one short story it can happen, but on average over many stories nobody pays less than the author, which knows the true odds.`;
  }
  return `You paid ${apart} nats a word more than the author. Nobody can be expected to beat it, because it knows the true odds. But on one short story luck can.`;
}
