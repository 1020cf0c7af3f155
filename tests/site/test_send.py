"""Is the book fit to be sent: an address that leads nowhere, citing a page, printing all of it?"""

import json
import re
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from playwright.sync_api import expect

from book import pdf
from book._ext import cite, contents, course, drawings, join, lean, offline
from tests.site import checks

ROOT = Path(__file__).parents[2]
PAGES = checks.toc_pages()


# --- a page that is not there -----------------------------------------------------------
@pytest.fixture
def lost(server, site, open_page):
    """lost(path) opens the page for an address that leads nowhere, as GitHub's pages show it."""

    def open_lost(path, width=1280, theme="light"):
        # on this server the book stands at the root
        root = offline.rooted(
            offline.unrooted((site / "404.html").read_text("utf-8")), ""
        )
        server.replaced[path] = root.encode()
        page = open_page(width, theme)
        page.goto(server.url.rstrip("/") + path)
        return page

    yield open_lost
    server.replaced.clear()


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
def test_an_address_that_leads_nowhere(lost, server, width, theme):
    page = lost("/book/deep/er/atend.html", width, theme)
    expect(page.locator("#asked")).to_have_text("/book/deep/er/atend.html")
    bets = page.locator("#bets a")
    expect(bets.first).to_have_text("3a · Attend")
    assert not checks.axe_findings(page) + checks.overflow_findings(page)
    for link in page.locator("article a").all():
        box = link.bounding_box()
        assert box["height"] >= 24, link.text_content()
    bets.first.click()
    page.wait_for_url(f"{server.url}book/attend.html")


def test_it_searches_and_bets_on_nothing_like_nothing(lost, server):
    page = lost("/x/9999.html")
    expect(page.locator("#asked")).to_have_text("/x/9999.html")
    expect(page.locator("#bets")).to_be_hidden()
    page.locator("article input[type=search]").fill("softmax")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}search.html?q=softmax*")


def test_all_links_of_the_page_begin_at_the_books_root(site):
    links = r'\b(?:href|src|action|data-content_root)="([^"#][^"]*)"'
    bare = offline.unrooted((site / "404.html").read_text("utf-8"))
    for address, root in (("", "/"), ("https://ada.github.io/gpt/", "/gpt/")):
        for name in offline.INSTEAD:
            text = offline.rooted(
                offline.unrooted((site / name).read_text("utf-8")), address
            )
            for link in re.findall(links, text):
                assert link.startswith((root, "https:")), (name, link)
    assert 'name="robots" content="noindex"' in bare
    assert offline.unrooted(offline.rooted(bare, "https://ada.github.io/g/")) == bare
    for link in re.findall(links, offline.rooted(bare, "")):
        path = link.partition("?")[0].partition("#")[0]
        assert path == "/" or (site / path.lstrip("/")).is_file(), link


# --- how to cite a page -----------------------------------------------------------------
def test_what_a_page_is_cited_as():
    bibtex, plain = cite.entries(
        "book/attend", "Heads & 50% {x}", "A_b", "https://ada.github.io/gpt/"
    )
    assert bibtex.startswith("@misc{gpt-in-four-stages-heads-50-x,")
    assert r"title = {Heads \& 50\% \{x\}}" in bibtex
    assert r"author = {{A\_b}}" in bibtex
    assert "url = {https://ada.github.io/gpt/book/attend.html}" in bibtex
    assert plain.startswith("A_b (2026). “Heads & 50% {x}.” In GPT in Four Stages, ver")
    assert plain.endswith("/book/attend.html")
    bibtex, plain = cite.entries("book/index", "", "A", "")
    assert "title = {GPT in Four Stages}" in bibtex
    assert "url" not in bibtex and "howpublished" not in bibtex and "http" not in plain
    assert bibtex.count("{") == bibtex.count("}")


def test_one_version_everywhere():
    told = cite.edition()
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))
    config = yaml.safe_load(ROOT.joinpath("_config.yml").read_text("utf-8"))
    assert told["version"] == project["project"]["version"]
    assert [told["authors"][0]["name"], told["title"]] == [
        config["author"],
        config["title"],
    ]


