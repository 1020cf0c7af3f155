"""Is a real class graded right, by nbgrader itself and by our command?

Every submission here is a real notebook, run by the real grader in a real kernel.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder import checks
from autograder.classroom import course, demo, grade, table
from autograder.classroom.demo import Submission, insert_cell

ROOT = Path(__file__).parents[3]
POINTS = sum(check.points for check in checks.load("tokenize").values())


def hand_in(classroom, submission):
    """Write what a student submits."""
    place = classroom / "submitted" / submission.student / "tokenize"
    place.mkdir(parents=True, exist_ok=True)
    nbformat.write(demo.notebook(submission), place / "tokenize.ipynb")


def graded(classroom, submission):
    """Hand it in next to nobody, grade it, and return its row."""
    hand_in(classroom, submission)
    (row,) = grade.grade("tokenize", [submission.student])
    return row


def test_the_demo_class_gets_what_it_deserves(classroom):
    demo.write(classroom / "submitted")
    rows = {row.student: row for row in grade.grade("tokenize")}
    assert len(rows) == len(demo.CLASS) == 12
    for submission in demo.CLASS:
        row = rows[submission.student]
        assert (row.student, row.points) == (row.student, submission.points)
        assert set(submission.mistakes) <= set(row.mistakes), row
        assert (row.status == grade.FLAGGED) == submission.flagged, row
    assert sum(row.points for row in rows.values()) > 0

    # The gradebook says the same, and what is flagged waits for a person.
    with Gradebook(f"sqlite:///{classroom / 'gradebook.db'}") as gradebook:
        for submission in gradebook.assignment_submissions("tokenize"):
            row = rows[submission.student.id]
            assert submission.score == pytest.approx(row.points)
            assert submission.needs_manual_grade == (row.status == grade.FLAGGED)

    # What has not changed is not graded again; --force grades it all the same.
    path = classroom / "autograded" / "unfinished" / "tokenize" / "tokenize.ipynb"
    before = path.stat().st_mtime_ns
    assert grade.grade("tokenize") == list(rows.values())
    assert path.stat().st_mtime_ns == before
    grade.grade("tokenize", ["unfinished"], force=True)
    assert path.stat().st_mtime_ns > before

    told = table.table("tokenize", list(rows.values()))
    assert "most common mistake: ties: the first one seen (2 of 12)" in told
    assert max(map(len, told.splitlines())) <= 80


def stored_score(classroom, student):
    with Gradebook(f"sqlite:///{classroom / 'gradebook.db'}") as gradebook:
        return gradebook.find_submission("tokenize", student).score


def retype(notebook):
    """Locked cells rewritten, retyped, retitled, doubled and lost."""
    for cell in list(notebook.cells):
        label = cell.metadata.get("nbgrader", {})
        match label.get("grade_id"):
            case "to_chunks":
                cell.source = "pass"
            case "count_pairs":
                label["points"] = 100
            case "merge":
                label.update(grade=False, locked=False)
                cell.source = "print('nothing to check')"
            case "train":
                notebook.cells.remove(cell)
            case "encode":
                notebook.cells.append(nbformat.from_dict(dict(cell)))
            case "decode":
                cell.cell_type = "markdown"
                cell.pop("outputs", None)
                cell.pop("execution_count", None)
            case "ranks":
                label["grade_id"] = "no_such_check"


@pytest.mark.parametrize(("steps", "points"), [(None, POINTS), (0, 0)])
def test_a_notebook_in_disorder_is_graded_as_it_was_meant(classroom, steps, points):
    name = f"disorder-{points}"
    row = graded(classroom, Submission(name, points, steps, edit=retype))
    assert (row.points, row.possible) == (points, POINTS)
    assert stored_score(classroom, name) == points


@pytest.mark.parametrize("before", [0, 16])
def test_a_dead_kernel_costs_only_the_cell_that_died(classroom, before):
    """What stands before and after it is graded, in a fresh kernel."""
    death = insert_cell("import os\nos._exit(1)", before)
    row = graded(classroom, Submission(f"dead-{before}", POINTS, edit=death))
    assert (row.points, row.status) == (POINTS, grade.FLAGGED)
    assert "kernel died" in " ".join(row.flags)


def test_one_bad_submission_changes_no_other(classroom):
    hand_in(classroom, Submission("good", POINTS))
    for student, content in [
        ("bad-json", b"{"),
        ("bad-bytes", b"\xff\xfe\x00"),
        ("bad-empty", b""),
    ]:
        place = classroom / "submitted" / student / "tokenize"
        place.mkdir(parents=True)
        (place / "tokenize.ipynb").write_bytes(content)
    students = ["bad-json", "bad-bytes", "bad-empty", "good"]
    rows = {row.student: row for row in grade.grade("tokenize", students)}
    assert rows["good"].points == POINTS
    for student in students[:3]:
        assert rows[student].status == grade.FLAGGED
        assert rows[student].points == stored_score(classroom, student) == 0
        assert "the notebook is not" in rows[student].flags[0]
    for student in students[:3]:
        shutil.rmtree(classroom / "submitted" / student)


def test_feedback_names_the_mistake_and_no_hidden_value(classroom):
    wrong = next(s for s in demo.CLASS if s.student == "mistaken-ties")
    row = graded(classroom, wrong)
    assert grade.feedback("tokenize", [row]) == [row]
    page = classroom / "feedback" / wrong.student / "tokenize" / "tokenize.html"
    html = page.read_text(encoding="utf-8")
    hint = next(
        m.hint
        for m in checks.load("tokenize")["train"].mistakes
        if m.name == wrong.mistakes[0]
    )
    plain = re.sub(r"<[^>]+>|`", "", html)
    assert hint.replace("`", "")[:60] in plain.replace("&#39;", "'")
    assert "it lacks" in plain  # how it differs is said, without a hidden value
    assert "among them" not in plain
    assert "expected  " not in html


def nbgrader(*args):
    """Run nbgrader's own command line, as its documentation tells instructors to."""
    program = Path(sys.executable).parent / "nbgrader"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [program, *args],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )


