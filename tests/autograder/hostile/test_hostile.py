"""Does one hostile submission earn, learn, break or leave anything that it should not?

Every item is a submission in a class that the real grader grades in the real sandbox.
A class is graded once; each item is a test of its own that looks at what came of it.
"""

import contextlib
import multiprocessing.util
import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from autograder import bank, checks, grade, sandbox
from tests.autograder.hostile import (
    broken,
    classroom,
    forgery,
    honest,
    library,
    resources,
    theft,
)
from tests.need import need

FAMILIES = (forgery, library, theft, resources, broken, honest)
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


@pytest.mark.parametrize("item", ITEMS, ids=[f"{i.family}-{i.id}" for i in ITEMS])
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
    assert pages, f"{row}: no feedback page: {sorted(written)}"
    for name, content in written.items():
        for secret in stolen(room):
            at = content.find(secret)
            # A secret stands in nobody's own notebook, so it has come from elsewhere.
            told = content[max(0, at - 100) : at + 100]
            assert at < 0, f"{item.name}: {item.hopes}\n{row}\n{name}: {told}"


def stolen(room):
    """What a thief's success would look like in the files."""
    seed = bank.hidden_seed(room.folder / "seed", "attend")
    inputs = bank.draw(checks.load("attend")["softmax"], seed)
    found = [theft.loot(case.args[0]) for case in inputs]
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


def test_the_graders_own_memory_is_bounded(rooms):
    assert 50 < rooms("short").peak_mb < 1000
