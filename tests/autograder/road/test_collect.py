"""What LMSs hand out, filed: every form of theirs, and what fits nobody is told."""

import json
import shlex
import shutil
import subprocess

import pytest

from autograder.classroom import book
from tests.autograder.road.lms import (
    CANVAS_CSV,
    canvas,
    gradescope,
    moodle,
    notebook,
    zipped,
)
from tests.autograder.road.made import standing


@pytest.fixture
def roster(klass, run, tmp_path):
    """A class with Canvas's roster of five."""
    (tmp_path / "canvas.csv").write_text(CANVAS_CSV)
    assert run("roster", tmp_path / "canvas.csv")[0] == 0
    return klass


@pytest.fixture
def go(roster, run, tmp_path):
    """Collect files from a zip (or a folder) of that name; what --json says of it."""

    def collect(files, *words, name="submissions.zip"):
        path = tmp_path / name
        if name.endswith(".zip"):
            path.write_bytes(files if isinstance(files, bytes) else zipped(files))
        else:
            shutil.rmtree(path, ignore_errors=True)
            for inner, data in files.items():
                (path / inner).parent.mkdir(parents=True, exist_ok=True)
                (path / inner).write_bytes(data)
        code, said = run("collect", path, *words, "--json")
        return code, json.loads(said) if said.startswith("{") else said

    return collect


def lies(klass, step="submitted"):
    """Every file of a step, by its path."""
    top = klass / step
    return {
        str(file.relative_to(top)): file.read_bytes()
        for file in top.rglob("*")
        if file.is_file()
    }


def students(said, kind="new"):
    return [one["student"] for one in said[kind]]


def test_canvas(roster, go):
    """The student is found by the user's number, whatever the name is now."""
    a, b, c1, c2 = (notebook(work=f"work {n}") for n in range(4))
    code, said = go(
        {
            canvas("Renamed Since", 101, 9001, "attend.ipynb"): a,
            canvas("Jörg Müller", 102, 9002, "Untitled3.ipynb"): b,
            canvas("明 李", 103, 9003, "attend.ipynb"): c1,
            canvas("明 李", 103, 9004, "attend-1.ipynb"): c2,
            canvas("明 李", 103, 9005, "plot.png"): b"png",
            canvas("明 李", 103, 9006, "timestamp.txt"): b"2026-01-01 00:00:00 UTC",
            "__MACOSX/._mliattend.ipynb": b"",
        }
    )
    assert code == 0, said
    assert lies(roster) == {
        "aexample/attend/attend.ipynb": a,
        "jmueller/attend/attend.ipynb": b,
        "mli/attend/attend.ipynb": c2,  # the file with the higher number is the newer
        "mli/attend/plot.png": b"png",
    }
    notes = " ".join(said["notes"])
    assert "attend-1.ipynb counts" in notes and "attend.ipynb was not taken" in notes
    assert "timestamp.txt is not the student's to write" in notes
    assert said["missing"] == {"attend": ["asample", "asample2"]}
    code, said = go({canvas("Renamed Since", 101, 9001, "attend.ipynb"): a})
    assert code == 0 and students(said, "same") == ["aexample"]
    assert not (roster / "replaced").exists()


def test_who_has_only_the_name_is_another(roster, go, run, tmp_path):
    """By Canvas's number, where the roster has it. A name alone does where it has none."""
    work = notebook(work="of somebody else")
    code, said = go({canvas("Jörg Müller", 1, 9002, "attend.ipynb"): work})
    assert code == 1 and not lies(roster)
    assert (
        "müllerjörg_1 has the name of jmueller, and another number" in said["nobody"][0]
    )
    (tmp_path / "more.csv").write_text("id,name\nnew,Newly Come\n")
    assert run("roster", tmp_path / "more.csv")[0] == 0
    code, said = go({canvas("Newly Come", 7, 9003, "attend.ipynb"): work})
    assert code == 0 and students(said) == ["new"]


def test_what_was_typed_into_canvas(roster, go):
    """A text or a link is no notebook: whose it is, is told."""
    code, said = go(
        {"example_101_text.html": b"<p>", "limi_LATE_103_link.html": b"<a>"}
    )
    assert code == 1 and not said["nobody"]
    assert [one.split("(")[1] for one in said["left"]] == [
        *("aexample) holds no notebook", "mli) holds no notebook"),
    ]


def test_nobody_is_guessed(roster, go):
    files = {
        canvas("Anna Sample", 888, 1, "attend.ipynb"): notebook(work="whose?"),
        canvas("Ana Example", 777, 2, "attend.ipynb"): notebook(work="like Anna's"),
        "anon_Ab1Cd_3_attend.ipynb": notebook(work="no name"),
    }
    code, said = go(files)
    assert code == 1 and not lies(roster)
    told = dict(one.split(" ", 1) for one in said["nobody"])
    assert told["sampleanna_888"] == "could be asample, asample2"
    assert (
        "most like aexample (Anna Example): --as exampleana_777=aexample"
        in (told["exampleana_777"])
    )
    assert "end anonymous grading" in told["anon_Ab1Cd"]
    code, said = go(files, "--as", "exampleana_777=aexample", "--as", "anon_Ab1Cd=mli")
    assert set(students(said)) == {"aexample", "mli"}
    assert go(files, "--as", "x.ipynb=mli")[0] == 2
    for file in (
        "anon_Ab1Cd",
        "submissions.zip/anon_Ab1Cd_3_attend.ipynb",
    ):  # two students'
        twice = ["--as", f"{file}=mli", "--as", f"{file}=asample"]
        code, said = go(files, *twice)
        assert code == 2 and "is given to mli and to asample" in said
    code, said = go(files, "--as", "exampleana_777=aexampel")
    assert code == 2 and "did you mean aexample?" in said


