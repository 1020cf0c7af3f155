"""The vectors of words and places (book/live/vectors.js, places.js): Python's, for everybody?"""

import contextlib
import io
import re

import pytest
import torch
from torch.nn.functional import cosine_similarity

from gpt.embed import neighbours
from gpt.model import small
from tests.site.checks import (
    Visit,
    axe_findings,
    load_findings,
    overflow_findings,
    settle,
)
from tests.site.live import build

_, TOKENIZER = small()
WTE, WPE = (
    torch.from_numpy(build.rounded()[f"{name}.weight"]) for name in ("wte", "wpe")
)
PAGE = "book/embed.html"
FOX = "Once a little fox named Ada lived by the river. One day"


def of(word):
    (id,) = TOKENIZER.encode(f" {word}")
    return id


@pytest.mark.parametrize("table, rows", [("wte", WTE), ("wpe", WPE)])
def test_cosines(node, table, rows):
    for i, j in [(0, 1), (3, 40), (20, 21), (63, 63), (5, 58)]:
        want = cosine_similarity(rows[i], rows[j], dim=0).item()
        assert node.ask("cosine", [table, i, j]) == pytest.approx(want, abs=1e-5)


def test_words_of_one_token(node):
    assert node.ask("oneToken", "fox") == of("fox")
    assert node.ask("oneToken", "Once") == TOKENIZER.encode("Once")[0]
    assert node.ask("oneToken", ",") == TOKENIZER.encode(",")[0]
    for word in ("purple", "果", "", "two words"):
        ids = TOKENIZER.encode(f" {word}")
        assert node.ask("oneToken", word) == (ids[0] if len(ids) == 1 else None)


# --- in a browser --------------------------------------------------------------------
def opened(open_page, server, name="vectors", address="", **options):
    """The page and its part, ready."""
    page = open_page(**options)
    visit = Visit(page, f"{server.url}{PAGE}{address}", settled=False)
    assert not load_findings(visit)
    part = page.locator(f'.live[data-live="{name}"]')
    part.scroll_into_view_if_needed()
    part.locator(".columns").first.wait_for()
    return page, part


def query(page):
    return page.evaluate("Object.fromEntries(new URLSearchParams(location.search))")


def number(text):
    return float(text.replace("−", "-"))


def nearest(part):
    """[(name, cosine)] as shown."""
    lines = part.locator(".vectors-near button").all_inner_texts()
    return [(line.split()[0], number(line.split()[-1])) for line in lines]


def looked_up(part):
    """The ids of the rows of wte and wpe that are shown."""
    return [
        int(re.search(r"\d+", code)[0])
        for code in part.locator(".vectors-index").all_inner_texts()
    ]


def test_the_sum_is_that_of_stage_2(open_page, server):
    page, part = opened(open_page, server)
    token, place = looked_up(part)
    assert (token, place) == (of("fox"), 4)
    strips = part.get_by_role("slider").first
    strips.focus()
    for column in (0, 1, 9, 95, 94):
        for key in {
            1: ["ArrowRight"],
            9: ["PageUp"],
            95: ["End"],
            94: ["ArrowLeft"],
        }.get(column, []):
            page.keyboard.press(key)
        assert strips.get_attribute("aria-valuenow") == str(column)
        shown = [number(n) for n in strips.locator(".columns-number").all_inner_texts()]
        want = [
            WTE[token, column],
            WPE[place, column],
            WTE[token, column] + WPE[place, column],
        ]
        assert shown == [pytest.approx(float(w), abs=0.0005001) for w in want]
        assert f"number {column}: " in strips.get_attribute("aria-valuetext")


def test_a_finger_reads_the_strips(open_page, server):
    _page, part = opened(open_page, server, width=360, has_touch=True)
    strips = part.get_by_role("slider").first
    box = strips.bounding_box()
    strips.tap(position={"x": box["width"] * 40.5 / 96, "y": 30})
    assert strips.get_attribute("aria-valuenow") == "40"


def test_the_walk_from_row_to_row(open_page, server):
    page, part = opened(open_page, server)
    cosines, ids = neighbours(WTE, of("fox"), 8)
    shown = nearest(part)
    assert [c for _, c in shown] == [
        pytest.approx(float(c), abs=0.00501) for c in cosines
    ]
    assert shown[0][0] == "␣" + TOKENIZER.decode([int(ids[0])]).strip()
    part.locator(".vectors-near button").first.click()
    first = int(ids[0])
    assert looked_up(part) == [first, 4]
    assert query(page) == {"place": "4", "token": str(first), "other": str(of("fox"))}
    assert part.locator(".vectors-near button").first.evaluate(
        "one => one === document.activeElement"
    )
    page.keyboard.press("Enter")
    second = int(neighbours(WTE, first, 1)[1])
    assert looked_up(part)[0] == second
    part.locator(".vectors-trail button").first.click()
    assert looked_up(part) == [of("fox"), 4]
    assert "token" not in query(page)


