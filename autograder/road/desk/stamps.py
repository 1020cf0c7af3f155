"""When something was handed in, from a table beside the zip, or nbgrader's own file.

The zips themselves do not say: Canvas and Moodle write the time at which they made the
zip beside every file. Moodle's grading worksheet does (and whose number each student has
in this assignment), and so do Gradescope's scores and GitHub Classroom's grades.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from autograder.classroom import names
from autograder.road.desk import blind, columns, dates, senders, sheet
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
    """When each student handed in, in UTC, and which number in Moodle is whose.

    `dates` is the order of day and month, where a person said it (`dates.DATES`).
    """

    column: str | None = None  # with the times, where a person named it
    dates: str | None = None
    known: dict[str, datetime.datetime] = field(default_factory=dict)
    participants: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, piece: Piece, directory: Directory | None, clock: Clock) -> None:
        """Read a table. One that holds no times is told, and no more.

        ValueError where its dates may be of two months, and nobody said of which.
        """
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
        cells = [row.get(when, "") for _, row in table.rows]
        days = dates.day_first(cells, name, self.dates)
        unread = []
        for line, row in table.rows:
            at = row.get(when, ""), lambda text: dates.read(text, clock, days)
            unread += self._row(line, row, found, *at, numbers, directory)
        if unread:
            more = f", and {len(unread) - 1:,} more like it" if len(unread) > 1 else ""
            words = any(re.search(r"'.*[^\W\d_]{3}.*'", one) for one in unread)
            hint = ": download it in English" if words else ""  # months have names
            self.problems.append(f"{name}, {unread[0]}{more}{hint}")
        if self._hourless:
            many, few = len(self._hourless), sorted(map(names.shown, self._hourless))
            self.notes.append(
                f"{name} has {many:,} time{'s'[: many > 1]} without an hour, taken as the "
                "day's first minute, so that nobody is late for the want of one (the same "
                f"CSV with hours corrects it): {', '.join(few[:6])}{' …' * (many > 6)}"
            )
            self._hourless.clear()
        if numbers and directory is None:
            self.notes.append(
                "Moodle's numbers mean other students in the next assignment: keep this "
                "class for this one, and export into its own worksheet"
            )
        if self._strangers:
            many, few = len(self._strangers), ", ".join(self._strangers[:3])
            self.notes.append(
                f"{name} has {many:,} time{'s'[: many > 1]} of nobody on the roster: {few}"
                f"{' …' if many > 3 else ''}"
            )
            self._strangers.clear()
        if len(self.known) > was and not clock.is_named and self._unzoned:
            self.notes.append(f"times in {name} are {clock.name}")

    _unzoned: bool = False
    _strangers: list[str] = field(default_factory=list)  # whose times are in a table
    _hourless: set[str] = field(default_factory=set)  # whose day alone is known

    def _row(
        self,
        line: int,
        row: Mapping[str, str],
        found: Mapping[str, str],
        text: str,
        when: Callable[[str], tuple[datetime.datetime, bool] | None],
        numbers: str,
        directory: Directory | None,
    ) -> list[str]:
        """Read a row; what is wrong with its time."""
        student = _whom(row, found, directory)
        number = blind.number(row.get(numbers, ""))
        if number and directory is None:
            student = student or f"Participant {number}"
        elif number and student is None:
            student = _anywhere(row, directory)
        if student is None:
            if re.search(r"\d", text):  # of a staff, or it is mistyped
                who = next(
                    (row[h] for h in found.values() if row.get(h)), f"line {line}"
                )
                self._strangers.append(names.shown(who)[:60])
            return []
        if number:
            self.participants[number] = student
        if not text or text in "-–" or not re.search(r"\d", text):
            return []
        told = when(text)
        if told is None:
            return [f"line {line}: {names.shown(text)[:40]!r} is no time"]
        at, has_hour = told
        self._unzoned = self._unzoned or not dates.has_zone(text)
        if at >= self.known.get(student, at):
            self.known[student] = at
            (self._hourless.discard if has_hour else self._hourless.add)(student)
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


def apart(own: datetime.datetime, table: datetime.datetime) -> str | None:
    """What is told where a timestamp.txt says another minute than a CSV, which counts."""
    if abs(own - table) < datetime.timedelta(minutes=1):
        return None
    said = f"{own:%Y-%m-%d %H:%M}", f"{table:%Y-%m-%d %H:%M}"
    return f"timestamp.txt says {said[0]} UTC, and the CSV {said[1]} UTC, which counts"


def stamp(piece: Piece) -> datetime.datetime | None:
    """What nbgrader's timestamp.txt says."""
    try:
        return senders.utc(piece.read(1000).decode("utf-8", "replace").strip())
    except ValueError:
        return None
