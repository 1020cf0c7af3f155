"""A figure as inline SVG: small, the same bytes each time, in the page's own colours.

What matplotlib writes is taken apart into definitions and drawn pieces, cleaned, and
put together with colours that are CSS variables and ids that no other picture has.
"""

import hashlib
import html
import io
import re
import warnings
from xml.etree import ElementTree

from matplotlib.figure import Figure

from ._narrow import fits, relaid
from ._style import PALETTE, VARIABLE

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"
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


def draw(figure):
    """matplotlib figure -> SVG text."""
    drawn = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with warnings.catch_warnings():
        # the reader's browser has the glyphs that matplotlib's own font lacks
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(drawn, format="svg", metadata=nothing)
    return drawn.getvalue()


def as_svg(picture):
    """A matplotlib figure, SVG text or Markup -> SVG text."""
    if isinstance(picture, Figure):
        return draw(picture)
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
        lambda colour: VARIABLE.get(colour[0].lower(), colour[0]),
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


def _path(value):
    """A path's commands without spaces; a straight line says only what changes."""
    short, at = [], None
    for command, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*)", value):
        there = numbers.split()
        if command == "L" and at and len(there) == 2 and there[0] == at[0]:
            short.append(f"V{there[1]}")
        elif command == "L" and at and len(there) == 2 and there[1] == at[1]:
            short.append(f"H{there[0]}")
        else:
            short.append(command + " ".join(there))
        at = there if command in "ML" and len(there) == 2 else None
    return "".join(short)


def _clean(name, value):
    """An attribute as small as it can be, its colours as CSS variables."""
    if name == "style":
        return _style(value)
    if name in ("d", "points", "x", "y", "x1", "x2", "y1", "y2", "width", "height"):
        value = re.sub(r"-?\d+\.\d{3,}", _short, value)
        value = re.sub(r"\s+", " ", value).strip()
        return _path(value) if name == "d" else value
    if name == "transform":
        value = re.sub(r"rotate\(-?0[ )][^)]*\)?", "", value).strip()
        if not re.search("matrix|scale", value):
            value = re.sub(r"-?\d+\.\d{3,}", _short, value)
        return value
    return _colours(value)


def _spare(element):
    """Leaves out of a style what holds without it; the ink is the <svg>'s own fill."""
    style = element.attrib.get("style", "")
    if element.tag == "text":
        kept = re.sub(r"(text-anchor:start|fill:var\(--c-ink\))(;|$)", "", style)
        if kept := kept.rstrip(";"):
            element.attrib["style"] = kept
        else:
            element.attrib.pop("style", None)


def take_apart(svg):
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
        _spare(element)
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


def rename(text, prefix):
    """Ids that no other picture on the page has."""
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}\1)", text)
    return re.sub(r'href="#([^"]+)"', rf'href="#{prefix}\1"', text)


def prefix_of(*content):
    digest = hashlib.sha256("\0".join(content).encode()).hexdigest()[:7]
    _used[digest] = _used.get(digest, 0) + 1
    again = f"{_used[digest]}" if _used[digest] > 1 else ""
    return f"f{digest}{again}-"


def root(size, label, body, kind=None):
    width, height = (f"{side:.1f}".removesuffix(".0") for side in size)
    colours = "".join(
        f";--c-{name}:var(--fig-{name},{light})"
        for name, (light, _) in PALETTE.items()
        if f"var(--c-{name})" in body or name == "ink"
    )
    kind = f'class="{kind}" ' if kind else ""
    return (
        f'<svg {kind}viewBox="0 0 {width} {height}" role="img" {label} '
        f'style="--w:{width}{colours};fill:var(--c-ink)" stroke-linejoin="round">'
        f"{body}</svg>"
    )


def inline(markup):
    """Markdown ends a block of HTML at an empty line, so there is none."""
    return re.sub(r"\n\s*\n", "\n", markup)


def _drawn(picture, alt, kind=None):
    """A picture as one inline <svg>."""
    size, definitions, pieces = take_apart(as_svg(picture))
    defs = f"<defs>{''.join(definitions.values())}</defs>" if definitions else ""
    prefix = prefix_of(alt, defs, *pieces)
    body = rename(defs + "".join(pieces), prefix)
    return root(size, f'aria-label="{html.escape(alt)}"', body, kind)


def show(fig, alt, narrow=None):
    """Shows a figure as inline SVG that follows the light and the dark page.

    fig: a matplotlib figure (from `canvas`), or SVG text.
    alt: what the picture shows, for a reader who cannot see it; required.
    narrow: the same for a phone, a figure of 300 units' width, or a height in units for
    `fig` itself, which is laid out anew where its words would be too small.
    """
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError("show(fig, alt): alt is empty; say what the picture shows")
    if isinstance(fig, Figure) and narrow is None and fits(fig):
        drawn = _drawn(fig, alt)
    elif isinstance(fig, Figure) or narrow is not None:
        drawn = _drawn(fig, alt, "wide")
        if narrow is None or isinstance(narrow, (int, float)):
            narrow = relaid(fig, narrow)
        drawn += _drawn(narrow, alt, "narrow")
    else:
        drawn = _drawn(fig, alt)
    return Markup(inline(f'<div class="figure-box">{drawn}</div>'), alt)
