"""Figures that can be enlarged: every one of the book, by mouse, keys, fingers and button."""

import re

import pytest

from tests.site import checks

PAGES = [path for path in checks.toc_pages() if path.startswith("book/")]
ONE = "book/attend.html"
ALL = ".bd-article .player, .bd-article .figure-box:not(.player-stage)"


@pytest.fixture
def attend(server, open_page):
    """attend(**context) -> (page, its first figure with a caption, its first player)."""

    def show(path=ONE, **context):
        page = open_page(**context)
        page.goto(server.url + path)
        page.locator("figcaption button.enlarge:visible").first.wait_for()
        figure = page.locator(".bd-article figure:has(.caption-text):visible").first
        return page, figure, page.locator(".bd-article .player").first

    return show


def is_open(page):
    return page.locator("dialog.enlarged[open]").count() == 1


def width(figure_or_dialog):
    return figure_or_dialog.locator(".figure-box > svg:visible").bounding_box()["width"]


def closed(page):
    page.wait_for_function("() => !document.querySelector('dialog.enlarged[open]')")
    page.wait_for_function("() => !document.querySelector('dialog.enlarged svg[role]')")


@pytest.mark.parametrize("path", PAGES)
def test_every_figure_has_a_caption_and_a_button(site, server, open_page, path):
    if "figure-box" not in (site / path).read_text("utf-8"):
        return
    page = open_page()
    page.goto(server.url + path)
    page.locator("button.enlarge:visible").first.wait_for()
    found = page.evaluate(
        """(all) => [...document.querySelectorAll(all)].flatMap((what) => {
            const player = what.matches(".player");
            const own = player ? what : what.closest("figure");
            const alt = what.querySelector("svg").getAttribute("aria-label").slice(0, 60);
            if (!own) return [`${alt}: no caption; give its cell :mystnb: {figure: {caption: "…"}}`];
            const said = own.querySelector(player ? ".player-title" : ".caption-text");
            const words = said ? said.textContent.trim() : "";
            const button = own.querySelector("button.enlarge");
            const faults = [];
            if (words.length < 15 || words.length > 260) faults.push(`${alt}: caption ${words}`);
            if (!player && !/[.?!]$/.test(words)) faults.push(`no full stop: ${words}`);
            if (own.querySelector(".caption-number")) faults.push(`${alt}: a number`);
            if (!button) return [...faults, `${alt}: no button`];
            if (!/^Enlarge: .{3}/.test(button.getAttribute("aria-label"))) faults.push(`${alt}: name`);
            if (!what.checkVisibility()) return faults; // folded, until it is asked for
            const there = button.getBoundingClientRect();
            if (there.width < 43.5 || there.height < 43.5) faults.push(`${alt}: button too small`);
            for (const svg of what.querySelectorAll(".figure-box > svg")) {
                const it = svg.getBoundingClientRect();
                if (it.width && there.top < it.bottom && there.bottom > it.top && there.left < it.right)
                    faults.push(`${alt}: the button lies on the picture`);
            }
            return faults;
        })""",
        ALL,
    )
    assert not found, "\n".join(found)
    names = page.locator("button.enlarge").evaluate_all(
        "(all) => all.map((one) => one.getAttribute('aria-label'))"
    )
    assert len(names) == len(set(names)), "two buttons of one name"


def test_only_pages_with_figures_load_it(site):
    for path in PAGES:
        text = (site / path).read_text("utf-8")
        assert ("enlarge.js" in text) == ('class="figure-box' in text), path
        joined = re.findall(r"_static/joined/\w+\.css", text)
        styles = "".join((site / f"{one}.of").read_text("utf-8") for one in joined)
        assert ("enlarge.css" in styles) == ('class="figure-box' in text), path


def test_by_keyboard_alone(attend):
    page, figure, _ = attend()
    before = width(figure)
    top = figure.evaluate("(figure) => figure.getBoundingClientRect().top + scrollY")
    button = figure.locator("button.enlarge")
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog.enlarged[open]")
    assert dialog.get_attribute("aria-label") in button.get_attribute("aria-label")
    large = width(dialog)
    assert large > 1.5 * before
    caption = figure.locator(".caption-text").inner_text()
    assert caption in dialog.locator(".enlarged-words").inner_text()
    names = []
    for _ in range(4):  # tab goes round inside
        names.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        page.keyboard.press("Shift+Tab")
    assert names == ["Close", "Whole figure", "Larger", "Smaller"]
    page.keyboard.press("+")
    assert width(dialog) == pytest.approx(1.3 * large, rel=0.01)
    # what does not fit scrolls, by keys too
    stage = dialog.locator(".enlarged-stage")
    for _ in range(3):
        page.keyboard.press("+")
    assert stage.evaluate("(stage) => stage.scrollWidth > stage.clientWidth")
    stage.focus()
    held = stage.evaluate("(stage) => stage.scrollLeft")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "(held) => document.querySelector('.enlarged-stage').scrollLeft > held",
        arg=held,
    )
    page.keyboard.press("0")
    assert width(dialog) == pytest.approx(large, rel=0.01)
    page.keyboard.press("-")
    assert width(dialog) < large
    page.keyboard.press("Escape")
    closed(page)
    assert button.evaluate("(button) => button === document.activeElement")
    assert width(figure) == pytest.approx(before, abs=0.5)
    assert top == figure.evaluate(
        "(figure) => figure.getBoundingClientRect().top + scrollY"
    )


