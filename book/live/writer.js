/**
 * The writer: a text that the model goes on with, and under every word two rows of stripes, the
 * model's bets and the author's.
 */

import { distance, stripes, table } from "./bets.js";
import { button, handle, make, quoted, share, still, visible } from "./dom.js";
import { OwnLine } from "./own.js";
import { uniform } from "./random.js";
import { draw, shares } from "./sample.js";
import { recall, remember, whole } from "./state.js";
import { Story, divergence } from "./story.js";
import { TextBox } from "./text.js";

const FOX = "Once a little fox named Ada lived by the river. One day";
const OURS = [
  ["The fox", FOX],
  [
    "Two models",
    "Far away a shy owl named Leo lived in the forest. One morning he worked with a machine learning model. When the moon came up, the model",
  ],
  [
    "Who are they?",
    "Long ago a brave otter named Mei lived by the sea. One day she planted three beans. The beans that grew near the wall",
  ],
  ["Not of its world", "Once a purple dragon ate 狐狸 🦊 and"],
];
/** With it the model writes the story that the course tells. */
const SEED = 8360;
const SPEEDS = [1200, 500, 160];
/** So much of the time before a word comes its bar is lit. */
const LIT = 0.45;

/**
 * @param {HTMLElement} root
 * @param {import("./load.js").Small} small
 */
