"""Late policy and extensions: what a late submission loses, the same wherever it is asked.

nbgrader keeps an exercise's due date and, with a submission, what was taken off. It has
no place for a penalty a day or for grace: those stand in a table of ours beside it, and
extensions in others (`extensions`). nbgrader's plugin (`preprocessors.Policy`) reads them, so that its own commands take off
the same.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from autograder.classroom import assumed, queries, tables, verdicts
from autograder.classroom import extensions as extended
from autograder.classroom.extensions import (
    EVERY,
    NONE,
    extend,
    extensions,
    give_back,
    keep,
    set_extension,
    within,
)

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

__all__ = ["EVERY", "Rule", "extend", "extensions", "set_extension"]
DAY = 86400  # seconds
_TABLES = sa.MetaData()
RULES = sa.Table(
    "autograder_late",
    _TABLES,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("per_day", sa.Float, nullable=False),  # points, or a share of all of them
    sa.Column("is_share", sa.Boolean, nullable=False),
    sa.Column("cap", sa.Float),  # the most that is taken off; None: all
    sa.Column("cap_is_share", sa.Boolean, nullable=False),
    sa.Column("grace", sa.Integer, nullable=False),  # seconds
)
ANOTHER = "late policy"  # in a session's `info`: who takes off, if not our rules
OURS = "autograder.classroom.preprocessors.Policy"


@dataclass(frozen=True)
class Rule:
    """What each day that has begun after the due date costs.

    `per_day` and `cap` are points, or shares of the exercise's points. Who is no later
    than `grace` seconds loses nothing; who is later is late from the due date on.
    """

    per_day: float = 0.0
    is_share: bool = True
    cap: float | None = None
    cap_is_share: bool = True
    grace: int = 0

    def penalty(self, seconds: float, possible: float) -> float:
        """The points that so many seconds cost, of an exercise of `possible` points."""
        if seconds <= self.grace or not self.per_day:
            return 0.0
        most = possible
        if self.cap is not None:
            most = self.cap * (possible if self.cap_is_share else 1.0)
        day = self.per_day * (possible if self.is_share else 1.0)
        return round(min(math.ceil(seconds / DAY) * day, most, possible), 6)


def create(gradebook: Gradebook) -> None:
    """Make all our tables in a gradebook, where they are not there yet."""
    tables.create(gradebook)
    _TABLES.create_all(gradebook.engine, checkfirst=True)
    extended.create(gradebook)
    assumed.create(gradebook)


def rules(gradebook: Gradebook) -> dict[str, Rule]:
    """The rules by exercise; `EVERY` is for those that have none of their own."""
    return {
        row.assignment: Rule(
            row.per_day, row.is_share, row.cap, row.cap_is_share, row.grace
        )
        for row in gradebook.db.execute(sa.select(RULES))
    }


def rule(gradebook: Gradebook, assignment: str) -> Rule:
    """The rule that holds for an exercise."""
    known = rules(gradebook)
    return known.get(assignment) or known.get(EVERY) or Rule()


def set_rule(gradebook: Gradebook, assignment: str, rule: Rule) -> None:
    """Keep a rule, within the caller's transaction."""
    gradebook.db.execute(sa.delete(RULES).where(RULES.c.assignment == assignment))
    gradebook.db.execute(sa.insert(RULES).values(assignment=assignment, **vars(rule)))


def configured(gradebook: Gradebook, config: Any) -> None:
    """Note whether the configuration has another plugin than ours take off points."""
    if (
        config is None
        or (plugin := config.AssignLatePenalties.get("plugin_class")) is None
    ):
        return
    if isinstance(plugin, type):
        plugin = f"{plugin.__module__}.{plugin.__qualname__}"
    if plugin != OURS:
        gradebook.db.info[ANOTHER] = plugin


@dataclass(frozen=True)
class Charge:
    """What a submission is to lose, and what nbgrader has of it now.

    `owed` is what the rule takes off however few points there are; `penalty` is no more
    than they are, and never less than nothing. `handed_in` follows what was `said` of it.
    """

    student: str
    notebook: str
    extension: datetime.timedelta | None
    penalty: float
    owed: float
    handed_in: datetime.datetime | None
    said: Any
    row: Any

    @property
    def is_news(self) -> bool:
        old = self.row.penalty or 0.0
        known = self.row.extension, self.row.timestamp, old
        return (self.extension, self.handed_in, self.penalty) != known


