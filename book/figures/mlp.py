"""The pictures of the chapter MLP, in the order of its page.

What they show is handed to them: vectors and functions, or what `facts.mlp` found.
"""

from html import escape

import matplotlib.patches as shapes
import numpy as np
import torch
from edition import big, mark, minus, percent, two, vector
from matplotlib.path import Path

from . import (
    ABOVE,
    ACCENT,
    BELOW,
    CENTRED,
    FAINT,
    INK,
    MUTED,
    NARROW,
    PAPER,
    VERMILION,
    Markup,
    bare,
    canvas,
    drawing,
    heat,
    play,
    samp,
    show,
    table,
    tr,
)


# --- what several pictures share --------------------------------------------------
def _bets(bets):
    """{word: probability} as a line; what would be below 0.05 is left out."""
    return ", ".join(f"{word} {two(p)}" for word, p in bets.items() if p >= 0.05)


def _probability(p):
    """0.25 -> ".25"; what would be .00 is left out."""
    return f"{p:.2f}".lstrip("0") if p >= 0.005 else ""


# --- the residual stream ----------------------------------------------------------
def _kind(part):
    return tr("MLP") if part in ("mlp", "stream") else tr("attention")


def lengths_of_parts(lengths):
    """Bars: how much each part writes on the stream.

    lengths: {"embed", "0.attend", "0.mlp", ...: mean length of what it adds}.
    """
    names = []
    for part in lengths:
        n, _, kind = part.rpartition(".")
        layer = tr("layer {n}, {part}", n=n, part=_kind(kind))
        names.append(layer if n else tr("embedding"))
    fig, ax = canvas(5.4, 2.8)
    for row, (part, length) in enumerate(lengths.items()):
        colour = VERMILION if part.endswith("mlp") else ACCENT
        colour = MUTED if part == "embed" else colour
        ax.barh(row, length, color=colour, height=0.66)
        ax.text(length + 0.25, row, f"{length:.1f}", va="center")
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    bare(ax)
    ax.set(xlim=(0, 1.12 * max(lengths.values())), xticks=[])
    ax.set_title(tr("Length of what each part adds"))
    bars = ", ".join(f"{name} {x:.1f}" for name, x in zip(names, lengths.values()))
    alt = tr("Bars: mean length of what each part adds to the stream.")
    return show(fig, f"{alt} {bars}")


# --- norms and depth --------------------------------------------------------------
def pre_and_post_norm():
    """Two wiring diagrams of a block: the norm before each part, and after it."""
    fig, (top, bottom) = canvas(5.4, 3.6, nrows=2)
    _block(top, tr("pre-norm: the stream runs through untouched"), post=False)
    _block(bottom, tr("post-norm: every norm stands in its way"), post=True)
    return show(
        fig,
        tr(
            "Two diagrams of a block. Pre-norm: a line, the stream, runs straight "
            "through; two branches leave it, each with a norm and then attention or "
            "MLP, and are added back. Post-norm: the norms stand on the line itself, "
            "after each addition."
        ),
    )


def _block(ax, title, post):
    """The stream as a line, from which attention and MLP branch off and come back."""
    ax.set(xlim=(0, 62), ylim=(-4.6, 13.5))
    ax.axis("off")
    ax.text(0, 11.6, title, weight="bold")
    stream = {"arrowstyle": "-|>", "color": ACCENT, "lw": 3}
    ax.annotate("", (62, 0), (0, 0), arrowprops=stream)
    for start, part in ((3, tr("attend")), (33, tr("MLP"))):
        plus = start + (15.5 if post else 20.5)
        branch = {"color": INK, "lw": 1.3, "solid_joinstyle": "round"}
        ax.plot([start, start, plus, plus], [0, 7, 7, 1.4], **branch)
        if post:
            _box(ax, start + 7.8, 7, part, 9)
            _box(ax, plus + 7, 0, tr("norm"), 7.6, VERMILION)
        else:
            _box(ax, start + 5.2, 7, tr("norm"), 7.6, VERMILION)
            _box(ax, start + 15, 7, part, 9)
        ring = {"fc": PAPER, "ec": INK, "lw": 1.3, "zorder": 3}
        ax.add_patch(shapes.Ellipse((plus, 0), 3, 2.8, **ring))
        ax.text(plus, 0, "+", zorder=4, **CENTRED)


