"""The map of the four stages, wide and tall."""

import itertools
import re
from pathlib import Path

from edition import mark, tr

from ._svg import Markup

CONTENTS = Path(__file__).parents[2] / "_toc.yml"

# stage: (number, title, what it does)
STAGES = {
    "tokenize": ("1", mark("tokenize"), mark("text to ids")),
    "embed": ("2", mark("embed"), mark("ids to vectors")),
    "attend": ("3", mark("attend"), mark("between tokens")),
    "mlp": ("3", mark("MLP"), mark("within a token")),
    "sample": ("4", mark("sample"), mark("unembed, draw")),
}


def _chapters():
    """The stages whose chapter stands in the table of contents."""
    text = CONTENTS.read_text("utf-8") if CONTENTS.exists() else ""
    return {
        word for word in STAGES if re.search(rf"book/{word}\s*$", text, re.MULTILINE)
    }


def _rect(x, y, width, height, style, radius=2):
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
        f'rx="{radius}" {style}/>'
    )


def _pictogram(stage):
    """A drawing of 60 by 40 units for one stage, in its card's tones."""
    drawn = []
    if stage == "tokenize":  # a line of text, and the pieces it falls into
        drawn.append('<path class="m-line" d="M2 9H58"/>')
        for x, width, tone in ((0, 15, 3), (18, 24, 2), (45, 15, 3)):
            drawn.append(_rect(x, 22, width, 15, f'class="t{tone}"', 3))
    elif stage == "embed":  # every token a column of numbers
        tones = (3, 1, 2, 1), (1, 2, 1, 3), (2, 3, 3, 1)
        for column, values in enumerate(tones):
            for row, tone in enumerate(values):
                x, y = 5 + 20 * column, 1 + 10 * row
                drawn.append(_rect(x, y, 11, 9, f'class="t{tone}"', 1.5))
    elif stage == "attend":  # every token looks at itself and at those before it
        tones = (3,), (1, 3), (1, 2, 2), (3, 1, 1, 2)
        for row, values in enumerate(tones):
            for column in range(4):
                tone = f"t{values[column]}" if column <= row else "t0"
                x, y = 10 + 10 * column, 1 + 10 * row
                drawn.append(_rect(x, y, 9, 9, f'class="{tone}"', 1.5))
    elif stage == "mlp":  # wider in the middle
        layers = [(8, (10, 20, 30)), (30, (2, 11, 20, 29, 38)), (52, (10, 20, 30))]
        for (x0, left), (x1, right) in itertools.pairwise(layers):
            wires = "".join(f"M{x0} {a}L{x1} {b}" for a in left for b in right)
            drawn.append(f'<path class="m-wire" d="{wires}"/>')
        for x, places in layers:
            tone = "t3" if x == 30 else "t2"
            drawn += [
                f'<circle class="{tone}" cx="{x}" cy="{y}" r="3"/>' for y in places
            ]
    else:  # a probability for every token, and one is drawn
        for row, (width, tone) in enumerate(((16, 1), (50, 3), (28, 1), (8, 1))):
            drawn.append(_rect(4, 1 + 10 * row, width, 8, f'class="t{tone}"', 1.5))
    return "".join(drawn)


def _card(stage, x, y, width, height, lit, flat):
    """One stage as a card; a link where its chapter exists. flat: text at the right."""
    number, title, does = STAGES[stage]
    if flat:
        picture = f'<g transform="translate({x + 16} {y + height / 2 - 20:g})">'
        at, first, anchor = x + 94, y + height / 2 - 4, "start"
    else:
        picture = f'<g transform="translate({x + width / 2 - 30:g} {y + 16})">'
        at, first, anchor = x + width / 2, y + 80, "middle"
    outline = _rect(x, y, width, height, 'class="m-card"', 9)
    body = (
        f"{outline}{picture}{_pictogram(stage)}</g>"
        f'<text x="{at:g}" y="{first:g}" text-anchor="{anchor}" class="m-name">'
        f'<tspan class="m-number">{number}</tspan> {tr(title)}</text>'
        f'<text x="{at:g}" y="{first + 17:g}" text-anchor="{anchor}" class="m-does">'
        f"{tr(does)}</text>"
    )
    kind = "stage" if lit is None else "stage lit" if lit == stage else "stage dim"
    if stage in _chapters():
        here = ' aria-current="true"' if lit == stage else ""
        return f'<a href="{stage}.html" class="{kind}"{here}>{body}</a>'
    return f'<g class="{kind}">{body}</g>'


