"""The pages of the exercises: steps in one look, the finale's words, plumbing folded."""

import re
from html import unescape
from types import SimpleNamespace

import nbformat
import pytest
from docutils import nodes
from playwright.sync_api import expect

from book._ext import exercise
from tests.site import checks
from tests.site.conftest import ROOT

NAMES = [name for name in exercise.recorded() if name != "made by"]
ROW = (
    "<tr><td><p>{}</p></td><td><p>{}</p></td><td><p>{}</p></td><td><p>{}</p></td></tr>"
)
BODY = (
    '<div class="pst-scrollable-table-container"><table class="table"><tbody>{}'
    '</tbody></table>\n</div><section id="first">\n<h2>1 · The first</h2></section>'
)


def page_of(name):
    return f"exercises/{name}/{name}.html"


def text_of(html):
    return unescape(re.sub("<[^>]*>", "", html))


def test_every_exercise_has_a_finale():
    exercises = {path for path in checks.toc_pages() if path.startswith("exercises/")}
    assert {page_of(name) for name in NAMES} == exercises


def test_a_table_becomes_a_list():
    body = BODY.format(ROW.format(1, "<code>f</code>", "does <em>it</em>", 2))
    page = exercise.steps(body, "exercises/attend/attend")
    assert "<table" not in page and page.endswith("</section>")
    assert '<a href="#first"><code>f</code></a>' in page
    assert "2 points</span><span>does <em>it</em></span>" in page
    assert "1 functions to write, 2 points in all" in page


def test_what_does_not_fit_is_an_error():
    with pytest.raises(ValueError, match="no table"):
        exercise.steps("<p></p>", "exercises/attend/attend")
    with pytest.raises(ValueError, match="step 2 has no section"):
        row = ROW.format(2, "f", "does", 1)
        exercise.steps(BODY.format(row), "exercises/attend/attend")


@pytest.mark.parametrize("name", NAMES)
def test_the_finale_is_what_is_recorded(name):
    said = [
        text_of(one)
        for one in re.findall("<pre>(.*?)</pre>", exercise.finale(name), re.DOTALL)
    ]
    kept = "\n".join(output["text"] for output in exercise.recorded()[name])
    kept = re.sub("\x1b\\[\\d+m", "", kept)
    assert "\n".join(said) == kept.translate(exercise.CONTROL)


def test_only_plumbing_is_folded():
    def cell(grade_id):
        told = {"nbgrader": {"grade_id": grade_id}}
        return nodes.container("", nodes.literal_block("", "a\nb"), cell_metadata=told)

    tree = nodes.section("", cell("imports"), cell("write_f"), nodes.container())
    app = SimpleNamespace(env=SimpleNamespace(docname="exercises/attend/attend"))
    exercise.fold(app, tree)
    opening, _, closing, *others = tree.children
    assert "Imports: 2 lines" in opening.astext() and closing.astext() == "</details>"
    assert len(others) == 2


@pytest.mark.parametrize("name", NAMES)
def test_the_page_keeps_every_line_of_its_notebook(site, name):
    """Folding and listing change no code; every step leads to its section."""
    html = (site / page_of(name)).read_text("utf-8")
    notebook = nbformat.read(ROOT / f"exercises/{name}/{name}.ipynb", as_version=4)
    shown = text_of(html)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.source.strip() in shown
    folded = re.findall(r'<details class="plumbing"><summary>(.*?)</summary>', html)
    ids = [c.metadata.get("nbgrader", {}).get("grade_id") for c in notebook.cells]
    assert len(folded) == sum(one in exercise.PLUMBING for one in ids) >= 1
    steps = html.split('<ol class="steps"')[1].split("</ol>")[0]
    places = re.findall(r'<a href="#([^"]+)">', steps)
    graded = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("points")]
    assert len(places) == len(graded)
    assert all(f'<section id="{place}">' in html for place in places)
    assert (
        f"{sum(c.metadata.nbgrader.points for c in graded)} points in all</p>" in html
    )


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
def test_the_steps_can_be_read_and_used(server, open_page, width, theme):
    page = open_page(width, theme)
    checks.Visit(page, server.url + page_of("attend"))
    assert not checks.axe_findings(page)
    assert not checks.overflow_findings(page)
    items = page.locator("ol.steps > li")
    for i in range(items.count() - 1):  # what it does has room beside the number
        does = items.nth(i).locator("span").last
        assert does.bounding_box()["width"] > 0.6 * min(width, 500)
    imports = page.locator("details.plumbing").first
    expect(imports.locator("pre")).to_be_hidden()
    imports.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(imports.locator("pre")).to_be_visible()
    assert imports.locator("summary").bounding_box()["height"] >= 44
    items.nth(2).locator("a").click()
    expect(page.locator("#softmax-from-scores-to-shares h2")).to_be_in_viewport()
