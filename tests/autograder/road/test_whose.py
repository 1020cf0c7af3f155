"""Whose it is, where several have one name: nobody's work or time is ever another's."""

import csv
import datetime
import functools
import io
import random
import re
from types import SimpleNamespace

import pytest

from autograder.road.desk import columns, gather, intake, newest, people, senders, sheet
from autograder.road.desk.archive import Piece
from autograder.road.desk.exercises import Exercises
from autograder.road.desk.stamps import Times
from autograder.road.times import Clock
from tests.autograder.road.lms import canvas, gradebook, moodle, notebook, zipped

START = datetime.datetime(2026, 11, 20)
HEAD = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,"
    "Last modified (submission)\n"
)


def row(number, name, email, day=""):
    at = f'"{day} November 2026, 10:00 AM"' if day else "-"
    return f"Participant {number},{name},{email},,,20.00,{at}\n"


def filed(klass):
    """The work that each student has, and on which day it was handed in."""
    found = {}
    for file in (klass / "submitted").glob("*/*/*.ipynb"):
        at = file.parent / "timestamp.txt"
        work = re.search(r"# of (\w+)", file.read_text("utf-8"))[1]
        found[file.parts[-3]] = work, at.read_text()[8:10] if at.exists() else None
    return found


@pytest.fixture
def go(klass, run, tmp_path):
    """Read a roster, collect a zip with a worksheet; exit code and words."""

    def collect(roster, files, worksheet="", *words):
        if roster:
            (tmp_path / "roster.csv").write_text(roster)
            assert run("roster", tmp_path / "roster.csv")[0] == 0
        some = {name: notebook(work=f"of {who}") for name, who in files.items()}
        (tmp_path / "a.zip").write_bytes(zipped(some))
        (tmp_path / "w.csv").write_text(worksheet)
        sheets = [tmp_path / "w.csv"] if worksheet else []
        told = run("collect", tmp_path / "a.zip", *sheets, "--zone", "UTC", *words)
        return told[0], " ".join(told[1].split())

    return collect


ANNA1, ANNA2 = (
    (201, "Anna Example", "anna1@x.org"),
    (202, "Anna Example", "anna2@x.org"),
)


def test_an_email_that_is_another_s_forbids_the_name(go, klass):
    """Moodle: one of two of this name is on the roster, and the other hands in."""
    files = {moodle("Anna Example", 202, "attend.ipynb"): "anna2"}
    code, said = go(HEAD + row(*ANNA1), files, HEAD + row(*ANNA1) + row(*ANNA2, 22))
    assert code == 1 and not filed(klass)
    told = "has the name of anna1@x.org, and another e-mail than the roster has"
    assert f"Anna Example_202 {told}" in said and "--as 'Anna Example_202'=ID" in said


def test_a_time_of_another_of_this_name_is_not_taken(go, klass):
    files = {
        moodle("Anna Example", 201, "attend.ipynb"): "anna1",
        moodle("Anna Example", 202, "essay.pdf"): "anna2",
    }
    worksheet = HEAD + row(*ANNA1, 19) + row(*ANNA2, 22)
    code, _ = go(HEAD + row(*ANNA1), files, worksheet)
    assert code == 1 and filed(klass) == {"anna1@x.org": ("anna1", "19")}


def test_the_row_of_a_hand_in_has_its_time(go, klass):
    """Also where a person says that it is of another than the row."""
    files = {moodle("Anna Example", 202, "attend.ipynb"): "anna2"}
    worksheet = HEAD + row(*ANNA1, 19) + row(*ANNA2, 22)
    given = ("--as", "Anna Example_202=anna1@x.org")
    assert go(HEAD + row(*ANNA1), files, worksheet, *given)[0] == 0
    assert filed(klass) == {"anna1@x.org": ("anna2", "22")}


def test_two_numbers_of_canvas_are_two_people(go, klass):
    """The roster has no numbers: which of two is on it is for a person to say."""
    one, two = (canvas("Anna Example", n, n, "attend.ipynb") for n in (1004, 1008))
    roster = "id,first name,last name\nanna,Anna,Example\nbob,Bob,Other\n"
    code, said = go(roster, {one: "anna", two: "twin"})
    assert code == 1 and not filed(klass)
    assert "exampleanna_1004 has the name of anna, and exampleanna_1008 has it" in said
    code, said = go("", {one: "anna", two: "twin"}, "", "--as", "exampleanna_1004=anna")
    assert code == 1 and filed(klass) == {"anna": ("anna", None)}
    code, said = go("", {two: "twin"})  # the next day, alone
    assert code == 1 and filed(klass) == {"anna": ("anna", None)}
    assert "another number than exampleanna_1004, collected before" in said


