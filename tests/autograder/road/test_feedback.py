"""Is a student's page true, safe and packed as the LMS takes it back?"""

import datetime
import json
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from autograder.classroom import course
from autograder.classroom.book import Scored
from autograder.road import look
from autograder.road.look import files, mistakes, packed, page, writing
from tests.autograder.road.made import DUE, cell, late, notebook, standing

STEPS = {"merge": "1 · Merge a pair", "encode": "2 · Encode"}
MEAN = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def job(s, tmp_path, **more):
    graded, made = tmp_path / "graded.ipynb", tmp_path / "page.html"
    about = {"comments": {}, "examples": {}} | more
    return page.Job("attend", "Attend", STEPS, s, notebook=graded, page=made, **about)


def text(html):
    """What a reader sees, in one line."""
    body = re.sub(r"<(style|title)>.*?</\1>", "", html, flags=re.DOTALL)
    plain = re.sub(r"<[^>]+>", " ", body)
    for name, letter in (("&lt;", "<"), ("&gt;", ">"), ("&#39;", "'"), ("&amp;", "&")):
        plain = plain.replace(name, letter)
    return " ".join(plain.split())


class Tags(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_points_are_those_of_the_book_in_words(tmp_path):
    checks = {
        "merge": Scored(2.0, 2.0, 2.0),
        "encode": Scored(2.5, 3.0, 0.5, 2.5, 0.0, None, "Right in 1 of 3 cases."),
    }
    s = late("max", 4.5, 30, 1.25, checks=checks)
    said = {"encode": "✗ encode: 0.5 of 3 points\nRight in 1 of 3 cases.\nUse `zip`."}
    code = {"encode": "def encode(x):\n    return x\n"}
    comments = {"write_encode": "Nearly.\nSee me."}
    told = text(page.html(job(s, tmp_path, comments=comments), notebook(code, said)))
    assert "3.25 of 5 points" in told
    assert "Your answers earned 4.5 points. 1.25 points are taken off" in told
    assert "1 day and 6 hours after it was due (20 November 2026, 12:00 UTC)" in told
    assert "1 · Merge a pair ✓ right 2 of 2" in told
    assert "Your instructor gave 2.5 points in place of the check's 0.5." in told
    assert "Right in 1 of 3 cases. Use zip ." in told
    assert "0.5 of 3 points" not in told  # the check's own headline: not what counts
    assert "Your instructor writes: Nearly. See me." in told
    assert "def encode(x): return x" in told


@pytest.mark.parametrize(
    ("auto", "manual", "extra", "stands", "beside"),
    [
        (0.0, None, 1.0, "✗ Not yet right.", "1 extra point was added."),
        (0.0, None, 2.0, "✗ Not yet right.", "2 extra points were added."),
        (2.0, None, -1.0, "✓ Right.", "1 extra point was taken off."),
        (0.0, None, -3.0, "✗ Not yet right.", "3 extra points were taken off."),
        (0.5, None, 1.0, "◐ Partly right.", "1 extra point was added."),
        (1.5, None, -1.0, "◐ The idea is right, special cases are not.", "1 extra"),
        (2.0, 1.5, 1.0, "◐ Partly right.", "in place of the check's 2. 1 extra point"),
        (0.0, 2.0, 0.5, "✓ Right.", "0.5 extra points were added."),
    ],
)
def test_extra_credit_makes_no_step_right_or_wrong(
    auto, manual, extra, stands, beside, tmp_path
):
    """It stands beside what the check or a person found."""
    found = (auto if manual is None else manual) + extra
    scored = Scored(found, 2.0, auto, manual, extra)
    s = standing("ada", found, checks={"merge": scored})
    about = replace(job(s, tmp_path), steps={"merge": "Merge"})
    told = text(page.html(about, notebook({"merge": "def merge(): ..."})))
    assert stands in told and beside in told
    assert f"{stands[:-1].lower()} {found:g} of 2" in told.lower()


def test_a_page_says_when_no_time_is_known(tmp_path):
    for handed_in, said in ((None, True), (DUE, False)):
        s = standing("ada", handed_in=handed_in)
        told = text(page.html(job(s, tmp_path), notebook({}, {})))
        assert ("No time known: it was due on 20 November 2026" in told) == said


def test_a_page_says_what_lateness_costs_nothing(tmp_path):
    for hours, said in ((1, True), (4, False)):
        s = late("ada", 5.0, hours, 0.0, grace=datetime.timedelta(hours=3))
        told = text(page.html(job(s, tmp_path), notebook({}, {})))
        assert "after it was due" in told
        assert ("up to 3 hours cost nothing" in told) == said


NOTHING = "Nothing was handed in: a name is not known there."


@pytest.mark.parametrize(
    ("flags", "once"),
    [
        (("the notebook is not JSON: Expecting value",), "it could not be read as a"),
        ((), f"The same at each step that is not right: {NOTHING}"),
    ],
)
def test_what_holds_for_every_step_is_said_once(flags, once, tmp_path):
    """Of a file that cannot be read, and of one that has no cell of the exercise."""
    names = "merge", "encode", "decode"
    s = standing("ada", 0.0, flags=flags, checks=dict.fromkeys(names, Scored(0, 1, 0)))
    about = replace(job(s, tmp_path), steps={name: f"Step {name}" for name in names})
    cells = [cell(name, "", f"✗ {name}\n{NOTHING}", grade=True) for name in names]
    told = text(page.html(about, {"cells": cells}))
    assert told.count(once) == 1 and told.count("✗ Not ") == 3
    assert ("✗ Not read." in told) == bool(flags)
    assert told.count(NOTHING) == ("The same" in once)
    assert "There is no cell of yours" not in told
    assert ("None of the cells" in told) == ("The same" in once)
    cells[1] = cell("encode", "", "✗ encode\nWrong on one.", grade=True)
    told = text(
        page.html(replace(about, standing=standing("ada", 0.0)), {"cells": cells})
    )
    assert told.count(NOTHING) == 2 and "The same at each" not in told


def test_nothing_of_a_student_is_markup(tmp_path):
    s = standing(
        MEAN[:30],
        2.0,
        first_name=MEAN,
        flags=(f"{MEAN} was graded in its place",),
        checks={"merge": Scored(0.0, 2.0, 0.0), "encode": Scored(2.0, 3.0, 2.0)},
    )
    said = {"merge": f"✗\nIt uses `{MEAN}`, **{MEAN}**"}
    code = {name: f"# {MEAN}\n\u202e{MEAN}" for name in STEPS}
    about = job(s, tmp_path, comments={"merge": MEAN})
    html = page.html(about, notebook(code, said))
    tags = Tags(html).found
    assert not [
        t for t, _ in tags if t in ("script", "img", "iframe", "object", "form")
    ]
    assert not [a for _, attrs in tags for a in attrs if a.startswith("on")]
    assert not [a for _, attrs in tags for a in attrs if a in ("src", "style")]
    assert text(html).count("alert(1)") >= 6  # and yet it is all there to read
    (csp,) = [a["content"] for t, a in tags if a.get("http-equiv")]
    assert csp.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in csp


def test_a_long_cell_is_cut_and_says_so(tmp_path):
    s = standing("max", 0.0)
    code = {
        "merge": "\n".join(f"x{i} = {i}" for i in range(1000)),
        "encode": "y" * 9999,
    }
    html = page.html(job(s, tmp_path), notebook(code))
    assert "700 more lines are not shown" in text(html)
    assert "x299 = 299" in html
    assert "x300 = 300" not in html
    assert "y" * page.WIDTH in html
    assert "y" * (page.WIDTH + 1) not in html


def test_a_picture_shows_a_mistake_only_where_feedback_names_it(tmp_path):
    checks = {
        "merge": Scored(2.0, 2.0, 0.0, 2.0, 0.0, "zip", None),
        "encode": Scored(3.0, 3.0, 3.0),
    }
    known = {
        name: ("Pair `a` up.", f"{name}(1)", "<svg id='pair'></svg>") for name in STEPS
    }
    about = job(standing("max", 5.0, checks=checks), tmp_path, examples=known)
    said = {name: "✗\nWrong on one.\nPair `a` up." for name in STEPS}
    told = page.html(about, notebook({}, said))
    assert told.count("<svg id='pair'>") == 1  # encode is right
    assert "merge(1)" in told
    # Of the steps that feedback does not explain only the points are told.
    said["merge"] = "✗\nRight in 1 of 2 cases."
    assert "<svg id='pair'>" not in page.html(about, notebook({}, said))


def test_an_example_of_a_mistake_says_nothing_in_the_terminal(recwarn):
    checks = {"layer_norm": Scored(0.0, 4.0, 0.0, mistake="RMS norm")}
    assert mistakes.examples("mlp", [standing("max", 1.0, checks=checks)])
    assert not recwarn.list


@pytest.mark.parametrize(
    ("flag", "said", "read"),
    [
        (
            "attend.ipynb is as it was released: a b.ipynb was graded in its place",
            "`a b.ipynb`, so that was read",
            "a b.ipynb",
        ),
        ("my.ipynb was graded in its place", "No notebook was called", "my.ipynb"),
        (
            (
                "attend-1.ipynb was not graded: it differs from attend.ipynb, which has the "
                "right name (`review` says how to swap them)"
            ),
            "`attend-1.ipynb` was there too, and differs. `attend.ipynb` has",
            "attend.ipynb",
        ),
        (
            "no notebook is named attend.ipynb: there is b.ipynb",
            "none of this exercise",
            "",
        ),
        ("no notebook is named attend.ipynb: none is there", "nothing to grade", ""),
        ("the notebook is not JSON: Expecting value", "could not be read as", ""),
        (
            "big.ipynb has 99,999,999 bytes, which is too many: left out",
            "too large",
            "attend.ipynb",
        ),
        ("merge: was tagged to be skipped", "`skip-execution`", "attend.ipynb"),
    ],
)
def test_which_file_was_read_and_why_not_another(flag, said, read, tmp_path):
    (told,) = files.notes([flag, flag], "attend")
    assert said in told
    assert files.read([flag], "attend") == read
    about = job(standing("ada", flags=(flag,)), tmp_path)
    assert ("Read and graded" in page.html(about, notebook({}))) is bool(read)


@pytest.mark.parametrize(
    "flag",
    [
        "code cell 7: tried to reach the network",
        "encode: ran without an error or an answer",
        "encode: the answer cannot be read: 1.25",
        "code cell 3: ended: more than 500 MB of memory",
        "encode: uses tiktoken.Encoding (cell 23, line 3)",
    ],
)
def test_what_a_submission_did_in_the_box_is_not_on_its_page(flag):
    assert files.notes([flag], "attend") == []


CANVAS = packed.Received("canvas", "doejane_12345", 678901)
MOODLE = packed.Received("moodle", "Jane Doe_4711", 0)


@pytest.mark.parametrize(
    ("form", "came", "names", "name"),
    [
        ("canvas", CANVAS, {}, "doejane_12345_678901_attend.html"),
        (
            "canvas",
            packed.Received("canvas", "anon_aB3", 5),
            {},
            "anon_aB3_5_attend.html",
        ),
        (
            "canvas",
            packed.Received("canvas", "", 5),
            {"canvas_id": "7"},
            "Jane Made-up_7_5_attend.html",
        ),
        ("canvas", packed.Received("canvas", "12_7", 5), {}, "12-_7_5_attend.html"),
        ("canvas", packed.Received("canvas", "", 5), {}, None),
        ("canvas", MOODLE, {"canvas_id": "7"}, None),  # no file of Canvas's
        ("moodle", MOODLE, {}, "Jane Doe_4711_assignfeedback_file_/attend.html"),
        ("moodle", CANVAS, {}, None),
        (
            "moodle",
            packed.Received(),
            {"participant": "9"},
            "Jane Made-up_9_assignfeedback_file_/attend.html",
        ),
        (
            "moodle",
            packed.Received("moodle", "../../a/b_c_9"),
            {},
            "a-b-c_9_assignfeedback_file_/attend.html",
        ),
        ("plain", packed.Received(), {}, "jane/attend.html"),
    ],
)
def test_the_names_by_which_an_lms_takes_pages_back(form, came, names, name):
    assert packed.name_in(form, "attend", standing("jane", names=names), came) == name


def test_one_students_page_is_packed_alone(klass, run, monkeypatch):
    """Canvas makes a comment of each page in a zip: who has theirs gets no other."""
    some = [standing(n, names={"canvas_id": n[-1]}) for n in ("s1", "s2", "s3")]
    monkeypatch.setattr("autograder.classroom.book.standings", lambda *_: some)
    came = {n: packed.Received("canvas", f"doe_{n[-1]}", 7) for n in ("s1", "s2", "s3")}
    monkeypatch.setattr(packed, "received", lambda *_: came)
    for name in came:
        place = klass / "feedback" / name / "attend"
        place.mkdir(parents=True)
        (place / "attend.html").write_text(name)
    monkeypatch.setattr("autograder.road.look.writing.write_all", lambda *_: (1, 0, {}))
    for words, numbers in (("--student", "s2"), "2"), ((), "123"):
        code, said = run("feedback", "attend", *words)
        assert code == 0 and "not packed" not in said
        with zipfile.ZipFile(klass / "feedback" / "attend-canvas.zip") as made:
            assert made.namelist() == [f"doe_{n}_7_attend.html" for n in numbers]
    code, said = run("feedback", "attend", "--student", "s22")
    assert code == 2 and "'s22' has no grade for attend: did you mean s2?" in said


def test_packing(tmp_path):
    everybody = {n: standing(n) for n in ("a", "b", "c")}
    pages = {n: tmp_path / f"{n}.html" for n in ("a", "b")}
    for name, path in pages.items():
        path.write_text(f"page of {name}")
    came = {"a": CANVAS, "b": MOODLE}
    zips, left = packed.pack("auto", tmp_path, "attend", everybody, pages, came)
    assert [z.name for z in zips] == ["attend-canvas.zip", "attend-moodle.zip"]
    assert left == ["c"]
    with zipfile.ZipFile(zips[0]) as made:
        assert made.namelist() == ["doejane_12345_678901_attend.html"]
        assert made.read(made.namelist()[0]) == b"page of a"
    first = zips[0].read_bytes()
    packed.pack("canvas", tmp_path, "attend", everybody, pages, came)
    assert zips[0].read_bytes() == first
    assert packed.pack("auto", tmp_path, "attend", everybody, pages, {}) == ([], [])
    assert packed.pack("none", tmp_path, "attend", everybody, pages, came) == ([], [])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A class's folder, with three graded notebooks in it."""
    monkeypatch.setattr(course, "class_folder", lambda: tmp_path)
    monkeypatch.setattr(page, "headings", lambda solution: ("Attend", STEPS))
    monkeypatch.setattr(writing.mistakes, "examples", lambda exercise, standings: {})
    for student in ("ann", "bo", "李 四"):
        path = writing.notebook_of("attend", student)
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook({"merge": f"# {student}"})))
    return tmp_path


