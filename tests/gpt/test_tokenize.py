"""BPE against independent oracles: tiktoken for ids, Hugging Face tokenizers and the
chapter's naive trainer for vocabularies, a pencil for the rule of ties."""

import doctest
import pickle
import random
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

import pytest
import regex
import tiktoken
import tiktoken.load
import tokenizers
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import gpt.tokenize
from bench.chapter import source
from gpt import data, world
from gpt.tokenize import Tokenizer, split, train
from tests import timing
from tests.need import need

END = world.END
BYTES = {bytes([b]): b for b in range(256)}
ROOM = Path(gpt.tokenize.__file__).parent
HARD = [
    "",
    " ",
    "a",
    "Once a little fox lived by the river.",
    "果",
    "从前有一只小狐狸，住在河边。它喜欢吃果子。",
    "🦊👩‍👩‍👧‍👦🇩🇪 e\u0301 naïve Ⅻ ½ ٣ ௫",
    "def f(x):\n\treturn  x ** 2  # I'll, you've, we're, 'tis, DON'T, don't",
    " " * 1000,
    "a" + " " * 777 + "b",
    "\n\n \t\u00a0\u2003x\r\n \u3000 \x1c\x85 y",
    "'s's'll'LL 's''t",
    "1234567890" * 20 + "a1b2",
    "\x00\x01\x7f\x80\xff\ufeff\uffff\U0010ffff",
    "-" * 300 + "ab" * 300 + "果" * 300,
    "the fox 果子 🦊\n  (x)",
]


@pytest.fixture(scope="module")
def course():
    """A tokenizer trained on stories, code and other scripts, and its tiktoken twin."""
    code = "".join(path.read_text("utf-8") for path in sorted(ROOM.glob("*.py")))
    text = world.corpus(40_000, seed=1) + code + "".join(HARD) * 3
    trained = train(text, 900, [END, "<|sep|>"])
    assert trained.n_vocab == 900  # else these tests would prove little
    return trained, trained.to_tiktoken()


@pytest.fixture(scope="module")
def gpt2():
    """The course's tokenizer on GPT-2's ranks, where byte b is not id b; and GPT-2's."""

    def no_network(*args, **kwargs):
        raise OSError("tests download nothing")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urllib.request, "urlopen", no_network)
        try:
            encoding = data.gpt2()
        except FileNotFoundError:
            need(
                False, "GPT-2's vocabulary: python -c 'import gpt.data as d; d.gpt2()'"
            )
    ranks = encoding._mergeable_ranks
    assert ranks[b"a"] != ord("a")
    return Tokenizer(ranks, encoding._special_tokens), encoding


@pytest.fixture(scope="module", params=["course", "gpt2"])
def both(request):
    """(ours, tiktoken's) on the course's ranks, then on GPT-2's."""
    return request.getfixturevalue(request.param)


examples = settings(deadline=None, max_examples=200)

# Any code point, halves of surrogate pairs too, among pieces that do merge.
UNICODE = st.text(st.characters(exclude_categories=()))
MERGING = st.lists(
    st.sampled_from(["the", " the", " fox", "ing", "  ", "\n", "'ll", "果", "🦊", "12"])
    | UNICODE
).map("".join)


def test_a_pencil_and_paper_case():
    # chunks "ab", " ab", " abc"; pairs: a b 3 times, then " " ab twice, then once
    # " ab" c; then every chunk is one token and nothing is left to merge
    trained = train("ab ab abc", 300)
    assert trained.ranks == BYTES | {b"ab": 256, b" ab": 257, b" abc": 258}
    assert trained.n_vocab == 259
    assert trained.encode("abc ab") == [256, 99, 257]


def test_ties_go_to_the_smaller_left_id_then_to_the_smaller_right_id():
    def pieces(text):
        return list(train(text, 300).ranks)[256:]

    # b a, a c, " " a and a b once each: " " is 32; then a c, as a is 97 and b is 98
    assert pieces("bac ab") == [b" a", b"ac", b"bac", b" ab"]
    # b c, c b and b a once each: b before c, and then a before c
    assert pieces("bcba") == [b"ba", b"bc", b"bcba"]
    # aa aa a: 256 256 and 256 97 once each, and 97 is the smaller
    assert pieces("aaaaa") == [b"aa", b"aaa", b"aaaaa"]


