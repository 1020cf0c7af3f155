"""How a student stands in an exercise, and in each check of it: what `book` tells."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.classroom import hands
from autograder.classroom.table import FLAGGED, GRADED, INFRA

MISSING = "MISSING"  # on the roster, and nothing was handed in


@dataclass(frozen=True)
class Scored:
    """A graded cell of one student. Points are the notebook's, not the check's.

    `points` counts: by hand, where a person has given some, else automatic. `mistake`
    is the name of the one that was recognized, `reason` what the check said, and `waits`
    why the points wait for a person (see `hands`), if they do.
    """

    points: float
    possible: float
    auto: float | None = None
    manual: float | None = None
    extra: float = 0.0
    mistake: str | None = None
    reason: str | None = None
    waits: str = ""

    @property
    def earned(self) -> float:
        """The points without extra credit: by them it is right, partly right or not."""
        return self.auto or 0.0 if self.manual is None else self.manual


@dataclass(frozen=True)
class Standing:
    """How one student stands in one exercise; `total` is what goes to an LMS.

    `status` is GRADED, FLAGGED, INFRA or MISSING. `total` is None where there is no
    grade: INFRA and MISSING are never a zero here. Who is INFRA and was graded before
    has that grade. Times are UTC, without a zone. `notebook` is the id of the submission
    in the formgrader's addresses. `asks` tells that its flags wait to be read.
    """

    student: str
    status: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_id: str = ""
    section: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    checks: Mapping[str, Scored] = field(default_factory=dict)
    possible: float = 0.0
    score: float | None = None  # before the penalty
    penalty: float = 0.0
    handed_in: datetime.datetime | None = None
    due: datetime.datetime | None = None  # with the student's own extension
    needs_manual: bool = False
    cpu: float = 0.0  # seconds of computing that grading took
    times: int = 0  # how often it was graded, the last time
    graded_at: datetime.datetime | None = None
    notebook: str = ""
    asks: bool = False
    owed: float = 0.0  # the penalty, were there points enough
    submission: str = ""  # the fingerprint of what was graded
    outdated: str = ""  # why, if the exercise is graded by something else since then
    possible_now: float | None = None  # where `possible` is of before it changed
    grace: datetime.timedelta = datetime.timedelta()  # so late costs nothing

    @property
    def stands(self) -> bool:
        """Whether the grade is from before, of an earlier hand-in if there was a newer."""
        return self.status == INFRA and self.total is not None

    @property
    def worth(self) -> float:
        """The points of the exercise as it is now."""
        return self.possible if self.possible_now is None else self.possible_now

    @property
    def endless(self) -> bool:
        """Whether somebody gave points that are no number, so that there is no grade."""
        return any(flag.endswith(hands.ENDLESS) for flag in self.flags)

    @property
    def by_hand_before(self) -> tuple[str, ...]:
        """The checks whose points were given by hand to an earlier hand-in."""
        every = self.checks.items()
        return tuple(name for name, c in every if c.waits == hands.EARLIER)

    @property
    def total(self) -> float | None:
        return None if self.score is None else max(0.0, self.score - self.penalty)

    @property
    def total_now(self) -> float:
        """The total, or none, as the same share of the points of the exercise now."""
        total = self.total or 0.0
        if self.possible_now is None or not self.possible:
            return total
        return total / self.possible * self.possible_now

    @property
    def late(self) -> datetime.timedelta:
        """By how much it was handed in after it was due."""
        if self.handed_in is None or self.due is None:
            return datetime.timedelta()
        return max(datetime.timedelta(), self.handed_in - self.due)

    @property
    def is_late(self) -> bool:
        """Whether by more than the grace, so that it may cost something."""
        return self.late > self.grace

    @property
    def untimed(self) -> bool:
        """Whether it has a grade, is due, and nobody knows when it was handed in.

        Then it counts as in time, which nothing shows that it was.
        """
        known = self.due is None or self.handed_in is not None
        return not known and self.status in (GRADED, FLAGGED)

    @property
    def name(self) -> str:
        """As the roster has it; else the name of the folder."""
        return f"{self.first_name} {self.last_name}".strip() or self.student

    @property
    def mistakes(self) -> tuple[str, ...]:
        return tuple(c.mistake for c in self.checks.values() if c.mistake)
