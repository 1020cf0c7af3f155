"""Moodle's numbers of students: "Participant 12", which means another in each assignment.

They are never kept on a roster. Where an assignment is marked blind, its zip and its
worksheet have nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from autograder.road.desk.sheet import Sheet, normal

BLIND = (
    "in Moodle, reveal the students' identities and download it again; or take a class "
    "for this one assignment alone, without a roster: collect ZIP WORKSHEET.csv "
    "--no-roster"
)
# "Participant 12": Moodle's number of a student in one assignment, in any language.
_PARTICIPANT = re.compile(
    r".*?(?:parti[cç]ip|partecip|teilnehm|deelnem|deltag|deltak|osallist|uczestni|účastn"
    r"|részt|katılım|участник|учасник|παρτ|参加者|参与者|참가)\S*?\s*(?P<number>\d+)",
    re.IGNORECASE,
)


def numbered(sheet: Sheet) -> str:
    """The first column, where it holds Moodle's numbers; else nothing."""
    first = normal(sheet.headers[0])
    cells = [row.get(first, "") for _, row in sheet.rows[:50]]
    cells = [cell for cell in cells if cell]
    if len(sheet.headers) < 4 and not all(" " in cell for cell in cells):
        return ""  # ids like participant12, in a list by hand
    return first if cells and all(map(number, cells)) else ""


def number(cell: str) -> str:
    """Moodle's number of a student in one assignment: 12 of "Participant 12"."""
    found = _PARTICIPANT.fullmatch(cell) if len(cell) < 80 else None
    return str(int(found["number"][:18])) if found else ""


def anonymous(keys: Mapping[str, str]) -> str:
    """What one is called who handed in blind in Moodle; nothing for anybody else."""
    said = f"{keys.get('name', '')} {keys.get('participant', '')}"
    return f"Participant {found}" if (found := number(said)) else ""
