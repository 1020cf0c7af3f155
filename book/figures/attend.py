"""The pictures of attend.md, in the order of the page.

What is measured comes from `facts.attend`, whose results these functions are handed. A
head is (layer, h), both counted from 0; its name in a picture is "layer.h".
"""

from html import escape

from edition import fraction, mark, minus, two, vector
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, PathPatch, Rectangle
from matplotlib.path import Path

from . import (
    BLUE,
    CENTRED,
    FAINT,
    GREEN,
    INK,
    MONO,
    MUTED,
    NARROW,
    ORANGE,
    VERMILION,
    Markup,
    arcs,
    bare,
    canvas,
    drawing,
    heads,
    heat,
    play,
    samp,
    show,
    table,
    tr,
)

TOKENS = "fashion", "the", "model"  # of the pencil
HOLDS = "fashion", "model"  # what the two numbers of a pencil's vector say
IN_COLUMN = CENTRED | MONO


# --- what several pictures draw with ------------------------------------------------
def _shares(ax, values):
    """A matrix of the pencil's shares as fractions, the future empty: (3, 3)."""
    heat(ax, values, TOKENS, TOKENS, _unless_zero, high=1, size=12)


def _unless_zero(share):
    return fraction(share) if share else ""


def _slant(ax):
    """Column labels on top at half a right angle, from where their column begins."""
    ax.tick_params(axis="x", rotation=45)
    for label in ax.get_xticklabels():
        label.set(ha="left", rotation_mode="anchor")


# --- the question of the chapter ----------------------------------------------------
def looks_back(readings, head, words):
    """Where one head looks from the last word of each text.

    readings: a `facts.attend.Reading` each. words: how many of the last are shown.
    """
    texts = [
        (["…", *r.labels[-words:]], [0, *r.shares(head)[-1, -words:].tolist()])
        for r in readings
    ]
    alt = " ".join(_most(r, head) for r in readings)
    return show(arcs(texts, 460), alt, arcs(texts, NARROW))


def _most(reading, head):
    """The last word, the word that it looks at most, and how much, as words."""
    share, place = reading.shares(head)[-1].max(0)
    return tr(
        "In head {head}, “{word}” takes {share} from “{other}”.",
        head="{}.{}".format(*head),
        word=reading.labels[-1],
        share=f"{float(share):.2f}",
        other=reading.labels[int(place)],
    )


