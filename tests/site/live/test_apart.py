"""The model taken apart, and a vector carried over, on the page of stage 3: MLP."""

import re
from itertools import islice

import pytest
import torch

from book.facts import mlp, sample
from gpt import world
from gpt.model import GPT
from gpt.train import HELD_OUT, batches
from tests.site.live.parts import asked, findings, numbers, open_part, status
from tests.site.live.test_parity import END, MODEL, ROUNDED, TOKENIZER

PATH = "book/mlp.html"
ALL_HEADS = [f"{layer}.{head}" for layer in range(3) for head in range(4)]
SETTINGS = {
    "whole": [],
    "one head": ["1.1"],
    "two heads": ["1.1", "1.3"],
    "no attention": ALL_HEADS,
    "no MLPs": ["m0", "m1", "m2"],
    "the last MLP": [*ALL_HEADS, "m0", "m1"],
    "no positions": ["positions"],
    "no norms": ["norms"],
    "much": ["0.2", "2.3", "m1", "norms", "positions"],
}


def without(off):
    """The model in Python without these parts."""
    weights = {name: w.clone() for name, w in ROUNDED.weights.items()}
    d_head = MODEL.config.d_model // MODEL.config.n_head
    for part in off:
        if re.fullmatch(r"\d\.\d", part):
            layer, head = map(int, part.split("."))
            rows = slice(head * d_head, (head + 1) * d_head)
            weights[f"h.{layer}.attn.c_proj.weight"][rows] = 0
        elif part.startswith("m"):
            for name in ("weight", "bias"):
                weights[f"h.{part[1]}.mlp.c_proj.{name}"][:] = 0
        elif part == "positions":
            weights["wpe.weight"][:] = weights["wpe.weight"][:1].clone()
    model = GPT(MODEL.config, weights)
    return model.replace(layer_norm=lambda x, *w: x) if "norms" in off else model


# --- against Python ---------------------------------------------------------------------
def test_held_out_stories_are_pythons_and_so_is_what_their_author_pays(node):
    author = sample.Author(TOKENIZER)
    for got, want in zip(node.ask("heldOut", 100), world.stories(HELD_OUT)):
        assert got["ids"] == [END, *TOKENIZER.encode(want), END]
        nats, tokens = author.pays(want)
        assert tokens == len(got["ids"]) - 1
        assert got["nats"] == pytest.approx(nats, abs=1e-9)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_loss_without_parts_is_pythons(node, name):
    off, many = SETTINGS[name], 8
    paid = node.ask("pay", [off, many])
    told = islice(world.stories(HELD_OUT), many)
    [(ids, targets)] = batches(TOKENIZER, told, many)
    with torch.no_grad():
        want = without(off).loss(ids, targets).item()
    assert paid["stories"] == many and paid["tokens"] == int((targets >= 0).sum())
    assert paid["model"] / paid["tokens"] == pytest.approx(want, rel=1e-4)


def carried(fro, into, layer, a, b):
    """The same with a block that puts the vector there: gpt.model's own way."""
    stop = "embed" if layer < 0 else f"{layer}.stream"
    with torch.no_grad():
        vector = ROUNDED.trace(torch.tensor([fro]), stop)[stop][0, a]
        layers = iter(range(3))
        plain = ROUNDED.stages["block"]

        def block(x, *parts):
            n = next(layers)
            if n == 0 and layer < 0:
                x = x.clone()
                x[0, b] = vector
            x = plain(x, *parts)
            if n == layer:
                x = x.clone()
                x[0, b] = vector
            return x

        return ROUNDED.replace(block=block)(torch.tensor([into]))[0, -1].softmax(-1)


def test_a_vector_that_is_carried_over_does_what_it_does_in_python(node):
    four = {kind: ids[0].tolist() for kind, ids in mlp.four(TOKENIZER).ids.items()}
    for one, other in (("fashion", "machine learning"), ("machine learning", "clay")):
        fro, into = four[one], four[other]
        for layer in (-1, 0, 1, 2):
            for back in (1, 2, 7, 11):
                given = [fro, into, layer, len(fro) - back, len(into) - back]
                got = torch.tensor(node.ask("carry", given))
                assert (got - carried(*given)).abs().max() < 1e-4


def test_which_words_stand_for_which(node):
    kinds = ["fashion", "machine", "learning"]
    one, two = (
        ["a", "fashion", "model", "."],
        ["a", "machine", "learning", "model", "."],
    )
    assert node.ask("pairs", [one, two, kinds]) == [[1, 1], [1, 2], [2, 3], [3, 4]]
    assert node.ask("pairs", [two, one, kinds]) == [[2, 1], [3, 2], [4, 3]]


