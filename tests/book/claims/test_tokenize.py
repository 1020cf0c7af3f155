"""The causal sentences of the chapter Tokenize, in the order of its page."""

import re
import sys
import unicodedata
from collections import Counter
from itertools import islice, pairwise

import pytest
import tiktoken
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from book.facts import gpt2_tokens
from book.facts import tokenize as measured
from book.figures import tokenize as drawn
from gpt import world
from gpt.model import small
from gpt.tokenize import PATTERN, Tokenizer, split, train
from gpt.train import TEXT, batches, course_tokenizer
from tests.book.page import claim, run

CHAPTER = "tokenize"

BYTES = {bytes([b]): b for b in range(256)}
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def course():
    return course_tokenizer()


@pytest.fixture(scope="module")
def stories():
    return world.corpus(**TEXT)


@pytest.fixture(scope="module")
def manual():
    return measured.manual()


@pytest.fixture(scope="module")
def naive(page):
    """The functions that the page builds: count_pairs, merge, train_naive."""
    return [page.names[name] for name in ("count_pairs", "merge", "train_naive")]


def number(page, name):
    """A number that the prose glues, as it is shown: an int."""
    return int(page.facts[name].replace(",", ""))


def merge_from_the_right(pieces, pair):
    """As the page's `merge`, but the other way round."""
    merged = []
    for piece in reversed(pieces):
        if merged and (piece, merged[0]) == pair:
            merged[0] = piece + merged[0]
            pair = pair if merged[0] not in pair else (None, None)
        else:
            merged.insert(0, piece)
    return merged


# --- what a model sees; characters, words, or something between ---------------------
def test_a_greater_id_was_learned_later(course):
    claim(
        "tokenize",
        "That one id is greater than another says nothing about what the "
        "two tokens mean.",
    )
    half = train(world.corpus(**TEXT), 401, special_tokens=[world.END])
    assert dict(islice(course.ranks.items(), 400)) == half.ranks
    # "at most": a byte is learned at no time, and GPT-2 numbers them otherwise
    assert gpt2_tokens("!")[0][0] != course.encode("!")[0] == ord("!")


def test_characters_take_a_step_each(page):
    claim("tokenize", "the model must take one step for every letter")
    assert page.names["manual"].cuts["characters"].per_token == 1


def test_a_vocabulary_of_words_cannot_write_others(page):
    claim(
        "tokenize",
        "a word that is not in the vocabulary cannot be written at all",
    )
    manual = page.names["manual"]
    known = set(split(manual.seen))
    lost = [chunk for chunk in split(manual.new) if chunk not in known]
    share = sum(map(len, lost)) / len(manual.new)
    assert manual.cuts["words"].lost == share > 0.1


def test_subwords_lose_nothing_because_they_start_from_bytes(page):
    claim(
        "tokenize",
        "Because our subwords start from bytes, in which a computer stores "
        "every text (more on them below), nothing is lost.",
    )
    cuts = page.names["manual"].cuts
    rate = {way: cut.per_token for way, cut in cuts.items()}
    assert rate["characters"] < rate["subwords"] < rate["words"]
    assert cuts["subwords"].lost == 0 < cuts["words"].lost
    # with only those bytes that the old text holds, a new character would be lost
    seen = set(page.names["manual"].seen.encode())
    sheep = page.names["manual"].subwords.pieces("羊")
    assert b"".join(sheep).decode() == "羊"
    assert b"".join(p for p in sheep if set(p) <= seen) != "羊".encode()


def test_gpt2_has_no_token_for_generative():
    claim(
        "tokenize",
        "GPT-2 has no token for the word *generative*, so it puts the word together",
    )
    assert [piece for _, piece in gpt2_tokens(" generative")] == [" gener", "ative"]


# --- byte-pair encoding, with a pencil ----------------------------------------------
def test_without_the_two_agreements_answers_differ(naive):
    claim(
        "tokenize",
        "Two things must be agreed, so that everybody gets the same answer:",
    )
    count_pairs, merge, _ = naive
    words = [measured.letters(word) for word in measured.WORDS]

    def cut(**rules):
        rules = {"count_pairs": count_pairs, "merge": merge} | rules
        steps = [*islice(measured.merges(words, **rules), 5)]
        return [(step.pair, step.count) for step in steps], steps[-1].after

    def count_overlaps_once(chunks):
        counts = count_pairs(chunks)
        for pieces in chunks:
            for left, middle, right in zip(pieces, pieces[1:], pieces[2:]):
                if left == middle == right:
                    counts[left, middle] -= 1
        return counts

    agreed = cut()
    assert cut(youngest_first=True)[0] != agreed[0]
    assert cut(merge=merge_from_the_right)[1] != agreed[1]
    assert cut(count_pairs=count_overlaps_once)[0] != agreed[0]