# --- two models ---------------------------------------------------------------------
def two_stories(back):
    """The ends of two stories: the same last vector, and the word that decides.

    back: how many tokens before the last the deciding word stands.
    """
    fig, ax = drawing(328, 236, x=(0, 330))
    for row, (kind, act) in enumerate(
        ((tr("fashion"), tr("wore")), (tr("clay"), tr("dried")))
    ):
        y = 180 - 126 * row
        for x, word, wide, edge in (
            (62, kind, 62, VERMILION),
            (146, tr("model"), 52, FAINT),
            (196, "…", 20, None),
            (240, tr("model"), 52, BLUE),
        ):
            if edge:
                box = FancyBboxPatch(
                    (x - wide / 2, y - 12),
                    wide,
                    24,
                    boxstyle="round,pad=0,rounding_size=5",
                )
                box.set(
                    facecolor="none",
                    edgecolor=edge,
                    linewidth=2 if edge != FAINT else 1.2,
                )
                ax.add_patch(box)
            ax.text(
                x,
                y,
                word,
                size=11.5,
                weight="bold" if edge not in (None, FAINT) else "normal",
                **CENTRED,
            )
        ax.text(16, y, "…", **CENTRED)
        arc = FancyArrowPatch(
            (62, y + 13),
            (240, y + 13),
            connectionstyle="arc3,rad=-0.28",
            arrowstyle="-|>,head_length=5,head_width=3",
        )
        arc.set(color=VERMILION, linewidth=1.8, linestyle=(0, (4, 2)))
        ax.add_patch(arc)
        ax.text(
            151,
            y + 27,
            tr("{n} tokens back", n=back),
            size=11.1,
            ha="center",
            va="center",
            color=INK,
        )
        ax.annotate(
            "",
            (278, y),
            (267, y),
            arrowprops={
                "arrowstyle": "-|>",
                "color": MUTED,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )
        ax.text(304, y, act + "?", size=11.5, weight="bold", **CENTRED)
        for i, tone in enumerate((0.3, 0.9, 0.5, 0.2, 0.7)):
            cell = Rectangle((217 + 9.4 * i, y - 28), 8.4, 10, lw=0)
            cell.set(facecolor=BLUE, alpha=tone)
            ax.add_patch(cell)
    ax.text(
        232,
        128,
        tr("the very same vector"),
        size=11.1,
        color=BLUE,
        weight="bold",
        ha="right",
        va="center_baseline",
    )
    ax.plot([240, 240], [149, 110], color=BLUE, lw=1.4, linestyle=(0, (2, 2)))
    alt = tr(
        "The ends of two stories. In both, the last token is model, with the same vector "
        "under it. {n} tokens before it stands fashion in one and clay in the other, and a "
        "dashed arrow leads from there to the last token. One goes on with wore, the other "
        "with dried.",
        n=back,
    )
    return show(fig, alt)


# --- the same as one matrix ---------------------------------------------------------
def averages_as_a_product(W, x):
    """W x = out, for the pencil: shares (3, 3) times vectors (3, 2)."""
    fig, axes = canvas(5.2, 2.3, ncols=3, width_ratios=[3, 2, 2])
    _shares(axes[0], W)
    for ax, values in zip(axes[1:], (x, W @ x)):
        heat(ax, values, (), HOLDS, minus, high=12, size=12)
    for ax, name in zip(axes, ("W", "x", "out")):
        ax.tick_params(axis="x", labelsize=9.5)
        _slant(ax)
        ax.set_xlabel(name, style="italic")
    axes[1].text(-0.5, 1.5, "·", ha="center", va="center", size=18)
    axes[2].text(-0.5, 1.5, "=", ha="center", va="center", size=15)
    alt = tr(
        "The matrix W with rows (1), (½, ½) and (⅓, ⅓, ⅓), times the three vectors, is "
        "the three averages (12, 0), (6, 0) and (4, 4). Above the diagonal W is empty."
    )
    return show(fig, alt)


# --- queries, keys, values ----------------------------------------------------------
def filled_row(asked):
    """The pencil's table, filled in for its last token: an HTML table.

    asked: a `facts.attend.Asked` of the pencil's three tokens.
    """
    q, scores, shares = asked.q[-1], asked.scores[-1], asked.shares[-1]
    rows = []
    for s, name in enumerate(TOKENS):
        terms = " + ".join(f"{a:.0f} · {b:.0f}" for a, b in zip(q, asked.k[s]))
        product, power = f"{terms} = {scores[s]:.0f}", f"{2 ** scores[s]:.0f}"
        taken = vector(shares[s] * asked.v[s])
        rows.append((name, product, power, fraction(shares[s]), taken))
    total = f"{(2**scores).sum():.0f}"
    rows.append((tr("together"), "", total, "1", vector(shares @ asked.v)))
    header = (
        tr("it listens to"),
        tr("score"),
        tr("2 to the score"),
        tr("share"),
        tr("share × value"),
    )
    return table(header, *rows)


# --- watch it -----------------------------------------------------------------------
ACROSS = 92, 187, 282  # where the three tokens stand in the film
SIZE = 326, 262


def three_tokens_ask(asked):
    """The film of the pencil: each token asks, weighs and adds up. A player.

    asked: a `facts.attend.Asked` of the pencil's three tokens.
    """
    first = tr("`{name}` is first: it can only listen to itself.", name=TOKENS[0])
    frames, captions = [_asking(asked, 0, 2)], [first]
    for t in (1, 2):
        steps = range(t + 3)  # compare, share, and a term of the sum for each token
        frames += [_asking(asked, t, step) for step in steps]
        captions += _said_while_asking(asked, t)
    frames.append(_all_three_rows(asked))
    captions.append(tr("The shares of all three in one matrix; each row sums to one."))
    return play(frames, tr("Three tokens ask, one after the other"), captions, 2.2)


def _said_while_asking(asked, t):
    """A caption for each frame in which token t asks."""
    shares = [fraction(share) for share in asked.shares[t, : t + 1]]
    scores = [f"{TOKENS[s]} {asked.scores[t, s]:.0f}" for s in range(t + 1)]
    said = [
        tr(
            "`{name}` compares its query with each key. Scores: {scores}.",
            name=TOKENS[t],
            scores=", ".join(scores),
        ),
        tr(
            "2 to the power of each score, divided by the sum: the shares, {shares}.",
            shares=", ".join(shares),
        ),
    ]
    for s, share in enumerate(shares):
        term = {"share": share, "name": TOKENS[s], "value": vector(asked.v[s])}
        term["sum"] = vector(asked.shares[t, : s + 1] @ asked.v[: s + 1])
        if s == 0:
            words = mark("First {share} of the value of `{name}`, {value} is added.")
        elif s < t:
            words = mark("Then {share} of the value of `{name}`, {value} is added.")
        else:
            words = mark(
                "Then {share} of the value of `{name}`, {value} is added: "
                "the sum is {sum}."
            )
        said.append(tr(words, **term))
    return said


def _asking(asked, t, step):
    """Token t asks; step 0 shows scores, 1 shares, and each later one adds a term."""
    fig, ax = drawing(*SIZE)
    for s in range(t + 1):
        added = step >= 2 + s
        width = 1.2 if step < 1 else 0.6 + 5 * float(asked.shares[t, s])
        colour = VERMILION if step == 2 + s else BLUE if added or step else FAINT
        _look_back(ax, t, s, width, colour)
    for s in range(len(TOKENS)):
        _column(ax, asked, t, s, step)
    label = {"ha": "left", "va": "center_baseline", "color": MUTED, "size": 11}
    ax.text(6, 144, tr("key"), **label)
    ax.text(6, 122, tr("score"), **label)
    ax.text(6, 100, tr("power of 2"), **label)
    ax.text(6, 78, tr("share"), **label)
    ax.text(6, 54, tr("value"), **label)
    says = tr("{name} asks: query {query}", name=TOKENS[t], query=vector(asked.q[t]))
    ax.text(6, 250, says, va="center_baseline", color=VERMILION, weight="bold")
    ax.plot([6, 320], [40, 40], color=FAINT, lw=1)
    ax.text(6, 22, tr("sum so far"), **label)
    done = max(0, step - 1)
    _sum_so_far(ax, (asked.shares[t, :done, None] * asked.v[:done]).sum(0))
    return fig


def _look_back(ax, t, s, width, colour):
    """The arrow from token s to token t, who listens."""
    x, to = ACROSS[s], ACROSS[t]
    if s == t:  # a small loop above its own name
        corners = (x - 8, 182), (x - 20, 212), (x + 20, 212), (x + 9, 184)
    else:  # an arch that is the higher, the further it goes
        top = 208 + 16 * (t - s)
        corners = (x, 182), (x + 12, top), (to - 30, top), (to - 16, 184)
    head = f"-|>,head_length={4 + 0.9 * width:.1f},head_width={2 + 0.7 * width:.1f}"
    curve = Path(corners, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    arrow = FancyArrowPatch(path=curve, arrowstyle=head, mutation_scale=1)
    arrow.set(color=colour, linewidth=width, facecolor="none")
    ax.add_patch(arrow)


def _column(ax, asked, t, s, step):
    """All that is known of token s while token t asks: name, key, score, share, value."""
    x, past = ACROSS[s], s <= t
    ink = INK if past else MUTED
    if s == t:
        card = FancyBboxPatch((x - 34, 161), 68, 18)
        card.set_boxstyle("round,pad=0,rounding_size=5")
        card.set(facecolor="none", edgecolor=VERMILION, linewidth=1.6)
        ax.add_patch(card)
    weight = "bold" if past else "normal"
    ax.text(x, 170, TOKENS[s], color=ink, weight=weight, **IN_COLUMN)
    ax.text(x, 144, vector(asked.k[s]), color=ink, size=11.1, **IN_COLUMN)
    if not past:
        ax.text(x, 118, tr("future"), ha="center", color=MUTED, size=11.1)
        return
    score = asked.scores[t, s]
    ax.text(x, 122, f"{score:.0f}", color=INK, size=11.1, **IN_COLUMN)
    if step >= 1:
        ax.text(x, 100, f"{2**score:.0f}", color=INK, size=11.1, **IN_COLUMN)
        share = fraction(asked.shares[t, s])
        ax.text(x, 78, share, color=BLUE, size=14, **CENTRED)
    if step >= 2 + s:
        ax.text(x, 54, vector(asked.v[s]), color=INK, size=11.1, **IN_COLUMN)


def _sum_so_far(ax, total):
    """The sum (2,), as numbers and as two bars."""
    ax.text(
        ACROSS[0], 22, vector(total), color=INK, size=11.1, weight="bold", **IN_COLUMN
    )
    left = ACROSS[1] + 12
    for row, (value, name) in enumerate(zip(total, HOLDS)):
        y = 28 - 14 * row
        look = {"ha": "right", "va": "center_baseline", "size": 11, "color": MUTED}
        ax.text(left - 5, y, name, **look)
        ax.add_patch(Rectangle((left, y - 4), 120, 9, fc="none", ec=FAINT, lw=0.8))
        ax.add_patch(Rectangle((left, y - 4), 10 * float(value), 9, fc=BLUE, lw=0))


def _all_three_rows(asked):
    """The film's last frame: the attention matrix, and what comes out of each row."""
    fig, ax = canvas(SIZE[0] / 72, SIZE[1] / 72)
    fig.set_layout_engine("none")
    ax.set_position([0.2, 0.06, 0.5, 0.68])
    _shares(ax, asked.shares)
    ax.tick_params(labelsize=11.1)
    look = {"color": VERMILION, "weight": "bold", "va": "center"}
    fig.text(0.02, 250 / SIZE[1], tr("All three rows"), **look)
    for t, shares in enumerate(asked.shares):
        ax.text(3.4, t + 0.5, vector(shares @ asked.v), va="center_baseline", **MONO)
    ax.text(3.4, -0.2, "out", style="italic")
    return fig


# --- why √d -------------------------------------------------------------------------
def why_root_d(spreads):
    """Spread, largest share and its slope against d, with √d and without.

    spreads: a `facts.attend.Spreads`.
    """
    alt = tr(
        "Three plots against d from 1 to 1024. Undivided, the spread of the scores grows "
        "like the root of d, the largest of 16 shares goes to 1 and its slope to 0. "
        "Divided by the root of d, all three stay level."
    )
    beside = _spreads(spreads, *canvas(6.4, 2.5, ncols=3))
    below = _spreads(spreads, *canvas(NARROW / 72, 6, nrows=3, sharex=True))
    return show(beside, alt, below)


def _spreads(spreads, fig, axes):
    """The three plots, on the axes that they are given."""
    titles = tr("spread of the scores"), tr("largest of 16 shares"), tr("its slope")
    for panel, (ax, title) in enumerate(zip(axes, titles)):
        for rows, colour in ((spreads.raw, VERMILION), (spreads.divided, BLUE)):
            found = rows[:, panel].tolist()
            ax.plot(spreads.widths, found, "o-", ms=4, color=colour)
        ax.set_xscale("log", base=4)
        ax.set_xticks([1, 16, 256], ["1", "16", "256"])
        ax.minorticks_off()
        ax.set_title(title, size=10.5)
        if ax.get_subplotspec().is_last_row():
            ax.set_xlabel("d")
    axes[0].set_yscale("log", base=4)
    axes[0].set_yticks([1, 4, 16], ["1", "4", "16"])
    axes[0].minorticks_off()
    axes[0].text(100, 16, "q·k", color=VERMILION, ha="right")
    axes[0].text(256, 1.25, "q·k/√d", color=BLUE, ha="center")
    axes[1].set(ylim=(0, 1.04), yticks=[0, 0.5, 1])
    axes[2].set(ylim=(0, 0.22), yticks=[0, 0.1, 0.2])
    return fig


# --- why causal ---------------------------------------------------------------------
def who_notices(noticed, labels):
    """How far each vector moves when a token is replaced, with the mask and without.

    noticed: a `facts.attend.Noticed`, two matrices (T, T); labels: the T tokens.
    """
    alt = tr(
        "Two matrices: how far the vector of each token moves when another is replaced, "
        "shaded by the square root of it. With the mask everything above the diagonal is "
        "exactly empty; without it, tokens later in the sentence move the vectors before "
        "them."
    )
    beside = _two_readers(noticed, labels, *canvas(6.4, 3.3, ncols=2))
    below = _two_readers(noticed, labels, *canvas(NARROW / 72, 8.2, nrows=2))
    return show(beside, alt, below)


def _two_readers(noticed, labels, fig, axes):
    """The two matrices, on the axes that they are given."""
    n = len(labels)
    found = (noticed.causal, tr("with the mask")), (noticed.peeks, tr("without"))
    for ax, (moved, title) in zip(axes, found):
        rows = labels if ax.get_subplotspec().is_first_col() else ()
        heat(ax, moved**0.5, rows, labels, high=1)  # roots: small ones show
        ax.plot([0, 0, n, 0], [0, 0, n, 0], color=MUTED, lw=0.8)
        ax.set_xlabel(title, weight="bold")
        if rows:
            ax.set_ylabel(tr("vector of"))
    return fig


# --- several heads ------------------------------------------------------------------
HUES = BLUE, VERMILION, GREEN, ORANGE  # a head each
# whom each of six tokens looks at, in a sketch of the four heads
LOOKS = (0, 0, 1, 2, 3, 4), (0, 0, 0, 0, 0, 0), (0, 1, 2, 3, 4, 5), (0, 0, 1, 1, 3, 3)
TALL, WIDE, STRIP = 42, 48, 12  # T rows, C columns, d_head columns


def four_heads():
    """The flow from x (T, C) through four heads and back to (T, C): a sketch."""
    alt = tr(
        "The flow through four heads. x of shape (T, C) becomes Q, K and V; their columns "
        "are split into four heads; each head makes its own (T, T) attention matrix and "
        "its own weighted sums (T, d_head); these are merged side by side to (T, C), and "
        "a last matrix W_out mixes them."
    )
    return show(_heads_across(), alt, _heads_down())


def _heads_across():
    """From left to right."""
    fig, ax = drawing(456, 250)
    base = 112  # the middle row's foot
    _x(ax, 6, base)
    _note(ax, 30, base - 13, "(T, C)", MUTED)
    _flow(ax, 57, base + 21)
    for row, name in enumerate("QKV"):
        _in_strips(ax, 78, base + 62 - 62 * row, name)
    _note(ax, 102, base - 75, "3 × (T, C)", MUTED)
    _flow(ax, 129, base + 21)
    _note(ax, 137, base + 35, tr("split"))
    _all_heads(ax, 152, 190, 54)
    _flow(ax, 320, base + 21)
    _note(ax, 327, base + 35, tr("merge"))
    _in_strips(ax, 346, base)
    _note(ax, 370, base - 13, "(T, C)", MUTED)
    _flow(ax, 396, base + 21, 13)
    _note(ax, 402, base + TALL + 11, "· W_out")
    _matrix(ax, 411, base, 42, MUTED)
    _note(ax, 432, base - 13, "(T, C)", MUTED)
    return fig


def _heads_down():
    """For a phone: from above to below."""
    fig, ax = drawing(NARROW, 462)
    top, foot = 390, 24
    _x(ax, 8, top)
    _note(ax, 32, top - 11, "(T, C)", MUTED)
    _flow(ax, 60, top + 21)
    for column, name in enumerate("QKV"):
        _in_strips(ax, 84 + 66 * column, top, name)
    _note(ax, 174, top - 11, "3 × (T, C)", MUTED)
    _fall(ax, 108, top - 4, 26)
    _note(ax, 86, top - 17, tr("split"))
    _all_heads(ax, 84, 306, 52)
    _fall(ax, 108, 112, 34)
    _note(ax, 84, 95, tr("merge"))
    _in_strips(ax, 84, foot + 8)
    _note(ax, 108, foot - 4, "(T, C)", MUTED)
    _flow(ax, 138, foot + 29, 50)
    _note(ax, 162, foot + 41, "· W_out")
    _matrix(ax, 196, foot + 8, WIDE, MUTED)
    _note(ax, 220, foot - 4, "(T, C)", MUTED)
    return fig


def _x(ax, x, y):
    _matrix(ax, x, y, WIDE, MUTED)
    _note(ax, x + 24, y + TALL + 11, "x", style="italic", size=12)


def _in_strips(ax, x, y, name=""):
    """A (T, C) matrix whose columns belong to four heads."""
    for h, hue in enumerate(HUES):
        _matrix(ax, x + STRIP * h, y, STRIP, hue)
    if name:
        _note(ax, x + 24, y + TALL + 10, name, style="italic", size=12)


def _all_heads(ax, x, y, step):
    """The heads below each other, the first at (x, y), with what is above and below."""
    for h, hue in enumerate(HUES):
        _one_head(ax, x, y - step * h, h, hue)
    for left, name in ((21, "q k v"), (81, "A"), (126, "A v")):
        _note(ax, x + left, y + TALL + 9, name, style="italic", size=11.1)
    foot = y - step * (len(HUES) - 1) - 10
    _note(ax, x + 18, foot, "(T, d_head)", MUTED)
    _note(ax, x + 81, foot, "(T, T)", MUTED)
    _note(ax, x + 141, foot, "(T, d_head)", MUTED)


def _one_head(ax, x, y, h, hue):
    """q, k and v of one head, its attention matrix, and its weighted sums."""
    left, side = x + 60, TALL / 6
    for part in range(3):
        _matrix(ax, x + 15 * part, y, STRIP, hue)
    for strong in (False, True):
        squares = [
            ((left + side * j, y + TALL - side * (i + 1)))
            for i in range(6)
            for j in range(i + 1)
            if strong == (j == LOOKS[h][i])
        ]
        ax.add_patch(_squares(squares, side, fc=hue, alpha=0.9 if strong else 0.22))
    ax.add_patch(Rectangle((left, y), TALL, TALL, fc="none", ec=hue, lw=0.8))
    _flow(ax, x + 47, y + 21, 12)
    _flow(ax, x + 104, y + 21, 14)
    _matrix(ax, x + 120, y, STRIP, hue)
    _note(ax, x + 152, y + 21, tr("head {h}", h=h), hue)


def _squares(corners, side, **look):
    """Squares of one look as one path."""
    steps = (0, 0), (side, 0), (side, side), (0, side), (0, 0)
    code = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    points = [(x + dx, y + dy) for x, y in corners for dx, dy in steps]
    return PathPatch(Path(points, code * len(corners)), lw=0, **look)


def _matrix(ax, x, y, width, colour):
    """A matrix of T rows, as a tinted sheet."""
    tint = {"fc": colour, "alpha": 0.3, "lw": 0, "zorder": 2}
    ax.add_patch(Rectangle((x, y), width, TALL, **tint))
    edge = {"fc": "none", "ec": colour, "lw": 1.0, "zorder": 3}
    ax.add_patch(Rectangle((x, y), width, TALL, **edge))


def _flow(ax, x, y, length=17):
    """An arrow to the right."""
    look = {"arrowstyle": "-|>", "color": MUTED, "lw": 1.2}
    ax.annotate("", (x + length, y), (x, y), arrowprops=look)


def _fall(ax, x, y, length):
    """An arrow down."""
    look = {"arrowstyle": "-|>", "color": MUTED, "lw": 1.2}
    ax.annotate("", (x, y - length), (x, y), arrowprops=look)


def _note(ax, x, y, words, colour=INK, **look):
    ax.text(x, y, words, color=colour, **CENTRED | {"size": 10.2} | look)


# --- messages in a graph ------------------------------------------------------------
def who_may_send_to_whom():
    """Encoder, decoder and cross-attention as graphs."""
    alt = tr(
        "Three graphs. Encoder: every token sends to every token. Decoder: every token "
        "sends to itself and to later ones. Cross-attention: every token of one text sends "
        "to every token of another."
    )
    beside = _three_graphs(*canvas(6.2, 1.75, ncols=3))
    return show(beside, alt, _three_graphs(*canvas(NARROW / 72, 4.8, nrows=3)))


def _three_graphs(fig, axes):
    """All to all, causal and across, on the axes that they are given."""
    _graph(axes[0], range(4), lambda speaker, listener: True)
    axes[0].set_title(tr("self-attention, all to all"), size=10.5)
    _graph(axes[1], range(4), lambda speaker, listener: speaker <= listener)
    axes[1].set_title(tr("self-attention, causal"), size=10.5)
    # another text, of three tokens, listens from between the speakers
    _graph(axes[2], [0.5, 1.5, 2.5], lambda speaker, listener: True, speakers=GREEN)
    axes[2].set_title(tr("cross-attention"), size=10.5)
    for ax in axes:
        if not ax.get_subplotspec().is_first_col():
            continue
        for y, does in ((0, tr("speak")), (1, tr("listen"))):
            ax.text(-0.45, y, does, ha="right", va="center", size=10.1, color=MUTED)
        ax.set_xlim(-1.5, 3.5)
    return fig


def _graph(ax, listeners, allowed, speakers=INK):
    """Arrows from four speakers below to the listeners above.

    listeners: where each stands; allowed(speaker, listener): may it send?
    """
    ax.set(xlim=(-0.5, 3.5), ylim=(-0.45, 1.45))
    ax.set_axis_off()
    look = {"arrowstyle": "-|>", "color": BLUE, "lw": 0.9}
    for listener, end in enumerate(listeners):
        for speaker in range(4):
            if allowed(speaker, listener):
                ax.annotate("", (end, 0.9), (speaker, 0.1), arrowprops=look)
    ax.scatter(range(4), [0] * 4, s=62, color=speakers, zorder=3)
    ax.scatter(listeners, [1] * len(listeners), s=62, color=INK, zorder=3)


# --- what the heads look at ---------------------------------------------------------
LAYERS, HEADS = 3, 4  # of the course's model


def twelve_heads(reading, framed):
    """The attention matrices of all heads, for the course's story: choose one.

    reading: a `facts.attend.Reading`; framed: {head: [(query, key), ...]}, the squares
    that the prose reads.
    """
    every = [(layer, h) for layer in range(LAYERS) for h in range(HEADS)]
    shares = {head: reading.shares(head) for head in every}
    return heads(reading.labels, shares, framed, chosen=(1, 1))


def shaded(reading, head, place=-1, least=0.05):
    """The story up to the token that asks, each token shaded by its share: HTML.

    reading: a `facts.attend.Reading`; place: of the token that asks, the last where
    none is given; least: the smallest share that is shown.
    """
    labels = reading.labels
    place %= len(labels)
    shares = reading.shares(head)[place].tolist()
    said, alt = [], []
    for s in range(place + 1):
        shown = shares[s] >= least
        word = escape(labels[s]) + (f"<sub>{shares[s]:.2f}</sub>" if shown else "")
        style = _asks() if s == place else _shade(shares[s]) if shown else ""
        # full stop and comma stand close, and so does the d of planted, its own token
        space = "" if labels[s] in (".", ",", "d") else " "
        said.append(space + (f'<span style="{style}">{word}</span>' if style else word))
        alt.append(f"{space}{labels[s]}" + (f" ({shares[s]:.2f})" if shown else ""))
    html = f'<p style="line-height:2.1">{"".join(said)}</p>'
    return Markup(html, "".join(alt).strip())


def shaded_each(readings, head):
    """Several stories below each other, each asked for by its last token: HTML."""
    shown = [shaded(reading, head) for reading in readings]
    return Markup("".join(one.markup for one in shown), "\n".join(map(str, shown)))


def _shade(share):
    tone = round(8 + 42 * share)
    mix = f"color-mix(in oklab,var(--fig-blue) {tone}%,var(--fig-paper))"
    return f"background:{mix};border-radius:4px;padding:.15em .2em"


def _asks():
    return (
        "border:2px solid var(--fig-vermilion);border-radius:5px;"
        "padding:.1em .2em;font-weight:640"
    )


# --- exchange what it found ---------------------------------------------------------
WORDS = "wore", "dried", "guessed"  # what a model does, in the order of the bets
BET_HUES = BLUE, GREEN, VERMILION
BETS_AT = 134, 190, 246  # where the bars of the three words begin, on a phone
BAR = 0.22, 0.28  # where the first bar lies in its square, and how far the next


def bets_after_an_exchange(bets):
    """A grid of small bars: a row for each story, a column for each source.

    bets: {(story, source): three probabilities}; a story is named by its kind, "" where
    none is told, and the source is None where the head returns zeros.
    """
    stories = list(dict.fromkeys(story for story, _ in bets))
    sources = list(dict.fromkeys(source for _, source in bets))
    told = [source for source in sources if source]
    least = min(max(bets[story, source]) for story in stories for source in told)
    most = max(max(bets[story, source]) for story in stories for source in (None, ""))
    alt = tr(
        "A grid of bars, the bets on wore, dried and guessed. A row for each story that is "
        "read, a column for each story from which the head's 24 numbers come. In the first "
        "{n} columns every row bets on the word of the column, with {least} or more. In "
        "the last two all three words get about a third, and none more than {most}.",
        n=len(told),
        least=f"{least:.2f}",
        most=f"{most:.2f}",
    )
    return show(
        _grid_of_bets(bets, stories, sources),
        alt,
        _list_of_bets(bets, stories, sources),
    )


def _grid_of_bets(bets, stories, sources):
    """A row for each story, a column for each source."""
    fig, ax = canvas(6.4, 3.9)
    for column, source in enumerate(sources):
        for row, story in enumerate(stories):
            _three_bets(ax, column, row, bets[story, source])
            if story == source:
                frame = Rectangle((column - 0.04, row + 0.03), 0.96, 0.94)
                frame.set(facecolor="none", edgecolor=MUTED, linewidth=1.2)
                ax.add_patch(frame)
    for row, story in enumerate(stories):
        ax.text(-0.68, row + 0.5, _source(story), ha="right", va="center", size=10.5)
        if row:
            ax.axhline(row, color=FAINT, lw=0.8)
    ax.set(xlim=(-0.07, len(sources)), ylim=(len(stories), 0))
    bare(ax)
    ax.xaxis.tick_top()
    ax.set_xticks([x + 0.44 for x in range(len(sources))], map(_source, sources))
    heights = [
        row + BAR[0] + BAR[1] * i for row in range(len(stories)) for i in range(3)
    ]
    ax.set_yticks(heights, WORDS * len(stories), size=9.5)
    ax.set_xlabel(tr("what head 0.1 returns comes from the story of"), weight="bold")
    ax.xaxis.set_label_position("top")
    ax.set_ylabel(tr("the story that is read"), weight="bold", labelpad=56)
    return fig


def _list_of_bets(bets, stories, sources):
    """The same for a phone: the stories below each other, in each a row a source."""
    high = 19 * len(stories) * (len(sources) + 1.6) + 30
    fig, ax = drawing(NARROW, high, y=(high, 0))
    name = {"va": "center_baseline", "size": 10.5}
    y = 12
    ax.text(4, y, tr("bets with what head 0.1 found in"), weight="bold", **name)
    for story in stories:
        y += 30
        words = tr("reads: {story}", story=_source(story).replace("\n", " "))
        ax.text(4, y, words, weight="bold", **name)
        for x, word in zip(BETS_AT, WORDS):
            ax.text(x, y, word, color=MUTED, **name)
        for source in sources:
            y += 19
            own = {"color": VERMILION, "weight": "bold"} if source == story else {}
            ax.text(12, y, _source(source).replace("\n", " "), **name | own)
            for x, p, colour in zip(BETS_AT, bets[story, source], BET_HUES):
                ax.barh(y + 6, 44 * p, left=x, height=3, color=colour, lw=0)
                ax.text(x, y - 2, f"{p:.2f}", color=INK if p >= 0.05 else MUTED, **name)
    return fig


def _source(kind):
    """A kind of model as the grid names it."""
    if kind is None:
        return tr("nothing\n(zeros)")
    return kind.replace(" ", "\n") if kind else tr("no kind")


def _three_bets(ax, column, row, bets):
    for i, (p, colour) in enumerate(zip(bets, BET_HUES)):
        y = row + BAR[0] + BAR[1] * i
        ax.barh(y, 0.56 * p, left=column, height=0.2, color=colour, lw=0)
        if p >= 0.05:
            x = column + 0.56 * p + 0.03
            ax.text(x, y, f"{p:.2f}", va="center_baseline", size=9.5)


# --- in a real model --------------------------------------------------------------
def real_heads(heads):
    """A table: what a noun takes from the word before it, in heads of a real model.

    heads: {phrase: {"most": [[head, share], ...], head: share, ...}}.
    """
    named = [name for name in next(iter(heads.values())) if name != "most"]
    header = tr("the last word asks"), *(tr("head {head}", head=h) for h in named)
    rows = (
        (
            samp(phrase),
            *(two(found[head]) for head in named),
            ", ".join(f"{head}: {two(share)}" for head, share in found["most"]),
        )
        for phrase, found in heads.items()
    )
    return table((*header, tr("most")), *rows)


def real_sink(shares, many):
    """Bars: how much of its attention the last token gives to the first, by layer.

    shares: of each layer, the mean of its heads. many: the tokens of the text.
    """
    fig, ax = canvas(6.2, 2.4)
    ax.bar(range(len(shares)), shares, color=BLUE, width=0.7)
    ax.axhline(1 / many, color=VERMILION, lw=1.2)
    ax.text(0.2, 0.9, tr("line: equal shares"), color=VERMILION, size=10.5)
    ax.set(xlabel=tr("layer"), ylim=(0, 1), xlim=(-0.7, len(shares) - 0.3))
    ax.set_title(tr("what the last token gives to the first"))
    most = max(shares)
    return show(
        fig,
        tr(
            "Bars, one for each of {n} layers: the share that the last token gives to "
            "the first, from {least} to {most} in layer {layer}. Equal shares would be "
            "{equal}.",
            n=len(shares),
            least=two(min(shares)),
            most=two(most),
            layer=shares.index(most),
            equal=two(1 / many),
        ),
    )


def real_models_part(cosines):
    """Lines: the cosine of the last vectors of two phrases, layer by layer.

    cosines: {"one | other": [cosine as embedded, after layer 0, ...]}.
    """
    fig, ax = canvas(6.4, 3)
    told = []
    for (pair, line), colour, lift in zip(
        cosines.items(), (BLUE, VERMILION, GREEN), (0.025, -0.03, 0.025)
    ):
        one, other = pair.split(" | ")
        ax.plot(range(len(line)), line, color=colour)
        name = f"{_kind(one)}, {_kind(other)}"
        ax.text(
            len(line) - 0.5, line[-1] + lift, name, color=colour, size=10, va="center"
        )
        told.append(
            tr(
                "“{one}” and “{other}”: least {least}, at the end {last}",
                one=_kind(one),
                other=_kind(other),
                least=two(min(line)),
                last=two(line[-1]),
            )
        )
    n_layer = len(line) - 1
    ax.set_xticks([0, 10, 20, n_layer], [tr("embed"), "9", "19", n_layer - 1])
    ax.set(ylim=(0.7, 1.02), xlim=(-0.5, n_layer + 15), xlabel=tr("after layer"))
    ax.xaxis.set_label_coords(0.33, -0.14)
    ax.set_title(tr("cosine of the two last vectors"))
    return show(
        fig,
        tr(
            "Three lines over {n} layers, the cosine of the vectors of “model” in two "
            "phrases. {told}.",
            n=n_layer,
            told="; ".join(told),
        ),
    )


def _kind(phrase):
    """ "a fashion model" -> "fashion"."""
    return phrase.removeprefix("a ").removesuffix(" model")
