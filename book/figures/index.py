"""The pictures of index.md, in the order of the page.

What is measured comes from `facts.index`, whose results these functions are handed.
"""

from html import escape

import numpy as np
from edition import mark, two
from matplotlib.patches import Ellipse, FancyArrowPatch, FancyBboxPatch, PathPatch
from matplotlib.path import Path

from gpt import world

from . import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    MONO,
    MUTED,
    NARROW,
    ORANGE,
    VERMILION,
    Markup,
    canvas,
    drawing,
    play,
    show,
    tr,
)

TYPED = MONO | {"size": 10.7}
COLUMN = 6.44  # points that one of its characters takes


# --- the head of the page -----------------------------------------------------------
def written_story(prompt, rest):
    """The story that the model wrote, its own words strong: HTML."""
    html = f'<p class="written">{escape(prompt)}<strong>{escape(rest)}</strong></p>'
    return Markup(html, prompt + rest)


# --- predict, sample, append, again -------------------------------------------------
def word_by_word(moments):
    """The film of the loop: bets, the draw, and the text that grows. A player.

    moments: a `facts.index.Moment` a frame.
    """
    frames = [_moment(*moment) for moment in moments]
    captions = [_caption(*moment) for moment in moments]
    return play(frames, tr("A story, word by word"), captions, seconds=0.8)


def _caption(text, odds, step, word):
    """What happens in one moment."""
    if step == "predict":
        return tr("Predict: {n} words could come next.", n=len(odds))
    if step == "sample":
        return tr("Sample: the draw falls on “{word}”.", word=_spoken(word))
    if word == world.END:
        return tr("The end is a word too. It was sampled, so the loop stops.")
    if len(odds) == 1:
        return tr("Only “{word}” can follow: the whole round in one frame.", word=word)
    return tr("Append: the text is one word longer. Again.")


def _spoken(word):
    return tr("the end") if word == world.END else word


def _moment(text, odds, step, word):
    """The text so far, where in the loop we are, and the bets on the next word."""
    fig, ax = drawing(316, 250)
    sheet = FancyBboxPatch((4, 143), 308, 100, boxstyle="round,pad=0,rounding_size=5")
    sheet.set(facecolor="none", edgecolor=FAINT, linewidth=1)
    ax.add_patch(sheet)
    _text_so_far(ax, text, step == "append")
    for y, name in ((112, mark("predict")), (74, mark("sample")), (36, mark("append"))):
        lit = name == step
        look = {"color": BLUE if lit else MUTED, "weight": "bold" if lit else "normal"}
        ax.text(36, y, tr(name), ha="center", va="center", size=10.7, **look)
        arrow = "↓" if y > 36 else "↺"
        ax.text(36, y - 19, arrow, ha="center", va="center", color=MUTED)
    _bets(ax, odds, word)
    return fig


def _text_so_far(ax, text, fresh):
    """The text in lines: the prompt in ink, what was sampled in blue.

    fresh: the last word has just been appended.
    """
    given, line, column = len(world.PROMPT.split()), 0, 0
    words = text.split()
    for number, word in enumerate(words):
        if column + len(word) > 46:
            line, column = line + 1, 0
        new = fresh and number == len(words) - 1
        ax.text(
            10 + column * COLUMN,
            228 - 17 * line,
            word,
            color=INK if number < given else BLUE,
            weight="bold" if new else "normal",
            **TYPED,
        )
        column += len(word) + 1


def _bets(ax, odds, word):
    """A bar for each word that could follow; all but the drawn one faint, if there is."""
    ranked = sorted(odds.items(), key=lambda option: -option[1])
    for row, (option, p) in enumerate(ranked):
        y = 70 + 7.5 * (len(odds) - 1) - 15 * row
        chosen = option == word
        colour = BLUE if chosen or word is None else FAINT
        look = {"color": MUTED if colour == FAINT else INK, "size": 10.7}
        look["weight"] = "bold" if chosen else "normal"
        ax.text(142, y, _spoken(option), ha="right", va="center_baseline", **look)
        ax.barh(y, 118 * p, left=149, height=9.5, color=colour)
        percent = {"va": "center_baseline", "size": 10.7, "color": MUTED}
        ax.text(154 + 118 * p, y, f"{100 * p:.3g} %", **percent)


