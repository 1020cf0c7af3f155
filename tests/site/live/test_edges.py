"""The modules of the page at their edges: other vocabularies, zeros, what cannot be meant.

Most of these questions are here because a mutant had passed without them (mutants/).
"""

import pytest
import torch

from gpt.tokenize import Tokenizer
from tests.site.live.test_parity import ROUNDED

BYTES = [chr(byte) for byte in range(256)]


@pytest.mark.parametrize("merged", [["aa"], ["aa", "ab"], ["ab", "aa", "aaab"], []])
@pytest.mark.parametrize(
    "special", [["<a>"], ["<a>", "<a><b>", "<"], ["x.y|", "(", "\\"], []]
)
@pytest.mark.parametrize(
    "text", ["aaa<a><b>aab", "<a", "x.y|xzy|(\\)", "\ufeffaaaab", "<a><a><b>", ""]
)
def test_another_vocabulary(node, merged, special, text):
    pieces = [*BYTES, *merged]
    names = {name: len(pieces) + n for n, name in enumerate(special)}
    ranks = {piece.encode("latin-1"): id for id, piece in enumerate(pieces)}
    ids = Tokenizer(ranks, names).encode(text, "all")
    got = node.ask("other", [pieces, names, text])
    assert (got["ids"], got["text"]) == (ids, text)
    assert "".join(got["cut"]) == text and "" not in got["cut"]
    assert [part for part in got["cut"] if part in names] == [
        special[id - len(pieces)] for id in ids if id >= len(pieces)
    ]


def test_a_vocabulary_without_a_byte(node):
    with pytest.raises(ValueError, match='"a" is no token'):
        node.ask("other", [["b"], {}, "a"])


def test_cosines_of_few_numbers(node):
    for a, b, cosine in (
        ([3, 4], [4, 3], 0.96),
        ([1, 0], [-1, 0], -1),
        ([0, 0], [1, 2], 0),
        ([1, 2], [0, 0], 0),
        ([0, 0], [0, 0], 0),
    ):
        assert node.ask("cosineOf", [a, b]) == pytest.approx(cosine)


@pytest.mark.parametrize("scores", [[1000, 999, 0], [-1000, -1000], [0.5]])
def test_shares_of_scores_of_any_size(node, scores):
    want = torch.tensor(scores, dtype=torch.float64).softmax(-1).tolist()
    assert node.ask("softmax", scores) == pytest.approx(want, abs=1e-6)


@pytest.mark.parametrize(("id", "place"), [(0, 0), (587, 63), (0, 63), (587, 0)])
def test_the_first_rows_and_the_last(node, id, place):
    want = ROUNDED.weights["wte.weight"][id] + ROUNDED.weights["wpe.weight"][place]
    got = node.ask("embed", [id, place])
    assert got == pytest.approx(want.tolist(), abs=1e-6)


# --- what cannot be meant ------------------------------------------------------------
U = "from 0 up and below 1"


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("badWeights", 5, "there are 5 weights, and 6 are needed"),
        ("badWeights", 7, "there are 7 weights"),
        ("uniform", -1, "from 0 to 4294967295, not -1"),
        ("uniform", 0.5, "a whole number"),
        ("uniform", 2**32, "not 4294967296"),
        ("embed", [588, 0], "the id 588 has no row"),
        ("embed", [-1, 0], "the id -1 has no row"),
        ("embed", [0, 64], "place 64 is beyond the context of 64"),
        ("embed", [0, -1], "place -1"),
        ("probabilities", [[1, 2], 0], "the temperature is 0, and must be above 0"),
        ("probabilities", [[1, 2], -1], "above 0"),
        ("probabilities", [[1, 2], "Infinity"], "above 0"),
        ("keepTopK", [[0.5, 0.5], 0], "a whole number from 1 to 2"),
        ("keepTopK", [[0.5, 0.5], 3], "k is 3"),
        ("keepTopK", [[0.5, 0.5], 1.5], "k is 1.5"),
        ("keepTopP", [[0.5, 0.5], 0], "above 0 and at most 1"),
        ("keepTopP", [[0.5, 0.5], 1.01], "top_p is 1.01"),
        ("draw", [[0.5, 0.5], 1], U),
        ("draw", [[0.5, 0.5], -0.1], U),
        ("draw", [[0, 0], 0.5], "must sum to one"),
        ("decode", [588], "there is no token 588"),
        ("decode", [-1], "there is no token -1"),
    ],
)
def test_is_an_error(node, name, given, says):
    with pytest.raises(ValueError, match=f"RangeError: .*{says}"):
        node.ask(name, given)


def test_what_is_just_possible_is_none(node):
    assert node.ask("badWeights", 6) == ["a"]
    assert node.ask("keepTopP", [[0.25, 0.75], 1]) == [0.25, 0.75]
    assert node.ask("keepTopK", [[0.25, 0.75], 2]) == [0.25, 0.75]
    assert node.ask("keepTopK", [[0.5, 0.5], 1]) == [1, 0]
    assert node.ask("keepTopK", [[0.1] * 40, 1]) == [1, *[0] * 39]
    assert node.ask("keepTopP", [[0.5, 0.25, 0.25], 0.5]) == [1, 0, 0]
    assert node.ask("keepTopP", [[1, 1e-9], 1]) == [1, 1e-9]
    assert node.ask("probabilities", [[1000, 1000], 1]) == [0.5, 0.5]
    assert node.ask("draw", [[0.5, 0.5], 0]) == 0
    assert node.ask("draw", [[0, 0.5, 0.5], 0]) == 1
    assert 0 <= node.ask("uniform", 2**32 - 1) < 1
