/**
 * The vector of a token: its row, its place's row and their sum, who is near it, and how like
 * another it is.
 */

import { Strips, signed } from "./columns.js";
import { pythonBlock } from "./copy.js";
import { make } from "./dom.js";
import { cosine, neighbours, row } from "./embed.js";
import { legible } from "./replay.js";
import { recall, remember, whole } from "./state.js";
import { pieces } from "./story.js";
import { TextBox } from "./text.js";

const FOX_LINE = "Once a little fox named Ada lived by the river. One day";
const FIRST_WORD = " fox";
const NEAR = 8;
/** Full colour: few numbers of the tables are greater. */
const FULL = 0.8;

/**
 * @param {HTMLElement} root
 * @param {import("./load.js").Small} small
 */
export function vectors(root, small) {
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

  const box = new TextBox("A text. The word at the caret is looked up.", (typed) => {
    read(typed);
    lookUp(placeAt(box.field.selectionStart));
    note();
  });
  const fromCaret = () => {
    lookUp(placeAt(box.field.selectionStart));
    note();
  };
  box.field.addEventListener("click", fromCaret);
  box.field.addEventListener("keyup", (/** @type {KeyboardEvent} */ event) => {
    if (/^(Arrow|Home|End|Page)/.test(event.key)) fromCaret();
  });

  const sum = new Strips(
    "One number of the sum",
    C,
    3,
    (i) => {
      const [a, b, x] = sum.rows.map(({ values }) => signed(values[i]));
      return `number ${i}: ${a} of the token and ${b} of the place make ${x}`;
    },
    () => arithmetic()
  );
  const code = pythonBlock();
  const near = make("ol", { class: "vectors-near" });
  const from = make("p", { class: "vectors-trail" });
  const both = new Strips("One number of both rows", C, 3, (i) => {
    const [a, b, ab] = both.rows.map(({ values }) => signed(values[i]));
    return `number ${i}: ${a} times ${b} is ${ab}`;
  });
  const words = make("datalist", { id: "vectors-words" });
  const against = make("input", {
    type: "text",
    list: "vectors-words",
    "aria-label": "Compare with",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: 40,
    onchange: () => compare(against.value),
  });
  const compared = make("p", { class: "vectors-cosine" });
  const said = make("p", { class: "live-said", role: "status" });
  root.append(
    box.element,
    sum.element,
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
      make(
        "div",
        {},
        make("label", { class: "vectors-title" }, "Compare with ", against),
        words,
        both.element,
        compared
      )
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

  /** The place of the token that the caret stands in, or after. */
  function placeAt(/** @type {number} */ at) {
    const piece = found.find((one) => at <= one.to) ?? found[found.length - 1];
    return piece ? piece.place : 0;
  }

  /** Look up the token at a place of the text. */
  function lookUp(/** @type {number} */ at) {
    place = Math.min(at, n_ctx - 1);
    trail = [];
    choose(ids[at]);
  }

  /** Choose a token; it stands at the place chosen before. */
  function choose(/** @type {number} */ now) {
    id = now;
    const nearest = neighbours(model.wte, id, NEAR, C);
    other = trail.length ? trail[trail.length - 1] : nearest[0].id;
    mark();
    list(nearest);
    show();
    contrast();
    const first = nearest.slice(0, 3).map((one) => `${name(one.id)} ${signed(one.cosine, 2)}`);
    said.textContent = `${name(id)} at place ${place}. Nearest: ${first.join(", ")}.`;
  }

  function mark() {
    box.mark(
      found.map((piece) => {
        const here = piece.place <= place && place < piece.place + piece.ids.length;
        const kind = here && ids[place] === id ? "vectors-mark chosen" : "vectors-mark";
        return { from: piece.from, to: piece.to, class: here ? `${kind} here` : kind };
      })
    );
  }

  /** The row of the token, that of the place, and their sum. */
  function show() {
    const token = row(model.wte, id, C);
    const at = row(model.wpe, place, C);
    const made = token.map((value, i) => value + at[i]);
    const chip = make("code", {}, name(id));
    sum.set(0, ["row of the token ", chip, index(`wte[${id}]`)], token, FULL);
    sum.set(1, ["+ row of the place ", String(place), index(`wpe[${place}]`)], at, FULL);
    sum.set(
      2,
      ["= ", make("strong", {}, "x"), `, the vector of ${name(id)} at place ${place}`],
      made,
      FULL
    );
    sum.show();
    arithmetic();
  }

  /** The line of Python behind the column that is chosen. */
  function arithmetic() {
    const i = sum.column;
    const [a, b, x] = sum.rows.map(({ values }) => signed(values[i], 4).replace("−", "-"));
    code.set(
      "from gpt.embed import embed, neighbours  # gpt/embed.py\nfrom gpt.model import small\n\n" +
        'model, tokenizer = small()\nwte = model.weights["wte.weight"]\nwpe = model.weights["wpe.weight"]\n' +
        `wte[${id}, ${i}] + wpe[${place}, ${i}]  # embed: tokens(ids, wte) + positions(ids.shape[-1], wpe)\n` +
        `neighbours(wte, ${id}, ${NEAR})`,
      `${a} + ${b} = ${x}`
    );
  }

  /** @param {{id: number, cosine: number}[]} nearest */
  function list(nearest) {
    near.replaceChildren(
      ...nearest.map((one) => {
        const label = make("code", {}, name(one.id));
        const bar = make("span", {
          class: "live-bar",
          style: `--p:${Math.max(0, one.cosine).toFixed(3)}`,
          "aria-hidden": "true",
        });
        const size = make("span", { class: "vectors-size" }, bar, signed(one.cosine, 2));
        const go = () => walk(one.id);
        return make("li", {}, make("button", { type: "button", onclick: go }, label, size));
      })
    );
    const back = trail.map((one, n) =>
      make(
        "button",
        {
          type: "button",
          class: "live-pick",
          onclick: () => {
            trail = trail.slice(0, n);
            choose(one);
            note();
          },
        },
        name(one)
      )
    );
    from.replaceChildren(
      ...(back.length
        ? ["Came from ", ...back.flatMap((one) => [one, " → "]), make("strong", {}, name(id))]
        : ["Click on a row to go there."])
    );
  }

  /** From one token to a near one; the place stays. */
  function walk(/** @type {number} */ to) {
    trail = [...trail.slice(-5), id];
    choose(to);
    near.querySelector("button")?.focus({ preventScroll: true });
    note();
  }

  /** Compare with what was typed, if it is one token. */
  function compare(/** @type {string} */ typed) {
    const word = typed.trim().replace(/^␣/, "");
    const spaced = tokenizer.encode(` ${word}`);
    const bare = tokenizer.encode(word);
    const one = [spaced, bare].find((ids) => ids.length === 1);
    if (one) {
      other = one[0];
      contrast();
      said.textContent = compared.textContent;
      note();
    } else {
      const many = word ? `“${word}” is ${spaced.length} tokens: it has no row of its own.` : "";
      compared.textContent = said.textContent = many;
    }
  }

  /** Both rows, the products of their numbers, and the cosine that comes of these. */
  function contrast() {
    const a = row(model.wte, id, C);
    const b = row(model.wte, other, C);
    const products = a.map((value, i) => value * b[i]);
    const dot = products.reduce((total, value) => total + value, 0);
    const [la, lb] = [a, b].map((x) => Math.hypot(...x));
    both.set(0, [make("code", {}, name(id))], a, FULL);
    both.set(1, ["· ", make("code", {}, name(other))], b, FULL);
    both.set(2, ["= product"], products, FULL * FULL);
    both.show();
    against.value = name(other).replace("␣", "");
    compared.replaceChildren(
      `All ${C} products add up to ${signed(dot)}. Divided by both lengths: `,
      make(
        "span",
        { class: "vectors-formula" },
        `${signed(dot)} / (${signed(la)} · ${signed(lb)}) = `
      ),
      make("strong", {}, signed(cosine(a, b), 2))
    );
  }

  /** @param {number} id */
  function name(id) {
    const special = Object.values(tokenizer.specialTokens).includes(id);
    return special ? "END" : legible(tokenizer.piece(id));
  }

  /** @param {string} code */
  function index(code) {
    return make("code", { class: "vectors-index" }, code);
  }

  function note() {
    const own = ids[place] === id;
    remember({
      prompt: text === FOX_LINE ? null : text,
      place,
      token: own ? null : id,
      other,
    });
  }

  words.append(
    ...[...tokenizer.ranks.keys()]
      .filter((piece) => /^ [A-Za-z]{2,}$/.test(piece))
      .map((piece) => make("option", { value: piece.trim() }))
  );
  read((asked.prompt ?? FOX_LINE).slice(0, 1000));
  const first = Math.max(0, ids.indexOf(tokenizer.encode(FIRST_WORD)[0]));
  lookUp(whole(asked.place, first || Math.min(1, ids.length - 1), Math.min(n_ctx, ids.length) - 1));
  const walked = whole(asked.token, id, n_vocab - 1);
  if (walked !== id) {
    trail = [id];
    choose(walked);
  }
  other = whole(asked.other, other, n_vocab - 1);
  contrast();
  said.textContent = "";
}
