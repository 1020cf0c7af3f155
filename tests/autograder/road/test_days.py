"""Random days of an instructor beside a model of a few lines: does every place say the same?

Due dates, policies and extensions change, students hand in again, a regrade finds other
things right, and points are typed, in any order. After each step the exported file, the
gradebook and `status` are compared with what the model says; at the end the pages, too.
"""

import csv
import datetime
import io
import json
import math
import random
from dataclasses import dataclass, field

import pytest

from autograder.classroom import book
from tests.autograder.road import made
from tests.autograder.road.test_outdated import points, text
from tests.depth import many

WORD = "attend"
START = datetime.datetime(2026, 11, 20, 12, 0)
DAY = datetime.timedelta(days=1)


@dataclass
class Student:
    """What a student is to have: `wrong` steps earn nothing, `hand` is what was typed."""

    which: str = ""  # the hand-in that was graded; empty: none was
    wrong: frozenset = frozenset()
    at: datetime.datetime | None = None
    hand: dict = field(default_factory=dict)
    extension: int = 0  # days

    def score(self, full):
        auto = {name: 0 if name in self.wrong else full[name] for name in full}
        return sum((auto | self.hand).values())


@dataclass
class Model:
    full: dict
    students: dict
    due: datetime.datetime | None = None
    per_day: str = "none"
    cap: str = "none"
    grace: int = 0  # hours

    def late(self, student):
        """How late it is, in seconds; 0: in time, or nobody knows."""
        if self.due is None or student.at is None:
            return 0
        last = self.due + student.extension * DAY
        return max(0, (student.at - last).total_seconds())

    def penalty(self, student):
        late, possible = self.late(student), sum(self.full.values())
        if late <= self.grace * 3600 or self.per_day == "none":
            return 0

        def worth(said):
            share = said.endswith("%")
            return float(said[:-1]) / 100 * possible if share else float(said)

        most = possible if self.cap == "none" else min(worth(self.cap), possible)
        owed = min(math.ceil(late / 86400) * worth(self.per_day), most)
        return min(owed, max(0, student.score(self.full)))


