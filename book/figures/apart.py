"""The pictures of mlp.md that show a model taken apart, in the order of the page.

What is measured comes from `facts.apart`, whose results these functions are handed. A
head is (layer, h), both counted from 0; its name in a picture is "layer.h".
"""

import numpy as np
from edition import two

from . import (
    BLUE,
    FAINT,
    GREEN,
    MUTED,
    ORANGE,
    PURPLE,
    VERMILION,
    bare,
    canvas,
    heat,
    show,
    table,
    tr,
)

LAYERS, HEADS = 3, 4  # of the course's model


# --- take a head away -----------------------------------------------------------------
def bets_on_the_hero(lost):
    """Bars: the bets on the eight names, whole and without one and two heads.

    lost: a `facts.apart.KnockedOut`, of four cases.
    """
    fig, axes = canvas(6.4, 2.7, ncols=len(lost.bets), sharey=True)
    for ax, (heads, bets) in zip(axes, lost.bets.items()):
        for row, (name, p) in enumerate(bets.items()):
            colour = BLUE if name == "Ada" else MUTED
            ax.barh(row, p, color=colour, height=0.7)
            ax.text(p + 0.04, row, f"{100 * p:.0f}", va="center_baseline", size=9.5)
        ax.set(xlim=(0, 1.3), xticks=[])
        bare(ax)
        ax.set_title(_without(heads), size=10)
    names = list(lost.bets[()])
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(7.6, -0.6)
    cases = "; ".join(
        f"{_without(heads)} {100 * bets['Ada']:.0f}"
        for heads, bets in lost.bets.items()
    )
    alt = tr(
        "Bars: the bets on the eight names after At last, in percent. Those on Ada are: "
        "{cases}. Without both heads the eight names are about equally likely.",
        cases=cases,
    )
    return show(fig, alt)


def _without(heads):
    """The title of a case: which of none, one or two heads are taken away."""
    names = [f"{layer}.{h}" for layer, h in heads]
    if not names:
        return tr("all heads")
    if len(names) == 1:
        return tr("without {head}", head=names[0])
    return tr("without both")


def bets_on_the_animal(animals):
    """A table: bets on the animal, and on all that move like it, without some heads.

    animals: a `facts.apart.Animals`.
    """
    header = (
        tr("heads"),
        tr("bet on the animal"),
        tr("on all four that move like it"),
    )
    rows = [
        (_without(heads), two(own), two(alike))
        for heads, (own, alike) in animals.rows.items()
    ]
    lot = tr("(chosen at random)"), two(1 / 12), two(1 / 3)
    return table(header, *rows, lot)


def cost_of_each_head(more):
    """A matrix: how much more each kind of word costs without each head, in nats.

    more: {head: {kind of word: nats}}; the kinds are those of `facts.apart.kinds`.
    """
    kinds = list(next(iter(more.values())))
    grid = np.array([[max(0, cost[kind]) for kind in kinds] for cost in more.values()])
    described = "the name", "the animal", "all words"  # others are the stories' words
    columns = [tr(kind) if kind in described else kind for kind in kinds]
    fig, ax = canvas(5.2, 5.2)
    rows = [f"{layer}.{h}" for layer, h in more]
    heat(ax, grid, rows, columns, _worth_saying, high=3)
    ax.set_aspect(0.62)
    _slant(ax)
    for layer in range(1, LAYERS):
        ax.axhline(HEADS * layer, color=MUTED, lw=1)
    most = ", ".join(
        f"{rows[column.argmax()]} ({column.max():.1f})" for column in grid.T
    )
    alt = tr(
        "A matrix with a row for each head and a column for each kind of word: how many "
        "nats more the word costs without that head. The kinds are the name, the animal, "
        "six groups of words and all words. Most squares are empty. The head that matters "
        "most, column by column: {heads}.",
        heads=most,
    )
    return show(fig, alt)


def _worth_saying(nats):
    return f"{nats:.1f}" if nats >= 0.05 else ""


def _slant(ax):
    """Column labels on top at half a right angle, from where their column begins."""
    ax.tick_params(axis="x", rotation=45)
    for label in ax.get_xticklabels():
        label.set(ha="left", rotation_mode="anchor")


