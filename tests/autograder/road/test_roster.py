"""The lists that LMSs write, and what of them the gradebook keeps."""

import json

import pytest
import sqlalchemy as sa

from autograder.classroom import book, extensions
from autograder.road.desk import columns, sheet
from tests.autograder.road.lms import CANVAS_CSV

WORKSHEET = """\
Identifier,Full name,ID number,Email address,Status,Grade,Maximum grade,\
Grade can be changed,Last modified (submission),Last modified (grade),Feedback comments
Participant 5001,Anna Example,S1,anna@example.org,Submitted for grading,,20.00,Yes,\
"Friday, 20 November 2026, 10:00 AM",-,
Participant 5002,Jörg Müller,S2,joerg@example.org,No submission,,20.00,Yes,-,-,
"""


def ids(run):
    said = json.loads(run("roster", "--json")[1])
    return {student["id"]: student for student in said["students"]}


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("begin", ["", "sep"])
def test_every_encoding_and_delimiter(tmp_path, encoding, delimiter, begin):
    """As Excel saves a list in one country or another, with a line break in a cell."""
    rows = [
        ["Username", "First name", "Last name", "Email address", "Groups"],
        ["jmueller", "Jörg", "Müller", "joerg@example.org", '"A\nB"'],
        ["aexample", "Anna", "Example", "anna@example.org", "A"],
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"
    text = f"sep={delimiter}\r\n{text}" if begin else text
    file = tmp_path / "list.csv"
    file.write_bytes(text.encode(encoding))
    table = sheet.read(file, columns.COLUMNS)
    assert ("Windows-1252" in table.form) == (encoding == "cp1252")
    first, second = columns.roster(table, {}).people
    assert (first.id, first.first, first.last) == ("jmueller", "Jörg", "Müller")
    assert first.section == "A B" and second.email == "anna@example.org"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8", "gb18030"])
def test_a_table_without_latin_letters(encoding):
    """Its mark tells UTF-16, where no zero bytes do."""
    text = "学号;名字\n一;李明\n"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    said = encoding if encoding == "gb18030" else None
    found, _ = sheet.decoded((mark + text).encode(encoding), "list.csv", said)
    table = sheet.parse(found, columns.COLUMNS, "list.csv")
    (person,) = columns.roster(table, {"id": "学号", "name": "名字"}).people
    assert (person.id, person.full) == ("一", "李明")


def test_canvas_gradebook(klass, run, tmp_path):
    file = tmp_path / "grades.csv"
    file.write_text(CANVAS_CSV)
    code, said = run("roster", file)
    assert code == 0 and "5 new" in said and "Canvas's gradebook" in said
    assert "Student, Test" in said  # told, and left out
    assert "2 students are called Anna Sample: asample, asample2" in said
    found = ids(run)
    assert list(found) == ["aexample", "jmueller", "asample", "asample2", "mli"]
    names = found["mli"]["names"]
    assert names["canvas_id"] == "103" and names["sis_id"] == "S3"
    assert names["name"] == "李, 明"  # as Canvas writes it, for the way back
    assert (found["mli"]["first_name"], found["mli"]["last_name"]) == ("明", "李")
    assert found["asample"]["section"] == "Section A and Section B"


def test_nbgrader_has_the_same(klass, run, tmp_path):
    (tmp_path / "g.csv").write_text(CANVAS_CSV)
    run("roster", tmp_path / "g.csv")
    with book.opened() as gradebook:
        student = gradebook.find_student("jmueller")
        assert (student.first_name, student.last_name) == ("Jörg", "Müller")
        assert student.lms_user_id == "102"
        (one,) = [s for s in book.standings(gradebook, "attend") if s.student == "mli"]
        assert one.status == book.MISSING and one.section == "Section B"
        assert one.names["canvas_id"] == "103"


def test_a_second_file_finds_the_same_students(klass, run, tmp_path):
    """Moodle's lists call them by another id; nobody is doubled, nobody deleted."""
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text(
        "id,name,email,ID number\naex,Anna Example,anna@example.org,\nold,Old One,,\n"
        "jm,Jörg Müller,joerg@example.org,\n"
    )
    run("roster", first)
    second.write_text(WORKSHEET)
    code, said = run("roster", second)
    assert code == 0 and "0 new · 2 changed · 0 as before" in said
    assert "aex  id number: – → S1" in said
    assert "old  Old One" in said and "--drop" in said
    found = ids(run)
    assert set(found) == {"aex", "jm", "old"}
    assert found["aex"]["names"]["id_number"] == "S1"
    assert "0 new · 0 changed · 2 as before" in run("roster", second)[1]


def test_what_changed_is_said(klass, run, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(
        "id,first,last,email,section\n".replace("first,last", "first name,last name")
        + "aex,Anna,Example,anna@example.org,A\n"
    )
    run("roster", file)
    file.write_text("id,email,section\naex,a.example@example.org,B\nnew,,A\n")
    _, said = run("roster", file, "--dry-run")
    assert "dry run" in said and set(ids(run)) == {"aex"}
    _, said = run("roster", file)
    assert "1 new · 1 changed" in said
    assert "e-mail: anna@example.org → a.example@example.org; section: A → B" in said
    assert ids(run)["aex"]["first_name"] == "Anna"  # the file does not say: it stays


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,name\n,Anna Example\nb,Bert\n", "line 2: Anna Example has no id"),
        ("id,name\na,Anna\na,Other\nb,B\n", "lines 2 and 3: both have the id a"),
        (
            "id,name,github\na,Anna,x\na,Anna,y\nb,B,z\n",
            "lines 2 and 3: both have the id a",
        ),
        ("id,name\n../x,Anna\nb,B\n", "line 2: Anna cannot have the id '../x'"),
        (
            "id,name\na/b,Anna\nb,B\n",
            "line 2: Anna cannot have the id 'a/b': it holds a /",
        ),
        ("id,name\n.x,Anna\nb,B\n", "begins with a dot"),
        ("id,name\na<b,Anna\nb,B\n", "line 2: Anna cannot have the id"),
        (f"id,name\na,{'x' * 200}\nb,B\n", "more than 128 characters in name"),
    ],
)
def test_doubtful_rows_are_told_and_left_out(klass, run, tmp_path, text, told):
    file = tmp_path / "list.csv"
    file.write_text(text)
    code, said = run("roster", file)
    assert code == 1 and told in " ".join(said.split())
    assert set(ids(run)) == {"b"}


