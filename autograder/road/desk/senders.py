"""Who handed a file in, by the form in which a system writes names.

- Canvas: `doejane_LATE_12345_678901_attend.ipynb`. The name as it is sorted, the user's
  number, the file's number (a newer file has a higher one), the file's own name.
- Moodle: `Jane Doe_12345_assignsubmission_file_/attend.ipynb`, or the same without
  folders. The number is the student's in this one assignment only.
- Gradescope: `submission_123/attend.ipynb`, and `submission_metadata.yml` says whose.
- nbgrader's exchange: `jdoe+attend+2026-11-20 10:00:00.000000 UTC/attend.ipynb`.
- GitHub Classroom: `attend-jdoe/…`. Any other folder: `jdoe/…`, `attend/jdoe/…`.

Only the outermost name counts. What is further in is the student's own, who could write
somebody else's name there.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.classroom.names import shown
from autograder.road.desk.archive import Piece
from autograder.road.desk.gradescope import METADATA, METADATA_MB, submissions
from autograder.road.desk.people import Directory

_CANVAS = re.compile(
    r"(?P<who>.*?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<file>\d+)_(?P<name>.+)"
)
_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?anon_(?P<user>\w+?)_(?P<file>\d+)_(?P<name>.+)"
)
_TEXT = re.compile(  # typed into Canvas, or a link
    r"(?P<who>.*?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<name>text\.html|link\.html)"
)
_MOODLE = re.compile(
    r"(?P<who>.+?)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<name>.*))?"
)
_EXCHANGE = re.compile(
    r"(?P<who>.+)\+(?P<exercise>[^+]+)\+(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? "
    r"[^+]+?)(?:\+[\w=-]+)?"
)
CANVAS, MOODLE, GRADESCOPE = "Canvas", "Moodle", "Gradescope"
EXCHANGE, GITHUB, FOLDER = "nbgrader's exchange", "GitHub Classroom", "a folder"
PACKED = (CANVAS, MOODLE, GRADESCOPE)  # their zips hold the last submission of each


@dataclass(frozen=True)
class Sender:
    """Who handed a file in, as its name says: `keys` find the student, in this order.

    `label` is what tells this hand-in from others, `inner` the path within it. A file
    of a higher `number` is newer. `stamped` means that a timestamp.txt lies within where
    nbgrader puts its own: its time counts if nobody says another.
    """

    form: str
    label: str
    keys: tuple[tuple[str, str], ...]
    inner: tuple[str, ...]
    number: int = 0
    is_late: bool = False
    at: datetime.datetime | None = None  # UTC
    stamped: bool = False


def is_test(sender: Sender) -> bool:
    """Whether Canvas's own test student handed it in, who is on no roster."""
    is_one = re.fullmatch(r"studenttest_\d+", sender.label)
    return sender.form == CANVAS and is_one is not None


def senders(
    pieces: Sequence[Piece],
    directory: Directory,
    exercises: Sequence[str],
    problems: list[str],
) -> Iterator[tuple[Piece, Sender]]:
    """Each file of a source with who handed it in; of a group, once for each."""
    known, rest = _gradescope(pieces, problems)
    yield from known
    cut = _wrapper(rest, directory, exercises)
    rest = [(piece, sender(piece.parts[cut:], directory, exercises)) for piece in rest]
    found = [(piece, one) for piece, one in rest if one]
    doubtful = _doubtful({one for _, one in found}, exercises)
    for piece, one in found:
        whole = (("any", one.label), ("name", one.label))
        yield piece, replace(one, keys=whole) if one.label in doubtful else one


def _doubtful(found: set[Sender], exercises: Sequence[str]) -> set[str]:
    """Repositories of which nobody can say where the assignment's name ends.

    In one folder all begin alike: beside attend-bob, attend-jane-doe is not doe's.
    """
    labels = {one.label for one in found}
    begins = {
        one.label: one.label.removesuffix(one.keys[0][1])
        for one in found
        if one.form == GITHUB
    }
    doubtful = set()
    for label, begin in begins.items():
        if begin in {f"{word}-" for word in exercises}:
            continue
        shorter = [label[: at + 1] for at, c in enumerate(begin[:-1]) if c == "-"]
        share = [sum(x.startswith(y) for x in labels) for y in (*shorter, begin)]
        if max(share) > share[-1] or [*begins.values()].count(begin) < 2:
            doubtful.add(label)
    return doubtful


def _wrapper(
    pieces: Sequence[Piece], directory: Directory, exercises: Sequence[str]
) -> int:
    """How many folders lie around everything, and name nobody.

    Two or more must be named within: one folder alone could be that of a student, who
    wrote somebody else's name inside.
    """
    cut = 0
    while pieces:
        heads = {(p.parts[cut], len(p.parts) > cut + 1) for p in pieces}
        named = {head for head, is_folder in heads if _form(head, is_folder)}
        named |= {head for head, _ in heads if _is_someone(head, directory, exercises)}
        (head, is_folder), *others = heads
        if others or named or not is_folder or head in exercises:
            return cut if len(named) > 1 else 0
        cut += 1
    return 0


def is_hand_in(name: str, directory: Directory, exercises: Sequence[str]) -> bool:
    """Whether a zip is what a student handed in, as its name says, and no LMS's own."""
    return bool(_form(name, False)) or _is_someone(name, directory, exercises)


