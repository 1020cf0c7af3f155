"""What the gradebook knows of what was collected: from where it came."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

    from autograder.road.desk.filed import Filed

RECEIVED = sa.Table(
    "autograder_received",
    sa.MetaData(),
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column(
        "form", sa.String(64), nullable=False
    ),  # of the file names: whose they are
    sa.Column("number", sa.BigInteger, nullable=False),  # of the file, in Canvas
    sa.Column("packed", sa.DateTime),  # when the LMS made the zip, by its own clock
    sa.Column("label", sa.Text, nullable=False),  # the student's, in the file names
)


def known(gradebook: Gradebook) -> dict[tuple[str, str], Any]:
    """Where each submission that was collected came from."""
    RECEIVED.create(gradebook.engine, checkfirst=True)
    rows = gradebook.db.execute(sa.select(RECEIVED)).all()
    gradebook.db.rollback()
    return {(row.assignment, row.student): row for row in rows}


def writable(gradebook: Gradebook) -> None:
    """An error where the gradebook cannot be written: before any folder is touched."""
    gradebook.db.execute(sa.delete(RECEIVED).where(sa.false()))
    gradebook.db.commit()


def note(gradebook: Gradebook, filed: Iterable[Filed]) -> None:
    """Keep where these came from."""
    table = RECEIVED.c
    try:
        for one in filed:
            here = sa.and_(
                table.assignment == one.exercise, table.student == one.student
            )
            gradebook.db.execute(sa.delete(RECEIVED).where(here))
            new = {"form": one.form, "number": one.number, "packed": one.packed}
            new["label"] = one.label
            key = {"assignment": one.exercise, "student": one.student}
            gradebook.db.execute(sa.insert(RECEIVED).values(**key, **new))
        gradebook.db.commit()
    except BaseException:
        gradebook.db.rollback()
        raise
