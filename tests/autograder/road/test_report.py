"""Does the report say what the class did, whatever it did, and to whom it may?"""

import datetime
import json
import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder.classroom.book import Scored
from autograder.road import look, report
from autograder.road.look import alike, chart, counts
from tests import timing
from tests.autograder.road.made import CHECKS, late, standing
from tests.autograder.road.test_feedback import MEAN, STEPS, Tags, text
from tests.site.checks import axe_findings, overflow_findings

WRONG = "Right in 1 of 4 cases. Wrong on two tokens: most values differ."


def scored(points, name="merge", **more):
    most = CHECKS[name]
    return Scored(points, most, points, **more)


def made(student, merge, encode, **more):
    """One of whom the two steps are known."""
    checks = {"merge": merge, "encode": encode}
    points = merge.points + encode.points
    return standing(student, points, checks=checks, **more)


RIGHT = (scored(2.0), scored(3.0, "encode"))
SLIP = scored(0.5, mistake="√d_forgotten", reason=WRONG)
EMPTY = scored(0.0, reason=counts.UNWRITTEN)
CLASS = [
    made("ada", *RIGHT),
    made("bo", SLIP, RIGHT[1]),
    made("cy", SLIP, scored(0.0, "encode", reason=counts.UNWRITTEN)),
    made("di", scored(1.0, reason=WRONG), RIGHT[1]),
    made("ed", scored(0.5, reason=WRONG.replace("1 of 4", "2 of 4")), RIGHT[1]),
    made("fi", EMPTY, scored(0.0, "encode", reason=counts.UNWRITTEN)),
    made("gus", RIGHT[0], scored(0.0, "encode", reason="Nothing was handed in.")),
    replace(
        made("hy", *RIGHT),
        status="FLAGGED",
        flags=("encode: uses tiktoken (cell 3, line 9)",),
    ),
    standing("ivy", None, "INFRA", flags=("the disk is full",)),
    standing("jo", None, "MISSING"),
    late("kim", 5.0, 30, 1.25, cpu=4.0),
]


def facts(standings=CLASS, key=None):
    def hint(check, mistake):
        return f"To {mistake}: divide by `√d`."

    return counts.facts("attend", standings, STEPS, hint, counts.Who(key))


def test_what_is_counted():
    found = facts()
    assert (found["students"], found["handed_in"], found["graded"]) == (11, 10, 9)
    assert found["full"] == 2
    assert found["median"] == 3.5
    merge, encode = found["checks"]
    assert (merge["right"], merge["partly"], merge["none"], merge["unwritten"]) == (
        *(4, 4),
        *(0, 1),
    )
    assert (encode["right"], encode["none"], encode["unwritten"]) == (6, 1, 2)
    assert sum(n for _, n in found["histogram"]) == 9
    assert dict(found["histogram"])["90–100 %"] == 2
    assert found["late"]["rows"][0][0] == "Kim Made-up (kim)"
    assert found["missing"].shown == ["Jo Made-up (jo)"]


def test_extra_credit_makes_no_step_right_or_wrong():
    extra = [(2.0, 0.0, 2.0), (1.0, 2.0, -1.0), (-3.0, 0.0, -3.0), (1.5, 0.5, 1.0)]
    merge = [Scored(p, 2.0, auto, None, more) for p, auto, more in extra]
    people = [made(s, m, RIGHT[1]) for s, m in zip("abcd", merge, strict=True)]
    found, _ = facts(people)["checks"]
    assert (found["right"], found["partly"], found["none"]) == (1, 1, 2)


def test_who_is_late_within_the_grace_is_not_counted_as_late():
    grace = {"grace": datetime.timedelta(hours=3)}
    found = facts([late("ada", 5.0, 1, 0.0, **grace), late("bo", 4.0, 4, 1.0, **grace)])
    assert found["late"]["count"] == 1
    assert [row[0] for row in found["late"]["rows"]] == ["Bo Made-up (bo)"]