def _box(ax, x, y, text, width, edge=INK):
    """A word in a box of 3.4 units' height whose middle is (x, y)."""
    corner, round = (x - width / 2, y - 1.7), "round,pad=0,rounding_size=0.6"
    look = {"fc": PAPER, "ec": edge, "lw": 1.4, "zorder": 3}
    ax.add_patch(shapes.FancyBboxPatch(corner, width, 3.4, boxstyle=round, **look))
    ax.text(x, y, text, size=9.5, zorder=4, **CENTRED)


def deep_stacks(deep):
    """Curves of the loss of deep stacks, at two learning rates.

    deep: `curves` {learning rate: {"pre-norm", "post-norm", "no stream": loss at each
    step}}, `ends` {the same: the loss at the end}, and `blind`, a loss to compare with.
    """
    colours = {"pre-norm": ACCENT, "post-norm": VERMILION, "no stream": MUTED}
    fig, axes = canvas(6.0, 2.9, ncols=2, sharey=True)
    alt = [tr("Curves of the loss while training, at two learning rates.")]
    for ax, (rate, curves) in zip(axes, deep.curves.items()):
        for name, curve in reversed(curves.items()):  # pre-norm on top
            steps, end = len(curve), two(deep.ends[rate][name])
            shown = np.arange(0, steps, 6)  # medians of seven: these tell the rest
            smooth = [np.median(curve[max(0, t - 3) : t + 4]) for t in shown]
            ax.plot(shown + 1, smooth, color=colours[name])
            told = {"rate": f"{rate:g}", "name": tr(name), "end": end}
            alt.append(tr("Learning rate {rate}, {name}: {end} at the end.", **told))
        ax.axhline(deep.blind, color=FAINT, lw=1.2)
        ax.set(xlim=(0, steps), ylim=(1, 6.5), xlabel=tr("steps"))
        ax.set_title(tr("learning rate {rate}", rate=f"{rate:g}"))
    for y, (name, colour) in zip((6.05, 5.55, 5.05), colours.items()):
        look = {"size": 10, "color": colour, "ha": "right"}
        axes[0].text(0.97 * steps, y, tr(name), **look)
    return show(fig, " ".join(alt))


# --- one vector, one MLP ----------------------------------------------------------
NUMBERS = mark("fashion?"), mark("this is model")
ACTS = mark("wore"), mark("guessed")


def pencil_machine(w_in, b_in, w_out):
    """The pencil's MLP as a network: two numbers, three questions, two words.

    w_in: (2, 3), b_in: (3,), w_out: (3, 2). A line that is missing is a weight of 0.
    """
    fig, ax = drawing(328, 268, x=(0, 330))
    numbers = [(82, 42), (248, 42)]
    questions = [(52, 142), (165, 142), (278, 142)]
    words = [(82, 238), (248, 238)]
    for i, j in np.ndindex(2, 3):
        _weight(ax, numbers[i], questions[j], w_in[i, j], 0.35)
    for j, k in np.ndindex(3, 2):
        _weight(ax, questions[j], words[k], w_out[j, k], 0.31)
    for i, (x, y) in enumerate(numbers):
        _unit(ax, x, y, f"x{'₁₂'[i]}", ACCENT)
        ax.text(x, y - 32, tr(NUMBERS[i]), size=11.1, color=MUTED, ha="center")
    for j, (x, y) in enumerate(questions):
        _unit(ax, x, y, f"h{'₁₂₃'[j]}", INK)
        shift = f"{float(b_in[j]):+g}".replace("-", "−")
        ax.text(x + 20, y + 11, shift, size=11.1, color=MUTED)
    for k, (x, y) in enumerate(words):
        box = {"fc": PAPER, "ec": VERMILION, "lw": 1.6, "zorder": 3}
        corner, round = (x - 34, y - 13), "round,pad=0,rounding_size=5"
        ax.add_patch(shapes.FancyBboxPatch(corner, 68, 26, boxstyle=round, **box))
        ax.text(x, y, tr(ACTS[k]), weight="bold", zorder=4, **CENTRED)
    asked = "; ".join(
        tr(
            "question {n} takes {a} of the first and {b} of the second, and {c}",
            n=j + 1,
            a=minus(float(w_in[0, j])),
            b=minus(float(w_in[1, j])),
            c=minus(float(b_in[j])),
        )
        for j in range(3)
    )
    alt = tr(
        "A network in three rows. Below are the two numbers, in the middle the three "
        "questions, above the words wore and guessed. A line carries a weight: {asked}. "
        "The first question speaks for wore, the second for guessed, and the third "
        "against both.",
        asked=asked,
    )
    return show(fig, alt)


