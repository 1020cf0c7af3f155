"""Is a class graded in parallel, each submission once, as nbgrader would record it?"""

import contextlib
import json
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.utils import parse_utc

from autograder.box import sandbox
from autograder.box.sandbox import Limits
from autograder.classroom import course, demo, grade, runner, submission
from autograder.classroom.cells import sound
from autograder.classroom.demo import Submission, insert_cell
from autograder.classroom.record import Record
from autograder.classroom.runner import Runner
from autograder.classroom.setup import Setup
from tests.autograder.classroom import soak
from tests.autograder.classroom.faulty import faulty
from tests.need import need

EXERCISE = "tokenize"


def hand_in(classroom, student, **how):
    place = classroom / "submitted" / student / EXERCISE
    place.mkdir(parents=True, exist_ok=True)
    nbformat.write(
        demo.notebook(Submission(student, 0, **how)), place / f"{EXERCISE}.ipynb"
    )
    return place


@contextlib.contextmanager
def gradebook(classroom):
    with Gradebook(f"sqlite:///{classroom / 'gradebook.db'}") as found:
        yield found


def recorded(classroom, student):
    """All that the gradebook says of a submission."""
    with gradebook(classroom) as book:
        found = book.find_submission(EXERCISE, student)
        (notebook,) = found.notebooks
        grades = {
            g.name: (g.auto_score, g.manual_score, g.needs_manual_grade)
            for g in notebook.grades
        }
        comments = {c.name: c.auto_comment for c in notebook.comments}
        penalty = notebook.late_submission_penalty
        return grades, comments, found.timestamp, found.score, penalty


def test_the_record_is_the_one_that_nbgrader_makes(classroom):
    """The same submissions by `nbgrader autograde` and by our own command."""
    students = {"solved": {}, "half": {"steps": 4}, "untouched": {"steps": 0}}
    for student, how in students.items():
        place = hand_in(classroom, student, **how)
        (place / "timestamp.txt").write_text("2026-11-20 12:00:00 UTC\n")
    grade.grade(EXERCISE)
    ours = {student: recorded(classroom, student) for student in students}
    stamp = classroom / "autograded" / "half" / EXERCISE / "timestamp.txt"
    assert "2026-11-20 12:00:00" in stamp.read_text()
    assert ours["half"][0]["merge"] == (2, None, False)
    assert ours["half"][1]["write_ranks"] == "No response."
    assert ours["half"][1]["write_merge"] is None
    assert ours["half"][2] == datetime(2026, 11, 20, 12)
    api = course.api()
    for student in students:
        result = api.autograde(EXERCISE, student, force=True)
        assert result["success"], result
        assert recorded(classroom, student) == ours[student]


def test_a_persons_grade_stays_and_is_to_be_looked_at_again(classroom):
    hand_in(classroom, "manual", steps=4)
    grade.grade(EXERCISE, ["manual"])
    with gradebook(classroom) as book:
        one = book.find_grade("train", EXERCISE, EXERCISE, "manual")
        one.manual_score = 2.5
        book.db.commit()
    hand_in(classroom, "manual")
    grade.grade(EXERCISE, ["manual"])
    assert recorded(classroom, "manual")[0]["train"] == (3, 2.5, True)


def test_a_late_submission_is_penalized_by_nbgraders_plugin(classroom, monkeypatch):
    config = Path("nbgrader_config.py")
    before = config.read_text()
    config.write_text(
        before
        + "\nfrom nbgrader.plugins import LateSubmissionPlugin"
        + "\nc.AssignLatePenalties.plugin_class = LateSubmissionPlugin"
        + '\nc.LateSubmissionPlugin.penalty_method = "zero"\n'
    )
    try:
        with gradebook(classroom) as book:
            book.update_or_create_assignment(
                EXERCISE, duedate="2026-11-20 00:00:00 UTC"
            )
        for student, day in (("late", 21), ("early", 19)):
            place = hand_in(classroom, student, steps=2)
            (place / "timestamp.txt").write_text(f"2026-11-{day} 12:00:00 UTC\n")
        grade.grade(EXERCISE, ["late", "early"])
    finally:
        config.write_text(before)
    assert recorded(classroom, "late")[3:] == (3, 3)
    assert recorded(classroom, "early")[3:] == (3, None)


