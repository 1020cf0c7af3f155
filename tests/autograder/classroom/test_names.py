"""A class of odd names: each has its row, and everybody who can be graded is.

The names are drawn, not thought of: letters of many scripts, signs that shells,
patterns and pages know, control characters, and bytes that are no UTF-8.
"""

import io
import os
import random
import shutil
import subprocess
import sys

import nbformat
import pytest

from autograder import __main__ as command
from autograder.classroom import converters, course, demo, grade, names
from autograder.classroom.demo import Submission

EXERCISE = "tokenize"
PARTS = [
    *(
        "o'neill",
        "Smith, Anna [Ann]",
        "李 小龙",
        "João",
        "a&b",
        "e\u0301\u0323",
        "🧑\u200d🎓",
    ),
    *(
        "*",
        "?",
        "[ab]",
        "{student_id}",
        "%s",
        "$HOME",
        ";",
        "--force",
        "=1+1",
        "#",
        "~",
    ),
    *(
        "<b>",
        '"',
        "\\",
        "`",
        "|",
        ":",
        "\n",
        "\r",
        "\t",
        "\x1b[2J",
        "\x7f",
        "\x85",
        "\x9b",
    ),
    *(
        "\u200f",
        "\u202e",
        "\u2028",
        "\u00ad",
        "\ufeff",
        "\ue000",
        "\U000e0001",
        " ",
        ".",
    ),
    *(os.fsdecode(bytes([byte])) for byte in (0x80, 0x9B, 0xC3, 0xE9, 0xFF)),
    *("x" * 60, "名" * 20, "Ω", "ß", "ي", "ශ්", "Đ", "00", "CON", "nul.txt"),
]


def drawn(seed, count):
    """So many different names of folders."""
    chance, found = random.Random(seed), set()
    while len(found) < count:
        name = "".join(chance.choices(PARTS, k=chance.randint(1, 4)))
        if name not in (".", "..") and len(os.fsencode(name)) <= 255:
            found.add(name)
    return sorted(found)


def hand_in(classroom, student, content):
    place = classroom / "submitted" / student / EXERCISE
    place.mkdir(parents=True)
    (place / f"{EXERCISE}.ipynb").write_text(content)


def printed(monkeypatch, encoding, *arguments):
    """What the command prints where the terminal has this encoding, and its code."""
    out = io.TextIOWrapper(io.BytesIO(), encoding)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        code = command.main(list(arguments))
    out.flush()
    return code, out.buffer.getvalue().decode(encoding)


def test_each_name_costs_at_most_its_own_row(classroom, monkeypatch):
    odd = drawn(seed=13, count=60)
    refused = {name for name in odd if names.problem(name)}
    assert 15 < len(refused) < 50
    for name in odd:
        hand_in(classroom, name, '{"cells": []}')
    done = nbformat.writes(demo.notebook(Submission("plain", 20)))
    hand_in(classroom, "plain", done)
    (classroom / "submitted" / "loop").symlink_to("loop")
    (classroom / "submitted" / "notes.txt").write_text("not a student")
    rows = {row.student: row for row in grade.grade(EXERCISE)}
    assert rows.pop("loop").status == grade.INFRA
    assert set(rows) == {*odd, "plain"}
    assert (rows["plain"].points, rows["plain"].status) == (20, grade.GRADED)
    for name in odd:
        row = rows[name]
        assert (row.status == grade.INFRA) == (name in refused), row
        if name in refused:
            assert row.flags[0].startswith("rename the folder to '"), row
            assert not (classroom / "autograded" / name).exists()

    # nbgrader's own commands find the same students.
    api = course.api()
    api.coursedir.assignment_id = EXERCISE
    found = converters.Autograde(coursedir=api.coursedir)
    found.init_notebooks()
    folders = {folder.split(os.sep)[-2] for folder in found.assignments}
    assert folders == {*odd, "plain", "loop"} - refused

    # And every terminal shows them, each in a line of its own.
    for encoding in ("utf-8", "cp1252", "ascii"):
        code, told = printed(monkeypatch, encoding, "grade", EXERCISE)
        assert code == 1
        assert told.count("rename the folder to") == len(refused)
        begun = [line for line in told.splitlines() if f" {grade.INFRA} " in f"{line} "]
        assert len(begun) == len(refused) + 1


def failing(monkeypatch, where, what, student):
    """Let a function fail where it is called for this student."""
    call = getattr(where, what)

    def instead(*args, **kw):
        if any(student == arg or student in getattr(arg, "parts", ()) for arg in args):
            raise OSError("the disk is full")
        return call(*args, **kw)

    monkeypatch.setattr(where, what, instead)


