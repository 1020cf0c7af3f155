"""What LMSs hand out, written as they write it. The students are made up."""

import csv
import functools
import io
import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[3]
CANVAS_CSV = """\
Student,ID,SIS User ID,SIS Login ID,Section,attend (501),Current Score,Final Score
,,,,,Manual Posting,,
    Points Possible,,,,,20.00,(read only),(read only)
"Example, Anna",101,S1,aexample,Section A,,,
"Müller, Jörg",102,S2,jmueller,Section A,,,
"李, 明",103,S3,mli,Section B,,,
"Sample, Anna",104,S4,asample,Section A and Section B,,,
"Sample, Anna",105,S5,asample2,Section B,,,
"Student, Test",999,,a1b2c3d4e5,Section A,,,
"""


def gradebook(people: Sequence[tuple[str, int, str]], **points: float) -> str:
    """Canvas's own export (lib/gradebook_exporter.rb): people are name as it is sorted,
    Canvas's number, login; points what each assignment has."""
    read_only = ["Current Score", "Final Score"]
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    titles = [f"{word} ({501 + i})" for i, word in enumerate(points)]
    most = [f"{p:.2f}" for p in points.values()]
    rows = [[*head, *titles, *read_only]]
    rows.append(["", *[""] * 4, *["Manual Posting"] * len(most), "", ""])
    rows.append(["    Points Possible", *[""] * 4, *most, *["(read only)"] * 2])
    for name, number, login in people:
        ids = [name, f"{number}", f"S{number}", login, "Section A"]
        rows.append([*ids, *[""] * len(most), "0.00", "0.00"])
    test = ["Student, Test", "999", "", "a1b2c3d4e5", "Section A"]
    rows.append([*test, *[""] * len(most), "", ""])
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


@functools.cache
def _cells(word: str) -> str:
    return (ROOT / "exercises" / word / f"{word}.ipynb").read_text("utf-8")


def notebook(word: str = "attend", work: str = "done", **top) -> bytes:
    """A notebook of an exercise; with `work`, something was done in each step."""
    found = json.loads(_cells(word))
    for cell in found["cells"]:
        if work and cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = f"# {work}\n"
    return json.dumps(found | top).encode()


def sortable(name: str) -> str:
    """A name as Canvas writes it before the numbers: last name first, no blanks."""
    first, _, last = name.rpartition(" ")
    return re.sub(r"[^\w]", "", f"{last}{first}".lower())


def canvas(name: str, user: int, file: int, display: str, late: bool = False) -> str:
    """The name of a file in Canvas's zip (lib/content_zipper.rb)."""
    return f"{sortable(name)}{'_LATE' * late}_{user}_{file}_{display}"


def moodle(name: str, number: int, file: str, folders: bool = True) -> str:
    """The path of a file in Moodle's zip (mod/assign/classes/downloader.php)."""
    between = "/" if folders else ""
    return f"{name}_{number}_assignsubmission_file_{between}{file}"


def zipped(
    files: dict[str, bytes], at: tuple[int, ...] = (2026, 11, 21, 9, 0, 0)
) -> bytes:
    """A zip with these files, all of one time, as an LMS makes it on the fly."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, at), content)
    return data.getvalue()


def gradescope(submissions: dict[str, tuple[list[dict], str]]) -> str:
    """submission_metadata.yml: Ruby's symbols, and times with nine digits."""
    lines = []
    for folder, (people, at) in submissions.items():
        lines += [f"{folder}:", "  :submitters:"]
        for person in people:
            keys = [f":{key}: {json.dumps(value)}" for key, value in person.items()]
            lines += [f"  - {keys[0]}", *(f"    {key}" for key in keys[1:])]
        lines += [f"  :created_at: {at}", "  :score: 0.0", "  :history: []"]
    return "---\n" + "\n".join(lines) + "\n"
