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
