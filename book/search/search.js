/**
 * The search, as a dialog over any page (Ctrl-K) and as a page of its own. book.js fetches this
 * script when a reader first asks for it; the texts of the book come after it, in a script too,
 * because a page that was opened from a folder may load nothing else.
 */

import { element, list, summary } from "./hits.js";
import { finder } from "./seek.js";

/** @import { Answer } from "./seek.js" */

const WAIT = 80; // ms after the last key before an answer is sought
const SAY = 600; // and before it is said aloud
const base = document.documentElement.dataset.content_root ?? "./";
/** @type {Promise<(question: string) => Answer> | undefined} */
let ready;

/** The index, made once. */
function fetched() {
  ready ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${base}search/texts.js`;
    script.onload = () => {
      const { bookTexts, MiniSearch } = /** @type {any} */ (window);
      resolve(finder(bookTexts, MiniSearch));
    };
    script.onerror = () => {
      ready = undefined;
      script.remove();
      reject(new Error("the texts of the book could not be loaded"));
    };
    document.head.append(script);
  });
  return ready;
}

/**
 * A field and what is found under it.
 * @param {HTMLInputElement} field
 * @param {{pages: number, parts: number}} most
 * @param {(question: string) => void} changed
 */
function results(field, most, changed) {
  const said = element("p", "search-said");
  const aloud = element("p", "search-aloud");
  aloud.setAttribute("role", "status");
  const found = element("div", "search-found");
  let waits = 0;
  let says = 0;
  let last = "";

  async function look() {
    clearTimeout(waits);
    const question = field.value;
    if (question.trim() === last) return;
    try {
      const seek = await fetched();
      if (field.value !== question) return; // another key was hit meanwhile
      last = question.trim();
      const answer = seek(question);
      const text = summary(question, answer);
      said.textContent = text;
      found.replaceChildren(list(base, answer, most));
      found.dataset.asked = last;
      found.parentElement?.scrollTo?.(0, 0);
      clearTimeout(says);
      says = setTimeout(() => {
        aloud.textContent = text;
      }, SAY);
    } catch (error) {
      said.textContent = `The search does not work now: ${/** @type {Error} */ (error).message}.`;
      aloud.textContent = said.textContent;
      found.replaceChildren();
    }
    changed(question);
  }
  field.addEventListener("input", () => {
    clearTimeout(waits);
    waits = setTimeout(look, WAIT);
  });
  const best = () => /** @type {HTMLAnchorElement | null} */ (found.querySelector("[data-best]"));
  return { said, aloud, found, look, best };
}

/**
 * The arrow keys go from the field through the links and back.
 * @param {HTMLElement} around
 * @param {HTMLInputElement} field
 */
function arrows(around, field) {
  around.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const stops = [field, ...around.querySelectorAll(".hits a")];
    const here = stops.indexOf(/** @type {any} */ (document.activeElement));
    if (here < 0) return;
    event.preventDefault();
    /** @type {any} */ (stops[Math.min(Math.max(here + step, 0), stops.length - 1)]).focus();
  });
}

/** @param {string} question */
function pageOf(question) {
  return `${base}search.html?${new URLSearchParams({ q: question })}`;
}

/** The dialog, made once, and shown by `openSearch`. */
function dialog() {
  const field = element("input", "");
  for (const [name, value] of Object.entries({
    type: "search",
    name: "q",
    maxlength: "200",
    placeholder: "Search the book",
    "aria-label": "Search the book",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    enterkeyhint: "search",
  }))
    field.setAttribute(name, value);
  const icon = element("i", "fa-solid fa-magnifying-glass");
  icon.setAttribute("aria-hidden", "true");
  const close = element("button", "", "Close");
  close.type = "button";
  const form = element("form", "search-line", icon, field, close);
  form.setAttribute("role", "search");
  const more = element("a", "", "All results on a page of their own");
  const foot = element("p", "search-more", more);
  const box = element("dialog", "search-dialog", form);
  box.setAttribute("aria-label", "Search");
  const hint =
    "Type a word, a name from the code or a short question. Small typing mistakes are fine.";
  const shown = results(field, { pages: 8, parts: 3 }, (question) => {
    foot.hidden = !shown.best();
    more.href = pageOf(question);
    if (!question.trim()) shown.said.textContent = hint;
  });
  shown.said.textContent = hint;
  foot.hidden = true;
  box.append(element("div", "search-body", shown.said, shown.found, foot), shown.aloud);
  form.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    await shown.look();
    const best = shown.best();
    if (best) best.click();
  });
  close.addEventListener("click", () => box.close());
  box.addEventListener("click", (/** @type {Event} */ event) => {
    if (event.target === box) box.close(); // beside it
    // a link to this very page opens no other, so the dialog would stay
    if (/** @type {Element} */ (event.target).closest?.("a")) box.close();
  });
  field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault(); // which would only empty the field
    box.close();
  });
  arrows(box, field);
  document.body.append(box);
  return { box, field };
}

/** @type {ReturnType<typeof dialog> | undefined} */
let made;

/** Open the dialog, or go to the field of the page of the search. */
export function openSearch() {
  const own = /** @type {HTMLInputElement | null} */ (document.querySelector(".search-page input"));
  if (own) {
    own.focus();
    own.select();
    return;
  }
  made ??= dialog();
  const { box, field } = made;
  if (box.open) box.close();
  else {
    box.showModal();
    field.focus();
    field.select();
    fetched().catch(() => {}); // said when something is sought
  }
}

/**
 * The page of the search: what its address asks is answered, and what is typed.
 * @param {HTMLElement} page
 */
export function searchPage(page) {
  const field = /** @type {HTMLInputElement} */ (page.querySelector("input"));
  const shown = results(field, { pages: Number.POSITIVE_INFINITY, parts: 8 }, (question) => {
    const query = question.trim() ? `?${new URLSearchParams({ q: question.trim() })}` : "";
    try {
      history.replaceState(history.state, "", location.pathname + query);
    } catch {
      // a browser that changes no address of a file
    }
  });
  page.append(shown.said, shown.found, shown.aloud);
  page.querySelector("form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    shown.look();
  });
  arrows(page, field);
  field.value = (new URLSearchParams(location.search).get("q") ?? "").slice(0, field.maxLength);
  field.focus();
  if (field.value) shown.look();
}

/** @type {any} */ (window).bookSearch = { open: openSearch, page: searchPage };
