"""Do the grades arrive in Canvas, in Moodle and in a spreadsheet, and nothing else?"""

import argparse
import csv
import io
import json
import math
import threading

import pytest

from autograder.classroom import course
from autograder.road import export
from autograder.road.forms import canvas, moodle, plain, sheet
from gpt import data
from tests.autograder.road.made import late, standing

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Attend (901),tokenize (902),"
    "Final Score,Notes\n"
    ",,,,,Manual Posting,,,\n"
    "    Points Possible,,,,,5.00,5.00,(read only),\n"
    '"Ünal, Žofia",11,S1,zofia@example.org,"One, two",,4.00,88.1,likes = signs\n'
    '"李, 小龙",12,S2,xiaolong,One,1.00,3.00,70,\n'
    '"Absent, Ann",13,S3,ann,One,2.00,,,\n'
    '"Broken, Bo",14,S4,bo,One,2.50,,,\n'
    '"Excused, Eve",15,S5,eve,One,EX,,,\n'
    '"=1+1, Max",16,S6,max,One,,,,\n'
    '"Student, Test",17,,abc0,One,,,,\n'
)
CLASS = [
    standing("zofia", 4.5),
    standing(
        "xiaolong", 3.0, first_name="小龙", last_name="李", names={"login": "xiaolong"}
    ),
    standing("ann", None, "MISSING", lms_id="13"),
    standing("bo", None, "INFRA"),
    standing("eve", 5.0),
    late("max", 5.0, 30, 1.25),
    standing("nobody", 2.0),
]


def table(made):
    text = made.bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=made.delimiter))


def given(text, tmp_path):
    path = tmp_path / "export.csv"
    path.write_bytes(text.encode())
    return sheet.read(path)


def test_canvas_gets_its_own_file_back_with_one_column_changed(tmp_path):
    before = given(CANVAS, tmp_path)
    told = canvas.fill(before, {"attend": CLASS}, "", False)
    after = table(told.sheet)
    column = {row[1]: row[5] for row in after[3:]}
    assert column == {
        "11": "4.50",
        "12": "3.00",
        "16": "3.75",
        "13": "2.00",  # as it was, and so are these
        "14": "2.50",
        "15": "EX",
        "17": "",
    }
    for old, new in zip(before.rows, after, strict=True):
        assert [c for i, c in enumerate(old) if i != 5] == [
            c.removeprefix("'") for i, c in enumerate(new) if i != 5
        ]
    assert told.graded == 3
    assert told.absent == ["nobody"]
    assert told.odd == ["eve is excused in the file; left so"]
    assert told.unknown == []


def test_what_canvas_would_read_again_is_what_it_wrote(tmp_path):
    told = canvas.fill(given(CANVAS, tmp_path), {"tokenize": []}, "", False)
    names = [row[0] for row in table(told.sheet)]
    assert names[3:5] == ["Ünal, Žofia", "李, 小龙"]
    assert names[-2] == "'=1+1, Max"  # Canvas goes by the ID there
    anonymous = CANVAS.replace('"=1+1, Max",16', '"=1+1, Max",')
    told = canvas.fill(given(anonymous, tmp_path), {"tokenize": []}, "", False)
    assert "=1+1, Max" in [row[0] for row in table(told.sheet)]  # here by the name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("=cmd|'/C calc'!A0", False),
        ("+49", False),
        ("-1+1", False),
        ("@SUM(A1)", False),
        ("\t=1", False),
        ("\r=1", False),
        (" =1", False),
        ('="=1+1, Max"', True),  # so Canvas writes it
        ('="=1"&cmd()&""', False),  # and this is not so, though it looks so
        ("O'Neill = Søn", True),
    ],
)
def test_no_name_is_a_formula(name, safe):
    assert (sheet.defused(name) == name) is safe
    if not safe:
        assert sheet.defused(name) == f"'{name}"
    people = [standing("a", first_name=name, last_name="", flags=(name,))]
    for made in (plain.new({"attend": people}), canvas.new({"attend": people})):
        for row in table(made.sheet)[1:]:
            assert all(sheet.defused(cell) == cell for cell in row)