def test_only_what_has_changed_is_written_again(folder):
    class_ = [standing("ann"), standing("bo"), standing("李 四")]

    def write(standings=class_, comments=None, force=False):
        return writing.write_all("attend", standings, comments or {}, force, 1)

    assert write() == (3, 0, {})
    assert "# 李 四" in writing.page_of("attend", "李 四").read_text("utf-8")
    assert write() == (0, 3, {})
    assert write(force=True) == (3, 0, {})
    assert write([late("ann", 5.0, 1, 0.5), *class_[1:]]) == (1, 2, {})
    assert write(comments={"bo": {"merge": "Well done."}}) == (
        2,
        1,
        {},
    )  # ann is in time
    assert write()[:2] == (1, 2)
    writing.page_of("attend", "bo").unlink()
    writing.page_of("attend", "ann").write_text("x" * 5_000 + "nbgrader_cell")
    assert write()[:2] == (2, 1)
    writing.notebook_of("attend", "ann").write_text(
        json.dumps(notebook({"merge": "new"}))
    )
    assert write()[:2] == (1, 2)


def test_one_page_that_cannot_be_made_costs_no_other(folder):
    writing.notebook_of("attend", "ann").write_text('{"cells": [{}]}')
    writing.notebook_of("attend", "bo").unlink()
    own = writing.page_of("attend", "李 四")
    own.parent.mkdir(parents=True)
    own.write_text("<p>My own page.</p>")
    class_ = [standing("ann"), standing("bo"), standing("李 四"), standing("gone")]
    written, same, failed = writing.write_all("attend", class_, {}, False, 1)
    assert (written, same) == (0, 0)
    assert set(failed) == {"ann", "bo", "李 四", "gone"}
    assert "none of ours" in failed["李 四"]
    assert own.read_text() == "<p>My own page.</p>"
    own.write_text("x" * 5_000 + "div.nbgrader_cell {}")  # which nbgrader makes again
    written, _, failed = writing.write_all("attend", class_, {}, False, 1)
    assert (written, "李 四" in failed) == (1, False)


