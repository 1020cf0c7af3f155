"""The heads at work, on the page of stage 3: attend."""

import random
from itertools import islice

import pytest
import torch

from gpt import attend, world
from tests.site.live import build
from tests.site.live.parts import asked, findings, numbers, open_part, status
from tests.site.live.test_parity import END, ROUNDED, STORIES, TOKENIZER, near

PATH, NAME = "book/attend.html", "heads"
FASHION = (
    f"{world.PROMPT} she worked with a fashion model. When the sun came up, the model"
)


def ids_of(text):
    return [END, *TOKENIZER.encode(text)]


def test_an_opened_score_is_that_of_gpt_attend(node):
    draw = random.Random(8)
    d_head = ROUNDED.config.d_model // ROUNDED.config.n_head
    for story in islice(STORIES, 25):
        ids = ids_of(story)[:64]
        layer, head = draw.randrange(3), draw.randrange(4)
        t = draw.randrange(len(ids))
        s = draw.randint(0, t)
        with torch.no_grad():
            trace = ROUNDED.trace(torch.tensor([ids]))
        q, k, v = (trace[f"{layer}.{name}"][0, head] for name in "qkv")
        got = node.ask("opened", [ids, layer, head, t, s])
        near(got["q"], q[t])
        near(got["k"], k[s])
        near(got["v"], v[s])
        near(got["products"], q[t] * k[s])
        assert got["sum"] == pytest.approx(float(q[t] @ k[s]), abs=1e-3)
        assert got["root"] == pytest.approx(d_head**0.5)
        scores = (q[t] @ k[: t + 1].mT) / d_head**0.5
        near(got["scores"], scores)
        assert got["powers"] == pytest.approx(scores.exp().tolist(), rel=1e-3)
        assert got["total"] == pytest.approx(sum(got["powers"]))
        weights = attend.attention_weights(q, k)[t, : t + 1]
        near(got["shares"], weights)
        assert got["shares"][s] == pytest.approx(
            got["powers"][s] / got["total"], abs=1e-5
        )
        near(got["given"], weights[s] * v[s])
        near(got["found"], attend.attention(q, k, v)[t])


def test_the_lines_of_the_steps_stand_in_gpt_attend():
    steps = build.MODULES.joinpath("scoresteps.js").read_text("utf-8")
    block = steps.split("ATTEND_LINES = {")[1].split("};")[0]
    lines = [line.split('"')[1] for line in block.splitlines() if '"' in line]
    source = build.ROOT.joinpath("gpt/attend.py").read_text("utf-8")
    assert len(lines) == 4
    for line in lines:
        assert line in source


def test_it_begins_with_the_question_of_the_chapter(server, open_page):
    page = open_page()
    part, errors = open_part(server, page, PATH, NAME)
    with torch.no_grad():
        weights = ROUNDED.trace(torch.tensor([ids_of(FASHION)]))["0.weights"][0, 1, -1]
    share = f"{float(weights.max()):.3f}"
    line = part.locator(".heads-line").inner_text()
    assert line == f"In head 0.1, model takes {share} from fashion."
    assert part.locator(".token").count() == len(ids_of(FASHION))
    assert part.locator(".heads-grid button").count() == 12
    assert part.locator(".score-steps > li:visible").count() == 1
    assert asked(page) == {} and status(part) == "" and not errors


def test_the_steps_lead_to_the_share(server, open_page):
    page = open_page()
    part, _ = open_part(server, page, PATH, NAME)
    for step in range(2, 6):
        part.get_by_role("button", name="Next").click()
        assert part.locator(".score-steps > li:visible").count() == step
        assert asked(page)["open"] == str(step)
    total, root, score = numbers(
        part.locator(".score-steps > li").nth(2).locator("strong").inner_text()
    )
    assert score == pytest.approx(total / root, abs=2e-3)
    strong = (
        part.locator(".score-steps > li").nth(3).locator("strong").first.inner_text()
    )
    power, of_all, share = numbers(strong)
    assert share == pytest.approx(power / of_all, abs=1e-3)
    assert power == pytest.approx(2.718281828**score, rel=2e-3)
    rows = part.locator(".score-steps-table tbody tr")
    shares = [numbers(row)[-1] for row in rows.all_inner_texts()]
    assert sum(shares[:-1]) == pytest.approx(1, abs=5e-3)
    assert page.evaluate("document.activeElement.textContent") == "Only the first step"


