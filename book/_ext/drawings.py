"""Drawings in a page, said shorter: what many shapes in a row have in common stands once, around them.

matplotlib says of every stroke its colour, width and ends. Most of these are inherited in SVG, so a group
may say them for all of its shapes, and a shape says only where it differs. What is still said several times
in a page gets a name, and stands once in the first of its drawings.
"""

import hashlib
import re
from collections import Counter
from xml.etree import ElementTree as Tree

_SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
INHERITED = frozenset(
    f"{of}{what}"
    for of, whats in {
        "fill": ("", "-opacity"),
        "font": ("-family", "-size", "-style", "-weight"),
        "stroke": ("", "-opacity", "-width", "-linecap", "-linejoin", "-miterlimit"),
        "stroke-dash": ("array", "offset"),
        "text": ("-anchor",),
    }.items()
    for what in whats
)
SHORTEST = 3  # shapes in a row that are worth a group
_NAMES = "<style data-drawings>"
# What a check's picture says of each of its numbers, and of each cell's edge.
_PLAIN = {
    r' font-size="(\d+)" text-anchor="middle" fill="currentColor" pointer-events="none"': (
        r' style="font-size:\1px;text-anchor:middle;fill:currentColor;pointer-events:none"'
    ),
    r' stroke="([^"]*)" stroke-width="([^"]*)"(?=>)': r' style="stroke:\1;stroke-width:\2"',
}
_USED = re.compile(r'class="d[0-9a-f]{4}"')
# a shape with a style, and without a class
_STYLED = re.compile(r"""(<(?!svg\b)(?![^>]*\bclass=)[a-z]+\b[^>]*?)style="([^"]*)\"""")


def shorter(page: str) -> str:
    """A page whose drawings look the same and take fewer bytes."""
    if _NAMES in page:  # Sphinx has not written it anew
        return page
    return _named(_SVG.sub(lambda found: _shorter(found[0]), page))


def _named(page: str) -> str:
    """A page in which a style of several shapes is a class, named by what it says."""
    for plain, style in _PLAIN.items():
        page = re.sub(plain, style, page)
    said = Counter(one for svg in _SVG.findall(page) for _, one in _STYLED.findall(svg))
    names = {
        style: f"d{hashlib.sha256(style.encode()).hexdigest()[:4]}"
        for style, many in said.items()
        if (many - 1) * len(style) > 3 * len(".d0000") + many
    }
    if not names or len({*names.values()}) < len(names):
        return page

    def called(shape):
        before, style = shape.groups()
        return f'{before}class="{names[style]}"' if style in names else shape[0]

    page = _SVG.sub(lambda svg: _STYLED.sub(called, svg[0]), page)
    # thrice, for a rule of the page's own must not be stronger than a shape's own style was
    rules = "".join(f"{f'.{name}' * 3}{{{style}}}" for style, name in names.items())
    first = next(svg for svg in _SVG.finditer(page) if _USED.search(svg[0]))
    opened = first[0].index(">") + 1 + first.start()
    return f"{page[:opened]}{_NAMES}{rules}</style>{page[opened:]}"


def _shorter(svg: str) -> str:
    try:
        root = Tree.fromstring(svg)
    except Tree.ParseError:  # not written as XML: it stays as it is
        return svg
    _group(root)
    text = Tree.tostring(root, encoding="unicode").replace(" />", "/>")
    return min(svg, text, key=len)


def _declared(shape) -> dict[str, str]:
    """What the style of a shape says, name by name."""
    pairs = (one.partition(":") for one in shape.get("style", "").split(";") if one)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _kind(shape):
    """Shapes of one kind may stand in one group; None: this one stands alone."""
    names = frozenset(_declared(shape))
    if not names or not names <= INHERITED or shape.tag in ("defs", "svg"):
        return None
    # a clip is measured in the shape's own, perhaps turned, coordinates
    clip = None if shape.get("transform") else shape.get("clip-path")
    return names, clip


def _group(parent):
    for child in parent:
        if child.tag not in ("defs", "text"):
            _group(child)
    if parent.tag not in ("svg", "g"):
        return
    rows, before = [], None
    for child in parent:
        kind = _kind(child)
        if kind is None or kind != before:
            rows.append([])
        rows[-1].append(child)
        before = kind
    parent[:] = [one for row in rows for one in _wrapped(row)]


def _wrapped(row):
    """A row of shapes of one kind, in a group that says what most of them say."""
    if len(row) < SHORTEST:
        return row
    styles = [_declared(shape) for shape in row]
    most = {name: Counter(one[name] for one in styles) for name in styles[0]}
    common = {name: found.most_common(1)[0][0] for name, found in most.items()}
    clips = {shape.get("clip-path") for shape in row}
    if any(shape.get("transform") for shape in row):
        clips = {None}
    group = Tree.Element("g", style=_said(common))
    for shape, style in zip(row, styles, strict=True):
        own = {name: v for name, v in style.items() if v != common[name]}
        if len(clips) == 1 and None not in clips:
            group.set("clip-path", shape.attrib.pop("clip-path"))
        if own:
            shape.set("style", _said(own))
        else:
            del shape.attrib["style"]
        group.append(shape)
    return [group]


def _said(style):
    return ";".join(f"{name}:{value}" for name, value in style.items())
