"""What the kernel would hold for a box is refused, or counted with its memory."""

import contextlib
import mmap
import os
import subprocess
import sys

import pytest

from autograder.box import memory, sandbox
from autograder.box.kernel import Template
from tests.autograder.box import held
from tests.need import need


@pytest.mark.parametrize("kind", ["warm", "cold"])
def test_what_nobody_could_count_is_refused(kind):
    problem = sandbox.why_not()
    need(problem is None, problem)
    if kind == "warm":
        need(sandbox.warm(), "namespaces inside bubblewrap: see sandbox.why_not")
    # How many files a cold box's folders take is counted, not bounded.
    tries = [
        x for x in held.REFUSED if kind == "warm" or "without content" not in x.what
    ]
    with Template(cold=kind == "cold") as template:
        cells = held.tried(template, *tries)
    ended = {
        attempt.what: cell.died or cell.error
        for attempt, cell in zip(tries, cells, strict=True)
        if not attempt.holds(cell)
    }
    assert ended == {}


@pytest.mark.parametrize("attempt", held.ENDED, ids=lambda attempt: attempt.what)
def test_what_can_be_counted_ends_the_box(template, attempt):
    (cell,) = held.tried(template, attempt)
    assert attempt.holds(cell), cell.died or cell.error


@contextlib.contextmanager
def waiting(code):
    """The id of a process that has run some code and does nothing more.

    Of our own, other threads come and go, and open files with them.
    """
    code += "\nprint(flush=True)\nimport sys\nsys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        yield process.pid
        process.stdin.close()


def test_page_tables_count():
    """Sixty-four MB of them, for one page that is read in each of 16,384 places."""
    code = (
        "import mmap\nx = mmap.mmap(-1, 32 << 30, flags=mmap.MAP_PRIVATE | 0x4020,"
        " prot=1)\nfor i in range(0, 32 << 30, 2 << 20): x[i]"
    )
    with waiting(code) as pid:
        for most in (0, 1 << 40):  # by who shares what, and by the simple sum
            assert memory.held(pid, most, boxed=False) > 64 << 20


def test_files_count_by_their_number_too(monkeypatch, tmp_path):
    about = os.statvfs_result((4096, 4096, 1000, 1000, 1000, 5000, 4000, 4000, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda folder: about)
    assert memory._files(os.getpid()) == 2 * 1000 * memory._FILE


def test_what_each_thread_has_open_counts():
    """One may have a table of its own, so those that share one count it again."""
    files = "import os, threading\nkept = [os.dup(0) for _ in range(30)]"
    thread = "threading.Thread(target=threading.Event().wait, daemon=True).start()"
    with waiting(files) as alone, waiting(f"{files}\n{thread}") as two:
        once = memory._open_files(alone)
        assert once >= 30 * memory._DESCRIPTOR
        assert memory._open_files(two) == 2 * once


def test_how_many_are_open_an_older_kernel_tells_by_listing_them(monkeypatch):
    stat = os.stat

    def older(place, **how):
        found = stat(place, **how)
        listed = str(place).endswith("/fd")
        return os.stat_result([*found[:6], 0, *found[7:]]) if listed else found

    with waiting("import os\nkept = [os.dup(0) for _ in range(30)]") as pid:
        now = memory._open_files(pid)
        monkeypatch.setattr(os, "stat", older)
        assert memory._open_files(pid) == now > 30 * memory._DESCRIPTOR


def test_mappings_are_counted_up_to_a_bound():
    me = [os.getpid()]
    before = memory._mappings(me)
    kept = [mmap.mmap(-1, 4096, prot=1 + i % 2) for i in range(500)]
    assert before + 400 < memory._mappings(me) <= before + 700
    assert memory._mappings(me * 1000) == memory.MAPPINGS + 1
    del kept
