"""encode(text, merges): the ids of a text, chunk by chunk, the oldest merge first.

The oracle is tiktoken, with the ranks that the check of `ranks` gives for the merges.
In the small cases the merges are made up, so that rules which often agree part ways; in
the large ones Hugging Face has learned them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, some, stop
from autograder.checks._slips import only_the_last
from autograder.checks._twins import twins
from autograder.checks.tokenize._material import (
    ALPHABET,
    CHINESE,
    LIBRARIES,
    Merges,
    Pair,
    borders,
    characters_for_bytes,
    chunks_of,
    closed_up,
    code_points,
    encoded,
    encoded_chunk,
    flat,
    four_merges,
    from_the_right,
    huge_id,
    large_id,
    merged,
    mixed_page,
    nasty_text,
    new_word,
    oldest_first,
    one_chunk,
    only_the_first_chunk,
    ords,
    rarities,
    sorted_letters,
    split,
    stories,
    turned,
    utf8,
    written_out,
)
from autograder.checks.tokenize.ranks import oracle as ranks
from autograder.checks.tokenize.train import learned, training

if TYPE_CHECKING:
    from tiktoken import Encoding


def oracle(text: str, merges: Merges) -> list[int]:
    encode, wide = _encoder(tuple(merges.items()))
    return [wide[i] for i in encode(text)]


@lru_cache(maxsize=32)  # many short texts have the same merges
def _encoder(
    merges: tuple[tuple[Pair, int], ...],
) -> tuple[Callable[[str], list[int]], dict[int, int]]:
    """Text to ids without gaps, as tiktoken's have 32 bits; and what each was before."""
    dense, wide = closed_up(dict(merges))
    return encoding(dense).encode_ordinary, wide


def encoding(merges: Merges, special: dict[str, int] | None = None) -> Encoding:
    """These merges as tiktoken has them."""
    import tiktoken
    from tiktoken_ext.openai_public import r50k_pat_str

    return tiktoken.Encoding(
        "oracle",
        pat_str=r50k_pat_str,
        mergeable_ranks=ranks(merges),
        special_tokens=special or {},
    )


def worked(text: str, merges: Merges) -> dict[str, Any]:
    """The first chunk in which anything is merged, merge by merge."""
    for ids in chunks_of(text):
        seen = {f"the bytes of {bytes(ids).decode()!r}": ids}
        while len(seen) < 6 and (there := [p for p in pairwise(ids) if p in merges]):
            pair = min(there, key=merges.get)
            ids = merged(ids, pair, merges[pair])
            seen[f"{pair} becomes {merges[pair]}"] = ids
        if len(seen) > 1:
            return seen
    return {"nothing can be merged in": chunks_of(text)[:4]}


