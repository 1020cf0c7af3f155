"""book/live in Node, with the files that the build writes, and what the course says."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.need import need
from tests.site import checks
from tests.site.live import build

HERE = build.ROOT / "tests/site/live"


class Node:
    """Asks the modules in one process: node.ask("encode", "leap") -> [258]."""

    def __init__(self, folder):
        found = shutil.which("node")
        need(found, "Node 18 or newer: apt-get install nodejs")
        self._process = subprocess.Popen(
            [found, HERE / "answer.mjs", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def ask(self, name, given=None):
        if record := os.environ.get("LIVE_ASKED"):  # for the mutants
            with Path(record).open("a", encoding="utf-8") as asked:
                asked.write(json.dumps([name, given]) + "\n")
        self._process.stdin.write(json.dumps([name, given]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            pytest.fail(f"{name}: Node has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["is"]

    def end(self):
        self._process.stdin.close()
        self._process.wait(10)


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    build.write(folder)
    folder.joinpath("package.json").write_text('{"type": "module"}', "utf-8")
    node = Node(folder)
    yield node
    node.end()


@pytest.fixture
def show_part(server, open_page):
    """show_part(path, name, query="", **context) -> the part, ready; without an error."""
    visits = []

    def show(path, name, query="", **context):
        page = open_page(**context)
        visits.append(checks.Visit(page, f"{server.url}{path}{query}", settled=False))
        one = page.locator(f"[data-live={name}]")
        one.scroll_into_view_if_needed()  # it begins when it comes near
        one.and_(page.locator(".ready")).wait_for()
        return one

    yield show
    for visit in visits:
        assert not checks.load_findings(visit)
