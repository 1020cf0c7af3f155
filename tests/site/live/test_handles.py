"""The handles of stage 4, in the chapter Sample."""

import contextlib
import io
import random
import re
from functools import partial
from itertools import islice

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from book.facts.sample import Author
from gpt import sample, world
from gpt.model import small
from tests.site import checks
from tests.site.live import build
from tests.site.live.parts import findings

MODEL, TOKENIZER = small()
PAGE = "book/sample.html"


# --- the numbers ---------------------------------------------------------------------
@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(-80, 80).map(lambda n: n / 8), min_size=2, max_size=30),
    st.integers(1, 30).map(lambda n: n / 10),
    st.none() | st.integers(1, 30),
    st.none() | st.integers(1, 19).map(lambda n: n / 20),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 29),
)
def test_every_step_of_the_arithmetic(node, logits, temperature, k, top_p, u, id):
    k, id = k and min(k, len(logits)), id % len(logits)
    z = torch.tensor(logits, dtype=torch.float64)
    below = z - z.max()
    heated = p = sample.probabilities(z, temperature)
    kept = {}
    for name, keep, value in (
        ("topK", sample.keep_top_k, k),
        ("topP", sample.keep_top_p, top_p),
    ):
        if value is None:
            continue
        if name == "topP":
            reached = p.sort(descending=True).values.cumsum(0)
            if (reached - value).abs().min() < 1e-9:
                return  # rounding decides
        after = keep(p, value)
        kept[name] = {"kept": float(p[after > 0].sum()), "share": float(after[id])}
        p = after
    how = {"temperature": temperature, "topK": k, "topP": top_p}
    got = node.ask("arithmetic", [logits, how, u, id])
    ends = p.cumsum(0)
    want = {
        "logit": float(z[id]),
        "largest": float(z.max()),
        "below": float(below[id]),
        "heated": float(below[id] / temperature),
        "power": float((below[id] / temperature).exp()),
        "sum": float((below / temperature).exp().sum()),
        "share": float(heated[id]),
        "from": float(ends[id] - p[id]),
        "to": float(ends[id]),
    }
    assert {name: got[name] for name in want} == pytest.approx(want, abs=1e-6)
    for name in ("topK", "topP"):
        assert got[name] == (pytest.approx(kept[name]) if name in kept else None)
    if (ends - u).abs().min() > 1e-9:
        assert got["drawn"] == sample.draw(p, u)
        assert (got["drawn"] == id) == (got["from"] <= u < got["to"])


def test_the_authors_odds_of_every_token(node):
    author, asked, seen = Author(TOKENIZER), 0, set()
    for story in islice(world.stories(5), 150):
        ids, truths = author.with_truth(story)
        for n in range(1, len(ids)):
            if (before := tuple(ids[1:n])) in seen:
                continue
            seen.add(before)
            got = dict(node.ask("authorsOdds", before))
            assert got == pytest.approx(truths[n - 1])
            asked += 1
    assert asked > 5_000


@pytest.mark.parametrize(
    "text", ["Once a purple", "Once a little ", "Once a l", "狐狸"]
)
def test_what_the_author_never_wrote_has_no_odds(node, text):
    assert node.ask("authorsOdds", TOKENIZER.encode(text)) is None


def test_the_lines_shown_stand_in_gpt_sample():
    shown = build.MODULES.joinpath("sums.js").read_text("utf-8")
    lines = re.findall(r'^  \w+: "(.*)",$', shown, re.MULTILINE)
    module = (build.ROOT / "gpt/sample.py").read_text("utf-8")
    assert len(lines) == 5
    for line in lines:
        assert line in module


# --- the page ------------------------------------------------------------------------
@pytest.fixture
def part(show_part):
    """part(query="", **context) -> the part, ready; its page has no errors."""
    return partial(show_part, PAGE, "handles")


def shares(part):
    """{token: the share now}, as written."""
    rows = part.locator(".handles-bars tbody tr").all()
    cells = [(row.locator("th").inner_text(), row.locator("td.number")) for row in rows]
    return {name: cell.inner_text() for name, cell in cells}


