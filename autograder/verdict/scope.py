"""Whose is a name, and where does it lead? The scopes of a statement, and its ways."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import symtable
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

# With these a cell gives any name a meaning, so every function may lean on that cell.
ANYTHING = "*"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (*FUNCTIONS, ast.Lambda, ast.ClassDef, *_COMPREHENSIONS)
IMPORTS = (ast.Import, ast.ImportFrom)
# What tells of a name: mentions it, or gives it a meaning.
_TELLING = (
    *(ast.Name, ast.Attribute, ast.Subscript, ast.Call, *IMPORTS),
    *(ast.Assign, ast.AnnAssign, ast.NamedExpr, *FUNCTIONS, ast.ClassDef),
    *(ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping),
    ast.MatchClass,
)
DEEPEST = 50  # steps of a way that is followed
# A way to a value: a name of the notebook, and from there attributes, "()" for a call
# and "[]" for an item. It begins with "." where it begins in a module, and with a name
# like "Own@3:7" in the class that stands there.
Way = tuple[str, ...]
CALL, ITEM, SELF = "()", "[]", "(self)"


@dataclass
class Class:
    """A class of the notebook: what it is made from, and where its attributes lead."""

    bases: list[Way | None]
    attributes: dict[str, list[Way | None]]
    methods: set[str]  # that are called on an object


@dataclass(eq=False)
class Scope:
    """Where names are looked up: in a function, class or comprehension, or outside all.

    `own` are its own names (of a class: each with the number of the first statement that
    gives it a meaning; `at` is the present one), `free` those of a function around it.
    `bound` says what each of its names is given.
    """

    outer: Scope | None = None
    own: Collection[str] | dict[str, int] = ()
    free: Collection[str] = ()
    bound: dict[str, list[_Given]] = field(default_factory=lambda: defaultdict(list))
    ways: dict[str, Way | None] = field(default_factory=dict)
    is_function: bool = False
    params: Collection[str] = ()
    made: str = ""  # the class that it is
    at: int = 0

    def home(self, name: str, stored: bool = False) -> Scope:
        """The scope whose name it is."""
        scope, inside, is_free = self, False, True
        while scope.outer is not None:
            if isinstance(scope.own, dict):  # what is in a class does not see its names
                first = scope.own.get(name)
                if not inside and first is not None and (stored or first < scope.at):
                    return scope
            elif is_free and name in scope.own:
                return scope
            elif scope.is_function:
                is_free = name in scope.free
            scope, inside = scope.outer, True
        return scope


# What a name is given: a way, an expression and where it stands, or nobody knows.
_Given = tuple[str, ...] | tuple[ast.expr, Scope] | None
Tables = dict[tuple[str, int], list[symtable.Function]]


def tables_of(source: str) -> Tables:
    """Python's own tables of the functions in a cell, by name and line, the last first.

    Without them, which Python has none of for some code that runs only in a notebook, no
    name is a function's own.
    """
    found: Tables = defaultdict(list)
    with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        todo = [symtable.symtable(source, "cell", "exec")]
        while todo:
            table = todo.pop()
            todo += reversed(table.get_children())
            if isinstance(table, symtable.Function):
                found[table.get_name(), table.get_lineno()].append(table)
    for tables in found.values():
        tables.reverse()
    return found


def scoped(
    statement: ast.stmt, notebook: Scope, cell: int, tables: Tables
) -> Iterator[tuple[ast.AST, Scope]]:
    """The nodes of a statement that tell of a name, each with the scope in which it is.

    The order is that in which Python makes the tables. (It takes no recursion: code can
    be nested more deeply than that goes.)
    """
    todo: list[tuple[Any, Scope, bool]] = [(statement, notebook, False)]
    while todo:
        node, scope, opened = todo.pop()
        if opened:
            todo += reversed(
                [(x, s, False) for x, s in _inside(node, scope, cell, tables)]
            )
            continue
        if isinstance(node, _TELLING):
            yield node, scope
        if isinstance(node, _SCOPES):
            todo.append((node, scope, True))
            children = _outside(node)
        else:
            children = ast.iter_child_nodes(node)
        todo += reversed([(child, scope, False) for child in children])


def _outside(node: Any) -> list[ast.AST]:
    """What stands in a function, class or comprehension, and belongs to what is around."""
    if isinstance(node, _COMPREHENSIONS):
        return [node.generators[0].iter]
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    asked = [x for x in [*node.args.defaults, *node.args.kw_defaults] if x]
    if isinstance(node, ast.Lambda):
        return asked
    told = [arg.annotation for arg in _arguments(node) if arg.annotation]
    return [
        *asked,
        *told,
        *([node.returns] if node.returns else []),
        *node.decorator_list,
    ]


def _inside(
    node: Any, scope: Scope, cell: int, tables: Tables
) -> Iterator[tuple[ast.AST, Scope]]:
    """What else stands in it, and the scope that it is."""
    if isinstance(node, _COMPREHENSIONS):
        first, *others = node.generators
        targets = [name for g in node.generators for name in ast.walk(g.target)]
        own = {name.id for name in targets if isinstance(name, ast.Name)}
        inner = Scope(scope, own)
        last = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        yield from ((x, inner) for x in [first.target, *first.ifs, *others, *last])
    elif isinstance(node, ast.ClassDef):
        inner = Scope(scope, {}, made=_made(node, cell))
        for at, statement in enumerate(node.body):
            for name in _stored(statement):
                inner.own.setdefault(name, at)
        for at, statement in enumerate(node.body):
            yield statement, dataclasses.replace(inner, at=at)
    else:
        name = "lambda" if isinstance(node, ast.Lambda) else node.name
        known = tables.get((name, node.lineno))
        table = known.pop() if known else None
        own = {*table.get_locals()} if table else ()
        inner = Scope(scope, own, table.get_frees() if table else (), is_function=True)
        inner.params = {arg.arg for arg in _arguments(node)}
        for name in inner.params:
            inner.bound[name].append(None)
        if scope.made and not _decorators(node) & {"staticmethod"}:
            first = [*node.args.posonlyargs, *node.args.args][:1] if own else []
            if first and first[0].arg in ("self", "cls"):
                inner.bound[first[0].arg] = [(scope.made, SELF)]
        body = node.body if isinstance(node.body, list) else [node.body]
        yield from ((x, inner) for x in body)


def _arguments(node: Any) -> list[ast.arg]:
    a = node.args
    others = [arg for arg in (a.vararg, a.kwarg) if arg]
    return [*a.posonlyargs, *a.args, *a.kwonlyargs, *others]


def _decorators(node: Any) -> set[str]:
    return {last_of(x) for x in getattr(node, "decorator_list", ())}


def _made(node: ast.ClassDef, cell: int) -> str:
    return f"{node.name}@{cell}:{node.lineno}:{node.col_offset}"


def _stored(statement: ast.stmt) -> set[str]:
    """The names that a statement of a class's body gives a meaning."""
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        return {statement.name}
    nodes = list(ast.walk(statement))
    names = {n.id for n in nodes if isinstance(n, ast.Name) and is_stored(n)}
    if isinstance(statement, IMPORTS):
        names |= {a.asname or a.name.split(".")[0] for a in statement.names}
    return names


