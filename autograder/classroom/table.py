"""The grades of a class as text: a row a student, aligned in any terminal."""

from __future__ import annotations

import collections
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.classroom import names
from autograder.classroom.width import cells, cut, cut_end, padded, wrapped
from autograder.verdict.points import number

GRADED, FLAGGED, INFRA = "GRADED", "FLAGGED", "INFRA"
ROWS = 60  # of a table; a larger class is summed up
LOOKS = 60  # rows of a larger class
TENTHS = 10  # lines in which its points are spread
LINES = 2  # of flags below a row; of what is to be mended, all
INDENT = 6  # of these lines
NOTES = 16  # cells that a name leaves for notes beside it
NAME = 12  # cells that a name has in the narrowest terminal
HELP = (
    "INFRA: not graded, and no zero is recorded. Mend what the row says and give the "
    "same command again; problems.log in the class's folder says more."
)

UNTIMED = "no time known"
LATE = (
    "no time known: it is not known when {}, so late work counts as in time. Give `collect` a "
    "CSV with times (Moodle's grading worksheet), or see its --handed-in."
)


@dataclass(frozen=True)
class Row:
    """What became of one submission.

    `status` is GRADED, FLAGGED (graded, and a person should look at `flags`) or INFRA
    (our fault, not graded: `flags` tells why; the next run tries again).
    """

    student: str
    points: float
    possible: float
    status: str
    mistakes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    penalty: float = 0.0  # for being late; `points` are what is left
    by_hand: bool = False
    waits: bool = False  # for a person to look at it
    stands: bool = False  # of INFRA: a grade from before does
    untimed: bool = False  # it is due, and no time of handing in is known
    earlier: bool = False  # points by hand were given to an earlier hand-in
    worth: float | None = None  # the points of the exercise now, if not `possible`


@dataclass(frozen=True)
class _Signs:
    """What a table is drawn with; in an encoding that has no blocks, plain letters."""

    full: str = "█"
    empty: str = "·"
    none: str = "–"
    more: str = "…"


def table(
    assignment: str, rows: Sequence[Row], width: int = 80, encoding: str = "utf-8"
) -> str:
    """The grades as text that `encoding` has, then what most of them got wrong.

    No line is wider than `width` cells, from 40 on. Of a large class: how the points
    are spread, which mistakes how many made, and a row for who deserves a look.
    """
    signs = _signs(encoding)
    possible = number(_worth(rows[0]))
    many = "s" * (len(rows) != 1)
    lines = [f"{assignment}: {len(rows):,} submission{many}, {possible} points", ""]
    shown, hidden = rows, 0
    if len(rows) > ROWS:
        lines += _spread(rows, width, signs)
        shown = [row for row in rows if row.status != GRADED or row.waits]
        shown.sort(key=lambda row: row.status != INFRA)  # first who was not graded
        shown, hidden = shown[:LOOKS], len(shown) - LOOKS
        if shown:
            lines += ["  to look at:"]
    students = [names.shown(row.student, encoding) for row in shown]
    bar = 12 if width >= 60 else 0
    most = max(NAME, width - 21 - bar - NOTES)
    longest = min(most, max(map(cells, students), default=0))
    for name, row in zip(students, shown, strict=True):
        begin = f"  {padded(cut(name, longest, signs.more), longest)}"
        lines += _row(row, begin, bar, width, encoding, signs)
    if hidden > 0:
        told = f"and {hidden:,} more: python -m autograder review {assignment}"
        lines += [f"  {line}" for line in wrapped(told, width - 2)]
    if len(rows) > ROWS:
        lines += _mistakes(rows, width, encoding, signs)
    elif common := most_common_mistake(rows):
        told = f"most common mistake: {names.shown(common, encoding)}"
        lines += ["", *(f"  {line}" for line in wrapped(told, width - 2))]
    if untimed := sum(row.untimed for row in rows):
        told = LATE.format(
            f"{untimed:,} of {len(rows):,} submissions were handed in"
            if len(rows) > 1
            else "it was handed in"
        )
        lines += ["", *(f"  {line}" for line in wrapped(told, width - 2))]
    if any(row.status == INFRA for row in rows):
        lines += ["", *(f"  {line}" for line in wrapped(HELP, width - 2))]
    return "\n".join(line.rstrip() for line in lines)


