"""Does one hostile submission earn, learn, break or leave anything that it should not?

Every item is a submission in a class that the real grader grades in the real sandbox.
A class is graded once; each item is a test of its own that looks at what came of it.
"""

import contextlib
import io
import multiprocessing.util
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder import checks
from autograder.box import sandbox
from autograder.classroom import course, grade
from autograder.verdict import bank
from autograder.verdict.secret import hidden_seed
from tests.autograder.hostile import (
    broken,
    classroom,
    forgery,
    honest,
    library,
    pages,
    resources,
    siege,
    siege_box,
    theft,
)
from tests.autograder.hostile import item as item_module
from tests.need import need

FAMILIES = (forgery, library, pages, theft, resources, siege, siege_box, broken, honest)
ITEMS = [item for module in FAMILIES for item in module.ITEMS]


def chosen(request):
    """The items of this run: with `pytest -k`, only some."""
    calls = [getattr(test, "callspec", None) for test in request.session.items]
    found = [call.params["item"] for call in calls if call and "item" in call.params]
    return [item for item in ITEMS if item in found]


KINDS = ("PORT", "ABSTRACT", "SOCKET")


@contextlib.contextmanager
def _listening(kind, folder):
    """A listener on this machine that no submission should reach, and its address."""
    family = socket.AF_INET if kind == "PORT" else socket.AF_UNIX
    name = f"hostile-{folder.name}"
    address = {
        "PORT": ("127.0.0.1", 0),
        "ABSTRACT": f"\0{name}",
        "SOCKET": str(folder / "s"),
    }
    with socket.socket(family) as ear:
        ear.bind(address[kind])
        ear.listen()
        ear.setblocking(False)
        place = str(ear.getsockname()[1]) if kind == "PORT" else address[kind]
        yield ear, name if kind == "ABSTRACT" else place


def _was_called(ear):
    try:
        ear.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.fixture(scope="module")
def rooms(request):
    """The classes of all groups, each graded when it is first asked for."""
    problem = sandbox.why_not()
    need(problem is None, problem)
    before = Path.cwd(), dict(os.environ), tempfile.tempdir
    multiprocessing.util.get_temp_dir()  # it stays where it would be without us
    top = Path(tempfile.mkdtemp(prefix="h-"))  # sockets need a short path
    top.chmod(0o711)
    (top / "tmp").mkdir(mode=0o711)
    tempfile.tempdir = os.environ["TMPDIR"] = str(top / "tmp")
    os.environ["GPT_HOSTILE"] = classroom.SECRET
    course = top / "course"
    classroom.lay_out(course)
    os.chdir(course)
    known = {}
    with contextlib.ExitStack() as stack:
        ears = {kind: stack.enter_context(_listening(kind, top)) for kind in KINDS}
        heard = {kind: ear for kind, (ear, _) in ears.items()}
        places = {kind: place for kind, (_, place) in ears.items()}

        def room(group):
            if group not in known:
                found = classroom.graded(course, group, chosen(request), places)
                found.heard = {k for k, ear in heard.items() if _was_called(ear)}
                known[group] = found
            return known[group]

        yield room
    os.chdir(before[0])
    os.environ.clear()
    os.environ.update(before[1])
    tempfile.tempdir = before[2]
    shutil.rmtree(top, ignore_errors=True)


passed = set()


@pytest.mark.parametrize("item", ITEMS, ids=[i.label for i in ITEMS])
def test_it_gets_what_it_earned(rooms, item, record):
    dishonest = [i for i in ITEMS if i.family != "honest"]
    record(hostile_passed=len(passed), hostile_total=len(dishonest))
    room = rooms(item.group)
    row = room.row(item)
    told = f"{item.name}: {item.hopes}\n{row}\n{room.earned(item)}"
    assert row.status != grade.INFRA, told
    assert room.earned(item) == item.earns, told
    assert row.points == sum(item.earns.values()), told
    assert room.recorded(item) == row.points, told
    if item.flagged is not None:
        assert (row.status == grade.FLAGGED) == item.flagged, told
    if item.family != "honest":
        passed.add(item.name)
        record(hostile_passed=len(passed))


THEFT = [item for item in ITEMS if item.family == "theft"]


@pytest.mark.parametrize("item", THEFT, ids=[i.id for i in THEFT])
def test_no_secret_and_no_hidden_input_comes_out(rooms, item):
    room = rooms(item.group)
    row = room.row(item)
    assert item.id not in room.errors, room.errors[item.id]
    written = room.outputs(item)
    pages = [name for name in written if name.startswith("feedback/")]
    assert bool(pages) == item.page, f"{row}: {sorted(written)}"
    for name, content in written.items():
        for secret in stolen(room):
            at = content.find(secret)
            # A secret stands in nobody's own notebook, so it has come from elsewhere.
            told = content[max(0, at - 100) : at + 100]
            assert at < 0, f"{item.name}: {item.hopes}\n{row}\n{name}: {told}"


def stolen(room):
    """What a thief's success would look like in the files."""
    seed = hidden_seed(room.folder / "seed", "attend")
    inputs = bank.draw(checks.load("attend")["softmax"], seed)
    found = [theft.loot(case.args[0]) for case in inputs if case.args[0].numel() > 2]
    shapes = [[int(x[i : i + 4], 16) for i in range(0, 24, 4)] for x in found]
    numbers = [", ".join(map(str, shape[:4])) for shape in shapes]
    plain = [x for x in found if len(set(x)) > 4]
    assert len(plain) > 4, "there are inputs to be stolen"
    return [classroom.SECRET.encode(), *(x.encode() for x in [*plain, *numbers])]