def test_late_in_canvas(roster, go, run):
    """Its zip says LATE, and not by how much: that is a person's to say."""
    files = {canvas("Anna Example", 101, 1, "attend.ipynb", late=True): notebook()}
    code, said = go(files)
    assert code == 1 and students(said) == ["aexample"]
    assert "1 LATE in Canvas" in said["left"][0] and "--late-by 1d" in said["left"][0]
    run("due", "attend", "2026-11-20 12:00", "--zone", "UTC")
    run("due", "attend", "--student", "aexample", "--days", "2")
    code, said = go(files, "--late-by", "1d")
    assert code == 0
    stamp = lies(roster)["aexample/attend/timestamp.txt"]
    assert stamp == b"2026-11-23 12:00:00 UTC\n"  # a day after the student's own date
    (told,) = said["notes"]
    assert "has an extension: --late-by counts from 2026-11-22 12:00 UTC" in told


def test_a_time_that_was_said_wrongly_is_corrected(roster, go, run, tmp_path):
    """Of the very file that lies there: an older file does not become newer by it."""
    name = canvas("Anna Example", 101, 7, "attend.ipynb", late=True)
    run("due", "attend", "2026-11-20 12:00", "--zone", "UTC")
    (tmp_path / "t.csv").write_text("id,submitted at\n101,2026-11-20 13:00\n")
    one = {name: notebook()}
    assert students(go(one, "--late-by", "2d")[1]) == ["aexample"]
    for words, at in (
        (("--late-by", "1d"), b"2026-11-21 12:00:00 UTC\n"),
        ((tmp_path / "t.csv", "--zone", "UTC"), b"2026-11-20 13:00:00 UTC\n"),
    ):
        code, said = go(one, *words)
        assert code == 0 and students(said, "timed") == ["aexample"]
        assert not said["newer"] and not said["same"]
        assert lies(roster)["aexample/attend/timestamp.txt"] == at
    older = {canvas("Anna Example", 101, 6, "attend.ipynb", late=True): notebook()}
    assert students(go(older, "--late-by", "30m")[1], "same") == ["aexample"]
    assert lies(roster)["aexample/attend/timestamp.txt"] == at


def test_who_is_newer_is_named(roster, run, tmp_path):
    for number in (1, 2):
        name = canvas("Anna Example", 101, number, "attend.ipynb")
        files = {name: notebook(work=str(number))}
        files[canvas("Jörg Müller", 102, 9, "tokenize.ipynb")] = notebook("tokenize")
        files[canvas("明 李", 103, 8, "attend.ipynb")] = notebook()
        (tmp_path / "a.zip").write_bytes(zipped(files))
        said = run("collect", tmp_path / "a.zip")[1]
    assert "1 newer · 2 as before\n" in said and "  newer\n    aexample\n" in said
    assert "Next: python -m autograder grade attend" in said  # of which most are
    words = "--handed-in TIME with the due date that is set in Canvas"
    assert words in " ".join(said.split())


def test_the_test_student_is_nobody_to_ask_about(roster, go):
    """The roster leaves Canvas's own student out, and so does this."""
    files = {canvas("Test Student", 999, 1, "attend.ipynb"): notebook()}
    code, said = go(files)
    assert code == 0 and not said["nobody"] and not lies(roster)
    assert said["notes"] == [
        "studenttest_999 is Canvas's own test student, and was left out"
    ]


def test_a_time_of_nobody_is_told(roster, go, tmp_path):
    """An id that is mistyped in a list by hand would else change nothing, unseen."""
    times = "id,submitted at\naexampel,2026-11-20 13:00\nmli,2026-11-20 13:00\nx,\n"
    (tmp_path / "t.csv").write_text(times)
    one = {canvas("Anna Example", 101, 7, "attend.ipynb"): notebook()}
    notes = go(one, tmp_path / "t.csv", "--zone", "UTC")[1]["notes"]
    assert notes[0] == "t.csv has 1 time of nobody on the roster: aexampel"


def test_how_late_it_was_follows_the_due_date(roster, go, run):
    """So late after the date of now, extension included, whatever was said first."""
    files = {canvas("Anna Example", 101, 1, "attend.ipynb", late=True): notebook()}
    run("due", "attend", "2026-11-20 12:00", "--zone", "UTC", "--per-day", "10%")
    assert go(files, "--late-by", "2d")[0] == 0
    code, said = go(files, "--late-by", "1d")  # a slip is mended
    assert code == 0 and students(said, "timed") == ["aexample"]
    code, said = go(files)  # and not asked for again
    assert code == 0 and students(said, "same") == ["aexample"]
    stamp = lies(roster)["aexample/attend/timestamp.txt"].decode()
    assert stamp == "2026-11-21 12:00:00 UTC\n"

    def late(*words):
        run("due", "attend", *words, "--zone", "UTC")
        with book.opened() as gradebook:
            (one,) = [
                s
                for s in book.standings(gradebook, "attend")
                if s.student == "aexample"
            ]
            known = gradebook.find_submission("attend", "aexample")
            assert known.timestamp == one.handed_in and known.duedate == one.due
        return one.late.days, one.owed

    with book.opened() as gradebook:
        at = stamp.removesuffix(" UTC\n")
        gradebook.add_notebook("attend", "attend")
        gradebook.update_or_create_submission("attend", "aexample", timestamp=at)
    assert late("--grace", "1h")[0] == 1
    assert late("2026-11-15 12:00")[0] == late("2026-11-30 12:00")[0] == 1
    assert late("--student", "aexample", "--days", "3")[0] == 1
    assert late("none")[0] == 0 and late("2026-12-01 12:00")[0] == 1
    code, said = go(files, "--late-by", "1d")
    assert code == 0 and students(said, "same") == ["aexample"]


