/**
 * The index: which parts of which pages answer a question, the best first. MiniSearch finds and
 * weighs words; here stands what this book knows besides: names, what a page is, slips of the keys.
 */

import { JOINT, fold, forms, joined, key, terms, wordsOf } from "./words.js";

/**
 * A part of a page: the page's number, its id, title, text, other names, what else stands in it.
 * @typedef {[number, string, string, string, string, string]} Part
 * @typedef {{pages: [string, string, string][], parts: Part[]}} Texts pages: [path, title, label]
 * @typedef {{part: Part, score: number, terms: Set<string>, phrase: string}} Hit phrase: all words, where they stand together
 * @typedef {{page: [string, string, string], score: number, hits: Hit[]}} Group
 * @typedef {{groups: Group[], count: number, instead: string, missing: string[]}} Answer
 */

const MOST_WORDS = 12;
const CHUNK = 20; // parts that go into the index at once
const OPTIONS = {
  tokenize: (/** @type {string} */ text) => [text],
  processTerm: (/** @type {string} */ term) => term,
  boost: { names: 8, title: 6, text: 1, unseen: 0.4 },
  weights: { prefix: 0.3, fuzzy: 0.2 },
  bm25: { k: 1.2, b: 0.4, d: 0.2 },
  prefix: (/** @type {string} */ term) => term.length > 1 && !term.startsWith(JOINT),
};
// Words that say nothing of what is sought, unless they are all that is asked.
const SMALL =
  /^(a|an|and|are|at|by|can|do|does|for|from|how|i|in|is|it|of|on|or|the|to|what|when|where|which|why|with)$/i;
const EXACT = 4; // how much more a part is worth whose name is just what was asked
const BEGINS = 1.5; // or begins with it

/**
 * How much a page is worth beside a chapter that answers as well.
 * @param {string} path
 */
function rank(path) {
  if (path.startsWith("exercises/")) return 0.55;
  return { "book/glossary": 0.4, "book/references": 0.3 }[path] ?? 1;
}

/**
 * The terms that are marked: of "top-p" not each "p", and not the "top" of top-k.
 * @param {string[]} found
 * @param {string[]} names
 */
function telling(found, names) {
  const least = found.some((term) => term.length === 1) ? 5 : 1;
  return new Set([
    ...found.filter((term) => term.length >= least),
    ...names.map((name) => JOINT + name),
  ]);
}

/** @param {string[]} queries */
function both(queries) {
  return { combineWith: "AND", queries };
}

/**
 * Whether one of a part's names begins with what was asked.
 * @param {string} asked
 * @param {string[]} names
 */
function begins(asked, names) {
  const enough = asked.length > 2 || /^\p{Script=Han}{2}/u.test(asked);
  return enough && names.some((name) => name.startsWith(asked));
}

/**
 * How many keys were hit wrongly between two words, letters that changed places counted once.
 * @param {string} one
 * @param {string} other
 */
export function slips(one, other) {
  const rows = [...Array(one.length + 1)].map((_, i) => [i]);
  for (let j = 0; j <= other.length; j++) rows[0][j] = j;
  for (let i = 1; i <= one.length; i++) {
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + same);
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[one.length][other.length];
}

/**
 * Make the index, a little at a time, so that a reader can type meanwhile. It answers a question
 * with the pages that hold an answer.
 * @param {Texts} texts
 * @param {any} MiniSearch
 * @returns {Promise<(question: string) => Answer>}
 */