def test_overlapping_pairs_are_both_counted_and_glued_from_the_left(naive):
    claim(
        "tokenize",
        "But glue from the left, so that it becomes b·aa·a.",
    )
    count_pairs, merge, _ = naive
    chunk = [b"b", b"a", b"a", b"a"]
    assert count_pairs([chunk]) == {(b"b", b"a"): 1, (b"a", b"a"): 2}
    assert merge(chunk, (b"a", b"a")) == [b"b", b"aa", b"a"]
    assert chunk == [b"b", b"a", b"a", b"a"]
    assert merge_from_the_right(chunk, (b"a", b"a")) == [b"b", b"a", b"aa"]


def test_a_merge_takes_pairs_away_from_its_neighbours(page, naive):
    claim(
        "tokenize",
        "At first a·l and l·l were both there … times. The tie went to a·l, and once "
        "its l was glued, no l·l was left at all.",
    )
    count_pairs, merge, _ = naive
    words = [measured.letters(word) for word in measured.WORDS]
    counts = count_pairs(words)
    assert counts[b"a", b"l"] == counts[b"l", b"l"] == max(counts.values())
    assert number(page, "tie_count") == counts[b"a", b"l"]
    after = count_pairs(merge(pieces, (b"a", b"l")) for pieces in words)
    assert (b"l", b"l") not in after


def test_counting_is_not_gluing_because_of_the_overlap(page, naive):
    claim(
        "tokenize",
        "The pair a·a was counted … times but glued only … times, because two of them "
        "overlap in *baaa*.",
    )
    count_pairs, merge, _ = naive
    assert (page.facts["aa_count"], page.facts["aa_glued"]) == ("3", "2")
    words = [word for word in measured.WORDS if word != "baaa"]
    steps = measured.merges([measured.letters(w) for w in words], count_pairs, merge)
    (step,) = [step for step in steps if step.pair == (b"a", b"a")]
    assert step.count == step.glued  # where nothing overlaps, all that count are glued


# --- in code ------------------------------------------------------------------------
def test_the_first_merge_gets_the_first_free_id(page, naive):
    claim(
        "tokenize",
        "So there are 256 different bytes, and the first 256 ids are taken. The first "
        "merge gets id 256, and the next one 257.",
    )
    _, _, train_naive = naive
    ranks = train_naive("baall baall", 260)
    assert [*ranks.values()] == [*range(260)]
    assert [*ranks][:256] == [*BYTES]


def test_ids_break_the_ties(naive):
    claim(
        "tokenize",
        "A smaller id means an older piece, so the ids also break the ties.",
    )
    _, _, train_naive = naive
    # all pairs occur once: the left piece that is older goes first, then the right one
    assert [*train_naive("cx\nbz\nby", 259)][256:] == [b"by", b"bz", b"cx"]


def test_a_space_would_become_part_of_the_word(naive):
    claim(
        "tokenize",
        "The words stand on lines of their own, because a space would become part of "
        "the word after it:",
    )
    assert split("baa all") == ["baa", " all"] and "\n" in split("baa\nall")
    _, _, train_naive = naive
    spaced = [*train_naive(" ".join(measured.WORDS), 256 + 5)][256:]
    assert any(piece.startswith(b" ") for piece in spaced)


@settings(deadline=None)
@given(st.text("ab é果\n", max_size=60), st.text("ab é果\n", max_size=20))
def test_every_piece_is_made_in_one_way_so_ids_and_bytes_are_glued_alike(text, new):
    """The exercise looks up pairs of ids; the page and tiktoken, joined bytes."""
    claim(
        "tokenize",
        "The merges are the same, because every piece is made in only one way. "
        "Wherever the same bytes become one piece, they were glued in the same order.",
    )
    names = run("tokenize").names
    count_pairs, merge, train_naive = (
        names[name] for name in ("count_pairs", "merge", "train_naive")
    )
    recipes, ranks = {}, dict(BYTES)
    chunks = [measured.letters(chunk) for chunk in split(text)]
    while counts := count_pairs(chunks):
        pair = min(counts, key=lambda p: (-counts[p], ranks[p[0]], ranks[p[1]]))
        assert pair[0] + pair[1] not in ranks
        recipes[pair] = ranks[pair[0] + pair[1]] = len(ranks)
        chunks = [merge(pieces, pair) for pieces in chunks]
    assert ranks == train_naive(text, 10_000)
    ids = []
    for chunk in split(new):
        pieces = measured.letters(chunk)
        while known := [pair for pair in count_pairs([pieces]) if pair in recipes]:
            pieces = merge(pieces, min(known, key=recipes.get))
        ids += [ranks[piece] for piece in pieces]
    assert ids == Tokenizer(ranks).encode(new)