def test_a_submission_is_recorded_whole_or_not_at_all(classroom, monkeypatch):
    """What fails on the way leaves nothing, and the next run grades it."""
    hand_in(classroom, "cut-off", steps=4)
    hand_in(classroom, "other", steps=4)
    mark = Record._mark

    def fail(self, assignment, student, *what):
        if student == "cut-off":
            raise RuntimeError("the disk is full")
        mark(self, assignment, student, *what)

    with monkeypatch.context() as patched:
        patched.setattr(Record, "_mark", fail)
        rows = grade.grade(EXERCISE, ["cut-off", "other"])
    assert [row.status for row in rows] == [grade.INFRA, grade.GRADED]
    assert rows[0].flags == ("the disk is full",)
    with gradebook(classroom) as book:
        names = {student.id for student in book.students}
    assert "other" in names and "cut-off" not in names
    rows = grade.grade(EXERCISE, ["cut-off", "other"])
    assert [row.status for row in rows] == [grade.GRADED, grade.GRADED]
    assert times(classroom) | {"cut-off": 1, "other": 1} == times(classroom)


def times(classroom):
    with contextlib.closing(
        Record(Gradebook(f"sqlite:///{classroom / 'gradebook.db'}"))
    ) as record:
        return {s: count for s, (_, count) in record.graded(EXERCISE).items()}


def test_only_what_has_changed_is_graded_again(classroom):
    hand_in(classroom, "changing", steps=2)
    hand_in(classroom, "constant", steps=2)
    both = ["changing", "constant"]
    assert [row.points for row in grade.grade(EXERCISE, both)] == [3, 3]
    hand_in(classroom, "changing", steps=4)
    assert [row.points for row in grade.grade(EXERCISE, both)] == [8, 3]
    grade.grade(EXERCISE, both)
    assert (times(classroom)["changing"], times(classroom)["constant"]) == (2, 1)
    path = classroom / "autograded" / "constant" / EXERCISE / f"{EXERCISE}.ipynb"
    path.unlink()
    grade.grade(EXERCISE, both)
    assert (times(classroom)["changing"], times(classroom)["constant"]) == (2, 2)
    assert path.exists()
    (classroom / "seed").write_text("another secret\n")
    grade.grade(EXERCISE, both)
    assert (times(classroom)["changing"], times(classroom)["constant"]) == (3, 3)


def test_the_verdict_does_not_depend_on_who_grades_it(classroom):
    ties = next(s for s in demo.CLASS if s.student == "mistaken-ties")
    students = [f"same-{number}" for number in range(5)]
    for student in students:
        hand_in(classroom, student, instead=ties.instead)
    found = []
    for jobs in (1, 3):
        grade.grade(EXERCISE, students, force=True, jobs=jobs)
        for student in students:
            path = classroom / "autograded" / student / EXERCISE / f"{EXERCISE}.ipynb"
            found.append(json.loads(path.read_text())["metadata"]["autograder"])
    assert found[0]["checks"]["train"]["mistake"] == "ties: the first one seen"
    assert all(one == found[0] for one in found)


def test_a_class_is_graded_by_one_process_at_a_time(classroom):
    hand_in(classroom, "alone", steps=0)
    with grade.alone(classroom), pytest.raises(ValueError, match="another process"):
        grade.grade(EXERCISE, ["alone"])


def test_no_jobs_are_refused(classroom):
    with pytest.raises(ValueError, match="at least one"):
        grade.grade(EXERCISE, jobs=0)


