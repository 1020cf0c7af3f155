"""The pictures of the chapter Modern, in the order of its page."""

from math import cos, pi, sin

import numpy as np
from edition import minus
from matplotlib.patches import Circle, FancyBboxPatch

from . import (
    BLUE,
    CENTRED,
    FAINT,
    GREEN,
    INK,
    MUTED,
    NARROW,
    ORANGE,
    PAPER,
    PURPLE,
    VERMILION,
    bare,
    canvas,
    drawing,
    samp,
    show,
    table,
    tr,
)

LINES = BLUE, VERMILION, GREEN, ORANGE


# --- RoPE -------------------------------------------------------------------------
def quarter_turns(places=4):
    """The same query and the same key at each place, a quarter turn a place further."""
    fig, ax = drawing(440, 150, x=(-0.75, 3.75), y=(-0.72, 0.85))
    ax.set_aspect("equal")
    for place in range(places):
        ax.add_patch(Circle((place, 0), 0.36, fill=False, color=FAINT, lw=1.2))
        turn = place * pi / 2
        for (x, y), colour, shift in (((1, 0), BLUE, 0.02), ((0, 1), VERMILION, -0.02)):
            a = x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn)
            tip = place + 0.36 * a[0], 0.36 * a[1]
            arrow = {"arrowstyle": "-|>", "color": colour, "lw": 2, "shrinkA": 0}
            ax.annotate("", tip, (place, 0), arrowprops=arrow | {"shrinkB": 0})
        ax.text(place, -0.6, tr("place {n}", n=place), color=MUTED, size=10, **CENTRED)
    ax.text(-0.2, 0.66, tr("query"), color=BLUE, size=10.5, weight="bold")
    ax.text(0.45, 0.66, tr("key"), color=VERMILION, size=10.5, weight="bold")
    return show(
        fig,
        tr(
            "Four circles, for places 0 to 3, each with two arrows at a right angle. From "
            "place to place both turn by a quarter."
        ),
    )


def scores(found):
    """Scores by distance, from several places: with RoPE, and with learned places.

    found: a `facts.modern.Scores`.
    """
    alt = tr(
        "Scores of a query with a key 1 to {far} places back, for queries at places "
        "{places}. With RoPE the four lines are one; with learned places they differ.",
        far=found.first + len(next(iter(found.rope.values()))) - 1,
        places=", ".join(map(str, found.rope)),
    )
    beside = _two_plots(found, *canvas(6.4, 2.9, ncols=2))
    return show(beside, alt, _two_plots(found, *canvas(NARROW / 72, 5.2, nrows=2)))


def _two_plots(found, fig, axes):
    """With RoPE, and with learned places, on the axes that they are given."""
    titles = tr("turned (RoPE)"), tr("learned places")
    for ax, lines, title in zip(axes, (found.rope, found.learned), titles):
        for (place, line), colour, width in zip(lines.items(), LINES, (6, 4.5, 3, 1.5)):
            far = range(found.first, found.first + len(line))
            wide = width if lines is found.rope else 1.8
            ax.plot(far, line, color=colour, lw=wide, label=place)
        ax.set(xlabel=tr("places back"), xticks=[1, 5, 10, 15])
        ax.set_title(title)
    axes[1].set_ylim(-1.1, 1.75)
    axes[1].legend(
        title=tr("query at place"),
        ncols=4,
        loc="upper center",
        fontsize=10.1,
        columnspacing=0.8,
        handlelength=1.0,
    )
    axes[0].set_ylabel(tr("score"))
    return fig


# --- SwiGLU -----------------------------------------------------------------------
def gates(silu, gelu):
    """What a hidden unit gives: GELU of one number, and SiLU of a gate times another."""
    fig, ax = canvas(5.6, 3)
    x = np.linspace(-4, 4, 81)
    ax.axhline(0, color=FAINT, lw=0.8)
    ax.axvline(0, color=FAINT, lw=0.8)
    ax.plot(x, gelu(x), color=INK, lw=1.6, ls="--")
    ax.text(4.15, 4, tr("GELU"), color=INK, va="center")
    for up, colour in ((2, BLUE), (0.5, GREEN), (-1, VERMILION)):
        y = silu(x) * up
        ax.plot(x, y, color=colour)
        at = 3.0 if up == 2 else 4
        end = float(np.interp(at, x, y))
        ax.text(at + 0.15, end, tr("up = {n}", n=minus(up)), color=colour, va="center")
    ax.set(xlim=(-4, 5.6), ylim=(-4.5, 6), xlabel=tr("gate"))
    return show(
        fig,
        tr(
            "Curves over the gate from −4 to 4: near 0 where the gate is negative, and for "
            "a positive gate rising with slope “up”, which is 2, 0.5 and −1. GELU is dashed."
        ),
    )


