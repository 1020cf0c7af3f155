// The animation player. Markup and frames come from book/figures/_player.py.
(function () {
  "use strict";

  const ICONS = {
    play: "M8 5v14l11-7z",
    pause: "M7 5h4v14H7zM13 5h4v14h-4z",
    back: "M6 5h2.5v14H6zM19 5v14l-9-7z",
    next: "M15.5 5H18v14h-2.5zM5 5v14l9-7z",
  };

  function make(tag, attributes, parent) {
    const element = document.createElement(tag);
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    parent.append(element);
    return element;
  }

  function button(parent, icon, label) {
    const element = make("button", { type: "button", "aria-label": label }, parent);
    draw(element, icon);
    return element;
  }

  function draw(element, icon) {
    element.innerHTML =
      `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[icon]}"/></svg>`;
  }

  // "0-2 5" -> whether a frame is among them
  function shownIn(ranges) {
    const spans = ranges.split(" ").map((span) => span.split("-").map(Number));
    return (frame) =>
      spans.some((span) => frame >= span[0] && frame <= span[span.length - 1]);
  }

  function start(player) {
    const count = Number(player.dataset.count);
    const wait = 1000 * Number(player.dataset.seconds);
    const stage = player.querySelector(".player-stage");
    const picture = stage.querySelector("svg");
    const said = [...player.querySelectorAll(".player-captions li")];
    const parts = [...stage.querySelectorAll("[data-f]")].map((part) => ({
      part,
      shown: shownIn(part.dataset.f),
    }));
    const name = player.getAttribute("aria-label");
    let frame = 0;
    let timer = null;

    const controls = make("div", { class: "player-controls" }, player);
    const back = button(controls, "back", "Step back");
    const toggle = button(controls, "play", "Play");
    const next = button(controls, "next", "Step forward");
    const slider = make(
      "input",
      { type: "range", min: 1, max: count, value: 1, "aria-label": "Frame" },
      controls
    );
    const counter = make("span", { class: "player-count" }, controls);
    // the captions lie on top of each other, so that the page below never moves;
    // a screen reader hears the present one from a line of its own
    const live = make("p", { class: "player-said", "aria-live": "polite" }, player);
    if (said.length) said[0].parentElement.setAttribute("aria-hidden", true);
    stage.after(controls);
    player.classList.add("ready");

    function go(to) {
      frame = Math.max(0, Math.min(count - 1, to));
      for (const { part, shown } of parts) {
        part.style.display = shown(frame) ? "inline" : "none";
      }
      slider.value = frame + 1;
      slider.style.setProperty("--done", frame / (count - 1));
      counter.textContent = `${frame + 1} / ${count}`;
      const words = said.length ? said[frame].textContent : "";
      slider.setAttribute("aria-valuetext", `${frame + 1} of ${count}`);
      picture.setAttribute("aria-label", words ? `${name}: ${words}` : name);
      said.forEach((line, number) => line.classList.toggle("now", number === frame));
      live.textContent = words;
      back.setAttribute("aria-disabled", frame === 0);
      next.setAttribute("aria-disabled", frame === count - 1);
    }

    function pause() {
      clearInterval(timer);
      timer = null;
      draw(toggle, "play");
      toggle.setAttribute("aria-label", "Play");
      live.setAttribute("aria-live", "polite");
    }

    function play() {
      live.setAttribute("aria-live", "off");
      go(frame === count - 1 ? 0 : frame + 1);
      draw(toggle, "pause");
      toggle.setAttribute("aria-label", "Pause");
      timer = setInterval(() => {
        go(frame + 1);
        if (frame === count - 1) pause();
      }, wait);
    }

    function step(by) {
      pause();
      go(frame + by);
    }

    const turn = () => (timer === null ? play() : pause());
    back.addEventListener("click", () => step(-1));
    next.addEventListener("click", () => step(1));
    toggle.addEventListener("click", turn);
    slider.addEventListener("input", () => {
      pause();
      go(slider.value - 1);
    });

    const KEYS = {
      ArrowLeft: () => step(-1),
      ArrowRight: () => step(1),
      Home: () => step(-count),
      End: () => step(count),
      " ": turn,
    };
    player.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
      // a button answers the space bar itself
      if (event.key === " " && event.target.tagName === "BUTTON") return;
      event.preventDefault();
      KEYS[event.key]();
    });

    // a swipe steps, unless the picture itself scrolls sideways
    let from = null;
    stage.addEventListener("pointerdown", (event) => {
      const scrolls = stage.scrollWidth > stage.clientWidth + 1;
      from = event.pointerType === "mouse" || scrolls ? null : event.clientX;
    });
    stage.addEventListener("pointerup", (event) => {
      const moved = from === null ? 0 : event.clientX - from;
      from = null;
      if (Math.abs(moved) > 30) step(moved < 0 ? 1 : -1);
    });

    // it does not play where no one can see it
    new IntersectionObserver((seen) => {
      if (timer !== null && !seen[seen.length - 1].isIntersecting) pause();
    }).observe(player);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && timer !== null) pause();
    });

    go(0);
  }

  document.querySelectorAll(".player").forEach(start);
})();
