"""Break a page on purpose: the check that guards it must say so.

Each case changes one thing on a page of the built site and runs the very check that
test_pages.py runs; the unchanged page must pass all of them, so that the change is the cause.
"""

import shutil

import pytest

from tests.site import checks

PAGE = "book/glossary.html"  # has formulas, and is small


def injected(site, markup, path=PAGE):
    text = (site / path).read_text("utf-8")
    assert text.count("</article>") == 1
    return text.replace("</article>", f"{markup}</article>").encode()


def on_page(check):
    return lambda visit: check(visit.page)


def in_the_dark(visit):
    checks.themed(visit.page, "dark")
    return checks.axe_findings(visit.page, rules=["color-contrast"])


BREAKS = {
    "a script that throws": (
        checks.load_findings,
        "<script>nothing.at.all()</script>",
        "page error",
    ),
    "an error in the console": (
        checks.load_findings,
        "<script>console.error('broken')</script>",
        "console",
    ),
    "a missing script": (checks.load_findings, '<script src="no.js"></script>', "404"),
    "a picture from elsewhere": (
        checks.request_findings,
        '<img alt="x" src="https://example.org/x.png">',
        "example.org",
    ),
    "a script from elsewhere": (
        checks.request_findings,
        '<script src="https://example.org/x.js"></script>',
        "example.org",
    ),
    "too heavy": (checks.weight_findings, f"<!--{'x' * 1_500_000}-->", "weighs"),
    "pale text": (
        on_page(checks.axe_findings),
        '<p style="color:#bbb;background:#fff">pale</p>',
        "color-contrast",
    ),
    "text that is pale in the dark": (
        in_the_dark,
        '<p style="color:#444">pale in the dark</p>',
        "contrast",
    ),
    "a button without a name": (
        on_page(checks.axe_findings),
        "<button></button>",
        "button-name",
    ),
    "a label that is not the text": (
        on_page(checks.axe_findings),
        '<a href="#" aria-label="other">text of a link</a>',
        "label-content-name-mismatch",
    ),
    "text outside of all regions": (
        on_page(checks.axe_findings),
        "<script>document.body.append(document.querySelector('h1'))</script>",
        "region",
    ),
    "a wide box": (
        on_page(checks.overflow_findings),
        '<div style="width:2000px">wide</div>',
        "overflow",
    ),
    "a line of code that is cut off": (
        on_page(checks.code_findings),
        '<div class="highlight"><pre style="white-space:pre">' + "x " * 400,
        "cut off",
    ),
    "an output that its box cuts off": (
        on_page(checks.code_findings),
        '<div style="overflow:hidden"><div class="highlight"><pre style="margin-right:-9px">x',
        "cut off",
    ),
    "a formula with an error": (
        on_page(checks.math_findings),
        '<span class="math"><math><merror><mi>x</mi></merror></math></span>',
        "merror",
    ),
    "raw TeX": (on_page(checks.math_findings), "<p>$$x^2$$</p>", "raw TeX"),
    "a picture without alt text": (
        on_page(checks.alt_findings),
        '<img src="../_static/favicon.svg">',
        "no alt text",
    ),
    "a drawing without a label": (
        on_page(checks.alt_findings),
        '<svg viewBox="0 0 1 1"></svg>',
        "svg without a label",
    ),
    "an id twice": (
        on_page(checks.id_findings),
        '<p id="same"></p><p id="same"></p>',
        "id twice",
    ),
}


def width_for(name):
    return 360 if "wide" in name else 1280


@pytest.mark.parametrize("width", [1280, 360])
def test_the_unbroken_page_is_not_reported(server, open_page, width):
    visit = checks.Visit(open_page(width), server.url + PAGE)
    here = {BREAKS[name][0] for name in BREAKS if width_for(name) == width}
    assert not [line for check in here for line in check(visit)]


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_page_is_reported(site, server, open_page, name):
    check, markup, word = BREAKS[name]
    width = width_for(name)
    server.replaced["/book/broken.html"] = injected(site, markup)
    found = check(checks.Visit(open_page(width), server.url + "book/broken.html"))
    assert any(word in line for line in found), found


def test_a_formula_that_is_not_set_is_reported(server, open_page):
    page = open_page()
    checks.Visit(page, server.url + "book/attend.html")
    page.evaluate("document.querySelector('.math').textContent = '\\\\(x\\\\)'")
    assert any("not set" in line for line in checks.math_findings(page))


def test_a_missing_page_is_reported(server, open_page):
    visit = checks.Visit(open_page(), server.url + "book/nowhere.html")
    assert "status 404" in checks.load_findings(visit)


@pytest.mark.parametrize(
    ("markup", "word"),
    [
        ('<a href="nowhere.html">x</a>', "dead link"),
        ('<a href="#nowhere">x</a>', "dead fragment"),
        ('<a href="index.html#nowhere">x</a>', "dead fragment"),
        ('<img src="nowhere.png" alt="x">', "dead link"),
    ],
)
def test_a_dead_link_is_reported(site, markup, word):
    text = injected(site, markup).decode()
    found = checks.link_findings(site, PAGE, text)
    assert len(found) == 1 and word in found[0]


def test_a_word_that_search_does_not_find_is_reported(server, open_page):
    found = checks.search_findings(open_page(), server.url, "zyzzyva", PAGE)
    assert found


def test_a_page_that_needs_a_server_is_reported(site, tmp_path, open_page):
    shutil.copytree(site / "book", tmp_path / "book")
    for folder in ("_static", "maths", "live", "offline"):
        (tmp_path / folder).symlink_to(site / folder)
    page = tmp_path / "book" / "broken.html"
    page.write_bytes(injected(site, "<script>fetch('index.html')</script>"))
    assert checks.load_findings(checks.Visit(open_page(), page.as_uri()))
    page.write_bytes(injected(site, ""))
    assert not checks.load_findings(checks.Visit(open_page(), page.as_uri()))


def test_new_chapters_are_covered_by_themselves(tmp_path):
    toc = tmp_path / "_toc.yml"
    toc.write_text(
        "format: jb-book\nroot: a\nparts:\n- chapters:\n  - file: b\n"
        "    sections:\n    - file: c/d.ipynb\n- chapters:\n  - file: e\n"
    )
    assert checks.toc_pages(toc) == ["a.html", "b.html", "c/d.html", "e.html"]


def test_what_never_comes_is_reported(site, server, open_page, monkeypatch):
    monkeypatch.setattr(checks, "LOOKS", 20)
    server.replaced["/broken.html"] = injected(site, "<script>fetch('hangs')</script>")
    page = open_page()
    page.route("**/hangs", lambda route: None)
    visit = checks.Visit(page, server.url + "broken.html")
    assert [f"never came: {server.url}hangs"] == checks.load_findings(visit)
