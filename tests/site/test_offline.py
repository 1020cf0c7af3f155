"""Is the book there without a network, and new as soon as it is built anew?"""

import functools
import http.server
import json
import re
import threading
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from book._ext import icons, offline

ATTEND = "book/attend.html"
KEPT = (
    """async (path) => Boolean(await caches.match(new URL(path, document.baseURI)))"""
)


class Changing(http.server.SimpleHTTPRequestHandler):
    """The built site beneath /course/, with other bytes for some paths, and 404.html for none."""

    other, asked, prefix = {}, [], "/course/"

    def do_GET(self):
        path = self.path.partition("?")[0].removeprefix(self.prefix)
        self.asked.append(path)
        self.path = f"/{path}"
        file, code = Path(self.directory, path), 200
        if path not in self.other and not file.is_file():
            file, code = Path(self.directory, "404.html"), 404
        content = self.other.get(path) or file.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", self.guess_type(str(file)))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def changing(site):
    """A server whose files a test may change: (address, {path: other bytes}, [paths asked])."""
    handler = type("Own", (Changing,), {"other": {}, "asked": []})
    serve = functools.partial(handler, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}{Changing.prefix}"
        page = offline.unrooted((site / "offline.html").read_text("utf-8"))
        handler.other["offline.html"] = offline.rooted(page, address).encode()
        yield address, handler.other, handler.asked
        server.shutdown()


def opened(open_page, address, path="book/index.html"):
    """A page whose worker has begun and which has been kept."""
    page = open_page(service_workers="allow")
    page.goto(address + path)
    expect(page.locator(".keep")).to_be_visible()
    return page


def until(page, script, arg):
    """Waits until a script's promise holds something true."""
    for _ in range(400):
        if page.evaluate(script, arg):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"never true: {script}")


def build_anew(site, other, path, change):
    """As if the book had been built with another page: new bytes, and the worker that knows them."""
    other[path] = change((site / path).read_bytes())
    found = offline.files(site)
    kept = {place: offline.mark(file) for place, file in found.items()}
    kept[path] = "0123456789"
    other["worker.js"] = offline.worker(kept, offline.shell(site, found)).encode()


def test_what_was_read_is_there_without_a_network(changing, open_page):
    """The first page, read once: its text, and the model that writes in it."""
    page = opened(open_page, changing[0])
    page.locator(".live.ready").first.wait_for()
    until(page, KEPT, "../live/small.bin")
    page.context.set_offline(True)
    page.reload()
    expect(page.locator("article h1")).to_contain_text("GPT in Four Stages")
    page.locator(".live.ready").first.wait_for()
    expect(page.locator(".live-word").nth(3)).to_be_visible()
    # and where no page is kept, it says so, with links to those that are
    page.goto(changing[0] + ATTEND)
    expect(page.locator("article h1")).to_contain_text("no network")
    expect(page.locator(".book-pages a")).to_have_count(1)
    page.locator(".book-pages a").click()
    expect(page.locator(".live").first).to_be_visible()


def test_a_new_build_is_seen_at_once_and_kept(site, changing, open_page):
    address, other, asked = changing
    page = opened(open_page, address, "book/references.html")
    before = page.evaluate("caches.keys()")
    assert len(before) == 1 and "/course/" in before[0]
    path = "book/references.html"
    build_anew(site, other, path, lambda old: old.replace(b"<h1>", b"<h1>New! "))
    asked.clear()
    page.reload()
    expect(page.locator("article h1")).to_contain_text("New!")  # with the first load
    until(
        page,
        "async (old) => { const names = await caches.keys();"
        " return names.length === 1 && names[0] !== old; }",
        before[0],
    )
    # what has not changed was carried over: the worker asked for no style again
    worker = asked.index("worker.js")
    assert not [one for one in asked[worker:] if one.endswith((".css", ".woff2"))]
    page.context.set_offline(True)
    page.reload()
    expect(page.locator("article h1")).to_contain_text("New!")