@pytest.mark.parametrize("word", [["--handed-in", "2026-11-20"], ["--late-by", "3d"]])
def test_what_an_lms_says_goes_before_a_word_for_all(roster, go, run, tmp_path, word):
    run("due", "attend", "2026-11-20 12:00", "--zone", "UTC")
    late, one = word[0] == "--late-by", notebook(work="1")
    first = canvas("Anna Example", 101, 1, "attend.ipynb", late=late)
    assert go({first: one}, *word)[0] == 0
    times = tmp_path / "times.csv"
    times.write_text("id,submitted at\naexample,2026-11-19 10:00 UTC\n")
    code, said = go({first: one}, times)  # of the same, known better
    assert code == 0 and students(said, "timed") == ["aexample"]
    stamp = b"2026-11-19 10:00:00 UTC\n"
    assert lies(roster)["aexample/attend/timestamp.txt"] == stamp
    code, said = go({first: one}, *word)  # and the word is not taken for it again
    assert code == 0 and students(said, "same") == ["aexample"]
    assert go({first: one}, *word, "--replace", "aexample")[0] == 0
    assert lies(roster)["aexample/attend/timestamp.txt"] == stamp


@pytest.mark.parametrize("word", [["--handed-in", "2026-11-20"], ["--late-by", "3d"]])
def test_what_is_newer_by_the_lms_is_newer_whatever_was_said(
    roster, go, run, tmp_path, word
):
    one, two = notebook(work="1"), notebook(work="2")
    run("due", "attend", "2026-11-20 12:00", "--zone", "UTC")
    late = word[0] == "--late-by"
    first, again = (
        canvas("Anna Example", 101, n, "attend.ipynb", late=late) for n in (1, 2)
    )
    assert go({first: one}, *word)[0] == 0
    times = tmp_path / "times.csv"
    times.write_text("id,submitted at\naexample,2026-11-20 10:00 UTC\n")
    code, said = go({again: two}, times)
    assert code == 0 and students(said, "newer") == ["aexample"]
    assert lies(roster)["aexample/attend/attend.ipynb"] == two


def test_a_time_that_was_read_wrongly_is_read_again(roster, go, tmp_path):
    """The same download with the right zone: its times count, though they are earlier."""
    files = {canvas("Anna Example", 101, 1, "attend.ipynb"): notebook()}
    times = tmp_path / "times.csv"
    times.write_text("id,submitted at\naexample,2026-11-20 10:00\n")
    go(files, times, "--zone", "America/New_York")
    code, said = go(files, times, "--zone", "Europe/Berlin")
    assert code == 0 and students(said, "timed") == ["aexample"]
    stamp = b"2026-11-20 09:00:00 UTC\n"
    assert lies(roster)["aexample/attend/timestamp.txt"] == stamp


def test_the_older_of_two_files_is_taken_as_it_is_told(roster, go, run):
    """And stays, when the same is collected again."""
    one, two = notebook(work="1"), notebook(work="2")
    files = {
        canvas("Anna Example", 101, 1, "attend.ipynb"): one,
        canvas("Anna Example", 101, 2, "attend-1.ipynb"): two,
    }
    told = go(files)[1]["notes"][0]
    instead = told.rpartition("; ")[2].removesuffix(" takes that one")
    code, said = go(files, *shlex.split(instead))
    assert code == 0 and students(said, "newer") == ["aexample"]
    assert lies(roster)["aexample/attend/attend.ipynb"] == one
    code, said = go(zipped(files, (2026, 11, 25, 9, 0, 0)))
    assert code == 1 and "--replace aexample" in said["left"][0]
    assert lies(roster)["aexample/attend/attend.ipynb"] == one


WORKSHEET = """\
Identifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,\
Last modified (submission),Last modified (grade)
Participant 5001,Anna Example,,Submitted for grading,,20.00,Yes,\
"Friday, 20 November 2026, 10:30 PM",-
Participant 5002,Jörg Müller,,Submitted for grading,,20.00,Yes,\
"Saturday, November 21, 2026, 1:00 AM",-
Participant 5004,Anna Sample,,Submitted for grading,,20.00,Yes,-,-
Participant 5009,Someone Else,,No submission,,20.00,Yes,-,-
"""


@pytest.mark.parametrize("folders", [True, False])
@pytest.mark.parametrize("slash", [True, False])
def test_moodle(roster, go, tmp_path, folders, slash):
    """With folders and without; the times stand in the grading worksheet."""
    sheet = tmp_path / "worksheet.csv"
    sheet.write_text(WORKSHEET, "utf-8-sig")
    a, b = notebook(work="a"), notebook(work="b")
    files = {
        moodle("Anna Example", 5001, "attend.ipynb", folders): a,
        moodle("Anna Example", 5001, "notes.txt", folders): b"notes",
        moodle("Jörg Müller", 5002, "attend (1).ipynb", folders): b,
        moodle("Anna Sample", 5004, "attend.ipynb", folders): notebook(work="?"),
        "李 明_5003_assignsubmission_onlinetext_/onlinetext.html": b"<p>see Drive</p>",
    }
    if not slash:  # newer versions write no underscore before the slash
        files = {name.replace("_file_/", "_file/"): x for name, x in files.items()}
    code, said = go(files, sheet, "--zone", "Europe/Berlin")
    assert code == 1
    assert lies(roster) == {
        "aexample/attend/attend.ipynb": a,
        "aexample/attend/notes.txt": b"notes",
        "aexample/attend/timestamp.txt": b"2026-11-20 21:30:00 UTC\n",
        "jmueller/attend/attend.ipynb": b,
        "jmueller/attend/timestamp.txt": b"2026-11-21 00:00:00 UTC\n",
    }
    assert said["nobody"] == ["Anna Sample_5004 could be asample, asample2"]
    assert any("李 明_5003 (mli) holds no notebook" in one for one in said["left"])


def test_gradescope(roster, go):
    """A group hands in once; the ids of its members are texts, and keep their zeros."""
    about = gradescope(
        {
            "submission_11": (
                [
                    {"name": "A. E.", "sid": "S1", "email": ""},
                    {"name": "x", "sid": "S2"},
                ],
                "2026-11-20 07:13:47.644186000 Z",
            ),
            "submission_12": (
                [{"name": "李明", "sid": "0", "email": "x@x.org"}],
                "!!python/object:os.x {}",
            ),
            "submission_13": ([{"name": "Nobody"}], "2026-11-20 07:13:47 -0800"),
        }
    )
    top = "assignment_7_export"
    group, one = notebook(work="group"), notebook(work="one")
    code, said = go(
        {
            f"{top}/submission_metadata.yml": about.encode(),
            f"{top}/submission_11/attend.ipynb": group,
            f"{top}/submission_12/attend.ipynb": one,
            f"{top}/submission_13/attend.ipynb": notebook(work="nobody"),
        }
    )
    assert code == 1
    at = b"2026-11-20 07:13:47 UTC\n"
    assert lies(roster) == {
        "aexample/attend/attend.ipynb": group,
        "aexample/attend/timestamp.txt": at,
        "jmueller/attend/attend.ipynb": group,
        "jmueller/attend/timestamp.txt": at,
        "mli/attend/attend.ipynb": one,
    }
    assert said["nobody"] == ["submission_13 is nobody on the roster"]
    assert not said["left"], said["left"]


