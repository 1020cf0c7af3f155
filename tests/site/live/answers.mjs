// What the tests in Python ask the modules of book/live: a question's name, and how it is answered.
import { readFileSync } from "node:fs";

/** The modules that are asked. */
export const ASKED = [
  ...["tokenize", "embed", "attend", "sample", "model", "world", "random", "load"],
  ...["author", "game", "ngrams", "steps"],
  ...["cost", "board", "carry", "copying", "checkpoints"],
  ...["reading", "scoring", "replay", "compare"],
  ...["story", "bets", "state"],
];

/** As much of a page as a table needs that is only to be read. */
const element = (tag) => ({
  tag,
  attributes: {},
  children: [],
  setAttribute(name, value) {
    this.attributes[name] = String(value);
  },
  addEventListener(name, act) {
    this[name] = act;
  },
  append(...more) {
    this.children.push(...more);
  },
});
const all = (one, tag) =>
  one.children?.flatMap((child) => [...(child.tag === tag ? [child] : []), ...all(child, tag)]) ?? [];
const textOf = (one) => one.children?.map(textOf).join("") ?? one;
globalThis.document = { createElement: element };
globalThis.location = { pathname: "/page.html", search: "", hash: "#end" };
globalThis.history = {
  state: null,
  replaceState(state, title, address) {
    location.search = new URL(address, "http://localhost").search;
    this.last = address;
  },
};

/** Do all of a generator's work at once. */
const finish = (work) => {
  while (!work.next().done);
};

/** A file as an ArrayBuffer. */
const bytesOf = (path) => {
  const file = readFileSync(path);
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.length);
};

/**
 * The answers: a question's name -> what answers it.
 * @param {Record<string, any>} modules by their names
 * @param {string} folder of what the build writes
 */
