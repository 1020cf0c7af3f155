/** What starts the living parts of a page, once the page itself can be read. */

import { make } from "./dom.js";
import { apart } from "./apart.js";
import { headsAtWork } from "./heads.js";
import { writer } from "./home.js";
import { logitLens } from "./lens.js";
import { load } from "./load.js";
import { patch } from "./patch.js";
import { places } from "./places.js";
import { time } from "./time.js";
import { tokens } from "./tokens.js";
import { hiddenUnits } from "./units.js";
import { vectors } from "./vectors.js";

/** @type {Record<string, (root: HTMLElement, small: import("./load.js").Small) => void>} */
const PARTS = {
  writer,
  tokens,
  vectors,
  places,
  heads: headsAtWork,
  units: hiddenUnits,
  lens: logitLens,
  apart,
  patch,
  time,
};

/** Where the build has put what the page needs: beside this very script. */
const FOLDER = /** @type {HTMLScriptElement} */ (document.currentScript).src.replace(/[^/]*$/, "");

/** How far from the screen a part begins: before the reader comes to it. */
const NEAR = "800px";

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
 * Load what a part runs on, and let it begin.
 * @param {HTMLElement} root
 */
async function enliven(root) {
  const waits = make("p", { class: "live-none" }, "The model is being loaded …");
  const picture = root.dataset.instead && document.querySelector(root.dataset.instead);
  root.append(waits);
  try {
    const small = await load(FOLDER);
    waits.remove();
    PARTS[root.dataset.live ?? ""](root, small);
    root.classList.add("ready");
    performance.mark(`live-${root.dataset.live}`);
  } catch (error) {
    waits.textContent = `This part needs the model, and it could not be loaded: ${error}`;
    if (picture instanceof HTMLElement) picture.hidden = false;
    throw error;
  }
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
else begin();
