"""Is a submission read without trusting it, and put back into the released form?"""

import json
from html.parser import HTMLParser

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_raw_cell,
)

from autograder.classroom.submission import (
    Released,
    ReleasedCell,
    parse,
    sanitize,
)

ABOUT = Released(
    {
        "setup": ReleasedCell("code", "import x", True, False, False, "1", None),
        "step": ReleasedCell("code", "def f(): ...", False, True, False, "2", None),
        "note": ReleasedCell("markdown", "Read this.", True, False, False, "3", None),
        "check": ReleasedCell("code", 'check("f", f)', True, False, False, "4", 2.0),
    },
    {"name": "python3", "display_name": "Python 3"},
)


def labelled(name, source="", kind=new_code_cell, **label):
    return kind(source, metadata={"nbgrader": {"grade_id": name, **label}})


def sanitized(*cells):
    found = parse(nbformat.writes(new_notebook(cells=list(cells))).encode())
    return sanitize(found, ABOUT)


def sources(nb):
    return [cell.source for cell in nb.cells]


def test_a_notebook_as_released_stays_as_it_is():
    nb, flags = sanitized(
        labelled("setup", "import x"),
        labelled("step", "def f(): return 1"),
        labelled("note", "Read this.", new_markdown_cell),
        labelled("check", 'check("f", f)'),
    )
    assert flags == []
    assert sources(nb) == [
        *("import x", "def f(): return 1", "Read this.", 'check("f", f)')
    ]
    assert nb.metadata == {"kernelspec": ABOUT.kernelspec}
    about = nb.cells[3].metadata.nbgrader
    assert (about.points, about.grade, about.locked, about.solution) == (2, True, 1, 0)
    assert nb.cells[1].metadata.nbgrader.solution
    nbformat.validate(nb)


def test_what_a_submission_says_of_points_locks_and_kinds_does_not_count():
    nb, _ = sanitized(
        labelled("setup", "import y", points=9, grade=True, locked=False),
        labelled("check", "pass", new_markdown_cell, points=100, locked=False),
        labelled("step", "def f(): return 1", locked=True, solution=False, points=3),
        labelled("other", "print(1)", grade=True, points=5),
    )
    assert sources(nb) == ["import x", 'check("f", f)', "def f(): return 1", "print(1)"]
    assert [cell.cell_type for cell in nb.cells] == ["code"] * 4
    assert "points" not in nb.cells[0].metadata.nbgrader
    assert nb.cells[1].metadata.nbgrader.points == 2
    assert not nb.cells[2].metadata.nbgrader.grade
    assert not nb.cells[3].metadata


def test_of_cells_with_one_name_the_last_keeps_it():
    nb, _ = sanitized(labelled("step", "def f(): return 1"), labelled("step", "f = 2"))
    named = [cell.source for cell in nb.cells if cell.metadata.get("nbgrader")]
    assert sources(nb).index("def f(): return 1") < sources(nb).index("f = 2")
    assert "f = 2" in named and "def f(): return 1" not in named


def test_what_is_missing_returns_where_it_is_needed():
    nb, _ = sanitized(labelled("step", "def f(): return 1"))
    assert sources(nb) == [
        "import x",
        "def f(): return 1",
        'check("f", f)',
    ]


def test_a_skipped_cell_is_flagged_and_not_skipped():
    cell = labelled("check", 'check("f", f)')
    cell.metadata["tags"] = ["skip-execution"]
    nb, flags = sanitized(cell)
    assert flags == ["check: was tagged to be skipped"]
    assert not any("tags" in cell.metadata for cell in nb.cells)


def much(kind, more):
    cells = [{"cell_type": kind, "source": "a" * (100_000 + n)} for n in (0, more)]
    return json.dumps({"nbformat": 4, "cells": cells}).encode()


