"""Which exercise a notebook is: its cells say so, and where they cannot, its name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from autograder.classroom import course


class Exercises:
    """What each exercise's notebook is known by."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, str]] = {}
        for word in course.assignments():
            released = course.root() / "exercises" / word / f"{word}.ipynb"
            source = released if released.exists() else course.solution(word)
            cells = json.loads(source.read_text("utf-8"))["cells"]
            self.steps[word] = {
                label["grade_id"]: "".join(cell["source"]).strip()
                for cell in cells
                if (label := cell["metadata"].get("nbgrader", {})).get("solution")
            }

    def of(self, notebook: Mapping[str, Any]) -> tuple[str | None, bool]:
        """Whose cells a notebook has, most of all; and whether something was done."""
        sources = {
            cell["metadata"].get("nbgrader", {}).get("grade_id"): cell["source"].strip()
            for cell in notebook["cells"]
        }
        share = {
            word: len(sources.keys() & steps.keys()) / max(1, len(steps))
            for word, steps in self.steps.items()
        }
        word = max(share, key=share.__getitem__, default="")
        if not word or share[word] <= 0.5:
            return None, True
        steps = self.steps[word].items()
        return word, any(sources.get(name) != source for name, source in steps)

    def named(self, file: str) -> str | None:
        """Which exercise a file's name says: attend.ipynb, attend-1.ipynb, attend (2).ipynb."""
        stem = re.split(r"\.ipynb", file, maxsplit=1, flags=re.IGNORECASE)[0].strip()
        stem = re.sub(r"[ _-]*(\(\d+\)|\d+|copy\d*)$", "", stem.casefold())
        return stem if stem in self.steps else None
