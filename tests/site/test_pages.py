"""Every page of the table of contents, in Chromium, light and dark, wide and narrow."""

from types import SimpleNamespace

import pytest

from book._ext import course
from tests.site import checks

PAGES = checks.toc_pages()
OTHERS = ["search.html"]


@pytest.mark.parametrize("path", PAGES + OTHERS)
@pytest.mark.parametrize("width", [1280, 360])
def test_page(server, open_page, path, width):
    """One visit for both themes: what a theme may change is looked at in each."""
    page = open_page(width)
    visit = checks.Visit(page, server.url + path)
    found = {
        "page": [
            *checks.load_findings(visit),
            *checks.request_findings(visit),
            *checks.weight_findings(visit),
            *checks.overflow_findings(page),
            *checks.code_findings(page),
            *checks.math_findings(page),
            *checks.alt_findings(page),
            *checks.id_findings(page),
        ]
    }
    found["light"] = checks.axe_findings(page)
    checks.themed(page, "dark")  # it changes colours, and no name or order
    found["dark"] = checks.axe_findings(page, rules=["color-contrast"])
    found["at the end"] = [*checks.overflow_findings(page), *visit.errors]
    assert not any(found.values()), found


@pytest.mark.parametrize("path", PAGES + OTHERS)
def test_links_resolve(site, path):
    assert not checks.link_findings(site, path)


@pytest.mark.parametrize("path", PAGES + OTHERS)
def test_page_works_from_a_file(site, open_page, path):
    page = open_page()
    visit = checks.Visit(page, (site / path).as_uri())
    findings = [
        *checks.load_findings(visit),
        *checks.request_findings(visit),
        *checks.math_findings(page),
    ]
    assert not findings


def test_front_door(server, open_page):
    page = open_page()
    page.goto(server.url)
    page.wait_for_url(server.url + PAGES[0])


def test_dark_switch_by_keyboard(server, open_page):
    page = open_page()
    checks.Visit(page, server.url + PAGES[0])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("Skip to")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main-content")
    page.locator(".theme-switch-button").focus()
    seen = set()
    for _ in range(3):
        page.keyboard.press("Enter")
        seen.add(page.evaluate("document.documentElement.dataset.mode"))
    assert seen == {"light", "dark", "auto"}


def test_only_exercises_offer_to_download_and_launch(site):
    places = {"download": 'download="'}
    if course.repository(checks.ROOT):
        places |= {"colab": "//colab.", "binder": "//mybinder."}
    for path in PAGES:
        text = (site / path).read_text("utf-8")
        offered = {name for name, mark in places.items() if mark in text}
        assert offered == (set(places) if path.startswith("exercises/") else set()), (
            path
        )


@pytest.mark.parametrize(
    "named",
    [
        "ada/course",
        "https://github.com/ada/course",
        "https://github.com/ada/course.git",
        "git@github.com:ada/course.git",
    ],
)
def test_the_repository_of_the_launch_links(monkeypatch, tmp_path, named):
    monkeypatch.delenv("GPT_REPOSITORY", raising=False)
    assert course.repository(tmp_path) == ""
    assert course.repository(tmp_path, named) == "ada/course"
    monkeypatch.setenv("GPT_REPOSITORY", named)
    assert course.repository(tmp_path) == "ada/course"


def test_launch_links_open_the_notebook():
    config = SimpleNamespace(course_repository="ada/course")
    app = SimpleNamespace(config=config, srcdir=checks.ROOT)
    links = course.launch_links(app, "exercises/tokenize/tokenize")
    assert [link for _, link, _ in links[-2:]] == [
        "https://colab.research.google.com/github/ada/course/blob/main/exercises/tokenize/tokenize.ipynb",
        "https://mybinder.org/v2/gh/ada/course/main?urlpath=lab/tree/exercises/tokenize/tokenize.ipynb",
    ]


def test_outputs_are_kept_under_a_hash_of_the_code(tmp_path):
    (tmp_path / "gpt").mkdir()
    module = tmp_path / "gpt" / "tokenize.py"
    module.write_text("one")
    before = course.code_hash(tmp_path)
    assert course.code_hash(tmp_path) == before
    module.write_text("two")
    assert course.code_hash(tmp_path) != before


def test_empty_headings_and_deprecated_roles_are_mended():
    body = '<th class="head"><p></p></th><th></th><th>x</th>'
    assert course.heal(body) == '<td class="head"><p></p></td><td></td><th>x</th>'
