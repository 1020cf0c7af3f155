/** Small helpers for what a page shows. */

/**
 * An element with attributes and children. An attribute that is false or null is left out; one
 * that begins with "on" is a listener.
 * @param {string} tag
 * @param {Record<string, any>} attributes
 * @param {...(Node | string)} children
 * @returns {any} an HTMLElement of that tag
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/**
 * A probability as the book writes it: 0.667, "< 0.001" for what would round to 0, and "0" for
 * what is nothing but the rounding of a sum.
 * @param {number} p
 */
export function share(p) {
  if (p < 1e-12) return "0";
  if (p < 0.0005) return "< 0.001";
  return p < 1 && p >= 0.9995 ? "> 0.999" : p.toFixed(3);
}

/**
 * A token or word as it can be seen: a space at its front as "␣", line breaks as "⏎".
 * @param {string} text
 */
export function visible(text) {
  return text.replace(/^ /, "␣").replace(/\n/g, "⏎").replace(/\t/g, "⇥");
}

/**
 * A reader's word as a sentence can quote it: long ones are cut.
 * @param {string} text
 */
export function quoted(text) {
  const letters = [...text];
  return `“${letters.length > 24 ? `${letters.slice(0, 22).join("")}…` : text}”`;
}

/**
 * The sign between a sum and its result: "=" where the numbers give it as they are shown, and
 * "≈" where they were rounded for showing.
 * @param {number} found from the numbers as they are shown
 * @param {string} shown the result
 */
export function gives(found, shown) {
  const digits = shown.split(".")[1]?.length ?? 0;
  return Number(found.toFixed(digits)) === Number(shown.replace("−", "-")) ? "=" : "≈";
}

/** Whether the reader asks for no movement. */
export function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * A button that says what it does.
 * @param {string} label
 * @param {() => void} act
 * @param {Record<string, any>} more
 */
export function button(label, act, more = {}) {
  return make("button", { type: "button", class: "live-button", onclick: act, ...more }, label);
}

/**
 * A handle for a number, with its label and its value in words.
 * @param {string} label
 * @param {{min: number, max: number, step: number, value: number}} range
 * @param {(value: number) => string} say
 * @param {(value: number) => void} act
 * @returns {{element: HTMLElement, set: (value: number) => void}}
 */
export function handle(label, range, say, act) {
  const said = make("output", {});
  const input = make("input", { type: "range", ...range });
  const show = () => {
    said.textContent = say(Number(input.value));
    input.setAttribute("aria-valuetext", said.textContent);
  };
  input.addEventListener("input", () => {
    show();
    act(Number(input.value));
  });
  show();
  const set = (/** @type {number} */ value) => {
    input.value = value;
    show();
  };
  const element = make("label", { class: "live-handle" }, make("span", {}, label), input, said);
  return { element, set };
}
