/** The list of what was found: pages, and in each the sections that answer best. */

import { excerpt, split } from "./excerpt.js";

const LITTLE = 0.1; // a page says no more of itself where a section answers so much better

/** @import { Answer, Group, Hit } from "./seek.js" */

/**
 * An element with a class and children.
 * @param {string} tag
 * @param {string} name its class
 * @param {...(Node | string)} children
 * @returns {any} an HTMLElement of that tag
 */
export function element(tag, name, ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
}

/** @param {{words: string, marked: boolean}[]} pieces */
function written(pieces) {
  return pieces.map(({ words, marked }) => (marked ? element("mark", "", words) : words));
}

/**
 * The address of a part, with the words that its page is to mark.
 * @param {string} base where the book lies, seen from here
 * @param {Group} group
 * @param {Hit | undefined} hit none: the page from its beginning
 */
export function address(base, group, hit) {
  const { phrase, terms } = hit ?? group.hits[0];
  const id = hit?.part[1];
  const query = new URLSearchParams({ found: phrase || [...terms].join(" ") });
  const place = id ? `#${encodeURIComponent(id)}` : "";
  return `${base}${group.page[0]}.html?${query}${place}`;
}

/**
 * @param {string} name its class
 * @param {string} href
 * @param {Hit} hit
 * @param {string} title
 */
function entry(name, href, hit, title) {
  const link = element("a", "", ...written(split(title, hit.terms)));
  link.href = href;
  const shown = written(excerpt(hit.part[3], hit.terms));
  return element("div", name, link, element("p", "", ...shown));
}

/**
 * One page, and in it at most `most` sections.
 * @param {string} base
 * @param {Group} group
 * @param {number} most
 */
function shown(base, group, most) {
  const [path, title, label] = group.page;
  const exercise = path.startsWith("exercises/");
  const own = group.hits.find((hit) => !hit.part[1]);
  const sections = group.hits.filter((hit) => hit !== own);
  const name = exercise ? title : label;
  const item = element("li", "hit");
  if (own && own.score > group.score * LITTLE)
    item.append(entry("hit-page", address(base, group, own), own, name));
  else {
    const link = element("a", "", name);
    link.href = address(base, group, undefined);
    item.append(element("div", "hit-page", link));
  }
  if (sections.length) {
    const parts = sections.slice(0, most).map((hit) => {
      const part = entry("hit-part", address(base, group, hit), hit, hit.part[2]);
      return element("li", "", part);
    });
    item.append(element("ul", "hit-parts", ...parts));
  }
  const best = group.hits[0] === own ? ".hit-page a" : ".hit-parts a";
  item.querySelector(best)?.setAttribute("data-best", "");
  return item;
}

/**
 * All of an answer as a list.
 * @param {string} base
 * @param {Answer} answer
 * @param {{pages: number, parts: number}} most how many pages, and parts of each
 * @returns {HTMLOListElement}
 */
export function list(base, answer, most) {
  const items = answer.groups.slice(0, most.pages).map((group) => shown(base, group, most.parts));
  return element("ol", "hits", ...items);
}

/**
 * The answer in a sentence.
 * @param {string} question
 * @param {Answer} answer
 */
export function summary(question, { groups, count, instead, missing }) {
  if (!question.trim()) return "";
  const asked = `“${question.trim()}”`;
  if (!groups.length) return `Nothing in the book fits ${asked}.`;
  const pages = groups.length === 1 ? "1 page" : `${groups.length} pages`;
  const places = count === 1 ? "1 place" : `${count} places`;
  const found = `${places} on ${pages}.`;
  if (missing.length) return `Without “${missing.join(" ")}”, which is not in the book: ${found}`;
  return instead ? `Nothing fits ${asked}. For “${instead}”: ${found}` : found;
}
