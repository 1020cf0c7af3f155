"""What the book's search runs on: the text of every page, taken apart at its headings.

The texts come from the built pages, so they are what a reader sees: without TeX, code's
output, pictures and lists of contents. book/search/names.yml adds the other names of a thing.
book/search/ holds the scripts, which a page fetches when a reader first asks for the search;
MiniSearch, which finds, lies in book/vendor/search.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, NavigableString, SoupStrainer, Tag
from rjsmin import jsmin
from sphinx import addnodes

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "book/search"
NAMES = MODULES / "names.yml"
LIBRARY = ROOT / "book/vendor/search/minisearch.js"
# Of a page, this is no text of its own: pictures, controls, what other scripts write.
APART = (
    "script, style, svg, nav, button, figure, form, .contents, .headerlink, .launch, .live,"
    " .player, .says, .figure-box, .stage-map, div.math, .footnote-reference, .cell_output"
)
# What can be found, but is not shown: rows of cells, answers that are still to be thought of.
UNSEEN = "table, details, .dropdown, .toggle"
_HEAVY = re.compile(r"<(svg|script|style)\b.*?</\1>", re.DOTALL)
_COLOURED = re.compile(r"(?<=<pre>).*?(?=</pre>)", re.DOTALL)  # code, word by word
_TAG = re.compile("<[^>]*>")
_ARTICLE = SoupStrainer("article")
_HEADING = re.compile("h[1-6]")
_AUTHORS_END = re.compile(r"(?<![ .-][A-Z])\. ")
_CODE_WORD = re.compile(r"[A-Za-z_]\w{2,}")
BETWEEN = "=≈<>≤≥+→∈×·"  # signs with room on both sides
BEFORE = {"mfrac": "/", "msub": "_", "msup": "^", "munder": "_", "mover": ""}


def plain(formula: Tag) -> str:
    """A formula in one line, as one would write it in a letter: x_i, √d, a/b."""
    parts = [
        plain(part) if isinstance(part, Tag) else str(part) for part in formula.children
    ]
    if formula.name == "mspace":
        return " "
    if formula.name == "mo" and parts and parts[0] in BETWEEN:
        return f" {parts[0]} "
    if formula.name == "msqrt":
        return "√" + "".join(parts)
    if formula.name == "msubsup":
        return f"{parts[0]}_{parts[1]}^{parts[2]}"
    return BEFORE.get(formula.name, "").join(parts)


def texts(html: str) -> list[dict]:
    """The parts of a page: {"title", "id", "level", "text", "unseen"}, the page itself first.

    A part is what stands under a heading before the next one, an entry of the glossary, or a
    work of the references. The page's `id` is "". Raises ValueError for a page without
    an article.
    """
    light = _COLOURED.sub(lambda code: _TAG.sub("", code[0]), _HEAVY.sub("", html))
    article = BeautifulSoup(light, "html.parser", parse_only=_ARTICLE).find("article")
    if article is None:
        raise ValueError("this page has no <article>, so nothing of it can be found")
    for formula in article.select("span.math"):
        formula.replace_with(plain(formula))
    sections = article.find_all("section")
    unseen = {id(part): _code(part) for part in sections}
    for part in article.select(f"{APART}, pre"):
        part.decompose()
    for part in article.select(UNSEEN):
        if not part.decomposed:  # with another that held it
            unseen[id(part.find_parent("section"))] += f" {_words(part)}"
            part.decompose()
    found = []
    for section in sections:
        if section.decomposed:
            continue
        heading = section.find(_HEADING, recursive=False)
        if heading is None:
            continue
        first = not found
        found.append(
            {
                "title": _words(heading),
                "id": "" if first else section["id"],
                "level": int(heading.name[1]),
                "text": " ".join(filter(None, map(_words, _own(section, heading)))),
                "unseen": unseen[id(section)].strip(),
            }
        )
        found += _entries(section)
    return found


def _own(section: Tag, heading: Tag) -> Iterator[Tag]:
    """What stands in a section itself: not its title, not its sections, not its entries."""
    for part in section.children:
        if isinstance(part, Tag) and part is not heading and part.name != "section":
            if "glossary" in part.get("class", []) or part.select_one("div.citation"):
                continue
            yield part


def _entries(section: Tag) -> Iterator[dict]:
    """Terms with their sentence, several terms of one entry together; works that are cited."""
    for meaning in section.select("dl.glossary > dd"):
        terms = []
        for before in meaning.find_previous_siblings():
            if before.name != "dt":
                break
            terms.insert(0, before)
        yield _entry(", ".join(map(_words, terms)), terms[0]["id"], _words(meaning))
    for work in section.select("div.citation"):
        if label := work.find(class_="label"):
            label.decompose()
        authors, _, said = _AUTHORS_END.sub("\0", _words(work), count=1).partition("\0")
        yield _entry(authors, work["id"], said)


def _entry(title, name, text):
    return {"title": title, "id": name, "level": 7, "text": text, "unseen": ""}


def _words(part: Tag) -> str:
    """Its text in one line; what stands in different blocks is kept apart."""
    pieces = []
    for piece in part.descendants:
        if isinstance(piece, NavigableString):
            pieces.append(str(piece))
        elif piece.name in ("p", "li", "td", "th", "dt", "dd", "div", "br"):
            pieces.append(" ")
    return re.sub(r"\s+", " ", "".join(pieces)).strip()


def _code(section: Tag) -> str:
    """The names that the code of a section itself uses, each once."""
    words = {}
    for block in section.select("div.highlight pre"):
        if block.find_parent("section") is section and not block.find_parent(
            class_="cell_output"
        ):
            words |= dict.fromkeys(_CODE_WORD.findall(block.get_text()))
    return " ".join(words)


def names(file: Path = NAMES) -> dict[str, dict[str, list[str]]]:
    """{page: {heading: [other names]}}; see the head of the file."""
    found = yaml.safe_load(file.read_text("utf-8"))
    return {
        page: {title: _split(line) for title, line in titles.items()}
        for page, titles in found.items()
    }


def _split(line):
    return [name.strip() for name in line.split(",") if name.strip()]


def index(folder: Path, pages: dict[str, str | None], strict: bool = True) -> dict:
    """All that the search knows: {"pages": [...], "parts": [...]}, for book/search/seek.js.

    folder: the built site; pages: its documents in the order of the book, and how the menu
    calls each. Where strict, raises ValueError for a name of a heading that is not there
    (an edition in another language has other headings).
    """
    other = names()
    every, parts = [], []
    for number, page in enumerate(pages):
        html = folder.joinpath(f"{page}.html").read_text("utf-8")
        given = dict(other.pop(page, {}))
        for part in texts(html):
            title = part["title"]
            own = given.pop(title.replace("’", "'"), [])
            if part["level"] == 1:
                every.append([page, title, pages[page] or title])
            parts.append(
                [number, part["id"], title, part["text"], ",".join(own), part["unseen"]]
            )
        if given and strict:
            raise ValueError(f"{NAMES}: {page} has no heading {next(iter(given))!r}")
    if other and strict:
        raise ValueError(f"{NAMES}: there is no page {next(iter(other))!r}")
    return {"pages": every, "parts": parts}


def write(folder: Path, pages: dict[str, str | None], strict: bool = True) -> None:
    """Write the search into the built site: search/search.js, marks.js, search.css, texts.js."""
    import live  # it lies beside this file, where Sphinx finds it

    out = folder / "search"
    out.mkdir(exist_ok=True)
    found = json.dumps(
        index(folder, pages, strict), ensure_ascii=False, separators=(",", ":")
    )
    scripts = LIBRARY.read_text("utf-8") + live.bundle("search", MODULES)
    files = {
        "search.js": jsmin(scripts, keep_bang_comments=True),
        "marks.js": jsmin(live.bundle("marks", MODULES)),
        "search.css": live.style("search", MODULES),
        "texts.js": f"window.bookTexts = {found};\n",
    }
    for name, text in files.items():
        out.joinpath(name).write_text(text, "utf-8")
    out.joinpath(LIBRARY.name).unlink(missing_ok=True)  # it stands in search.js


# --- Sphinx ---------------------------------------------------------------------------
def leave_sphinxs(app):
    """Sphinx's own index and its page are not made; the page of the book's search is."""
    if app.builder.format == "html":
        app.builder.search = False


def drop_scripts(app, page, template, context, doctree):
    """What marked the words that Sphinx's search had found is not loaded."""
    context["script_files"] = [
        script
        for script in context["script_files"]
        if "sphinx_highlight" not in str(getattr(script, "filename", script))
    ]


def make(app, error):
    """Writes the search, and removes what is left of Sphinx's."""
    if error or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    for name in ("searchtools.js", "language_data.js", "sphinx_highlight.js"):
        folder.joinpath("_static", name).unlink(missing_ok=True)
    folder.joinpath("searchindex.js").unlink(missing_ok=True)
    write(folder, _menu(app.env, app.config.root_doc), app.config.language == "en")


def _menu(env, root):
    """{page: how the menu calls it, or None}, in the order of the book."""
    found = {root: None}
    for tree in env.get_doctree(root).findall(addnodes.toctree):
        for title, page in tree["entries"]:
            found[page] = title
            found |= dict.fromkeys(env.toctree_includes.get(page, []))
    return found


def setup(app):
    app.connect("builder-inited", leave_sphinxs, priority=1)
    app.connect("html-page-context", drop_scripts, priority=950)
    # before lean.py looks which names the scripts use
    app.connect("build-finished", make, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
