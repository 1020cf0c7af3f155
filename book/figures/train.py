"""The pictures of the chapter Train: what is asked, and how the loss falls."""

import html
from math import prod

from edition import minus, percent, two
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

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
    Markup,
    canvas,
    drawing,
    show,
    table,
    tr,
)

SERIES = (BLUE, VERMILION, GREEN, ORANGE, PURPLE)


# --- there and back -----------------------------------------------------------------
def chain(names, values, rates):
    """One weight with a pencil: forwards to the loss, and back, rate by rate.

    names, values: of the weight, and of all that is made of it in turn, the loss last.
    rates: how fast each changes with the one before it; one fewer than values.
    """
    wide = _chain(drawing(460, 176), names, values, rates, across=True)
    narrow = _chain(drawing(NARROW, 330), names, values, rates, across=False)
    there = ", ".join(f"{n} = {_three(v)}" for n, v in zip(names, values))
    back = ", ".join(map(_three, reversed(rates)))
    alt = tr(
        "A chain. Forwards: {there}. Backwards, from the loss: the rates {back}; their "
        "product is the gradient, {product}.",
        there=there,
        back=back,
        product=_three(prod(rates)),
    )
    return show(wide, alt, narrow)


def _three(number):
    """As the prose has them: 0.731, 0.1966, 2."""
    digits = 4 if abs(number) < 0.2 else 3
    return minus(round(number, digits))


def _chain(sheet, names, values, rates, across):
    """On a sheet, from left to right or from top to bottom."""
    fig, ax = sheet
    (width, height), n = fig.get_size_inches() * 72, len(values)
    if across:
        at = [(54 + (width - 108) * i / (n - 1), height / 2) for i in range(n)]
    else:
        at = [(width / 2, height - 36 - (height - 92) * i / (n - 1)) for i in range(n)]
    for (x, y), name, value in zip(at, names, values):
        look = {"boxstyle": "round,pad=0,rounding_size=7", "lw": 1.6}
        box = FancyBboxPatch((x - 33, y - 20), 66, 40, fc=PAPER, ec=INK, **look)
        ax.add_patch(box)
        ax.text(x, y + 8, name, size=12, weight="bold", style="italic", **CENTRED)
        ax.text(x, y - 9, _three(value), size=11, **CENTRED)
    for (x, y), (to, low), rate in zip(at, at[1:], rates):
        if across:
            there = (x + 36, y + 9), (to - 36, y + 9)
            back = (to - 12, low - 23), (x + 12, y - 23)
            words = ((x + to) / 2, y - 48)
        else:
            there = (x - 16, y - 22), (to - 16, low + 22)
            back = (to + 36, low + 4), (x + 36, y - 4)
            words = (x + 88, (y + low) / 2)
        ax.add_patch(_pointer(*there, BLUE, 0))
        ax.add_patch(_pointer(*back, VERMILION, -0.35 if across else 0.45))
        ax.text(*words, f"· {_three(rate)}", size=11.5, color=VERMILION, **CENTRED)
    ends = {"size": 11, "va": "center_baseline"}
    (x, y), (last, low) = at[0], at[-1]
    if across:
        ax.text(x - 33, y + 40, tr("forwards"), color=BLUE, **ends)
        ax.text(x - 33, y - 76, tr("backwards"), color=VERMILION, **ends)
        words = tr("the gradient: {rate}", rate=_three(prod(rates)))
        ax.text(last + 33, y - 76, words, ha="right", color=VERMILION, **ends)
    else:
        ax.text(x - 50, y, tr("forwards"), color=BLUE, ha="right", **ends)
        ax.text(x + 50, y, tr("backwards"), color=VERMILION, **ends)
        words = tr("the gradient: {rate}", rate=_three(prod(rates)))
        ax.text(x, 14, words, color=VERMILION, size=11.5, **CENTRED)
    return fig


def _pointer(start, end, colour, bend):
    curve = f"arc3,rad={bend}"
    arrow = "-|>,head_length=5,head_width=3"
    look = {"color": colour, "lw": 1.8, "shrinkA": 0, "shrinkB": 0}
    return FancyArrowPatch(start, end, connectionstyle=curve, arrowstyle=arrow, **look)


