"""A notebook's statements together: what each name may stand for, and who leans on whom.

A cell is read as IPython reads it, and so is the code within the text of a magic. What is
put into a thing, handed to a function that changes it, or set in a library concerns
everybody who uses that thing, by whatever name.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import heapq
import itertools
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter

from autograder.verdict.reaches import CHANGERS, KNOWN, SETTINGS
from autograder.verdict.scope import (
    ANYTHING,
    CALL,
    DEEPEST,
    FUNCTIONS,
    IMPORTS,
    ITEM,
    SELF,
    Class,
    Tables,
    Way,
    tables_of,
    written,
)
from autograder.verdict.statement import Statement, Use, around, as_python

Cell = tuple[int, str]  # its number, and its source
SHORT = 5_000  # characters of a cell that is remembered
NESTED = 5  # code within a text within code, and so on
OPTIONS = 9  # words that may be options of a magic, with what they are given
NODES = 1_500  # of a function that anybody may parse
CHARACTERS = 20_000  # and the characters of its text
LINE = 60  # characters of a line that is told


class Notebook:
    """All cells together: which statements give a name a meaning, and where ways lead."""

    def __init__(self) -> None:
        self.defined: dict[str, list[Statement]] = defaultdict(list)
        self.given: dict[str, list[Way | None]] = defaultdict(list)
        self.theirs: set[str] = set()  # names that given cells define
        self.classes: dict[str, Class] = {}
        self._known: dict[Way, frozenset[Way | None]] = {}
        self._others: dict[str, bool] = {}
        self._taken: frozenset[str] = frozenset()
        self._stars: set[Way] = set()  # of which all names are imported
        self._every: list[Statement] = []
        self._concerned: set[tuple[str, Statement]] = set()
        self.patched: list[Use] = []

    def give(self, statement: Statement) -> None:
        """Note what a cell gives that is not the student's."""
        for name in statement.binds:
            if statement.is_import:
                self.given[name] += statement.binds[name]
            else:
                self.theirs.add(name)

    def renew(self, statement: Statement) -> None:
        """What it defines has no other meaning any more."""
        for name in statement.renews:
            self.defined[name] = []

    def is_given(self, statement: Statement) -> bool:
        """Whether it only imports what a given cell defines, under the same name."""
        return statement.is_import and all(
            way and way[0] == ".gpt" and way[-1] == name and name in self.theirs
            for name, ways in statement.binds.items()
            for way in ways
        )

    def add(self, statement: Statement, latest: bool) -> None:
        """Add the next statement; with `latest`, it may take another's place."""
        self._every.append(statement)
        for name in statement.defines:
            if latest and name in statement.renews:
                self.defined[name] = []
            self.defined[name].append(statement)
        self.classes |= statement.classes
        self._stars |= {way for way in statement.binds.get(ANYTHING, ()) if way}

    def close(self) -> None:
        """See which classes have a method that is called as Own.method(x).

        In such a method `self` may be anything.
        """
        methods = set().union(*(c.methods for c in self.classes.values()))
        self._spread()
        every = {s: None for statements in self.defined.values() for s in statements}
        taken = {
            led[0]
            for statement in (every if methods else ())
            for _, way, attribute in statement.mentions
            if way and attribute in methods
            for led in self._leads(way)
            if led and len(led) == 1 and "@" in led[0]
        }
        self._taken = frozenset(base for name in taken for base in self._line(name))
        self._known = {}

    def _spread(self) -> None:
        """Whom a statement concerns that only changes something.

        What is handed to a function of the notebook may be changed by it, and what is
        set in a library is set for everybody who uses it, by whatever name.
        """
        alter = {name for s in self._every if s.alters for name in s.defines}
        for statement in self._every:
            changed = {*statement.changes, *statement.defines} - {*statement.binds}
            for function, name in statement.handed:
                if function in alter or (not function and statement.alters):
                    changed.add(name)
            for name in statement.called:  # add = box.append
                ways = [way for way in self._bound(name) if way]
                changed |= {way[0] for way in ways if way[-1] in CHANGERS}
            for name in changed - {ANYTHING}:
                self._concern(name, statement)
            for way, use in statement.patches:
                led = [x for x in self._leads(way) if x and CALL not in x]
                roots = {x[0] for x in led if x[0][0] == "."}
                if roots and not roots <= SETTINGS:
                    self.patched.append(use)
                    for name in {*self.defined, *self.given}:
                        if any(way and way[0] in roots for way in self._bound(name)):
                            self.defined[name].append(statement)

    def _concern(self, name: str, statement: Statement) -> None:
        """It changes what a name stands for, and so what others for the same thing do."""
        todo = [name]
        while todo:
            name = todo.pop()
            if not name or name[0] == "." or (name, statement) in self._concerned:
                continue
            self._concerned.add((name, statement))
            ways = [way for way in self._bound(name) if way]
            todo += [way[0] for way in ways]
            of_library = any(way[0][0] == "." for way in ways)  # torch.add changes none
            if not of_library and statement not in self.defined[name]:
                self.defined[name].append(statement)

    def behind(self, function: str, apart: Iterable[str] = ()) -> list[str]:
        """A function's name and all that it leans on, but for what is `apart`."""
        found, seen, todo = [], {ANYTHING, *apart}, [function]
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                found.append(name)
                for statement in self.defined.get(name, ()):
                    todo += statement.leans
        return found

    def met(self, statement: Statement, names: frozenset[str]) -> dict[Use, None]:
        """Where it mentions one of `names`, or something within it."""
        others = [n for n in statement.leans if self._is_other(n)]
        if not others and statement.within.isdisjoint(names):
            return {}
        found: dict[Use, None] = {}
        for mention in statement.mentions:
            use, way, attribute = mention
            if attribute:
                if use.name in names and not self._is_own(way, attribute):
                    found[use] = None
            elif way is None:
                if not names.isdisjoint(around(use.name)):
                    found[use] = None
            elif way[0] in others or not names.isdisjoint(around(use.name)):
                for path in self._leads(way):
                    if path and "@" not in path[0]:
                        name, last = written(path), f".{path[-1]}"
                        if not names.isdisjoint(around(name)):
                            found[Use(name, use.cell, use.line)] = None
                        elif path[0][0] == "." and last in names:
                            found[Use(last, use.cell, use.line)] = None
        return found

    def _is_other(self, name: str) -> bool:
        """Whether a name may stand for something that has another."""
        if name not in self._others:
            ways = self._bound(name)
            self._others[name] = any(way and way != (f".{name}",) for way in ways)
        return self._others[name]

    def _bound(self, name: str) -> list[Way | None]:
        """Where a name of the notebook may lead, by what is assigned to it."""
        own = [w for s in self.defined.get(name, ()) for w in s.binds.get(name, ())]
        if found := own or self.given.get(name):
            return found
        return [(*way, name) for way in self._stars]

    def _leads(self, way: Way, depth: int = 0) -> frozenset[Way | None]:
        """The ways that it may be at last: from a module, a class or an unknown name."""
        if way in self._known:
            return self._known[way]
        if depth > DEEPEST // 2 or len(way) > DEEPEST:
            return frozenset((None,))
        self._known[way] = frozenset((None,))  # where it leads to itself
        root, last = way[:-1], way[-1]
        found: set[Way | None] = set()
        if not root:
            bound = [] if last[0] == "." or "@" in last else self._bound(last)
            for other in bound:
                found |= self._leads(other, depth + 1) if other else {None}
            found = found or {way}
        else:
            for before in self._leads(root, depth + 1):
                found |= self._step(before, last, depth)
        self._known[way] = frozenset(found if len(found) < DEEPEST else (None,))
        return self._known[way]

    def _step(self, way: Way | None, step: str, depth: int) -> set[Way | None]:
        """Where an attribute, a call or an item of what a way led to leads."""
        if way is None:
            return {None}
        if "@" not in way[0]:
            return {way if step == ITEM else (*way, step)}
        if step in (CALL, SELF):
            trusted = step == CALL or way[0] not in self._taken
            return {(way[0], CALL) if len(way) == 1 and trusted else None}
        owners = [x for x in self._line(way[0]) if step in self.classes[x].attributes]
        found: set[Way | None] = set() if owners else {None}
        for owner in owners[:1]:
            for other in self.classes[owner].attributes[step] or [None]:
                found |= self._leads(other, depth + 1) if other else {None}
        return found

    def _line(self, name: str) -> list[str]:
        """A class and those of the notebook that it is made from."""
        todo, found = [name], []
        while todo and len(found) < DEEPEST:
            name = todo.pop(0)
            if name in self.classes and name not in found:
                found.append(name)
                for base in self.classes[name].bases:
                    todo += [w[0] for w in (self._leads(base) if base else ()) if w]
        return found

    def _is_own(self, way: Way | None, attribute: str) -> bool:
        """Whether the attribute of what a way leads to is the student's own."""
        return way is not None and all(
            led
            and any(attribute in self.classes[x].attributes for x in self._line(led[0]))
            for led in self._leads(way)
        )


