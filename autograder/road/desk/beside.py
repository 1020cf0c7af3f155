"""The files that come along with a notebook."""

from __future__ import annotations

from autograder.classroom import collect, names
from autograder.road.desk.archive import Piece


def files(
    notebook: Piece, others: list[tuple[str, Piece]], exercise: str, problems: list[str]
) -> dict[str, bytes]:
    """Those of the same hand-in, by name: ordinary ones, bounded in all."""
    found: dict[str, bytes] = {}
    room = collect.FILES_MB << 20
    for name, piece in others:
        where = f"{names.shown(notebook.source)}: {names.shown(piece.path)}"
        if len(found) == collect.FILES:
            problems.append(f"{where}: more than {collect.FILES} files: left out")
            break
        if why := _odd(name, exercise):
            problems.append(f"{where} {why}: left out")
            continue
        try:
            data = piece.read(room)
        except ValueError as error:
            problems.append(f"{where} {error}")
            continue
        room -= len(data)
        found[name] = data
    return found


def _odd(name: str, exercise: str) -> str | None:
    """Why a file of this name does not come along."""
    if name == collect.STAMP:
        return "is not the student's to write"
    if name == f"{exercise}.ipynb":
        return "has the notebook's name"
    if name.startswith(".") or "/" in name or "\0" in name or len(name.encode()) > 200:
        return "has an odd name"
    if any(not (letter.isprintable()) for letter in name):
        return "has an odd name"
    return None