@pytest.mark.parametrize("data", [b"a: [", b"\xff", b"- 1", b"\x00"])
def test_a_broken_list_of_gradescope(roster, go, data):
    code, said = go(
        {"submission_metadata.yml": data, "submission_1/a.ipynb": notebook()}
    )
    assert code == 1 and not lies(roster)
    assert any("submission_metadata.yml" in one for one in said["left"])


def test_github_classroom(roster, go, run, tmp_path):
    """A repository holds all exercises: those that were worked in count."""
    names = tmp_path / "names.csv"
    names.write_text(
        "identifier,github_username,github_id,name\naexample,octo-anna,1,\nmli,mli-x,2,\n"
    )
    run("roster", names)
    times = tmp_path / "grades.csv"
    times.write_text(
        "github_username,roster_identifier,student_repository_name,submission_timestamp\n"
        "octo-anna,aexample,attend-octo-anna,2026-11-20T22:59:00Z\n"
    )
    a, t = notebook(work="a"), notebook("tokenize", work="t")
    code, said = go(
        {
            "attend-octo-anna/exercises/attend/attend.ipynb": a,
            "attend-octo-anna/exercises/tokenize/tokenize.ipynb": t,
            "attend-octo-anna/exercises/embed/embed.ipynb": notebook("embed", work=""),
            "attend-octo-anna/.git/config": b"",
            "attend-mli-x/attend.ipynb": notebook(work=""),
            "attend-stranger/attend.ipynb": notebook(work="s"),
        },
        times,
        name="attend-submissions",
    )
    assert code == 1
    assert set(lies(roster)) == {
        "aexample/attend/attend.ipynb",
        "aexample/attend/timestamp.txt",
        "aexample/tokenize/tokenize.ipynb",
        "aexample/tokenize/timestamp.txt",
        "mli/attend/attend.ipynb",  # as released, and the only one: it is handed in
    }
    assert [one.split(" ")[0] for one in said["nobody"]] == ["attend-stranger"]
    assert any("1 notebooks are as they were released" in one for one in said["notes"])


@pytest.mark.parametrize("begin", ["attend-", "lab-1-"])
def test_a_repository_is_not_of_who_has_the_end_of_its_name(roster, go, begin):
    """GitHub's names have dashes, too: jane-mli is on no roster, and is not mli."""
    who = {"aexample": "a", "jmueller": "b", "jane-mli": "c", "octo-103": "d"}
    files = {f"{begin}{x}/attend.ipynb": notebook(work=w) for x, w in who.items()}
    code, _ = go(files, name="all")
    assert code == 1
    assert {file.partition("/")[0] for file in lies(roster)} == {"aexample", "jmueller"}
    code, _ = go({f"{begin}jane-mli/attend.ipynb": notebook(work="c")}, name="all")
    assert code == 1 and not any(file.startswith("mli") for file in lies(roster))


def test_the_exchange_of_nbgrader(roster, go):
    """The newest of several; who it is may be written as any id of theirs."""
    old, new = notebook(work="old"), notebook(work="new")
    at = "2026-11-2{} 10:00:00.000000 UTC"
    code, _ = go(
        {
            f"aexample+attend+{at.format(1)}/attend.ipynb": new,
            f"aexample+attend+{at.format(0)}/attend.ipynb": old,
            f"S2+attend+{at.format(0)}+aGVsbG8gd29/attend.ipynb": old,
        },
        name="inbound",
    )
    assert code == 0
    found = lies(roster)
    assert found["aexample/attend/attend.ipynb"] == new
    assert found["aexample/attend/timestamp.txt"] == b"2026-11-21 10:00:00 UTC\n"
    assert found["jmueller/attend/attend.ipynb"] == old


@pytest.mark.parametrize(
    "path",
    [
        *("{}/attend/attend.ipynb", "{}/attend.ipynb", "attend/{}/work.ipynb"),
        *("{}.ipynb", "attend_{}.ipynb", "{}-attend.ipynb", "all/week 3/{}/x.ipynb"),
    ],
)
@pytest.mark.parametrize("who", ["mli", "S3", "李明", "103"])
def test_any_folder(roster, go, path, who):
    other = path.format("asample")
    code, _ = go(
        {path.format(who): notebook(work="a"), other: notebook(work="b")}, name="f"
    )
    assert code == 0
    assert set(lies(roster)) == {f"{x}/attend/attend.ipynb" for x in ("mli", "asample")}


def test_a_students_own_folders_name_nobody(roster, go):
    """Only the outermost name counts: what is within is the student's to write."""
    mine = canvas("Anna Example", 101, 9, "attend.ipynb")
    for inner in (
        mine,
        "aexample/attend.ipynb",
        moodle("Anna Example", 1, "attend.ipynb"),
    ):
        for beside in {"other/x.txt": b""}, {"stranger/x.txt": b""}, {}:
            code, said = go({f"stranger/{inner}": notebook(), **beside}, name="f")
            assert code == 1 and not lies(roster)
        code, said = go({f"mli/{inner}": notebook()}, name="f")
        assert students(said) + students(said, "same") == ["mli"]
        code, said = go({f"stranger/{inner}": notebook()}, name="f")
        assert code == 1 and not students(said)
        shutil.rmtree(roster / "submitted", ignore_errors=True)


