"""One training, step by step, on the page Train; and what is on record of it."""

import hashlib
import json

import numpy as np
import pytest
import torch

from book import record_steps as record
from book.facts import apart, bets, ids_of, ids_of_words
from gpt import world
from gpt.model import GPT, SMALL
from gpt.train import HELD_OUT, held_out_loss, tell
from tests.site.live import build
from tests.site.live.parts import asked, findings, open_part, status
from tests.site.live.test_parity import MODEL, TOKENIZER

PATH, NAME = "book/train.html", "time"
RECORDED = json.loads(record.FILE.read_text("utf-8"))
CARD = json.loads((SMALL / "card.json").read_text("utf-8"))
COPY = build.MODULES.joinpath("copying.js").read_text("utf-8").split('"Once', 1)[1]
COPY = "Once" + COPY.split('"', 1)[0]


def kept(step):
    """The model of a step, from the file that is on record."""
    numbers = np.frombuffer(
        record.FOLDER.joinpath(f"step-{step}.bin").read_bytes(), "<f2"
    )
    found, at = {}, 0
    for name, shape in build.model()[0]["weights"]:
        many = int(np.prod(shape))
        part = numbers[at : at + many].astype(np.float32).reshape(shape)
        found[name], at = torch.from_numpy(part), at + many
    assert at == len(numbers)
    return GPT(MODEL.config, found)


def told(model, seed):
    """What a model writes from the prompt, without the END."""
    return tell(model, TOKENIZER, seed, world.PROMPT).removesuffix(world.END)


# --- on record ----------------------------------------------------------------------------
def test_each_file_is_the_one_on_record_and_the_last_step_is_the_small_model():
    *steps, last = RECORDED["steps"]
    assert tuple(map(int, steps)) == record.KEPT and int(last) == CARD["steps"]
    for step in steps:
        halves = record.FOLDER.joinpath(f"step-{step}.bin").read_bytes()
        assert hashlib.sha256(halves).hexdigest() == RECORDED["steps"][step]["sha256"]
    assert record.fingerprint(MODEL.weights) == RECORDED["steps"][last]["sha256"]
    assert (
        hashlib.sha256(build.model()[1]).hexdigest()
        == RECORDED["steps"][last]["sha256"]
    )
    assert (
        RECORDED["trained by"] == CARD["made by"] and RECORDED["seed"] == CARD["seed"]
    )


def test_step_0_is_the_beginning_and_another_run_is_refused():
    begun = record.run(TOKENIZER, CARD["losses"], kept=(0, 1))
    step, model = next(begun)
    assert step == 0
    assert record.fingerprint(model.weights) == RECORDED["steps"]["0"]["sha256"]
    assert next(begun)[0] == 1  # with the loss that the card has
    wrong = record.run(TOKENIZER, [1.0], kept=(0, 1))
    next(wrong)
    with pytest.raises(ValueError, match=r"step 1 has a loss of 6\.3907, .* 1\.0"):
        next(wrong)


@pytest.mark.parametrize("step", record.KEPT)
def test_the_loss_of_a_step_is_that_of_its_file(step):
    """On fewer stories than are on record."""
    loss = held_out_loss(kept(step), TOKENIZER, 60)
    assert loss == pytest.approx(RECORDED["steps"][str(step)]["loss"], rel=0.06)


def test_the_lines_are_those_of_the_chapter_mlp():
    copying = apart.when_copying_begins(TOKENIZER)
    assert RECORDED["floor"] == pytest.approx(copying.floor.nats_per_token, abs=1e-6)
    assert RECORDED["forgetful"] == pytest.approx(copying.forgetful, abs=1e-6)
    assert RECORDED["held out"].startswith(f"gpt.world.stories(seed={HELD_OUT})")


# --- against Python -----------------------------------------------------------------------
@pytest.mark.parametrize("step", [0, 100, 250, 350])
def test_what_a_step_writes_and_bets_is_pythons(node, step):
    model = kept(step)
    for seed in (1, 8360):
        got = node.ask("atStep", [step, world.PROMPT, seed])
        assert got["text"] == told(model, seed)
        with torch.no_grad():
            p = bets(model, ids_of(TOKENIZER, COPY))[-1]
        want = p[ids_of_words(TOKENIZER, apart.ANIMALS)].tolist()
        assert list(got["bets"]) == list(apart.ANIMALS)
        assert [*got["bets"].values()] == pytest.approx(want, abs=1e-4)