def _is_someone(head: str, directory: Directory, exercises: Sequence[str]) -> bool:
    if head.lower().endswith((".ipynb", ".zip")):
        return any(directory.any(name) for name in _names(head, exercises))
    return head in exercises or _whom(head, directory, exercises) is not None


def _form(name: str, is_folder: bool) -> dict[str, str] | None:
    """What a name says that an LMS or the exchange wrote; None for any other."""
    found = _MOODLE.fullmatch(name)
    if not found and is_folder:
        found = _EXCHANGE.fullmatch(name)
    if not found and not is_folder:
        found = _TEXT.fullmatch(name) or _CANVAS.fullmatch(name)
        found = found or _ANONYMOUS.fullmatch(name)
    return {"who": "", "file": "0", **found.groupdict()} if found else None


def sender(
    parts: tuple[str, ...], directory: Directory, exercises: Sequence[str]
) -> Sender | None:
    """Who handed in the file of this path; None where the path is no file's."""
    head, inner = parts[0], parts[1:]
    is_folder = bool(inner) and not head.lower().endswith(".zip")
    form = _form(head, is_folder)
    if form and "kind" in form:
        own = form["name"] or ""
        inner = (own, *inner) if own else inner
        label = f"{form['who']}_{form['number']}"
        keys = (("participant", form["number"]), ("name", form["who"]))
        return Sender(MOODLE, label, keys, inner) if inner else None
    if form and "exercise" in form:
        return Sender(
            EXCHANGE, head, (("any", form["who"]),), inner, at=utc(form["at"])
        )
    if form:
        number, late = int(form["file"][:18]), bool(form["late"])
        keys = (("canvas_id", form["user"]), ("name", form["who"]))
        label = f"{form['who']}_{form['user']}"
        if "anon_" in head and not form["user"].isdigit():
            label, keys = f"anon_{form['user']}", ()
        return Sender(CANVAS, label, keys, (form["name"], *inner), number, late)
    while len(parts) > 1 and parts[0] in exercises:
        parts = parts[1:]
    head, inner = parts[0], parts[1:]
    if not inner or head.lower().endswith(".zip"):
        named = _names(head, exercises)  # a file may be called by its student
        keys = tuple((how, name) for how in ("any", "name") for name in named)
        return Sender(FOLDER, head, keys, inner or (head,))
    keys = (("any", head), ("name", head))
    if found := _whom(head, directory, exercises):
        kind, name = found
        keys = (("any", name), ("name", name))
        stamped = kind == FOLDER and len(inner) == 2 and inner[0] in exercises
        return Sender(kind, head, keys, inner, stamped=stamped)
    return Sender(FOLDER, head, keys, inner)


def _whom(
    head: str, directory: Directory, exercises: Sequence[str]
) -> tuple[str, str] | None:
    """The form of a folder that names a student, and the name in it."""
    if directory.any(head) or directory.by("name", head):
        return FOLDER, head
    repository = [head[len(w) + 1 :] for w in exercises if head.startswith(f"{w}-")]
    for at, letter in enumerate(head):
        if letter == "-":
            repository.append(head[at + 1 :])
    for name in repository:  # the exercise's own first, then the longest
        if directory.by("github", name) or directory.any(name):
            return GITHUB, name
    return None


def _names(file: str, exercises: Sequence[str]) -> list[str]:
    """What may be a student's name in a file's: all of it, or but for the exercise's."""
    is_zip = file.lower().endswith(".zip")
    stem = file[:-4] if is_zip else file.partition(".")[0]
    found = [stem]
    for word in exercises:
        for pattern in (
            rf"{word}[ _.-]+(.+)",
            rf"(.+?)[ _.-]+{word}(?:[ _-]*\(?\d+\)?)?",
        ):
            if match := re.fullmatch(pattern, stem, re.IGNORECASE):
                found.append(match[1])
    return found


def utc(text: str) -> datetime.datetime | None:
    """A time as nbgrader writes it, in UTC without a zone; None where it is none."""
    from autograder.classroom.reader import here

    try:
        return datetime.datetime.fromisoformat(here().sound(text).removesuffix(" UTC"))
    except ValueError:
        return None


def _gradescope(
    pieces: Sequence[Piece], problems: list[str]
) -> tuple[list[tuple[Piece, Sender]], list[Piece]]:
    """The files that Gradescope's list tells of with who handed them in; the others."""
    lists = [p for p in pieces if p.name == METADATA and len(p.parts) <= 2]
    if not lists:
        return [], list(pieces)
    about, depth = lists[0], len(lists[0].parts) - 1
    try:
        told = submissions(about.read(METADATA_MB << 20))
    except ValueError as error:
        problems.append(f"{shown(about.path)}: {error}")
        return [], [piece for piece in pieces if piece is not about]
    known, rest = [], []
    for piece in pieces:
        if piece is about:
            continue
        folder = piece.parts[depth] if len(piece.parts) > depth else ""
        if folder not in told or piece.parts[:depth] != about.parts[:depth]:
            rest.append(piece)
            continue
        inner = piece.parts[depth + 1 :] or (folder,)  # a file of its own
        submitters, at = told[folder]
        for keys in submitters or [()]:
            label = folder if len(submitters) < 2 else f"{folder} ({keys[0][1]})"
            known.append((piece, Sender(GRADESCOPE, label, keys, inner, at=at)))
    return known, rest