# --- grouped queries --------------------------------------------------------------
def groups(n_head, n_kv_head):
    """Heads of queries, and the fewer heads of keys and values that they share."""
    fig, ax = drawing(430, 140, x=(-2.2, n_head), y=(-0.1, 2.4))
    per = n_head // n_kv_head
    colours = BLUE, GREEN, VERMILION, PURPLE

    def box(x, y, width, text, colour):
        look = {"boxstyle": "round,pad=0,rounding_size=0.12", "lw": 0}
        ax.add_patch(FancyBboxPatch((x, y), width, 0.62, fc=colour, **look))
        ax.text(x + width / 2, y + 0.31, text, color=PAPER, size=10.5, **CENTRED)

    for head in range(n_head):
        group = head // per
        box(head + 0.1, 1.5, 0.8, f"q{head}", colours[group])
        middle = group * per + per / 2
        ax.plot([head + 0.5, middle], [1.5, 0.82], color=MUTED, lw=0.9)
    for group in range(n_kv_head):
        box(group * per + 0.1, 0.2, per - 0.2, f"k{group}, v{group}", colours[group])
    left = {"ha": "right", "va": "center_baseline", "size": 10, "color": MUTED}
    ax.text(-0.1, 1.81, tr("queries"), **left)
    ax.text(-0.1, 0.51, tr("keys, values"), **left)
    return show(
        fig,
        tr(
            "{n} heads of queries in {groups} groups. Those of a group have one head of "
            "keys and values.",
            n=n_head,
            groups=n_kv_head,
        ),
    )


# --- two layers -------------------------------------------------------------------
def two_layers(old, new):
    """A layer of each kind beside the other, from below to above; what is new is red.

    old, new: (name, {place: words}), with the same places, from below to above. A place
    that begins with "+" adds to the stream what the others since the last one made.
    """
    n = len(new[1])
    fig, ax = drawing(NARROW, 31 * n + 36)
    told = []
    for x, (name, parts) in ((76, old), (224, new)):
        ax.text(x, 31 * n + 24, name, size=12, weight="bold", **CENTRED)
        ax.plot([x - 66, x - 66], [4, 31 * n + 12], color=MUTED, lw=2.2)
        begun = 4
        for i, (place, words) in enumerate(parts.items()):
            y = 31 * i + 20
            if place.startswith("+"):
                branch = [x - 66, x + 6, x + 6, x - 66], [begun, begun, y, y]
                ax.plot(*branch, color=MUTED, lw=1.4, zorder=0)
                begun = y + 15
                ax.text(
                    x - 66, y, "+", size=13, weight="bold", **_on_paper(), **CENTRED
                )
            elif words:
                changed = old[1][place] != new[1][place] and parts is new[1]
                colour = VERMILION if changed else MUTED
                look = {"boxstyle": "round,pad=0,rounding_size=5", "fc": PAPER}
                look |= {"ec": colour, "lw": 2 if changed else 1.1}
                ax.add_patch(FancyBboxPatch((x - 54, y - 11), 120, 22, **look))
                weight = "bold" if changed else "normal"
                ax.text(x + 6, y, words, size=10.6, weight=weight, **CENTRED)
        told.append(f"{name}: {', '.join(words for words in parts.values() if words)}")
    alt = tr("Two layers, from below to above. {told}.", told="; ".join(told))
    return show(fig, alt)


def _on_paper():
    """A sign on a line, which it breaks."""
    return {"bbox": {"fc": PAPER, "ec": "none", "boxstyle": "circle,pad=0.1"}}


# --- what each buys ---------------------------------------------------------------
def bought(over, parts):
    """Dots, a row a model and a dot a seed: nats per token above the author.

    over: {name: [nats, ...]}; parts: {name: its words}, those that are shown.
    """
    fig, ax = canvas(6.2, 3.4)
    told = []
    base = over["GPT-2"]
    ax.axvspan(min(base), max(base), color=FAINT, alpha=0.5, lw=0)
    for row, (name, words) in enumerate(parts.items()):
        nats = over[name]
        colour = INK if name == "GPT-2" else BLUE
        ax.plot(nats, [row] * len(nats), "o", color=colour, ms=6, alpha=0.85)
        told.append(
            tr(
                "{name} {least} to {most}",
                name=tr(words),
                least=f"{min(nats):.3f}",
                most=f"{max(nats):.3f}",
            )
        )
    ax.set_yticks(range(len(parts)), [tr(words) for words in parts.values()])
    ax.set(xscale="log", ylim=(len(parts) - 0.5, -0.5))
    ticks = [
        x for x in (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2) if _inside(x, over, parts)
    ]
    ax.set_xticks(ticks, [f"{x:g}" for x in ticks])
    ax.minorticks_off()
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(tr("nats per token above the author"))
    bare(ax)
    return show(
        fig,
        tr(
            "A row for each model and a dot for each seed, nats per token above the "
            "author, less is better: {told}.",
            told="; ".join(told),
        ),
    )


def _inside(x, over, parts):
    shown = [nats for name in parts for nats in over[name]]
    return min(shown) * 0.7 <= x <= max(shown) * 1.4


def pairs(found, rows):
    """A table: two models under the same condition, least to most of the seeds.

    found: {name of a run: [nats, ...]}; rows: [(condition, one run, other run), ...].
    """

    def span(name):
        nats = found[name]
        return f"{min(nats):.3f} – {max(nats):.3f}"

    header = "", tr("GPT-2"), tr("with the part")
    body = ((tr(words), span(one), span(other)) for words, one, other in rows)
    return table(header, *body)


# --- a real model -----------------------------------------------------------------
def answers(written):
    """A table: what the real model reads, and what it writes after it."""
    rows = ((samp(one["prompt"]), samp(one["text"])) for one in written)
    return table((tr("it reads"), tr("it writes")), *rows)
