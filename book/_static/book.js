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

  addEventListener("load", follow);
  addEventListener("load", reach);
  addEventListener("resize", reach);
  addEventListener("change", reach); // another answer is shown
})();
