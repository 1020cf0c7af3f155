"""Which class is meant, what makes one, and what is never deleted."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import __main__ as command
from autograder.classroom import course

ROOT = Path(__file__).parents[3]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A course of one exercise, without a class."""
    for top in ("solutions", "exercises"):
        shutil.copytree(ROOT / top / "tokenize", tmp_path / top / "tokenize")
        if top == "exercises":
            shutil.copytree(ROOT / top / "attend", tmp_path / top / "attend")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GPT_CLASS", raising=False)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    return tmp_path


def everything(top):
    return {path: path.stat().st_mtime_ns for path in top.rglob("*")}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            [],
            "no class is named: add --class NAME, or set GPT_CLASS; there are fall, spr",
        ),
        (["--class", "sprng"], "there is no class 'sprng'; did you mean spring?"),
        (["--class", "winter"], "there is no class 'winter'; there are fall, spring"),
        (["--class", "../spring"], "cannot be the name of a class"),
        (["--class", "Demo"], "no name for a class"),
        (["--class", "demo"], "the demo is not laid out"),
    ],
)
def test_a_class_has_to_be_named_and_there(place, capsys, asked, told):
    for name in ("spring", "fall"):
        course.new_class(name)
    os.environ.pop("GPT_CLASS")
    before = everything(place)
    assert command.main(["grade", "tokenize", *asked]) == 2
    assert told in capsys.readouterr().err
    assert everything(place) == before


@pytest.mark.parametrize(
    ("meant", "told"),
    [
        (
            "sprng",
            "nbgrader_config.py: there is no class 'sprng'; did you mean spring?",
        ),
        ("demo", "nbgrader_config.py: 'demo' is the bundled demo"),
        ("", "no class is named: set GPT_CLASS; there is spring"),
    ],
)
def test_nbgraders_own_commands_make_no_class(place, meant, told):
    course.new_class("spring")
    before = everything(place)
    done = subprocess.run(
        ["nbgrader", "export", "--to", "grades.csv"],
        check=False,
        env={**os.environ, "GPT_CLASS": meant},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 1
    assert told in done.stderr and len(done.stderr.splitlines()) == 1
    assert everything(place) == before


def test_without_a_class_a_notebook_can_be_generated_and_nothing_is_made(place):
    before = set(everything(place))
    env = {name: value for name, value in os.environ.items() if name != "GPT_CLASS"}
    done = ["nbgrader", "generate_assignment", "tokenize", "--force"]
    subprocess.run(done, env=env, check=True, capture_output=True, timeout=100)
    assert set(everything(place)) - before == set()


def submissions(folder):
    return sorted(path.name for path in (folder / "submitted").iterdir())


def test_the_demo_deletes_nothing_that_it_did_not_write(place, capsys):
    old = place / "autograder" / "classes" / "demo" / "submitted" / "real"
    old.mkdir(parents=True)
    assert command.main(["demo"]) == 0
    assert "autograder/classes/demo is of an earlier version" in capsys.readouterr().err
    demo = place / "_build" / "demo"
    assert len(submissions(demo)) == 12 and old.exists()
    assert course.class_name() == "demo"

    # A real submission beside them: neither a new notebook nor `make clean` costs it.
    (demo / "submitted" / "real" / "tokenize").mkdir(parents=True)
    released = course.solution("tokenize")
    released.write_text(released.read_text() + "\n")
    before = everything(demo)
    for asked in ["demo"], ["demo", "--remove"]:
        assert command.main(asked) == 2
        assert "what this command did not write ('real')" in capsys.readouterr().err
    assert everything(demo) == before
    shutil.rmtree(demo / "submitted" / "real")
    (demo / "notes.txt").write_text("mine")
    (demo / "gradebook.db").write_text("of the old notebook")
    assert command.main(["demo"]) == 0
    assert not (demo / "gradebook.db").exists()
    assert command.main(["demo", "--remove"]) == 0
    assert os.listdir(demo) == ["notes.txt"]


def test_a_class_to_practise_on_stands_only_where_there_was_none(place, capsys):
    assert command.main(["demo", "--class", "practice"]) == 0
    folder = place / "autograder" / "classes" / "practice"
    assert len(submissions(folder)) == 25
    before = everything(folder / "submitted").keys()
    assert command.main(["demo", "--class", "practice"]) == 0  # again: the same
    assert everything(folder / "submitted").keys() == before
    assert len((folder / "roster.csv").read_text("utf-8").splitlines()) == 1 + 24 + 2

    mine = course.new_class("spring") / "submitted" / "somebody"
    mine.mkdir(parents=True)
    before = everything(place)
    assert command.main(["demo", "--class", "spring"]) == 2
    assert "did not lay out; nothing was touched" in capsys.readouterr().err
    assert everything(place) == before