# --- G: generative ------------------------------------------------------------------
def border_or_clouds(foxes, owls):
    """The same animals for a discriminative and for a generative model.

    foxes, owls: a `facts.index.Cloud` each.
    """
    fig, (left, right) = canvas(NARROW / 72, 2.4, ncols=2, sharex=True, sharey=True)
    kinds = (foxes, VERMILION), (owls, BLUE)
    for ax in (left, right):
        ax.set(xlim=(-3, 3), ylim=(-3, 3), xticks=[], yticks=[], aspect="equal")
        for side in ax.spines.values():
            side.set_visible(True)
            side.set_color(FAINT)
    for ax, wide, alpha in ((left, 4, 1), (right, 3, 0.45)):
        for cloud, colour in kinds:
            ax.add_patch(_dots(cloud.seen, wide, color=colour, alpha=alpha))
    left.plot([-1.35, 1.35], [3, -3], color=INK)
    left.text(-2.8, -2.75, tr("fox"), color=VERMILION, weight="bold")
    left.text(2.8, 2.45, tr("owl"), color=BLUE, weight="bold", ha="right")
    for cloud, colour in kinds:
        _rings(right, cloud, colour)
        right.scatter(
            *cloud.drawn.T, s=62, marker="*", color=INK, linewidths=0, zorder=5
        )
    left.set_title(tr("Which is it?"), size=11)
    right.set_title(tr("What are they like?"), size=11)
    fig.get_layout_engine().set(h_pad=0.1)  # room for the feet of the labels
    left.set_xlabel("p(y | x)")
    right.set_xlabel("p(x)")
    alt = tr(
        "Two panels with the same two clouds of dots, foxes and owls. Left, a line divides "
        "them. Right, rings show where each kind is dense, and stars are newly drawn "
        "animals."
    )
    return show(fig, alt)


def _dots(spots, wide, **look):
    """Dots as one path: lines of no length with round ends, each a few bytes."""
    path = Path(np.repeat(spots, 2, axis=0), [Path.MOVETO, Path.LINETO] * len(spots))
    path.should_simplify = False
    return PathPatch(path, fill=False, lw=wide, capstyle="round", **look)


def _rings(ax, cloud, colour):
    """Lines of equal density."""
    wide, tall = cloud.spread
    for far in (0.7, 1.4, 2.1):  # standard deviations
        look = {"fill": False, "ec": colour, "lw": 1.2}
        ax.add_patch(
            Ellipse(cloud.centre, 2 * far * wide, 2 * far * tall, **look, clip_on=True)
        )


# --- one formula --------------------------------------------------------------------
def surprise_bars(words, bars):
    """The surprise of each word of a story, in two rows, and their mean.

    bars: nats, one a word.
    """
    fig, rows = canvas(326 / 72, 4.4, nrows=2, sharey=True)
    half, mean = (len(words) + 1) // 2, sum(bars) / len(bars)
    for ax, start in zip(rows, (0, half)):
        places = range(min(half, len(words) - start))
        ax.bar(places, [bars[start + t] for t in places], width=0.62, color=BLUE)
        ax.axhline(mean, color=GREEN, linewidth=1.4, linestyle=(0, (4, 2)))
        named = [_spoken(words[start + t]) for t in places]
        ax.set_xticks(places, named, rotation=90)
        ax.tick_params(axis="x", length=0)
        ax.tick_params(labelsize=11)
        ax.set(xlim=(-0.7, half - 0.3), ylim=(0, 2.7), yticks=[0, 1, 2])
    rows[0].text(half - 0.4, mean + 0.1, tr("the mean"), color=GREEN, ha="right")
    rows[0].set_title(tr("Surprise of each word, nats"))
    alt = tr(
        "The words of the story in two rows, with a bar over each for its surprise. The "
        "highest stand over the animal, “{animal}”, and the name, “{name}”; most words have "
        "none. A dashed line marks the mean, {mean}.",
        animal=words[3],
        name=words[5],
        mean=two(mean),
    )
    return show(fig, alt)


# --- how far back must it look ------------------------------------------------------
def loss_against_n(ngrams):
    """The loss of n-gram models against n, for two amounts of text, and the floor.

    ngrams: a `facts.index.Ngrams`.
    """
    ns = np.arange(1, len(ngrams.library) + 1)
    fig, ax = canvas(NARROW / 72, 2.8)
    for losses, name, colour, y in (
        (ngrams.little, tr("100 thousand characters"), ORANGE, 1.29),
        (ngrams.library, tr("1 million characters"), BLUE, 0.46),
    ):
        ax.plot(ns, losses, "o-", color=colour, markersize=4.5)
        ax.text(12, y, name, color=colour, ha="right")
    ax.axhline(ngrams.floor, color=GREEN)
    ax.text(12, ngrams.floor - 0.11, tr("the floor"), color=GREEN, ha="right")
    ax.set(xlim=(0.6, 12.3), ylim=(0.2, 1.6), xticks=ns, yticks=[0.4, 0.8, 1.2, 1.6])
    ax.set_xlabel("n")
    ax.set_title(tr("Loss on new stories, nats per word"))
    alt = tr(
        "Loss of n-gram models against n from 1 to 12, for 100 thousand and 1 million "
        "characters of training text. Both curves fall, turn, and rise again, well above a "
        "line that marks the floor."
    )
    return show(fig, alt)


