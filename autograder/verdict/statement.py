"""A statement of a cell, taken apart: what it mentions, and what it gives a meaning."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from autograder.verdict.scope import (
    ANYTHING,
    CALL,
    FUNCTIONS,
    IMPORTS,
    Scope,
    Tables,
    Way,
    assigned,
    bindings,
    classes_in,
    is_stored,
    last_of,
    renewed,
    root_of,
    scoped,
    settled,
    text_of,
    way_of,
    written,
)

COMPUTED = "a computed name"  # getattr of something that is no plain string
FILE = "a module of its own"  # a file beside the notebook, which is not looked at
SHELL = "the shell"  # get_ipython() for more than a magic
# Magics that run what is not in the notebook, or bring it in.
SCRIPTS = ("%run", "%load", "%loadpy", "%rerun", "%macro")
LOADERS = ("%load_ext", "%reload_ext")
HARMLESS = ("autoreload", "storemagic")  # extensions that come with IPython
REBIND = frozenset(
    (
        *("exec", "autograder", "globals", "setattr", "__main__"),
        *(".__code__", ".user_ns", SHELL, *SCRIPTS, *LOADERS),
    )
)
LONGEST = 200  # characters of a name that is looked for
# What takes a name as text, and which of its arguments that is (None: each of them).
BY_NAME = {
    "getattr": 1,
    "getattr_static": 1,
    "attrgetter": None,
    "methodcaller": 0,
    "import_module": 0,
    "__import__": 0,
    "__getattribute__": -1,
}
HOLDERS = ("vars", "globals", "locals", "__dict__", "modules")  # of what has a name
ODD = {"get_ipython": SHELL, "getattr": COMPUTED}  # where they are not just called
MAGICS = ("run_line_magic", "run_cell_magic", "system", "getoutput")


@dataclass(frozen=True)
class Use:
    """A name that was met: in which cell and line of the notebook, counted from 1."""

    name: str
    cell: int
    line: int

    def __str__(self) -> str:
        return f"{self.name.lstrip('.')} (cell {self.cell}, line {self.line})"


class _Mention(NamedTuple):
    """A name in a statement, and where it leads: None where that is not known.

    Of an `attribute`, `way` leads to what it is an attribute of.
    """

    use: Use
    way: Way | None = None
    attribute: str = ""


class Statement:
    """A statement of a cell: what it mentions, and the notebook's names it defines."""

    def __init__(
        self, cell: int, statement: ast.stmt, known: frozenset[str], tables: Tables
    ) -> None:
        self.cell, self.known = cell, known
        self.is_import = isinstance(statement, IMPORTS)
        self.mentions: list[_Mention] = []
        notebook, leans = Scope(), set()
        nodes = list(scoped(statement, notebook, cell, tables))
        values = {
            target: value for node, _ in nodes for target, value in assigned(node)
        }
        understood = {node.func for node, _ in nodes if _is_plain_call(node)}
        understood |= {node.value.func for node, _ in nodes if _is_magic(node)}
        self.defines: set[str] = set()
        for node, scope in nodes:
            for name, given in bindings(node, scope, cell, values):
                scope.home(name, stored=True).bound[name].append(given)
            part = isinstance(node, ast.Attribute | ast.Subscript)
            if part and scope is notebook and isinstance(node.ctx, ast.Store):
                self.defines.add(root_of(node))
        for node, scope in nodes:
            leans |= self._mention(node, scope, understood)
        self.classes = classes_in(nodes, cell, values)
        self.binds = settled(notebook)
        self.defines = (self.defines | {*self.binds}) - {""}
        self.leans = sorted(leans)
        self.within = frozenset().union(*(around(m.use.name) for m in self.mentions))
        if not self.within.isdisjoint(REBIND):
            self.defines.add(ANYTHING)
        # What has no other meaning from here on.
        self.renews = renewed(statement) - leans
        if isinstance(statement, FUNCTIONS):
            self.renews = {statement.name}

    def _mention(
        self, node: ast.AST, scope: Scope, understood: set[ast.expr]
    ) -> set[str]:
        """Note what a node mentions; the notebook's names that it leans on."""

        def note(name: str, way: Way | None = None, attribute: str = "") -> None:
            use = Use(name, self.cell, node.lineno)
            self.mentions.append(_Mention(use, way, attribute))

        if isinstance(node, ast.Import):
            for alias in node.names:
                note(alias.name)
                if alias.name.split(".")[0] not in self.known:
                    note(FILE)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            for alias in node.names:
                note(f"{module}.{alias.name}")
                note(f".{alias.name}")
            if node.level or module.split(".")[0] not in self.known:
                note(FILE)
        elif isinstance(node, ast.Name):
            if is_stored(node):
                return set()
            way = way_of(node, scope)
            if way and CALL not in way and "@" not in way[0]:
                note(written(way), way)
            if scope.home(node.id).outer is None:
                if node.id in ODD and node not in understood:
                    note(ODD[node.id])
                return {node.id}
        elif isinstance(node, ast.Attribute):
            way = way_of(node.value, scope)
            self._attribute(note, way, node.attr, isinstance(node.ctx, ast.Load))
        elif isinstance(node, ast.Subscript):
            holder = node.value.func if isinstance(node.value, ast.Call) else node.value
            text = text_of(node.slice)
            if text is not None and last_of(holder) in HOLDERS:
                note(text)
                note(f".{text}")
                return {text}
        elif isinstance(node, ast.Call):
            self._called(node, scope, note)
        return set()

    def _attribute(
        self, note: Callable[..., None], way: Way | None, name: str, read: bool
    ) -> None:
        if way and CALL not in way and "@" not in way[0]:
            note(written((*way, name)), (*way, name))
        if read:
            note(f".{name}", way, name)
            # torch.ops.aten._softmax is a softmax, and so is x.softmax_
            note(f".{name.strip('_')}", way, name)

    def _called(self, node: ast.Call, scope: Scope, note: Callable[..., None]) -> None:
        """Names that are written as text: getattr(x, "name"), or the name of a magic."""
        last, args = last_of(node.func), node.args
        if last in MAGICS[:2] and args:
            magic = text_of(args[0])
            if magic is None:
                note(COMPUTED)
            elif f"%{magic}" in LOADERS:
                named = text_of(args[1]) if len(args) > 1 else None
                if named not in HARMLESS:
                    note(f"%{magic} {named}" if named else f"%{magic}")
            elif f"%{magic}" in SCRIPTS:
                note(f"%{magic}")
        elif last in BY_NAME:
            which = BY_NAME[last]
            named = args if which is None else args[which:][:1]
            for text in map(text_of, named):
                if text is None:
                    note(COMPUTED)
                elif last == "getattr":
                    self._attribute(note, way_of(args[0], scope), text, read=True)
                else:
                    note(text)
                    for part in text.split("."):
                        note(f".{part}")