class Days:
    """A class, its model, and what may happen on a day."""

    def __init__(self, klass, run, draw):
        self.klass, self.run, self.draw = klass, run, draw
        self.model = Model(points(), {name: Student() for name in ("ada", "bo", "cy")})
        roster = klass / "roster.csv"
        roster.write_text("id,name\nada,Ada A\nbo,Bo B\ncy,Cy C\n")
        assert run("roster", roster)[0] == 0
        self.said = []

    def day(self):
        """One thing happens."""
        act = self.draw.choice(
            [self.date, self.rule, self.extend, self.hand_in, self.hand_in]
            + [self.again, self.typed, self.look]
        )
        self.said.append((act.__name__, act()))

    def due(self, *words):
        code, told = self.run("due", WORD, *words, "--zone", "UTC")
        assert code == 0, (words, told)
        return words

    def date(self):
        hours = self.draw.randrange(-72, 72)
        self.model.due = START + datetime.timedelta(hours=hours)
        if self.draw.random() < 0.2:
            self.model.due = None
            return self.due("none")
        return self.due(f"{self.model.due:%Y-%m-%d %H:%M}")

    def rule(self):
        model, draw = self.model, self.draw
        model.per_day = draw.choice(["none", "10%", "2", "35%"])
        model.cap = draw.choice(["none", "50%", "3"])
        model.grace = draw.choice([0, 2])
        grace = f"{model.grace}h" if model.grace else "none"
        return self.due(
            "--per-day", model.per_day, "--cap", model.cap, "--grace", grace
        )

    def extend(self):
        if self.model.due is None:
            return ()
        name, student = self.one()
        student.extension = self.draw.choice([0, 1, 3])
        days = student.extension or "none"
        return self.due("--student", name, "--days", days)

    def one(self, graded=False):
        known = self.model.students.items()
        every = [(name, s) for name, s in known if s.which or not graded]
        return self.draw.choice(every) if every else (None, None)

    def hand_in(self):
        name, student = self.one()
        student.which = f"{self.draw.random():.9f}"
        hours = self.draw.randrange(-100, 100) + self.draw.choice([0, 0.5])
        student.at = START + datetime.timedelta(hours=hours)
        if self.draw.random() < 0.2:
            student.at = None
        return self.grade(name, student)

    def again(self):
        return self.grade(*self.one(graded=True))

    def grade(self, name, student):
        if name is None:
            return ()
        steps = [*self.model.full]
        wrong = self.draw.sample(steps, self.draw.choice([0, 1, 3, len(steps)]))
        student.wrong = frozenset(wrong)
        at = student.at and f"{student.at:%Y-%m-%d %H:%M:%S} UTC"
        made.recorded(self.klass, WORD, name, student.which, wrong, at=at)
        return name, student.which, at, *wrong

    def typed(self):
        name, student = self.one(graded=True)
        if name is None:
            return ()
        step = self.draw.choice([*self.model.full])
        given = self.draw.choice([None, 0, 1.5, self.model.full[step] + 2])
        student.hand.pop(step, None)
        if given is not None:
            student.hand[step] = given
        made.typed(WORD, name, step, given)
        return name, step, given

    def look(self):
        """Looking changes nothing."""
        words = self.draw.choice([["review"], ["status"], ["due"], ["report"]])
        self.run(*words, *(["--no-pairs"] if words == ["report"] else []))
        return words

    def holds(self):
        """Every place says what the model says."""
        to = self.klass / "out.csv"
        code, told = self.run("export", WORD, "--to", to, "--force")
        assert code < 2, told
        rows = {
            row["student"]: row
            for row in csv.DictReader(io.StringIO(to.read_text("utf-8-sig")))
        }
        assert sorted(rows) == sorted(self.model.students)
        code, told = self.run("status", "--json")
        about = {row["exercise"]: row for row in json.loads(told)["exercises"]}[WORD]
        for name, student in self.model.students.items():
            if not student.which:
                assert rows[name]["total"] in ("", "0"), rows[name]
                continue
            score, off = student.score(self.model.full), self.model.penalty(student)
            wanted = pytest.approx([score, off, score - off], abs=0.006)
            keys = "score", "late_penalty", "total"
            assert [float(rows[name][key] or 0) for key in keys] == wanted, name
            with book.opened() as gradebook:
                theirs = gradebook.find_submission(WORD, name)
                graded = theirs.notebooks[0]
                found = theirs.score, graded.late_submission_penalty or 0
                assert found == pytest.approx([score, off], abs=0.006), name
                assert theirs.timestamp == student.at
        students = self.model.students.values()
        assert about["graded"] + about["flagged"] == sum(
            bool(s.which) for s in students
        )
        late = [self.model.late(s) > self.model.grace * 3600 for s in students]
        assert about["late"] == sum(late)

    def pages(self):
        """At the end: what students read."""
        if not any(s.which for s in self.model.students.values()):
            return
        self.run("feedback", WORD, "--pack", "none", "--jobs", "1")
        most = sum(self.model.full.values())
        for name, student in self.model.students.items():
            if not student.which:
                continue
            page = self.klass / "feedback" / name / WORD / f"{WORD}.html"
            total = student.score(self.model.full) - self.model.penalty(student)
            said = f"{total:.2f}".rstrip("0").rstrip(".")
            assert f"{said} of {most:g} points" in text(page.read_text("utf-8")), name


@pytest.mark.parametrize("seed", range(many(3)))
def test_every_place_says_what_the_model_says(klass, announced, run, seed):
    (klass / "gradebook.db").write_bytes(announced.read_bytes())
    days = Days(klass, run, random.Random(seed))
    days.hand_in()
    for _ in range(14):
        days.day()
        try:
            days.holds()
        except AssertionError as error:
            raise AssertionError(f"after {days.said}") from error
    days.pages()