def test_ids_that_contradict_each_other(klass, run, tmp_path):
    """One id is one student's, the e-mail another's: neither is changed."""
    file = tmp_path / "list.csv"
    file.write_text("id,name,email\na,Anna,a@x.org\nb,Bert,b@x.org\n")
    run("roster", file)
    file.write_text("id,name,email\na,Anna,b@x.org\n")
    code, said = run("roster", file)
    assert code == 1 and "a could be a, b: left as it was" in said
    assert ids(run)["a"]["email"] == "a@x.org"


def test_unknown_columns_are_answered_with_an_option(klass, run, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("Matrikel;Wer\n17;Anna Example\n")
    code, said = run("roster", file)
    assert code == 2 and "'Matrikel', 'Wer'" in said and "--id COLUMN" in said
    code, said = run("roster", file, "--id", "matrikel", "--name", "Wer")
    assert code == 0
    assert ids(run)["17"]["last_name"] == "Example"
    code, said = run("roster", file, "--id", "Nr")
    assert code == 2 and "no column 'Nr' for --id" in said


def test_other_lms(klass, run, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(  # Gradescope's roster
        "First Name,Last Name,SID,Email,Role\nAnna,Example,007,a@x.org,Student\n"
        "Ina,Tutor,008,i@x.org,TA\n"
    )
    code, said = run("roster", file)
    assert code == 0 and "Ina Tutor is no student (TA)" in said
    file.write_text(  # GitHub Classroom's: whose identifier is another's id
        "identifier,github_username,github_id,name\n007,octo-anna,1,\nnew@x.org,cat,2,\n"
    )
    run("roster", file)
    found = ids(run)
    assert set(found) == {"007", "new@x.org"}
    assert found["007"]["names"]["github"] == "octo-anna"


def test_drop(klass, run, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("id,name\na,Anna\nb,Bert\n")
    run("roster", file)
    (klass / "submitted" / "a" / "attend").mkdir(parents=True)
    assert run("roster", "--drop", "nobody")[0] == 2
    code, said = run("roster", "--drop", "a")
    assert code == 2 and "has submitted something, and stays" in said
    for other in "nobody", "a":  # all or none
        code, said = run("roster", "--drop", "b", "--drop", other)
        assert code == 2 and "nobody was taken off" in said
        assert set(ids(run)) == {"a", "b"}
    run("due", "attend", "2026-11-20 12:00")
    assert run("due", "attend", "--student", "b", "--days", "3")[0] == 0
    assert run("roster", "--drop", "b")[0] == 0
    assert set(ids(run)) == {"a"}
    run("roster", file)  # who comes back has no more time than others
    with book.opened() as gradebook:
        for table in extensions.EXTENSIONS, extensions.ORIGINS:
            assert not gradebook.db.execute(sa.select(table)).all()


@pytest.mark.parametrize("text", ['a,"Ada\nb,Bo\n', 'a,"Ada\nb,Bo\nc,"Cy\nd,Di\n'])
def test_a_stray_quote_swallows_nobody(klass, run, tmp_path, text):
    (tmp_path / "list.csv").write_text(f"id,name\nz,Zoe\n{text}")
    code, said = run("roster", tmp_path / "list.csv")
    assert code == 2 and "list.csv, line 3: a quote" in said
    assert not ids(run)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04...", b"\x00" * 99, b"id\n", b'"', b"\xff\xfe"]
)
def test_what_is_no_table(klass, run, tmp_path, data):
    file = tmp_path / "list.csv"
    file.write_bytes(data)
    code, said = run("roster", file)
    assert code == 2 and said.count("\n") == 1
    assert run("roster", tmp_path / "none.csv")[0] == 2


def test_thousands(klass, run, tmp_path):
    file = tmp_path / "list.csv"
    rows = [f"s{n},Name {n},s{n}@x.org,{n % 20}" for n in range(3_000)]
    file.write_text("id,name,email,section\n" + "\n".join(rows))
    assert "3,000 new" in run("roster", file)[1]
    assert "3,000 as before" in run("roster", file)[1]


BLIND = "Identifier,Status,Grade,Maximum Grade,Last modified (submission)\n"
GERMAN = (
    "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Zuletzt geändert (Abgabe)\n"
)


def test_numbers_of_one_assignment_are_nobodys_ids(klass, run, tmp_path):
    """What is marked blind has nothing else: it is refused, with what to do."""
    (tmp_path / "w.csv").write_text(BLIND + "Participant 20001,,,20.00,-\n")
    for words in (), ("--id", "Identifier"):
        code, said = run("roster", tmp_path / "w.csv", *words)
        assert code == 2 and "reveal the students' identities" in said
        assert "collect ZIP WORKSHEET.csv --no-roster" in said
    assert not ids(run)


def test_a_worksheet_in_another_language(klass, run, tmp_path):
    file = tmp_path / "w.csv"
    file.write_text(GERMAN + "Teilnehmer/in 77,Anna Example,anna@example.org,,,-\n")
    code, said = run("roster", file)
    assert code == 2 and "Download it in English, or name the columns: --email" in said
    assert "'E-Mail-Adresse'" in said and "holds a /" not in said
    named = ("--email", "E-Mail-Adresse", "--name", "Vollständiger Name")
    code, said = run("roster", file, *named)
    assert code == 0 and "Moodle's grading worksheet" in said
    assert ids(run)["anna@example.org"]["names"] == {"name": "Anna Example"}


def test_a_misspelt_class_is_not_made(klass, run, tmp_path):
    (tmp_path / "list.csv").write_text("id,name\nada,Ada Example\n")
    wrong = f"{klass.name}x"
    code, said = run("roster", tmp_path / "list.csv", "--class", wrong)
    assert code == 2 and f"{klass.name}" in said and f"--new makes '{wrong}'" in said
    assert not (klass.parent / wrong).exists()
    code, said = run("roster", tmp_path / "list.csv", "--class", wrong, "--new")
    assert code == 0 and (klass.parent / wrong).is_dir()


def test_it_says_what_it_understood_and_what_is_next(klass, run, tmp_path):
    (tmp_path / "list.csv").write_text("Student ID,Student\nada,Ada Example\n")
    _, said = run("roster", tmp_path / "list.csv")
    assert "Student ID, Student (name)" in said and "collect submissions" in said
    (klass / "submitted" / "ada").mkdir(parents=True)
    (tmp_path / "list.csv").write_text('Student ID,Name\nada,"Example, Ada"\n')
    _, said = run("roster", tmp_path / "list.csv")
    assert "1 of the changed: only how this list writes the name" in said
    assert "Next: python -m autograder status" in said


def test_what_comes_next_before_anything_is_handed_in(klass, run, tmp_path):
    assert "next: python -m autograder release EXERCISE, or roster" in run("status")[1]
    (klass / "handout").mkdir()
    said = run("status")[1]
    assert "no roster yet; nothing was handed in yet" in said
    assert said.endswith(
        f"next: python -m autograder roster FILE.csv --class {klass.name}\n"
    )
    (tmp_path / "list.csv").write_text("id,name\nada,Ada Example\nmax,Ada Example\n")
    run("roster", tmp_path / "list.csv")
    said = run("status")[1]
    assert said.endswith(
        f"next: python -m autograder collect FILE --class {klass.name}\n"
    )
    code, said = run("due", "attend", "--student", "Ada Example", "--days", "1")
    assert code == 2 and "did you mean ada, or max?" in said  # both are called so
    code, said = run("grade", "attend")
    assert code == 2 and f"autograder collect FILE --class {klass.name}" in said
    assert "; did you mean attend?" in run("status", "atend")[1]
    (tmp_path / "s.zip").write_bytes(b"PK\x03\x04")
    assert "is for `collect`" in run("roster", tmp_path / "s.zip")[1]
