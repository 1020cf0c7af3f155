/**
 * One training, step by step: what the same model makes of the same prompt, with the same random
 * numbers, after more and more training; and whether it copies the animal of the first sentence.
 */

import { COPIED, COPY_ASKED, lookAtStep, movers } from "./copying.js";
import { curve } from "./curve.js";
import { button, make, share } from "./dom.js";
import { inSlices } from "./slices.js";
import { OwnLine } from "./own.js";
import { recall, remember, whole } from "./state.js";
import { loadStep, loadSteps, stepModel } from "./checkpoints.js";

const TIME_PROMPT = "Once a little fox named Ada lived by the river. One day";
const TIME_SEED = 8360;
/** Where the handle stands first: how an animal moves is known, and not yet which it is. */
const FIRST_STEP = 250;

/**
 * @param {HTMLElement} root
 * @param {import("./load.js").Small} small
 */
export function part(root, small) {
  const asked = recall();
  let prompt = (asked.prompt ?? TIME_PROMPT).slice(0, 300);
  let seed = whole(asked.seed, TIME_SEED, 2 ** 32 - 1);
  const begin = make("div", {});
  const note = make("p", { class: "live-said", role: "status" });
  root.append(begin, note);
  open();

  function open() {
    begin.replaceChildren(make("p", { class: "live-none" }, "The steps are being loaded …"));
    loadSteps().then(
      (about) => {
        begin.remove();
        start(about);
      },
      (error) => loadFailed(begin, error, open)
    );
  }

  /** @param {import("./checkpoints.js").Steps} about */
  function start(about) {
    const { steps, losses, floor } = about;
    const first = steps.indexOf(whole(asked.step, FIRST_STEP, 1e6));
    let here = first < 0 ? steps.indexOf(FIRST_STEP) : first;
    /** @type {Map<number, import("./copying.js").Shown>} */
    const known = new Map();
    /** @type {Map<number, import("./model.js").GPT>} */
    const models = new Map([[steps.length - 1, small.model]]);
    let stop = () => {};
    let seen = false;

    const picture = curve(about);
    const handle = make("input", {
      type: "range",
      min: 0,
      max: steps.length - 1,
      step: 1,
      value: here,
      class: "time-handle",
      "aria-label": "Step of training",
      oninput: () => go(Number(handle.value)),
    });
    const marks = steps.map((step, i) =>
      make("span", { style: `--x:${i / (steps.length - 1)}` }, step.toLocaleString("en"))
    );
    const where = make("p", { class: "time-where" });
    const told = make("div", { class: "time-told" });
    const again = button("Other random numbers", () => {
      seed = (seed + 1) % 2 ** 32;
      known.clear();
      remember({ seed });
      go(here);
    });
    const whose = new OwnLine([TIME_PROMPT], (text) => {
      prompt = text.slice(0, 300);
      known.clear();
      remember({ prompt: prompt === TIME_PROMPT ? null : prompt });
      go(here);
    });
    whose.begin(prompt);
    const animals = make("div", { class: "time-animals" });
    root.insertBefore(
      make(
        "div",
        {},
        picture.element,
        handle,
        make("div", { class: "time-marks", "aria-hidden": "true" }, ...marks),
        make(
          "p",
          { class: "time-key" },
          make("span", {}, "the loss, in nats per token"),
          make(
            "span",
            { class: "forgetful" },
            `the least without looking back: ${about.forgetful.toFixed(3)}`
          ),
          make("span", { class: "floor" }, `the floor: ${floor.toFixed(3)}`)
        ),
        where,
        make("h3", {}, "What it writes"),
        whose.element,
        told,
        make(
          "p",
          { class: "live-key" },
          make("span", { class: "key model" }, "the model’s bets at this step"),
          make("span", { class: "key truth" }, "the truth: the author’s odds")
        ),
        make("div", { class: "live-controls" }, again),
        make("h3", {}, "Does it copy?"),
        make(
          "p",
          {},
          "Once a little ",
          make("strong", {}, COPIED),
          ` named Ada … ${COPY_ASKED.slice(COPY_ASKED.lastIndexOf("At last"))} `,
          make("strong", { class: "time-blank" }, "?")
        ),
        animals
      ),
      note
    );

    function go(/** @type {number} */ i) {
      if (i !== here) remember({ step: steps[i] === FIRST_STEP ? null : steps[i] });
      here = i;
      stop();
      handle.value = i;
      handle.setAttribute("aria-valuetext", `step ${steps[i]}, loss ${losses[i].toFixed(2)}`);
      picture.show(i);
      where.replaceChildren(
        "Step ",
        make("strong", {}, steps[i].toLocaleString("en")),
        ": a loss of ",
        make("strong", {}, `${losses[i].toFixed(losses[i] < 1 ? 3 : 2)} nats per token`),
        `, ${(losses[i] - floor).toFixed(losses[i] < 1 ? 3 : 2)} above the floor`
      );
      const found = known.get(i);
      if (found) show(found);
      else if (seen) work(i);
    }

    /** Load a step's model unless it is there, let it write, and show that. */
    function work(/** @type {number} */ i) {
      root.setAttribute("aria-busy", "true");
      const model = models.get(i);
      if (model) {
        write(i, model);
        return;
      }
      let left = false;
      stop = () => {
        left = true;
      };
      told.replaceChildren(make("p", { class: "live-none" }, `Step ${steps[i]} is being loaded …`));
      animals.classList.add("stale");
      loadStep(steps[i]).then(
        (halves) => {
          if (left) return;
          const building = stepModel(small, about, halves, (made) => {
            models.set(i, made);
            write(i, made);
          });
          stop = inSlices(building);
        },
        (error) => {
          if (!left) loadFailed(told, error, () => go(i));
        }
      );
    }

    /** @param {number} i @param {import("./model.js").GPT} model */
    function write(i, model) {
      stop = inSlices(
        lookAtStep({ ...small, model }, prompt, seed, (found) => {
          known.set(i, found);
          show(found);
        })
      );
    }

    function show(/** @type {import("./copying.js").Shown} */ found) {
      told.replaceChildren(...stripedText(found.text, found.marks));
      animals.replaceChildren(...animalGroups(small, found.bets));
      animals.classList.remove("stale");
      root.removeAttribute("aria-busy");
      root.dataset.step = String(steps[here]);
      note.textContent =
        `Step ${steps[here]}: it writes ${found.text.slice(prompt.length)} ` +
        `The bet on ${COPIED} is ${share(found.bets.get(COPIED) ?? 0)}.`;
    }

    go(here);
    new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting || seen) return;
      seen = true;
      go(here);
    }).observe(root);
  }
}