# a line of a story, and a blank to be filled at its end
LINE = "named", "Ada", "lived", "by", "the", "lake", "…", "At", "last", "?"
BLANK, HERO = 9, 1  # their places


def who_reaches_the_blank():
    """Four kinds of language model as arrows between the words of one line."""
    fig, ax = drawing(NARROW, 4.3 * 72, x=(-0.65, 9.35), y=(-8.5, 1.25))
    into_blank = [(place, BLANK) for place in range(BLANK)]
    to_next = [(place, place + 1) for place in range(BLANK)]
    for y, height, name, arcs in (
        (0, 0.85, tr("n-gram"), into_blank[-2:]),
        (-2.2, 0.85, tr("feed-forward"), into_blank[-4:]),
        (-4.3, 0.85, tr("recurrent"), to_next),
        (-7.9, 2.35, tr("transformer"), into_blank),
    ):
        ax.text(-0.5, y + height, name, weight="bold", size=11)
        for arc in arcs:
            _arc(ax, y, *arc, fades=arcs is to_next, hero=arc == (HERO, BLANK))
        touched = {place for arc in arcs for place in arc}
        for place, word in enumerate(LINE):
            colour = INK if place in touched else MUTED
            colour = VERMILION if place == HERO else colour
            ax.text(place, y - 0.35, word, ha="center", color=colour, size=10.2)
    alt = tr(
        "Four rows over the words: named Ada lived by the lake, At last, and a blank. An "
        "n-gram has arrows into the blank from two words, a feed-forward network from four, "
        "a recurrent network from word to next word, fading, and a transformer from every "
        "word, the one from Ada drawn thick."
    )
    return show(fig, alt)


def _arc(ax, y, start, end, fades, hero):
    """An arrow over the words of a line at height y.

    fades: the paler, the earlier it starts; hero: drawn thick.
    """
    arc = FancyArrowPatch(
        (start, y + 0.1),
        (end, y + 0.1),
        connectionstyle=f"arc3,rad={-0.6 if fades else -0.42}",
        arrowstyle="-|>,head_length=4,head_width=2",
        color=VERMILION if hero else BLUE,
        alpha=0.2 + 0.8 * start / 8 if fades else 1,
        linewidth=2.6 if hero else 1.1,
        zorder=3 if hero else 2,
        shrinkA=1,
        shrinkB=2,
    )
    ax.add_patch(arc)


# --- from GPT-2 to GPT-3 ------------------------------------------------------------
def formula_and_published(parameters):
    """Parameters as published against those by the formula: one line.

    parameters: {"GPT-3": [(by the formula, as published), ...], "GPT-2": …}.
    """
    fig, ax = canvas(NARROW / 72, 3)
    ends = np.array([8e7, 3e11])
    ax.plot(ends, ends, color=MUTED, linewidth=1.2, zorder=1)
    looks = {"GPT-3": (BLUE, "o"), "GPT-2": (VERMILION, "D")}
    for name, models in parameters.items():
        colour, marker = looks[name]
        ax.loglog(*zip(*models), marker, color=colour, markersize=7)
    for name, billions, aside, align in (
        ("GPT-3", 175, (-12, 0), "right"),
        ("GPT-2", 1.55, (10, -12), "left"),
    ):
        place, look = (billions * 1e9, billions * 1e9), {"weight": "bold", "ha": align}
        look |= {"color": looks[name][0], "textcoords": "offset points"}
        ax.annotate(name, place, aside, **look)
    ticks, names = [1e8, 1e9, 1e10, 1e11], ["0.1", "1", "10", "100"]
    ax.set(xlim=ends, ylim=ends)
    ax.set_xlabel(tr("billions of parameters, by the formula"))
    ax.set_xticks(ticks, names)
    ax.set_yticks(ticks, names)
    ax.minorticks_off()
    ax.set_title(tr("Billions of parameters, as published"))
    alt = tr(
        "Published parameters of the four GPT-2 and the eight GPT-3 models against those "
        "that the formula gives, on logarithmic axes: all twelve lie on the diagonal."
    )
    return show(fig, alt)