# --- the same on the small world ----------------------------------------------------
def test_what_is_frequent_comes_first(naive):
    claim("tokenize", "What is frequent comes first, and what is rare comes last.")
    count_pairs, merge, _ = naive
    text = world.corpus(20_000, seed=2).replace(world.END, "\n")
    chunks = [measured.letters(chunk) for chunk in split(text)]
    counts = [step.count for step in measured.merges(chunks, count_pairs, merge)]
    assert all(earlier >= later for earlier, later in pairwise(counts))
    assert counts[0] > 100 * counts[-1]


def test_the_last_merge_is_half_of_gloves_because_training_stopped(course, stories):
    claim(
        "tokenize",
        "A whole word, *the*, is already among the first merges, while the "
        "last one is only a part of *gloves*, because the tokenizer's "
        "training stopped before the rest was glued.",
    )
    *_, last = course.ranks
    assert last == b" glo" and b" the" in [*course.ranks][256:265]
    further = train(stories, course.n_vocab + 1, special_tokens=[world.END])
    assert [*further.ranks][-1] == b" gloves"


def test_a_larger_text_brings_new_words_and_the_small_world_does_not(manual, stories):
    claim(
        "tokenize",
        "The small world is no typical text. Its stories have only … different chunks",
    )
    claim(
        "tokenize",
        "In a real language, a longer text keeps bringing new words.",
    )

    def new_words(text):
        """The words of each tenth that were in none before."""
        known, found = set(), []
        for tenth in range(10):
            words = split(text[len(text) * tenth // 10 : len(text) * (tenth + 1) // 10])
            found.append(len(set(words) - known))
            known |= set(words)
        return found

    assert min(new_words(manual.seen + manual.new)) > 100
    assert max(new_words(stories.replace(world.END, "\n"))[1:]) < 10


# --- encode and decode --------------------------------------------------------------
def test_encoding_replays_the_merges_and_the_longest_piece_would_differ(page, naive):
    claim(
        "tokenize",
        "Taking the longest known piece from the left would have given "
        "baa·l·l instead. That spells *baall* too, but the tokenizer's "
        "training would never cut it that way, because `al` is glued "
        "before `baa` exists.",
    )
    claim(
        "tokenize",
        "The word *baall* shows that taking the longest piece first may "
        "cut differently. Both ways decode to the same text",
    )
    ranks = page.names["ranks"]
    tokenizer = Tokenizer(ranks)
    longest = measured.from_the_left(b"baall", ranks)
    assert longest == [b"baa", b"l", b"l"]
    assert tokenizer.encode("baall") == [98, 97, 257] == page.names["replay"].ids
    assert tokenizer.decode(ranks[piece] for piece in longest) == "baall"
    # trained with baall among the words, and stopped where the pencil stopped
    _, merge, _ = naive
    words = [measured.letters(word) for word in [*measured.WORDS, "baall"]]
    for pair in (step.pair for step in page.names["pencil"].merges):
        words = [merge(pieces, pair) for pieces in words]
    assert words[-1] == [b"b", b"a", b"all"]
    # were al younger than baa, the cut would be the other
    late = [piece for piece in ranks if piece not in (b"al", b"all")] + [b"al", b"all"]
    late = Tokenizer({piece: id for id, piece in enumerate(late)})
    assert late.pieces("baall") == longest


def test_a_model_must_read_text_that_is_cut_as_it_learned(page, course, stories):
    claim(
        "tokenize",
        "The model was trained on text that was cut by replaying merges. There *day* is "
        "always one token, so the model has never met either of the two others.",
    )
    claim("tokenize", "but the model knows only one of them")
    model, _ = small()
    found = measured.cut_otherwise(model, course)
    assert found["day_cut"] == page.facts["day_cut"] == "da·y"
    assert float(found["bet_whole"]) > 0.99 and float(found["bet_cut"]) < 0.2
    others = {course.ranks[piece] for piece in (b" da", b"y")}
    met = {*course.encode(stories, allowed_special="all")}
    for story in islice(world.stories(seed=0), 4000):
        met |= {*course.encode(story)}
    assert course.ranks[b" day"] in met and not met & others
    # of twenty new stories: each word in other pieces of the vocabulary, if there are
    end, known = course.special_tokens[world.END], course.ranks.keys()

    def loss(ids):
        ids = torch.tensor([[end, *ids]])[:, :64]
        found = model(ids)[0, :-1].log_softmax(-1)
        return -float(found.gather(1, ids[0, 1:, None]).mean())

    for story in islice(world.stories(seed=1_000_000), 20):
        pieces = [
            part
            for piece in course.pieces(story)
            for part in measured.from_the_left(
                piece, known - {piece} if len(piece) > 1 else known
            )
        ]
        assert b"".join(pieces).decode() == story
        assert loss([course.ranks[p] for p in pieces]) > 5 * loss(course.encode(story))


@settings(deadline=None)
@given(st.text(max_size=40))
def test_every_text_comes_back(text):
    claim(
        "tokenize",
        "Encode and then decode, and every text comes back. The reverse need not hold, "
        "for the ids `[97, 108]` decode to *al*, but *al* encodes to `[256]`.",
    )
    tokenizer = Tokenizer(run("tokenize").names["ranks"])
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.decode([97, 108]) == "al" and tokenizer.encode("al") == [256]


# --- why start from bytes? ----------------------------------------------------------
def test_a_vocabulary_with_all_bytes_can_write_every_text():
    claim(
        "tokenize",
        "Unicode has more than a hundred thousand characters, and a message may hold "
        "any of them. UTF-8 writes each as one to four bytes, and there are only 256 "
        "different bytes. So a vocabulary that starts with all of them can write "
        "**every** text.",
    )
    claim(
        "tokenize",
        "In UTF-8 every text is a row of bytes, and all 256 bytes are in the "
        "vocabulary. A rare word costs more tokens, but it can always be written.",
    )
    every = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) not in ("Cn", "Cs")
    ]
    assert len(every) > 100_000
    assert {len(character.encode()) for character in every} == {1, 2, 3, 4}
    text = "".join(every)
    assert Tokenizer(BYTES).decode(Tokenizer(BYTES).encode(text)) == text


