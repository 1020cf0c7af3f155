"""train(text, n_vocab): the merges that fill a vocabulary, from pairs to their new ids.

The oracle is Hugging Face's trainer. Most cases are ties, as a rule that only breaks
ties in another way learns the same from most texts.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, some, stop
from autograder.checks._twins import twins
from autograder.checks.tokenize._material import (
    ALPHABET,
    HANZI,
    LIBRARIES,
    Merges,
    Pair,
    borders,
    characters_for_bytes,
    chunks_of,
    code_points,
    counted,
    merged,
    nasty_text,
    new_word,
    oldest_first,
    one_chunk,
    ranks_of,
    sorted_letters,
    split,
    stories,
    utf8,
    written_out,
)
from autograder.checks.tokenize.count_pairs import without_overlap
from autograder.checks.tokenize.to_chunks import oracle as cut


def oracle(text: str, n_vocab: int) -> Merges:
    """Hugging Face's BPE trainer, on bytes dressed as letters.

    Byte b becomes the letter chr(0x100 + b), none of which is white space, so that
    chunks can be handed over as words. Its rule for ties is ours: the smaller pair.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    letters = [chr(0x100 + b) for b in range(256)]
    words = ("".join(letters[b] for b in chunk) for chunk in cut(text))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=n_vocab,
        min_frequency=1,
        initial_alphabet=letters,
        show_progress=False,
    )
    tokenizer.train_from_iterator([" ".join(words)], trainer)
    ids = tokenizer.get_vocab()
    by_id = sorted(ids, key=ids.get)
    if by_id[:256] != letters:
        raise RuntimeError("the trainer did not keep the 256 bytes in order")
    model = _merges_of(tokenizer)
    if len(model) != len(by_id) - 256:
        raise RuntimeError("two merges made the same token")  # never seen
    return {(ids[a], ids[b]): ids[a + b] for a, b in model}


def _merges_of(tokenizer: object) -> list[tuple[str, str]]:
    """The merges of a Hugging Face tokenizer, which only its JSON tells."""
    return [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]


def worked(text: str, n_vocab: int) -> dict[str, Any]:
    """The first rounds: which pairs are the most frequent, and which one is merged."""
    pieces, seen = chunks_of(text), {}
    for (a, b), new_id in oldest_first(oracle(text, n_vocab))[:3]:
        counts = counted(pieces)
        most = max(counts.values())
        best = sorted(pair for pair, n in counts.items() if n == most)
        seen[f"round {new_id - 255}, {most} times"] = best[:4]
        seen[f"round {new_id - 255}, {new_id} is"] = (a, b)
        pieces = [merged(ids, (a, b), new_id) for ids in pieces]
    return seen


def learned(text: str, n_merges: int) -> Merges:
    """For the cases of other checks."""
    return oracle(text, 256 + n_merges)


