/**
 * The vector of a token: its row, its place's row and their sum, who is near it, and how like
 * another it is.
 */

import { Strips, signedNumber } from "./vectorstrips.js";
import { Comparison, FULL_ROW, tokenLabel } from "./compare.js";
import { pythonBlock } from "./copy.js";
import { make } from "./dom.js";
import { neighbours, row } from "./embed.js";
import { OwnLine } from "./own.js";
import { recall, remember, whole } from "./state.js";
import { pieces } from "./story.js";
import { TextBox } from "./text.js";

const FOX_LINE = "Once a little fox named Ada lived by the river. One day";
const FIRST_WORD = " fox";
const NEAREST_SHOWN = 8;
const TABLES_SETUP =
  "from gpt.embed import neighbours\nfrom gpt.model import small\n\nmodel, tokenizer = small()\n" +
  'wte = model.weights["wte.weight"]\nwpe = model.weights["wpe.weight"]\n';

/**
 * @param {HTMLElement} root
 * @param {import("./load.js").Small} small
 */
export function part(root, small) {
  const { tokenizer, model } = small;
  const { d_model: C, n_vocab, n_ctx } = model.config;
  const asked = recall();
  let text = "";
  /** @type {number[]} END and the tokens of the text */
  let ids = [];
  /** @type {import("./story.js").Piece[]} */
  let found = [];
  let place = 0;
  let id = 0;
  let other = 0;
  /** @type {number[]} the tokens that the reader came from */
  let trail = [];
  const name = (/** @type {number} */ one) => tokenLabel(small, one);

  const box = new TextBox("A text. The token at the caret is looked up.", (typed) => {
    whose.set(typed);
    read(typed);
    fromCaret();
  });
  const whose = new OwnLine([FOX_LINE], (taken) => {
    read(taken);
    lookUp(firstPlace());
    note();
  });
  box.field.addEventListener("click", fromCaret);
  box.field.addEventListener("keyup", (/** @type {KeyboardEvent} */ event) => {
    if (/^(Arrow|Home|End|Page)/.test(event.key)) fromCaret();
  });
  /** @type {Strips} */
  const sum = new Strips(
    "One number of the sum",
    C,
    3,
    (i) => {
      const [a, b, x] = sum.rows.map((one) => sum.number(one));
      return `number ${i}: ${a} of the token and ${b} of the place make ${x}`;
    },
    () => arithmetic()
  );
  const code = pythonBlock();
  const near = make("ol", { class: "vectors-near" });
  const from = make("p", { class: "vectors-trail" });
  const said = make("p", { class: "live-said", role: "status" });
  const comparison = new Comparison(small, (one) => {
    if (one !== null) {
      other = one;
      comparison.set(id, other);
      note();
    }
    said.textContent = comparison.told.textContent;
  });
  root.append(
    box.element,
    whose.element,
    sum.element,
    make(
      "p",
      { class: "live-key" },
      make("span", { class: "key above" }, "above 0"),
      make("span", { class: "key below" }, "below 0")
    ),
    make("details", { class: "vectors-python" }, make("summary", {}, "In Python"), code.element),
    make(
      "div",
      { class: "vectors-below" },
      make(
        "div",
        {},
        make("p", { class: "vectors-title" }, "Nearest rows of ", make("code", {}, "wte")),
        near,
        from
      ),
      comparison.element
    ),
    said
  );

  /** @param {string} now */
  function read(now) {
    text = now;
    const own = tokenizer.encode(text);
    ids = [tokenizer.specialTokens[small.world.end], ...own];
    found = pieces(tokenizer, text, own);
    box.set(text);
  }

  /** Where it begins: at the fox, if there is one. */
  function firstPlace() {
    const fox = ids.indexOf(tokenizer.encode(FIRST_WORD)[0]);
    return fox > 0 ? fox : Math.min(1, ids.length - 1);
  }

  /** Look up the token that the caret stands in, or after. */
  function fromCaret() {
    const at = box.field.selectionStart;
    const piece = found.find((one) => at <= one.to) ?? found[found.length - 1];
    lookUp(piece ? piece.place : 0);
    note();
  }

  /** Look up the token at a place of the text. */
  function lookUp(/** @type {number} */ at) {
    place = at;
    trail = [];
    choose(ids[at]);
  }

  /** Choose a token; it stands at the place that was chosen before. */
  function choose(/** @type {number} */ now) {
    id = now;
    const nearest = neighbours(model.wte, id, NEAREST_SHOWN, C);
    other = trail.length ? trail[trail.length - 1] : nearest[0].id;
    mark();
    add();
    list(nearest);
    comparison.set(id, other);
    const first = nearest
      .slice(0, 3)
      .map((one) => `${name(one.id)} ${signedNumber(one.cosine, 2)}`);
    said.textContent = `${name(id)} at place ${place}. Nearest: ${first.join(", ")}.`;
  }

  function mark() {
    box.mark(
      found.map((piece) => {
        const here = piece.place <= place && place < piece.place + piece.ids.length;
        const kind = here ? (ids[place] === id ? " here own" : " here") : "";
        return { from: piece.from, to: piece.to, class: `vectors-mark${kind}` };
      })
    );
  }

  /** The row of the token, that of the place, and their sum. */
  function add() {
    const token = row(model.wte, id, C);
    const at = row(model.wpe, place, C); // empty beyond the context
    const x = at.length ? token.map((value, i) => value + at[i]) : at;
    const code = (/** @type {string} */ line) => make("code", { class: "vectors-index" }, line);
    sum.set(
      0,
      ["row of the token ", make("code", {}, name(id)), code(`wte[${id}]`)],
      token,
      FULL_ROW
    );
    sum.set(
      1,
      at.length
        ? [`+ row of the place ${place}`, code(`wpe[${place}]`)]
        : [`+ the place ${place} has no row: wpe has ${n_ctx}`],
      at,
      FULL_ROW
    );
    sum.set(2, ["= x, what the next stage gets"], x, FULL_ROW);
    sum.show();
    arithmetic();
  }

  /** The lines of Python behind the column that is chosen, and the nearest rows. */
  function arithmetic() {
    const i = sum.column;
    const numbers = sum.rows.map((one) => sum.number(one, 4).replace("−", "-"));
    code.set(
      `${TABLES_SETUP}\n# gpt/embed.py: return tokens(ids, wte) + positions(ids.shape[-1], wpe)\n` +
        `print(wte[${id}, ${i}], wpe[${place}, ${i}], wte[${id}, ${i}] + wpe[${place}, ${i}])\n` +
        `print(neighbours(wte, ${id}, ${NEAREST_SHOWN}))`,
      numbers.join("  ")
    );
  }

  /** @param {{id: number, cosine: number}[]} nearest */
  function list(nearest) {
    near.replaceChildren(
      ...nearest.map(({ id, cosine }) => {
        const style = `--p:${Math.max(0, cosine).toFixed(3)}`;
        const bar = make("span", { class: "live-bar", style, "aria-hidden": "true" });
        const size = make("span", { class: "vectors-size" }, bar, signedNumber(cosine, 2));
        const label = make("code", {}, name(id));
        return make(
          "li",
          {},
          make("button", { type: "button", onclick: () => walk(id) }, label, size)
        );
      })
    );
    const back = trail.map((one, n) =>
      make("button", { type: "button", class: "live-pick", onclick: () => walkBack(n) }, name(one))
    );
    from.replaceChildren(
      ...(back.length
        ? [...back.flatMap((one) => [one, " → "]), make("strong", {}, name(id))]
        : ["Click on one to go there."])
    );
  }

  /** From one token to a near one; the place stays. */
  function walk(/** @type {number} */ to) {
    trail = [...trail.slice(-5), id];
    choose(to);
    near.querySelector("button")?.focus({ preventScroll: true });
    note();
  }

  /** Back to token n of the trail. */
  function walkBack(/** @type {number} */ n) {
    const to = trail[n];
    trail = trail.slice(0, n);
    choose(to);
    near.querySelector("button")?.focus({ preventScroll: true });
    note();
  }

  function note() {
    remember({
      prompt: text === FOX_LINE ? null : text,
      place,
      token: ids[place] === id ? null : id,
      other,
    });
  }

  read((asked.prompt ?? FOX_LINE).slice(0, 1000));
  whose.begin(text);
  lookUp(whole(asked.place, firstPlace(), ids.length - 1));
  const walked = whole(asked.token, id, n_vocab - 1);
  if (walked !== id) {
    trail = [id];
    choose(walked);
  }
  other = whole(asked.other, other, n_vocab - 1);
  comparison.set(id, other);
  said.textContent = ""; // nothing has changed yet
}