def test_without_a_sandbox_every_row_says_so(classroom, monkeypatch):
    monkeypatch.setenv("GPT_SANDBOX", "no")
    hand_in(classroom, "trusted")
    (row,) = grade.grade(EXERCISE, ["trusted"])
    assert (row.points, row.status) == (20, grade.FLAGGED)
    assert "ran without a sandbox" in row.flags
    monkeypatch.delenv("GPT_SANDBOX")
    (row,) = grade.grade(EXERCISE, ["trusted"])  # and again, now in one
    assert (row.points, row.status) == (20, grade.GRADED)


def test_what_stands_after_the_last_check_is_not_run(classroom):
    hand_in(classroom, "long", edit=insert_cell("import os\nos._exit(1)", 999))
    hand_in(classroom, "dead", edit=insert_cell("import os\nos._exit(1)", 3))
    rows = grade.grade(EXERCISE, ["long", "dead"])
    assert [row.status for row in rows] == [grade.GRADED, grade.FLAGGED]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20 12:00:00 UTC",
        "2026-11-20 12:00:00.123456 UTC",
        "2026-11-20 12:00:00 America/New_York",
        "2026-11-20 12:00:00 +3600",
        "2026-11-20T12:00:00+02:00",
        "2026-11-20 12:00:00",
        "Nov 20 2026 12:00",
    ],
)
def test_a_timestamp_is_read_as_nbgrader_reads_it(text):
    assert parse_utc(sound(text)) == parse_utc(text)


@pytest.mark.parametrize("text", ["yesterday", "", "9" * 999, "1-1-1-1", "x y z", "\0"])
def test_what_is_no_time_is_left_out(text):
    with pytest.raises(ValueError, match="timestamp.txt is no time: left out"):
        sound(text)


# --- workers that fail: in place of the real one, in real processes --------------------


SETUP = Setup(
    EXERCISE,
    Path(),
    Path(),
    submission.Released({}, {}),
    {},
    Limits(seconds=0.5),
    True,
)


@pytest.mark.parametrize("bad", ["death", "sleep", "fault"])
def test_a_failing_worker_stops_nobody_else(monkeypatch, bad):
    monkeypatch.setattr(runner, "_work", faulty)
    monkeypatch.setattr(runner, "PATIENCE", 0.5)
    monkeypatch.setattr(runner, "ROUND", 0.2)
    good = [f"good-{number}" for number in range(9)]
    with Runner(SETUP, 2) as running:
        said = dict(running.grade([*good[:4], bad, *good[4:]]))
        pids = [worker.process.pid for worker in running.workers]
    assert {s: said[s] for s in good} == {s: {"echo": s} for s in good}
    assert said[bad]["problem"] == ("oh" if bad == "fault" else runner.DIED)
    assert not [pid for pid in pids if Path(f"/proc/{pid}/cmdline").exists()]


@pytest.mark.parametrize("good", [0, 1, 5])
def test_every_student_comes_once(monkeypatch, good):
    monkeypatch.setattr(runner, "_work", faulty)
    students = [f"s{number}" for number in range(good)]
    with Runner(SETUP, 3) as running:
        came = [student for student, _ in running.grade(students)]
    assert sorted(came) == students


def test_a_class_survives_kills(tmp_path):
    """The soak, on a small scale: `make soak` has 2,000 submissions."""
    need(sandbox.why_not() is None, sandbox.why_not())
    small = soak.Soak(tmp_path, 24, seed=3)
    small.run(pause=5)
    small.check()
    assert sum(small.killed.values()) > 0


def test_ctrl_c_does_not_reach_the_process_that_imports_for_the_workers():
    asked = (
        "from multiprocessing import forkserver; from pathlib import Path\n"
        "from autograder.classroom import runner\n"
        "runner.warm_up()\n"
        "pid = forkserver._forkserver._forkserver_pid\n"
        "print(Path(f'/proc/{pid}/status').read_text())"
    )
    told = subprocess.check_output([sys.executable, "-c", asked], text=True)
    (blocked,) = [x for x in told.splitlines() if x.startswith("SigBlk")]
    assert int(blocked.split()[1], 16) & 1 << (signal.SIGINT - 1)
