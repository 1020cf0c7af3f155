"""Where the course lies: its exercises in the order of the book, and its own code."""

from pathlib import Path

import autograder
from autograder import progress
from autograder.classroom import course


def test_exercises_come_in_the_order_of_the_book():
    order = ["tokenize", "embed", "attend", "mlp", "sample"]
    order += ["train", "cache", "modern", "chat"]
    found = course.assignments()
    assert found == [name for name in order if name in found]
    assert sorted(["zebra", *reversed(order)], key=course.place) == [*order, "zebra"]


def test_progress_lists_them_in_that_order(tmp_path):
    for name in ("attend", "tokenize", "embed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.ipynb").touch()
        (tmp_path / name / "reference.safetensors").touch()
    found = [path.stem for path in progress.find(tmp_path)]
    assert found == ["tokenize", "embed", "attend"]


def test_progress_counts_every_module_of_the_autograder_and_nothing_of_a_class():
    top = Path(autograder.__file__).parent
    every = {p for p in top.rglob("*.py") if "classes" not in p.relative_to(top).parts}
    assert set(course.code()) == every
    assert course.code() == sorted(course.code())
