"""Whose each file is that was handed in: by ids, by the worksheet's rows, by the name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from autograder.classroom import names
from autograder.road.desk import blind, whose
from autograder.road.desk.archive import Piece
from autograder.road.desk.people import Directory
from autograder.road.desk.senders import CANVAS, MOODLE, PACKED, Sender
from autograder.road.desk.stamps import Times


def of_all(
    handed_in: Sequence[tuple[Piece, Sender]],
    directory: Directory | None,
    said: Callable[[Piece, Sender], str | None],
    times: Times,
) -> list[whose.Match]:
    """Whose each file is. What a person `said` of one goes before all else."""
    known: dict[tuple[str, str, tuple[whose.Key, ...]], whose.Match] = {}
    claims = []
    for piece, sender in handed_in:
        key = piece.source, sender.label, sender.keys
        if student := said(piece, sender):
            found = whose.Match(frozenset({student}))
            times.given(dict(sender.keys).get("participant", ""), student)
        elif key in known:
            found = known[key]
        else:
            found = known[key] = _of(sender, directory, times)
        claims.append(whose.Claim(sender.label, found, *_counted(piece, sender)))
    return whose.apart(claims)


def _counted(piece: Piece, sender: Sender) -> tuple[str, str]:
    """By what an LMS tells people of one name apart in a zip: see `Claim`."""
    if sender.form == CANVAS:  # the same number in all of its zips
        return CANVAS, dict(sender.keys).get("canvas_id", sender.label)
    return (piece.source, sender.label) if sender.form in PACKED else ("", "")


def _of(sender: Sender, directory: Directory | None, times: Times) -> whose.Match:
    number = dict(sender.keys).get("participant", "")
    if directory is None:
        return _as_it_says(sender)
    if not number:
        return whose.match(directory, sender.keys)
    row = times.rows.get(number)
    if row is not None and row.match.students:
        return row.match
    found = whose.match(directory, [*(row.keys if row else ()), *sender.keys])
    if found.by_name and times.numbers(found.student) - {number}:
        return replace(found, unlike="another number in the worksheet")
    return found


def _as_it_says(sender: Sender) -> whose.Match:
    """Without a roster, names are ids."""
    kind, name = next(
        (key for key in sender.keys if key[0] != "participant"), ("name", sender.label)
    )
    name = blind.anonymous(dict(sender.keys)) or name
    if not re.search(r"\w", name):
        name = sender.label
    if names.problem(name) or "/" in name:
        return whose.Match()
    return whose.Match(frozenset({name.removesuffix(".ipynb")}), kind == "name")


def before(
    received: Mapping[tuple[str, str], Any], student: str, word: str
) -> list[tuple[str, str]]:
    """Under which labels Canvas and Moodle had what was collected for a student.

    Canvas's numbers are the same in all exercises, Moodle's in one only.
    """
    return [
        (row.form, row.label)
        for (exercise, who), row in received.items()
        if who == student
        and (row.form == CANVAS or (row.form == MOODLE and exercise == word))
    ]
