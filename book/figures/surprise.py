"""The pictures of index.md that are drawn before a formula: bet, chain rule, floor, pieces.

What is measured comes from `facts.surprise`, whose results these functions are handed.
Each is narrow enough to be read on a phone as it is.
"""

import numpy as np
from edition import fraction, percent, two
from matplotlib.patches import FancyBboxPatch, Rectangle

from . import (
    BLUE,
    CENTRED,
    FAINT,
    GREEN,
    MUTED,
    PAPER,
    VERMILION,
    drawing,
    show,
    tr,
)

WIDE = 328  # points: on a phone a point is about a pixel


# --- one formula --------------------------------------------------------------------
def bets_and_surprises(bets):
    """Two rows of bars over the same words: how much was bet on each, and its surprise.

    bets: a `facts.surprise.Bet` for each word.
    """
    fig, ax = drawing(WIDE, 250)
    step, floor, zero = WIDE / len(bets), 150, 26
    ax.text(4, 236, tr("The bet on the word that came"), weight="bold", size=11.5)
    ax.text(4, 118, tr("Its surprise, in nats"), weight="bold", size=11.5)
    for place, bet in enumerate(bets):
        x = (place + 0.5) * step
        ax.bar(x, 62 * bet.p, bottom=floor, width=34, color=MUTED)
        ax.text(x, floor + 62 * bet.p + 4, percent(bet.p), ha="center", size=11.1)
        ax.bar(x, 28 * bet.nats, bottom=zero, width=34, color=BLUE)
        ax.text(x, zero + 28 * bet.nats + 4, two(bet.nats), ha="center", size=11.1)
        ax.text(x, 8, bet.word, ha="center", size=11.5, weight="bold")
    for y in (floor, zero):
        ax.plot([4, WIDE - 4], [y, y], color=MUTED, linewidth=0.8)
    told = "; ".join(
        tr("“{word}”: {bet}, {nats}", word=b.word, bet=percent(b.p), nats=two(b.nats))
        for b in bets
    )
    alt = tr(
        "Two rows of bars over five words of the story. The smaller the bet on a word was, "
        "the taller is the bar of its surprise. Word, bet, and surprise in nats: {told}.",
        told=told,
    )
    return show(fig, alt)


COLUMNS, MIDDLE, APART = (29, 117, 207, 297), 128, 36  # of the tree


def chain_of_bets(forks):
    """A tree of what may come next, three words deep; the path that was taken is blue.

    forks: a `facts.surprise.Fork` for each word.
    """
    fig, ax = drawing(WIDE, 204)
    here, parts, p = (COLUMNS[0], MIDDLE), [], 1.0
    _node(ax, here, "One day", on=True)
    for x, fork in zip(COLUMNS[1:], forks, strict=True):
        top, start = MIDDLE + APART * (len(fork.odds) - 1) / 2, here
        for row, word in enumerate(fork.odds):
            place, on = (x, top - APART * row), word == fork.word
            _branch(ax, start, place, on)
            _node(ax, place, word, on)
            here = place if on else here
        parts.append(fraction(fork.odds[fork.word]))
        look = {"color": BLUE, "size": 12.5, "weight": "bold", "ha": "center"}
        at = 0.44 * start[0] + 0.56 * here[0], 0.44 * start[1] + 0.56 * here[1]
        box = {"fc": PAPER, "ec": "none", "pad": 1.2}
        ax.text(*at, parts[-1], va="center", zorder=3, bbox=box, **look)
        before, p = p, p * fork.odds[fork.word]
        factors = f"{_one_of(before)} · {parts[-1]} = " if before < 1 else ""
        ax.text(min(x, WIDE - 38), 10, factors + _one_of(p), **look)
    ax.plot([4, WIDE - 4], [30, 30], color=FAINT, linewidth=0.8)
    ax.text(4, 10, tr("so far"), size=11.5, color=MUTED)
    alt = tr(
        "A tree. After One day comes she or Ada, after she one of four verbs, and after "
        "she met one of four names. The path “{path}” is blue, with {parts} along it: "
        "{product}.",
        path=", ".join(fork.word for fork in forks),
        parts=", ".join(parts),
        product=f"{' · '.join(parts)} = {_one_of(p)}",
    )
    return show(fig, alt)


def _one_of(p):
    """1/24 as it is: `fraction` ends at 20."""
    return fraction(p) if p > 0.05 else f"1/{1 / p:.0f}"


def _branch(ax, start, end, on):
    """A line between two words; on: it was taken."""
    look = {"color": BLUE, "linewidth": 3} if on else {"color": FAINT, "linewidth": 1.6}
    ax.plot(*zip(start, end), zorder=2 if on else 1, **look)


def _node(ax, place, word, on):
    """A word in a box."""
    (x, y), (wide, high) = place, (56, 21)
    box = FancyBboxPatch((x - wide / 2, y - high / 2), wide, high, zorder=4)
    box.set_boxstyle("round", pad=0, rounding_size=5)
    box.set(
        facecolor=PAPER, edgecolor=BLUE if on else FAINT, linewidth=2 if on else 1.2
    )
    ax.add_patch(box)
    look = {"weight": "bold"} if on else {"color": MUTED}
    ax.text(x, y, word, size=11.1, zorder=5, **look, **CENTRED)