def test_two_words_are_compared(open_page, server):
    page, part = opened(open_page, server)
    field = part.get_by_label("Compare with")
    told = part.locator(".vectors-cosine")
    for word in ("leap", "river", "Ada"):
        field.fill(word)
        field.press("Enter")
        a, b = WTE[of("fox")], WTE[of(word)]
        dot, la, lb, cosine = map(
            number,
            re.search(
                r"([−\d.]+) / \(([\d.]+) · ([\d.]+)\) = ([−\d.]+)", told.inner_text()
            ).groups(),
        )
        assert dot == pytest.approx(float(a @ b), abs=0.00051)
        assert [la, lb] == [pytest.approx(float(x.norm()), abs=0.00051) for x in (a, b)]
        assert cosine == pytest.approx(
            float(cosine_similarity(a, b, dim=0)), abs=0.0051
        )
    field.fill("elephant")
    field.press("Enter")
    many = len(TOKENIZER.encode(" elephant"))
    assert f"“elephant” is {many} tokens" in told.inner_text()
    assert part.get_by_role("status").inner_text() == told.inner_text()
    assert query(page)["other"] == str(of("Ada"))


def test_another_word_of_the_text(open_page, server):
    page, part = opened(open_page, server)
    field = part.locator("textarea")
    field.focus()
    page.keyboard.press("End")
    ids = TOKENIZER.encode(FOX)
    assert looked_up(part) == [ids[-1], len(ids)]
    page.keyboard.press("Home")
    assert looked_up(part) == [ids[0], 1]
    field.fill("The purple")
    assert looked_up(part) == [
        TOKENIZER.encode("The purple")[-1],
        len(TOKENIZER.encode("The purple")),
    ]
    field.fill("")
    assert looked_up(part) == [TOKENIZER.special_tokens["<|endoftext|>"], 0]
    field.fill("Ada ran home. " * 20)
    assert (
        "the place 80 has no row" in part.inner_text()
        or "has no row: wpe has 64" in part.inner_text()
    )


def test_the_address_brings_it_back(open_page, server):
    page, part = opened(open_page, server)
    assert query(page) == {}
    page, part = opened(
        open_page,
        server,
        address="?prompt=Ada+met+Tom.&place=3&token=300&other=5&wpe=40",
    )
    assert part.locator("textarea").input_value() == "Ada met Tom."
    assert looked_up(part) == [300, 3]


@pytest.mark.parametrize("bad", ["-1", "588", "x", "", "1e9"])
def test_a_bad_address_does_no_harm(open_page, server, bad):
    page, part = opened(
        open_page, server, address=f"?place={bad}&token={bad}&other={bad}&wpe={bad}"
    )
    assert looked_up(part) == [of("fox"), 4]
    places = page.locator('.live[data-live="places"]')
    places.scroll_into_view_if_needed()
    places.and_(page.locator(".ready")).wait_for()
    assert places.locator("input").input_value() == "20"


def test_places_near_one_another(open_page, server):
    page, part = opened(open_page, server, "places")
    cosines = cosine_similarity(WPE[20], WPE, dim=1)
    bars = part.locator(".places-bars i").evaluate_all(
        "all => all.map((one) => Number(one.style.getPropertyValue('--c')))"
    )
    assert bars == [pytest.approx(float(c), abs=0.0001) for c in cosines]
    part.locator("input").focus()
    page.keyboard.press("ArrowRight")
    assert query(page) == {"wpe": "21", "beside": "21"}
    chart = part.get_by_role("slider", name="Another place")
    chart.focus()
    page.keyboard.press("Home")
    told = part.locator(".vectors-cosine").inner_text()
    assert told.startswith("Places 21 and 0:")
    want = float(cosine_similarity(WPE[21], WPE[0], dim=0))
    assert number(told.split()[-1]) == pytest.approx(want, abs=0.0051)


@pytest.mark.parametrize("name", ["vectors", "places"])
def test_python_gives_what_the_page_shows(open_page, server, name):
    _page, part = opened(open_page, server, name)
    part.locator("summary").click()
    code, answer = part.locator(".live-code code").all_inner_texts()
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})  # noqa: S102
    numbers = [float(n) for n in re.findall(r"-?\d+\.\d+", out.getvalue())]
    for want, got in zip(map(float, answer.split()), numbers):
        assert got == pytest.approx(want, abs=0.0006)  # the page's weights have 16 bits


@pytest.mark.parametrize("width, theme", [(360, "dark"), (1280, "light")])
def test_anybody_can_use_it(open_page, server, width, theme):
    page, _part = opened(open_page, server, width=width, theme=theme)
    settle(page)
    for summary in page.locator(".vectors-python summary").all():
        summary.click()
    assert not axe_findings(page)
    assert not overflow_findings(page)
    for box in page.evaluate(
        """() => [...document.querySelectorAll(
            ".live :is(button, input:not([type=range]), summary, [role=slider], textarea)")]
            .filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect())
            .map(({width, height}) => [width, height])"""
    ):
        assert min(box) >= (43.9 if width == 360 else 28)
    small = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll(".live *")].filter((one) => one.checkVisibility()
            && [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
            .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""
    )
    assert small >= 11
