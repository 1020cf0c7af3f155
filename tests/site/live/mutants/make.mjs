// Mutants of JavaScript modules, one a line of JSON: what a slip of the pen would make of them.
//
//     node make.mjs FOLDER NAME ...  ->  {"module", "line", "was", "is", "start", "end"}
//
// `is` stands in the place of the characters from start to end. Each is valid JavaScript.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [folder, ...names] = process.argv.slice(2);
const ts = createRequire(`${folder}/`)("typescript");

/** What each sign is taken for. */
const SIGNS = {
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "**": ["*"],
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="],
  "&&": ["||"],
  "||": ["&&"],
  "??": ["&&"],
  "+=": ["-=", "="],
  "-=": ["+=", "="],
  "*=": ["/=", "="],
  "/=": ["*=", "="],
  "^=": ["=", "|="],
  "??=": ["="],
  "&": ["|"],
  "|": ["&"],
  "^": ["|"],
  ">>>": ["<<"],
  ">>": ["<<"],
  "<<": [">>>"],
};
const NAMES = {
  max: ["min"],
  min: ["max"],
  floor: ["ceil"],
  ceil: ["floor"],
  round: ["floor"],
  some: ["every"],
  every: ["some"],
  indexOf: ["lastIndexOf"],
  find: ["findLast"],
  findIndex: ["findLastIndex"],
  startsWith: ["endsWith"],
  endsWith: ["startsWith"],
};
/** Calls without which their object may pass for the result. */
const DROPPED = new Set(["sort", "filter", "slice", "reverse", "trim", "map", "replace"]);

/** The changes at one node of the tree: [where it begins, where it ends, what stands there]. */
function* changes(node, text, source) {
  const from = node.getStart(source);
  const of = (part) => text.slice(part.getStart(source), part.end);
  if (node.parent && ts.isForStatement(node.parent) && node.parent.incrementor === node) {
    return; // a loop that never ends says nothing of the tests
  }
  if (ts.isBinaryExpression(node)) {
    const sign = node.operatorToken;
    for (const other of SIGNS[of(sign)] ?? []) yield [sign.getStart(source), sign.end, other];
  } else if (ts.isNumericLiteral(node)) {
    yield [from, node.end, `(${of(node)} + 1)`];
    if (Number(of(node)) === 1) yield [from, node.end, "0"];
    if (Number(of(node)) > 1) yield [from, node.end, `(${of(node)} - 1)`];
  } else if (ts.isPrefixUnaryExpression(node)) {
    const sign = text.slice(from, node.operand.getStart(source));
    const other = { "++": "--", "--": "++", "!": "", "-": "" }[sign];
    if (other !== undefined) yield [from, from + sign.length, other];
  } else if (ts.isPostfixUnaryExpression(node)) {
    yield [node.operand.end, node.end, of(node).endsWith("++") ? "--" : "++"];
  } else if (ts.isConditionalExpression(node)) {
    yield [from, node.end, `(${of(node.whenTrue)})`];
    yield [from, node.end, `(${of(node.whenFalse)})`];
  } else if (ts.isIfStatement(node)) {
    for (const always of ["true", "false"]) {
      yield [node.expression.getStart(source), node.expression.end, always];
    }
  } else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { expression: object, name } = node.expression;
    for (const other of NAMES[of(name)] ?? []) yield [name.getStart(source), name.end, other];
    if (DROPPED.has(of(name))) yield [object.end, node.end, ""];
    if (of(name) === "slice" && node.arguments.length === 2) {
      yield [node.arguments[0].end, node.arguments[1].end, ""];
    }
  } else if (ts.isExpressionStatement(node) || ts.isThrowStatement(node)) {
    yield [from, node.end, ";"];
  } else if (ts.isBreakStatement(node) || ts.isContinueStatement(node)) {
    yield [from, node.end, ";"];
  } else if (node.kind === ts.SyntaxKind.TrueKeyword) {
    yield [from, node.end, "false"];
  } else if (node.kind === ts.SyntaxKind.FalseKeyword) {
    yield [from, node.end, "true"];
  } else if (ts.isStringLiteral(node) && !ts.isImportDeclaration(node.parent)) {
    yield [from, node.end, node.text ? '""' : '"x"'];
  } else if (ts.isRegularExpressionLiteral(node) && /\/\w*g\w*$/.test(of(node))) {
    yield [from, node.end, of(node).replace(/g(?=\w*$)/, "")];
  }
}

/** Is this still JavaScript? */
const valid = (text) =>
  !ts.createSourceFile("mutant.js", text, ts.ScriptTarget.ES2022).parseDiagnostics.length;

for (const module of names) {
  const text = readFileSync(`${folder}/${module}.js`, "utf8");
  const source = ts.createSourceFile(`${module}.js`, text, ts.ScriptTarget.ES2022, true);
  const walk = (node) => {
    for (const [start, end, is] of changes(node, text, source)) {
      if (!valid(text.slice(0, start) + is + text.slice(end))) continue;
      const line = source.getLineAndCharacterOfPosition(start).line + 1;
      const was = text.slice(start, end);
      console.log(JSON.stringify({ module, line, was, is, start, end }));
    }
    ts.forEachChild(node, walk);
  };
  walk(source);
}
