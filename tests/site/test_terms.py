"""What the glossary says of a term, where a page links to it."""

import re
from html import unescape

import pytest

from book._ext import terms
from tests.book.test_glossary import ENTRIES
from tests.site import checks

PAGES = checks.toc_pages()
LINK = "a[aria-describedby^='tip-']"
SHOWN = ".term-tip:not([hidden])"


def plain(said):
    """A line of the glossary without what Markdown adds, and without citations."""
    said = re.sub(r"\s*\{cite\}`[^`]*`", "", said)
    return re.sub(r"\{\w+\}|<[^>]*>|[*`$\\{}^_\s]|\W", "", said).lower()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_carries_what_it_links_to_and_no_more(site, path):
    text = (site / path).read_text("utf-8")
    article = text.split('<div class="term-tips"')[0]
    links = set(re.findall(r'aria-describedby="tip-([^"]+)"', article))
    asked = re.findall(r'glossary\.html#term-([^"]+)"><span class="xref', article)
    assert not asked  # every link to a term is described
    tips = re.findall(r'<p role="tooltip" id="tip-([^"]+)">(.*?)</p>', text, re.DOTALL)
    assert {term for term, _ in tips} == links and len(tips) == len(links)
    assert ("terms.js" in text) == bool(links)
    entries = {re.sub(r"\W+", "-", term).lower(): ENTRIES[term] for term in ENTRIES}
    for term, said in tips:
        entry = entries[re.sub(r"\W+", "-", term).lower()]
        if "$" not in entry:  # a formula reads otherwise as MathML
            assert plain(unescape(re.sub("<[^>]*>", "", said))).startswith(
                plain(entry)[:40]
            ), term
        assert "bibtex" not in said and "<a" not in said


def test_every_chapter_has_some(site):
    chapters = (
        "index",
        "tokenize",
        "embed",
        "attend",
        "mlp",
        "sample",
        "train",
        "chat",
    )
    for word in chapters:
        assert (site / f"book/{word}.html").read_text("utf-8").count('"tooltip"') > 3


def test_a_term_is_described_once_however_often_it_is_linked_to():
    link = (
        '<a class="reference internal" href="glossary.html#term-bet">'
        '<span class="xref std std-term">bet</span></a>'
    )
    body = terms.described(link * 2, {"term-bet": "What it says."})
    assert body.count('aria-describedby="tip-bet"') == 2
    assert body.count('id="tip-bet">What it says.</p>') == 1
    assert terms.described("<p>none</p>", {}) == "<p>none</p>"


@pytest.fixture
def page(server, open_page):
    def show(path="book/attend.html", **options):
        page = open_page(**options)
        checks.Visit(page, server.url + path)
        return page, page.locator(LINK).first

    return show


def test_it_is_shown_on_hover_stays_and_can_be_sent_away(page):
    page, link = page()
    link.hover()
    tip = page.locator(SHOWN)
    tip.wait_for()
    assert tip.locator("p").get_attribute("id") == link.get_attribute(
        "aria-describedby"
    )
    tip.hover()  # it stays under the pointer
    page.wait_for_timeout(500)
    assert tip.is_visible()
    page.keyboard.press("Escape")
    tip.wait_for(state="hidden")
    link.hover()
    tip.wait_for()
    page.mouse.move(5, 5)
    tip.wait_for(state="hidden")


def is_beside(page):
    """Waits until the shown tip stands right above or below its link. Both are measured at
    once: the page may be scrolling."""
    page.wait_for_function(
        """([link, shown]) => {
            const at = document.querySelector(link).getClientRects()[0];
            const tip = document.querySelector(shown).getBoundingClientRect();
            return Math.min(Math.abs(tip.top - at.bottom), Math.abs(tip.bottom - at.top)) < 8;
        }""",
        arg=[LINK, SHOWN],
        timeout=5_000,
    )


@pytest.mark.parametrize("above", ["article", "main", "body"])
def test_it_stays_beside_its_link_when_what_stands_above_grows(page, above):
    page, link = page()
    link.evaluate("link => link.focus({focusVisible: true})")
    page.locator(SHOWN).wait_for()
    is_beside(page)
    page.evaluate(
        """(above) => {
            const late = document.createElement("div");
            late.style.cssText = "height: 57px; overflow-anchor: none";
            document.querySelector(above).prepend(late);
        }""",
        above,
    )
    is_beside(page)


def test_it_is_shown_on_focus_and_goes_with_it(page):
    page, link = page()
    link.evaluate("link => link.focus({focusVisible: true})")
    tip = page.locator(SHOWN)
    tip.wait_for()
    is_beside(page)
    page.keyboard.press("Escape")
    tip.wait_for(state="hidden")
    assert link.evaluate("link => link === document.activeElement")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    tip.wait_for()
    page.keyboard.press("Tab")
    page.wait_for_function(
        "([link, shown]) => [...document.querySelectorAll(shown)].every((tip) =>"
        " tip.firstChild.id !== document.querySelector(link).getAttribute('aria-describedby'))",
        arg=[LINK, SHOWN],
    )


@pytest.mark.parametrize("theme", ["dark"])
def test_a_finger_shows_it_first_and_then_goes_on(page, theme):
    page, link = page(width=360, theme=theme, has_touch=True)
    link.tap()
    tip = page.locator(SHOWN)
    tip.wait_for()
    assert page.url.endswith("attend.html")
    on = tip.get_by_role("link", name="In the glossary")
    assert on.bounding_box()["height"] >= 44
    findings = [*checks.axe_findings(page), *checks.overflow_findings(page)]
    assert not findings
    box = tip.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    page.locator("article h1").tap()
    tip.wait_for(state="hidden")
    link.tap()
    on.tap()
    page.wait_for_url("**/glossary.html#term-*")


def test_without_a_script_the_links_are_links(server, open_page):
    page = open_page(java_script_enabled=False)
    page.goto(f"{server.url}book/attend.html")
    assert not page.locator(SHOWN).count()
    page.locator(LINK).first.click()
    page.wait_for_url("**/glossary.html#term-*")
