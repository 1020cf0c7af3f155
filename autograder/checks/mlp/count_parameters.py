"""count_parameters: how many numbers a GPT of given sizes learns.

The oracle builds PyTorch's modules without memory, so GPT-3's size takes no longer than
a tiny one. The count is exact, so each mistake has a count of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import nn

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between
from autograder.checks._twins import twins
from autograder.checks.mlp._material import LIBRARIES


def oracle(n_vocab: int, n_ctx: int, n_layer: int, d_model: int) -> int:
    with torch.device("meta"):
        tokens, places = (
            nn.Embedding.from_pretrained(torch.empty(n, d_model), freeze=False)
            for n in (n_vocab, n_ctx)
        )
        layer = nn.TransformerEncoderLayer(d_model, 1, 4 * d_model)
        unembed = nn.Linear(d_model, n_vocab, bias=False)
        rest = nn.ModuleList([tokens, places, nn.LayerNorm(d_model), unembed])
    unembed.weight = tokens.weight  # a parameter that two modules share counts once
    one, once = (sum(p.numel() for p in m.parameters()) for m in (layer, rest))
    return n_layer * one + once


def draw(rng: np.random.Generator) -> list[Case]:
    n_vocab = between(rng, 50_000, 51_000)
    # One of the two is even and one odd: no float32 holds the count then.
    deep = 2 * between(rng, 45, 49) + (n_vocab + 1) % 2
    return [
        Case(
            "a tiny model",
            (between(rng, 5, 99), between(rng, 3, 60), 1, between(rng, 2, 4)),
        ),
        Case(
            "a model of several layers",
            (between(rng, 10, 99), between(rng, 5, 60), between(rng, 2, 6), 4),
        ),
        edge(
            "no layer at all, only tables and the last norm",
            (between(rng, 10, 99), between(rng, 5, 60), 0, 2 * between(rng, 1, 4) + 1),
        ),
        edge(
            "many layers, but one token, one place and vectors of one number",
            (1, 1, between(rng, 520, 900), 1),
        ),
        Case(
            "a model of about the course's size",
            (between(rng, 400, 700), 8 * between(rng, 6, 20), 3, 96),
        ),
        Case(
            "a model of about GPT-2's size",
            (between(rng, 50_000, 51_000), 1024, between(rng, 10, 48), 768),
        ),
        Case(
            "a model of about GPT-3's size",
            (n_vocab, 2048, deep, 12_288),
        ),
        edge(
            "a large model whose sizes are no powers of 2",  # the count is odd
            (
                2 * between(rng, 25_000, 25_500),
                2 * between(rng, 500, 600),
                2 * between(rng, 12, 23) + 1,
                2 * between(rng, 600, 800) + 1,
            ),
        ),
        edge(
            "a model that is too large for a float64",  # the count is odd, and above 2**53
            (
                2 * between(rng, 25_000, 25_500),
                2 * between(rng, 500, 600),
                1,
                2 * between(rng, 20_000_000, 30_000_000) + 1,
            ),
        ),
        *twins(
            oracle,
            lambda: (
                *(between(rng, 5, 30) for _ in range(2)),
                between(rng, 2, 6),
                4,
            ),
            "the vocabulary",
            "the context",
            "the layers",
            "the width",
            others={0: 31, 1: 31, 2: 7, 3: 6},
        ),
    ]


def _plain(
    n_vocab: int,
    n_ctx: int,
    n_layer: int,
    d_model: int,
    tokens: int = 1,
    places: int = 1,
    attend: Callable[[int], int] = lambda C: 4 * C * C + 4 * C,
    mlp: Callable[[int], int] = lambda C: 8 * C * C + 5 * C,
    norms: Callable[[int], int] = lambda C: 4 * C,
    last: Callable[[int], int] = lambda C: 2 * C,
    more: Callable[[int, int, int], int] = lambda n_vocab, n_ctx, C: 0,
) -> int:
    """The sum, with the parts of a layer and the tables as loose screws."""
    C = d_model
    layers = n_layer * (attend(C) + mlp(C) + norms(C))
    tables = tokens * n_vocab * C + places * n_ctx * C
    return tables + layers + last(C) + more(n_vocab, n_ctx, C)


def worked(n_vocab: int, n_ctx: int, n_layer: int, d_model: int) -> dict[str, int]:
    C = d_model
    return {
        "the two tables": n_vocab * C + n_ctx * C,
        "attention in a layer": 4 * C * C + 4 * C,
        "the MLP in a layer": 8 * C * C + 5 * C,
        "the two norms in a layer": 4 * C,
        "all layers": n_layer * (12 * C * C + 13 * C),
        "the last norm": 2 * C,
    }


def _apart(more: int, power: int) -> Mistake:
    """Each layer has so many times C, or C², too many or too few: whatever they are."""
    times = "" if abs(more) == 1 else str(abs(more))
    size = f"{times}{'C' if power == 1 else 'C²'}"
    word = "many" if more > 0 else "few"
    where = (
        "Compare your biases and norms with the table of step 5, one by one: a bias is as "
        "long as its matrix has **columns**, and a norm has a weight and a bias."
        if power == 1
        else "Compare your four matrices with the table of step 5, one by one: a matrix has "
        "as many numbers as its rows **times** its columns."
    )
    return Mistake(
        f"{size} numbers of each layer too {word}",
        f"Each layer has exactly {size} numbers too {word}. {where}",
        lambda n_vocab, n_ctx, n_layer, d_model: (
            _plain(n_vocab, n_ctx, n_layer, d_model) + n_layer * more * d_model**power
        ),
    )


def _once_apart(more: int) -> Mistake:
    return Mistake(
        f"{more}C numbers too many, once",
        f"You count exactly {more}C numbers too many, once and not in each layer. Outside "
        "the layers there are the two tables and the last norm.",
        lambda n_vocab, n_ctx, n_layer, d_model: (
            _plain(n_vocab, n_ctx, n_layer, d_model) + more * d_model
        ),
    )


def _parts_of_float32(n_vocab: int, n_ctx: int, n_layer: int, d_model: int) -> int:
    tables = (n_vocab + n_ctx) * d_model
    layers = n_layer * (12 * d_model**2 + 13 * d_model)
    return int(torch.tensor([float(tables), float(layers), 2.0 * d_model]).sum())


def _last_layer(n_vocab: int, n_ctx: int, n_layer: int, d_model: int) -> int:
    total = _plain(n_vocab, n_ctx, 0, d_model)
    for _ in range(n_layer):
        total = 12 * d_model**2 + 13 * d_model
    return total


def _by_xor(n_vocab: int, n_ctx: int, n_layer: int, d_model: int) -> int:
    C = d_model
    return (n_vocab + n_ctx) * C + n_layer * (12 * C ^ 2 + 13 * C) + 2 * C


MISTAKES = (
    Mistake(
        "the tied table counted twice",
        "You count the table of the tokens twice. GPT-2 uses one and the same table at both "
        "ends, so its numbers are learned once and counted once.",
        partial(_plain, tokens=2),
    ),
    Mistake(
        "the table of the tokens forgotten",
        "The table of the tokens, `wte`, is missing.",
        partial(_plain, tokens=0),
    ),
    Mistake(
        "the table of the places forgotten",
        "The table of the places, `wpe`, is missing: a row for each of the n_ctx places.",
        partial(_plain, places=0),
    ),
    Mistake(
        "both tables forgotten",
        "The layers and the last norm are right. The two tables of the beginning are "
        "missing: one of the tokens, one of the places.",
        partial(_plain, tokens=0, places=0),
    ),
    Mistake(
        "all biases of matrices forgotten",
        "The biases of the four matrices are missing. Each matrix has one, with a number "
        "for each of its columns.",
        partial(_plain, attend=lambda C: 4 * C * C, mlp=lambda C: 8 * C * C),
    ),
    Mistake(
        "4C numbers of each layer forgotten",
        "Each layer lacks exactly 4C numbers. Three things have that size: the MLP's first "
        "bias (4C), attention's two biases (3C and C), and the two norms (2C each). Is one "
        "of them missing?",
        partial(_plain, norms=lambda C: 0),
    ),
    Mistake(
        "5C numbers of each layer forgotten",
        "Each layer lacks exactly 5C numbers. That is what the MLP's two biases have, or "
        "what is lost if every bias counts as C: a bias is as long as its matrix has "
        "**columns**.",
        partial(_plain, mlp=lambda C: 8 * C * C),
    ),
    Mistake(
        "all norms forgotten",
        "All norms are missing: two in each layer and one after the last layer, each with "
        "a weight and a bias of C numbers.",
        partial(_plain, norms=lambda C: 0, last=lambda C: 0),
    ),
    Mistake(
        "the last norm forgotten",
        "One norm is missing: the one after the last layer, `ln_f`, which belongs to no "
        "layer.",
        partial(_plain, last=lambda C: 0),
    ),
    Mistake(
        "2C numbers of each layer forgotten",
        "Each layer lacks exactly 2C numbers. Is one of its two norms missing (2C each), or "
        "the bias of both? Or is attention's first bias too short? A bias is as long as its "
        "matrix has **columns**.",
        partial(_plain, norms=lambda C: 2 * C),
    ),
    Mistake(
        "norms without their biases",
        "You count C numbers for a norm. Each has a weight **and** a bias.",
        partial(_plain, norms=lambda C: 2 * C, last=lambda C: C),
    ),
    Mistake(
        "the last norm without its bias",
        "The last norm has 2C numbers: its weight and its bias.",
        partial(_plain, last=lambda C: C),
    ),
    Mistake(
        "norms and biases forgotten",
        "All matrices and tables are there, but no vector: neither the biases of the "
        "matrices nor the norms.",
        partial(
            _plain,
            attend=lambda C: 4 * C * C,
            mlp=lambda C: 8 * C * C,
            norms=lambda C: 0,
            last=lambda C: 0,
        ),
    ),
    Mistake(
        "the layers' matrices alone",
        "12 C² for each layer is the rule of thumb: no tables, no norms, no biases. Here "
        "every number counts.",
        lambda n_vocab, n_ctx, n_layer, d_model: 12 * n_layer * d_model**2,
    ),
    Mistake(
        "a single layer counted",
        "You count one layer, whatever `n_layer` is. Every layer has weights of its own.",
        lambda n_vocab, n_ctx, n_layer, d_model: _plain(n_vocab, n_ctx, 1, d_model),
    ),
    Mistake(
        "the last norm counted for every layer",
        "You count the last norm once for each layer. There is a single one, after them "
        "all.",
        lambda n_vocab, n_ctx, n_layer, d_model: _plain(
            n_vocab, n_ctx, n_layer, d_model, last=lambda C: 2 * C * n_layer
        ),
    ),
    Mistake(
        "everything times n_layer",
        "You multiply everything by `n_layer`. The tables and the last norm are there "
        "only once.",
        lambda n_vocab, n_ctx, n_layer, d_model: (
            n_layer * _plain(n_vocab, n_ctx, 1, d_model)
        ),
    ),
    Mistake(
        "n_layer for attention only",
        "Attention is counted for every layer, the MLP and the two norms beside it "
        "only once. Are brackets missing around the whole layer?",
        lambda n_vocab, n_ctx, n_layer, d_model: (
            _plain(n_vocab, n_ctx, 1, d_model)
            + (n_layer - 1) * (4 * d_model**2 + 4 * d_model)
        ),
    ),
    Mistake(
        "attention forgotten",
        "Attention is missing in the layers: its two matrices and their biases.",
        partial(_plain, attend=lambda C: 0),
    ),
    Mistake(
        "the MLP forgotten",
        "The MLP is missing in the layers: its two matrices and their biases.",
        partial(_plain, mlp=lambda C: 0),
    ),
    Mistake(
        "queries alone, without keys and values",
        "Attention's first matrix has 3C columns: queries, keys **and** values. You count C.",
        partial(_plain, attend=lambda C: 2 * C * C + 2 * C),
    ),
    Mistake(
        "a matrix of 9C² for queries, keys and values",
        "You count 9C² for attention's first matrix. Only its columns are three times as "
        "many: it has C rows and 3C columns.",
        partial(_plain, attend=lambda C: 10 * C * C + 4 * C),
    ),
    Mistake(
        "four hidden units",
        "Your MLP has 4 hidden units. It has 4 times C of them.",
        partial(_plain, mlp=lambda C: 8 * C + 4 + C),
    ),
    Mistake(
        "a bias of 4C at the MLP's way out",
        "The bias of the MLP's second matrix is too long. A bias is as long as its matrix "
        "has **columns**, and that one has C.",
        partial(_plain, mlp=lambda C: 8 * C * C + 8 * C),
    ),
    Mistake(
        "only the places' rows are times C",
        "A bracket is misplaced: of the two tables, only the second is multiplied by C. "
        "A table has C numbers in each of its rows.",
        lambda n_vocab, n_ctx, n_layer, d_model: (
            _plain(n_vocab, n_ctx, n_layer, d_model, tokens=0) + n_vocab
        ),
    ),
    Mistake(
        "n_layer for the matrices, not for the norms",
        "Attention and the MLP are counted for every layer, the two norms beside them "
        "only once. Are brackets missing around the whole layer?",
        lambda n_vocab, n_ctx, n_layer, d_model: (
            _plain(n_vocab, n_ctx, n_layer, d_model, norms=lambda C: 0) + 4 * d_model
        ),
    ),
    Mistake(
        "attention's way out forgotten",
        "Attention's second matrix is missing, the way out (`attn.c_proj`): C by C, and "
        "a bias.",
        partial(_plain, attend=lambda C: 3 * C * C + 3 * C),
    ),
    Mistake(
        "the MLP's second matrix forgotten",
        "The MLP's second matrix is missing: 4C by C, and a bias of C.",
        partial(_plain, mlp=lambda C: 4 * C * C + 4 * C),
    ),
    Mistake(
        "a hidden layer as narrow as the vector",
        "You count an MLP whose hidden layer has C units. It has 4C.",
        partial(_plain, mlp=lambda C: 2 * C * C + 2 * C),
    ),
    Mistake(
        "a bias for the logits",
        "You count n_vocab numbers too many, a bias for the logits. GPT-2 has none: at "
        "both ends stands `wte` alone.",
        partial(_plain, more=lambda n_vocab, n_ctx, C: n_vocab),
    ),
    Mistake(
        "a norm before the layers",
        "You count one norm too many outside the layers. There is one, after the last "
        "layer.",
        partial(_plain, last=lambda C: 4 * C),
    ),
    Mistake(
        "the table of the places counted twice",
        "You count the table of the places twice. `wpe` is there once, at the beginning.",
        partial(_plain, places=2),
    ),
    Mistake(
        "both tables counted twice",
        "You count both tables twice. GPT-2 uses the tokens' table at both ends, where it "
        "counts once, and the places' only at the beginning.",
        partial(_plain, tokens=2, places=2),
    ),
    Mistake(
        "three matrices in the MLP",
        "You count three matrices in the MLP, as newer models have. GPT-2's has two: C by "
        "4C, and 4C by C.",
        partial(_plain, mlp=lambda C: 12 * C * C + 5 * C),
    ),
    Mistake(
        "a hidden layer as narrow as the vector, with biases of 4C and C",
        "Your MLP's matrices are C by C. Its hidden layer has 4C units: the matrices are C "
        "by 4C and 4C by C.",
        partial(_plain, mlp=lambda C: 2 * C * C + 5 * C),
    ),
    Mistake(
        "a hidden layer half as wide",
        "You count an MLP whose hidden layer has 2C units. It has 4C.",
        partial(_plain, mlp=lambda C: 4 * C * C + 3 * C),
    ),
    Mistake(
        "a hidden layer three times as wide",
        "You count an MLP whose hidden layer has 3C units. It has 4C; 3C are the columns "
        "of attention's first matrix.",
        partial(_plain, mlp=lambda C: 6 * C * C + 4 * C),
    ),
    Mistake(
        "16C² for each matrix of the MLP",
        "You count 4C by 4C for a matrix of the MLP. Each has C on one side: C by 4C, and "
        "4C by C.",
        partial(_plain, mlp=lambda C: 32 * C * C + 5 * C),
    ),
    Mistake(
        "3C numbers of each layer forgotten",
        "Each layer lacks exactly 3C numbers. Is it attention's first bias? Or do you count "
        "the MLP's as C each? A bias is as long as its matrix has **columns**.",
        partial(_plain, mlp=lambda C: 8 * C * C + 2 * C),
    ),
    Mistake(
        "C numbers of each layer forgotten",
        "Each layer lacks exactly C numbers. So long are the bias of attention's way out, "
        "that of the MLP's, and the weight and the bias of a norm. Is one of them missing?",
        partial(_plain, mlp=lambda C: 8 * C * C + 4 * C),
    ),
    Mistake(
        "2C numbers of each layer too many",
        "Each layer has exactly 2C numbers too many. Do you count three norms, or biases "
        "that are too long? Two norms have 2C each.",
        partial(_plain, norms=lambda C: 6 * C),
    ),
    Mistake(
        "the matrix of queries, keys and values alone",
        "Attention has two matrices: one of C by 3C, with a bias of 3C, and the way out of "
        "C by C, with a bias of C. Your first is as large as one of C by 2C.",
        partial(_plain, attend=lambda C: 3 * C * C + 4 * C),
    ),
    Mistake(
        "one layer too many",
        "You count one layer too many. There are `n_layer` of them.",
        lambda n_vocab, n_ctx, n_layer, d_model: _plain(
            n_vocab, n_ctx, n_layer + 1, d_model
        ),
    ),
    Mistake(
        "one layer too few",
        "You count one layer too few. There are `n_layer` of them.",
        lambda n_vocab, n_ctx, n_layer, d_model: _plain(
            n_vocab, n_ctx, n_layer - 1, d_model
        ),
    ),
    Mistake(
        "n_vocab and n_ctx multiplied",
        "You multiply the sizes of the two tables. Each table has its own rows, of C "
        "numbers, and the two are **added**.",
        partial(
            _plain,
            tokens=0,
            places=0,
            more=lambda n_vocab, n_ctx, C: n_vocab * n_ctx * C,
        ),
    ),
    Mistake(
        "the mask counted",
        "You count the mask, n_ctx by n_ctx. It is made and not learned: no parameter.",
        partial(_plain, more=lambda n_vocab, n_ctx, C: n_ctx * n_ctx),
    ),
    Mistake(
        "one more number for each row",
        "You count one number for each row of the tables beside its C. A row has C numbers "
        "and no more.",
        partial(_plain, more=lambda n_vocab, n_ctx, C: n_vocab + n_ctx),
    ),
    Mistake(
        "n_layer for the matrices, not for the vectors",
        "The matrices are counted for every layer, biases and norms only once. Are brackets "
        "missing around the whole layer?",
        lambda n_vocab, n_ctx, n_layer, C: (
            _plain(n_vocab, n_ctx, 0, C) + n_layer * 12 * C * C + 13 * C
        ),
    ),
    Mistake(
        "the tables in every layer",
        "You count the two tables once for each layer. They are there only once, before the "
        "layers.",
        lambda n_vocab, n_ctx, n_layer, C: (
            _plain(0, 0, n_layer, C) + n_layer * (n_vocab + n_ctx) * C
        ),
    ),
    Mistake(
        "n_layer and d_model exchanged",
        "`n_layer` and `d_model` are swapped. Compare your `def`, or your lines, with the "
        "step's: n_vocab, n_ctx, n_layer, d_model.",
        lambda n_vocab, n_ctx, n_layer, d_model: _plain(
            n_vocab, n_ctx, d_model, n_layer
        ),
    ),
    Mistake(
        "one layer too many, and no last norm",
        "You count one layer too many, and the last norm is missing. The last norm stands "
        "after the layers, and has 2C numbers.",
        lambda n_vocab, n_ctx, n_layer, d_model: _plain(
            n_vocab, n_ctx, n_layer + 1, d_model, last=lambda C: 0
        ),
    ),
    Mistake(
        "only the last layer is left",
        "What comes back is one layer alone, unless there is none: each round of a loop "
        "overwrites the sum. `total += …` adds to it, and `total = …` begins anew.",
        _last_layer,
    ),
    Mistake(
        "^ for a power",
        "In Python `^` is not a power: it compares two numbers bit by bit. C² is written "
        "`C**2` or `C * C`.",
        _by_xor,
    ),
    Mistake(
        "the last norm of the example",
        "For the last norm you add 4, as in the example, where C is 2. It has a weight and a "
        "bias of C numbers each.",
        partial(_plain, last=lambda C: 4),
    ),
    Mistake(
        "2 numbers for the last norm",
        "You count 2 numbers for the last norm. Its weight and its bias have **C** each.",
        partial(_plain, last=lambda C: 2),
    ),
    Mistake(
        "the layer of the example",
        "You add the numbers of the example, where C is 2. They grow with C: compute each "
        "from its shape.",
        partial(
            _plain,
            attend=lambda C: 24,
            mlp=lambda C: 42,
            norms=lambda C: 8,
            last=lambda C: 4,
        ),
    ),
    Mistake(
        "the layer of the example, and the last norm right",
        "For a layer you add the numbers of the example, where C is 2. They grow with C: "
        "compute each from its shape.",
        partial(_plain, attend=lambda C: 24, mlp=lambda C: 42, norms=lambda C: 8),
    ),
    Mistake(
        "4 numbers instead of 4C",
        "In each layer you count 4 numbers where 4C belong. Is it the MLP's first bias? Or "
        "the two norms, whose weights and biases have C numbers each?",
        partial(_plain, norms=lambda C: 4),
    ),
    Mistake(
        "4C for the MLP's second matrix",
        "You count 4C numbers for a matrix of the MLP. C by 4C is C **times** 4C.",
        partial(_plain, mlp=lambda C: 4 * C * C + 9 * C),
    ),
    Mistake(
        "a power of 3 for 3C",
        "There is a third power of C where 3 times C belongs. In Python `*` multiplies and "
        "`**` is a power.",
        partial(_plain, attend=lambda C: C**4 + C * C + 4 * C),
    ),
    Mistake(
        "rows and columns added",
        "You add the rows and columns of a matrix. It has rows **times** columns numbers.",
        partial(
            _plain,
            attend=lambda C: 4 * C + 3 * C + 2 * C + C,
            mlp=lambda C: 5 * C + 4 * C + 5 * C + C,
        ),
    ),
    Mistake(
        "4C columns in the table of the tokens",
        "Your table of the tokens has 4C columns. A token has a vector of C numbers; 4C "
        "hidden units are in the MLP alone.",
        partial(_plain, tokens=4),
    ),
    Mistake(
        "the vocabulary rounded up to a multiple of 64",
        "You round `n_vocab` up to a multiple of 64, as some models do for speed. Here the "
        "table has exactly n_vocab rows.",
        lambda n_vocab, *sizes: _plain((n_vocab + 63) // 64 * 64, *sizes),
    ),
    Mistake(
        "in millions",
        "You give the number in millions, rounded. Give every single one, without a "
        "division.",
        lambda *sizes: round(_plain(*sizes) / 1e6),
    ),
    Mistake(
        "in millions, as a float",
        "You give the number in millions. Give every single one, without a division.",
        lambda *sizes: _plain(*sizes) / 1e6,
    ),
    Mistake(
        "a sum of float32",
        "Right for small models. A tensor of float32 has about seven digits, so a large sum "
        "is rounded in it; Python's own whole numbers have no end.",
        _parts_of_float32,
    ),
    *(_apart(more, 1) for more in (-13, -12, -11, -10, -8, -7, -6)),
    *(_apart(more, 1) for more in (1, *range(4, 14))),
    *(_apart(more, 2) for more in (-12, -11, -10, -9, -8, -7, -5, -4, -3, -2)),
    *(_apart(more, 2) for more in (1, 2, 3, 5, 7, 8, 9, 10, 11, 12)),
    *(_once_apart(more) for more in (1, 3, 4, 5)),
    Mistake(
        "a tensor",
        "The right number, in a tensor. Give a plain whole number, an `int`.",
        lambda *sizes: torch.tensor(_plain(*sizes)),
    ),
    Mistake(
        "a text",
        "The right number, as a text with commas, or rounded to millions. Give the number "
        "alone, an `int`.",
        lambda *sizes: f"{_plain(*sizes):,}",
    ),
    Mistake(
        "too small a kind of number",
        "Right for small models. NumPy's int32 ends at 2,147,483,647 and begins again "
        "below zero; Python's own whole numbers have no end.",
        lambda *sizes: (_plain(*sizes) + 2**31) % 2**32 - 2**31,
    ),
    Mistake(
        "a float",
        "The right number, as a float. There is no half parameter: give a whole "
        "number, an `int`. Is there a division?",
        lambda *sizes: float(_plain(*sizes)),
    ),
    Mistake(
        "a list of counts",
        "You give the counts one by one. Return their sum.",
        lambda n_vocab, n_ctx, n_layer, d_model: [
            n_vocab * d_model,
            n_ctx * d_model,
            n_layer * (12 * d_model**2 + 13 * d_model),
            2 * d_model,
        ],
    ),
)

CHECK = Check(
    "count_parameters", 3, draw, oracle, MISTAKES, forbidden=LIBRARIES, worked=worked
)