def _is_plain_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and last_of(node.func) != "get_ipython"


def _is_magic(node: ast.AST) -> bool:
    """Whether it is what `%time`, `!ls` and their like are turned into."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Call):
        return False
    return last_of(node.value.func) == "get_ipython" and node.attr in MAGICS


def around(mention: str) -> list[str]:
    """What a dotted name is within: itself, and every name that it goes on from."""
    if mention == "autograder.check.check":
        return []
    ends = [i for i, letter in enumerate(mention[:LONGEST]) if letter in ". "]
    return [mention, *(mention[:end] for end in ends)]


def as_python(source: str) -> str:
    """A cell with magics, as Python: about what IPython makes of it, line by line.

    IPython's own translation takes minutes for some cells of a few kilobytes, and hides
    the body of a cell magic such as `%%time`, which runs, in a string.
    """
    source = _PROMPT.sub("", source)
    source = _MAGIC.sub(
        lambda m: f"{m[1]}get_ipython().run_line_magic({m[2]!r}, {m[3].strip()!r})",
        source,
    )
    source = _SHELL.sub(r"\1get_ipython().system('')", source)
    return _HELP.sub(r"\1pass", textwrap.dedent(source))


_START = (
    r"^([^\S\n]*(?:[^\n=(#'\"]{1,200}=[^\S\n]*)?)"  # of a line, and what it assigns to
)
_PROMPT = re.compile(r"^(?:>>>|\.\.\.|In \[\d+\]:) ?", re.MULTILINE)
_MAGIC = re.compile(_START + r"%{1,2}(\w+)([^\n]*)$", re.MULTILINE)
_SHELL = re.compile(_START + r"!{1,2}[^\n]*$", re.MULTILINE)
_HELP = re.compile(r"^([^\S\n]*)(?:\?[^\n]*|[^\n#'\"]{0,200}\?)$", re.MULTILINE)
