"""What a check says, on the pages: as recorded, chosen by keyboard and without a script.

tests/book/test_check.py runs the checks again.
"""

import re
from html import unescape

import pytest

from book._ext import says
from tests.site import checks

RECORDED = {
    name: answers for name, answers in says.recorded().items() if name != "made by"
}
PAGES = {f"exercises/{name}/{name}.html": name for name in RECORDED}
HOME = {"book/index.html": "attend"}
TABLE = '<table class="table"><td><code><span>{}</span></code></td></table>\n</div>'


def test_every_exercise_has_one():
    exercises = {path for path in checks.toc_pages() if path.startswith("exercises/")}
    assert set(PAGES) == exercises


@pytest.mark.parametrize("exercise", RECORDED)
def test_what_is_said_is_what_is_recorded(exercise):
    html = says.section(exercise, "Choose:")
    answers = RECORDED[exercise]
    assert html.count('type="radio"') == len(answers) and html.count(" checked") == 1
    shown = html.split('<div class="says-one"')[1:]
    for answer, one in zip(answers, shown, strict=True):
        assert f'<div class="says-said">{answer["html"]}' in one
        code = re.sub("<[^>]*>", "", one.split("<pre>")[1].split("</pre>")[0])
        assert unescape(code).rstrip("\n") == answer["code"]
        assert ('class="says-error"' in one) == bool(answer["error"])
        assert unescape(one).count(answer["error"] or "✓ ")


def test_on_the_page_of_an_exercise_the_right_answer_is_folded():
    answers = RECORDED["attend"]
    body = f"<p>…</p>{TABLE.format('softmax')}<section>…</section>"
    page = says.after_steps(body, "exercises/attend/attend")
    assert page.startswith("<p>…</p><table") and page.endswith("<section>…</section>")
    assert page.count(says.FOLDED) == 1
    folded = page.split(says.FOLDED)[1].split("</details>")[0]
    assert "amax" in folded and page.count("amax") == folded.count("amax")
    assert len(answers) == page.count('class="says-one"')


def test_a_page_without_the_step_is_an_error():
    with pytest.raises(ValueError, match="no table of steps with softmax"):
        says.after_steps(TABLE.format("scores"), "exercises/attend/attend")


def bare(html):
    """Without the looks of what is drawn: the build says these in a shorter way."""
    html = re.sub(r"<style data-drawings>.*?</style>", "", html)
    return re.sub(
        r"<(rect|text)[^>]*? x=\"(\d+)\" y=\"(\d+)\"[^>]*>|<(rect|text)[^>]*>",
        r"<\1\4 \2 \3>",
        html,
    )


@pytest.mark.parametrize("path", [*HOME, *PAGES])
def test_the_page_has_it(site, path):
    text = (site / path).read_text("utf-8")
    assert text.count('<section class="says"') == 1
    for answer in RECORDED[(HOME | PAGES)[path]]:
        assert bare(answer["html"]) in bare(text), answer["tried"]
    if path in PAGES:  # after the steps, before the first section
        before = text.split('<section class="says"')[0]
        assert before.count('<ol class="steps"') == 1
        assert 'id="how-to-work"' not in before


def shown(page):
    """The numbers of the answers that can be seen, and how each verdict begins."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".says-one")]
            .map((one, i) => [i, one])
            .filter(([, one]) => one.getBoundingClientRect().height > 0)
            .map(([i, one]) => [i, one.querySelector(".says-said strong").textContent[0]])"""
    )


@pytest.mark.parametrize("script", [True, False])
def test_an_answer_is_chosen_by_keyboard(server, open_page, script):
    page = open_page(java_script_enabled=script)
    page.goto(f"{server.url}book/index.html")
    assert shown(page) == [[0, "✗"]]
    page.locator(".says input").first.focus()
    many = len(RECORDED["attend"])
    for i in range(1, many):
        page.keyboard.press("ArrowRight")
        assert shown(page) == [[i, "✓" if i == many - 1 else "✗"]]


@pytest.mark.parametrize("path", [*HOME, *PAGES])
def test_each_answer_is_fit_to_be_read(server, open_page, path):
    """All of them at once: the style that hides those not chosen is overruled."""
    page = open_page(1280, "light")
    checks.Visit(page, server.url + path)
    page.add_style_tag(content=".says .says-one { display: block !important }")
    page.evaluate(
        "document.querySelectorAll('.says details').forEach((d) => { d.open = true; })"
    )
    many = len(RECORDED[(HOME | PAGES)[path]])
    for width, theme in (1280, "light"), (360, "light"), (360, "dark"):
        page.set_viewport_size({"width": width, "height": 800})
        checks.themed(page, theme)
        assert len(shown(page)) == many
        findings = [
            *checks.axe_findings(page, ".says"),  # the rest: test_pages.py
            *checks.overflow_findings(page),
            *checks.code_findings(page),
            *checks.alt_findings(page),
            *checks.id_findings(page),
            *small_findings(page),
        ]
        assert not findings, (width, theme, findings)


def small_findings(page):
    """No word of it is smaller than 11 px."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".says, .says *")]
            .filter((one) => [...one.childNodes].some((node) =>
                node.nodeType === 3 && node.textContent.trim()))
            .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 11)
            .map((one) => `small: ${one.outerHTML.slice(0, 80)}`)"""
    )
