"""The chapter Tokenize: what its prose says is what its cells find.

The page's cells are run once; `facts` holds every number that the prose glues, and
`names` what there is after the last cell: the reader's, and what `facts.tokenize`
measured.
"""

import json
import re
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.chapter import BOOK, CELL, source
from book.facts import gpt2_tokens
from book.facts import tokenize as measured
from gpt import data, world
from gpt.model import small
from gpt.tokenize import Tokenizer, split, train
from tests.need import need

CHAPTER = "tokenize"

PAGE = (BOOK / "tokenize.md").read_text("utf-8")
NAIVE = {}
exec(compile(source("tokenize", "naive"), "book/tokenize.md", "exec"), NAIVE)  # noqa: S102
count_pairs, merge, train_naive = map(
    NAIVE.get, ("count_pairs", "merge", "train_naive")
)


# --- the naive trainer ------------------------------------------------------------
TEXTS = {
    "stories": world.corpus(8_000, seed=3),
    "the pencil's words": "baa baaa all ball small mall",
    "one letter": "a" * 50 + " " + "a" * 7,
    "ties everywhere": "".join(map(chr, range(97, 123))) * 3,
    "many scripts": "水果 果 苹果, ångström é, ёлка 🙂🙂🙂 हिन्दी " * 5,
    "code and spaces": "    if x == 1:\n        return 'x'\n\n\n" * 6,
    "empty": "",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_naive_trainer_makes_the_ranks_of_the_fast_one(text):
    for n_vocab in (256, 257, 300, 340):
        naive = train_naive(text, n_vocab)
        assert list(naive.items()) == list(train(text, n_vocab).ranks.items())


@settings(deadline=None)
@given(st.text("ab é果\n", max_size=60), st.integers(256, 290))
def test_the_naive_trainer_makes_the_ranks_of_the_fast_one_on_any_text(text, n_vocab):
    assert train_naive(text, n_vocab) == train(text, n_vocab).ranks


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_merges_that_the_pictures_show_are_those_of_the_trainer(text):
    chunks = [measured.letters(chunk) for chunk in split(text)]
    steps = [*islice(measured.merges(chunks, count_pairs, merge), 84)]
    naive = train_naive(text, 340)
    assert [(step.piece, step.id) for step in steps] == list(naive.items())[256:]
    for step in steps:
        assert step.counts == count_pairs(step.before)
        assert step.count == max(step.counts.values())
        assert all(step.counts[tie] == step.count for tie in step.ties)


def test_as_one_chunk_the_text_is_trained_as_by_the_trainer_that_does_not_split():
    text, one_chunk = world.corpus(4_000, seed=3), dict(NAIVE)
    exec(source("tokenize", "naive"), one_chunk)  # noqa: S102
    one_chunk["split"] = lambda text: [text]
    edges = measured.edges(text, train_naive, count_pairs, merge, n_vocab=320)
    assert edges.unchunked == list(one_chunk["train_naive"](text, 320))[256:]
    assert edges.chunked == list(train_naive(text, 320))[256:]


# --- the page ---------------------------------------------------------------------
def test_every_number_that_the_prose_glues_is_found(facts):
    in_text = set(re.findall(r"\{glue:text\}`(\w+)`", PAGE))
    in_text |= set(re.findall(r"```\{glue\} (\w+)", PAGE))
    assert len(in_text) > 30 and in_text <= set(facts)
    own = Path(__file__).read_text("utf-8")
    assert not [name for name in set(facts) - in_text if f'facts["{name}"]' not in own]


def test_the_tokenizer_of_the_page_is_the_one_that_the_model_uses(names):
    _, shipped = small()
    assert names["course"].ranks == shipped.ranks
    assert names["course"].special_tokens == shipped.special_tokens


def test_the_words_around_the_numbers_still_fit(facts, names):
    """Each line: a sentence of the page that would be wrong with another number."""
    # "it puts the word together from …"
    assert int(facts["generative_tokens"]) == 2
    # "in the end, small is s·mall, although it has nothing to do with a mall"
    assert facts["small"] == "s·mall"
    # the decoding cell writes the ids that encoding has just found
    assert facts["replayed_ids"] == "[98, 97, 257]" and "[98, 97, 257]" in PAGE
    # "three bytes, so it is three tokens in ours …, in GPT-2's it is three as well"
    assert facts["fruit_bytes"] == facts["fruit_ours"] == facts["fruit_gpt2"] == "3"
    # "(a woman, an invisible joiner, a microscope)"
    assert facts["scientist_points"] == "3"
    # "After a space, … as one number"; "at the start of a line … other numbers"
    assert len(gpt2_tokens(" strawberry")) == 1 and int(facts["strawberry_start"]) > 1
    # "380 is 1 token": the singular
    assert facts["n380"] == "1" and int(facts["n381"]) > 1
    # "times as many tokens"; the bars start with English
    assert float(facts["dearest_times"]) > 2
    # "has a token for one user name"
    assert len(gpt2_tokens(" SolidGoldMagikarp")) == 1
    # "one word, into … chunks"; "however much Hindi, … tokens for the … words"
    assert facts["namaste_chunks"] == "4" and int(facts["namaste_gpt2"]) > 4
    assert int(facts["hindi_chunks"]) > 2 * int(facts["hindi_words"])
    # "in all our stories, fox without a space in front occurs 0 times"
    assert facts["bare_fox"] == "0"
    # words in pieces: "a part of *gloves*"; the story that is shown holds it
    assert "glo·ves" in facts["words_in_pieces"]
    assert b" glo" in names["course"].pieces(names["story"])
    assert int(facts["whole_words"]) < int(facts["world_words"])
    # "hardly fewer at that end"
    assert 0 < float(facts["story_at_ours"]) - float(facts["story_at_end"]) < 1
    # "in fewer than forty lines of Python"
    code = [line for line in source("tokenize", "naive").split("\n") if line.strip()]
    assert 30 < len(code) < 40
    # the naive trainer took … seconds, the fast one … milliseconds
    assert float(facts["naive_seconds"]) * 1000 > 15 * float(facts["fast_ms"])


def test_the_pencil_the_code_and_the_animation_agree(names):
    pieces = [b"al", b"all", b"aa", b"baa", b"mall"]
    assert list(names["ranks"])[256:] == pieces
    steps = names["pencil"].merges
    assert [(step.piece, step.id) for step in steps] == list(names["ranks"].items())[
        256:
    ]
    # the words of the page are those of the picture
    typed = re.search(r'train_naive\("([^"]*)", 256 \+ 5\)', PAGE)[1]
    assert typed.split("\\n") == measured.WORDS == names["pencil"].words
    # "Every pair that is left occurs once"
    assert set(names["pencil"].left.values()) == {1}


def test_what_the_cells_show_the_reader(page):
    shown = page.shown
    agree = [value for value in shown if isinstance(value, bool)]
    assert agree == [True, True]  # naive == fast; tiktoken == ours
    # "one token holds two of the six bytes and each of the others holds one"
    sizes = [piece.count("\\x") for _, piece in gpt2_tokens("水果")]
    assert sorted(sizes) == [1, 1, 1, 1, 2]


def test_special_tokens_are_taken_leftmost_and_then_longest():
    ranks = {bytes([b]): b for b in range(256)}
    special = {"<ab": 256, "<ab>": 257, "b>c": 258}
    ids = Tokenizer(ranks, special).encode("<ab>c<ab", allowed_special="all")
    assert ids == [257, ord("c"), 256]
    # "decoding writes the name"
    assert Tokenizer(ranks, special).decode(ids) == "<ab>c<ab"


def test_what_is_recorded_of_gpt2_is_what_gpt2s_own_encoding_says():
    try:
        gpt2 = data.gpt2()
    except FileNotFoundError as error:
        need(False, str(error))
    recorded = json.loads((BOOK / "recorded" / "gpt2.json").read_text("utf-8"))
    assert recorded["n_vocab"] == gpt2.n_vocab == 256 + 50_000 + 1
    for text, entry in recorded["texts"].items():
        assert entry["ids"] == gpt2.encode(text, allowed_special="all"), text
        shown = []
        for token in map(gpt2.decode_single_token_bytes, entry["ids"]):
            try:
                shown.append(token.decode())
            except UnicodeDecodeError:
                shown.append("".join(f"\\x{byte:02x}" for byte in token))
        assert entry["pieces"] == shown, text


def test_every_recorded_text_is_one_that_a_page_asks_for():
    recorded = json.loads((BOOK / "recorded" / "gpt2.json").read_text("utf-8"))
    sources = [*BOOK.glob("*.md"), *BOOK.glob("figures/*.py"), *BOOK.glob("facts/*.py")]
    pages = "".join(path.read_text("utf-8") for path in sources)
    unused = [t for t in recorded["texts"] if t not in pages and t != world.PROMPT]
    assert not unused


def test_the_core_of_the_fast_trainer_stands_where_the_page_looks():
    code = (BOOK.parent / "gpt" / "tokenize.py").read_text("utf-8")
    for option in ("start-at", "end-before"):
        mark = re.search(rf"^:{option}: (.*)$", PAGE, re.MULTILINE)[1]
        assert code.count(mark) == 1, mark


def test_the_lines_of_shown_code_fit_the_column():
    for cell in CELL.finditer(PAGE):
        if "remove-" not in cell[2].partition("\n")[0]:
            long = [line for line in cell[2].split("\n") if len(line) > 72]
            assert not long, long
