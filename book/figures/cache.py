"""The pictures of the chapter Cache: what is computed anew, what is kept, what it costs."""

import re

from edition import mark, minus, percent
from matplotlib.patches import Rectangle

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
    play,
    show,
    table,
    tr,
)


# --- what is kept -----------------------------------------------------------------
def last_row(shares, keys, values, out):
    """The last row of an attention matrix, with the keys and values that it needs.

    shares, keys, values: of the T tokens, as texts; the last is the new token. out: the
    result, as text.
    """
    n = len(shares)
    fig, ax = drawing(300, 250, x=(-3.4, n + 2.6), y=(n + 4.2, -0.9))
    for row in range(n):
        new = row == n - 1
        name = tr("new token") if new else tr("old token {n}", n=row + 1)
        look = {"size": 10.5, "color": INK if new else MUTED}
        ax.text(-0.15, row + 0.5, name, ha="right", va="center_baseline", **look)
        for column in range(row + 1):
            ax.add_patch(_square(column, row, BLUE if new else FAINT))
            if new:
                bold = {"size": 12, "color": PAPER, "weight": "bold"}
                ax.text(column + 0.5, row + 0.5, shares[column], **bold, **CENTRED)
    ax.text(n + 0.2, n - 0.5, f"= {out}", size=12, weight="bold", va="center_baseline")
    ax.text(n / 2, -0.4, tr("the shares"), size=10.5, color=MUTED, **CENTRED)
    for y, name, numbers in (
        (n + 0.9, tr("keys"), keys),
        (n + 2.1, tr("values"), values),
    ):
        ax.text(-0.15, y + 0.5, name, ha="right", va="center_baseline", size=10.5)
        for column, number in enumerate(numbers):
            kept = {"facecolor": PAPER, "edgecolor": GREEN, "linewidth": 2}
            ax.add_patch(_square(column, y, PAPER, **kept))
            ax.text(column + 0.5, y + 0.5, number, size=11, **CENTRED)
    ax.text(n / 2, n + 3.6, tr("kept"), size=11, color=GREEN, weight="bold", **CENTRED)
    alt = tr(
        "A triangle of shares. The rows of the old tokens are grey: they are not needed "
        "again. The row of the new token has the shares {shares}. Below stand what is "
        "kept: the keys {keys} and the values {values}. The result is {out}.",
        shares=", ".join(shares),
        keys=", ".join(keys),
        values=", ".join(values),
        out=out,
    )
    return show(fig, alt)


# --- who is still looked at -------------------------------------------------------
def looked_at(masks):
    """Masks beside each other: which tokens (columns) each token (row) still looks at.

    masks: {words: (T, T) bool}.
    """
    wide, ax = drawing(460, 178)
    narrow, low = drawing(NARROW, 164 * len(masks))
    for i, (words, mask) in enumerate(masks.items()):
        _mask(ax, 10 + 154 * i, 158, words, mask)
        _mask(low, 84, 164 * (len(masks) - i) - 20, words, mask)
    n = len(next(iter(masks.values())))
    told = "; ".join(
        tr("{name}: {n} of {all} squares", name=words, n=int(mask.sum()), all=n * n)
        for words, mask in masks.items()
    )
    alt = tr("Squares: who may be looked at, and must be kept. {told}.", told=told)
    return show(wide, alt, narrow)


def _mask(ax, left, top, words, mask, side=132):
    """One mask below its name; what the last token looks at is green: it is kept."""
    n = len(mask)
    step = side / n
    ax.text(left, top + 7, words, size=10.8, weight="bold", va="center_baseline")
    for row, column in mask.nonzero().tolist():
        colour = GREEN if row == n - 1 else BLUE
        corner = left + step * column, top - 8 - step * (row + 1)
        look = {"facecolor": colour, "edgecolor": PAPER, "linewidth": 0.6}
        ax.add_patch(Rectangle(corner, step, step, **look))
    x, y = left, top - 8
    edge = [x, x + side, x, x], [y - side, y - side, y, y - side]
    ax.plot(*edge, color=MUTED, lw=0.8)


# --- three steps ------------------------------------------------------------------
def _step(labels, old, cached):
    """One frame: the tokens read, their vectors, and the scores of each with each.

    labels: of the tokens read and of the one written last. old: how many an earlier step
    had read. cached: whether what was computed for those is kept.
    """
    n = len(labels) - 1
    fig, ax = drawing(326, 278, x=(-2.6, 7.0), y=(7.2, -1))
    for row in range(n):
        done = row < old
        colour = (FAINT if cached else VERMILION) if done else BLUE
        middle = {"va": "center_baseline", "size": 11}
        ink = MUTED if done and cached else INK
        ax.text(-0.75, row + 0.5, labels[row], ha="right", color=ink, **middle)
        ax.add_patch(_square(-0.55, row, colour, width=0.35))
        for column in range(row + 1):
            ax.add_patch(_square(column, row, colour))
    if cached:
        for column in range(old):  # what the new ones read
            kept = {"facecolor": "none", "edgecolor": GREEN, "linewidth": 2}
            ax.add_patch(_square(column, n, PAPER, height=0.5, **kept))
        if old:
            look = {"va": "center_baseline", "size": 11, "color": GREEN}
            ax.text(0, n + 0.9, tr("kept: their keys and values"), **look)
    ax.text(-0.4, -0.3, tr("vector"), ha="right", size=11, color=MUTED)
    ax.text(0.1, -0.3, tr("scores"), ha="left", size=11, color=MUTED)
    written = {"weight": "bold", "ha": "left", "va": "center_baseline"}
    ax.text(n + 0.25, n - 0.5, f"→ {labels[n]}", **written)
    return fig


