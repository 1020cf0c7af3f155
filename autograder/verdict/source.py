"""What only a function's source can tell, where its answers have several causes."""

from __future__ import annotations

import ast
import builtins
import contextlib
import itertools
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from autograder.verdict import causes, ends, lines, oddities
from autograder.verdict.outcome import Outcome
from autograder.verdict.scope import FUNCTIONS
from autograder.verdict.statement import LONGEST, as_python
from autograder.verdict.wire import article

RETURN = re.compile(r"Does `return` stand inside the loop( [\w ]+)?\?")  # hints ask
SENTENCES = 12  # that the lines of one function can give rise to
LARGEST = 1_500  # nodes of a function whose source is asked
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_LAZY = ("map", "filter", "zip", "reversed", "enumerate", "iter")


@dataclass(frozen=True)
class Written:
    """What a function's source tells: whether no `return` stands in any loop; and that something is `used_up`, if it is. `function` is its `def`; `data` are
    the names to which the notebook's `cells` give values, and `names` all that they
    define; `space` are the notebook's own values, where it runs here."""

    none_inside: bool
    used_up: str | None
    function: lines.FUNCTION
    cells: tuple[str, ...] = field(default=(), repr=False)
    space: dict[str, Any] | None = field(default=None, compare=False, repr=False)

    @cached_property
    def data(self) -> frozenset[str]:
        return frozenset().union(*(defined(cell, data=True) for cell in self.cells))

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset().union(*map(defined, self.cells))

    def first(
        self,
        asked: Sequence[str],
        outcome: Outcome,
        tensors: bool,
        hidden: bool = False,
    ) -> str | None:
        """What comes before any guess at a mistake: it is so, and it makes the trouble.

        asked: the arguments of the step; outcome: of the first case that is wrong. If
        that is `hidden`, it has no say.
        """
        function = self.function
        trouble = None
        if not hidden:
            trouble = lines.none_made(function, outcome, tensors)
            trouble = trouble or lines.item_as_place(function, outcome)
            trouble = trouble or causes.item_as_several(function, outcome)
            trouble = trouble or causes.made_anew(function, outcome)
            trouble = trouble or causes.missing_key(function, outcome)
        return trouble or next(filter(None, self._plain(asked)), None)

    def refused(self, outcome: Outcome, wanted: Outcome) -> str | None:
        """That its own `raise` names another error than the one that is wanted."""
        if not wanted.raised:
            return None
        return causes.raised_other(self.function, outcome, wanted)

    def last(self, outcome: Outcome, wanted: Outcome) -> str | None:
        """What a line that failed shows where nothing better is known."""
        if wanted.raised:
            return None
        function = self.function
        return causes.own_raise(function, outcome) or causes.appended(function, outcome)

    def _plain(self, asked: Sequence[str]) -> Iterator[str | None]:
        """What its lines alone show to be wrong, the worst first."""
        yield lines.signature(self.function, asked)
        yield lines.global_in_place(self.function, lambda: self.data)
        yield lines.overwritten(self.function)
        yield lines.not_a_power(self.function)
        yield oddities.sign_of_its_own(self.function)
        yield oddities.bare_return(self.function)
        yield ends.unreached(self.function)
        yield ends.not_returned(self.function)

    def sentences(self, asked: Sequence[str]) -> set[str]:
        """All that can be said whatever the function answers: at most `SENTENCES`."""
        ways = self.ends_early(""), self.used_up, self.beside, self.unused
        return {said for said in (*self._plain(asked), *ways) if said}

    def ends_early(self, hint: str) -> str | None:
        """That a loop ends in its first round, unless a hint asks so already."""
        asked = RETURN.search(hint)
        return None if asked else ends.in_first_round(self.function)

    def uses(self, name: str) -> bool:
        """Whether a parameter is used, and not only to refuse some of its values."""
        return lines.uses(self.function, name)

    @property
    def unused(self) -> str | None:
        """That an argument is never used."""
        return lines.unused(self.function)

    def fixed_size(self) -> str | None:
        """That it takes a number from the notebook, which is the same in each call."""
        space = self.space or {}
        numbers = {n: space[n] for n in self.data if type(space.get(n)) is int}
        found = oddities.outside(self.function, numbers)
        return found and (
            f"`{found[0]}` in line {found[1]} is a name of the notebook, and {found[2]} in "
            "every call. Take each size from what comes in."
        )

    @property
    def not_kept(self) -> str | None:
        """That a line computes something which nothing keeps or uses."""
        return lines.not_kept(self.function)

    @property
    def beside(self) -> str | None:
        """What is so beside a mistake, and may be how it was made."""
        about = (
            *(oddities.never_filled, lines.not_kept),
            *(oddities.written_into, oddities.first_place),
        )
        return next(filter(None, (told(self.function) for told in about)), None)