def test_a_column_that_is_not_clear_is_not_guessed(tmp_path):
    def asked(text, grades, column=""):
        return canvas.fill(given(text, tmp_path), grades, column, False)

    both = CANVAS.replace("tokenize (902)", "attend (902)")
    with pytest.raises(ValueError, match="'Attend .901.', 'attend .902.'.*--column"):
        asked(both, {"attend": CLASS})
    told = asked(both, {"attend": CLASS}, "attend (902)")
    assert [row[6] for row in table(told.sheet)][3:5] == ["4.50", "3.00"]
    with pytest.raises(ValueError, match="no column is called mlp.*'tokenize'"):
        asked(CANVAS, {"mlp": CLASS})
    quiz = CANVAS.replace("Attend (901)", "Quiz: how to attend (901)")
    with pytest.raises(ValueError, match="no column is called attend.*'Quiz: how to"):
        asked(quiz, {"attend": CLASS})
    told = asked(quiz, {"attend": CLASS}, "Quiz: how to attend")
    assert told.columns == {"attend": "Quiz: how to attend (901)"}
    told = asked(CANVAS, {"attend": CLASS, "mlp": CLASS})  # its title, and no other
    assert told.columns == {"attend": "Attend (901)"}
    assert told.odd[0] == "no column is called mlp: its grades are not in the file"
    with pytest.raises(ValueError, match="no column 'Final Score'"):
        asked(CANVAS, {"attend": CLASS}, "Final Score")  # Canvas's own: read only


def test_other_points_there_are_converted_only_when_asked(tmp_path):
    ten = CANVAS.replace("5.00,5.00,(read only)", "10.00,5.00,(read only)")
    with pytest.raises(ValueError, match=r"10 points there and 5 here.*--scale"):
        canvas.fill(given(ten, tmp_path), {"attend": CLASS}, "", False)
    told = canvas.fill(given(ten, tmp_path), {"attend": CLASS}, "", True)
    assert [row[5] for row in table(told.sheet)][3:5] == ["9.00", "6.00"]


@pytest.mark.parametrize("points", ["0", "nan", "inf", "-20", "1e3", "five", ""])
@pytest.mark.parametrize("scale", [False, True])
def test_points_that_are_none_scale_nothing(tmp_path, points, scale):
    text = CANVAS.replace("5.00,5.00,(read only)", f"{points},5.00,(read only)")
    if points or scale:
        with pytest.raises(ValueError, match="no number above 0"):
            canvas.fill(given(text, tmp_path), {"attend": CLASS}, "", scale)
    else:  # it does not say, and nothing is converted
        assert canvas.fill(given(text, tmp_path), {"attend": CLASS}, "", False).graded


@pytest.mark.parametrize("points", ["1,000.00", "1,000", "1 000.00", "1’000.00"])
def test_thousands(tmp_path, points):
    text = CANVAS.replace("5.00,5.00,(read only)", f'"{points}",5.00,(read only)')
    with pytest.raises(ValueError, match="1000 points there and 5 here"):
        canvas.fill(given(text, tmp_path), {"attend": CLASS}, "", False)
    told = canvas.fill(given(text, tmp_path), {"attend": CLASS}, "", True)
    assert [row[5] for row in table(told.sheet)][3:5] == ["900.00", "600.00"]


def test_points_without_an_end_are_no_grade(asked, tmp_path, capsys, monkeypatch):
    odd = [standing("a", math.nan), standing("b", math.inf), standing("c", -math.inf)]
    monkeypatch.setattr(export, "_grades", lambda exercises: {"attend": odd})
    for form in export.FORMS:
        assert asked("--for", form, "--json") == 1
        about = json.loads(capsys.readouterr().out)
        assert about["grades"] == 0 and len(about["odd"]) == 3
        assert "a: the points given by hand are no number" in about["odd"][0]
        text = (tmp_path / "class" / "exports" / f"attend-{form}.csv").read_text(
            "utf-8"
        )
        assert "nan" not in text and "inf" not in text