def test_the_whole_book_is_kept_when_asked_for(site, changing, open_page):
    address, other, _ = changing
    # the models of the moments of a training are large, and the same thing
    few = {p: f for p, f in offline.files(site).items() if "/step" not in p}
    other["offline/files.json"] = json.dumps({"files": [*few]}).encode()
    page = opened(open_page, address, "book/setup.html")
    button = page.locator(".keep button")
    assert re.search(r"\(\d+ MB\)", button.text_content())
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".keep [role=status]")).to_contain_text(
        "whole book is kept", timeout=90_000
    )
    path = "exercises/chat/chat.html"
    build_anew(site, other, path, lambda old: old.replace(b"<h1>", b"<h1>New! "))
    page.reload()
    # another page, which was not opened since, is brought up to date with it
    until(
        page,
        "async (path) => (await (await caches.match(new URL(path, document.baseURI)))?.text())"
        "?.includes('New!')",
        "../exercises/chat/chat.html",
    )
    page.context.set_offline(True)
    page.goto(address + ATTEND)
    page.locator(".live").first.scroll_into_view_if_needed()
    page.locator(".live.ready").first.wait_for()
    page.goto(f"{address}exercises/attend/attend.html")
    expect(page.locator(".says")).to_be_visible()


def test_without_a_worker_a_page_works(server, open_page):
    """Where browsers have none, or refuse: no error, no button that cannot work."""
    page = open_page(service_workers="block")
    errors = []
    page.on("pageerror", lambda one: errors.append(one))
    page.goto(f"{server.url}book/setup.html")
    page.wait_for_timeout(2000)
    assert page.locator(".keep").is_hidden() and not errors


def test_from_a_folder_there_is_no_worker(site, open_page):
    page = open_page(service_workers="allow")
    said = []
    page.on("console", lambda one: said.append(one.text))
    page.goto((site / "book/setup.html").as_uri())
    page.wait_for_timeout(2000)
    assert page.locator(".keep").is_hidden()
    assert page.locator("link[rel=manifest]").count() == 0
    assert not [one for one in said if "manifest" in one or "orker" in one]


def test_every_file_that_a_page_asks_for_is_known(site):
    places = set(offline.files(site))
    assert {"book/index.html", "live/small.bin", "live/small.json"} <= places
    assert {"live/steps/step-0.bin", "live/parts/writer.js", "search.html"} <= places
    assert not [one for one in places if one.endswith((".zip", ".pdf", ".map"))]
    assert not [one for one in places if "fontawesome" in one or "_sources" in one]
    first = set(offline.shell(site, offline.files(site)))
    assert {"book/index.html", "offline.html", "maths/math.woff2"} <= first <= places
    size = sum((site / one).stat().st_size for one in first)
    assert size < 700_000, size


def test_the_manifest_and_its_icons(site):
    told = json.loads((site / "offline/book.webmanifest").read_text("utf-8"))
    assert told["name"] == "GPT in Four Stages"
    assert {icon["sizes"] for icon in told["icons"]} == {"192x192", "512x512"}
    assert {icon["purpose"] for icon in told["icons"]} == {"any", "maskable"}
    for icon in told["icons"]:
        with Image.open(site / "offline" / icon["src"]) as picture:
            assert f"{picture.width}x{picture.height}" == icon["sizes"]
    assert (site / "offline" / told["start_url"]).is_file()
    with Image.open(site / "icons/touch-180.png") as picture:
        assert picture.mode == "RGB" and picture.size == (180, 180)


def test_the_mark_is_that_of_the_logo():
    """A quarter in vermilion, three in blue, a hole in the middle."""
    picture = icons.draw(64)
    at = [picture.getpixel(place) for place in ((20, 11), (44, 11), (44, 53), (20, 53))]
    assert [pixel[3] for pixel in at] == [255] * 4
    assert at[0][0] > at[0][2] and all(pixel[2] > pixel[0] for pixel in at[1:])
    assert picture.getpixel((32, 32))[3] == 0
    with pytest.raises(ValueError, match="is no arc"):
        icons.arcs('<svg viewBox="0 0 32 32" stroke-width="5"><path d="M0 0L1 1"/>')