def test_the_mistake_and_who_made_it():
    (mistake,) = facts()["mistakes"]
    assert mistake["mistake"] == "√d forgotten"
    assert (mistake["count"], round(100 * mistake["share"])) == (2, 22)
    assert mistake["who"].shown == ["Bo Made-up (bo)", "Cy Made-up (cy)"]
    assert mistake["hint"] == "To √d_forgotten: divide by `√d`."


def test_what_no_mistake_explains_is_grouped_by_like_outcome():
    found = facts()
    (group,) = found["unnamed"]  # di and ed: the count of cases is no difference
    assert (group["count"], group["name"]) == (2, "merge")
    assert group["reason"] == "Wrong on two tokens: most values differ."
    assert group["example"].student == "di"
    (silent,) = found["silent"]
    assert (silent["reason"], silent["others"]) == ("Nothing was handed in.", False)


@pytest.mark.parametrize("key", [None, b"key"])
def test_what_could_not_run_is_shown_by_an_example(key):
    """Without names, nothing that a student wrote stands there."""
    said = "SyntaxError in line {}, `{}`: invalid syntax."
    one, other = (
        made(student, scored(0.0, reason=said.format(*wrote)), RIGHT[1])
        for student, wrote in [("ada", (2, "for my_own in x")), ("bo", (7, "if y"))]
    )
    (alone,) = facts([one], key)["silent"]
    (both,) = facts([one, other], key)["silent"]
    assert (alone["others"], both["count"], both["steps"]) == (False, 2, 2)
    if key:
        assert alone["reason"] == both["reason"] == "SyntaxError: invalid syntax."
        assert not both["others"]
    else:
        assert alone["reason"] == both["reason"] == said.format(2, "for my_own in x")
        assert both["others"]


def test_where_they_stop():
    stuck = {place["check"]: place["who"].shown for place in facts()["stuck"]}
    assert stuck == {
        "1 · Merge a pair": ["Cy Made-up (cy)", "Fi Made-up (fi)"],
        "2 · Encode": ["Gus Made-up (gus)"],
    }


def test_a_long_list_is_cut_and_says_how_many():
    many = [made(f"s{i}", SLIP, RIGHT[1]) for i in range(counts.LISTED + 7)]
    (mistake,) = facts(many)["mistakes"]
    assert len(mistake["who"].shown) == counts.LISTED
    assert mistake["who"].more == 7


def test_over_all_exercises():
    every = {"attend": CLASS, "mlp": [standing("bo", 1.0), standing("jo", 1.0)]}
    over = counts.overall(every, counts.Who())
    assert over["people"] == 11
    assert over["low"] == [("Jo Made-up (jo)", ["attend", "mlp"])]
    jo = dict(over["rows"])["Jo Made-up (jo)"]
    assert [s.status for s in jo] == ["MISSING", "GRADED"]


def rendered(every, anonymous, monkeypatch, pairs=()):
    """The report of these standings; no notebook is there."""
    monkeypatch.setattr(report, "_key", lambda: b"the class's secret")
    monkeypatch.setattr(report.course, "class_name", lambda: "made")
    monkeypatch.setattr(report.course, "class_folder", lambda: Path("nowhere"))
    nobody = counts.names([], counts.Who())
    monkeypatch.setattr(report, "_ungraded", lambda *asked: nobody)
    monkeypatch.setattr(report.waiting, "to_grade", lambda *asked: [])
    found = {"pairs": list(pairs), "same": []}
    monkeypatch.setattr(report, "_alike", lambda name, standings, who: found)
    return report.page(every, anonymous, True, 0.05)


def test_the_page_says_it(monkeypatch):
    html = rendered({"attend": CLASS}, False, monkeypatch)
    told = text(html)
    for said in (
        "22 % (2 of 9) √d forgotten",
        "2 submissions · merge Wrong on two tokens: most values differ.",
        "1 submission could not be graded (INFRA)",
        "the disk is full",
        "encode: uses tiktoken (cell 3, line 9)",
        "1 day and 6 hours (−1.25 points)",
        "Jo Made-up (jo)",
    ):
        assert said in told.replace("1 · Merge a pair", "merge"), said