export function answersOf(modules, folder) {
  const { tokenize, embed, attend, sample, model: modelOf, world, random, load } = modules;
  const { author, game, ngrams, steps, cost, board, carry: carrying } = modules;
  const { copying, checkpoints, reading, scoring, replay, compare } = modules;
  const { story, bets: bars, state } = modules;
  const about = JSON.parse(readFileSync(`${folder}/small.json`, "utf8"));
  const small = load.assemble(about, bytesOf(`${folder}/small.bin`));
  return {
    split: (text) => tokenize.split(text),
    encode: (text) => small.tokenizer.encode(text),
    merges: (chunk) => small.tokenizer.merges(chunk).map((step) => step.pieces),
    turns: (chunk) =>
      replay.mergeTurns(small.tokenizer, chunk).map(({ pieces, pairs }) => ({ pieces, pairs })),
    chunks: (text) => replay.chunksOf(small.tokenizer, tokenize.split, text),
    legible: (piece) => replay.legible(piece),
    oneToken: (word) => compare.oneToken(small.tokenizer, word),
    cosine: ([table, i, j]) => {
      const [a, b] = [i, j].map((n) => embed.row(small.model[table], n, small.model.config.d_model));
      return embed.cosine(a, b);
    },
    decode: (ids) => small.tokenizer.decode(ids),
    neighbours: ([id, k]) => embed.neighbours(small.model.wte, id, k, small.model.config.d_model),
    logits: (ids) => new modelOf.Reader(small.model).read(ids).map(({ logits }) => [...logits]),
    switched: ([ids, off]) => {
      const switches = { ...off, heads: new Set(off.heads), mlps: new Set(off.mlps) };
      return new modelOf.Reader(small.model, switches).read(ids).map(({ logits }) => [...logits]);
    },
    trace: (ids) => new modelOf.Reader(small.model).read(ids).map((t) => ({
      embed: [...t.embed],
      norm: [...t.norm],
      layers: t.layers.map((l) => ({
        norm_1: [...l.norm1],
        q: [...l.attend.q],
        weights: l.attend.weights.map((w) => [...w]),
        heads: [...l.attend.heads],
        attend: [...l.attend.out],
        middle: [...l.middle],
        hidden: [...l.hidden],
        stream: [...l.stream],
      })),
    })),
    reread: (texts) => {
      const reader = new modelOf.Reader(small.model);
      return texts.map((ids) => Array.from(reader.read(ids).at(-1).logits));
    },
    words: (text) => world.words(text).map(({ word }) => word),
    nextWord: (told) => {
      const state = told.length ? small.world.walk(told).at(-1) : small.world.start;
      if (!state) return null;
      const { words, odds } = small.world.fork(state);
      return Object.fromEntries(words.map((word, i) => [word, odds[i]]));
    },
    points: ([seed, n]) => Array.from({ length: n }, random.uniform(seed)),
    write: ([ids, n, seed, stop]) => {
      const reader = new modelOf.Reader(small.model);
      const point = random.uniform(seed);
      const text = [...ids];
      while (text.length < ids.length + n && (text.length === ids.length || text.at(-1) !== stop)) {
        text.push(sample.draw(sample.shares(reader.read(text).at(-1).logits), point()));
      }
      return text.slice(ids.length);
    },
    shares: ([logits, how]) => Array.from(sample.shares(logits, how)),
    opened: ([ids, layer, head, t, s]) => {
      const traces = new modelOf.Reader(small.model).read(ids);
      const { n_head } = small.model.config;
      const opened = scoring.openScore(traces, n_head, { layer, head }, t, s);
      const plain = (x) => (typeof x === "number" ? x : [...x]);
      return Object.fromEntries(Object.entries(opened).map(([name, x]) => [name, plain(x)]));
    },
    lens: ([ids, many]) =>
      new modelOf.Reader(small.model)
        .read(ids)
        .map((trace) =>
          reading.streamsOf(trace).map((x) => reading.lensBets(small.model, x, many))
        ),
    note: ([layer, unit]) => [...reading.noteOf(small.model, layer, unit)],
    heldOut: (n) => {
      const told = cost.heldOut(small);
      return Array.from({ length: n }, () => told.next().value);
    },
    pay: ([off, n]) => {
      const told = cost.heldOut(small);
      const stories = Array.from({ length: n }, () => told.next().value);
      let found;
      finish(cost.pay(small, board.switchesOf(new Set(off)), stories, (paid) => (found = paid)));
      return found;
    },
    said: (off) => board.saidOf(new Set(off)),
    offIn: ([text, otherwise]) => board.offText(board.offIn(text, otherwise)),
    carry: ([from, into, layer, a, b]) => {
      const [one, other] = [from, into].map((ids) => new modelOf.Reader(small.model).read(ids));
      const vector = carrying.streamAfter(one[a], layer);
      let found;
      finish(carrying.carry(small.model, other, b, layer, vector, (p) => (found = Array.from(p))));
      return found;
    },
    pairs: ([from, into, kinds]) => carrying.pairs(from, into, (word) => kinds.includes(word)),
    atStep: ([step, prompt, seed]) => {
      const steps = JSON.parse(readFileSync(`${folder}/steps/steps.json`, "utf8"));
      const own = bytesOf(`${folder}/steps/step-${step}.bin`);
      let [model, found] = [];
      finish(checkpoints.stepModel(small, steps, own, (made) => (model = made)));
      finish(copying.lookAtStep({ ...small, model }, prompt, seed, (one) => (found = one)));
      return { text: found.text, bets: Object.fromEntries(found.bets) };
    },
    draw: ([p, u]) => sample.draw(Float64Array.from(p), u),
    arithmetic: ([logits, how, u, id]) => {
      const drawn = steps.drawing(Float32Array.from(logits), how, u);
      return { ...steps.arithmetic(Float32Array.from(logits), how, drawn, id), drawn: drawn.id };
    },
    authorsOdds: (ids) => {
      const odds = steps.authorsOdds(small, ids);
      return odds && [...odds];
    },
    stories: ([seed, n]) => {
      const next = author.storyteller(small.world, seed);
      return Array.from({ length: n }, next);
    },
    questions: (told) => game.questions(small.world, told),
    moved: ([points, i, by]) => game.moved(points, i, by),
    bets: ([texts, questions]) => {
      const grams = new ngrams.NGrams(3);
      for (const text of texts) grams.read(text);
      return questions.map(([before, word]) => grams.bets(before, word).map(({ p }) => p));
    },
    story: (texts) => {
      const one = new story.Story(small);
      let found;
      for (const text of texts) {
        one.set(text);
        const { ids, pieces, words } = one;
        found = { ids, pieces, words, bets: [...words, 0].map((_, i) => one.bets(i)) };
        found.apart = found.bets.map((bets) => bets && story.divergence(bets));
      }
      return found;
    },
    stripes: ([bets, came]) => bars.stripes(bets, came),
    distance: (bets) => bars.distance(bets),
    table: ([bets, came, most]) => {
      let chosen;
      const how = { caption: "May come", came, choose: (bet) => (chosen = bet.word) };
      const table = bars.table(bets, most ? { ...how, most } : how);
      const rows = all(table, "tr").map((row) => ({
        came: row.attributes.class ?? null,
        cells: row.children.map(textOf),
        scopes: all(row, "th").map((th) => th.attributes.scope),
        kinds: row.children.map((cell) => cell.attributes.class ?? null),
        bars: all(row, "span").map((one) => one.attributes),
      }));
      const buttons = all(table, "button").map((one) => {
        one.click();
        return { ...one.attributes, chosen };
      });
      return { caption: textOf(all(table, "caption")[0]), class: table.attributes.class, rows, buttons };
    },
    address: ([before, values]) => {
      location.search = before;
      state.remember(values);
      return [history.last, state.recall()];
    },
    whole: ([text, otherwise, most]) => state.whole(text ?? undefined, otherwise, most),
    badWeights: (n) => Object.keys(load.weights([["a", [2, 3]]], new ArrayBuffer(2 * n))),
    other: ([pieces, special, text]) => {
      const tokenizer = new tokenize.Tokenizer(pieces, special);
      const ids = tokenizer.encode(text);
      return { ids, text: tokenizer.decode(ids), cut: tokenizer.cut(text) };
    },
    cosineOf: ([a, b]) => embed.cosine(a, b),
    softmax: (scores) => [...attend.softmax(Float32Array.from(scores))],
    uniform: (seed) => random.uniform(seed)(),
    embed: ([id, place]) => {
      const { wte, wpe, config } = small.model;
      return [...embed.embed(id, place, wte, wpe, config.d_model)];
    },
    probabilities: ([logits, temperature]) => [...sample.probabilities(logits, temperature)],
    keepTopK: ([p, k]) => [...sample.keepTopK(Float64Array.from(p), k)],
    keepTopP: ([p, topP]) => [...sample.keepTopP(Float64Array.from(p), topP)],
  };
}
