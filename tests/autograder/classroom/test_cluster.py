"""Is a class graded on a Dask cluster as it is here, through all that may befall one?

The cluster is real: a scheduler, and workers in processes of their own, which start
processes that grade in real boxes.
"""

import contextlib
import importlib.util
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from autograder import __main__ as commands
from autograder.box.sandbox import Limits
from autograder.classroom import (
    cluster,
    courier,
    course,
    demo,
    exam,
    grade,
    submission,
    worker,
)
from autograder.classroom.cluster import Cluster
from autograder.classroom.record import Record
from autograder.classroom.setup import Setup
from autograder.verdict import bank, outcome, wire
from autograder.verdict.secret import hidden_seed
from tests.need import need

CLASS = "test"
KEPT = ("honest-as-taught", "mistaken-ties", "unfinished", "dishonest-skips-checks")
EXPECTED = {s.student: s for s in demo.CLASS if s.student in KEPT}
EXPECTED |= {f"same-{n}": EXPECTED["honest-as-taught"] for n in range(4)}

_BOX = "from autograder.box import sandbox as s"
_COURIER = "from autograder.classroom import courier as c"


class Dask:
    """A scheduler and two workers, started by Dask's own commands; ended with `with`."""

    def __init__(self, folder):
        about = folder / "scheduler.json"
        command = ["dask_scheduler", "--no-dashboard", "--host", "127.0.0.1"]
        command += ["--port", "0", "--scheduler-file", about]
        self.running = [self._start(folder, *command)]
        while not about.exists() or not about.read_text():
            assert self.running[0].poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        self.scheduler_address = json.loads(about.read_text())["address"]
        command = ["dask_worker", self.scheduler_address, "--no-dashboard"]
        command += ["--nthreads", "1", "--nworkers", "2", "--local-directory", folder]
        self.running.append(self._start(folder, *command))

    def _start(self, folder, name, *words):
        with (folder / "log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{name}", *words],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def lose_scheduler(self):
        self.running[0].kill()
        self.running[0].wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running:  # each is the head of a group of its own
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    need(
        importlib.util.find_spec("distributed"),
        "distributed is missing: pip install -e .[dask]",
    )
    from distributed import Client

    with Dask(tmp_path_factory.mktemp("dask")) as running:
        with Client(running.scheduler_address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=300)
        yield running


@pytest.fixture(scope="module")
def submitted(classroom):
    course.new_class(CLASS)
    (classroom / "seed").write_text("the demo class\n")
    for student, like in EXPECTED.items():
        place = classroom / "submitted" / student / "tokenize"
        place.mkdir(parents=True)
        nbformat.write(demo.notebook(like), place / "tokenize.ipynb")
        (place / bank.REFERENCE).write_bytes(b"what was released counts")
    return classroom


class Befalls:
    """What happens after the nth grade of a run has been recorded."""

    def __init__(self, monkeypatch, events):
        self.saved, save = [], Record.save

        def saving(record, exercise, student, *what):
            save(record, exercise, student, *what)
            self.saved.append(student)
            events.get(len(self.saved), lambda: None)()

        monkeypatch.setattr(Record, "save", saving)


def interrupt():
    raise KeyboardInterrupt


