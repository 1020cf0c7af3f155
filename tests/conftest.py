"""What the whole run tells at its end (the kill rate of the mistakes, the slips), and one
real Chromium a worker. The environment variable CHROMIUM names it where it is not on the PATH."""

import gc
import json
import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from tests.need import need

# Two workers and the kernels that they start share the cores: torch's threads would wait
# for each other most of the time.
os.environ.setdefault("OMP_NUM_THREADS", "1")

RECORD = Path(__file__).parents[1] / "_build" / "checks.json"


def add(**figures: float) -> None:
    """Add figures to `_build/checks.json`, a flat object of names and numbers."""
    RECORD.parent.mkdir(exist_ok=True)
    with FileLock(RECORD.with_suffix(".lock")):  # several workers write it
        known = json.loads(RECORD.read_text()) if RECORD.exists() else {}
        RECORD.write_text(json.dumps(known | figures, indent=1) + "\n")


@pytest.fixture(scope="session")
def record():
    """`add`."""
    return add


FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser():
    """A real Chromium; one, because Playwright's loop takes no second beside it."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = [os.environ.get("CHROMIUM"), *map(shutil.which, names)]
    path = next(filter(None, found), None)
    need(path, "Chromium: apt-get install chromium, or name it in CHROMIUM")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def pytest_sessionstart(session):
    if not hasattr(session.config, "workerinput"):
        RECORD.unlink(missing_ok=True)


def pytest_collection_finish():
    """What is there for the whole run is never collected: the garbage collector would go
    through all of it in the middle of an answer whose time is counted."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter):
    if not RECORD.exists():
        return
    figures = json.loads(RECORD.read_text())
    terminalreporter.section("checks")
    if "kill_rate" in figures:
        terminalreporter.line(
            f"kill rate {figures['kill_rate']:.0%}: {figures['mistakes']} mistakes of "
            f"{figures['checks']} checks, each caught and named by its own hint"
            if figures["kill_rate"] == 1
            else f"kill rate {figures['kill_rate']:.1%}: NOT ALL MISTAKES ARE NAMED"
        )
    if "mutants" in figures:
        terminalreporter.line(
            f"mutants: {figures['mutants']}, {figures['mutants_killed']} refused, "
            f"{figures['mutants_equal']} as right as the solution"
        )
    if "slips" in figures:
        terminalreporter.line(
            f"slips of students: {figures['slips']}, of which {figures['slips_named']:.0%} "
            f"are named, {figures['slips_described']:.0%} truly described and "
            f"{figures['slips_silent']:.0%} left without a word"
        )
    if "hostile_total" in figures:
        terminalreporter.line(
            f"dishonest submissions that earned nothing: "
            f"{figures['hostile_passed']} of {figures['hostile_total']}"
        )
    if "trusted_peak_mb" in figures:
        terminalreporter.line(
            f"memory of the grader and its workers, boxes aside, while it graded them: "
            f"{figures['trusted_peak_mb']:,} MB at most"
        )
