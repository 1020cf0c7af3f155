/** What starts the living parts of a page, once the page itself can be read. */

import { make } from "./dom.js";
import { apart } from "./apart.js";
import { writer } from "./home.js";
import { load } from "./load.js";
import { patch } from "./patch.js";
import { time } from "./time.js";

/** @type {Record<string, (root: HTMLElement, small: import("./load.js").Small) => void>} */
const PARTS = { writer, apart, patch, time };

/** Where the build has put what the page needs: beside this very script. */
const FOLDER = /** @type {HTMLScriptElement} */ (document.currentScript).src.replace(/[^/]*$/, "");

function begin() {
  for (const root of document.querySelectorAll(".live")) {
    if (!(root instanceof HTMLElement)) continue;
    const part = PARTS[root.dataset.live ?? ""];
    load(FOLDER).then(
      (small) => {
        root.hidden = false;
        part(root, small);
        root.classList.add("ready");
        hideInstead(root);
        performance.mark(`live-${root.dataset.live}`);
      },
      (error) => {
        root.hidden = false;
        root.append(
          make("p", { class: "live-none" }, `The model could not be loaded: ${error.message}.`)
        );
      }
    );
  }
}

/**
 * The picture that stands for this part where there is no JavaScript.
 * @param {HTMLElement} root
 */
function hideInstead(root) {
  const picture = root.dataset.instead && document.querySelector(root.dataset.instead);
  if (picture instanceof HTMLElement) picture.hidden = true;
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
else begin();