/**
 * A text with its stripes, as it stands on the page: what is no character that can be seen is
 * shown as one that says so.
 * @param {string} text
 * @param {import("./text.js").Mark[]} marks
 */
function stripedText(text, marks) {
  const seen = Array.from(text, (c) =>
    c < " " && c !== "\n" ? "\ufffd".repeat(c.length) : c
  ).join("");
  const parts = [];
  let at = 0;
  for (const { from, to, ...attributes } of marks) {
    parts.push(seen.slice(at, from), make("span", attributes, seen.slice(from, to)));
    at = to;
  }
  parts.push(seen.slice(at));
  return parts;
}

/**
 * The bets on every animal, those together that move alike, and on all other words.
 * @param {import("./load.js").Small} small
 * @param {Map<string, number>} bets
 */
function animalGroups(small, bets) {
  const bar = (/** @type {string} */ word, /** @type {number} */ p, own = false) =>
    make(
      "li",
      { class: own ? "own" : false },
      make("span", { class: "word" }, word),
      make("span", { class: "live-bar", style: `--p:${p.toFixed(4)}`, "aria-hidden": "true" }),
      make("span", { class: "number" }, share(p))
    );
  let rest = 1;
  const lists = movers(small.world).map(({ animals, verb }) => {
    const items = animals.map((animal) => {
      const p = bets.get(animal) ?? 0;
      rest -= p;
      return bar(animal, p, animal === COPIED);
    });
    return make("div", {}, make("h4", {}, `they ${verb}`), make("ul", {}, ...items));
  });
  return [
    make("div", { class: "time-groups" }, ...lists),
    make("ul", { class: "time-rest" }, bar("any other word", Math.max(0, rest))),
  ];
}

/**
 * @param {HTMLElement} place
 * @param {Error} error
 * @param {() => void} retry
 */
function loadFailed(place, error, retry) {
  place.replaceChildren(
    make("p", { class: "live-none", role: "alert" }, `It did not load: ${error.message}. `),
    button("Try again", retry)
  );
}
