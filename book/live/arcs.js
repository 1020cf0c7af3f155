/** Arcs from a word to those that it looks back at: the thicker, the larger the share. */

const SVG = "http://www.w3.org/2000/svg";
/** Thickness in pixels, and opacity, of the smallest share and of a share of 1. */
const [THIN, THICK] = [1.5, 9];
const [FAINT, FULL] = [0.35, 0.9];

/**
 * Where an arc goes: over the words where both stand in one line, else from the upper edge of
 * the word that looks to the lower edge of the other.
 * @param {{x: number, top: number, bottom: number}} from the word that looks
 * @param {{x: number, top: number, bottom: number}} to the other, at its left or above
 */
export function arcPath(from, to) {
  if (from === to) {
    const { x, top } = from;
    return `M${x - 7} ${top}c-14 -24 28 -24 14 0`;
  }
  if (Math.abs(from.top - to.top) < 8) {
    const up = from.top - Math.min(30, 12 + Math.abs(from.x - to.x) / 9) * 1.33;
    return `M${from.x} ${from.top}C${from.x} ${up} ${to.x} ${up} ${to.x} ${to.top}`;
  }
  const bend = Math.min(60, (from.top - to.bottom) / 2 + 12);
  return (
    `M${from.x} ${from.top}C${from.x} ${from.top - bend} ` +
    `${to.x} ${to.bottom + bend} ${to.x} ${to.bottom}`
  );
}

/**
 * Draw them over a row of words. The drawing and the words stand in one box.
 * @param {SVGSVGElement} svg
 * @param {HTMLElement[]} words
 * @param {number} t the word that looks
 * @param {{s: number, p: number}[]} shares whom it looks at, and how much
 */
export function drawArcs(svg, words, t, shares) {
  const at = words.map((word) => ({
    x: word.offsetLeft + word.offsetWidth / 2,
    top: word.offsetTop,
    bottom: word.offsetTop + word.offsetHeight,
  }));
  const drawn = [...shares]
    .sort((a, b) => a.p - b.p)
    .map(({ s, p }) => {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", arcPath(at[t], at[s]));
      path.setAttribute("pathLength", "1");
      path.setAttribute("stroke-width", (THIN + (THICK - THIN) * p).toFixed(2));
      path.setAttribute("stroke-opacity", (FAINT + (FULL - FAINT) * p).toFixed(2));
      return path;
    });
  svg.replaceChildren(...drawn);
}