def test_every_page_can_be_cited_and_copied(site, server, open_page):
    for path in PAGES:
        text = (site / path).read_text("utf-8")
        assert text.count('class="cite"') == 1, path
    page = open_page(360, permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{server.url}book/attend.html")
    page.locator(".cite summary").focus()
    page.keyboard.press("Enter")
    copy = page.locator(".cite button.copybtn").first
    expect(copy).to_be_visible()
    box = copy.bounding_box()
    assert min(box["width"], box["height"]) >= 44
    copy.click()
    expect(copy).to_have_class(re.compile("success"))
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator(".cite pre").first.text_content()
    assert copied.startswith("@misc{gpt-in-four-stages-attend,")
    assert not checks.axe_findings(page) + checks.overflow_findings(page)


# --- the book as a PDF --------------------------------------------------------------------
def test_the_pdf_has_contents_numbers_and_an_outline(site, browser, tmp_path):
    """Of three pages: all of them is the same, and takes minutes."""
    chosen = ("book/index", "book/attend", "book/glossary")
    out = tmp_path / "book.pdf"
    count = pdf.write(out, chosen, browser)
    raw = out.read_bytes()
    numbers = pdf.pages_of(raw)
    starts = [numbers[one] for one in ("index", "attend", "glossary")]
    assert 2 < starts[0] < starts[1] < starts[2] <= count
    assert re.search(rb"/Type\s*/Outlines", raw)
    titles = {
        text.encode("utf-16-be").hex() if not text.isascii() else text
        for text in ("3a · Attend", "Glossary", "One formula")
    }
    for title in titles:
        written = f"/Title ({title})".encode(), f"/Title <FEFF{title}>".upper().encode()
        assert written[0] in raw or written[1] in raw.upper(), title
    assert b"/Marked true" in raw and b"/Lang (en)" in raw


def test_what_the_pdf_holds(site):
    pages = [one for one in contents.pages() if not one.exercise]
    assert [f"{one.name}.html" for one in contents.pages()] == PAGES
    inside = {one.name for one in pages}
    by_name = {one.name: one for one in pages}
    article, headings = pdf.chapter(by_name["book/attend"], inside, "")
    text = str(article)
    assert headings[0] == (1, "attend", "3a · Attend")
    assert not article.select(".live, script, button, .headerlink, [hidden] svg")
    assert len(article.select("svg")) > 10
    ids = {one["id"] for one in article.select("[id]")}
    for link in article.select("a[href^='#']"):
        target = link["href"][1:]
        first = target.partition("--")[0]
        assert target in ids or first in {pdf.slug(one) for one in inside}, target
    assert "../exercises" not in text and 'href="embed.html' not in text
    published, _ = pdf.chapter(
        by_name["book/attend"], inside, "https://ada.github.io/g/"
    )
    assert published.select("a[href^='https://ada.github.io/g/exercises/attend/']")
    home, _ = pdf.chapter(by_name["book/index"], inside, "")
    assert len(home.select(".says-name")) == 4
    listed = pdf.listing([(by_name["book/attend"], article, headings)], {"attend": 41})
    assert "<b>41</b>" in listed and "The four stages" in listed


def test_only_a_published_book_links_to_its_pdf(site):
    env = SimpleNamespace(doc2path=lambda page, base: f"{page}.md")
    config = SimpleNamespace(course_repository="")
    app = SimpleNamespace(config=config, env=env)
    assert course.report_links(app, "book/attend") == []
    there = (site / course.PDF).exists()
    for path in PAGES:
        assert (f'{course.PDF}"' in (site / path).read_text("utf-8")) <= there, path


# --- what a page asks for ------------------------------------------------------------------
def test_the_home_page_is_light(server, open_page):
    """As `make bench ONLY=site` measures it: before one scrolls to the game."""
    visit = checks.Visit(open_page(), f"{server.url}book/index.html")
    game = server.url + "live/parts/beat.js"
    later = sum(len(one.body()) for one in visit.responses if one.url == game)
    total = checks.weight(visit) - later
    assert later and total <= 500_000, f"the home page weighs {total:,} bytes"
    # style and script do not hold it up one after another
    styles = [one for one in visit.requests if ".css" in one]
    assert len(styles) == 2, styles
    waits = visit.page.locator("script[src]:not([defer]):not([async])").evaluate_all(
        "all => all.map((one) => one.src).filter((src) => !src.includes('/live/parts/'))"
    )
    assert not waits


def test_styles_and_scripts_are_joined_again_and_again(tmp_path):
    static = tmp_path / "_static/styles"
    static.mkdir(parents=True)
    static.joinpath("theme.css").write_text("@import url('../basic.css')")
    static.parent.joinpath("basic.css").write_text("p{color:red;background:url(a.png)}")
    static.parent.joinpath("own.css").write_text("a{color:blue}")
    static.parent.joinpath("one.js").write_text("var one = 1")
    static.parent.joinpath("togglebutton.js").write_text("fold()")
    head = '<link href="{}_static/styles/theme.css" rel="stylesheet" />'
    more = '<link rel="stylesheet" type="text/css" href="{}_static/own.css?v=1" />'
    script = '<script src="{}_static/one.js?v=2"></script>'
    fold = '<script src="{}_static/togglebutton.js"></script>'
    tmp_path.joinpath("sub").mkdir()
    pages = tmp_path / "a.html", tmp_path / "sub/b.html"
    for page, up, body in ((pages[0], "", "toggle"), (pages[1], "../", "other")):
        parts = head, more if up else "", script, fold
        text = "".join(part.format(up) + "\n" for part in parts)
        page.write_text(f'<head>{text}</head><body><p class="{body}">')
    for color in ("blue", "green"):  # as when a file has changed and a page has not
        static.parent.joinpath("own.css").write_text(f"a{{color:{color}}}")
        join.join(tmp_path, pages)
        first, second = (page.read_text() for page in pages)
        sheets = re.findall(r'href="([^"?]+)\?v=\w+"', second)
        assert len(sheets) == 2 and re.findall(r'href="([^"?]+)', first) == [
            sheets[0][3:]
        ]
        theme, own = ((pages[1].parent / one).read_text() for one in sheets)
        assert theme == 'p{color:red;background:url("../a.png")}'
        assert own == f"a{{color:{color}}}"
    scripts = [
        re.search(r'<script defer src="([^"?]+)', one)[1] for one in (first, second)
    ]
    assert "fold()" in (tmp_path / scripts[0]).read_text()
    assert "fold()" not in (pages[1].parent / scripts[1]).read_text()


def test_drawings_say_once_what_their_shapes_share():
    shape = '<path d="M{0} 0" style="stroke:red;stroke-width:{1}" clip-path="url(#c)"/>'
    rows = "".join(shape.format(i, 2 if i == 2 else 1) for i in range(5))
    svg = f'<svg viewBox="0 0 9 9"><g style="opacity:0.5"/>{rows}</svg>'
    short = drawings.shorter(f"<p>a&nbsp;b</p>{svg}<b>")
    assert short.startswith("<p>a&nbsp;b</p>") and short.endswith("</svg><b>")
    assert short.count("stroke:red") == 1 and short.count("clip-path") == 1
    assert '<path d="M2 0" style="stroke-width:2"/>' in short
    alone = svg.replace("stroke:red", "opacity:0.3;stroke:red")  # would show through
    assert drawings._shorter(alone) == alone
    turned = svg.replace("<path", '<path transform="rotate(9)"')
    assert drawings.shorter(turned).count("clip-path") == 5


def test_a_style_of_many_shapes_has_a_name(open_page):
    style = "fill:rgb(1, 2, 3);font-size:10.7px;text-anchor:middle"
    text = f'<text x="1" y="2" style="{style}">a</text>'
    kept = f'<text class="own" style="{style}">b</text>'
    svg = f'<svg viewBox="0 0 9 9"><rect/>{text}<rect/>{text}<rect/>{kept}</svg>'
    page = f'<p style="{style}">p</p><svg><rect/></svg>{svg}{svg}'
    short = drawings.shorter(page)
    assert short.count(style) == 1 + 1 + 2  # the paragraph's, the name's, of kept ones
    assert short.startswith(f'<p style="{style}">p</p><svg><rect/></svg><svg')
    assert drawings.shorter(short) == short
    shown = open_page()
    rule = "<style>body svg text { fill: red; font-size: 3px }</style>"
    looks = []
    for one in (page, short):
        shown.set_content(rule + one)
        looks.append(
            shown.locator("text").evaluate_all(
                """(all) => all.map(getComputedStyle).map((one) =>
                    [one.fill, one.fontSize, one.textAnchor])"""
            )
        )
    assert looks[0] == looks[1] == [["rgb(1, 2, 3)", "10.7px", "middle"]] * 6


def test_listings_mark_only_what_has_a_tone(site):
    plain = '<span class="n">x</span> <span class="k">def</span>'
    marked = f'<div class="highlight"><pre><span></span>{plain}</pre></div>{plain}'
    assert lean.plainer(marked) == (
        f'<div class="highlight"><pre>x <span class="k">def</span></pre></div>{plain}'
    )
    toned = re.findall(
        r"\.highlight :is\((.*?)\)", (site / "_static/book.css").read_text("utf-8")
    )
    toned = {name for some in toned for name in re.findall(r"\.(\w+)", some)}
    assert len(toned) > 20
    left_out = re.search(r"\(\?:([a-z|]+)\)", lean._PLAIN.pattern)[1].split("|")
    assert toned.isdisjoint(left_out)


def test_variables_that_nothing_reads_are_left_out():
    style = (
        ":root{--a:url(x;y);--b:var(--a);--c:1}p{--d:2}a{color:var(--b);--e:3;top:0}"
    )
    kept = lean.without_unused(style, [style, "getPropertyValue('--e')"])
    assert kept == ":root{--a:url(x;y);--b:var(--a);}a{color:var(--b);--e:3;top:0}"


def test_files_known_to_the_worker_are_marked_by_content(tmp_path):
    one = tmp_path / "a.html"
    one.write_text("1")
    before = offline.mark(one)
    one.write_text("2")
    assert offline.mark(one) != before
    told = offline.worker({"a.html": before}, ["a.html"])
    again = offline.worker({"a.html": offline.mark(one)}, ["a.html"])
    known, later = (
        json.loads(text[len("self.book = ") : text.index(";\n")])
        for text in (told, again)
    )
    assert known["version"] != later["version"]
