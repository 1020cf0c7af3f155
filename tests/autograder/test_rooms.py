"""Do arrows between the rooms point one way, as each room's own page says?

The imports are read from the source, so one inside a function or for a type counts too.
"""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# From the top of the house to its ground: a room imports what stands below it.
ROOMS = ("doors", "road", "classroom", "box", "verdict", "checks", "gpt")
OUTSIDE = {"tests", "bench", "book", "exercises", "solutions", "nbgrader_config"} | {
    "edition",
    "facts",
    "figures",
}
# What a room's own page promises beside the order: of a lower room it imports these only.
ONLY = {
    ("box", "checks"): set(),
    ("box", "verdict"): {"autograder.verdict.outcome"},
    ("box", "gpt"): set(),
    ("checks", "gpt"): {"gpt", "gpt.model", "gpt.world"},  # for inputs, no oracle
}
BY_NAME = {
    "autograder.__main__",
    "autograder.checks",
    "autograder.box.template",
}  # who imports by a variable


def modules() -> dict[str, Path]:
    """Every module of the packages autograder and gpt, by its dotted name."""
    found = {}
    for package in ("autograder", "gpt"):
        for file in sorted((ROOT / package).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            if "classes" not in parts:
                found[".".join(parts).removesuffix(".__init__")] = file
    return found


MODULES = modules()


def imported(name: str, source: str) -> set[str]:
    """The modules of ours, or the packages outside, that a source imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            said = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name} imports by dots: say the whole name"
            said = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for dotted in said:  # a name in a module is that module's
            while dotted not in MODULES and "." in dotted:
                dotted = dotted.rpartition(".")[0]
            if dotted in MODULES or dotted in OUTSIDE:
                found.add(dotted)
    return found - {name}


def room(name: str) -> str:
    """Where a module stands; what lies beside the rooms are the doors."""
    top, *rest = name.split(".")
    return rest[0] if rest and rest[0] in ROOMS else "gpt" if top == "gpt" else "doors"


def wrong(name: str, source: str) -> list[str]:
    """The imports of a module that run back up, in words."""
    here = ROOMS.index(room(name))
    return [
        f"{name} imports {other}: {room(name)} stands below {room(other)}"
        if other in MODULES
        else f"{name} imports {other}, which is no part of the house"
        for other in sorted(imported(name, source))
        if other not in MODULES or ROOMS.index(room(other)) < here
    ]


@pytest.mark.parametrize("name", MODULES)
def test_no_arrow_runs_back(name):
    assert not wrong(name, MODULES[name].read_text("utf-8"))


def too_much(name: str, source: str) -> set[str]:
    """What a module imports of a lower room beyond what its room promises."""
    found = imported(name, source)
    return {x for x in found if x not in ONLY.get((room(name), room(x)), {x})}


@pytest.mark.parametrize("name", MODULES)
def test_a_room_imports_no_more_than_it_promises(name):
    source = MODULES[name].read_text("utf-8")
    assert not too_much(name, source)
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute | ast.Name)
    }
    assert name in BY_NAME or not called & {"import_module", "__import__"}


def test_too_much_is_seen():
    for name, line in (
        ("autograder.box.execute", "from autograder import checks"),
        ("autograder.box.watch", "import autograder.verdict.judge"),
        ("autograder.checks.attend.merge_heads", "from gpt.attend import merge_heads"),
    ):
        assert too_much(name, line), line


def test_an_arrow_that_runs_back_is_seen():
    for name, line in (
        ("autograder.verdict.judge", "from autograder.box import kernel"),
        ("autograder.box.execute", "from autograder.check import ANSWER"),
        ("autograder.checks.attend.softmax", "import autograder.verdict.wire"),
        ("gpt.model", "def f():\n    from autograder import checks"),
        ("autograder.classroom.grade", "from autograder import progress"),
        ("gpt.world", "if 0:\n    from tests.need import need"),
        ("gpt.world", "import facts"),
    ):
        assert len(wrong(name, line)) == 1, line
    assert not wrong("autograder.box.execute", "from autograder.verdict import wire")


def test_no_circle():
    """Not within a room either. A room's own page, which holds no code, is no module."""
    arrows = {
        name: {other for other in imported(name, file.read_text("utf-8"))}
        for name, file in MODULES.items()
    }
    for name, others in arrows.items():
        others -= {name.rpartition(".")[0]}
    tuple(TopologicalSorter(arrows).static_order())  # CycleError names the circle


def test_every_room_says_what_it_is_and_what_it_never_imports():
    for name in ROOMS[1:-1]:
        page = ast.get_docstring(ast.parse(MODULES[f"autograder.{name}"].read_text()))
        assert "The room that answers:" in page
        for word in ("rust", "import", "never"):  # whom it trusts
            assert word in page, f"autograder/{name}/__init__.py does not say: {word}"


def test_no_room_is_forgotten():
    beside = {file.parent.name for file in (ROOT / "autograder").glob("*/__init__.py")}
    assert beside == set(ROOMS[1:-1])
    doors = {name for name in MODULES if room(name) == "doors"}
    assert doors == {f"autograder.{d}" for d in ("check", "progress", "__main__")} | {
        "autograder"
    }