def draw(rng: np.random.Generator) -> list[Case]:
    a, b, c = some(rng, ALPHABET, 3)
    d, e, f = sorted_letters(rng, 3)
    g, h, i, j = some(rng, ALPHABET, 4)
    k, q, m = some(rng, ALPHABET, 3)
    n, o = some(rng, ALPHABET, 2)
    ia, ib, ic, id_, ie, if_ = ords([a, b, c, d, e, f])
    ig, ih, ii, ij, ik, im, in_ = ords([g, h, i, j, k, m, n])
    run = n * (between(rng, 1, 3) * 4 + 3)
    chinese = "".join(some(rng, CHINESE, 3))
    story = stories(rng, 1200)
    large, huge = large_id(rng), huge_id(rng)
    long, nasty = new_word(rng, 300), nasty_text(rng)
    longest = new_word(rng, 240)
    return [
        Case("one merge, in two places", (f"{a}{b}{c}{a}{b}", {(ia, ib): 256})),
        edge("one merge, in a chunk of two letters", (f"{a}{b}", {(ia, ib): 256})),
        Case(
            "two chunks, the first a single letter",
            (f"{a} {b}{c}", {(32, ib): 256, (ib, ic): 257}),
        ),
        Case(
            "two merges that want the same letter",
            (f"{d}{e}{f}{d}{e}", {(ie, if_): 256, (id_, ie): 257, (id_, 256): 258}),
        ),
        Case(
            "an older merge that breaks up a longer token",
            (
                f"{g}{h}{i}{j} {g}{h}{i}",
                {(ig, ih): 256, (ii, ij): 257, (256, ii): 258},
            ),
        ),
        Case(
            "a merge that would cross from one chunk to the next",
            (f"{k}{q}{m} {k}{m}", {(im, 32): 256, (32, ik): 257}),
        ),
        Case(
            "a long run of one letter",
            (f"{o}{run}", {(in_, in_): 256, (256, 256): 257}),
        ),
        edge(
            "an empty text", ("", {(in_, ia): 256, (256, ord(new_word(rng, 1))): 257})
        ),
        Case(
            "very large ids",
            (
                f"{a}{b}{c}{b} {a}{b}",
                {(ia, ib): large, (large, ic): large + 1, (32, ia): large - 9},
            ),
        ),
        Case("a word of hundreds of letters", (long, learned(long, 20))),
        Case(
            "merges listed from the last to the first",
            (stories(rng, 120), turned(learned(story, 40))),
        ),
        Case("invisible characters, and spaces at the end", (nasty, learned(nasty, 9))),
        Case(
            "Chinese, whose characters begin as three bytes",
            (
                chinese[between(rng, 0, 7) :][: between(rng, 14, 23)],
                learned(chinese, 24),
            ),
        ),
        Case(
            "a story, with merges learned from other stories",
            (stories(rng, 800), learned(story, 60)),
        ),
        Case("a page of everything", (mixed_page(rng), learned(mixed_page(rng), 60))),
        Case("a word that takes many merges", (longest, learned(longest, 140))),
        edge("no merges", (f"{a}{b} {c}", {})),
        edge("a text of one character", (a, {(ia, ib): 256})),
        edge(
            "the text of the first case, with another merge",
            (f"{a}{b}{c}{a}{b}", {(ib, ic): 256}),
        ),
        Case(
            "a pair that stands twice, and older ones",
            (f"{d}{e}{f}{e}{f}", {(if_, ie): 256, (ie, if_): 257, (id_, ie): 258}),
        ),
        edge(
            "spaces and line ends at both ends",
            (f"  \n\t{a}{b} {c}  \n\n", {(32, 32): 256, (10, 10): 257}),
        ),
        edge("every kind of border between chunks", borders(rng)),
        edge(
            "ids of more than 60 bits",
            (
                f"{a}{b}{c}{b} {a}{b}",
                {(ia, ib): huge, (huge, ic): huge + 1, (32, ia): huge - 9},
            ),
        ),
        edge("a text of many chunks", (f"{a}{b} " * 1100, {(ia, ib): 256})),
        edge(
            "a pair that stands twice, once behind a letter that fits it less",
            (f"{b}{c}{a}{b}{c}", {(ib, ic): 256, (ia, ib): 257}),
        ),
        edge("a text of one character, which is one token", ("é", {(195, 169): 256})),
        *rarities(rng, lambda text: (text, {(ia, ib): 256})),
        *twins(oracle, lambda: four_merges(rng), "the text", "the merges"),
    ]


def _longest_token(text, merges):
    ids_of = {data: i for i, data in written_out(merges).items()}
    longest = max(map(len, ids_of))
    out = []
    for chunk in split(text):
        data, at = chunk.encode(), 0
        while at < len(data):
            length = next(
                n for n in range(longest, 0, -1) if data[at : at + n] in ids_of
            )
            out.append(ids_of[data[at : at + length]])
            at += length
    return out


