// What scrolls sideways can be reached, and scrolled, from the keyboard.
(function () {
  "use strict";
  const WIDE =
    ".figure-box, .pst-scrollable-table-container, div.math, pre, .says figure";

  function reach() {
    for (const box of document.querySelectorAll(WIDE)) {
      const scrolls =
        box.scrollWidth > box.clientWidth + 1 &&
        getComputedStyle(box).overflowX !== "visible";
      if (scrolls) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
      box.classList.toggle("scrolls", scrolls);
    }
  }

  // In the contents of the page, the section that is read is marked.
  function follow() {
    const links = [...document.querySelectorAll("#pst-page-toc-nav a[href^='#']")];
    const parts = links.map((link) => document.getElementById(link.hash.slice(1)));
    if (!links.length) return;
    const mark = () => {
      const from = innerHeight / 4;
      let now = -1;
      parts.forEach((part, i) => {
        if (part && part.getBoundingClientRect().top <= from) now = i;
      });
      links.forEach((link, i) => {
        link.classList.toggle("active", i === now);
        if (i === now) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      });
    };
    let waits = 0;
    addEventListener("scroll", () => {
      cancelAnimationFrame(waits);
      waits = requestAnimationFrame(mark);
    }, { passive: true });
    mark();
  }

  // The button of the theme says which theme is on, and not only that there are two.
  function nameTheTheme() {
    const root = document.documentElement;
    const name = () => {
      const mode = root.dataset.mode || "auto";
      const now = mode === "auto" ? `auto (${root.dataset.theme})` : mode;
      for (const button of document.querySelectorAll(".theme-switch-button")) {
        button.setAttribute("aria-label", `Theme: ${now}`);
        for (const title of ["title", "data-bs-original-title"]) {
          if (button.hasAttribute(title)) button.setAttribute(title, `Theme: ${now}`);
        }
      }
    };
    new MutationObserver(name).observe(root, {
      attributeFilter: ["data-mode", "data-theme"],
    });
    name();
  }

  addEventListener("load", nameTheTheme);
  addEventListener("load", follow);
  addEventListener("load", reach);
  addEventListener("resize", reach);
  addEventListener("change", reach); // another answer is shown
})();

// Pages of a folder may share no storage: there the reader's own text goes along with their
// links, and is taken out of the address again (see book/live/own.js).
(function () {
  "use strict";
  const KEY = "own-text";
  if (location.protocol !== "file:") return;
  const query = new URLSearchParams(location.search);
  const brought = query.get(KEY);
  if (brought !== null) {
    query.delete(KEY);
    try {
      if (brought) sessionStorage.setItem(KEY, brought);
      else sessionStorage.removeItem(KEY);
      const rest = query.size ? `?${query}` : "";
      history.replaceState(history.state, "", location.pathname + rest + location.hash);
    } catch {
      // this browser keeps nothing of a file
    }
  }
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (link?.protocol !== "file:" || !link.pathname.endsWith(".html")) return;
    if (link.pathname === location.pathname) return;
    const asked = new URLSearchParams(link.search);
    asked.set(KEY, sessionStorage.getItem(KEY) ?? "");
    link.search = asked;
  }, true);
})();

// The search is fetched when it is first asked for, and before the theme's own can answer.
(function () {
  "use strict";
  const folder = `${document.documentElement.dataset.content_root || "./"}search/`;
  const fetched = {};

  function fetchOnce(name) {
    fetched[name] ??= new Promise((resolve, reject) => {
      const script = name.endsWith(".js");
      const part = document.createElement(script ? "script" : "link");
      if (!script) part.rel = "stylesheet";
      part[script ? "src" : "href"] = folder + name;
      part.onload = resolve;
      part.onerror = () => {
        delete fetched[name];
        reject(new Error(`${name} could not be loaded`));
      };
      document.head.append(part);
    });
    return fetched[name];
  }
  const withStyle = (name) => Promise.all([fetchOnce("search.css"), fetchOnce(name)]);

  function open(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
    withStyle("search.js").then(() => window.bookSearch.open());
  }
  addEventListener("click", (event) => {
    if (event.target.closest?.(".search-button__button")) open(event);
  }, true);
  addEventListener("keydown", (event) => {
    const combined = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
    if (combined && event.key.toLowerCase() === "k") open(event);
  }, true);

  const page = document.querySelector(".search-page");
  if (page) withStyle("search.js").then(() => window.bookSearch.page(page));
  if (new URLSearchParams(location.search).has("found")) withStyle("marks.js");
})();
