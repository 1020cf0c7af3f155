/** The loss of a training, a point for each step that is kept, and the lines it cannot pass. */

import { make } from "./dom.js";

/** The loss at the foot and at the head of the picture, on a logarithmic scale. */
const [LOSS_FOOT, LOSS_HEAD] = [0.3, 8];
const LOSS_TICKS = [1, 2, 4];

/** @param {number} loss from 0 at the head to 1 at the foot */
function lossHeight(loss) {
  return Math.log(LOSS_HEAD / loss) / Math.log(LOSS_HEAD / LOSS_FOOT);
}

/**
 * Where a step lies between the first that is kept, 0, and the last, 1. The kept ones are equally
 * far apart, as the handle has them.
 * @param {number[]} steps
 * @param {number} step
 */
export function stepAcross(steps, step) {
  const i = Math.max(0, Math.min(steps.filter((one) => one <= step).length, steps.length - 1) - 1);
  return (i + (step - steps[i]) / (steps[i + 1] - steps[i])) / (steps.length - 1);
}

/**
 * @param {import("./checkpoints.js").Steps} about
 * @returns {{element: HTMLElement, show: (i: number) => void}}
 */
export function curve(about) {
  const { steps, losses, window: wide, floor, forgetful } = about;
  const x = (/** @type {number} */ step) => (1000 * stepAcross(steps, step)).toFixed(1);
  const y = (/** @type {number} */ loss) => (1000 * lossHeight(loss)).toFixed(1);
  const points = about.curve.map((loss, i) => `${x((i + 0.5) * wide)},${y(loss)}`);
  const NS = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", "0 0 1000 1000");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(NS, "polyline");
  line.setAttribute("points", [`0,${y(losses[0])}`, ...points].join(" "));
  svg.append(line);
  const across = (/** @type {string} */ kind, /** @type {number} */ loss, text = "") =>
    make("div", { class: `time-line ${kind}`, style: `--y:${lossHeight(loss)}` }, text);
  const dots = steps.map((step, i) =>
    make("i", {
      class: "time-dot",
      style: `--x:${stepAcross(steps, step)};--y:${lossHeight(losses[i])}`,
    })
  );
  const element = make(
    "div",
    {
      class: "time-curve",
      role: "img",
      "aria-label":
        `The loss, on a logarithmic scale: ${steps.map((step, i) => `${losses[i].toFixed(2)} at step ${step}`).join(", ")}. ` +
        `The floor is ${floor.toFixed(3)}. Below ${forgetful.toFixed(3)} no model gets that has forgotten the first sentence.`,
    },
    make(
      "div",
      { class: "time-plot" },
      ...LOSS_TICKS.map((loss) => across("tick", loss, String(loss))),
      across("floor", floor),
      across("forgetful", forgetful),
      svg,
      ...dots
    )
  );
  const show = (/** @type {number} */ i) => {
    for (const [n, dot] of dots.entries()) dot.classList.toggle("here", n === i);
  };
  return { element, show };
}