def test_copying_comes_after_the_summary(node):
    """What the sentence of the page promises its reader to see."""
    asks = {step: node.ask("atStep", [step, "Once", 1])["bets"] for step in record.KEPT}
    assert asks[100]["fox"] < 0.15 and asks[175]["fox"] < 0.3
    run = [asks[250][animal] for animal in world.RUN]
    assert sum(run) > 0.8 and asks[250]["fox"] < 0.6
    assert asks[350]["fox"] > 0.7


# --- in a browser --------------------------------------------------------------------------
def at(part, step):
    part.and_(part.page.locator(f"[data-step='{step}']")).wait_for()


def test_it_begins_before_it_copies(server, open_page):
    page = open_page()
    part, errors = open_part(server, page, PATH, NAME)
    at(part, 250)
    assert part.locator(".time-told").inner_text() == told(kept(250), 8360)
    assert part.locator(".time-animals .own .number").inner_text() in status(part)
    assert asked(page) == {} and not errors


def test_the_handle_by_keyboard_loads_only_what_is_asked_for(server, open_page):
    page, loaded = open_page(), []
    page.on("request", lambda one: loaded.append(one.url.split("/")[-1].split("?")[0]))
    part, errors = open_part(server, page, PATH, NAME)
    at(part, 250)
    handle = part.get_by_role("slider")
    handle.focus()
    page.keyboard.press("Home")
    at(part, 0)
    assert handle.get_attribute("aria-valuetext") == "step 0, loss 6.40"
    assert asked(page) == {"step": "0"}
    first = part.locator(".time-told .live-word").first
    assert "gradient" in first.evaluate(
        "(one) => getComputedStyle(one).backgroundImage"
    )
    page.keyboard.press("End")
    at(part, 2500)
    assert "0.99" in part.locator(".time-animals .own .number").inner_text()
    page.keyboard.press("ArrowLeft")
    at(part, 350)
    page.keyboard.press("ArrowLeft")
    at(part, 250)
    assert asked(page) == {} and not errors
    steps = [one for one in loaded if one.startswith("step-")]
    assert steps == ["step-250.bin", "step-0.bin", "step-350.bin"]


def test_a_step_that_fails_can_be_tried_again(server, open_page):
    page = open_page()
    page.route("**/step-100.bin", lambda route: route.abort())
    part, _ = open_part(server, page, f"{PATH}?step=100", NAME)
    again = part.get_by_role("button", name="Try again")
    again.wait_for()
    assert "did not load" in part.get_by_role("alert").inner_text()
    page.unroute("**/step-100.bin")
    again.click()
    at(part, 100)


def test_an_address_opens_a_step_and_a_bad_one_the_beginning(server, open_page):
    page = open_page()
    part, errors = open_part(
        server, page, f"{PATH}?step=2500&seed=1&prompt=Once%20a%20little%20owl", NAME
    )
    at(part, 2500)
    assert part.locator(".time-told").inner_text().startswith("Once a little owl named")
    part.get_by_role("button", name="Other random numbers").click()
    assert asked(page)["seed"] == "2"
    for bad in ("step=251", "step=-1&seed=x", "step=<b>&prompt="):
        part, _ = open_part(server, page, f"{PATH}?{bad}", NAME)
        at(part, 250)
    assert not errors


@pytest.mark.parametrize(("width", "theme"), [(1280, "dark"), (360, "light")])
def test_it_can_be_used_by_all(server, open_page, width, theme):
    page = open_page(width, theme)
    part, _ = open_part(server, page, PATH, NAME)
    at(part, 250)
    assert findings(page, NAME) == []


def test_from_a_folder(site, open_page):
    page = open_page()
    page.goto((site / PATH).as_uri() + "?step=0")
    part = page.locator(f".live[data-live={NAME}]")
    part.scroll_into_view_if_needed()
    at(part, 0)
