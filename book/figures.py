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
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

HERE = Path(__file__).parent

# --- the palette ------------------------------------------------------------------
# name: (on light paper, on dark paper). The series are Okabe and Ito's colours, moved
# in lightness until each has a contrast of 3:1 on its paper; tests/book measures it.
# What is drawn in the light colour is written as var(--fig-NAME, light colour).
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
_VARIABLE = {
    light: f"var(--fig-{name},{light})" for name, (light, _) in PALETTE.items()
}
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


def _clean(name, value):
    """An attribute as small as it can be, its colours as CSS variables."""
    if name in ("d", "points", "x", "y", "x1", "x2", "y1", "y2", "width", "height"):
        value = re.sub(r"-?\d+\.\d{3,}", _short, value)
        return re.sub(r"\s+", " ", value).strip()
    if name == "transform" and not re.search("matrix|scale", value):
        return re.sub(r"-?\d+\.\d{3,}", _short, value)
    if name == "style":
        value = re.sub(r"\s*([:;,])\s*", r"\1", value).strip("; ")
        # the page's own fonts; matplotlib has only measured with its own
        mono = ";font-family:var(--fig-mono,monospace)" if "Mono" in value else ""
        value = re.sub(
            r"font:((?:italic |oblique )?(?:bold |[1-9]00 )?)([\d.]+px)[^;]*",
            lambda font: _font(font[1].strip(), font[2]) + mono,
            value,
        )
    return re.sub(
        r"#[0-9a-fA-F]{6}\b",
        lambda colour: _VARIABLE.get(colour[0].lower(), colour[0]),
        value,
    )


def _font(kind, size):
    parts = [f"font-size:{size}"]
    for word in kind.split():
        slot = "font-style" if word in ("italic", "oblique") else "font-weight"
        parts.append(f"{slot}:{word}")
    return ";".join(parts)


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
            if not name.startswith("{"):
                named[name] = _clean(name, value)
        element.attrib.clear()
        element.attrib.update(named)
        element.tail = None
        if element.tag not in ("text", "tspan", "title", "style"):
            element.text = None
        for child in list(element):
            tidy(child)

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
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" {label} '
        f'style="--w:{width}" stroke-linejoin="round">{body}</svg>'
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
STAGES = ("tokenize", "embed", "attend", "mlp", "sample")


def stage_map(lit=None):
    """The map of the four stages, one of them lit; each a link to its chapter."""
    if lit is not None and lit not in STAGES:
        raise ValueError(f"stage_map: no stage {lit!r}; one of {', '.join(STAGES)}")
    return Markup(f'<p class="stage-map">map: {lit}</p>', f"The four stages, {lit} lit")