def test_who_was_found_by_the_name_alone_is_told(tmp_path, asked, capsys):
    """Their ids there are none that the class knows; where it knows none, how many."""
    text = CANVAS.replace("S1,zofia@example.org", "S1,zz").replace("S5,eve", "S5,ee")
    text = text.replace("xiaolong", "xl").replace("Ünal, Žofia", "Made-up, Zofia")
    told = canvas.fill(given(text, tmp_path), {"attend": CLASS}, "", False)
    assert told.found == {"zofia": True, "max": False}
    (note,) = told.by_name()
    assert (
        "1 was found by the name alone" in note and "of theirs: zofia; `roster`" in note
    )
    told = canvas.fill(
        given(
            text.replace("max,One", "mm,One").replace("=1+1, Max", "Made-up, Max"),
            tmp_path,
        ),
        {"attend": CLASS},
        "",
        False,
    )
    (note,) = told.by_name()
    assert "2 were found by their names alone" in note and "zofia" not in note
    assert not canvas.fill(
        given(CANVAS, tmp_path), {"attend": CLASS}, "", False
    ).by_name()
    (tmp_path / "theirs.csv").write_text(text)
    asked("--into", tmp_path / "theirs.csv")
    assert "1 was found by the name alone" in capsys.readouterr().out


def test_two_who_fit_are_told_and_left(tmp_path):
    twice = CANVAS.replace("12,S2,xiaolong", "12,S2,zofia@example.org")
    told = canvas.fill(given(twice, tmp_path), {"attend": CLASS}, "", False)
    assert [row[5] for row in table(told.sheet)][3:5] == ["", "1.00"]
    assert "zofia: 2 rows fit; left as they were" in told.odd
    mixed = CANVAS.replace("12,S2,xiaolong", "12,eve,xiaolong")
    told = canvas.fill(given(mixed, tmp_path), {"attend": CLASS}, "", False)
    assert "李, 小龙: its ids belong to several students; left as it was" in told.odd
    # Nor does one name of two students find either.
    same = [standing("a", 1.0, first_name="Ann", last_name="Absent")]
    same += [standing("b", 2.0, first_name="Ann", last_name="Absent")]
    told = canvas.fill(given(CANVAS, tmp_path), {"attend": same}, "", False)
    assert told.graded == 0
    assert told.absent == ["a", "b"]
    # Nor does a name find somebody of whom the LMS's own id is known, and is another.
    same = [standing("a", 1.0, first_name="Ann", last_name="Absent")]
    told = canvas.fill(given(CANVAS, tmp_path), {"attend": same}, "", False)
    assert told.graded == 1
    same[0] = standing(
        "a", 1.0, first_name="Ann", last_name="Absent", names={"canvas_id": "99"}
    )
    told = canvas.fill(given(CANVAS, tmp_path), {"attend": same}, "", False)
    assert told.graded == 0


SEMICOLONS = (
    "\ufeffStudent;ID;SIS Login ID;Section;Attend (901)\r\n"
    "    Points Possible;;;;5,00\r\n"
    '"Ünal; Žofia";11;zofia@example.org;One;\r\n'
)


def test_a_gradebook_with_semicolons_and_decimal_commas(tmp_path):
    before = given(SEMICOLONS, tmp_path)
    made = canvas.fill(before, {"attend": CLASS}, "", False).sheet
    expected = SEMICOLONS.replace("One;\r\n", "One;4,50\r\n")
    assert made.bytes().decode() == expected


@pytest.mark.parametrize(
    ("points", "beside", "written"),
    [
        ("5", "", "4,50"),  # nothing says it but the semicolons
        ("5", "3,25", "4,50"),
        ("5", "3.25", "4.50"),
        ("1.000", "", "900,00"),
        ("1.000,00", "", "900,00"),
    ],
)
def test_the_decimal_sign_is_the_files_own(tmp_path, points, beside, written):
    text = SEMICOLONS.replace("Attend (901)", "Attend (901);b (902)")
    text = text.replace("5,00", f"{points};").replace("One;", f"One;;{beside}")
    told = canvas.fill(given(text, tmp_path), {"attend": CLASS}, "", points != "5")
    assert table(told.sheet)[2][4] == written


WORKSHEET = (
    '\ufeffIdentifier,"Full name","ID number","Email address",Status,Grade,'
    '"Maximum Grade","Grade can be changed","Last modified (submission)",'
    '"Last modified (grade)","Feedback comments"\n'
    '"Participant 501","Žofia Ünal",,zofia@example.org,Submitted,,5.00,Yes,-,-,\n'
    '"Participant 502","=HYPERLINK(1)",,xiaolong@example.org,Submitted,1.00,5.00,Yes,-,'
    '"Monday, 2 November 2026, 9:00 AM",well\n'
    '"Participant 503","Bo Made-up",,bo@example.org,Submitted,2.00,5.00,Yes,-,-,\n'
    '"Participant 504","Someone Else",,else@example.org,"No submission",,5.00,Yes,-,-,\n'
)


