"""Formulas, set when the book is built: TeX in, MathML out, which browsers draw by themselves.

A page needs no script for them, they can be copied, and screen readers know them. The font
lies in book/vendor/maths.
"""

import re
from xml.etree import ElementTree as Tree

from docutils import nodes
from latex2mathml.converter import convert

THIN = "0.167em"
OPENING, CLOSING = "([{", ")]}|‖!"
# What stands beside a formula, and may not be parted from it by the end of a line.
_BESIDE = re.compile(
    r"((?:[(\[“‘]|(?<=[\s>])[–-])*)"
    r'(<span class="math notranslate nohighlight">(?:(?!</span>).)*</span>)'
    r"((?:[)\]”’.,;:!?%]|’s|-\w+)*)",
    re.DOTALL,
)


def mathml(tex: str, block: bool = False) -> str:
    """A formula as MathML. ValueError where it is not TeX as this book writes it."""
    tex = tex.strip()
    bare = re.sub(r"\\.", "", tex)
    if bare.count("{") != bare.count("}"):
        raise ValueError(f"a brace is missing: this is no formula: {tex!r}")
    tex = re.sub(r"(\\(?:begin|end)){aligned}", r"\1{split}", tex)
    if block and r"\\" in tex and r"\begin" not in tex:
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    try:
        root = Tree.fromstring(convert(tex, display="block" if block else "inline"))
    except Exception as error:
        raise ValueError(f"this is no formula: {tex!r} ({error})") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    for element in [*root.iter()]:
        _join_letters(element)
    for element in [*root.iter()]:
        _space_functions(element)
        if side := element.attrib.pop(
            "columnalign", None
        ):  # browsers know the style only
            element.set("style", f"text-align: {side}; padding-inline: 0")
    root.attrib.pop("xmlns", None)
    if "\\" in "".join(root.itertext()):
        raise ValueError(f"a command is unknown in {tex!r}")
    return Tree.tostring(root, encoding="unicode", short_empty_elements=False)


def _join_letters(row):
    r"""\mathrm{loss} comes as four letters, and operators' names as signs: both are words."""
    upright = [
        one.tag == "mi" and one.get("mathvariant") == "normal" and len(one.text) == 1
        for one in row
    ]
    if len(row) > 1 and all(upright) and row.tag in ("mrow", "mstyle"):
        word = Tree.Element("mi")
        word.text = "".join(one.text for one in row)
        row[:] = [word]
    for one in row:
        if one.tag == "mo" and one.text:
            if one.text == "∞" or (one.text.isalpha() and len(one.text) > 1):
                one.tag, one.attrib = "mi", {}
            elif one.text == "|":  # around a vector, not between two things
                one.set("lspace", "0")
                one.set("rspace", "0")


def _space_functions(row):
    """A thin space on both sides of log, sin and their like, but none before a bracket."""
    if row.tag not in ("mrow", "math", "mtd", "mstyle", "msqrt"):
        return
    parts = []
    for i, one in enumerate(row):
        if _is_function(one):
            if i and not (_is_sign(row[i - 1]) or row[i - 1].tag == "mspace"):
                parts.append(Tree.Element("mspace", width=THIN))
            parts.append(one)
            after = row[i + 1] if i + 1 < len(row) else None
            if after is not None and not (_is_sign(after) or _opens(after)):
                parts.append(Tree.Element("mspace", width=THIN))
        else:
            parts.append(one)
    row[:] = parts


def _is_function(one):
    base = one[0] if one.tag in ("msub", "msup", "munder", "msubsup") else one
    return base.tag == "mi" and base.text in FUNCTIONS


FUNCTIONS = ("log", "ln", "exp", "sin", "cos", "tanh", "max", "min")


def _is_sign(one):
    return one.tag == "mo" and one.text not in CLOSING


def _opens(one):
    first = one
    while len(first):
        first = first[0]
    return first.tag == "mo" and first.text in OPENING


def visit_inline(self, node):
    """Writes a formula within a line."""
    self.body.append(_written(node, 'span class="math notranslate nohighlight"', False))
    raise nodes.SkipNode


def visit_block(self, node):
    """Writes a formula of its own."""
    self.body.append(_written(node, 'div class="math notranslate nohighlight"', True))
    raise nodes.SkipNode


def _written(node, tag, block):
    try:
        return f"<{tag}>{mathml(node.astext(), block)}</{tag.split()[0]}>"
    except ValueError as error:
        where = f"{node.document['source']}:{node.line}" if node.document else ""
        raise ValueError(f"{where}: {error}") from error


def keep_together(body: str) -> str:
    """A page whose formulas stay with the signs beside them when a line ends."""

    def kept(match):
        before, formula, after = match.groups()
        if not before and not after:
            return formula
        return f'<span class="unbroken">{before}{formula}{after}</span>'

    return _BESIDE.sub(kept, body)


def setup(app):
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