def _weight(ax, start, end, weight, at):
    """A line with its weight, green where it speaks for, purple where against."""
    if not weight:
        return
    colour = ABOVE if weight > 0 else BELOW
    look = {"color": colour, "lw": 1.2 + abs(float(weight)), "zorder": 1}
    ax.plot(*zip(start, end), **look)
    x, y = (a + at * (b - a) for a, b in zip(start, end))
    box = {"fc": PAPER, "ec": "none", "pad": 1.2}
    said = {"color": INK, "size": 11.5, "weight": "bold", "bbox": box, "zorder": 2}
    ax.text(x, y, minus(float(weight)), ha="center", va="center", **said)


def _unit(ax, x, y, name, edge):
    ring = {"fc": PAPER, "ec": edge, "lw": 1.6, "zorder": 3}
    ax.add_patch(shapes.Circle((x, y), 18, **ring))
    ax.text(x, y, name, size=12, weight="bold", zorder=4, **CENTRED)


def pencil_answers(pencil):
    """The filled table of the three questions.

    pencil: `corners` (4, 2), `hidden` (4, 3) and `out` (4, 2), all whole numbers.
    """
    return table(
        ["(x₁, x₂)", "h₁", "h₂", "h₃", "wore", "guessed"],
        *(
            (vector(x), *map(minus, h), *map(minus, y))
            for x, h, y in zip(pencil.corners, pencil.hidden, pencil.out)
        ),
    )


def wore_without_the_bend(pencil):
    """A table: what wore gets, with the bend and without, and what the kind adds.

    pencil: `out` and `straight` (4, 2), a model of each kind first.
    """
    rows = [
        (tr("with the bend, the word is “model”"), pencil.out[:2, 0]),
        (tr("with the bend, another word"), pencil.out[2:, 0]),
        (tr("without it, the word is “model”"), pencil.straight[:2, 0]),
        (tr("without it, another word"), pencil.straight[2:, 0]),
    ]
    return table(
        ["", tr("fashion"), tr("machine learning"), tr("difference")],
        *((name, *map(minus, wore), minus(wore[0] - wore[1])) for name, wore in rows),
    )


def relu_and_gelu(relu, gelu):
    """The curves of the two bends, and the lowest point of GELU.

    relu, gelu: functions of a tensor.
    """
    x = torch.linspace(-4, 4, 161)
    fig, ax = canvas(5.2, 2.9)
    ax.axhline(0, color=FAINT, lw=0.8)
    ax.axvline(0, color=FAINT, lw=0.8)
    ax.plot(x, relu(x), color=MUTED, lw=1.6)
    ax.plot(x, gelu(x), color=ACCENT, lw=2.4)
    ax.text(2.2, 3.05, tr("ReLU"), color=MUTED, ha="right")
    ax.text(1.75, 0.75, tr("GELU"), color=ACCENT, weight="bold")
    low = x[gelu(x).argmin()]
    lowest = float(low), float(gelu(low))
    ax.plot(*lowest, "o", color=ACCENT, ms=5)
    ax.annotate(
        tr("lowest: {y} at {x}", y=two(lowest[1]), x=two(lowest[0])),
        lowest,
        (-3.9, 0.75),
        arrowprops={"arrowstyle": "-", "color": MUTED, "lw": 0.8},
    )
    ax.set(xlim=(-4, 4), ylim=(-0.5, 4), xlabel="x")
    ax.set(xticks=range(-4, 5), yticks=range(5))
    return show(
        fig,
        tr(
            "The curves of ReLU and GELU from -4 to 4. ReLU is zero to the left and "
            "rises straight to the right. GELU is nearly the same, but dips a little "
            "below zero before it rises, and has no corner."
        ),
    )


