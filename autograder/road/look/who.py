"""How students are called in a report: by name, or by numbers that stay the same."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.classroom.book import MISSING, Standing

LISTED = 200  # names in a list, or rows in a table of them
HALF = 0.5  # of the points


@dataclass
class Who:
    """How students are called in the report; with a `key`, by numbers that stay."""

    key: bytes | None = None
    _known: dict[str, str] = field(default_factory=dict)

    def __call__(self, s: Standing) -> str:
        if self.key is None:
            return s.student if s.name == s.student else f"{s.name} ({s.student})"
        if s.student not in self._known:
            digest = hmac.new(self.key, s.student.encode(), hashlib.sha256).hexdigest()
            self._known[s.student] = f"student {digest[:8]}"
        return self._known[s.student]

    def text(self, text: str, s: Standing, exercise: str) -> str:
        """A sentence about a student, without their name where that is hidden."""
        if self.key is None:
            return text
        own = f"{exercise}.ipynb"
        text = re.sub(
            r"\S+\.\w{2,5}\b", lambda m: own if m[0] == own else "another file", text
        )
        for part in (s.student, s.email, s.first_name, s.last_name, *s.names.values()):
            if len(part.strip()) > 1:
                text = re.sub(
                    re.escape(part.strip()), self(s), text, flags=re.IGNORECASE
                )
        return text


@dataclass(frozen=True)
class Names:
    """A list of students: the first of them, and how many more there are."""

    shown: list[str]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.shown)


def names(students: Iterable[Standing], who: Who) -> Names:
    """In the order of what is shown, so that hidden names cannot be told by it."""
    every = sorted((who(s) for s in students), key=str.casefold)
    return Names(every[:LISTED], len(every))


def overall(every: Mapping[str, Sequence[Standing]], who: Who) -> dict[str, Any]:
    """Over all exercises: everybody's totals, and who may need help."""
    people: dict[str, dict[str, Standing]] = defaultdict(dict)
    for exercise, standings in every.items():
        for s in standings:
            people[s.student][exercise] = s
    low = []
    for found in people.values():
        behind = [
            e
            for e, s in found.items()
            if s.status == MISSING
            or (s.total is not None and s.total < HALF * s.possible)
        ]
        if len(behind) > 1 or (len(every) == 1 and behind):
            low.append((who(next(iter(found.values()))), behind))
    low.sort(key=lambda row: (-len(row[1]), row[0].casefold()))
    rows = sorted(
        (
            (who(next(iter(found.values()))), [found.get(e) for e in every])
            for found in people.values()
        ),
        key=lambda row: row[0].casefold(),
    )
    return {
        "people": len(people),
        "low": low[:LISTED],
        "low_more": max(0, len(low) - LISTED),
        "rows": rows[:LISTED],
        "more": max(0, len(rows) - LISTED),
    }
