"""The pictures of the chapter Sample: probabilities as shares of a line of length 1."""

import html
from functools import partial

from edition import fraction, minus, percent
from matplotlib.patches import FancyBboxPatch, Rectangle

from . import (
    BLUE,
    CENTRED,
    FAINT,
    GREEN,
    INK,
    MUTED,
    PAPER,
    VERMILION,
    Markup,
    canvas,
    drawing,
    play,
    samp,
    show,
    table,
    tr,
)


def _line(ax, y, parts, height=0.72, size=10.2):
    """A line of length 1 on which each (label, share, colour) has its part."""
    at = 0.0
    for label, share, colour in parts:
        look = {"color": colour, "edgecolor": PAPER, "linewidth": 0.8}
        ax.barh(y, share, left=at, height=height, **look)
        crowded = len(parts) > 10 and colour == FAINT  # then only the one that came
        if share > 0.022 * len(label) + 0.012 and not crowded:
            text = {"color": INK if colour == FAINT else PAPER, "size": size}
            ax.text(at + share / 2, y, label, **text, **CENTRED)
        at += share


def _told(odds):
    """{label: probability} as a text: “she” 65 %, “Ada” 34 %; of many, how many."""
    if len(odds) > 4:
        return tr("{n} tokens", n=len(odds))
    return ", ".join(
        tr("“{word}” {share}", word=label, share=percent(share))
        for label, share in odds.items()
    )


# --- which vector -----------------------------------------------------------------
def bets_of_every_place(labels, ids, p):
    """A line for each token of the prompt, divided among those that may follow it.

    labels: of all n_vocab tokens; ids: the prompt's T; p: (T, n_vocab), the
    probabilities after each.
    """
    fig, ax = canvas(5.6, 4.9)
    told = []
    for row, (id, odds) in enumerate(zip(ids, p)):
        came = ids[row + 1] if row + 1 < len(ids) else None
        likeliest = odds.topk(int((odds > 0.01).sum())).indices.tolist()
        parts = [
            (labels[i], float(odds[i]), BLUE if i == came else FAINT) for i in likeliest
        ]
        _line(ax, row, [*parts, ("", 1 - sum(part[1] for part in parts), FAINT)])
        told.append(
            tr(
                "after “{token}”: {odds}",
                token=labels[id],
                odds=_told({labels[i]: float(odds[i]) for i in likeliest}),
            )
        )
        here = {"va": "center_baseline", "size": 10.5}
        ax.text(-0.02, row, labels[id], ha="right", **here)
        real = "?" if came is None else labels[came]
        ax.text(1.02, row, real, color=BLUE, weight="bold", **here)
    ax.set(xlim=(-0.16, 1.2), ylim=(len(ids) - 0.4, -1.3))
    heads = {"size": 10, "color": MUTED, "va": "center_baseline"}
    ax.text(-0.02, -1, tr("after"), ha="right", **heads)
    ax.text(0, -1, tr("the bets on the next token"), **heads)
    ax.text(1.02, -1, tr("came"), **heads)
    ax.axis("off")
    return show(
        fig,
        tr(
            "A line for each of the {n} tokens of the prompt, divided among the tokens "
            "that have more than a hundredth: {told}.",
            n=len(ids),
            told="; ".join(told),
        ),
    )


# --- from a vector to scores ------------------------------------------------------
def pencil_scores(words, wte, x):
    """A table: each word's dot product with x, written out, and its score.

    wte: (n, 2), a row a word; x: (2,).
    """

    def written_out(row):
        (a, b), (u, v) = row, x.tolist()
        sign = "−" if b < 0 else "+"
        return f"{minus(a)} · {u:g} {sign} {abs(b):g} · {v:g}"

    header = tr("token"), tr("dot product"), tr("score")
    scores = map(minus, (x @ wte.T).tolist())
    return table(header, *zip(words, map(written_out, wte.tolist()), scores))