def _row(
    row: Row, begin: str, bar: int, width: int, encoding: str, signs: _Signs
) -> list[str]:
    """The lines of one row. Notes that do not fit beside it stand below."""
    share = row.points / row.possible if row.possible else 0.0
    drawn = (signs.full * min(10, round(10 * share))).ljust(10, signs.empty)
    score = f"{row.points:6.2f}"
    if row.status == INFRA and not row.stands:
        score, drawn = signs.none.rjust(6), " " * 10
    begin += f"  {score}" + (f"  {drawn}" if bar else "") + f"  {row.status:<7}"
    notes = "; ".join([*_about(row), *(row.flags or map(_words, row.mistakes))])
    notes = names.shown(notes, encoding)
    room = width - cells(begin) - 2
    if cells(notes) <= room:
        return [f"{begin}  {notes}"]
    lines = wrapped(notes, width - INDENT)
    if row.status != INFRA and len(lines) > LINES:
        last = cut_end(" ".join(lines[LINES - 1 :]), width - INDENT, signs.more)
        lines = [*lines[: LINES - 1], last]
    return [begin, *(" " * INDENT + line for line in lines)]


def _about(row: Row) -> list[str]:
    """What the points are, beside a check's."""
    told = []
    if _worth(row) != row.possible:
        told += [f"of the {number(row.possible)} points that it had then"]
    told += [f"-{number(row.penalty)} for being late"] if row.penalty else []
    told += [UNTIMED] if row.untimed else []
    if row.by_hand:
        told += [f"points by hand{' of an earlier hand-in' if row.earlier else ''}"]
    return [*told, "look at it again"] if row.by_hand and row.waits else told


def _worth(row: Row) -> float:
    return row.possible if row.worth is None else row.worth


def _now(row: Row) -> float:
    """The same share of the exercise's points as they are now."""
    is_same = _worth(row) == row.possible or not row.possible
    return row.points if is_same else row.points / row.possible * _worth(row)


def _spread(rows: Sequence[Row], width: int, signs: _Signs) -> list[str]:
    """How the points of those who have a grade are spread: in words, then a line a tenth."""
    with_grade = [row for row in rows if row.status != INFRA or row.stands]
    if not with_grade:
        return []
    graded, possible = sorted(map(_now, with_grade)), _worth(rows[0]) or 1.0
    full = sum(row.points >= row.possible for row in with_grade)
    mean, middle = number(sum(graded) / len(graded)), number(statistics.median(graded))
    told = (
        f"{len(graded):,} with a grade: mean {mean}, median {middle}, {full:,} with all"
    )
    counts = [0] * TENTHS
    for points in graded:
        counts[max(0, min(TENTHS - 1, int(TENTHS * points / possible)))] += 1
    lines = [*(f"  {line}" for line in wrapped(told, width - 2)), ""]
    room = min(40, width - 30)
    for tenth in reversed(range(TENTHS)):
        ends = (number(possible * x / TENTHS) for x in (tenth, tenth + 1))
        bar = signs.full * -(-room * counts[tenth] // max(counts))  # one is seen, too
        label = " to ".join(ends).rjust(14)
        lines.append(f"  {label}  {counts[tenth]:>6,}  {bar}".rstrip())
    return [*lines, ""]


def _mistakes(
    rows: Sequence[Row], width: int, encoding: str, signs: _Signs
) -> list[str]:
    """Which mistakes how many made, the most common first."""
    counts = collections.Counter(m for row in rows for m in set(row.mistakes))
    if not counts:
        return []
    lines = ["", "  mistakes, and how many made them:"]
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[
        :10
    ]:
        told = names.shown(_words(name), encoding)
        share = f"{count:>7,}  {count / len(rows):>4.0%}"
        lines.append(f"  {share}  {cut_end(told, width - 18, signs.more)}")
    if len(counts) > 10:
        lines.append(f"  {'':15}{signs.more} {len(counts) - 10} more")
    return lines


def most_common_mistake(rows: Sequence[Row]) -> str | None:
    """The mistake that most submissions made, in words, with how many did."""
    counts = collections.Counter(m for row in rows for m in set(row.mistakes))
    if not counts:
        return None
    name, count = max(counts.items(), key=lambda item: (item[1], item[0]))
    return f"{_words(name)} ({count} of {len(rows)})"


def _signs(encoding: str) -> _Signs:
    signs = _Signs()
    try:
        f"{signs.full}{signs.empty}{signs.none}{signs.more}".encode(encoding)
    except UnicodeEncodeError:
        return _Signs("#", ".", "-", "...")
    return signs


def _words(name: str) -> str:
    return name.replace("_", " ")
