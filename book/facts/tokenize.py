"""What the chapter Tokenize measures, in the order of its page.

The trainer that the page builds before the reader's eyes is handed in where it is
looked at: `count_pairs`, `merge` and `train_naive`. Most functions return a tuple whose
fields the pictures draw and whose `said` is what the prose glues.
"""

import pydoc_data.topics
import time
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
import regex
import torch
from edition import dots, mark, percent, tr, two

from gpt import world
from gpt.tokenize import Tokenizer, split, train
from gpt.train import SIZE

from . import bets, gpt2_tokens, ids_of, ids_of_words, smollm2


# --- characters, words, or something between --------------------------------------
class Cut(NamedTuple):
    """What a way of cutting text costs."""

    vocabulary: int
    per_token: float  # characters
    lost: float  # the share of a new text that it cannot write


class Manual(NamedTuple):
    """Python's manual, cut in three ways."""

    seen: str  # the nine tenths that each vocabulary is made from
    new: str  # the tenth on which it is used
    subwords: Tokenizer
    cuts: dict  # "characters", "words", "subwords": Cut

    @property
    def said(self):
        return {"manual_chars": len(self.seen) + len(self.new)}


def manual(n_vocab=4096):
    """Cut the manual that every Python carries inside. n_vocab: of the subwords."""
    paragraphs = "\n\n".join(pydoc_data.topics.topics.values()).split("\n\n")
    whole = "\n\n".join(dict.fromkeys(paragraphs))  # a paragraph that repeats: once
    cut_at = len(whole) * 9 // 10
    seen, new = whole[:cut_at], whole[cut_at:]
    subwords = train(seen, n_vocab)
    cuts = {
        mark("characters"): _cut(new, list(new), set(seen)),
        mark("words"): _cut(new, split(new), set(split(seen))),
        mark("subwords"): _cut(new, subwords.pieces(new), subwords.ranks),
    }
    return Manual(seen, new, subwords, cuts)


def _cut(text, pieces, known):
    lost = sum(len(piece) for piece in pieces if piece not in known) / len(text)
    return Cut(len(known), len(text) / len(pieces), lost)


# --- byte-pair encoding, with a pencil --------------------------------------------
WORDS = ["baa", "baaa", "all", "ball", "small", "mall"]


class Merge(NamedTuple):
    """One step of training: the most frequent pair is glued."""

    before: list  # chunks, each a list of pieces
    counts: dict  # pair: how often; in the order in which their turn would come
    pair: tuple  # of two pieces
    after: list
    id: int

    @property
    def piece(self):
        return b"".join(self.pair)

    @property
    def count(self):
        return self.counts[self.pair]

    @property
    def ties(self):
        """The other pairs that are there as often."""
        return [
            pair
            for pair, count in self.counts.items()
            if count == self.count and pair != self.pair
        ]

    @property
    def glued(self):
        """How often the pair is glued: less often than counted where it overlaps."""
        return sum(map(len, self.before)) - sum(map(len, self.after))


def merges(chunks, count_pairs, merge, youngest_first=False) -> Iterator[Merge]:
    """Train on chunks that are lists of single bytes, until no pair is left.

    youngest_first: the tie rule turned round.
    """
    ranks = {bytes([b]): b for b in range(256)}
    older = -1 if youngest_first else 1

    def turn(item):
        (left, right), count = item
        return -count, older * ranks[left], older * ranks[right]

    while counts := dict(sorted(count_pairs(chunks).items(), key=turn)):
        pair = next(iter(counts))
        glued = [merge(pieces, pair) for pieces in chunks]
        step = Merge(chunks, counts, pair, glued, id=len(ranks))
        ranks[step.piece] = step.id
        chunks = glued
        yield step


def letters(text):
    """A text as single bytes."""
    return [bytes([b]) for b in text.encode()]


