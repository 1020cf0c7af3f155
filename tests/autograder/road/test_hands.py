"""Points by hand, flags and late penalties: what counts, until a person has looked?

Nothing runs here: a verified notebook is made by hand and recorded as grading does it.
"""

import csv
import datetime
import io
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from autograder.classroom import (
    again,
    book,
    changes,
    course,
    interrupts,
    late,
    practice,
    rows,
    table,
    verdicts,
)
from autograder.classroom import grade as grading
from autograder.classroom.collect import collect
from autograder.classroom.late import Rule
from autograder.classroom.tables import VERDICT
from autograder.road import look, report
from autograder.road.forms import canvas, written
from autograder.road.look import page
from tests.autograder.road import made
from tests.autograder.road.lms import ROOT
from tests.autograder.road.made import DUE
from tests.need import need

WORD = "attend"
FLAG = "scores: uses torch.nn.functional (cell 9, line 2)"


@pytest.fixture
def graded(klass, announced):
    """Record a submission of a student: `wrong` steps earn nothing."""
    (klass / "gradebook.db").write_bytes(announced.read_bytes())

    def go(student="ada", which="one", wrong=(), flags=(), at=None):
        made.recorded(klass, WORD, student, which, wrong, flags, at)

    return go


def typed(check, points, student="ada"):
    made.typed(WORD, student, check, points)


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
    assert "points by hand of an earlier hand-in" in table.table(WORD, [rows.row(one)])
    typed("softmax", None)  # taken back
    one = stands()
    assert one.total == one.possible and not one.needs_manual
    assert run("export", WORD)[0] == 0


