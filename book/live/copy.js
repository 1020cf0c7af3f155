/** Lines of Python that give the same as the page, to be taken along. */

import { button, make } from "./dom.js";

/**
 * A block of code with a button that copies it.
 * @returns {{element: HTMLElement, set: (code: string, gives?: string) => void}} `gives` is what
 *   Python answers; it is shown, not copied
 */
export function pythonBlock() {
  const code = make("code", {});
  const answer = make("code", { class: "live-answer" });
  const said = make("span", { class: "live-said", role: "status" });
  const copy = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      copy.textContent = said.textContent = "Copied";
    } catch {
      // where a page may not write there, what is selected can be copied by hand
      getSelection()?.selectAllChildren(code);
      copy.textContent = said.textContent = "Selected";
    }
    setTimeout(() => {
      copy.textContent = "Copy";
      said.textContent = "";
    }, 2000);
  });
  const element = make(
    "div",
    { class: "live-python" },
    make("div", { class: "live-code" }, code, answer),
    copy,
    said
  );
  const set = (/** @type {string} */ text, gives = "") => {
    code.textContent = text;
    answer.textContent = gives;
  };
  return { element, set };
}

/**
 * A text as Python writes it.
 * @param {string} text
 */
export function pythonString(text) {
  return JSON.stringify(text.replace(/\p{Surrogate}/gu, "\ufffd"));
}
