"""A page asks for few files: what its themes bring as a dozen styles and scripts is joined.

The styles that every page begins with are one file, and those that a page has beside them another. The
scripts that would hold a page up are one file too, which waits until the page has been read. What a page
cannot use (buttons for folds and tabs that it does not have) is left out.

A page that Sphinx has not written anew holds the joined files already; beside each lies what it was
joined of, so that it can be joined again.
"""

import hashlib
import posixpath
import re
from itertools import takewhile
from pathlib import Path

JOINED = "_static/joined"
_STYLE = re.compile(
    r'[ \t]*<link (?:rel="stylesheet"[^>]*?href="([^"]+)"|href="([^"]+)"[^>]*?rel="stylesheet")[^>]*>\n?'
)
_SCRIPT = re.compile(
    r'[ \t]*<script(?![^>]*\b(?:defer|async|module)\b)(?: data-[\w-]+="[^"]*")* src="([^"]+)"></script>\n?'
)
_IMPORT = re.compile(r"""@import\s*(?:url\()?["']([^"']+)["']\)?\s*(?:;|$)""")
_URL = re.compile(r"""url\(\s*["']?(?!data:|#|[a-z]+:)([^"')]+)["']?\s*\)""")
_JOINED_SCRIPT = re.compile(
    rf'[ \t]*<script defer src="([^"]*{JOINED}/[^"]+)"></script>\n?'
)
# The page that is open stands here for a menu of versions, which this book has not.
_PAGENAME = re.compile(
    r"[ \t]*<script>DOCUMENTATION_OPTIONS\.pagename = [^<]*</script>\n?"
)
# A file of a theme, and the classes of which a page must have one to need it.
ONLY_FOR = {
    "togglebutton": (
        "toggle",
        "dropdown",
        "tag_hide-input",
        "tag_hide-output",
        "tag_hide-cell",
    ),
    "design-tabs": ("sd-tab-set",),
}


def _place(page: str, href: str) -> str:
    """Where a link of a page leads, from the root of the site."""
    return posixpath.normpath(
        posixpath.join(posixpath.dirname(page), href.partition("?")[0])
    )


def _expanded(folder: Path, places: list[str]) -> list[str]:
    """What was joined before, taken apart again."""
    found = []
    for place in places:
        kept = folder / f"{place}.of"
        found += (
            kept.read_text("utf-8").split() if place.startswith(JOINED) else [place]
        )
    return list(dict.fromkeys(found))


def _needed(places: list[str], classes: set[str]) -> list[str]:
    def needed(place):
        of = next((ONLY_FOR[name] for name in ONLY_FOR if name in place), None)
        return of is None or not classes.isdisjoint(of)

    return [place for place in places if needed(place)]


def _moved(folder: Path, place: str) -> str:
    """A style whose pictures and fonts are found from the folder of the joined files.

    A style that it imports stands in its place.
    """
    home = posixpath.dirname(place)

    def imported(one):
        return _moved(folder, posixpath.normpath(posixpath.join(home, one[1])))

    style = folder.joinpath(place).read_text("utf-8")
    style = _IMPORT.sub(imported, style)
    return _URL.sub(
        lambda one: f'url("{posixpath.relpath(posixpath.join(home, one[1]), JOINED)}")',
        style,
    )


def _write(folder: Path, places: list[str], ending: str) -> str:
    """Join files; returns the place of the joined one, with a mark of its content."""
    texts = []
    for place in places:
        if ending == "css":
            texts.append(_moved(folder, place))
        else:  # a file may lack the semicolon at its end
            texts.append(folder.joinpath(place).read_text("utf-8").rstrip() + "\n;")
    text = "\n".join(texts)
    name = f"{JOINED}/{_mark(' '.join(places))}.{ending}"
    folder.joinpath(name).write_text(text, "utf-8")
    folder.joinpath(f"{name}.of").write_text("\n".join(places), "utf-8")
    return f"{name}?v={_mark(text)}"


def _mark(text):
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _asked(folder: Path, path: Path) -> tuple[str, list[str], list[str]] | None:
    """The text of a page, and the places of its styles and scripts; None: it only leads on."""
    page, text = path.relative_to(folder).as_posix(), path.read_text("utf-8")
    if "<body" not in text or not _STYLE.search(text):
        return None
    lists = re.findall(r'class="([^"]*)"', text)
    classes = {name for some in lists for name in some.split()}
    hrefs = (
        [a or b for a, b in _STYLE.findall(text)],
        _SCRIPT.findall(text) + _JOINED_SCRIPT.findall(text),
    )
    styles, scripts = (
        _needed(_expanded(folder, [_place(page, one) for one in some]), classes)
        for some in hrefs
    )
    return text, styles, scripts


def _beginning(lists: list[list[str]]) -> int:
    """How many files all of some lists begin with."""
    rows = takewhile(lambda row: len({*row}) == 1, zip(*lists, strict=False))
    return len([*rows])


def join(folder: Path, pages: list[Path]) -> None:
    """Write the pages of a built site with joined styles and scripts."""
    folder.joinpath(JOINED).mkdir(exist_ok=True)
    old = {one for one in folder.joinpath(JOINED).iterdir() if one.suffix != ".of"}
    asked = {path: found for path in pages if (found := _asked(folder, path))}
    shared = _beginning([styles for _, styles, _ in asked.values()])
    written = {}

    def joined(places, ending):
        key = (*places, ending)
        if key not in written:
            written[key] = _write(folder, places, ending)
        return written[key]

    for path, (text, styles, scripts) in asked.items():
        up = "../" * path.relative_to(folder).as_posix().count("/")
        sheets = [
            joined(part, "css") for part in (styles[:shared], styles[shared:]) if part
        ]
        links = "".join(
            f'    <link rel="stylesheet" href="{up}{one}" />\n' for one in sheets
        )
        for pattern in (_PAGENAME, _SCRIPT, _JOINED_SCRIPT):
            text = pattern.sub("", text)
        first = _STYLE.search(text).start()
        text = text[:first] + links + _STYLE.sub("", text[first:])
        if scripts:
            # after the book's own, so that these hear a key first: see book.js
            last = f'    <script defer src="{up}{joined(scripts, "js")}"></script>\n'
            text = text.replace("</head>", f"{last}</head>", 1)
        path.write_text(text, "utf-8")
    for gone in old - {folder / one.partition("?")[0] for one in written.values()}:
        gone.unlink()
        gone.with_name(f"{gone.name}.of").unlink()