class Pencil(NamedTuple):
    """The merges that a reader makes with a pencil."""

    words: list
    merges: list  # of Merge
    left: dict  # pair: how often, when the pencil is put down

    @property
    def said(self):
        first = self.merges[0]
        aa = next(step for step in self.merges if step.pair == (b"a", b"a"))
        end = dict(zip(self.words, self.merges[-1].after))
        return {
            "tie_count": first.count,
            "aa_count": aa.count,
            "aa_glued": aa.glued,
            "small": dots(end["small"]),
        }


def pencil(count_pairs, merge, words=WORDS, many=5):
    """The first `many` merges on the pencil's words."""
    steps = merges([letters(word) for word in words], count_pairs, merge)
    made = [*islice(steps, many)]
    return Pencil(words, made, dict(count_pairs(made[-1].after)))


# --- the course's own tokenizer ---------------------------------------------------
def of_the_course(course, text):
    """The course's tokenizer and the text that it is trained on, in numbers."""
    words = chunks_of(text)
    whole = {word for word in words if word.encode() in course.ranks}
    return {
        "text_chars": len(text),
        "course_vocab": course.n_vocab,
        "course_merges": len(course.ranks) - 256,
        "prompt_tokens": len(course.encode(world.PROMPT)),
        "prompt_chars": len(world.PROMPT),
        "world_words": len(words),
        "whole_words": len(whole),
        "words_in_pieces": ", ".join(
            dots(course.pieces(word)).strip() for word in sorted(words - whole)
        ),
    }


def chunks_of(text):
    """The different chunks of the stories in a text."""
    return {chunk for told in text.split(world.END) for chunk in split(told)}


# --- encode -----------------------------------------------------------------------
class Step(NamedTuple):
    """One step of encoding a word."""

    pieces: list
    known: dict  # neighbours that make a piece: its rank; lowest first

    @property
    def glue(self):
        """The pair whose turn it is; None where the word is done."""
        return next(iter(self.known), None)


class Replay(NamedTuple):
    """A word, encoded by replaying merges."""

    steps: list  # of Step
    ids: list

    @property
    def said(self):
        return {
            "replayed_ids": self.ids,
        }


def replay(word, ranks, count_pairs, merge):
    """Encode a word with a vocabulary {piece: id}, and write every step down."""
    pieces, steps = letters(word), []
    while True:
        made = {pair: b"".join(pair) for pair in count_pairs([pieces])}
        known = {pair: ranks[piece] for pair, piece in made.items() if piece in ranks}
        step = Step(pieces, dict(sorted(known.items(), key=lambda item: item[1])))
        steps.append(step)
        if not known:
            return Replay(steps, [ranks[piece] for piece in pieces])
        pieces = merge(pieces, step.glue)


def cut_otherwise(model, course):
    """What the model bets after the course's prompt, and after it with "day" cut up.

    The bet is on what the stories go on with: the pronoun or the name.
    """
    *before, day = course.encode(world.PROMPT)
    pieces = from_the_left(course.decode_bytes([day]), course.ranks.keys() - {b" day"})
    follows = ids_of_words(course, ["she", "Ada"])

    def bet(ids):
        start = [course.special_tokens[world.END], *before]
        return two(bets(model, torch.tensor([[*start, *ids]]))[-1, follows].sum())

    return {
        "day_cut": dots(pieces).strip(),
        "bet_whole": bet([day]),
        "bet_cut": bet(course.ranks[piece] for piece in pieces),
    }


def from_the_left(chunk, known):
    """The bytes of a chunk, cut by taking the longest known piece, again and again."""
    pieces = []
    while chunk:
        ends = range(len(chunk), 0, -1)
        pieces.append(next(chunk[:end] for end in ends if chunk[:end] in known))
        chunk = chunk[len(pieces[-1]) :]
    return pieces


# --- bytes ------------------------------------------------------------------------
# text: what it means
FRUIT, SCIENTIST = mark("fruit"), mark("scientist")
CHARACTERS = {"a": "", "é": "", "果": FRUIT, "水果": FRUIT, "👩‍🔬": SCIENTIST}