def pencil_arrows(words, wte, x):
    """The words' rows as arrows, with their scores, and x among them.

    wte: (n, 2), a row a word; x: (2,).
    """
    fig, ax = canvas(4.4, 2.9)
    arrow = {
        "arrowstyle": "-|>,head_length=0.5,head_width=0.25",
        "shrinkA": 0,
        "shrinkB": 0,
    }
    for label, row, score in zip(words, wte.tolist(), (x @ wte.T).tolist()):
        ax.annotate("", row, (0, 0), arrowprops=arrow | {"color": MUTED, "lw": 1.4})
        side = {"ha": "left" if row[0] > 0 else "right", "va": "center_baseline"}
        ax.text(row[0] * 1.1, row[1] * 1.06, f"{label}  {minus(score)}", **side)
    ax.annotate("", x.tolist(), (0, 0), arrowprops=arrow | {"color": BLUE, "lw": 2.4})
    ax.text(1.6, 0.5, "x", color=BLUE, weight="bold", va="center_baseline")
    ax.axhline(0, color=FAINT, lw=0.8, zorder=0)
    ax.axvline(0, color=FAINT, lw=0.8, zorder=0)
    ax.set(xlim=(-2, 2.3), ylim=(-1.35, 1.35), aspect="equal")
    ax.axis("off")
    return show(
        fig,
        tr(
            "Arrows from one point, with their scores: {scores}. The arrow x lies "
            "between the first two, nearer to the first; the third points the other way.",
            scores=", ".join(
                tr("“{word}” {score}", word=word, score=minus(score))
                for word, score in zip(words, (x @ wte.T).tolist())
            ),
        ),
    )


# --- temperature ------------------------------------------------------------------
def temperatures(heated):
    """A line for each temperature, divided among two words and all others.

    heated: `shares`, {temperature: {word: probability}}; `others`, {temperature: what
    all others have}; `author`, {word: the true probability}.
    """
    fig, ax = canvas(5.6, 3.4)
    for row, (temperature, shares) in enumerate(heated.shares.items()):
        parts = [(*pair, colour) for pair, colour in zip(shares.items(), (BLUE, GREEN))]
        rest = tr("all others"), heated.others[temperature], VERMILION
        _line(ax, row, [*parts, rest])
        ax.text(-0.02, row, f"{temperature:g}", ha="right", va="center_baseline")
    many = len(heated.shares)
    truth = zip(heated.author.items(), (BLUE, GREEN))
    _line(ax, many + 0.3, [(*pair, colour) for pair, colour in truth])
    below = {"ha": "right", "va": "center_baseline"}
    ax.text(-0.02, many + 0.3, tr("the author"), **below)
    ax.text(-0.02, -1, tr("temperature"), ha="right", color=MUTED, size=10)
    ax.set(xlim=(-0.26, 1), ylim=(many + 0.8, -1.3))
    ax.axis("off")
    told = (
        tr(
            "at {t}: {odds}, all others {rest}",
            t=f"{t:g}",
            odds=_told(shares),
            rest=rest,
        )
        for t, shares in heated.shares.items()
        for rest in [percent(heated.others[t])]
    )
    return show(
        fig,
        tr(
            "A line for each temperature, divided among two words and all other "
            "tokens: {told}. The author: {author}.",
            told="; ".join(told),
            author=_told(heated.author),
        ),
    )


# --- from dull to nonsense --------------------------------------------------------
def _underlined(right, wrong):
    """A story, its wrong part underlined."""
    line = "text-decoration: underline 2px var(--fig-vermilion)"
    bad = f'<span style="{line}">{html.escape(wrong)}</span>' if wrong else ""
    return Markup(f"{html.escape(right)}{bad}", right + wrong)


def stories_with_faults(told):
    """A table: a story a temperature, underlined from where it could not be told.

    told: {temperature: (the part without fault, the rest)}.
    """
    rows = ((t, _underlined(*parts)) for t, parts in told.items())
    return table((tr("temperature"), tr("the story")), *rows)


def grammatical_shares(as_drawn, cut, many):
    """The share of grammatical stories against the temperature, with its intervals.

    as_drawn, cut: {temperature: (share, low, high)}, without and with top-p 0.9.
    many: the stories at each temperature.
    """
    fig, ax = canvas(5.6, 3.2)
    for found, colour, marker in ((cut, GREEN, "s"), (as_drawn, BLUE, "o")):
        shares = [share for share, _, _ in found.values()]
        below = [share - low for share, low, _ in found.values()]
        above = [high - share for share, _, high in found.values()]
        bars = {"yerr": (below, above), "capsize": 3, "elinewidth": 1.2, "ms": 4.5}
        ax.errorbar(list(found), shares, fmt=f"{marker}-", color=colour, **bars)
    ax.text(1.38, 0.5, tr("as drawn"), color=BLUE, ha="right")
    ax.text(1.6, 1.0, tr("with top-p 0.9 (see below)"), color=GREEN, va="center")
    ax.set(xlim=(0.2, 2.75), ylim=(-0.03, 1.06), xlabel=tr("temperature"))
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    ax.set_title(tr("Grammatical stories, of {many}", many=many))

    def told(found):
        return ", ".join(
            f"{t:g} {percent(right, '.3g')}" for t, (right, *_) in found.items()
        )

    return show(
        fig,
        tr(
            "The share of grammatical stories at each temperature. As drawn: {drawn}. "
            "With top-p 0.9: {cut}.",
            drawn=told(as_drawn),
            cut=told(cut),
        ),
    )


