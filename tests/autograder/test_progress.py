"""Does a student see what is done, also of a notebook that is half broken?"""

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from autograder import progress
from autograder.classroom import course, demo
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
    text = progress.table(row)
    assert "8 of 20 points" in text
    assert "· encode" in text
    assert "✓ train" in text
    assert text.count("← next") == 1

    # Unchanged, it is not run again; saved anew, it is.
    progress._run, run = None, progress._run
    try:
        assert [*progress.progress(folder, cache)] == [row]
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


def test_given_cells_have_more_time_than_a_student_s_own():
    """They import, and a busy machine takes its time for that."""
    cells = nbformat.read(course.solution("tokenize"), 4).cells
    labels = [cell.metadata.get("nbgrader", {}) for cell in cells]
    own = {label["grade_id"] for label in labels if label.get("solution")}
    limits = {progress._seconds(cell) for cell in cells}
    assert limits == {progress.SECONDS, progress.SECONDS * progress.PATIENCE}
    for cell, label in zip(cells, labels, strict=True):
        given = label.get("locked") and label["grade_id"] not in own
        assert (progress._seconds(cell) > progress.SECONDS) == bool(given)


def test_a_kernel_that_dies_keeps_what_came_before(folder):
    death = insert_cell("import os\nos._exit(1)", before=16)
    save(folder, Submission("dead", 20, edit=death))
    (row,) = progress.progress(folder)
    assert sum(row.points.values()) == 5


def test_no_exercise_is_said(tmp_path):
    with pytest.raises(ValueError, match="no exercise in"):
        next(progress.progress(tmp_path))


def saved(folder, submission, edit=lambda notebook: None, encoding="utf-8"):
    """Save a notebook of the demo class, after `edit` has changed its JSON."""
    save(folder, submission)
    path = folder / "tokenize" / "tokenize.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    edit(notebook)
    path.write_text(json.dumps(notebook), encoding)
    (row,) = progress.progress(folder)
    return row


def cell_of(notebook, name):
    return next(
        cell
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == name
    )


def test_a_foreign_kernel_and_a_byte_order_mark_do_not_matter(folder):
    def edit(notebook):
        notebook["metadata"]["kernelspec"] = {"name": "conda-env-of-mine"}

    row = saved(folder, Submission("half", 8, steps=4), edit, "utf-8-sig")
    assert sum(row.points.values()) == 8 and not row.odd


def test_a_locked_cell_that_was_changed_is_run_as_it_was_released(folder):
    def edit(notebook):
        cell_of(notebook, "encode")["source"] = "print('20 of 20')"
        cell_of(notebook, "imports")["source"] = "1 / 0"

    row = saved(folder, Submission("half", 8, steps=4), edit)
    assert sum(row.points.values()) == 8
    assert [what.split("`")[1] for what in row.odd] == ["imports", "encode"]
    assert "! cell" in progress.table(row)


def test_what_is_wrong_is_said_in_the_words_of_the_check(folder):
    def edit(notebook):
        cell_of(notebook, "write_merge")["source"] = "def merge(a, b, c):\n    retrun a"
        cell_of(notebook, "write_count_pairs")["source"] = (
            "def count_pairs(chunks):\n    return {}"
        )

    row = saved(folder, Submission("half", 8, steps=4), edit)
    assert "SyntaxError" in row.reasons["merge"]
    assert row.points["train"] == 3  # with the course's own `merge` and `count_pairs`
    assert row.reasons["count_pairs"]
    assert not row.reasons["to_chunks"]


def test_it_says_why_a_step_has_no_meaning_where_it_is_checked(folder):
    """The cell that defines it is told of, and no other that failed."""

    def edit(notebook):
        timed = cell_of(notebook, "write_merge")
        timed["source"] = ["%%timeit -n1 -r1\n", *timed["source"]]
        scratch = cell_of(notebook, "write_count_pairs")
        scratch["source"] = "this is no Python"
        cell = cell_of(notebook, "write_to_chunks")
        cell["source"] = "print(tau)\ndef to_chunks(text):\n    return []"

    row = saved(folder, Submission("timed", 8, steps=4), edit)
    said = "has no meaning where it is checked."
    assert f"`merge` {said} Cell" in row.reasons["merge"]
    assert "begins with `%%timeit`" in row.reasons["merge"]
    assert "SyntaxError" not in row.reasons["merge"]
    assert "ended with NameError: name 'tau'" in row.reasons["to_chunks"]
    assert "Is it written under another name?" in row.reasons["count_pairs"]


def test_an_import_that_takes_a_step_s_name_is_told_of_what_passes(folder):
    """As by `check`: the step after it is run with the course's own."""

    def edit(notebook):
        train = cell_of(notebook, "write_train")
        train["source"] = ["from heapq import merge\n", *train["source"]]

    row = saved(folder, Submission("taken", 8, steps=4), edit)
    assert row.points["train"] == 3 and row.points["merge"] == 2
    assert "stands for `heapq.merge` now" in row.reasons["train"]
    assert "course's own `merge`, for an import" in progress.table(row)


def test_a_broken_notebook_hides_no_other(folder):
    shutil.copytree(ROOT / "exercises" / "sample", folder / "sample")
    (folder / "tokenize" / "tokenize.ipynb").write_text("")
    broken, other = progress.progress(folder)
    assert broken.odd == (
        "the notebook is not JSON: Expecting value: line 1 column 1 (char 0)",
    )
    assert sum(other.points.values()) == 0
    assert all("Not written yet" in why for why in other.reasons.values())


def test_a_check_of_the_student_s_own_and_a_step_by_another_name_are_told(folder):
    def edit(notebook):
        renamed = cell_of(notebook, "write_to_chunks")
        renamed["source"] = "".join(renamed["source"]).replace("def to_", "def my_")
        cell = cell_of(notebook, "write_merge")
        cell["source"] = ["def check(*args):\n    print('fine')\n", *cell["source"]]

    row = saved(folder, Submission("own", 8, steps=4), edit)
    told = "Its cell defines `my_chunks`: give that the name `to_chunks`."
    assert row.reasons["to_chunks"].endswith(told)
    assert row.reasons["merge"].endswith("Take another name there.")
    assert "the name `check` another meaning" in row.reasons["merge"]