def awkward(classroom):
    """Submissions that nbgrader's own reading would miss, refuse or wait for."""
    hand_in(classroom, Submission("Smith, Anna [Ann]", 8, steps=4))
    hand_in(classroom, Submission("o'neill", 8, steps=4))
    place = classroom / "submitted" / "o'neill" / "tokenize"
    (place / "tokenize.ipynb").rename(place / "Tokenize (1).ipynb")
    os.mkfifo(place / "pipe.txt")
    os.mkfifo(place / "timestamp.txt")
    (place / "passwords").symlink_to("/etc/passwd")
    hand_in(classroom, Submission(os.fsdecode(b"Jos\xe9"), 8, steps=4))
    return ["Smith, Anna [Ann]", "o'neill"]


def test_nbgraders_own_commands(classroom, monkeypatch):
    """generate_assignment, autograde, generate_feedback, list and export."""
    monkeypatch.setenv("GPT_CLASS", "commands")
    place = course.new_class()
    honest = Submission("honest", POINTS)
    half = Submission("half", 8, steps=4)
    nbgrader("generate_assignment", "tokenize", "--force")
    for submission in (honest, half):
        hand_in(place, submission)
    names = awkward(place)
    log = nbgrader("autograde", "tokenize").stderr
    assert "Jos\\xe9: rename the folder to 'José': its name is not UTF-8" in log
    nbgrader("generate_feedback", "tokenize")
    assert stored_score(place, "honest") == POINTS
    for student in ("half", *names):
        page = place / "feedback" / student / "tokenize" / "tokenize.html"
        assert page.stat().st_size > 10_000
        assert stored_score(place, student) == 8
    (pipes,) = (place / "autograded").glob("o'neill/tokenize")
    assert not {"pipe.txt", "passwords", "timestamp.txt"} & set(os.listdir(pipes))
    nbgrader("export", "--to", str(place / "grades.csv"))
    rows = (place / "grades.csv").read_text().splitlines()
    assert len(rows) == 5

    # The two ways agree, flags and all.
    about = json.loads((pipes / "tokenize.ipynb").read_text())["metadata"]["autograder"]
    ours = {row.student: row for row in grade.grade("tokenize")}
    flag = "Tokenize (1).ipynb was graded in its place"
    assert about["flags"][-2:] == ["no notebook is named tokenize.ipynb", flag]
    assert list(ours["o'neill"].flags) == about["flags"]
    assert [ours[student].points for student in names] == [8, 8]
    assert len([row for row in ours.values() if row.status == grade.INFRA]) == 1

    # --no-execute must not pay for outputs that a submission brought along.
    nbgrader("autograde", "tokenize", "--force", "--no-execute")
    assert stored_score(place, "honest") == 0


