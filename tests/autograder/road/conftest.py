"""A course in a folder of its own, and a class in it for each test."""

import itertools
import os
import re
import shutil
from pathlib import Path

import pytest

from autograder import __main__ as command
from autograder.classroom import book, course

ROOT = Path(__file__).parents[3]


NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def course_folder(tmp_path_factory):
    """A copy of the course, with an empty gradebook: to make one takes seconds."""
    folder = tmp_path_factory.mktemp("course")
    for name in ("solutions", "exercises"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    before = Path.cwd(), os.environ.get("GPT_CLASS")
    os.chdir(folder)
    course.new_class("empty")
    with book.opened():
        pass
    os.chdir(before[0])
    os.environ.pop("GPT_CLASS")
    if before[1]:
        os.environ["GPT_CLASS"] = before[1]
    return folder


@pytest.fixture(scope="session")
def announced(course_folder):
    """A gradebook that knows attend."""
    before = Path.cwd(), os.environ.get("GPT_CLASS")
    os.chdir(course_folder)
    os.environ["GPT_CLASS"] = "announced"
    folder = course.new_class("announced")
    result = course.api().generate_assignment("attend", force=True, create=True)
    assert result["success"], result
    os.chdir(before[0])
    os.environ.pop("GPT_CLASS")
    if before[1]:
        os.environ["GPT_CLASS"] = before[1]
    return folder / "gradebook.db"


@pytest.fixture
def klass(course_folder, monkeypatch):
    """The folder of a class that nothing was done to yet."""
    classes = course_folder / "autograder" / "classes"
    folder = classes / f"test{next(NUMBERS)}"
    folder.mkdir()
    shutil.copy(classes / "empty" / "gradebook.db", folder)
    monkeypatch.chdir(course_folder)
    monkeypatch.setenv("GPT_CLASS", folder.name)
    monkeypatch.setenv("COLUMNS", "100")
    return folder


@pytest.fixture
def run(capsys):
    """Run a command; its exit code and what it printed beside the class's name."""

    def go(*words):
        capsys.readouterr()
        code = command.main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out + re.sub(r"^class .*\n", "", said.err)

    return go