def _each_once(order: Callable[[Merges], Iterable[tuple[Pair, int]]]):
    """Every merge has its turn once, in this order."""

    def answer(text, merges):
        out = []
        for ids in chunks_of(text):
            for pair, new_id in order(merges):
                ids = merged(ids, pair, new_id)
            out += ids
        return out

    return answer


def _one_pass(text, merges):
    out = []
    for ids in chunks_of(text):
        while ids:
            new_id = merges.get(tuple(ids[:2]))
            out.append(ids[0] if new_id is None else new_id)
            ids = ids[1 if new_id is None else 2 :]
    return out


def _stacked(text, merges):
    """Each byte is put on what is there, and merged with it as long as that goes."""
    out = []
    for ids in chunks_of(text):
        done = []
        for i in ids:
            done.append(i)
            while (
                len(done) > 1 and (new_id := merges.get(tuple(done[-2:]))) is not None
            ):
                done[-2:] = [new_id]
        out += done
    return out


def _as_they_come(text, merges):
    """The pairs of the bytes, from the left: what is formed on the way is not looked at."""
    out = []
    for ids in chunks_of(text):
        for pair in pairwise(ids):
            if pair in merges:
                ids = merged(ids, pair, merges[pair])
        out += ids
    return out


def _smallest_of_none(text, merges):
    chunks = [encoded_chunk(ids, merges) for ids in chunks_of(text)]
    if any(len(ids) == 1 for ids in chunks):
        stop(ValueError)
    return [i for ids in chunks for i in ids]


def _most_frequent(there, merges):
    counts = Counter(there)
    return min(counts, key=lambda pair: (-counts[pair], merges[pair]))


def _stops_at_an_unknown_pair(text, merges):
    """It comes first where `merges.get` gives 0 for it; and a KeyError ends the loop."""
    out = []
    for ids in chunks_of(text):
        while ids[1:] and all(pair in merges for pair in pairwise(ids)):
            pair = min(pairwise(ids), key=merges.get)
            ids = merged(ids, pair, merges[pair])
        out += ids
    return out


def _stops_at_an_absent_merge(text, merges):
    out = []
    for ids in chunks_of(text):
        for pair, new_id in oldest_first(merges):
            if pair not in pairwise(ids):
                break
            ids = merged(ids, pair, new_id)
        out += ids
    return out


def _trained_anew(text, merges):
    return encoded(text, training(text, 256 + len(merges)))


def _most_listed(there, merges):
    return next(pair for pair in merges if pair in there)


def _without_gaps(merges: Merges) -> bool:
    return {*merges.values()} == {*range(256, 256 + len(merges))}


def _counted_up(text, merges):
    """New ids from 256 on, one after the other, as long as there are merges."""
    old = {i: pair for pair, i in merges.items() if i < 256 + len(merges)}
    return encoded(text, {pair: i for i, pair in old.items()})


def _often(name: str, hint: str, **screws: Any) -> Mistake:
    return Mistake(name, hint, partial(encoded, **screws))


def _seldom(name: str, hint: str, **screws: Any) -> Mistake:
    """What is seldom done together with something else, and so makes no pairs."""
    return Mistake(name, hint, lambda text, merges: encoded(text, merges, **screws))