@pytest.mark.parametrize(
    "name",
    [
        canvas("Anna Example", 101, 1, "attend.zip"),
        *("aexample.zip", "attend_aexample.zip", "attend/aexample.zip"),
        "all/aexample.zip",
    ],
)
def test_a_students_own_zip_in_an_unpacked_download(roster, go, name):
    """It is whose its name says, and what stands within names nobody else."""
    inner = canvas("明 李", 103, 3, "attend.ipynb")
    files = {inner: notebook(work="a")}
    beside = f"{'all/' * name.startswith('all/')}jmueller/attend.ipynb"
    code, said = go({name: zipped(files), beside: notebook(work="b")}, name="f")
    assert code == 0, said
    assert set(students(said)) == {"aexample", "jmueller"}
    assert lies(roster)["aexample/attend/attend.ipynb"] == notebook(work="a")


def test_an_lms_zip_deep_in_a_folder_is_told(roster, go):
    """It is not taken, as a student might have made it; and it is said what to do."""
    inner = {canvas("明 李", 103, 3, "attend.ipynb"): notebook()}
    files = {"week 3/a.zip": zipped(inner), "mli/attend.ipynb": notebook(work="b")}
    code, said = go(files, name="f")
    assert code == 1 and students(said) == ["mli"]
    told = "and holds a.zip: if an LMS made that zip, hand over the zip itself"
    assert said["nobody"] == [f"week 3 is nobody on the roster, {told}"]


def test_a_name_that_several_files_have_is_nobodys(roster, go, run, tmp_path):
    """Each student has a tokenize.ipynb: `--as` gives none of theirs to another."""
    one, two, loose = (notebook("tokenize", work=f"{n}") for n in range(3))
    files = {
        "aexample/tokenize.ipynb": one,
        "jmueller/tokenize.ipynb": two,
        "jmueller/work/Untitled.ipynb": notebook(work="3"),
    }
    code, said = go(files, "--as", "tokenize.ipynb=mli", name="f")
    assert code == 2 and not lies(roster)
    assert (
        "may be several students' work: say --as aexample=ID, --as jmueller=ID" in said
    )
    code, said = go(files, "--as", "f/aexample/tokenize.ipynb=mli", name="f")
    assert lies(roster)["mli/tokenize/tokenize.ipynb"] == one
    assert lies(roster)["jmueller/tokenize/tokenize.ipynb"] == two
    code, said = go(files, "--as", "Untitled.ipynb=asample", name="f")  # the only one
    assert "asample/attend/attend.ipynb" in lies(roster)
    shutil.rmtree(roster / "submitted")
    # A file beside the folders is said by its name, and no other is meant by that.
    files["tokenize.ipynb"] = loose
    code, said = go(files, name="f")
    assert said["nobody"][0].split(" ", 1)[0] == "tokenize.ipynb"
    code, said = go(files, "--as", "tokenize.ipynb=mli", name="f")
    assert lies(roster)["mli/tokenize/tokenize.ipynb"] == loose
    assert lies(roster)["aexample/tokenize/tokenize.ipynb"] == one
    # Where there are two of those, what is printed tells them apart.
    for folder, data in ("g", one), ("h", two):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "Untitled.ipynb").write_bytes(data)
    both = "collect", tmp_path / "g", tmp_path / "h", "--json"
    said = json.loads(run(*both)[1])
    called = [one.split(" ", 1)[0] for one in said["nobody"]]
    assert called == ["g/Untitled.ipynb", "h/Untitled.ipynb"]
    code, said = run(*both, "--as", "Untitled.ipynb=asample")
    assert code == 2 and "--as g/Untitled.ipynb=ID, --as h/Untitled.ipynb=ID" in said
    run(*both, *("--as", f"{called[0]}=asample"), *("--as", f"{called[1]}=asample2"))
    assert lies(roster)["asample/tokenize/tokenize.ipynb"] == one
    assert lies(roster)["asample2/tokenize/tokenize.ipynb"] == two


def test_a_csv_goes_before_a_timestamp_that_a_student_could_write(roster, go, tmp_path):
    times = tmp_path / "times.csv"
    times.write_text("id,time\naexample,2026-11-22 10:00\njmueller,2026-11-21 10:00\n")
    stamp = b"2026-11-21 10:00:30 UTC"
    files = {
        f"{who}/attend/{name}": data
        for who in ("aexample", "jmueller", "mli")
        for name, data in (("attend.ipynb", notebook()), ("timestamp.txt", stamp))
    }
    _, said = go(files, times, "--zone", "UTC", name="f")
    assert {one["student"]: one["at"] for one in said["new"]} == {
        "aexample": "2026-11-22T10:00:00Z",
        "jmueller": "2026-11-21T10:00:00Z",
        "mli": "2026-11-21T10:00:30Z",
    }
    told = "2026-11-21 10:00 UTC, and the CSV 2026-11-22 10:00"
    assert said["notes"] == [
        f"aexample: timestamp.txt says {told} UTC, which counts",
        said["notes"][1],
    ]
    assert "that of a timestamp.txt" in said["notes"][1]
    assert said["notes"][1].endswith("(1): mli")


def test_dates_that_may_be_of_two_months_are_asked_for(roster, go, tmp_path):
    times = tmp_path / "times.csv"
    times.write_text("id,time\nmli,05/11/2026 10:00\nasample,0001-01-01 00:00 +14:00\n")
    files = {f"{who}/attend.ipynb": notebook() for who in ("mli", "asample")}
    code, said = go(files, times, "--zone", "UTC", name="f")
    assert code == 2 and "--dates day-first" in said and not lies(roster)
    code, said = go(files, times, "--zone", "UTC", "--dates", "day-first", name="f")
    assert {one["student"]: one["at"] for one in said["new"]} == {
        "mli": "2026-11-05T10:00:00Z",
        "asample": None,
    }
    assert said["left"] == ["times.csv, line 3: '0001-01-01 00:00 +14:00' is no time"]


