"""The pictures of the chapter Embed: rows of numbers, who is near whom, directions."""

from typing import NamedTuple

import numpy as np
import torch
from edition import percent, two, vector
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch, Rectangle
from matplotlib.path import Path

from gpt import world

from . import (
    ABOVE,
    BELOW,
    BLUE,
    CENTRED,
    FAINT,
    GREEN,
    INK,
    MONO,
    MUTED,
    NARROW,
    ORANGE,
    PAPER,
    PURPLE,
    VERMILION,
    bare,
    canvas,
    drawing,
    play,
    samp,
    show,
    table,
    tokens,
    tr,
)


def _signed(ax, values, place, levels=5):
    """A matrix from -1 to 1 as colours: vermilion below 0, paper at 0, blue above.

    place: (left, bottom, width, height) in shares of the figure. Cells of one colour in
    a row are one stroke, and strokes of one colour are one path, so that it stays small.
    """
    values = np.asarray(values)
    n, m = values.shape
    tall = place[3] * ax.figure.get_figheight() * 72 / n
    ax.set(position=place, xlim=(0, m), ylim=(n, 0))
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set(visible=True, color=FAINT)
    shade = np.clip(np.round(values * levels), -levels, levels).astype(int)
    for level in sorted(set(shade.flat) - {0}):
        ends = []
        for y, row in enumerate(shade == level):
            edges = np.flatnonzero(np.diff([0, *row.astype(int), 0]))
            ends += [(x, y + 0.5) for x in edges]
        codes = [Path.MOVETO, Path.LINETO] * (len(ends) // 2)
        look = {
            "fill": False,
            "lw": tall,
            "capstyle": "butt",
            "alpha": abs(level) / levels,
        }
        color = ABOVE if level > 0 else BELOW
        ax.add_patch(PathPatch(Path(ends, codes), color=color, **look))


def _label(ax, word, spot, offset, side, color):
    """A word beside its spot; offset in points, side as matplotlib's ha."""
    where = {"textcoords": "offset points", "ha": side}
    ax.annotate(word, spot, offset, **where, size=9.5, color=color)


# --- a name is not a quantity -----------------------------------------------------
def ids_beside(tokenizer, word, many=3):
    """Chips: the token of a word, and as many before and after it in the vocabulary."""
    (id,) = tokenizer.encode(" " + word)
    around = range(id - many, id + many + 1)
    return tokens([tokenizer.decode_bytes([i]) for i in around], around)


# --- watch it ---------------------------------------------------------------------
SHOWN = 3  # columns of a row
STEP = 13.5  # from one row of a table to the next, in points
SMALL = 10.7  # the least size of words that a phone can show


class _Text(NamedTuple):
    """What the player shows: T tokens, and the tables of the model."""

    names: list  # T
    ids: list  # T
    wte: torch.Tensor  # (n_vocab, C)
    wpe: torch.Tensor  # (n_ctx, C)


def _cells(ax, x, y, row, hot=False):
    """The first numbers of a row, at (x, y)."""
    for i, value in enumerate(row[:SHOWN].tolist()):
        color = ABOVE if value > 0 else BELOW
        strength = min(1, abs(value) / 0.5) * 0.45
        box = Rectangle((x + 27 * i, y), 26, 12, fc=color, alpha=strength, lw=0)
        ax.add_artist(box)
        shown = two(value).replace("−0.00", "0.00").replace("0.", ".")
        look = {"size": SMALL, "ha": "right", "va": "center_baseline"}
        ax.text(x + 27 * i + 25, y + 6, shown, **look)
    ax.text(x + 27 * SHOWN, y + 6, "…", size=SMALL, va="center_baseline", color=MUTED)
    if hot:
        ax.add_artist(Rectangle((x - 1, y - 0.5), 92, 13, fill=False, ec=BLUE, lw=1.8))


def _width(name):
    """Of a token's chip, in points."""
    return 6.6 * len(name) + 8


def _chip(ax, x, y, name, hot=False):
    """A token, as a chip that can walk."""
    wide = _width(name)
    box = FancyBboxPatch((x, y), wide, 13, boxstyle="round,pad=0,rounding_size=3")
    box.set(fc=BLUE if hot else "none", ec=BLUE if hot else MUTED, lw=1)
    ax.add_artist(box)
    look = {"size": SMALL, "color": PAPER if hot else INK}
    ax.text(x + wide / 2, y + 7, name, **look, **CENTRED, **MONO)


TITLE = {"size": SMALL, "weight": "bold", "va": "center_baseline"}
NUMBER = {"size": SMALL, "ha": "right", "va": "center_baseline", "color": MUTED}


def _tokens_on_top(ax, text, place, step):
    """The text's tokens and ids; the one that is under way has left a gap."""
    x = 4
    for t, name in enumerate(text.names):
        if not (t == place and step):
            _chip(ax, x, 4, name)
        middle = {"ha": "center", "va": "center"}
        ax.text(
            x + _width(name) / 2, 25, text.ids[t], size=SMALL, color=MUTED, **middle
        )
        x += _width(name) + 10


def _token_table(ax, text, place, step):
    """The rows of wte that the text needs, with gaps between; one may be looked up."""
    ax.text(4, 45, "wte", **TITLE)
    lines = []
    for id in sorted(text.ids):
        lines += [id, None]
    for line, id in enumerate(lines[:-1]):
        y = 55 + STEP * line
        if id is None:
            ax.text(120, y + 6, "⋮", size=SMALL, ha="center", va="center", color=MUTED)
            continue
        hot = bool(step) and text.ids[place] == id
        ax.text(76, y + 6, id, **NUMBER)
        _cells(ax, 80, y, text.wte[id], hot and step < 3)
        if hot:
            _chip(ax, 2, y - 0.5, text.names[place], True)


def _place_table(ax, text, place, step):
    """The first rows of wpe."""
    ax.text(208, 45, "wpe", **TITLE)
    for t in range(len(text.ids)):
        y = 55 + STEP * t
        ax.text(216, y + 6, t, **NUMBER)
        _cells(ax, 220, y, text.wpe[t], t == place and step == 3)
    y = 55 + STEP * len(text.ids) + 6
    ax.text(264, y, "⋮", size=SMALL, ha="center", color=MUTED)


def _sums(ax, text, place, step):
    """A line for each token: its row, its place's row, and the sum, as far as found."""
    heads = tr("row of the token"), tr("+ row of the place"), "= x"
    columns = 4, 112, 220
    for x, words in zip(columns, heads):
        ax.text(x, 196, words, **TITLE)
    for t, id in enumerate(text.ids):
        y = 208 + (STEP + 4.5) * t
        for x in columns:
            ax.add_artist(Rectangle((x, y), 80, 12, fill=False, ec=FAINT, lw=0.8))
        if t < place or t == place and step >= 2:
            _cells(ax, 4, y, text.wte[id], t == place and step == 2)
        if t < place or t == place and step == 3:
            ax.text(104, y + 6, "+", ha="center", va="center_baseline")
            ax.text(212, y + 6, "=", ha="center", va="center_baseline")
            _cells(ax, 112, y, text.wpe[t])
            _cells(ax, 220, y, text.wte[id] + text.wpe[t], t == place)


def _frame(text, place, step):
    """place: which token is under way; step: 1 it walks, 2 its row, 3 the place's."""
    fig, ax = drawing(316, 304, y=(304, 0))
    _tokens_on_top(ax, text, place, step)
    _token_table(ax, text, place, step)
    _place_table(ax, text, place, step)
    _sums(ax, text, place, step)
    return fig


def two_lookups(ids, names, wte, wpe):
    """The player: each of five tokens is looked up, then its place.

    ids, names: of END and four words; wte: (n_vocab, C), wpe: (n_ctx, C).
    """
    text = _Text(names, ids, wte, wpe)
    frames = [_frame(text, 0, 0)]
    captions = [tr("Five tokens and their ids. Before the text stands END.")]
    for t, name in enumerate(names):
        frames += [_frame(text, t, step) for step in (1, 2, 3)]
        captions += [
            tr(
                "`{name}` has the id {id}, so it walks to row {id} of `wte`.",
                name=name,
                id=ids[t],
            ),
            tr("The row is copied. The table keeps its own."),
            tr("It stands at place {t}, so row {t} of `wpe` is added.", t=t),
        ]
    frames.append(_frame(text, len(names), 0))
    captions.append(
        tr(
            "Five ids have become five vectors: a matrix of 5 × {width}.",
            width=wte.shape[1],
        )
    )
    return play(frames, tr("Two look-ups and a sum"), captions, seconds=1.6)


# --- learned, not designed --------------------------------------------------------
def nearest(found):
    """A table: words, and those whose rows are nearest.

    found: {word: [(word, cosine), ...]}.
    """
    rows = (
        (word, ", ".join(f"{name} {cosine:.2f}" for name, cosine in near))
        for word, near in found.items()
    )
    return table((tr("word"), tr("nearest rows, with the cosine")), *rows)


def cosines_before_and_after(kinds, before, after):
    """Two matrices: the cosine of every word with every other, sorted by kind.

    kinds: {kind: words}, n words in all; before, after: (n, n).
    """
    alt = tr(
        "Two matrices of cosines between words sorted by kind. With random rows "
        "only the diagonal is dark. After training there are dark squares along "
        "the diagonal, one for each kind, and paler ones between kinds that "
        "resemble each other, such as animals that run and animals that fly."
    )
    wide = _sorted_by_kind(kinds, before, after, 6.4, (0.12, 0.565, 0.43))
    narrow = _sorted_by_kind(kinds, before, after, NARROW / 72, (0.195, 0.61, 0.385))
    return show(wide, alt, narrow)


def _sorted_by_kind(kinds, before, after, width, at):
    """The two matrices; at: where each begins, and how wide both are, as shares."""
    fig, axes = canvas(width, 3.15, ncols=2)
    fig.set_layout_engine("none")
    titles = tr("random rows"), tr("after training")
    for ax, values, title, left in zip(axes, (before, after), titles, at):
        _signed(ax, values, [left, 0.02, at[2], 0.87])
        ax.tick_params(labelsize=10.2)
        ends = np.cumsum([0, *map(len, kinds.values())])
        labels = [tr(kind) for kind in kinds] if ax is axes[0] else []
        ax.set_yticks((ends[1:] + ends[:-1]) / 2, labels)
        ax.set_xticks([])
        ax.set_title(title)
    return fig


# --- a map ------------------------------------------------------------------------
# kind: its colour on the map, where it has one
KIND_COLORS = {
    "run": VERMILION,
    "fly": BLUE,
    "swim": GREEN,
    "she": PURPLE,
    "he": PURPLE,
    "plants": ORANGE,
    "plurals": ORANGE,
}
# word: one label for all of its kind, its offset from the word in points, side
TOGETHER_ON_MAP = {
    "hare": ("fox hare mouse bear", (-16, 8), "right"),
    "crow": ("owl crow wren robin", (-22, -3), "right"),
    "frog": ("frog duck otter beaver", (-5, -12), "right"),
    "pumpkin": ("bean carrot pumpkin\nrose tulip poppy", (-22, 8), "left"),
    "roses": ("beans carrots pumpkins\nroses tulips poppies", (-8, -29), "left"),
    "Zoe": ("Ada Mei Rosa Zoe", (-7, -3), "right"),
    "Leo": ("Tom Leo Kofi Ravi", (-7, -3), "right"),
    "little": ("little", (6, -4), "left"),
    "lost": ("planted worked met lost", (-7, -4), "right"),
    "clay": ("fashion clay machine", (6, -1), "left"),
    "shy": ("clever brave shy", (7, -4), "left"),
    "forest": ("forest meadow garden", (-9, -6), "right"),
    "leap": ("leap jump skip hop", (-7, -3), "right"),
    "wall": ("wall gate rocks logs", (-7, -3), "right"),
    "river": ("river lake sea", (-7, -3), "right"),
}


def word_map(kinds, xy):
    """A map of words, each kind in its colour.

    kinds: {kind: words}, n words in all; xy: (n, 2), in their order.
    """
    words = [word for kind in kinds.values() for word in kind]
    xy = xy * xy[words.index("fox")].sign()  # which way is up is anybody's choice
    at = dict(zip(words, xy.tolist()))
    fig, ax = canvas(6.2, 4.6)
    ax.set(xlim=(-0.76, 0.66), ylim=(-0.63, 0.63))
    ax.set_axis_off()
    for kind, members in kinds.items():
        color = KIND_COLORS.get(kind, MUTED)
        spots = (at[word] for word in members)
        ax.scatter(*zip(*spots), s=24, color=color, linewidths=0)
        for word in members:
            if word in TOGETHER_ON_MAP:
                label, offset, side = TOGETHER_ON_MAP[word]
                ink = INK if color == MUTED else color
                _label(ax, label, at[word], offset, side, ink)
    return show(
        fig,
        tr(
            "A map of words. Animals lie together at the top right, the names spread "
            "out at the bottom right, plants at the left and their plurals below them. "
            "Each set of words that can replace each other lies on one spot, such as "
            "leap, jump, skip, hop, or river, lake, sea. The places and the kinds of "
            "model crowd in the middle."
        ),
    )


# --- what a direction means -------------------------------------------------------
# word: (offset of its label in points, side)
BESIDE_ARROW = {
    "she": ((-4, -3), "right"),
    "he": ((5, -4), "left"),
    "bean": ((4, -11), "center"),
    "beans": ((-4, 3), "right"),
    "poppy": ((0, -11), "center"),
    "poppies": ((4, 2), "left"),
}
LEFT = (-5, -3), "right"
BESIDE_DOT = {  # where that is not at the right
    **dict.fromkeys(("carrot", "pumpkin", "She"), LEFT),
    **dict.fromkeys(("tulips", "carrots", "pumpkins", "roses", "Rosa"), LEFT),
    "her": ((4, 4), "left"),
    "them": ((5, 0), "left"),
    "was": ((5, -10), "left"),
    "Ada": ((-5, -9), "right"),
    "Mei": ((5, -9), "left"),
    "Kofi": ((-1, 5), "right"),
    "Ravi": ((1, 5), "left"),
    "Tom": ((5, -8), "left"),
}


def _color_of(word):
    """Names, plants and all else have a colour each."""
    if word in world.SHE + world.HE:
        return PURPLE
    plants = world.FLOWER + world.FLOWERS + world.CROP + world.CROPS
    return ORANGE if word in plants else BLUE


def rulers(ruled, pairs):
    """A plane of two directions: the pairs they are made of as arrows, words as dots.

    ruled: {word: (along she to he, along one to many)}; pairs: (from, to), in `ruled`.
    """
    fig, ax = canvas(6.0, 4.3)
    ax.set(xlim=(-0.6, 0.66), ylim=(-0.6, 0.65), xticks=[], yticks=[])
    ax.set_xlabel(tr("she  →  he"))
    ax.set_ylabel(tr("one  →  many"))
    bare(ax)
    ax.axhline(0, color=FAINT, lw=1, zorder=0)
    ax.axvline(0, color=FAINT, lw=1, zorder=0)
    line = {"arrowstyle": "-|>", "color": MUTED, "lw": 1, "shrinkA": 0, "shrinkB": 0}
    for pair in pairs:
        start, end = (ruled[word] for word in pair)
        ax.annotate("", end, start, arrowprops=line)
        for word in pair:
            _label(ax, word, ruled[word], *BESIDE_ARROW[word], MUTED)
    made_of = {word for pair in pairs for word in pair}
    for word, spot in ruled.items():
        if word not in made_of:
            color = _color_of(word)
            ax.plot(*spot, "o", ms=4.5, color=color)
            offset, side = BESIDE_DOT.get(word, ((5, -3), "left"))
            _label(ax, word, spot, offset, side, color)
    return show(
        fig,
        tr(
            "A plane. To the right, how far a word lies along she to he; upwards, "
            "along singular to plural. The she-names lie left, the he-names right. "
            "Plants lie low and their plurals high, and were lies higher than was. "
            "She, He, her, his, it and them lie between the two sides."
        ),
    )


def _word(text):
    """The text of a token, if it is one: a part of a character is none."""
    return tr("(a byte)") if "\N{REPLACEMENT CHARACTER}" in text else text


MARKS = {"word": "✓", "kind": "○", "": "✗"}


def arithmetic(sums):
    """A table: words plus a direction, and the nearest row by three rules.

    sums: each with `word`, `direction`, and three `answers`, each `right` as one of
    MARKS.
    """
    rows = []
    for one in sums:
        pairs = zip(one.answers, one.right)
        marks = (f"{_word(answer)} {MARKS[right]}" for answer, right in pairs)
        rows.append((f"{one.word} + {one.direction}", *marks))
    header = (
        tr("sum"),
        tr("nearest row"),
        tr("not the word itself"),
        tr("nothing added"),
    )
    return table(header, *rows)


# --- places -----------------------------------------------------------------------
def same_sum(names, rows):
    """Two vectors added in both orders, as arrows that end at the same point.

    names: two. rows: (2, 2), the pencil's vectors of them.
    """
    fig, ax = drawing(328, 210, x=(-0.75, 6.35), y=(-0.72, 4.55))
    for side in "xy":
        ax.annotate(
            "",
            (6.2, 0) if side == "x" else (0, 4.5),
            (0, 0),
            arrowprops={"arrowstyle": "-|>", "color": FAINT, "lw": 1.2},
        )
    ax.text(6.2, -0.5, tr("size"), color=MUTED, size=11.1, ha="right")
    ax.text(0.1, 4.2, tr("lives in water"), color=MUTED, size=11.1)
    end, tones = rows.sum(0), (VERMILION, BLUE)
    for first in (0, 1):
        start = 0 * end
        for turn in (first, 1 - first):
            stop = start + rows[turn]
            look = {"arrowstyle": "-|>", "color": tones[turn], "lw": 2.4}
            look |= {"shrinkA": 0, "shrinkB": 3 if turn != first else 0}
            ax.annotate("", stop.tolist(), start.tolist(), arrowprops=look)
            x, y = ((start + stop) / 2).tolist()
            flat = float(rows[turn, 1]) == 0
            aside = (0, 0.2 if y else -0.5) if flat else (-0.2 if first else 0.2, -0.1)
            side = "center" if flat else "right" if first else "left"
            word = {"weight": "bold", "size": 11.5}
            ax.text(x + aside[0], y + aside[1], names[turn], ha=side, **word)
            start = stop
    ax.plot(*end.tolist(), "o", color=INK, markersize=7, zorder=4)
    ax.text(end[0] + 0.2, end[1] + 0.15, vector(end.tolist()), weight="bold", size=12)
    alt = tr(
        "Arrows in a plane. “{one}” and then “{other}”, and “{other}” and then “{one}”: both ways "
        "end at the same point, {end}.",
        one=names[0],
        other=names[1],
        end=vector(end.tolist()),
    )
    return show(fig, alt)


def clock_hands(clocks):
    """Clocks in rows: where the hands of some pairs of columns point at some places.

    clocks: a `facts.embed.Clock` a row.
    """
    high = 92
    fig, ax = drawing(328, 30 + high * len(clocks), x=(0, 330))
    told = []
    for row, clock in enumerate(clocks):
        y = high * (len(clocks) - row) - 44
        turn = tr("{n} places", n=f"{clock.turn:.0f}" if row else f"{clock.turn:.1f}")
        for line, words in enumerate(
            (
                tr("columns {i}, {j}", i=clock.columns[0], j=clock.columns[1]),
                tr("once round in"),
                turn,
            )
        ):
            look = {"color": MUTED} if line else {"weight": "bold"}
            ax.text(2, y + 15 - 16 * line, words, size=11.1, va="center", **look)
        for column, (place, angle) in enumerate(clock.angles.items()):
            x = 150 + 70 * column
            ax.add_patch(Circle((x, y), 29, facecolor="none", edgecolor=FAINT, lw=1.6))
            tip = x + 26 * np.sin(angle), y + 26 * np.cos(angle)
            hand = {
                "arrowstyle": "-|>",
                "color": BLUE,
                "lw": 2.4,
                "shrinkA": 0,
                "shrinkB": 0,
            }
            ax.annotate("", tip, (x, y), arrowprops=hand)
            ax.plot(x, y, "o", color=BLUE, markersize=4)
            if not row:
                top = high * len(clocks) + 10
                ax.text(
                    x,
                    top,
                    tr("place {n}", n=place),
                    size=11.1,
                    weight="bold",
                    ha="center",
                )
        degrees = (f"{np.degrees(a) % 360:.0f}°" for a in clock.angles.values())
        told.append(
            tr("once round in {turn}: {angles}", turn=turn, angles=", ".join(degrees))
        )
    alt = tr(
        "Clocks of three pairs of columns at the places {places}. Their hands have turned "
        "by these angles. {told}.",
        places=", ".join(map(str, clocks[0].angles)),
        told="; ".join(told),
    )
    return show(fig, alt)


def _by_hand_and_learned(left, right, x):
    """Two matrices of the same places beside each other; x: the ticks below them."""
    fig, axes = canvas(326 / 72, 2.9, ncols=2)  # so narrow that a phone shows it, too
    fig.set_layout_engine("none")
    titles = tr("made by hand"), tr("learned")
    for ax, values, title, at in zip(axes, (left, right), titles, (0.11, 0.585)):
        _signed(ax, values, [at, 0.1, 0.4, 0.8], levels=2)
        ax.tick_params(labelsize=11.1)
        ax.set_title(title)
        ax.set_xticks(x)
        ax.set_yticks([0, 20, 40, 60])
    axes[0].set_ylabel(tr("place"), labelpad=1)
    return fig


def places(waves, wpe):
    """The rows of all places, made by hand and learned, both (n_ctx, C)."""
    brighter = (wpe / wpe.abs().max() * 2).clip(-1, 1)
    return show(
        _by_hand_and_learned(waves, brighter, [0, 32, 64]),
        tr(
            "Two heat maps of {places} places and {columns} columns. By hand: fast "
            "waves at the left, ever slower ones to the right. Learned: no pattern "
            "that the eye finds, and the last rows, which no story reaches, are pale.",
            places=wpe.shape[0],
            columns=wpe.shape[1],
        ),
    )


def cosines_of_places(by_hand, learned):
    """The cosine of every place with every other, both (n_ctx, n_ctx)."""
    return show(
        _by_hand_and_learned(by_hand, learned, [0, 20, 40, 60]),
        tr(
            "Cosines of {places} places with each other. By hand: a broad band along "
            "the diagonal, the same at every place. Learned: a narrower, patchy band "
            "along the diagonal.",
            places=len(learned),
        ),
    )


# --- why one may just add them ------------------------------------------------------
def right_angles(found):
    """Three curves: how often pairs of vectors have each cosine.

    found: {"plane", "random", "real": cosines}, in 2 dimensions, in d_model, and of the
    model's own rows of tokens with rows of places.
    """
    fig, ax = canvas(4.55, 2.5)
    edges = np.linspace(-1, 1, 41)
    looks = {
        "plane": (VERMILION, tr("2 numbers")),
        "random": (MUTED, tr("96 numbers, random")),
        "real": (BLUE, tr("tokens and places")),
    }
    for name, (colour, _) in looks.items():
        share, _ = np.histogram(found[name], edges)
        middle = (edges[:-1] + edges[1:]) / 2
        ax.fill_between(middle, share / share.sum(), color=colour, alpha=0.18, lw=0)
        ax.plot(middle, share / share.sum(), color=colour, lw=2)
    ax.set(xlim=(-1, 1), ylim=(0, None), yticks=[], xticks=[-1, -0.5, 0, 0.5, 1])
    ax.spines["left"].set_visible(False)
    ax.tick_params(labelsize=11.5)
    ax.set_xlabel(tr("cosine of two vectors; 0 is a right angle"), size=11.5)
    top = ax.get_ylim()[1]
    for name, x, y in (
        ("plane", -0.84, 0.3),
        ("random", 0.24, 0.78),
        ("real", 0.24, 0.62),
    ):
        colour, words = looks[name]
        ax.plot([x - 0.11, x - 0.03], [(y + 0.025) * top] * 2, color=colour, lw=4)
        ax.text(x, y * top, words, size=11.5, weight="bold")
    alt = tr(
        "How often two vectors have each cosine. Of two numbers: every cosine comes, most "
        "often those near -1 and 1. Random ones of 96 numbers: nearly all lie between -0.3 "
        "and 0.3. The model's rows of tokens with those of places: nearly the same."
    )
    return show(fig, alt)


# --- what it costs ------------------------------------------------------------------
def costs(models):
    """A table: the numbers in both tables, and their share of a model.

    models: (name, in wte, in wpe, in the whole model).
    """
    rows = (
        (tr(name), f"{wte:,}", f"{wpe:,}", percent((wte + wpe) / whole, ".1f"))
        for name, wte, wpe, whole in models
    )
    header = tr("model"), tr("tokens"), tr("places"), tr("share of all parameters")
    return table(header, *rows)


# --- the same row in every sentence -----------------------------------------------
def one_row():
    """Three words with one character in common, and the one row that it has."""
    fig, ax = drawing(328, 176, x=(0, 330))
    words = ("水", tr("fruit")), ("结", tr("result")), ("如", tr("if"))
    for place, (before, means) in enumerate(words):
        x = 56 + 110 * place
        ax.text(x - 13, 142, before, size=22, color=MUTED, **CENTRED)
        ax.text(x + 13, 142, "果", size=22, weight="bold", **CENTRED)
        ax.text(x, 166, means, size=11.5, color=MUTED, **CENTRED)
        look = {
            "arrowstyle": "-|>",
            "color": MUTED,
            "lw": 1.4,
            "shrinkA": 0,
            "shrinkB": 0,
        }
        ax.annotate("", (165 + 14 * (place - 1), 66), (x + 13, 124), arrowprops=look)
    for column in range(14):
        tone = 0.15 + 0.12 * ((5 * column * column + 3 * column) % 7)
        cell = Rectangle((70 + 13.6 * column, 40), 12, 20, lw=0)
        cell.set(facecolor=BLUE, alpha=tone)
        ax.add_patch(cell)
    ax.text(165, 18, tr("one row of the table for all three"), size=11.5, **CENTRED)
    alt = tr(
        "Three Chinese words, for fruit, result and if, that end in the same character. "
        "From it, three arrows lead to one and the same row of numbers."
    )
    return show(fig, alt)


# --- in a real model --------------------------------------------------------------
def real_neighbours(near):
    """A table: words of a real model, and those whose rows are nearest.

    near: {word: [[piece, cosine], ...]}.
    """
    rows = (
        (samp(word), samp(", ".join(f"{_seen(piece)} {two(c)}" for piece, c in found)))
        for word, found in near.items()
    )
    return table((tr("word"), tr("nearest rows, with the cosine")), *rows)


def real_steps(steps):
    """A table: what lies nearest to c + (b - a), and nearest to c with nothing added.

    steps: [[a, b, c, the nearest pieces, the nearest to c but c itself], ...].
    """
    header = tr("as"), tr("so"), tr("nearest rows"), tr("nothing added")
    rows = (
        (
            samp(f"{a} → {b}"),
            samp(f"{c} →"),
            samp(", ".join(map(_seen, near))),
            samp(_seen(other)),
        )
        for a, b, c, near, other in steps
    )
    return table(header, *rows)


def _seen(piece):
    """ " fox" -> "␣fox": the space that belongs to a token."""
    return piece.replace(" ", "␣")
