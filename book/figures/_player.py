"""Every picture of the book: one palette, one figure style, one animation player.

A chapter draws with matplotlib in the colours named here and ends its cell in
`show(fig, alt)`, `play(frames, title)`, `tokens(pieces)` or `stage_map(lit)`. What comes
out is inline SVG whose colours are CSS variables, so that one picture follows the
reader's light or dark page by itself. The same input gives the same bytes.
"""

import difflib
import hashlib
import html
import io
import itertools
import json
import re
import warnings
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

HERE = Path(__file__).parent

# --- the palette ------------------------------------------------------------------
# name: (on light paper, on dark paper). The series are Okabe and Ito's colours, moved
# in lightness until each has a contrast of 3:1 on its paper; tests/book measures it.
# What is drawn in the light colour is written as var(--c-NAME), and the <svg> says
# that --c-NAME is the page's --fig-NAME, or the light colour where no page sets it.
PALETTE = {
    "ink": ("#1d2129", "#e8e6e1"),
    "muted": ("#5b6270", "#a4a9b3"),
    "faint": ("#d8dade", "#3b4048"),
    "paper": ("#fdfcfa", "#16181c"),
    "blue": ("#0069ab", "#6cb6f0"),
    "vermilion": ("#c9500a", "#ff9660"),
    "green": ("#00825f", "#3fcb9c"),
    "orange": ("#a87200", "#efb53f"),
    "purple": ("#a8568a", "#e6a3cb"),
    "sky": ("#2b83b8", "#9bd3f5"),
}
INK, MUTED, FAINT, PAPER, BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY = (
    light for light, _ in PALETTE.values()
)
ACCENT = BLUE
CYCLE = [BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY]
_VARIABLE = {light: f"var(--c-{name})" for name, (light, _) in PALETTE.items()}
_VARIABLE |= {"#000000": _VARIABLE[INK], "#ffffff": _VARIABLE[PAPER]}


def _sequential(steps=33):
    """Paper to accent, every step a colour that the page mixes itself."""
    paper, accent = (
        [int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (PAPER, ACCENT)
    )
    colours = []
    for step in range(steps):
        share = step / (steps - 1)
        mixed = [round(p + (a - p) * share) for p, a in zip(paper, accent)]
        colour = "#" + "".join(f"{part:02x}" for part in mixed)
        colours.append(colour)
        _VARIABLE.setdefault(
            colour,
            f"color-mix(in oklab,{_VARIABLE[ACCENT]} {100 * share:.0f}%,"
            f"{_VARIABLE[PAPER]})",
        )
    return ListedColormap(colours, name="paper to accent")


SEQUENTIAL = _sequential()

# --- the figure style -------------------------------------------------------------
STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 11,
    "axes.linewidth": 0.8,
    "axes.prop_cycle": matplotlib.cycler(color=CYCLE),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "hatch.color": MUTED,
    "image.cmap": SEQUENTIAL.name,
    "legend.fontsize": 10.5,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "patch.edgecolor": PAPER,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "GPT in Four Stages",
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 10,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 10,
}
matplotlib.colormaps.register(SEQUENTIAL, force=True)
matplotlib.rcParams.update(STYLE)


def canvas(width=6.4, height=3.2, **subplots):
    """A figure in the book's style and its axes: `fig, ax = canvas()`.

    width, height: inches; 6.4 is the width of the column, and wider scrolls on a phone.
    subplots: what matplotlib's `Figure.subplots` takes; with several, ax is an array.
    """
    fig = Figure(figsize=(width, height))
    return fig, fig.subplots(**subplots)


def heat(ax, values, rows=(), columns=(), digits=None, high=None):
    """A matrix as coloured squares, 0 as paper and `high` (its largest) as the accent.

    values: (n, m), from 0 up. rows, columns: labels, at the left and on top.
    digits: decimals of the numbers written into the squares; None writes none.
    """
    values = np.asarray(values, dtype=float)
    high = high or values.max() or 1.0
    ax.pcolormesh(values, cmap=SEQUENTIAL, vmin=0, vmax=high, edgecolor=FAINT, lw=0.4)
    ax.set(xlim=(0, values.shape[1]), ylim=(values.shape[0], 0), aspect="equal")
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=90)
    ax.set_yticks(np.arange(len(rows)) + 0.5, rows)
    if digits is not None:
        for (i, j), value in np.ndenumerate(values):
            colour = PAPER if value > 0.55 * high else INK
            look = {"ha": "center", "va": "center_baseline", "color": colour}
            ax.text(j + 0.5, i + 0.5, f"{value:.{digits}f}", **look)


