"""Our own tables, beside nbgrader's in the gradebook's database.

They have no foreign keys to nbgrader's, which its own commands delete and make again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

RELEASE = ""  # in place of a student: the exercise itself, as it stands now
_TABLES = sa.MetaData()
GRADINGS = sa.Table(
    "autograder_grading",
    _TABLES,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("times", sa.Integer, nullable=False),  # how often it was graded
    sa.Column("at", sa.DateTime, nullable=False),  # UTC
    sa.Column("cpu", sa.Float, nullable=False),  # seconds of computing that it took
)
VERDICT = sa.Table(
    "autograder_verdict",
    _TABLES,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column("status", sa.String(16), nullable=False),  # GRADED, FLAGGED or INFRA
    sa.Column("flags", sa.Text, nullable=False),  # JSON: a list of sentences
    sa.Column("checks", sa.Text, nullable=False),  # JSON: what verify says of each
    sa.Column("submission", sa.String(64), nullable=False),  # its fingerprint
    sa.Column("version", sa.String(64), nullable=False),  # of what decides a grade
)
VERSION = sa.Table(
    "autograder_version",
    _TABLES,
    sa.Column("version", sa.String(64), primary_key=True),
    sa.Column("parts", sa.Text, nullable=False),  # JSON: see `decides`
)
HANDS = sa.Table(  # what stood there by hand when it was graded: see `hands`
    "autograder_hand",
    _TABLES,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column("points", sa.Text, nullable=False),  # JSON: of each check, a `Hand`
    sa.Column("flag", sa.String(128), nullable=False),  # the cell that is asked, or ""
)
PERSON = sa.Table(
    "autograder_person",
    _TABLES,
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column("section", sa.String(256), nullable=False),
    sa.Column("names", sa.Text, nullable=False),  # JSON: what an LMS calls the student
)


def create(gradebook: Gradebook) -> None:
    """Make these tables where they are not there yet."""
    _TABLES.create_all(gradebook.engine, checkfirst=True)
