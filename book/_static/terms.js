// What the glossary says of a term, beside its link (markup: book/_ext/terms.py): on hover and
// on focus; a finger's first tap shows it, and the second goes there.
(() => {
  const WAIT = 180; // ms: from the link to its tip without losing it
  /** @type {HTMLElement | null} */
  let open = null;
  /** @type {HTMLElement | null} */
  let of = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waits;
  let frame = 0;
  let pointer = "mouse";

  /** @param {EventTarget | null} target @returns {HTMLElement | null} */
  const linkOf = (target) =>
    target instanceof Element ? target.closest("a[aria-describedby^='tip-']") : null;

  /** @param {HTMLElement} link */
  function show(link) {
    clearTimeout(waits);
    if (of === link) return;
    hide();
    const text = document.getElementById(link.getAttribute("aria-describedby") ?? "");
    const tip = text?.parentElement;
    if (!tip) return;
    document.querySelector("main")?.append(tip); // out of all that cuts off
    tip.hidden = false;
    tip.classList.toggle("touch", pointer === "touch");
    open = tip;
    of = link;
    place();
  }

  /** Beside its link, and again before every frame: what comes late may move the link. */
  function place() {
    if (!open || !of) return;
    const tip = open;
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(place);
    const [box] = of.getClientRects();
    const left = Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 12);
    const above = box.bottom + tip.offsetHeight + 12 > innerHeight && box.top > tip.offsetHeight;
    const from = (tip.offsetParent ?? document.body).getBoundingClientRect();
    tip.style.left = `${Math.max(12, left) - from.left}px`;
    tip.style.top = `${(above ? box.top - tip.offsetHeight : box.bottom) - from.top}px`;
  }

  function hide() {
    clearTimeout(waits);
    if (open) open.hidden = true;
    open = of = null;
  }

  const soon = () => {
    clearTimeout(waits);
    waits = setTimeout(hide, WAIT);
  };

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const link = linkOf(event.target);
    if (link) {
      clearTimeout(waits);
      if (of !== link) waits = setTimeout(() => show(link), WAIT);
    } else if (open?.contains(/** @type {Node} */ (event.target))) clearTimeout(waits);
    else if (open ? document.activeElement !== of : waits) soon();
  });
  document.addEventListener("focusin", (event) => {
    const link = linkOf(event.target);
    if (link?.matches(":focus-visible")) show(link);
    else if (!open?.contains(/** @type {Node} */ (event.target))) hide();
  });
  document.addEventListener("focusout", (event) => {
    if (event.target === of) soon();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  document.addEventListener("pointerdown", (event) => {
    pointer = event.pointerType;
    const target = /** @type {Node} */ (event.target);
    if (!open?.contains(target) && !of?.contains(target)) hide();
  });
  document.addEventListener("click", (event) => {
    const link = linkOf(event.target);
    if (pointer !== "touch" || !link || of === link) return;
    event.preventDefault();
    show(link);
  });
})();