def test_the_formgrader(classroom):
    """The formgrader lists the exercise, its submissions and their grades."""
    graded(classroom, Submission("honest", POINTS))
    token = "a-token-for-this-test"
    env = {**os.environ, "JUPYTER_CONFIG_DIR": str(classroom / "jupyter")}
    log = (classroom / "jupyter.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
        + ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
        + [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={Path.cwd()}"],
        env=env,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        address = None
        for _ in range(300):
            time.sleep(0.2)
            text = (classroom / "jupyter.log").read_text()
            if found := re.search(r"(http://127\.0\.0\.1:\d+)/lab", text):
                address = found[1]
                break
            assert server.poll() is None, text
        assert address, "the server never said where it listens"

        def ask(path, data=None):
            request = urllib.request.Request(
                f"{address}/formgrader/{urllib.parse.quote(path)}",
                headers={"Authorization": f"token {token}"},
                data=data,
            )
            with urllib.request.urlopen(request, timeout=120) as reply:
                return reply.read().decode(), reply.headers["Content-Type"]

        def get(path):
            return ask(path)[0]

        assert "tokenize" in get("api/assignments")
        (found,) = [
            s
            for s in json.loads(get("api/submissions/tokenize"))
            if s["student"] == "honest"
        ]
        assert (found["score"], found["max_score"]) == (POINTS, POINTS)
        assert not found["needs_manual_grade"]
        assert "nbgrader formgrade" in get("")

        # Its buttons grade the safe way, too, whatever student and notebook are called.
        hand_in(classroom, Submission("honest", POINTS, steps=0))
        for student in ("honest", *awkward(classroom)):
            said, _ = ask(f"api/submission/tokenize/{student}/autograde", b"")
            assert json.loads(said)["success"], said
            said, _ = ask(f"api/assignment/tokenize/{student}/generate_feedback", b"")
            assert json.loads(said)["success"], said
            page = classroom / "feedback" / student / "tokenize" / "tokenize.html"
            assert page.exists()
        assert stored_score(classroom, "o'neill") == 8

        # No name is taken for a part of a page.
        assert "<script>alert" not in get("manage_students/<script>alert(1)")
        assert 'var student_id = "o\\u0027neill"' in get("manage_students/o'neill")
        (classroom / "submitted" / "<img src=x>" / "tokenize").mkdir(parents=True)
        listed, kind = ask("api/submissions/tokenize")
        assert "<img" in listed and kind.startswith("text/plain")
        assert stored_score(classroom, "honest") == 0
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: grade.grade("tokenise"),
            "no exercise 'tokenise'; there are tokenize, embed",
        ),
        (lambda: grade.grade("tokenize", ["nobody"]), "'nobody' has submitted nothing"),
    ],
)
def test_errors_say_what_is_there(classroom, call, message):
    hand_in(classroom, Submission("somebody", 0))
    with pytest.raises(ValueError, match=message):
        call()


def test_another_secret_changes_every_hidden_input(tmp_path):
    from autograder.verdict import bank, wire
    from autograder.verdict.secret import hidden_seed

    (tmp_path / "a").write_text("one\n")
    (tmp_path / "b").write_text("two\n")
    seeds = [hidden_seed(tmp_path / name, "tokenize") for name in "ab"]
    for check in checks.load("tokenize").values():
        ours, theirs = (bank.draw(check, seed) for seed in seeds)
        same = [
            a.what
            for a, b in zip(ours, theirs, strict=True)
            if not a.edge and wire.pack(a.args) == wire.pack(b.args)
        ]
        assert not same, f"{check.name}: {same}"


def test_the_secret_is_made_once_and_is_its_owners(tmp_path):
    from autograder.verdict.secret import hidden_seed

    file = tmp_path / "class" / "seed"
    first = hidden_seed(file, "tokenize")
    assert hidden_seed(file, "tokenize") == first
    assert hidden_seed(file, "embed") != first
    assert hidden_seed(tmp_path / "other", "tokenize") != first
    if os.name == "posix":
        assert file.stat().st_mode & 0o077 == 0


def test_course_root_is_found_from_inside():
    here = Path.cwd()
    try:
        os.chdir(ROOT / "exercises" / "tokenize")
        assert course.root() == ROOT
    finally:
        os.chdir(here)
