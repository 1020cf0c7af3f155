"""Is a folder that somebody else filled read without following, waiting or reading on?"""

import json
import os
import shutil

import pytest

from autograder.classroom import collect as module
from autograder.classroom import submission
from autograder.classroom.collect import collect
from autograder.classroom.submission import Released, ReleasedCell


@pytest.fixture
def folder(tmp_path):
    """A submission beside another student's, and a secret outside."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "work.ipynb").write_text("secret")
    (mine / "work.ipynb").write_text("{}")
    return mine


def test_ordinary_files_are_read(folder):
    (folder / "helper.py").write_text("a = 1")
    (folder / "timestamp.txt").write_text("2026-11-20 12:00:00 UTC\n")
    found = collect(folder, "work")
    assert (found.notebook, found.flags) == (b"{}", ())
    assert found.files["helper.py"] == b"a = 1"
    assert found.timestamp == "2026-11-20 12:00:00 UTC"


@pytest.mark.parametrize("name", ["work.ipynb", "data.csv"])
def test_no_link_is_followed(folder, name):
    path = folder / name
    path.unlink(missing_ok=True)
    path.symlink_to("../theirs/work.ipynb")
    found = collect(folder, "work")
    assert b"secret" not in [found.notebook, *found.files.values()]
    assert f"{name} is a link: left out" in found.flags


def test_a_folder_that_is_a_link_is_not_followed(folder):
    link = folder.with_name("link")
    link.symlink_to(folder.with_name("theirs"))
    found = collect(link, "work")
    assert found.notebook is None and not found.files
    assert "link is a link: not followed" in found.flags


def test_what_is_no_file_does_not_stop_the_reading(folder):
    os.mkfifo(folder / "pipe")
    (folder / "sub").mkdir()
    os.unlink(folder / "work.ipynb")
    os.mkfifo(folder / "work.ipynb")
    found = collect(folder, "work")
    assert found.notebook is None and not found.files
    assert "work.ipynb is no ordinary file: left out" in found.flags


def test_what_is_too_much_is_left_out(folder, monkeypatch):
    monkeypatch.setattr(module, "FILES_MB", 1)
    monkeypatch.setattr(module, "FILES", 3)
    (folder / "a-large").write_bytes(b"x" * (2 << 20))
    for number in range(5):
        (folder / f"b{number}").write_bytes(b"x")
    found = collect(folder, "work")
    assert list(found.files) == ["b0", "b1", "b2"]
    assert "a-large has 2,097,152 bytes, which is too many: left out" in found.flags
    assert "more than 3 files: the rest was left out" in found.flags
    assert found.notebook == b"{}"


def test_a_missing_notebook_is_told_with_what_is_there(folder):
    shutil.move(folder / "work.ipynb", folder / "work (1).ipynb")
    found = collect(folder, "work")
    assert found.others == {"work (1).ipynb": b"{}"}
    nb, flags = submission.read(found, "work", Released({}, {}))
    assert "Nothing could be graded" in nb.cells[0].source
    assert flags == ["no notebook is named work.ipynb: there is work (1).ipynb"]


def test_a_folder_of_that_name_is_said_to_be_one(folder):
    (folder / "work.ipynb").unlink()
    (folder / "work.ipynb").mkdir()
    assert collect(folder, "work").lost == "work.ipynb is a folder"
    _, flags = submission.read(collect(folder, "work"), "work", Released({}, {}))
    assert flags == ["work.ipynb is a folder"]


def sparse(path, size=16 << 20):
    with path.open("wb") as file:
        file.truncate(size)


@pytest.mark.parametrize("name", ["{:03}.bin", "{:03}.ipynb", "{:03}.txt.ipynb.gz"])
def test_what_is_read_is_bounded_in_all(folder, monkeypatch, name):
    """A hundred files, each within the limit, and next to nothing on the disk."""
    for number in range(100):
        sparse(folder / name.format(number))
    (folder / "timestamp.txt").write_text("2026-11-20 12:00:00 UTC")
    seen = []
    read = module.read
    monkeypatch.setattr(module, "read", lambda *a: seen.append(read(*a)) or seen[-1])
    found = collect(folder, "work")
    assert sum(map(len, seen)) < 40 << 20
    assert found.notebook == b"{}" and found.timestamp
    assert any("left out" in flag for flag in found.flags)


def test_of_very_many_names_the_notebook_is_among_those_looked_at(folder, monkeypatch):
    monkeypatch.setattr(module, "NAMES", 3)
    for number in range(20):
        (folder / f"{number}").touch()
    (folder / "timestamp.txt").write_text("now")
    found = collect(folder, "work")
    assert (found.notebook, found.timestamp) == (b"{}", "now")
    assert found.flags == ("3 names in the folder: the rest was not looked at",)
    assert len(found.files) <= 4


def test_a_fingerprint_tells_every_change(folder):
    seen = {collect(folder, "work").fingerprint}
    changes = [("work.ipynb", "[]"), ("a", "1"), ("a", "2"), ("b", "2")]
    for name, content in [*changes, ("c.ipynb", "{}"), ("c.ipynb", "[]")]:
        (folder / name).write_text(content)
        seen.add(collect(folder, "work").fingerprint)
    assert len(seen) == 7
    assert collect(folder, "work").fingerprint in seen


def labelled(source):
    step = {"nbgrader": {"grade_id": "step"}}
    cell = {"cell_type": "code", "source": source, "metadata": step}
    return json.dumps({"nbformat": 4, "cells": [cell]})


ABOUT = Released({"step": ReleasedCell("code", "", False, True, False, "", None)}, {})


@pytest.mark.parametrize(
    ("own", "copy", "graded", "flags"),
    [
        (labelled("x = 1"), labelled("x = 2"), "x = 1", ["copy.ipynb was not graded"]),
        (
            labelled(""),
            labelled("x = 2"),
            "x = 2",
            ["work.ipynb is as it was released"],
        ),
        (
            "{",
            labelled("x = 2"),
            "x = 2",
            ["the notebook is not JSON", "copy.ipynb was"],
        ),
        (labelled("x = 1"), "[" * 99_999, "x = 1", []),
        ("{", "[" * 99_999, "", ["the notebook is not JSON"]),
    ],
)
def test_of_two_notebooks_the_one_that_was_meant_is_taken(
    folder, own, copy, graded, flags
):
    (folder / "work.ipynb").write_text(own)
    (folder / "copy.ipynb").write_text(copy)
    for take in submission.read, submission.sanitized:
        nb, odd = take(collect(folder, "work"), "work", ABOUT)
        sources = [cell.source for cell in nb.cells if cell.metadata]
        assert "".join(sources) == graded
        assert len(odd) == len(flags)
        assert all(told.startswith(flag) for told, flag in zip(odd, flags, strict=True))
