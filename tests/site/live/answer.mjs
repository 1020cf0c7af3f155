// Answers questions about book/live on standard input, for the tests in Python: one JSON a line.
import { createInterface } from "node:readline";
import { answersOf, ASKED } from "./answers.mjs";

const [folder] = process.argv.slice(2);
const found = await Promise.all(ASKED.map((name) => import(`${folder}/${name}.js`)));
const answers = answersOf(Object.fromEntries(ASKED.map((name, i) => [name, found[i]])), folder);

for await (const line of createInterface({ input: process.stdin })) {
  const [name, given] = JSON.parse(line);
  let answer;
  try {
    answer = { is: answers[name](given) };
  } catch (error) {
    answer = { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