def gone(pids):
    """Whether processes have ended, waiting for it."""
    until = time.monotonic() + 60
    while any(Path(f"/proc/{pid}/cmdline").exists() for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def times(classroom):
    with contextlib.closing(Record(course.api().gradebook)) as record:
        return {s: n for s, (_, n) in record.graded("tokenize").items() if s}


@pytest.mark.parametrize("exercise", ["embed", "train"])
def test_what_travels_holds_the_inputs_and_no_secret(tmp_path, exercise, classroom):
    """No seed, neither the class's nor the exercise's, and no path; the same inputs."""
    secret = tmp_path / "seed"
    secret.write_text("a secret of the instructor's\n")
    setup = Setup(
        exercise,
        tmp_path / "submitted",
        secret,
        submission.Released({}, {}),
        {},
        Limits(),
        True,
    )
    sent = worker.sent(setup)
    seed = hidden_seed(secret, exercise)
    for hidden in (b"a secret of", seed, seed.hex().encode(), str(tmp_path).encode()):
        assert hidden not in sent
    there, asked = pickle.loads(sent)
    assert there.submitted is None is there.seed_file
    theirs, ours = (
        exam.received(exercise, asked, ()),
        exam.exam_of(exercise, secret, ()),
    )
    assert theirs.packed == ours.packed and theirs.steps == ours.steps
    for name, cases in ours.cases.items():
        assert [(c.what, c.edge) for c in theirs.cases[name]] == [
            (c.what, c.edge) for c in cases
        ]
    again = {
        n: [outcome.to_args(c.args) for c in drawn] for n, drawn in theirs.cases.items()
    }
    assert wire.pack(again) == ours.packed


def refused(capsys, address):
    """What the command says: one line, and exit code 2."""
    capsys.readouterr()
    words = ["grade", "tokenize", "--class", CLASS, "--scheduler", address]
    assert commands.main(words) == 2
    _, told = capsys.readouterr()
    (line,) = [x for x in told.splitlines() if x.startswith("autograder grade: ")]
    return line


def test_no_scheduler_and_no_workers(submitted, dask, capsys, monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr(cluster, "CONNECT", 1.0)
    monkeypatch.setattr(cluster, "WORKERS", 0.2)
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in refused(
        capsys, "tcp://127.0.0.1:1"
    )
    with LocalCluster(n_workers=0, dashboard_address=":0") as empty:
        assert "has no workers" in refused(capsys, empty.scheduler_address)
    assert not times(submitted)


@pytest.mark.parametrize(
    ("there", "back", "told"),
    [
        (
            "import sys; sys.modules['autograder'] = None",
            "import sys; del sys.modules['autograder']; import autograder",
            "has no autograder: install the course there",
        ),
        (
            f"{_BOX}; s.kept = s.why_not; s.why_not = lambda: 'bubblewrap is missing'",
            f"{_BOX}; s.why_not = s.kept",
            "has no sandbox: bubblewrap is missing",
        ),
        (
            f"{_COURIER}; c.kept = c._code; c._code = lambda: 'older'",
            f"{_COURIER}; c._code = c.kept",
            "has another version of the course: older, here it is",
        ),
    ],
)
def test_a_worker_that_cannot_grade(submitted, dask, capsys, there, back, told):
    """One of two is enough: it is told which, and nothing has begun."""
    from distributed import Client

    with Client(dask.scheduler_address, set_as_default=False) as client:
        one = [next(iter(client.nthreads()))]
        client.run(exec, there, {}, workers=one)
        try:
            line = refused(capsys, dask.scheduler_address)
        finally:
            client.run(exec, back, {}, workers=one)
        assert f"the worker {one[0]} {told}" in line
        states = client.run(courier.state)
        assert not any(state["runs"] or state["pids"] for state in states.values())
    assert not times(submitted)


def test_a_class_survives_all_that_befalls_a_cluster(dask, submitted, monkeypatch):
    """A worker is killed, the grader stopped, the scheduler lost; each graded once."""
    from distributed import Client

    address, travelling, most = dask.scheduler_address, set(), []
    send, said = Cluster._send, Cluster._said

    def sending(self, message):
        assert len(message) < 200_000  # what was released is not sent back
        future = send(self, message)
        travelling.add(future)
        most.append(len(travelling))
        return future

    def saying(self, future):
        travelling.discard(future)
        return said(self, future)

    monkeypatch.setattr(Cluster, "_send", sending)
    monkeypatch.setattr(Cluster, "_said", saying)
    with Client(address, set_as_default=False) as client:
        pids = client.run(os.getpid)
        children = []

        def kill():
            victim, pid = next(iter(pids.items()))
            children.extend(client.run(courier.state)[victim]["pids"])
            os.kill(pid, signal.SIGKILL)

        with monkeypatch.context() as patched:
            first = Befalls(patched, {1: kill, 3: interrupt})
            with pytest.raises(KeyboardInterrupt):
                grade.grade("tokenize", scheduler=address)
        assert len(first.saved) == 3
        assert children and gone(children), "its grading processes end with a worker"
        client.wait_for_workers(2)
        assert not any(state["runs"] for state in client.run(courier.state).values())
    assert 2 < max(most) <= 2 * cluster.AHEAD + 1

    with monkeypatch.context() as patched:
        second = Befalls(patched, {2: dask.lose_scheduler})
        with pytest.raises(ValueError, match="the same command goes on"):
            grade.grade("tokenize", scheduler=address)
    rows = {row.student: row for row in grade.grade("tokenize", jobs=2)}
    assert times(submitted) == dict.fromkeys(EXPECTED, 1)
    assert len(second.saved) >= 2
    for student, like in EXPECTED.items():
        row = rows[student]
        assert row.points == like.points, row
        assert set(like.mistakes) <= set(row.mistakes)
        assert (row.status == grade.FLAGGED) == like.flagged
