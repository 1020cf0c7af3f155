"""Are names shown and refused as they should be, and is the table straight in any terminal?"""

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.classroom import names
from autograder.classroom.table import FLAGGED, GRADED, INFRA, Row, table
from autograder.classroom.width import cells

REAL = [
    *("o'neill", "Smith, Anna [Ann]", "李 小龙", "João", "a&b", "D’Arcy-Müller, Jr."),
    *("Nguyễn Thị", "می\u200cخواهم", "ශ්\u200dරී", "X Æ A-12", "José", "Ba*ka?", "#1"),
]
REFUSED = {
    os.fsdecode(b"Jos\xe9"): ("José", "not UTF-8"),
    os.fsdecode(b"\xff\xfe\x81"): ("ÿþ", "not UTF-8"),
    "a\u009bb": ("ab", "U+009B"),
    "a\u202eb": ("ab", "U+202E"),
    "a\u0085b": ("ab", "U+0085"),
    "a\nb": ("ab", "U+000A"),
    "\x1b[2J": ("[2J", "U+001B"),
    "<img src=x onerror=alert(1)>": ("(img src=x onerror=alert(1))", "a page would"),
    'Robert "Bob" Li': ("Robert 'Bob' Li", "a page would"),
    "a\\b": ("a-b", "a page would"),
    ".x": ("x", "a dot"),
    " x ": ("x", "a blank"),
    "x" * 129: ("x" * 40, "129 characters"),
    "\n": ("student", "U+000A"),
}
ANY = st.one_of(st.text(max_size=200), st.binary(max_size=99).map(os.fsdecode))


@pytest.mark.parametrize("name", REAL)
def test_a_real_persons_name_is_taken(name):
    assert names.problem(name) is None
    assert names.suggestion(name) == name


@pytest.mark.parametrize("name", REFUSED, ids=ascii)
def test_what_is_refused_says_what_to_do(name):
    better, why = REFUSED[name]
    assert names.problem(name).startswith(f"rename the folder to '{better}': ")
    assert why in names.problem(name)


@given(ANY)
def test_any_name_has_one_that_is_taken(name):
    assert names.problem(names.suggestion(name)) is None


@given(ANY, st.sampled_from(["utf-8", "cp1252", "ascii"]))
def test_what_is_shown_is_one_line_and_can_be_printed(name, encoding):
    told = names.shown(name, encoding)
    told.encode(encoding)
    assert len(told.splitlines()) <= 1
    kinds = {unicodedata.category(letter) for letter in told} - {"Cf"}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(told) & set("\u202d\u202e\u2066\u2067\u2068\ufeff")


def rows(student):
    return [
        Row("plain", 20, 20, GRADED),
        Row(student, 17.5, 20, GRADED, (student, "ties: the first one seen")),
        Row(student, 3, 20, FLAGGED, flags=(f"merge: {student}", "and another " * 20)),
        Row(student, 0, 20, INFRA, flags=(f"rename it to {student}",)),
    ]


@given(ANY, st.sampled_from(["utf-8", "cp1252", "ascii"]), st.integers(40, 130))
def test_no_name_bends_the_table(student, encoding, width):
    told = table("tokenize", rows(student), width, encoding)
    told.encode(encoding)
    lines = told.splitlines()
    assert all(cells(line) <= width for line in lines)
    status = [line for line in lines if line[:3].strip() and f" {GRADED}" in line]
    assert "20.00" in told and "17.50" in told and " 3.00" in told
    assert len({cells(line.split(GRADED)[0]) for line in status[:2]}) == 1


def test_a_row_says_all_that_is_to_be_done_and_the_begin_of_a_flag():
    told = table("tokenize", rows("x" * 70 + " " + "y" * 70), 80)
    assert "x" * 70 in told.partition("INFRA")[2]
    assert "y" * 70 in told.partition("INFRA")[2]
    assert told.count("and another") < 15 and "…" in told
    assert "give the same command again" in " ".join(told.split())


def test_the_table_as_it_looks():
    shown = [
        Row("o'neill", 20, 20, GRADED),
        Row("李 小龙", 17.5, 20, GRADED, ("ties: the first one seen",)),
        Row(os.fsdecode(b"Jos\xe9"), 0, 20, INFRA, (), ("rename it to 'José'",)),
    ]
    assert table("attend", shown, 70).splitlines()[:5] == [
        "attend: 3 submissions, 20 points",
        "",
        "  o'neill   20.00  ██████████  GRADED",
        "  李 小龙   17.50  █████████·  GRADED   ties: the first one seen",
        "  Jos\\xe9       –              INFRA    rename it to 'José'",
    ]
    told = table("attend", shown, 70, "cp1252").splitlines()
    assert told[2].split() == ["o'neill", "20.00", "##########", "GRADED"]
    assert told[3].lstrip().startswith("\\u674e \\u5c0f\\u9f99")


def test_a_large_class_is_summed_up():
    rows = [
        Row(f"student-{i:03}", 20.0 if i % 2 else 15.0, 20, GRADED, ("ties",))
        for i in range(100)
    ]
    rows[7] = Row("odd", 20.0, 20, FLAGGED, flags=("merge: uses tiktoken",))
    rows[8] = Row("lost", 0.0, 20, INFRA, flags=("the disk is full",))
    told = table("tokenize", rows)
    assert "tokenize: 100 submissions, 20 points" in told
    assert "  99 with a grade: mean 17.53, median 20, 50 with all" in told
    assert "odd" in told and "the disk is full" in told
    lines = told.splitlines()
    bars = [line.count("█") for line in lines if " to " in line and "look" not in line]
    assert len(bars) == 10 and bars[0] == 40 and bars[2] == 40 and sum(bars) == 80
    assert "     98   98%  ties" in told
    assert "student-059" in table("tokenize", rows[40:])
    assert "student-0" not in told and max(map(cells, lines)) <= 80


def test_a_large_class_shows_so_many_to_look_at_and_where_the_others_are():
    flagged = [Row(f"odd-{i:03}", 1.0, 20, FLAGGED, flags=("why",)) for i in range(70)]
    told = table("tokenize", flagged)
    assert told.count("odd-") == 60
    assert "and 10 more: python -m autograder review tokenize" in told


def test_the_table_says_what_the_points_are_made_of():
    shown = [
        Row("late", 15, 20, GRADED, ("ties",), penalty=2.5),
        Row("hand", 12, 20, GRADED, by_hand=True, waits=True),
        Row("again", 9, 20, INFRA, flags=("the disk is full",), stands=True),
    ]
    lines = table("attend", shown, 100).splitlines()[2:5]
    assert lines[0].endswith("-2.5 for being late; ties")
    assert lines[1].endswith("points by hand; look at it again")
    assert "  9.00  " in lines[2]


def test_a_row_of_whom_no_time_is_known():
    rows = [Row("ada", 1, 2, GRADED, untimed=True), Row("bo", 1, 2, GRADED)]
    told = " ".join(table("attend", rows).split())
    assert "GRADED no time known" in told and "2 submissions" in told
    assert "1 of 2 submissions were handed in, so late work counts as in time" in told
    told = table("attend", rows[1:])
    assert "no time" not in told and "1 submission," in told


def test_of_a_large_class_those_without_a_grade_come_first():
    flagged = [Row(f"a{i:03}", 20.0, 20.0, FLAGGED, flags=("odd",)) for i in range(99)]
    failed = Row("zoe", 0.0, 20.0, INFRA, flags=("rename the folder",))
    said = table("attend", [*flagged, failed])
    assert said.index("zoe") < said.index("a000")
    assert "and 40 more" in said