def one_vector(passage):
    """The player of one vector through an MLP: stream, norm, widen, bend, narrow, add.

    passage: the vectors `before`, `normed`, `note` and `after` (C,), `answers` and
    `hidden` (d_mlp,), how many of them are `kept`, and the `word` at which the vector
    stands.
    """
    C, d_mlp = len(passage.before), len(passage.hidden)
    rows = [
        (tr("the stream"), passage.before),
        (tr("normed"), passage.normed),
        (tr("widen: {n} questions", n=d_mlp), passage.answers),
        (tr("bend: {n} answers", n=d_mlp), passage.hidden),
        (tr("narrow: the note"), passage.note),
        (tr("stream + note"), passage.after),
    ]
    captions = [
        tr("The stream at `{word}`: {n} numbers.", word=passage.word, n=C),
        tr(
            "Layer norm brings them to one size, so that the questions can be answered."
        ),
        tr(
            "Each of {d_mlp} questions is a weighted sum of the {n} numbers.",
            d_mlp=d_mlp,
            n=C,
        ),
        tr(
            "GELU silences the answers below zero: {kept} of {d_mlp} stay above 0.1.",
            kept=passage.kept,
            d_mlp=d_mlp,
        ),
        tr(
            "Each answer brings its row of the second matrix; "
            "together they are {n} numbers.",
            n=C,
        ),
        tr("They are added to what was there, and the stream goes on."),
    ]
    frames = [_so_far(rows, shown) for shown in range(len(rows))]
    return play(frames, tr("One vector through the MLP"), captions, seconds=2.5)


def _so_far(rows, shown):
    """A frame: the rows (name, vector) drawn as far as number `shown`."""
    fig, axes = canvas(326 / 72, 5.0, nrows=len(rows))
    C, wide = len(rows[0][1]), max(len(values) for _, values in rows)
    for number, (ax, (name, values)) in enumerate(zip(axes, rows)):
        high = float(values.abs().max())
        ax.set(xlim=(-2, wide + 2), ylim=(-1.1 * high, 1.9 * high))
        ax.axis("off")
        weight = "bold" if number == shown else "normal"
        told = number <= shown
        if told and len(values) == C:
            length = f"{float(values.norm()):.1f}"
            name = tr("{name}, length {length}", name=name, length=length)
        look = {"size": 11, "color": INK if told else MUTED, "weight": weight}
        ax.text(0, 1.35 * high, name, **look)
        ax.plot([0, len(values)], [0, 0], color=MUTED if told else FAINT, lw=0.8)
        if told:
            _bars(ax, values, high)
    return fig


def _bars(ax, values, high):
    """A vector as bars of width 1: one path for what is above zero, one for below."""
    for sign, colour in ((1, ABOVE), (-1, BELOW)):
        points, codes = [], []
        for i, value in enumerate(values.tolist()):
            if sign * value > 0.004 * high:
                points += [(i, 0), (i, value), (i + 0.8, value), (i + 0.8, 0), (i, 0)]
                codes += [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY]
        if points:
            ax.add_patch(shapes.PathPatch(Path(points, codes), fc=colour, lw=0))


