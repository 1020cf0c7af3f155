"""One small class, really graded: does every page and file say what the gradebook says?"""

import csv
import datetime
import io
import json
import re
import zipfile

import pytest

from autograder import __main__ as command
from autograder.classroom import book, grade, late
from autograder.road import look
from autograder.road.desk import origin
from tests.autograder.road.made import handed_in
from tests.autograder.road.test_feedback import text

EXERCISE = "attend"


def submit(folder, student, changes, name=f"{EXERCISE}.ipynb"):
    """The solution with some steps changed, as a student hands it in."""
    place = folder / "submitted" / student / EXERCISE
    place.mkdir(parents=True)
    (place / name).write_text(
        json.dumps(handed_in(EXERCISE, changes)), encoding="utf-8"
    )
    (place / "timestamp.txt").write_text("2026-11-20 12:00:00 UTC\n")


@pytest.fixture(scope="module")
def graded(classroom):
    """Five submissions: right, unreadable, mistaken and renamed, by hand, and INFRA."""
    submit(classroom, "ada", {})
    submit(classroom, "bo", {"softmax": lambda s: s.replace("(scores", "((scores", 1)})
    forgotten = {"scores": lambda s: re.sub(r" / sqrt\(d_head\)", "", s)}
    submit(classroom, "cy", forgotten, "my attend.ipynb")
    submit(
        classroom, "李 四", {"merge_heads": lambda s: "def merge_heads(x):\n    pass"}
    )
    submit(classroom, "e<f", {})
    grade.grade(EXERCISE)
    with book.opened() as gradebook:
        origin.RECEIVED.create(gradebook.engine, checkfirst=True)
        sub = gradebook.find_submission(EXERCISE, "李 四")
        (notebook,) = sub.notebooks
        by_name = {g.name: g for g in notebook.grades}
        by_name["merge_heads"].manual_score = 1.5
        notes = {c.name: c for c in notebook.comments}
        notes["write_merge_heads"].manual_comment = "You told me how in person."
        late.set_rule(gradebook, EXERCISE, late.Rule(2.0, is_share=False))
        theirs = gradebook.find_submission(EXERCISE, "cy")
        theirs.assignment.duedate = theirs.timestamp
        theirs.timestamp += datetime.timedelta(hours=1)
        gradebook.db.commit()
        failed = {"status": "INFRA", "flags": ["the disk is full"], "checks": {}}
        book.write(gradebook, EXERCISE, "flo", failed)
        known = {"assignment": EXERCISE, "form": "Canvas", "packed": None}
        known |= {"student": "cy", "number": 77, "label": "cy_5"}
        gradebook.db.execute(origin.RECEIVED.insert().values(**known))
        gradebook.db.commit()
    return classroom


TOTALS = {"ada": 20.0, "bo": 17.0, "cy": 16.0, "李 四": 19.5}


def run(*words):
    return command.main([*words, "--class", "test"])


def test_the_file_of_grades(graded, tmp_path, capsys):
    to = tmp_path / "grades.csv"
    assert run("export", EXERCISE, "--to", str(to)) == 1  # of one there is no grade
    said = capsys.readouterr().out
    assert "1 not graded (INFRA), and no zero is written: flo" in said
    assert "1 handed in and not graded: grade first, then export again: e<f" in said
    rows = {
        r["student"]: r for r in csv.DictReader(io.StringIO(to.read_text("utf-8-sig")))
    }
    assert {s: float(r["total"]) for s, r in rows.items() if r["total"]} == TOTALS
    assert (rows["cy"]["score"], rows["cy"]["late_penalty"]) == ("18.00", "2.00")
    assert (rows["李 四"]["merge_heads"], rows["李 四"]["by_hand"]) == ("1.50", "1.50")
    assert rows["cy"]["mistakes"] == "√d forgotten"
    assert rows["flo"]["total"] == ""


def test_the_pages(graded, capsys):
    assert run("feedback", EXERCISE) == 1  # who is not from Canvas is not packed
    said = capsys.readouterr().out
    assert "attend: 4 pages written, 0 had not changed" in said
    pages = {
        student: (
            graded / "feedback" / student / EXERCISE / f"{EXERCISE}.html"
        ).read_text()
        for student in TOTALS
    }
    for student, total in TOTALS.items():
        assert f"{total:g} of 20 points" in text(pages[student])
    told = text(pages["bo"])
    assert "Python cannot read the cell of softmax , so it has not run." in told
    assert "SyntaxError in line 1, def softmax((scores: torch.Tensor)" in told
    told = text(pages["cy"])
    assert "Read and graded: the notebook my attend.ipynb" in told
    assert "2 points are taken off, because they came late" in told
    assert "What must they be divided by" in told
    assert 'class="pair"' in pages["cy"]  # the mistake, on a case of the notebook
    assert "<svg" in pages["cy"]
    told = text(pages["李 四"])
    assert "Your instructor gave 1.5 points in place of the check's 0." in told
    assert "Your instructor writes: You told me how in person." in told
    with zipfile.ZipFile(graded / "feedback" / f"{EXERCISE}-canvas.zip") as made:
        assert made.namelist() == [f"cy_5_77_{EXERCISE}.html"]
    assert run("feedback", EXERCISE, "--pack", "none") == 0
    assert "0 pages written, 4 had not changed" in capsys.readouterr().out


def test_the_report(graded):
    assert run("report") == 1
    told = text((graded / "report.html").read_text("utf-8"))
    for student, total in TOTALS.items():
        assert re.search(rf"{student} {total:g}\b", told), student
    assert "25 % (1 of 4) √d forgotten · 4 · Scores from queries and keys" in told
    assert "What must they be divided by" in told
    assert "1 submission could not be graded (INFRA)" in told
    assert "the disk is full" in told
    assert "1 submission not graded yet" in told
    assert "Python cannot read the cell of softmax , so it has not run." in told
    assert run("report", "--anonymous") == 1
    hidden = (graded / "report-anonymous.html").read_text("utf-8")
    assert "Python cannot read the cell of … , so it has not run." in text(hidden)
    assert not [name for name in (*TOTALS, "flo", "e&lt;f") if f"<bdi>{name}" in hidden]


def test_nbgraders_own_page_in_its_place(graded, capsys):
    page = graded / "feedback" / "ada" / EXERCISE / f"{EXERCISE}.html"
    words = ("feedback", EXERCISE, "--student", "ada", "--pack", "none")
    assert run(*words, "--nbgrader") == 0
    assert look.MAKER not in page.read_text("utf-8")
    assert run(*words) == 0  # and ours again
    assert look.MAKER in page.read_text("utf-8")


def test_grading_writes_the_pages_too(graded, capsys):
    page = graded / "feedback" / "ada" / EXERCISE / f"{EXERCISE}.html"
    page.unlink()
    words = ("grade", EXERCISE, "--student", "ada", "--feedback")
    assert run(*words) == 0
    assert look.MAKER in page.read_text("utf-8")
    (graded / "autograded" / "ada" / EXERCISE / f"{EXERCISE}.ipynb").write_text("{")
    assert run(*words) == 1  # graded all the same, and the row says what is lacking
    said = " ".join(capsys.readouterr().out.split())
    assert "graded, with 20 points, but has no feedback page" in said