def test_home_folders(roster, go):
    """What is hidden is passed over, and what is of another course is only counted."""
    code, said = go(
        {
            "mli/gpt/exercises/attend/attend.ipynb": notebook(work="a"),
            "mli/gpt/exercises/attend/.ipynb_checkpoints/attend-checkpoint.ipynb": b"{",
            "mli/.cache/attend.ipynb": notebook(work="b"),
            "mli/thesis/plots.ipynb": b'{"cells": []}',
            "asample/gpt/notes.txt": b"",
            "asample/thesis/plots.ipynb": b'{"cells": []}',
        },
        name="home",
    )
    assert code == 1 and set(lies(roster)) == {"mli/attend/attend.ipynb"}
    assert said["notes"][0] == "1 notebook beside them is of no exercise"
    assert said["left"] == [
        "home: asample/thesis/plots.ipynb (asample): has no cells of this course"
    ]


def test_another_exercise_under_this_name(roster, go):
    code, said = go(
        {canvas("Anna Example", 101, 1, "attend.ipynb"): notebook("tokenize")}
    )
    assert code == 0 and set(lies(roster)) == {"aexample/attend/attend.ipynb"}
    assert said["notes"][0] == (
        "aexample: attend.ipynb: it looks like tokenize, another exercise; taken as "
        "attend, as its name says (`collect tokenize` takes it as that)"
    )
    shutil.rmtree(roster / "submitted")
    both = {
        moodle("Anna Example", 5001, "attend.ipynb"): notebook("tokenize"),
        moodle("Anna Example", 5001, "right.ipynb"): notebook(),
    }
    code, said = go(both)  # the right one is there as well
    assert code == 1 and lies(roster)["aexample/attend/attend.ipynb"] == notebook()
    assert "attend.ipynb is tokenize's notebook, not attend's" in said["left"][0]
    shutil.rmtree(roster / "submitted")
    files = {
        canvas("Anna Example", 101, 1, "attend.ipynb"): notebook("tokenize"),
        canvas("明 李", 103, 2, "attend.ipynb"): notebook(),
    }
    code, said = go(files, "--exercise", "tokenize")  # then it is meant
    assert list(lies(roster)) == ["aexample/tokenize/tokenize.ipynb"]


def test_who_handed_in_only_another_exercise_is_named(roster, go):
    files = {
        canvas("Anna Example", 101, 1, "attend.ipynb"): notebook(),
        canvas("Anna Example", 101, 2, "tokenize.ipynb"): notebook("tokenize"),
        canvas("明 李", 103, 3, "tokenize.ipynb"): notebook("tokenize", work="b"),
    }
    code, said = go(files, "--exercise", "attend")
    assert code == 0 and students(said) == ["aexample"]
    told = "2 notebooks are of other exercises, and not taken"
    assert f"{told}; nothing else came from 1: mli" in said["notes"]


def test_what_cannot_be_read_is_filed_by_its_name(roster, go):
    """So that the grader can tell the student; under another name it is nobody's guess."""
    code, said = go(
        {
            canvas("Anna Example", 101, 1, "attend.ipynb"): b"{ not JSON",
            canvas("明 李", 103, 2, "work.ipynb"): b"{ not JSON",
            canvas("Jörg Müller", 102, 3, "attend.ipynb"): b'{"cells": []}',
        }
    )
    assert code == 1
    assert set(lies(roster)) == {
        f"{x}/attend/attend.ipynb" for x in ("aexample", "jmueller")
    }
    assert any("work.ipynb (mli): the notebook is not JSON" in x for x in said["left"])


def test_only_a_newer_one_replaces(roster, go):
    """And the older one is kept. What cannot be told to be newer waits for a person."""
    one, two, three = (notebook(work=f"{n}") for n in range(3))
    name = "aexample+attend+2026-11-2{} 10:00:00.000000 UTC/attend.ipynb"
    go({name.format(1): one}, name="inbound")
    code, said = go({name.format(0): two}, name="inbound")  # older
    assert code == 0 and "what is there is newer" in said["notes"][0]
    assert lies(roster)["aexample/attend/attend.ipynb"] == one
    code, said = go({name.format(2): two}, name="inbound")  # newer
    assert students(said, "newer") == ["aexample"]
    assert lies(roster)["aexample/attend/attend.ipynb"] == two
    ((kept, data),) = [x for x in lies(roster, "replaced").items() if "ipynb" in x[0]]
    assert kept.endswith("aexample/attend/attend.ipynb") and data == one
    code, said = go({"aexample/attend.ipynb": three}, name="f")  # nobody knows
    assert code == 1 and "--replace aexample takes this one" in said["left"][0]
    assert lies(roster)["aexample/attend/attend.ipynb"] == two
    code, said = go({"aexample/attend.ipynb": three}, "--replace", "aexample", name="f")
    assert code == 0 and lies(roster)["aexample/attend/attend.ipynb"] == three
    assert {one, two} == {
        x for n, x in lies(roster, "replaced").items() if "ipynb" in n
    }


def test_a_later_download_holds_the_later_submission(roster, go):
    """Canvas gives a newer file a higher number, Moodle's zips have their own time."""
    one, two = notebook(work="1"), notebook(work="2")
    name = moodle("Anna Example", 5001, "attend.ipynb")
    go(zipped({name: two}, (2026, 11, 22, 9, 0, 0)))
    code, said = go(zipped({name: one}, (2026, 11, 21, 9, 0, 0)))
    assert code == 0 and "what is there is newer" in said["notes"][0]
    code, said = go(zipped({name: one}, (2026, 11, 23, 9, 0, 0)))
    assert students(said, "newer") == ["aexample"]
    first, again = (canvas("明 李", 103, n, "attend.ipynb") for n in (70, 71))
    go({again: two})
    assert students(go({first: one})[1], "newer") == []
    assert lies(roster)["mli/attend/attend.ipynb"] == two


def test_dry_run_writes_nothing(roster, go, run, tmp_path):
    files = {canvas("Anna Example", 101, 1, "attend.ipynb"): notebook()}
    code, said = go(files, "--dry-run")
    assert code == 0 and students(said) == ["aexample"]
    assert not (roster / "submitted").exists()
    said = run("collect", tmp_path / "submissions.zip", "--dry-run")[1]
    assert "dry run: nothing was written" in said and "1 new" in said