def naive(text, n_vocab):
    chapter = {}
    exec(source("tokenize", "naive"), chapter)  # noqa: S102 (the course's own code)
    return chapter["train_naive"](text, n_vocab)


def hugging_face(text, n_vocab):
    """Chunks with byte b as the character 256 + b, so that its order is that of b."""
    shown = ["".join(chr(256 + b) for b in chunk.encode()) for chunk in split(text)]
    model = tokenizers.Tokenizer(tokenizers.models.BPE())
    model.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=n_vocab,
        initial_alphabet=[chr(256 + b) for b in range(256)],
        show_progress=False,
    )
    model.train_from_iterator([" ".join(shown)], trainer)
    return {bytes(ord(c) - 256 for c in p): i for p, i in model.get_vocab().items()}


FEW = st.text(st.sampled_from("aab "), max_size=80)  # few letters make many ties


@examples
@given(FEW | MERGING, st.integers(256, 300))
def test_training_equals_the_naive_trainer(text, n_vocab):
    assert train(text, n_vocab).ranks == naive(text, n_vocab)


@examples
@given(FEW | MERGING, st.integers(256, 300))
def test_training_equals_hugging_face(text, n_vocab):
    assert train(text, n_vocab).ranks == hugging_face(text, n_vocab)


@pytest.mark.parametrize("seed", [1, 2])
def test_training_on_stories_and_code_equals_hugging_face(seed):
    module = (ROOM / ["tokenize.py", "data.py"][seed - 1]).read_text("utf-8")
    text = world.corpus(30_000, seed) + module + "".join(HARD)
    ranks = train(text, 800).ranks
    assert len(ranks) == 800
    assert ranks == hugging_face(text, 800)


def test_special_tokens_come_last_and_are_not_merged_from():
    text = f"fox{END}fox{END}" * 50
    trained = train(text, 300, [END, "<|b|>"])
    assert trained.ranks == BYTES | {b"fo": 256, b"fox": 257}
    assert trained.special_tokens == {END: 258, "<|b|>": 259}
    assert trained.n_vocab == 260


@pytest.mark.parametrize("text", HARD)
def test_ids_equal_tiktoken_on_hard_texts(both, text):
    ours, theirs = both
    assert ours.encode(text) == theirs.encode(text)
    assert ours.decode(ours.encode(text)) == text


@examples
@given(text=UNICODE | MERGING)
def test_ids_equal_tiktoken_for_any_unicode(both, text):
    ours, theirs = both
    assert ours.encode(text, "all") == theirs.encode(text, allowed_special="all")


@examples
@given(text=st.text() | MERGING.map(lambda t: t.encode("utf-8", "ignore").decode()))
def test_round_trip_for_any_unicode(both, text):
    ours, _ = both
    assert "".join(split(text)) == text
    assert ours.decode(ours.encode(text, "all")) == text
    assert b"".join(ours.pieces(text)) == text.encode()


@pytest.mark.parametrize(
    "text", ["\ud800", "a\udc00 b\udfff", "\ud83e\udd8a \ud83e fox"]
)
def test_halves_of_surrogate_pairs_as_in_tiktoken(both, text):
    ours, theirs = both
    assert ours.encode(text) == theirs.encode(text)


@examples
@given(
    st.lists(
        st.sampled_from(
            [" ", "  ", "\n", "\r\n", "\t", "\x0b", "\x1c", "\x85", "\u2028", "\u3000"]
            + ["'", "'s", "'re", "a", "Z", "é", "果", "0", "½", "_", "-", "—", "\x7f"]
            + ["🦊", "𝐀", "𝟙"]
        )
    ).map("".join)
)
def test_chunks_are_those_of_the_pattern(text):
    """However a text is cut for speed, with rare characters and without."""
    assert split(text) == regex.findall(gpt.tokenize.PATTERN, text)


@pytest.mark.parametrize("last", [0xFFFF, 0x10FFFF])
def test_chunks_are_those_of_the_pattern_for_every_character(last):
    every = [chr(c) for c in range(last + 1) if not 0xD800 <= c < 0xE000]
    random.Random(3).shuffle(every)
    for between in ("", " ", "a"):
        text = between.join(every)
        assert split(text) == regex.findall(gpt.tokenize.PATTERN, text)


