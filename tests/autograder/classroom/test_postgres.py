"""Is a gradebook on a real PostgreSQL server as safe as a file, and safe from each other?

The server is started here. What is graded is real; where many writers are wanted, they
enter notebooks that were verified before.
"""

import contextlib
import importlib.util
import json
import multiprocessing
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
import sqlalchemy as sa

from autograder import __main__ as commands
from autograder.classroom import address, course, demo, engines, faults, grade
from autograder.classroom.address import Unavailable
from autograder.classroom.demo import Submission
from autograder.classroom.record import Record
from bench import postgres
from tests.need import need

ROOT = Path(__file__).parents[3]
EXERCISES = ("tokenize", "cache")
CLASS = "test"
WRITERS, STUDENTS = 4, 24


@pytest.fixture(scope="module")
def server():
    need(postgres.programs(), postgres.MISSING)
    need(
        importlib.util.find_spec("psycopg"),
        "psycopg is missing: pip install -e .[postgres]",
    )
    with postgres.Server() as running:
        yield running


@pytest.fixture
def database(server, monkeypatch, request):
    """A new database, which is the gradebook."""
    url = server.create(request.node.name[:60])
    monkeypatch.setenv(address.VARIABLE, url)
    return request.node.name[:60]


@pytest.fixture(scope="module")
def both(server, classroom, tmp_path_factory):
    """Two machines grade one class, an exercise each, while the server goes and comes.

    Two course folders, one new database, both at once. What they said, the database, and
    the folders of the class.
    """
    url = server.create("both")
    course.new_class(CLASS)
    (classroom / "seed").write_text("the demo class\n")
    second = tmp_path_factory.mktemp("second")
    (second / "autograder").mkdir()
    for name in "solutions", "exercises":
        shutil.copytree(ROOT / name / EXERCISES[1], second / name / EXERCISES[1])
    shutil.copy(ROOT / "nbgrader_config.py", second)
    for exercise in EXERCISES:
        for number in range(3):
            hand_in(classroom, f"student{number}", exercise, number)
    shutil.copytree(classroom, second / classroom.relative_to(Path.cwd()))
    running = [
        subprocess.Popen(
            [*(sys.executable, "-m", "autograder", "grade", exercise, "--jobs", "1")]
            + ["--db", url, "--class", CLASS],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for exercise, folder in zip(EXERCISES, (Path.cwd(), second), strict=True)
    ]
    with contextlib.ExitStack() as stack:
        for process in running:
            stack.callback(process.kill)
        while all(p.poll() is None for p in running) and not graded(server, "both"):
            time.sleep(0.1)
        server.stop()
        time.sleep(0.5)
        server.start()
        said = [process.communicate()[0] for process in running]
    codes = [process.returncode for process in running]
    return codes, said, (classroom, second / classroom.relative_to(Path.cwd()))


def hand_in(folder, student, exercise, steps):
    place = folder / "submitted" / student / exercise
    place.mkdir(parents=True, exist_ok=True)
    before, demo.ASSIGNMENT = demo.ASSIGNMENT, exercise
    try:
        handed_in = demo.notebook(Submission(student, 0, steps=steps))
    finally:
        demo.ASSIGNMENT = before
    nbformat.write(handed_in, place / f"{exercise}.ipynb")


def graded(server, database):
    """How often each submission was graded."""
    query = "select assignment, student, times from autograder_grading"
    try:
        rows = server.sql(f"{query} where student != ''", database)
    except Exception as error:
        if "does not exist" in str(error):  # no table yet
            return {}
        raise
    return {(exercise, student): times for exercise, student, times in rows}


def scores(server, database):
    """What nbgrader's own tables say: the points of each submission."""
    rows = server.sql(
        "select a.name, s.student_id, sum(coalesce(g.auto_score, 0)) "
        "from submitted_assignment s join assignment a on a.id = s.assignment_id "
        "join submitted_notebook n on n.assignment_id = s.id "
        "join grade g on g.notebook_id = n.id group by a.name, s.student_id",
        database,
    )
    return {(exercise, student): points for exercise, student, points in rows}


def test_two_machines_and_a_server_that_comes_and_goes(server, both):
    codes, said, folders = both
    assert codes == [0, 0], said
    every = [(e, f"student{n}") for e in EXERCISES for n in range(3)]
    assert graded(server, "both") == dict.fromkeys(every, 1)
    found = scores(server, "both")
    assert sorted(found) == sorted(every)
    for (exercise, student), points in found.items():
        folder = folders[EXERCISES.index(exercise)]
        path = folder / "autograded" / student / exercise / f"{exercise}.ipynb"
        checks = json.loads(path.read_text())["metadata"]["autograder"]["checks"]
        assert points == pytest.approx(sum(c["points"] for c in checks.values()))
    assert found["tokenize", "student2"] > found["tokenize", "student0"] == 0
    assert {one for (one,) in server.sql("select id from course", "both")} == {
        "gpt-in-four-stages",
        "default_course",
    }
    for text in said:
        assert postgres.hidden(text)
    for folder in folders:  # the next command finds it, and asks for the password
        kept = (folder / address.REMEMBERED).read_text()
        assert address.shown(kept.strip()).endswith(f"{server.port}/both")
        assert postgres.hidden(kept)


def test_a_class_finds_its_gradebook_again(server, both, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)
    rows = grade.grade("tokenize")
    assert [row.status for row in rows] == ["GRADED"] * 3
    assert set(graded(server, "both").values()) == {1}
    monkeypatch.setenv(address.VARIABLE, server.url("elsewhere"))
    with pytest.raises(Unavailable, match="has its gradebook at .*/both, not at") as no:
        grade.grade("tokenize")
    assert postgres.hidden(str(no.value))


# --- many writers ----------------------------------------------------------------------


def write(url, exercise, notebook, students, failed, ready):
    """A grader's writing side, in a process of its own."""
    nb = nbformat.reads(notebook, as_version=4)
    try:
        with contextlib.closing(opened(url)) as record:
            ready.wait()  # the crash comes while all of them write
            for student in students:
                record.save(exercise, student, "f" * 64, None, nb)
    except BaseException as error:  # noqa: BLE001 - the test is to know
        failed.put(repr(error))


def opened(url):
    from nbgrader.api import Gradebook

    return Record(Gradebook(address.normal(url), "gpt-in-four-stages"))


def test_nothing_is_lost_or_doubled_where_many_write(server, both):
    """Four at once enter the same students, for two exercises; the server crashes."""
    _, _, folders = both
    notebooks = {
        exercise: (
            folder / "autograded" / "student2" / exercise / f"{exercise}.ipynb"
        ).read_text()
        for exercise, folder in zip(EXERCISES, folders, strict=True)
    }
    students = [f"many{number:02}" for number in range(STUDENTS)]
    fork = multiprocessing.get_context("fork")
    failed, ready = fork.SimpleQueue(), fork.Barrier(WRITERS)
    writers = []
    for number in range(WRITERS):
        exercise = EXERCISES[number % 2]
        mine = students[number // 2 :: WRITERS // 2]  # each for one writer an exercise
        asked = (server.url("both"), exercise, notebooks[exercise], mine, failed, ready)
        writers.append(fork.Process(target=write, args=asked))
    for writer in writers:
        writer.start()
    many = len(graded(server, "both"))
    while len(graded(server, "both")) < many + 4 and failed.empty():
        time.sleep(0.02)
    server.stop(signal.SIGQUIT)  # no goodbye: what was not committed is gone
    server.start()
    for writer in writers:
        writer.join()
    assert failed.empty(), failed.get()
    times, found = graded(server, "both"), scores(server, "both")
    for exercise in EXERCISES:
        for student in students:
            assert times.pop((exercise, student)) == 1
            assert found[exercise, student] == found[exercise, "student2"]
    assert len(times) == many


def test_what_was_committed_before_the_answer_was_lost_is_not_done_again(server, both):
    _, _, folders = both
    path = folders[0] / "autograded" / "student1" / "tokenize" / "tokenize.ipynb"
    nb = nbformat.read(path, as_version=4)
    with contextlib.closing(opened(server.url("both"))) as record:
        session = record.gradebook.db
        commit, calls = session.commit, []

        def lost():
            commit()
            calls.append(1)
            raise sa.exc.OperationalError("", None, psycopg_error("server closed"))

        session.commit = lost
        record.save("tokenize", "once", "f" * 64, None, nb)
        assert calls == [1]
    assert graded(server, "both")["tokenize", "once"] == 1


def psycopg_error(text):
    import psycopg

    return psycopg.OperationalError(text)


# --- what is refused, in a sentence ----------------------------------------------------


def refused(capsys, *words):
    """What the command says: one line, and exit code 2."""
    capsys.readouterr()
    assert commands.main(["grade", "tokenize", "--class", CLASS, *words]) == 2
    out, told = capsys.readouterr()
    (line,) = [x for x in told.splitlines() if x.startswith("autograder grade: ")]
    assert not out and "Traceback" not in told
    assert postgres.hidden(told) and len(line) < 300
    return line


@pytest.fixture
def another(classroom, monkeypatch):
    """A class of one that has no gradebook yet."""
    for file in (address.REMEMBERED, address.FILE):
        (classroom / file).unlink(missing_ok=True)
    shutil.rmtree(classroom / "submitted", ignore_errors=True)
    hand_in(classroom, "student0", "tokenize", 0)
    monkeypatch.setenv(address.VARIABLE, "")  # and what a command sets is undone
    monkeypatch.setattr(engines, "OPENING", 0.3)
    monkeypatch.setattr(faults, "PATIENCE", 0.3)
    return classroom


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (lambda s: s.url("both", password="wrong"), "wrong user or password"),
        (lambda s: s.url("both", user="nobody"), "wrong user or password"),
        (lambda s: s.url("none"), "there is no such database"),
        (lambda s: s.url("x").replace(str(s.port), "1"), "no server answers there"),
        (lambda s: "mysql://me:s3cret@host/x", "mysql:// is no gradebook"),
        (lambda s: "postgresql://me:s3cret@host", "names no database"),
        (lambda s: "postgresql://me:s3cret/x@host/x", "names no database"),
    ],
)
def test_a_gradebook_that_is_not_there_is_told(server, another, capsys, url, told):
    (another / "lock").touch()
    before = sorted(another.rglob("*"))
    assert told in refused(capsys, "--db", url(server))
    assert sorted(another.rglob("*")) == before


