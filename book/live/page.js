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
    const [part, small] = await Promise.all([script(name), load(FOLDER)]);
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

/**
 * The part of a name, from the script that the build joined for it.
 * @param {string} name
 * @returns {Promise<Part>}
 */
function script(name) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = `${FOLDER}parts/${name}.js`;
    element.onload = () => resolve(/** @type {any} */ (window).livingParts[name]);
    element.onerror = () => reject(new Error(`${name}.js could not be loaded`));
    document.head.append(element);
  });
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
else begin();