def test_chinese_costs_a_token_a_byte_where_none_was_seen(page, course, stories):
    claim(
        "tokenize",
        "It is … bytes, so it is … tokens in our vocabulary, which never saw Chinese.",
    )
    assert not HAN.search(stories)
    assert len(course.encode("果")) == len("果".encode()) == 3


def test_a_part_of_a_character_is_no_text(course):
    claim(
        "tokenize",
        "So a token may be *part* of a character, and part of a character is no text:",
    )
    claim(
        "tokenize",
        "That is why decoding joins all bytes first and reads them as text only at "
        "the end.",
    )
    ids = course.encode("果")
    for id in ids:
        with pytest.raises(ValueError, match="not UTF-8"):
            course.decode([id])
    assert course.decode(ids) == "果"


def test_a_tokenizer_that_reads_chinese_makes_one_token_of_a_character(page):
    claim(
        "tokenize",
        "Train a tokenizer on a few lines of it, and the bytes of a character are glued "
        "like the letters of a word:",
    )
    claim(
        "tokenize",
        "With 280 tokens, this tokenizer makes one token of each character. With …, it "
        "has glued the last two characters into a word, 水果 (*fruit*):",
    )
    (_, gpt2), (some, characters), (more, words) = page.names["lamb"].cuts
    assert (some, more) == (280, page.names["lamb"].said["chinese_more"])
    assert [piece.decode() for piece in characters] == [*measured.LAMB]
    assert words[-1].decode() == "水果" and len(words) == len(characters) - 1
    assert len(gpt2) > 2 * len(characters)
    # a new sentence: it stands nowhere in the text
    assert measured.LAMB not in page.names["chinese"]


# --- the pre-tokenizer --------------------------------------------------------------
def test_without_chunks_merges_cross_the_edges_of_words(page, course):
    claim(
        "tokenize",
        "Without the cuts, … of … merges went over the edge of a word. "
        "Such a piece fits only where these words stand side by side, yet "
        "it takes up a place in the vocabulary.",
    )
    claim("tokenize", "and no merge crosses their edges")
    edges, text = page.names["edges"], page.names["some"]
    crossing = [p.decode() for p in edges.unchunked if len(split(p.decode())) > 1]
    assert number(page, "crossing") == len(crossing) > len(edges.unchunked) / 3
    chunks = set(split(text))
    assert not any(piece in chunk for piece in crossing for chunk in chunks)
    for piece in [*edges.chunked, *course.ranks.keys() - BYTES.keys()]:
        assert len(split(piece.decode())) == 1


