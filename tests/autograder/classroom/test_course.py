"""The order of the exercises is that of the book."""

from autograder import progress
from autograder.classroom import course


def test_exercises_come_in_the_order_of_the_book():
    order = ["tokenize", "embed", "attend", "mlp", "sample"]
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