# The ways to encode: by a few merges in all chunks at once, or chunk by chunk, there
# with a heap and without.
FEW, SHORT = gpt.tokenize.FEW, gpt.tokenize.SHORT
ways = pytest.mark.parametrize("few, short", [(FEW, SHORT), (-1, SHORT), (-1, 0)])


@ways
@examples
@given(
    more=st.sets(st.text(st.sampled_from("ab"), min_size=2, max_size=6)),
    order=st.integers(0, 999),
    text=st.text(st.sampled_from("aabbc ")),
)
def test_ids_equal_tiktoken_on_ranks_that_no_training_made(
    few, short, more, order, text
):
    pieces = [*BYTES, *(piece.encode() for piece in sorted(more))]
    random.Random(order).shuffle(pieces)
    ours = Tokenizer({piece: i for i, piece in enumerate(pieces)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gpt.tokenize, "FEW", few)
        patch.setattr(gpt.tokenize, "SHORT", short)
        assert ours.encode(text) == ours.to_tiktoken().encode(text)


@ways
def test_a_merge_that_brings_a_lower_rank_is_followed_by_that(monkeypatch, few, short):
    """Few letters and short words: many pairs wait at once, for each other's places."""
    monkeypatch.setattr(gpt.tokenize, "FEW", few)
    monkeypatch.setattr(gpt.tokenize, "SHORT", short)
    fit = 0
    for seed in range(1000):
        drawn = random.Random(seed)
        words = {"".join(drawn.choices("ab", k=drawn.randint(2, 5))) for _ in range(9)}
        pieces = [*BYTES, *(word.encode() for word in sorted(words))]
        drawn.shuffle(pieces)
        ours = Tokenizer({piece: i for i, piece in enumerate(pieces)})
        text = "".join(drawn.choices("ab", k=40))
        assert ours.encode(text) == ours.to_tiktoken().encode(text), (seed, text)
        fit += ours._few is not None
    assert 0 < fit < 1000 if few > 0 else fit == 0  # some fit, most do not


@ways
@examples
@given(
    learned=st.text(st.sampled_from("aab é"), max_size=80),
    text=st.text(st.sampled_from("aabbc é🦊")),
)
def test_ids_equal_tiktoken_on_ranks_of_training(few, short, learned, text):
    ours = train(learned, 300)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gpt.tokenize, "FEW", few)
        patch.setattr(gpt.tokenize, "SHORT", short)
        assert ours.encode(text) == ours.to_tiktoken().encode(text)
        assert ours._few if few > 0 else not ours._few


@pytest.mark.parametrize("long", [0, gpt.tokenize.LONG])
@pytest.mark.parametrize(
    "letters", ["a", "ab", "the fox ran", "果子🦊x", "ACGT", "qxzj", "-", "\n", "12"]
)
def test_ids_of_one_long_word_equal_tiktoken(both, letters, long, monkeypatch):
    ours, theirs = both
    monkeypatch.setattr(gpt.tokenize, "LONG", long)
    chosen = random.Random(1).choices(letters.replace(" ", ""), k=3000)
    word = "".join(chosen)
    assert ours.encode(word) == theirs.encode(word)
    assert ours.encode(word * 2) == theirs.encode(word * 2)  # some parts are known


@pytest.mark.parametrize("few", [-1, FEW])
def test_what_is_remembered_is_bounded(course, monkeypatch, few):
    monkeypatch.setattr(gpt.tokenize, "FEW", few)
    monkeypatch.setattr(gpt.tokenize, "REMEMBERED", 10)
    ours = Tokenizer(course[0].ranks)
    text = world.corpus(3000, seed=6) + "果" * 1000
    for _ in range(2):
        assert ours.encode(text) == course[1].encode_ordinary(text)
        assert 0 < len(ours._known) <= 10 and len(ours._known_parts) <= 10
        assert max(map(len, ours._known)) <= gpt.tokenize.SHORT


@pytest.mark.parametrize("few", [-1, FEW])
def test_threads_may_share_a_tokenizer(course, monkeypatch, few):
    monkeypatch.setattr(gpt.tokenize, "FEW", few)
    monkeypatch.setattr(gpt.tokenize, "REMEMBERED", 50)  # so all forget all the time
    ours = Tokenizer(course[0].ranks)
    texts = [world.corpus(3000, seed=seed) for seed in range(40)]
    with ThreadPoolExecutor(8) as pool:
        found = [*pool.map(ours.encode, texts)]
    assert found == [course[1].encode_ordinary(text) for text in texts]