export function part(root, small) {
  const story = new Story(small);
  const end = small.tokenizer.specialTokens[small.world.end];
  const asked = recall();
  let prompt = (asked.prompt ?? FOX).slice(0, 1000);
  let seed = whole(asked.seed, SEED, 2 ** 32 - 1);
  let points = uniform(seed);
  /** @type {string[]} the text before each written word, to step back to */
  let before = [];
  let ended = false;
  let speed = 1;
  let timer = 0;
  let rest = 0;
  /** @type {{text: string, word: string} | null} the next word, where it is drawn already */
  let drawn = null;
  /** @type {number | null} the word that the table is about, or null for the next one */
  let looked = null;

  const box = new TextBox(
    "The text so far. The model goes on at its end.",
    (text) => {
      pause();
      whose.set(text);
      begin(text);
      said.textContent = ""; // what it said was of another text
      rest = window.setTimeout(() => {
        note();
        tell();
      }, 1000);
    },
    (at) => {
      const i = story.words.findIndex((word) => at <= word.to);
      look(i < 0 || at >= story.text.length ? null : i);
    }
  );
  const whose = new OwnLine(
    OURS.map(([, text]) => text),
    (text) => {
      pause();
      begin(text);
      note();
      tell();
    }
  );
  const bets = make("div", { class: "live-panel" });
  const sum = make("p", { class: "live-sum" });
  const said = make("p", { class: "live-said", role: "status" });
  const code = make("code", {});
  const play = button("Write", () => (timer ? pause() : start()), { class: "live-button main" });
  const back = button("Back", stepBack, { title: "Take the last word back" });
  const next = button("One word", () => {
    pause();
    step();
    tell();
  });
  const again = button("Another story", () => {
    seed = (seed + 1) % 2 ** 32;
    begin(prompt);
    note();
    start();
  });
  const choice = make(
    "select",
    {
      onchange: () => {
        whose.set(choice.value);
        pause();
        begin(choice.value);
        note();
        tell();
      },
    },
    ...OURS.map(([name, text]) => make("option", { value: text }, name)),
    make("option", { value: "", hidden: "" }, "your own text")
  );
  const begins = make("label", { class: "live-choice" }, make("span", {}, "Begin with"), choice);
  const pace = handle(
    "Speed",
    { min: 0, max: 2, step: 1, value: speed },
    (value) => ["slow", "medium", "fast"][value],
    (value) => {
      speed = value;
      if (timer) start();
    }
  );
  root.append(
    box.element,
    whose.element,
    make("div", { class: "live-controls" }, play, back, next),
    bets,
    make(
      "p",
      { class: "live-key" },
      make("span", { class: "key model" }, "how the model spreads its bet before each word"),
      make(
        "span",
        { class: "key truth" },
        "the right odds: a small program, the author, makes the stories and knows them"
      ),
      make("span", { class: "key came" }, "full colour: the word that came")
    ),
    sum,
    make("div", { class: "live-controls" }, again, begins, pace.element),
    make("details", {}, make("summary", {}, "The same in Python"), make("pre", {}, code)),
    said
  );

  /** Begin with a text; what is written after it hangs on the seed alone. */
  function begin(/** @type {string} */ text) {
    clearTimeout(rest);
    drawn = null;
    prompt = text;
    choice.value = OURS.some(([, own]) => own === text) ? text : "";
    points = uniform(seed);
    before = [];
    ended = false;
    looked = null;
    show(text);
  }

  function show(/** @type {string} */ text) {
    story.set(text);
    box.set(text);
    box.mark(marks(), !ended);
    look(looked);
    back.disabled = !before.length;
    next.disabled = ended;
    sum.replaceChildren(...summary());
    code.textContent = python(prompt, seed);
  }

  /** One more word: as many tokens as it has. False where the story is over. */
  function step() {
    if (ended) return false;
    looked = null;
    before.push(story.text);
    const { text, word } = ahead();
    drawn = null;
    ended = word === small.world.end;
    show(text);
    return !ended;
  }

  /** The text with its next word, which is drawn once. */
  function ahead() {
    if (drawn) return drawn;
    const now = story.text;
    let word = small.world.end;
    for (let n = 0; n < 8; n++) {
      const p = shares(story.traces[story.traces.length - 1].logits);
      const id = draw(p, points());
      if (id === end) break;
      story.set(story.text + small.tokenizer.decode([id]));
      word = story.words[story.words.length - 1]?.word ?? "";
      if (finished()) break;
    }
    drawn = { text: story.text, word };
    story.set(now);
    return drawn;
  }

  /** Light the bar of the word that comes. */
  function light() {
    const { word } = ahead();
    for (const row of bets.querySelectorAll("[data-word]")) {
      row.classList.toggle("drawn", looked === null && row.dataset.word === word);
    }
  }

  /** Whether the last word is one of the author's, or at least no beginning of one. */
  function finished() {
    const last = story.words.length - 1;
    const state = story.states[last];
    if (last < 0 || !state) return true;
    const { word } = story.words[last];
    const { words } = small.world.fork(state);
    return words.includes(word) || !words.some((one) => one.startsWith(word));
  }

  function start() {
    clearTimeout(timer);
    if (ended) begin(prompt);
    play.textContent = "Pause";
    said.textContent = "";
    const go = () => {
      if (step()) wait();
      else {
        pause();
        tell();
      }
    };
    const wait = () => {
      timer = window.setTimeout(
        () => {
          light();
          timer = window.setTimeout(go, SPEEDS[speed] * LIT);
        },
        SPEEDS[speed] * (1 - LIT)
      );
    };
    wait();
  }

  function pause() {
    if (timer) tell();
    clearTimeout(timer);
    timer = 0;
    play.textContent = ended ? "Write again" : "Write";
  }

  function stepBack() {
    pause();
    const text = before.pop();
    if (text === undefined) return;
    const kept = before;
    begin(prompt);
    while (before.length < kept.length) step();
    tell();
  }

  /** What a screen reader hears, once the writing rests. */
  function tell() {
    const found = story.bets(story.words.length) ?? [];
    const first = [...found].sort((a, b) => b.model - a.model).slice(0, 3);
    const bets = first.map((bet) => `${bet.word} ${share(bet.model)}`).join(", ");
    said.textContent = ended
      ? `The story is over: ${story.text.slice(prompt.length)}`
      : `Written so far: ${story.text.slice(prompt.length) || "nothing"}. The model’s bets on the next word: ${bets}.`;
  }

  /** Keep in the address what was set. */
  function note() {
    remember({ prompt: prompt === FOX ? null : prompt, seed: seed === SEED ? null : seed });
  }

  /** The table of a word's bets, or of the next one's. */
  function look(/** @type {number | null} */ i) {
    looked = i;
    const at = i ?? story.words.length;
    const found = ended && i === null ? null : story.bets(at);
    if (!found) {
      const why =
        ended && i === null
          ? "The story is over. Point at a word to see what else could have stood there."
          : "The model does not see so far back: its context has 64 tokens.";
      bets.replaceChildren(make("p", { class: "live-none" }, why));
      return;
    }
    const came = i === null ? null : story.words[i].word;
    const caption =
      came === null ? "What comes next?" : `What could stand where ${quoted(came)} stands`;
    bets.replaceChildren(
      table(found, {
        caption,
        came,
        choose: (bet) => {
          pause();
          const from = i === null ? story.text : story.text.slice(0, cut(i));
          begin(from + bet.text);
          whose.set(prompt);
          note();
          if (!still()) start();
        },
      }),
      make("p", { class: "live-distance" }, distance(found), ...tokensOf(i))
    );
  }

  /** The end of the word before word i. */
  function cut(/** @type {number} */ i) {
    return i ? story.words[i - 1].to : 0;
  }

  /** The tokens of a word, where it has several. */
  function tokensOf(/** @type {number | null} */ i) {
    if (i === null) return [];
    const from = cut(i);
    const { to } = story.words[i];
    const own = story.pieces.filter((piece) => piece.from >= from && piece.to <= to);
    const ids = own.flatMap((piece) => piece.ids);
    if (ids.length < 2) return [];
    const chips = ids.map((id) => {
      const text = small.tokenizer.decode([id]);
      const byte = small.tokenizer.piece(id);
      const shown = text.includes("\ufffd") ? hex(byte) : visible(text);
      return make("span", { class: "live-token" }, shown);
    });
    return [make("span", { class: "live-tokens" }, ` ${ids.length} tokens: `, ...chips)];
  }

  function marks() {
    return story.words.map((word, i) => {
      const found = story.bets(i);
      const many = story.pieces.filter((p) => p.from >= word.from - 1 && p.to <= word.to);
      const tokens = many.reduce((n, piece) => n + piece.ids.length, 0);
      const kind = [
        "live-word",
        story.states[i] && !word.sayable && "unsayable",
        !story.states[i] && "outside",
        word.from >= prompt.length && "written",
        tokens > 1 && "pieces",
      ];
      return {
        from: word.from,
        to: word.to,
        class: kind.filter(Boolean).join(" "),
        style: found && found[0].truth !== null ? stripes(found, word.word) : "",
      };
    });
  }

  /** The whole text in one number: how far both rows are apart. */
  function summary() {
    let [apart, n] = [0, 0];
    for (let i = 0; i < story.words.length; i++) {
      const found = story.bets(i);
      const nats = found && divergence(found);
      if (nats !== null) [apart, n] = [apart + nats, n + 1];
    }
    const lost = story.states.indexOf(null);
    if (lost >= 0) {
      const word = story.words[lost - 1];
      const spaces = !word || word.sayable;
      const what = spaces ? "a space at the end" : quoted(visibleSpaces(word.seen));
      return [
        make("strong", {}, `The author would never write ${what}${spaces ? "" : " there"}. `),
        "The model has read only his stories, and goes on as well as it can with what it knows.",
      ];
    }
    if (!n) return [];
    return [
      apart / n < 0.005 ? "Model and author are nearly the same: " : "",
      `over these ${n} words and stops their bets differ by `,
      make("strong", {}, `${(apart / n).toFixed(4)} nats a word`),
      ".",
    ];
  }

  begin(prompt);
  whose.begin(prompt);
  new IntersectionObserver(([seen]) => {
    if (!seen.isIntersecting && timer) pause();
  }).observe(root);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && timer) pause();
  });
  if (!still()) start();
}

/**
 * The lines that write the same story in a notebook.
 * @param {string} prompt
 * @param {number} seed
 */
function python(prompt, seed) {
  return [
    "from gpt.model import small",
    "",
    "model, tokenizer = small()",
    `text = ${JSON.stringify(prompt)}`,
    'ids = tokenizer.encode("<|endoftext|>" + text, allowed_special="all")',
    `new = [*model.generate(ids, 50, seed=${seed}, stop=ids[0])]`,
    "print(text + tokenizer.decode(new))",
  ].join("\n");
}

/** @param {string} text */
function visibleSpaces(text) {
  return text.replace(/ /g, "␣").replace(/\s/g, "⏎");
}

/** @param {string} bytes a character a byte */
function hex(bytes) {
  return Array.from(bytes, (c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join(" ");
}
