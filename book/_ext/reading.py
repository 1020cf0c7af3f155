"""What a page does to its numbers and listings, so that they read alike everywhere.

- A number that a cell prints with all its digits is shown with four decimals.
- A number and its percent sign stay in one line.
- Below an excerpt of a file stands which file it is from.
"""

import re
from pathlib import Path

from docutils import nodes

DECIMALS = 4
_OUTPUT = re.compile(
    r'<div class="output (?:text_plain|stream)[^>]*>.*?</pre>', re.DOTALL
)
_CODE = re.compile(r"(<div class=\"highlight-(?:ipython3|python).*?</pre>)", re.DOTALL)
_LONG = re.compile(r"(?<![\w.])-?\d+\.\d{7,}(?![\w.])")
_PERCENT = re.compile(r"(?<=\d)(</span>|)[ \xa0]%")


def rounded(match: re.Match) -> str:
    """0.6666666666666666 -> "0.6667"; below a thousandth, as many digits as help."""
    number = float(match[0])
    if number and abs(number) < 10 ** (1 - DECIMALS):
        return f"{number:.{DECIMALS - 1}g}"
    return f"{number:.{DECIMALS}f}"


def in_one_form(body: str) -> str:
    """A page whose numbers are short, with their percent signs; code is as it was typed."""
    body = _OUTPUT.sub(lambda output: _LONG.sub(rounded, output[0]), body)
    parts = _CODE.split(body)
    parts[::2] = [_PERCENT.sub("\\1\N{NO-BREAK SPACE}%", part) for part in parts[::2]]
    return "".join(parts)


def name_the_source(app, doctree):
    """Says below each excerpt from which file of the course it is."""
    for block in list(doctree.findall(nodes.literal_block)):
        source = block.get("source", "")
        if not source.endswith(".py"):
            continue
        path = Path(source).resolve().relative_to(Path(app.srcdir).resolve())
        said = nodes.paragraph("", "", classes=["excerpt"])
        said += nodes.inline("", "From ")
        said += nodes.literal("", path.as_posix())
        place = block.parent.index(block)
        block.parent.insert(place + 1, said)


def tidy(app, page, template, context, doctree):
    context["body"] = in_one_form(context.get("body", ""))


def setup(app):
    app.connect("doctree-read", name_the_source)
    app.connect("html-page-context", tidy, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
