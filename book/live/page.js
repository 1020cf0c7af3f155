/** What starts the living parts of a page. */

import { load } from "./load.js";

export function start() {
  return load;
}