def draw(rng: np.random.Generator) -> list[Case]:
    a, b, c, d = some(rng, ALPHABET, 4)
    p, q, r, s = sorted_letters(rng, 4)
    u, v, w = sorted_letters(rng, 3)
    i, j, k, m = sorted_letters(rng, 4)
    x, y = sorted_letters(rng, 2)
    run = between(rng, 6, 9)
    e, f, g, h = some(rng, ALPHABET, 4)
    one, two, three = some(rng, HANZI, 3)
    return [
        Case("one merge without a tie", (f"{a}{b}{c}{a}{b}{d}{a}{b}", 257)),
        Case("a tie between three pairs", (f"{r}{s}{p}{q}{r}{s}{p}{q}", 257)),
        Case("a tie that the left id decides", (f"{j}{k}{i}{m}", 257)),
        Case("a tie that the right id decides", (f"{u}{w}{u}{v}", 257)),
        Case("a run, whose pairs overlap", (f"{u * 3}{v}{w}{v}{w}", 257)),
        # Just enough merges for one that is called 256 like the first to come again.
        Case(
            "merges of merges, in a run",
            (f"{x * run} {y}{x * run}", 259 + run % 2),
        ),
        edge("more merges asked for than there are", (f"{e}{f}{g} {e}{f}{h}", 300)),
        edge(
            "a vocabulary of the bytes alone", (f"{new_word(rng)} {new_word(rng)}", 256)
        ),
        edge(
            "a vocabulary smaller than the number of bytes",
            (f"{new_word(rng)} {new_word(rng)}", between(rng, 0, 255)),
        ),
        Case(
            "Chinese, where a character is three bytes",
            (f"{one}{two}{one}{two} {three}{one} {two}{three}", 260),
        ),
        Case("a page of stories", (stories(rng, 800), 390)),
        Case(
            "words that only a full stop or a comma parts",
            (f"{a}{b},{a}{b}.{c}{a},{b}{a},{c}{a}.{b}", 262),
        ),
        edge(
            "accents written apart", ("e\u0301" * 3 + f" {a}" + "o\u0302e\u0301", 259)
        ),
        edge("many spaces at both ends", (f"{chr(32) * 9}{a}{b}{chr(32) * 9}", 258)),
        edge("an empty text", ("", between(rng, 257, 300))),
        edge(
            "many spaces at the beginning alone",
            (f"{chr(32) * 9}{a}{b} {c}{d} {c}{d}", 259),
        ),
        edge(
            "many spaces at the end alone", (f"{a}{b} {c}{d} {c}{d}{chr(32) * 9}", 259)
        ),
        edge(
            "the text of the first case, and a larger vocabulary",
            (f"{a}{b}{c}{a}{b}{d}{a}{b}", 259),
        ),
        edge("line ends at the end", (f"{a}{b} {c}{d}\n\n\n\n", 257)),
        edge("marks that no one sees, tabs and line ends", (nasty_text(rng) * 3, 400)),
        edge(
            "a tie of pairs that come hundreds of times", (f"{r}{s},{p}{q}." * 300, 257)
        ),
        edge(
            "pairs that come a thousand times, and one hardly more often",
            (f"{p}{q}," * 1030 + f"{r}{s}," * 1040, 257),
        ),
        edge("a very long word", (new_word(rng, 400) + "A" * 140, 540)),
        edge("a text of one character", (some(rng, HANZI, 1)[0], 300)),
        edge("every kind of border between chunks", (borders(rng)[0], 600)),
        edge("nothing but line ends and zero bytes", ("\n\n\n\0\0\0", 258)),
        *twins(
            oracle,
            lambda: (new_word(rng, 6), 257),
            "the text",
            "the size of the vocabulary",
            others={1: 258},
        ),
    ]


def _least(order: Callable[[Pair, int], Any]):
    """Picks the pair for which `order(pair, its count)` is smallest."""
    return lambda counts, merges: min(counts, key=lambda p: order(p, counts[p]))


_most_frequent = _least(lambda pair, n: (-n, pair))


def _by_bytes(counts: dict[Pair, int], merges: Merges) -> Pair:
    data = written_out(merges)
    return min(counts, key=lambda p: (-counts[p], data[p[0]], data[p[1]]))


def _by_the_new_token(counts: dict[Pair, int], merges: Merges) -> Pair:
    data = written_out(merges)
    return min(counts, key=lambda p: (-counts[p], data[p[0]] + data[p[1]]))


def training(
    text: str,
    n_vocab: int,
    more: int = 0,
    pick: Callable[[dict[Pair, int], Merges], Pair] = _most_frequent,
    least: int = 1,
    chunks: Callable[[str], list[list[int]]] = chunks_of,
    count: Callable[[list[list[int]]], dict[Pair, int]] = counted,
    put: Callable[[list[int], Pair, int], list[int]] = merged,
    first: int = 256,
    noted: int | None = None,
    inside: int | None = None,
    rounds: bool = False,
    give: Callable[[Merges], Any] = dict,
) -> Any:
    """Training, with screws: `pick` a pair as long as one stands `least` times.

    `more` merges are learned than were asked for. New ids grow from `first`, unless
    `noted` stands in the merges, or `inside` in the chunks, in their place; with
    `rounds`, a pair that comes again takes a round, too.
    """
    pieces, merges, done = chunks(text), {}, 0
    while (done if rounds else len(merges)) < n_vocab - 256 + more:
        counts = count(pieces)
        if not counts or max(counts.values()) < least:
            break
        pair = pick(counts, merges)
        new_id = first + (done if rounds else len(merges))
        merges[pair] = noted or new_id
        pieces = [put(ids, pair, inside or new_id) for ids in pieces]
        done += 1
    return give(merges)


