/** Bets as bars: two rows, the model's and the author's. */

import { make, quoted, share, visible } from "./dom.js";
import { divergence } from "./story.js";

/**
 * Both rows of stripes under a word, as a background: a stretch for each bet, the one that came
 * true in full colour.
 * @param {import("./story.js").Bet[]} bets
 * @param {string} came
 */
export function stripes(bets, came) {
  const rows = [rowOf(bets, came, "model"), rowOf(bets, came, "truth")];
  return `--model:${rows[0]};--truth:${rows[1]}`;
}

/**
 * @param {import("./story.js").Bet[]} bets
 * @param {string} came
 * @param {"model" | "truth"} whose
 */
function rowOf(bets, came, whose) {
  const stops = [];
  let at = 0;
  for (const bet of bets) {
    const end = at + 100 * (bet[whose] ?? 0);
    const colour = `var(--${whose}-${bet.word === came ? "came" : "other"})`;
    const to = bets.length > 1 ? Math.max(at, end - 1.2) : end;
    stops.push(`${colour} ${at.toFixed(2)}% ${to.toFixed(2)}%`);
    stops.push(`transparent ${to.toFixed(2)}% ${end.toFixed(2)}%`);
    at = end;
  }
  return `linear-gradient(to right,${[...stops, "transparent 0"].join(",")})`;
}

/**
 * A table of what may come: the word, both bars, both numbers. A word can be chosen.
 * @param {import("./story.js").Bet[]} bets
 * @param {object} options
 * @param {string} options.caption
 * @param {string | null} options.came the word that stands there, if one does
 * @param {(bet: import("./story.js").Bet) => void} options.choose
 * @param {number} [options.most]
 */
export function table(bets, { caption, came, choose, most = 6 }) {
  const order = [...bets].sort((a, b) => (b.truth ?? 0) - (a.truth ?? 0) || b.model - a.model);
  const shown = order.slice(0, most);
  const there = order.find((bet) => bet.word === came);
  if (there && !shown.includes(there)) shown[shown.length - 1] = there;
  const rows = shown.map((bet) => {
    const chosen = bet.word === came;
    const pick = make(
      "button",
      {
        type: "button",
        class: "live-pick",
        onclick: () => choose(bet),
        "aria-pressed": String(chosen),
        title: `Write ${quoted(spoken(bet.word))} here`,
      },
      spoken(bet.word)
    );
    return make(
      "tr",
      { class: chosen ? "came" : false, "data-word": bet.word },
      make("th", { scope: "row" }, pick),
      bar(bet.model, "model"),
      bar(bet.truth, "truth")
    );
  });
  const known = bets[0]?.truth !== null;
  const rest = 1 - shown.reduce((sum, bet) => sum + bet.model, 0);
  const restTruth = known ? 1 - shown.reduce((sum, bet) => sum + (bet.truth ?? 0), 0) : null;
  const others = bets.length > shown.length ? "all other words" : "any other word";
  rows.push(
    make(
      "tr",
      { class: "rest" },
      make("th", { scope: "row" }, others),
      bar(Math.max(0, rest), "model"),
      bar(restTruth === null ? null : Math.max(0, restTruth), "truth")
    )
  );
  return make(
    "table",
    { class: "live-bets" },
    make("caption", {}, caption),
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        make("td", {}),
        make("th", { scope: "col", class: "model" }, "the model"),
        make("th", { scope: "col", class: "truth" }, "the truth")
      )
    ),
    make("tbody", {}, ...rows)
  );
}

/**
 * A word as a reader should see it: the end of a story is a word too.
 * @param {string} word
 */
function spoken(word) {
  return word === "<|endoftext|>" ? "END" : visible(word);
}

/**
 * @param {number | null} p
 * @param {string} whose
 */
function bar(p, whose) {
  if (p === null) return make("td", { class: whose }, "unknown");
  const number = make("span", { class: "number" }, share(p));
  if (p < 1e-12) return make("td", { class: whose }, number);
  const style = `--p:${p.toFixed(4)}`;
  const drawn = make("span", { class: "live-bar", style, "aria-hidden": "true" });
  return make("td", { class: whose }, drawn, number);
}

/**
 * How far apart the two rows are, in words. Below 0.005 nats nobody sees it in the bars.
 * @param {import("./story.js").Bet[]} bets
 */
export function distance(bets) {
  const nats = divergence(bets);
  if (nats === null)
    return "The author has never written such a text: there is no truth to compare with.";
  const said = nats < 0.005 ? "Nearly equal" : nats < 0.05 ? "Close" : "Apart";
  return `${said} (KL divergence ${nats < 0.00005 ? "< 0.0001" : nats.toFixed(4)} nats)`;
}