def is_stored(node: ast.Name) -> bool:
    return not isinstance(node.ctx, ast.Load)


def renewed(statement: ast.stmt) -> set[str]:
    """The names to which a statement gives a meaning, whatever else happens."""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return {t.id for t, value in assigned(statement) if value and _is_name(t)}
    if isinstance(statement, (ast.ClassDef, *FUNCTIONS, *IMPORTS)):
        return _stored(statement)
    return set()


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


def assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """What an assignment gives its targets, where that is one thing each."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _pairs(target, node.value)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
        yield node.target, node.value


def _pairs(
    target: ast.expr, value: ast.expr
) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """Each target with its value: a, b = 1, 2."""
    row = ast.Tuple | ast.List
    if not isinstance(target, row):
        yield target, value
    elif isinstance(value, row) and len(target.elts) == len(value.elts):
        plain = not any(isinstance(x, ast.Starred) for x in target.elts + value.elts)
        for pair in zip(target.elts, value.elts, strict=True) if plain else ():
            yield from _pairs(*pair)


def bindings(
    node: ast.AST,
    scope: Scope,
    cell: int,
    values: dict[ast.expr, ast.expr | None],
) -> Iterator[tuple[str, _Given]]:
    """The names that a node gives a meaning, and what it gives them."""
    if isinstance(node, ast.Name):
        if is_stored(node) and node not in values:
            yield node.id, None
        elif is_stored(node) and values[node]:  # `x: int` gives nothing
            yield node.id, (values[node], scope)
    elif isinstance(node, ast.Import):
        for alias in node.names:
            first, *others = alias.name.split(".")
            way = (f".{first}", *(others if alias.asname else ()))
            yield alias.asname or first, way
    elif isinstance(node, ast.ImportFrom):
        first, *others = (node.module or "").split(".")
        for alias in node.names:
            last = () if alias.name == ANYTHING else (alias.name,)
            way = None if node.level else (f".{first}", *others, *last)
            yield alias.asname or alias.name, way
    elif isinstance(node, ast.ClassDef):
        yield node.name, (_made(node, cell),)
    elif isinstance(node, (*FUNCTIONS, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        if node.name:
            yield node.name, None
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest, None


def settled(scope: Scope) -> dict[str, list[Way | None]]:
    """Where all that is given to a scope's names leads."""
    return {name: [_led(x) for x in given] for name, given in scope.bound.items()}


