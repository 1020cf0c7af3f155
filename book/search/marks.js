/**
 * On a page that a search has led to, the words that it found are marked. The browser paints the
 * marks over the text, which itself stays as it is, so nothing moves when they go.
 */

import { places } from "./words.js";

const APART = "script, style, svg, math, .live, .player, .headerlink, [hidden]";

/**
 * Where the words stand in the text of a page.
 * @param {Element} page
 * @param {Set<string>} found terms
 * @returns {Range[]}
 */
function ranges(page, found) {
  const walker = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
  const all = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement?.closest(APART)) continue;
    for (const [start, end] of places(node.nodeValue ?? "", found)) {
      const range = new Range();
      range.setStart(node, start);
      range.setEnd(node, end);
      all.push(range);
    }
  }
  return all;
}

/** Mark what the address names, take it out of the address, and say how to be rid of it. */
function mark() {
  const query = new URLSearchParams(location.search);
  const found = new Set((query.get("found") ?? "").split(" ").filter(Boolean));
  query.delete("found");
  try {
    const rest = query.size ? `?${query}` : "";
    history.replaceState(history.state, "", location.pathname + rest + location.hash);
  } catch {
    // a browser that changes no address of a file
  }
  const page = document.querySelector("article");
  if (!page || !("highlights" in CSS)) return;
  const all = ranges(page, found);
  if (!all.length) return;
  CSS.highlights.set("found", new Highlight(...all));
  const note = document.createElement("div");
  note.className = "found-note";
  const many = all.length === 1 ? "1 match is" : `${all.length} matches are`;
  const said = document.createElement("span");
  said.textContent = `${many} marked on this page.`;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Hide";
  note.append(said, button);
  document.querySelector("main")?.append(note);
  const hide = () => {
    CSS.highlights.delete("found");
    note.remove();
    removeEventListener("keydown", onKey);
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) hide();
  };
  button.addEventListener("click", hide);
  addEventListener("keydown", onKey);
}

mark();
