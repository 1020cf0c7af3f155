"""Hidden units, on the page of stage 3: MLP."""

import re

import pytest
import torch

from gpt import world
from tests.site.live import build
from tests.site.live.parts import asked, findings, open_part, status
from tests.site.live.test_heads import ids_of
from tests.site.live.test_parity import MODEL, ROUNDED, TOKENIZER

PATH, NAME = "book/mlp.html", "units"


def notes(model, layer, unit):
    """As the page's own cards find them: book/facts/mlp.py."""
    w = model.weights
    row = w[f"h.{layer}.mlp.c_proj.weight"][unit] * w["ln_f.weight"]
    return row @ w["wte.weight"].T


@pytest.mark.parametrize("unit", [(0, 217), (1, 370), (2, 47), (0, 0), (2, 383)])
def test_notes_are_those_of_the_chapter(node, unit):
    got = torch.tensor(node.ask("note", unit))
    assert (got - notes(ROUNDED, *unit)).abs().max() < 1e-5
    best = notes(MODEL, *unit).topk(4).indices.tolist()
    assert got.topk(4).indices.tolist() == best


def test_the_questions_are_those_of_the_chapter():
    text = build.ROOT.joinpath("book/facts/mlp.py").read_text("utf-8")
    text = text.split("QUESTIONS = {")[1].split("\n}\n")[0].replace("*", "")
    found = re.findall(r'\((\d), (\d+)\): \(\s*mark\("(.+?)"\)', text)
    script = build.MODULES.joinpath("units.js").read_text("utf-8")
    known = re.findall(r'\[(\d), (\d+), "(.+?)"\]', script)
    assert sorted(known) == sorted(found) and len(known) == 8


def words(part):
    return part.locator(".word-bars .word-name").all_inner_texts()


def test_it_begins_with_a_unit_of_the_chapter(server, open_page):
    page = open_page()
    part, errors = open_part(server, page, PATH, NAME)
    best = notes(MODEL, 0, 217).topk(6).indices.tolist()
    assert words(part) == [TOKENIZER.decode([id]).strip() for id in best]
    assert words(part)[:2] == ["she", "he"]
    chosen = part.locator(".token[aria-checked=true]")
    assert chosen.locator(".token-name").inner_text() == "day"
    text = part.locator("textarea").input_value()
    assert text.startswith(world.PROMPT)
    with torch.no_grad():
        hidden = ROUNDED.trace(torch.tensor([ids_of(text)]))["0.hidden"][0, :, 217]
    assert chosen.locator(".token-number").inner_text() == f"{float(hidden[13]):.1f}"
    shown = part.locator(".token-number").all_inner_texts()
    assert [bool(one) for one in shown] == (hidden > 0.05 * hidden.max()).tolist()
    assert asked(page) == {} and status(part) == "" and not errors


def test_units_most_active_at_a_word(server, open_page):
    page = open_page()
    part, _ = open_part(server, page, PATH, NAME)
    part.locator(".token").nth(29).click()
    part.get_by_label("Layer", exact=True).select_option("1")
    text = part.locator("textarea").input_value()
    with torch.no_grad():
        hidden = ROUNDED.trace(torch.tensor([ids_of(text)]))["1.hidden"][0, 29]
    shown = [
        one.split()[0] for one in part.locator(".units-here button").all_inner_texts()
    ]
    assert shown == [str(i) for i in hidden.topk(8).indices.tolist()]
    part.locator(".units-here button").nth(2).click()
    assert asked(page)["unit"] == f"1.{shown[2]}"
    assert page.evaluate("document.activeElement.textContent").startswith(shown[2])
    assert part.locator(".token[aria-checked=true]").inner_text().startswith("model")
    assert f"unit {shown[2]}:" in status(part)


def test_numbers_and_keys(server, open_page):
    page = open_page()
    part, _ = open_part(server, page, PATH, NAME)
    field = part.get_by_role("spinbutton")
    field.fill("383")
    part.get_by_role("button", name="Next").click()
    assert field.input_value() == "0"
    part.get_by_role("button", name="Previous").press("Enter")
    assert field.input_value() == "383"
    field.fill("999")
    field.blur()
    assert field.input_value() == "383"
    part.get_by_label("Units of this page").select_option(index=3)
    assert asked(page)["unit"] == "2.47"
    part.locator(".token[aria-checked=true]").focus()
    page.keyboard.press("ArrowRight")
    assert int(asked(page)["word"]) > 0


@pytest.mark.parametrize("query", ["unit=3.1&word=99", "unit=0.384", "unit=a&word=b"])
def test_a_bad_address_changes_nothing(server, open_page, query):
    part, errors = open_part(server, open_page(), f"{PATH}?{query}", NAME)
    assert part.get_by_role("spinbutton").input_value() == "217" and not errors


def test_the_address_brings_it_all_back(server, open_page):
    query = "unit=1.370&word=29&prompt=Once+a+little+fox"
    part, errors = open_part(server, open_page(), f"{PATH}?{query}", NAME)
    assert part.get_by_role("spinbutton").input_value() == "370"
    assert part.locator(".token").count() == 5 and not errors


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
def test_axe_width_and_letters(server, open_page, width, theme):
    page = open_page(width, theme)
    open_part(server, page, PATH, NAME)
    assert findings(page, NAME) == []
