/**
 * What starts the living parts of a page: each is fetched, with the model, when the reader comes
 * near. The part NAME of a page is the function `part` of NAME.js.
 */

import { button, make } from "./dom.js";
import { load } from "./load.js";

/** How far from the screen a part begins: before the reader comes to it. */
const NEAR = "800px";

/** Where the build has put what the page needs: beside this very script. */
const FOLDER = /** @type {HTMLScriptElement} */ (document.currentScript).src.replace(/[^/]*$/, "");

/** @typedef {(root: HTMLElement, small: import("./load.js").Small) => void} Part */

function begin() {
  const near = new IntersectionObserver(
    (seen) => {
      for (const { target, isIntersecting } of seen) {
        if (!isIntersecting || !(target instanceof HTMLElement)) continue;
        near.unobserve(target);
        enliven(target);
      }
    },
    { rootMargin: NEAR }
  );
  for (const root of document.querySelectorAll(".live")) near.observe(root);
}

/**
 * Fetch a part and what it runs on, and let it begin.
 * @param {HTMLElement} root
 */
async function enliven(root) {
  const waits = make("p", { class: "live-none", role: "status" }, "The model is being loaded …");
  const picture = root.dataset.instead && document.querySelector(root.dataset.instead);
  const name = root.dataset.live ?? "";
  root.append(waits);
  try {
    const [part, small] = await Promise.all([partOf(root, name), load(FOLDER)]);
    waits.remove();
    root.classList.remove("failed");
    if (picture instanceof HTMLElement) picture.hidden = true;
    await new Promise((done) => setTimeout(done)); // the page may answer its reader in between
    part(root, small);
    root.classList.add("ready");
    performance.mark(`live-${name}`);
  } catch (error) {
    console.error(`${name}: ${error}`);
    waits.textContent = "This part needs the model, and its file did not come. ";
    const again = button("Try again", () => {
      waits.remove();
      enliven(root);
    });
    waits.append(again);
    root.classList.add("failed");
    if (picture instanceof HTMLElement) picture.hidden = false;
  }
}

/** @type {Map<string, Promise<void>>} */
const scripts = new Map();

/**
 * A part, from the script that the build joined for it; before it comes what it shares with the
 * other parts of the page.
 * @param {HTMLElement} root
 * @param {string} name
 * @returns {Promise<Part>}
 */
async function partOf(root, name) {
  if (root.dataset.shared) await script(root.dataset.shared);
  await script(name);
  return /** @type {any} */ (window).livingParts[name];
}

/**
 * A script of the build, once.
 * @param {string} name
 * @returns {Promise<void>}
 */
function script(name) {
  const known = scripts.get(name);
  if (known) return known;
  /** @type {Promise<void>} */
  const comes = new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = `${FOLDER}parts/${name}.js`;
    element.onload = () => resolve();
    element.onerror = () => reject(new Error(`${name}.js could not be loaded`));
    document.head.append(element);
  });
  scripts.set(name, comes);
  comes.catch(() => scripts.delete(name)); // the next time it is tried again
  return comes;
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
else begin();
