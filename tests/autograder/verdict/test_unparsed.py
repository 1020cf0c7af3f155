"""Is a cell that Python cannot read told with its line, and no other cell?"""

import pytest

from autograder.classroom.reader import Reader
from autograder.verdict import told
from autograder.verdict.leans import unparsed

OPEN = "'(' was never closed"


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("\n\ndef f(:\n  pass", (3, "def f(:", "invalid syntax")),
        ("def f():\n    return g(1,2\n", (2, "return g(1,2", OPEN)),
        ("%time x = 1\n\nx = (", (3, "x = (", OPEN)),
        ("  \n\n%time x = 1\nx = (", (4, "x = (", OPEN)),  # IPython drops the first two
        ("return 3", (1, "return 3", "'return' outside function")),
        ("x = `a`(", (1, "x = 'a'(", "invalid syntax")),  # no code in the sentence
        ("f(" + "a" * 99, (1, "f(" + "a" * 58 + "…", OPEN)),
        (
            "\0",
            (
                1,
                "\N{REPLACEMENT CHARACTER}",
                "source code string cannot contain null bytes",
            ),
        ),
    ],
)
def test_where_python_stops(cell, found):
    assert unparsed(cell) == found


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "def f():\n    return 1",
        "!ls (((",
        "%%bash\nls (((",
        "x = await y",
        "?f",
        "-" * 100_000 + "1",  # nested too deeply: that is told elsewhere
    ],
)
def test_what_ipython_would_run_is_not_told(cell):
    assert unparsed(cell) is None


def test_the_reader_says_it_within_its_limits():
    reader = Reader()
    try:
        found = reader.unparsed({"merge": "def merge(:", "train": "x = 1"})
        assert found == {"merge": (1, "def merge(:", "invalid syntax")}
    finally:
        reader.close()


def test_the_sentence():
    said = told.unparsed("merge", 3, "def merge(:", "invalid syntax")
    assert said.startswith(
        "Nothing was handed in: Python cannot read the cell of `merge`"
    )
    assert said.endswith("SyntaxError in line 3, `def merge(:`: invalid syntax.")
    assert "line 2: " in told.unparsed("merge", 2, "", "unexpected EOF")
