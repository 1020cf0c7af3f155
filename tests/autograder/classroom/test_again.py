"""A class is graded, an instructor changes things, and it is graded again.

One class of three, whose parts are read by one test after another; what each of them
changes stands in its name.
"""

import contextlib
import json
import os
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import PyFileConfigLoader

from autograder import __main__ as command
from autograder.classroom import book, changes, course, demo, faults, grade
from autograder.classroom.demo import Submission

WORD = "tokenize"
FLAG = "this looks like attend, another exercise"


@pytest.fixture(scope="module")
def graded(classroom):
    """The class, graded: a right submission, one with a mistake, and a wrong notebook."""
    ties = next(s for s in demo.CLASS if s.student == "mistaken-ties")
    students = [Submission("right", 20), ties, Submission("wrong-notebook")]
    demo.write(classroom / "submitted", students)
    other = course.root() / "exercises" / "attend" / "attend.ipynb"
    mine = classroom / "submitted" / "wrong-notebook" / WORD / f"{WORD}.ipynb"
    shutil.copyfile(other, mine)
    return classroom, {row.student: row for row in grade.grade(WORD)}


def standings():
    with book.opened() as gradebook:
        return {s.student: s for s in book.standings(gradebook, WORD)}


def everything(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def rows(folder):
    """What the gradebook holds."""
    with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as base:
        return list(base.iterdump())


def asked(capsys, *arguments):
    """The exit code of a command, what it printed, and what it said beside."""
    capsys.readouterr()
    code = command.main([*arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_notebook_of_another_exercise_is_flagged_wherever_one_looks(graded, capsys):
    folder, found = graded
    assert (found["wrong-notebook"].status, found["wrong-notebook"].points) == (
        grade.FLAGGED,
        0,
    )
    assert found["wrong-notebook"].flags[0] == FLAG
    assert [found[s].status for s in ("right", "mistaken-ties")] == [grade.GRADED] * 2
    assert FLAG in (folder / "problems.log").read_text("utf-8")
    known = standings()
    assert [s for s, k in known.items() if k.needs_manual] == ["wrong-notebook"]
    for student, row in found.items():  # the table and the gradebook say the same
        assert (row.points, row.possible) == (known[student].total, 20)
    code, told, _ = asked(capsys, "review")
    at = f"/formgrader/submissions/{known['wrong-notebook'].notebook}"
    assert code == 1 and FLAG in told and at in told and "mistaken" not in told
    code, told, _ = asked(capsys, "status", "--json")
    (row,) = json.loads(told)["exercises"]
    assert (code, row["submitted"], row["graded"], row["to_review"]) == (1, 3, 3, 1)
    assert row["next"] == "python -m autograder review tokenize"


def test_the_formgrader_shows_flags_and_the_student_does_not_see_them(graded):
    folder, found = graded
    config = PyFileConfigLoader(
        "nbgrader_config.py", path=str(Path.cwd())
    ).load_config()
    path = folder / "autograded" / "wrong-notebook" / WORD / f"{WORD}.ipynb"
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    resources = {"base_url": "", "index": 0, "total": 1, "notebook_path": "x"}
    resources |= {"assignment_id": WORD, "notebook_id": WORD, "student": "x"}
    resources |= {"first_name": "", "last_name": "", "submission_id": "1234"}
    page, _ = HTMLExporter(config=config).from_filename(str(path), resources=resources)
    assert "FLAGGED: look at this" in page and re.search(rf"<li>\s*{FLAG}", page)
    grade.feedback(WORD, [found["wrong-notebook"]])
    page = folder / "feedback" / "wrong-notebook" / WORD / f"{WORD}.html"
    text = page.read_text("utf-8")
    assert "FLAGGED" not in text and f"</strong>: {FLAG}." in text


def test_what_is_confirmed_is_not_asked_again(graded, capsys):
    """Neither by a regrade of the same, nor by another one."""
    with book.opened() as gradebook:
        handed_in = gradebook.find_submission(WORD, "wrong-notebook")
        for mine in handed_in.notebooks[0].grades:
            if mine.needs_manual_grade:
                mine.manual_score, mine.needs_manual_grade = 0.0, False
        gradebook.db.commit()
    assert asked(capsys, "review")[:2] == (0, "nothing waits for a person\n")
    grade.grade(WORD, ["wrong-notebook"], force=True)
    assert not standings()["wrong-notebook"].needs_manual


def test_points_by_hand_stay_and_a_regrade_says_first_what_moves_and_why(
    graded, capsys
):
    """Of the mistaken: a check's points are doubled, another's have been given by hand."""
    folder, found = graded
    with book.opened() as gradebook:
        handed_in = gradebook.find_submission(WORD, "mistaken-ties")
        (mine,) = [g for g in handed_in.notebooks[0].grades if g.name == "train"]
        note = handed_in.notebooks[0].comments[0]
        mine.manual_score, mine.needs_manual_grade = 2.0, False
        note.manual_comment = "well begun"
        gradebook.db.commit()
    assert standings()["mistaken-ties"].total == found["mistaken-ties"].points + 1.5
    source = course.solution(WORD)
    text = source.read_text("utf-8")
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        label = cell["metadata"].get("nbgrader", {})
        if label.get("grade") and label["grade_id"] in ("merge", "train"):
            label["points"] *= 2
    source.write_text(json.dumps(notebook), "utf-8")
    before = rows(folder), everything(Path("exercises"))
    code, told, said = asked(capsys, "regrade", WORD, "--dry-run")
    assert code == 0 and (rows(folder), everything(Path("exercises"))) == before
    assert "3 graded again: its points have changed" in said
    assert "right: 20 → 25, +5.00 (merge 2 → 4, train 3 → 6)" in told
    assert "mistaken-ties: points given by hand stand; look at them again" in told
    again = f"regrade {WORD} --class {folder.name}"
    assert f"nothing was written; next: python -m autograder {again}" in told

    code, told, _ = asked(capsys, "regrade", WORD, "--json")
    moves = {move["student"]: move for move in json.loads(told)["moved"]}
    assert code == 0 and (moves["right"]["before"], moves["right"]["after"]) == (20, 25)
    assert moves["right"]["why"] == "its points have changed"
    assert moves["mistaken-ties"]["waits"] and not moves["right"]["waits"]
    known = standings()
    assert {s: m["after"] for s, m in moves.items()} == {
        student: known[student].total for student in ("right", "mistaken-ties")
    }
    assert known["right"].total == known["right"].possible == 25
    assert known["right"].checks["train"].points == 6
    train = known["mistaken-ties"].checks["train"]
    assert (train.manual, train.points, train.auto) == (2.0, 2.0, 1.0)
    assert known["mistaken-ties"].needs_manual
    with book.opened() as gradebook:
        handed_in = gradebook.find_submission(WORD, "mistaken-ties")
        notes = [c.manual_comment for c in handed_in.notebooks[0].comments]
        assert "well begun" in notes
    page = json.loads(
        (folder / "autograded" / "right" / WORD / f"{WORD}.ipynb").read_text("utf-8")
    )
    assert "train: 6 of 6 points" in json.dumps(page, ensure_ascii=False)
    told = asked(capsys, "regrade", WORD)[1]
    assert "nothing that decides a grade has changed" in told


def test_cells_that_come_or_go_are_refused_before_anything_is_touched(graded, capsys):
    folder, _ = graded
    source = course.solution(WORD)
    text = source.read_text("utf-8")
    notebook = json.loads(text)
    label = {"grade": False, "solution": False, "locked": True, "task": False}
    label |= {"grade_id": "note-1", "schema_version": 3}
    note = {
        "cell_type": "markdown",
        "metadata": {"nbgrader": label},
        "source": "A note.",
    }
    source.write_text(json.dumps(notebook | {"cells": [*notebook["cells"], note]}))
    before = rows(folder), everything(Path("exercises"))
    try:
        code, _, said = asked(capsys, "grade", WORD)
        assert code == 2 and "the cell locked note 'note-1' is new" in said
        assert "3 submissions of it are in the gradebook" in said
        assert len(said.splitlines()) == 2  # the class, and the sentence
        assert asked(capsys, "regrade", WORD, "--dry-run")[0] == 2
        # nbgrader's own command and the formgrader's button
        result = course.api().generate_assignment(WORD, force=True)
        assert not result["success"] and "'note-1' is new" in result["log"]
        assert (rows(folder), everything(Path("exercises"))) == before

        lost = [c for c in notebook["cells"] if _name(c) != "merge" or not _grade(c)]
        source.write_text(json.dumps(notebook | {"cells": lost}))
        assert "the cell check 'merge' is gone" in asked(capsys, "grade", WORD)[2]

        # Whatever else nbgrader stumbles over, the exercise is as it was.
        twice = [*notebook["cells"], notebook["cells"][-1], notebook["cells"][-1]]
        twice += [c for c in notebook["cells"] if _name(c) == "merge"]
        source.write_text(json.dumps(notebook | {"cells": twice}))
        assert not course.api().generate_assignment(WORD, force=True)["success"]
        assert everything(Path("exercises")) == before[1]

        # A translated text and a note without a grade id may come.
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = ["Auf Deutsch."]
        free = {"cell_type": "markdown", "metadata": {}, "source": "A note."}
        source.write_text(json.dumps(notebook | {"cells": [*notebook["cells"], free]}))
        with book.opened() as gradebook:
            assert changes.problem(gradebook, WORD) is None
    finally:
        source.write_text(text, "utf-8")


def _name(cell):
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def _grade(cell):
    return cell["metadata"].get("nbgrader", {}).get("grade")


def test_a_locked_gradebook_and_a_full_disk_are_told_in_a_sentence(
    graded, capsys, monkeypatch
):
    folder, _ = graded
    monkeypatch.setattr(faults, "PATIENCE", 0.0)
    monkeypatch.setenv("GPT_GRADEBOOK", f"sqlite:///{folder}/gradebook.db?timeout=0.1")
    with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as other:
        other.execute("begin exclusive")
        for words in ["grade", WORD, "--force"], ["status"], ["review", WORD]:
            code, told, said = asked(capsys, *words)
            assert (code, told) == (2, ""), said
            assert "another program has locked the gradebook" in said
            assert "Traceback" not in said and len(said.splitlines()) == 2, said

    # A disk that is full, even for the log: a row, no traceback, and no grade is lost.
    log = folder / "problems.log"
    log.unlink()
    log.symlink_to("/dev/full")
    total = standings()["right"].total

    def full(*_):
        raise OSError(28, os.strerror(28), "x.ipynb")

    monkeypatch.setattr(grade, "publish", full)
    code, told, said = asked(capsys, "grade", WORD, "--student", "right", "--force")
    assert code == 1 and "Traceback" not in said
    assert "the disk is full" in told and "the grade from before stands" in " ".join(
        told.split()
    )
    known = standings()["right"]
    assert (known.status, known.total) == (grade.INFRA, total)
    assert "could not be graded: the disk is full" in asked(capsys, "review")[1]


def test_a_resubmission_that_had_points_by_hand_is_put_before_a_person(graded, capsys):
    """Of the mistaken: handed in again, and right. And who was INFRA is graded."""
    folder, _ = graded
    with book.opened() as gradebook:
        handed_in = gradebook.find_submission(WORD, "mistaken-ties")
        for mine in handed_in.notebooks[0].grades:
            mine.needs_manual_grade = False
        gradebook.db.commit()
    right = folder / "submitted" / "right" / WORD / f"{WORD}.ipynb"
    shutil.copyfile(right, folder / "submitted" / "mistaken-ties" / WORD / right.name)
    code, told, said = asked(capsys, "grade", WORD)
    assert code == 0 and "1 graded again: handed in again" in said
    assert "mistaken-ties: points given by hand stand; look at them again" in told
    assert standings()["right"].status == grade.GRADED
    known = standings()["mistaken-ties"]
    assert known.needs_manual and known.checks["train"].points == 2
    assert known.total == 25 - 4