def _led(given: _Given, depth: int = 0) -> Way | None:
    if given is not None and isinstance(given[0], ast.AST):
        return way_of(*given, depth)
    return given


def classes_in(
    nodes: list[tuple[ast.AST, Scope]],
    cell: int,
    values: dict[ast.expr, ast.expr | None],
) -> dict[str, Class]:
    """The classes in a statement."""
    found: dict[str, Class] = {}
    bodies = {scope.made: scope for _, scope in nodes if scope.made}
    for node, scope in nodes:
        if isinstance(node, ast.ClassDef):
            made = _made(node, cell)
            body = bodies.get(made, Scope())
            own = {name: [] for name in body.own} | settled(body)
            bases = [way_of(base, scope) for base in node.bases]
            methods = [x for x in node.body if isinstance(x, FUNCTIONS)]
            found[made] = Class(
                bases,
                own,
                {
                    x.name
                    for x in methods
                    if x.name[:2] != "__"
                    and not _decorators(x) & {"staticmethod", "classmethod"}
                },
            )
    for node, scope in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            way = way_of(node.value, scope)
            if way and way[1:] == (SELF,) and way[0] in found:
                value = values.get(node)
                led = way_of(value, scope) if value else None
                found[way[0]].attributes.setdefault(node.attr, []).append(led)
    return found


def way_of(node: ast.expr, scope: Scope, depth: int = 0) -> Way | None:
    """Where an expression leads: None where it is no name with attributes and calls."""
    steps: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            steps.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Subscript):
            steps.append(ITEM)
            node = node.value
        elif isinstance(node, ast.Call):
            named = text_of(node.args[1]) if len(node.args) > 1 else None
            is_attribute = last_of(node.func) == "getattr" and named is not None
            steps.append(named if is_attribute else CALL)
            node = node.args[0] if is_attribute else node.func
        else:
            return None
        if len(steps) > DEEPEST:
            return None  # nobody's own
    home = scope.home(node.id)
    if home.outer is None:
        return (node.id, *reversed(steps))
    start = _local(home, node.id, depth)
    if start is None or len(start) + len(steps) > DEEPEST:
        return None
    return (*start, *reversed(steps))


def _local(home: Scope, name: str, depth: int) -> Way | None:
    """Where a function's own name leads, if all that it is given leads there."""
    if name not in home.ways:
        home.ways[name] = None  # where it leads to itself
        given = home.bound[name] if depth < DEEPEST else [None]
        led = {_led(what, depth + 1) for what in given}
        home.ways[name] = led.pop() if len(led) == 1 else None
    return home.ways[name]


def written(way: Way) -> str:
    """A way as one would write it, up to its first call."""
    upto = way.index(CALL) if CALL in way else len(way)
    return ".".join(part for part in way[:upto] if part != ITEM).lstrip(".")


def root_of(node: ast.expr) -> str:
    """The name of what an attribute or an item is changed of."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""  # f(x).y has none


def last_of(node: ast.expr) -> str:
    """The last part of a dotted name."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def text_of(node: ast.expr) -> str | None:
    return (
        node.value
        if isinstance(node, ast.Constant) and type(node.value) is str
        else None
    )
