"""An exercise has changed and some are graded anew: does each command tell who is not?

Nothing runs here: a verified notebook is made by hand and recorded as grading does it.
"""

import contextlib
import csv
import datetime
import html
import io
import json
import random
import re

import pytest

from autograder.classroom import book, course, late, rows, table
from autograder.classroom import grade as grading
from autograder.classroom.late import Rule
from autograder.classroom.record import Record
from tests.autograder.road import lms, made
from tests.autograder.road.made import DUE

WORD = "attend"
PARTS = dict.fromkeys(("checks", "notebook", "points", "limits"), "1")
TOLD = "graded before the exercise changed"
EVERYBODY = ("ada", "bo", "cy", "di")


class Changed:
    """A class that was graded; then the exercise changed, and some were graded anew."""

    def __init__(self, klass, seed):
        draw = random.Random(seed)
        self.klass = klass
        times = [2, 0.5, 1][seed % 3]  # of a step's points; 1: only its checks changed
        first = {"softmax": 2 * draw.choice([1, 2])}
        self.then = {**points(), **first}
        self.now = {**self.then, "softmax": first["softmax"] * times}
        self.why = (
            "its points have changed" if times != 1 else "its checks have changed"
        )
        self.part = {"points": "2"} if times != 1 else {"checks": "2"}
        self.days = {s: draw.choice([0, 0, 1, 3]) for s in EVERYBODY}
        self.wrong = {s: draw.sample([*self.now], draw.randrange(3)) for s in EVERYBODY}
        self.anew = draw.sample(EVERYBODY, draw.randrange(4))
        self.old = sorted({*EVERYBODY} - {*self.anew})
        with book.opened() as gradebook:
            gradebook.update_or_create_assignment(WORD, duedate=DUE)
            late.set_rule(gradebook, WORD, Rule(0.1))
            gradebook.db.commit()
        self.holds(self.then, "v1", PARTS)
        for student in EVERYBODY:
            self.grade(student, self.then, "v1")

    def go(self):
        self.holds(self.now, "v2", PARTS | self.part)
        for student in self.anew:
            self.grade(student, self.now, "v2")

    def holds(self, points, version, parts):
        with book.opened() as gradebook:
            for cell in gradebook.find_notebook(WORD, WORD).grade_cells:
                cell.max_score = points[cell.name]
            gradebook.db.commit()
        api = course.api()
        with contextlib.closing(Record(api.gradebook, api.config)) as record:
            record.know(WORD, version, parts)

    def grade(self, student, points, version):
        at = f"{DUE + datetime.timedelta(days=self.days[student]):%F %T} UTC"
        wrong = self.wrong[student]
        more = {"at": at, "version": version, "points": points}
        made.recorded(self.klass, WORD, student, wrong=wrong, **more)

    def of(self, student):
        """The points there are, the score, and what being late costs."""
        points = self.then if student in self.old else self.now
        full = sum(points.values())
        score = sum(p for name, p in points.items() if name not in self.wrong[student])
        return full, score, min(score, full * 0.1 * self.days[student])


def points():
    with book.opened() as gradebook:
        cells = gradebook.find_notebook(WORD, WORD).grade_cells
        return {cell.name: cell.max_score for cell in cells}


def text(page):
    plain = re.sub(r"<[^>]+>", " ", page[page.index("<body") :])
    return " ".join(html.unescape(plain).split())


@pytest.fixture(params=range(6))
def changed(request, klass, announced):
    (klass / "gradebook.db").write_bytes(announced.read_bytes())
    return Changed(klass, request.param)


def test_before_it_changes_nobody_is_outdated(changed, run):
    (row,) = json.loads(run("status", "--json")[1])["exercises"]
    assert row["outdated"] == row["to_grade"] == 0
    for words in ["review"], ["export", WORD], ["report", "--no-pairs"]:
        code, told = run(*words)
        assert code == 0 and TOLD not in told


def test_status_counts_them_as_to_grade(changed, run):
    changed.go()
    code, told = run("status", "--json")
    (row,) = json.loads(told)["exercises"]
    assert code == 1
    assert row["outdated"] == row["to_grade"] == len(changed.old)
    assert row["next"] == f"python -m autograder grade {WORD}"
    assert f"{len(changed.old)} {TOLD}" in run("status")[1]


def test_review_lists_them_with_the_points_of_then(changed, run):
    changed.go()
    code, told = run("review", "--json")
    listed = {row["student"]: row for row in json.loads(told)}
    assert code == 1 and sorted(listed) == changed.old
    for student, row in listed.items():
        full, score, off = changed.of(student)
        assert (row["points"], row["possible"]) == (pytest.approx(score - off), full)
        assert row["why"] == [f"{TOLD} ({changed.why}): `grade {WORD}` grades it again"]