def test_pages_are_written_by_several_processes(folder, monkeypatch):
    class_ = [standing(f"s{i}") for i in range(60)]
    for s in class_:
        path = writing.notebook_of("attend", s.student)
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook({"merge": f"# {s.student}"})))
    assert writing.write_all("attend", class_, {}, False, 2) == (60, 0, {})
    for s in class_:
        assert f"# {s.student}" in writing.page_of("attend", s.student).read_text()


def test_words():
    day = datetime.timedelta(days=1)
    assert look.span(day) == "1 day"
    assert (
        look.span(day * 2 + datetime.timedelta(hours=1, minutes=5))
        == "2 days and 1 hour"
    )
    assert look.span(datetime.timedelta(seconds=3)) == "1 minute"
    assert look.when(DUE) == "20 November 2026, 12:00 UTC"
    assert [look.points(x) for x in (0, 2.0, 0.666, 10.5, 100)] == [
        "0",
        "2",
        "0.67",
        "10.5",
        "100",
    ]
    assert look.plural(1, "page") == "1 page"
    assert look.plural(1000, "page") == "1,000 pages"
    assert (
        str(look.prose("`<b>` **x** <i>"))
        == "<code>&lt;b&gt;</code> <strong>x</strong> &lt;i&gt;"
    )