def test_by_mouse(attend):
    page, figure, _ = attend()
    figure.locator(".figure-box > svg:visible").click()
    assert is_open(page)
    dialog = page.locator("dialog.enlarged")
    whole = width(dialog)
    dialog.locator(".figure-box > svg:visible").dblclick()
    assert width(dialog) == pytest.approx(2 * whole, rel=0.01)
    dialog.get_by_role("button", name="Whole figure").click()
    assert width(dialog) == pytest.approx(whole, rel=0.01)
    dialog.get_by_role("button", name="Larger").click()
    assert width(dialog) > 1.2 * whole
    dialog.get_by_role("button", name="Close").click()
    closed(page)
    figure.locator(".figure-box > svg:visible").click()
    page.mouse.click(3, 3)  # beside it
    closed(page)


def test_the_dialog_keeps_the_theme_and_the_rules(attend):
    page, figure, player = attend()
    for what, theme, paper in (
        (figure, "light", "rgb(253, 252, 250)"),
        (player, "dark", "rgb(22, 24, 28)"),
    ):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(
            "(theme) => document.documentElement.dataset.theme === theme", arg=theme
        )
        what.locator("button.enlarge").click()
        colour = page.locator("dialog.enlarged").evaluate(
            "(dialog) => getComputedStyle(dialog).backgroundColor"
        )
        assert colour == paper
        page.keyboard.press("+")  # so that it scrolls
        found = [
            *checks.axe_findings(page),
            *checks.alt_findings(page),
            *checks.id_findings(page),
        ]
        assert not found
        page.keyboard.press("Escape")
        closed(page)


def fingers(page, *points):
    return [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]


def test_by_touch(attend):
    page, figure, player = attend(width=360, has_touch=True)
    small = width(figure)
    figure.locator(".figure-box > svg:visible").tap()
    dialog = page.locator("dialog.enlarged[open]")
    large = width(dialog)
    assert large > 1.15 * small
    text = dialog.locator(".figure-box text:visible").evaluate_all(
        """(all) => Math.min(...all.filter((one) => one.textContent.trim()).map((one) =>
            parseFloat(getComputedStyle(one).fontSize) *
            Math.hypot(one.getScreenCTM().c, one.getScreenCTM().d)))"""
    )
    assert text >= 12
    assert not checks.overflow_findings(page)
    touch = page.context.new_cdp_session(page)

    def send(kind, *points):
        event = {"type": kind, "touchPoints": fingers(page, *points)}
        touch.send("Input.dispatchTouchEvent", event)

    send("touchStart", (130, 300), (230, 300))
    for step in range(1, 6):
        send("touchMove", (130 - 10 * step, 300), (230 + 10 * step, 300))
    send("touchEnd")
    assert width(dialog) == pytest.approx(2 * large, rel=0.05)
    scale = page.evaluate("visualViewport.scale")
    assert scale == 1, "the page was zoomed, too"
    dialog.get_by_role("button", name="Close").tap()
    closed(page)
    # a pinch on a player zooms and does not step
    player.locator("button.enlarge").tap()
    page.keyboard.press("0")  # where nothing scrolls, one finger steps
    box = player_stage(page).bounding_box()
    y = box["y"] + box["height"] / 2
    send("touchStart", (180, y), (230, y))
    for step in range(1, 6):
        send("touchMove", (180 - 10 * step, y), (230 + 10 * step, y))
    send("touchEnd")
    assert page.locator("dialog .player input").input_value() == "1"


def player_stage(page):
    return page.locator("dialog.enlarged .player-stage")


def test_a_player_goes_on_where_it_stands(attend):
    page, _, player = attend()
    player.locator(".player-controls button").nth(2).click()
    before = width(player)
    player.locator("button.enlarge").click()
    dialog = page.locator("dialog.enlarged")
    assert width(dialog) > before
    assert dialog.locator("input").input_value() == "2"
    dialog.locator("input").press("ArrowRight")
    assert dialog.locator("li.now").is_visible()
    assert not dialog.locator("button.enlarge").is_visible()
    page.keyboard.press("Escape")
    closed(page)
    assert player.locator("input").input_value() == "3"
    assert player.locator("button.enlarge").evaluate(
        "(button) => button === document.activeElement"
    )


def test_without_javascript_captions_remain(server, open_page):
    page = open_page(java_script_enabled=False)
    page.goto(server.url + ONE)
    assert page.locator("figcaption .caption-text").first.is_visible()
    assert not page.locator("button.enlarge").count()


def test_on_paper_there_is_no_button_and_no_dialog(attend):
    page, figure, _ = attend()
    figure.locator("button.enlarge").click()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    closed(page)
    page.emulate_media(media="print")
    assert not page.locator("button.enlarge:visible").count()
    assert figure.locator(".figure-box > svg:visible").count()


def test_from_a_file(site, open_page):
    page = open_page()
    visit = checks.Visit(page, (site / ONE).as_uri())
    page.locator(".bd-article figure > figcaption button.enlarge:visible").first.click()
    assert is_open(page)
    assert not checks.load_findings(visit)


def test_small(site):
    script, style = site / "_static" / "enlarge.js", site / "_static" / "enlarge.css"
    assert script.stat().st_size + style.stat().st_size < 12_000
    assert not re.search(r"@param|@type", script.read_text("utf-8"))  # made shorter
