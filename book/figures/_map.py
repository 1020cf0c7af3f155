"""The map of the course, wide and tall: what the menu says, as a picture.

A chapter shows the pipeline, with its own stage lit; the first page also the exercise of
each stage, and what comes beyond the pipeline.
"""

import re
from pathlib import Path

from edition import mark, tr

from gpt import world

from ._map_parts import arrow, chip, label, pictogram, rect
from ._svg import Markup

CONTENTS = Path(__file__).parents[2] / "_toc.yml"

# stage: (number, title, what it does)
STAGES = {
    "tokenize": ("1", mark("tokenize"), mark("text to ids")),
    "embed": ("2", mark("embed"), mark("ids to vectors")),
    "attend": ("3a", mark("attend"), mark("between tokens")),
    "mlp": ("3b", mark("MLP"), mark("within a token")),
    "sample": ("4", mark("sample"), mark("unembed, draw")),
}
# chapter beyond the pipeline: (title, what it does)
BEYOND = {
    "train": (mark("train"), mark("how it learns")),
    "cache": (mark("cache"), mark("how it writes fast")),
    "modern": (mark("modern"), mark("what is newer")),
    "chat": (mark("chat"), mark("how it answers")),
}
WRITTEN = (
    "Ada"  # what the story of the first page says after the prompt; a test compares
)


def _listed(page):
    """Whether a page stands in the table of contents."""
    text = CONTENTS.read_text("utf-8") if CONTENTS.exists() else ""
    return bool(re.search(rf"\b{re.escape(page)}\s*$", text, re.MULTILINE))


def _exercise(word, x, y, width, height):
    """A link to the exercise of a chapter, where there is one."""
    if not _listed(f"exercises/{word}/{word}"):
        return ""
    text, outline = tr("exercise"), rect(x, y, width, height, 'class="m-todo"', 9)
    title = STAGES[word][1] if word in STAGES else BEYOND[word][0]
    name = tr("exercise: {chapter}", chapter=tr(title))
    return (
        f'<a href="../exercises/{word}/{word}.html" class="stage" aria-label="{name}">'
        f"{outline}"
        f'<text x="{x + width / 2:g}" y="{y + height / 2 + 4.5:g}" '
        f'text-anchor="middle" class="m-does">{text}</text></a>'
    )


def _further(word, x, y, width, height, flat):
    """A chapter beyond the pipeline, as a card without a picture. flat: in one line."""
    title, does = BEYOND[word]
    middle = y + height / 2
    if flat:
        words = (
            f'<text x="{x + 14:g}" y="{middle + 5:g}" class="m-name">{tr(title)}'
            f'<tspan class="m-does" dx="8">{tr(does)}</tspan></text>'
        )
    else:
        at = f'x="{x + width / 2:g}" text-anchor="middle"'
        words = (
            f'<text {at} y="{middle - 4:g}" class="m-name">{tr(title)}</text>'
            f'<text {at} y="{middle + 14:g}" class="m-does">{tr(does)}</text>'
        )
    body = rect(x, y, width, height, 'class="m-card"', 9) + words
    if _listed(f"book/{word}"):
        return f'<a href="{word}.html" class="stage">{body}</a>'
    return f'<g class="stage">{body}</g>'


def _card(stage, x, y, width, height, lit, flat):
    """One stage as a card; a link where its chapter exists. flat: text at the right."""
    number, title, does = STAGES[stage]
    if flat:
        picture = f'<g transform="translate({x + 12} {y + height / 2 - 20:g})">'
        at, first, anchor = x + 86, y + height / 2 - 4, "start"
    else:
        picture = f'<g transform="translate({x + width / 2 - 30:g} {y + 16})">'
        at, first, anchor = x + width / 2, y + 80, "middle"
    outline = rect(x, y, width, height, 'class="m-card"', 9)
    body = (
        f"{outline}{picture}{pictogram(stage)}</g>"
        f'<text x="{at:g}" y="{first:g}" text-anchor="{anchor}" class="m-name">'
        f'<tspan class="m-number">{number}</tspan> {tr(title)}</text>'
        f'<text x="{at:g}" y="{first + 18:g}" text-anchor="{anchor}" class="m-does">'
        f"{tr(does)}</text>"
    )
    kind = "stage" if lit is None else "stage lit" if lit == stage else "stage dim"
    if _listed(f"book/{stage}"):
        here = ' aria-current="true"' if lit == stage else ""
        return f'<a href="{stage}.html" class="{kind}"{here}>{body}</a>'
    return f'<g class="{kind}">{body}</g>'


def _prompt(*per_line):
    """The end of the course's prompt, so many words a line."""
    words, lines = world.PROMPT.split()[-sum(per_line) :], []
    for many in per_line:
        lines.append(" ".join(words[:many]))
        words = words[many:]
    return [f"… {lines[0]}", *lines[1:]]