def test_a_tokenizer_can_be_sent_to_another_process(course):
    ours = Tokenizer(course[0].ranks, course[0].special_tokens)
    ours.encode("the fox")
    sent = pickle.loads(pickle.dumps(ours))
    assert sent.encode(f"the foxes{END}", "all") == ours.encode(
        f"the foxes{END}", "all"
    )


def test_a_chunk_that_is_a_piece_needs_no_merges_to_reach_it():
    ours = Tokenizer(BYTES | {b"abc": 256})  # neither "ab" nor "bc" is a piece
    assert ours.encode("abc") == ours.to_tiktoken().encode("abc") == [256]
    assert ours.encode("abcd") == ours.to_tiktoken().encode("abcd")


@pytest.mark.parametrize("kind", [r"\p{L}", r"\p{N}", r"\s"])
def test_unicode_tables_of_regex_and_tiktoken_are_of_one_version(kind):
    every = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000)
    probe = tiktoken.Encoding(
        "probe", pat_str=kind, mergeable_ranks=BYTES, special_tokens={}
    )
    theirs = set(probe.decode(probe.encode(every)))  # what the pattern finds, no more
    odd = sorted(set(regex.findall(kind, every)) ^ theirs)
    assert not odd, (
        f"{len(odd)} characters, from {odd[0]!a}, are {kind} in only one of regex "
        f"{regex.__version__} and tiktoken {tiktoken.__version__}: requirements.txt "
        "pins versions that agree"
    )


NAMES = st.sampled_from([END, "<|sep|>", "<|", "|>", "fox", " ", "<|endoftext|", "果"])


@examples
@given(
    text=st.lists(NAMES).map("".join),
    allowed=st.just("all") | st.sets(st.sampled_from([END, "<|sep|>", "<|none|>"])),
)
def test_special_tokens_as_in_tiktoken(course, text, allowed):
    ours, theirs = course
    try:
        expected = theirs.encode(text, allowed_special=allowed)
    except ValueError:
        with pytest.raises(ValueError, match="not allowed") as error:
            ours.encode(text, allowed)
        denied = {END, "<|sep|>"} - set(allowed)
        where = min(text.find(name) for name in denied if name in text)
        assert f"at character {where} " in str(error.value)
        assert any(repr(name) in str(error.value) for name in denied)
    else:
        assert ours.encode(text, allowed) == expected
        assert b"".join(ours.pieces(text)) == text.encode()


@examples
@given(
    text=st.lists(NAMES).map("".join),
    allowed=st.just("all") | st.sets(st.sampled_from([END, "<|sep|>"])),
    refused=st.sets(st.sampled_from([END, "<|sep|>", "fox"])),
)
def test_special_tokens_may_be_ordinary_text_as_in_tiktoken(
    course, text, allowed, refused
):
    ours, theirs = course
    how = {"allowed_special": allowed, "disallowed_special": refused}
    try:
        expected = theirs.encode(text, **how)
    except ValueError:
        with pytest.raises(ValueError, match="not allowed"):
            ours.encode(text, **how)
    else:
        assert ours.encode(text, **how) == expected
    ordinary = ours.encode(text, disallowed_special=())
    assert ordinary == theirs.encode_ordinary(text)
    assert ours.decode(ordinary) == text


def test_how_to_have_a_special_token_as_text_is_said(course):
    raises(r"disallowed_special=\(\) would read it", course[0].encode, END)


@examples
@given(
    texts=st.lists(NAMES | MERGING | st.sampled_from(["\ud83e", "\udd8a", "\n", "  "])),
    allowed=st.just("all") | st.just(()),
)
def test_a_stream_has_the_ids_of_its_joined_text(both, texts, allowed):
    ours, _ = both
    how = {"allowed_special": allowed, "disallowed_special": ()}
    joined = ours.encode("".join(texts), **how)
    assert [*ours.encode_iterable(texts, **how)] == joined
    assert [*ours.encode_iterable("".join(texts), **how)] == joined  # letter by letter


