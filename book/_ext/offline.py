"""The book without a network: what the worker of book/offline needs, and what an installed book needs.

The worker keeps the pages that were read, and at a reader's wish the whole book. Its first line, written
here, says which files the book has and a mark of the content of each; so a new build is a new worker.
Pages that are shown in place of another (404.html, offline.html) may stand beneath any address: their
links start at the book's root.
"""

import hashlib
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import contents
import icons
from rjsmin import jsmin

SOURCES = Path(__file__).parents[1] / "offline"
PAPER, DARK = "#fdfcfa", "#16181c"
HOME = "book/index.html"
INSTEAD = ("404.html", "offline.html")
# What no page asks for: notebooks to download, modules to be read, models for pages opened from
# a folder, the PDF.
LEFT_OUT = re.compile(
    r"^(_sources/.*|\..*|objects\.inv|worker\.js|sitemap\.xml|robots\.txt|404\.html"
    r"|_static/social\.png|live/(?!live\.js)\w+\.js|live/steps/.*\.js|live/.*\.css"
    r"|offline/files\.json|.*\.(pdf|zip|map|of|md|txt))$"
)
_LINK = re.compile(r'\b(href|src|action|data-content_root)="(?!/|#|[a-z]+:)([^"]*)"')
_SIZE = re.compile(r"(?<=<!--mb-->)[\d.]*")
_STATIC = re.compile(r'(?:href|src)="([^"?#]+)|url\(\s*["\']?([^"\')]+)')
KEEP = (
    '<div class="keep" hidden><button type="button">Keep the whole book on this device '
    '(<!--mb--> MB)</button> <span role="status"></span></div>'
)


def furnish(app, page, template, context, doctree):
    """Adds to a page its icons, its colour in the browser's frame, and the button that keeps the book."""
    up = "../" * page.count("/")
    context["metatags"] = context.get("metatags", "") + (
        f'\n<link rel="apple-touch-icon" href="{up}icons/touch-180.png" />'
        f'\n<meta name="theme-color" content="{PAPER}" media="(prefers-color-scheme: light)" />'
        f'\n<meta name="theme-color" content="{DARK}" media="(prefers-color-scheme: dark)" />'
    )
    app.add_js_file("../offline/keep.js", loading_method="defer")
    if f"{page}.html" in INSTEAD:
        context["metatags"] += '\n<meta name="robots" content="noindex" />'
        context["book_pages"] = parts(app)
    else:
        context["theme_extra_footer"] = context.get("theme_extra_footer", "") + KEEP


def parts(app) -> list[tuple[str, list[contents.Page]]]:
    """The book's pages, part by part, each with its title."""
    found = {}
    for page in contents.pages():
        if not page.title:
            page.title = app.env.titles[page.name].astext()
        if not page.exercise:
            found.setdefault(page.part or "The book", []).append(page)
    return [*found.items()]


