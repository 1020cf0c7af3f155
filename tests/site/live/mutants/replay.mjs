// Asks mutants what the tests have asked, and says which answers of theirs are no longer right.
//
//     node --experimental-vm-modules replay.mjs MODULES BUILT QUESTIONS < mutants
//
// MODULES is the folder of the modules, BUILT that of what the build writes for them, QUESTIONS
// a file with a question a line, as in answer.mjs. A mutant a line (make.mjs) gives a line
// {"by": the number of the question that found it, or null}.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import vm from "node:vm";
import { answersOf, ASKED } from "../answers.mjs";

const [modules, built, file] = process.argv.slice(2);
const questions = readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
const SLOW = 5_000; // ms: a mutant that has not answered a question by then never will

/** How far a number may be off: as the tests have it. What is not named is exact. */
const NEAR = {
  ...Object.fromEntries(
    ["logits", "trace", "reread", "opened", "lens", "note", "carry", "story"].map((name) => [name, 1e-4])
  ),
  ...{ neighbours: 1e-5, cosine: 1e-5, pay: 1e-4, atStep: 1e-4, arithmetic: 1e-6, shares: 1e-9 },
};

const texts = new Map();
const textOf = (name) => {
  if (!texts.has(name)) texts.set(name, readFileSync(`${modules}/${name}.js`, "utf8"));
  return texts.get(name);
};

/** The answers of the modules, one of which is another text. */
async function answersWith(changed, text) {
  const known = new Map();
  const moduleOf = (name) => {
    if (!known.has(name)) {
      const source = name === changed ? text : textOf(name);
      known.set(name, new vm.SourceTextModule(source, { identifier: `${name}.js` }));
    }
    return known.get(name);
  };
  const found = {};
  for (const name of ASKED) {
    const module = moduleOf(name);
    if (module.status === "unlinked") {
      await module.link((path) => moduleOf(path.replace(/^\.\/|\.js$/g, "")));
    }
    await module.evaluate({ timeout: SLOW });
    found[name] = module.namespace;
  }
  return within(() => answersOf(found, built));
}

/** What a function gives, unless it takes too long. */
function within(work) {
  globalThis.work = work;
  return vm.runInThisContext("work()", { timeout: SLOW });
}

function answer(answers, [name, given]) {
  try {
    return JSON.parse(JSON.stringify(within(() => answers[name](given)) ?? null));
  } catch (error) {
    return { error: error instanceof RangeError ? "RangeError" : "Error" };
  }
}

/** Whether two answers are one. */
function same(a, b, off) {
  if (typeof a === "number" && typeof b === "number") {
    return Math.abs(a - b) <= off * Math.max(1, Math.abs(b));
  }
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return a === b;
  const names = Object.keys(b);
  return (
    Object.keys(a).join("\n") === names.join("\n") && names.every((name) => same(a[name], b[name], off))
  );
}

const right = [];
const took = [];
const whole = await answersWith("", "");
for (const question of questions) {
  const began = performance.now();
  right.push(answer(whole, question));
  took.push(performance.now() - began);
}
// the quick ones first, and of these such as have found mutants of the module
const order = questions.map((_, i) => i).sort((a, b) => took[a] - took[b]);
const finders = new Map();

async function finder({ module, start, end, is }) {
  const text = textOf(module);
  const finds = finders.get(module) ?? [];
  finders.set(module, finds);
  let answers;
  try {
    answers = await answersWith(module, text.slice(0, start) + is + text.slice(end));
  } catch {
    return -1; // it does not even begin
  }
  for (const i of [...finds, ...order]) {
    if (!same(answer(answers, questions[i]), right[i], NEAR[questions[i][0]] ?? 1e-12)) {
      if (!finds.includes(i)) finds.push(i);
      return i;
    }
  }
  return null;
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ by: await finder(JSON.parse(line)) }));
}
