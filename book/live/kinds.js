/** The stories of the three kinds of model: one tells them apart, and the words around it do not. */

import { make } from "./dom.js";

/** @typedef {import("./story.js").Story} Story */

const PATCH_BEGIN = "Once a little fox named Ada lived by the river. One day Ada worked with a";
const PATCH_END = "model. When the moon came up, the model";
/** What a model of each kind does. */
export const PATCH_ACTS = { fashion: "wore", clay: "dried", "machine learning": "guessed" };
/** @typedef {"fashion" | "clay" | "machine learning"} Kind */
const PATCH_KINDS = /** @type {Kind[]} */ (Object.keys(PATCH_ACTS));

/**
 * The story of a model of some kind, up to what it does.
 * @param {Kind} kind
 */
export function storyOf(kind) {
  return `${PATCH_BEGIN} ${kind} ${PATCH_END}`;
}

/**
 * Whether a word names a kind, or is a part of its name.
 * @param {string | undefined} word
 */
export function namesKind(word) {
  return PATCH_KINDS.some((kind) => kind.split(" ").includes(word ?? ""));
}

/**
 * A story from its kind on, the word marked.
 * @param {Story} story
 * @param {number} i
 * @param {string} kind
 */
export function storyLine(story, i, kind) {
  const { from, to } = story.words[i];
  const begin = PATCH_BEGIN.lastIndexOf("worked");
  return make(
    "p",
    { class: `patch-line ${kind}` },
    `… ${story.text.slice(begin, from)}`,
    make("mark", {}, story.text.slice(from, to)),
    story.text.slice(to)
  );
}

/**
 * The place of a word's last token among the ids.
 * @param {Story} story
 * @param {number} i
 */
export function lastPlace(story, i) {
  return (i + 1 < story.words.length ? story.words[i + 1].before : story.ids.length) - 1;
}

/** @param {Story} story */
export function wordsOf(story) {
  return story.words.map(({ word }) => word);
}

/** @param {string | undefined} text @param {Kind} otherwise @returns {Kind} */
export function knownKind(text, otherwise) {
  return PATCH_KINDS.find((kind) => kind === text) ?? otherwise;
}

/** @param {Kind} kind @returns {Kind} */
export function otherKind(kind) {
  return kind === "fashion" ? "machine learning" : "fashion";
}

/** @param {string} label @param {() => void} act */
export function kindChoice(label, act) {
  return make(
    "select",
    { "aria-label": label, onchange: act },
    ...PATCH_KINDS.map((kind) => make("option", { value: kind }, `${kind} model`))
  );
}