def address(part):
    """The query, once it has been written."""
    part.page.wait_for_timeout(500)
    return part.page.evaluate("location.search")


def run(part):
    """What the Python shown on the page prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), torch.no_grad():
        exec(part.locator(".handles-python code").text_content(), {})  # noqa: S102
    return out.getvalue()


def test_it_begins_with_a_needle_among_wrong_tokens(part):
    one = part()
    assert address(one) == ""
    ids = [TOKENIZER.special_tokens[world.END], *TOKENIZER.encode(world.PROMPT)]
    with torch.no_grad():
        logits = MODEL(torch.tensor([ids]))[0, -1]
    p = sample.probabilities(logits, 2.0)
    for id in p.topk(6).indices.tolist():
        shown = float(shares(one)[TOKENIZER.decode([id]).strip()])
        assert shown == pytest.approx(float(p[id]), abs=0.002)
    drawn = sample.draw(p, random.Random(2).random())
    word = TOKENIZER.decode([drawn]).strip()
    assert word not in world.next_word(world.PROMPT)
    assert f"falls on {word}" in one.locator(".line-falls").inner_text()
    # as the part says: cool it down, or cut
    one.get_by_label("Temperature").fill("1")
    assert one.get_by_role("button", name="Append “Ada”").is_visible()
    one.get_by_label("Temperature").fill("2")
    one.get_by_label("Top-p").fill("0.75")
    assert one.get_by_role("button", name="Append “Ada”").is_visible()
    assert {*shares(one).values()} > {"cut"}


def test_handles_and_needle_by_keyboard(part):
    one = part()
    one.get_by_label("Temperature").focus()
    for _ in range(3):
        one.page.keyboard.press("ArrowLeft")
    assert one.locator("output").first.inner_text() == "1.7"
    needle = one.get_by_label("The draw u")
    needle.focus()
    needle.press("Home")
    assert "u = 0.0000" in one.locator(".line-falls").inner_text()
    needle.press("ArrowRight")
    assert "u = 0.0020" in one.locator(".line-falls").inner_text()
    assert needle.get_attribute("aria-valuetext").startswith("0.002, on ")
    one.page.wait_for_timeout(500)
    assert "u falls on" in one.locator("p[role=status]").inner_text()


def test_the_needle_is_dragged(part):
    one = part(query="?t=1")
    bar = one.locator(".line-bar")
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    y = box["y"] + box["height"] / 2
    mouse = one.page.mouse
    for share in (0.3, 0.8):
        mouse.move(box["x"] + 0.5 * box["width"], y)
        mouse.down()
        mouse.move(box["x"] + share * box["width"], y)
        mouse.up()
        said = one.locator(".line-falls").inner_text()
        assert float(said.split()[2]) == pytest.approx(share, abs=0.01)
    assert "falls on Ada" in said
    width = bar.evaluate("bar => bar.getBoundingClientRect().width")
    parts = bar.locator("> span").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().width)"
    )
    assert sum(parts) == pytest.approx(width, abs=2)


def test_append_and_back_and_the_same_text_in_python(part):
    one = part(query="?t=1.5&p=0.9&seed=4")
    field = one.get_by_label("The text so far")
    append = one.locator(".live-button.main")
    texts = [field.input_value()]
    for _ in range(12):
        append.click()
        texts.append(field.input_value())
    assert texts[1:-1] == sorted({*texts[1:-1]}, key=len)
    one.get_by_role("button", name="Back").click()
    assert field.input_value() == texts[-2]
    query = address(one)
    assert "n=11" in query
    append.click()
    assert field.input_value() == texts[-1]
    one.get_by_role("button", name="Back").click()
    assert run(one).strip() == texts[-1]
    # one of them with other handles and another point
    one.get_by_label("Top-k").fill("3")
    one.get_by_label("The draw u").fill("0.9")
    code = one.locator(".handles-python code").text_content()
    assert "u=0.9" in code and "top_k=3" in code
    append.click()
    one.get_by_role("button", name="Back").click()
    assert one.get_by_label("The draw u").input_value() == "0.9"
    assert run(one).startswith(texts[-2])
    again = part(query=query)
    assert again.get_by_label("The text so far").input_value() == texts[-2]


def test_to_the_end_of_the_story(part):
    one = part(query="?t=0.5&seed=3&n=60")
    story = one.get_by_label("The text so far").input_value()
    assert world.grammatical(story)
    assert one.get_by_role("button", name="The story is over").is_disabled()
    assert not one.locator(".handles-bars").is_visible()
    assert run(one).strip() == story + world.END
    one.get_by_role("button", name="Back").click()
    assert one.get_by_role("button", name="Append “END”").is_enabled()


def test_a_text_of_the_readers_own(part):
    one = part()
    one.get_by_label("The text so far").fill("Once a purple")
    assert {row.inner_text() for row in one.locator("tbody td:last-child").all()} == {
        "unknown"
    }
    assert "prompt=Once+a+purple" in address(one)
    one.get_by_label("The text so far").fill("")
    assert "Once" in shares(one)


@pytest.mark.parametrize("bar", ["Ada", "582 others"])
def test_the_arithmetic_of_a_bar(part, bar):
    one = part(query="?t=1.5&k=3")
    one.get_by_role("button", name=bar, exact=True).click()
    steps = one.locator(".handles-steps li .sum").all_inner_texts()
    z, largest, below = (
        float(number.replace("−", "-")) for number in re.split(" [−=≈] ", steps[0])
    )
    assert z - largest == pytest.approx(below, abs=0.011)
    share = shares(one)[bar]
    assert steps[4] == "cut: 0" if share == "cut" else steps[4].endswith(f" {share}")
    for step in steps[:2]:  # "=" only where the numbers give it as they are shown
        a, does, b, sign, result = re.split(r" ([−/=≈]) ", step)
        a, b, result = (float(one.replace("−", "-")) for one in (a, b, result))
        found = a - b if does == "−" else a / b
        assert (round(found, 2) == pytest.approx(result)) == (sign == "=")


@pytest.mark.parametrize(
    "query",
    [
        "?t=0&k=-1&p=2&u=1&n=-3&seed=x",
        "?t=NaN&k=1e9&p=&u=NaN&n=1.5&seed=-1",
        "?t=Infinity&k=%3Cscript%3E&p=0&u=-0.1&n=61&seed=4294967296",
    ],
)
def test_a_bad_address_is_ignored(part, query):
    assert shares(part(query=query)) == shares(part())


def test_what_is_set_stands_in_the_address(part):
    one = part()
    one.get_by_label("Temperature").fill("1.3")
    one.get_by_label("Top-k").fill("4")
    one.get_by_label("Top-p").fill("0.85")
    one.get_by_label("The draw u").fill("0.25")
    one.get_by_role("button", name="Append").click()
    query = address(one)
    again = part(query=query)
    assert shares(again) == shares(one)
    for label in ("Temperature", "Top-k", "Top-p", "The draw u"):
        want = one.get_by_label(label).input_value()
        assert again.get_by_label(label).input_value() == want


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
@pytest.mark.parametrize(
    "query", ["", "?prompt=Once+a+little&t=1.2&k=9", "?t=0.5&n=60"]
)
def test_accessible(part, width, theme, query):
    one = part(query=query, width=width, theme=theme)
    one.locator("summary").click()
    assert not findings(one.page, "handles")
    assert not checks.id_findings(one.page)


def test_touch(part):
    one = part(width=360, has_touch=True)
    for target in one.locator("button, summary").all():
        if target.is_visible():
            assert target.bounding_box()["height"] >= 44, target.inner_text()
    one.get_by_label("The draw u").tap(position={"x": 100, "y": 20})
    assert "falls on she" in one.locator(".line-falls").inner_text()


def test_nothing_moves_for_who_wants_no_movement(part):
    one = part(reduced_motion="reduce")
    for moving in (".bar-now", ".line-bar > span"):
        time = one.locator(moving).first.evaluate(
            "one => getComputedStyle(one).transitionDuration"
        )
        assert time == "0s"


def test_without_javascript_nothing_is_missing(server, open_page):
    page = open_page(java_script_enabled=False)
    page.goto(server.url + PAGE)
    assert not page.locator("[data-live=handles]").is_visible()
