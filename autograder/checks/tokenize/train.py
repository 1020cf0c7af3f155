"""train(text, n_vocab): the merges that fill a vocabulary, from pairs to their new ids.

The oracle is Hugging Face's trainer. Most cases are ties, as a rule that only breaks
ties in another way learns the same from most texts.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, some, stop
from autograder.checks.tokenize._material import (
    ALPHABET,
    HANZI,
    LIBRARIES,
    Merges,
    Pair,
    characters_for_bytes,
    chunks_of,
    code_points,
    counted,
    merged,
    nasty_text,
    new_word,
    one_chunk,
    ranks_of,
    sorted_letters,
    split,
    stories,
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
        Case("a page of stories", (stories(rng, 800), 300)),
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
        edge("marks that no one sees, tabs and line ends", (nasty_text(rng) * 3, 285)),
    ]


def _least(order):
    """Picks the pair for which `order(pair, its count)` is smallest."""
    return lambda counts: min(counts, key=lambda pair: order(pair, counts[pair]))


_most_frequent = _least(lambda pair, n: (-n, pair))


def _learn(
    text: str,
    n_merges: int,
    pick: Callable[[dict[Pair, int]], Pair] = _most_frequent,
    least: int = 1,
    chunks: Callable[[str], list[list[int]]] = chunks_of,
    count: Callable[[list[list[int]]], dict[Pair, int]] = counted,
    first: int = 256,
    name: int | None = None,
    put: int | None = None,
    rounds: bool = False,
) -> Merges:
    """Training, with screws: `pick` a pair as long as one stands `least` times.

    New ids grow from `first`, unless `name` stands in the merges, or `put` in the
    chunks, in their place; with `rounds`, a pair that comes again takes a round, too.
    """
    pieces, merges, done = chunks(text), {}, 0
    while (done if rounds else len(merges)) < n_merges:
        counts = count(pieces)
        if not counts or max(counts.values()) < least:
            break
        pair = pick(counts)
        new_id = first + (done if rounds else len(merges))
        merges[pair] = name or new_id
        pieces = [merged(ids, pair, put or new_id) for ids in pieces]
        done += 1
    return merges


def _with(more: int = 0, **screws):
    """Training with the screws of `_learn`, and `more` merges than were asked for."""
    return lambda text, n_vocab: _learn(text, n_vocab - 256 + more, **screws)


def _counted_once(text, n_vocab):
    """The most frequent pairs of the first count, never counted again."""
    counts = counted(chunks_of(text))
    best = sorted(counts, key=lambda pair: (-counts[pair], pair))[: n_vocab - 256]
    return {pair: 256 + k for k, pair in enumerate(best)}


def _the_same_again(text, n_vocab):
    """The chunks never change, so the same pair is learned again and again."""
    first = _learn(text, min(n_vocab - 256, 1))
    return {pair: n_vocab - 1 for pair in first}


def _no_pair_left(text, n_vocab):
    merges = _learn(text, n_vocab - 256)
    return merges if len(merges) >= n_vocab - 256 else stop(ValueError)


MISTAKES = (
    Mistake(
        "ties: the first one seen",
        "Where several pairs are equally frequent you take the one that was seen first. "
        "The rule is: the pair with the smallest ids, the left ones compared first. "
        "Python compares tuples in just that way.",
        _with(pick=lambda counts: max(counts, key=counts.get)),
    ),
    Mistake(
        "ties: the largest pair",
        "Where several pairs are equally frequent you take the largest, and the rule "
        "asks for the smallest. Most frequent and smallest pull in opposite directions: "
        "one way to have both is to look for a minimum, with one of them negated.",
        _with(pick=_least(lambda pair, n: (-n, -pair[0], -pair[1]))),
    ),
    Mistake(
        "ties: only the left id",
        "Where several pairs are equally frequent and begin with the same id, you do "
        "not look at the right one. Compare the left ids, and where these are equal, "
        "the right ids.",
        _with(pick=_least(lambda pair, n: (-n, pair[0]))),
    ),
    Mistake(
        "ties: the right id first",
        "Where several pairs are equally frequent you compare the right ids first. The "
        "left ones come first; only where these are equal do the right ones decide.",
        _with(pick=_least(lambda pair, n: (-n, pair[::-1]))),
    ),
    Mistake(
        "ties: the smallest sum",
        "Where several pairs are equally frequent you take the one with the smallest "
        "sum. Compare the left ids, and only where these are equal, the right ones.",
        _with(pick=_least(lambda pair, n: (-n, sum(pair)))),
    ),
    Mistake(
        "the rarest pair",
        "You merge the rarest pair first. The most frequent one is wanted, and the "
        "smallest ids decide only among equally frequent ones.",
        _with(pick=_least(lambda pair, n: (n, pair))),
    ),
    Mistake(
        "overlapping pairs counted once",
        "In a run such as a a a you count (a, a) once. It stands there twice, and both "
        "count, as in your `count_pairs`.",
        _with(count=without_overlap),
    ),
    Mistake(
        "the chunks never change",
        "The same pair is learned again and again. Either the chunks stay as they were "
        "(`merge` gives back a new list: put it in the place of the old one, in the list "
        "of all chunks), or you count only once, before the loop.",
        _the_same_again,
    ),
    Mistake(
        "256 in the chunks after every merge",
        "The ids that you note are right, but in the chunks you always put 256, and so "
        "different tokens become one. Hand the new id of this round to `merge`.",
        _with(put=256),
    ),
    Mistake(
        "256 in the chunks, in every round",
        "In the chunks you put 256 in every round, so that different tokens become one. "
        "Hand `merge` the same new id that you note for the pair.",
        _with(put=256, rounds=True),
    ),
    Mistake(
        "the new id never grows",
        "Every merge gets the id 256, so different tokens become one. Each round needs "
        "the next id: does it ever grow by 1 in your loop?",
        _with(name=256, put=256, rounds=True),
    ),
    Mistake(
        "the new id never grows, and the merges are counted",
        "All your merges have the id 256, so different tokens become one. After each of "
        "them, the new id has to grow by 1.",
        _with(name=256, put=256),
    ),
    Mistake(
        "the new id never grows, and the loop waits for it",
        "Every merge gets the id 256, and your loop goes on until no pair is left. The "
        "new id has to grow by 1 in every round; then the loop ends in time, too.",
        lambda text, n_vocab: _learn(
            text, 1 << 30 if n_vocab > 256 else 0, name=256, put=256
        ),
    ),
    Mistake(
        "pairs of letters",
        "Your pairs hold letters, not ids. `split` gives text; train on what "
        "`to_chunks` gives, the bytes of each chunk.",
        _with(chunks=split),
    ),
    Mistake(
        "it returns in the loop",
        "At most one merge is learned, and where none is asked for, you give back "
        "nothing. Does `return` stand inside the loop? It belongs after it: then every "
        "round is done, and without a round there is an empty dictionary.",
        lambda text, n_vocab: _learn(text, 1) if n_vocab > 256 else None,
    ),
    Mistake(
        "it stops after one merge",
        "Only one merge is learned. Does `return` stand inside the loop? It ends the "
        "whole function, so it belongs after the loop.",
        lambda text, n_vocab: _learn(text, min(n_vocab - 256, 1)),
    ),
    Mistake(
        "the chapter's form",
        "This is the dictionary of the chapter, from the bytes of a piece to its id. Here "
        "only the merges are asked for, each from its pair of ids to the new id.",
        lambda text, n_vocab: ranks_of(_learn(text, n_vocab - 256)),
    ),
    Mistake(
        "bytes as keys",
        "Your keys are the bytes of the merged pieces. Here a piece is its id, so a key "
        "is the pair of ids that is merged.",
        lambda text, n_vocab: {
            data: i
            for data, i in ranks_of(_learn(text, n_vocab - 256)).items()
            if i > 255
        },
    ),
    Mistake(
        "new ids begin at 255",
        "Your first new id is 255, which is already taken: the bytes have the ids 0 to "
        "255. The first free one is 256.",
        _with(first=255),
    ),
    Mistake(
        "new ids begin at 257",
        "Your first new id is 257. The bytes end at 255, so one id is left out.",
        _with(first=257),
    ),
    Mistake(
        "new ids begin at 0",
        "Your new ids begin at 0, but those belong to the bytes. The k-th merge, "
        "counted from 0, gets the id 256 + k.",
        _with(first=0),
    ),
    Mistake(
        "n_vocab merges",
        "You learn far too many merges. `n_vocab` is the size of the whole "
        "vocabulary, and 256 of its tokens are the bytes.",
        _with(more=256),
    ),
    Mistake(
        "one merge too many",
        "You learn one merge too many. Count the ids: 256 bytes and the merges make "
        "`n_vocab` together.",
        _with(more=1),
    ),
    Mistake(
        "one merge too few",
        "You learn one merge too few. Count the ids: 256 bytes and the merges make "
        "`n_vocab` together. Where does your loop end?",
        _with(more=-1),
    ),
    Mistake(
        "it does not stop when no pair is left",
        "With a short text, all chunks end up as single ids before the vocabulary is "
        "full. Then there is no pair left to choose, and `max` or `min` of nothing is an "
        "error: stop there, with the merges that there are.",
        _no_pair_left,
    ),
    Mistake(
        "pairs that stand once are not merged",
        "You stop when no pair stands twice. That is a sensible idea, but not the rule "
        "here: go on as long as there is any pair and room in the vocabulary.",
        _with(least=2),
    ),
    Mistake(
        "the text is not cut into chunks",
        "Some of your merges reach across the border of two chunks, for instance from a "
        "word into the space after it. Cut the text into chunks first; no pair crosses "
        "from one to the next.",
        _with(chunks=one_chunk),
    ),
    Mistake(
        "the counts are never renewed",
        "You count once and take the most frequent pairs of that first count. After "
        "every merge the chunks have changed: pairs have vanished, and new ones with "
        "the new id have come. Merge in all chunks, then count again.",
        _counted_once,
    ),
    characters_for_bytes(
        _with(chunks=code_points),
        "In your merges a Chinese character is one id far above 255, its code point.",
        "training",
    ),
    Mistake(
        "keys and values exchanged",
        "The merges are right, but turned around: the pair is the key and the new id "
        "the value, since encoding will ask what a pair becomes.",
        lambda text, n_vocab: {
            new_id: pair for pair, new_id in _learn(text, n_vocab - 256).items()
        },
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
)
