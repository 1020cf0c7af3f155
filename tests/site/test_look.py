"""The map, forced colours and paper: what a page looks like where it is not plain."""

import re

import pytest

from book import figures
from gpt import world

HOME, ONE = "book/index.html", "book/attend.html"
ICONS = 'i[class*="fa-"], span[class*="fa-"]'


# --- the map ---------------------------------------------------------------------------
def lettering(page):
    """The smallest letters of the map that is shown, in px, and whether any words collide."""
    return page.evaluate(
        """() => {
            const map = [...document.querySelectorAll(".stage-map svg")].find((one) => one.clientWidth);
            const words = [...map.querySelectorAll("text")];
            const { a, b } = map.getScreenCTM();
            const sizes = words.flatMap((one) => [one, ...one.querySelectorAll("tspan")])
                .map((one) => parseFloat(getComputedStyle(one).fontSize) * Math.hypot(a, b));
            const out = words.filter((one) => {
                const card = one.closest(".stage")?.querySelector(".m-card, .m-todo");
                if (!card) return false;
                const its = one.getBoundingClientRect(), box = card.getBoundingClientRect();
                return its.left < box.left + 2 || its.right > box.right - 2;
            });
            return { least: Math.min(...sizes), out: out.map((one) => one.textContent) };
        }"""
    )


@pytest.mark.parametrize("path", [HOME, ONE])
def test_the_map_can_be_read(server, open_page, path):
    page = open_page()
    page.goto(server.url + path)
    for width in (1280, 1200, 1000, 800, 700, 640, 360, 320):
        page.set_viewport_size({"width": width, "height": 800})
        seen = lettering(page)
        assert seen["least"] >= 11, f"{width}: {seen}"
        assert not seen["out"], f"{width}: {seen}"


def test_the_map_says_what_the_menu_says(server, open_page):
    """The same numbers, the exercise of each chapter, and what lies beyond."""
    page = open_page()
    page.goto(server.url + HOME)
    menu = page.locator("nav.bd-links a").evaluate_all(
        "(all) => all.map((one) => [one.href, one.textContent.trim()])"
    )
    chapters = [
        (href, words)
        for href, words in menu
        if re.search(r"/book/\w+\.html|/exercises/", href)
        and not re.search(
            r"setup|grading|glossary|references|index|instructors|own|scale", href
        )
    ]
    for kind in ("wide", "tall"):
        links = page.locator(f".stage-map svg.{kind} a").evaluate_all(
            """(all) => all.map((one) => [new URL(one.getAttribute("href"), location).href,
                one.querySelector("text").textContent])"""
        )
        assert {href for href, _ in links} == {href for href, _ in chapters}
        for href, words in chapters:
            if " · " in words:  # a stage
                said = dict(links)[href].split()
                number, name = words.split(" · ")
                assert said[0] == number and said[1].lower() == name.lower()
    numbers = [words.split(" · ")[0] for _, words in chapters if " · " in words]
    assert numbers == ["1", "2", "3a", "3b", "4"]


def test_the_map_tells_the_story_of_the_page(server, open_page):
    page = open_page()
    page.goto(server.url + HOME)
    story = page.locator(".written").first.text_content()
    assert story.strip().startswith(world.PROMPT)
    after = story.strip().removeprefix(world.PROMPT).split()[0]
    assert after == figures._map.WRITTEN
    for kind in ("wide", "tall"):
        said = page.locator(f".stage-map svg.{kind} .m-said").all_text_contents()
        *prompt, token = said
        assert world.PROMPT.endswith(" ".join(prompt).removeprefix("… "))
        assert token == after


@pytest.mark.parametrize("path", [HOME, ONE])
def test_the_map_is_touched_with_ease(server, open_page, path):
    page = open_page(360, has_touch=True)
    page.goto(server.url + path)
    small = page.locator(".stage-map svg.tall a").evaluate_all(
        """(all) => all.map((one) => one.getBoundingClientRect())
            .filter((box) => box.width < 44 || box.height < 44).length"""
    )
    assert not small


# --- forced colours ----------------------------------------------------------------------
def icon_findings(page):
    """Icons that are shown but have the colour of what lies behind them."""
    return page.evaluate(
        """(icons) => {
            const probe = document.createElement("i");
            document.body.append(probe);
            const colour = (name) => {
                probe.style.cssText = `forced-color-adjust: none; color: ${name}`;
                return getComputedStyle(probe).color;
            };
            const papers = [colour("Canvas"), colour("ButtonFace"), "rgba(0, 0, 0, 0)"];
            const found = [];
            for (const icon of document.querySelectorAll(icons)) {
                const box = icon.getBoundingClientRect();
                if (!box.width || getComputedStyle(icon).visibility === "hidden") continue;
                const own = getComputedStyle(icon);
                if (papers.includes(own.backgroundColor)) found.push(icon.outerHTML);
                if (own.maskImage === "none") found.push(`no mask: ${icon.outerHTML}`);
            }
            probe.remove();
            return found;
        }""",
        ICONS,
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_forced_colours_keep_icons_and_the_page_that_is_read(server, open_page, theme):
    page = open_page(theme=theme, forced_colors="active")
    page.goto(server.url + ONE)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.locator(ICONS).locator("visible=true").count() >= 3
        assert not icon_findings(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    outline = page.locator("nav.bd-links li.current > a").first.evaluate(
        "(link) => getComputedStyle(link).outlineStyle"
    )
    assert outline == "solid"
    paper = page.locator(".figure-box > svg").first.evaluate(
        "(svg) => getComputedStyle(svg).backgroundColor"
    )
    assert paper == {"light": "rgb(253, 252, 250)", "dark": "rgb(22, 24, 28)"}[theme]


def test_an_icon_that_vanishes_is_reported(server, open_page):
    page = open_page(forced_colors="active")
    page.goto(server.url + ONE)
    plain = "background: currentcolor !important; forced-color-adjust: auto !important"
    page.add_style_tag(content=f"{ICONS} {{{plain}}}")
    assert icon_findings(page)


def test_the_theme_button_says_its_state(server, open_page):
    page = open_page(theme="dark")
    page.goto(server.url + "book/glossary.html")
    button = page.locator(".theme-switch-button:visible")
    names = set()
    for _ in range(3):
        mode = page.evaluate("document.documentElement.dataset.mode")
        name = "auto (dark)" if mode == "auto" else mode
        page.get_by_role("button", name=f"Theme: {name}", exact=True).wait_for()
        names.add(name)
        button.click()
    assert names == {"light", "dark", "auto (dark)"}


# --- paper -------------------------------------------------------------------------------
def test_paper_begins_with_the_text(server, open_page):
    page = open_page()
    page.goto(server.url + ONE)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})
    heading = page.locator("h1:visible")
    assert heading.count() == 1
    first = page.locator(".bd-article p:visible").first.bounding_box()
    assert first["y"] - heading.bounding_box()["y"] < 150
    assert (
        not page.locator("#print-main-content, nav.page-toc")
        .locator("visible=true")
        .count()
    )


def test_paper_has_the_words_of_the_frame_that_it_shows(server, open_page):
    page = open_page()
    page.goto(server.url + HOME)
    page.emulate_media(media="print")
    said = page.locator(".player").first.locator(".player-captions li")
    assert said.count() > 12
    shown = [line.is_visible() for line in said.all()]
    assert shown == [False] * (said.count() - 1) + [True]
