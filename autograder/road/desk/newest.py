"""Which of a student's notebooks of one exercise counts, and what comes along with it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator

from autograder.classroom import names
from autograder.road.desk.archive import Piece
from autograder.road.desk.gather import Gathered, Notebook, folder_of
from autograder.road.desk.said import quoted

When = Callable[[Notebook], datetime.datetime | None]  # it was handed in


def counts(several: list[Notebook], when: When) -> tuple[Notebook | None, list[str]]:
    """Which of a student's notebooks of one exercise counts, and what is told of others.

    None where there is no telling.
    """
    if any(one.forced for one in several):
        several = [one for one in several if one.forced]
    first: dict[str, Notebook] = {}
    for one in several:  # the same bytes twice are one; the later name of both
        if one.digest not in first or when(one) or one.sender.number:
            first[one.digest] = one
    different = list(first.values())
    if len(different) == 1:
        return different[0], []
    newest = _newest(different, when)
    if newest is None:
        return None, []
    who = names.shown(newest.student)
    told = []
    for one in different:
        if one is not newest:
            stays = "lies beside it" if _beside(one, newest) else "was not taken"
            instead = f"--as {quoted(one.where)}={newest.student} --replace {quoted(newest.student)}"
            told.append(
                f"{who}: {_short(newest)} counts, {_short(one)} {stays}; "
                f"{instead} takes that one"
            )
    return newest, told


def _newest(several: list[Notebook], when: When) -> Notebook | None:
    """The newest, by times of handing in or by Canvas's numbers, where all have them.

    Within one hand-in, the one with the exercise's name, else the only one worked in.
    """
    if all(when(one) for one in several):
        last = max(when(one) for one in several)
        if len(latest := [one for one in several if when(one) == last]) == 1:
            return latest[0]
        several = latest
    if all(one.sender.number for one in several):
        return max(several, key=lambda one: one.sender.number)
    if all(_same_hand_in(one, several[0]) for one in several):
        worked = [one for one in several if one.worked]
        if len(worked) == 1:
            return worked[0]
        exact = [one for one in several if one.name == f"{one.exercise}.ipynb"]
        if len(exact) == 1:
            return exact[0]
    return None


def _same_hand_in(one: Notebook, other: Notebook) -> bool:
    mine, theirs = one.sender, other.sender
    return (one.piece.source, mine.form, mine.label) == (
        *(other.piece.source, theirs.form, theirs.label),
    )


def _beside(one: Notebook, chosen: Notebook) -> bool:
    """Whether it comes along with the one that was chosen, under its own name."""
    return _same_hand_in(one, chosen) and one.name != f"{one.exercise}.ipynb"


def _short(one: Notebook) -> str:
    return names.shown(one.piece.name)


def along(one: Notebook, found: Gathered) -> Iterator[tuple[str, Piece]]:
    """The files that lie beside a notebook in the same hand-in."""
    key = (
        one.student,
        f"{one.piece.source}/{one.sender.label}/{folder_of(one.sender)}",
    )
    yield from found.beside.get(key, ())
    for other in found.found[one.student, one.exercise]:
        if other.digest != one.digest and _beside(other, one):
            yield other.name, other.piece