# --- batches ------------------------------------------------------------------------
def shifted(rows):
    """What is read, and below it what is asked, with an arrow from each to its answer."""
    read, asked = rows
    fig, ax = canvas(6.4, 1.7)
    for i, (word, next_) in enumerate(zip(read, asked)):
        ax.text(i, 1, word, color=INK, size=10, **CENTRED)
        ax.text(i, 0, next_, color=BLUE, size=10, weight="bold", **CENTRED)
        arrow = {"arrowstyle": "-|>", "color": MUTED, "lw": 0.9}
        ax.annotate("", (i, 0.25), (i, 0.78), arrowprops=arrow)
    side = {"ha": "right", "va": "center_baseline", "color": MUTED, "size": 10}
    ax.text(-0.7, 1, tr("read"), **side)
    ax.text(-0.7, 0, tr("asked"), **side)
    ax.set(xlim=(-1.5, len(read) - 0.4), ylim=(-0.4, 1.4))
    ax.axis("off")
    alt = tr(
        "Two rows of tokens. Read: “{read}”. Asked, each below the token before it: "
        "“{asked}”.",
        read=" ".join(read),
        asked=" ".join(asked),
    )
    return show(fig, alt, _shifted_down(read, asked))


def _shifted_down(read, asked):
    """The same for a phone: a row for each token."""
    step, at = 21, (110, 190)
    high = step * (len(read) + 1)
    fig, ax = drawing(NARROW, high, y=(high, 0))
    look = {"va": "center_baseline", "size": 10.5}
    ax.text(at[0], step / 2, tr("read"), ha="right", color=MUTED, **look)
    ax.text(at[1], step / 2, tr("asked"), color=MUTED, **look)
    for row, (word, next_) in enumerate(zip(read, asked), 1):
        y = step * (row + 0.5)
        ax.text(at[0], y, word, ha="right", color=INK, **look)
        ax.text(at[1], y, next_, color=BLUE, weight="bold", **look)
        arrow = {"arrowstyle": "-|>", "color": MUTED, "lw": 0.9}
        ax.annotate("", (at[1] - 12, y), (at[0] + 12, y), arrowprops=arrow)
    return fig


# --- the loss -----------------------------------------------------------------------
def surprise(bets):
    """The curve of −ln p, with some bets on it.

    bets: {probability: its loss}.
    """
    fig, ax = canvas(5.4, 2.6)
    many = 200
    from math import log

    places = [0.004 + (1 - 0.004) * i / many for i in range(many + 1)]
    ax.plot(places, [-log(p) for p in places], color=BLUE)
    for p, loss in bets.items():
        ax.plot([p], [loss], "o", color=VERMILION, ms=5)
        ax.text(p + 0.02, loss + 0.15, two(loss), color=VERMILION)
    ax.set(xlim=(0, 1.05), ylim=(0, 5.6), xlabel=tr("bet on the token that came"))
    ax.set_title(tr("loss in nats, −ln p"))
    told = ", ".join(
        tr("{loss} at {p}", loss=two(v), p=f"{p:g}") for p, v in bets.items()
    )
    alt = tr("A curve that falls from above 5 to 0 as the bet grows to 1: {t}.", t=told)
    return show(fig, alt)


# --- the step -----------------------------------------------------------------------
def schedule(rates, peak):
    """The learning rate of every step: up, and down a cosine."""
    fig, ax = canvas(5.4, 2.2)
    ax.plot(range(len(rates)), rates, color=BLUE)
    ax.set(xlim=(0, len(rates)), ylim=(0, 1.08 * peak), xlabel=tr("training step"))
    ax.set_title(tr("learning rate"))
    top = rates.index(max(rates))
    alt = tr(
        "The learning rate rises in a straight line to {peak} at step {top}, then falls "
        "along half a wave to nothing at step {end}.",
        peak=f"{peak:g}",
        top=top + 1,
        end=len(rates),
    )
    return show(fig, alt)


def peaks(warm, cold):
    """The loss after a short run, against the peak of the learning rate.

    warm, cold: {peak: loss}, with the warm-up and without.
    """
    fig, ax = canvas(5.4, 2.6)
    ax.plot(list(warm), list(warm.values()), "o-", color=BLUE, ms=4)
    ax.plot(list(cold), list(cold.values()), "o--", color=VERMILION, ms=4)
    ax.set(xscale="log", xlabel=tr("peak of the learning rate"), ylim=(0, 5))
    decades = [10.0**n for n in range(-6, 3) if min(warm) <= 10.0**n <= max(warm)]
    ax.set_xticks(decades, [f"{peak:g}" for peak in decades])
    ax.set_title(tr("loss at the end"))
    ax.text(0.5, 0.85, tr("with warm-up"), color=BLUE, transform=ax.transAxes)
    ax.text(0.5, 0.7, tr("without (dashed)"), color=VERMILION, transform=ax.transAxes)

    def told(line):
        pairs = (tr("{loss} at {p}", loss=two(v), p=f"{p:g}") for p, v in line.items())
        return ", ".join(pairs)

    alt = tr(
        "The loss of a short run against the peak of its learning rate. With warm-up: "
        "{warm}. Without: {cold}.",
        warm=told(warm),
        cold=told(cold),
    )
    return show(fig, alt)