def test_a_file_may_stand_behind_options(roster, go, tmp_path):
    """A CSV is added at the end of the line that was given before."""
    times = tmp_path / "times.csv"
    times.write_text("id,submitted at\naexample,2026-11-20 13:00\n")
    files = {canvas("Anna Example", 101, 1, "attend.ipynb"): notebook()}
    assert go(files, "--late-by", "1d", "--zone", "UTC", times)[0] == 0
    stamp = lies(roster)["aexample/attend/timestamp.txt"]
    assert stamp == b"2026-11-20 13:00:00 UTC\n"
    code, said = go(files, "--late-by", "1d", tmp_path / "none.csv")
    assert code == 2 and "none.csv: there is no such file or folder" in said
    code, said = go(files, "--late", "1d", "--lately", times)
    assert code == 2 and "no place for '--lately'" in said


def test_without_a_roster(klass, run, tmp_path):
    path = tmp_path / "all"
    (path / "anna").mkdir(parents=True)
    (path / "anna" / "attend.ipynb").write_bytes(notebook())
    code, said = run("collect", path)
    assert code == 2 and "has no roster" in said and "roster FILE.csv" in said
    code, said = run("collect", path, "--no-roster")
    assert code == 0 and list(lies(klass)) == ["anna/attend/attend.ipynb"]


def test_downloaded_is_where_it_looks(roster, run):
    code, said = run("collect")
    assert code == 2 and "downloaded" in said
    (roster / "downloaded").mkdir()
    files = {canvas("Anna Example", 101, 1, "attend.ipynb"): notebook()}
    (roster / "downloaded" / "submissions.zip").write_bytes(zipped(files))
    code, said = run("collect")
    assert code == 0 and "attend · from Canvas" in said
    assert "Next: python -m autograder grade attend --class" in said


def test_moodle_shows_nothing_but_names(klass, run, tmp_path):
    """As where teachers may see no e-mail: the names are the ids, if a person says so."""
    (tmp_path / "w.csv").write_text(WORKSHEET.replace("Email address", "Group"))
    code, said = run("roster", tmp_path / "w.csv")
    assert code == 2 and "--id COLUMN" in said and "'Full name'" in said
    assert run("roster", tmp_path / "w.csv", "--id", "Full name")[0] == 0
    files = {moodle("Jörg Müller", 5002, "attend.ipynb"): notebook()}
    (tmp_path / "a.zip").write_bytes(zipped(files))
    code, said = run("collect", "attend", tmp_path / "a.zip", tmp_path / "w.csv")
    assert code == 0 and "1 new" in said
    assert "Jörg Müller/attend/timestamp.txt" in lies(klass)
    assert run("collect", "tokenize", tmp_path / "a.zip")[1].count("of other exercises")


def test_a_csv_that_was_handed_in_says_no_times(roster, go):
    """Nor does a timestamp.txt, but where nbgrader wrote it."""
    told = b"id,time\naexample,2020-01-01 00:00\n"
    stamp = b"2020-01-01 00:00:00 UTC"
    go(
        {
            "times.csv": told,
            "aexample/attend.ipynb": notebook(work="a"),
            "aexample/times.csv": told,
            "aexample/timestamp.txt": stamp,
            "mli/attend/attend.ipynb": notebook(work="b"),
            "mli/attend/timestamp.txt": stamp,
        },
        name="f",
    )
    found = lies(roster)
    assert "aexample/attend/timestamp.txt" not in found
    assert found["mli/attend/timestamp.txt"] == stamp + b"\n"


def test_nbgraders_own_zip_collect(roster):
    """It is configured for these forms, and takes the class's downloaded/."""
    from nbgrader.apps.zipcollectapp import ZipCollectApp
    from traitlets.config import PyFileConfigLoader

    archive = roster / "downloaded" / "attend" / "archive"
    archive.mkdir(parents=True)
    a, b = notebook(work="a"), notebook(work="b")
    files = {
        canvas("Anna Example", 101, 1, "attend.ipynb"): a,
        canvas("Anna Sample", 999, 2, "attend.ipynb"): b,
    }
    (archive / "submissions.zip").write_bytes(zipped(files))
    (archive / "李明.ipynb").write_bytes(b)
    config = PyFileConfigLoader("nbgrader_config.py", path=".").load_config()
    app = ZipCollectApp(config=config)
    app.initialize(["attend"])
    app.start()
    assert lies(roster) == {
        "aexample/attend/attend.ipynb": a,
        "mli/attend/李明.ipynb": b,
    }


def test_where_no_time_is_known_it_is_said(roster, go, run):
    """Late work would count as in time: with a due date that is for a person."""
    one = {moodle("Anna Example", 5001, "attend.ipynb"): notebook()}
    code, said = go(one)
    assert code == 0 and "1 of 1 has no time" in said["notes"][-1]
    assert run("due", "attend", "2026-11-20 12:00", "--zone", "UTC")[0] == 0
    code, said = go(one)
    assert (
        code == 1 and "1 of 1 has no time of handing in (aexample)" in said["left"][0]
    )
    assert "grading worksheet; or --handed-in TIME" in said["left"][0]
    code, said = go(one, "--handed-in", "2026-11-20 12:00", "--zone", "UTC")
    assert code == 0 and students(said, "timed") == ["aexample"]
    stamp = lies(roster)["aexample/attend/timestamp.txt"]
    assert stamp == b"2026-11-20 12:00:00 UTC\n"
    code, said = go(one)  # now it is known
    assert code == 0 and students(said, "same") == ["aexample"]
    assert "no time" not in "".join(said["notes"])
    later = zipped(one, (2026, 11, 24, 9, 0, 0))
    code, said = go(later, "--handed-in", "2026-11-24")  # it was there before
    assert code == 0 and students(said, "same") == ["aexample"]
    assert lies(roster)["aexample/attend/timestamp.txt"] == stamp


