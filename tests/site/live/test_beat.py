"""The game "Beat the author", on the home page."""

import re
from collections import Counter, defaultdict
from functools import partial
from itertools import islice
from math import log

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt import world
from gpt.model import small
from tests.site import checks
from tests.site.live.parts import findings

MODEL, TOKENIZER = small()
END = TOKENIZER.special_tokens[world.END]
PAGE = "book/index.html"
FIRST = 18  # the seed of the story that comes first
PLAYERS = ["you", "bigram", "trigram", "GPT", "the author"]


def words(story):
    return [*world._WORD.findall(story), world.END]


def stories(seed, n):
    return [words(story) for story in islice(world.stories(seed), n)]


def ngrams(texts, before, word):
    """The bets for n = 1, 2, 3 of models that have read the texts."""
    x = [word for text in texts for word in text]
    p, bets = 1 / len({*x}), []
    for n in (1, 2, 3):
        seen = defaultdict(Counter)
        for t in range(n - 1, len(x)):
            seen[tuple(x[t - n + 1 : t])][x[t]] += 1
        if here := seen.get(tuple(before[len(before) - n + 1 :])):
            p = (here[word] + p) / (here.total() + 1)
        bets.append(p)
    return bets


# --- the numbers ---------------------------------------------------------------------
@pytest.mark.parametrize("seed", [0, 1, FIRST, 31, 2**32 - 1])
def test_the_stories_of_a_seed_are_those_of_the_author(node, seed):
    assert node.ask("stories", [seed, 40]) == stories(seed, 40)


def test_bigrams_and_trigrams_bet_as_a_count_in_python(node):
    read = stories(0, 60)
    asked = [
        (told[:t], told[t]) for told in stories(9, 2) for t in range(2, len(told), 3)
    ]
    asked.append((["never", "read"], "word"))
    got = node.ask("bets", [read, asked])
    for (before, word), bets in zip(asked, got):
        assert bets == pytest.approx(ngrams(read, before, word), rel=1e-12)


def test_about_ten_words_are_asked_and_the_author_chose_them(node):
    many = []
    for told in stories(77, 100):
        asked = node.ask("questions", told)
        many.append(len(asked))
        for one in asked:
            odds = world.next_word(" ".join(told[: one["at"]]))
            assert told[one["at"]] == one["word"] in one["options"]
            assert one["truth"] == [odds.get(option, 0) for option in one["options"]]
            assert len({*one["options"]}) == len(one["options"]) > 1
        chosen = {
            t
            for t in range(told.index("lived") + 1, len(told))
            if len(world.next_word(" ".join(told[:t]))) > 1
        }
        places = {one["at"] for one in asked}
        assert places >= chosen
        for t in places - chosen:  # where only the start of the story decides
            assert told[t - 1] in ("last", "model")
        assert told.index("last") + 1 in places
    assert 10 <= min(many) and max(many) <= 14


@settings(max_examples=200, deadline=None)
@given(
    st.integers(2, 12),
    st.lists(st.tuples(st.integers(0, 11), st.sampled_from([-5, 5])), max_size=60),
)
def test_points_move_and_always_are_a_hundred(node, n, moves):
    points = [100 / n] * n
    for i, by in moves:
        i %= n
        before, points = points, node.ask("moved", [points, i, by])
        assert sum(points) == pytest.approx(100)
        assert min(points) >= 1 - 1e-9
        want = min(101 - n, max(1, int(before[i] + 0.5) + by))
        assert points[i] == want


# --- the page ------------------------------------------------------------------------
@pytest.fixture
def game(show_part):
    """game(query="", **context) -> the part, ready; its page has no errors."""
    return partial(show_part, PAGE, "beat")


def asked(part):
    """The options that can be tapped."""
    return part.locator("button.beat-card").all_inner_texts()


def told(part):
    return part.locator(".beat-story").inner_text().replace("blank", "").strip()


def play(part):
    """One tap a word, always on the first."""
    rounds = 0
    while (card := part.locator("button.beat-card")).count():
        card.first.click()
        rounds += 1
    return rounds


def losses(part):
    part.locator(".beat-outcome table").wait_for()
    rows = part.locator(".beat-outcome tr").all()
    return {
        row.locator("th").inner_text(): float(row.locator("td").inner_text())
        for row in rows
    }


def expected(node, seed, points=70):
    """What each player pays a word, if the first option always gets the points."""
    story = stories(seed, 1)[0]
    library, paid = stories(0, 300), defaultdict(list)
    text = TOKENIZER.encode(next(world.stories(seed)))
    with torch.no_grad():
        p = MODEL(torch.tensor([[END, *text]]))[0].softmax(-1)
    for one in node.ask("questions", story):
        options, word, before = one["options"], one["word"], story[: one["at"]]
        rest = (100 - points) / (len(options) - 1)
        bigram, trigram = ngrams(library, before, word)[1:]
        start = len(TOKENIZER.encode(world._text(before)))
        spelt = [END] if word == world.END else TOKENIZER.encode(" " + word)
        gpt = p[range(start, start + len(spelt)), spelt].prod()
        bets = {
            "you": (points if options[0] == word else rest) / 100,
            "bigram": bigram,
            "trigram": trigram,
            "GPT": float(gpt),
            "the author": world.next_word(" ".join(before))[word],
        }
        for who, bet in bets.items():
            paid[who].append(-log(bet))
    return {who: sum(all) / len(all) for who, all in paid.items()}