def test_whose_time_nobody_knows_is_told(klass, monkeypatch):
    """Of whom is graded, and of whom is not yet; with what to do."""
    for who in "zoe", "yan":
        (klass / "submitted" / who / "attend").mkdir(parents=True)
    (klass / "submitted" / "yan" / "attend" / "timestamp.txt").touch()
    some = [standing("ada", handed_in=None), standing("bo")]
    said = text(report.page({"attend": some}, False, False, 0.05))
    assert "Nobody knows when 2 submissions came, so they count as in time" in said
    told = said.partition("No time known")[2]
    assert "Ada Made-up (ada)" in told and "zoe" in told and "yan" not in told
    assert "No time known" not in rendered({"attend": some[1:]}, False, monkeypatch)


def test_hidden_names_are_nowhere_and_stay_the_same(monkeypatch):
    odd = standing(
        "zed",
        2.0,
        "FLAGGED",
        first_name="Zedekiah",
        last_name="Quux",
        flags=(
            "zed_quux_attend.ipynb was graded in its place",
            "ZEDEKIAH wrote to quux@example.org",
            "nickname.ipynb was not graded: it differs from attend.ipynb",
        ),
    )
    class_ = [*CLASS, odd]
    one = rendered({"attend": class_}, True, monkeypatch)
    told = text(one).lower()
    for s in class_:
        for part in (s.first_name, s.email, s.name, f"({s.student})"):
            assert not re.search(rf"\b{re.escape(part.lower())}\b", told), part
    assert "it differs from attend.ipynb" in told
    for part in ("zed", "quux", "made-up", "nickname"):
        assert part not in one.lower()
    called = set(re.findall(r"student [0-9a-f]{8}", one))
    assert len(called) == len(class_)
    again = rendered({"attend": class_[::-1], "mlp": CLASS}, True, monkeypatch)
    assert called == set(re.findall(r"student [0-9a-f]{8}", again))
    # Nor does the order of a list tell who is who.
    who = counts.Who(b"key")
    listed = counts.names(class_, who).shown
    assert listed == sorted(listed)
    assert [who(s) for s in sorted(class_, key=lambda s: s.student)] != listed


def test_nothing_of_a_student_is_markup_here(monkeypatch):
    mean = made(
        MEAN[:20],
        scored(0.0, mistake=MEAN, reason=MEAN),
        scored(0.0, "encode", reason=f"Wrong on {MEAN}: {MEAN}"),
        first_name=MEAN,
        flags=(MEAN,),
        status="FLAGGED",
    )
    html = rendered({"attend": [mean, *CLASS]}, False, monkeypatch)
    tags = Tags(html).found
    assert not [
        t for t, _ in tags if t in ("script", "img", "iframe", "object", "form")
    ]
    assert not [a for _, x in tags for a in x if a.startswith("on") or a == "style"]
    assert text(html).count("alert(1)") >= 5


# --- much alike -----------------------------------------------------------------------
RELEASED = {"write_merge": "def merge(x):\n    ### YOUR CODE\n    raise\n"}
GIVEN = alike.Given(
    {**RELEASED, "write_encode": ""},
    frozenset(["def", "merge", "return", "for", "in", "x"]),
    frozenset(),
)


def written(folder, name, source):
    path = folder / f"{name}.ipynb"
    label = {"grade_id": "write_merge", "solution": True}
    cell = {"metadata": {"nbgrader": label}, "source": source}
    path.write_text(json.dumps({"cells": [cell]}))
    return path


def own_work(seed):
    """A function as one person alone would write it."""
    rnd = random.Random(seed)
    lines = [
        f"    v{rnd.randrange(99)} = x[{rnd.randrange(99)}] {rnd.choice('+-*/@')} "
        f"f{rnd.randrange(9)}({rnd.randrange(99)}, {rnd.choice('abc')}=x) "
        f"{rnd.choice('+-*/|&')} {rnd.randrange(99)}"
        for _ in range(12)
    ]
    return "\n".join(["def merge(x):", *lines, "    return x"])