def test_review_and_status_say_it_too(roster, run, monkeypatch):
    (roster / "submitted" / "aexample" / "attend").mkdir(parents=True)
    some = [standing("aexample", handed_in=None), standing("mli")]
    monkeypatch.setattr("autograder.classroom.book.standings", lambda *_: some)
    code, said = run("review", "attend")
    assert code == 1 and "1 to look at" in said and "no time known" in said
    code, said = run("status", "attend")
    told = "attend: 1 with no time known, which counts as in time: give `collect` a CSV"
    assert code == 1 and told in " ".join(said.split())
    assert f"autograder grade attend --class {roster.name}\n" in said
    some.pop(0)
    shutil.rmtree(roster / "submitted")
    assert run("review", "attend")[0] == run("status", "attend")[0] == 0


@pytest.mark.parametrize("words", [[], ["--no-roster"]])
def test_status_says_it_before_anything_is_graded(klass, run, tmp_path, words):
    if not words:
        (tmp_path / "list.csv").write_text("id\nada\nbo\n")
        run("roster", tmp_path / "list.csv")
    for who in "ada", "bo":
        (tmp_path / "f" / who).mkdir(parents=True)
        (tmp_path / "f" / who / "attend.ipynb").write_bytes(notebook(work=who))
    run("collect", tmp_path / "f", *words)
    assert run("status")[0] == 0  # nothing is due
    run("due", "attend", "2026-11-20 12:00", "--zone", "UTC")
    (klass / "submitted" / "bo" / "attend" / "timestamp.txt").write_text("2026-11-19")
    code, said = run("status")
    assert code == 1 and "attend: 1 with no time known" in said
    assert "or --handed-in TIME" in " ".join(said.split())


def test_blind_marking_has_a_class_of_its_own(klass, run, tmp_path):
    """Numbers of the very assignment are the ids; with a roster they are nobody's."""
    work = [notebook(work=f"{n}") for n in range(2)]
    files = {moodle("Participant", 20001 + n, "attend.ipynb"): work[n] for n in (0, 1)}
    (tmp_path / "a.zip").write_bytes(zipped(files))
    blind = "Identifier,Status,Grade,Maximum Grade,Last modified (submission)\n"
    when = '"Friday, 20 November 2026, 10:00 AM"'
    rows = "".join(f"Participant {20001 + n},,,20.00,{when}\n" for n in (0, 1))
    (tmp_path / "w.csv").write_text(blind + rows)
    words = ("collect", tmp_path / "a.zip", tmp_path / "w.csv", "--zone", "UTC")
    code, said = run(*words, "--no-roster")
    assert code == 0 and "mean other students in the next" in " ".join(said.split())
    for n in (0, 1):
        place = f"Participant {20001 + n}/attend"
        assert lies(klass)[f"{place}/attend.ipynb"] == work[n]
        assert f"{place}/timestamp.txt" in lies(klass)
    (tmp_path / "list.csv").write_text("id,name\nada,Ada Example\n")
    run("roster", tmp_path / "list.csv")
    code, said = run(*words)
    assert code == 1 and "was handed in blind: in Moodle, reveal" in said


def test_a_table_alone_is_nothing_to_collect(roster, run, tmp_path):
    (tmp_path / "w.csv").write_text(WORKSHEET)
    code, said = run("collect", tmp_path / "w.csv")
    assert code == 2 and "is a list, and holds no notebooks: give" in said


def test_times_in_another_language(roster, go, tmp_path):
    """The column is named; who a row is, an address or a name in it says."""
    german = "ID,Vollständiger Name,E-Mail-Adresse,Status,Zuletzt geändert (Abgabe)\n"
    row = "Teilnehmer/in 5003,明 李,mli@example.org,,{}\n"
    one = {moodle("明 李 (renamed)", 5003, "attend.ipynb"): notebook()}
    (tmp_path / "w.csv").write_text(german + row.format("05.11.2026 10:00"))
    code, said = go(one, tmp_path / "w.csv")
    assert code == 1 and "--time COLUMN names it" in said["left"][0]
    named = ("--time", "Zuletzt geändert (Abgabe)", "--zone", "UTC")
    code, said = go(one, tmp_path / "w.csv", *named)
    stamp = lies(roster)["mli/attend/timestamp.txt"]
    assert code == 0 and stamp == b"2026-11-05 10:00:00 UTC\n"
    wrong = row.format('"Donnerstag, 5. November 2026, 10:00"')
    (tmp_path / "w.csv").write_text(german + 2 * wrong)
    code, said = go(one, tmp_path / "w.csv", *named)
    (told,) = said["left"]
    assert "is no time, and 1 more like it: download it in English" in told


def test_the_other_notebook_of_two(roster, go, run):
    """What is told takes it; `review` tells how to swap what lies there."""
    first, better = notebook(work="first"), notebook(work="better")
    files = {
        moodle("Anna Example", 5001, name): data
        for name, data in (("attend.ipynb", first), ("my final.ipynb", better))
    }
    code, said = go(files)
    assert lies(roster)["aexample/attend/attend.ipynb"] == first
    (told,) = [note for note in said["notes"] if "lies beside it" in note]
    words = shlex.split(told.partition("; ")[2].removesuffix(" takes that one"))
    assert words[2:] == ["--replace", "aexample"]
    flag = "my final.ipynb was not graded: it differs from attend.ipynb, which …"
    some = [standing("aexample", flags=(flag,), needs_manual=True, asks=True)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autograder.classroom.book.standings", lambda *_: some)
        (row,) = json.loads(run("review", "attend", "--json")[1])
    subprocess.run(["sh", "-c", "".join(row["do"][1:3])], check=True)
    assert lies(roster)["aexample/attend/attend.ipynb"] == better
    assert lies(roster)["aexample/attend/attend-other.ipynb"] == first
    assert f"grade attend --class {roster.name} --student aexample" in row["do"][3]
    shutil.rmtree(roster / "submitted")
    go(files)
    code, said = go(files, *words)
    assert code == 0 and lies(roster)["aexample/attend/attend.ipynb"] == better
