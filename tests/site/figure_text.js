// Every word of the pictures as it is rendered, with what is wrong with it, for
// tests/site/figure_checks.py: {words, findings}.
({ least, normal, large }) => {
  const one = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const mixed = new Map();

  /** A CSS colour of any kind as [red, green, blue, alpha], 0 to 255 and 0 to 1. */
  function rgba(colour) {
    if (!mixed.has(colour)) {
      one.clearRect(0, 0, 1, 1);
      one.fillStyle = colour;
      one.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = one.getImageData(0, 0, 1, 1).data;
      mixed.set(colour, [r, g, b, a / 255]);
    }
    return mixed.get(colour);
  }
  const over = ([r, g, b, a], under) =>
    [r, g, b].map((part, i) => part * a + under[i] * (1 - a));

  function luminance(colour) {
    const [r, g, b] = colour.map((part) => {
      const p = part / 255;
      return p <= 0.04045 ? p / 12.92 : ((p + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function contrast(a, b) {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  }

  /** What lies behind an HTML element: the sheets of all that hold it. */
  function sheet(element) {
    const sheets = [];
    for (let up = element; up; up = up.parentElement)
      sheets.unshift(rgba(getComputedStyle(up).backgroundColor));
    return sheets.reduce((under, colour) => over(colour, under), [255, 255, 255]);
  }

  /** The fill as it is seen; null where there is none. */
  function fill(shape, svg) {
    const style = getComputedStyle(shape);
    if (style.fill === "none" || style.visibility === "hidden") return null;
    const [r, g, b, alpha] = rgba(style.fill);
    let a = alpha * style.fillOpacity;
    for (let up = shape; up !== svg; up = up.parentElement) a *= getComputedStyle(up).opacity;
    return [r, g, b, a];
  }

  /** "0-2 5" -> [[0, 2], [5, 5]]; what is in no frame of its own is in all. */
  function frames(element) {
    const said = element.closest("[data-f]")?.dataset.f;
    if (!said) return [[0, Infinity]];
    return said.split(" ").map((span) => {
      const ends = span.split("-").map(Number);
      return [ends[0], ends.at(-1)];
    });
  }
  const together = (one, other) =>
    one.some(([a, b]) => other.some(([c, d]) => a <= d && c <= b));
  const first = (one, other) =>
    one.some(([a]) => other.some(([c, d]) => c <= a && a <= d));

  const rendered = (element) => element.getClientRects().length > 0;
  const found = [];
  const words = [];
  function judge(picture, said, size, bold, seen) {
    words.push({ picture, said, size: +size.toFixed(2), contrast: +seen.toFixed(2) });
    if (size < least - 0.01) found.push(`${picture}: “${said}” is ${size.toFixed(1)} px`);
    const enough = size >= 24 || (bold && size >= 18.66) ? large : normal;
    if (seen < enough)
      found.push(`${picture}: “${said}” has a contrast of ${seen.toFixed(2)}`);
  }

  function name(element) {
    const named = element.closest("[aria-label]")?.getAttribute("aria-label") || "?";
    return named.slice(0, 60);
  }

  function look(svg) {
    const picture = name(svg);
    const box = svg.closest(".figure-box");
    if (box && innerWidth >= 360 && box.scrollWidth > box.clientWidth + 1)
      found.push(`${picture} scrolls sideways`);
    const page = sheet(svg.parentElement);
    const frame = svg.getBoundingClientRect();
    const shapes = [];
    const texts = [];
    for (const element of svg.querySelectorAll("path,rect,circle,ellipse,polygon,use,text")) {
      if (element.closest("defs,clipPath,symbol") || !rendered(element)) continue;
      if (element.localName === "text") {
        if (element.textContent.trim()) texts.push([element, shapes.length]);
        continue;
      }
      const box = element.getBoundingClientRect();
      const colour = fill(element, svg);
      if (!colour || colour[3] === 0 || box.width * box.height === 0) continue;
      shapes.push({ element, box, colour, shown: frames(element) });
    }
    const boxes = [];
    for (const [text, below] of texts) {
      const said = text.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
      const matrix = text.getScreenCTM();
      const scale = Math.sqrt(Math.abs(matrix.a * matrix.d - matrix.b * matrix.c));
      const parts = [text, ...text.querySelectorAll("tspan")].filter((part) =>
        [...part.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
      const style = getComputedStyle(parts[0]);
      const size = Math.min(...parts.map((p) => parseFloat(getComputedStyle(p).fontSize)));
      const box = text.getBBox();
      const shown = frames(text);
      const at = (x, y) =>
        new DOMPoint(box.x + x * box.width, box.y + y * box.height).matrixTransform(matrix);
      let worst = Infinity;
      for (const share of [0.08, 0.3, 0.5, 0.7, 0.92]) {
        const point = at(share, 0.55);
        let behind = page;
        for (const { element, box, colour, shown: when } of shapes.slice(0, below)) {
          if (point.x < box.left || point.x > box.right) continue;
          if (point.y < box.top || point.y > box.bottom || !first(shown, when)) continue;
          let shape = element;
          if (shape.localName === "use") shape = document.querySelector(shape.getAttribute("href"));
          const own = point.matrixTransform(element.getScreenCTM().inverse());
          if (shape === element ? shape.isPointInFill(own) : true) behind = over(colour, behind);
        }
        for (const part of parts) {
          const ink = fill(part, svg) || [...behind, 1];
          worst = Math.min(worst, contrast(over(ink, behind), behind));
        }
      }
      judge(picture, said, size * scale, parseInt(style.fontWeight) >= 600, worst);
      const corners = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
      const xs = corners.map((c) => c.x), ys = corners.map((c) => c.y);
      if (Math.min(...xs) < frame.left - 1 || Math.max(...xs) > frame.right + 1 ||
          Math.min(...ys) < frame.top - 2 || Math.max(...ys) > frame.bottom + 2)
        if (getComputedStyle(svg).overflow !== "visible") found.push(`${picture}: “${said}” is cut off`);
      boxes.push({ said, shown, corners });
    }
    found.push(...collisions(picture, boxes));
  }

  /** Words that lie on each other: their middle lines, as thick as small letters. */
  function collisions(picture, boxes) {
    const found = [];
    const lines = boxes.map(({ corners: [a, b, c, d] }) => {
      const mid = (p, q, t) => ({ x: p.x + (q.x - p.x) * t, y: p.y + (q.y - p.y) * t });
      return [[mid(a, c, 0.3), mid(b, d, 0.3)], [mid(a, c, 0.78), mid(b, d, 0.78)]];
    });
    const inside = (p, [[a, b], [c]]) => {
      const u = { x: b.x - a.x, y: b.y - a.y }, v = { x: c.x - a.x, y: c.y - a.y };
      const w = { x: p.x - a.x, y: p.y - a.y };
      const s = (w.x * u.x + w.y * u.y) / (u.x * u.x + u.y * u.y);
      const t = (w.x * v.x + w.y * v.y) / (v.x * v.x + v.y * v.y);
      return s > 0.01 && s < 0.99 && t > 0.02 && t < 0.98;
    };
    const mid = (p, q) => ({ x: (p.x + q.x) / 2, y: (p.y + q.y) / 2 });
    const points = lines.map(([[a, b], [c, d]]) => {
      const some = [];
      for (let i = 0; i <= 10; i++)
        for (const [p, q] of [[a, b], [c, d], [mid(a, c), mid(b, d)]])
          some.push({ x: p.x + ((q.x - p.x) * i) / 10, y: p.y + ((q.y - p.y) * i) / 10 });
      return some;
    });
    for (let i = 0; i < boxes.length; i++)
      for (let j = 0; j < boxes.length; j++)
        if (i !== j && together(boxes[i].shown, boxes[j].shown) &&
            points[i].some((p) => inside(p, lines[j])))
          found.push(`${picture}: “${boxes[i].said}” lies on “${boxes[j].said}”`);
    return found;
  }

  // all frames of a player are looked at at once, each piece in its own
  const all = document.createElement("style");
  all.textContent = ".player [data-f] { display: inline !important }";
  document.head.append(all);
  for (const svg of document.querySelectorAll("article svg")) {
    if (!rendered(svg) || svg.closest("button, summary, a.headerlink")) continue;
    look(svg);
  }
  all.remove();

  // the HTML around them
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode, element = text.parentElement;
    if (!text.data.trim() || !element.closest(".player, .twelve") || element.closest("svg")) continue;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    if (!rendered(element) || style.visibility === "hidden" || box.width < 2) continue;
    const behind = sheet(element);
    const seen = contrast(over(rgba(style.color), behind), behind);
    const bold = parseInt(style.fontWeight) >= 600;
    judge(name(element), text.data.trim().slice(0, 40), parseFloat(style.fontSize), bold, seen);
  }
  return { words, findings: [...new Set(found)] };
}
