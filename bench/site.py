"""The website: how long it takes to build, what a page weighs, how fast the model writes there.

The tree is built twice in a copy: from nothing, and again at once. Pages are opened in Chromium,
from a server on this machine that compresses nothing.
"""

import contextlib
import functools
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.measure import Row

ROOT = Path(__file__).parents[1]
FLAGS = ["--no-sandbox", "--disable-background-networking", "--no-first-run"]
HOME = "book/index.html"
LEFT_OUT = (".git", ".venv", "_build", "node_modules", "__pycache__", "classes", "runs")

# the time of a token with the whole context before it, beside the kept keys and values
TOKEN = """async (folder) => {
    const from = (name) => import(`${folder}/${name}.js`);
    const [{ assemble }, { Reader }] = await Promise.all([from("load"), from("model")]);
    const about = await (await fetch(`${folder}/small.json`)).json();
    const halves = await (await fetch(`${folder}/small.bin`)).arrayBuffer();
    const { model } = assemble(about, halves);
    const ids = Array.from({ length: model.config.n_ctx }, (_, i) => (37 * i) % 500);
    const reader = new Reader(model);
    const times = [];
    for (let round = 0; round < 41; round++) {
        reader.read(ids.slice(0, -1));
        const start = performance.now();
        reader.read(ids);
        times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b)[20];
}"""


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*LEFT_OUT))
        cold, again = build(tree), build(tree)
        out = tree / "_build/html"
        with serving(out) as address:
            token, ready, weights, outside = visits(out, address)
    home = weights[HOME]
    most = max(weights, key=weights.get)
    return [
        Row("build_cold_s", cold, "every chapter run, from nothing", at_most=480),
        Row("build_again_s", again, "the same again, nothing changed"),
        Row("home_kb", home / 1000, "without the weights, uncompressed", at_most=500),
        Row("largest_page_mb", weights[most] / 1e6, f"{most}, likewise", at_most=1.5),
        Row("external_requests", outside, "of all pages, to other machines", at_most=0),
        Row("ready_ms", ready, "from the request of the home page to the writer"),
        Row("token_ms", token, "a token at full context, in the page", at_most=10),
    ]


def build(tree: Path) -> float:
    """Build the site of a tree; the seconds that it took."""
    start = time.perf_counter()
    command = Path(sys.executable).with_name("jupyter-book")
    built = subprocess.run(
        [command, "build", ".", "-W", "--keep-going"],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        raise RuntimeError(f"the site does not build:\n{built.stdout[-2000:]}")
    return time.perf_counter() - start


class serving:
    """A folder on a port of this machine, while the block runs."""

    def __init__(self, folder: Path):
        handler = functools.partial(_Quiet, directory=folder)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}/"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """A real Chromium; the environment variable CHROMIUM names it if it is not on the PATH."""
    from playwright.sync_api import sync_playwright

    browsers = (os.environ.get("CHROMIUM"), *map(shutil.which, ("chromium", "chrome")))
    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=next(filter(None, browsers)), args=FLAGS
        )
        yield browser
        browser.close()


def visits(out: Path, address: str) -> tuple[float, float, dict[str, int], int]:
    """Of a token and of the writer the milliseconds, each page's bytes, requests outside."""
    with chromium() as browser:
        weights, outside = {}, 0
        for path in sorted(out.glob("*/**/*.html")):
            if path.relative_to(out).parts[0].startswith("_"):
                continue
            # what the worker keeps for later has come once already
            page, answers = browser.new_page(service_workers="block"), []
            page.on("response", lambda one, answers=answers: answers.append(one))
            page.goto(address + str(path.relative_to(out)), wait_until="networkidle")
            outside += sum(not one.url.startswith(address) for one in answers)
            weights[str(path.relative_to(out))] = sum(
                len(one.body())
                for one in answers
                if one.status == 200 and not one.url.endswith(".bin")
            )
            page.close()
        page = browser.new_page()
        page.goto(address + HOME)
        page.wait_for_selector(".live.ready")
        ready = page.evaluate(
            "performance.getEntriesByName('live-writer')[0].startTime"
        )
        token = page.evaluate(TOKEN, f"{address}live")
    return token, ready, weights, outside