def test_a_renamed_copy_is_found_and_own_work_is_not(tmp_path):
    sources = {f"own{i}": own_work(i) for i in range(12)}
    copy = re.sub(r"\b([vf]\d+|[abc])\b", r"mine_\1", own_work(3))
    copy = copy.replace("\n", "  # by me alone\n\n").replace(
        "    return x", "    y = 1\n    return x"
    )
    sources |= {"copy": copy, "twin": own_work(5).replace(" + ", "  +  ")}
    paths = {name: written(tmp_path, name, s) for name, s in sources.items()}
    paths["broken"] = tmp_path / "broken.ipynb"
    paths["broken"].write_text("[")
    found, same = alike.pairs(paths, GIVEN)
    assert [{pair.one, pair.other} for pair in found] == [{"own3", "copy"}]
    assert found[0].near > 0.9
    assert same == [["own5", "twin"]]


def test_what_everybody_has_brings_nobody_together(tmp_path):
    common = own_work(99).replace("def merge(x):\n", "")
    paths = {
        f"s{i}": written(tmp_path, f"s{i}", f"{own_work(i)}\n{common}")
        for i in range(12)
    }
    assert alike.pairs(paths, GIVEN) == ([], [])
    course = written(tmp_path, "course", own_work(3))
    given = alike.given(written(tmp_path, "released", RELEASED["write_merge"]), course)
    paths = {f"s{i}": course for i in range(3)}
    assert alike.pairs(paths, given) == ([], [])  # the course's own, three times


def test_it_takes_no_time_of_the_square(tmp_path):
    """Twice as many: the pairs that are counted do not grow fourfold."""
    rnd = random.Random(0)

    def counted(many):
        runs = {
            f"s{i}": np.unique(
                np.array([rnd.randrange(many * 20) for _ in range(100)], np.uint64)
            )
            for i in range(many)
        }
        return sum(alike._shared(list(runs), runs).values())

    assert counted(400) < 3 * counted(200)


# --- in a browser ---------------------------------------------------------------------
@pytest.fixture
def seen(browser, tmp_path):
    """A page as a browser shows it, and what it complained about."""

    def show(html, **about):
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        page = browser.new_page(**about)
        page.errors = []
        page.on("console", lambda message: page.errors.append(message.text))
        page.on("request", lambda request: page.errors.append(request.url))
        page.goto(f"file://{path}")
        assert page.errors.pop(0) == f"file://{path}"
        return page

    return show


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_in_a_browser(seen, scheme, monkeypatch):
    pair = {"near": 0.93, "one": "a", "other": "b"}
    html = rendered({"attend": CLASS}, False, monkeypatch, [pair])
    page = seen(html, viewport={"width": 360, "height": 700}, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
    assert page.errors == []
    assert overflow_findings(page) == []
    # The policy forbids scripts in the page, so axe runs in a copy that may.
    page.close()
    free = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    page = seen(free.replace("<details", "<details open"), color_scheme=scheme)
    assert axe_findings(page) == []
    page.close()


def test_ten_thousand_open_at_once(seen, monkeypatch):
    many = [
        replace(s, student=f"s{i}", first_name=f"First{i}")
        for i in range(10_000)
        for s in [CLASS[i % len(CLASS)]]
    ]
    html = rendered({"attend": many, "mlp": many}, False, monkeypatch)
    assert len(html) < 1_500_000
    page = seen("")
    seconds = timing.of_page(page)
    page.set_content(html, wait_until="load")
    assert 0 < seconds() < 2.0
    page.close()


def test_a_picture_says_what_it_shows():
    svg = chart.columns([("0–10 %", 3), ("10–20 %", 0)], "How <many>")
    (picture,) = [attrs for tag, attrs in Tags(svg).found if tag == "svg"]
    assert picture["aria-label"] == "How <many>. 0–10 %: 3, 10–20 %: 0"
    heights = [float(a["height"]) for t, a in Tags(svg).found if t == "rect"]
    assert heights[0] > 0 == heights[1]


def test_the_colours_are_the_books():
    from figures._style import PALETTE

    css = (look.HERE / "page.css").read_text("utf-8")
    light, _, rest = css.partition("prefers-color-scheme: dark")
    for name, (one, other) in PALETTE.items():
        assert f"--{name}: {one};" in light
        assert f"--{name}: {other};" in rest
