"""A class of 25 to practise on: the demo's twelve, and thirteen more as real classes have.

Late, renamed, of another exercise, broken, twice in one folder, by somebody who is on no
roster. The folders' names say what each one shows; all people's names are made up.
"""

from __future__ import annotations

import csv
import datetime
import io
import shutil
from dataclasses import replace
from pathlib import Path

from autograder.classroom import book, course, demo
from autograder.classroom.demo import ASSIGNMENT, HANDED_IN, Submission, insert_cell
from gpt.data import write_whole

ROSTER = "roster.csv"
DUE = (HANDED_IN + datetime.timedelta(hours=24)).replace(tzinfo=None)  # UTC
OTHER = "attend"  # the exercise that one student hands in under a wrong name

_TIES = next(s for s in demo.CLASS if s.student == "mistaken-ties")
_HALF = Submission("late-by-an-hour", 8, steps=4, hours=25)
_MORE = (
    _HALF,
    Submission("late-by-two-days", 20, hours=72),
    Submission("late-with-an-extension", 20, hours=48),
    Submission("renamed-by-the-browser", 20),
    Submission("another-exercise", flagged=True),
    Submission("cut-off-while-uploading", flagged=True),
    Submission("no-notebook-at-all", flagged=True),
    Submission("twice-in-one-folder", 20, flagged=True),
    Submission("on-no-roster", 20),
    Submission("a-syntax-error", 0, steps=1, edit=insert_cell("def broken(:", 5)),
    replace(_TIES, student="mistaken-ties-a-third-time"),
    Submission("李-小龙", 20),
    Submission("only-begun", 3, steps=1),
)
CLASS = (*demo.CLASS, *_MORE)

_FIRST = (
    *("Ada", "Bo", "Chidi", "Dilnoza", "Élodie", "Farid", "Güneş", "Hye-jin", "Ivo"),
    *(
        "Jun",
        "Kwame",
        "Łucja",
        "Mei",
        "Nour",
        "Óscar",
        "Priya",
        "Quân",
        "Rūta",
        "Søren",
    ),
    *("Tomás", "Ülkü", "Vera", "Wen", "Ximena", "Yusuf", "Zoë"),
)
_LAST = ("Example", "Muster", "Ejemplo", "O'Sample", "示例", "Przykład")
_ABSENT = ("never-came", "dropped-out")


def add(folder: Path) -> None:
    """What the class has beyond plain submissions: its odd folders, roster, due date."""
    place = folder / "submitted"
    mine = f"{ASSIGNMENT}.ipynb"

    renamed = place / "renamed-by-the-browser" / ASSIGNMENT
    (renamed / mine).replace(renamed / f"{ASSIGNMENT} (1).ipynb")
    other = course.root() / "exercises" / OTHER / f"{OTHER}.ipynb"
    shutil.copyfile(other, place / "another-exercise" / ASSIGNMENT / mine)
    cut = place / "cut-off-while-uploading" / ASSIGNMENT / mine
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 3])
    none = place / "no-notebook-at-all" / ASSIGNMENT
    (none / mine).unlink()
    (none / "answer.txt").write_text("I wrote it in another program.\n")
    twice = place / "twice-in-one-folder" / ASSIGNMENT
    shutil.copyfile(
        place / "unfinished" / ASSIGNMENT / mine, twice / f"{ASSIGNMENT}-old.ipynb"
    )
    if not (folder / ROSTER).exists():
        write_whole(folder / ROSTER, roster().encode())
    _due()


def roster() -> str:
    """The roster as a CSV file: all but one who has submitted, and two who have not."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "first name", "last name", "email", "section"])
    ids = [s.student for s in CLASS if s.student != "on-no-roster"] + [*_ABSENT]
    for number, student in enumerate(ids):
        first, last = _FIRST[number % len(_FIRST)], _LAST[number % len(_LAST)]
        mail = f"student{number + 1:02}@example.edu"
        writer.writerow([student, first, last, mail, "AB"[number % 2]])
    return out.getvalue()


def _due() -> None:
    """When the exercise is due, unless somebody has said so already."""
    from nbgrader.api import MissingEntry

    with book.opened() as gradebook:
        try:
            known = gradebook.find_assignment(ASSIGNMENT).duedate
        except MissingEntry:
            known = None
        if known is None:
            gradebook.update_or_create_assignment(ASSIGNMENT, duedate=DUE)
