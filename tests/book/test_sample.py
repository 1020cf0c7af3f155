"""The chapter Sample: what its prose says is what its cells find.

The page's cells are run once; `facts` holds every number that the prose glues, `names`
what the reader has after the last cell, and `shown` what the cells show.
"""

import re
from itertools import islice
from math import log

import pytest
import torch

from bench.chapter import BOOK, CELL, OPTIONS
from book.facts import sample as measured
from gpt import sample, train, world
from gpt.model import small

CHAPTER = "sample"

PAGE = (BOOK / "sample.md").read_text("utf-8")
MODEL, TOKENIZER = small()
END = TOKENIZER.special_tokens[world.END]
IDS = [END, *TOKENIZER.encode(world.PROMPT)]
LOGITS = MODEL(torch.tensor([IDS]))[0]
AUTHOR = measured.Author(TOKENIZER)
CONTINUATION = (
    " Ada worked with a machine learning model. When the moon came up, the model "
    "guessed the next word, and she began to jump for joy. At last Ada the fox ran "
    "home. Good night, little fox.<|endoftext|>"
)


def cells(table):
    """The rows of a table's body, as lists of texts."""
    rows = re.findall(r"<tr>(<td>.*?)</tr>", table._repr_html_(), re.DOTALL)
    return [re.findall(r"<td>(.*?)</td>", row, re.DOTALL) for row in rows]


def number(fact):
    """The number at the head of a glued text: "62 %" is 62."""
    return float(re.match(r"[\d.,]+", fact)[0].replace(",", ""))


def odds(place, temperature=1.0):
    """{word: probability} after the token at a place of the prompt."""
    p = sample.probabilities(LOGITS[place], temperature)
    pieces = (TOKENIZER.decode_bytes([i]).decode(errors="replace") for i in range(588))
    return {piece.strip(): float(share) for piece, share in zip(pieces, p)}


# --- which vector -----------------------------------------------------------------
def test_every_place_bets_on_its_own_next_token():
    """The picture of the bets, as its text tells it."""
    pieces = [TOKENIZER.decode([i]).strip() for i in IDS]
    for word, options in {
        "a": 4,
        "little": 12,
        "fox": 1,
        "named": 8,
        "the": 3,
        "One": 3,
        "day": 2,
    }.items():
        place = max(i for i, piece in enumerate(pieces) if piece == word)
        assert sum(share > 0.01 for share in odds(place).values()) == options, word
    assert odds(0)["Once"] == pytest.approx(2 / 3, abs=0.02)
    assert odds(-2)["day"] == pytest.approx(1 / 2, abs=0.02)
    assert odds(4)["named"] > 0.99


# --- scores and probabilities -----------------------------------------------------
def test_the_pencil(facts, names):
    assert (names["last"] @ torch.tensor(names["rows"]).T).tolist() == [2, 1, -1]
    lines = cells(facts["pencil_scores"])
    assert [word for word, _, _ in lines] == ["she", "Ada", "fox"]
    assert [score for _, _, score in lines] == ["2", "1", "−1"]
    # the table that the prose gives, and the products as they are written out
    given = re.findall(r"^\| (\w+) \| \((\S+), (\S+)\) \| \|$", PAGE, re.MULTILINE)
    rows = [[float(a.replace("−", "-")) for a in row] for _, *row in given]
    assert [word for word, *_ in given] == ["she", "Ada", "fox"]
    assert rows == [list(row) for row in names["rows"]]
    for _, product, score in lines:
        value = eval(product.replace("·", "*").replace("−", "-"))
        assert value == float(score.replace("−", "-"))


def test_the_highest_score_is_she():
    assert TOKENIZER.decode([int(LOGITS[-1].argmax())]) == " she"


def test_the_table_is_tied(facts):
    assert facts["tied"] == f"{588 * 96:,}" and facts["parameters"] == "398,304"
    assert MODEL.weights.keys().isdisjoint({"lm_head.weight"})