@pytest.mark.parametrize(
    ("text", "off"),
    [
        (None, "1.1"),
        ("", "1.1"),
        ("none", "none"),
        ("norms,0.0,m2", "0.0,m2,norms"),
        ("1.1,1.1,9.9,<b>", "1.1"),
        ("m3,4.0,x", "1.1"),
    ],
)
def test_what_an_address_may_switch_off(node, text, off):
    assert node.ask("offIn", [text, ["1.1"]]) == off


@pytest.mark.parametrize(
    ("off", "said"),
    [
        ([], "the whole model"),
        (["1.1"], "without head 1.1"),
        (["1.1", "1.3", "m0"], "without heads 1.1 and 1.3 and MLP 0"),
        ([*ALL_HEADS, "m0", "m1"], "without attention and MLPs 0 and 1"),
        (["positions", "norms"], "without positions and norms"),
    ],
)
def test_what_is_left_is_said(node, off, said):
    assert node.ask("said", off) == said


# --- taken apart, in a browser ------------------------------------------------------------
def bets(part):
    """{word: [whole, now, truth]} of the table beside the switches."""
    rows = part.locator(".apart-bets tbody tr").all()
    return {
        row.locator("th").inner_text(): row.locator("td .number").all_inner_texts()
        for row in rows
    }


def paid(part):
    """Waits until all stories are read: {what reads them: nats per token}."""
    part.locator("progress.whole").wait_for(state="attached", timeout=180_000)
    rows = part.locator(".apart-bill tbody tr").all()
    return {
        row.locator("th").inner_text(): numbers(row.locator("td").first.inner_text())[0]
        for row in rows
    }


def settle(part):
    """Waits until a part has begun, and has nothing left to count."""
    part.and_(part.page.locator(".ready:not([aria-busy])")).wait_for(timeout=60_000)


def test_it_begins_without_a_head_and_says_what_that_costs(server, open_page):
    page = open_page()
    part, errors = open_part(server, page, PATH, "apart")
    settle(part)
    off = part.locator(".apart-part[aria-pressed=false]").all_inner_texts()
    assert off == ["1.1"] and asked(page) == {}
    text = part.locator("textarea").input_value()
    assert text.endswith("At last")
    ids = torch.tensor([[END, *TOKENIZER.encode(text)]])
    ada = TOKENIZER.encode(" Ada")[0]
    with torch.no_grad():
        now = without(["1.1"])(ids)[0, -1].softmax(-1)[ada].item()
    assert bets(part)["Ada"][1] == f"{now:.3f}" and bets(part)["Ada"][2] == "1.000"
    found = paid(part)
    assert set(found) == {
        "the author: the floor",
        "the whole model",
        "without head 1.1",
    }
    told = islice(world.stories(HELD_OUT), 100)
    [(ids, targets)] = batches(TOKENIZER, told, 100)
    with torch.no_grad():
        assert found["without head 1.1"] == pytest.approx(
            without(["1.1"]).loss(ids, targets).item(), abs=2e-4
        )
        assert found["the whole model"] == pytest.approx(
            MODEL.loss(ids, targets).item(), abs=2e-4
        )
    assert found["the author: the floor"] == pytest.approx(
        mlp.author_pays(TOKENIZER, 100), abs=1e-4
    )
    assert "without head 1.1: 0." in status(part) and "Ada" in status(part)
    assert not errors


def test_switches_and_presets(server, open_page):
    page = open_page()
    part, errors = open_part(server, page, PATH, "apart")
    part.get_by_role("button", name="No norms").click()
    assert asked(page) == {"off": "norms"}
    part.get_by_role("button", name="Without 1.1", exact=True).click()
    assert asked(page) == {}
    part.get_by_role("button", name="Head 1.3").click()
    assert asked(page) == {"off": "1.1,1.3"}
    chosen = part.locator(".apart-presets [aria-pressed=true]").all_inner_texts()
    assert chosen == ["Without 1.1 and 1.3"]
    settle(part)
    assert float(bets(part)["Ada"][1].replace("< ", "")) < 0.2
    part.get_by_role("button", name="The whole model").click()
    settle(part)
    assert float(bets(part)["Ada"][1].replace("> ", "")) > 0.99
    assert asked(page) == {"off": "none"} and not errors