# --- the cuts ---------------------------------------------------------------------
def variety(found, shown=(0.02, 0.1, 0.3, 0.8, 1.0, 1.5, 2.5)):
    """A table: how many different stories there are at each temperature.

    found: {temperature, or "greedy", or "the author": (different stories, the
    probability of `she`, the share of grammatical stories)}. shown: temperatures.
    """
    rows = []
    for how in ("greedy", *shown, "the author"):
        different, she, right = found[how]
        label = tr(how) if isinstance(how, str) else f"{how:g}"
        rows.append((label, different, percent(she), percent(right, ".3g")))
    return table(("τ", tr("different"), tr("p(she)"), tr("grammatical")), *rows)


def _bars(ax, labels, values, kept, digits, scale):
    """A bar for each value that is not None, in colour where it is kept."""
    for row, (label, value) in enumerate(zip(labels, values)):
        if value is None:
            continue
        lit = kept is None or row in kept
        colour = (BLUE if row < 6 else VERMILION) if lit else FAINT
        ax.barh(row, value / scale, height=0.66, color=colour)
        ink = INK if lit else MUTED
        ax.text(-0.02, row, label, ha="right", va="center_baseline", color=ink)
        shown = f"{value:.{digits}f}"
        ax.text(value / scale + 0.015, row, shown, va="center_baseline", color=ink)


def _pointed(ax, parts, u):
    """A line of (label, share); the point u lights one share, where it is given."""
    at, coloured = 0.0, []
    for label, share in parts:
        hit = u is not None and at <= u < at + share
        coloured.append((label, share, BLUE if hit else FAINT))
        at += share
    _line(ax, 0, coloured, size=11.1)
    if u is not None:
        ax.annotate(
            f"u = {u:.2f}",
            (u, -0.4),
            (u, -1.5),
            ha="center",
            color=VERMILION,
            arrowprops={"arrowstyle": "-|>", "color": VERMILION, "shrinkB": 0},
        )


def _scene(labels, values, step, kept=None, digits=3, scale=1.0, order=None, u=None):
    """One frame: six bars and one for the rest, and perhaps the line with a point.

    labels, values: (7,). kept: the rows that a cut left; None, where none was made.
    order: the rows that are laid end to end; None draws no line. u: the point on it.
    """
    fig, (ax, ruler) = canvas(326 / 72, 3.8, nrows=2)
    fig.set_layout_engine("none")  # no frame moves the others
    ax.set_position([0.01, 0.23, 0.98, 0.76])
    ruler.set_position([0.01, 0.01, 0.98, 0.21])
    _bars(ax, labels, values, kept, digits, scale)
    ax.text(-0.02, -1, step, weight="bold", va="center_baseline")
    ax.set(xlim=(-0.29, 1.14), ylim=(6.6, -1.5))
    ruler.set(xlim=(-0.29, 1.14), ylim=(-1.6, 0.6))
    if order is not None:
        _pointed(ruler, [(labels[row], values[row]) for row in order], u)
    ax.axis("off")
    ruler.axis("off")
    return fig


