"""One check, one file: is each file named, and each name a file? Says what is missing."""

import importlib
import sys
from pathlib import Path

import pytest

from autograder import checks

FOLDER = Path(checks.__file__).parent


@pytest.mark.parametrize("exercise", checks.exercises())
def test_every_file_is_named_and_every_name_is_a_file(exercise):
    named = importlib.import_module(f"autograder.checks.{exercise}").CHECKS
    files = {
        file.stem
        for file in (FOLDER / exercise).glob("*.py")
        if not file.stem.startswith("_")
    }
    for name in files:
        module = importlib.import_module(f"autograder.checks.{exercise}.{name}")
        assert hasattr(module, "CHECK"), f"{module.__name__} holds no CHECK"
    page = f"CHECKS in autograder/checks/{exercise}/__init__.py"
    assert not files - {*named}, f"{page} does not name them, in the notebook's order"
    assert not {*named} - files, f"{page} names them, and there is no such file"
    assert len({*named}) == len(named), f"{page} names one twice"
    assert list(checks.load(exercise)) == list(named)


def test_nothing_else_lies_among_the_checks():
    beside = {file.name for file in FOLDER.glob("*.py")}
    assert beside == {"__init__.py", "_material.py", "_slips.py", "_twins.py"}
    folders = {p.name for p in FOLDER.iterdir() if p.is_dir()} - {"__pycache__"}
    assert folders == {*checks.exercises()}, "a folder without an __init__.py"
    deeper = {p.parent.name for p in FOLDER.glob("*/*/*.py")}
    assert not deeper, f"{deeper}: an exercise has no folders"


@pytest.mark.parametrize("exercise", checks.exercises())
def test_a_file_holds_one_check_and_all_of_it(exercise):
    for name, check in checks.load(exercise).items():
        module = importlib.import_module(f"autograder.checks.{exercise}.{name}")
        told = f"autograder/checks/{exercise}/{name}.py"
        assert module.__doc__, f"{told} does not say what its function does"
        assert check.draw.__module__ == module.__name__, f"{told} has no draw"
        assert check.mistakes is module.MISTAKES, f"{told} has no MISTAKES"
        assert check.oracle is module.oracle, f"{told} has no oracle"
        assert not set(check.after) - {*checks.load(exercise)}, f"{told}: after"


@pytest.fixture
def new_exercise(tmp_path, monkeypatch):
    """A folder beside the others, gone after the test: what load() says of it."""
    monkeypatch.setattr(checks, "__path__", [*checks.__path__, str(tmp_path)])
    folder = tmp_path / "novel"
    folder.mkdir()
    yield folder
    for name in [n for n in sys.modules if n.startswith("autograder.checks.novel")]:
        del sys.modules[name]


GREET = '''"""A greeting."""

from autograder.checks import Case, Check, Mistake


def oracle(name: str) -> str:
    return f"hello {name}"


def draw(rng):
    return [Case("a name", ("Ada",))]


MISTAKES = (Mistake("shouted", "Say it, and do not shout.", lambda name: name.upper()),)
CHECK = Check("greet", 1, draw, oracle, MISTAKES)
'''


def test_to_add_a_check_is_to_add_a_file_and_a_line(new_exercise):
    (new_exercise / "__init__.py").write_text('CHECKS = ("greet",)\n')
    (new_exercise / "greet.py").write_text(GREET)
    assert checks.load("novel")["greet"].points == 1
    assert checks.having("greet") == "novel"


@pytest.mark.parametrize(
    ("line", "file", "said"),
    [
        (
            'CHECKS = ("greet",)',
            "welcome",
            "names 'greet', .* no file .*novel/greet.py",
        ),
        ('CHECKS = ("welcome",)', "welcome", "one name"),
    ],
)
def test_what_does_not_fit_is_said(new_exercise, line, file, said):
    (new_exercise / "__init__.py").write_text(line)
    (new_exercise / f"{file}.py").write_text(GREET)
    with pytest.raises(ValueError, match=said):
        checks.load("novel")


def test_an_exercise_without_checks_is_said():
    with pytest.raises(ValueError, match="no folder autograder/checks/poetry"):
        checks.load("poetry")