def test_what_the_page_says_of_the_pattern():
    claim(
        "tokenize",
        "The first part knows only small letters and the straight apostrophe, so it "
        "misses `DON'T` and `don’t`.",
    )
    claim(
        "tokenize",
        "The fifth part looks ahead, so of four spaces it takes three and leaves the "
        "last one for the word.",
    )
    assert "|".join(part for part, _, _ in drawn.PATTERN_EXPLAINED) == PATTERN
    assert split("it's DON'T don’t") == ["it", "'s", " DON", "'", "T", " don", "’", "t"]
    assert split("a²b x½ Ⅷ") == ["a", "²", "b", " x", "½", " Ⅷ"]
    assert split("a    b") == ["a", "   ", " b"]


# --- special tokens -----------------------------------------------------------------
def test_nothing_is_ever_glued_to_a_special_token(course, stories):
    claim(
        "tokenize",
        "The border must be marked by something that no story contains, a special "
        "token. Its id comes after those of all merges, and nothing is ever glued to "
        "it.",
    )
    assert course.special_tokens == {world.END: len(course.ranks)}
    assert max(course.ranks.values()) < course.special_tokens[world.END]
    assert not any(world.END in story for story in islice(world.stories(7), 1000))
    assert not any(b"<|" in piece or b"|>" in piece for piece in course.ranks)
    two = "Ada ran home.<|endoftext|>Once a mouse"
    parts = map(course.encode, two.split(world.END))
    one, other = parts
    ids = course.encode(two, allowed_special="all")
    assert ids == [*one, course.special_tokens[world.END], *other]


def test_end_stands_before_the_first_token_so_that_it_can_be_predicted(course):
    claim(
        "tokenize",
        "It also stands before the first token of every text that our model reads, so "
        "that there is something from which that token can be predicted.",
    )
    claim("embed", "which stands before every text that our model reads.")
    end, model = course.special_tokens[world.END], small()[0]
    told = [*islice(world.stories(7), 64)]
    ids, targets = next(batches(course, iter(told), len(told)))
    assert (ids[:, 0] == end).all()
    first = [course.encode(story)[0] for story in told]
    assert sorted(targets[:, 0].tolist()) == sorted(first)
    with pytest.raises(ValueError, match="there are no ids"):
        model(torch.zeros(1, 0, dtype=torch.int64))


def test_who_can_type_a_special_token_can_pose_as_the_system(course):
    claim(
        "tokenize",
        "Decoding writes the name, so in a decoded text the token and its typed name "
        "look alike.",
    )
    claim(
        "tokenize",
        "the ids would be the same whether the token was typed by a user or written by "
        "the program. Whoever can type such a token can pose as the system. So only the "
        "program itself may write one. In text from outside it is refused, or cut into "
        "ordinary pieces.",
    )
    claim(
        "tokenize",
        "The encoder must not give it the special token's id. It refuses, or it "
        "encodes the ordinary characters `<`, `|`, `e` and so on.",
    )
    end = course.special_tokens[world.END]
    program = [*course.encode("ran home."), end, *course.encode("Once a mouse")]
    typed = "ran home.<|endoftext|>Once a mouse"
    assert course.encode(typed, allowed_special="all") == program
    with pytest.raises(ValueError, match="not allowed"):
        course.encode(typed)
    ordinary = course.to_tiktoken().encode(typed, disallowed_special=())
    assert end not in ordinary
    assert course.decode(ordinary) == course.decode(program) == typed


# --- GPT-2's vocabulary -------------------------------------------------------------
@settings(deadline=None)
@given(st.text(max_size=40))
def test_with_our_ranks_tiktoken_becomes_our_tokenizer(text):
    claim("tokenize", "Give it our ranks, and it becomes our tokenizer:")
    names = run("tokenize").names
    assert names["encoding"].encode(text) == names["course"].encode(text)


def test_gpt2_cuts_the_prompt_as_we_do(course):
    claim(
        "tokenize",
        "GPT-2 cuts our prompt into the same … pieces as our own tokenizer, since "
        "every word of it is one token in both vocabularies. Only the ids differ:",
    )
    theirs = gpt2_tokens(world.PROMPT)
    ours = [piece.decode() for piece in course.pieces(world.PROMPT)]
    assert ours == [piece for _, piece in theirs] == split(world.PROMPT)
    assert [id for id, _ in theirs] != course.encode(world.PROMPT)