def cuts(cut):
    """The player: logits, shares, three cuts, and a draw.

    cut: what six tokens and all others have: see `facts.sample.Cuts`.
    """
    labels = cut.labels
    scene = partial(_scene, [*labels, tr("{many} others", many=cut.n_others)])

    def drawn(values, step, many, u=cut.u):
        """The `many` likeliest, kept, and laid end to end by id."""
        kept = range(many)
        by_id = sorted(kept, key=lambda row: cut.ids[row])
        return scene(values, step, kept, order=by_id, u=u)

    likeliest = 1.15 * max(cut.logits)
    renormalised = tr("top-p 0.8, renormalised")
    film = [
        (
            scene([*cut.logits, None], tr("logits"), digits=1, scale=likeliest),
            tr(
                "After “… by the river. One”: the logits. Each of the {n} tokens has one.",
                n=len(cut.ids) + cut.n_others,
            ),
        ),
        (
            scene(cut.cold, "τ = 1"),
            tr(
                "Softmax at temperature 1: nearly the author's {odds}.",
                odds=", ".join(map(fraction, cut.author)),
            ),
        ),
        (scene(cut.hot, "τ = 2"), tr("Temperature 2: the tail has grown.")),
        (
            scene(cut.hot, tr("top-p 0.8"), range(3)),
            tr(
                "Top-p 0.8: from the likeliest down until 0.8 is reached. "
                "Three are enough."
            ),
        ),
        (
            scene(cut.nucleus, renormalised, range(3)),
            tr("Divided by their sum: one again."),
        ),
        (
            drawn(cut.nucleus, tr("the line"), 3, u=None),
            tr(
                "Laid end to end, by id: each token has its share of a line of "
                "length 1."
            ),
        ),
        (
            drawn(cut.nucleus, tr("draw"), 3),
            tr(
                "Draw: a random point u falls into the share of “{name}”.",
                name=cut.drawn,
            ),
        ),
        (
            drawn(cut.two, tr("top-k, k = {k}", k=2), 2),
            tr(
                "Top-k with k = 2 instead: “{name}” is lost, which the author "
                "uses as often.",
                name=labels[2],
            ),
        ),
        (
            drawn(cut.five, tr("top-k, k = {k}", k=5), 5),
            tr(
                "k = 5: now “{one}” and “{two}” may come. No k is right everywhere.",
                one=labels[3],
                two=labels[4],
            ),
        ),
        (
            drawn(cut.greedy, tr("greedy"), 1),
            tr("k = 1 is greedy: the whole line belongs to one token."),
        ),
    ]
    frames, captions = zip(*film)
    return play(frames, tr("Scores, shares, a cut and a draw"), captions, seconds=2.5)


def ways_to_cut(ways):
    """A table: what each cut does to the stories at temperature 1.5.

    ways: {way: (the share of grammatical stories, different stories)}.
    """
    header = tr("at temperature 1.5"), tr("grammatical"), tr("different")
    rows = (
        (tr(way), percent(share, ".3g"), many) for way, (share, many) in ways.items()
    )
    return table(header, *rows)


def beams(found):
    """A table: the likeliest story that a beam of each width finds.

    found: {width: (its probability, the continuation, its ids)}.
    """
    header = tr("width"), tr("probability"), tr("the story goes on")
    rows = ((width, f"{p:.6f}", f"… {story}") for width, (p, story, _) in found.items())
    return table(header, *rows)


# --- drawing a token --------------------------------------------------------------
def pencil_draw():
    """Three shares laid end to end, and the point that falls into the second."""
    fig, ax = canvas(5.2, 1.2)
    first, second, third = tr("first"), tr("second"), tr("third")
    _line(ax, 0, [(first, 0.5, FAINT), (second, 0.25, BLUE), (third, 0.25, FAINT)])
    for at in (0, 0.5, 0.75, 1):
        ax.text(at, -0.75, f"{at:g}", ha="center", color=MUTED, size=10)
    pointer = {"arrowstyle": "-|>", "color": VERMILION, "shrinkB": 0}
    look = {"ha": "center", "color": VERMILION, "arrowprops": pointer}
    ax.annotate("u = 0.6", (0.6, 0.38), (0.6, 1), **look)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.9, 1.3))
    ax.axis("off")
    return show(
        fig,
        tr(
            "A line from 0 to 1. The first token has it up to 0.5, the second up to "
            "0.75, the third up to 1. The point u at 0.6 lies in the share of the "
            "second."
        ),
    )