def of(
    cells: Sequence[tuple[int, str]],
    name: str,
    given: Sequence[tuple[int, str]] = (),
) -> Written | None:
    """Of the last definition of a function in these cells, given as (number, source).

    given: the cells that are not the student's, which define names too.
    """
    found = read(cells, [name]).get(name)
    return found and replace(found, cells=tuple(cell for _, cell in (*given, *cells)))


def defined(cell: str, data: bool = False) -> set[str]:
    """The notebook's names to which a cell gives a meaning; with `data`, no functions,
    classes and imports."""
    statements = [
        s for s in _body(cell) if not (data and isinstance(s, lines.DEFINING))
    ]
    return {name for statement in statements for name in _defined(statement)}


def _defined(statement: ast.stmt) -> Iterator[str]:
    """The notebook's names to which a statement gives a meaning."""
    if isinstance(statement, lines.FUNCTION | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from ((a.asname or a.name).partition(".")[0] for a in statement.names)
    else:
        for node in (statement, *_own(statement)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _body(cell: str) -> list[ast.stmt]:
    with (
        contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError),
        warnings.catch_warnings(action="ignore"),
    ):
        return ast.parse(as_python(cell)).body
    return []


def read(
    cells: Sequence[tuple[int, str]], names: Collection[str]
) -> dict[str, Written | None]:
    """The same of several functions, as far as they are defined, by their names."""
    found: dict[str, Written | None] = {}
    for _, cell in reversed(cells):
        if found.keys() >= {*names}:
            break
        for node in reversed(_body(cell)):
            known = not isinstance(node, FUNCTIONS) or node.name in found
            if not known and node.name in names:
                found[node.name] = _written(node)
    return found


def _written(function: lines.FUNCTION) -> Written | None:
    """Of a function that nobody would write by hand, nothing: it would take too long."""
    if any(True for _ in itertools.islice(ast.walk(function), LARGEST, None)):
        return None
    return Written(_none_inside(function), _used_up(function), function)


def denies(written: Written | None, hint: str) -> bool:
    """Whether a hint speaks of what is not there, such as a `return` inside a loop."""
    if not written:
        return False
    if written.none_inside and RETURN.search(hint):
        return True
    nodes = [*ast.walk(written.function)]
    if _AS_BYTES.search(hint) and any(map(_compares_with_a_byte, nodes)):
        return True
    return any(
        said.search(hint) and not any(map(is_there, nodes))
        for said, is_there in _SPOKEN_OF
    )


def _compares_with_a_byte(node: ast.AST) -> bool:
    """Whether ids that are bytes are told from others."""
    inner = ast.walk(node) if isinstance(node, ast.Compare) else ()
    return any(getattr(x, "value", None) in (255, 256, 257) for x in inner)


def _compares_a_part(node: ast.AST) -> bool:
    """Whether a slice of a list is compared as it is, or something made elsewhere."""
    if not isinstance(node, ast.Compare):
        return False
    sides = [node.left, *node.comparators]
    lists = (
        isinstance(side, ast.List | ast.ListComp)
        or (isinstance(side, ast.Subscript) and isinstance(side.slice, ast.Slice))
        for side in sides
    )
    return any(lists) or all(isinstance(side, ast.Name) for side in sides)


def _takes_a_shape_apart(node: ast.AST) -> bool:
    """Whether a shape gets several names."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Tuple):
        return False
    return any(
        getattr(x, "attr", "") in ("shape", "size") for x in ast.walk(node.value)
    )


def _encodes_a_name(node: ast.AST) -> bool:
    """Whether a text that has a name is encoded as it is."""
    called = isinstance(node, ast.Call) and lines.called(node) == "encode"
    return called and bool(node.args) and getattr(node.args[0], "id", "") == "text"


_AS_BYTES = re.compile("hand the ids themselves to `bytes`")
# What hints speak of as if it stood there, and which node it would be.
_SPOKEN_OF: tuple[tuple[re.Pattern, Callable[[ast.AST], bool]], ...] = (
    (re.compile("compare a part of the list with the pair"), _compares_a_part),
    (re.compile("cannot be unpacked into T and C"), _takes_a_shape_apart),
    (re.compile("^You encode all of the text and look for"), _encodes_a_name),
    (
        re.compile("^`mean` over axis 1"),
        lambda node: getattr(node, "attr", getattr(node, "id", "")) == "mean",
    ),
)


def _none_inside(written: ast.AST) -> bool:
    nodes = [*ast.walk(written)]
    loops = [node for node in nodes if isinstance(node, _LOOPS)]
    if not loops:  # unless somebody else's function has one
        return not any(map(_calls_by_name, nodes))
    inside = (isinstance(x, ast.Return) for loop in loops for x in _own(loop))
    return not any(inside)


def _calls_by_name(node: ast.AST) -> bool:
    """Whether a function of the notebook may be called."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    return not hasattr(builtins, node.func.id)


def _used_up(written: ast.AST) -> str | None:
    """That something which can be gone through only once is needed more often."""
    loops = [node for node in ast.walk(written) if isinstance(node, _LOOPS)]
    for node in ast.walk(written):
        if not isinstance(node, ast.Assign) or not isinstance(
            node.targets[0], ast.Name
        ):
            continue
        name, kind = node.targets[0].id, _lazy(node.value)
        if not kind or len(name) > LONGEST:
            continue
        around = [loop for loop in loops if any(x is node for x in ast.walk(loop))]
        made = _times(written, name, ast.Store)
        if around:  # what one round makes, the next needs twice
            again = _times(around[-1], name, ast.Store) == 1 < made
            again = again and _times(around[-1], name, ast.Load) > 1
        else:
            later = [
                _times(loop, name, ast.Load) for loop in loops if loop not in around
            ]
            again = made == 1 and (_times(written, name, ast.Load) > 1 or any(later))
        if again:
            how = "Square brackets make" if kind == "a generator" else "`list(…)` makes"
            return (
                f"`{name}` becomes {kind}, which can be gone through only once: after that "
                f"it is empty. {how} a list of it."
            )
    return None


def _times(node: ast.AST, name: str, how: type[ast.expr_context]) -> int:
    return sum(
        isinstance(x, ast.Name) and x.id == name and isinstance(x.ctx, how)
        for x in ast.walk(node)
    )


def _lazy(value: ast.expr) -> str | None:
    if isinstance(value, ast.GeneratorExp):
        return "a generator"
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        name = value.func.id
        return f"{article(name).replace(name, '')}`{name}`" if name in _LAZY else None
    return None


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """What is in a node, but not in a function inside it."""
    todo = [*ast.iter_child_nodes(node)]
    while todo:
        inner = todo.pop()
        if not isinstance(inner, (*FUNCTIONS, ast.Lambda)):
            yield inner
            todo += ast.iter_child_nodes(inner)