def _arrow(points, head):
    """A line through points; head: the direction (dx, dy) in which it arrives."""
    (x, y), (dx, dy) = points[-1], head
    tip = (
        f"M{x - 5 * dx - 4 * dy:g} {y - 5 * dy - 4 * dx:g}L{x:g} {y:g}"
        f"L{x - 5 * dx + 4 * dy:g} {y - 5 * dy + 4 * dx:g}"
    )
    return f'<path class="m-flow" d="M{"L".join(f"{a:g} {b:g}" for a, b in points)}{tip}"/>'


def _chip(x, y, width, height, lines, kind):
    """Text that goes in, or the token that comes out."""
    drawn = _rect(x, y, width, height, f'class="{kind}"', 6)
    for row, line in enumerate(lines):
        at = y + height / 2 + 4.5 + 16 * (row - (len(lines) - 1) / 2)
        drawn += (
            f'<text x="{x + width / 2:g}" y="{at:g}" text-anchor="middle" '
            f'class="m-said">{line}</text>'
        )
    return drawn


def _label(x, y, text):
    return f'<text x="{x}" y="{y}" text-anchor="middle" class="m-does">{text}</text>'


def _wide_map(lit):
    top, tall, middle = 26, 118, 85
    drawn = [
        _rect(328, 15, 212, 150, 'class="m-stack"', 12),
        _rect(324, 11, 212, 150, 'class="m-stack"', 12),
        _rect(320, 7, 212, 150, 'class="m-block"', 12),
        _chip(1, middle - 27, 74, 54, [tr("Once"), tr("upon a")], "m-text"),
        _arrow([(75, middle), (93, middle)], (1, 0)),
        _card("tokenize", 94, top, 96, tall, lit, False),
        _arrow([(190, middle), (207, middle)], (1, 0)),
        _card("embed", 208, top, 96, tall, lit, False),
        _arrow([(304, middle), (327, middle)], (1, 0)),
        _card("attend", 328, top, 94, tall, lit, False),
        _arrow([(422, middle), (429, middle)], (1, 0)),
        _card("mlp", 430, top, 94, tall, lit, False),
        _label(426, 21, tr("repeated N times")),
        _arrow([(540, middle), (557, middle)], (1, 0)),
        _card("sample", 558, top, 104, tall, lit, False),
        _arrow([(662, middle), (679, middle)], (1, 0)),
        _chip(680, middle - 17, 56, 34, [tr("time")], "m-token"),
        _arrow([(708, middle + 17), (708, 190), (38, 190), (38, middle + 28)], (0, -1)),
        '<rect x="262" y="180" width="222" height="20" class="m-gap"/>',
        _label(373, 194, tr("append the token, and go round again")),
    ]
    return "".join(drawn), (738, 204)


def _tall_map(lit):
    left, wide, tall, middle = 14, 252, 64, 140
    again = _label(0, 0, tr("append the token, and go round again"))
    rows = [
        _chip(72, 1, 136, 34, [tr("Once upon a")], "m-text"),
        _arrow([(middle, 35), (middle, 51)], (0, 1)),
        _card("tokenize", left, 52, wide, tall, lit, True),
        _arrow([(middle, 116), (middle, 132)], (0, 1)),
        _card("embed", left, 133, wide, tall, lit, True),
        _arrow([(middle, 197), (middle, 222)], (0, 1)),
        _rect(9, 213, wide + 14, 182, 'class="m-stack"', 14),
        _rect(5, 209, wide + 14, 182, 'class="m-stack"', 14),
        _rect(1, 205, wide + 26, 182, 'class="m-block"', 14),
        _card("attend", left, 214, wide, tall, lit, True),
        _arrow([(middle, 278), (middle, 290)], (0, 1)),
        _card("mlp", left, 291, wide, tall, lit, True),
        _label(middle, 375, tr("repeated N times")),
        _arrow([(middle, 395), (middle, 411)], (0, 1)),
        _card("sample", left, 412, wide, tall, lit, True),
        _arrow([(middle, 476), (middle, 492)], (0, 1)),
        _chip(108, 493, 64, 34, [tr("time")], "m-token"),
        _arrow([(172, 510), (308, 510), (308, 18), (209, 18)], (-1, 0)),
        f'<g transform="translate(303 264) rotate(-90)">{again}</g>',
    ]
    return "".join(rows), (312, 530)


def stage_map(lit=None):
    """The map of the four stages; each a link to its chapter, where that exists.

    lit: "tokenize", "embed", "attend", "mlp" or "sample" lights one; None lights all.
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
    drawn = []
    for kind, picture in (("wide", _wide_map(lit)), ("tall", _tall_map(lit))):
        body, (width, height) = picture
        drawn.append(
            f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="group" '
            f'aria-label="{alt}">{body}</svg>'
        )
    return Markup(f'<div class="stage-map">{"".join(drawn)}</div>', alt)
