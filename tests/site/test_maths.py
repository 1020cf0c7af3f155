"""Are formulas set as they should be, and can the book's font draw them?"""

import re
from xml.etree import ElementTree as Tree

import pytest
from fontTools.ttLib import TTFont

from book._ext import maths
from tests.site import checks

FONT = checks.ROOT / "book/vendor/maths/math.woff"
PAGES = checks.toc_pages()


def words(tex, **how):
    """The formula's parts, by name and text."""
    root = Tree.fromstring(maths.mathml(tex, **how))
    return [
        (one.tag, one.text) for one in root.iter() if one.text or one.tag == "mspace"
    ]


THIN = ("mspace", None)


@pytest.mark.parametrize(
    ("tex", "parts"),
    [
        (r"\log p", [("mi", "log"), THIN, ("mi", "p")]),
        (r"2\log p", [("mn", "2"), THIN, ("mi", "log"), THIN, ("mi", "p")]),
        (r"\max(0)", [("mi", "max"), ("mo", "("), ("mn", "0"), ("mo", ")")]),
        (r"-\ln p", [("mo", "−"), ("mi", "ln"), THIN, ("mi", "p")]),
        (r"\mathrm{loss}", [("mi", "loss")]),
        (r"\operatorname{silu} x", [("mi", "silu"), ("mi", "x")]),
        (r"-\infty", [("mo", "−"), ("mi", "∞")]),
    ],
)
def test_functions_are_words_with_room_around_them(tex, parts):
    assert words(tex) == parts


def test_lines_are_aligned_at_their_signs():
    for tex in (r"\begin{aligned}a &= b \\ cc &= d\end{aligned}", r"a &= b \\ cc &= d"):
        root = Tree.fromstring(maths.mathml(tex, block=True))
        assert [len(row) for row in root.iter("mtr")] == [2, 2]
        sides = [cell.get("style") for cell in root.iter("mtd")]
        assert [re.search("left|right", side)[0] for side in sides] == [
            "right",
            "left",
        ] * 2


@pytest.mark.parametrize("tex", [r"\frac{1}{2", r"\unknown x", r"a & b"])
def test_what_is_no_formula_is_said(tex):
    with pytest.raises(ValueError, match="no formula|unknown"):
        maths.mathml(tex)


def test_the_font_has_every_sign_of_every_formula(site):
    known = TTFont(FONT).getBestCmap()
    asked = 0
    for path in PAGES:
        for formula in re.findall(
            "<math.*?</math>", (site / path).read_text("utf-8"), re.DOTALL
        ):
            root = Tree.fromstring(formula)
            for sign in "".join(root.itertext()):
                asked += 1
                assert sign.isspace() or ord(sign) in known, (path, sign)
            for one in root.iter("mi"):  # a single letter is drawn as its italic form
                if (
                    len(one.text or "") == 1
                    and one.text.isascii()
                    and "mathvariant" not in one.attrib
                ):
                    italic = {"h": "ℎ"}.get(one.text) or chr(
                        (0x1D434 + ord(one.text) - 65)
                        if one.text.isupper()
                        else 0x1D44E + ord(one.text) - 97
                    )
                    assert ord(italic) in known, (path, one.text)
    assert asked > 1_000


def test_signs_beside_a_formula_stay_with_it():
    formula = (
        '<span class="math notranslate nohighlight"><math><mi>x</mi></math></span>'
    )
    body = f"<p>so ({formula}), and {formula}: or {formula} alone</p>"
    assert maths.keep_together(body) == (
        f'<p>so <span class="unbroken">({formula}),</span> and '
        f'<span class="unbroken">{formula}:</span> or {formula} alone</p>'
    )


def test_no_line_begins_or_ends_beside_a_formula(server, open_page):
    """At every width the sign before a formula, and that after it, is on its line."""
    for width in (1280, 700, 360):
        page = open_page(width)
        page.goto(server.url + "book/attend.html")
        parted = page.evaluate(
            """() => [...document.querySelectorAll(".unbroken")].filter((one) => {
                const range = document.createRange();
                range.selectNodeContents(one);
                const tops = [...range.getClientRects()].map((box) => box.bottom);
                return Math.max(...tops) - Math.min(...tops) > 30;
            }).map((one) => one.textContent)"""
        )
        assert not parted


def test_roots_and_brackets_grow(server, open_page):
    """As they do with the font that comes with the book, and not without it."""
    page = open_page()
    page.goto(server.url + "book/attend.html")
    page.evaluate("document.fonts.ready")
    tallest = page.evaluate(
        """() => Math.max(...[...document.querySelectorAll("div.math mo")].filter(
            (one) => one.textContent === "(").map((one) => one.getBoundingClientRect().height))"""
    )
    assert tallest > 35