def test_of_overlapping_special_tokens_a_stream_has_the_longest_too():
    ours = Tokenizer(BYTES, {"<a": 256, "<a b>": 257, " b": 258, "x y z": 259})
    for text in ("<a b>", "x<a b", "<a b> b", "<a <a b>", "x y z", "x x y z y", "x y"):
        want = ours.encode(text, "all")
        assert [*ours.encode_iterable(text, "all")] == want


def test_a_stream_is_read_no_further_than_needed(course):
    lines = cycle([f"the fox {END} ran\n"])
    found = course[0].encode_iterable(lines, {END})
    line = course[0].encode(f"the fox {END} ran", {END})
    assert [*islice(found, len(line))] == line


def test_what_is_wrong_in_a_stream_is_named_by_its_place(course):
    def read(texts):
        return [*course[0].encode_iterable(texts)]

    raises("at character 8 ", read, ["the fox ", END])
    raises("at character 16 ", read, ["the fox ", f"the fox {END}"])
    raises("must be a str, not bytes", read, ["the fox ", b"ran"])


def test_of_special_tokens_the_leftmost_and_then_the_longest_is_meant():
    ours = Tokenizer(BYTES, {"<a": 256, "<a>": 257, "<": 258, "xb": 259, "bcd": 260})
    assert ours.encode("<a><a<", allowed_special="all") == [257, 256, 258]
    assert ours.encode("xbcd", allowed_special="all") == [259, 99, 100]
    # What a token covers is used up, so a shorter name in it needs no permission,
    # and a longer name is not its own beginning.
    assert ours.encode("<a>xbcd", {"<a>", "xb"}) == [257, 259, 99, 100]
    raises("'<a>' at character 1 ", ours.encode, "-<a>", {"<a", "<"})
    raises("'bcd' at character 4 ", ours.encode, "xb <bcd", {"xb", "<"})


class Counting(dict):
    """Ranks that count how often they are looked up."""

    looked_up = 0

    def get(self, key, default=None):
        self.looked_up += 1
        return super().get(key, default)


