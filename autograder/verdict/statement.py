"""A statement of a cell, taken apart: what it mentions, and what it gives a meaning."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from autograder.verdict.reaches import (
    BY_NAME,
    CHANGERS,
    COMPUTED,
    EXPANDED,
    EXPANSION,
    FILE,
    HARMLESS,
    HOLDERS,
    LOADERS,
    LONGEST,
    MAGICS,
    ODD,
    PATCH,
    REBIND,
    RUNNERS,
    SCRIPTS,
    TIMERS,
)
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

NOTHING: frozenset = frozenset()


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
        self.changes: set[str] = set()  # by a method, or as an argument
        self.handed: set[tuple[str, str]] = set()  # a function, and what it is handed
        self.called: set[str] = set()
        self.alters = False  # it has a function that changes what it is handed
        self.patches: list[tuple[Way, Use]] = []  # attributes that are set, of what
        values = {
            target: value for node, _ in nodes for target, value in assigned(node)
        }
        understood = {node.func for node, _ in nodes if _is_plain_call(node)}
        understood |= {node.value.func for node, _ in nodes if _is_magic(node)}
        self.defines: set[str] = set()
        for node, scope in nodes:
            for name, given in bindings(node, scope, cell, values):
                scope.home(name, stored=True).bound[name].append(given)
            self._change(node, scope, values)
        for node, scope in nodes:
            leans |= self._mention(node, scope, understood)
        self.runs = tuple(code for node, _ in nodes for code in _code_in(node))
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
        # Most are empty, and there are many statements: they share what is empty.
        for name in ("changes", "handed", "called", "defines", "renews"):
            setattr(self, name, frozenset(getattr(self, name)) or NOTHING)

    def _change(
        self,
        node: ast.AST,
        scope: Scope,
        values: dict[ast.expr, ast.expr | None],
    ) -> None:
        """Note what of the notebook's a node changes, without giving it a new meaning."""
        changed: list[ast.expr] = []
        is_part = isinstance(node, ast.Attribute | ast.Subscript)
        is_stored = is_part and isinstance(node.ctx, ast.Store)
        if is_stored or isinstance(node, ast.Attribute) and node.attr in CHANGERS:
            changed.append(node)
        elif isinstance(node, ast.Call):
            if last_of(node.func) in CHANGERS:
                plain = isinstance(node.func, ast.Name) or len(node.args) > 1
                changed += node.args[:1] if plain else []
            self._hand(node, scope)
        for part in changed:
            root = root_of(part)
            home = scope.home(root)
            if home.outer is None:
                (self.defines if is_stored else self.changes).add(root)
            elif root in home.params:
                self.alters = True
            if _is_of_names(part):  # vars(torch).update(…)
                self.mentions.append(_Mention(Use(PATCH, self.cell, node.lineno)))
        is_set = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        way = way_of(node.value, scope) if is_set else None
        if way and not isinstance(values.get(node), ast.Constant):
            self.patches.append((way, Use(PATCH, self.cell, node.lineno)))

    def _hand(self, call: ast.Call, scope: Scope) -> None:
        """Note which names of the notebook are handed to which function, "" for a lambda."""
        function = call.func
        while isinstance(function, ast.Attribute | ast.Call):
            function = getattr(function, "value", None) or function.func
        name = "" if isinstance(function, ast.Lambda) else root_of(function)
        if isinstance(call.func, ast.Name):
            self.called.add(name)
        todo = _values(call)
        while todo and (name or isinstance(function, ast.Lambda)):
            given = todo.pop()
            if isinstance(given, ast.Name) and _is_shared(given, scope):
                self.handed.add((name, given.id))
            elif isinstance(given, ast.Starred):
                todo.append(given.value)
            elif isinstance(given, ast.List | ast.Tuple | ast.Set):
                todo += given.elts

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
                if alias.asname and alias.name in ODD:  # by which nobody will know it
                    note(ODD[alias.name])
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
            if node.attr in ODD and node not in understood:
                note(ODD[node.attr])
        elif isinstance(node, ast.Subscript):
            holder = node.value.func if isinstance(node.value, ast.Call) else node.value
            text = text_of(node.slice)
            if text is not None and last_of(holder) in HOLDERS:
                note(text)
                note(f".{text}")
                return {text}
        elif isinstance(node, ast.Call):
            self._called(node, scope, note)
            kind = node.func.args if isinstance(node.func, ast.Call) else []
            if kind and isinstance(kind[0], ast.Lambda):  # type(lambda: 0)(code, {})
                note(COMPUTED)
        elif isinstance(node, ast.MatchClass):  # case object(softmax=mine)
            for name in node.kwd_attrs:
                note(f".{name}")
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
            if magic in TIMERS and EXPANSION.search(text_of(args[1]) or ""):
                note(EXPANDED)
            if magic is None:
                note(COMPUTED)
            elif f"%{magic}" in LOADERS:
                named = text_of(args[1]) if len(args) > 1 else None
                named = named.strip() if named else None
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


def _is_shared(name: ast.Name, scope: Scope) -> bool:
    return scope.home(name.id).outer is None


def _is_of_names(node: ast.expr) -> bool:
    """Whether it is a part of a module's or the notebook's own table of names."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        called = isinstance(node, ast.Call)
        node = node.func if called else node.value
        if last_of(node) in HOLDERS:
            return True
    return False


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
    """A cell as IPython runs it: its magics and shell commands as calls with text.

    It takes time without bounds for some cells of a few kilobytes, so who does not trust
    them does this within limits.
    """
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)


def _code_in(node: ast.AST) -> Iterator[tuple[str, int]]:
    """Texts that a call runs as code, or may, each with its first line's number.

    Nobody knows which magics run what stands behind them: a notebook can name them anew.
    """
    if not isinstance(node, ast.Call):
        return
    last = last_of(node.func)
    if last in RUNNERS or last in MAGICS[:2]:
        body = 1 if last == "run_cell_magic" else 0
        for place, given in enumerate(_values(node)):
            text = text_of(given)
            if text and (place or last in RUNNERS):
                yield text, node.lineno + (body if place == 2 else 0)


def _values(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]