def test_whatever_fails_for_one_costs_one_row(classroom, monkeypatch):
    """Its files, its record, what was written of it, its page."""
    monkeypatch.setenv("GPT_CLASS", "failing")
    classroom = classroom.with_name("failing")
    students = ["no-files", "no-record", "no-notebook", "Smith, Anna [Ann]"]
    for student in students:
        hand_in(classroom, student, '{"cells": []}')
    with monkeypatch.context() as patch:
        failing(patch, grade, "collect", "no-files")
        failing(patch, grade.Record, "save", "no-record")
        failing(patch, grade, "publish", "no-notebook")
        rows = grade.grade(EXERCISE, students)
    assert [row.status == grade.INFRA for row in rows] == [True, True, True, False]
    assert {row.flags for row in rows[:3]} == {("the disk is full",)}
    assert "OSError: the disk is full" in (classroom / "problems.log").read_text()
    rows = grade.grade(EXERCISE, students)
    assert grade.INFRA not in [row.status for row in rows]

    # A page that cannot be written: graded all the same, and the row says so.
    name = f"no-notebook/{EXERCISE}/{EXERCISE}.ipynb"
    (classroom / "autograded" / name).write_text("{")
    rows = grade.feedback(EXERCISE, rows)
    assert [row.status == grade.INFRA for row in rows] == [False, False, True, False]
    assert "graded, with 0 points, but has no feedback page" in rows[2].flags[0]
    assert "grade tokenize --force --student" in rows[2].flags[0]
    rows = grade.grade(EXERCISE, students)  # and is in the book
    assert grade.INFRA not in [row.status for row in rows]


@pytest.mark.parametrize(
    "name", ["../x", "", ".", "..", "a/b", "/tmp/x", "a*", "-x", "a\n"]
)
def test_a_class_is_one_folder(classroom, monkeypatch, name):
    monkeypatch.setenv("GPT_CLASS", "test")
    before = set(classroom.parents[1].rglob("*"))
    assert command.main(["grade", EXERCISE, f"--class={name}"]) == 2
    assert set(classroom.parents[1].rglob("*")) == before
    monkeypatch.setenv("GPT_CLASS", "test")


ASK = """
import sys
from autograder.__main__ import main
code = main(sys.argv[1:])
heavy = {"torch", "numpy", "nbgrader", "nbformat", "IPython", "multiprocessing"}
print(code, sorted(heavy & set(sys.modules)), len(sys.modules))
"""


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["grade", "tokenise"], "no exercise 'tokenise'; there are tokenize, embed"),
        (["grade", EXERCISE, "--class=none"], "there is no class 'none'; there "),
        (["grade", EXERCISE, "--class=empty"], "nothing was submitted for 'tokenize'"),
        (["status", "tokenise"], "no exercise 'tokenise'"),
        (["grade", EXERCISE, "--student=nobody"], "'nobody' has submitted nothing"),
        (["grade", EXERCISE, "--jobs=0"], "0 jobs: at least one is needed"),
        (["grade", EXERCISE, "--class=../x"], "cannot be the name of a class"),
        (["bank", "tokenise"], "no exercise 'tokenise'"),
        (["exercises", "tokenise"], "no exercise 'tokenise'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_imported(classroom, asked, told):
    (classroom / "submitted" / "somebody" / EXERCISE).mkdir(parents=True, exist_ok=True)
    classroom.with_name("empty").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", ASK, *asked], capture_output=True, text=True, check=True
    )
    code, heavy, count = done.stdout.split(maxsplit=1)[0], "[]", done.stdout.split()[-1]
    assert (code, heavy in done.stdout) == ("2", True), done.stdout
    assert told in done.stderr
    assert int(count) < 300


def test_a_class_goes_on_where_the_exercises_were_deleted(classroom):
    if not (classroom / "submitted" / "plain").exists():
        hand_in(classroom, "plain", '{"cells": []}')
    grade.grade(EXERCISE, ["plain"])
    shutil.rmtree(course.root() / "exercises" / EXERCISE)
    (row,) = grade.grade(EXERCISE, ["plain"])
    assert row.status != grade.INFRA
    assert (course.root() / "exercises" / EXERCISE / f"{EXERCISE}.ipynb").exists()


def test_a_sentence_names_some_and_shows_that_there_are_more():
    assert names.several(iter("abc")) == "a, b, c"
    assert names.several(["a\n", "b", "c"], 2) == "a\\n, b …"
    assert "ada" not in names.by_name(["ada", "bo"], 2)
    assert names.by_name(["one"], 2, "do this") == (
        "1 was found by the name alone, as the class knows no id of theirs: one; do this"
    )
    many = names.by_name([*"abcdefg"], 8, "")
    assert many.startswith("7 were found by their names alone")
    assert many.endswith(": a, b, c, d, e, f …")
