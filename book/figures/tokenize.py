"""The pictures of the chapter Tokenize, in the order of its page.

What they show is handed to them: texts, tokenizers, or what `facts.tokenize` found.
"""

from html import escape

import matplotlib.patches as shapes
from edition import dots, mark, percent

from . import (
    ACCENT,
    CENTRED,
    FAINT,
    GREEN,
    INK,
    MONO,
    MUTED,
    PAPER,
    SEQUENTIAL,
    VERMILION,
    Markup,
    bare,
    beside,
    canvas,
    play,
    show,
    table,
    tokens,
    tr,
)


# --- a text, cut ------------------------------------------------------------------
def cut_by(tokenizer, text):
    """A text as a tokenizer of the course cuts it, with ids."""
    return tokens(tokenizer.pieces(text), tokenizer.encode(text))


def three_cuts(cuts):
    """The table of what three ways of cutting cost.

    cuts: {way: `vocabulary`, characters `per_token`, and the share `lost`}.
    """
    header = tr("cut into"), tr("vocabulary"), tr("chars per token"), tr("lost")
    rows = (
        (
            tr(way),
            f"{cut.vocabulary:,}",
            f"{cut.per_token:.1f}",
            percent(cut.lost, ".1f"),
        )
        for way, cut in cuts.items()
    )
    return table(header, *rows)


# --- byte-pair encoding -----------------------------------------------------------
def words_in_letters(words):
    """Words beside each other, each cut into its letters."""
    return beside(*map(tokens, words), gap=0.7)


def pencil_answers(pencil):
    """The filled table: every merge, and the words after it.

    pencil: `merges`, each with the `pair`, its `count`, and the words `after` it.
    """
    header = tr("merge"), tr("pair"), tr("how often"), tr("the words after it")
    rows = (
        (number, dots(step.pair), step.count, "  ".join(map(dots, step.after)))
        for number, step in enumerate(pencil.merges, 1)
    )
    return table(header, *rows)


def five_merges(pencil):
    """The player of the merges on the pencil's words: count, glue, count, ...

    pencil: `merges`, each with the words `before` and `after` it as lists of pieces,
    the `counts` of all pairs {pair: n}, the `pair` and its `count`, the `ties`, how
    often it is `glued`, the new `piece` and its `id`; and the counts that are `left`.
    """
    frames, captions = [], []
    for number, step in enumerate(pencil.merges, 1):
        frames.append(_words_and_counts(step.before, step.counts, step.pair))
        captions.append(_counted(number, step))
        frames.append(_words_and_counts(step.after, new=step.piece))
        captions.append(_glued(step))
    frames.append(_words_and_counts(pencil.merges[-1].after, pencil.left))
    captions.append(tr("Every pair that is left occurs once: a good moment to stop."))
    return play(frames, tr("Five merges on six words"), captions, seconds=2.5)


def _counted(number, step):
    given = {"number": number, "pair": dots(step.pair), "count": step.count}
    if not step.ties:
        return tr("Merge {number}: `{pair}` is there {count} times.", **given)
    return tr(
        "Merge {number}: `{pair}` is there {count} times, like {ties}, but is older.",
        ties=tr(" and ").join(f"`{dots(tie)}`" for tie in step.ties),
        **given,
    )


def _glued(step):
    given = {"times": step.glued, "piece": step.piece.decode(), "id": step.id}
    if step.glued == step.count:
        return tr("Glued {times} times: `{piece}` is a piece, id {id}.", **given)
    return tr(
        "Glued only {times} times, as two overlap: `{piece}` is a piece, id {id}.",
        **given,
    )


def _words_and_counts(chunks, counts=None, pair=None, new=None):
    """A frame: words as rows of boxes; the counts of their pairs as bars, at most six.

    pair: lit wherever it stands. new: the piece that is filled.
    """
    fig, (left, right) = canvas(326 / 72, 2.8, ncols=2, width_ratios=[1.35, 1])
    left.set(xlim=(0, 5), ylim=(6, 0))
    right.set(xlim=(0, 4.4), ylim=(6, 0))
    left.axis("off")
    right.axis("off")
    for row, pieces in enumerate(chunks):
        at = end = 0
        for i, piece in enumerate(pieces):
            if i >= end and tuple(pieces[i : i + 2]) == pair:
                end = i + 2  # from the left: two pairs do not overlap
            _piece(left, at, row, piece, lit=i < end, new=piece == new)
            at += len(piece)
    for row, (neighbours, count) in enumerate(list((counts or {}).items())[:6]):
        colour = ACCENT if neighbours == pair else MUTED
        right.add_patch(shapes.Rectangle((1.7, row + 0.25), count / 2, 0.5, fc=colour))
        look = {"va": "center_baseline"}
        right.text(1.8 + count / 2, row + 0.52, count, **look)
        look |= {"ha": "right"} | MONO
        right.text(1.55, row + 0.52, dots(neighbours), **look)
    return fig