# Every check of a notebook looks at the same cells.
@functools.lru_cache(maxsize=4)
def read(
    cells: tuple[Cell, ...],
    latest: bool,
    beside: frozenset[str],
    given: tuple[Cell, ...],
) -> Notebook:
    """All statements of a notebook."""
    book = Notebook()
    for number, source in given:
        for statement in taken_apart(number, source, beside).statements:
            book.give(statement)
    theirs = ((number, source, False) for number, source in given)
    mine = ((number, source, True) for number, source in cells)
    for number, source, own in heapq.merge(theirs, mine, key=itemgetter(0)):
        for statement in taken_apart(number, source, beside).statements:
            if own and not book.is_given(statement):
                book.add(statement, latest)
            elif latest:  # the given one is what counts from here on
                book.renew(statement)
    book.close()
    return book


@dataclass(frozen=True)
class _Read:
    """A cell's statements; or `unread`, why nobody can say what it does."""

    statements: list[Statement]
    unread: str | None = None


def taken_apart(number: int, source: str, beside: frozenset[str]) -> _Read:
    read = _statements if len(source) <= SHORT else _statements.__wrapped__
    return read(number, source, KNOWN - beside)


@functools.lru_cache(maxsize=128)  # what no student has changed is everybody's
def _statements(cell: int, source: str, known: frozenset[str]) -> _Read:
    """A cell taken apart. What no parser can read does not run either; but what only
    is too deep for this one may, in a notebook that has raised its limits."""
    found: list[Statement] = []
    todo: list[tuple[str, int, int, set[str]]] = [(source, 1, 0, set())]
    try:
        while todo:
            text, first, depth, around = todo.pop()
            for node, tables in _parsed(text, inside=depth > 0):
                if depth:
                    ast.increment_lineno(node, first - 1)
                for part in _parts(node):
                    statement = Statement(cell, part, known, tables)
                    if depth:  # it may run, or not
                        statement.renews = frozenset()
                        statement.defines |= around
                    found.append(statement)
                    if statement.runs and depth == NESTED:
                        raise RecursionError
                    within = statement.defines - {ANYTHING}
                    todo += [(c, at, depth + 1, within) for c, at in statement.runs]
    except (RecursionError, MemoryError):
        return _Read(found, f"code cell {cell} is nested too deeply to be looked at")
    return _Read(found)


