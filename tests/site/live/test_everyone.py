"""Every living part of every page, for everybody: by keyboard alone, in forced colours, without
movement, on paper, without JavaScript, from an address that means nothing.

The parts are those that stand in the built pages: a new one is held to all of this by itself.
What each shows is held by its own tests.
"""

import re
from urllib.parse import urlencode

import pytest

from tests.site import checks
from tests.site.live import build

PAGES = sorted(
    f"book/{page.stem}.html"
    for page in (build.ROOT / "book").glob("*.md")
    if "```{live} " in page.read_text("utf-8")
)
# what a part may read in the address: every name that a module takes from there
ASKED = sorted(
    {
        name
        for module in build.MODULES.glob("*.js")
        for name in re.findall(
            r"\b(?:asked|recall\(\))\??\.(\w+)", module.read_text("utf-8")
        )
    }
)
BAD = [
    "",
    "-1",
    "1e400",
    "0.5",
    "__proto__",
    "<b>x</b>",
    "99999999999",
    "9.9.9",
    "🦊\x00",
]

# parts that are seen, and in each of them something for the eye
VANISHES = """(part) => [...part.querySelectorAll("*")].filter((one) => {
    const { width, height } = one.getBoundingClientRect();
    return one.checkVisibility({visibilityProperty: true, opacityProperty: true})
        && width > 2 && height > 2 && !one.textContent.trim() && !one.closest("svg, canvas, input");
})"""
DRAWN = f"""(part) => {{
    const drawn = ({VANISHES})(part).filter((one) => {{
        const style = getComputedStyle(one);
        return style.backgroundImage === "none" && !/, 0\\)$|transparent/.test(style.backgroundColor);
    }});
    for (const one of drawn) one.dataset.drawn = "";
}}"""
GONE = """(part) => [...part.querySelectorAll("[data-drawn]")].filter((one) => {
    const style = getComputedStyle(one);
    const sides = ["Top", "Right", "Bottom", "Left"];
    const edge = sides.some((side) => parseFloat(style[`border${side}Width`]) > 0
        && style[`border${side}Style`] !== "none");
    const behind = getComputedStyle(document.body).backgroundColor;
    return one.checkVisibility() && style.forcedColorAdjust !== "none" && !edge
        && style.outlineStyle === "none" && style.backgroundColor === behind;
}).map((one) => `not seen in forced colours: ${one.outerHTML.slice(0, 90)}`)"""
MOVES = """(part) => [part, ...part.querySelectorAll("*")].flatMap((one) =>
    ["", "::before", "::after"].map((kind) => getComputedStyle(one, kind || null))
        .filter((style) => /[1-9]/.test(style.transitionDuration) && style.transitionProperty !== "none"
            || style.animationName !== "none")
        .map(() => `moves: ${one.outerHTML.slice(0, 90)}`))"""
# Where the focus is among what Tab comes to in a part: of radios with one name to one only. A part
# may be drawn anew on the way, so it is asked at every step.
STEP = """(part) => {
    const all = [...part.querySelectorAll(
        "button, input, select, textarea, summary, a[href], [tabindex]")];
    const stops = all.filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility());
    const names = [...new Set(stops.map((one) => one.type === "radio" ? one.name : one))];
    const one = document.activeElement;
    const at = names.indexOf(one.type === "radio" ? one.name : one);
    const marks = (element) => {
        const style = getComputedStyle(element);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
            || style.boxShadow !== "none";
    };
    const around = one.closest("label, [role=slider], [role=grid], tr") ?? one;
    const { width, height } = one.getBoundingClientRect();
    return {at, many: names.length, inside: part.contains(one), marked: marks(one) || marks(around),
        seen: width > 0 && height > 0, html: one.outerHTML.slice(0, 90)};
}"""


def keyboard_findings(part):
    """Tab comes to everything that can be used, in the order of the page, and leaves again."""
    part.evaluate("(part) => { part.tabIndex = -1; part.focus(); }")
    found = []
    for n in range(1_000):
        part.page.keyboard.press("Tab")
        step = part.evaluate(STEP)
        if not step["inside"]:
            if n != step["many"]:
                found.append(f"Tab comes to {n} of {step['many']}")
            break
        if step["at"] != n:
            found.append(f"Tab {n + 1} comes to {step['at']}: {step['html']}")
            break
        if not step["marked"]:
            found.append(f"the focus is not seen: {step['html']}")
        if not step["seen"]:
            found.append(f"the focus is on what is not seen: {step['html']}")
    else:
        found.append("Tab does not leave the part")
    part.evaluate("(part) => part.removeAttribute('tabindex')")
    return found


def forced_findings(part):
    """What is drawn by a colour alone is still seen where colours are the reader's own."""
    page = part.page
    part.evaluate(DRAWN)
    page.emulate_media(forced_colors="active")
    found = part.evaluate(GONE)
    page.emulate_media(forced_colors="none")
    return found


def motion_findings(part):
    page = part.page
    page.emulate_media(reduced_motion="reduce")
    found = part.evaluate(MOVES)
    page.emulate_media(reduced_motion="no-preference")
    return found


def print_findings(page):
    """On paper the parts are not there, and the pictures are that stand for them."""
    page.emulate_media(media="print")
    found = page.evaluate(
        """() => [...document.querySelectorAll(".live, .live-try")]
            .filter((one) => one.checkVisibility()).map((one) => `printed: ${one.className}`)"""
    )
    found += instead_findings(page)
    page.emulate_media(media="screen")
    return found


def instead_findings(page):
    return page.evaluate(
        """() => [...document.querySelectorAll("[data-instead]")]
            .map((one) => [one.dataset.instead, document.querySelector(one.dataset.instead)])
            .filter(([, picture]) => !picture?.checkVisibility())
            .map(([name]) => `${name} is not seen where it stands for a part`)"""
    )


@pytest.mark.parametrize("path", PAGES)
def test_for_everybody(server, open_page, path):
    page = open_page(reduced_motion="reduce")
    visit = checks.Visit(page, server.url + path)
    found = {}
    for part in page.locator("[data-live].ready").all():
        name = part.get_attribute("data-live")
        found[f"{name} by keyboard"] = keyboard_findings(part)
        found[f"{name} in forced colours"] = forced_findings(part)
        found[f"{name} without movement"] = motion_findings(part)
    assert found
    found["on paper"] = print_findings(page)
    found["load"] = checks.load_findings(visit)
    assert not {where: lines for where, lines in found.items() if lines}


@pytest.mark.parametrize("path", PAGES)
def test_without_javascript(server, open_page, path):
    page = open_page(java_script_enabled=False)
    page.goto(server.url + path)
    assert not page.locator(".live, .live-try").filter(visible=True).count()
    assert not instead_findings(page)


@pytest.mark.parametrize("path", PAGES)
def test_an_address_that_means_nothing(server, open_page, path):
    assert len(ASKED) > 15
    page = open_page(reduced_motion="reduce")
    page.route(checks._leaves, lambda route: route.abort())
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    for n in range(3):  # every name with three of the values
        values = {name: BAD[(3 * i + n) % len(BAD)] for i, name in enumerate(ASKED)}
        page.goto(f"{server.url}{path}?{urlencode(values)}")
        checks.settle(page)
        assert not errors, values
        assert not page.locator(".live b", has_text="x").count()
