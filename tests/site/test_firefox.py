"""Every page in Firefox: no error, the living parts are ready, home writes, formulas are set.

Driven through WebDriver BiDi by puppeteer-core, which `make node` adds; what is looked at stands
in firefox.mjs. The environment variable FIREFOX names the browser where it is not on the PATH.
"""

import json
import os
import shutil
import subprocess

import pytest

from tests.need import need
from tests.site import checks

PAGES = checks.toc_pages()
MODULES = checks.ROOT / "book/live"


@pytest.fixture(scope="module")
def look():
    """look(address, …) -> {address: what is wrong there}."""
    found = [os.environ.get("FIREFOX"), *map(shutil.which, ("firefox-esr", "firefox"))]
    firefox = next(filter(None, found), None)
    need(firefox, "Firefox: apt-get install firefox-esr, or name it in FIREFOX")
    need(shutil.which("node"), "Node 18 or newer: apt-get install nodejs")
    driver = MODULES / "node_modules/puppeteer-core"
    need(driver.exists(), "puppeteer-core: type 'make node'")

    def look_at(*addresses):
        script = checks.ROOT / "tests/site/firefox.mjs"
        ran = subprocess.run(
            ["node", script, MODULES, firefox, *addresses],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert ran.returncode == 0, ran.stderr
        said = map(json.loads, ran.stdout.splitlines())
        return {one["address"]: one["found"] for one in said}

    return look_at


def test_every_page(look, server):
    found = look(*(server.url + path for path in PAGES))
    assert len(found) == len(PAGES)
    assert not {address: lines for address, lines in found.items() if lines}


def test_from_a_file(look, site):
    assert not any(look((site / PAGES[0]).as_uri()).values())


# what is broken on purpose, and what is said of it
END = "</article>"
LAYOUT = """<math style="font-size:0"><mi>x</mi></math>
<math><mfrac><mi style="transform:translateY(40px)">a</mi><mi>b</mi></mfrac></math>
<div style="width:700px">wide</div></article>"""
DEAF = "<script>addEventListener('click', (e) => e.stopPropagation(), true)</script>"
BREAKS = {
    "error": (END, f"<script>nothing.at.all()</script>{END}", ["nothing"]),
    "part": ('data-live="beat"', 'data-live="no"', ["no.js could not be loaded"]),
    "writer": (END, DEAF + END, ["it wrote"]),
    "layout": (END, LAYOUT, ["without a size: x", "flat fraction: ab", "at 360 px"]),
}


def test_what_is_broken_is_reported(look, site, server):
    whole = (site / PAGES[0]).read_text("utf-8")
    for name, (good, bad, _) in BREAKS.items():
        assert good in whole
        path = f"/book/broken-{name}.html"
        server.replaced[path] = whole.replace(good, bad).encode()
    found = look(*(f"{server.url}book/broken-{name}.html" for name in BREAKS))
    for (name, (*_, words)), lines in zip(BREAKS.items(), found.values(), strict=True):
        said = "\n".join(lines)
        assert all(word in said for word in words), (name, lines)