def definition(cells: Iterable[Cell], name: str) -> str | None:
    """The lines of the last definition of a function, at their place in its cell.

    None where there is none, or one that nobody would write by hand: it is small, so
    that whoever is handed it need not fear to parse it.
    """
    for _, cell in reversed([*cells]):
        if name not in cell:
            continue
        with contextlib.suppress(RecursionError, MemoryError):
            text, body = _known(cell)
            for node in reversed(body):
                if isinstance(node, FUNCTIONS) and node.name == name:
                    if any(True for _ in itertools.islice(ast.walk(node), NODES, None)):
                        return None
                    first = min(x.lineno for x in [node, *node.decorator_list])
                    lines = re.split(r"\r\n?|\n", text)[first - 1 : node.end_lineno]
                    found = "\n" * (first - 1) + "\n".join(lines)
                    return found if len(found) <= CHARACTERS else None
    return None


def again(cells: Iterable[Cell], name: str) -> set[str]:
    """What the last cell that defines a function defines beside it, and an earlier one
    has defined before: by no import."""
    told = [_named(cell) for _, cell in cells]
    last = max((i for i, names in enumerate(told) if name in names), default=0)
    return told[last] & set().union(*told[:last]) - {name} if told else set()


def _named(cell: str) -> set[str]:
    """The functions and classes that a cell defines, and the names that it assigns to."""
    found: set[str] = set()
    with contextlib.suppress(RecursionError, MemoryError):
        for node in _known(cell)[1]:
            if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                found.add(node.name)
            elif isinstance(node, ast.Assign):
                found |= {x.id for x in node.targets if isinstance(x, ast.Name)}
    return found


