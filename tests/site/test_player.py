"""The animation player: a page of its own, and every player of the book."""

import re
from pathlib import Path

import pytest

from book import figures
from tests.site import checks, player_checks

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "book" / "_static"
PAGES = checks.toc_pages()


def page_with(markup):
    """A whole page as the site would have it around a picture."""
    css = (STATIC / "book.css").read_text("utf-8")
    script = (STATIC / "player.js").read_text("utf-8")
    return (
        '<!DOCTYPE html><html lang="en" data-theme="light"><meta charset="utf-8">'
        f"<title>Player</title><style>{css}</style>"
        f'<main class="bd-article"><h1>A player</h1>{markup}</main>'
        f"<script>{script}</script></html>"
    )


def example(count=5, seconds=0.3):
    """A player whose frames are easy to tell apart."""
    frames = [
        f'<svg viewBox="0 0 300 100"><rect x="{30 * at}" y="40" width="20" height="20"/>'
        '<text x="10" y="20">the same in all</text></svg>'
        for at in range(count)
    ]
    captions = [f"The square at place {at}." for at in range(count)]
    return figures.play(frames, "A square moves", captions, seconds).markup


@pytest.fixture
def player(server, open_page):
    """player(**context) -> (page, the example's player)."""

    def show(**context):
        server.replaced["/player.html"] = page_with(example()).encode()
        page = open_page(**context)
        visit = checks.Visit(page, server.url + "player.html")
        visit.errors = [error for error in visit.errors if "404" not in error]
        assert not checks.load_findings(visit)
        return page, page.locator(".player")

    return show


def test_keyboard(player):
    assert not player_checks.keyboard_findings(*player())


def test_mouse(player):
    assert not player_checks.mouse_findings(*player())


def test_touch(player):
    assert not player_checks.touch_findings(*player(width=360, has_touch=True))


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_it_stands_still_until_asked(player, motion):
    page, one = player(reduced_motion=motion)
    assert not player_checks.still_findings(page, one)
    assert player_checks.state(one)["frame"] == 1


def test_accessible(player):
    page, one = player()
    assert one.get_attribute("role") == "group"
    assert one.get_attribute("aria-label") == "A square moves"
    assert not checks.axe_findings(page)
    one.locator("button").nth(2).click()
    label = one.locator(".player-stage svg").get_attribute("aria-label")
    assert label == "A square moves: The square at place 1."
    assert one.locator("input").get_attribute("aria-valuetext") == "2 of 5"


def test_it_plays_to_the_end_and_stops(player):
    page, one = player()
    one.locator("button").nth(1).click()
    page.wait_for_function("document.querySelector('.player input').value === '5'")
    page.wait_for_timeout(500)
    assert player_checks.state(one)["label"] == "Play"
    assert player_checks.state(one)["frame"] == 5


def test_it_pauses_out_of_sight(player):
    page, one = player()
    page.evaluate("document.body.style.paddingBottom = '4000px'")
    one.locator("button").nth(1).click()
    page.evaluate("window.scrollTo(0, 3000)")
    page.wait_for_timeout(300)
    assert player_checks.state(one)["label"] == "Play"


def visible_rectangles(page):
    return page.evaluate(
        """() => [...document.querySelectorAll(".player rect")]
            .filter((part) => getComputedStyle(part).display !== "none")
            .map((part) => Number(part.getAttribute("x")))"""
    )


def test_without_javascript_the_last_frame_and_all_captions_remain(server, open_page):
    server.replaced["/player.html"] = page_with(example()).encode()
    page = open_page(java_script_enabled=False)
    page.goto(server.url + "player.html")
    captions = page.locator(".player-captions li")
    assert captions.count() == 5
    assert all(line.is_visible() for line in captions.all())
    # evaluate still works: only the page's own scripts are off
    assert visible_rectangles(page) == [120]


def test_on_paper_the_last_frame_and_all_captions_remain(player):
    page, one = player()
    one.locator("button").nth(2).click()
    page.emulate_media(media="print")
    assert visible_rectangles(page) == [120]
    assert all(line.is_visible() for line in one.locator("li").all())
    assert not one.locator(".player-controls").is_visible()


def test_small():
    assert (STATIC / "player.js").stat().st_size < 8_000


@pytest.mark.parametrize("path", PAGES)
def test_every_player_of_the_book(site, server, open_page, path):
    if 'class="player"' not in (site / path).read_text("utf-8"):
        return
    page = open_page(has_touch=True, reduced_motion="reduce")
    checks.Visit(page, server.url + path)
    players = page.locator(".player").all()
    assert players
    for number, one in enumerate(players, 1):
        findings = [
            *player_checks.still_findings(page, one),
            *player_checks.keyboard_findings(page, one),
            *player_checks.mouse_findings(page, one),
        ]
        one.locator("input").press("Home")
        findings += player_checks.touch_findings(page, one)
        assert not findings, f"player {number}: {findings}"


# --- sabotage ----------------------------------------------------------------------------
SABOTAGE = {
    "keyboard": ('player.addEventListener("keydown"', 'player.addEventListener("no"'),
    "mouse": ('toggle.addEventListener("click", turn)', ""),
    "touch": ('"pointerup"', '"no"'),
    "still": ("    go(0);\n  }", "    go(0);\n    play();\n  }"),
}


@pytest.mark.parametrize("way", SABOTAGE)
def test_a_broken_player_is_reported(server, open_page, way):
    good, bad = SABOTAGE[way]
    whole = page_with(example())
    assert whole.count(good) == 1
    server.replaced["/broken.html"] = whole.replace(good, bad).encode()
    page = open_page(has_touch=True)
    checks.Visit(page, server.url + "broken.html")
    check = getattr(player_checks, f"{way}_findings")
    assert check(page, page.locator(".player"))


def test_a_picture_of_another_frame_is_reported(server, open_page):
    whole = page_with(example())
    good = "part.style.display = shown(frame)"
    assert whole.count(good) == 1
    bad = whole.replace(good, "part.style.display = shown(0)")
    server.replaced["/broken.html"] = bad.encode()
    page = open_page()
    checks.Visit(page, server.url + "broken.html")
    found = player_checks.mouse_findings(page, page.locator(".player"))
    assert any(re.search("picture", line) for line in found)
