"""When something was handed in, from a table beside the zip, or nbgrader's own file.

The zips themselves do not say: Canvas and Moodle write the time at which they made the
zip beside every file. Moodle's grading worksheet does (and whose number each student has
in this assignment), and so do Gradescope's scores and GitHub Classroom's grades.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.classroom import names
from autograder.road.desk import blind, columns, senders, sheet
from autograder.road.desk.archive import Piece
from autograder.road.desk.people import Directory
from autograder.road.times import Clock

TIMES = (
    *("last modified submission", "submission time", "submission timestamp"),
    *("submitted at", "submitted", "handed in", "timestamp", "time"),
)
LARGEST_MB = 64


@dataclass
class Times:
    """When each student handed in, in UTC, and which number in Moodle is whose."""

    column: str | None = None  # with the times, where a person named it
    known: dict[str, datetime.datetime] = field(default_factory=dict)
    participants: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, piece: Piece, directory: Directory | None, clock: Clock) -> None:
        """Read a table. One that holds no times is told, and no more."""
        name = names.shown(piece.name)
        named = [sheet.normal(self.column)] if self.column else []
        header = [*columns.COLUMNS, *TIMES, *named]
        try:
            text, told = sheet.decoded(piece.read(LARGEST_MB << 20), piece.name)
            table = sheet.parse(text, header, piece.name, told)
            _, found = columns.meant(table, {}, needs_id=False)
        except ValueError as error:
            self.problems.append(f"{name}: {error}")
            return
        there = {sheet.normal(header) for header in table.headers}
        when = next((header for header in named or TIMES if header in there), None)
        if when is None:
            has = ", ".join(repr(h)[:40] for h in table.headers[:12])
            self.problems.append(
                f"{name} has no column with times{' of that name' * bool(named)}: it was "
                f"not used; --time COLUMN names it (it has {has}), or download it in English"
            )
            return
        was, numbers = len(self.known), blind.numbered(table)
        unread = []
        for line, row in table.rows:
            unread += self._row(line, row, found, when, numbers, directory, clock)
        if unread:
            more = f", and {len(unread) - 1:,} more like it" if len(unread) > 1 else ""
            self.problems.append(f"{name}, {unread[0]}{more}: download it in English")
        if numbers and directory is None:
            self.notes.append(
                "Moodle's numbers mean other students in the next assignment: keep this "
                "class for this one, and export into its own worksheet"
            )
        if len(self.known) > was and not clock.is_named and self._unzoned:
            self.notes.append(f"times in {name} are {clock.name}")

    _unzoned: bool = False

    def _row(
        self,
        line: int,
        row: Mapping[str, str],
        found: Mapping[str, str],
        when: str,
        numbers: str,
        directory: Directory | None,
        clock: Clock,
    ) -> list[str]:
        """Read a row; what is wrong with its time."""
        student = _whom(row, found, directory)
        number = blind.number(row.get(numbers, ""))
        if number and directory is None:
            student = student or f"Participant {number}"
        elif number and student is None:
            student = _anywhere(row, directory)
        if student is None:
            return []  # of a staff, or not on the roster: a file of theirs will be told
        if number:
            self.participants[number] = student
        text = row.get(when, "")
        if not text or text in "-–" or not re.search(r"\d", text):
            return []
        at = read(text, clock)
        if at is None:
            return [f"line {line}: {names.shown(text)[:40]!r} is no time"]
        self._unzoned = self._unzoned or not _has_zone(text)
        self.known[student] = max(at, self.known.get(student, at))
        return []


def _anywhere(row: Mapping[str, str], directory: Directory) -> str | None:
    """The only student whose address or name a row of Moodle's has, in any column."""
    found: set[str] = set()
    for cell in row.values():
        found |= directory.by("email" if "@" in cell else "name", cell)
    return found.pop() if len(found) == 1 else None


def _whom(
    row: Mapping[str, str], found: Mapping[str, str], directory: Directory | None
) -> str | None:
    """The student of a row: by ids first, then by the name."""
    cells = {what: row.get(header, "") for what, header in found.items()}
    ids = [cells[what] for what in columns.IDS if cells.get(what)]
    ids += [cells["github"]] if cells.get("github") else []
    both = f"{cells.get('first', '')} {cells.get('last', '')}".strip()
    called = cells.get("name") or both
    if directory is None:
        return (ids or [called])[0] or None
    keys = [("any", text) for text in ids] + ([("name", called)] if called else [])
    students = directory.find(keys)
    return students.pop() if len(students) == 1 else None


def read(text: str, clock: Clock) -> datetime.datetime | None:
    """A time as an LMS writes it, in UTC: `Thursday, 20 November 2026, 10:00 AM`."""
    from dateutil import parser

    if len(text) > 60:
        return None
    try:
        german = re.search(r"\b\d{1,2}\.\s?\d{1,2}\.\s?\d{4}\b", text)
        at = parser.parse(text, dayfirst=bool(german))
    except (ValueError, OverflowError, TypeError):
        return None
    if at.tzinfo is None:
        return clock.read(at.isoformat())
    return at.astimezone(datetime.UTC).replace(tzinfo=None)


def _has_zone(text: str) -> bool:
    return bool(re.search(r"(Z|UTC|[+-]\d\d:?\d\d)$", text.strip()))


def stamp(piece: Piece) -> datetime.datetime | None:
    """What nbgrader's timestamp.txt says."""
    try:
        return senders.utc(piece.read(1000).decode("utf-8", "replace").strip())
    except ValueError:
        return None