def test_extra_credit_of_an_earlier_hand_in_is_told_too(graded, run, klass):
    graded()
    with book.opened() as gradebook:
        (notebook,) = gradebook.find_submission(WORD, "ada").notebooks
        (grade,) = [g for g in notebook.grades if g.name == "softmax"]
        grade.extra_credit = 2.0
        gradebook.db.commit()
    graded(flags=[FLAG])  # the same submission: a person has seen it
    assert not stands().by_hand_before
    graded(which="two")
    assert stands().by_hand_before == ("softmax",)
    shown = table.table(WORD, [rows.row(stands())])
    assert "points by hand of an earlier hand-in; look at it again" in shown
    code, told = run("export", WORD)
    assert code == 1 and "1 with points by hand of an earlier hand-in" in told
    text = (klass / "exports" / f"{WORD}-plain.csv").read_text("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    keys = "automatic", "by_hand", "extra_credit", "score"
    assert [row[key] for key in keys] == ["20.00", "", "2.00", "22.00"]
    typed("softmax", None)  # what the formgrader writes where it is confirmed
    assert run("review", WORD)[0] == 0 and stands().total == stands().possible + 2


def test_a_dry_run_tells_what_being_late_will_cost(graded):
    graded(wrong=["softmax"], at="2026-11-20 11:00:00 UTC")
    one = stands()
    checks = {name: {"points": c.possible} for name, c in one.checks.items()}
    nb = {"metadata": {"autograder": {"checks": checks}}}
    said = {"notebook": json.dumps(nb), "timestamp": "2026-11-21 13:00:00 UTC"}
    move = again.would_move(
        replace(one, due=DUE), said, "handed in again", Rule(0.1), 20
    )
    assert move.after == one.possible - 4 and move.penalty == (0.0, 4.0)
    assert "off for being late 0 → 4" in again.told([move], would=True)[1]
    said["timestamp"] = None  # it counts as in time then
    late = replace(
        one, due=DUE, handed_in=DUE + datetime.timedelta(days=2), penalty=8.0
    )
    move = again.would_move(late, said, "handed in again", Rule(0.1), 20)
    assert move.after == one.possible and move.penalty == (8.0, 0.0)


def test_and_it_costs_that(graded):
    with book.opened() as gradebook:
        gradebook.update_or_create_assignment(WORD, duedate=DUE)
        late.set_rule(gradebook, WORD, Rule(0.1))
        gradebook.db.commit()
    graded(at="2026-11-21 13:00:00 UTC")
    one = stands()
    assert (one.penalty, one.total) == (4.0, one.possible - 4)


def hand_in_again(klass, student="ada"):
    """A newer file, as `collect` would lay it there."""
    path = klass / "submitted" / student / WORD / f"{WORD}.ipynb"
    path.write_text("{}")
    at = time.time() + 60
    os.utime(path, (at, at))


def test_export_tells_whose_newer_hand_in_is_not_graded(graded, run, klass):
    graded()
    assert run("export", WORD)[0] == 0
    hand_in_again(klass)
    code, told = run("export", WORD)
    assert code == 1 and "1 handed in again and not graded since" in told
    (row,) = json.loads(run("status", "--json")[1])["exercises"]
    assert row["to_grade"] == 1


def test_what_was_graded_is_known_by_what_it_holds(graded, run, klass):
    """A class that was copied is not handed in again; what was put back, with an old
    time, is."""
    graded()
    place = klass / "submitted" / "ada" / WORD
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{WORD}.ipynb").write_text("{}")
    with book.opened() as gradebook:
        of = collect(place, WORD).fingerprint
        gradebook.db.execute(sa.update(VERDICT).values(submission=of))
        gradebook.db.commit()
    later = time.time() + 60
    os.utime(place / f"{WORD}.ipynb", (later, later))
    assert "handed in again" not in run("export", WORD)[1]
    (place / f"{WORD}.ipynb").write_text("[]")
    os.utime(place / f"{WORD}.ipynb", (0, 0))
    code, told = run("export", WORD)
    assert code == 1 and "1 handed in again and not graded since" in told


def test_who_is_infra_keeps_the_grade_from_before_wherever_one_looks(
    graded, run, klass
):
    graded(wrong=["softmax"])
    total = stands().total
    with book.opened() as gradebook:
        book.write(
            gradebook,
            WORD,
            "bo",
            {"status": "INFRA", "flags": ["the disk is full"], "checks": {}},
        )
        verdicts.note(gradebook, WORD, "ada", "the disk is full")
        gradebook.db.commit()
    code, told = run("export", WORD)
    assert code == 1 and "1 grade of attend" in told
    assert (
        "1 not graded (INFRA); the grade of the hand-in before is written: ada" in told
    )
    assert "1 not graded (INFRA), and no zero is written: bo" in told
    text = (klass / "exports" / f"{WORD}-plain.csv").read_text("utf-8-sig")
    by = {row["student"]: row for row in csv.DictReader(io.StringIO(text))}
    assert float(by["ada"]["total"]) == total and by["bo"]["total"] == ""
    assert "grade from before" in by["ada"]["remark"]
    one = stands()
    table_ = table.table(WORD, [rows.told("ada", 20, {"ada": one}, {"ada": "full"})])
    assert "the grade from before stands" in table_ and f"{total:.2f}" in table_
    assert run("report", "--no-pairs")[0] == 1
    html = (klass / "report.html").read_text("utf-8")
    assert "The grade of the hand-in before stands" in html
    assert canvas.new({WORD: [one]}).graded == 1
    assert run("feedback", WORD, "--pack", "none")[0] == 0
    mine = (klass / "feedback" / "ada" / WORD / f"{WORD}.html").read_text("utf-8")
    assert "These points are of the hand-in before" in mine and "disk" not in mine


@pytest.mark.parametrize("points", [math.inf, -math.inf, math.nan])
def test_points_that_are_no_number_cost_that_row_alone(graded, run, klass, points):
    """Which nbgrader's API lets pass. SQLite keeps NaN as no points at all."""
    graded()
    graded("bo")
    typed("softmax", points)
    one, other = stands(), stands("bo")
    assert other.total == other.possible
    if one.total is not None:
        assert math.isnan(points) and one.total == one.possible
        return
    shown = table.table(WORD, [rows.told("ada", 20, {"ada": one}, {})])
    code, told = run("review", WORD)
    assert code == 1 and run("status", WORD)[0] == 1
    code, exported = run("export", WORD)
    assert code == 1 and "1 grade of attend" in exported and "INFRA" not in exported
    assert run("report", "--no-pairs")[0] == 1
    html = (klass / "report.html").read_text("utf-8")
    for said in shown, told, exported, html:
        words = " ".join(said.split())
        assert "ada" in words and "points given by hand are no number" in words
        assert "give others in the formgrader" in words
    assert "1 page" in run("feedback", WORD, "--pack", "none")[1]
    about = json.dumps({"metadata": {"autograder": {"checks": {}}}})
    said = {"notebook": about, "timestamp": None}
    assert again.would_move(one, said, "", Rule(), 20) is None
    typed("softmax", 1.0)  # and then there is a grade again
    assert stands().total == one.possible - 2 and run("review", WORD)[0] == 0


def test_a_class_that_can_only_be_read_is_exported_elsewhere(graded, klass, tmp_path):
    graded()
    go = [sys.executable, "-m", "autograder", "export", WORD, "--class", klass.name]
    if os.geteuid() == 0:  # whom no mode of a folder would stop
        go = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *go]
        need(shutil.which("setpriv"), "root can only be stopped by setpriv")
    where = {"env": os.environ | {"PYTHONPATH": str(ROOT)}, "cwd": Path.cwd()}

    def export(*words):
        done = subprocess.run(
            [*go, *words], check=False, capture_output=True, text=True, **where
        )
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    to = tmp_path / "grades.csv"
    klass.chmod(0o555)
    try:
        code, said = export("--to", str(to))
        assert code == 0 and "1 grade of attend" in said and "only be read" in said
        assert export("--to", str(to))[0] == 0  # the very same
        to.write_text("mine")
        code, said = export("--to", str(to))
        assert code == 2 and "can only be read" in said and to.read_text() == "mine"
        assert export("--to", str(to), "--force")[0] == 0
        code, said = export()
        assert code == 2 and "cannot be written" in said and "--to FILE" in said
    finally:
        klass.chmod(0o755)