# --- runs ---------------------------------------------------------------------------
def run(found, counted, first):
    """A run beside the band of others, the bigram table and the floor.

    found: a `facts.train.Run`; counted: the bigram's loss; first: that of blind bets.
    """
    fig, ax = canvas(6.4, 3.2)
    steps, low, high = zip(*found.band)
    middle = [step - 12 for step in steps]  # each is a mean of 25
    ax.fill_between(middle, low, high, color=FAINT)
    ax.plot(range(1, len(found.losses) + 1), found.losses, color=BLUE, lw=1.2)
    for y, words, colour in (
        (first, tr("guessing blindly"), MUTED),
        (counted, tr("the bigram table"), VERMILION),
        (found.floor, tr("the floor"), GREEN),
    ):
        ax.axhline(y, color=colour, lw=1.2, ls=(0, (4, 3)))
        lift = 0.86 if y == found.floor else 1.06
        ax.text(len(found.losses), lift * y, words, ha="right")
    ax.set(yscale="log", xlim=(0, len(found.losses)), ylim=(0.3, 8))
    ax.set_yticks([0.5, 1, 2, 4, 6], ["0.5", "1", "2", "4", "6"])
    ax.minorticks_off()
    ax.set(xlabel=tr("training step"))
    ax.set_title(tr("loss, nats per token (logarithmic scale)"))
    alt = tr(
        "The loss of {n} steps falls from {first} through the line of the bigram table, "
        "{counted}, to {last}, near the floor, {floor}. A grey band behind it shows where "
        "other runs went.",
        n=len(found.losses),
        first=two(found.losses[0]),
        counted=two(counted),
        last=two(sum(found.losses[-25:]) / 25),
        floor=two(found.floor),
    )
    return show(fig, alt)


def whole_run(found):
    """The training of the course's model, from ln n_vocab down to the floor."""
    fig, ax = canvas(6.4, 3.2)
    losses, window = found.losses, 10
    means = [
        sum(losses[i : i + window]) / window for i in range(0, len(losses), window)
    ]
    ax.plot(range(1, len(losses), window), means, color=BLUE, lw=1.3)
    ax.axhline(found.floor, color=GREEN, lw=1.2, ls=(0, (4, 3)))
    ax.text(len(losses), found.floor * 0.8, tr("the floor"), color=GREEN, ha="right")
    ax.set(yscale="log", xlim=(0, len(losses)), ylim=(0.25, 7.5))
    ax.set_yticks([0.3, 0.5, 1, 2, 4, 6], ["0.3", "0.5", "1", "2", "4", "6"])
    ax.minorticks_off()
    ax.set(xlabel=tr("training step"))
    ax.set_title(tr("loss, nats per token (logarithmic scale)"))
    alt = tr(
        "The loss of the course's model over {n} steps: from {first} it falls steeply, "
        "pauses, falls again, and then creeps towards the floor, {floor}.",
        n=len(losses),
        first=two(losses[0]),
        floor=two(found.floor),
    )
    return show(fig, alt)


# --- on record ----------------------------------------------------------------------
def ladder(rungs):
    """A bar for each rung: its validation loss, with a line from the lowest seed's to the
    highest's. rungs: {name: numbers}.
    """
    fig, ax = canvas(6.0, 3.0)
    for row, (name, numbers) in enumerate(rungs.items()):
        loss, losses = numbers["mean"], numbers["validation"]
        ax.barh(row, loss - 1, left=1, color=BLUE, height=0.62)
        ax.plot([min(losses), max(losses)], [row, row], color=INK, lw=2)
        ax.text(max(losses) + 0.02, row, two(loss), va="center_baseline")
    ax.set_yticks(range(len(rungs)), [tr(name) for name in rungs])
    ax.set(ylim=(len(rungs) - 0.4, -0.6), xlim=(1, 2.75), xticks=[1, 1.5, 2, 2.5])
    ax.tick_params(axis="y", length=0)
    ax.set_title(tr("validation loss, nats per character"))
    told = ", ".join(
        tr("{rung} {loss}", rung=tr(name), loss=two(n["mean"]))
        for name, n in rungs.items()
    )
    return show(fig, tr("The validation loss of each rung: {told}.", told=told))


