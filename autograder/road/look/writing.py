"""Pages of a class, many at a time, and only those of which something has changed."""

from __future__ import annotations

import concurrent.futures
import hashlib
import json
import multiprocessing
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from autograder.classroom import course
from autograder.classroom.book import Standing
from autograder.road import look
from autograder.road.look import mistakes, page
from autograder.road.look.page import Job
from gpt.data import write_whole

_NBGRADER = b"nbgrader_cell"  # in the style of a page that nbgrader makes


def page_of(exercise: str, student: str) -> Path:
    """Where nbgrader keeps a page, and its exchange looks for it."""
    return course.class_folder() / "feedback" / student / exercise / f"{exercise}.html"


def notebook_of(exercise: str, student: str) -> Path:
    """The graded notebook."""
    folder = course.class_folder() / "autograded" / student / exercise
    return folder / f"{exercise}.ipynb"


def write_all(
    exercise: str,
    standings: Sequence[Standing],
    comments: Mapping[str, Mapping[str, str]],
    force: bool,
    jobs: int | None,
) -> tuple[int, int, dict[str, str]]:
    """How many pages were written, how many were as they should be, and who failed."""
    title, steps = page.headings(course.solution(exercise))
    notes = _Notes(course.class_folder() / "feedback" / f".{exercise}.json")
    todo: list[tuple[str, Job]] = []
    failed: dict[str, str] = {}
    for s in standings:
        args = (exercise, title, steps, s, comments.get(s.student, {}))
        job = page.Job(
            *args, {}, notebook_of(exercise, s.student), page_of(exercise, s.student)
        )
        try:
            mark = _mark(job)
        except OSError as error:
            failed[s.student] = f"its graded notebook cannot be read: {error.strerror}"
            continue
        ours, theirs = _is_ours(job.page)
        if theirs:
            failed[s.student] = (
                f"{job.page} is there, and is none of ours: move it away"
            )
        elif force or not ours or notes.marks.get(s.student) != mark:
            todo.append((mark, job))
    same = len(standings) - len(todo) - len(failed)
    if todo:
        found = mistakes.examples(exercise, [job.standing for _, job in todo])
        done = _parallel([_with(job, found) for _, job in todo], jobs)
        marks = {job.standing.student: mark for mark, job in todo}
        for student, why in done:
            if why:
                failed[student] = why
            else:
                notes.marks[student] = marks[student]
        notes.save()
    return (
        len(todo) - len(failed.keys() & {j.standing.student for _, j in todo}),
        same,
        failed,
    )


def _with(job: Job, known: Mapping[tuple[str, str], page.Example]) -> Job:
    """The job with an example for each mistake that was named in it."""
    found = {
        name: known[name, scored.mistake]
        for name, scored in job.standing.checks.items()
        if scored.mistake and (name, scored.mistake) in known
    }
    return replace(job, examples=found)


class _Notes:
    """From what each page was made, so that it is made again only if that changes."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            found = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            found = {}
        self.marks: dict[str, str] = found if isinstance(found, dict) else {}

    def save(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.file, json.dumps(self.marks, ensure_ascii=False).encode())


def _mark(job: Job) -> str:
    """A hash of all that a page is made from."""
    about = job.notebook.stat()
    seen = (
        look.version(),
        job.title,
        dict(job.steps),
        replace(job.standing, cpu=0.0),
        sorted(job.comments.items()),
        about.st_mtime_ns,
        about.st_size,
    )
    return hashlib.sha256(repr(seen).encode("utf-8", "backslashreplace")).hexdigest()


def _is_ours(page: Path) -> tuple[bool, bool]:
    """Whether a page of this command is there, or one that a person may have made."""
    try:
        with page.open("rb") as file:
            ours = look.MAKER.encode() in file.read(4_000)
            theirs = not ours and _NBGRADER not in file.read(1 << 20)
    except FileNotFoundError:
        return False, False
    return ours, theirs


def _parallel(todo: list[Job], jobs: int | None) -> list[tuple[str, str | None]]:
    """Write the pages, many at a time; each student, with why it could not be done."""
    many = min(jobs or len(os.sched_getaffinity(0)), 1 + len(todo) // 50)
    bar = tqdm(
        total=len(todo),
        desc=f"feedback {todo[0].exercise}",
        unit=" pages",
        disable=None,
    )
    done = []
    with bar:
        if many == 1:
            for job in todo:
                done.append(_one(job))
                bar.update()
            return done
        context = multiprocessing.get_context("forkserver")
        with concurrent.futures.ProcessPoolExecutor(many, context) as pool:
            for found in pool.map(_one, todo, chunksize=20):
                done.append(found)
                bar.update()
    return done


def _one(job: Job) -> tuple[str, str | None]:
    try:
        page.write(job)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return job.standing.student, f"{type(error).__name__}: {error}"[:200]
    return job.standing.student, None
