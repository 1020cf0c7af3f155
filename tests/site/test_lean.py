"""Is only that style left out which no page uses?"""

import pytest

from book._ext import lean

NAMES = {"html", "body", "p", "a", "figure-box", "live", "now", "btn-close", "w:1"}


@pytest.mark.parametrize(
    "selector",
    [
        "p",
        "p.now",
        ".figure-box > a:hover",
        "a:not(.other):is(.third, p)",
        "*",
        "::selection",
        ":root",
        '[data-theme="dark"] p',
        "html[data-theme] .live",
        r".w\:1",
        "p:nth-child(2n + 1)::before",
    ],
)
def test_what_may_be_meant_is_kept(selector):
    assert lean.used(selector, NAMES)


@pytest.mark.parametrize(
    "selector", [".btn", "p.other", "table", "#main", ".live > .gone", "a.now + h2"]
)
def test_what_cannot_be_meant_is_left_out(selector):
    assert not lean.used(selector, NAMES)


def test_of_a_rule_the_selectors_that_are_used_stay():
    style = """/*! by its authors, MIT */
    @charset "utf-8";
    @font-face { font-family: X; src: url("a,b.woff") }
    /* a remark */
    p, .gone, a:is(.x, .y) { color: red; background: url(data:image/svg+xml;a{b}) }
    .gone { color: blue }
    @media (min-width: 3em) { .gone { top: 0 } p { top: 1px } }
    @media print { .gone { top: 0 } }
    @keyframes k { to { opacity: 0 } }"""
    got = lean.lean(style.replace("a{b}", "a"), NAMES)
    assert got.startswith("/*! by its authors, MIT */")
    assert "p,a:is(.x,.y){" in got and "p{top:1px}" in got
    assert "@font-face" in got and "@keyframes k" in got and "a,b.woff" in got
    assert "gone" not in got and "print" not in got and "remark" not in got


def test_names_come_from_pages_and_from_what_scripts_write(tmp_path):
    tmp_path.joinpath("a.html").write_text(
        "<p class='one two' id=three><script>document.write('<b class=\"four\">')</script>"
        "<i>five</i>"
    )
    tmp_path.joinpath("a.js").write_text("box.classList.add('six')")
    names = lean.names_in(tmp_path)
    assert {"p", "i", "one", "two", "three", "four", "six"} <= names
    assert "five" not in names


def test_the_site_has_the_style_that_its_pages_use(site):
    """What is on every page, what a script adds, and what only one page has."""
    kept = {
        "_static/styles/pydata-sphinx-theme.css": [".search-button", ".theme-switch"],
        "_static/book.css": [".player-controls", ".written", "div.math"],
        "live/live.css": [".live-word", ".live-bets"],
    }
    for path, selectors in kept.items():
        text = (site / path).read_text("utf-8")
        for selector in selectors:
            assert selector in text, (path, selector)
    bootstrap = (site / "_static/styles/bootstrap.css").read_text("utf-8")
    assert len(bootstrap) < 60_000 and ".table-striped-columns" not in bootstrap
