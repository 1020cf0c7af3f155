"""The rooms of the book: what stands where, and nothing that nobody uses."""

import ast
import re

import pytest

from bench.chapter import BOOK, CELL, OPTIONS

ROOT = BOOK.parent
FIGURES, FACTS = sorted(BOOK.glob("figures/*.py")), sorted(BOOK.glob("facts/*.py"))
CHAPTERS = [path.stem for path in FIGURES if not path.stem.startswith("_")]
# modules whose page has another name; else it is the same
PAGES = {"apart": "mlp", "surprise": "index"}


def page(chapter):
    """The page that a module of figures and facts belongs to."""
    return BOOK / f"{PAGES.get(chapter, chapter)}.md"


def cells(chapter):
    """[(code, hidden?), ...] of its page."""
    found = []
    for cell in CELL.finditer(page(chapter).read_text("utf-8")):
        options = OPTIONS.match(cell[2])
        hidden = re.search("remove-(cell|input)", options[0]) is not None
        found.append((cell[2][options.end() :].strip(), hidden))
    return found


def imported(path):
    """The modules that a file imports; "." for its own package."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level or node.module.split(".")[0])
    return names


def public(path):
    """The functions and classes of a module that are there for others."""
    nodes = ast.parse(path.read_text("utf-8")).body
    kinds = ast.FunctionDef | ast.ClassDef
    names = [node.name for node in nodes if isinstance(node, kinds)]
    return [name for name in names if not name.startswith("_")]


def test_every_chapter_with_pictures_has_its_facts():
    assert len(CHAPTERS) >= 6
    assert set(CHAPTERS) == {path.stem for path in FACTS if path.stem[0] != "_"}
    assert all(page(chapter).exists() for chapter in CHAPTERS)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_what_a_chapter_hides_is_short(chapter):
    first, *others = [code.splitlines() for code, hidden in cells(chapter) if hidden]
    assert len(first) <= 10
    assert max(map(len, others)) <= 6


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_does_not_draw_by_itself(chapter):
    for code, hidden in cells(chapter):
        assert not hidden or "matplotlib" not in code and "def " not in code


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: path.stem)
def test_figures_measure_nothing(path):
    assert not imported(path) & {"facts", "book", "myst_nb", "..", "figures"}


@pytest.mark.parametrize("path", FACTS, ids=lambda path: path.stem)
def test_facts_draw_nothing(path):
    assert not imported(path) & {"figures", "book", "matplotlib", "..", "facts"}


def test_the_edition_needs_neither():
    assert not imported(BOOK / "edition.py") & {"figures", "facts", "matplotlib", "gpt"}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_picture_is_shown(chapter):
    hidden = "\n".join(code for code, hidden in cells(chapter) if hidden)
    shown = set(re.findall(rf"\bfigures\.{chapter}\.(\w+)\(", hidden))
    assert shown == set(public(BOOK / "figures" / f"{chapter}.py"))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_fact_is_used(chapter):
    """By the chapter, by its tests, or by another function of the same module."""
    path = BOOK / "facts" / f"{chapter}.py"
    told = "\n".join(code for code, _ in cells(chapter))
    tests = (ROOT / "tests" / "book" / f"test_{chapter}.py").read_text("utf-8")
    own = path.read_text("utf-8")
    for name in public(path):
        used = re.search(rf"\bfacts\.{chapter}\.{name}\b", told)
        used = used or re.search(rf"\bmeasured\.{name}\b", tests)
        assert used or len(re.findall(rf"\b{name}\b", own)) > 1, name


@pytest.mark.parametrize("room", ["figures", "facts"])
def test_what_is_shared_is_shared(room):
    """What a room offers to all is used by two of its modules, or by chapters."""
    tree = ast.parse((BOOK / room / "__init__.py").read_text("utf-8"))
    offered = next(
        {name.value for name in node.value.elts}
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    )
    chapters = {
        c: "\n".join(code for code, _ in cells(c)) for c in CHAPTERS if c not in PAGES
    }
    for name in offered:
        if name.isupper():  # a colour of the palette, whether a chapter has it or not
            continue
        users = [
            path.stem
            for path in sorted(BOOK.glob(f"{room}/*.py"))
            if path.stem != "__init__"
            and re.search(rf"\b{name}\b(?!=)", path.read_text("utf-8"))
        ]
        users += [c for c, code in chapters.items() if re.search(rf"\b{name}\b", code)]
        assert len(users) > 1, name
