"""The logit lens, on the page of stage 3: MLP."""

from itertools import islice

import pytest
import torch

from gpt import world
from gpt.mlp import layer_norm
from gpt.sample import unembed
from tests.site.live.parts import asked, findings, open_part, status
from tests.site.live.test_heads import ids_of
from tests.site.live.test_parity import ROUNDED, STORIES, TOKENIZER

PATH, NAME = "book/mlp.html", "lens"
STREAMS = "embed", "0.stream", "1.stream", "2.stream"


def lens(ids):
    """As the chapter does it: (T, 4, n_vocab)."""
    w = ROUNDED.weights
    with torch.no_grad():
        trace = ROUNDED.trace(torch.tensor([ids]))
        x = torch.stack([trace[name][0] for name in STREAMS], 1)
        x = layer_norm(x, w["ln_f.weight"], w["ln_f.bias"])
        return unembed(x, w["wte.weight"]).softmax(-1)


def test_bets_are_those_of_the_chapter(node):
    for story in islice(STORIES, 12):
        ids = ids_of(story)[:40]
        want = lens(ids)
        for many in (1, 5):
            for t, layers in enumerate(node.ask("lens", [ids, many])):
                for n, bets in enumerate(layers):
                    top = want[t, n].topk(many).values.tolist()
                    assert [bet["p"] for bet in bets] == pytest.approx(top, abs=1e-4)
                    own = [float(want[t, n, bet["id"]]) for bet in bets]
                    assert own == pytest.approx(top, abs=1e-4)


def table(part):
    rows = part.locator(".lens-table tbody tr").all()
    return [row.locator("td").all_inner_texts() for row in rows]


def test_it_begins_with_the_prompt(server, open_page):
    page = open_page()
    part, errors = open_part(server, page, PATH, NAME)
    best = lens(ids_of(world.PROMPT)).argmax(-1).tolist()
    names = [
        [
            "END"
            if TOKENIZER.decode([id]) == world.END
            else TOKENIZER.decode([id]).strip()
            for id in row
        ]
        for row in best
    ]
    assert table(part) == names
    chosen = part.locator("[aria-selected=true]")
    assert chosen.count() == 1 and chosen.inner_text() in ("she", "he")
    assert "at day, after layer 0" in part.locator(".lens-bets").inner_text()
    assert part.locator(".lens-bets li").count() == 5
    assert asked(page) == {} and status(part) == "" and not errors


def test_keys_and_pointer_open_a_cell(server, open_page):
    page = open_page()
    part, _ = open_part(server, page, PATH, NAME)
    part.locator("[aria-selected=true]").focus()
    page.keyboard.press("ArrowRight")
    assert asked(page)["lens"] == "13.2"
    page.keyboard.press("ArrowUp")
    assert asked(page)["lens"] == "12.2"
    assert "at One, after layer 1" in status(part)
    part.locator("td").first.hover()
    assert "at END, embedding" in part.locator(".lens-bets").inner_text()
    part.locator("td").first.click()
    assert asked(page)["lens"] == "0.0"
    page.keyboard.press("ArrowLeft")
    assert asked(page)["lens"] == "0.0"


def test_the_address_brings_it_all_back(server, open_page):
    page = open_page()
    part, _ = open_part(server, page, PATH, NAME)
    part.locator("select").select_option(index=1)
    part.locator("tbody tr").last.locator("td").last.click()
    said = part.locator(".lens-bets").inner_text()
    assert "at last, after layer 2" in said and "Ada" in said
    other = open_page()
    again, errors = open_part(server, other, page.url.removeprefix(server.url), NAME)
    assert again.locator(".lens-bets").inner_text() == said and not errors


@pytest.mark.parametrize("query", ["lens=99.1", "lens=3.4", "lens=x", "lens="])
def test_a_bad_address_changes_nothing(server, open_page, query):
    part, errors = open_part(server, open_page(), f"{PATH}?{query}", NAME)
    assert "at day, after layer 0" in part.locator(".lens-bets").inner_text()
    assert not errors


@pytest.mark.parametrize("text", ["", "🦊 <i>", "word " * 200])
def test_any_text_can_be_read(server, open_page, text):
    part, errors = open_part(server, open_page(), PATH, NAME)
    part.locator("summary").click()
    part.locator("textarea").fill(text)
    assert len(table(part)) == len(ids_of(text)[-64:])
    assert part.locator("[aria-selected=true]").count() == 1 and not errors


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
def test_axe_width_and_letters(server, open_page, width, theme):
    page = open_page(width, theme)
    open_part(server, page, PATH, NAME)
    assert findings(page, NAME) == []