# --- the vector has moved -------------------------------------------------------------
def two_vectors_part(moved):
    """The cosine of the two vectors of "model" on their way through the layers.

    moved: a `facts.apart.Moved`: seven cosines for each pair, with all heads and without
    head 0.1.
    """
    fig, ax = canvas(6.4, 3.1)
    for layer in range(0, LAYERS, 2):
        ax.axvspan(2 * layer + 0.03, 2 * layer + 1.97, color=FAINT, alpha=0.4, lw=0)
    for layer in range(LAYERS):
        look = {"ha": "center", "size": 10, "color": MUTED}
        ax.text(2 * layer + 1, -0.27, tr("layer {n}", n=layer), **look)
    ax.axhline(0, color=FAINT, lw=0.8)
    for colour, kind, lift in (
        (BLUE, "clay", -0.04),
        (VERMILION, "machine learning", 0.05),
    ):
        whole, silent = moved.whole[kind], moved.silent[kind]
        ax.plot(range(len(whole)), whole, "o-", color=colour, ms=5)
        ax.plot(range(len(silent)), silent, "o--", color=colour, ms=4, lw=1.2)
        ax.text(6.15, whole[-1] + lift, kind, color=colour, va="center", size=10)
    ax.text(6.15, 1.0, tr("without head {head}", head="0.1"), va="center", size=10)
    ax.set(xlim=(-0.2, 8.3), ylim=(-0.32, 1.08), yticks=[0, 0.5, 1.0])
    stops = [tr("embed"), *[tr("attend"), tr("MLP")] * LAYERS]
    ax.set_xticks(range(len(stops)), stops)
    ax.tick_params(axis="x", rotation=30)
    ax.tick_params(axis="x", length=0)
    ax.set_title(tr("cosine with the last vector of the fashion story"), size=11)
    clay, learning = moved.whole["clay"], moved.whole["machine learning"]
    alt = tr(
        "The cosine of the last vector of two stories with that of the fashion story, "
        "after each part of the network. It falls from {clay_from} to {clay_to} for clay "
        "and from {learning_from} to {learning_to} for machine learning. Without head 0.1 "
        "it ends above {least} for both.",
        clay_from=two(clay[0]),
        clay_to=two(clay[-1]),
        learning_from=two(learning[0]),
        learning_to=two(learning[-1]),
        least=two(np.floor(100 * min(c[-1] for c in moved.silent.values())) / 100),
    )
    return show(fig, alt)


# --- when copying begins --------------------------------------------------------------
def when_copying_begins(copying):
    """The training loss with the line of those who forget, and what is recalled when.

    copying: a `facts.apart.Copying`.
    """
    fig, (loss, ax) = canvas(6.4, 5.0, nrows=2, sharex=True)
    floor, line = copying.floor.nats_per_token, copying.forgetful
    loss.axhline(floor, color=GREEN, lw=1.6)
    loss.axhline(line, color=VERMILION, lw=1.6, ls=(0, (4, 3)))
    loss.plot(copying.steps, copying.losses, color=BLUE)
    loss.set(ylim=(0.33, 0.72), yticks=[0.4, 0.5, 0.6, 0.7])
    look = {"ha": "right", "va": "center"}
    loss.text(598, floor - 0.02, tr("the floor"), color=GREEN, **look)
    forgets = tr("the reader who has forgotten the hero")
    loss.text(598, line + 0.035, forgets, color=VERMILION, **look)
    loss.set_title(tr("loss, nats per token"))
    recalled = copying.recalled
    learned = {
        "she or he": BLUE,
        "how it moves": GREEN,
        "the name": ORANGE,
        "the animal": PURPLE,
    }
    for row, (what, colour) in enumerate(learned.items()):
        ax.plot(recalled["step"], recalled[what], "o-", ms=3, color=colour)
        ax.text(430, 0.72 - 0.15 * row, tr(what), color=colour, va="center")
    ax.set(xlim=(0, 600), ylim=(0, 1.04), yticks=[0, 0.5, 1])
    ax.set_xlabel(tr("training step"))
    ax.set_title(tr("bets on what the first sentence says"))
    alt = tr(
        "Above, the training loss to step 600. It falls steeply, then more slowly, and "
        "crosses at step {crossed} a dashed line that no reader without memory of the hero "
        "can pass. Below, bets on what the first sentence says. They reach 0.9 for she or "
        "he at step {she}, for how the animal moves at step {moves}, for the name at step "
        "{name} and for the animal at step {animal}.",
        crossed=copying.window * copying.crossed,
        she=copying.first("she or he", 0.9),
        moves=copying.first("how it moves", 0.9),
        name=copying.first("the name", 0.9),
        animal=copying.first("the animal", 0.9),
    )
    return show(fig, alt)