def _wide_map(lit):
    top, tall, middle = 30, 118, 89
    whole = lit is None
    end = 189 if whole else 156  # of the block that is repeated
    back = end + 32
    cards = {"tokenize": 94, "embed": 208, "attend": 328, "mlp": 430, "sample": 558}
    widths = {"tokenize": 96, "embed": 96, "attend": 94, "mlp": 94, "sample": 104}
    drawn = [
        rect(328, 15, 212, end - 7, 'class="m-stack"', 12),
        rect(324, 11, 212, end - 7, 'class="m-stack"', 12),
        rect(320, 7, 212, end - 7, 'class="m-block"', 12),
        chip(1, middle - 35, 74, 70, _prompt(2, 1, 2), "m-text"),
        *(_card(s, x, top, widths[s], tall, lit, False) for s, x in cards.items()),
        *(
            arrow([(start, middle), (stop, middle)], (1, 0))
            for start, stop in (
                *((75, 93), (190, 207), (304, 327)),
                *((422, 429), (540, 557), (662, 679)),
            )
        ),
        label(426, 23, tr("stage 3, repeated N times")),
        chip(680, middle - 17, 56, 34, [WRITTEN], "m-token"),
        arrow(
            [(708, middle + 17), (708, back), (38, back), (38, middle + 36)], (0, -1)
        ),
        f'<rect x="252" y="{back - 10}" width="242" height="20" class="m-gap"/>',
        label(373, back + 4, tr("append the token, and go round again")),
    ]
    if not whole:
        return "".join(drawn), (738, back + 14)
    drawn += [_exercise(s, x, top + 125, widths[s], 27) for s, x in cards.items()]
    low = back + 30
    drawn += [
        rect(1, low, 736, 102, 'class="m-block"', 12),
        label(75, low + 47, tr("beyond")),
        label(75, low + 64, tr("the pipeline")),
    ]
    for x, word in zip(range(150, 720, 145), BEYOND):
        drawn.append(_further(word, x, low + 9, 137, 50, False))
        drawn.append(_exercise(word, x, low + 66, 137, 27))
    return "".join(drawn), (738, low + 103)


def _tall_map(lit):
    left, tall, middle = 14, 64, 140
    whole = lit is None
    wide = 186 if whole else 252
    cards = {"tokenize": 52, "embed": 133, "attend": 230, "mlp": 307, "sample": 412}
    again = label(0, 0, tr("append the token, and go round again"))
    rows = [
        chip(65, 1, 150, 34, [" ".join(_prompt(3))], "m-text"),
        rect(9, 213, 266, 182, 'class="m-stack"', 14),
        rect(5, 209, 270, 182, 'class="m-stack"', 14),
        rect(1, 205, 278, 182, 'class="m-block"', 14),
        *(_card(stage, left, y, wide, tall, lit, True) for stage, y in cards.items()),
        *(
            arrow([(middle, start), (middle, stop)], (0, 1))
            for start, stop in (
                *((35, 51), (116, 132), (197, 204)),
                *((294, 306), (395, 411), (476, 492)),
            )
        ),
        label(middle, 223, tr("stage 3, repeated N times")),
        chip(108, 493, 64, 34, [WRITTEN], "m-token"),
        arrow([(172, 510), (308, 510), (308, 18), (216, 18)], (-1, 0)),
        f'<g transform="translate(303 264) rotate(-90)">{again}</g>',
    ]
    if not whole:
        return "".join(rows), (312, 530)
    rows += [_exercise(stage, 206, y, 60, tall) for stage, y in cards.items()]
    rows += [
        rect(1, 546, 278, 232, 'class="m-block"', 14),
        label(middle, 567, tr("beyond the pipeline")),
    ]
    for y, word in zip(range(578, 778, 49), BEYOND):
        rows.append(_further(word, left, y, wide, 44, True))
        rows.append(_exercise(word, 206, y, 60, 44))
    return "".join(rows), (312, 780)


def stage_map(lit=None):
    """The map of the four stages; each a link to its chapter, where that exists.

    lit: "tokenize", "embed", "attend", "mlp" or "sample" lights one; None lights all,
    and adds the exercises and the chapters beyond the pipeline.
    """
    if lit is not None and lit not in STAGES:
        raise ValueError(f"stage_map: no stage {lit!r}; one of {', '.join(STAGES)}")
    alt = tr(
        "The four stages of a GPT: text is tokenized, the tokens are embedded, "
        "attention and MLP are repeated, and the next token is sampled. "
        "It is appended to the text, and the text goes round again."
    )
    if lit is not None:
        alt += " " + tr("This part is about {stage}.", stage=tr(STAGES[lit][1]))
    else:
        alt += " " + tr("Below: the chapters beyond the pipeline.")
    drawn = []
    for kind, picture in (("wide", _wide_map(lit)), ("tall", _tall_map(lit))):
        body, (width, height) = picture
        drawn.append(
            f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="group" '
            f'aria-label="{alt}">{body}</svg>'
        )
    return Markup(f'<div class="stage-map">{"".join(drawn)}</div>', alt)
