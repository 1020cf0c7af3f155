/**
 * How one chunk is encoded: from its bytes to its tokens, a merge at a time. As the chapter says
 * it: of all neighbours that together are a token, those of the lowest id, wherever they stand.
 */

/**
 * @typedef {object} Turn
 * @property {number[]} pieces the ids that stand there
 * @property {(number | null)[]} pairs the token that piece i and the one after it are together
 * @property {number | null} next the lowest of these, which is made in the next turn
 * @property {number[]} made where among the pieces stand those that the turn before has made
 */

/**
 * All turns of a chunk: the first has its bytes, and in the last no two are a token together.
 * @param {import("./tokenize.js").Tokenizer} tokenizer
 * @param {string} chunk
 * @returns {Turn[]}
 */
export function mergeTurns(tokenizer, chunk) {
  let turn = turnOf(tokenizer, tokenizer.bytes(chunk), []);
  const turns = [turn];
  while (turn.next !== null) {
    const { pieces, pairs, next } = turn;
    /** @type {number[]} */
    const joined = [];
    const made = [];
    for (let i = 0; i < pieces.length; i++) {
      const here = pairs[i] === next;
      if (here) made.push(joined.length);
      joined.push(here ? next : pieces[i]);
      if (here) i++; // from the left: its right neighbour is used up
    }
    turn = turnOf(tokenizer, joined, made);
    turns.push(turn);
  }
  return turns;
}

/**
 * @param {import("./tokenize.js").Tokenizer} tokenizer
 * @param {number[]} pieces
 * @param {number[]} made
 * @returns {Turn}
 */
function turnOf(tokenizer, pieces, made) {
  const pairs = pieces
    .slice(1)
    .map((id, i) => tokenizer.ranks.get(tokenizer.piece(pieces[i]) + tokenizer.piece(id)) ?? null);
  let lowest = Infinity;
  for (const id of pairs) lowest = Math.min(lowest, id ?? Infinity);
  return { pieces, pairs, next: lowest < Infinity ? lowest : null, made };
}

/**
 * @typedef {object} Chunk what the pre-tokenizer has cut out, or a special token
 * @property {string} text
 * @property {number} from its first character
 * @property {number} to
 * @property {number[]} ids
 * @property {boolean} special
 */

/**
 * The chunks of a text with their ids.
 * @param {import("./tokenize.js").Tokenizer} tokenizer
 * @param {(text: string) => string[]} split
 * @param {string} text
 * @returns {Chunk[]}
 */
export function chunksOf(tokenizer, split, text) {
  let from = 0;
  return tokenizer.cut(text).flatMap((part) => {
    const special = Object.hasOwn(tokenizer.specialTokens, part);
    return (special ? [part] : split(part)).map((chunk) => {
      const ids = special ? [tokenizer.specialTokens[part]] : idsOf(tokenizer, chunk);
      const found = { text: chunk, from, to: from + chunk.length, ids, special };
      from = found.to;
      return found;
    });
  });
}

/**
 * The ids of a chunk; those of a long one in turns, each of which makes many merges at once.
 * @param {import("./tokenize.js").Tokenizer} tokenizer
 * @param {string} chunk
 */
function idsOf(tokenizer, chunk) {
  if (chunk.length <= 40) return tokenizer.encodeChunk(chunk);
  return mergeTurns(tokenizer, chunk).at(-1)?.pieces ?? [];
}

/**
 * A token as it can be seen: a space as "␣", and bytes that are no text, or cannot be seen, in
 * hexadecimal.
 * @param {string} piece its bytes, a character a byte
 */
export function legible(piece) {
  const bytes = Uint8Array.from(piece, (c) => c.charCodeAt(0));
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const seen = text.replace(/ /g, "␣").replace(/\n/g, "⏎").replace(/\t/g, "⇥");
    if (!/[\p{C}\p{Z}]/u.test(seen)) return seen;
  } catch {
    // part of a character
  }
  return Array.from(bytes, (byte) => `\\x${hexOf(byte)}`).join("");
}

/**
 * The bytes of a token, as two digits each.
 * @param {string} piece a character a byte
 */
export function hexBytes(piece) {
  return Array.from(piece, (c) => hexOf(c.charCodeAt(0))).join(" ");
}

/** @param {number} byte */
function hexOf(byte) {
  return byte.toString(16).padStart(2, "0");
}
