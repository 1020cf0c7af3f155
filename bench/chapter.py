"""Code that stands in a chapter, for what is told once and measured or tested here."""

import re
from pathlib import Path

BOOK = Path(__file__).parents[1] / "book"

# A MyST code cell: a fence, its options (as ":tags: [a, b]" lines, or as YAML between
# "---" lines), the code, the same fence.
CELL = re.compile(
    r"^(`{3,})\{code-cell\}[^\n]*\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL
)
OPTIONS = re.compile(r"(?:---\n.*?^---\n|(?::[^\n]*\n)*)", re.MULTILINE | re.DOTALL)


def source(page: str, tag: str) -> str:
    """The code of the cells with a tag in book/<page>.md, in order, as one text.

    Raises ValueError where the page has no such cell.
    """
    cells = []
    for cell in CELL.finditer((BOOK / f"{page}.md").read_text("utf-8")):
        options = OPTIONS.match(cell[2])
        tags = re.search(r"tags:([^:]*)", options[0])
        if tags and tag in re.findall(r"[\w-]+", tags[1]):
            cells.append(cell[2][options.end() :].strip("\n"))
    if not cells:
        raise ValueError(f"book/{page}.md has no code cell with the tag {tag!r}")
    return "\n\n\n".join(cells) + "\n"