MISTAKES = (
    characters_for_bytes(
        partial(encoded, chunks=code_points),
        "A Chinese character has become one id, its code point, which is no token.",
        "encoding",
    ),
    _often(
        "the leftmost pair first",
        "You merge the first pair that you find from the left. What counts is not where "
        "a pair stands but how early it was learned: of all pairs in the chunk, merge "
        "the one with the lowest new id, then look again.",
        pick=lambda there, merges: there[0],
    ),
    _seldom(
        "the rightmost pair first",
        "You merge the last pair that you find. What counts is not where a pair stands "
        "but how early it was learned: of all pairs in the chunk, merge the one with the "
        "lowest new id, then look again.",
        pick=lambda there, merges: there[-1],
    ),
    Mistake(
        "the longest token first",
        "From the left, you take the longest token that fits. That is another "
        "algorithm. BPE repeats its training: it applies the merges in the order in "
        "which they were learned, so a longer token may never be formed.",
        _longest_token,
    ),
    _often(
        "the newest merge first",
        "Where two merges are possible you take the one that was learned later. Training "
        "applied the earlier one first, and encoding has to do the same: the lowest new "
        "id wins.",
        pick=lambda there, merges: max(there, key=merges.get),
    ),
    Mistake(
        "from the newest merge to the oldest",
        "You go through the merges once, backwards. A late merge is built on what "
        "earlier ones have made, which does not exist yet when you reach it. Begin "
        "with the oldest.",
        _each_once(lambda merges: reversed(oldest_first(merges))),
    ),
    _often(
        "the most frequent pair first",
        "You choose the pair that is most frequent in this text. That was the question "
        "in training. Now the answers stand in `merges`, and their order decides.",
        pick=_most_frequent,
    ),
    _often(
        "the most frequent pair first, of equals the first one seen",
        "You choose the pair that is most frequent in this text. That was the question "
        "in training. Now the answers stand in `merges`, and their order decides.",
        pick=lambda there, merges: max(counts := Counter(there), key=counts.get),
    ),
    Mistake(
        "trained anew on the text",
        "Do you train on this text? Training is over, and what it has learned is "
        "`merges`: another text would give every pair another id. Look the pairs up there.",
        _trained_anew,
    ),
    Mistake(
        "a pair that is not in `merges` ends the loop",
        "Your loop over a chunk ends as soon as one of its pairs is not in `merges`, "
        "though others are. With a `.get` that answers 0 such a pair comes before all "
        "others, and with `merges[pair]` it is a KeyError, which `except` hides. Choose "
        "among the pairs that are in `merges`.",
        _stops_at_an_unknown_pair,
    ),
    Mistake(
        "a merge that is not in the chunk ends the loop",
        "You go through the merges from the oldest on, which is right, but you stop at "
        "the first one that the chunk does not have. Later ones may be in it: pass that "
        "one, and go on.",
        _stops_at_an_absent_merge,
    ),
    _often(
        "chunks of two ids are left as they are",
        "Where two ids are left in a chunk, they stay as they are. They are a pair too: "
        "only a chunk of a single id has none.",
        least=3,
    ),
    _often(
        "one merge a chunk",
        "You merge one pair in each chunk and stop. After a merge, new pairs may have "
        "formed: go on until no pair of the chunk is in `merges`.",
        rounds=1,
    ),
    *(
        _seldom(
            f"{n} merges a chunk",
            "Your loop over the merges of a chunk has a fixed number of rounds, and a "
            "long word needs more. Go on until no pair of the chunk is in `merges`.",
            rounds=n,
        )
        for n in (2, 3, 5, 10, 20)
    ),
    _often(
        "the text is not cut into chunks",
        "You merge across the border of two chunks. Cut the text as in training, encode "
        "each chunk by itself, and put the ids one after the other.",
        chunks=one_chunk,
    ),
    _seldom(
        "every character a chunk",
        "You encode each character by itself, so two of them are never merged. Go "
        "through the chunks of the text, not through the text.",
        chunks=lambda text: [utf8(character) for character in text],
    ),
    _seldom(
        "cut at white space, which is lost",
        "The spaces are gone. Python's `str.split` throws away what it cuts at: take the "
        "chunks of `to_chunks`.",
        chunks=lambda text: [utf8(word) for word in text.split()],
    ),
    _often(
        "a list for every chunk",
        "The ids are right, but each chunk still has a list of its own. A model reads "
        "one sequence: put the ids of all chunks into one flat list.",
        gather=list,
    ),
    _often(
        "the smallest pair first",
        "Of the pairs that can be merged you take the one with the smallest ids. That "
        "settled ties in training; now the lowest new id decides.",
        pick=lambda there, merges: min(there),
    ),
    _seldom(
        "the largest pair first",
        "Of the pairs that can be merged you take the one with the largest ids. The "
        "lowest new id decides, the value that stands in `merges`.",
        pick=lambda there, merges: max(there),
    ),
    _seldom(
        "the pair that is listed first",
        "Of the pairs that can be merged you take the one that `merges` lists first. The "
        "dictionary may list them in any order: the lowest new id decides.",
        pick=_most_listed,
    ),
    Mistake(
        "one pass from the left",
        "You go through each chunk once, from the left, and merge what you meet. Look at "
        "all pairs of the chunk, merge the one with the lowest new id, and look again.",
        _one_pass,
    ),
    Mistake(
        "each byte merged with what stands before it",
        "You build the tokens up from the left: each byte is merged with what stands before "
        "it, as soon as that goes. What was learned first comes first, wherever it stands: "
        "of all pairs in the chunk, merge the one with the lowest new id, then look again.",
        _stacked,
    ),
    Mistake(
        "the pairs in the order of the text, once each",
        "You go through the pairs of a chunk once, in the order of the text, and merge "
        "each that is in `merges`. The lowest new id comes first, wherever it stands, and "
        "a merge makes new pairs: look at all of them again after each.",
        _as_they_come,
    ),
    Mistake(
        "in the order of the dictionary",
        "You apply the merges in the order in which the dictionary lists them. That may "
        "be any order: the new ids tell which came first.",
        _each_once(lambda merges: merges.items()),
    ),
    Mistake(
        "in the order of the pairs",
        "You apply the merges in the order of their pairs. The new ids tell which came "
        "first: sort by these, the values of `merges`.",
        _each_once(lambda merges: sorted(merges.items())),
    ),
    Mistake(
        "every new id up to their number",
        "You count the new ids up from 256, one for each merge. Ids may leave gaps and "
        "be very large: take those that stand in `merges`, the smallest first.",
        _counted_up,
    ),
    Mistake(
        "every new id up to their number, which may not be there",
        "You count the new ids up from 256, one for each merge, and not each of these is "
        "there. Ids may leave gaps and be very large: take those that stand in `merges`, "
        "the smallest first.",
        lambda text, merges: (
            encoded(text, merges) if _without_gaps(merges) else stop(KeyError)
        ),
    ),
    _often(
        "merged from the right",
        "In a run of one letter you merge from the right, and what is left over stands "
        "at its beginning. Merge from the left, as your `merge` does.",
        put=from_the_right,
    ),
    Mistake(
        "the smallest of no pairs, in a chunk of one id",
        "There is an error where a chunk is, or has become, a single id. It has no "
        "pairs, so it has no smallest pair either. Stop before you ask for it.",
        _smallest_of_none,
    ),
    Mistake(
        "the smallest of no pairs, in the end",
        "When no pair of a chunk is in `merges` any more, you still look for the "
        "smallest of them, but there is none. Stop before you ask for it.",
        lambda text, merges: stop(ValueError) if text else [],
    ),
    only_the_first_chunk(
        partial(encoded, gather=lambda chunks: flat(chunks[:1])), "encoded"
    ),
    only_the_last(partial(encoded, gather=lambda chunks: flat(chunks[-1:])), "chunk"),
    _seldom(
        "it returns in the loop",
        "Only the first chunk is encoded, and for an empty text you give back nothing. "
        "Does `return` stand inside the loop over the chunks? It belongs after it.",
        gather=lambda chunks: chunks[0] if chunks else None,
    ),
    Mistake(
        "nothing is merged",
        "These are the plain bytes: nothing has been merged. Look up the pairs of "
        "neighbours in `merges` and replace them by their new ids.",
        lambda text, merges: utf8(text),
    ),
)

CHECK = Check(
    "encode",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    after=("to_chunks", "count_pairs", "merge"),
    worked=worked,
)
