"""A text whose last word looks back: arcs, the thicker the larger a share.

The page's living part draws the same (book/live/arcs.js); this is for readers without
JavaScript, and for print.
"""

from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from ._style import ASKS, BLUE, CENTRED, INK, drawing

SIZE, SPACE, LINE, ARC = (
    11,
    5.5,
    52,
    30,
)  # of a word, between words, of a line, of an arc
CLOSE = (".", ",")
CODES = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]


def _placed(words, width):
    """[(x of its middle, line)] of each word, and how many lines there are."""
    found, at, line = [], 0, 0
    for word in words:
        wide = TextPath((0, 0), word, size=SIZE).get_extents().width + 1
        space = 1 if word in CLOSE else SPACE
        if at and at + space + wide > width:
            at, line = 0, line + 1
        at += space if at else 0
        found.append((at + wide / 2, line))
        at += wide
    return found, line + 1


def _arc(start, end, share):
    """From the upper edge of a word over its line, or to the lower edge of one above."""
    (x, y), (to, top) = start, end
    if y == top:
        up = y + 9 + min(ARC, 10 + abs(x - to) / 9)
        points = [(x, y + 9), (x, up), (to, up), (to, y + 9)]
    else:
        bend = min(34, (top - y) / 2 - 12)
        low = top - 22  # below its number
        points = [(x, y + 9), (x, y + 9 + bend), (to, low - bend), (to, low)]
    look = {"lw": 1.2 + 5 * share, "alpha": 0.35 + 0.55 * share, "capstyle": "round"}
    return PathPatch(Path(points, CODES), fc="none", ec=BLUE, **look)


def arcs(texts, width, least=0.05):
    """A figure with some texts below each other, the last word of each looking back.

    texts: [(words, shares)], with a share for each word. width: in points. least: the
    smallest share that has an arc.
    """
    laid = [(*_placed(words, width - 8), words, shares) for words, shares in texts]
    height = sum(LINE * lines + ARC - 4 for _, lines, _, _ in laid)
    fig, ax = drawing(width, height)
    y = height
    for places, lines, words, shares in laid:
        y -= ARC + 6
        at = [(4 + x, y - LINE * line) for x, line in places]
        for word, place, share in zip(words, at, shares):
            asks, shown = place == at[-1], share >= least
            look = {"color": ASKS if asks else BLUE if shown else INK}
            look["weight"] = "bold" if asks or shown else "normal"
            ax.text(*place, word, size=SIZE, **look, **CENTRED)
            if shown and not asks:
                ax.add_patch(_arc(at[-1], place, share))
                below = place[0], place[1] - 14
                ax.text(*below, f"{share:.2f}", size=10.2, **CENTRED)
        y -= LINE * (lines - 1) + LINE - ARC + 20
    return fig
