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
REBIND = (
    *("exec", "autograder", "globals", "setattr", "__main__"),
    *(".__code__", ".user_ns", SHELL, SCRIPT),
)
BY_NAME = ("getattr", "attrgetter", "methodcaller", "import_module", "__import__")
MAGICS = ("run_line_magic", "run_cell_magic", "system", "getoutput")
SCRIPTS = ("run", "load", "load_ext", "reload_ext", "loadpy", "rerun", "macro")


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
) -> list[Use]:
    """Where `function` leans on one of `names`, directly or through its helpers.

    `cells` are the student's own code cells as (number, source). A name like
    "gpt.tokenize" also stands for all within it, however it was imported, and one like
    ".softmax" for a method of that name, whatever it is called on. With `latest`, what a
    later cell defines anew is as it is there.

    A cell that may give any name a meaning is told where `names` ask for what it does
    that with; it says too little about the function for any other name to count.
    """
    defined = defaultdict(list)
    for number, source in cells:
        for statement in _statements(source):
            for bound in _bound(statement):
                if latest and isinstance(statement, ast.FunctionDef):
                    defined[bound] = []
                defined[bound].append((number, statement))
    found, seen, todo = {}, set(), [function]
    for number, statement in defined.pop(ANYTHING, []):
        for mention, line in _mentions(statement):
            for forbidden in names:
                if forbidden in REBIND and _is_within(mention, forbidden):
                    found[Use(mention, number, line)] = None
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for number, statement in defined[name]:
            for mention, line in _mentions(statement):
                todo.append(mention.split(".")[0])
                for forbidden in names:
                    if _is_within(mention, forbidden):
                        found[Use(mention, number, line)] = None
    return sorted(found, key=lambda use: (use.cell, use.line))


def _is_within(mention: str, name: str) -> bool:
    return f"{mention}.".startswith(f"{name}.") and mention != "autograder.check.check"


# Every check of a notebook looks at the same cells, and a class's are much alike.
@functools.lru_cache(maxsize=512)
def _statements(source: str) -> list[ast.stmt]:
    for text in (source, _plain(source)):
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.parse(text).body
    return []  # such a cell does not run either


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


@functools.lru_cache(maxsize=4096)
def _bound(statement: ast.stmt) -> set[str]:
    """The top-level names that a statement gives a meaning to."""
    mentions = [mention for mention, _ in _mentions(statement)]
    if any(_is_within(mention, name) for mention in mentions for name in REBIND):
        return {ANYTHING} | _names(statement)
    return _names(statement)


def _names(statement: ast.stmt) -> set[str]:
    bound = set()
    if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return {statement.name}
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {a.asname or a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(
            node.ctx, ast.Store
        ):
            root = _dotted(node) or ""
            bound.add(root.split(".")[0])
    return bound - {""}  # what f(x).y = z changes has no name


@functools.lru_cache(maxsize=4096)
def _mentions(statement: ast.stmt) -> list[tuple[str, int]]:
    """The dotted names that a statement mentions, with their lines.

    A function's own variables are not mentions: `text` in it is not the `text` of
    another cell.
    """
    own = set()
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        for node in ast.walk(statement):
            if isinstance(node, ast.arg):
                own.add(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                own.add(node.id)
            elif isinstance(node, ast.Global):
                own -= set(node.names)
    found, magics = [], set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
            found += [
                (FILE, node.lineno)
                for alias in node.names
                if alias.name.split(".")[0] not in KNOWN
            ]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found += [(f"{module}.{a.name}", node.lineno) for a in node.names]
            found += [(f".{a.name}", node.lineno) for a in node.names]
            if node.level or module.split(".")[0] not in KNOWN:
                found.append((FILE, node.lineno))
        elif isinstance(node, ast.Attribute | ast.Name):
            dotted = _dotted(node)
            if dotted and dotted.split(".")[0] not in own:
                found.append((dotted, node.lineno))
            if isinstance(node, ast.Attribute):
                found.append((f".{node.attr}", node.lineno))
                # torch.ops.aten._softmax is a softmax, and so is x.softmax_
                found.append((f".{node.attr.strip('_')}", node.lineno))
                if _is_magic(node):
                    magics.add(node.value.func)
        elif isinstance(node, ast.Call | ast.Subscript):
            found += [(name, node.lineno) for name in _named_by_text(node)]
    found += [
        (SHELL, node.lineno)
        for node in ast.walk(statement)
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
