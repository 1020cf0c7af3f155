"""A made class: how students stand, without anything being graded, and what they hand in."""

import contextlib
import datetime
import json
import re

import nbformat

from autograder.classroom import book, course
from autograder.classroom.book import Scored, Standing
from autograder.classroom.record import Record

DUE = datetime.datetime(2026, 11, 20, 12, 0)
CHECKS = {"merge": 2.0, "encode": 3.0}


def standing(student, points=5.0, status="GRADED", **more):
    """One who handed in on time and has so many of 5 points; None: no grade."""
    graded = points is not None
    share = (points or 0.0) / 5
    return Standing(
        student,
        status,
        **{
            "first_name": student.title(),
            "last_name": "Made-up",
            "email": f"{student}@example.org",
            "checks": {
                name: Scored(share * most, most, share * most)
                for name, most in (CHECKS.items() if graded else ())
            },
            "possible": 5.0,
            "score": points,
            "handed_in": DUE if graded else None,
            "due": DUE,
        }
        | more,
    )


def late(student, points, hours, penalty, **more):
    """One who handed in after it was due."""
    when = DUE + datetime.timedelta(hours=hours)
    return standing(student, points, handed_in=when, penalty=penalty, **more)


def cell(grade_id, source="", said=None, **label):
    """A cell of a graded notebook; `said` is what a check has put below it."""
    made = {"cell_type": "code", "source": source, "outputs": []}
    made["metadata"] = {"nbgrader": {"grade_id": grade_id, **label}}
    if said is not None:
        data = {"text/plain": said, "text/html": "<script>alert('html')</script>"}
        made["outputs"] = [{"output_type": "display_data", "data": data}]
    return made


def notebook(code, said=()):
    """A graded notebook: the student's code for each check of CHECKS."""
    cells = []
    for name in CHECKS:
        cells.append(cell(f"write_{name}", code.get(name, ""), solution=True))
        text = dict(said).get(name, f"✓ {name}: right")
        cells.append(cell(name, f'check("{name}", {name})', text, grade=True))
    return {"cells": cells}


def handed_in(word, changes=None, steps=None):
    """An exercise as a student hands it in: solved, but for `changes`, by check.

    steps: only the first so many are; the others are as they were released.
    """
    released = course.root() / "exercises" / word / f"{word}.ipynb"
    made = json.loads(released.read_text("utf-8"))
    solved = course.steps(word)
    wanted = [*solved][:steps]
    cell = None
    for each in made["cells"]:
        label = each["metadata"].get("nbgrader", {})
        if label.get("solution"):
            cell = each
        elif label.get("grade") and (name := label["grade_id"]) in wanted:
            own = re.sub(r" *### (BEGIN|END) SOLUTION\n?", "", solved[name])
            cell["source"] = (changes or {}).get(name, lambda source: source)(own)
    return made


def recorded(
    klass,
    word,
    student,
    which="one",
    wrong=(),
    flags=(),
    at=None,
    version="v",
    points=None,
):
    """Enter a grade as grading does, of which `wrong` steps earn nothing.

    points: of steps, others than the notebook's.
    """
    (klass / "submitted" / student / word).mkdir(parents=True, exist_ok=True)
    written = klass / "autograded" / student / word / f"{word}.ipynb"
    written.parent.mkdir(parents=True, exist_ok=True)
    nb = nbformat.reads(course.solution(word).read_text("utf-8"), as_version=4)
    checks = {}
    for cell in nb.cells:
        label = cell.metadata.get("nbgrader", {})
        if label.get("solution"):
            label["checksum"] = "another"
        if label.get("grade"):
            label["cell_type"] = "code"
            name = label["grade_id"]
            label["points"] = most = (points or {}).get(name, label["points"])
            cell.outputs = []
            if name in wrong:
                error = nbformat.v4.new_output("error", ename="x", evalue="x")
                error.traceback = []
                cell.outputs = [error]
            got = 0 if name in wrong else most
            checks[name] = {"points": got, "possible": most}
            checks[name] |= {"reason": None, "mistake": None}
    status = "FLAGGED" if flags else "GRADED"
    about = {"status": status, "flags": [*flags], "checks": checks}
    nb.metadata["autograder"] = about
    nbformat.write(nb, written)
    api = course.api()
    with contextlib.closing(Record(api.gradebook, api.config)) as record:
        record.save(word, student, which, at, nb, 1.0, which, version)


def typed(word, student, check, points, comment=None):
    """What the formgrader does with points, and a comment on a step, that are typed."""
    with book.opened() as gradebook:
        (graded,) = gradebook.find_submission(word, student).notebooks
        (grade,) = [g for g in graded.grades if g.name == check]
        grade.manual_score = points
        grade.needs_manual_grade = grade.auto_score is None and points is None
        if comment is not None:
            (note,) = [c for c in graded.comments if c.name == f"write_{check}"]
            note.manual_comment = comment
        gradebook.db.commit()