class Cost(NamedTuple):
    """What a text costs."""

    bytes: int
    ours: int  # tokens
    gpt2: int


class Characters(NamedTuple):
    """What texts cost that the eye takes for one character or two."""

    costs: dict  # text: Cost

    @property
    def said(self):
        fruit, scientist = self.costs["果"], self.costs["👩‍🔬"]
        return {
            "fruit_bytes": fruit.bytes,
            "fruit_ours": fruit.ours,
            "fruit_gpt2": fruit.gpt2,
            "scientist_points": len("👩‍🔬"),
            "scientist_gpt2": scientist.gpt2,
        }


def characters(course):
    """What each of CHARACTERS costs."""
    return Characters(
        {
            text: Cost(
                len(text.encode()), len(course.encode(text)), len(gpt2_tokens(text))
            )
            for text in CHARACTERS
        }
    )


OURS, THEIRS = mark("ours"), mark("GPT-2's")
LAMB = "小羊吃水果"  # the lamb eats fruit


class Compared(NamedTuple):
    """A sentence that several tokenizers cut."""

    cuts: list  # [(whose: OURS, THEIRS, or the size of the vocabulary; pieces), ...]
    said: dict


def chinese(text, reads_chinese, more=286):
    """A Chinese sentence, cut by GPT-2 and by tokenizers that have read Chinese.

    more: so many tokens that the two characters of a word are glued.
    """
    reads_more = train(text, more)
    cuts = [(THEIRS, [piece for _, piece in gpt2_tokens(LAMB)])]
    cuts += [(some.n_vocab, some.pieces(LAMB)) for some in (reads_chinese, reads_more)]
    return Compared(cuts, {"chinese_more": reads_more.n_vocab})


# --- the pre-tokenizer ------------------------------------------------------------
class Edges(NamedTuple):
    """The pieces of a trainer that minds the edges of words, and of one that does not."""

    chunked: list  # pieces, in the order of their birth
    unchunked: list

    @property
    def said(self):
        crossing = [piece for piece in self.unchunked if len(split(piece.decode())) > 1]
        return {"crossing": len(crossing), "merges_cut": len(self.unchunked)}


def edges(text, train_naive, count_pairs, merge, n_vocab=360):
    """Train the naive way: on the words of a text, and on the text as one chunk."""
    chunked = list(train_naive(text, n_vocab))[256:]
    steps = merges([letters(text)], count_pairs, merge)
    return Edges(chunked, [step.piece for step in islice(steps, n_vocab - 256)])


# --- GPT-2's vocabulary, the fast trainer -----------------------------------------
FIRST_SENTENCE = "A neural network can only do arithmetic on numbers."  # of the page


def beside_gpt2(course):
    """The two vocabularies, and a sentence that is from no story."""
    ours = course.pieces(FIRST_SENTENCE)
    theirs = [piece for _, piece in gpt2_tokens(FIRST_SENTENCE)]
    said = {
        "gpt2_vocab": 256 + 50_000 + 1,  # bytes, merges, one special token
        "our_end": course.special_tokens[world.END],
        "bang": gpt2_tokens("!")[0][0],
        "sentence_ours": len(ours),
        "sentence_gpt2": len(theirs),
    }
    return Compared([(OURS, ours), (THEIRS, theirs)], said)


def timed(text, train_naive, train, n_vocab=320):
    """How long the two trainers take, in the time of the processor."""

    def seconds(trainer):
        start = time.process_time()
        trainer(text, n_vocab)
        return time.process_time() - start

    naive, fast = seconds(train_naive), min(seconds(train) for _ in range(3))
    return {
        "naive_seconds": f"{naive:.2f}",
        "fast_ms": f"{1000 * fast:.0f}",
        "some_chars": len(text),
    }


