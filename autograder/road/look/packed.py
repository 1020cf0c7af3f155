"""Pages packed as an LMS takes them back: by the numbers under which it sent the files.

Canvas finds a submission by two numbers in a file's name, the user's and the file's
(`doejane_12345_678901_attend.html`), and shows the page under the name of the file that
was handed in. Moodle finds a participant by the number in a folder's name
(`Jane Doe_12345_assignfeedback_file_`). `collect` has noted both; what it does not know
the roster may. (Read in Canvas's `infer_comment_context_from_filename` and in Moodle's
`assignfeedback_file`.)
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.classroom.book import Standing
from autograder.road.desk import origin

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

_LABEL = re.compile(r"(?P<who>.*)_(?P<number>\w+)", re.DOTALL)
_WHEN = (2020, 1, 1, 0, 0, 0)  # equal pages make equal zips
FORMS = ("canvas", "moodle")


@dataclass(frozen=True)
class Received:
    """Whose file names a submission came with, under which label, and its number.

    The label is the student's name there and the student's number, `doejane_12345`.
    """

    form: str = ""
    label: str = ""
    number: int = 0


def received(gradebook: Gradebook, exercise: str) -> dict[str, Received]:
    """How each submission came, as `collect` has noted it."""
    found = origin.known(gradebook)
    return {
        student: Received(row.form.lower(), row.label, int(row.number))
        for (assignment, student), row in found.items()
        if assignment == exercise
    }


def name_in(form: str, exercise: str, s: Standing, came: Received) -> str | None:
    """The name of a page in the zip of a form; None where the LMS would not know it."""
    if form == "plain":
        return f"{s.student}/{exercise}.html"
    said = _LABEL.fullmatch(came.label) if came.form == form else None
    key = "canvas_id" if form == "canvas" else "participant"
    number = said["number"] if said else s.names.get(key, "")
    called = _sound(said["who"] if said else s.name)
    if form == "moodle":
        folder = f"{called or 'student'}_{number}_assignfeedback_file_"
        return f"{folder}/{exercise}.html" if number.isdigit() else None
    if came.form != form or not came.number or not re.fullmatch(r"\w+", number):
        return None
    if said and said["who"] == "anon":
        called = "anon"  # an anonymous submission has letters for the user's number
    elif not number.isdigit():
        return None
    return f"{called or 'student'}_{number}_{came.number}_{exercise}.html"


def _sound(name: str) -> str:
    """A name that stays in its folder on every system, and holds no number of its own."""
    shown = "".join(
        "-" if c in '<>:"|?*\\/_' or not c.isprintable() else c for c in name
    )
    shown = shown.strip(". -")[:80]
    return f"{shown}-" if shown.isdigit() else shown


def pack(
    form: str,
    folder: Path,
    exercise: str,
    everybody: Mapping[str, Standing],
    pages: Mapping[str, Path],
    came: Mapping[str, Received],
) -> tuple[list[Path], list[str]]:
    """The zips that were written, and the students who are in none of them.

    auto: for each LMS from whose zips some submission came.
    """
    forms = [form] if form not in ("auto", "none") else []
    if form == "auto":
        forms = [one for one in FORMS if any(x.form == one for x in came.values())]
    zips, inside = [], set()
    for one in forms:
        named = {
            student: name
            for student in pages
            if (
                name := name_in(
                    one, exercise, everybody[student], came.get(student, Received())
                )
            )
        }
        if named:
            path = folder / f"{exercise}-{one}.zip"
            _write(path, {name: pages[student] for student, name in named.items()})
            zips.append(path)
            inside |= named.keys()
    return zips, [s for s in everybody if s not in inside] if forms else []


def _write(path: Path, files: Mapping[str, Path]) -> None:
    """A zip with these files, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as made:
            for name, page in sorted(files.items()):
                info = zipfile.ZipInfo(name, _WHEN)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o644 << 16
                made.writestr(info, page.read_bytes())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
