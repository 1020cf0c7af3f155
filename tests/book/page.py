"""Runs the cells of a chapter once, as the site does, and keeps what came of them."""

import ast
import re
from contextlib import contextmanager, redirect_stdout
from functools import cache
from io import StringIO
from typing import NamedTuple

import myst_nb
import pytest
import torch

from bench.chapter import BOOK, CELL, OPTIONS

# The chapters that have pictures, in the order of the contents.
CONTENTS = re.findall(r"book/(\w+)", (BOOK.parent / "_toc.yml").read_text("utf-8"))
CHAPTERS = [word for word in CONTENTS if (BOOK / f"figures/{word}.py").is_file()]


class Page(NamedTuple):
    facts: dict  # every number that the prose glues
    names: dict  # what the reader has after the last cell
    shown: list  # what each cell displays
    printed: str


def run(chapter: str) -> Page:
    """The page book/CHAPTER.md, its cells run once, from the first to the last.

    What they set of torch (threads, gradients, how it prints) ends with them. A page that
    fails is not tried again: each further call raises the same error.
    """
    found = _run(chapter)
    if isinstance(found, Exception):
        raise found
    return found


@cache
def _run(chapter: str) -> Page | Exception:
    path = BOOK / f"{chapter}.md"
    facts, names, shown, printed = {}, {}, [], StringIO()

    def glue(name, fact, display=True):
        if name in facts:  # which the site's build refuses, too
            raise ValueError(f"book/{chapter}.md glues {name!r} twice")
        facts[name] = fact

    with pytest.MonkeyPatch.context() as patch, _torch_as_it_was():
        patch.chdir(BOOK)
        patch.syspath_prepend(str(BOOK))
        patch.setattr(myst_nb, "glue", glue)
        try:
            with redirect_stdout(printed):
                for cell in CELL.finditer(path.read_text("utf-8")):
                    tree = ast.parse(cell[2][OPTIONS.match(cell[2]).end() :])
                    last = None
                    if isinstance(tree.body[-1], ast.Expr):
                        last = ast.Expression(tree.body.pop().value)
                    exec(compile(tree, str(path), "exec"), names)  # noqa: S102
                    if last:
                        shown.append(eval(compile(last, str(path), "eval"), names))
        except Exception as error:  # noqa: BLE001 - each test that needs the page says it
            return error
    return Page(facts, names, shown, printed.getvalue())


@contextmanager
def _torch_as_it_was():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.enable_grad():
        yield
    torch.set_num_threads(threads)
    torch.set_printoptions(profile="default")


GLUED = re.compile(r"\{glue:\w+\}`[^`]*`")
ROLE = re.compile(r"\{(?:term|ref|doc)\}`([^`<]*?)(?:\s*<[^`]*>)?`")


@cache
def prose(chapter: str) -> str:
    """What a page says, in one line: no code, roles as they read, numbers as `…`."""
    text = CELL.sub("", (BOOK / f"{chapter}.md").read_text("utf-8"))
    return " ".join(ROLE.sub(r"\1", GLUED.sub("…", text)).split())


def claim(chapter: str, sentence: str) -> None:
    """Fails where the page no longer makes this claim, in these words.

    The test that begins with it holds the measurement; numbers that the page glues are
    written as `…`. So what a test proves and what a reader reads cannot part.
    """
    said = " ".join(sentence.split())
    if said not in prose(chapter):
        pytest.fail(f"book/{chapter}.md does not say (any more): {said}")