# --- a century in one picture -------------------------------------------------------
PAST = (  # year, name, what was new, colour
    (1913, mark("Markov"), mark("counts which letter follows which"), MUTED),
    (1948, mark("Shannon"), mark("n-grams of words; surprise and entropy"), MUTED),
    (2003, mark("Feed-forward network"), mark("words become vectors"), ORANGE),
    (
        2014,
        mark("Recurrent network"),
        mark("translates, with one vector as memory"),
        ORANGE,
    ),
    (2015, mark("Attention"), mark("looks back at the words themselves"), BLUE),
    (2017, mark("Transformer"), mark("keeps only the looking back"), BLUE),
    (2018, mark("GPT"), mark("pre-trained on books, then fine-tuned"), BLUE),
    (2019, mark("GPT-2"), mark("does tasks as a continuation of text"), BLUE),
    (2020, mark("GPT-3"), mark("learns from examples in the prompt"), BLUE),
    (
        2022,
        mark("ChatGPT"),
        mark("trained towards answers that people prefer"),
        VERMILION,
    ),
    (2023, mark("Llama"), mark("new parts, open weights"), BLUE),
    (2024, mark("DeepSeek-V2"), mark("experts, and a smaller cache"), BLUE),
    (
        2025,
        mark("Qwen3"),
        mark("thinks in writing before it answers, or not"),
        VERMILION,
    ),
)


def timeline():
    """What language models looked at and learned from, the oldest on top."""
    step = 31
    high = step * len(PAST)
    fig, ax = drawing(328, high, y=(0, high), x=(0, 330))
    ax.plot([52, 52], [step / 2, high - step / 2], color=FAINT, linewidth=2, zorder=1)
    for row, (year, name, new, colour) in enumerate(PAST):
        y = high - step * (row + 0.5)
        ax.plot(52, y, "o", color=colour, markersize=8, zorder=2)
        ax.text(40, y, str(year), ha="right", va="center", color=MUTED, size=11.1)
        ax.text(
            66, y + 6.5, tr(name), va="center", color=colour, weight="bold", size=11.1
        )
        ax.text(66, y - 7.5, tr(new), va="center", size=11.1)
    alt = tr("A timeline of language models.") + " "
    return show(fig, alt + " ".join(f"{y}, {tr(n)}: {tr(w)}." for y, n, w, _ in PAST))


# --- ChatGPT is the same loop -------------------------------------------------------
def transcript():
    """A conversation as one text; what the assistant says is sampled, and blue."""
    said = [
        ("<|system|>", tr("You are a helpful assistant."), INK),
        ("<|user|>", tr("Who lives by the river?"), INK),
        ("<|assistant|>", tr("A little fox named Ada."), BLUE),
        ("<|user|>", tr("Is she brave?"), INK),
        ("<|assistant|>", "", BLUE),  # and a cursor
    ]
    alt = tr(
        "A transcript as one text with markers: system, you are a helpful assistant, end; "
        "user, who lives by the river, end; assistant, a little fox named Ada, end; user, "
        "is she brave, end; assistant, and a cursor. The assistant's words are blue."
    )
    return show(_in_five_lines(said), alt, _in_nine_lines(said))


def _in_five_lines(said):
    """A line for each who speaks."""
    fig, ax = drawing(4.9 * 72, 1.5 * 72, x=(0, 353))
    for row, (speaker, words, colour) in enumerate(said):
        y = 88 - 20 * row
        ax.text(4, y, speaker, color=MUTED, **TYPED)
        start = 4 + COLUMN * len(speaker)
        ax.text(start, y, words, color=colour, **TYPED)
        mark = "<|end|>" if words else "▮"
        mark_colour = MUTED if colour == INK else BLUE
        end = start + COLUMN * max(1, len(words))
        ax.text(end, y, mark, color=mark_colour, **TYPED)
    return fig


def _in_nine_lines(said):
    """For a phone: what is said stands below who says it."""
    high = 19 * (2 * len(said) - 1) + 10
    fig, ax = drawing(NARROW, high, y=(high, 0))
    y = 0
    for speaker, words, colour in said:
        y += 19
        ax.text(4, y, speaker, color=MUTED, **TYPED)
        if not words:
            ax.text(4 + COLUMN * (len(speaker) + 1), y, "▮", color=BLUE, **TYPED)
            continue
        y += 19
        ax.text(22, y, words, color=colour, **TYPED)
        look = {"color": MUTED if colour == INK else BLUE}
        ax.text(22 + COLUMN * len(words), y, "<|end|>", **look, **TYPED)
    return fig
