/** How alike the rows of two places are: a bar for each place of the context. */

import { Columns, signedNumber } from "./vectorstrips.js";
import { pythonBlock } from "./copy.js";
import { handle, make } from "./dom.js";
import { cosine, row } from "./embed.js";
import { recall, remember, whole } from "./state.js";

const MIDDLE_PLACE = 20;

/**
 * @param {HTMLElement} root
 * @param {import("./load.js").Small} small
 */
export function part(root, small) {
  const { wpe, config } = small.model;
  const { n_ctx, d_model: C } = config;
  const asked = recall();
  let place = whole(asked.wpe, MIDDLE_PLACE, n_ctx - 1);
  /** @type {number[]} */
  let cosines = [];

  const note = () => {
    const neighbour = chart.column === Math.min(n_ctx - 1, place + 1);
    remember({ wpe: place, beside: neighbour ? null : chart.column });
  };
  const slider = handle(
    "Place",
    { min: 0, max: n_ctx - 1, step: 1, value: place },
    (value) => String(value),
    (value) => {
      place = value;
      show();
      note();
    }
  );
  const bars = Array.from({ length: n_ctx }, () => make("i", {}));
  const chart = new Columns(
    "Another place",
    n_ctx,
    (other) => `place ${other}: cosine ${signedNumber(cosines[other], 2)} with place ${place}`,
    () => {
      tell();
      note();
    }
  );
  chart.element.classList.add("places-chart");
  chart.element.append(
    ...[1, 0.5, 0].map((value) =>
      make(
        "span",
        { class: "places-line", style: `--y:${value}` },
        signedNumber(value, value % 1 ? 1 : 0)
      )
    ),
    make("div", { class: "places-bars" }, ...bars)
  );
  const axis = make("div", { class: "places-axis", "aria-hidden": "true" });
  for (let t = 0; t < n_ctx; t += 10) {
    axis.append(make("span", { style: `--x:${(t + 0.5) / n_ctx}` }, String(t)));
  }
  const told = make("p", { class: "vectors-cosine" });
  const code = pythonBlock();
  root.append(
    slider.element,
    chart.element,
    axis,
    told,
    make("details", { class: "vectors-python" }, make("summary", {}, "In Python"), code.element)
  );

  function show() {
    const own = row(wpe, place, C);
    cosines = bars.map((bar, other) => {
      const value = cosine(own, row(wpe, other, C));
      bar.style.setProperty("--c", value.toFixed(4));
      bar.className = other === place ? "own" : value < 0 ? "below" : "";
      return value;
    });
    chart.show();
    tell();
  }

  /** The two places that are compared, with the arithmetic. */
  function tell() {
    const other = chart.column;
    const [a, b] = [place, other].map((t) => row(wpe, t, C));
    const [la, lb] = [a, b].map((x) => Math.hypot(...x));
    const dot = a.reduce((total, value, i) => total + value * b[i], 0);
    told.replaceChildren(
      `Places ${place} and ${other}: `,
      make(
        "span",
        { class: "vectors-formula" },
        `${signedNumber(dot)} / (${signedNumber(la)} · ${signedNumber(lb)}) = `
      ),
      make("strong", {}, signedNumber(cosines[other], 2))
    );
    code.set(
      "from gpt.model import small\nfrom torch import cosine_similarity\n\n" +
        'model, tokenizer = small()\nwpe = model.weights["wpe.weight"]  # gpt/embed.py: positions\n' +
        `print(cosine_similarity(wpe[${place}], wpe[${other}], dim=0))`,
      signedNumber(cosines[other], 4).replace("−", "-")
    );
  }

  chart.column = whole(asked.beside, Math.min(n_ctx - 1, place + 1), n_ctx - 1);
  show();
}
