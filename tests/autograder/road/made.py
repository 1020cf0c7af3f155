"""A made class: how students stand, without anything being graded."""

import datetime

from autograder.classroom.book import Scored, Standing

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
