"""Where a head looks, at the question that opens attend."""

import pytest
import torch
from playwright.sync_api import expect

from gpt import world
from tests.site.live.parts import findings, open_part, status
from tests.site.live.test_parity import END, ROUNDED, TOKENIZER

PATH, NAME = "book/attend.html", "look"
KINDS = "fashion", "clay"


def shares(kind, t=-1):
    text = f"{world.PROMPT} she worked with a {kind} model. When the sun came up, the model"
    ids = [END, *TOKENIZER.encode(text)]
    with torch.no_grad():
        weights = ROUNDED.trace(torch.tensor([ids]))["0.weights"][0, 1, t]
    return ids, weights.tolist()


def test_the_arcs_are_the_shares_of_the_head(server, open_page):
    page = open_page(reduced_motion="reduce")
    part, errors = open_part(server, page, PATH, NAME)
    assert not page.locator(".tag_first-look").is_visible()
    assert part.bounding_box()["y"] < 1.2 * 800  # near the question, and so is the page
    for i, kind in enumerate(KINDS):
        part.locator(".look-stories button").nth(i).click()
        _, given = shares(kind)
        drawn = [p for p in given if p >= 0.05]
        arcs = part.locator(".look-arcs path")
        expect(arcs).to_have_count(len(drawn))
        assert float(arcs.last.get_attribute("stroke-width")) == pytest.approx(
            1.5 + 7.5 * max(drawn), abs=0.02
        )
        expect(part.locator(".look-line")).to_contain_text(
            f"model takes {max(given):.3f} of what it hears from {kind}."
        )
    expect(part.locator(".look-next")).to_contain_text("dried")
    assert not errors


def test_a_word_is_chosen_by_keys_and_the_three_largest_are_said(server, open_page):
    page = open_page()
    part, _ = open_part(server, page, PATH, NAME)
    assert status(part) == ""
    part.locator(".token[aria-checked=true]").focus()
    page.keyboard.press("ArrowLeft")
    _, given = shares("fashion", -2)
    three = [f"{p:.3f}" for p in sorted(given, reverse=True)[:3]]
    for share in three:
        assert share in status(part)
    page.keyboard.press("Home")
    arc = part.locator(".look-arcs path")
    expect(arc).to_have_count(1)  # END looks at itself
    assert "from itself" in part.locator(".look-line").inner_text()


def test_an_arc_goes_from_word_to_word_in_every_width(server, open_page):
    for width in (1280, 360):
        page = open_page(width, reduced_motion="reduce")
        part, _ = open_part(server, page, PATH, NAME)
        far = part.evaluate(
            """(root) => {
                const path = root.querySelector(".look-arcs path:last-child");
                const box = root.querySelector(".look-arcs").getBoundingClientRect();
                const [a, b] = [path.getPointAtLength(0),
                    path.getPointAtLength(path.getTotalLength())];
                const tokens = [...root.querySelectorAll(".token")];
                const inside = (token, {x, y}) => {
                    const to = token.getBoundingClientRect();
                    return x + box.x > to.left - 3 && x + box.x < to.right + 3
                        && y + box.y > to.top - 3 && y + box.y < to.bottom + 3;
                };
                const named = (name) => tokens.find((t) => t.firstChild.textContent === name);
                return [inside(tokens.at(-1), a), inside(named("fashion"), b)];
            }"""
        )
        assert far == [True, True], width


def test_the_readers_own_text_can_be_looked_at(server, open_page):
    page = open_page()
    part, errors = open_part(server, page, f"{PATH}?prompt=The+otter+sang.", NAME)
    open_part(server, page, f"{PATH}?prompt=The+otter+sang.", "heads")
    own = part.locator(".look-stories button").nth(2)
    expect(own).to_have_text("your text")
    own.click()
    expect(part.locator(".token")).to_have_count(
        len(TOKENIZER.encode("The otter sang.")) + 1
    )
    page.locator("[data-live=heads] .own-line button").click()
    expect(part.locator(".look-stories button")).to_have_count(2)
    expect(part.locator(".look-line")).to_contain_text("fashion")
    assert not errors


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
def test_axe_width_and_letters(server, open_page, width, theme):
    page = open_page(width, theme)
    open_part(server, page, PATH, NAME)
    assert findings(page, NAME) == []


def test_without_javascript_and_on_paper_a_picture_stands_there(server, open_page):
    page = open_page(java_script_enabled=False)
    page.goto(server.url + PATH)
    picture = page.locator(".tag_first-look svg").first
    expect(picture).to_be_visible()
    assert (
        "“model” takes 0.95 from “fashion”"
        in page.locator(".tag_first-look").inner_html()
    )
    page = open_page()
    open_part(server, page, PATH, NAME)
    page.emulate_media(media="print")
    expect(page.locator(".tag_first-look svg").first).to_be_visible()
    assert not page.locator(".live").filter(visible=True).count()
