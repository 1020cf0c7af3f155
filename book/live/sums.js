/** The arithmetic of one token as a list, with the lines of gpt/sample.py that do it. */

import { gives, make, share } from "./dom.js";

/** Each line stands in gpt/sample.py. */
const PYTHON_LINES = {
  below: "below = logits - logits.amax(-1, keepdim=True)",
  softmax: "(below / temperature).softmax(-1)",
  topK: "order[..., :k]",
  topP: "enough = (before < top_p) * likeliest",
  draw: "torch.searchsorted(ends, u * ends[-1], right=True)",
};

/**
 * @param {ReturnType<import("./steps.js").arithmetic>} sums
 * @param {import("./steps.js").Handles} how
 * @param {number} u
 * @param {string} largest the token of the largest logit
 * @returns {HTMLElement}
 */
export function sumsOf(sums, how, u, largest) {
  const T = how.temperature.toFixed(1);
  const [logit, top, below, heated] = [sums.logit, sums.largest, sums.below, sums.heated].map(
    minus
  );
  const [power, sum, part] = [digits(sums.power), sums.sum.toFixed(3), digits(sums.share)];
  const steps = [
    sumLine(
      "Its logit, less the largest",
      `${logit} − ${top} ${gives(value(logit) - value(top), below)} ${below}`,
      PYTHON_LINES.below,
      `the largest is that of ${largest}`
    ),
    sumLine(
      "Divided by the temperature",
      `${below} / ${T} ${gives(value(below) / value(T), heated)} ${heated}`,
      PYTHON_LINES.softmax
    ),
    sumLine(
      "e to the power of it",
      `exp(${heated}) ${gives(Math.exp(value(heated)), power)} ${power}`
    ),
    sumLine("Its share of the sum of all", quotient(power, sum, part)),
  ];
  let had = sums.share;
  for (const [name, cut, value, code] of /** @type {const} */ ([
    ["Top-k", sums.topK, how.topK, PYTHON_LINES.topK],
    ["Top-p", sums.topP, how.topP, PYTHON_LINES.topP],
  ])) {
    if (!cut) continue;
    const text = cut.share
      ? quotient(digits(had), cut.kept.toFixed(3), digits(cut.share))
      : `cut: 0`;
    const why = cut.share
      ? `what stays had ${share(cut.kept)} together`
      : had
        ? ""
        : "it was gone already";
    steps.push(sumLine(`${name} ${value}`, text, code, why));
    had = cut.share;
  }
  const falls = sums.from <= u && u < sums.to;
  const stretch = had ? `from ${sums.from.toFixed(4)} to ${sums.to.toFixed(4)}` : "no stretch";
  steps.push(
    sumLine(
      "On the line",
      stretch,
      PYTHON_LINES.draw,
      `u = ${u.toFixed(4)} ${falls ? "falls here" : "falls elsewhere"}`
    )
  );
  return make("ol", { class: "handles-steps" }, ...steps);
}

/**
 * @param {string} what
 * @param {string} sum
 * @param {string} code
 * @param {string} note
 */
function sumLine(what, sum, code = "", note = "") {
  return make(
    "li",
    {},
    make("span", { class: "what" }, note ? `${what} (${note})` : what),
    make("span", { class: "sum" }, sum),
    ...(code ? [make("code", {}, code)] : [])
  );
}

/** A number with a true minus. @param {number} x */
function minus(x) {
  return x.toFixed(2).replace("-0.00", "0.00").replace("-", "−");
}

/** @param {string} a @param {string} b @param {string} result */
function quotient(a, b, result) {
  return `${a} / ${b} ${gives(value(a) / value(b), result)} ${result}`;
}

/** The number that is shown. @param {string} shown */
function value(shown) {
  return Number(shown.replace("−", "-"));
}

/** A small number with enough digits to be one. @param {number} x */
function digits(x) {
  if (x >= 0.001 || x === 0) return x.toFixed(3);
  return x >= 0.000001 ? x.toFixed(6) : "< 0.000001";
}
