"""What a class is graded with: the exercise as the gradebook has it, and its limits.

And where what came of it goes: the verified notebook, where nbgrader looks for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from autograder.box.sandbox import Limits
from autograder.classroom import changes, course, interrupts, submission, trouble
from autograder.classroom.address import VARIABLE
from autograder.classroom.cells import Released
from autograder.classroom.collect import collect
from autograder.classroom.preprocessors import Execute
from autograder.classroom.record import Record
from autograder.classroom.setup import Setup
from gpt.data import write_whole

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Two processes that grade one class would grade everything twice."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ValueError(
            f"the class {folder.name!r} is being graded by another process"
        ) from None
    try:
        yield
    finally:
        lock.release()


def announce(api: Any, record: Record, assignment: str) -> None:
    """Let nbgrader record the exercise as it stands: its cells, locks and points."""
    source = course.solution(assignment).read_bytes()
    version = hashlib.sha256(source).hexdigest()
    released = course.root() / "exercises" / assignment / f"{assignment}.ipynb"
    if released.exists() and record.announced(assignment, version):
        return
    if told := changes.problem(record.gradebook, assignment):
        raise ValueError(told)
    record.gradebook.db.rollback()
    result = api.generate_assignment(assignment, force=True, create=True)
    interrupts.obey(result)
    if not result["success"]:
        trace = result.get("log") or result["error"] or ""
        trouble.log(course.class_folder(), f"generate {assignment}", trace)
        record.check()
        last = ([line for line in trace.splitlines() if line.strip()] or [""])[-1]
        raise ValueError(
            f"nbgrader cannot generate {assignment!r}, and it is as it was: "
            f"{last.strip()[:200]} (problems.log in the class's folder says more)"
        )
    record.announce(assignment, version)


def setting(
    api: Any, record: Record, assignment: str, rehearsal: bool = False
) -> Setup:
    """What the workers need to know of the class, from its configuration.

    rehearsal: of the exercise as it would be announced, while nothing is written.
    """
    settings = Execute(config=api.config)
    released = course.root() / "exercises" / assignment
    about = _rehearsed if rehearsal else submission.released
    return Setup(
        assignment,
        course.class_folder() / "submitted",
        Path(settings.seed_file),
        about(record.gradebook, assignment, assignment),
        collect(released, assignment).files,
        Limits(**settings.limits),
        settings.sandbox,
    )


def _rehearsed(gradebook: Gradebook, assignment: str, notebook: str) -> Released:
    """An exercise as a new gradebook would have it, which is thrown away."""
    if told := changes.problem(gradebook, assignment):
        raise ValueError(told)
    gradebook.db.rollback()
    kept = os.environ.get(VARIABLE)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[VARIABLE] = f"sqlite:///{folder}/gradebook.db"
        try:
            api = course.api(of_class=False)
        finally:
            os.environ.pop(VARIABLE)
            if kept is not None:
                os.environ[VARIABLE] = kept
        api.coursedir.release_directory = f"{folder}/release"
        result = api.generate_assignment(assignment, force=True, create=True)
        interrupts.obey(result)
        if not result["success"]:
            raise ValueError(f"nbgrader cannot generate {assignment!r}")
        with contextlib.closing(api.gradebook) as made:
            return submission.released(made, assignment, notebook)


def publish(setup: Setup, student: str, said: dict[str, Any]) -> None:
    """Put the verified notebook where nbgrader keeps it; each file whole or not at all."""
    path = notebook(setup.submitted.parent, student, setup.assignment)
    path.parent.mkdir(parents=True, exist_ok=True)
    stamp = path.with_name("timestamp.txt")
    if said["timestamp"]:
        write_whole(stamp, said["timestamp"].encode())
    else:
        stamp.unlink(missing_ok=True)
    write_whole(path, said["notebook"].encode())


def notebook(folder: Path, student: str, assignment: str) -> Path:
    return folder / "autograded" / student / assignment / f"{assignment}.ipynb"


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