# --- where tokenization hurts -----------------------------------------------------
SENTENCES = {
    mark("English"): "The sheep sees a ball in the grass.",
    mark("Spanish"): "La oveja ve una pelota en la hierba.",
    mark("German"): "Das Schaf sieht einen Ball im Gras.",
    mark("Chinese"): "绵羊看见草地上有一个球。",
    mark("Russian"): "Овца видит мяч в траве.",
    mark("Japanese"): "羊は草の中にボールを見ます。",
    mark("Arabic"): "يرى الخروف كرة في العشب.",
    mark("Hindi"): "भेड़ घास में एक गेंद देखती है।",
}


class Languages(NamedTuple):
    """What one sentence costs in several languages."""

    costs: dict  # language: tokens, the cheapest first
    said: dict


def languages():
    """What GPT-2 needs for each of SENTENCES, and why Hindi pays twice."""
    costs = {name: len(gpt2_tokens(text)) for name, text in SENTENCES.items()}
    dearest = max(costs, key=costs.get)
    said = {
        "dearest": tr(dearest),
        "dearest_times": f"{max(costs.values()) / costs['English']:.1f}",
        "hindi_words": len(SENTENCES["Hindi"].split()),
        "hindi_chunks": len(split(SENTENCES["Hindi"])),
        "namaste_chunks": len(split("नमस्ते")),
        "namaste_gpt2": len(gpt2_tokens("नमस्ते")),
    }
    return Languages({name: costs[name] for name in sorted(costs, key=costs.get)}, said)


def bare(word, text):
    """How often a word stands in a text without a space before it."""
    return len(regex.findall(f"(?<! ){regex.escape(word)}", text))


def after_a_space(model, course):
    """What the model bets on an animal after a prompt, and after it with a space."""
    animals = world.RUN + world.FLY + world.SWIM
    begin = ids_of_words(course, animals) + [course.encode(name)[0] for name in animals]

    def bet(text):
        return two(bets(model, ids_of(course, text))[-1, [*{*begin}]].sum())

    return {
        "bet_animal": bet("Once a little"),
        "bet_after_space": bet("Once a little "),
    }


def unused(course, text):
    """The merges that are never left in the encoded text: {piece: id}."""
    used = set(course.encode(text, allowed_special="all"))
    return {
        piece: id for piece, id in course.ranks.items() if id >= 256 and id not in used
    }


# --- what the vocabulary size trades ----------------------------------------------
SIZES = [256, 288, 320, 360, 420, 512, 588, 720, 1024, 1448, 2048, 2896, 4096]


class Sizes(NamedTuple):
    """What a larger vocabulary gives and takes."""

    curves: dict  # text: [(n_vocab, characters per token), ...]
    parameters: list  # [(n_vocab, those of the tokens' rows), ...]
    d_model: int
    said: dict


def sizes(course, stories, manual, d_model=SIZE["d_model"]):
    """Vocabularies of SIZES for the small world and for Python's manual.

    stories: the text from which the course's vocabulary is made; it is used on other
    stories, and the manual's on the first of its new text.
    """
    new, many = _new_stories(100)
    tokenizer = train(stories, SIZES[-1], special_tokens=[world.END])
    end = len(tokenizer.ranks)  # where every chunk is one token
    below = [n for n in SIZES if n <= end]
    curves = {
        mark("the small world"): [
            *((n, _per_token(_first(tokenizer, n), new)) for n in below),
            (end, _per_token(tokenizer, new)),
        ],
        mark("Python's manual"): [
            (n, _per_token(_first(manual.subwords, n), manual.new[:20_000]))
            for n in SIZES
        ],
    }
    said = {
        "d_model": d_model,
        "world_end": tokenizer.n_vocab,
        "story_at_256": f"{len(new.encode()) / many:.0f}",
        "story_at_ours": f"{len(course.pieces(new)) / many:.1f}",
        "story_at_end": f"{len(tokenizer.pieces(new)) / many:.1f}",
    }
    parameters = [(n, n * d_model) for n in SIZES]
    return Sizes(curves, parameters, d_model, said | _rows_of_gpt2())


