"""Is a submission read without trusting it, and put back into the released form?"""

import json
import os
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder import submission
from autograder.submission import Released, ReleasedCell, collect, parse, sanitize

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
        (b'{"nbformat": 9, "cells": []}', "no format that is known"),
        (json.dumps({"nbformat": 4, "cells": [{}] * 2000}).encode(), "2000 cells"),
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


def test_an_old_notebook_is_converted():
    old = nbformat.v3.new_notebook()
    old.worksheets = [
        nbformat.v3.new_worksheet(cells=[nbformat.v3.new_code_cell(input="a = 1")])
    ]
    content = nbformat.v3.writes_json(old).encode()
    assert sources(parse(content)) == ["a = 1"]


@pytest.fixture
def folder(tmp_path):
    """A submission beside another student's, and a secret outside."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "work.ipynb").write_text("secret")
    (mine / "work.ipynb").write_text("{}")
    return mine


def test_ordinary_files_are_read(folder):
    (folder / "helper.py").write_text("a = 1")
    (folder / "timestamp.txt").write_text("2026-11-20 12:00:00 UTC\n")
    found = collect(folder, "work")
    assert (found.notebook, found.flags) == (b"{}", ())
    assert found.files["helper.py"] == b"a = 1"
    assert found.timestamp == "2026-11-20 12:00:00 UTC"


@pytest.mark.parametrize("name", ["work.ipynb", "data.csv"])
def test_no_link_is_followed(folder, name):
    path = folder / name
    path.unlink(missing_ok=True)
    path.symlink_to("../theirs/work.ipynb")
    found = collect(folder, "work")
    assert b"secret" not in [found.notebook, *found.files.values()]
    assert f"{name} is a link: left out" in found.flags


def test_a_folder_that_is_a_link_is_not_followed(folder):
    link = folder.with_name("link")
    link.symlink_to(folder.with_name("theirs"))
    found = collect(link, "work")
    assert found.notebook is None and not found.files
    assert "link is a link: not followed" in found.flags


def test_what_is_no_file_does_not_stop_the_reading(folder):
    os.mkfifo(folder / "pipe")
    (folder / "sub").mkdir()
    os.unlink(folder / "work.ipynb")
    os.mkfifo(folder / "work.ipynb")
    found = collect(folder, "work")
    assert found.notebook is None and not found.files
    assert "work.ipynb is no ordinary file: left out" in found.flags


def test_what_is_too_much_is_left_out(folder, monkeypatch):
    monkeypatch.setattr(submission, "FILES_MB", 1)
    monkeypatch.setattr(submission, "FILES", 3)
    (folder / "a-large").write_bytes(b"x" * (2 << 20))
    for number in range(5):
        (folder / f"b{number}").write_bytes(b"x")
    found = collect(folder, "work")
    assert list(found.files) == ["b0", "b1", "b2"]
    assert "a-large has 2,097,152 bytes, which is too many: left out" in found.flags
    assert "more than 3 files: the rest was left out" in found.flags
    assert found.notebook == b"{}"


def test_a_missing_notebook_is_told_with_what_is_there(folder):
    shutil.move(folder / "work.ipynb", folder / "work (1).ipynb")
    found = collect(folder, "work")
    assert found.flags == ("no notebook is named work.ipynb: there is work (1).ipynb",)
    nb, flags = submission.read(found)
    assert "Nothing could be graded" in nb.cells[0].source
    assert flags == list(found.flags)


def test_a_fingerprint_tells_every_change(folder):
    seen = {collect(folder, "work").fingerprint}
    for name, content in (("work.ipynb", "[]"), ("a", "1"), ("a", "2"), ("b", "2")):
        (folder / name).write_text(content)
        seen.add(collect(folder, "work").fingerprint)
    assert len(seen) == 5
    assert collect(folder, "work").fingerprint in seen
