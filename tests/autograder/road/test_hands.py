"""Points by hand, flags and late penalties: what counts, until a person has looked?

Nothing runs here: a verified notebook is made by hand and recorded as grading does it.
"""

import csv
import io
import json

import nbformat
import pytest

from autograder.classroom import again, book, course, late
from autograder.classroom.late import Rule
from autograder.classroom.record import Record
from autograder.road.look import page
from tests.autograder.road.made import DUE, standing

WORD = "attend"
FLAG = "scores: uses torch.nn.functional (cell 9, line 2)"


@pytest.fixture(scope="module")
def announced(course_folder, tmp_path_factory):
    """A gradebook that knows the exercise."""
    import os
    from pathlib import Path

    before = Path.cwd(), os.environ.get("GPT_CLASS")
    os.chdir(course_folder)
    os.environ["GPT_CLASS"] = "announced"
    folder = course.new_class("announced")
    result = course.api().generate_assignment(WORD, force=True, create=True)
    assert result["success"], result
    os.chdir(before[0])
    os.environ.pop("GPT_CLASS")
    if before[1]:
        os.environ["GPT_CLASS"] = before[1]
    return folder / "gradebook.db"


@pytest.fixture
def graded(klass, announced):
    """Record a submission of a student: `wrong` steps earn nothing."""
    (klass / "gradebook.db").write_bytes(announced.read_bytes())

    def go(student="ada", which="one", wrong=(), flags=(), at=None):
        place = klass / "submitted" / student / WORD
        place.mkdir(parents=True, exist_ok=True)
        (klass / "autograded" / student / WORD).mkdir(parents=True, exist_ok=True)
        text = course.solution(WORD).read_text("utf-8")
        nb = nbformat.reads(text, as_version=4)
        checks = {}
        for cell in nb.cells:
            label = cell.metadata.get("nbgrader", {})
            if label.get("solution"):
                label["checksum"] = "another"
            if label.get("grade"):
                label["cell_type"] = "code"
                name = label["grade_id"]
                bad = name in wrong
                if bad:
                    error = nbformat.v4.new_output("error", ename="x", evalue="x")
                    error.traceback = []
                    cell.outputs = [error]
                else:
                    cell.outputs = []
                points = 0 if bad else label["points"]
                checks[name] = {"points": points, "reason": None, "mistake": None}
        status = "FLAGGED" if flags else "GRADED"
        about = {"status": status, "flags": [*flags], "checks": checks}
        nb.metadata["autograder"] = about
        written = klass / "autograded" / student / WORD / f"{WORD}.ipynb"
        nbformat.write(nb, written)
        api = course.api()
        record = Record(api.gradebook, api.config)
        record.save(WORD, student, which, at, nb, 1.0, which, "v")
        record.close()

    return go


def typed(check, points, student="ada"):
    """What the formgrader does with points that are typed."""
    with book.opened() as gradebook:
        (notebook,) = gradebook.find_submission(WORD, student).notebooks
        (grade,) = [g for g in notebook.grades if g.name == check]
        grade.manual_score = points
        grade.needs_manual_grade = grade.auto_score is None and points is None
        gradebook.db.commit()


def stands(student="ada"):
    with book.opened() as gradebook:
        found = {s.student: s for s in book.standings(gradebook, WORD)}
    return found[student]


@pytest.mark.parametrize("cell", ["scores", "softmax"])
def test_points_typed_in_any_cell_settle_the_flags(graded, run, cell):
    graded(flags=[FLAG], wrong=["softmax"])
    code, told = run("review", WORD)
    assert code == 1 and "uses torch.nn" in told
    typed(cell, 1.0)
    assert run("review", WORD) == (0, "nothing waits for a person\n")
    graded(flags=[FLAG], wrong=["softmax"])  # the same again
    assert run("review", WORD) == (0, "nothing waits for a person\n")
    graded(which="two", flags=[FLAG], wrong=["softmax"])
    told = " ".join(run("review", WORD)[1].split())
    assert "uses torch.nn" in told
    assert f"points by hand ({cell}) were given to an earlier hand-in" in told
    typed(cell, 1.0)  # the same points confirm it, too
    assert run("review", WORD)[0] == 0


def test_points_by_hand_are_of_another_hand_in_only_where_one_came(graded, run):
    graded(wrong=["softmax"])
    typed("softmax", 1.0)
    graded()  # the same submission, and the check has changed
    told = " ".join(run("review", WORD)[1].split())
    assert "the check says something else since" in told and "earlier" not in told
    typed("softmax", 1.0)
    assert run("review", WORD)[0] == 0


def test_points_by_hand_of_an_earlier_hand_in_are_told_wherever_they_count(
    graded, run, klass
):
    graded(wrong=["softmax"])
    typed("softmax", 0.0)
    assert not stands().needs_manual
    graded(which="two")
    one = stands()
    assert one.needs_manual and one.by_hand_before == ("softmax",)
    assert one.total == one.possible - one.checks["softmax"].possible
    code, told = run("export", WORD)
    assert code == 1
    assert "1 with points by hand of an earlier hand-in" in told and ": ada" in told
    text = (klass / "exports" / f"{WORD}-plain.csv").read_text("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["needs_a_look"] == "yes"
    assert row["remark"] == "points by hand of an earlier hand-in: softmax"
    run("feedback", WORD)
    html = page.html(
        page.Job(WORD, "Attend", {"softmax": "Softmax"}, one, {}, {}, klass, klass),
        json.loads(course.solution(WORD).read_text("utf-8")),
    )
    assert "gave 0 points to an earlier hand-in of yours" in html
    from autograder.classroom import rows, table

    assert "points by hand of an earlier hand-in" in table.table(WORD, [rows.row(one)])
    typed("softmax", None)  # taken back
    one = stands()
    assert one.total == one.possible and not one.needs_manual
    assert run("export", WORD)[0] == 0


def test_a_dry_run_tells_what_being_late_will_cost(graded):
    graded(wrong=["softmax"], at="2026-11-20 11:00:00 UTC")
    one = stands()
    checks = {name: {"points": c.possible} for name, c in one.checks.items()}
    nb = {"metadata": {"autograder": {"checks": checks}}}
    said = {"notebook": json.dumps(nb), "timestamp": "2026-11-21 13:00:00 UTC"}
    from dataclasses import replace

    move = again.would_move(
        replace(one, due=DUE), said, "handed in again", Rule(0.1), 20
    )
    assert move.after == one.possible - 4 and move.penalty == (0.0, 4.0)
    assert "off for being late 0 → 4" in again.told([move], would=True)[1]


def test_and_it_costs_that(graded):
    with book.opened() as gradebook:
        gradebook.update_or_create_assignment(WORD, duedate=DUE)
        late.set_rule(gradebook, WORD, Rule(0.1))
        gradebook.db.commit()
    graded(at="2026-11-21 13:00:00 UTC")
    one = stands()
    assert (one.penalty, one.total) == (4.0, one.possible - 4)


def test_made_standings_wait_for_nobody():
    assert not standing("ada").stands and standing("bo", 2.0, "INFRA").stands