@pytest.mark.parametrize("seed", [FIRST, 7])
def test_a_game_of_one_tap_a_word(game, node, seed):
    part = game(query="" if seed == FIRST else f"?beat={seed}")
    assert 10 <= play(part) <= 14
    assert told(part) == next(world.stories(seed))
    got, want = losses(part), expected(node, seed)
    assert list(got) == PLAYERS
    for who in PLAYERS:  # weights of 16 bits
        assert got[who] == pytest.approx(
            want[who], abs=0.003 if who == "GPT" else 0.0006
        )
    said = part.locator(".beat-outcome").inner_text()
    if got["you"] > got["the author"]:
        assert "more than the author. Nobody can be expected to beat it" in said
    else:
        assert "You beat the author" in said and "That was luck" in said
    assert part.page.evaluate("location.search") == (
        "" if seed == FIRST else f"?beat={seed}"
    )


def test_who_knows_the_story_beats_the_author_and_is_told_that_it_is_luck(game):
    part, story = game(), words(next(world.stories(FIRST)))
    while options := asked(part):
        at = len(words(told(part))) - 1
        word = "(the end)" if story[at] == world.END else story[at]
        part.get_by_role("button", name=word, exact=True).click()
        assert word in options
    found = losses(part)
    assert found["you"] == pytest.approx(-log(0.7), abs=0.0006)
    assert found["you"] < found["the author"]
    assert "You beat the author" in part.inner_text()
    assert "luck" in part.inner_text()


def test_each_number_opens_its_arithmetic(game):
    part = game()
    part.locator("button.beat-card").first.click()
    story = stories(FIRST, 1)[0]
    at = story.index("lived") + 1
    part.locator(".beat-you", has_text="−ln").wait_for()
    assert part.locator(".beat-author").inner_text().split() == [
        *("the", "author", "−ln", "0.500", "=", "0.69", "0.69")
    ]
    part.locator("summary").click()
    bigram, trigram = ngrams(stories(0, 300), story[:at], story[at])[1:]
    why = part.locator(".beat-why dd").all_inner_texts()
    assert f"= {bigram:.3f}." in why[0] and f"= {trigram:.3f}." in why[1]
    code = part.locator(".beat-why code").inner_text()
    told = []
    exec(code.replace("print", "told.append"), {"told": told})  # noqa: S102
    assert told == [log(2)]


def test_even_and_exact_bets(game):
    part = game()
    part.get_by_role("button", name="Even").click()
    you = part.locator(".beat-you .beat-last")
    assert you.inner_text() == "−ln 0.500 = 0.69"
    part.get_by_role("button", name="Exact bets").click()
    options = part.locator("div.beat-card")
    assert options.count() == 3  # by the river, lake or sea
    for _ in range(2):
        part.get_by_role("button", name="More points on lake").click()
    part.get_by_role("button", name="Fewer points on sea").click()
    points = dict(text.split("\n−\n") for text in options.all_inner_texts())
    points = {word: float(shown.split()[0]) for word, shown in points.items()}
    assert sum(points.values()) == pytest.approx(100, abs=0.2)
    part.get_by_role("button", name="Place these bets").click()
    p = points["lake"] / 100
    assert you.inner_text().startswith(f"−ln {p:.2f}"[:-1])
    for _ in range(40):  # no word is left with nothing
        part.get_by_role("button", name="Fewer points on").first.click()
    assert part.locator(".beat-points").first.inner_text() == "1"


def test_keyboard_alone(game):
    part = game()
    part.locator("button.beat-card").first.focus()
    while part.locator("button.beat-card").count():
        part.page.keyboard.press("Tab")  # the second word
        part.page.keyboard.press("Enter")
    said = part.locator(".live-said[role=status]").inner_text()
    assert said.startswith("It was ") and "nats" in said
    focused = part.page.evaluate("document.activeElement.textContent")
    assert focused == "One more story"
    part.page.keyboard.press("Enter")
    assert part.page.evaluate("document.activeElement.className") == "beat-card"


def test_one_more_story_is_another_and_stands_in_the_address(game):
    part = game()
    part.get_by_role("button", name="Another story").click()
    assert part.page.evaluate("location.search") == f"?beat={FIRST + 1}"
    assert next(world.stories(FIRST + 1)).startswith(told(part))
    again = game(query=f"?beat={FIRST + 1}")
    assert told(again) == told(part)


@pytest.mark.parametrize("value", ["", "x", "-1", "1.5", "4294967296", "0", "1e400"])
def test_a_bad_address_is_ignored(game, value):
    # that of 0 is the first of those that were counted
    assert next(world.stories(FIRST)).startswith(told(game(query=f"?beat={value}")))


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
def test_accessible(game, width, theme):
    part = game(width=width, theme=theme)

    def look():
        assert not findings(part.page, "beat")
        assert not checks.id_findings(part.page)

    look()
    part.locator("button.beat-card").first.click()
    part.locator("summary").click()
    part.get_by_role("button", name="Exact bets").click()
    look()
    part.get_by_role("button", name="Exact bets").click()
    play(part)
    losses(part)
    look()


def test_touch(game):
    part = game(width=360, has_touch=True)
    for _ in range(2):
        for target in part.locator("button, summary").all():
            if target.is_visible():
                box = target.bounding_box()
                assert min(box["height"], box["width"]) >= 44, target.inner_text()
        part.get_by_role("button", name="Exact bets").tap()


def test_nothing_moves_for_who_wants_no_movement(game):
    part = game(reduced_motion="reduce")
    time = part.locator(".beat-bar").first.evaluate(
        "one => getComputedStyle(one, '::after').transitionDuration"
    )
    assert time == "0s"


def test_without_javascript_nothing_is_missing(server, open_page):
    page = open_page(java_script_enabled=False)
    page.goto(server.url + PAGE)
    assert not page.locator("[data-live=beat]").is_visible()
    text = page.locator("#one-formula").inner_text()
    assert re.search(r"The height of that bar is the surprise", text)
