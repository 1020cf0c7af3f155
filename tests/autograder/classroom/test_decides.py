"""What decides a grade is hashed, all of it and nothing else, by what it does."""

import ast
from pathlib import Path

import pytest

import autograder
from autograder.classroom import decides

TOP = Path(autograder.__file__).parent
ONLY_TOLD = {"course", "names"}  # `course.steps` is hashed with the notebook

CODE = """
'''What it is.'''
import math

def scores(q, k):
    '''As in the paper.'''
    return q @ k.mT / math.sqrt(q.shape[-1])  # (B, T, T)
"""
SAME = """
import math
# Nobody knows who wrote this.
def scores(
    q,
    k,
):
    return (q @ k.mT) / math.sqrt(q.shape[-1])
"""
OTHER = [
    CODE.replace("-1", "-2"),
    CODE.replace(" / math.sqrt(q.shape[-1])", ""),
    CODE.replace("def scores", "def score"),
    CODE.replace("return", "yield"),
    CODE + "EDGES = 0.2\n",
]


def hashed(tmp_path, text):
    path = tmp_path / "scores.py"
    path.write_text(text)
    return decides.code([path])


def test_a_comment_a_docstring_or_another_form_changes_no_hash(tmp_path):
    assert hashed(tmp_path, SAME) == hashed(tmp_path, CODE)


@pytest.mark.parametrize("text", OTHER)
def test_whatever_else_changes_does(tmp_path, text):
    assert hashed(tmp_path, text) != hashed(tmp_path, CODE)


def imported(path):
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module == "autograder.classroom":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            head, _, name = (node.module or "").rpartition(".")
            if head == "autograder.classroom":
                yield name


def test_of_the_classroom_it_is_what_a_worker_imports():
    found, todo = set(), ["worker"]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += imported(TOP / "classroom" / f"{name}.py")
    # What these import is theirs: a class's name, a path, a sentence.
    assert {*decides.CLASSROOM} <= found
    direct = {
        n for m in decides.CLASSROOM for n in imported(TOP / "classroom" / f"{m}.py")
    }
    assert direct - {*decides.CLASSROOM} <= ONLY_TOLD


def test_an_exercise_is_graded_by_its_own_checks_and_the_whole_grader():
    mine = {str(path.relative_to(TOP)) for path in decides.files("attend")}
    assert {"checks/attend/scores.py", "checks/_slips.py", "check.py"} <= mine
    assert {"verdict/judge.py", "verdict/remark/again.py", "box/app.py"} <= mine
    assert not [name for name in mine if name.startswith(("checks/embed", "road"))]
    assert "classroom/table.py" not in mine


def test_what_has_changed_is_told_in_words():
    now = {"checks": "a", "grader": "b", "points": "c"}
    assert decides.why(now | {"points": "d"}, now) == "its points have changed"
    assert decides.why(now, now) == ""
    assert decides.why(None, now) == decides.EARLIER