def test_moodles_worksheet(tmp_path):
    before = given(WORKSHEET, tmp_path)
    assert moodle.is_one(before)
    assert not canvas.is_one(before)
    told = moodle.fill(before, {"attend": CLASS}, "", False)
    after = table(told.sheet)
    assert [row[5] for row in after] == ["Grade", "4.50", "3.00", "2.00", ""]
    assert after[2][1] == "'=HYPERLINK(1)"
    for old, new in zip(before.rows, after, strict=True):
        assert [*old[:1], *old[2:5], *old[6:]] == [*new[:1], *new[2:5], *new[6:]]
    assert told.unknown == ["Participant 504"]
    assert told.sheet.bytes().startswith(b"\xef\xbb\xbfIdentifier,")
    anonymous = "Identifier,Status,Grade,Maximum Grade\nParticipant 7,,,5.00\n"
    known = [standing("p7", 4.0, names={"participant": "7"})]
    told = moodle.fill(given(anonymous, tmp_path), {"attend": known}, "", False)
    assert table(told.sheet)[1] == ["Participant 7", "", "4.00", "5.00"]
    locked = WORKSHEET.replace("5.00,Yes", "5.00,No", 1)
    told = moodle.fill(given(locked, tmp_path), {"attend": CLASS}, "", False)
    assert len(told.odd) == 1 and "is locked in Moodle's gradebook" in told.odd[0]
    twenty = WORKSHEET.replace("5.00,Yes", "20.00,Yes")
    with pytest.raises(ValueError, match="20 points there and 5 here"):
        moodle.fill(given(twenty, tmp_path), {"attend": CLASS}, "", False)


def test_moodles_grade_import_holds_nobody_whom_it_would_stop_at():
    lost = standing("lost", 2.0, email="")
    bad = standing("bad", 2.0, email="=1@example.org")
    told = moodle.new({"attend": [*CLASS, lost, bad]})
    rows = table(told.sheet)
    assert rows[0] == [
        "First name",
        "Last name",
        "ID number",
        "Email address",
        "attend",
    ]
    assert [row[4] for row in rows[1:]] == [
        "4.50",
        "3.00",
        "5.00",
        "3.75",
        "2.00",
        "2.00",
    ]
    assert rows[-1][3] == ""
    assert told.absent == ["lost"]
    assert "formula" in told.odd[0]
    with pytest.raises(ValueError, match="one exercise at a time"):
        moodle.new({"attend": CLASS, "mlp": CLASS})


def test_one_name_alone_has_no_comma():
    one = standing("xw", first_name="", last_name="王小明")
    assert table(canvas.new({"attend": [one]}).sheet)[2][0] == "王小明"


def test_a_new_gradebook_for_canvas_takes_no_grade_away():
    rows = table(canvas.new({"attend": CLASS}).sheet)
    assert rows[1] == ["    Points Possible", "", "", "", "", "5.00"]
    assert [row[3] for row in rows[2:]] == [
        "ann",
        "eve",
        "max",
        "nobody",
        "xiaolong",
        "zofia",
    ]
    assert [row[5] for row in rows[2:]] == ["", "5.00", "3.75", "2.00", "3.00", "4.50"]


def test_the_plain_table_says_it_all():
    told = plain.new({"tokenize": CLASS})
    rows = table(told.sheet)
    by = {
        row["student"]: row
        for row in (dict(zip(rows[0], r, strict=True)) for r in rows[1:])
    }
    assert told.sheet.bytes().startswith(b"\xef\xbb\xbf")  # so that Excel reads UTF-8
    assert set(by) == {s.student for s in CLASS}
    assert by["xiaolong"]["last_name"] == "李"
    assert (by["max"]["total"], by["max"]["score"]) == ("3.75", "5.00")
    assert (by["max"]["late_penalty"], by["max"]["hours_late"]) == ("1.25", "30.00")
    assert (by["zofia"]["merge"], by["zofia"]["encode"]) == ("1.80", "2.70")
    for name, status in (("bo", "INFRA"), ("ann", "MISSING")):
        assert by[name]["status"] == status
        assert by[name]["total"] == by[name]["score"] == by[name]["merge"] == ""