def test_a_tokenizer_is_short_on_its_own_kind_of_text(page, course, manual):
    claim(
        "tokenize",
        "A tokenizer needs few tokens for the kind of text that it was trained on.",
    )
    assert number(page, "sentence_ours") > 2 * number(page, "sentence_gpt2")
    # two vocabularies of one size, each on new text of either kind
    others = Tokenizer(dict(islice(manual.subwords.ranks.items(), course.n_vocab)))
    story = "".join(islice(world.stories(seed=1_000_000), 50))
    new = manual.new[:20_000]
    assert len(course.encode(story)) < 0.7 * len(others.encode(story))
    assert len(others.encode(new)) < 0.7 * len(course.encode(new))


# --- the fast trainer ---------------------------------------------------------------
def test_a_merge_changes_the_counts_only_where_its_pair_stands(naive):
    claim(
        "tokenize",
        "When a·l is glued in s·m·a·l·l, three pairs are lost (m·a, a·l, l·l) and two "
        "are gained (m·al, al·l), while words without a·l stay as they were.",
    )
    claim(
        "tokenize",
        "So the fast trainer counts only once and remembers *where* each pair occurs. "
        "After a merge it corrects the counts there and nowhere else.",
    )
    claim(
        "tokenize",
        "The pairs b·a, a·l and l·l are lost; b·al and al·l are gained.",
    )
    count_pairs, merge, _ = naive

    def change(word):
        before = measured.letters(word)
        after = merge(before, (b"a", b"l"))
        lost = count_pairs([before]) - count_pairs([after])
        gained = count_pairs([after]) - count_pairs([before])
        return set(lost), set(gained)

    a, b, m, l_, al = b"a", b"b", b"m", b"l", b"al"
    assert change("small") == ({(m, a), (a, l_), (l_, l_)}, {(m, al), (al, l_)})
    assert change("ball") == ({(b, a), (a, l_), (l_, l_)}, {(b, al), (al, l_)})
    assert change("baaa") == (set(), set())
    # of whole stories: all changes are in the chunks with the pair
    chunks = [measured.letters(chunk) for chunk in split(world.corpus(4_000, seed=3))]
    for step in islice(measured.merges(chunks, count_pairs, merge), 60):
        there = [i for i, c in enumerate(step.before) if step.pair in pairwise(c)]
        counts = Counter(step.counts)
        counts.subtract(count_pairs(step.before[i] for i in there))
        counts.update(count_pairs(step.after[i] for i in there))
        assert +counts == count_pairs(step.after)


# --- where tokenization hurts -------------------------------------------------------
def test_digits_do_not_line_up(page):
    claim(
        "tokenize",
        "GPT-2 cuts a number as it cuts a word, by how often its parts occurred. So 380 "
        "is … token and 381 is …, and digits do not line up:",
    )
    assert [piece for _, piece in gpt2_tokens(" 380")] == [" 380"]
    assert [piece for _, piece in gpt2_tokens(" 381")] == [" 38", "1"]
    # our own trainer does so, too: what was frequent is one token
    often = train(" 380" * 50 + " 381" + " 38" * 10, 259)
    assert often.pieces(" 380") == [b" 380"] and often.pieces(" 381") == [b" 38", b"1"]


def test_newer_tokenizers_cut_numbers_by_their_digits(monkeypatch):
    claim(
        "tokenize",
        "Newer tokenizers cut numbers by their digits. Those of Llama 1 "
        "and 2 cut them into single digits, and that of GPT-4 into groups "
        "of at most three.",
    )
    from tiktoken_ext import openai_public

    monkeypatch.setattr(openai_public, "load_tiktoken_bpe", lambda *_, **__: {})
    name = tiktoken.encoding_name_for_model("gpt-4")
    pattern = getattr(openai_public, name)()["pat_str"]
    digits = tiktoken.Encoding(
        "bytes", pat_str=pattern, mergeable_ranks=BYTES, special_tokens={}
    )
    merged = train("1234567 " * 50 + "123 " * 9, 280)
    whole = tiktoken.Encoding(
        "merged", pat_str=pattern, mergeable_ranks=merged.ranks, special_tokens={}
    )
    assert merged.pieces("1234567") == [b"1234567"]  # with GPT-2's pattern
    lengths = map(len, whole.decode_tokens_bytes(whole.encode("1234567")))
    assert max(lengths) <= 3 and len(digits.encode("1234567")) == 7


