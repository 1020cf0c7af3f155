"""python -m bench.crowd [N]: grade a class of N demo submissions (10,000), and count.

The class is the demo's twelve, again and again, each with its student's name in it, so
that no two are the same. The real command grades it; then it is asked once more, with
nothing left to do, and the report is written. Printed are time, rate, memory, what the
gradebook holds, and whether a submission was lost, graded twice, or given other points
than it deserves.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import nbformat

from autograder.classroom import demo
from bench import processes, site

ROOT = Path(__file__).parents[1]
EXERCISE = demo.ASSIGNMENT
CLASS = "crowd"


def main(size: int = 10_000, *words: str) -> int:
    """`words` are given to the command: `--scheduler ADDRESS`. 1 where one is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        for name in "solutions", "exercises":
            shutil.copytree(ROOT / name / EXERCISE, course / name / EXERCISE)
        shutil.copy(ROOT / "nbgrader_config.py", course)
        place = course / "autograder" / "classes" / CLASS
        expected = hand_in(place, size)
        print(f"{size:,} demo submissions of {EXERCISE}, on {os.cpu_count()} cores:")
        command = [sys.executable, "-m", "autograder", "grade", EXERCISE]
        command += ["--class", CLASS, *words]
        seconds, trusted = _timed(command, course)
        again, _ = _timed(command, course)
        page = ROOT / "_build" / f"crowd-{size}.html"
        page.parent.mkdir(exist_ok=True)
        ask = [*command[:3], "report", "--class", CLASS, "--force", "--to", page]
        report, _ = _timed(ask, course)
        book = place / "gradebook.db"
        times, points, cpu = _book(book)
        lost = len(expected.keys() - times.keys())
        doubled = sum(many > 1 for many in times.values())
        wrong = {
            student: (points.get(student), wanted)
            for student, wanted in expected.items()
            if abs(points.get(student, -1) - wanted) > 0.01
        }
        rate, cpu = size / seconds, cpu / max(1, len(times))
        print(f"  time          {seconds:10,.0f} s")
        print(f"  rate          {rate:10.2f} submissions a second")
        print(f"  computing     {1000 * cpu:10.0f} ms a submission")
        print(f"  memory        {trusted:10,.0f} MB at most, boxes aside")
        print(f"  gradebook     {book.stat().st_size / 1e6:10.1f} MB")
        print(f"  once more     {again:10,.0f} s, with nothing left to do")
        print(f"  report        {report:10,.0f} s, {page.stat().st_size / 1e6:.1f} MB")
        print(f"  it opens in   {_opens(page):10.2f} s, in Chromium")
        print(f"                {page.relative_to(ROOT)}")
        print(f"  lost          {lost:10,}")
        print(f"  graded twice  {doubled:10,}")
        print(f"  other points  {len(wrong):10,}")
        for student, (got, wanted) in list(wrong.items())[:5]:
            print(f"    {student}: {got}, not {wanted}")
        return 1 if lost or doubled or wrong else 0


def hand_in(place: Path, size: int) -> dict[str, float]:
    """Write the class; the points that each student deserves."""
    (place / "submitted").mkdir(parents=True)
    (place / "seed").write_text("the demo class\n")  # of the demo's points
    notebooks = [demo.notebook(like) for like in demo.CLASS]
    expected = {}
    for number in range(size):
        like = demo.CLASS[number % len(demo.CLASS)]
        nb = notebooks[number % len(demo.CLASS)]
        student = f"{number:05}-{like.student}"
        nb.cells[0].source = f"This is the work of {student}."
        folder = place / "submitted" / student / EXERCISE
        folder.mkdir(parents=True)
        nbformat.write(nb, folder / f"{EXERCISE}.ipynb")
        expected[student] = like.points
    return expected


def _timed(command: list[str], course: Path) -> tuple[float, float]:
    """Seconds that the command took, and the most MB of its processes, boxes aside."""
    path = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    start = time.perf_counter()
    with (course / "log").open("w") as log:  # the table; its progress is for you
        process = subprocess.Popen(
            command, cwd=course, env={**os.environ, "PYTHONPATH": path}, stdout=log
        )
        with processes.watched(process.pid, pause=15, without="bwrap") as seen:
            if process.wait():
                raise RuntimeError((course / "log").read_text()[-2000:])
    return time.perf_counter() - start, max(seen)


def _opens(page: Path) -> float:
    """Seconds until a browser has a page, with all that it shows at first."""
    with site.chromium() as browser:
        seen = browser.new_page()
        seen.goto(page.as_uri())
        ends = "performance.getEntriesByType('navigation')[0].loadEventEnd"
        return seen.evaluate(ends) / 1000


def _book(path: Path) -> tuple[Counter[str], dict[str, float], float]:
    """How often each was graded, what nbgrader's tables say, and all computing."""
    with contextlib.closing(sqlite3.connect(path)) as base:
        rows = base.execute(
            "select student, times, cpu from autograder_grading where student != ''"
        ).fetchall()
        points = base.execute(
            "select s.student_id, sum(coalesce(g.auto_score, 0)) "
            "from submitted_assignment s "
            "join submitted_notebook n on n.assignment_id = s.id "
            "join grade g on g.notebook_id = n.id group by s.student_id"
        ).fetchall()
    times = Counter({student: many for student, many, _ in rows})
    return times, dict(points), sum(cpu for _, _, cpu in rows)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2]), *sys.argv[2:]))
