"""A static look at a submission: what the graded function leans on, and where.

It follows the names that a function mentions to the statements of the student's own
cells that define them, and reports forbidden names met on the way. It runs nothing. It
catches the honest shortcut and the lazy cheat; the determined one is the sandbox's job.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import re
import sys
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# What code may come from beside the libraries that a notebook of this course can have.
KNOWN = frozenset(sys.stdlib_module_names) | {
    *(
        "IPython",
        "autograder",
        "gpt",
        "google",
        "matplotlib",
        "mpl_toolkits",
        "nbformat",
    ),
    *("numpy", "pandas", "regex", "safetensors", "scipy", "sklearn", "tiktoken"),
    *("tokenizers", "torch", "tqdm", "transformers", "typing_extensions"),
}
COMPUTED = "a computed name"  # getattr of something that is no plain string
FILE = "a module of its own"  # a file beside the notebook, which is not looked at
SHELL = "the shell"  # get_ipython() for more than a magic
SCRIPT = "%run"
# Names by which Python code reaches what it does not name. They deserve a human's look.
DYNAMIC = (
    *("__import__", "importlib", "exec", "eval", "compile", "sys.modules", ".modules"),
    *("autograder", "globals", "vars", "setattr", "__main__", ".__dict__", ".__code__"),
    *(".__globals__", ".__builtins__", "builtins", ".user_ns", "sys._getframe", "gc"),
    *("ctypes", COMPUTED, FILE, SHELL, SCRIPT),
)
# With these a cell gives any name a meaning, so every function may lean on that cell.
ANYTHING = "*"
REBIND = frozenset(
    (
        *("exec", "autograder", "globals", "setattr", "__main__"),
        *(".__code__", ".user_ns", SHELL, SCRIPT),
    )
)
SHORT = 5_000  # characters of a cell that is remembered
LONGEST = 200  # characters of a name that is looked for
BY_NAME = ("getattr", "attrgetter", "methodcaller", "import_module", "__import__")
MAGICS = ("run_line_magic", "run_cell_magic", "system", "getoutput")
SCRIPTS = ("run", "load", "load_ext", "reload_ext", "loadpy", "rerun", "macro")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_CLASSES = (ast.ClassDef,)
_IMPORTS = (ast.Import, ast.ImportFrom)
_NAMES = (ast.Attribute, ast.Name)
_MAY_NAME = (ast.Call, ast.Subscript)


@dataclass(frozen=True)
class Use:
    """A name that was met: in which cell and line of the notebook, counted from 1."""

    name: str
    cell: int
    line: int

    def __str__(self) -> str:
        return f"{self.name} (cell {self.cell}, line {self.line})"


def uses(
    cells: Sequence[tuple[int, str]],
    function: str,
    names: Iterable[str],
    latest: bool = False,
    beside: frozenset[str] = frozenset(),
) -> list[Use]:
    """Where `function` leans on one of `names`, directly or through its helpers.

    `cells` are the student's own code cells as (number, source). A name like
    "gpt.tokenize" also stands for all within it, however it was imported, and one like
    ".softmax" for a method of that name, whatever it is called on. With `latest`, what a
    later cell defines anew is as it is there. `beside` are modules that lie beside the
    notebook: of their own, whatever library they are named like.

    A cell that may give any name a meaning is told where `names` ask for what it does
    that with; it says too little about the function for any other name to count.
    """
    defined, wanted = _defined(tuple(cells), latest, beside), frozenset(names)
    found: dict[Use, None] = {}
    for statement in defined.get(ANYTHING, ()):
        found |= statement.met(wanted & REBIND)
    seen, todo = {ANYTHING}, [function]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            for statement in defined.get(name, ()):
                todo += statement.leans
                found |= statement.met(wanted)
    return sorted(found, key=lambda use: (use.cell, use.line))


def modules(files: Iterable[str]) -> frozenset[str]:
    """The names of those files that can be imported."""
    kinds = (".py", ".pyc", ".so")
    return frozenset(name.split(".")[0] for name in files if name.endswith(kinds))


class _Statement:
    """A statement of a cell: what it mentions, and the top-level names it defines."""

    def __init__(self, cell: int, statement: ast.stmt, known: frozenset[str]) -> None:
        nodes = list(ast.walk(statement))
        self.uses = [Use(name, cell, line) for name, line in _mentions(nodes, known)]
        names = {use.name for use in self.uses}
        self.leans = sorted({name.split(".")[0] for name in names})
        self.within = frozenset().union(*map(_around, names))
        self.defines = _names(nodes)
        if not self.within.isdisjoint(REBIND):
            self.defines.add(ANYTHING)
        self.replaces = isinstance(statement, ast.FunctionDef)

    def met(self, names: frozenset[str]) -> dict[Use, None]:
        """Where it mentions one of `names`, or something within it."""
        if self.within.isdisjoint(names):
            return {}
        met = [use for use in self.uses if not names.isdisjoint(_around(use.name))]
        return dict.fromkeys(met)


# Every check of a notebook looks at the same cells.
@functools.lru_cache(maxsize=1)
def _defined(
    cells: tuple[tuple[int, str], ...], latest: bool, beside: frozenset[str]
) -> dict[str, list[_Statement]]:
    """The statements that give each top-level name a meaning."""
    defined = defaultdict(list)
    for number, source in cells:
        read = _statements if len(source) <= SHORT else _statements.__wrapped__
        for statement in read(number, source, KNOWN - beside):
            for bound in statement.defines:
                if latest and statement.replaces:
                    defined[bound] = []
                defined[bound].append(statement)
    return defined


@functools.lru_cache(maxsize=128)  # what no student has changed is everybody's
def _statements(cell: int, source: str, known: frozenset[str]) -> list[_Statement]:
    for plain in (False, True):
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            tree = ast.parse(_plain(source) if plain else source)
            return [_Statement(cell, statement, known) for statement in tree.body]
    return []  # such a cell does not run either


def _around(mention: str) -> list[str]:
    """What a dotted name is within: itself, and every name that it goes on from."""
    if mention == "autograder.check.check":
        return []
    ends = [i for i, letter in enumerate(mention[:LONGEST]) if letter == "."]
    return [mention, *(mention[:end] for end in ends)]


def _plain(source: str) -> str:
    """A cell with magics, as Python: about what IPython makes of it, line by line.

    IPython's own translation takes minutes for some cells of a few kilobytes, and hides
    the body of a cell magic such as `%%time`, which runs, in a string.
    """
    source = _PROMPT.sub("", source)
    source = _MAGIC.sub(r"\1get_ipython().run_line_magic('\2', '')", source)
    source = _SHELL.sub(r"\1get_ipython().system('')", source)
    return _HELP.sub(r"\1pass", textwrap.dedent(source))


_START = (
    r"^([^\S\n]*(?:[^\n=(#'\"]{1,200}=[^\S\n]*)?)"  # of a line, and what it assigns to
)
_PROMPT = re.compile(r"^(?:>>>|\.\.\.|In \[\d+\]:) ?", re.MULTILINE)
_MAGIC = re.compile(_START + r"%{1,2}(\w+)[^\n]*$", re.MULTILINE)
_SHELL = re.compile(_START + r"!{1,2}[^\n]*$", re.MULTILINE)
_HELP = re.compile(r"^([^\S\n]*)(?:\?[^\n]*|[^\n#'\"]{0,200}\?)$", re.MULTILINE)


def _names(nodes: list[ast.AST]) -> set[str]:
    """The top-level names that a statement, given with all within it, defines."""
    bound = set()
    if isinstance(nodes[0], _FUNCTIONS + _CLASSES):
        return {nodes[0].name}
    for node in nodes:
        if isinstance(getattr(node, "ctx", None), ast.Store):
            root = _dotted(node) or ""
            bound.add(root.split(".")[0])
        elif isinstance(node, _IMPORTS):
            bound |= {a.asname or a.name.split(".")[0] for a in node.names}
        elif isinstance(node, _FUNCTIONS + _CLASSES):
            bound.add(node.name)
    return bound - {""}  # what f(x).y = z changes has no name


def _mentions(nodes: list[ast.AST], known: frozenset[str]) -> list[tuple[str, int]]:
    """The dotted names that a statement, given with all within it, mentions; and where.

    A function's own variables are not mentions: `text` in it is not the `text` of
    another cell.
    """
    own = set()
    if isinstance(nodes[0], _FUNCTIONS):
        for node in nodes:
            if isinstance(node, ast.arg):
                own.add(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                own.add(node.id)
            elif isinstance(node, ast.Global):
                own -= set(node.names)
    found, magics = [], set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
            found += [
                (FILE, node.lineno)
                for alias in node.names
                if alias.name.split(".")[0] not in known
            ]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found += [(f"{module}.{a.name}", node.lineno) for a in node.names]
            found += [(f".{a.name}", node.lineno) for a in node.names]
            if node.level or module.split(".")[0] not in known:
                found.append((FILE, node.lineno))
        elif isinstance(node, _NAMES):
            dotted = _dotted(node)
            if dotted and dotted.split(".")[0] not in own:
                found.append((dotted, node.lineno))
            if isinstance(node, ast.Attribute):
                found.append((f".{node.attr}", node.lineno))
                # torch.ops.aten._softmax is a softmax, and so is x.softmax_
                found.append((f".{node.attr.strip('_')}", node.lineno))
                if _is_magic(node):
                    magics.add(node.value.func)
        elif isinstance(node, _MAY_NAME):
            found += [(name, node.lineno) for name in _named_by_text(node)]
    found += [
        (SHELL, node.lineno)
        for node in nodes
        if isinstance(node, ast.Name)
        and node.id == "get_ipython"
        and node not in magics
    ]
    return found


def _is_magic(node: ast.Attribute) -> bool:
    """Whether it is what `%time`, `!ls` and their like are turned into."""
    called = node.value.func if isinstance(node.value, ast.Call) else None
    shell = isinstance(called, ast.Name) and called.id == "get_ipython"
    return shell and node.attr in MAGICS


def _named_by_text(node: ast.Call | ast.Subscript) -> list[str]:
    """Names that are written as text: getattr(x, "name"), vars(x)["name"], %run."""
    if isinstance(node, ast.Subscript):
        holder = node.value.func if isinstance(node.value, ast.Call) else node.value
        last = (_dotted(holder) or "").split(".")[-1]
        if last not in ("vars", "globals", "locals", "__dict__", "modules"):
            return []
        texts, computed = [node.slice], False
    else:
        last = (_dotted(node.func) or getattr(node.func, "attr", "")).split(".")[-1]
        if last in MAGICS:
            magic = node.args[0] if node.args else None
            is_script = isinstance(magic, ast.Constant) and magic.value in SCRIPTS
            return [SCRIPT] if is_script else []
        if last not in BY_NAME:
            return []
        texts, computed = node.args[1 if last == "getattr" else 0 :][:1], True
    if not all(isinstance(x, ast.Constant) and type(x.value) is str for x in texts):
        return [COMPUTED] if computed else []
    values = [text.value for text in texts]
    return [*values, *(f".{part}" for v in values for part in v.split("."))]


def _dotted(node: ast.expr) -> str | None:
    parts: list[str] = []
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
        node = node.value
        if len(parts) > 50:
            return None  # nobody's own
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])