# --- SVG --------------------------------------------------------------------------
_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_DRAWN = {"path", "use", "text", "rect", "circle", "ellipse", "line", "image"} | {
    "polygon",
    "polyline",
}
_used = {}  # how often a picture with this content was shown: its ids must differ


class Markup:
    """A piece of the page. A notebook shows it as HTML; `alt` is its text form."""

    def __init__(self, markup, alt):
        self.markup = markup
        self.alt = alt

    def _repr_html_(self):
        return self.markup

    def __repr__(self):
        return self.alt


def _draw(figure):
    """matplotlib figure -> SVG text."""
    drawn = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with warnings.catch_warnings():
        # the reader's browser has the glyphs that matplotlib's own font lacks
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(drawn, format="svg", metadata=nothing)
    return drawn.getvalue()


def _as_svg(picture):
    """A matplotlib figure, SVG text or Markup -> SVG text."""
    if isinstance(picture, Figure):
        return _draw(picture)
    text = picture._repr_html_() if isinstance(picture, Markup) else picture
    if not isinstance(text, str) or "<svg" not in text:
        raise ValueError(
            f"a picture is {type(picture).__name__}; "
            "give a matplotlib figure or a string that holds an <svg> element"
        )
    return text[text.index("<svg") : text.rindex("</svg>") + len("</svg>")]


def _short(number):
    return f"{float(number.group()):.2f}".rstrip("0").rstrip(".") or "0"


def _colours(value):
    return re.sub(
        r"#[0-9a-fA-F]{6}\b",
        lambda colour: _VARIABLE.get(colour[0].lower(), colour[0]),
        value,
    )


def _style(value):
    """Declarations without what the page decides better, such as the font."""
    kept = []
    for declaration in filter(str.strip, value.split(";")):
        name, _, setting = (part.strip() for part in declaration.partition(":"))
        if name == "font-family":
            if "mono" not in setting.lower():
                continue  # the page's own; matplotlib has only measured with its own
            setting = "var(--fig-mono,monospace)"
        kept.append(f"{name}:{_colours(setting)}")
    return ";".join(kept)


def _clean(name, value):
    """An attribute as small as it can be, its colours as CSS variables."""
    if name == "style":
        return _style(value)
    if name in ("d", "points", "x", "y", "x1", "x2", "y1", "y2", "width", "height"):
        value = re.sub(r"-?\d+\.\d{3,}", _short, value)
        value = re.sub(r"\s*([A-Za-z])\s*", r"\1", value) if name == "d" else value
        return re.sub(r"\s+", " ", value).strip()
    if name == "transform":
        value = re.sub(r"rotate\(-?0[ )][^)]*\)?", "", value).strip()
        if not re.search("matrix|scale", value):
            value = re.sub(r"-?\d+\.\d{3,}", _short, value)
        return value
    return _colours(value)


