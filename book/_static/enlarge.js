// Every figure can be enlarged: its button, or a click on it, opens it in a dialog, where it can be
// zoomed (buttons, keys, pinch, double click) and scrolled. The figure itself moves there and back, so
// that a player goes on where it stands.
(() => {
  const READABLE = 1.5; // px a unit: figures are lettered in 9 to 11.5 units
  const STEP = 1.3;
  const LARGEST = 8;
  const ICONS = {
    open: "M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7",
    close: "M5 5l14 14M19 5L5 19",
    larger: "M12 5v14M5 12h14",
    smaller: "M5 12h14",
    whole: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  };

  /** @returns {HTMLElement} */
  function make(/** @type {string} */ tag, /** @type {Record<string, string>} */ attributes) {
    const element = document.createElement(tag);
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    return element;
  }

  function button(/** @type {keyof typeof ICONS} */ icon, /** @type {string} */ label) {
    const element = make("button", {
      type: "button",
      "aria-label": label,
      title: label.split(":")[0],
    });
    element.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[icon]}"/></svg>`;
    return element;
  }

  // --- the dialog: one for all figures of the page ------------------------------------------
  const dialog = /** @type {HTMLDialogElement} */ (make("dialog", { class: "enlarged" }));
  const bar = make("div", { class: "enlarged-bar" });
  const stage = make("div", { class: "enlarged-stage" });
  const words = make("div", { class: "enlarged-words" });
  const smaller = button("smaller", "Smaller");
  const larger = button("larger", "Larger");
  const whole = button("whole", "Whole figure");
  const close = button("close", "Close");
  close.autofocus = true;
  bar.append(smaller, larger, whole, close);
  dialog.append(bar, stage, words);

  /** What is shown, the place that it left, and who opened it. */
  let shown = /** @type {HTMLElement | null} */ (null);
  let place = /** @type {HTMLElement | null} */ (null);
  let opener = /** @type {HTMLElement | null} */ (null);
  let zoom = 1; // px a unit

  /** The box whose svg grows, and scrolls. */
  const box = () =>
    /** @type {HTMLElement} */ (
      shown?.classList.contains("player") ? shown.querySelector(".player-stage") : stage
    );

  /** Its picture: of several (wide, narrow), the one that this page shows. */
  const picture = () =>
    /** @type {SVGSVGElement} */ (
      [...box().querySelectorAll("svg")].find(
        (svg) => svg.clientWidth || svg.getBoundingClientRect().width
      )
    );

  function size() {
    const { width, height } = picture().viewBox.baseVal;
    const room = box();
    const style = getComputedStyle(room);
    const wide = room.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const high = room.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
    return { fit: Math.min(wide / width, high / height), tall: high / height, wide: wide / width };
  }

  /** Sets the zoom; what lies at (x, y) on the screen stays there. */
  function to(/** @type {number} */ wanted, x = innerWidth / 2, y = innerHeight / 2) {
    const { fit } = size();
    const room = box();
    const before = picture().getBoundingClientRect();
    const at = { x: (x - before.left) / before.width, y: (y - before.top) / before.height };
    zoom = Math.max(Math.min(fit, READABLE), Math.min(LARGEST, wanted));
    dialog.style.setProperty("--zoom", String(zoom));
    const after = picture().getBoundingClientRect();
    room.scrollLeft += after.left + at.x * after.width - x;
    room.scrollTop += after.top + at.y * after.height - y;
    smaller.setAttribute("aria-disabled", String(zoom <= Math.min(fit, READABLE)));
    larger.setAttribute("aria-disabled", String(zoom >= LARGEST));
    reach();
  }

  /** What scrolls can be reached from the keyboard. */
  function reach() {
    const room = box();
    if (room.scrollWidth > room.clientWidth + 1 || room.scrollHeight > room.clientHeight + 1) {
      room.tabIndex = 0;
      room.setAttribute("role", "group");
      room.setAttribute("aria-label", "Figure, scrolls");
    } else {
      if (room === document.activeElement) close.focus();
      for (const name of ["tabindex", "role", "aria-label"]) room.removeAttribute(name);
    }
  }

  const fitted = () => to(size().fit);

  /** As large as the window allows; on a small one as large as reads well, and the rest scrolls. */
  function begin() {
    const { fit, tall, wide } = size();
    to(Math.max(fit, Math.min(READABLE, Math.max(tall, wide))));
    box().scrollTo(0, 0);
  }

  // --- open and close -----------------------------------------------------------------------
  function open(
    /** @type {HTMLElement} */ what,
    /** @type {HTMLElement} */ by,
    /** @type {string} */ name
  ) {
    if (dialog.open) return;
    if (!dialog.isConnected) document.body.append(dialog);
    place = make("div", {});
    place.style.height = `${what.getBoundingClientRect().height}px`;
    place.style.margin = getComputedStyle(what).margin;
    what.before(place);
    shown = what;
    opener = by;
    const caption = what.closest("figure")?.querySelector("figcaption .caption-text");
    words.replaceChildren(...(caption ? [caption.cloneNode(true)] : []));
    stage.replaceChildren(what);
    dialog.classList.toggle("enlarged-player", what.classList.contains("player"));
    dialog.setAttribute("aria-label", name);
    document.documentElement.classList.add("enlarging");
    dialog.showModal();
    begin();
  }

  function back() {
    if (!shown || !place || !opener) return;
    for (const name of ["tabindex", "role", "aria-label"]) box().removeAttribute(name);
    place.replaceWith(shown);
    shown = place = null;
    document.documentElement.classList.remove("enlarging");
    opener.focus({ preventScroll: true });
    dispatchEvent(new Event("resize")); // what scrolls is looked at anew
  }

  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", back);
  addEventListener("beforeprint", () => {
    dialog.close();
    back();
  });
  larger.addEventListener("click", () => to(zoom * STEP));
  smaller.addEventListener("click", () => to(zoom / STEP));
  whole.addEventListener("click", fitted);
  addEventListener("resize", () => dialog.open && shown && to(zoom));

  // --- keys, wheel, fingers -------------------------------------------------------------------
  const KEYS = /** @type {Record<string, () => void>} */ ({
    "+": () => to(zoom * STEP),
    "=": () => to(zoom * STEP),
    "-": () => to(zoom / STEP),
    0: fitted,
    Escape: () => dialog.close(), // where the browser's own does not come: with no focus inside
  });
  document.addEventListener("keydown", (event) => {
    if (!dialog.open || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  stage.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return; // so says a trackpad that is pinched
      event.preventDefault();
      to(zoom * Math.exp(-event.deltaY / 200), event.clientX, event.clientY);
    },
    { passive: false }
  );
  stage.addEventListener("dblclick", (event) => {
    if (/** @type {Element} */ (event.target).closest("button, input")) return;
    const { fit } = size();
    to(zoom > fit * 1.05 ? fit : 2 * fit, event.clientX, event.clientY);
  });
  // a click beside the figure closes
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });

  /** How far two fingers are apart, and the point between them. */
  function pinch(/** @type {TouchList} */ [a, b]) {
    return {
      far: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
      x: (a.clientX + b.clientX) / 2,
      y: (a.clientY + b.clientY) / 2,
    };
  }
  let last = /** @type {ReturnType<typeof pinch> | null} */ (null);
  let pinched = false;
  stage.addEventListener(
    "touchstart",
    (event) => {
      if (event.touches.length !== 2) return;
      event.preventDefault();
      last = pinch(event.touches);
      pinched = true;
    },
    { passive: false }
  );
  stage.addEventListener(
    "touchmove",
    (event) => {
      if (event.touches.length !== 2 || !last) return;
      event.preventDefault();
      const now = pinch(event.touches);
      const room = box();
      room.scrollLeft += last.x - now.x;
      room.scrollTop += last.y - now.y;
      to((zoom * now.far) / last.far, now.x, now.y);
      last = now;
    },
    { passive: false }
  );
  for (const end of /** @type {const} */ (["touchend", "touchcancel"])) {
    stage.addEventListener(end, (event) => {
      last = null;
      pinched = event.touches.length > 0 && pinched;
    });
  }
  // a player is not to take it for a swipe
  stage.addEventListener("pointerup", (event) => pinched && event.stopPropagation(), true);

  // --- the buttons ------------------------------------------------------------------------------
  /** The first sentence of a caption names its figure. */
  function named(
    /** @type {Element | null | undefined} */ caption,
    /** @type {Element | null} */ svg
  ) {
    const text = caption?.textContent || svg?.getAttribute("aria-label") || "figure";
    return text
      .trim()
      .split(/(?<=[.?!:])\s/)[0]
      .replace(/[.:]$/, "");
  }

  function furnish(/** @type {HTMLElement} */ what) {
    const player = what.classList.contains("player");
    const caption = what.closest("figure")?.querySelector("figcaption");
    const name = player
      ? what.getAttribute("aria-label") || ""
      : named(caption?.querySelector(".caption-text"), what.querySelector("svg"));
    const opens = button("open", `Enlarge: ${name}`);
    opens.className = "enlarge";
    opens.addEventListener("click", () => open(what, opens, name));
    if (player) what.querySelector(".player-controls")?.append(opens);
    else if (caption) caption.append(opens);
    else what.after(opens);
    if (player) return; // there a click is a swipe that went nowhere
    what.classList.add("enlarges");
    what.addEventListener("click", (event) => {
      const picked = /** @type {Element} */ (event.target);
      if (what !== shown && !picked.closest("a, button") && getSelection()?.isCollapsed)
        open(what, opens, name);
    });
  }

  if (!dialog.showModal) return;
  for (const what of document.querySelectorAll(".bd-article .player, .bd-article .figure-box")) {
    if (!what.parentElement?.closest(".player")) furnish(/** @type {HTMLElement} */ (what));
  }
})();