# --- from dull to nonsense --------------------------------------------------------
def test_the_many_stories_are_those_of_tell():
    for how in (
        {"temperature": 0.8},
        {"temperature": 1.5, "top_p": 0.9},
        {"temperature": 2.0, "top_k": 5},
    ):
        many = measured.tell_many(MODEL, TOKENIZER, many=6, **how)
        one_by_one = [
            train.tell(MODEL, TOKENIZER, i, world.PROMPT, **how) for i in range(6)
        ]
        assert many == one_by_one
    whole = measured.tell_many(MODEL, TOKENIZER, 0.8, many=3, prompt="")
    assert whole == [train.tell(MODEL, TOKENIZER, i, temperature=0.8) for i in range(3)]


def test_the_four_stories_go_from_right_to_nonsense():
    told = measured.from_dull_to_nonsense(MODEL, TOKENIZER)
    for t, parts in told.items():
        story = train.tell(MODEL, TOKENIZER, 0, world.PROMPT, temperature=t)
        assert "".join(parts) == story.removesuffix(world.END)
        assert world.grammatical(story) == (not parts[1])
    rest = {t: wrong for t, (_, wrong) in told.items()}
    # "At 1.5 the story was lucky."
    assert not rest[0.3] and not rest[0.8] and not rest[1.5]
    assert rest[2.5]


def test_the_grammatical_share_falls_from_all_to_none(facts, names):
    shares, cut = (
        {t: share.right for t, share in names[which].items()}
        for which in ("shares", "shares_cut")
    )
    assert shares[0.3] == 1 and shares[1.0] > 0.95 and shares[2.5] == 0
    assert 0.5 < shares[1.5] < 0.75
    falling = [shares[t] for t in sorted(shares)]
    assert falling == sorted(falling, reverse=True)
    assert cut[1.5] > 0.98 and cut[2.5] < 0.05
    # "a slip of … a draw is enough for that"
    slip = number(facts["slip"]) / 100
    assert (1 - slip) ** int(facts["draws"]) == pytest.approx(shares[1.5], abs=0.03)


def test_wilsons_interval():
    """Against the equation that defines it: (p - share)² = z² p (1 - p) / n."""
    for share, n in ((0.62, 200), (0.0, 50), (1.0, 200)):
        for end in measured.wilson(share, n):
            assert (end - share) ** 2 == pytest.approx(
                1.96**2 * end * (1 - end) / n, abs=1e-9
            )


# --- the cuts ---------------------------------------------------------------------
def test_the_table_of_variety(facts, names):
    found = dict(names["variety"])
    author, greedy = found.pop("the author"), found.pop("greedy")
    different = {t: row.different for t, row in found.items()}
    assert greedy.different == 1 < different[0.02] < different[0.1] < 190
    assert different[0.02] < 100 and different[0.3] > 150  # "Even 0.3 tells many"
    assert author.she == pytest.approx(2 / 3) and greedy.right == author.right == 1
    gap = {t: abs(row.she - 2 / 3) for t, row in found.items()}
    assert (
        len(gap) == 10 and min(gap, key=gap.get) == 1.0
    )  # "as likely as with the author only near 1"
    assert number(facts["she_03"]) > 85