def _take_apart(svg):
    """SVG text -> ((width, height) in units, definitions, drawn pieces in order).

    Groups that only carry a name are dissolved, so that a piece is the smallest thing
    that two frames of an animation can share.
    """
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise ValueError(f"the SVG is not well-formed XML: {error}") from None
    definitions, pieces = {}, []

    def tidy(element):
        element.tag = element.tag.removeprefix(_SVG)
        named = {}
        for name, value in element.attrib.items():
            name = name.removeprefix(_XLINK)
            if not name.startswith("{") and (value := _clean(name, value)):
                named[name] = value
        element.attrib.clear()
        element.attrib.update(named)
        words = element.tag in ("text", "tspan", "title", "style")
        if not words:
            element.text = None
        for child in list(element):
            tidy(child)
            if not words:
                child.tail = None

    def walk(element):
        for child in element:
            if child.tag in ("metadata", "title", "desc", "style"):
                continue
            if child.tag == "defs":
                for thing in child:
                    if thing.tag != "style":
                        definitions[thing.attrib["id"]] = write(thing)
            elif child.tag == "g" and not set(child.attrib) - {"id"}:
                walk(child)
            else:
                lift_definitions(child)
                child.attrib.pop("id", None)
                if child.attrib.get("style") != "fill:none":  # not to be seen
                    pieces.append(write(child))

    def lift_definitions(element):
        for child in list(element):
            if child.tag == "defs":
                for thing in child:
                    definitions[thing.attrib["id"]] = write(thing)
                element.remove(child)
            else:
                child.attrib.pop("id", None)
                lift_definitions(child)

    def write(element):
        return ElementTree.tostring(element, encoding="unicode").replace(" />", "/>")

    box = root.attrib.get("viewBox")
    root.tail = None
    tidy(root)
    walk(root)
    if box:
        size = tuple(float(number) for number in box.split()[2:])
    elif root.attrib.get("width") and root.attrib.get("height"):
        size = tuple(
            float(re.match(r"[\d.]+", root.attrib[side])[0])
            for side in ("width", "height")
        )
    else:
        raise ValueError('an SVG picture needs a viewBox="0 0 width height"')
    return size, definitions, pieces


def _rename(text, prefix):
    """Ids that no other picture on the page has."""
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}\1)", text)
    return re.sub(r'href="#([^"]+)"', rf'href="#{prefix}\1"', text)


def _prefix(*content):
    digest = hashlib.sha256("\0".join(content).encode()).hexdigest()[:7]
    _used[digest] = _used.get(digest, 0) + 1
    again = f"{_used[digest]}" if _used[digest] > 1 else ""
    return f"f{digest}{again}-"


def _root(size, label, body):
    width, height = (f"{side:.1f}".removesuffix(".0") for side in size)
    colours = "".join(
        f";--c-{name}:var(--fig-{name},{light})"
        for name, (light, _) in PALETTE.items()
        if f"var(--c-{name})" in body
    )
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" {label} '
        f'style="--w:{width}{colours}" stroke-linejoin="round">{body}</svg>'
    )


def _inline(markup):
    """Markdown ends a block of HTML at an empty line, so there is none."""
    return re.sub(r"\n\s*\n", "\n", markup)


def show(fig, alt):
    """Shows a figure as one inline SVG that follows the light and the dark page.

    fig: a matplotlib figure (from `canvas`), or SVG text.
    alt: what the picture shows, for a reader who cannot see it; required.
    """
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError("show(fig, alt): alt is empty; say what the picture shows")
    size, definitions, pieces = _take_apart(_as_svg(fig))
    defs = f"<defs>{''.join(definitions.values())}</defs>" if definitions else ""
    prefix = _prefix(alt, defs, *pieces)
    body = _rename(defs + "".join(pieces), prefix)
    label = f'aria-label="{html.escape(alt)}"'
    svg = _root(size, label, body)
    return Markup(_inline(f'<div class="figure-box">{svg}</div>'), alt)


# --- the animation player ---------------------------------------------------------
def _frames_of(animation):
    """A matplotlib Animation -> one SVG a frame."""
    frames = []
    animation._init_draw()
    for data in animation.new_frame_seq():
        animation._draw_next_frame(data, blit=False)
        frames.append(_draw(animation._fig))
    return frames


def _weave(frames):
    """Frames (lists of pieces) -> [(piece, frames that show it)], each piece once.

    The order of every frame is kept, because what comes later is drawn on top.
    """
    woven = [(piece, [0]) for piece in frames[0]]
    for number, pieces in enumerate(frames[1:], 1):
        before = [piece for piece, _ in woven]
        matcher = difflib.SequenceMatcher(None, before, pieces, autojunk=False)
        merged = []
        for _, a0, a1, b0, b1 in matcher.get_opcodes():
            if before[a0:a1] == pieces[b0:b1]:
                merged += [(piece, [*shown, number]) for piece, shown in woven[a0:a1]]
            else:
                merged += woven[a0:a1]
                merged += [(piece, [number]) for piece in pieces[b0:b1]]
        woven = merged
    return woven