def _counted_once(text, n_vocab):
    """The most frequent pairs of the first count, never counted again."""
    counts = counted(chunks_of(text))
    best = sorted(counts, key=lambda pair: (-counts[pair], pair))[: n_vocab - 256]
    return {pair: 256 + k for k, pair in enumerate(best)}


def _the_same_again(text, n_vocab):
    """The chunks never change, so the same pair is learned again and again."""
    first = training(text, min(n_vocab, 257))
    return {pair: n_vocab - 1 for pair in first}


def _used_up(text, n_vocab, late=0):
    """A generator made of the chunks is empty when the second count is over. What it
    does comes `late`: when the new id is already that of the next round."""
    if n_vocab < 258:
        return training(text, n_vocab)
    first = training(text, 257)
    pieces = [
        merged(ids, pair, 256 + late) for ids in chunks_of(text) for pair in first
    ]
    if counts := counted(pieces):
        first[min(counts, key=lambda pair: (-counts[pair], pair))] = 257
    return first


def _old_counts_in_the_heap(text, n_vocab):
    """The counts of every round are put on it, and none is taken off."""
    pieces, merges, heap = chunks_of(text), {}, []
    for new_id in range(256, n_vocab):
        for pair, n in counted(pieces).items():
            heapq.heappush(heap, (-n, pair))
        if not heap:
            break
        _, pair = heapq.heappop(heap)
        merges[pair] = new_id
        pieces = [merged(ids, pair, new_id) for ids in pieces]
    return merges


def _no_pair_left(text, n_vocab):
    merges = training(text, n_vocab)
    return merges if len(merges) >= n_vocab - 256 else stop(ValueError)


def _in_the_first_alone(text, n_vocab):
    """Merged in the first chunk, counted in all of them."""
    pieces, merges = chunks_of(text), {}
    for new_id in range(256, n_vocab):
        counts = counted(pieces)
        if not counts:
            break
        pair = _most_frequent(counts, merges)
        merges[pair] = new_id
        pieces[0] = merged(pieces[0], pair, new_id)
    return merges


def _waits_for_it(text, n_vocab):
    n_vocab = 1 << 30 if n_vocab > 256 else 0
    return training(text, n_vocab, noted=256, inside=256)


def _each_chunk_once(pieces: list[list[int]]) -> Counter[Pair]:
    return counted([list(ids) for ids in {*map(tuple, pieces)}])


def _once_a_chunk(pieces: list[list[int]]) -> Counter[Pair]:
    return Counter(pair for ids in pieces for pair in counted([ids]))


def _over_the_borders(pieces: list[list[int]]) -> Counter[Pair]:
    return counted([[i for ids in pieces for i in ids]])


def _words(text: str) -> list[list[int]]:
    return [utf8(word) for word in text.split()]


def _often(name: str, hint: str, **screws: Any) -> Mistake:
    return Mistake(name, hint, partial(training, **screws))


def _seldom(name: str, hint: str, **screws: Any) -> Mistake:
    """What is seldom done together with something else, and so makes no pairs."""
    return Mistake(name, hint, lambda text, n_vocab: training(text, n_vocab, **screws))


def _tie(name: str, hint: str, pick: Callable[..., Pair], more: str = "") -> Mistake:
    how = (
        more or "Compare the left ids, and only where these are equal, the right ones."
    )
    return _often(
        f"ties: {name}",
        f"Where several pairs are equally frequent {hint} {how}",
        pick=pick,
    )