def test_no_connection_left(server, another, capsys):
    server.create("few")
    server.sql("create role few login password 'few' connection limit 0")
    server.sql('alter database "few" owner to few')
    line = refused(capsys, "--db", server.url("few", "few", "few"))
    assert "the server has no connection left" in line


def test_a_database_is_one_classes(server, another, database, capsys):
    engines.prepare(address.normal(server.url(database)), "course", Path("autumn"))
    line = refused(capsys, "--db", server.url(database))
    assert "is the gradebook of the class 'autumn', not of 'test'" in line


def test_a_class_that_has_a_file_goes_to_no_server(server, another, capsys):
    (another / address.FILE).touch()
    line = refused(capsys, "--db", server.url("both"))
    (another / address.FILE).unlink()
    assert "has a gradebook already" in line


def test_an_exercise_is_graded_by_one_at_a_time_on_every_machine(
    server, another, database, capsys
):
    url = server.url(database)
    engines.prepare(address.normal(url), "gpt-in-four-stages", another)
    with contextlib.closing(opened(url)) as record:
        record.alone("'tokenize' of the class 'test'")
        line = refused(capsys, "--db", url)
        assert "is being graded by another process (grader on" in line
        with contextlib.closing(opened(url)) as second:
            second.alone("'cache' of the class 'test'")
            engine = second.gradebook.engine
            held = (
                engine.connect()
            )  # as where the network is lost: the server knows not
            engine.dispose(close=False)
            with engine.connect() as link:
                assert link.execute(sa.select(1)).scalar() == 1
            held.invalidate()
            second.announced("cache", "")


