/** The same text in Python: what a reader can paste into a notebook. */

/**
 * @typedef {import("./steps.js").Handles} Handles
 * @typedef {{id: number, u: number, own: boolean, how: Handles}} Written
 */

/**
 * @param {string} prompt
 * @param {number} seed
 * @param {Written[]} written
 * @param {string} text that it makes, but for its last token
 */
export function asPython(prompt, seed, written, text) {
  const alike = written.every(({ own, how }) => !own && sameHow(how, written[0].how));
  const lines = [
    "from gpt import world",
    "from gpt.model import small",
    ...(alike ? [] : ["from gpt.sample import choose", "from torch import tensor"]),
    "",
    "model, tokenizer = small()",
    `prompt = ${JSON.stringify(prompt)}`,
    "ids = [tokenizer.special_tokens[world.END], *tokenizer.encode(prompt)]",
  ];
  if (alike) {
    const how = [`seed=${seed}`, ...howNamed(written[0].how)].join(", ");
    lines.push(`ids += model.generate(ids, ${written.length}, ${how})`);
  } else {
    const calls = written.map(
      ({ u, how }) => `    dict(${[`u=${u}`, ...howNamed(how)].join(", ")}),`
    );
    lines.push("for how in [", ...calls, "]:");
    lines.push("    logits = model(tensor([ids[-64:]]))[0, -1]");
    lines.push("    ids.append(choose(logits, **how))");
  }
  // a very hot model may write bytes that are no text
  const whole = !text.includes("\ufffd");
  lines.push(whole ? "print(tokenizer.decode(ids[1:]))" : "print(tokenizer.decode_bytes(ids[1:]))");
  return lines.join("\n");
}

/** @param {Handles} a @param {Handles} b */
export function sameHow(a, b) {
  return a.temperature === b.temperature && a.topK === b.topK && a.topP === b.topP;
}

/** @param {Handles} how */
function howNamed({ temperature, topK, topP }) {
  const all = { temperature: temperature === 1 ? null : temperature, top_k: topK, top_p: topP };
  return Object.entries(all).flatMap(([name, value]) => (value === null ? [] : `${name}=${value}`));
}
