"""Mutants that cut a text by another pattern than the one that is given."""

from __future__ import annotations

import ast
from collections.abc import Iterator

LETTERS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"
GIVEN = LETTERS + r"|\s+(?!\S)|\s+"
PATTERNS = {
    "every space by itself": LETTERS + r"|\s",
    "no look ahead": LETTERS + r"|\s+",
    "spaces dropped": LETTERS,
    "no short forms": GIVEN.removeprefix("'s|'t|'re|'ve|'m|'ll|'d|"),
    "short forms in capitals": "(?i:'s|'t|'re|'ve|'m|'ll|'d)" + GIVEN[26:],
    "one short form less": GIVEN.replace("'ve|", ""),
    "letters of English": GIVEN.replace(r"\p{L}", "A-Za-z").replace(
        " ?A-Za-z+", " ?[A-Za-z]+"
    ),
    "digits of English": GIVEN.replace(r"\p{N}", "0-9").replace(" ?0-9+", " ?[0-9]+"),
    "three digits at most": GIVEN.replace(r"\p{N}+", r"\p{N}{1,3}"),
    "digits are letters": GIVEN.replace(r"\p{L}+", r"[\p{L}\p{N}]+"),
    "words of \\w": r"'s|'t|'re|'ve|'m|'ll|'d| ?\w+| ?[^\s\w]+|\s+(?!\S)|\s+",
    "the space behind": GIVEN.replace(r" ?\p{L}+", r"\p{L}+ ?"),
    "any white space before a word": GIVEN.replace(r" ?\p{L}+", r"\s?\p{L}+"),
    "no space before other signs": GIVEN.replace(" ?[^", "[^"),
    "words and spaces": r"\s*\S+|\s+",
    "marks are letters": GIVEN.replace(r"\p{L}+", r"[\p{L}\p{M}]+"),
}
CALLS = {
    "split": "split = lambda text: __import__('regex').findall({}, text)",
    "to_chunks": (
        "to_chunks = lambda text: [list(chunk.encode()) for chunk in "
        "__import__('regex').findall({}, text)]"
    ),
}


def patterns(source: str) -> Iterator[tuple[str, str]]:
    """What was done, and the source, of a function that calls what cuts a text."""
    called = {
        getattr(node.func, "id", "")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
    }
    for name in called & {*CALLS}:
        for what, pattern in PATTERNS.items():
            tree = ast.parse(source)
            line = ast.parse(CALLS[name].format(repr(pattern))).body
            tree.body[0].body[:0] = line
            yield f"a pattern of its own: {what}", ast.unparse(tree)
