"""What a person says with `--as`: which files are meant, and how one is said.

A path is meant first, then a hand-in as it is printed, then a file's name. What could be
several students' files is refused: each has a tokenize.ipynb.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from autograder.classroom import names
from autograder.road.desk import blind
from autograder.road.desk.archive import Piece
from autograder.road.desk.people import Directory
from autograder.road.desk.senders import Sender
from autograder.road.desk.whose import Match

File = tuple[str, str, str]  # source, hand-in, path


def quoted(text: str) -> str:
    """A text as a shell takes it."""
    shown = names.shown(text)
    return shown if re.fullmatch(r"[\w.@+/-]+", shown) else shlex.quote(shown)


def file_of(piece: Piece, sender: Sender) -> File:
    return piece.source, sender.label, piece.path


class Files:
    """All that was handed over, by each text that may mean it."""

    def __init__(self, handed_in: Sequence[tuple[Piece, Sender]]) -> None:
        self._by: tuple[dict[str, list[File]], ...] = ({}, {}, {})
        self._known: dict[str, tuple[int, frozenset[File], bool]] = {}
        for piece, sender in handed_in:
            file = file_of(piece, sender)
            where = f"{piece.source}/{piece.path}"
            mine = {piece.path, where}, {sender.label}, {piece.name}
            for texts, known in zip(mine, self._by, strict=True):
                for text in texts | {*map(names.shown, texts)}:
                    known.setdefault(text, []).append(file)

    def students(self, given: Mapping[str, str]) -> dict[File, str]:
        """The student of each file of which a person said so.

        ValueError where a text means no file, or may mean several students'.
        """
        found: dict[File, tuple[int, str]] = {}
        for text, student in given.items():
            rank, files, is_clear = self._meant(text)
            if not files:
                raise ValueError(f"--as: there is no file {names.shown(text)!r}")
            if not is_clear:
                raise ValueError(self._several(text, rank))
            for file in files:
                known = found.get(file, (rank, student))
                if known[0] == rank and known[1] != student:
                    who = f"{names.shown(known[1])} and to {names.shown(student)}"
                    raise ValueError(f"--as: {names.shown(text)!r} is given to {who}")
                found[file] = min(known, (rank, student))
        return {file: student for file, (_, student) in found.items()}

    def called(self, file: File) -> str:
        """What to say for a file's hand-in: its label, where that is no other's."""
        return file[1] if self._is(file[1], file) else self.path(file)

    def path(self, file: File) -> str:
        """What to say for this one file."""
        return file[2] if self._is(file[2], file) else f"{file[0]}/{file[2]}"

    def _is(self, text: str, file: File) -> bool:
        _, files, is_clear = self._meant(text)
        return is_clear and file in files

    def _meant(self, text: str) -> tuple[int, frozenset[File], bool]:
        """Which files a text means, how well it says so (0 is best), and whether alone."""
        if text not in self._known:
            self._known[text] = self._look_up(text)
        return self._known[text]

    def _look_up(self, text: str) -> tuple[int, frozenset[File], bool]:
        for rank, known in enumerate(self._by):
            if files := frozenset(known.get(text, ())):
                # The label of a file without a folder is no more than its name.
                bare = known is not self._by[1] or any(
                    path.rpartition("/")[2] == label for _, label, path in files
                )
                several = (
                    bare and len({(source, path) for source, _, path in files}) > 1
                )
                return rank, files, not several
        return len(self._by), frozenset(), True

    def _several(self, text: str, rank: int) -> str:
        """What is told of a text that may mean several files."""
        one = slice(0, 2) if rank == 2 else slice(0, 3, 2)  # hand-ins, or files
        files = sorted({file[one]: file for file in self._by[rank][text]}.values())
        listed = [self.called(f) if rank == 2 else f"{f[0]}/{f[2]}" for f in files[:4]]
        told = ", ".join(f"--as {quoted(each)}=ID" for each in listed)
        more = f" … ({len(files):,} in all)" if len(files) > 4 else ""
        return f"--as: {names.shown(text)!r} may be several students' work: say {told}{more}"


def why_nobody(
    called: str, sender: Sender, directory: Directory | None, match: Match
) -> str:
    """Why a hand-in fits nobody, and what may be done. `called` says it with `--as`."""
    if not sender.keys:
        return "was handed in without a name: end anonymous grading, or say whose it is"
    if match.unlike:
        return (
            f"has the name of {names.shown(*match.students)}, and {match.unlike}: read "
            f"the roster again, or --as {quoted(called)}=ID"
        )
    if directory is None:
        return "has a name that cannot be an id"
    if blind.anonymous(dict(sender.keys)):
        return f"was handed in blind: {blind.BLIND}"
    if match.students:
        return f"could be {names.several(sorted(match.students), 4)}"
    near = None
    for key, value in reversed(sender.keys):
        if key != "participant" and re.search(r"[^\W\d]", value):
            near = near or directory.near(value)
    if near is None:
        packed = [part for part in sender.inner[:-1] if part.lower().endswith(".zip")]
        more = ""
        if packed:  # a student might have written others' names into it
            zip_ = names.shown(packed[0])
            more = (
                f", and holds {zip_}: if an LMS made that zip, hand over the zip itself"
            )
        return f"is nobody on the roster{more}"
    who = names.shown(f"{near} ({directory.people[near].full})")
    return f"is nobody on the roster; most like {who}: --as {quoted(called)}={near}"