def _new_stories(many):
    """Stories that the vocabulary was not made from, as one text, and their number."""
    told = [*islice(world.stories(seed=2), many)]
    return "".join(told), len(told)


def _first(tokenizer, size):
    """The vocabulary as it was when it had that size."""
    return Tokenizer(dict(islice(tokenizer.ranks.items(), size)))


def _per_token(tokenizer, text):
    return len(text) / len(tokenizer.pieces(text))


def _rows_of_gpt2():
    """How many of GPT-2's parameters are its tokens' rows."""
    wide = 768
    rows = 50_257 * wide
    blocks = 1024 * wide + 12 * (12 * wide**2 + 13 * wide) + 2 * wide
    return {
        "gpt2_rows": f"{rows / 1e6:.1f}",
        "gpt2_all": f"{(rows + blocks) / 1e6:.0f}",
        "gpt2_share": percent(rows / (rows + blocks)),
    }


# --- not only text ----------------------------------------------------------------
class Coded(NamedTuple):
    """A picture and a sound, and the numbers that a codebook makes of them."""

    picture: np.ndarray  # (32, 32)
    patches: list  # 16 numbers
    sound: np.ndarray  # (1600,)
    frames: list  # 16 numbers


def coded():
    """A sun over a hill in 16 patches, and three notes in 16 frames."""
    y, x = np.mgrid[0:32, 0:32]
    picture = 0.1 + 0.8 * ((x - 23) ** 2 + (y - 9) ** 2 < 30) + 0.5 * (y > 23 + x / 8)
    patches = picture.reshape(4, 8, 4, 8).swapaxes(1, 2).reshape(16, 64)

    t = np.arange(1600) / 1600
    notes = np.select([t < 3 / 8, t < 6 / 8], [16, 48], 32)
    sound = np.abs(np.sin(8 / 3 * np.pi * t)) ** 0.5 * np.sin(2 * np.pi * notes * t)
    spectra = np.abs(np.fft.rfft(sound.reshape(16, 100), axis=1))[:, :6]
    return Coded(picture, _codes(patches, 9), sound, _codes(spectra, 6))


def _codes(items, size):
    """k-means: for each item (n, m) the number of the most similar of `size` entries."""
    entries = items[np.linspace(0, len(items) - 1, size).astype(int)].copy()
    for _ in range(20):
        nearest = ((items[:, None] - entries) ** 2).sum(-1).argmin(1)
        for i in set(nearest):
            entries[i] = items[nearest == i].mean(0)
    order = list(dict.fromkeys(nearest))
    return [order.index(i) for i in nearest]


# --- predictions ------------------------------------------------------------------
class Predictions(NamedTuple):
    """What a reader is asked to predict."""

    pieces: dict  # question: the pieces that training makes
    said: dict


def predictions(count_pairs, merge):
    """The pencil's words given twice, with the tie rule turned round, with more baa."""

    def learn(words, **rule):
        steps = merges([letters(word) for word in words], count_pairs, merge, **rule)
        return [*islice(steps, 5)]

    made = {
        "predict_twice": learn(WORDS * 2),
        "predict_youngest": learn(WORDS, youngest_first=True),
        "predict_baa": learn(WORDS + ["baa"] * 10),
    }
    return Predictions(
        {name: [step.piece for step in steps] for name, steps in made.items()},
        {"ten_more": made["predict_baa"][0].count},
    )


# --- in a real model --------------------------------------------------------------
class RealTokens(NamedTuple):
    cut: dict  # text: [(id, piece), ...]
    said: dict


def real_tokens():
    """How the tokenizer of a real model cuts the texts that are recorded."""
    cut = {
        text: list(zip(found["ids"], found["pieces"]))
        for text, found in smollm2("cut").items()
    }
    said = {
        "real_vocab": 49_152,
        "real_date": smollm2("date"),
        "real_prompt": len(cut[world.PROMPT]),
    }
    return RealTokens(cut, said)
