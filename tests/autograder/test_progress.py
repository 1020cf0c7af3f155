"""Does a student see what is done, also of a notebook that is half broken?"""

import shutil
from pathlib import Path

import nbformat
import pytest

from autograder import progress
from autograder.classroom import demo
from autograder.classroom.demo import Submission, insert_cell

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(ROOT / "exercises" / "tokenize", tmp_path / "tokenize")
    return tmp_path


def save(folder, submission):
    path = folder / "tokenize" / "tokenize.ipynb"
    nbformat.write(demo.notebook(submission), path)


def test_what_is_done_is_shown_and_what_comes_next(folder):
    save(folder, Submission("half", 8, steps=4))
    cache = folder / "cache.json"
    (row,) = progress.progress(folder, cache)
    assert (sum(row.points.values()), sum(row.possible.values())) == (8, 20)
    assert row.next == "encode"
    text = progress.table([row])
    assert "8 of 20 points" in text
    assert "· encode" in text
    assert "✓ train" in text
    assert text.count("← next") == 1

    # Unchanged, it is not run again; saved anew, it is.
    progress._run, run = None, progress._run
    try:
        assert progress.progress(folder, cache) == [row]
    finally:
        progress._run = run
    save(folder, Submission("more", 11, steps=5))
    (row,) = progress.progress(folder / "tokenize", cache)  # the folder itself will do
    assert row.next == "decode"


def test_a_cell_that_never_ends_costs_only_itself(folder, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS", 3)
    endless = insert_cell("while True:\n    pass", before=7)
    save(folder, Submission("endless", 8, steps=4, edit=endless))
    (row,) = progress.progress(folder)
    assert sum(row.points.values()) == 8


def test_a_kernel_that_dies_keeps_what_came_before(folder):
    death = insert_cell("import os\nos._exit(1)", before=16)
    save(folder, Submission("dead", 20, edit=death))
    (row,) = progress.progress(folder)
    assert sum(row.points.values()) == 5


def test_no_exercise_is_said(tmp_path):
    with pytest.raises(ValueError, match="no exercise in"):
        progress.progress(tmp_path)