def test_the_switches_by_keyboard(server, open_page):
    page = open_page()
    part, _ = open_part(server, page, PATH, "apart")
    part.get_by_role("button", name="Head 0.0").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.ariaLabel") == "MLP 1"
    page.keyboard.press("Space")
    assert asked(page) == {"off": "1.1,m1"}
    assert part.locator(".apart-part[tabindex='0']").count() == 1
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.ariaLabel") == "Norms"
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.classList.contains('apart-part')")


def test_an_address_opens_what_it_says_and_a_bad_one_the_beginning(server, open_page):
    page = open_page()
    part, errors = open_part(
        server, page, f"{PATH}?off=m0,zzz&prompt=Once%20a%20little", "apart"
    )
    settle(part)
    assert part.locator("textarea").input_value() == "Once a little"
    assert part.locator(".apart-part[aria-pressed=false]").count() == 1
    part, _ = open_part(
        server, page, f"{PATH}?off=%3Cb%3E&from=cat&into=7&vector=9.9&prompt=", "apart"
    )
    settle(part)
    off = part.locator(".apart-part[aria-pressed=false]").all_inner_texts()
    assert off == ["1.1"] and not errors


def test_a_text_of_ones_own_and_a_word_of_it(server, open_page):
    page = open_page()
    part, errors = open_part(server, page, PATH, "apart")
    part.locator("textarea").fill("Once a little owl named Tom")
    settle(part)
    assert part.locator(".live-word").count() == 6
    assert asked(page) == {"prompt": "Once a little owl named Tom"}
    part.locator("textarea").press("Home")
    assert "Once" in part.locator(".apart-bets caption").inner_text()
    part.locator("textarea").fill("狐狸 \ud83e\udd8a " * 30)
    settle(part)
    part.locator("textarea").fill("")
    settle(part)
    assert "What comes first" in part.locator(".apart-bets caption").inner_text()
    assert not errors


# --- carried over, in a browser ------------------------------------------------------------
def carried_all(part):
    settle(part)
    assert all(one.inner_text() for one in part.locator(".patch-square").all())


def test_where_the_kind_is(server, open_page):
    """At the kind's own word until layer 0, and after it at the model."""
    page = open_page()
    part, errors = open_part(server, page, PATH, "patch")
    carried_all(part)
    much = [
        one.get_attribute("aria-label")
        for one in part.locator(".patch-square").all()
        if float(one.inner_text()) > 0.5
    ]
    assert [re.sub(r": wore.*", "", one) for one in much] == [
        "fashion after embed",
        "model after layer 0",
        "model after layer 1",
        "model after layer 2",
    ]
    assert part.locator(".patch-told mark").all_inner_texts() == ["model", "model"]
    assert "after layer 0" in part.locator(".patch-arrow").inner_text()
    assert asked(page) == {} and "wore 0.99" in status(part) and not errors


def test_squares_by_keyboard_and_other_stories(server, open_page):
    page = open_page()
    part, errors = open_part(server, page, PATH, "patch")
    carried_all(part)
    part.locator(".patch-square[aria-pressed=true]").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")  # there is nothing further left
    assert asked(page) == {"vector": "1.embed"}
    assert part.locator(".patch-told mark").all_inner_texts() == ["the", "the"]
    assert page.evaluate("document.activeElement.dataset.at").endswith(".-1")
    part.get_by_label("into the story of a").select_option("fashion")
    carried_all(part)
    assert asked(page)["into"] == "fashion" and asked(page)["from"] != "fashion"
    assert "guessed" in part.locator(".patch-grid caption").inner_text()
    assert not errors


def test_an_address_chooses_the_vector(server, open_page):
    page = open_page()
    address = f"{PATH}?from=clay&into=fashion&vector=11.embed"
    part, errors = open_part(server, page, address, "patch")
    carried_all(part)
    assert part.locator(".patch-told mark").all_inner_texts() == ["clay", "fashion"]
    for bad in ("from=x&into=y&vector=0.7", "from=clay&into=clay&vector=99.1"):
        part, _ = open_part(server, page, f"{PATH}?{bad}", "patch")
        carried_all(part)
        assert part.locator(".patch-told mark").count() == 2
    assert not errors


@pytest.mark.parametrize(("width", "theme"), [(1280, "dark"), (360, "light")])
def test_both_can_be_used_by_all(server, open_page, width, theme):
    page = open_page(width, theme)
    part, _ = open_part(server, page, PATH, "apart")
    settle(part)
    other = page.locator(".live[data-live=patch]")
    other.scroll_into_view_if_needed()
    carried_all(other)
    for name in ("apart", "patch"):
        assert findings(page, name) == []
