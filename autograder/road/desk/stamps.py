"""When something was handed in, from a table beside the zip, or nbgrader's own file.

The zips themselves do not say: Canvas and Moodle write the time at which they made the
zip beside every file. Moodle's grading worksheet does (and whose number each student has
in this assignment), and so do Gradescope's scores and GitHub Classroom's grades.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from autograder.classroom import names
from autograder.road.desk import blind, columns, dates, senders, sheet, whose
from autograder.road.desk.archive import Piece
from autograder.road.desk.people import Directory
from autograder.road.times import Clock

TIMES = (
    *("last modified submission", "submission time", "submission timestamp"),
    *("submitted at", "submitted", "handed in", "timestamp", "time"),
)
LARGEST_MB = 64


@dataclass(frozen=True)
class Row:
    """What a row of a table says: whose it is, and when that was handed in."""

    line: int
    who: str  # as it is told
    keys: tuple[whose.Key, ...]
    match: whose.Match
    text: str  # of the time
    number: str = ""  # Moodle's
    at: datetime.datetime | None = None
    has_hour: bool = True

    @property
    def has_time(self) -> bool:
        return re.search(r"\d", self.text) is not None


@dataclass
class Times:
    """When each student handed in, in UTC, and whose the numbers in Moodle are (`rows`).

    `dates` is the order of day and month, where a person said it (`dates.DATES`).
    """

    column: str | None = None  # with the times, where a person named it
    dates: str | None = None
    known: dict[str, datetime.datetime] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def numbers(self, student: str | None) -> set[str]:
        """Which numbers of Moodle's are a student's."""
        return self._numbers.get(student or "", set())

    def given(self, number: str, student: str) -> None:
        """A person said whose the hand-in of this number is: its row has its time."""
        theirs = self.numbers(student)
        if number in theirs or self._from.get(student) == "":
            return
        row = self.rows.get(number)
        if row is not None and row.at is not None:
            self.known[student] = row.at
        elif number and theirs:
            self.known.pop(student, None)

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
        read = functools.partial(dates.read, clock=clock, days=days)
        unread = self._enter(
            name,
            [
                _row(line, row, found, row.get(when, ""), read, numbers, directory)
                for line, row in table.rows
            ],
        )
        if unread:
            more = f", and {len(unread) - 1:,} more like it" if len(unread) > 1 else ""
            words = any(re.search(r"'.*[^\W\d_]{3}.*'", one) for one in unread)
            hint = ": download it in English" if words else ""  # months have names
            self.problems.append(f"{name}, {unread[0]}{more}{hint}")
        if self._hourless:
            many = len(self._hourless)
            self.notes.append(
                f"{name} has {many:,} time{'s'[: many > 1]} without an hour, taken as the "
                "day's first minute, so that nobody is late for the want of one (the same "
                f"CSV with hours corrects it): {names.several(sorted(self._hourless))}"
            )
            self._hourless.clear()
        if numbers and directory is None:
            self.notes.append(
                "Moodle's numbers mean other students in the next assignment: keep this "
                "class for this one, and export into its own worksheet"
            )
        if self._strangers:
            many, few = len(self._strangers), names.several(self._strangers, 3)
            self.notes.append(
                f"{name} has {many:,} time{'s'[: many > 1]} of nobody on the roster: {few}"
            )
            self._strangers.clear()
        if len(self.known) > was and not clock.is_named and self._unzoned:
            self.notes.append(f"times in {name} are {clock.name}")

    _unzoned: bool = False
    _strangers: list[str] = field(default_factory=list)  # whose times are in a table
    _hourless: set[str] = field(default_factory=set)  # whose day alone is known
    _from: dict[str, str] = field(default_factory=dict)  # the number of a time's row
    _numbers: dict[str, set[str]] = field(default_factory=dict)

    def _enter(self, name: str, rows: list[Row]) -> list[str]:
        """Take what a table says; the times in it that are none."""
        unread, named, twins = [], {}, {}
        claims = [
            whose.Claim(f"line {r.line}", r.match, name, repr((r.keys, r.text)))
            for r in rows
        ]
        for row, match in zip(rows, whose.apart(claims), strict=True):
            if row.number:
                self.rows[row.number] = replace(row, match=match)
            student = match.student
            if row.number and student:
                self._numbers.setdefault(student, set()).add(row.number)
            if student is None:
                if not row.has_time:  # else of a staff, or it is mistyped
                    continue
                if row.match.student and not match.beside_id:
                    twins.setdefault(row.match.student, []).append(f"{row.line}")
                else:
                    self._strangers.append(row.who)
            elif row.at is not None:
                self._unzoned = self._unzoned or not dates.has_zone(row.text)
                if row.at >= self.known.get(student, row.at):
                    self.known[student], self._from[student] = row.at, row.number
                    do = self._hourless.discard if row.has_hour else self._hourless.add
                    do(student)
                if match.by_name and not row.number:
                    named[student] = None
            elif row.has_time:
                told = f"{names.shown(row.text)[:40]!r} is no time"
                unread.append(f"line {row.line}: {told}")
        for student, lines in twins.items():
            self.problems.append(
                f"{name}, lines {' and '.join(lines)}: all have the name of "
                f"{names.shown(student)}, and no id says whose they are: no time was taken"
            )
        if named:
            self.notes.append(
                f"{name}: {names.by_name([*named], len(rows), names.LIST)}"
            )
        return unread


def _row(
    line: int,
    row: Mapping[str, str],
    found: Mapping[str, str],
    text: str,
    read: Callable[[str], tuple[datetime.datetime, bool] | None],
    numbers: str,
    directory: Directory | None,
) -> Row:
    number = blind.number(row.get(numbers, ""))
    keys = _keys(row, found)
    if directory is None:  # the first is the id
        first = keys[0] if keys else ("id", f"Participant {number}" * bool(number))
        student = frozenset(filter(None, first[1:]))
        match = whose.Match(student, first[0] == "name")
    else:
        match = whose.match(directory, keys)
        if number and not match.students:
            keys += _anywhere(row, directory)
            match = whose.match(directory, keys)
    at, has_hour = (re.search(r"\d", text) and read(text)) or (None, True)
    who = next((row[h] for h in found.values() if row.get(h)), f"line {line}")
    who = names.shown(who)[:60]
    return Row(line, who, keys, match, text, number, at, has_hour)


def _anywhere(row: Mapping[str, str], directory: Directory) -> tuple[whose.Key, ...]:
    """Addresses in a row of Moodle's, and cells that name a student, in any column."""
    mails = [("email", cell) for cell in row.values() if "@" in cell]
    called = [("name", cell) for cell in row.values() if directory.by("name", cell)]
    return (*mails, *called)


def _keys(row: Mapping[str, str], found: Mapping[str, str]) -> tuple[whose.Key, ...]:
    cells = {what: row.get(header, "") for what, header in found.items()}
    ids = [(what, cells[what]) for what in (*columns.IDS, "github") if cells.get(what)]
    both = f"{cells.get('first', '')} {cells.get('last', '')}".strip()
    called = cells.get("name") or both
    return (*ids, *([("name", called)] if called else []))


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