def mark(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def files(out: Path) -> dict[str, Path]:
    """What the pages of a built site may ask for, by its place beneath the root."""
    every = {path.relative_to(out).as_posix(): path for path in sorted(out.rglob("*"))}
    chosen = {
        place: path
        for place, path in every.items()
        if path.is_file() and not LEFT_OUT.match(place)
    }
    asked = asked_for(out, chosen, [one for one in chosen if one.endswith(".html")])
    return {
        place: path
        for place, path in chosen.items()
        if not place.startswith("_static/") or place in asked
    }


def asked_for(out: Path, chosen: dict[str, Path], pages) -> set[str]:
    """The files that pages, and styles of these pages, name. A theme brings many more."""
    found, waiting = set(), [*pages]
    while waiting:
        place = waiting.pop()
        folder = (out / place).parent
        for pair in _STATIC.findall(chosen[place].read_text("utf-8", "replace")):
            link = "".join(pair).partition("?")[0].partition("#")[0]
            if not link or urlsplit(link).scheme or link.startswith("/"):
                continue
            other = (folder / link).resolve()
            if not other.is_relative_to(out.resolve()):
                continue
            other = other.relative_to(out.resolve()).as_posix()
            if other in chosen and other not in found:
                found.add(other)
                if other.endswith(".css"):
                    waiting.append(other)
    return found


def shell(out: Path, found: dict[str, Path]) -> list[str]:
    """What is kept from the first visit on: the first page, the one without a network, their files."""
    pages = {place: found[place] for place in ("index.html", HOME, "offline.html")}
    asked = asked_for(out, found, pages)
    return sorted({*pages, *(one for one in asked if not one.endswith(".html"))})


def worker(kept: dict[str, str], first: list[str]) -> str:
    """The worker of a book with these files (place: mark)."""
    source = jsmin(SOURCES.joinpath("worker.js").read_text("utf-8"))
    version = hashlib.sha256(json.dumps([kept, first, source]).encode()).hexdigest()
    book = {"version": version[:12], "shell": first, "files": kept}
    return f"self.book = {json.dumps(book, separators=(',', ':'))};\n{source}"


def manifest(title: str, description: str) -> str:
    """What a browser shows of the book when it is installed."""
    described = {
        "id": "gpt-in-four-stages",
        "name": title,
        "short_name": "GPT in 4 Stages",
        "description": description,
        "lang": "en",
        "start_url": f"../{HOME}",
        "scope": "../",
        "display": "minimal-ui",  # with a way back
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            {
                "src": f"../icons/{name}",
                "sizes": f"{points}x{points}",
                "type": "image/png",
                "purpose": "maskable" if name.startswith("maskable") else "any",
            }
            for name, (points, _, _) in icons.ICONS.items()
            if not name.startswith("touch")
        ],
    }
    return json.dumps(described, indent=2) + "\n"


def rooted(text: str, address: str) -> str:
    """A page of the root whose links do not depend on the address that it is shown for.

    address: where the book is published; "" for the root of a server.
    """
    root = urlsplit(address).path or "/"

    def from_root(link):
        return f'{link[1]}="{root}{link[2].removeprefix("./")}"'

    return _LINK.sub(from_root, text).replace("<html", f'<html data-root="{root}"', 1)


def unrooted(text: str) -> str:
    """The same page with its links as Sphinx wrote them."""
    root = re.search(r'<html data-root="([^"]*)"', text)
    if not root:
        return text
    text = text.replace(f' data-root="{root[1]}"', "", 1)
    text = text.replace(f'data-content_root="{root[1]}"', 'data-content_root="./"')
    return re.sub(rf'\b(href|src|action)="{re.escape(root[1])}', r'\1="', text)


def begin(app, error):
    """Sphinx does not write these pages anew where nothing has changed."""
    for name in INSTEAD:
        page = Path(app.outdir, name)
        if not error and app.builder.format == "html":
            page.write_text(unrooted(page.read_text("utf-8")), "utf-8")


def write(out: Path, title: str, description: str, address: str) -> None:
    """Write all of it into a built site, whose other files are as they will be served."""
    icons.write(out / "icons")
    folder = out / "offline"
    folder.mkdir(exist_ok=True)
    keep = jsmin(SOURCES.joinpath("keep.js").read_text("utf-8"))
    folder.joinpath("keep.js").write_text(keep, "utf-8")
    described = manifest(title, description)
    folder.joinpath("book.webmanifest").write_text(described, "utf-8")
    for name in INSTEAD:
        page = out / name
        page.write_text(rooted(page.read_text("utf-8"), address), "utf-8")
    found = files(out)
    size = f"{sum(path.stat().st_size for path in found.values()) / 1e6:.0f}"
    for path in found.values():
        if path.suffix == ".html":
            path.write_text(_SIZE.sub(size, path.read_text("utf-8")), "utf-8")
    kept = {place: mark(path) for place, path in found.items()}
    folder.joinpath("files.json").write_text(json.dumps({"files": [*kept]}), "utf-8")
    out.joinpath("worker.js").write_text(worker(kept, shell(out, found)), "utf-8")


def finish(app, error):
    if not error and app.builder.format == "html":
        described = (
            "Build a GPT in the order in which text flows through it, in the browser "
            "and in notebooks."
        )
        write(
            Path(app.outdir), app.config.html_title, described, app.config.html_baseurl
        )


def setup(app):
    app.connect("html-page-context", furnish, priority=920)  # after cite's
    app.connect("build-finished", begin, priority=100)
    app.connect("build-finished", finish, priority=990)  # all is written
    return {"parallel_read_safe": True, "parallel_write_safe": True}
