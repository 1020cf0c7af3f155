"""The heads of a token side by side again, in one row.

The oracle puts the heads together one by one. Cases are texts and batches; in some,
axes that are easily mixed up have one size.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, stop, tenths
from autograder.checks._slips import batches_only, no_batches
from autograder.checks._twins import mirrored, twins
from autograder.checks.attend._material import (
    LIBRARIES,
    axes_1_and_2_exchanged,
    first_two_axes_exchanged,
    huge,
    on_its_side,
    own,
)


def oracle(x: Tensor) -> Tensor:
    return torch.cat(x.unbind(-3), -1)


def draw(rng: np.random.Generator) -> list[Case]:
    heads = own(rng, 5, "heads")
    signs = torch.tensor([1.0, -1.0])[:, None, None]
    return [
        Case("two heads of two numbers, three tokens", (tenths(rng, 2, 3, 2),)),
        Case("a single head", (tenths(rng, 1, 3, 132),)),
        edge(
            "heads of a single number, some of them large",
            (torch.cat([huge(rng, 2, 3, 1) * signs, tenths(rng, 2, 3, 1)]),),
        ),
        edge("a single token", (tenths(rng, 3, 1, 2),)),
        Case("as many heads as tokens and numbers", (tenths(rng, 3, 3, 3),)),
        Case("heads of the course's own model", heads),
        Case("a batch of texts", (tenths(rng, 2, 3, 4, 2),)),
        Case("a batch with as many texts as heads", (tenths(rng, 2, 2, 3, 2),)),
        Case("a long text", (tenths(rng, 3, between(rng, 257, 270), 2),)),
        Case("many heads", (tenths(rng, 132, 5, 2),)),
        edge("a batch of one text", (tenths(rng, 1, 2, 3, 4),)),
        edge("heads that lie across in memory", (across(tenths(rng, 2, 5, 3)),)),
        edge("a batch, and a single head", (tenths(rng, 2, 1, 3, 4),)),
        edge("a batch, and heads of a single number", (tenths(rng, 2, 3, 4, 1),)),
        edge("a batch of texts of one token", (tenths(rng, 3, 2, 1, 4),)),
        edge("as many texts as heads, tokens and numbers", (tenths(rng, 3, 3, 3, 3),)),
        *twins(oracle, lambda: (mirrored(rng, tenths(rng, 2, 7, 2)),), "the heads"),
    ]


def worked(x: Tensor) -> dict[str, Tensor]:
    turned = x.transpose(-3, -2)
    return {"the tokens in front": turned, "one row of the last two axes": oracle(x)}


def _view(x: Tensor) -> Tensor:
    turned = x.transpose(-3, -2)
    return turned.view(*turned.shape[:-2], -1)


MISTAKES = (
    Mistake(
        "the shape without the transposing",
        "The shape is right, but the numbers stand in the order of the heads: the first "
        "rows hold head 0 of several tokens. Bring the tokens to the front first, then "
        "flatten.",
        lambda x: x.reshape(*x.shape[:-3], x.shape[-2], -1),
    ),
    Mistake(
        "the shape without the transposing, for one text",
        "The numbers stand in the order of the heads: bring the tokens to the front first, "
        "then flatten. And a batch has one more axis in front, so count from the end.",
        lambda x: x.reshape(x.shape[1], -1) if x.ndim == 3 else stop(ValueError),
    ),
    Mistake(
        "heads and tokens in one axis",
        "Heads and tokens have become one axis. Exchange them first, then make one row of "
        "the **last** two axes, heads and numbers.",
        lambda x: x.transpose(-3, -2).flatten(-3, -2),
    ),
    Mistake(
        "heads interleaved",
        "Columns of different heads alternate. Those of a head belong side by side: "
        "first all of head 0, then all of head 1.",
        lambda x: x.movedim(-3, -1).flatten(-2),
    ),
    Mistake(
        "heads added up",
        "You add the heads up, so what each of them has found is lost. Put them "
        "side by side.",
        lambda x: x.sum(-3),
    ),
    Mistake(
        "heads averaged",
        "You average the heads, so what each of them has found is lost. Put them "
        "side by side.",
        lambda x: x.mean(-3),
    ),
    Mistake(
        "heads one under the other",
        "The heads stand one under the other: H · T rows. They belong side by side, so "
        "that each token has one row of C numbers.",
        lambda x: x.flatten(-3, -2),
    ),
    Mistake(
        "not flattened",
        "The tokens are in front again; but the heads of each are still apart. Make one "
        "row of C numbers of the last two axes.",
        lambda x: x.transpose(-3, -2),
    ),
    Mistake(
        "flattened without transposing",
        "Each head has become one long row. A row belongs to a **token**: bring the "
        "tokens to the front before you flatten.",
        lambda x: x.flatten(-2),
    ),
    Mistake(
        "the wrong axes exchanged",
        "You exchange the last two axes, tokens and numbers. It is heads and tokens that "
        "change places.",
        lambda x: x.mT.flatten(-2),
    ),
    Mistake(
        "a view of what was turned",
        "After exchanging axes the numbers no longer lie in order, and `view` cannot "
        "make rows of them. `flatten` and `reshape` copy where they must.",
        _view,
    ),
    Mistake(
        "the heads in reverse order",
        "The heads stand side by side from the last to the first. Head 0 comes first.",
        lambda x: oracle(x.flip(-3)),
    ),
    Mistake(
        "the tokens in reverse order",
        "The tokens stand from the last to the first. Token 0 is the first row.",
        lambda x: oracle(x.flip(-2)),
    ),
    Mistake(
        "split once more",
        "You split once more what is split already, as `split_heads` does. Now the way "
        "back is wanted: bring the tokens to the front, then make one row of the last two "
        "axes.",
        lambda x: x.unflatten(-1, (x.shape[-3], -1)).transpose(-3, -2),
    ),
    Mistake(
        "only the last head",
        "Only the last head is left. All of them belong in the row of a token, side by "
        "side.",
        lambda x: x.select(-3, -1),
    ),
    Mistake(
        "everything in one row",
        "All numbers stand in one long row. Each token has a row of its own: flatten only "
        "the last two axes.",
        lambda x: x.transpose(-3, -2).flatten(),
    ),
    Mistake(
        "only the first head",
        "Only the first head is left. All of them belong in the row of a token, side by "
        "side.",
        lambda x: x.select(-3, 0),
    ),
    on_its_side(oracle, "numbers", "A token is a row: T rows of C, not C rows of T."),
    first_two_axes_exchanged(lambda x: x.transpose(0, 1).flatten(-2), "heads"),
    axes_1_and_2_exchanged(
        lambda x: x.transpose(1, 2).flatten(-2), "The heads of a single text have"
    ),
    Mistake(
        "flattened from axis 1 on",
        "Right for one text. In a batch, axis 1 is that of the tokens, so each text has "
        "become one long row: flatten only the last two axes.",
        lambda x: x.transpose(-3, -2).flatten(1),
    ),
    Mistake(
        "heads and tokens misnamed",
        "Your answer has one row per head. What comes in is heads, tokens, numbers, "
        "in this order: have you read the sizes in another?",
        lambda x: x.transpose(-3, -2).reshape(*x.shape[:-2], -1),
    ),
    Mistake(
        "a loop over the first axis",
        "Right for one text. In a batch the first axis is that of the texts, and you put "
        "those side by side.",
        lambda x: torch.cat([*x], -1),
    ),
    Mistake(
        "three axes put in order",
        "Right for one text. A batch has one more axis in front, and your code "
        "expects three. `transpose` exchanges two axes and leaves the others alone: "
        "count them from the end.",
        lambda x: x.permute(1, 0, 2).flatten(-2),
    ),
    batches_only(oracle, 3, "four", "heads, tokens, numbers"),
    no_batches(oracle, 3, "three", "heads, tokens, numbers"),
)

CHECK = Check(
    "merge_heads",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    worked=worked,
    rtol=0.0,
    atol=0.0,
)