# --- the loop ---------------------------------------------------------------------
def sliding_window(n_ctx, shown=3):
    """A text that is longer than the context: which tokens the model reads, step by step."""
    fig, ax = drawing(328, 152, x=(0, 330))
    ax.text(
        2,
        138,
        tr("the model reads the last {n} tokens", n=n_ctx),
        weight="bold",
        size=11.5,
    )
    cell, n = 17, 8  # eight cells stand for the whole window
    for row in range(shown):
        y = 100 - 42 * row
        for place in range(n + shown):
            left = 60 + (cell + 3) * place
            if place >= n + row + 1:
                continue
            new, read = place == n + row, row <= place < n + row
            look = {"facecolor": BLUE if read else VERMILION if new else FAINT}
            ax.add_patch(Rectangle((left, y), cell, 22, lw=0, alpha=0.85, **look))
        ax.text(2, y + 11, tr("step {n}", n=row + 1), size=11.1, va="center_baseline")
        start, end = 60 + (cell + 3) * row, 60 + (cell + 3) * (row + n) - 3
        ax.plot(
            [start, start, end, end], [y - 3, y - 8, y - 8, y - 3], color=BLUE, lw=1.4
        )
    alt = tr(
        "Three lines of squares, one more in each. The model reads a window of the same "
        "width in each line, one square further to the right, and the square after the "
        "window is the new token. Squares before the window are no longer read."
    )
    return show(fig, alt)


# --- beside the truth -------------------------------------------------------------
def author_and_model(choices):
    """Pairs of lines along a story: the author's odds, and below them the model's.

    choices: each with `before`, the text so far; `came`, the word that came; `author`
    and `model`, {word: probability}.
    """
    fig, ax = canvas(5.6, 0.62 * len(choices) + 0.5)
    for row, choice in enumerate(choices):
        for y, odds in ((-0.2, choice.author), (0.2, choice.model)):
            parts = [
                (word, share, BLUE if word == choice.came else FAINT)
                for word, share in odds.items()
            ]
            left = max(0.0, 1 - sum(odds.values()))
            _line(ax, row + y, [*parts, ("", left, VERMILION)], 0.37)
        before = "… " + " ".join(choice.before.split()[-2:])
        ax.text(-0.02, row, before, ha="right", va="center_baseline", size=10)
    ax.set(xlim=(-0.4, 1), ylim=(len(choices) - 0.4, -0.6))
    ax.axis("off")
    return show(
        fig,
        tr(
            "Pairs of lines along the story, the author's and the model's, which can "
            "hardly be told apart: {told}.",
            told="; ".join(
                tr(
                    "after “{before}”: author {author}, model {model}",
                    before=" ".join(choice.before.split()[-2:]),
                    author=_told(choice.author),
                    model=_told(choice.model),
                )
                for choice in choices
            ),
        ),
    )


def divergence(curve, swept):
    """The KL divergence from the author against the temperature.

    curve, swept: {temperature: nats per token}; `swept` is without wrong tokens.
    """
    fig, ax = canvas(5.2, 2.9)
    ax.plot(list(swept), list(swept.values()), "s-", color=GREEN, ms=3.5)
    ax.plot(list(curve), list(curve.values()), "o-", color=BLUE, ms=4.5)
    ax.text(1.45, curve[1.5], tr("the model"), color=BLUE, ha="right", va="bottom")
    ax.text(1.3, swept[1.25], tr("without its wrong tokens"), color=GREEN, va="top")
    ax.set_yscale("log")
    ax.set(xlabel=tr("temperature"), xlim=(0.45, 2.05), ylim=(1e-4, 1))
    ax.set_xticks([0.5, 1, 1.5, 2], ["0.5", "1", "1.5", "2"])
    ticks = [0.0001, 0.001, 0.01, 0.1, 1]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set_title(tr("KL divergence from the author, nats per token"))
    low, swept_low = min(curve, key=curve.get), min(swept, key=swept.get)
    return show(
        fig,
        tr(
            "The KL divergence against the temperature, on a logarithmic axis: two "
            "valleys. That of the model has its lowest point, {low_kl}, at {low}; "
            "that of its bets without wrong tokens, {swept_kl}, at {swept_low}.",
            low_kl=f"{curve[low]:.5f}",
            low=f"{low:g}",
            swept_kl=f"{swept[swept_low]:.5f}",
            swept_low=f"{swept_low:g}",
        ),
    )