def test_nobody_was_called(rooms):
    assert rooms("plain").heard == set()


GROUPS = sorted({item.group for item in ITEMS})


@pytest.mark.parametrize("group", GROUPS)
def test_neighbours_keep_their_grade(rooms, group):
    room = rooms(group)
    assert not room.errors, room.errors
    honest = [n for a in ("attend", "tokenize") for n in classroom.neighbours(a)]
    there = [n for n in honest if (n.assignment, n.id) in room.rows]
    assert len(there) >= len(classroom.NEIGHBOURS)
    for neighbour in there:
        row = room.row(neighbour)
        assert (room.earned(neighbour), row.status) == (
            neighbour.earns,
            grade.GRADED,
        ), row
        assert room.recorded(neighbour) == row.points == row.possible


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_is_left_behind(rooms, group):
    room = rooms(group)
    assert room.left["mounts"] == set()
    assert room.left["daemons"] == set()
    # The grader's own folder may stay as long as its process; nothing of a run may.
    assert {path for path in room.left["files"] if not allowed(path)} == set()


def allowed(path):
    """Whether it belongs to a template that waits for the next submission."""
    parts = Path(path).relative_to(tempfile.gettempdir()).parts
    mine = not parts or parts[0].startswith("gpt-")
    return mine and (len(parts) < 2 or parts[1] in ("code", "mnt"))


@pytest.mark.parametrize("group", GROUPS)
def test_no_code_of_theirs_ran_outside(rooms, group):
    assert not rooms(group).marker.exists(), rooms(group).marker.read_text()


def test_the_graders_own_memory_is_bounded(rooms, record):
    peak = max(rooms(group).peak_mb for group in GROUPS)
    record(trusted_peak_mb=round(peak))
    assert 50 < peak < 1000


PAGES = [item for item in pages.ITEMS if item.page]


@pytest.mark.parametrize("item", PAGES, ids=[i.name.replace(" ", "-") for i in PAGES])
@pytest.mark.parametrize("page", ["feedback", "formgrader"])
def test_nothing_runs_on_a_page(rooms, item, page):
    room = rooms(item.group)
    row = room.row(item)
    assert item.id not in room.errors, room.errors[item.id]
    shown = room.feedback(item) if page == "feedback" else room.formgrader(item)
    assert len(shown) > 10_000, f"{row}: no page"
    assert pages.Live(shown).found == [], f"{item.name}: {item.hopes}\n{row}"


@pytest.mark.parametrize("text", [pages.SCRIPT, pages.IMAGE, pages.FRAME])
def test_what_would_run_is_seen(text):
    assert pages.Live(f"<p>{text}</p>").found


def _zip(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _tar(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            about = tarfile.TarInfo(name)
            about.size = len(content.encode())
            archive.addfile(about, io.BytesIO(content.encode()))
        for name in LINKED, "evil":
            link = tarfile.TarInfo(f"{name}.ipynb")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
            archive.addfile(link)


COLLECTED = "attend_{}_attempt_2026-01-01-00-00-00_attend"
LINKED = COLLECTED.format("linked")


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize("way", ["honest", "../", "absolute"])
def test_an_archive_cannot_write_where_it_likes(rooms, tmp_path, kind, way):
    """`nbgrader zip_collect` on archives with links, absolute paths and ways up."""
    rooms("odd")  # the course is laid out
    top = Path.cwd().parent
    marker = tmp_path / "marker.ipynb"
    evil = {"honest": "fine.ipynb", "absolute": str(marker)}.get(
        way, f"{way}evil.ipynb"
    )
    notebook = nbformat.writes(item_module.notebook(honest.ITEMS[0]))
    members = {f"{COLLECTED.format('somebody')}.ipynb": notebook, evil: "{}"}
    klass = course.new_class("zipped")
    archives = klass / "downloaded" / "attend" / "archive"
    archives.mkdir(parents=True)
    {"zip": _zip, "tar.gz": _tar}[kind](archives / f"all.{kind}", members)
    places = [klass]
    before = {
        path for path in top.rglob("*") if not set(places) & {*path.parents, path}
    }
    try:
        rule = r"^.*attend_(?P<student_id>\w+)_attempt_(?P<timestamp>[0-9-]+)_(?P<file_id>.*)"
        done = subprocess.run(
            [
                Path(sys.executable).parent / "nbgrader",
                "zip_collect",
                "attend",
                "--force",
            ]
            + [
                "--ZipCollectApp.collector_plugin=nbgrader.plugins.FileNameCollectorPlugin"
            ]
            + [f"--FileNameCollectorPlugin.named_regexp={rule}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        after = {p for p in top.rglob("*") if not set(places) & {*p.parents, p}}
        assert after == before
        assert not marker.exists()
        inside = (klass / "downloaded" / "attend" / "extracted").resolve()
        for path in (top / "course").rglob("*evil.ipynb"):
            assert inside in path.parents
        submitted = klass / "submitted"
        if way == "honest":
            assert (submitted / "somebody" / "attend" / "attend.ipynb").exists(), done
            rows = {row.student: row for row in grade.grade("attend")}
            assert rows.pop("somebody").points == 20
            assert all(row.points == 0 for row in rows.values()), rows
    finally:
        shutil.rmtree(klass, ignore_errors=True)