FULL = """create function full_disk() returns trigger language plpgsql as $$ begin
raise exception using errcode = '53100', message =
'could not extend file "base/5/16400": No space left on device'; end $$;
create trigger full_disk before insert on {table} for each row execute function full_disk()
"""


def test_a_full_disk_stops_it_and_the_same_command_goes_on(
    server, another, database, capsys
):
    """The server says what it says when its disk is full, in the middle of a grade."""
    url = server.url(database)
    engines.prepare(address.normal(url), "gpt-in-four-stages", another)
    server.sql(FULL.format(table="grade"), database)
    line = refused(capsys, "--db", url, "--jobs", "1")
    assert "the gradebook's disk is full; make room" in line
    assert not graded(server, database) and not scores(server, database)
    assert server.sql("select * from student", database) == []
    server.sql("drop trigger full_disk on grade", database)
    assert commands.main(["grade", "tokenize", "--class", CLASS, "--db", url]) == 0
    assert set(graded(server, database).values()) == {1}


def test_a_locked_file_is_told_and_nothing_is_half_done(another, capsys):
    with contextlib.closing(course.api().gradebook):
        pass
    with contextlib.closing(sqlite3.connect(another / address.FILE)) as other:
        other.execute("begin exclusive")
        line = refused(capsys)
    told = (
        "another program has locked the gradebook; close it and give the same command"
    )
    assert told in line