def test_another_row_opens_another_score(server, open_page):
    page = open_page()
    part, _ = open_part(server, page, f"{PATH}?open=5", NAME)
    part.get_by_role("button", name="Show all").click()
    assert (
        part.locator(".score-steps-table tbody tr").count() == len(ids_of(FASHION)) + 1
    )
    part.locator(".live-pick").first.click()
    assert "from END" in part.locator(".score-steps-title").inner_text()
    assert asked(page)["from"] == "0"
    assert part.locator(".token.asked").inner_text().startswith("END")


def test_keys_choose_the_word_the_head_and_the_number(server, open_page):
    page = open_page()
    part, _ = open_part(server, page, PATH, NAME)
    part.locator(".token[aria-checked=true]").focus()
    page.keyboard.press("ArrowLeft")
    assert asked(page)["ask"] == "27"
    assert part.locator(".token").nth(28).evaluate("e => e.className").count("beyond")
    assert "the takes" in status(part)
    page.keyboard.press("Home")
    assert part.locator(".heads-line").inner_text().endswith("takes 1.000 from itself.")
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert asked(page)["head"] == "1.1"
    page.keyboard.press("ArrowRight")
    assert asked(page)["head"] == "1.2"
    slider = part.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuenow") == "2"
    assert slider.get_attribute("aria-valuetext").startswith("number 2: ")
    a, b, product = numbers(slider.get_attribute("aria-valuetext"))[1:]
    assert product == pytest.approx(a * b, abs=0.03)


def test_the_pointer_shows_small_shares(server, open_page):
    page = open_page()
    part, _ = open_part(server, page, f"{PATH}?ask=20", NAME)
    line = part.locator(".heads-line")
    before = line.inner_text()
    part.locator(".token").nth(3).hover()
    assert line.inner_text().endswith("from little.")
    part.locator(".token").nth(25).hover()
    assert line.inner_text() == "up comes after the full stop: it cannot be looked at."
    part.locator("select").hover()
    assert line.inner_text() == before
    strip = part.locator(".strip").first
    strip.hover(position={"x": 2, "y": 5})
    assert part.get_by_role("slider").get_attribute("aria-valuenow") == "1"


def test_the_address_brings_it_all_back(server, open_page):
    page = open_page()
    part, _ = open_part(server, page, PATH, NAME)
    part.locator("select").select_option(index=2)
    part.locator(".heads-grid button").nth(5).click()
    part.get_by_role("button", name="All five steps").click()
    said = part.locator(".score-steps").inner_text()
    other = open_page()
    again, errors = open_part(server, other, page.url.removeprefix(server.url), NAME)
    assert again.locator(".score-steps").inner_text() == said
    kept = part.locator("select").input_value()  # a text of the book's is named as such
    assert again.locator("select").input_value() == kept != "-1" and not errors


@pytest.mark.parametrize(
    "query",
    [
        "ask=99&head=9.9&from=77&open=9",
        "ask=-1&head=x&from=1e9&open=",
        "ask=&head=0.1.2",
    ],
)
def test_a_bad_address_changes_nothing(server, open_page, query):
    part, errors = open_part(server, open_page(), f"{PATH}?{query}", NAME)
    line = part.locator(".heads-line").inner_text()
    assert line.startswith("In head 0.1, model takes 0.9") and not errors


@pytest.mark.parametrize("text", ["", "🦊 狐狸", "word " * 200, "<b>&amp;</b>\n\n x"])
def test_any_text_can_be_read(server, open_page, text):
    page = open_page()
    part, errors = open_part(server, page, f"{PATH}?open=5", NAME)
    part.locator("summary").click()
    part.locator("textarea").fill(text)
    ids = ids_of(text[:1000])[-64:]
    assert part.locator(".token").count() == len(ids)
    part.locator(".token").first.click()
    assert "1.000 from itself" in part.locator(".heads-line").inner_text()
    assert not errors


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
def test_axe_width_and_letters(server, open_page, width, theme):
    page = open_page(width, theme)
    open_part(server, page, f"{PATH}?open=5", NAME)
    assert findings(page, NAME) == []


def test_without_javascript_nothing_of_it_is_seen(server, open_page):
    page = open_page(java_script_enabled=False)
    page.goto(server.url + PATH)
    assert not page.locator(".live, .live-try").filter(visible=True).count()
