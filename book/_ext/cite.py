"""How to cite a page: a fold-out at its end, for a bibliography and for a text.

What is cited is told by CITATION.cff and _config.yml, and the address by the course's own
settings; without an address the entry has none.
"""

import functools
import re
from html import escape
from pathlib import Path

import contents
import yaml

ROOT = Path(__file__).parents[2]
_TEX = {sign: f"\\{sign}" for sign in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "’": "'",
    "–": "--",
}


@functools.cache
def edition() -> dict:
    """The book as CITATION.cff tells of it: title, version, date-released."""
    return yaml.safe_load(ROOT.joinpath("CITATION.cff").read_text("utf-8"))


def tex(text: str) -> str:
    """A text as TeX reads it."""
    return "".join(_TEX.get(sign, sign) for sign in text)


def title_of(page: str, given: str) -> str:
    """A page's title: as the list of contents has it, without its number, or else its own."""
    listed = {one.name: one.title for one in contents.pages() if not one.exercise}
    if page.startswith("exercises/"):
        given = f"{given}: exercise" if "xercise" not in given else given
    return re.sub(r"^\d+[a-z]? · ", "", listed.get(page, "") or given)


def entries(page: str, title: str, authors: str, address: str) -> tuple[str, str]:
    """A page as BibTeX and as a sentence. title: "" for the book itself; address: "" for none."""
    book, version = edition()["title"], str(edition()["version"])
    year = str(edition()["date-released"])[:4]
    url = f"{address}{page}.html" if address else ""
    name = re.sub(r"\W+", "-", f"{book} {title}".lower()).strip("-")
    fields = {
        "author": f"{{{tex(authors)}}}",  # one name: not to be taken apart
        "title": tex(title or book),
        "howpublished": f"{tex(book)}, version {version}" if title else "",
        "note": "" if title else f"Version {version}",
        "year": year,
        "url": url,
    }
    rows = ",\n".join(f"  {k} = {{{v}}}" for k, v in fields.items() if v)
    within = f"“{title}.” In {book}" if title else book
    plain = f"{authors} ({year}). {within}, version {version}."
    return f"@misc{{{name},\n{rows}\n}}", f"{plain} {url}".strip()


def fold(page: str, title: str, authors: str, address: str) -> str:
    """The fold-out. Its listings get the button that copies from the theme."""
    bibtex, plain = entries(page, title, authors, address)
    blocks = "".join(
        f'<p>{what}</p><div class="highlight notranslate"><pre>{escape(text)}</pre></div>'
        for what, text in (("BibTeX", bibtex), ("As a text", plain))
    )
    return f'<details class="cite"><summary>Cite this page</summary>{blocks}</details>'


def furnish(app, page, template, context, doctree):
    """Adds the fold-out to what stands at the end of a page."""
    if doctree is None:
        return
    title = "" if page == app.config.root_doc else title_of(page, context["title"])
    title = re.sub(r"<[^>]+>", "", title)
    context["theme_extra_footer"] += fold(
        page, title, app.config.author, app.config.html_baseurl
    )


def setup(app):
    app.connect("html-page-context", furnish, priority=910)  # after the course's
    return {"parallel_read_safe": True, "parallel_write_safe": True}
