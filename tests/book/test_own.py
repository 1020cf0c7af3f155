"""The page "Make it your own", followed listing by listing on a copy of the course.

And then what it says of a course that changes in mid-term.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.box import sandbox
from tests.book.road import listings
from tests.need import need

ROOT = Path(__file__).parents[2]
COPIED = ("autograder", "gpt", "solutions", "exercises", "tests", "nbgrader_config.py")
COPIED += (
    "pyproject.toml",
    "requirements.txt",
    "constraints.txt",
    "LICENSE",
    "_toc.yml",
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    problem = sandbox.why_not()
    need(problem is None, problem)
    folder = tmp_path_factory.mktemp("own")
    ignored = shutil.ignore_patterns("__pycache__", "classes", "node_modules")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder)
    return folder


def typed(copy, text):
    """A shell's answer in the copy, which is the only course that it knows."""
    known = {k: v for k, v in os.environ.items() if not k.startswith("GPT_CLASS")}
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    known |= {"PATH": programs, "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        ["bash", "-ec", text],
        cwd=copy,
        env=known,
        capture_output=True,
        text=True,
        check=False,
    )


def graded(copy, student):
    """What the grader found of each check."""
    place = copy / "autograder" / "classes" / "trial" / "autograded" / student
    notebook = json.loads((place / "attend" / "attend.ipynb").read_text("utf-8"))
    return notebook["metadata"]["autograder"]["checks"]


@pytest.fixture(scope="module")
def followed(copy):
    """The copy after all that the page does; beside "me", one hands in a mistake."""
    told = {}
    for listing in listings("own"):
        if listing.file:
            file = copy / listing.file
            assert not file.exists() or file.parent == copy
            file.write_text(listing.text, "utf-8")
            if file.parent == copy:  # a script
                done = typed(copy, f"python {listing.file}")
                assert done.returncode == 0, (listing.file, done.stderr)
        elif listing.kind == "sh":
            text = listing.text
            if "grade attend" in text:
                text = text.replace("python -m autograder grade", MISTAKEN)
            done = typed(copy, text)
            assert done.returncode == 0, (text, done.stdout, done.stderr)
            told[listing.text] = done.stdout
    return told


# What the reader is asked to try at the end, with one word of the solution changed.
MISTAKEN = """\
cp -r autograder/classes/trial/submitted/me autograder/classes/trial/submitted/other
sed -i 's/weights.amax(-1)/weights.argmax(-1)/' \
  autograder/classes/trial/submitted/other/attend/attend.ipynb
python -m autograder grade"""


def said(followed, *words):
    (found,) = (out for text, out in followed.items() if all(w in text for w in words))
    return found


def test_the_page_s_listings_do_what_it_says(copy, followed):
    table = said(followed, "release attend", "grade attend")
    assert "24 points" in table
    rows = dict(line.split()[:2] for line in table.splitlines() if "█" in line)
    assert rows == {"me": "24.00", "other": "22.00"}
    assert graded(copy, "other")["focus"]["mistake"] == "the place of the largest"
    assert graded(copy, "me")["focus"]["mistake"] is None
    assert "passed" in said(followed, "pytest")

    released = copy / "autograder" / "classes" / "trial" / "handout"
    released /= "gpt-in-four-stages/exercises/attend/attend.ipynb"
    text = released.read_text("utf-8")
    assert "Ein Mittelwert der Vergangenheit" in text and "weights.amax" not in text
    assert "all 24 points" in text
    assert "nothing that decides a grade has changed" in said(
        followed, "upgrade --check"
    )


def test_a_course_that_changes_moves_no_grade_without_a_word(copy, followed):
    check = copy / "autograder" / "checks" / "attend" / "focus.py"
    before = check.read_text("utf-8")
    grade = "python -m autograder grade attend --class trial"
    gradebook = copy / "autograder" / "classes" / "trial" / "gradebook.db"

    # An oracle that asks for another thing: who was right is wrong now.
    other = before.replace("sort(-1).values[..., -1]", "sort(-1).values[..., 0]")
    assert other != before
    check.write_text(other, "utf-8")
    graded_at = gradebook.read_bytes()
    done = typed(copy, grade)
    assert done.returncode == 2 and "upgrade --check" in done.stderr
    assert "checks" in done.stderr and gradebook.read_bytes() == graded_at

    done = typed(copy, "python -m autograder upgrade --check --class trial --json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    moves = found["exercises"]["attend"]["would_move"]
    assert found["exercises"]["attend"]["changed"] == ["checks"]
    me = next(move for move in moves if move["student"] == "me")
    assert (me["before"], me["after"]) == (24.0, 22.0)
    assert me["checks"] == {"focus": [2.0, 0.0]}
    assert graded(copy, "me")["focus"]["points"] == 2.0  # nothing was written

    done = typed(copy, "python -m autograder upgrade --class trial")
    assert done.returncode == 0 and "regrade attend --class trial" in done.stdout
    done = typed(copy, grade)
    assert done.returncode == 0, done.stderr
    assert graded(copy, "me")["focus"]["points"] == 0.0