# --- the circle -------------------------------------------------------------------
def circle(n_layer, d_model, n_vocab):
    """The loop in one picture: what each step makes of the text, and of what shape."""
    steps = (  # what is done, the name of what it makes, its shape
        (tr("1 tokenize"), tr("ids"), "(T,)", BLUE),
        (tr("2 embed"), tr("a vector for each"), f"(T, {d_model})", BLUE),
        (
            tr("3 attend and MLP, {n} times", n=n_layer),
            tr("vectors that know the text"),
            f"(T, {d_model})",
            BLUE,
        ),
        (tr("the last vector alone"), "x[-1]", f"({d_model},)", MUTED),
        (tr("4 unembed"), tr("a score for each token"), f"({n_vocab},)", BLUE),
        (tr("probabilities"), tr("bets that sum to 1"), f"({n_vocab},)", BLUE),
        (tr("draw"), tr("one id"), "()", VERMILION),
    )
    step = 50
    high = step * len(steps) + 8
    fig, ax = drawing(328, high, y=(high, 0), x=(0, 330))
    arrow = {"arrowstyle": "-|>", "color": MUTED, "lw": 1.6, "shrinkA": 0, "shrinkB": 0}
    for row, (does, makes, shape, edge) in enumerate(steps):
        y = step * row + 24
        box = FancyBboxPatch(
            (4, y - 19), 262, 38, boxstyle="round,pad=0,rounding_size=6"
        )
        box.set(facecolor=PAPER, edgecolor=edge, linewidth=1.6)
        ax.add_patch(box)
        ax.text(14, y - 7, does, size=11.5, weight="bold", va="center_baseline")
        ax.text(14, y + 9, makes, size=11.1, color=MUTED, va="center_baseline")
        ax.text(
            258, y + 9, shape, size=11.1, color=INK, ha="right", va="center_baseline"
        )
        if row < len(steps) - 1:
            ax.annotate("", (135, y + 31), (135, y + 19), arrowprops=arrow)
    last = step * (len(steps) - 1) + 24
    ax.plot([266, 300, 300], [last, last, 24], color=VERMILION, lw=2)
    ax.annotate(
        "", (267, 24), (300, 24), arrowprops=arrow | {"color": VERMILION, "lw": 2}
    )
    turned = {"rotation": 90, "ha": "center", "va": "center"}
    ax.text(
        316,
        (last + 24) / 2,
        tr("append it, and go round again"),
        size=11.5,
        weight="bold",
        **turned,
    )
    told = "; ".join(f"{does}: {makes} {shape}" for does, makes, shape, _ in steps)
    alt = tr(
        "A column of boxes, and an arrow from the last back to the first: append it, and go "
        "round again. {told}.",
        told=told,
    )
    return show(fig, alt)


# --- in a real model --------------------------------------------------------------
def real_texts(written):
    """A table: how the tokens were chosen, and how a real model goes on.

    written: [{"prompt": ..., "how": {...}, "text": ...}, ...].
    """
    rows = ((_how(one["how"]), samp(one["text"])) for one in written)
    return table((tr("chosen"), tr("written")), *rows)


def real_prompts(written):
    """A table: prompts, and how a real model goes on, greedily."""
    rows = ((samp(one["prompt"]), samp(one["text"])) for one in written)
    return table((tr("prompt"), tr("written")), *rows)


def _how(how):
    """{"temperature": 1.5, "top_p": 0.9} -> "τ = 1.5, top-p 0.9"."""
    if how == {"top_k": 1}:
        return tr("greedy")
    cut = tr(", top-p {p}", p=how["top_p"]) if "top_p" in how else ""
    return f"τ = {how['temperature']:g}{cut}"


# --- what you have built ----------------------------------------------------------
def grown(models):
    """Models as rectangles: as many layers high and as many numbers wide as they are.

    models: {name: (n_layer, d_model)}, the largest last.
    """
    tallest, widest = [*models.values()][-1]
    fig, ax = drawing(328, 236, x=(0, 330))
    for (name, (n_layer, d_model)), (x, y) in zip(
        models.items(), ((4, 160), (84, 160), (4, 6))
    ):
        wide, high = 320 * d_model / widest, 106 * n_layer / tallest
        ax.add_patch(Rectangle((x, y), wide, high, facecolor=BLUE, lw=0))
        said = tr("{layers} × {width}", layers=n_layer, width=f"{d_model:,}")
        beside = x + wide + 7 if wide < 100 else x
        above = y + high - 12 if wide < 100 else y + high + 6
        ax.text(beside, above, f"{tr(name)}: {said}", size=11.5, weight="bold")
    told = ", ".join(f"{tr(name)} {n} × {d}" for name, (n, d) in models.items())
    alt = tr(
        "Three rectangles, as high as a model has layers and as wide as its vectors are "
        "long. Ours can hardly be seen beside that of GPT-3. {told}.",
        told=told,
    )
    return show(fig, alt)