export async function finder(texts, MiniSearch) {
  const fields = { title: 2, text: 3, names: 4, unseen: 5 };
  const index = new MiniSearch({
    fields: Object.keys(fields),
    extractField: (/** @type {any} */ doc, /** @type {keyof typeof fields | "id"} */ name) =>
      name === "id" ? doc.id : doc.part[fields[name]],
    tokenize: (/** @type {string} */ text, /** @type {string} */ field) =>
      field === "title" || field === "names" ? joined(text) : terms(text),
    processTerm: OPTIONS.processTerm,
  });
  const parts = texts.parts.map((part, id) => ({ id, part }));
  await index.addAllAsync(parts, { chunkSize: CHUNK });
  const keys = texts.parts.map((part) => [key(part[2]), ...part[4].split(",").map(key)]);
  const search = (/** @type {any} */ query, more = {}) =>
    index.search(query, { ...OPTIONS, ...more });

  /**
   * The word of the book that a mistyped one stands for, if any.
   * @param {string} word
   */
  function mend(word) {
    if (word.length < 4) return "";
    const ways = { combineWith: "OR", queries: [word, JOINT + word] };
    const near = search(ways, {
      prefix: (/** @type {string} */ term) => term.startsWith(JOINT),
      fuzzy: word.length < 5 ? 1 : 2,
      maxFuzzy: 2,
    });
    /** @type {Map<string, number>} */
    const often = new Map();
    for (const term of near.flatMap((/** @type {any} */ { terms }) => terms)) {
      const bare = term.replace(JOINT, "");
      often.set(bare, (often.get(bare) ?? 0) + 1);
    }
    const ranked = [...often].sort(
      ([a, n], [b, m]) => slips(word, a) - slips(word, b) || m - n || (a < b ? -1 : 1)
    );
    return ranked[0]?.[0] ?? "";
  }

  /**
   * What is asked of the index, word by word. A name like LayerNorm is asked for whole or in parts.
   * @param {string[][]} asked the forms of each word
   * @param {string} whole all as one term
   * @param {"AND" | "OR"} how
   */
  function ask(asked, whole, how) {
    const queries = asked.map(([first, ...parts]) => {
      const ways = [first, JOINT + first];
      return { combineWith: "OR", queries: parts.length ? [...ways, both(parts)] : ways };
    });
    const each = { combineWith: how, queries };
    return search(asked.length > 1 ? { combineWith: "OR", queries: [each, JOINT + whole] } : each);
  }

  /**
   * @param {any[]} found
   * @param {string[]} names all that was asked as one name: as it is read, as it was typed
   * @returns {Group[]}
   */
  function grouped(found, names) {
    /** @type {Map<number, Group>} */
    const groups = new Map();
    for (const { id, score, terms } of found) {
      const part = texts.parts[id];
      const page = texts.pages[part[0]];
      let worth = score * rank(page[0]);
      if (keys[id].some((name) => names.includes(name))) worth *= EXACT;
      else if (names.some((asked) => begins(asked, keys[id]))) worth *= BEGINS;
      const phrase = terms.length > 1 && terms.includes(JOINT + names[0]) ? JOINT + names[0] : "";
      const group = groups.get(part[0]) ?? { page, score: 0, hits: [] };
      group.hits.push({ part, score: worth, terms: telling(terms, names), phrase });
      group.score = Math.max(group.score, worth);
      groups.set(part[0], group);
    }
    for (const group of groups.values()) group.hits.sort((a, b) => b.score - a.score);
    return [...groups.values()].sort((a, b) => b.score - a.score);
  }

  return (question) => {
    const all = wordsOf(question).map(({ word }) => word);
    const large = all.filter((word) => !SMALL.test(word));
    const words = (large.length ? large : all).slice(0, MOST_WORDS);
    /** @type {string[]} */
    const missing = [];
    /** @type {string[]} */
    const read = [];
    for (const word of words) {
      const [whole] = forms(word);
      const better = ask([forms(word)], whole, "AND").length ? word : mend(whole);
      if (better) read.push(better);
      else missing.push(word);
    }
    const asked = read.map(forms);
    const whole = read.map(fold).join("");
    let found = read.length ? ask(asked, whole, "AND") : [];
    if (!found.length && read.length > 1) found = ask(asked, whole, "OR");
    const groups = grouped(found, [whole, key(question)]);
    const mended = read.some((word) => !words.includes(word));
    return { groups, count: found.length, instead: mended ? read.join(" ") : "", missing };
  };
}