def test_it_says_of_whom_no_time_is_known(asked, monkeypatch, tmp_path, capsys):
    untimed = standing("ada", handed_in=None)
    others = [standing("bo"), standing("cy", None, "MISSING")]
    others.append(standing("di", handed_in=None, due=None))
    told = table(plain.new({"attend": [untimed, *others]}).sheet)
    by = {row[1]: dict(zip(told[0], row, strict=True)) for row in told[1:]}
    known = {name: row["time_known"] for name, row in by.items()}
    assert known == {"ada": "no", "bo": "yes", "cy": "", "di": "no"}
    assert [by[n]["hours_late"] for n in ("ada", "bo")] == ["", "0"]
    monkeypatch.setattr(export, "_grades", lambda _: {"attend": [untimed, *others]})
    assert asked("--to", tmp_path / "grades.csv") == 1
    assert "1 with no time known: written as if" in capsys.readouterr().out


def test_a_worksheet_of_blind_marking(tmp_path):
    """By Moodle's numbers for a class that has them; else nobody is guessed."""
    blind = "Identifier,Status,Grade,Maximum Grade\nParticipant 20001,,,5.00\n"
    told = moodle.fill(
        given(blind, tmp_path), {"attend": [standing("Participant 20001")]}, "", False
    )
    assert told.sheet.rows[1][2] == "5.00" and not told.absent and not told.unknown
    assert "other students in another assignment" in told.notes[0]
    with pytest.raises(ValueError, match="blind marking, or not in English"):
        moodle.fill(given(blind, tmp_path), {"attend": [standing("ada")]}, "", False)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no table"),
        (b"one\n", "no table"),
        ("Schüler,ID\n".encode("cp1252"), "not UTF-8"),
        *(
            ("Student,ID\n".encode(f"utf-16-{order}"), "not UTF-8")
            for order in ("le", "be")
        ),
        (b'Student,ID\n"open,1\n', "no sound CSV"),
        (b"Student,ID\n" + b"x" * 200_000 + b",1\n", "no sound CSV"),
    ],
)
def test_a_file_that_is_no_gradebook(data, why, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=why):
        sheet.read(path)


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """The command, on a class of which the book says what CLASS says."""
    monkeypatch.setattr(course, "class_folder", lambda: tmp_path / "class")
    monkeypatch.setattr(course, "class_name", lambda: "made")
    monkeypatch.setattr(export, "_grades", lambda exercises: {"attend": CLASS})

    def run(*words):
        parser = argparse.ArgumentParser()
        export.arguments(parser)
        return export.run(parser.parse_args(["attend", *map(str, words)]))

    return run


def test_a_file_that_is_not_ours_is_not_written_over(asked, tmp_path, capsys):
    to = tmp_path / "grades.csv"
    assert asked("--to", to) == 1  # Bo was not graded
    said = capsys.readouterr().out
    assert "1 not graded (INFRA), and no zero is written: bo" in said
    ours = to.read_bytes()
    assert asked("--to", to) == 1  # our own may be written again
    to.write_text("mine\n")
    with pytest.raises(ValueError, match="not as this command wrote it"):
        asked("--to", to)
    assert to.read_text() == "mine\n"
    assert asked("--to", to, "--force") == 1
    assert to.read_bytes() == ours
    theirs = tmp_path / "canvas.csv"
    theirs.write_text(CANVAS)
    with pytest.raises(ValueError, match="the file that the LMS exported"):
        asked("--into", theirs, "--to", theirs, "--force")
    assert theirs.read_text() == CANVAS


def test_what_was_written_is_ours_in_a_class_that_was_moved(
    asked, tmp_path, monkeypatch
):
    """Renamed, or copied to another machine; and whatever was noted by an earlier one."""
    listed = tmp_path / "class" / "exports" / "written.json"
    asked()
    (ours,) = listed.parent.glob("*.csv")
    (digest,) = json.loads(listed.read_text()).values()
    listed.write_text(json.dumps({str(ours): digest[0]}))
    asked()
    moved = (tmp_path / "class").rename(tmp_path / "renamed")
    monkeypatch.setattr(course, "class_folder", lambda: moved)
    monkeypatch.setattr(export, "_grades", lambda exercises: {"attend": CLASS[:2]})
    asked()
    assert (moved / "exports" / ours.name).read_bytes() != b""