def _ranges(numbers):
    """[0, 1, 2, 5] -> "0-2 5"."""
    parts = []
    for _, run in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in run]
        parts.append(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}")
    return " ".join(parts)


def _words(caption):
    """A caption as HTML; `code` between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(caption))


def play(frames, title, captions=None, seconds=1.0):
    """The animation player of the book: play, pause, step and scrub.

    frames: matplotlib figures, or SVG strings, or a matplotlib Animation.
    title: what is shown; the player's name for a screen reader.
    captions: one sentence a frame (`code` in backticks), read aloud when stepping.
    seconds: how long a frame stays.

    What frames share is written once. Without JavaScript, and on paper, the last frame
    and all captions remain.
    """
    if not isinstance(title, str) or not title.strip():
        raise ValueError("play(frames, title): title is empty; say what is shown")
    if hasattr(frames, "new_frame_seq"):
        frames = _frames_of(frames)
    taken = [_take_apart(_as_svg(frame)) for frame in frames]
    count = len(taken)
    if count < 2:
        raise ValueError(f"play needs at least 2 frames and got {count}; use show")
    if len(sizes := {size for size, _, _ in taken}) > 1:
        raise ValueError(
            f"frames of different sizes {sorted(sizes)}: the page would jump; "
            "draw all of them on canvases of the same size"
        )
    captions = [""] * count if captions is None else list(captions)
    if len(captions) != count:
        raise ValueError(f"{count} frames but {len(captions)} captions")
    if not seconds > 0:
        raise ValueError(f"seconds is {seconds}; a frame must stay longer than 0")

    woven = _weave([pieces for _, _, pieces in taken])
    definitions = {name: text for _, defs, _ in taken for name, text in defs.items()}
    drawn = []
    for piece, shown in woven:
        if len(shown) == count:
            drawn.append(piece)
        else:
            tag = re.match(r"<\w+", piece)[0]
            last = ' data-last=""' if shown[-1] == count - 1 else ""
            piece = f'{tag} data-f="{_ranges(shown)}"{last}{piece[len(tag) :]}'
            drawn.append(piece)
    defs = f"<defs>{''.join(definitions.values())}</defs>" if definitions else ""
    prefix = _prefix(title, *captions, defs, *drawn)
    name = html.escape(title)
    svg = _root(
        taken[0][0],
        f'aria-label="{name}"',
        _rename(defs + "".join(drawn), prefix),
    )
    said = "".join(f"<li>{_words(caption)}</li>" for caption in captions)
    listed = f'<ol class="player-captions">{said}</ol>' if any(captions) else ""
    return Markup(
        _inline(
            f'<div class="player" role="group" aria-label="{name}" '
            f'data-count="{count}" data-seconds="{seconds:g}">'
            f'<p class="player-title">{name}</p>'
            f'<div class="figure-box player-stage">{svg}</div>{listed}</div>'
        ),
        f"{title} ({count} frames)",
    )


# --- tokens -----------------------------------------------------------------------
def _visible(piece):
    """Text of one token with what the eye misses made visible."""
    if isinstance(piece, bytes):
        try:
            piece = piece.decode()
        except UnicodeDecodeError:
            return "".join(f"\\x{byte:02x}" for byte in piece)
    return piece.replace(" ", "␣").replace("\n", "⏎").replace("\t", "⇥")


def tokens(pieces, ids=None):
    """A row of tokens as coloured chips, with their ids below where given.

    pieces: texts, or bytes (those that are no UTF-8 are shown as \\x..).
    ids: as many integers; or give pieces as the pairs of `gpt2_tokens`.
    """
    pieces = list(pieces)
    if pieces and isinstance(pieces[0], tuple):
        ids, pieces = [pair[0] for pair in pieces], [pair[1] for pair in pieces]
    if ids is not None and len(ids := list(ids)) != len(pieces):
        raise ValueError(f"{len(pieces)} pieces but {len(ids)} ids")
    chips = []
    for place, piece in enumerate(pieces):
        number = "" if ids is None else f"<small>{ids[place]}</small>"
        text = html.escape(_visible(piece)).replace("␣", '<span class="dim">␣</span>')
        chips.append(f'<li class="t{place % 5}"><code>{text}</code>{number}</li>')
    alt = " | ".join(_visible(piece) for piece in pieces)
    many = f"{len(pieces)} token{'' if len(pieces) == 1 else 's'}"
    return Markup(
        f'<ol class="tokens" aria-label="{many}">{"".join(chips)}</ol>',
        f"{many}: {alt}",
    )


def gpt2_tokens(text):
    """What GPT-2's own tokenizer makes of a text: [(id, piece), ...].

    Read from recorded/gpt2.json, which `python book/record.py TEXT` writes from the
    real encoding; a piece that is no UTF-8 by itself is written as \\x.. bytes.
    """
    texts = json.loads((HERE / "recorded" / "gpt2.json").read_text("utf-8"))["texts"]
    if text not in texts:
        raise ValueError(
            f"GPT-2's tokens of {text!r} are not recorded; record them with: "
            f"python book/record.py {json.dumps(text, ensure_ascii=False)}"
        )
    return list(zip(texts[text]["ids"], texts[text]["pieces"]))


# --- the map of the four stages ---------------------------------------------------
# stage: (number, title, what it does)
STAGES = {
    "tokenize": ("1", "tokenize", "text to ids"),
    "embed": ("2", "embed", "ids to vectors"),
    "attend": ("3", "attend", "between tokens"),
    "mlp": ("3", "MLP", "within a token"),
    "sample": ("4", "sample", "unembed, draw"),
}


def _chapters():
    """The stages whose chapter stands in the table of contents."""
    contents = HERE.parent / "_toc.yml"
    text = contents.read_text("utf-8") if contents.exists() else ""
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
        f'<tspan class="m-number">{number}</tspan> {title}</text>'
        f'<text x="{at:g}" y="{first + 17:g}" text-anchor="{anchor}" class="m-does">'
        f"{does}</text>"
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
        _chip(1, middle - 27, 74, 54, ["Once", "upon a"], "m-text"),
        _arrow([(75, middle), (93, middle)], (1, 0)),
        _card("tokenize", 94, top, 96, tall, lit, False),
        _arrow([(190, middle), (207, middle)], (1, 0)),
        _card("embed", 208, top, 96, tall, lit, False),
        _arrow([(304, middle), (327, middle)], (1, 0)),
        _card("attend", 328, top, 94, tall, lit, False),
        _arrow([(422, middle), (429, middle)], (1, 0)),
        _card("mlp", 430, top, 94, tall, lit, False),
        _label(426, 21, "repeated N times"),
        _arrow([(540, middle), (557, middle)], (1, 0)),
        _card("sample", 558, top, 104, tall, lit, False),
        _arrow([(662, middle), (679, middle)], (1, 0)),
        _chip(680, middle - 17, 56, 34, ["time"], "m-token"),
        _arrow([(708, middle + 17), (708, 190), (38, 190), (38, middle + 28)], (0, -1)),
        '<rect x="262" y="180" width="222" height="20" class="m-gap"/>',
        _label(373, 194, "append the token, and go round again"),
    ]
    return "".join(drawn), (738, 204)


def _tall_map(lit):
    left, wide, tall, middle = 14, 252, 64, 140
    again = _label(0, 0, "append the token, and go round again")
    rows = [
        _chip(72, 1, 136, 34, ["Once upon a"], "m-text"),
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
        _label(middle, 375, "repeated N times"),
        _arrow([(middle, 395), (middle, 411)], (0, 1)),
        _card("sample", left, 412, wide, tall, lit, True),
        _arrow([(middle, 476), (middle, 492)], (0, 1)),
        _chip(108, 493, 64, 34, ["time"], "m-token"),
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
    alt = (
        "The four stages of a GPT: text is tokenized, the tokens are embedded, "
        "attention and MLP are repeated, and the next token is sampled. "
        "It is appended to the text, and the text goes round again."
    )
    if lit is not None:
        alt += f" This part is about {STAGES[lit][1]}."
    drawn = []
    for kind, picture in (("wide", _wide_map(lit)), ("tall", _tall_map(lit))):
        body, (width, height) = picture
        drawn.append(
            f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="group" '
            f'aria-label="{alt}">{body}</svg>'
        )
    return Markup(f'<div class="stage-map">{"".join(drawn)}</div>', alt)
