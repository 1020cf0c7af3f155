"""The whole book as one PDF: python book/pdf.py, after the site has been built.

The built pages are put one after another, in the order of _toc.yml, without what belongs to a screen, and
Chromium prints them twice: first to learn on which page each heading stands, then with these numbers in
the table of contents. The exercises are notebooks and stay out. It is written to _build/.
"""

import os
import posixpath
import re
import shutil
import sys
from html import escape
from pathlib import Path
from urllib.parse import quote, urldefrag, urlsplit

from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "book/_ext")]

import contents
import course

HTML = ROOT / "_build/html"
OUT = ROOT / "_build" / course.PDF
STYLE = ROOT / "book/pdf.css"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# What only a screen can use. The pictures that living parts stand for are in the page beside them.
SCREEN = (
    "script, noscript, button, .live, .headerlink, .player-controls, .player-said, .launch, .says fieldset,"
    " .stage-map svg.tall, input"
)
MANY = 12  # captions of an animation that are worth reading without its pictures
REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls")


def slug(page: str) -> str:
    return page.rpartition("/")[2]


def address() -> str:
    """Where the book is published, for links that lead out of it; "" where it is not."""
    return course.address_of(course.repository(ROOT))


def chapter(page: contents.Page, inside: set[str], base: str):
    """The article of a built page, as it stands in the book, and its headings.

    inside: the pages that the PDF holds. Returns (article, [(level, id, text)]).
    """
    soup = BeautifulSoup(
        HTML.joinpath(f"{page.name}.html").read_text("utf-8"), "html.parser"
    )
    article = soup.find("article", class_="bd-article")
    for one in article.select(f"{SCREEN}, .says-said details"):
        one.decompose()
    for one in article.select("details"):
        if not one.find_parent(class_="says"):
            one["open"] = ""
    for one in article.select(".says-one"):
        name = soup.new_tag("p", attrs={"class": "says-name"})
        name.string = one.get("aria-label", "")
        one.insert(0, name)
    for one in article.find_all("section", hidden=True):
        one.decompose()
    for one in article.select(".player-captions"):
        lines = one.find_all("li")
        if len(lines) > MANY:  # paper shows the last picture only
            for line in lines[:-1]:
                line.decompose()
            lines[-1]["value"] = str(len(lines))
    own = slug(page.name)
    _rename(article, own)
    for link in article.select("[href]"):
        _lead(link, page.name, inside, base)
    for picture in article.select("img[src]"):
        place = posixpath.join(posixpath.dirname(page.name), picture["src"])
        picture["src"] = (HTML / place).resolve().as_uri()
    first = article.find("h1")
    first["id"] = own
    if page.title:
        first.string = page.title
    return article, [
        (int(one.name[1]), _named(one), one.get_text().strip())
        for one in article.select("h1, h2")
    ]


def _named(heading):
    """The id of a heading: its own, or that of the section which it begins."""
    if not heading.get("id"):
        heading["id"] = f"{heading.parent['id']}-title"
    return heading["id"]


def _rename(article, own):
    """Ids that no other chapter has. Those within drawings are the book's own already."""
    for one in article.select("[id]"):
        if not one.find_parent("svg"):
            one["id"] = f"{own}--{one['id']}"
    for name in REFERENCES:
        for one in article.select(f"[{name}]"):
            value = one[name] if isinstance(one[name], str) else " ".join(one[name])
            one[name] = " ".join(f"{own}--{id_}" for id_ in value.split())


def _lead(link, page, inside, base):
    """A link leads within the book, or to its address, or nowhere: then its text stays."""
    if link.find_parent("svg") and link.name != "a":
        return
    target, fragment = urldefrag(link["href"])
    if urlsplit(target).scheme:
        return
    place = (
        posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
        if target
        else f"{page}.html"
    )
    name = place.removesuffix(".html")
    if name in inside:
        link["href"] = f"#{slug(name)}--{fragment}" if fragment else f"#{slug(name)}"
    elif base:
        link["href"] = f"{base}{quote(place)}" + (f"#{fragment}" if fragment else "")
    elif link.name == "a" and not link.find_parent("svg"):
        link.unwrap()
    else:
        del link["href"]


def listing(chapters, numbers) -> str:
    """The table of contents. numbers: {id of a heading: its page}, empty at first."""
    rows, part = [], ""
    for page, _, headings in chapters:
        if page.part != part:
            part = page.part
            rows.append(f"<p class='part'>{escape(part)}</p>")
        for level, id_, text in headings:
            number = numbers.get(id_, "")
            rows.append(
                f'<p class="entry level-{level}"><a href="#{id_}"><span>{escape(text)}</span>'
                f"<i></i><b>{number}</b></a></p>"
            )
    return "".join(rows)