def _piece(ax, at, row, piece, lit, new):
    """A piece as a box, as wide as it has letters."""
    box = shapes.FancyBboxPatch(
        (at + 0.13, row + 0.19),
        len(piece) - 0.26,
        0.62,
        boxstyle="round,pad=0,rounding_size=0.13",
        fc=ACCENT if new else "none",
        ec=ACCENT if lit or new else MUTED,
        lw=2.4 if lit or new else 1,
    )
    ax.add_patch(box)
    look = CENTRED | MONO | {"size": 12.5}
    for place, letter in enumerate(piece.decode(), at):
        colour = PAPER if new else INK
        ax.text(place + 0.5, row + 0.52, letter, color=colour, **look)


def first_and_last_merges(tokenizer, many=9):
    """The first pieces that training made, and below them the last."""
    made = list(tokenizer.ranks.items())[256:]
    rows = [
        tokens([piece for piece, _ in some], [id for _, id in some])
        for some in (made[:many], made[-many:])
    ]
    return Markup("".join(row.markup for row in rows), "\n".join(map(str, rows)))


# --- encode -----------------------------------------------------------------------
def replayed_merges(replay):
    """The table of the steps in which a word is encoded.

    replay: `steps`, each with the `pieces`, the `known` pairs {pair: rank}, the lowest
    first, and the pair to `glue`, None at the end.
    """
    rows = []
    for step in replay.steps:
        known = ", ".join(f"{dots(pair)} ({rank})" for pair, rank in step.known.items())
        chosen = dots(step.glue) if step.glue else tr("done")
        rows.append((dots(step.pieces), known or tr("none"), chosen))
    header = tr("pieces"), tr("neighbours that make a piece (its rank)"), tr("glue")
    return table(header, *rows)


def cost_of_characters(costs, meanings):
    """The table of what characters cost.

    costs: {text: (bytes, our tokens, GPT-2's tokens)}. meanings: {text: a word or ""}.
    """
    header = tr("text"), tr("bytes"), tr("tokens, ours"), tr("tokens, GPT-2")
    rows = (
        (f"{text} {meanings[text] and tr(meanings[text])}", *cost)
        for text, cost in costs.items()
    )
    return table(header, *rows)


def one_sentence_cut(cuts):
    """The table of how tokenizers cut a sentence.

    cuts: [(whose, pieces), ...]: "ours", "GPT-2's", or the size of a vocabulary that
    was made from Chinese.
    """

    def name(whose):
        if isinstance(whose, int):
            return tr("trained on Chinese, {n} tokens", n=whose)
        return tr(whose)

    rows = ((name(whose), tokens(pieces), len(pieces)) for whose, pieces in cuts)
    return table([tr("tokenizer"), tr("the sentence"), tr("tokens")], *rows)


# --- the pre-tokenizer ------------------------------------------------------------
def longest_pieces(chunked, unchunked):
    """The table of the longest pieces with and without a pre-tokenizer.

    chunked, unchunked: the pieces that training made, on words and on one chunk.
    """

    def longest(pieces, many):
        return tokens(sorted(pieces, key=lambda piece: (-len(piece), piece))[:many])

    return table(
        [tr("the text is"), tr("the longest pieces are")],
        (tr("cut into words"), longest(chunked, 8)),
        (tr("one chunk"), longest(unchunked, 5)),
    )


# The parts of GPT-2's pattern, in order: the part, what it takes, a text to try it on
PATTERN_EXPLAINED = [
    (
        "'s|'t|'re|'ve|'m|'ll|'d",
        mark("the end of an English contraction"),
        "it's DON'T",
    ),
    (r" ?\p{L}+", mark("letters of any script, with one space before"), "The fox 果"),
    (r" ?\p{N}+", mark("numbers of any script, with one space before"), "in 1984 ½"),
    (
        r" ?[^\s\p{L}\p{N}]+",
        mark("other characters, with one space before"),
        "no!? (1)",
    ),
    (r"\s+(?!\S)", mark("white space, but not the last before a word"), "a    b"),
    (r"\s+", mark("any white space that is left"), "a\nb"),
]


def parts_of_the_pattern(split):
    """The table of what each part of GPT-2's pattern takes. split: text -> chunks."""
    rows = []
    for part, takes, text in PATTERN_EXPLAINED:
        code = f"<code style='white-space:pre'>{escape(part)}</code>"
        takes = tr(takes)
        explained = Markup(f"{code}<br>{takes}", f"{part}: {takes}")
        rows.append((explained, tokens(split(text))))
    return table([tr("the part, and what it takes"), tr("for example")], *rows)