def _parsed(text: str, inside: bool) -> list[tuple[ast.stmt, Tables]]:
    """The statements of a text that may be code, as IPython would run it.

    A text `inside` code has options before it, mostly, if it is a magic's.
    """
    source, body = _read_as(text, inside) if inside else _known(text)
    tables = tables_of(source) if body else {}
    return [(node, tables) for node in body]


def _known(cell: str) -> tuple[str, list[ast.stmt]]:
    """The same of a cell; a short one is remembered."""
    return (_remembered if len(cell) <= SHORT else _read_as)(cell, False)


def _read_as(text: str, inside: bool) -> tuple[str, list[ast.stmt]]:
    """The first reading of a text that Python can parse, and its statements."""
    for source in _readings(text, inside):
        with contextlib.suppress(SyntaxError, ValueError):
            return source, ast.parse(source).body
    return text, []


_remembered = functools.lru_cache(maxsize=128)(_read_as)


def _readings(text: str, inside: bool) -> Iterator[str]:
    yield text
    # A RuntimeError: IPython gives it up, as it would there.
    with contextlib.suppress(SyntaxError, ValueError, RuntimeError):
        translated = as_python(text)
        yield translated
    lines = text.split("\n")
    if len([line for line in lines if line.strip()]) == 1:  # `time x = 1`, by automagic
        word, _, rest = text.strip().partition(" ")
        if word.isidentifier() and rest:
            yield f"get_ipython().run_line_magic({word!r}, {rest!r})"
    if inside:
        words = text.lstrip()
        for _ in range(OPTIONS if words.startswith("-") else 0):
            words = words.partition(" ")[2].lstrip()
            yield words


def unparsed(cell: str) -> tuple[int, str, str] | None:
    """Where Python cannot read a cell: the line's number, the line, and why; or None."""
    error, above = _error_in(cell), 0
    if error and (translated := _translated(cell)):  # as it has magics
        error = _error_in(translated)
        empty = itertools.takewhile(lambda line: not line.strip(), cell.split("\n"))
        above = len([*empty])  # IPython takes them away
    if error is None:
        return None
    lines = cell.split("\n")
    number = min(max(1, (error.lineno or 1) + above), len(lines))
    return number, _shortened(lines[number - 1]), _shortened(error.msg)


def _error_in(text: str) -> SyntaxError | None:
    try:
        with warnings.catch_warnings(action="ignore"):
            # As IPython does: what stands outside its loop or function is found now.
            compile(text, "", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError):  # too much: others say so
        return None
    return None


def _translated(cell: str) -> str:
    """As IPython would run it; nothing where it would not either."""
    with contextlib.suppress(SyntaxError, ValueError, RuntimeError):
        return as_python(cell)
    return ""


def _shortened(text: str) -> str:
    text = " ".join(text.split()).replace("`", "'")
    text = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for letter in text
    )
    return text if len(text) <= LINE else f"{text[:LINE]}…"


def _parts(node: ast.stmt) -> list[ast.stmt]:
    """An import of several names as one of each: who uses one of them uses no other."""
    if not isinstance(node, IMPORTS):
        return [node]
    fields = dict(ast.iter_fields(node))
    parts = [type(node)(**fields | {"names": [alias]}) for alias in node.names]
    return [ast.copy_location(part, node) for part in parts]
