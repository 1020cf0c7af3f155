"""The listings of the pages for instructors: what they say to write, and to type."""

import re
from dataclasses import dataclass
from pathlib import Path

BOOK = Path(__file__).parents[2] / "book"
_BLOCK = re.compile(
    r"^```(?P<kind>\w+)\n(?P<text>(?:# (?P<file>\S+\.py)\n)?.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Listing:
    """`file` is what it is to be saved as; without one it is typed (`sh`) or shown."""

    text: str
    file: str | None
    kind: str | None


def listings(page: str) -> list[Listing]:
    """Those of a page, in order."""
    text = (BOOK / f"{page}.md").read_text("utf-8")
    return [Listing(m["text"], m["file"], m["kind"]) for m in _BLOCK.finditer(text)]


def commands(page: str) -> list[list[str]]:
    """The words of each line of a page that starts the autograder, listings and prose."""
    text = (BOOK / f"{page}.md").read_text("utf-8").replace("\\\n", " ")
    found = re.findall(r"python -m autograder ([^`\n#|]+)", text)
    return [line.split() for line in found]
