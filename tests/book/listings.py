"""The listings of a page as a reader meets them, and the names that they lack.

A name is complete where a listing of the page has defined or imported it before, or it is
a builtin. An excerpt of a file may also use what that file has at its top, because the
page says below it which file it is from. What only a hidden cell computes must be named in
the page's text, in `code`, or in a comment beside it, and so must what the lines within a
function take from it, where its head is not shown. What a hidden cell imports is missed.
"""

import ast
import json
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import NamedTuple

from sphinx.pycode import ModuleAnalyzer

from bench.chapter import BOOK

# a fence, what it is, and what stands in it
FENCE = re.compile(
    r"^(?P<fence>`{3,})(?P<kind>\{code-cell\}|\{literalinclude\}|python)(?P<of>[^\n]*)\n"
    r"(?P<inside>.*?)^(?P=fence)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
OPTION = re.compile(r":([\w-]+): ?(.*)")
RUFF = (
    *(sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821"),
    *("--no-cache", "--output-format", "json"),
)


class Listing(NamedTuple):
    line: int  # of the page
    code: str
    hidden: bool  # not to be seen by a reader
    file: Path | None = None  # of an excerpt


def listings(page: Path, text: str) -> list[Listing]:
    """All Python listings in the text of a page, from the first to the last."""
    found = []
    for fence in FENCE.finditer(text):
        line = text[: fence.start()].count("\n") + 1
        inside, options = fence["inside"].splitlines(), {}
        while inside and (option := OPTION.fullmatch(inside[0])):
            options[option[1]] = option[2]
            inside.pop(0)
        file, code = None, "\n".join(inside)
        if fence["kind"] == "{literalinclude}":
            file = (page.parent / fence["of"].strip()).resolve()
            code = excerpt(file, options)
        hidden = re.search("remove-(cell|input)", options.get("tags", "")) is not None
        found.append(Listing(line, code, hidden, file))
    return found


def excerpt(file: Path, options: dict[str, str]) -> str:
    """What `literalinclude` shows of a file, with these options."""
    lines = file.read_text("utf-8").splitlines()

    def at(said):
        return next(i for i, line in enumerate(lines) if options[said] in line)

    if name := options.get("pyobject"):
        _, first, last = ModuleAnalyzer.for_file(str(file), file.stem).find_tags()[name]
        lines = lines[first - 1 : last]
    if "start-at" in options:
        lines = lines[at("start-at") :]
    if "end-at" in options:
        lines = lines[: at("end-at") + 1]
    if "end-before" in options:
        lines = lines[: at("end-before")]
    if numbers := options.get("lines"):
        ends = [part.split("-") for part in re.split(r",\s*", numbers)]
        lines = [
            line for a, *b in ends for line in lines[int(a) - 1 : int((b or [a])[0])]
        ]
    lines = [line[int(options.get("dedent", 0)) :] for line in lines]
    return "\n".join([*filter(None, [options.get("prepend")]), *lines])


def complete(code: str, known: set[str]) -> str:
    """Code as a file of its own, in which the known names are there already.

    Raises ValueError where the code is none.
    """
    code = textwrap.dedent(code)
    try:
        ast.parse(code)
    except SyntaxError as error:
        raise ValueError(f"this is no Python: {error}") from None
    if re.search(r"^return\b", code, re.MULTILINE):  # the inside of a function
        code = "def inside():\n" + textwrap.indent(code, "    ")
    return "".join(f"{name} = 0\n" for name in sorted(known)) + code


def lacks(files: list[str]) -> list[list[str]]:
    """Of each file, the names that it uses before they are there."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{n}.py") for n in range(len(files))]
        for path, code in zip(paths, files, strict=True):
            path.write_text(code, "utf-8")
        asked = subprocess.run(
            [*RUFF, folder], capture_output=True, text=True, check=False
        )
    found = [set() for _ in files]
    for one in json.loads(asked.stdout):
        name = re.search("`(.+)`", one["message"])[1]
        found[int(Path(one["filename"]).stem)].add(name)
    return [sorted(names) for names in found]


def defines(code: str) -> set[str]:
    """The names that code leaves at its top."""
    found = set()
    for node in ast.parse(textwrap.dedent(code)).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
            continue
        for one in ast.walk(node):
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
                found.add(one.id)
            elif isinstance(one, ast.alias):
                found.add(one.asname or one.name.partition(".")[0])
    return found


def imports(code: str) -> set[str]:
    """The names that code imports."""
    nodes = ast.walk(ast.parse(textwrap.dedent(code)))
    found = [one for one in nodes if isinstance(one, ast.alias)]
    return {one.asname or one.name.partition(".")[0] for one in found}


def faults(page: Path, text: str | None = None) -> list[str]:
    """What a reader who types in the listings, one after the other, would miss.

    text: what stands on the page, instead of what its file holds.
    """
    text = text or page.read_text("utf-8")
    prose, shown, hidden, read = FENCE.sub("", text), set(), set(), []
    for listing in listings(page, text):
        if listing.hidden:
            hidden |= defines(listing.code) - imports(listing.code)
            continue
        known = set(shown)
        if listing.file:
            known |= defines(listing.file.read_text("utf-8"))
        read.append((listing, complete(listing.code, known), set(hidden)))
        if not listing.file:
            shown |= defines(listing.code)
    found = []
    for (listing, _, unseen), names in zip(read, lacks([file for _, file, _ in read])):
        for name in names:
            in_text = re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`", prose)
            beside = re.search(rf"#[^\n]*\b{name}\b", listing.code)
            # a part of a function without its head takes what the text has told
            part = listing.file and not listing.code.startswith(("def ", "class "))
            if not ((name in unseen or part) and (in_text or beside)):
                found.append(f"{page.name}:{listing.line} lacks {name}")
    return found


PAGES = sorted(
    page for page in BOOK.glob("*.md") if FENCE.search(page.read_text("utf-8"))
)