def test_merges_go_to_what_was_frequent():
    claim(
        "tokenize",
        "Merges go to what was frequent, and for GPT-2 that was English.",
    )
    claim(
        "tokenize",
        "non-English pages were removed from the text that GPT-2 was trained on",
    )
    english, hindi = measured.SENTENCES["English"], measured.SENTENCES["Hindi"]

    def bytes_per_token(text, tokenizer):
        return len(text.encode()) / len(tokenizer.encode(text))

    mostly_english = train(f"{english} " * 20 + hindi, 290)
    mostly_hindi = train(f"{hindi} " * 20 + english, 290)
    assert bytes_per_token(english, mostly_english) > bytes_per_token(
        english, mostly_hindi
    )
    assert bytes_per_token(hindi, mostly_hindi) > bytes_per_token(hindi, mostly_english)
    costs = measured.languages().costs
    assert min(costs, key=costs.get) == "English"


def test_hindi_needs_a_token_for_every_chunk_however_much_was_read(page):
    claim(
        "tokenize",
        "Many of its vowels are written as marks on a letter, and for "
        "`\\p{L}` marks are not letters. So the pre-tokenizer cuts नमस्ते "
        "(*namaste*), one word, into … chunks",
    )
    claim(
        "tokenize",
        "However much Hindi it had read, a tokenizer with this pattern would still "
        "need at least … tokens for the … words of the sentence.",
    )
    assert split("नमस्ते") == ["नमस", "्", "त", "े"]
    kinds = [unicodedata.category(character) for character in "नमस्ते"]
    assert [kind[0] for kind in kinds] == ["L", "L", "L", "M", "L", "M"]
    hindi = measured.SENTENCES["Hindi"]
    reads_hindi = train(f"{hindi} " * 100, 1000)  # until no pair is left
    assert len(reads_hindi.ranks) < 1000
    assert len(reads_hindi.encode(hindi)) == len(split(hindi))
    assert number(page, "hindi_chunks") == len(split(hindi)) > 2 * len(hindi.split())


def test_a_chinese_sentence_is_one_chunk_and_merges_cross_words(page):
    claim(
        "tokenize",
        "Chinese, on the other hand, is written without spaces, so the pattern takes "
        "the whole sentence up to its full stop as one chunk, and merges may cross the "
        "edges of words.",
    )
    sentence = measured.SENTENCES["Chinese"]
    assert split(sentence) == [sentence[:-1], "。"]
    # 上有 are two words (on, is), and stood together most often
    reads_chinese = train(page.names["chinese"], 300)
    assert "上有".encode() in reads_chinese.ranks


def test_after_a_space_the_next_word_would_have_to_come_without_one(page, stories):
    claim(
        "tokenize",
        "A word carries its space in front. So after a prompt that ends in a space, the "
        "next word would have to come without one, and in all our stories *fox* "
        "without a space in front occurs … times.",
    )
    claim(
        "tokenize",
        "With a space at the end the bet, on animals with or without a space, is …:",
    )
    assert number(page, "bare_fox") == 0 < stories.count(" fox")
    assert float(page.facts["bet_animal"]) > 0.99
    assert float(page.facts["bet_after_space"]) < 0.01


def test_tokens_without_training_were_steps_to_longer_pieces(page, course, stories):
    claim(
        "tokenize",
        "Of the merges, … were only steps on the way to longer pieces and never occur "
        "in the encoded stories.",
    )
    counts = Counter(course.encode(stories, allowed_special="all"))
    unused = [
        piece for piece, id in course.ranks.items() if id > 255 and not counts[id]
    ]
    assert number(page, "unused") == len(unused)
    for piece in unused:
        assert any(piece in longer and piece != longer for longer in course.ranks)


def test_thirteen_bytes_occur_in_no_text(page):
    """The two that would begin a character of one byte, and those past U+10FFFF."""
    claim(
        "tokenize",
        "Why are these never used? In UTF-8, the first byte of a character "
        "says how many bytes the character has. The bytes 192 and 193 "
        "would begin a character of two bytes that can be written in one, "
        "which is forbidden. The bytes 245 to 253 would begin characters "
        "with greater numbers than Unicode has. And 254 and 255 begin "
        "nothing at all.",
    )
    never = {0xC0, 0xC1, *range(0xF5, 0x100)}
    assert len(never) in [value for value in page.shown if isinstance(value, int)]
    assert not any(
        byte in chr(c).encode() for c in (0, 0x7FF, 0x10FFFF) for byte in never
    )
    for byte in never:
        for rest in range(4):
            with pytest.raises(UnicodeDecodeError):
                (bytes([byte]) + b"\x80" * rest).decode()
    # a byte that begins with as many ones as its character has bytes: what follows them
    for byte in 192, 193:
        assert f"{byte:08b}"[:3] == "110" and (byte & 31) << 6 | 63 < 128
    for byte in range(245, 254):
        ones = f"{byte:08b}0".index("0")
        if ones == 4:
            assert (byte & 7) << 18 > sys.maxunicode
        else:  # a character that needs five bytes or six: four hold 21 bits
            assert ones in (5, 6) and 2**21 > sys.maxunicode
    assert all(f"{byte:08b}0".index("0") > 6 for byte in (254, 255))
    assert never == {192, 193, *range(245, 254), 254, 255}