def test_who_is_found_by_the_name_alone_is_told(go, klass):
    roster = "id,first name,last name\nanna,Anna,Example\nbob,Bob,Other\n"
    files = {canvas("Anna Example", 1008, 1, "attend.ipynb"): "twin"}
    code, said = go(roster, files)
    told = "1 was found by the name alone, as the class knows no id of theirs; `roster`"
    assert code == 0 and told in said
    (klass / "submitted" / "anna").rename(klass / "away")
    files = {canvas("Anna Example", 1008, 1, "attend.ipynb"): "twin"}
    files["bob_1_2_attend.ipynb".replace("bob", "otherbob")] = "bob"
    code, said = go(gradebook([("Other, Bob", 1, "bob")]), files)
    assert (
        "by the name alone, as the class knows no id of theirs: anna; `roster`" in said
    )


def test_two_rows_of_one_name_are_nobodys(go, klass):
    """Where no id of the class is in them. A row by hand may say it."""
    roster = "id,first name,last name\nanna,Anna,Example\nbob,Bob,Other\n"
    files = {"anna/attend.ipynb": "anna", "bob/attend.ipynb": "bob"}
    times = "name,submitted at\nAnna Example,2026-11-19 10:00\n"
    times += "Bob Other,2026-11-21 10:00\nAnna Example,2026-11-22 10:00\n"
    code, said = go(roster, files, times)
    assert code == 1 and filed(klass) == {"anna": ("anna", None), "bob": ("bob", "21")}
    assert "w.csv, lines 2 and 4: all have the name of anna" in said
    assert "w.csv: 1 was found by the name alone" in said and ": bob; `roster`" in said


def test_ids_that_mean_two_are_nobodys():
    some = [columns.Person("a", email="a@x.org", names={"sid": "1"})]
    some.append(columns.Person("b", email="b@x.org", names={"sid": "2"}))
    from autograder.road.desk.whose import match

    found = people.Directory(some)
    assert match(found, [("email", "a@x.org"), ("sid", "1")]).student == "a"
    assert match(found, [("email", "a@x.org"), ("sid", "2")]).student is None
    assert match(found, [("email", "new@x.org"), ("sid", "2")]).student == "b"


FIRST, LAST = ("Anna", "明"), ("Example", "O'Neil", "李")
ROSTERS = ("canvas", "moodle", "hand", "hand with e-mails")
COLUMNS = (("id", "number"), ("id", "login"), ("email", "email"))


class Made:
    """A class in which names repeat, its roster, and what its people hand in."""

    def __init__(self, draw):
        self.draw, self.roster = draw, draw.choice(ROSTERS)
        is_number = "hand" in self.roster and draw.random() < 0.3  # another's in Canvas
        self.people = []
        for n in range(draw.randint(4, 9)):
            who = SimpleNamespace(key=f"u{n}", number=1000 + n, part=2000 + n)
            who.login = f"{1001 + n}" if is_number else who.key
            who.first, who.last = draw.choice(FIRST), draw.choice(LAST)
            who.name, who.email = f"{who.first} {who.last}", f"u{n}@x.org"
            who.at = START + datetime.timedelta(hours=n)
            who.id = who.email if self.roster == "moodle" else who.login
            self.people.append(who)
        listed = [p for p in self.people if draw.random() < 0.7] or self.people[:1]
        self.listed = {p.id: p for p in listed}
        called = [p.name for p in self.people]
        self.unique = [p for p in listed if called.count(p.name) == 1]

    def directory(self):
        some = self.listed.values()
        if self.roster == "canvas":
            each = [(f"{p.last}, {p.first}", p.number, p.login) for p in some]
            text = gradebook(each, attend=20)
        elif self.roster == "moodle":
            text = HEAD + "".join(row(p.part, p.name, p.email) for p in some)
        else:
            mails = self.roster != "hand"
            text = table(
                ["id", "first name", "last name", *["email"] * mails],
                [[p.login, p.first, p.last, *[p.email] * mails] for p in some],
            )
        found = columns.roster(sheet.parse(text, columns.COLUMNS, "r.csv"), {})
        assert len(found.people) == len(some), found.problems
        return people.Directory(found.people)

    def handed_in(self, form, word):
        """A zip of some of them, each with who it is."""
        for p in self.people:
            if self.draw.random() < 0.6:
                number = self.draw.randint(1, 99999)
                file = canvas(p.name, p.number, number, f"{word}.ipynb")
                if form == "moodle":
                    file = moodle(p.name, p.part, f"{word}.ipynb")
                data = notebook(word, work=f"of {p.key}")
                yield Piece(f"{word}.zip", tuple(file.split("/")), lambda _, d=data: d)

    def times(self, form):
        """A table with times, where some rows, ids or names are missing."""
        some = [p for p in self.people if self.draw.random() < 0.8]
        self.draw.shuffle(some)
        named, mails = self.draw.random() < 0.6, self.draw.random() < 0.6
        head, what = self.draw.choice(COLUMNS[self.roster != "canvas" :])
        if form == "moodle":
            head = ["Identifier", "Full name", *["Email address"] * mails, "Status"]
            rows = [
                [f"Participant {p.part}", p.name, *[p.email] * mails, ""] for p in some
            ]
        else:
            mails = mails or not named
            head = [*[head] * mails, *["name"] * named]
            rows = [[*[getattr(p, what)] * mails, *[p.name] * named] for p in some]
        pairs = zip(rows, some, strict=True)
        return table(
            [*head, "time"], [[*r, f"{p.at:%Y-%m-%d %H:%M}"] for r, p in pairs]
        )