def _square(x, y, colour, width=1.0, height=1.0, **look):
    look = {"facecolor": colour, "edgecolor": PAPER, "linewidth": 1.2} | look
    return Rectangle((x + 0.03, y + 0.03), width - 0.06, height - 0.06, **look)


def three_steps(labels, prompt):
    """The player: three words written without a cache, and with one.

    labels: of all tokens, in order; the first `prompt` are given.
    """
    frames, captions = [], []
    for cached in (False, True):
        for step in range(3):
            n = prompt + step
            old = n - 1 if step else 0
            frames.append(_step(labels[: n + 1], old, cached))
            told = {
                "n": n,
                "word": labels[n],
                "scores": n * (n + 1) // 2,
                "new": n - old,
            }
            if not step and not cached:
                words = tr(
                    "The first word. {n} vectors and {scores} scores a head are computed, "
                    "and “{word}” is drawn.",
                    **told,
                )
            elif not cached:
                words = tr(
                    "The next word. Of {n} vectors and {scores} scores, all above the last "
                    "row (red) had been computed before.",
                    **told,
                )
            elif not step:
                words = tr(
                    "Now with a cache. The prompt is read in one pass, as before, and its "
                    "keys and values are kept."
                )
            else:
                words = tr(
                    "One vector and one row of {n} scores. The rows above (grey) are not "
                    "needed any more, only the keys and values of their tokens.",
                    **told,
                )
            captions.append(words)
    return play(frames, tr("Three words, without a cache and with one"), captions, 3.0)


# --- what a token costs -----------------------------------------------------------
def token_cost(cost):
    """The seconds of a token against the length of the text, anew and with a cache.

    cost: a `facts.cache.Cost`.
    """
    fig, ax = canvas(5.8, 3.6)
    for times, colour in ((cost.anew, VERMILION), (cost.kept, BLUE)):
        middle = [one for _, one, _ in times]
        ax.plot(cost.length, middle, "o-", ms=4, color=colour)
    ax.set(yscale="log", xlim=(-20, 1050), xlabel=tr("tokens before it"))
    ax.set_title(tr("Seconds for one more token"))
    at = cost.length.index(512)
    ax.text(512, 1.6 * cost.anew[at][2], tr("all anew"), color=VERMILION, ha="right")
    ax.text(512, 1.5 * cost.kept[at][2], tr("with a cache"), color=BLUE)
    ax.set_yticks([0.1, 1, 10], ["0.1", "1", "10"])
    ax.minorticks_off()
    return show(
        fig,
        tr(
            "The seconds of one more token after texts of {first} to {last} tokens. All "
            "anew they rise from {anew_first} to {anew_last}, with a cache from "
            "{kept_first} to {kept_last}.",
            first=cost.length[0],
            last=cost.length[-1],
            anew_first=f"{cost.anew[0][1]:.2f}",
            anew_last=f"{cost.anew[-1][1]:.1f}",
            kept_first=f"{cost.kept[0][1]:.2f}",
            kept_last=f"{cost.kept[-1][1]:.2f}",
        ),
    )


# --- several texts at once --------------------------------------------------------
def padded(rows):
    """Texts of different lengths as one batch, each token over its place.

    rows: [(labels, None where there is no text; places), ...].
    """
    columns = len(rows[0].pieces)
    fig, ax = drawing(460, 44 * len(rows) + 8, x=(0, columns), y=(len(rows), -0.1))
    for row, (pieces, places) in enumerate(rows):
        for column, (piece, place) in enumerate(zip(pieces, places)):
            ax.add_patch(_sheet(column, row, piece, 0.95))
            if piece is not None:
                ax.text(column + 0.5, row + 0.35, piece, size=9.5, **CENTRED)
                ax.text(
                    column + 0.5, row + 0.72, place, size=9.5, color=BLUE, **CENTRED
                )
    return show(
        fig,
        narrow=_padded_down(rows),
        alt=tr(
            "{n} texts as rows that end in the same column. The shorter ones begin with "
            "grey squares that are no text, and the places of each are counted from its "
            "own first token: {told}.",
            n=len(rows),
            told="; ".join(
                tr("“{text}”", text=" ".join(filter(None, row.pieces))) for row in rows
            ),
        ),
    )


def _sheet(x, y, piece, height):
    """What a token stands on; grey where there is none."""
    look = {"facecolor": FAINT if piece is None else "none", "edgecolor": MUTED}
    return _square(x, y, PAPER, height=height, **look)


