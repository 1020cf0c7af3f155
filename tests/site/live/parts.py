"""What the tests of the living parts share: to open a page, and what every part must be."""

import re
from urllib.parse import parse_qs, urlsplit

from tests.site import checks


def open_part(server, page, path, name):
    """Goes to a page, waits until its part is ready; returns the part and what went wrong."""
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server.url + path)
    part = page.locator(f".live[data-live={name}]")
    part.scroll_into_view_if_needed()  # it begins when it comes near
    part.and_(page.locator(".ready")).wait_for()
    part.scroll_into_view_if_needed()
    return part, errors


def asked(page):
    """What the page's address says: {key: value}."""
    query = urlsplit(page.evaluate("location.href")).query  # page.url comes later
    return {key: value for key, [value] in parse_qs(query).items()}


def status(part):
    return part.locator("[role=status]").inner_text()


def findings(page, name):
    """Of axe, of the page's width, of small letters, and on a phone of low targets."""
    small = page.evaluate(
        """(name) => [...document.querySelectorAll(`.live[data-live=${name}] *`)]
            .filter((one) => one.checkVisibility() && [...one.childNodes].some(
                (child) => child.nodeType === 3 && child.textContent.trim()))
            .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 11)
            .map((one) => `small: ${one.outerHTML.slice(0, 80)}`)""",
        name,
    )
    low = page.evaluate(
        """(name) => innerWidth > 400 ? [] : [...document.querySelectorAll(
                `.live[data-live=${name}] :is(button, select, summary, input, td[tabindex])`)]
            .filter((one) => one.checkVisibility()
                && one.getBoundingClientRect().height < 43.9)
            .map((one) => `low: ${one.outerHTML.slice(0, 80)}`)""",
        name,
    )
    axe = checks.axe_findings(
        page, f".live[data-live={name}]"
    )  # the rest: test_pages.py
    return [*low, *axe, *small, *checks.overflow_findings(page)]


def numbers(text):
    """The decimal numbers of a text."""
    found = re.findall(r"[\u2212-]?\d[\d,]*\.?\d*", text)
    return [float(n.replace("\u2212", "-").replace(",", "")) for n in found]
