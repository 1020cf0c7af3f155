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

  addEventListener("load", reach);
  addEventListener("resize", reach);
  addEventListener("change", reach); // another answer is shown
})();
