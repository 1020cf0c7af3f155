"""What the map of the course is drawn of: boxes, arrows, a picture for each stage."""

import itertools


def rect(x, y, width, height, style, radius=2):
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
        f'rx="{radius}" {style}/>'
    )


def pictogram(stage):
    """A drawing of 60 by 40 units for one stage, in its card's tones."""
    drawn = []
    if stage == "tokenize":  # a line of text, and the pieces it falls into
        drawn.append('<path class="m-line" d="M2 9H58"/>')
        for x, width, tone in ((0, 15, 3), (18, 24, 2), (45, 15, 3)):
            drawn.append(rect(x, 22, width, 15, f'class="t{tone}"', 3))
    elif stage == "embed":  # every token a column of numbers
        tones = (3, 1, 2, 1), (1, 2, 1, 3), (2, 3, 3, 1)
        for column, values in enumerate(tones):
            for row, tone in enumerate(values):
                x, y = 5 + 20 * column, 1 + 10 * row
                drawn.append(rect(x, y, 11, 9, f'class="t{tone}"', 1.5))
    elif stage == "attend":  # every token looks at itself and at those before it
        tones = (3,), (1, 3), (1, 2, 2), (3, 1, 1, 2)
        for row, values in enumerate(tones):
            for column in range(4):
                tone = f"t{values[column]}" if column <= row else "t0"
                x, y = 10 + 10 * column, 1 + 10 * row
                drawn.append(rect(x, y, 9, 9, f'class="{tone}"', 1.5))
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
            drawn.append(rect(4, 1 + 10 * row, width, 8, f'class="t{tone}"', 1.5))
    return "".join(drawn)


def arrow(points, head):
    """A line through points; head: the direction (dx, dy) in which it arrives."""
    (x, y), (dx, dy) = points[-1], head
    tip = (
        f"M{x - 5 * dx - 4 * dy:g} {y - 5 * dy - 4 * dx:g}L{x:g} {y:g}"
        f"L{x - 5 * dx + 4 * dy:g} {y - 5 * dy + 4 * dx:g}"
    )
    return f'<path class="m-flow" d="M{"L".join(f"{a:g} {b:g}" for a, b in points)}{tip}"/>'


def chip(x, y, width, height, lines, kind):
    """Text that goes in, or the token that comes out."""
    drawn = rect(x, y, width, height, f'class="{kind}"', 6)
    for row, line in enumerate(lines):
        at = y + height / 2 + 4.5 + 16 * (row - (len(lines) - 1) / 2)
        drawn += (
            f'<text x="{x + width / 2:g}" y="{at:g}" text-anchor="middle" '
            f'class="m-said">{line}</text>'
        )
    return drawn


def label(x, y, text):
    return f'<text x="{x}" y="{y}" text-anchor="middle" class="m-does">{text}</text>'
