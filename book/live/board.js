/** The switches of a model's parts: heads, MLPs, positions, norms. */

import { button, make } from "./dom.js";

/**
 * @typedef {Set<string>} Off parts that are taken out: "1.3" a head, "m0" an MLP, "positions",
 *   "norms"
 */

const ALL_HEADS = Array.from({ length: 12 }, (_, i) => `${Math.floor(i / 4)}.${i % 4}`);
const ALL_MLPS = ["m0", "m1", "m2"];
const ALL_PARTS = [...ALL_HEADS, ...ALL_MLPS, "positions", "norms"];

/** @type {[string, string[]][]} */
export const TAKEN_OUT = [
  ["The whole model", []],
  ["Without 1.1", ["1.1"]],
  ["Without 1.1 and 1.3", ["1.1", "1.3"]],
  ["Without 0.1", ["0.1"]],
  ["No attention", ALL_HEADS],
  ["No MLPs", ALL_MLPS],
  ["Only the last MLP", [...ALL_HEADS, "m0", "m1"]],
  ["No positions", ["positions"]],
  ["No norms", ["norms"]],
];

/**
 * The parts that an address names, in the order of the model; those of `otherwise` where it
 * names none.
 * @param {string | undefined} text
 * @param {string[]} otherwise
 * @returns {Off}
 */
export function offIn(text, otherwise) {
  const named = (text ?? "").split(",");
  const known = ALL_PARTS.filter((part) => named.includes(part));
  return new Set(known.length || text === "none" ? known : otherwise);
}

/** @param {Off} off */
export function offText(off) {
  return ALL_PARTS.filter((part) => off.has(part)).join(",") || "none";
}

/**
 * @param {Off} off
 * @returns {import("./model.js").Switches}
 */
export function switchesOf(off) {
  return {
    heads: new Set(ALL_HEADS.filter((head) => off.has(head))),
    mlps: new Set([0, 1, 2].filter((layer) => off.has(`m${layer}`))),
    noPlaces: off.has("positions"),
    noNorms: off.has("norms"),
  };
}

/**
 * What is left, in words.
 * @param {Off} off
 */
export function saidOf(off) {
  const heads = ALL_HEADS.filter((head) => off.has(head));
  const mlps = ALL_MLPS.filter((mlp) => off.has(mlp)).map((mlp) => mlp.slice(1));
  const missing = [];
  if (heads.length === ALL_HEADS.length) missing.push("attention");
  else if (heads.length)
    missing.push(`${heads.length > 1 ? "heads" : "head"} ${enumerated(heads)}`);
  if (mlps.length === ALL_MLPS.length) missing.push("MLPs");
  else if (mlps.length) missing.push(`${mlps.length > 1 ? "MLPs" : "MLP"} ${enumerated(mlps)}`);
  for (const part of ["positions", "norms"]) if (off.has(part)) missing.push(part);
  return missing.length ? `without ${enumerated(missing)}` : "the whole model";
}

/** @param {string[]} words */
function enumerated(words) {
  return words.join(", ").replace(/, ([^,]*)$/, " and $1");
}

/**
 * @param {Off} off which it changes
 * @param {() => void} changed
 * @returns {{element: HTMLElement, presets: HTMLElement, show: () => void}}
 */
export function board(off, changed) {
  /** @type {Map<string, HTMLButtonElement>} */
  const switches = new Map();
  const part = (/** @type {string} */ name, /** @type {string} */ label, said = label) => {
    const flip = () => {
      if (!off.delete(name)) off.add(name);
      changed();
    };
    const more = { class: "live-button apart-part", "aria-label": said, tabindex: "-1" };
    const one = button(label, flip, more);
    switches.set(name, one);
    return one;
  };
  const rows = ALL_MLPS.map((mlp, n) =>
    make(
      "div",
      { class: "apart-layer", role: "group", "aria-label": `Layer ${n}` },
      make("span", { class: "apart-name", "aria-hidden": "true" }, `layer ${n}`),
      ...ALL_HEADS.slice(4 * n, 4 * n + 4).map((head) => part(head, head, `Head ${head}`)),
      part(mlp, "MLP", `MLP ${n}`)
    )
  );
  const rest = make(
    "div",
    { class: "apart-layer rest" },
    make("span", { class: "apart-name", "aria-hidden": "true" }, "all layers"),
    part("positions", "positions", "Positions"),
    part("norms", "norms", "Norms")
  );
  const element = make(
    "div",
    {
      class: "apart-board",
      role: "toolbar",
      "aria-label": "The parts of the model. The arrow keys go from one to the next.",
      onkeydown: (/** @type {KeyboardEvent} */ event) => move(event),
    },
    ...rows,
    rest
  );
  switches.get(ALL_HEADS[0])?.setAttribute("tabindex", "0");

  /** From part to part: only one is in the order of the tab key. */
  function move(/** @type {KeyboardEvent} */ event) {
    const lines = [...rows, rest].map((row) => [...row.querySelectorAll("button")]);
    const line = lines.findIndex((buttons) => buttons.includes(document.activeElement));
    if (line < 0) return;
    const at = lines[line].indexOf(document.activeElement);
    const flat = lines.flat();
    const here = flat.indexOf(document.activeElement);
    const above = lines[Math.max(line - 1, 0)];
    const below = lines[Math.min(line + 1, lines.length - 1)];
    /** @type {Record<string, HTMLElement>} */
    const to = {
      ArrowLeft: flat[Math.max(here - 1, 0)],
      ArrowRight: flat[Math.min(here + 1, flat.length - 1)],
      ArrowUp: above[Math.min(at, above.length - 1)],
      ArrowDown: below[Math.min(at, below.length - 1)],
      Home: flat[0],
      End: flat[flat.length - 1],
    };
    const next = to[event.key];
    if (!next) return;
    event.preventDefault();
    for (const one of flat) one.setAttribute("tabindex", one === next ? "0" : "-1");
    next.focus();
  }

  const presets = TAKEN_OUT.map(([name, parts]) =>
    button(name, () => {
      off.clear();
      for (const one of parts) off.add(one);
      changed();
    })
  );
  const show = () => {
    for (const [name, one] of switches) one.setAttribute("aria-pressed", String(!off.has(name)));
    TAKEN_OUT.forEach(([, parts], i) => {
      const same = parts.length === off.size && parts.every((one) => off.has(one));
      presets[i].setAttribute("aria-pressed", String(same));
    });
  };
  show();
  const chosen = make(
    "div",
    { class: "live-controls apart-presets", role: "group", "aria-label": "Try" },
    ...presets
  );
  return { element, presets: chosen, show };
}