@pytest.mark.parametrize("word", ["a", "ab", "qx", "the", "zebra", "果"])
def test_one_long_word_needs_a_few_lookups_a_byte(course, word, monkeypatch):
    monkeypatch.setattr(gpt.tokenize, "FEW", -1)
    ours = Tokenizer(course[0].ranks)
    ours.ranks = Counting(ours.ranks)
    long = (word * 50_000)[: 50_000 // len(word.encode())]
    ours.encode(long)
    assert ours.ranks.looked_up < 4 * 50_000


def growth(run, text):
    """How many times longer the text takes than its 16th part.

    16 where the work is linear, 256 where it is quadratic: LINEAR lies well between.
    """
    return timing.growth(run, (text[: len(text) // 16],), (text,))


LINEAR = 96


@pytest.mark.parametrize("few", [-1, FEW])
def test_encoding_grows_near_linearly_in_one_word(course, few, monkeypatch):
    monkeypatch.setattr(gpt.tokenize, "FEW", few)
    ours = Tokenizer(course[0].ranks)
    word = "".join(filter(str.isalpha, world.corpus(80_000, seed=3)))[:50_000]
    assert split(word) == [word]
    assert growth(ours.encode, word) < LINEAR


def test_encoding_grows_linearly_in_the_text(course):
    text = world.corpus(320_000, seed=4)
    assert growth(lambda text: course[0].encode(text, "all"), text) < LINEAR


def test_training_grows_linearly_in_one_word():
    word = "".join(filter(str.isalpha, world.corpus(60_000, seed=5)))[:40_000]
    assert growth(lambda text: train(text, 300), word) < LINEAR


def test_training_does_not_count_everything_again_at_each_merge(monkeypatch):
    """Only the chunks that have the pair are touched: 244 merges, not 244 readings."""
    touched = 0

    def counting(word, pair, new):
        nonlocal touched
        touched += 1
        return merge(word, pair, new)

    merge = gpt.tokenize._merge
    monkeypatch.setattr(gpt.tokenize, "_merge", counting)
    text = (ROOM / "tokenize.py").read_text("utf-8")
    merges = len(train(text, 500).ranks) - 256
    assert merges == 244
    assert touched < merges * len(set(split(text))) / 10


def test_save_and_load_in_the_format_of_tiktoken(course, tmp_path, monkeypatch):
    ours, theirs = course
    path = tmp_path / "course.tiktoken"
    ours.save(path)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")  # let tiktoken read, not keep, it
    assert tiktoken.load.load_tiktoken_bpe(str(path)) == ours.ranks
    again = Tokenizer.load(path, ours.special_tokens)
    assert (again.ranks, again.n_vocab) == (ours.ranks, 900)
    assert again.encode(f"果{END}", "all") == theirs.encode(
        f"果{END}", allowed_special="all"
    )
    assert list(tmp_path.iterdir()) == [path]
    lines = [line.split() for line in path.read_bytes().splitlines()]
    assert [int(id) for _, id in lines] == list(range(len(ours.ranks)))


def test_tokenizer_json_is_the_whole_tokenizer(both, tmp_path):
    ours, theirs = both
    path = tmp_path / "tokenizer.json"
    ours.save(path)
    again = Tokenizer.load(path)
    assert (again.ranks, again.special_tokens) == (ours.ranks, ours.special_tokens)
    peer = tokenizers.Tokenizer.from_file(str(path))
    word = "".join(random.Random(2).choices("thefoxran", k=500))
    for text in [*HARD, world.corpus(5000, seed=7), word, f"fox{END} {END}fox"]:
        ids = theirs.encode(text, allowed_special="all")
        assert peer.encode(text).ids == ids
        assert peer.decode(ids, skip_special_tokens=False) == text


def test_tokenizer_json_takes_a_piece_whole_and_knows_gaps(tmp_path):
    path = tmp_path / "tokenizer.json"
    ours = Tokenizer(BYTES | {b"abc": 256}, {"<end>": 300})
    ours.save(path)
    peer = tokenizers.Tokenizer.from_file(str(path))
    assert peer.encode("abc<end>abcd").ids == ours.encode("abc<end>abcd", "all")
    assert Tokenizer.load(path).n_vocab == 301
    raises("'a' is a special token and", Tokenizer(BYTES, {"a": 256}).save, path)


def test_a_tokenizer_json_of_another_kind_is_refused(course, tmp_path):
    path = tmp_path / "tokenizer.json"
    raises("has no tokenizer.json", Tokenizer.load, path)
    course[0].save(path)
    right = path.read_text("utf-8")
    for old, new in (
        ('"BPE"', '"Unigram"'),
        ('"ByteLevel"', '"Whitespace"'),
        ('"add_prefix_space": false', '"add_prefix_space": true'),
        ('"vocab"', '"words"'),
        ('"vocab": {', '"vocab": {"果": 9999,'),
    ):
        path.write_text(right.replace(old, new), "utf-8")
        raises("tokenizer.json is not a tokenizer.json of GPT-2", Tokenizer.load, path)
    path.write_text(right[:-9], "utf-8")
    raises("tokenizer.json is not JSON", Tokenizer.load, path)


@pytest.mark.parametrize("end", [b"\n", b"\r\n\r\n", b"\n \n"])
def test_blank_lines_at_the_end_are_no_pieces(course, tmp_path, end):
    path = tmp_path / "course.tiktoken"
    course[0].save(path)
    path.write_bytes(path.read_bytes() + end)
    assert Tokenizer.load(path).ranks == course[0].ranks


def test_ranks_of_gpt2_survive_save_and_load(gpt2, tmp_path):
    ours, _ = gpt2
    ours.save(tmp_path / "gpt2.tiktoken")
    assert Tokenizer.load(tmp_path / "gpt2.tiktoken").ranks == ours.ranks


def test_a_failed_save_leaves_what_was_there(course, tmp_path, monkeypatch):
    def fails(*args):
        raise OSError("disk full")

    path = tmp_path / "course.tiktoken"
    path.write_bytes(b"before")
    monkeypatch.setattr("os.replace", fails)
    with pytest.raises(OSError, match="disk full"):
        course[0].save(path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "line",
    [
        b"AAA= x",
        b"AAA=",
        b"A=A 256",
        b"AAA*= 256",
        b" 256",
        b"AAAA 256 1",
        b"",
        b"AAA= -1",
    ],
)
def test_a_malformed_line_is_named_by_its_number(course, tmp_path, line):
    path = tmp_path / "bad.tiktoken"
    course[0].save(path)
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines[:256], line, *lines[256:]]))
    with pytest.raises(ValueError, match=r"bad.tiktoken, line 257:"):
        Tokenizer.load(path)


@pytest.mark.parametrize("line", [b"AA== 9999", b"AAAA 7"])
def test_a_piece_or_id_that_comes_twice_is_named_by_its_line(course, tmp_path, line):
    path = tmp_path / "bad.tiktoken"
    course[0].save(path)
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(ValueError, match=f"line {len(course[0].ranks) + 1}:"):
        Tokenizer.load(path)


def test_to_tiktoken_is_a_real_encoding(course):
    ours, theirs = course
    assert isinstance(theirs, tiktoken.Encoding)
    assert theirs.name == "course"
    assert ours.to_tiktoken("mine").name == "mine"
    assert theirs.n_vocab == ours.n_vocab == 900
    assert theirs.special_tokens_set == {END, "<|sep|>"}
    assert [theirs.decode_single_token_bytes(i) for i in range(900)] == [
        ours.decode_bytes([i]) for i in range(900)
    ]


def test_ids_may_come_as_a_tensor(course):
    ids = course[0].encode("the fox")
    assert course[0].decode(torch.tensor(ids)) == "the fox"
    assert course[0].decode(iter(ids)) == "the fox"


def test_doctests():
    assert doctest.testmod(gpt.tokenize).failed == 0


def raises(match, function, *arguments):
    with pytest.raises(ValueError, match=match):
        function(*arguments)


def test_a_vocabulary_without_room_is_refused():
    raises("n_vocab is 255, .* at least 256", train, "a", 255)
    raises("n_vocab is 257, .* 2 special .* least 258", train, "a", 257, ["<a>", "<b>"])
    assert train("", 256).n_vocab == 256
    assert train("", 257, ["<a>"]).encode("<a>", "all") == [256]


def test_ids_that_do_not_exist_are_refused_with_their_position(course):
    ours, _ = course
    raises(
        "id 900 at position 2 does not exist.* below 900", ours.decode, [97, 98, 900]
    )
    raises("id -1 at position 0", ours.decode_bytes, [-1])
    raises("id 97.0 at position 1", ours.decode, [97, 97.0])
    raises("id 'a' at position 0", ours.decode, "a")
    raises("at position 0", ours.decode, torch.tensor([[97, 98]]))


def test_bytes_that_are_not_utf8_are_refused_with_their_position(course):
    ours, _ = course
    one, two = b"the", "果".encode()
    ids = [ours.ranks[bytes([b])] for b in one + two[:2] + one]
    raises(
        r"not UTF-8 .* at byte 3, in the token b'\\xe6' at position 3", ours.decode, ids
    )
    the = ours.encode("the the the the")
    raises(f"at position {len(the)};", ours.decode, [*the, 255])
    assert ours.decode_bytes(ids) == one + two[:2] + one


def test_special_tokens_that_are_not_allowed_are_refused_with_their_place(course):
    ours, _ = course
    raises(
        r"'<\|endoftext\|>' at character 3 .* not allowed", ours.encode, f"果🦊 {END}"
    )
    raises(r"'<\|sep\|>' at character 0", ours.encode, f"<|sep|>{END}", {END})
    raises("not allowed", ours.encode, END, END)  # a str is not a set of names


def test_what_is_no_text_is_refused(course):
    for wrong in (b"abc", None, ["a"]):
        name = type(wrong).__name__
        for function in (course[0].encode, course[0].pieces, split):
            raises(f"must be a str, not {name}", function, wrong)
        raises(f"must be a str, not {name}", train, wrong, 300, [END])


def test_a_vocabulary_that_cannot_work_is_refused():
    raises(
        r"256 single bytes.*\[97\]",
        Tokenizer,
        {p: i for p, i in BYTES.items() if i != 97},
    )
    raises("<end>.* id 5 ", Tokenizer, BYTES, {"<end>": 5})
    raises("id 7 ", Tokenizer, BYTES | {b"ab": 7})
    raises("empty", Tokenizer, BYTES, {"": 256})
    raises("empty", Tokenizer, BYTES | {b"": 256})
    raises(r"\['<end>'\]", train, "a", 300, "<end>")


def test_arguments_are_copied_and_left_alone():
    ranks, names = dict(BYTES), {"<end>": 256}
    ours = Tokenizer(ranks, names)
    ranks.clear()
    names.clear()
    assert ours.encode("a<end>", "all") == [97, 256]
