"""What the book holds, in the order of _toc.yml."""

from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


@dataclass
class Page:
    """A page of the book: its name without an ending, its title there, the part it is in."""

    name: str
    title: str
    part: str
    exercise: bool = False


def pages(toc: Path = ROOT / "_toc.yml") -> list[Page]:
    """All pages, the first page at the start. A title that the list does not give is ""."""
    listed = yaml.safe_load(toc.read_text("utf-8"))
    found = [Page(listed["root"], "", "")]

    def add(entries, part, below=False):
        for entry in entries:
            found.append(Page(entry["file"], entry.get("title", ""), part, below))
            add(entry.get("sections", ()), part, True)

    for part in listed.get("parts", ()):
        add(part["chapters"], part.get("caption", ""))
    return found