# --- what the vocabulary size trades ------------------------------------------------
def test_a_larger_vocabulary_makes_sequences_shorter(page):
    claim(
        "tokenize",
        "A larger vocabulary makes sequences shorter, so the model takes fewer steps. "
        "But every token needs a row of numbers of its own in the model",
    )
    for curve in page.names["sizes"].curves.values():
        rates = [per_token for _, per_token in curve]
        assert all(one < other for one, other in pairwise(rates))
    model, tokenizer = small()
    rows = model.weights["wte.weight"]
    assert rows.shape == (tokenizer.n_vocab, model.config.d_model)
    assert number(page, "d_model") == model.config.d_model


def test_when_each_chunk_is_one_token_training_stops(page, stories):
    claim(
        "tokenize",
        "When each of the … different chunks is one token, at …, no pair "
        "is left and the tokenizer's training stops.",
    )
    all_of_it = train(stories, 10_000, special_tokens=[world.END])
    assert all_of_it.n_vocab == number(page, "world_end") < 10_000
    words = measured.chunks_of(stories)
    assert all(word.encode() in all_of_it.ranks for word in words)
    # one token fewer, and a word is still in pieces
    *before, _ = all_of_it.ranks
    assert not all(word.encode() in before for word in words)


def test_each_doubling_brings_less(page):
    claim(
        "tokenize",
        "each doubling of the vocabulary brings less than the one before",
    )
    rate = dict(page.names["sizes"].curves["Python's manual"])
    doubled = [rate[2 * n] / rate[n] for n in (256, 512, 1024, 2048)]
    assert all(one > other > 1 for one, other in pairwise(doubled))
    gains = [rate[2 * n] - rate[n] for n in (256, 512, 1024, 2048)]
    assert all(one > other for one, other in pairwise(gains))


# --- not only text ------------------------------------------------------------------
def test_patches_that_look_alike_share_a_number():
    claim(
        "tokenize",
        "Patches that look alike share a number, as those of the empty sky do here.",
    )
    coded = measured.coded()
    patches = coded.picture.reshape(4, 8, 4, 8).swapaxes(1, 2).reshape(16, 64)
    sky = [i for i, patch in enumerate(patches) if patch.max() == patch.min() < 0.2]
    assert len(sky) > 4 and len({coded.patches[i] for i in sky}) == 1


# --- change this and predict what happens -------------------------------------------
def test_the_predictions(page, naive):
    claim(
        "tokenize",
        "All counts double, so which pair is the most frequent does not change.",
    )
    claim(
        "tokenize",
        "The first merge is l·l. It takes the l away from a·l, but `all` is made all "
        "the same, from the other side.",
    )
    claim(
        "tokenize",
        "Both a·a and b·a are now there … times. The tie goes to a·a, because its left "
        "piece a is older than b.",
    )
    found = page.names["predictions"].pieces
    assert found["predict_twice"] == [*page.names["ranks"]][256:]
    assert found["predict_youngest"][:2] == [b"ll", b"all"]
    assert found["predict_baa"][0] == b"aa"
    count_pairs, merge, _ = naive
    words = [measured.letters(word) for word in measured.WORDS + ["baa"] * 10]
    counts = count_pairs(words)
    most = max(counts.values())
    assert counts[b"a", b"a"] == counts[b"b", b"a"] == most == number(page, "ten_more")
    steps = measured.merges(words, count_pairs, merge, youngest_first=True)
    assert next(steps).pair == (b"b", b"a")  # were b the older one


# --- check yourself -----------------------------------------------------------------
def test_training_and_encoding_must_glue_from_the_same_side(naive):
    claim(
        "tokenize",
        "When a·a is glued, it becomes b·aa·a and not b·a·aa, because "
        "gluing goes from the left. The tokenizer's training and its "
        "encoding must agree on this.",
    )
    _, merge, train_naive = naive
    tokenizer = Tokenizer(train_naive("baaa\nbaaa", 257 + 1))
    assert [*tokenizer.ranks][256] == b"aa"
    trained = merge(measured.letters("baaa"), (b"a", b"a"))
    other = merge_from_the_right(measured.letters("baaa"), (b"a", b"a"))
    assert trained == [b"b", b"aa", b"a"] != other
    assert Tokenizer(BYTES | {b"aa": 256}).pieces("baaa") == trained
