"""What all pages write alike: percent signs, decimals, and where an excerpt is from."""

import re

import pytest
from bs4 import BeautifulSoup

from book._ext import reading
from tests.site import checks

PAGES = checks.toc_pages()
# what stands there as somebody typed it, or as a check says it
CODE = (
    "script, style, math, code, .says, .steps-last, div.highlight-ipython3, "
    "div.highlight-python, div.highlight-sh, div.highlight-text"
)


def text_of(html):
    """All that a reader reads of a page as prose, number or output."""
    page = BeautifulSoup(html, "html.parser").select_one("article")
    for one in page.select(CODE):
        one.extract()
    return page.get_text(" ")


def findings(html):
    """Percent signs that stand without a space that does not break, and long decimals."""
    text = text_of(html)
    found = [f"percent: {one}" for one in re.findall(r"[\d.]+ ?%", text)]
    for one in re.findall(r"(?<![\w./])\d+\.\d{8,}(?![\w./])", text):
        if len(one.partition(".")[2].lstrip("0")) > 4:
            found.append(f"decimals: {one}")
    return found


@pytest.mark.parametrize("path", PAGES)
def test_numbers_are_written_in_one_form(site, path):
    if "references" not in path:  # addresses of papers are no numbers
        assert not findings((site / path).read_text("utf-8"))


def test_the_search_finds_what_is_written_otherwise():
    page = (
        "<article><p>92% and 86 % and 5\xa0%</p><pre>0.6666666666666666</pre></article>"
    )
    assert findings(page) == [
        "percent: 92%",
        "percent: 86 %",
        "decimals: 0.6666666666666666",
    ]


OUTPUT = (
    '<div class="output text_plain x"><div><pre><span></span>{}\n</pre></div></div>'
)


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("{'she': 0.6666666666666666}", "{'she': 0.6667}"),
        ("(57, 16.87109840475145)", "(57, 16.8711)"),
        ("-1.00000000001", "-1.0000"),
        ("0.00001234567", "1.23e-05"),
        ("0.640768 = 0.636514", "0.640768 = 0.636514"),
        ("1.2.33333333333", "1.2.33333333333"),
    ],
)
def test_what_a_cell_prints_is_rounded(printed, shown):
    assert reading.in_one_form(OUTPUT.format(printed)) == OUTPUT.format(shown)


def test_what_somebody_wrote_is_not():
    prose = "<p>0.6666666666666666</p>"
    assert reading.in_one_form(prose) == prose


def test_a_number_and_its_percent_sign_stay_together():
    body = '<p><span class="pasted-text">0.3</span> % and 5 %, x % y</p>'
    assert reading.in_one_form(body) == body.replace("> %", ">\xa0%").replace(
        "5 %", "5\xa0%"
    )


def test_code_stays_as_it_was_typed():
    code = '<div class="highlight-ipython3 x"><pre># 99 % of all</pre></div>'
    assert reading.in_one_form(code) == code


def test_an_excerpt_says_its_file(site):
    html = (site / "book/sample.html").read_text("utf-8")
    said = re.findall(r'<p class="excerpt">(.*?)</p>', html)
    named = {re.sub("<[^>]*>", "", one) for one in said}
    assert named == {"From gpt/sample.py"} and len(said) > 5
