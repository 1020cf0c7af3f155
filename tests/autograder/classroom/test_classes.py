"""Which class is meant, what makes one, and what is never deleted."""

import json
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

    link, real = folder / "submitted" / "untouched", folder / "untouched"
    link.rename(real)
    link.symlink_to(real)
    for asked in ["demo"], ["demo", "--remove"]:
        assert command.main([*asked, "--class", "practice"]) == 2
        assert "untouched is a link" in capsys.readouterr().err
    link.unlink()
    real.rename(link)
    assert everything(folder / "submitted").keys() == before
    assert command.main(["demo", "--remove", "--class", "practice"]) == 0
    assert not folder.exists()

    mine = course.new_class("spring") / "submitted" / "somebody"
    mine.mkdir(parents=True)
    before = everything(place)
    assert command.main(["demo", "--class", "spring"]) == 2
    assert "did not lay out; nothing was touched" in capsys.readouterr().err
    assert everything(place) == before


def test_a_class_to_practise_on_keeps_what_others_did_there(place, capsys):
    """Only what the command wrote, and nobody has edited, is written or deleted."""
    ask = ["demo", "--class", "practice"]
    assert command.main(ask) == 0
    folder = place / "autograder" / "classes" / "practice"
    untouched = folder / "submitted" / "untouched" / "tokenize" / "tokenize.ipynb"
    mine = {
        untouched: "edited",
        folder / "roster.csv": "id,name\nmine,My Own\n",
        folder / "feedback" / "honest-as-taught" / "notes.txt": "a note",
        folder / "gradebook.db": "with grades",
    }
    for path, text in mine.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    gone = folder / "submitted" / "unfinished" / "tokenize" / "tokenize.ipynb"
    gone.unlink()
    capsys.readouterr()
    assert command.main(ask) == 0
    assert gone.exists() and "kept as they are" in capsys.readouterr().out
    assert {path: path.read_text() for path in mine} == mine

    # Collected beside them: neither command goes on.
    beside = folder / "submitted" / "honest-as-taught" / "attend" / "attend.ipynb"
    beside.parent.mkdir()
    beside.write_text("collected")
    before = everything(folder)
    for asked in ask, [*ask, "--remove"]:
        assert command.main(asked) == 2
        assert "honest-as-taught/attend/attend.ipynb" in capsys.readouterr().err
    assert everything(folder) == before
    shutil.rmtree(beside.parent)

    assert command.main([*ask, "--remove"]) == 0
    assert "edited since it was laid out" in capsys.readouterr().out
    assert {path for path in folder.rglob("*") if path.is_file()} == {*mine}
    assert {path: path.read_text() for path in mine} == mine


@pytest.mark.parametrize("link", ["", "submitted", "submitted/untouched", "seed"])
@pytest.mark.parametrize("before", [False, True])
def test_the_demo_goes_through_no_link(place, tmp_path_factory, capsys, link, before):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "it"
    elsewhere.mkdir()
    folder = place / "autograder" / "classes" / "practice"
    if before:
        folder.mkdir(parents=True)
        (folder / "demo.json").write_text('{"version": "", "wrote": {}}')
    there = folder / link
    if there.is_dir():
        shutil.rmtree(there)
    there.parent.mkdir(parents=True, exist_ok=True)
    there.symlink_to(elsewhere)
    for asked in ["demo", "--class", "practice"], ["demo", "--class", "practice"]:
        assert command.main(asked) == 2
        said = capsys.readouterr().err
        assert (
            "is a link" in said or "did not lay out" in said or "did not write" in said
        )
    assert list(elsewhere.iterdir()) == []


def test_a_mark_of_an_earlier_version_is_understood(place):
    assert command.main(["demo"]) == 0
    folder = place / "_build" / "demo"
    mark = json.loads((folder / "demo.json").read_text())
    mark["wrote"] = sorted({n.split("/")[1] for n in mark["wrote"] if "/" in n})
    (folder / "demo.json").write_text(json.dumps(mark))
    assert command.main(["demo", "--remove"]) == 0
    assert not folder.exists()
