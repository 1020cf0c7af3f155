"""The built site and a server on localhost.

The site is built by the same command as `make` uses, into the same _build/html: Sphinx
itself knows what is fresh, so a second build takes seconds and is never stale. It is
built once in a run, by the first of its workers that asks.
"""

import functools
import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from tests.need import need

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site():
    """The folder of the built site."""
    command = Path(sys.executable).with_name("jupyter-book")
    need(command.exists(), "jupyter-book; install requirements.txt")
    built_by = ROOT / "_build" / "site.run"
    built_by.parent.mkdir(exist_ok=True)
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")  # the same of all its workers
    with FileLock(ROOT / "_build" / "site.lock"):
        if run and built_by.exists() and built_by.read_text() == run:
            return ROOT / "_build" / "html"
        built = subprocess.run(
            [command, "build", ".", "-W", "--keep-going"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    if built.returncode:
        pytest.fail(
            f"the site does not build:\n{(built.stdout + built.stderr)[-4000:]}"
        )
    built_by.write_text(run or "")
    return ROOT / "_build" / "html"


class _Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        path = self.path.partition("?")[0]
        if path in self.server.replaced:
            content = self.server.replaced[path]
            self.send_response(200)
            self.send_header("Content-Type", self.guess_type(path))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        else:
            super().do_GET()

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    """Serves the site; `replaced` maps a path to other bytes, for the sabotage."""

    def __init__(self, folder):
        handler = functools.partial(_Handler, directory=folder)
        super().__init__(("127.0.0.1", 0), handler)
        self.replaced = {}
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"

    def handle_error(self, request, client_address):
        """A page that is left while it loads hangs up: no news."""


@pytest.fixture(scope="session")
def server(site):
    with Server(site) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture
def open_page(browser):
    """open_page(width=1280, theme="light", **context) -> a page in a fresh context."""
    contexts = []

    def open_one(width=1280, theme="light", **options):
        # what a page asks for is asked of the server, but in the tests of the worker
        options.setdefault("service_workers", "block")
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=theme, **options
        )
        context.set_default_timeout(40_000)  # a busy machine takes its time
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()
