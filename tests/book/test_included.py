"""What a page shows of a module is still there, under the name that the page gives."""

import re

import pytest
from sphinx.pycode import ModuleAnalyzer

from bench.chapter import BOOK

INCLUDE = re.compile(r"```\{literalinclude\} (\S+)\n((?::.*\n)*)")
OPTION = re.compile(r":([\w-]+): ?(.*)\n")
INCLUDES = [
    pytest.param(page, *found.groups(), id=f"{page.stem}-{n}")
    for page in sorted(BOOK.glob("*.md"))
    for n, found in enumerate(INCLUDE.finditer(page.read_text("utf-8")))
]


@pytest.mark.parametrize("page, path, options", INCLUDES)
def test_what_is_shown_is_there(page, path, options):
    """Sphinx itself says so only once the whole site is built."""
    shown = (page.parent / path).resolve()
    options = dict(OPTION.findall(options))
    lines = shown.read_text("utf-8").splitlines()
    if name := options.get("pyobject"):
        tags = ModuleAnalyzer.for_file(str(shown), shown.stem).find_tags()
        assert name in tags, f"{page.name} shows {name}, which {path} has not"
        _, first, last = tags[name]
        lines = lines[first - 1 : last]
    for key in options.keys() & {"start-at", "start-after", "end-at", "end-before"}:
        assert any(options[key] in line for line in lines), (page.name, key)