def test_the_frames_of_the_player(facts, names):
    cut = names["cut"]
    labels = [TOKENIZER.decode([id]).strip() for id in cut.ids]
    assert labels[0] == "day" and set(labels[1:3]) == {"morning", "evening"}
    there = LOGITS[IDS.index(TOKENIZER.encode(" One")[0])]
    cold, hot = (sample.probabilities(there, t) for t in (1.0, measured.HEAT))
    kept = {
        "nucleus": sample.keep_top_p(hot, 0.8),
        "two": sample.keep_top_k(hot, 2),
        "five": sample.keep_top_k(hot, 5),
        "greedy": sample.keep_top_k(hot, 1),
    }
    assert [int((p > 0).sum()) for p in kept.values()] == [3, 2, 5, 1]
    for which, p in (kept | {"cold": cold, "hot": hot}).items():
        *six, others = getattr(cut, which)
        assert six == p[cut.ids].tolist(), which
        assert sum(six) + others == pytest.approx(1, abs=1e-5), which
    assert cold[cut.ids[:3]].tolist() == pytest.approx([0.5, 0.25, 0.25], abs=0.01)
    # "is lost, which the author uses as often"
    author = world.next_word(world.PROMPT.removesuffix(" day"))
    assert author[labels[2]] == author[labels[1]] == cut.author[1]
    assert cut.author == [0.5, 0.25, 0.25]
    drawn = sample.draw(kept["nucleus"], cut.u)
    assert cut.drawn == TOKENIZER.decode([drawn]).strip()
    assert facts["cuts"].alt.endswith("(10 frames)")


# --- the loop ---------------------------------------------------------------------
# --- beside the truth -------------------------------------------------------------
def test_the_models_bets_are_the_authors(facts, names):
    assert float(facts["largest"]) < 2
    before = [" ".join(choice.before.split()[-2:]) for choice in names["choices"]]
    # the picture, as its text tells it
    assert before == [
        "One day",
        "day Ada",
        "with a",
        "When the",
        "the next",
        "began to",
        "Good night,",
    ]


def test_the_authors_bets_on_tokens_are_its_bets_on_words():
    """Multiplied along a story they give its probability; each place sums to one."""
    for story in islice(world.stories(5), 25):
        ids, truth = AUTHOR.with_truth(story)
        assert ids == [END, *TOKENIZER.encode(story), END]
        assert all(sum(q.values()) == pytest.approx(1) for q in truth)
        by_token = -sum(log(q[id]) for q, id in zip(truth, ids[1:]))
        nats, tokens = AUTHOR.pays(story)
        assert by_token == pytest.approx(nats) and tokens == len(ids) - 1
    # the footnote of the page
    dried = "Once a shy owl named Mei lived in the forest. One day she worked with a "
    dried += "clay model. When the sun came up, the model dried on the"
    state = world.START
    for word in re.findall(r"\w+|[.,]", dried):
        here = world.fork(state)
        state = here.after[here.words.index(word)]
    she, l, f = TOKENIZER.encode(" shelf")
    assert [TOKENIZER.decode([id]).strip() for id in (she, l, f)] == ["she", "l", "f"]
    (table,) = TOKENIZER.encode(" table")
    half = pytest.approx(0.5)
    assert AUTHOR.next_id(state) == {she: half, table: half}
    assert AUTHOR.next_id(state, (she,)) == {l: 1}
    assert AUTHOR.next_id(state, (she, l)) == {f: 1}


# --- the circle and the end -------------------------------------------------------
def test_ten_lines_write_the_course_s_continuation(page):
    names, printed = page.names, page.printed
    assert world.PROMPT + CONTINUATION in printed
    told = [*MODEL.generate(IDS, 50, seed=0, stop=END, temperature=0.8)]
    assert TOKENIZER.decode(told) == CONTINUATION
    assert names["text"] == IDS + told
    circle = PAGE.partition("in ten lines:")[2]
    code = CELL.search(circle)[2]
    assert len(code[OPTIONS.match(code).end() :].strip().split("\n")) == 10


def test_every_number_that_the_prose_glues_is_found(facts):
    in_text = set(re.findall(r"\{glue:text\}`(\w+)`", PAGE))
    in_text |= set(re.findall(r"```\{glue\} (\w+)", PAGE))
    assert len(in_text) > 30 and in_text == set(facts)


def test_the_lines_of_shown_code_fit_the_column():
    for cell in CELL.finditer(PAGE):
        if "remove-" not in cell[2].partition("\n")[0]:
            long = [line for line in cell[2].split("\n") if len(line) > 72]
            assert not long, long