def charges(
    gradebook: Gradebook,
    assignment: str,
    students: Collection[str] | None = None,
    taken_back: Collection[str] = (),
) -> list[Charge]:
    """What each submission (of these students, or of all) is to lose; nothing is written.

    A share is one of the points by which a submission was graded, whatever holds since.
    Where another plugin than ours is configured, what that took off stays.
    """
    from nbgrader import api

    db = gradebook.db
    about = sa.select(api.Assignment.id, api.Assignment.duedate)
    known = db.execute(about.where(api.Assignment.name == assignment)).first()
    if known is None:
        return []
    holds, due = rule(gradebook, assignment), known.duedate
    more = extensions(gradebook, assignment, due)
    scores, another = queries.scores(gradebook, known.id), ANOTHER in db.info
    cells = dict(queries.cells(gradebook, known.id).values())
    costs = due is not None and holds.per_day
    graded = verdicts.verdicts(gradebook, assignment) if costs else {}
    notebook, handed_in = (
        api.SubmittedNotebook.__table__,
        api.SubmittedAssignment.__table__,
    )
    query = sa.select(
        handed_in.c.id,
        handed_in.c.student_id,
        handed_in.c.timestamp,
        handed_in.c.extension,
        notebook.c.id.label("notebook"),
        notebook.c.late_submission_penalty.label("penalty"),
    ).join(notebook, notebook.c.assignment_id == handed_in.c.id)
    rows = db.execute(query.where(handed_in.c.assignment_id == known.id)).all()
    times = {row.student_id: row.timestamp for row in rows}
    said, found = assumed.graded(gradebook, assignment, times), []
    for row in rows:
        student = row.student_id
        if students is not None and student not in students:
            continue
        kept = None if student in taken_back or due is None else row.extension
        extension = more.get(student, kept and within(due, kept))
        owed, last = 0.0, due and due + (extension or NONE)
        word = said[student]
        at = assumed.time(word, row.timestamp, last)
        if last is not None and at is not None and at > last:
            checks = verdicts.each(graded.get(student))
            possible = sum(verdicts.worth(checks, cells).values())
            owed = holds.penalty((at - last).total_seconds(), possible)
        penalty = max(0.0, min(owed, scores.get(row.notebook, 0.0)))
        if another:
            penalty = owed = max(0.0, row.penalty or 0.0)
        known_of = extension, penalty, owed, at, word, row
        found.append(Charge(student, row.notebook, *known_of))
    return found


def settle(
    gradebook: Gradebook,
    assignment: str,
    students: Collection[str] | None = None,
    taken_back: Collection[str] = (),
) -> int:
    """Make extensions and penalties what they are to be, within a transaction.

    No code is run: it follows from what is recorded of each submission. What is as it
    should be is not written. An extension that only nbgrader knows stays, also while the
    exercise has no date, but for those whose own was `taken_back`. The result is how
    many submissions were written.
    """
    found = charges(gradebook, assignment, students, taken_back)
    return _write(gradebook, assignment, found, taken_back)


def settled(
    gradebook: Gradebook, assignment: str, write: bool = True
) -> dict[str, Charge]:
    """What each student loses by the points of now; nbgrader's own records follow.

    A score by hand, in the formgrader, changes what there is to take off. A gradebook
    that cannot be written is read all the same.
    """
    found = charges(gradebook, assignment)
    if write and any(charge.is_news for charge in found):
        try:
            _write(gradebook, assignment, found, ())
            gradebook.db.commit()
        except sa.exc.DBAPIError:
            gradebook.db.rollback()
    return {charge.student: charge for charge in found}


def _write(
    gradebook: Gradebook,
    assignment: str,
    found: Collection[Charge],
    taken_back: Collection[str],
) -> int:
    from nbgrader import api

    db, restored = gradebook.db, []
    notebook, handed_in = (
        api.SubmittedNotebook.__table__,
        api.SubmittedAssignment.__table__,
    )
    for charge in (every := [charge for charge in found if charge.is_news]):
        old = charge.row
        if charge.extension != old.extension:
            if charge.extension is not None:
                restored.append(charge.student)
            elif old.extension and charge.student not in taken_back:
                keep(gradebook, assignment, charge.student, old.extension)
            new = sa.update(handed_in).where(handed_in.c.id == old.id)
            db.execute(new.values(extension=charge.extension))
        if charge.handed_in != old.timestamp:
            new = sa.update(handed_in).where(handed_in.c.id == old.id)
            db.execute(new.values(timestamp=charge.handed_in))
            assumed.moved(gradebook, charge.said, charge.handed_in)
        new = sa.update(notebook).where(notebook.c.id == charge.notebook)
        db.execute(new.values(late_submission_penalty=charge.penalty or None))
    if restored:
        give_back(gradebook, assignment, restored)
    return len(every)
