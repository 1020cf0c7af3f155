"""Does one hostile submission earn, learn, break or leave anything that it should not?

Every item is a submission in a class that the real grader grades in the real sandbox.
A class is graded once; each item is a test of its own that looks at what came of it.
"""

import multiprocessing.util
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from autograder import grade, sandbox
from tests.autograder.hostile import (
    broken,
    classroom,
    forgery,
    honest,
    resources,
    theft,
)
from tests.need import need

FAMILIES = (forgery, theft, resources, broken, honest)
ITEMS = [item for module in FAMILIES for item in module.ITEMS]


def chosen(request):
    """The items of this run: with `pytest -k`, only some."""
    calls = [getattr(test, "callspec", None) for test in request.session.items]
    found = [call.params["item"] for call in calls if call and "item" in call.params]
    return [item for item in ITEMS if item in found]


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

    def room(group):
        if group not in known:
            known[group] = classroom.graded(course, group, chosen(request))
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
