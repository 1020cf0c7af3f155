/**
 * The course's model at some steps of its own training. The build puts them beside the page's
 * script; each is fetchedStep when it is asked for.
 */

import { weights } from "./load.js";
import { GPT } from "./model.js";

/**
 * @typedef {object} Steps
 * @property {number[]} steps those that are kept; the last is the model that the page has
 * @property {number[]} losses of each, on held-out stories, in nats per token
 * @property {number[]} curve the mean training loss of every `window` steps
 * @property {number} window
 * @property {number} floor
 * @property {number} forgetful the least loss of a reader who has forgotten the first sentence
 * @property {[string, number[]][]} weights names and shapes, in their order
 */

/** The folder of the page's own script, to which the build has written. */
function stepsFolder() {
  const own = [...document.scripts].find((one) => /\/live\/live\.js$/.test(one.src.split("?")[0]));
  return own ? own.src.replace(/[^/]*$/, "steps/") : "../live/steps/";
}

/** @returns {Promise<Steps>} */
export async function loadSteps() {
  if (location.protocol === "file:") return carriedStep("steps");
  return (await fetchedStep("steps.json")).json();
}

/**
 * The weights of a step, 16 bits each.
 * @param {number} step
 * @returns {Promise<ArrayBuffer>}
 */
export async function loadStep(step) {
  if (location.protocol !== "file:") return (await fetchedStep(`step-${step}.bin`)).arrayBuffer();
  const text = atob(await carriedStep(`step-${step}`));
  return Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer;
}

/**
 * The model of a step, made weight by weight: it rests after each.
 * @param {import("./load.js").Small} small
 * @param {Steps} about
 * @param {ArrayBuffer} halves
 * @param {(model: GPT) => void} done
 * @returns {Generator<void, void>}
 */
export function* stepModel(small, about, halves, done) {
  /** @type {Record<string, Float32Array>} */
  const found = {};
  let at = 0;
  for (const [name, shape] of about.weights) {
    const bytes = 2 * shape.reduce((a, b) => a * b, 1);
    Object.assign(found, weights([[name, shape]], halves.slice(at, at + bytes)));
    at += bytes;
    yield;
  }
  if (at !== halves.byteLength) throw new RangeError("the step has other weights");
  done(new GPT(small.model.config, found));
}

/** @param {string} name */
async function fetchedStep(name) {
  const answer = await fetch(stepsFolder() + name);
  if (!answer.ok) throw new Error(`${name} could not be loaded (${answer.status})`);
  return answer;
}

/**
 * From a folder, a page may load scripts only: each puts what it carries into gptSteps.
 * @param {string} name
 * @returns {Promise<any>}
 */
function carriedStep(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${stepsFolder()}${name}.js`;
    script.onload = () => {
      resolve(/** @type {any} */ (window).gptSteps[name]);
      script.remove();
    };
    script.onerror = () => reject(new Error(`${name}.js could not be loaded`));
    document.head.append(script);
  });
}