def test_before_anything_is_graded_that_is_what_is_said(klass, run):
    for student in "ada", "bo":
        (klass / "submitted" / student / WORD).mkdir(parents=True)
    for words in ["report"], ["export", WORD], ["export"], ["feedback", WORD]:
        code, told = run(*words)
        assert code == 2, words
        assert "2 submissions are to be graded: python -m autograder grade" in told
    code, told = run("review", WORD)
    assert code == 0 and "2 submissions are to be graded" in told
    assert not (klass / "exports").exists()


def test_what_is_within_the_grace_is_not_counted_as_late(graded, run):
    with book.opened() as gradebook:
        gradebook.update_or_create_assignment(WORD, duedate=DUE)
        late.set_rule(gradebook, WORD, Rule(0.1, grace=3600))
        gradebook.db.commit()
    graded("ada", at="2026-11-20 12:59:00 UTC")
    graded("bo", at="2026-11-20 13:01:00 UTC")
    (row,) = json.loads(run("status", "--json")[1])["exercises"]
    assert row["late"] == 1


def test_the_two_files_for_moodle_have_two_names_and_two_ways_in(graded, run, klass):
    graded("ada")
    with book.opened() as gradebook:
        gradebook.update_or_create_student("ada", email="ada@example.org")
        gradebook.db.commit()
    sheet = klass / "worksheet.csv"
    sheet.write_text(
        "Identifier,Full name,Email address,Grade,Maximum Grade\n"
        "Participant 1,Ada Made-up,ada@example.org,,20.00\n"
    )
    code, told = run("export", WORD, "--into", sheet)
    assert code == 0 and "Upload grading worksheet" in told
    filled = klass / "exports" / f"{WORD}-moodle-worksheet.csv"
    before = filled.read_bytes()
    code, told = run("export", WORD, "--for", "moodle")
    assert code == 0 and "Grades → Import → CSV file" in told
    assert filled.read_bytes() == before
    assert (klass / "exports" / f"{WORD}-moodle.csv").exists()


def test_ctrl_c_while_a_command_is_imported(run, monkeypatch):
    def stopped(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("autograder.__main__.importlib.import_module", stopped)
    assert run("collect", "a.zip") == (130, "\nStopped. The same command goes on.\n")


def test_ctrl_c_is_obeyed_after_an_import_and_not_lost_in_nbgrader():
    done = []
    with pytest.raises(KeyboardInterrupt), interrupts.later():
        signal.raise_signal(signal.SIGINT)
        done.append("all of it")
    assert done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    result = {"success": False, "error": "Traceback\n ...\nKeyboardInterrupt\n"}
    with pytest.raises(KeyboardInterrupt):
        interrupts.obey(result)
    interrupts.obey({"success": False, "error": "ValueError: KeyboardInterrupt"})


def test_ctrl_c_while_the_exercise_is_announced_stops(klass, run, monkeypatch):
    (klass / "submitted" / "ada" / WORD).mkdir(parents=True)

    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(changes.GenerateAssignment, "_ask", pressed)
    monkeypatch.setattr(grading.sandbox, "why_not", lambda: None)
    (course.root() / "exercises" / WORD / f"{WORD}.ipynb").rename(klass / "kept")
    try:
        code, told = run("grade", WORD)
    finally:
        (klass / "kept").rename(course.root() / "exercises" / WORD / f"{WORD}.ipynb")
    assert code == 130 and "Stopped." in told and "Cancel" not in told


def test_less_than_a_cent_is_said_in_words():
    assert [report._dollars(x) for x in (0.0, 0.004, 1.5)] == [
        "$0.00",
        "less than a cent",
        "$1.50",
    ]


def test_a_demo_that_was_stopped_goes_on_to_its_due_date(
    course_folder, monkeypatch, run
):
    monkeypatch.chdir(course_folder)

    def stop():
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(practice, "due", stop)
        assert run("demo", "--class", "stopped")[0] == 130
    assert run("demo", "--class", "stopped")[0] == 0
    assert (
        "21 Nov 2026"
        in run("due", "tokenize", "--class", "stopped", "--zone", "UTC")[1]
    )
    run("due", "tokenize", "none", "--class", "stopped")
    assert run("demo", "--class", "stopped")[0] == 0  # it is the instructor's now
    assert "no date" in run("due", "tokenize", "none", "--class", "stopped")[1]


def test_demo_can_be_laid_out_again_beside_what_came_of_it(
    course_folder, monkeypatch, run
):
    monkeypatch.chdir(course_folder)
    assert run("demo", "--class", "tried")[0] == 0
    folder = course.class_place()
    written.write(folder / "exports" / "tokenize-plain.csv", b"x", False)
    (folder / "report.html").write_text(look.MAKER)
    assert run("demo", "--remove", "--class", "tried")[0] == 0
    assert not (folder / "submitted").exists()
    assert (folder / "report.html").exists()  # who laid it out did not write that
    (folder / "notes.txt").write_text("mine")
    assert run("demo", "--class", "tried")[0] == 0
    assert run("demo", "--remove", "--class", "tried")[0] == 0
    assert (folder / "notes.txt").read_text() == "mine"
