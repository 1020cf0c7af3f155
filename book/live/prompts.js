/** What a living part reads: a story of the course's, or the reader's own text. */

import { make } from "./dom.js";
import { OwnLine } from "./own.js";
import { TextBox } from "./text.js";

/** A text longer than this is cut. */
const LONGEST = 1000;

/**
 * A choice among stories, and a field for another text behind a fold.
 * @param {string} label of the choice
 * @param {[string, string][]} stories their names and their texts
 * @param {(text: string, story: number) => void} change story: its number, or -1 for one's own
 */
export function promptChoice(label, stories, change) {
  const own = make("option", { value: "-1", hidden: "" }, "your own choice");
  const choice = make(
    "select",
    { onchange: () => set(stories[Number(choice.value)][1]) },
    ...stories.map(([name], i) => make("option", { value: i }, name)),
    own
  );
  const box = new TextBox("The text that the model reads", (text) => {
    box.mark([]);
    choice.value = "-1";
    whose.set(text);
    change(text, -1);
  });
  const texts = stories.map(([, text]) => text);
  const whose = new OwnLine(texts, (text) => take(text));
  box.field.maxLength = LONGEST;
  const fold = make("details", { class: "prompt-own" }, make("summary", {}, "Write your own text"));
  fold.append(box.element);

  /** @param {string} text one of the stories */
  function set(text) {
    whose.set(text);
    take(text);
  }

  /** @param {string} text chosen by a button, or in another part of the page */
  function take(text) {
    show(text, texts.indexOf(text));
    change(text, texts.indexOf(text));
  }

  /**
   * Show which text is read.
   * @param {string} text
   * @param {number} story
   */
  function show(text, story) {
    box.set(text);
    box.mark([]);
    choice.value = String(story);
  }

  const element = make(
    "div",
    { class: "prompt-choice" },
    make("label", {}, make("span", {}, label), choice),
    fold,
    whose.element
  );
  return { element, show, begin: (/** @type {string} */ text) => whose.begin(text) };
}

/**
 * The text that the address asks for, or null where it asks for none.
 * @param {Record<string, string>} asked
 */
export function askedPrompt(asked) {
  return asked.prompt === undefined ? null : asked.prompt.slice(0, LONGEST);
}
