"""Look-up against a one-hot product, sinusoids against their definition."""

import doctest
from math import cos, sin

import pytest
import torch

import gpt.embed
from gpt.embed import embed, neighbours, positions, sinusoids, tokens

TABLE = torch.randn(7, 4, generator=torch.Generator().manual_seed(1))
PLACES = torch.randn(5, 4, generator=torch.Generator().manual_seed(2))


def test_the_docstring_tells_the_truth():
    assert doctest.testmod(gpt.embed) == (0, 3)


@pytest.mark.parametrize("shape", [(1,), (5,), (3, 5), (2, 3, 4)])
def test_a_look_up_is_a_product_with_one_hot_rows(shape):
    ids = torch.randint(7, shape)
    one_hot = torch.nn.functional.one_hot(ids, 7).float()
    torch.testing.assert_close(tokens(ids, TABLE), one_hot @ TABLE, rtol=0, atol=0)
    want = one_hot @ TABLE + PLACES[: shape[-1]]
    torch.testing.assert_close(embed(ids, TABLE, PLACES), want)


def test_the_gradient_reaches_only_the_rows_that_were_looked_up():
    table = TABLE.clone().requires_grad_()
    embed(torch.tensor([1, 3, 3]), table, PLACES).sum().backward()
    assert table.grad.sum(-1).tolist() == [0, 4, 0, 8, 0, 0, 0]


def test_sinusoids_are_those_of_vaswani():
    found = sinusoids(50, 6)
    assert found.shape == (50, 6) and found.dtype == torch.float32
    for place in (0, 1, 17, 49):
        for i in range(3):
            angle = place / 10_000 ** (2 * i / 6)
            assert found[place, 2 * i].item() == pytest.approx(sin(angle), abs=1e-6)
            assert found[place, 2 * i + 1].item() == pytest.approx(cos(angle), abs=1e-6)


def test_a_step_is_the_same_turn_from_every_place():
    """Why these clocks: moving by n is one rotation, whatever the place."""
    pairs = sinusoids(30, 8).unflatten(1, (4, 2))
    rotations = []
    for place in (0, 5, 20):
        a, b = pairs[place], pairs[place + 3]
        cosine = (a * b).sum(-1)
        sine = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
        rotations.append(torch.stack([cosine, sine]))
    torch.testing.assert_close(rotations[0], rotations[1], rtol=0, atol=1e-5)
    torch.testing.assert_close(rotations[0], rotations[2], rtol=0, atol=1e-5)


def test_neighbours_are_the_largest_cosines_without_the_row_itself():
    table = torch.tensor([[1.0, 0], [3, 0.1], [0, 1], [-1, 0]])
    cosine, rows = neighbours(table, 0, 3)
    assert rows.tolist() == [1, 2, 3]
    assert cosine.tolist() == pytest.approx([3 / 9.01**0.5, 0, -1])


IDS = torch.tensor([[0, 1]])
BAD = {
    "a list": ([0, 1], "int64 tensor"),
    "floats": (IDS.float(), "float32"),
    "int32": (IDS.int(), "int32"),
    "one number": (torch.tensor(3), "shape ()"),
    "no ids": (torch.empty(1, 0, dtype=torch.int64), "empty prompt"),
    "too large": (torch.tensor([7]), "id 7 has no row.*0 to 6"),
    "negative": (torch.tensor([2, -1]), "id -1 has no row"),
    "too long": (torch.zeros(6, dtype=torch.int64), "6 tokens.*context of 5"),
    "elsewhere": (torch.empty(1, 2, dtype=torch.int64, device="meta"), "meta.*cpu"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_ids_are_refused_in_words(name):
    ids, said = BAD[name]
    with pytest.raises(ValueError, match=said.replace("()", r"\(\)")):
        embed(ids, TABLE, PLACES)


def test_other_bad_input_is_refused_in_words():
    with pytest.raises(ValueError, match="6 tokens are more than the context of 5"):
        positions(6, PLACES)
    for odd in (5, 1, 0):
        with pytest.raises(ValueError, match=f"d_model is {odd}"):
            sinusoids(4, odd)
    for row, k in ((7, 1), (-1, 1), (0, 7), (0, 0)):
        with pytest.raises(ValueError, match="rows 0 to 6"):
            neighbours(TABLE, row, k)
