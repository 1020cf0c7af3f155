/**
 * Models that count: which word came how often after the last words. As ngram_probabilities in
 * book/facts/index.py, so they bet as those of the home page do.
 */

/**
 * @typedef {object} Counted how often a word came after the last n - 1
 * @property {string[]} after
 * @property {number} times
 * @property {number} total how often any word came there
 * @property {number} p the bet: (times + the bet of n - 1) / (total + 1)
 */

export class NGrams {
  /** @param {number} most the longest run of words that is counted */
  constructor(most) {
    this.most = most;
    /** @type {Map<string, Map<string, number>>} after a context: a word, and how often */
    this.seen = new Map();
    /** @type {string[]} the last words that were read */
    this.last = [];
  }

  /**
   * Count what comes next in the text.
   * @param {string[]} words
   */
  read(words) {
    for (const word of words) {
      for (let n = 1; n <= this.most && n <= this.last.length + 1; n++) {
        const context = this.last.slice(this.last.length - n + 1).join(" ");
        const here = this.seen.get(context) ?? new Map();
        here.set(word, (here.get(word) ?? 0) + 1);
        this.seen.set(context, here);
      }
      this.last = [...this.last, word].slice(-this.most);
    }
  }

  /**
   * The bet on a word after those before it, for n = 1, 2, … Where a context was never read,
   * the bet stays that of the shorter one.
   * @param {string[]} before
   * @param {string} word
   * @returns {Counted[]}
   */
  bets(before, word) {
    let p = 1 / (this.seen.get("")?.size ?? 1);
    return Array.from({ length: Math.min(this.most, before.length + 1) }, (_, shorter) => {
      const after = before.slice(before.length - shorter);
      const here = this.seen.get(after.join(" "));
      const times = here?.get(word) ?? 0;
      const total = here ? Array.from(here.values()).reduce((a, b) => a + b, 0) : 0;
      if (here) p = (times + p) / (total + 1);
      return { after, times, total, p };
    });
  }
}

/**
 * Let a model read stories, a little at a time: the page stays quick.
 * @param {NGrams} grams
 * @param {() => string[]} next
 * @param {number} stories
 * @returns {Promise<void>}
 */
export function readStories(grams, next, stories) {
  return new Promise((resolve) => {
    let left = stories;
    const go = () => {
      const start = performance.now();
      while (left && performance.now() - start < 8) {
        grams.read(next());
        left--;
      }
      if (left) setTimeout(go);
      else resolve();
    };
    setTimeout(go);
  });
}