def test_two_exports_at_once_are_both_noted(asked, tmp_path, monkeypatch):
    """The second reads the list when the first has written it."""
    listed = tmp_path / "class" / "exports" / "written.json"
    others = []

    def write(path, text, write=data.write_whole):
        write(path, text)
        if path == listed and not others:
            others.append(threading.Thread(target=asked, args=["--to", tmp_path / "b"]))
            others[0].start()
            others[0].join(0.5)

    monkeypatch.setattr(data, "write_whole", write)
    asked("--to", tmp_path / "a")
    others[0].join()
    assert {*json.loads(listed.read_text())} == {str(tmp_path / n) for n in "ab"}


def test_commas_in_titles_are_no_delimiters(tmp_path):
    text = "Student;ID;Section;attend (1);a, b, c, d, e, f (2)\nAda;1;A;;\n"
    assert given(text, tmp_path).delimiter == ";"
    assert given('"A, B";ID\n1;2\n', tmp_path).delimiter == ";"


@pytest.mark.parametrize("damaged", ["[]", "{", '{"a": 5}', "[" * 100_000, "\0"])
def test_a_damaged_list_of_what_was_written(asked, tmp_path, capsys, damaged):
    to, listed = (
        tmp_path / "grades.csv",
        tmp_path / "class" / "exports" / "written.json",
    )
    asked("--to", to)
    before = to.read_bytes()
    listed.write_text(damaged)
    assert asked("--to", to) == 1  # the very same bytes may be written again
    assert "written.json was damaged" in capsys.readouterr().out
    listed.write_text(damaged)
    to.write_text("mine\n")
    with pytest.raises(ValueError, match="not as this command wrote it.*was damaged"):
        asked("--to", to)
    assert to.read_text() == "mine\n"
    assert asked("--to", to, "--force") == 1 and to.read_bytes() == before


@pytest.mark.parametrize("stopped_at", [0, 1, 2])
def test_what_was_written_is_ours_wherever_it_was_stopped(
    asked, tmp_path, monkeypatch, stopped_at
):
    to, steps = tmp_path / "grades.csv", iter(range(9))
    asked("--to", to)

    def write(path, data, write=data.write_whole):
        if next(steps) == stopped_at:
            raise KeyboardInterrupt
        write(path, data)

    grades = [{"attend": CLASS[:n]} for n in (3, 2)]
    with monkeypatch.context() as stop:
        stop.setattr(data, "write_whole", write)
        stop.setattr(export, "_grades", lambda exercises: grades[0])
        with pytest.raises(KeyboardInterrupt):
            asked("--to", to)
    monkeypatch.setattr(export, "_grades", lambda exercises: grades[1])
    asked("--to", to)
    assert to.read_bytes() == plain.new(grades[1]).sheet.bytes()


def test_it_says_so_in_json_and_leaves_nothing_half(asked, tmp_path, capsys):
    theirs = tmp_path / "canvas.csv"
    theirs.write_text(CANVAS)
    assert asked("--into", theirs, "--json") == 1
    about = json.loads(capsys.readouterr().out)
    assert about["form"] == "canvas"
    assert about["columns"] == {"attend": "Attend (901)"}
    assert about["grades"] == 3
    assert about["infra"] == ["bo"]
    assert about["missing"] == ["ann"]
    assert about["absent"] == ["nobody"]
    with pytest.raises(ValueError, match="cannot be written"):
        asked("--to", tmp_path / "canvas.csv" / "x.csv")
    odd = tmp_path / "odd.csv"
    odd.write_text("a,b,c\n1,2,3\n")
    with pytest.raises(ValueError, match="neither Canvas's gradebook nor Moodle's"):
        asked("--into", odd)
    assert sorted(p.name for p in (tmp_path / "class" / "exports").iterdir()) == [
        "attend-canvas-gradebook.csv",
        "written.json",
    ]