def book(chapters, numbers) -> str:
    """All as one page of HTML."""
    sheets = {}
    for page, _, _ in chapters:
        text = HTML.joinpath(f"{page.name}.html").read_text("utf-8")
        for href in re.findall(r'<link rel="stylesheet"[^>]*href="([^"?]+)', text):
            place = posixpath.normpath(
                posixpath.join(posixpath.dirname(page.name), href)
            )
            sheets.setdefault((HTML / place).as_uri())
    links = "".join(
        f'<link rel="stylesheet" href="{one}">' for one in [*sheets, STYLE.as_uri()]
    )
    frames = "".join(
        f"@page {_frame(page)} {{ @top-right {{ content: {_quoted(headings[0][2])} }} }}\n"
        for page, _, headings in chapters
    )
    bodies = "".join(
        f'<div class="bd-main" style="page: {_frame(page)}"><div class="bd-content">'
        f'<div class="bd-article-container">{article}</div></div></div>'
        for page, article, _ in chapters
    )
    import cite

    told = cite.edition()
    logo = ROOT.joinpath("book/_static/logo.svg").read_text("utf-8")
    where = f"<p>{base}</p>" if (base := address()) else ""
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8">
<title>{escape(told["title"])}</title>{links}<style>{frames}</style></head><body class="pdf">
<div class="cover">{logo}<p class="title">{escape(told["title"])}</p>
<p class="about">Build the program that writes the next word, and see how close it comes to the truth.</p>
<div class="imprint"><p>{escape(told["authors"][0]["name"])}</p>
<p>Version {told["version"]}, {told["date-released"]}. {told["license"]} licence.</p>{where}
<p>The exercises are notebooks, and in the pages of the website the model writes live.</p></div></div>
<div class="contents"><p class="contents-title">Contents</p>
<div class="contents-list">{listing(chapters, numbers)}</div></div>
{bodies}</body></html>"""


def _frame(page):
    return f"page-{slug(page.name)}"


def _quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def pages_of(pdf: bytes) -> dict[str, int]:
    """The page of each place that a link of a PDF leads to, as Chromium writes them: {id: page from 1}."""
    objects = {
        int(number): body
        for number, body in re.findall(
            rb"(?m)^(\d+) 0 obj\b(.*?)\bendobj", pdf, re.DOTALL
        )
    }
    (root,) = [one for one in objects.values() if re.search(rb"/Type\s*/Catalog", one)]
    order = []

    def walk(number):
        kids = re.search(rb"/Kids\s*\[(.*?)\]", objects[number], re.DOTALL)
        if not kids:
            order.append(number)
            return
        for kid in re.findall(rb"(\d+) 0 R", kids[1]):
            walk(int(kid))

    walk(int(re.search(rb"/Pages (\d+) 0 R", root)[1]))
    place = {number: i + 1 for i, number in enumerate(order)}
    named = re.search(rb"/Dests (\d+) 0 R", root)
    found = re.findall(rb"/([^\s/\[<>]+)\s*\[(\d+) 0 R", objects[int(named[1])])
    return {
        re.sub(
            rb"#([0-9A-Fa-f]{2})", lambda one: bytes([int(one[1], 16)]), name
        ).decode(): place[int(number)]
        for name, number in found
    }


def print_pdf(text: str, out: Path, browser) -> None:
    """Have a browser print a page of HTML."""
    source = out.with_suffix(".html")
    source.write_text(text, "utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(300_000)
    page.goto(source.as_uri(), wait_until="load")
    page.pdf(
        path=out,
        prefer_css_page_size=True,
        print_background=True,
        outline=True,
        tagged=True,
    )
    context.close()
    source.unlink()


def write(out: Path, only, browser) -> int:
    """Write the PDF; returns the number of its pages.

    only: the names of the pages that it holds, None for all. SystemExit where the site is not built.
    """
    chosen = [
        one
        for one in contents.pages()
        if not one.exercise and (only is None or one.name in only)
    ]
    for one in chosen:
        if not HTML.joinpath(f"{one.name}.html").exists():
            raise SystemExit(f"{HTML} has no {one.name}.html: first type make site.")
    inside, base = {one.name for one in chosen}, address()
    chapters = [(one, *chapter(one, inside, base)) for one in chosen]
    out.parent.mkdir(parents=True, exist_ok=True)
    print_pdf(book(chapters, {}), out, browser)
    print_pdf(book(chapters, pages_of(out.read_bytes())), out, browser)
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", out.read_bytes()))


def main() -> None:
    """Print the whole book."""
    from playwright.sync_api import sync_playwright

    found = [os.environ.get("CHROMIUM"), *map(shutil.which, BROWSERS)]
    path = next(filter(None, found), None)
    if not path:
        raise SystemExit("Chromium prints the PDF: install it, or name it in CHROMIUM.")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        count = write(OUT, None, browser)
        browser.close()
    size = OUT.stat().st_size / 1e6
    print(f"{OUT.relative_to(ROOT)}: {count} pages, {size:.1f} MB")


if __name__ == "__main__":
    main()
