/**
 * The small world: at every word its author knows the odds of the next. As gpt/world.py, from
 * the grammar that the build takes from there.
 *
 *     a state  ->  the words that can follow, their odds, the state after each
 */

/**
 * @typedef {string | string[] | Record<string, number>} Options one, equally likely, or weighted
 * @typedef {{slot: string, cases: [string[], Options][]}} Given options that depend on a slot
 * @typedef {{end: string, story: string[], slots: Record<string, Options | Given>}} Grammar
 * @typedef {{plot: string[], memory: Record<string, string>}} State
 * @typedef {{words: string[], weights: number[], odds: number[], after: State[]}} Fork
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: spaces to Python, not to Unicode
const WORD = /<\|endoftext\|>|[\p{L}\p{N}_]+|[^\p{L}\p{N}_\p{White_Space}\x1c-\x1f]/gu;

/**
 * The words, full stops, commas and ends of a text, and where each begins.
 * @param {string} text
 * @returns {{word: string, at: number}[]}
 */
export function words(text) {
  return Array.from(text.matchAll(WORD), (match) => ({ word: match[0], at: match.index }));
}

export class World {
  /** @param {Grammar} grammar */
  constructor(grammar) {
    this.end = grammar.end;
    this.slots = grammar.slots;
    /** @type {State} */
    this.start = { plot: [...grammar.story, grammar.end], memory: {} };
    /** @type {Map<string, Fork>} */
    this.forks = new Map();
    /** @type {Map<string, Set<string>>} */
    this.recalled = new Map();
  }

  /**
   * What can follow a state, with the exact odds; nothing after the end.
   * @param {State} state
   * @returns {Fork}
   */
  fork(state) {
    const key = JSON.stringify(state);
    let fork = this.forks.get(key);
    if (!fork) {
      const ways = state.plot.length ? this.ways(state.plot, state.memory) : [];
      const total = ways.reduce((sum, way) => sum + way.weight, 0);
      fork = {
        words: ways.map((way) => way.word),
        weights: ways.map((way) => way.weight),
        odds: ways.map((way) => way.weight / total),
        after: ways.map((way) => way.after),
      };
      this.forks.set(key, fork);
    }
    return fork;
  }

  /**
   * The state after each word of a text: null from the first that cannot stand there. After an
   * end a new story begins.
   * @param {string[]} told
   * @returns {(State | null)[]}
   */
  walk(told) {
    /** @type {State | null} */
    let state = this.start;
    return told.map((word) => (state = state && this.step(state, word)));
  }

  /**
   * The state after one more word, or null where it cannot stand.
   * @param {State} state
   * @param {string} word
   * @returns {State | null}
   */
  step(state, word) {
    const { words, after } = this.fork(state);
    const i = words.indexOf(word);
    if (i < 0) return null;
    return after[i].plot.length ? after[i] : this.start;
  }

  /**
   * What a slot may become and the weights, given those remembered.
   * @param {string} slot
   * @param {Record<string, string>} memory
   * @returns {[string, number][]}
   */
  options(slot, memory) {
    if (slot in memory) return [[memory[slot], 1]];
    let found = this.slots[slot];
    if (typeof found === "object" && !Array.isArray(found) && "cases" in found) {
      const given = /** @type {Given} */ (found);
      const [[became]] = this.options(given.slot, memory); // drawn before, or determined
      const met = given.cases.find(([names]) => names.includes(became));
      if (!met) throw new Error(`${slot} is not told for ${became}`);
      found = met[1];
    }
    if (typeof found === "string") return [[found, 1]];
    if (Array.isArray(found)) return found.map((one) => [one, 1]);
    return Object.entries(/** @type {Record<string, number>} */ (found));
  }

  /**
   * Open the slots at the head of a plot, in every way, until a word stands there.
   * @param {string[]} plot
   * @param {Record<string, string>} memory
   * @returns {{word: string, weight: number, after: State}[]}
   */
  ways([head, ...rest], memory) {
    if (!head.startsWith("{")) {
      const ahead = this.ahead(rest);
      const kept = Object.keys(memory).filter((slot) => ahead.has(slot));
      const after = Object.fromEntries(kept.sort().map((slot) => [slot, memory[slot]]));
      return [{ word: head, weight: 1, after: { plot: rest, memory: after } }];
    }
    const slot = head.slice(1, -1);
    const open = this.options(slot, memory);
    if (open.length === 1) return this.ways([...told(open[0][0]), ...rest], memory);
    return open.flatMap(([became, weight]) =>
      this.ways([...told(became), ...rest], { ...memory, [slot]: became }).map((way) => ({
        ...way,
        weight,
      }))
    );
  }

  /**
   * The slots that telling a plot may look up in the memory.
   * @param {string[]} plot
   * @returns {Set<string>}
   */
  ahead(plot) {
    const key = plot.join(" ");
    let found = this.recalled.get(key);
    if (!found) {
      found = new Set(named(key));
      for (const slot of found) {
        // which grows meanwhile
        const options = this.slots[slot];
        for (const other of named(JSON.stringify(options))) found.add(other);
        if (typeof options === "object" && "cases" in options) {
          found.add(/** @type {Given} */ (options).slot);
        }
      }
      this.recalled.set(key, found);
    }
    return found;
  }
}

/** @param {string} text */
function told(text) {
  return text.match(/\S+/g) ?? [];
}

/** @param {string} text */
function named(text) {
  return Array.from(text.matchAll(/{(\w+)}/g), (match) => match[1]);
}