@pytest.mark.parametrize("content", [much("code", 0), much("markdown", 1_000_000)])
def test_much_code_and_more_text_is_a_notebook(content):
    assert len(parse(content).cells) == 2


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe\0", "not UTF-8"),
        (b"[]", "no list of cells"),
        (b"3", "no list of cells"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 4, "cells": {}}', "no list of cells"),
        (b'{"nbformat": 9, "worksheets": []}', "no list of cells"),
        (json.dumps({"nbformat": 4, "cells": [{}] * 2000}).encode(), "2000 cells"),
        (much("code", 2), "its code has 200,002 characters, more than 200,000"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_notebook_is_said_to_be_none(content, why):
    with pytest.raises(ValueError, match=why):
        parse(content)


@pytest.mark.parametrize(
    "cell",
    [
        None,
        [],
        {"cell_type": "code", "source": 5},
        {"cell_type": [], "source": ["a = 1\n", 2, "b = 2"], "metadata": []},
        {"cell_type": "code", "source": "a", "metadata": {"nbgrader": []}},
        {"cell_type": "code", "metadata": {"nbgrader": {"grade_id": ["step"]}}},
        {"cell_type": "code", "metadata": {"nbgrader": {"grade_id": {}}, "tags": 3}},
        {"cell_type": "code", "source": "x = '\ud800'"},
    ],
)
def test_a_cell_of_any_form_can_be_sanitized(cell):
    content = json.dumps({"nbformat": 4, "metadata": [], "cells": [cell]}).encode()
    nb, _ = sanitize(parse(content), ABOUT)
    assert len(nb.cells) == 1 + 2
    nbformat.writes(nb).encode("utf-8")
    nbformat.validate(nb)


class Danger(HTMLParser):
    """What in a page could run, load or lead somewhere."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag in ("script", "iframe", "img", "object", "svg", "style", "form", "base"):
            self.found.append(tag)
        for name, value in attributes:
            link = name in ("href", "src") and not value.startswith(("#", "https:"))
            if name.startswith("on") or link:
                self.found.append(f"{name}={value}")


TEXTS = [
    "<script>alert(1)</script>",
    "<SCRIPT\n>alert(1)</SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>grade</a>",
    "[grade](javascript:alert(1))",
    "[grade](<javascript:alert(1)>)",
    "[grade][1]\n\n[1]: javascript:alert(1)",
    "[grade]\n\n[grade]: &#106;avascript:alert(1)",
    "![x](https://example.org/seen.png)",
    "<javascript:alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "x <!-- --><script>alert(1)</script>",
    "<<script>script>alert(1)</script>",
    "| a |\n|---|\n| <style>*{display:none}</style> |",
    "    <b>\n\n<form action=https://example.org><input name=x>",
    "$x<img src=x onerror=alert(1)>$ and $$<script>alert(1)</script>$$",
    "`a`<base href=https://example.org/>`b`",
    "\\<script>alert(1)</script>",
    "&lt;script&gt;<script >alert(1)</script>",
]


def exported(cell):
    nb = new_notebook(cells=[cell])
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(nb)
    return Danger(page).found


@pytest.mark.parametrize("number", range(len(TEXTS)))
@pytest.mark.parametrize("kind", [new_markdown_cell, new_raw_cell, new_code_cell])
def test_a_students_text_runs_nothing_in_an_instructors_browser(number, kind):
    nb, _ = sanitized(kind(TEXTS[number]))
    (cell,) = [c for c in nb.cells if not c.metadata]
    assert exported(cell) == []
    if kind is new_code_cell:
        assert cell.source == TEXTS[number]


def test_the_danger_is_real():
    """As it was handed in, nearly every one of these texts would do something."""
    found = [bool(exported(new_markdown_cell(text))) for text in TEXTS]
    assert sum(found) >= 15


def test_other_text_stays_as_it_is():
    text = "## Notes\n\nIf $a < b$, then *so*: `x[1]`; 3 > 2.\n\n| a | b |\n|---|---|\n"
    nb, _ = sanitized(new_markdown_cell(text))
    assert text.strip() in [cell.source.strip() for cell in nb.cells]


def test_an_old_notebook_is_converted():
    old = nbformat.v3.new_notebook()
    old.worksheets = [
        nbformat.v3.new_worksheet(cells=[nbformat.v3.new_code_cell(input="a = 1")])
    ]
    content = nbformat.v3.writes_json(old).encode()
    assert sources(parse(content)) == ["a = 1"]


def test_an_old_notebook_is_no_bomb():
    """nbformat itself makes 200 MB of this heading."""
    cell = {"cell_type": "heading", "level": 200_000_000, "source": "x", "metadata": {}}
    old = {"nbformat": 3, "worksheets": [{"cells": [cell]}, {"cells": 3}, 5]}
    assert sources(parse(json.dumps(old).encode())) == ["x"]