# --- the stack -------------------------------------------------------------------
def the_stack(n_layer):
    """The stream from the table to the scores, and the parts that add to it."""
    step = 78
    high = step * n_layer + 108
    fig, ax = drawing(328, high, y=(high, 0), x=(0, 330))
    ax.annotate(
        "",
        (96, high - 34),
        (96, 36),
        arrowprops={
            "arrowstyle": "-|>",
            "color": ACCENT,
            "lw": 4,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )
    _plate(ax, 96, 20, 150, tr("embed"), ACCENT)
    for n in range(n_layer):
        y = 66 + step * n
        frame = shapes.FancyBboxPatch(
            (70, y - 16), 256, 64, boxstyle="round,pad=0,rounding_size=8"
        )
        frame.set(facecolor="none", edgecolor=FAINT, linewidth=1.4)
        ax.add_patch(frame)
        ax.text(
            4,
            y + 16,
            tr("block {n}", n=n),
            size=11.1,
            color=MUTED,
            va="center_baseline",
        )
        for row, part in enumerate((tr("attend"), tr("MLP"))):
            at = y + 32 * row
            ax.plot(
                [96, 300, 300, 104], [at - 7, at - 7, at + 7, at + 7], color=INK, lw=1.2
            )
            ax.plot([104, 110, 110], [at + 7, at + 4, at + 10], color=INK, lw=0)
            _plate(ax, 168, at, 62, tr("norm"), MUTED)
            _plate(ax, 252, at, 76, part, VERMILION if row else ACCENT)
            ring = {"fc": PAPER, "ec": INK, "lw": 1.2, "zorder": 5}
            ax.add_patch(shapes.Circle((96, at + 7), 7, **ring))
            ax.text(96, at + 7, "+", zorder=6, size=11.1, **CENTRED)
    _plate(ax, 96, high - 48, 62, tr("norm"), MUTED)
    _plate(ax, 96, high - 16, 150, tr("unembed"), ACCENT)
    alt = tr(
        "The stream as a thick arrow, from embed down to a last norm and unembed. On its "
        "way are {n} blocks. In each, attend and then MLP read the stream through a norm "
        "of their own, and what they return is added to it.",
        n=n_layer,
    )
    return show(fig, alt)


def _plate(ax, x, y, width, text, edge):
    box = {"fc": PAPER, "ec": edge, "lw": 1.4, "zorder": 3}
    round = "round,pad=0,rounding_size=5"
    ax.add_patch(
        shapes.FancyBboxPatch((x - width / 2, y - 12), width, 24, boxstyle=round, **box)
    )
    ax.text(x, y, text, size=11.1, zorder=4, **CENTRED)


def worth_of_parts(losses):
    """The table of the loss without each thing. losses: {what is missing: nats}."""
    rows = ((tr(name), f"{loss:.2f}") for name, loss in losses.items())
    return table(["", tr("nats per token")], *rows)


# --- the logit lens, and an exchange ----------------------------------------------
def bets_forming(looks):
    """Heat maps: the bets at some places, after each part of the model.

    looks: each with a `title`, `words`, and `bets`, {"embed", "0.middle", "0.stream",
    ...: {word: probability}}.
    """
    looks = [*looks]
    names = {}
    for point in looks[0].bets:
        n, _, kind = point.rpartition(".")
        layer = tr("{n}, {part}", n=n, part=_kind(kind))
        names[point] = layer if n else tr("embedding")
    alt = [tr("Heat maps of the bets after each part of the model.")]
    for at in looks:
        for point, bets in at.bets.items():
            row = {"title": at.title, "row": names[point], "bets": _bets(bets)}
            if row["bets"]:
                alt.append(tr("“{title}”, {row}: “{bets}”.", **row))
    names, widths = [*names.values()], [len(at.words) for at in looks]
    fig, axes = canvas(
        2.6 + 0.31 * sum(widths), 4.0, ncols=len(looks), width_ratios=widths
    )
    _lenses(axes, looks, names)
    narrow = None
    if sum(widths) > 9:  # a phone shows two beside each other
        narrow, axes = canvas(NARROW / 72, 6.6, nrows=len(looks) // 2, ncols=2)
        _lenses(axes.ravel(), looks, names)
    return show(fig, " ".join(alt), narrow)


def _lenses(axes, looks, names):
    """A heat map for each look; names: of its rows."""
    for ax, at in zip(axes, looks):
        values = [[bets[word] for word in at.words] for bets in at.bets.values()]
        rows = names if ax.get_subplotspec().is_first_col() else ()
        heat(ax, values, rows, at.words, _probability, high=1.0, size=10.1)
        ax.set_xlim(0, len(at.words) + 0.04)
        ax.set_xlabel(at.title)


def bets_exchanged(rows):
    """A heat map: the bets of one story with the note of each of several.

    rows: {of which kind the note is: {word: probability}}.
    """
    words, names = [*next(iter(rows.values()))], [tr(kind) for kind in rows]
    fig, ax = canvas(3.9, 2.7)
    values = [[bets[word] for word in words] for bets in rows.values()]
    heat(ax, values, names, words, _probability, high=1.0, size=9.5)
    ax.set_ylabel(tr("the note is of"))
    alt = [tr("A heat map of the bets of the fashion story with each note.")]
    for name, bets in zip(names, rows.values()):
        alt.append(tr("Note of “{name}”: “{bets}”.", name=name, bets=_bets(bets)))
    return show(fig, " ".join(alt))


# --- what the questions are -------------------------------------------------------
def unit_cards(units, pieces):
    """Hidden units as cards: the question, the story shaded by the answers, the places.

    units: each with `layer`, `number`, `question`, `lit`, `right`, `tokens`, `notes`,
    and `along` (T,): its answer at each token of the story, 1 being its largest.
    pieces: the T texts of the story, the first of which, END, is not shown.
    """
    units = list(units)
    return Markup(
        "".join(_card(unit, pieces) for unit in units),
        "\n".join(map(_headline, units)),
    )


def _headline(unit):
    return tr(
        "Layer {layer}, unit {unit}: {question}",
        layer=unit.layer,
        unit=unit.number,
        question=tr(unit.question),
    )


def _card(unit, pieces):
    headline = _headline(unit)
    for tag in ("<em>", "</em>") * headline.count("*"):
        headline = headline.replace("*", tag, 1)
    at = ", ".join(f"{_code(t)} {count}" for t, count in unit.tokens.most_common(6))
    if len(unit.tokens) > 6:
        at = tr("{these} and others", these=at)
    given = {"times": f"{len(unit.lit):,}", "tokens": at}
    if unit.right is None:
        lit = tr("Lit {times} times, at: {tokens}.", **given)
    else:
        lit = tr(
            "Lit {times} times, {right} of them rightly, at: {tokens}.",
            right=f"{unit.right:,}",
            **given,
        )
    speaks = tr("Speaks for: {tokens}", tokens=" ".join(map(_code, unit.notes)))
    return (
        f'<div style="margin:1.1rem 0"><strong>{headline}</strong>'
        f'<div style="line-height:1.75">{_shaded(pieces[1:], unit.along[1:])}</div>'
        f"<small>{lit} {speaks}</small></div>"
    )


def _code(piece):
    return f"<code>{escape(piece.strip())}</code>"


def _shaded(pieces, shares):
    """A text, each token the darker, the larger its share (0 to 1)."""
    marked = []
    for piece, share in zip(pieces, shares):
        text = escape(piece)
        if share > 0.08:
            mix = f"color-mix(in oklab,var(--fig-blue) {45 * share:.0f}%,transparent)"
            style = f"background:{mix};border-radius:.2em"
            gap = " " * (len(text) - len(text.lstrip()))
            text = f'{gap}<span style="{style}">{text.strip()}</span>'
        marked.append(text)
    return "".join(marked)


def units_struck(struck):
    """A heat map: what three stories bet on what they were told, with units struck.

    struck: `rows` {how many units: {kind: probability}}, and `others`, the same with as
    many other units as the most.
    """
    rows = {tr("{n} of them", n=n): bets for n, bets in struck.rows.items()}
    rows[tr("{n} others", n=max(struck.rows))] = struck.others
    words, names = [tr(kind) for kind in struck.others], [*rows]
    fig, ax = canvas(3.6, 3.0)
    values = [[*bets.values()] for bets in rows.values()]
    heat(ax, values, names, words, _probability, high=1.0, size=9.5)
    alt = [tr("A heat map of three bets with more and more units struck out.")]
    for name, bets in rows.items():
        told = _bets({tr(kind): p for kind, p in bets.items()})
        alt.append(tr("{name}: {bets}.", name=name, bets=told))
    return show(fig, " ".join(alt))


# --- where a fact lives -----------------------------------------------------------
def moves_before_and_after(moves):
    """Heat maps: what each animal is bet to do, before and after the MLP of layer 0.

    moves: `animals` (n names), `moves` (m verbs), `before` and `after` (n, m).
    """
    fig, axes = canvas(4.4, 5.0, ncols=2)
    halves = (moves.before, tr("before")), (moves.after, tr("after"))
    for ax, (bets, title) in zip(axes, halves):
        rows = moves.animals if ax is axes[0] else ()
        heat(ax, bets, rows, moves.moves, _probability, high=1.0, size=9)
        ax.set_xlabel(title)
    alt = [tr("Heat maps of the bets on how each animal moves.")]
    for bets, title in halves:
        for animal, row in zip(moves.animals, bets):
            found = _bets(dict(zip(moves.moves, row)))
            if found:
                alt.append(
                    tr("{when}, “{who}”: “{bets}”.", when=title, who=animal, bets=found)
                )
    return show(fig, " ".join(alt))


# --- counting ---------------------------------------------------------------------
def _model(name):
    """The name of a model, ours among those that are called alike in any language."""
    return tr("ours") if name == "ours" else name


KINDS = {"embeddings": MUTED, "attention": ACCENT, "MLP": VERMILION, "norms": INK}


def parameter_shares(sizes, shares):
    """Stacked bars: where the parameters are, in models of different sizes.

    sizes: {the model's name: Config}. shares: {its name: {kind: share of the whole}}.
    """
    fig, ax = canvas(5.4, 3.5)
    for row, found in enumerate(shares.values()):
        start = 0
        for kind, colour in KINDS.items():
            share = found[kind]
            ax.barh(row, share, left=start, color=colour, height=0.62)
            if share > 0.06:
                look = {"color": PAPER, "size": 10}
                ax.text(start + share / 2, row, percent(share), **look, **CENTRED)
            start += share
    for row, (size, config) in enumerate(sizes.items()):
        ax.text(-0.015, row - 0.06, _model(size), ha="right", size=10)
        label = {"ha": "right", "va": "top", "size": 9, "color": MUTED}
        ax.text(-0.015, row + 0.06, big(config.n_parameters), **label)
    ax.set_yticks([])
    ax.invert_yaxis()
    bare(ax)
    ax.set(xlim=(0, 1), xticks=[])
    for x, kind in zip((0.0, 0.32, 0.62), KINDS):  # norms are too few to be seen
        ax.text(x, -0.62, tr(kind), color=KINDS[kind], weight="bold", size=10.5)
    alt = tr("Stacked bars, one a model: the shares of embeddings, attention and MLP.")
    bars = (
        f"{_model(size)}: {percent(found['embeddings'])}, "
        f"{percent(found['attention'])}, {percent(found['MLP'])}"
        for size, found in shares.items()
    )
    return show(fig, f"{alt} {'; '.join(bars)}")


def work_of_a_token(costs):
    """The table of the work for one token.

    costs: {the model's name: `multiply_adds`, `share` of the work, `per_parameter`}.
    """
    header = (
        tr("model"),
        tr("multiply-adds a token"),
        tr("share of the work"),
        tr("per parameter"),
    )
    rows = (
        (
            _model(size),
            big(cost.multiply_adds),
            percent(cost.share, ".2f"),
            f"{cost.per_parameter:.2f}",
        )
        for size, cost in costs.items()
    )
    return table(header, *rows)


# --- in a real model --------------------------------------------------------------
def real_lens(found, stops):
    """A table: what a real model's stream says at some stops, read with the lens.

    found: [[piece, probability], ...], as embedded and after each layer; stops: those
    that are shown.
    """
    header = tr("after"), tr("likeliest next token"), tr("probability")
    rows = (
        (
            tr("layer {n}", n=stop - 1) if stop else tr("embed"),
            samp(found[stop][0].replace(" ", "␣")),
            two(found[stop][1]),
        )
        for stop in stops
    )
    return table(header, *rows)
