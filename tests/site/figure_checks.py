"""Can the words in the pictures be read? As the browser draws them, not as they are written.

`python -m tests.site.figure_checks FOLDER [PAGE ...]` prints what is wrong in a built site.
"""

from pathlib import Path

SCRIPT = Path(__file__).with_name("figure_text.js").read_text("utf-8")
LEAST = 11  # CSS pixels, whatever the screen
NORMAL, LARGE = 4.5, 3.0  # WCAG 2.2, 1.4.3


def measured(page):
    """Every word of the page's pictures: {"words": [...], "findings": [sentence, ...]}."""
    limits = {"least": LEAST, "normal": NORMAL, "large": LARGE}
    return page.evaluate(SCRIPT, limits)


def looks(page):
    """The page in each width and theme, one after the other: (name, width, theme)."""
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(
                "theme => document.documentElement.dataset.theme === theme", arg=theme
            )
            page.evaluate("() => document.fonts.ready")
            yield f"{width} {theme}"


def figure_findings(page):
    """What cannot be read, in any width and theme, as sentences."""
    return [
        f"{look}: {finding}"
        for look in looks(page)
        for finding in measured(page)["findings"]
    ]
