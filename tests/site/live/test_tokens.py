"""The reader's own text in tokens (book/live/tokens.js): is it what Python says, for everybody?"""

import itertools
import re

import pytest
from figures._tokens import _visible
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt.model import small
from tests import timing
from tests.site.checks import Visit, axe_findings, load_findings, overflow_findings

_, TOKENIZER = small()
PIECE = {id: piece for piece, id in TOKENIZER.ranks.items()}
PAGE = "book/tokenize.html"
PART = '.live[data-live="tokens"]'
FOX = "Once a little fox, 狐狸 🦊, leaped over mushrooms.<|endoftext|>"
TEXTS = [
    "leaped",
    " leaped",
    "hehehe",
    " the",
    "果",
    " 🦊,",
    "aaaa",
    "mushrooms",
    "\x00\ufeff",
]


def turns(chunk):
    """As the chapter tells it: every turn's pieces and the token that each pair makes."""
    pieces = [bytes([byte]) for byte in chunk.encode()]
    while True:
        pairs = [TOKENIZER.ranks.get(a + b) for a, b in itertools.pairwise(pieces)]
        yield {"pieces": [TOKENIZER.ranks[piece] for piece in pieces], "pairs": pairs}
        if not any(pair is not None for pair in pairs):
            return
        lowest = min(pair for pair in pairs if pair is not None)
        joined, i = [], 0
        while i < len(pieces):
            here = i < len(pairs) and pairs[i] == lowest
            joined.append(PIECE[lowest] if here else pieces[i])
            i += 1 + here
        pieces = joined


@pytest.mark.parametrize("chunk", TEXTS)
def test_every_turn_is_that_of_the_chapter(node, chunk):
    assert node.ask("turns", chunk) == [*turns(chunk)]


@settings(max_examples=100, deadline=None)
@given(st.text("aehlopst ", max_size=24) | st.text(max_size=8))
def test_the_last_turn_has_the_ids(node, text):
    for chunk in node.ask("chunks", text):
        if not chunk["special"] and "\ufffd" not in chunk["text"]:
            assert node.ask("turns", chunk["text"])[-1]["pieces"] == chunk["ids"]
    found = node.ask("chunks", text)
    ids = [id for chunk in found for id in chunk["ids"]]
    assert ids == TOKENIZER.encode(text, "all")


def test_names_are_those_of_the_pictures(node):
    for id, piece in PIECE.items():
        name = node.ask("legible", piece.decode("latin-1"))
        seen = _visible(piece)
        assert name == (seen if seen.isprintable() else f"\\x{id:02x}")


# --- in a browser --------------------------------------------------------------------
def opened(open_page, server, address="", **options):
    """The page and its part, ready."""
    page = open_page(**options)
    visit = Visit(page, f"{server.url}{PAGE}{address}", settled=False)
    assert not load_findings(visit)
    part = page.locator(PART)
    part.scroll_into_view_if_needed()
    part.locator(".live-python").wait_for()
    return page, part


def ids_shown(part):
    return [
        int(id)
        for id in part.locator(".tokens-token small:nth-child(2)").all_inner_texts()
    ]


def said(part):
    return part.locator(".tokens-said").inner_text()


def query(page):
    return page.evaluate("Object.fromEntries(new URLSearchParams(location.search))")


def test_text_ids_and_counts_are_pythons(open_page, server):
    _page, part = opened(open_page, server)
    assert part.locator("textarea").input_value() == FOX
    assert ids_shown(part) == TOKENIZER.encode(FOX, "all")
    for text in (
        "",
        "Ada ran home.",
        "  Mei\n\tand <|endoftext|> 水果 👩‍🔬 don't",
        "a",
        FOX,
    ):
        part.locator("textarea").fill(text)
        ids = TOKENIZER.encode(text, "all")
        assert ids_shown(part) == ids
        counts = part.locator(".tokens-counts").inner_text()
        found = [int(n) for n in re.findall(r"\d+", counts)]
        assert [found[0], found[1], found[3]] == [
            len(text),
            len(text.encode()),
            len(ids),
        ]


def test_python_gives_what_the_page_shows(open_page, server):
    _page, part = opened(open_page, server)
    for text in (FOX, 'a "quoted" \\ line\nand another \x07', "plain"):
        part.locator("textarea").fill(text)
        code, answer = part.locator(".live-code code").all_inner_texts()
        setup, _, last = code.rpartition("\n")
        room = {}
        exec(setup, room)  # noqa: S102
        assert str(eval(last, room)) == answer
        assert ("allowed_special" in code) == ("<|" in text)


def test_python_is_copied(open_page, server):
    allowed = ["clipboard-read", "clipboard-write"]
    page, part = opened(open_page, server, permissions=allowed)
    part.get_by_role("button", name="Copy").click()
    part.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == part.locator(".live-code code").first.inner_text()


def test_a_chunk_is_opened_merge_by_merge(open_page, server):
    _page, part = opened(open_page, server)
    assert part.locator(".tokens-title code").inner_text() == "␣leaped"
    want = [*turns(" leaped")]
    step, back = (part.get_by_role("button", name=name) for name in ("Step", "Back"))
    assert step.is_disabled()
    for at in range(len(want) - 1, -1, -1):
        now = part.locator(".ladder-piece.now small").all_inner_texts()
        assert [int(id) for id in now] == want[at]["pieces"]
        if at:
            lowest = min(id for id in want[at - 1]["pairs"] if id is not None)
            assert said(part).startswith(f"Merge {at} of {len(want) - 1}: ")
            assert f"id {lowest}." in said(part)
            back.click()
    assert back.is_disabled()
    assert part.locator(".ladder-grid .ahead").first.is_hidden()
    step.click()
    assert "␣ and l become ␣l, id 259. It is the lowest id here" in said(part)
    assert said(part).endswith("260, 278, 287.")