# --- where tokenization hurts -----------------------------------------------------
def cost_of_languages(costs, sentence):
    """Bars: the tokens that GPT-2 needs for one sentence in several languages.

    costs: {language: tokens}, from the top. sentence: the English one, in one colour.
    """
    fig, ax = canvas(5.6, 2.9)
    names = [tr(name) for name in costs]
    colours = [ACCENT if name == "English" else MUTED for name in costs]
    ax.barh(names, list(costs.values()), color=colours, height=0.66)
    for row, cost in enumerate(costs.values()):
        ax.text(cost + 0.6, row, cost, va="center")
    ax.invert_yaxis()
    bare(ax)
    ax.set_xticks([])
    title = tr("GPT-2 tokens for\n“{sentence}”", sentence=sentence)
    ax.set_title(title, size=10.5)
    bars = ", ".join(f"{name} {cost}" for name, cost in zip(names, costs.values()))
    alt = tr("Bars: tokens that GPT-2 needs for one sentence in eight languages:")
    return show(fig, f"{alt} {bars}")


# --- what the vocabulary size trades ----------------------------------------------
def vocabulary_sizes(sizes, ours):
    """Two plots against the size of the vocabulary: what it gives, and what it takes.

    sizes: `curves`, {text: [(n_vocab, characters per token), ...]}; `parameters` of the
    tokens' rows, [(n_vocab, how many), ...]; and `d_model`. ours: a dotted line.
    """
    fig, (top, bottom) = canvas(5.6, 4.4, nrows=2, sharex=True, height_ratios=[1.6, 1])
    for (name, points), colour in zip(sizes.curves.items(), (ACCENT, VERMILION)):
        top.plot(*zip(*points), "o-", ms=4, color=colour)
        look = {"textcoords": "offset points", "color": colour, "va": "center"}
        top.annotate(tr(name), points[-1], (6, 0), **look)
    top.set(ylim=(0.8, 5.2))
    top.set_title(tr("characters per token"))
    thousands = [(n, many / 1000) for n, many in sizes.parameters]
    bottom.plot(*zip(*thousands), color=GREEN)
    title = tr(
        "parameters, in thousands ({d_model})", d_model=f"d_model = {sizes.d_model}"
    )
    bottom.set_title(title)
    bottom.set_xscale("log", base=2)
    bottom.set_yscale("log", base=2)
    bottom.set_yticks([25, 50, 100, 200, 400], [25, 50, 100, 200, 400])
    ticks = [256, 512, 1024, 2048, 4096]
    bottom.set_xticks(ticks, [f"{n:,}" for n in ticks])
    bottom.minorticks_off()
    bottom.set(xlabel="n_vocab", xlim=(240, 9000))
    for ax in (top, bottom):
        ax.axvline(ours, color=MUTED, lw=1, ls=":")
    return show(
        fig,
        tr(
            "Two plots against the vocabulary size. Characters per token rise fast for "
            "the small world and end when every word is one token; for Python's manual "
            "they go on rising, ever more slowly. The parameters for the tokens rise in "
            "proportion."
        ),
    )


# --- not only text ----------------------------------------------------------------
def picture_and_sound(coded):
    """A picture in patches and a sound in frames, and a number for each.

    coded: `picture` (32, 32) and the numbers of its 16 `patches`, `sound` (1600,) and
    the numbers of its 16 `frames`.
    """
    fig, axes = canvas(5.6, 4.2, nrows=4, height_ratios=[2.8, 1, 1.8, 1])
    scene, scene_row, wave, wave_row = axes
    for ax in axes:
        ax.axis("off")
    scene.set(xlim=(0, 16), ylim=(4, 0), aspect="equal")
    extent = (0, 4, 4, 0)
    scene.imshow(coded.picture, extent=extent, cmap=SEQUENTIAL, vmin=0, vmax=1.3)
    scene.hlines(range(1, 4), 0, 4, color=PAPER)
    scene.vlines(range(1, 4), 0, 4, color=PAPER)
    said = tr("a picture of 32 × 32 pixels:\n16 patches, row by row")
    scene.text(4.5, 2, said, va="center")
    wave.plot(coded.sound, color=VERMILION, lw=0.8)
    wave.vlines(range(0, 1601, 100), -1, 1, color=FAINT, lw=0.8)
    wave.set(xlim=(0, 1600))
    title = tr("a sound of 1,600 samples: 16 frames")
    wave.set_title(title, weight="normal", size=11)
    _numbers(scene_row, coded.patches, ACCENT)
    _numbers(wave_row, coded.frames, VERMILION)
    return show(
        fig,
        tr(
            "A drawn sun over a hill is cut into 16 patches; below it stands one number "
            "for each patch: {patches}. A sound of three notes is cut into 16 frames, "
            "with the numbers {frames}. What looks alike has the same number.",
            patches=coded.patches,
            frames=coded.frames,
        ),
    )


def _numbers(ax, numbers, colour):
    """Numbers in a row of boxes."""
    ax.set(xlim=(0, len(numbers)), ylim=(0, 1))
    for i, number in enumerate(numbers):
        box = shapes.Rectangle((i + 0.06, 0.05), 0.88, 0.9, fill=False, ec=colour)
        ax.add_patch(box)
        ax.text(i + 0.5, 0.5, number, **CENTRED)


# --- predictions ------------------------------------------------------------------
def new_pieces(pieces):
    """Pieces in the order of their birth, with the ids that they get."""
    return tokens(pieces, range(256, 256 + len(pieces)))
