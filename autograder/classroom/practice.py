"""A class of 25 to practise on: the demo's twelve, and thirteen more as real classes have.

Late, renamed, of another exercise, broken, twice in one folder, by somebody who is on no
roster. The folders' names say what each one shows; all people's names are made up.
"""

from __future__ import annotations

import csv
import datetime
import io
from dataclasses import replace

from autograder.classroom import book, course, demo
from autograder.classroom.demo import ASSIGNMENT, HANDED_IN, Submission

ROSTER = "roster.csv"
DUE = (HANDED_IN + datetime.timedelta(hours=24)).replace(tzinfo=None)  # UTC
OTHER = "attend"  # the exercise that one student hands in under a wrong name

_BROKEN = """
def count_pairs(chunks):
    counts = {}
    for ids in chunks
        for pair in zip(ids, ids[1:]):
            counts[pair] = counts.get(pair, 0) + 1
    return counts
"""
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
    Submission("a-syntax-error", 3, steps=3, instead=(_BROKEN,)),
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


def files() -> dict[str, bytes]:
    """What the class's files hold, its roster and its odd folders among them."""
    found = demo.files(CLASS)

    def place(student: str, name: str = f"{ASSIGNMENT}.ipynb") -> str:
        return f"submitted/{student}/{ASSIGNMENT}/{name}"

    renamed = "renamed-by-the-browser"
    found[place(renamed, f"{ASSIGNMENT} (1).ipynb")] = found.pop(place(renamed))
    other = course.root() / "exercises" / OTHER / f"{OTHER}.ipynb"
    found[place("another-exercise")] = other.read_bytes()
    cut = found[place("cut-off-while-uploading")]
    found[place("cut-off-while-uploading")] = cut[: len(cut) // 3]
    del found[place("no-notebook-at-all")]
    answer = b"I wrote it in another program.\n"
    found[place("no-notebook-at-all", "answer.txt")] = answer
    twice = place("twice-in-one-folder", f"{ASSIGNMENT}-old.ipynb")
    found[twice] = found[place("unfinished")]
    found[ROSTER] = roster().encode()
    return found


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


def due() -> None:
    """When the exercise is due, unless somebody has said so already."""
    from nbgrader.api import MissingEntry

    with book.opened() as gradebook:
        try:
            known = gradebook.find_assignment(ASSIGNMENT).duedate
        except MissingEntry:
            known = None
        if known is None:
            gradebook.update_or_create_assignment(ASSIGNMENT, duedate=DUE)