def table(head, rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([head, *rows])
    return out.getvalue()


def is_told(student, notes):
    """That it was found by the name alone: by name, or of everybody."""
    some = [n for n in notes if "by the name alone" in n or "by their names alone" in n]
    lists = [n.partition(" of theirs")[2].partition(";")[0] for n in some]
    return any(not one or student in one[2:].split(", ") or "…" in one for one in lists)


@pytest.fixture(scope="module")
def exercises():
    return Exercises()


@pytest.mark.parametrize("seed", range(120))
def test_nothing_is_anothers(seed, exercises):
    """A name that misleads is told, and nothing that was handed over says otherwise."""
    made = Made(random.Random(seed))
    form, directory = made.draw.choice(["canvas", "moodle"]), made.directory()
    received = {}
    for _ in range(2):  # again, after some days
        times = Times()
        if made.draw.random() < 0.7:
            data = made.times(form).encode()
            times.add(
                Piece("t.csv", ("t.csv",), lambda _, d=data: d), directory, Clock("UTC")
            )
        handed_in = []
        for word in ("attend", "tokenize")[: made.draw.randint(1, 2)]:
            pieces = list(made.handed_in(form, word))
            handed_in += senders.senders(pieces, directory, [word], [])
        found = gather.gather(
            handed_in, directory, exercises, None, {}, times, received
        )
        at = functools.partial(intake._at, found=found, times=times)
        numbers = {sender.label.rpartition("_")[2] for _, sender in handed_in}
        for (student, word), several in found.found.items():
            one, _ = newest.counts(several, at)
            work = re.search(r"# of (\w+)", one.piece.read(0).decode())[1]
            (owner,) = [p for p in made.people if p.key == work]
            right, when = made.listed[student], at(one)
            if owner is not right:
                assert one.by_name and is_told(student, found.by_name())
                assert owner.id not in made.listed and {made.roster, form} != {"canvas"}
                assert f"{right.number}" not in numbers  # nor did the right one hand in
                assert not {f"{owner.part}", f"{right.part}"} <= times.rows.keys()
            if form == "canvas" and owner is not right:  # which was told
                assert when in (None, right.at) or is_told(student, times.notes)
            else:
                assert when in (None, owner.at) or is_told(student, times.notes)
            row = SimpleNamespace(form=one.sender.form, label=one.sender.label)
            before = received.setdefault((word, student), row)
            assert before.label == row.label or owner is right and not one.by_name
        for p in made.unique:
            assert not any(p.name in each for each in found.nobody)
        filed = {(s, w) for s, w in found.found}
        for piece, sender in handed_in:
            (owner,) = [
                p for p in made.people if f"of {p.key}".encode() in piece.read(0)
            ]
            if owner in made.unique:
                assert (owner.id, piece.source.removesuffix(".zip")) in filed
