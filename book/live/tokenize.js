/**
 * Stage 1, tokenize: text in, ids out, by byte-level byte-pair encoding. As gpt/tokenize.py.
 *
 *     text: string  ->  chunks: string[]  ->  ids: number[]
 */

// As PATTERN there. JavaScript's \s is not Unicode's: it has U+FEFF and lacks U+0085, so
// the characters are named as Python's `regex` counts them.
const SPACE = "\\p{White_Space}";
const CHUNKS = new RegExp(
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{White_Space}\\p{L}\\p{N}]+" +
    `|${SPACE}+(?!\\P{White_Space})|${SPACE}+`,
  "gu"
);

/**
 * The chunks of a text; joined, they are the text again. Half a surrogate pair becomes U+FFFD.
 * @param {string} text
 * @returns {string[]}
 */
export function split(text) {
  return wellFormed(text).match(CHUNKS) ?? [];
}

/**
 * A merge on the way from bytes to tokens: pieces `at` and `at + 1` became token `id`.
 * @typedef {{id: number, at: number, pieces: number[]}} Merge
 */

/** A vocabulary: pieces of bytes and their ids, and special tokens by name. */
export class Tokenizer {
  /**
   * @param {string[]} pieces by their ids, a character a byte (Latin-1)
   * @param {Record<string, number>} specialTokens
   */
  constructor(pieces, specialTokens) {
    /** @type {Map<string, number>} */
    this.ranks = new Map(pieces.map((piece, id) => [piece, id]));
    this.specialTokens = specialTokens;
    /** @type {Map<number, string>} */
    this.pieces = new Map(pieces.entries());
    for (const name in specialTokens) this.pieces.set(specialTokens[name], name);
    /** @type {Map<string, number[]>} */
    this.known = new Map();
  }

  /**
   * The ids of a text. A special token is read as such.
   * @param {string} text
   * @returns {number[]}
   */
  encode(text) {
    return this.cut(text).flatMap((part) =>
      Object.hasOwn(this.specialTokens, part)
        ? [this.specialTokens[part]]
        : split(part).flatMap((chunk) => this.encodeChunk(chunk))
    );
  }

  /**
   * The text cut at special tokens, which stand by themselves.
   * @param {string} text
   * @returns {string[]}
   */
  cut(text) {
    const names = Object.keys(this.specialTokens).sort((a, b) => b.length - a.length);
    const escaped = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
    const whole = wellFormed(text);
    const parts = names.length ? whole.split(new RegExp(`(${escaped.join("|")})`)) : [whole];
    return parts.filter((part) => part);
  }

  /**
   * The ids of one chunk.
   * @param {string} chunk
   * @returns {number[]}
   */
  encodeChunk(chunk) {
    let ids = this.known.get(chunk);
    if (!ids) {
      const { pieces } = this.merges(chunk).at(-1) ?? { pieces: this.bytes(chunk) };
      ids = pieces;
      if (this.known.size < 4096) this.known.set(chunk, ids);
    }
    return ids;
  }

  /**
   * Every merge of a chunk in its order: the pair of lowest id, the leftmost of these,
   * until no pair is a token.
   * @param {string} chunk
   * @returns {Merge[]}
   */
  merges(chunk) {
    const steps = [];
    let pieces = this.bytes(chunk);
    for (;;) {
      let best = Infinity;
      let at = -1;
      for (let i = 0; i + 1 < pieces.length; i++) {
        const id = this.ranks.get(this.piece(pieces[i]) + this.piece(pieces[i + 1]));
        if (id !== undefined && id < best) [best, at] = [id, i];
      }
      if (at < 0) return steps;
      pieces = [...pieces.slice(0, at), best, ...pieces.slice(at + 2)];
      steps.push({ id: best, at, pieces });
    }
  }

  /**
   * The ids of a chunk's single bytes.
   * @param {string} chunk
   * @returns {number[]}
   */
  bytes(chunk) {
    const bytes = new TextEncoder().encode(chunk);
    return Array.from(bytes, (byte) => this.id(String.fromCharCode(byte)));
  }

  /**
   * The id of a piece of bytes.
   * @param {string} piece
   * @returns {number}
   */
  id(piece) {
    const id = this.ranks.get(piece);
    if (id === undefined) throw new RangeError(`${JSON.stringify(piece)} is no token`);
    return id;
  }

  /**
   * The bytes of a token, a character a byte.
   * @param {number} id
   * @returns {string}
   */
  piece(id) {
    const piece = this.pieces.get(id);
    if (piece === undefined) throw new RangeError(`there is no token ${id}`);
    return piece;
  }

  /**
   * The text of some ids; bytes that are no UTF-8 become U+FFFD.
   * @param {number[]} ids
   * @returns {string}
   */
  decode(ids) {
    const bytes = ids.flatMap((id) => Array.from(this.piece(id), (c) => c.charCodeAt(0)));
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array(bytes));
  }
}

/**
 * A text without halves of surrogate pairs, which UTF-8 cannot hold.
 * @param {string} text
 */
function wellFormed(text) {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}
