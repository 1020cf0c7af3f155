// Asks mutants what the tests have asked, and says which answers of theirs are no longer right.
//
//     node --experimental-vm-modules replay.mjs MODULES BUILT QUESTIONS < mutants
//
// MODULES is the folder of the modules, BUILT that of what the build writes for them, QUESTIONS
// a file with a question a line, as in answer.mjs. A mutant a line (make.mjs) gives a line
// {"by": the number of the question that found it, or null}. It is asked only what made the
// right modules go through the function that is changed: of every name the quickest first, and so on.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import vm from "node:vm";
import { answersOf, ASKED } from "../answers.mjs";

const [modules, built, file] = process.argv.slice(2);
const ts = createRequire(`${modules}/`)("typescript");
const questions = readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
const NEVER = 60_000; // ms: a mutant that has not answered a question by then never will
const OF_A_NAME = 1_500; // ms of work (not of waiting) for the questions of one name,
const AT_MOST = 6_000; // and for all that a mutant is asked

/** How far a number may be off: as the tests have it. What is not named is exact. */
const NEAR = {
  ...Object.fromEntries(
    ["logits", "trace", "reread", "opened", "lens", "note", "carry"].map((name) => [name, 1e-4])
  ),
  ...{ neighbours: 1e-5, cosine: 1e-5, embed: 1e-6, pay: 1e-4, atStep: 1e-4, story: 1e-5 },
  ...{ arithmetic: 1e-6, shares: 1e-9 },
};

/** @type {Map<string, {text: string, watched: string, functions: [number, number][]}>} */
const known = new Map();

/** A module, and the same that says which of its functions are gone through. */
function moduleOf(name) {
  if (known.has(name)) return known.get(name);
  const text = readFileSync(`${modules}/${name}.js`, "utf8");
  const functions = [];
  const walk = (node) => {
    if (node.body?.kind === ts.SyntaxKind.Block) functions.push([node.body.pos, node.body.end]);
    ts.forEachChild(node, walk);
  };
  walk(ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true));
  let watched = text;
  for (const [start] of functions.toSorted((a, b) => b[0] - a[0])) {
    const at = text.indexOf("{", start) + 1;
    watched = `${watched.slice(0, at)}globalThis.gone.add("${name} ${start}");${watched.slice(at)}`;
  }
  known.set(name, { text, watched, functions });
  return known.get(name);
}

/** The function around a place: the smallest. */
const around = (name, at) =>
  moduleOf(name)
    .functions.filter(([start, end]) => start <= at && at < end)
    .sort((a, b) => a[1] - a[0] - (b[1] - b[0]))[0];

/** The answers of modules with these texts. */
async function answersWith(textOf) {
  const made = new Map();
  const make = (name) => {
    if (!made.has(name)) {
      made.set(name, new vm.SourceTextModule(textOf(name), { identifier: `${name}.js` }));
    }
    return made.get(name);
  };
  for (const name of ASKED) {
    const module = make(name);
    if (module.status === "unlinked") {
      await module.link((path) => make(path.replace(/^\.\/|\.js$/g, "")));
    }
    await module.evaluate({ timeout: NEVER });
  }
  const found = Object.fromEntries(ASKED.map((name) => [name, make(name).namespace]));
  return within(() => answersOf(found, built));
}

/** What a function gives, unless it takes for ever. */
function within(work) {
  globalThis.work = work;
  return vm.runInThisContext("work()", { timeout: NEVER });
}

function answer(answers, [name, given]) {
  try {
    return JSON.parse(JSON.stringify(within(() => answers[name](given)) ?? null));
  } catch (error) {
    return { error: error instanceof RangeError ? String(error) : "Error" };
  }
}

/** Whether two answers are one. */
function same(a, b, off) {
  if (typeof a === "number" && typeof b === "number") {
    return Math.abs(a - b) <= off * Math.max(1, Math.abs(b));
  }
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return a === b;
  const [ours, theirs] = [Object.keys(a), Object.keys(b)];
  return (
    ours.length === theirs.length &&
    theirs.every((name, i) => ours[i] === name && same(a[name], b[name], off))
  );
}

/** @typedef {{i: number, right: any, took: number, rank?: number,
 *   gone: Set<string>}} Known */

/** What the right modules say, and which functions they go through. */
async function rightAnswers() {
  globalThis.gone = new Set();
  const whole = await answersWith((name) => moduleOf(name).watched);
  const always = globalThis.gone;
  const spent = {};
  /** @type {Known[]} */
  const found = [];
  questions.forEach((question, i) => {
    if (spent[question[0]] > OF_A_NAME) return;
    globalThis.gone = new Set();
    const began = process.cpuUsage().user;
    const right = answer(whole, question);
    const took = (process.cpuUsage().user - began) / 1000;
    spent[question[0]] = (spent[question[0]] ?? 0) + took;
    found.push({ i, right, took, gone: globalThis.gone });
  });
  found.sort((a, b) => a.took - b.took);
  const rank = {};
  for (const one of found) one.rank = rank[questions[one.i][0]] = (rank[questions[one.i][0]] ?? 0) + 1;
  return { always, found: found.sort((a, b) => a.rank - b.rank) };
}

const { always, found } = await rightAnswers();
const finders = new Map();

/** What a mutant is asked, in this order. */
function* askedOf(module, start) {
  const place = around(module, start);
  const name = place && `${module} ${place[0]}`;
  const first = finders.get(module) ?? [];
  yield* first;
  let spent = 0;
  for (const one of found) {
    if (first.includes(one) || !(!name || always.has(name) || one.gone.has(name))) continue;
    if ((spent += one.took) > AT_MOST) return;
    yield one;
  }
}

async function finder({ module, start, end, is }) {
  const { text } = moduleOf(module);
  const changed = text.slice(0, start) + is + text.slice(end);
  let answers;
  try {
    answers = await answersWith((name) => (name === module ? changed : moduleOf(name).text));
  } catch {
    return -1; // it does not even begin
  }
  for (const one of askedOf(module, start)) {
    const [name] = questions[one.i];
    if (same(answer(answers, questions[one.i]), one.right, NEAR[name] ?? 1e-12)) continue;
    const first = (finders.get(module) ?? []).filter((other) => other !== one);
    finders.set(module, [one, ...first].slice(0, 12));
    return one.i;
  }
  return null;
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ by: await finder(JSON.parse(line)) }));
}
