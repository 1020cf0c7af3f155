/** Bets of several readers beside one another: a column for each, a row for each word. */

import { make, share } from "./dom.js";

/**
 * @typedef {{text: string, kind: "whole" | "model" | "truth"}} Column
 * @typedef {{word: string, came: boolean, bets: (number | null | undefined)[]}} Line null where
 *   nobody knows it, undefined where it is still to come
 */

/**
 * @param {string} caption
 * @param {Column[]} columns
 * @param {Line[]} lines
 */
export function columns(caption, columns, lines) {
  const heads = columns.map(({ text, kind }) => make("th", { scope: "col", class: kind }, text));
  const rows = lines.map(({ word, came, bets }) =>
    make(
      "tr",
      { class: came ? "came" : false },
      make("th", { scope: "row" }, word),
      ...bets.map((p, i) => make("td", { class: columns[i].kind }, ...betCell(p)))
    )
  );
  return make(
    "table",
    { class: "live-bets live-columns" },
    make("caption", {}, caption),
    make("thead", {}, make("tr", {}, make("td", {}), ...heads)),
    make("tbody", {}, ...rows)
  );
}

/** @param {number | null | undefined} p */
function betCell(p) {
  if (p === null) return ["unknown"];
  if (p === undefined) return ["…"];
  const bar = { class: "live-bar", style: `--p:${p.toFixed(4)}`, "aria-hidden": "true" };
  return [make("span", { class: "number" }, share(p)), make("span", bar)];
}