def test_exports_write_what_was_and_say_so(changed, run, tmp_path):
    changed.go()
    to = tmp_path / "grades.csv"
    code, told = run("export", WORD, "--json", "--to", to)
    about = json.loads(told)
    assert code == 1 and about["before"] == changed.old and not about["outdated"]
    found = csv.DictReader(io.StringIO(to.read_text("utf-8-sig")))
    for row in found:
        full, score, off = changed.of(row["student"])
        wanted = [full, score, off, score - off]
        keys = "possible", "score", "late_penalty", "total"
        assert [float(row[key]) for key in keys] == pytest.approx(wanted)
        is_old = row["student"] in changed.old
        assert row["remark"] == (f"{TOLD}: {changed.why}" if is_old else "")
    code, told = run("export", WORD, "--for", "canvas", "--to", to, "--force")
    assert code == 1 and f"{len(changed.old)} {TOLD}: written" in told
    most = [*csv.reader(io.StringIO(to.read_text("utf-8-sig")))][1]
    assert float(most[5]) == sum(changed.now.values())
    theirs = tmp_path / "canvas.csv"
    people = [(s, 1 + i, s) for i, s in enumerate(EVERYBODY)]
    theirs.write_text(lms.gradebook(people, attend=100))
    to.unlink()
    code, told = run("export", WORD, "--into", theirs, "--scale", "--to", to)
    assert code == 1 and f"{len(changed.old)} {TOLD}: written" in told
    by = {row[3]: row for row in csv.reader(io.StringIO(to.read_text("utf-8-sig")))}
    for student in EVERYBODY:
        full, score, off = changed.of(student)
        assert float(by[student][5]) == pytest.approx(
            100 * (score - off) / full, abs=0.01
        )


def test_each_page_has_the_points_by_which_it_was_graded(changed, run):
    changed.go()
    code, told = run("feedback", WORD, "--pack", "none", "--jobs", "1")
    assert code == 1 and f"{len(changed.old)} {TOLD}" in told
    for student in EVERYBODY:
        full, score, off = changed.of(student)
        page = changed.klass / "feedback" / student / WORD / f"{WORD}.html"
        said = text(page.read_text("utf-8"))
        assert (
            f"{score - off:.2f}".rstrip("0").rstrip(".") + f" of {full:g} points"
            in said
        )
        is_old = student in changed.old
        assert ("has changed since your work was graded" in said) == is_old
        for name in {*changed.now} - {*changed.wrong[student]}:
            most = (changed.then if is_old else changed.now)[name]
            assert f"{most:g} of {most:g}" in said
        assert "artly right" not in said


def test_the_report_names_them_and_counts_by_shares(changed, run):
    changed.go()
    code, told = run("report", "--no-pairs")
    assert code == 1 and TOLD in told
    said = text((changed.klass / "report.html").read_text("utf-8"))
    assert f"{len(changed.old)} submission" in said and TOLD in said
    full = sum(changed.now.values())
    shares = [(score - off) / most for most, score, off in map(changed.of, EVERYBODY)]
    (mean,) = re.findall(rf"mean ([\d.]+) of {full:g}\b", said)
    assert float(mean) == pytest.approx(full * sum(shares) / 4, abs=0.006)


def test_the_table_has_the_points_of_then_of_whom_we_failed(changed, run):
    changed.go()
    with book.opened() as gradebook:
        known = {s.student: s for s in book.standings(gradebook, WORD)}
    full, now = changed.of(changed.old[0])[0], sum(changed.now.values())
    shown = table.table(
        WORD, [rows.told(changed.old[0], now, known, {changed.old[0]: "full"})]
    )
    assert f"1 submission, {now:g} points" in shown
    assert (f"of the {full:g} points that it had then" in shown) == (full != now)


def test_all_is_well_when_all_are_graded_by_the_same(changed, run):
    changed.go()
    for student in changed.old:
        changed.grade(student, changed.now, "v2")
    for words in ["status"], ["review"], ["export", WORD], ["report", "--no-pairs"]:
        code, told = run(*words)
        assert code == 0 and TOLD not in told


def test_other_limits_alone_make_no_grade_outdated(changed, run):
    changed.holds(changed.then, "v2", PARTS | {"limits": "2"})
    assert run("status")[0] == 0


@pytest.mark.parametrize("change", [{"points": 4}, {"source": "# another"}])
def test_a_regrade_that_is_stopped_at_once(klass, announced, run, monkeypatch, change):
    """By the real command, up to where submissions would be run."""
    (klass / "gradebook.db").write_bytes(announced.read_bytes())
    made.recorded(klass, WORD, "ada")

    class Stopped(contextlib.nullcontext):
        def grade(self, students):
            raise KeyboardInterrupt

    monkeypatch.setattr(grading.sandbox, "why_not", lambda: None)
    monkeypatch.setattr(grading, "_runner", lambda *of: Stopped(Stopped()))
    source = course.solution(WORD)
    before = source.read_text("utf-8")
    notebook = json.loads(before)
    (cell,) = (
        c
        for c in notebook["cells"]
        if c["metadata"].get("nbgrader", {}).get("grade_id") == "softmax"
    )
    try:
        if "points" in change:
            cell["metadata"]["nbgrader"] |= change
        else:
            cell["source"] = [*cell["source"], f"\n{change['source']}"]
        source.write_text(json.dumps(notebook), "utf-8")
        with pytest.raises(KeyboardInterrupt):
            grading.graded(WORD)
        code, told = run("status", "--json")
        (row,) = json.loads(told)["exercises"]
        assert code == 1 and row["outdated"] == row["to_grade"] == 1
        assert run("export", WORD)[0] == run("review")[0] == 1
        with book.opened() as gradebook:
            (one,) = book.standings(gradebook, WORD)
        assert one.total == one.possible == 20
    finally:
        source.write_text(before, "utf-8")
