"""Are the committed exercises what solutions/ and the checks generate?"""

import os
import shutil
from pathlib import Path

import nbformat
import pytest

from autograder import checks
from autograder.classroom import course

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "solutions").glob("*/*.ipynb"))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """exercises/, generated now by nbgrader in a copy of the course."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "solutions", folder / "solutions")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    before = Path.cwd()
    os.chdir(folder)
    try:
        api = course.api(of_class=False)
        for assignment in course.assignments():
            result = api.generate_assignment(assignment, force=True, create=True)
            assert result["success"], result.get("log") or result["error"]
    finally:
        os.chdir(before)
    return folder / "exercises"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_committed_exercise_is_the_generated_one(fresh, path):
    for file in sorted((fresh / path.stem).iterdir()):
        committed = ROOT / "exercises" / path.stem / file.name
        assert committed.read_bytes() == file.read_bytes(), (
            f"{committed} is stale: run `make exercises`"
        )


def test_nothing_else_lies_in_exercises(fresh):
    generated = {p.relative_to(fresh) for p in fresh.rglob("*")}
    room = ROOT / "exercises"
    kept = {
        p.relative_to(room)
        for p in room.rglob("*")
        if ".ipynb_checkpoints" not in p.parts
    }
    assert kept == generated


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_solution_has_no_outputs_and_its_exercise_no_solution(path):
    solution = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in solution.cells)
    assert not any(cell.get("execution_count") for cell in solution.cells)
    exercise = nbformat.read(ROOT / "exercises" / path.stem / path.name, as_version=4)
    for cell in exercise.cells:
        assert "SOLUTION" not in cell.source
        if cell.metadata.get("nbgrader", {}).get("solution"):
            assert "raise NotImplementedError()" in cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_check_has_its_locked_cell_and_its_points(path):
    """The grader finds a cell's check by its grade id: they must be one name."""
    notebook = nbformat.read(path, as_version=4)
    graded = {
        cell.metadata.nbgrader.grade_id: cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    found = checks.load(path.stem)
    assert list(graded) == list(found)
    for name, cell in graded.items():
        assert cell.source == f'check("{name}", {name})'
        assert cell.metadata.nbgrader.points == found[name].points
        assert cell.metadata.nbgrader.locked
