/** What starts the living parts of a page, once the page itself can be read. */

import { make } from "./dom.js";
import { apart } from "./apart.js";
import { headsAtWork } from "./heads.js";
import { writer } from "./home.js";
import { logitLens } from "./lens.js";
import { load } from "./load.js";
import { patch } from "./patch.js";
import { time } from "./time.js";
import { hiddenUnits } from "./units.js";

/** @type {Record<string, (root: HTMLElement, small: import("./load.js").Small) => void>} */
const PARTS = {
  writer,
  heads: headsAtWork,
  units: hiddenUnits,
  lens: logitLens,
  apart,
  patch,
  time,
};

/** Where the build has put what the page needs: beside this very script. */
const FOLDER = /** @type {HTMLScriptElement} */ (document.currentScript).src.replace(/[^/]*$/, "");

function begin() {
  for (const root of document.querySelectorAll(".live")) {
    if (root instanceof HTMLElement) enliven(root);
  }
}

/**
 * Load what a part runs on, and let it begin.
 * @param {HTMLElement} root
 */
async function enliven(root) {
  const waits = make("p", { class: "live-none" }, "The model is being loaded …");
  const picture = root.dataset.instead && document.querySelector(root.dataset.instead);
  root.append(waits);
  if (picture instanceof HTMLElement) picture.hidden = true;
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
