"""The palette and the figure style: what every picture of the book has in common.

A picture is drawn in the colours named here. Each is a light paper's and a dark
paper's; the SVG writer (`_svg`) makes CSS variables of them.
"""

import matplotlib
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

# name: (on light paper, on dark paper). The series are Okabe and Ito's colours, moved in
# lightness until words in them have a contrast of 4.5:1 on their paper; tests/book
# measures it.
# What is drawn in the light colour is written as var(--c-NAME), and the <svg> says
# that --c-NAME is the page's --fig-NAME, or the light colour where no page sets it.
PALETTE = {
    "ink": ("#1d2129", "#e8e6e1"),
    "muted": ("#5b6270", "#a4a9b3"),
    "faint": ("#d8dade", "#3b4048"),
    "paper": ("#fdfcfa", "#16181c"),
    "blue": ("#0069ab", "#6cb6f0"),
    "vermilion": ("#c04a06", "#ff9660"),
    "green": ("#00825f", "#3fcb9c"),
    "orange": ("#9a6800", "#efb53f"),
    "purple": ("#a8568a", "#e6a3cb"),
    "sky": ("#237aae", "#9bd3f5"),
}
INK, MUTED, FAINT, PAPER, BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY = (
    light for light, _ in PALETTE.values()
)
ACCENT = BLUE
# what a colour means, in every picture and in the living parts (book/live/page.css has the
# same names; a test compares them); a chapter's own kinds may have any colour
MODEL, TRUTH = BLUE, ORANGE  # whose bets
ABOVE, BELOW = GREEN, PURPLE  # a number's sign
ASKS = VERMILION  # the word that looks back, or is spoken of
CYCLE = [BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY]
VARIABLE = {light: f"var(--c-{name})" for name, (light, _) in PALETTE.items()}
VARIABLE |= {"#000000": VARIABLE[INK], "#ffffff": VARIABLE[PAPER]}
BLACK = (
    "#010101"  # on middle tones, light page or dark: matplotlib's own black is the ink
)


def _sequential(steps=33):
    """Paper to accent, every step a colour that the page mixes itself."""
    paper, accent = (
        [int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (PAPER, ACCENT)
    )
    colours = []
    for step in range(steps):
        share = step / (steps - 1)
        mixed = [round(p + (a - p) * share) for p, a in zip(paper, accent)]
        colour = "#" + "".join(f"{part:02x}" for part in mixed)
        colours.append(colour)
        VARIABLE.setdefault(
            colour,
            f"color-mix(in oklab,{VARIABLE[ACCENT]} {100 * share:.0f}%,"
            f"{VARIABLE[PAPER]})",
        )
    return ListedColormap(colours, name="paper to accent")


SEQUENTIAL = _sequential()


STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 11,
    "axes.linewidth": 0.8,
    "axes.prop_cycle": matplotlib.cycler(color=CYCLE),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "hatch.color": MUTED,
    "image.cmap": SEQUENTIAL.name,
    "legend.fontsize": 10.5,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "patch.edgecolor": PAPER,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "GPT in Four Stages",
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 10.2,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 10.2,
}
matplotlib.colormaps.register(SEQUENTIAL, force=True)
matplotlib.rcParams.update(STYLE)


# keywords of `ax.text`: in the middle of its place; in a fixed width
CENTRED = {"ha": "center", "va": "center_baseline"}
MONO = {"family": "DejaVu Sans Mono"}


def canvas(width=6.4, height=3.2, **subplots):
    """A figure in the book's style and its axes: `fig, ax = canvas()`.

    width, height: inches; 6.4 is the width of the column, and wider scrolls on a phone.
    subplots: what matplotlib's `Figure.subplots` takes; with several, ax is an array.
    """
    fig = Figure(figsize=(width, height))
    return fig, fig.subplots(**subplots)


def drawing(width, height, x=None, y=None):
    """A canvas without axes, for what is placed by hand: `fig, ax = drawing(316, 250)`.

    width, height: points. x, y: the coordinates (from, to) at its edges, where they are
    not points from the lower left. No layout moves what is drawn, in any frame.
    """
    fig, ax = canvas(width / 72, height / 72)
    fig.set_layout_engine("none")
    ax.set(xlim=x or (0, width), ylim=y or (0, height), position=[0, 0, 1, 1])
    ax.set_axis_off()
    return fig, ax


def bare(ax):
    """No lines at the left and below, no ticks: for what carries its numbers itself."""
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)


# shares (of 33 tones) on which words are read in the ink, in black, and in the paper's
# colour, on a light page and on a dark one; between the first two there is a gap
INK_TO, BLACK_FROM, PAPER_FROM = 17.9 / 33, 21 / 33, 29 / 33


def _readable(shares):
    """Shares that fall into the gap moved to its nearer end."""
    middle = (INK_TO + BLACK_FROM) / 2
    gap = (shares > INK_TO) & (shares < BLACK_FROM)
    return np.where(gap, np.where(shares < middle, INK_TO, BLACK_FROM), shares)


def _ink_on(share):
    """What can be read on a square of this share: 4.5:1 on both pages."""
    return INK if share <= INK_TO else BLACK if share < PAPER_FROM else PAPER


def _squares(ax, shares):
    """Shares as coloured squares: one path for all of a tone, so that it stays small."""
    steps = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
    code = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    tones = np.minimum(shares * SEQUENTIAL.N, SEQUENTIAL.N - 1).astype(int)
    for tone in np.unique(tones):
        places = np.argwhere(tones == tone)[:, ::-1]  # row i, column j is at (j, i)
        points = (places[:, None] + steps).reshape(-1, 2)
        path = Path(points, code * len(places))
        ax.add_patch(PathPatch(path, fc=SEQUENTIAL(int(tone)), ec=FAINT, lw=0.4))


def heat(ax, values, rows=(), columns=(), written=None, high=None, size=None):
    """A matrix as coloured squares, 0 as paper and `high` (its largest) as the accent.

    values: (n, m), from 0 up. rows, columns: labels, at the left and on top.
    written: what stands in a square of this value, as text; None leaves all empty.
    size: of these texts.
    """
    values = np.asarray(values, dtype=float)
    high = high or values.max() or 1.0
    shares = np.clip(values / high, 0, 1)
    if written is not None:
        shares = _readable(shares)
    _squares(ax, shares)
    ax.set(xlim=(0, values.shape[1]), ylim=(values.shape[0], 0), aspect="equal")
    ax.xaxis.tick_top()
    bare(ax)
    ax.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=90)
    ax.set_yticks(np.arange(len(rows)) + 0.5, rows)
    if written is not None:
        for (i, j), value in np.ndenumerate(values):
            look = {"color": _ink_on(shares[i, j]), "size": size}
            ax.text(j + 0.5, i + 0.5, written(value), **look, **CENTRED)