def _padded_down(rows):
    """The same for a phone: the texts as columns."""
    long = len(rows[0].pieces)
    fig, ax = drawing(NARROW, 23 * long + 4, x=(0, len(rows)), y=(long, -0.1))
    for column, (pieces, places) in enumerate(rows):
        for row, (piece, place) in enumerate(zip(pieces, places)):
            ax.add_patch(_sheet(column, row, piece, 0.95))
            if piece is not None:
                look = {"size": 10.5, "va": "center_baseline"}
                ax.text(column + 0.2, row + 0.5, place, color=BLUE, ha="right", **look)
                ax.text(column + 0.3, row + 0.5, piece, **look)
    return fig


# --- memory -----------------------------------------------------------------------
def _bytes(n):
    """37,748,736 -> "38 MB"."""
    for size, words in (
        (1e9, mark("{n} GB")),
        (1e6, mark("{n} MB")),
        (1e3, mark("{n} kB")),
    ):
        if n >= size:
            digits = 2 if n < 100 * size else 3
            return tr(words, n=f"{n / size:.{digits}g}")
    raise ValueError(f"{n} bytes are too few to be told")


def memory(rows, long):
    """A table: what models keep of a token, of their context, and of a long text.

    rows: [facts.cache.Kept, ...]; long: the tokens of the long text.
    """
    header = (
        tr("model"),
        tr("layers"),
        tr("numbers a layer"),
        tr("a token"),
        tr("context"),
        tr("filled"),
        tr("{long} tokens", long=f"{long:,}"),
    )
    return table(
        header,
        *(
            (
                tr(row.model),
                row.layers,
                f"{row.numbers:,}",
                _bytes(row.per_token),
                f"{row.context:,}",
                _bytes(row.at_context),
                _bytes(row.at_long),
            )
            for row in rows
        ),
    )


# --- a window ---------------------------------------------------------------------
def loss_of_windows(found):
    """The loss against the size of the window.

    found: a `facts.cache.Windows`.
    """
    fig, ax = canvas(5.8, 3.3)
    ax.axhline(found.floor, color=GREEN, lw=1.6)
    ax.axhline(found.forgetful, color=VERMILION, lw=1.6, ls=(0, (4, 3)))
    ax.plot(found.widths, found.losses, "o-", ms=4, color=BLUE)
    for (width, run), colour in zip(found.trained.items(), (ORANGE, PURPLE)):
        ax.plot([width], [run["loss"]], "D", ms=7, color=colour)
        words = tr("trained with {width}", width=width)
        ax.text(width, run["loss"] - 0.02, words, color=colour, ha="center", va="top")
    ax.text(54, found.floor - 0.01, tr("the floor"), color=GREEN, ha="right", va="top")
    forgets = tr("dashed: who has forgotten the hero")
    ax.text(54, found.forgetful + 0.15, forgets, color=VERMILION, ha="right")
    ax.set(ylim=(0.28, 1.1), xlim=(0, 55), xlabel=tr("size of the window, tokens"))
    ax.set_title(tr("loss, nats per token"))
    points = ", ".join(f"{w}: {x:.2f}" for w, x in zip(found.widths, found.losses))
    return show(
        fig,
        tr(
            "The loss against the size of the window. {points}. The floor is {floor}; a "
            "dashed line at {forgetful} is that of a reader who has forgotten the hero. "
            "Trained with a window from the first step: {trained}.",
            points=points,
            floor=f"{found.floor:.2f}",
            forgetful=f"{found.forgetful:.2f}",
            trained=", ".join(
                f"{width}: {run['loss']:.2f}" for width, run in found.trained.items()
            ),
        ),
        narrow=330,
    )


def where_copying_ends(found):
    """The mean bet on the name against how far the window reaches beyond it.

    found: a `facts.cache.Windows`.
    """
    fig, ax = canvas(5.8, 2.9)
    ax.axvspan(-0.5, max(found.beyond) + 0.5, color=FAINT, alpha=0.6, lw=0)
    ax.plot(found.beyond, found.name, "o-", ms=5, color=BLUE)
    ax.set(
        ylim=(-0.03, 1.05),
        xlim=(min(found.beyond) - 0.3, max(found.beyond) + 0.3),
        xlabel=tr("tokens that the window holds beyond the first name"),
        xticks=found.beyond[::2],
    )
    ax.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    ax.set_title(tr("bet on the right name"))
    at = dict(zip(found.beyond, found.name))
    return show(
        fig,
        tr(
            "The mean bet on the right name. With a window one token too short to hold the "
            "first name it is {short}, with one that just holds it {reached}.",
            short=percent(at[-1]),
            reached=percent(at[0], ".1f"),
        ),
    )


def lost(found):
    """A table: what a window costs, by the word that is to be predicted.

    found: {where, with the copied word in *stars*: nats per token}.
    """

    def lit(where):
        return Markup(re.sub(r"\*([^*]+)\*", r"<strong>\1</strong>", where), where)

    rows = ((lit(tr(where)), minus(more, ".3f")) for where, more in found.items())
    return table((tr("predicting the word in bold"), tr("more, nats per token")), *rows)