def overfit(runs):
    """Training and validation loss of the run without a cure; below, all cures."""
    fig, (above, below) = canvas(6.4, 5.2, nrows=2, sharex=True)
    first = runs[next(iter(runs))]
    above.plot(first["step"], first["training"], color=MUTED)
    above.plot(first["step"], first["validation"], color=BLUE)
    above.text(first["step"][-1], first["training"][-1] + 0.12, tr("training"),
               color=MUTED, ha="right")  # fmt: skip
    above.text(first["step"][-1], first["validation"][-1] - 0.35, tr("validation"),
               color=BLUE, ha="right")  # fmt: skip
    above.set_title(tr("nothing done: the loss on both texts"))
    for colour, (name, run_) in zip(SERIES, runs.items()):
        below.plot(run_["step"], run_["validation"], color=colour, label=tr(name))
    below.legend(ncols=2, loc="upper right", fontsize=9.5)
    below.set_title(tr("the cures: the validation loss"))
    below.set(xlabel=tr("training step"))
    top = max(max(r["validation"]) for r in runs.values())
    below.set_ylim(1.9, top + 0.9)
    told = ", ".join(
        tr("{cure} {best}", cure=tr(name), best=two(min(r["validation"])))
        for name, r in runs.items()
    )
    alt = tr(
        "Above, without a cure: the training loss falls to {training}, the validation "
        "loss falls, turns, and rises to {validation}. Below, the validation loss with "
        "each cure; the lowest that each reaches: {told}.",
        training=two(first["training"][-1]),
        validation=two(first["validation"][-1]),
        told=told,
    )
    return show(fig, alt)


def samples(found):
    """What the model writes after some steps. found: {step: text}."""
    rows = "".join(
        f"<tr><th scope='row' style='vertical-align:top;text-align:right'>{step}</th>"
        f"<td><pre style='white-space:pre-wrap;margin:0;'><code style='white-space:pre-wrap;overflow-wrap:anywhere'>"
        f"{html.escape(text.strip()[:150])}</code></pre></td></tr>"
        for step, text in found.items()
    )
    head = f"<tr><th>{tr('step')}</th><th>{tr('what it writes')}</th></tr>"
    body = f"<thead>{head}</thead><tbody>{rows}</tbody>"
    told = (f"{step}: {text.strip()[:150]}" for step, text in found.items())
    return Markup(f"<table class='table'>{body}</table>", "\n".join(told))


def scaling(sizes):
    """The loss against the steps, a line for each size. sizes: {name: numbers}."""
    fig, ax = canvas(5.6, 2.9)
    for colour, size in zip(SERIES, sizes.values()):
        steps, losses = zip(*size["runs"])
        ax.plot(steps, losses, "o-", color=colour, ms=5)
        label = tr("{n} parameters", n=f"{size['parameters']:,}")
        ax.text(steps[-1] * 1.1, losses[-1], label, color=colour, va="center")
    ticks = [step for step, _ in next(iter(sizes.values()))["runs"]]
    ax.set(xscale="log", xlabel=tr("steps of training"), xlim=(50, 2600))
    ax.set_xticks(ticks, [str(step) for step in ticks])
    ax.minorticks_off()
    ax.set_title(tr("validation loss, nats per character"))
    told = "; ".join(
        tr("{n} parameters: {losses}", n=f"{s['parameters']:,}",
           losses=", ".join(two(loss) for _, loss in s["runs"]))
        for s in sizes.values()
    )  # fmt: skip
    return show(fig, tr("The loss after few, more and many steps. {told}.", told=told))


def fine_tuning(runs):
    """The loss on stories, of a model that knows Shakespeare and of one that is new."""
    fig, ax = canvas(5.6, 2.8)
    tuned, noise = runs["fine-tuned"], runs["from noise"]
    for rows, words, colour in (
        (noise, tr("from noise"), VERMILION),
        (tuned, tr("pre-trained on Shakespeare"), BLUE),
    ):
        steps, stories, _ = zip(*rows)
        ax.plot(steps, stories, "o-", ms=4, color=colour, label=words)
    ax.legend()
    ax.set(xlabel=tr("steps on the stories"), ylim=(0, None))
    ax.set_title(tr("loss on new stories, nats per character"))
    alt = tr(
        "The loss on new stories: from noise it falls from {a} to {b}, pre-trained on "
        "Shakespeare from {c} to {d}.",
        a=two(noise[0][1]),
        b=two(noise[-1][1]),
        c=two(tuned[0][1]),
        d=two(tuned[-1][1]),
    )
    return show(fig, alt)


def faster(changes):
    """A table: what was changed, the loss after as many steps, and the time of a step."""
    rows = (
        (
            tr(one.name),
            f"{one.loss:.3f} ± {one.spread / 2:.3f}",
            percent(one.time),
        )
        for one in changes
    )
    header = tr("changed"), tr("validation loss"), tr("time of a step")
    return table(header, *rows)