def test_it_plays_until_the_end(open_page, server):
    page, part = opened(open_page, server, reduced_motion="reduce")
    page.clock.install()
    play = part.get_by_role("button", name="Play")
    play.scroll_into_view_if_needed()
    play.click()
    assert "Nothing is merged yet" in said(part)
    assert part.get_by_role("button", name="Pause").is_visible()
    for _ in range(5):
        page.clock.run_for(1_400)
    assert said(part).startswith("Merge 5 of 5")
    assert play.is_visible()


def test_all_of_it_by_keyboard(open_page, server):
    page, part = opened(open_page, server)
    part.locator("textarea").focus()
    page.keyboard.press("Tab")  # the bytes
    page.keyboard.press("Enter")
    assert part.locator(".tokens-hex").first.inner_text() == "4f 6e 63 65"
    page.keyboard.press("Tab")  # the chosen chunk
    title = part.locator(".tokens-title")
    page.keyboard.press("ArrowRight")
    assert "␣over" in title.inner_text()
    page.keyboard.press("End")
    assert "special token" in title.inner_text()
    assert "id 587" in said(part)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert "␣mushrooms" in title.inner_text()
    assert query(page) == {"chunk": "9"}
    page.keyboard.press("Tab")  # the ladder
    page.keyboard.press("ArrowLeft")
    assert said(part).startswith("Merge 1 of 2")
    page.keyboard.press("ArrowRight")
    assert said(part).startswith("Merge 2 of 2")
    # the caret in the text chooses, too
    part.locator("textarea").focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowRight")
    assert "Once" in title.inner_text()


def test_a_tap_in_the_text_chooses_a_chunk(open_page, server):
    _page, part = opened(open_page, server, width=360, has_touch=True)
    chip = part.get_by_role("option", name="333")
    chip.tap()
    assert "␣little" in part.locator(".tokens-title").inner_text()
    field = part.locator("textarea")
    field.tap(position={"x": 14, "y": 20})
    assert "Once" in part.locator(".tokens-title").inner_text()


def test_the_address_says_what_was_changed(open_page, server):
    page, part = opened(open_page, server)
    assert query(page) == {}
    part.locator("textarea").fill("Ada leaped")
    assert query(page) == {"prompt": "Ada leaped", "chunk": "1"}
    page.reload()
    part.locator(".live-python").wait_for()
    assert part.locator("textarea").input_value() == "Ada leaped"
    assert "␣leaped" in part.locator(".tokens-title").inner_text()
    part.locator("textarea").fill(FOX)
    assert "prompt" not in query(page)


@pytest.mark.parametrize("chunk", ["-1", "99", "1.5", "x", "", "__proto__"])
def test_a_bad_address_does_no_harm(open_page, server, chunk):
    _page, part = opened(open_page, server, f"?chunk={chunk}&prompt=%ff<b> leaped")
    assert part.locator("textarea").input_value() == "\ufffd<b> leaped"
    assert part.locator("b").count() == 0
    assert "leaped" in part.locator(".tokens-title").inner_text()


@pytest.mark.parametrize("width, theme", [(360, "dark"), (1280, "light")])
def test_anybody_can_use_it(open_page, server, width, theme):
    page, part = opened(open_page, server, width=width, theme=theme)
    assert not axe_findings(page, PART)
    assert not overflow_findings(page)
    part.get_by_role("button", name="Bytes").click()
    part.locator("textarea").fill("Donaudampfschifffahrtsgesellschaft " * 3 + "果" * 40)
    assert not overflow_findings(page)
    field = part.locator("textarea").bounding_box()
    assert field["width"] <= part.locator(".tokens-list").bounding_box()["width"]
    assert not axe_findings(page, PART)
    for box in part.evaluate(
        """part => [...part.querySelectorAll("button, [role=option], textarea")]
            .filter((one) => one.checkVisibility())
            .map((one) => one.getBoundingClientRect()).map(({width, height}) => [width, height])"""
    ):
        assert min(box) >= 43.9
    small = part.evaluate(
        """part => Math.min(...[...part.querySelectorAll("*")].filter((one) => one.checkVisibility()
            && [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
            .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""
    )
    assert small >= 11


def test_a_very_long_chunk(open_page, server):
    _page, part = opened(open_page, server)
    part.locator("textarea").fill("果" * 300)
    assert "and 800 more" in part.locator(".tokens-list").inner_text()
    assert "900 tokens" in part.locator(".tokens-counts").inner_text()
    assert said(part) == "This chunk is too long to be opened here."
    assert part.get_by_role("button", name="Play").is_hidden()


def test_without_javascript_nothing_is_said_of_it(open_page, server):
    page = open_page(java_script_enabled=False)
    page.goto(f"{server.url}{PAGE}")
    assert page.locator(PART).is_hidden()
    assert page.locator(".live-try").is_hidden()


def test_a_long_text_stays_quick(open_page, server):
    page, part = opened(open_page, server)
    part.locator("textarea").fill(("Once a fox 狐狸 leaped. " * 50)[:600])
    seconds = timing.of_page(page)
    before = seconds()
    part.evaluate(
        """part => {
            const field = part.querySelector("textarea");
            for (const letter of "abcdefgh") {
                field.value = field.value.slice(0, 300) + letter + field.value.slice(301);
                field.dispatchEvent(new Event("input", {bubbles: true}));
            }
        }"""
    )
    assert 0 < (seconds() - before) / 8 < 0.05