def losses_and_floor(training):
    """Bars of the loss during training, and the floor, which none goes below.

    training: a `facts.surprise.Training`.
    """
    fig, ax = drawing(WIDE, 236)
    zero, scale, high = 44, 60, 2.55
    bars = [(f"{n:,}", loss) for n, loss in training.losses.items()]
    bars.append((tr("author"), training.author))
    step, line = (WIDE - 8) / len(bars), zero + scale * training.floor
    for place, (name, loss) in enumerate(bars):
        x = 4 + (place + 0.5) * step
        top = zero + scale * min(loss, high)
        ax.bar(x, line - zero, bottom=zero, width=27, color=GREEN, alpha=0.35)
        ax.bar(x, top - line, bottom=line, width=27, color=BLUE)
        if loss > high:  # too tall to be shown whole
            for y in (top - 20, top - 14):
                ax.plot([x - 17, x + 17], [y - 4, y + 4], color=PAPER, linewidth=3)
        ax.text(x, top + 4, two(loss), ha="center", size=11.1)
        ax.text(x, zero - 15, name, ha="center", size=11.1)
    ax.axhline(line, color=GREEN, linewidth=1.8)
    ax.text(
        WIDE - 4,
        line + 50,
        tr("what can be learned"),
        color=BLUE,
        size=11.5,
        ha="right",
        weight="bold",
    )
    ax.text(
        WIDE - 4,
        line + 24,
        tr("the floor"),
        color=GREEN,
        size=11.5,
        ha="right",
        weight="bold",
    )
    ax.text(4, 8, tr("after so many steps of training"), color=MUTED, size=11.1)
    ax.text(4, 222, tr("Loss on new stories, nats per word"), weight="bold", size=11.5)
    alt = tr(
        "Bars of the model's loss on new stories during its training: {told}. A line at "
        "{floor}, the floor, goes through all of them, and the last ones end just above it.",
        told=", ".join(f"{name}: {two(loss)}" for name, loss in bars),
        floor=two(training.floor),
    )
    return show(fig, alt)


# --- transformer --------------------------------------------------------------------
ARROW = {"arrowstyle": "-|>", "color": MUTED, "lw": 1.4, "shrinkA": 0, "shrinkB": 0}


def pieces_of_anything():
    """Text, a picture and sound, each cut into pieces; each piece becomes a vector."""
    fig, ax = drawing(WIDE, 236)
    _box(ax, 232, 6, 34, 222, BLUE)
    ax.text(
        249,
        117,
        tr("transformer"),
        rotation=90,
        weight="bold",
        ha="center",
        va="center",
    )
    kinds = (tr("text"), _word), (tr("image"), _square), (tr("sound"), _wave)
    for row, (name, drawn) in enumerate(kinds):
        y = 210 - 78 * row
        ax.text(2, y, name, weight="bold", va="center_baseline")
        for place in range(4):
            x = 70 + 44 * place
            drawn(ax, x, y, place)
            ax.plot([x, x], [y - 16, y - 22], color=MUTED, linewidth=1)
            _vector(ax, x, y - 30, 7 * row + 3 * place)
        ax.annotate("", (231, y - 30), (221, y - 30), arrowprops=ARROW)
        ax.annotate("", (287, y - 14), (267, y - 14), arrowprops=ARROW)
        _box(ax, 288, y - 28, 38, 28, VERMILION, linestyle=(0, (3, 2)))
        ax.text(307, y - 14, "?", weight="bold", size=13, **CENTRED)
    alt = tr(
        "Three rows: words of a text, squares of a picture, stretches of a sound. Below "
        "each piece stands a vector. All rows go into a transformer, and out of it comes "
        "what the next piece is."
    )
    return show(fig, alt)


def _box(ax, x, y, wide, high, edge, **look):
    box = FancyBboxPatch((x, y), wide, high, boxstyle="round,pad=0,rounding_size=5")
    box.set(facecolor="none", edgecolor=edge, linewidth=1.6, **look)
    ax.add_patch(box)


def _word(ax, x, y, place):
    ax.text(x, y, ("Once", "a", "little", "fox")[place], size=11.1, **CENTRED)


def _square(ax, x, y, place):
    """Nine pixels of some picture."""
    for i, j in np.ndindex(3, 3):
        tone = 0.15 + 0.2 * ((i * (place + 1) + 2 * j + place) % 4)
        cell = Rectangle((x - 12 + 8 * i, y - 12 + 8 * j), 8, 8, lw=0)
        cell.set(facecolor=BLUE, alpha=tone)
        ax.add_patch(cell)


def _wave(ax, x, y, place):
    """A stretch of some sound."""
    t = np.linspace(-18, 18, 40)
    loud = 11 * np.exp(-((t / 16) ** 2))
    wave = y + loud * np.sin((place + 1.3) * t / 6 + place)
    ax.plot(x + t, wave, color=BLUE, linewidth=1.4)


def _vector(ax, x, y, seed):
    """Four numbers as tones: which ones does not matter here."""
    for i in range(4):
        cell = Rectangle((x - 16 + 8 * i, y - 5), 7, 10, lw=0)
        cell.set(facecolor=MUTED, alpha=0.2 + 0.1 * ((3 * i + 5 * seed) % 7))
        ax.add_patch(cell)