MISTAKES = (
    _tie(
        "the first one seen",
        "you take the one that was seen first.",
        lambda counts, merges: max(counts, key=counts.get),
        "The rule is: the pair with the smallest ids, the left ones compared first. "
        "Python compares tuples in just that way.",
    ),
    _tie(
        "the last one seen",
        "you take the one that was seen last.",
        lambda counts, merges: max(reversed(counts), key=counts.get),
        "The rule is: the pair with the smallest ids, the left ones compared first. "
        "Python compares tuples in just that way.",
    ),
    _tie(
        "the largest pair",
        "you take the largest, and the rule asks for the smallest.",
        _least(lambda pair, n: (-n, -pair[0], -pair[1])),
        "Most frequent and smallest pull in opposite directions: one way to have both is "
        "to look for a minimum, with one of them negated.",
    ),
    _tie(
        "the larger right id",
        "and begin with the same id, you take the larger right one.",
        _least(lambda pair, n: (-n, pair[0], -pair[1])),
        "The smaller one is wanted, left and right.",
    ),
    _tie(
        "the larger left id",
        "you take the one with the larger left id.",
        _least(lambda pair, n: (-n, -pair[0], pair[1])),
        "The smaller one is wanted, left and right.",
    ),
    _tie(
        "only the left id",
        "and begin with the same id, you do not look at the right one.",
        _least(lambda pair, n: (-n, pair[0])),
    ),
    _tie(
        "only the right id",
        "you look at the right ids only.",
        _least(lambda pair, n: (-n, pair[1])),
    ),
    _tie(
        "the right id first",
        "you compare the right ids first.",
        _least(lambda pair, n: (-n, pair[::-1])),
        "The left ones come first; only where these are equal do the right ones decide.",
    ),
    _tie(
        "the smallest sum",
        "you take the one with the smallest sum.",
        _least(lambda pair, n: (-n, sum(pair))),
    ),
    _tie(
        "as written text",
        "you compare the ids as text, in which 98 comes after 100.",
        _least(lambda pair, n: (-n, str(pair))),
    ),
    _tie(
        "by their bytes",
        "you compare the bytes of the two halves.",
        _by_bytes,
        "The ids decide: a merge has a larger one than any byte, whatever its letters.",
    ),
    _tie(
        "by the bytes of the new token",
        "you compare the bytes of the tokens that they would make.",
        _by_the_new_token,
        "The ids decide: the left ones, and where these are equal, the right ones.",
    ),
    _often(
        "the rarest pair",
        "You merge the rarest pair first. The most frequent one is wanted, and the "
        "smallest ids decide only among equally frequent ones.",
        pick=_least(lambda pair, n: (n, pair)),
    ),
    _seldom(
        "the rarest pair, the first one seen",
        "You merge the rarest pair: `min` by the counts finds the smallest count. The most "
        "frequent pair is wanted, and the smallest ids among equally frequent ones.",
        pick=lambda counts, merges: min(counts, key=counts.get),
    ),
    _seldom(
        "only the first chunk",
        "Only the first chunk is trained on. The pairs of all chunks count, and every "
        "chunk is merged in.",
        chunks=lambda text: chunks_of(text)[:1],
    ),
    Mistake(
        "merged in the first chunk only",
        "Only the first chunk is merged in, and the others stay as they were. So a pair "
        "of theirs comes again: replace it in every chunk.",
        _in_the_first_alone,
    ),
    _seldom(
        "the smallest pair, however rare",
        "You merge the smallest pair, however rare it is. The most frequent one is "
        "wanted, and the smallest ids decide only among equally frequent ones.",
        pick=_least(lambda pair, n: pair),
    ),
    _often(
        "overlapping pairs counted once",
        "In a run such as a a a you count (a, a) once. It stands there twice, and both "
        "count, as in your `count_pairs`.",
        count=without_overlap,
    ),
    _often(
        "each chunk counted once",
        "A chunk that stands several times in the text is counted once. How often it "
        "comes is what matters: keep every one.",
        count=_each_chunk_once,
    ),
    _often(
        "a pair counted once a chunk",
        "A pair that stands twice in a chunk is counted once. Every place counts.",
        count=_once_a_chunk,
    ),
    _often(
        "chunks of two are not counted",
        "A chunk of two ids is not counted, though it holds one pair. A chunk of n ids "
        "has n − 1 pairs.",
        count=lambda pieces: counted([ids for ids in pieces if len(ids) > 2]),
    ),
    _often(
        "pairs over the borders",
        "You count the last id of a chunk with the first of the next. The two are never "
        "merged, so your loop learns pairs that do not exist: count inside each chunk.",
        count=_over_the_borders,
        rounds=True,
    ),
    Mistake(
        "the chunks never change",
        "The same pair is learned again and again. Either the chunks stay as they were "
        "(`merge` takes **one** chunk and gives back a new one: put that in the place of "
        "the old one, in the list of all chunks), or you count only once, before the loop.",
        _the_same_again,
    ),
    _often(
        "256 in the chunks after every merge",
        "The ids that you note are right, but in the chunks you always put 256, and so "
        "different tokens become one. Hand the new id of this round to `merge`.",
        inside=256,
    ),
    _seldom(
        "256 in the chunks, in every round",
        "In the chunks you put 256 in every round, so that different tokens become one. "
        "Hand `merge` the same new id that you note for the pair.",
        inside=256,
        rounds=True,
    ),
    _seldom(
        "the new id never grows",
        "Every merge gets the id 256, so different tokens become one. Each round needs "
        "the next id: does it ever grow by 1 in your loop?",
        noted=256,
        inside=256,
        rounds=True,
    ),
    _seldom(
        "the new id never grows, and the merges are counted",
        "All your merges have the id 256, so different tokens become one. After each of "
        "them, the new id has to grow by 1.",
        noted=256,
        inside=256,
    ),
    Mistake(
        "the new id never grows, and the loop waits for it",
        "Every merge gets the id 256, and your loop goes on until no pair is left. The "
        "new id has to grow by 1 in every round, and once it is `n_vocab` the loop is to "
        "end.",
        _waits_for_it,
    ),
    _seldom(
        "pairs of letters",
        "Your pairs hold letters, not ids. `split` gives text; train on what "
        "`to_chunks` gives, the bytes of each chunk.",
        chunks=split,
    ),
    Mistake(
        "it returns in the loop",
        "At most one merge is learned, and where none is asked for, you give back "
        "nothing. Does `return` stand inside the loop? It belongs after it: then every "
        "round is done, and without a round there is an empty dictionary.",
        lambda text, n_vocab: training(text, 257) if n_vocab > 256 else None,
    ),
    *(
        Mistake(
            name,
            "At most two merges are learned. Are the chunks a `map` or a generator after "
            "the first? It can be gone through only once, and to count the pairs is to go "
            "through it. Make a list of it.",
            answer,
        )
        for name, answer in (
            ("chunks that are used up", _used_up),
            (
                "chunks that are used up, and made in the round after",
                partial(_used_up, late=1),
            ),
        )
    ),
    Mistake(
        "old counts in the heap",
        "Your heap still holds counts of earlier rounds. After a merge other pairs are "
        "rarer than it says, or gone: compare what you take from it with the count of this "
        "round, or find the most frequent pair without a heap.",
        _old_counts_in_the_heap,
    ),
    _seldom(
        "nothing is learned",
        "Nothing is learned: the dictionary comes back empty. Does the loop run at all? "
        "`n_vocab` is the size of the whole vocabulary, with the bytes, and `range` ends "
        "there. And does each merge get into the dictionary? `merges | {…}` makes a new "
        "one and leaves `merges` as it is.",
        more=-256,
    ),
    Mistake(
        "it stops after one merge",
        "Only one merge is learned. Does `return` stand inside the loop? It ends the "
        "whole function. Or are the chunks a generator? It can be gone through only once, "
        "and to count the pairs is to go through it.",
        lambda text, n_vocab: training(text, min(n_vocab, 257)),
    ),
    _often(
        "the chapter's form",
        "This is the dictionary of the chapter, from the bytes of a piece to its id. Here "
        "only the merges are asked for, each from its pair of ids to the new id.",
        give=ranks_of,
    ),
    _often(
        "bytes as keys",
        "Your keys are the bytes of the merged pieces. Here a piece is its id, so a key "
        "is the pair of ids that is merged.",
        give=lambda merges: {d: i for d, i in ranks_of(merges).items() if i > 255},
    ),
    _seldom(
        "pairs of bytes as keys",
        "Your keys are pairs of pieces, written as bytes. Here a piece is its id, so a "
        "key is a pair of ids.",
        give=lambda merges: {
            tuple(written_out(merges)[i] for i in pair): new_id
            for pair, new_id in merges.items()
        },
    ),
    _often(
        "the pairs in a list",
        "The pairs are right, but without their new ids. Give back a dictionary, from "
        "each pair to the id that it becomes.",
        give=list,
    ),
    _often(
        "counts as values",
        "The values are not the new ids. The first merge gets 256, the next one 257, and "
        "so on.",
        give=lambda merges: {pair: k for k, pair in enumerate(merges)},
    ),
    _often(
        "new ids begin at 255",
        "Your first new id is 255, which is already taken: the bytes have the ids 0 to "
        "255. The first free one is 256.",
        first=255,
    ),
    _often(
        "new ids begin at 257",
        "Your first new id is 257. The bytes end at 255, so one id is left out.",
        first=257,
    ),
    _seldom(
        "new ids begin at 0",
        "Your new ids begin at 0, but those belong to the bytes. The k-th merge, "
        "counted from 0, gets the id 256 + k.",
        first=0,
    ),
    _often(
        "n_vocab merges",
        "You learn far too many merges. `n_vocab` is the size of the whole "
        "vocabulary, and 256 of its tokens are the bytes.",
        more=256,
    ),
    _often(
        "one merge too many",
        "You learn one merge too many. Count the ids: 256 bytes and the merges make "
        "`n_vocab` together.",
        more=1,
    ),
    _often(
        "one merge too few",
        "You learn one merge too few. Count the ids: 256 bytes and the merges make "
        "`n_vocab` together. Where does your loop end?",
        more=-1,
    ),
    Mistake(
        "it does not stop when no pair is left",
        "With a short text, all chunks end up as single ids before the vocabulary is "
        "full. Then there is no pair left to choose, and `max` or `min` of nothing is an "
        "error: stop there, with the merges that there are.",
        _no_pair_left,
    ),
    _often(
        "pairs that stand once are not merged",
        "You stop when no pair stands twice. That is a sensible idea, but not the rule "
        "here: go on as long as there is any pair and room in the vocabulary.",
        least=2,
    ),
    _often(
        "the text is not cut into chunks",
        "Some of your merges reach across the border of two chunks, for instance from a "
        "word into the space after it. Cut the text into chunks first; no pair crosses "
        "from one to the next.",
        chunks=one_chunk,
    ),
    _often(
        "cut at white space, which is lost",
        "No merge of yours has a space in it. Python's `str.split` throws away what it "
        "cuts at, and keeps a full stop with its word: take the chunks of `to_chunks`.",
        chunks=_words,
    ),
    Mistake(
        "the counts are never renewed",
        "You count once and take the most frequent pairs of that first count. After "
        "every merge the chunks have changed: pairs have vanished, and new ones with "
        "the new id have come. Merge in all chunks, then count again.",
        _counted_once,
    ),
    characters_for_bytes(
        partial(training, chunks=code_points),
        "In your merges a Chinese character is one id far above 255, its code point.",
        "training",
    ),
    _often(
        "keys and values exchanged",
        "The merges are right, but turned around: the pair is the key and the new id "
        "the value, since encoding will ask what a pair becomes.",
        give=lambda merges: {new_id: pair for pair, new_id in merges.items()},
    ),
    Mistake(
        "a small vocabulary is refused",
        "You refuse a vocabulary that leaves no room for a merge. It is allowed, and "
        "then no merge is learned: give back an empty dictionary.",
        lambda text, n_vocab: (
            training(text, n_vocab) if n_vocab >= 256 else stop(ValueError)
        ),
    ),
    Mistake(
        "an empty text is refused",
        "An empty text ends in an error. It has no pairs, so nothing is learned: stop "
        "where there is none, and give back an empty dictionary.",
        lambda text, n_vocab: training(text, n_vocab) if text else stop(ValueError),
    ),
)

CHECK = Check(
    "train",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    after=("to_chunks", "count_pairs", "merge"),
    worked=worked,
)
