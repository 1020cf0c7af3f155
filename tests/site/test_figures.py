"""Can every word in the pictures be read, on a phone and on a large screen, light and dark?

What is measured is the page as Chromium draws it: see figure_checks.py. The second half
breaks pictures on purpose and sees that each fault is told.
"""

import pytest

from tests.site import checks, figure_checks

PAGES = checks.toc_pages()


def drawn(site, path):
    """Whether a page holds pictures with words."""
    return "<text" in (site / path).read_text("utf-8")


@pytest.mark.parametrize("path", PAGES)
def test_every_word_in_a_picture_can_be_read(site, server, open_page, path):
    if not drawn(site, path):
        return
    page = open_page(360)
    checks.Visit(page, server.url + path)
    findings = figure_checks.figure_findings(page)
    assert not findings, "\n".join(findings)


def test_there_are_pictures_with_words(site):
    assert sum(drawn(site, path) for path in PAGES) >= 10


def test_of_a_figure_that_is_drawn_twice_one_is_seen(server, open_page):
    page = open_page(360)
    checks.Visit(page, server.url + "book/attend.html")
    pairs = page.locator(".figure-box:has(.narrow)").all()
    pairs = [box for box in pairs if box.is_visible()]  # no living part stands for it
    assert len(pairs) >= 5
    for width, seen, hidden in ((360, "narrow", "wide"), (1280, "wide", "narrow")):
        page.set_viewport_size({"width": width, "height": 800})
        for box in pairs:
            assert box.locator(f"svg.{seen}").is_visible()
            assert not box.locator(f"svg.{hidden}").is_visible()


def test_the_heads_can_be_chosen_by_keyboard_and_finger(server, open_page):
    page = open_page(360)
    checks.Visit(page, server.url + "book/attend.html")
    box = page.locator(".twelve")
    told = box.locator(".twelve-one:visible")
    assert told.count() == 1 and told.inner_text().startswith("Head 1.1")
    smallest = box.locator("label").evaluate_all(
        "all => Math.min(...all.map(one => one.getBoundingClientRect()).flatMap(b => [b.width, b.height]))"
    )
    assert smallest >= 44
    box.locator("label").nth(1).click()
    assert told.count() == 1 and told.inner_text().startswith("Head 0.1")
    page.keyboard.press("ArrowRight")
    assert told.count() == 1 and told.inner_text().startswith("Head 0.2")


# --- the measure itself --------------------------------------------------------------
def svg(inside, wide=300):
    return (
        f'<div class="figure-box"><svg viewBox="0 0 {wide} 60" role="img" '
        f'aria-label="Broken" style="--w:{wide}">{inside}</svg></div>'
    )


WORD = '<text x="20" y="30" style="font-size:12px;fill:{fill}">word</text>'
PLAIN = WORD.format(fill="#000")
SHEET = '<path d="M10 5H90V50H10z" style="fill:{fill}"/>'
LOW = '<rect x="10" y="5" width="80" height="45" style="fill:#000" {more}/>'

BROKEN = {
    "small words": (svg(PLAIN.replace("12px", "9px")), "px"),
    "words that a transform makes small": (
        svg(f'<g transform="scale(.7)">{PLAIN}</g>'),
        "px",
    ),
    "a picture that is wider than the page": (svg(PLAIN, 420), "scrolls sideways"),
    "pale words": (svg(WORD.format(fill="#aaa")), "contrast"),
    "words on a sheet of nearly their colour": (
        svg(SHEET.format(fill="#222") + PLAIN),
        "contrast",
    ),
    "faded words": (svg(f'<g opacity="0.4">{PLAIN}</g>'), "contrast"),
    "words on an edge of two sheets": (
        svg(LOW.format(more='transform="translate(30 0)"') + PLAIN),
        "contrast",
    ),
    "a word on a word": (svg(PLAIN + PLAIN.replace('"20"', '"34"')), "lies on"),
    "a turned word on a word": (
        svg(PLAIN + PLAIN.replace('x="20" y="30"', 'transform="translate(34 40) rotate(-90)"')),
        "lies on",
    ),
    "a word that is cut off": (svg(PLAIN.replace('"20"', '"-9"')), "cut off"),
    "small words of a player": (
        '<div class="player"><p style="font-size:10px">said</p></div>',
        "px",
    ),
}  # fmt: skip

WHOLE = {
    "dark words": svg(PLAIN),
    "pale words on a dark sheet": svg(
        SHEET.format(fill="#111") + WORD.format(fill="#eee")
    ),
    "a sheet that lies above nothing": svg(PLAIN + SHEET.format(fill="none")),
    "a sheet beside": svg(
        SHEET.format(fill="#000").replace("M10", "M100").replace("90", "180") + PLAIN
    ),
    "a sheet of another frame": svg(
        LOW.format(more='data-f="0"') + PLAIN.replace("<text", '<text data-f="1-2"')
    ),
    "words of two frames": svg(
        PLAIN.replace("<text", '<text data-f="0"')
        + PLAIN.replace("<text", '<text data-f="1-2"')
    ),
}


@pytest.fixture(scope="module")
def empty(browser):
    """A page of 360 pixels with the book's rules for pictures, to be filled."""
    css = (checks.ROOT / "book/_static/book.css").read_text("utf-8")
    context = browser.new_context(viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.set_content(
        f"<style>{css}</style><body style='margin:16px;background:#fff'><article></article>"
    )
    yield page
    context.close()


def found(page, markup):
    page.locator("article").evaluate(
        "(article, markup) => { article.innerHTML = markup; }", markup
    )
    return figure_checks.measured(page)["findings"]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_picture_is_told(empty, name):
    markup, said = BROKEN[name]
    assert any(said in finding for finding in found(empty, markup)), name


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_picture_is_not(empty, name):
    assert not found(empty, WHOLE[name])
