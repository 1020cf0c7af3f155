"""A class, and a process that kernels are forks of, for the tests of a module."""

import os
import shutil
from pathlib import Path

import pytest

from autograder.box import sandbox
from autograder.box.kernel import Template
from autograder.classroom import course
from autograder.verdict import finale, repair
from autograder.verdict.remark import seen
from tests.need import need

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def patience():
    """What is said of an answer must not depend on how fast a machine is: remarks and
    small changes are tried here for ten times as long."""
    with pytest.MonkeyPatch.context() as patch:
        for trying in (seen, repair, finale):
            patch.setattr(trying, "PATIENCE", 10 * trying.PATIENCE)
        yield


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """A copy of the course in a folder of its own, with a class named "test"."""
    problem = sandbox.why_not()
    need(problem is None, problem)
    folder = tmp_path_factory.mktemp("course")
    for name in ("solutions", "exercises"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    before = Path.cwd(), os.environ.get("GPT_CLASS")
    os.chdir(folder)
    os.environ["GPT_CLASS"] = "test"
    yield course.new_class()
    os.chdir(before[0])
    os.environ.pop("GPT_CLASS")
    if before[1]:
        os.environ["GPT_CLASS"] = before[1]


@pytest.fixture(scope="module")
def template():
    problem = sandbox.why_not()
    need(problem is None, problem)
    with Template() as made:
        yield made
