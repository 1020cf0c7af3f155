"""block: norm and attention, norm and MLP, each of which adds to the stream.

The oracle is PyTorch's encoder layer with the norms first and a causal mask. Cases in
which a part adds nothing show which half is at fault, and a long stream shows whether
it runs past the norms.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
import torch
from torch import Tensor, nn

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between
from autograder.checks._slips import written_into
from autograder.checks.mlp._material import (
    BENDS,
    EPS,
    LIBRARIES,
    NORMS,
    quarters,
    shipped,
    tanh_gelu,
    vectors,
    weights,
)
from autograder.checks.mlp.layer_norm import oracle as layer_norm
from autograder.checks.mlp.mlp import oracle as think

Weights = dict[str, Tensor]

NAMES = {  # GPT-2's names and PyTorch's
    "ln_1.weight": "norm1.weight",
    "ln_1.bias": "norm1.bias",
    "attn.c_attn.weight": "self_attn.in_proj_weight",
    "attn.c_attn.bias": "self_attn.in_proj_bias",
    "attn.c_proj.weight": "self_attn.out_proj.weight",
    "attn.c_proj.bias": "self_attn.out_proj.bias",
    "ln_2.weight": "norm2.weight",
    "ln_2.bias": "norm2.bias",
    "mlp.c_fc.weight": "linear1.weight",
    "mlp.c_fc.bias": "linear1.bias",
    "mlp.c_proj.weight": "linear2.weight",
    "mlp.c_proj.bias": "linear2.bias",
}


def oracle(x: Tensor, w: Weights, n_head: int) -> Tensor:
    C, d_mlp = w["mlp.c_fc.weight"].shape
    with torch.device("meta"):  # so that no random number is drawn
        layer = nn.TransformerEncoderLayer(
            C, n_head, d_mlp, 0.0, tanh_gelu, EPS, batch_first=True, norm_first=True
        )
    # PyTorch keeps a matrix as (out, in), GPT-2 as (in, out).
    theirs = {
        NAMES[name]: weight.T if weight.ndim > 1 else weight
        for name, weight in w.items()
    }
    layer.load_state_dict({k: v.double() for k, v in theirs.items()}, assign=True)
    T = x.shape[-2]
    future = torch.ones(T, T, dtype=torch.bool).triu(1)
    with torch.no_grad():
        return layer(x.double().reshape(-1, T, C), future).reshape(x.shape).float()


def draw(rng: np.random.Generator) -> list[Case]:
    stream, n = vectors(rng, 5, "{before}")
    own = dict(zip(NAMES, weights(n, *NAMES), strict=True))
    some = rng.choice(own["mlp.c_fc.bias"].shape[0], 64, replace=False)
    own["mlp.c_fc.weight"] = own["mlp.c_fc.weight"][:, some].clone()
    own["mlp.c_fc.bias"] = own["mlp.c_fc.bias"][some]
    own["mlp.c_proj.weight"] = own["mlp.c_proj.weight"][some]
    return [
        Case("three tokens, two heads", (quarters(rng, 3, 4), _layer(rng, 4, 8), 2)),
        edge("a single token", (quarters(rng, 1, 4), _layer(rng, 4, 6), 1)),
        Case(
            "a layer in which only attention adds something",
            (quarters(rng, 3, 4), _layer(rng, 4, 8, "mlp"), 2),
        ),
        Case(
            "a layer in which only the MLP adds something",
            (quarters(rng, 3, 4), _layer(rng, 4, 8, "attn"), 2),
        ),
        Case(
            "a layer in which no part adds anything",
            (quarters(rng, 3, 4), _layer(rng, 4, 8, "attn", "mlp"), 2),
        ),
        Case("a batch of texts", (quarters(rng, 2, 3, 6), _layer(rng, 6, 24), 3)),
        Case(
            "a long stream, to which little is added",
            (quarters(rng, 4, 8) * 20, _layer(rng, 8, 12), 4),
        ),
        Case("as many heads as numbers", (quarters(rng, 4, 4), _layer(rng, 4, 16), 4)),
        Case(
            "a layer of the course's own model, with some of its hidden units",
            (stream, own, shipped()[0].config.n_head),
        ),
        Case(
            "a long text",
            (quarters(rng, between(rng, 33, 40), 4), _layer(rng, 4, 8), 2),
        ),
        edge(
            "vectors so short that ε counts",
            (quarters(rng, 3, 4) / 800, _layer(rng, 4, 8), 2),
        ),
        edge(
            "as many texts as tokens and numbers",
            (quarters(rng, 4, 4, 4), _layer(rng, 4, 8), 2),
        ),
        edge("a batch of one text", (quarters(rng, 1, 3, 4), _layer(rng, 4, 8), 2)),
        edge(
            "vectors that lie across in memory",
            (across(quarters(rng, 2, 5, 4)), _layer(rng, 4, 8), 2),
        ),
    ]


def _layer(rng: np.random.Generator, C: int, d_mlp: int, *silent: str) -> Weights:
    """The weights of a layer, in which the parts named in `silent` add nothing."""
    shapes = {
        "ln_1.weight": (C,),
        "ln_1.bias": (C,),
        "attn.c_attn.weight": (C, 3 * C),
        "attn.c_attn.bias": (3 * C,),
        "attn.c_proj.weight": (C, C),
        "attn.c_proj.bias": (C,),
        "ln_2.weight": (C,),
        "ln_2.bias": (C,),
        "mlp.c_fc.weight": (C, d_mlp),
        "mlp.c_fc.bias": (d_mlp,),
        "mlp.c_proj.weight": (d_mlp, C),
        "mlp.c_proj.bias": (C,),
    }
    w = {name: quarters(rng, *shape) / 2 for name, shape in shapes.items()}
    for part in silent:
        for name in (f"{part}.c_proj.weight", f"{part}.c_proj.bias"):
            w[name] = torch.zeros(shapes[name])
    return w


def _attend(x: Tensor, w: Weights, n_head: int) -> Tensor:
    if x.shape[-1] % n_head:  # as the course's own attend, which students are given
        raise ValueError("so many heads cannot share the columns")
    qkv = x @ w["attn.c_attn.weight"] + w["attn.c_attn.bias"]  # (..., T, 3C)
    q, k, v = (
        part.unflatten(-1, (n_head, -1)).transpose(-3, -2)
        for part in qkv.split(x.shape[-1], -1)
    )  # (..., n_head, T, d_head)
    T, d_head = q.shape[-2:]
    future = torch.arange(T)[:, None] < torch.arange(T)
    scores = (q @ k.transpose(-2, -1) / sqrt(d_head)).masked_fill(future, -torch.inf)
    together = (scores.softmax(-1) @ v).transpose(-3, -2).flatten(-2)  # (..., T, C)
    return together @ w["attn.c_proj.weight"] + w["attn.c_proj.bias"]


def _pre_norm(x, norm_1, attend, norm_2, mlp):
    x = x + attend(norm_1(x))
    return x + mlp(norm_2(x))


def _wired(
    wire: Callable[..., Tensor] = _pre_norm,
    norms: tuple[int | None, int | None] = (1, 2),
    names: tuple[str, str] = ("weight", "bias"),
    n_head: int | None = None,
) -> Callable[..., Tensor]:
    """A block whose four parts are put together by wire(x, norm_1, attend, norm_2, mlp).

    norms: the two norms' numbers, None for no norm; names: what is taken for their
    weight and bias; n_head: what is taken for the number of heads that is given.
    """

    def block(x: Tensor, w: Weights, given: int) -> Tensor:
        def norm(i):
            if i is None:
                return lambda x: x
            return lambda x: layer_norm(x, *(w[f"ln_{i}.{name}"] for name in names))

        def mlp(x):
            rows = ("c_fc.weight", "c_fc.bias", "c_proj.weight", "c_proj.bias")
            return think(x, *(w[f"mlp.{name}"] for name in rows))

        def attend(x):
            return _attend(x, w, n_head or given)

        return wire(x, norm(norms[0]), attend, norm(norms[1]), mlp)

    return block


def _post_norm(x, norm_1, attend, norm_2, mlp):
    x = norm_1(x + attend(x))
    return norm_2(x + mlp(x))


def _norm_after_parts(x, norm_1, attend, norm_2, mlp):
    x = x + norm_1(attend(x))
    return x + norm_2(mlp(x))


def _no_second_stream(x, norm_1, attend, norm_2, mlp):
    return mlp(norm_2(x + attend(norm_1(x))))


def _no_first_stream(x, norm_1, attend, norm_2, mlp):
    x = attend(norm_1(x))
    return x + mlp(norm_2(x))


def _from_normed(x, norm_1, attend, norm_2, mlp):
    x = norm_1(x)
    x = x + attend(x)
    x = norm_2(x)
    return x + mlp(x)


def _first_from_normed(x, norm_1, attend, norm_2, mlp):
    x = norm_1(x)
    x = x + attend(x)
    return x + mlp(norm_2(x))


def _second_from_normed(x, norm_1, attend, norm_2, mlp):
    x = x + attend(norm_1(x))
    x = norm_2(x)
    return x + mlp(x)


def _mlp_first(x, norm_1, attend, norm_2, mlp):
    x = x + mlp(norm_2(x))
    return x + attend(norm_1(x))


def _in_place(x, norm_1, attend, norm_2, mlp):
    x += attend(norm_1(x))
    x += mlp(norm_2(x))
    return x


def _added_twice(x, norm_1, attend, norm_2, mlp):
    middle = x + attend(norm_1(x))
    return x + middle + mlp(norm_2(middle))


MISTAKES = (
    Mistake(
        "post-norm",
        "The norms stand on the stream itself, after each addition, as in the first "
        "transformer. GPT-2 moved them **before** each part, into the branch: the stream "
        "runs past them.",
        _wired(_post_norm),
    ),
    Mistake(
        "norm after each part",
        "You norm what each part **gives**. The norm comes before: it brings what the part "
        "**reads** to one size.",
        _wired(_norm_after_parts),
    ),
    Mistake(
        "no residual stream",
        "Each part replaces the vector. It should only **add** to it, so that what was "
        "there stays: that is the residual stream, and there are two additions.",
        _wired(lambda x, norm_1, attend, norm_2, mlp: mlp(norm_2(attend(norm_1(x))))),
    ),
    Mistake(
        "attention replaces the stream",
        "After attention, the old vector is lost: what attention gives should be "
        "**added** to x.",
        _wired(_no_first_stream),
    ),
    Mistake(
        "the MLP replaces the stream",
        "The MLP's answer stands alone at the end. It should be **added** to what was "
        "there before it.",
        _wired(_no_second_stream),
    ),
    Mistake(
        "the normed vectors become the stream",
        "You overwrite x with the normed x, so the additions go to the wrong vector. Only "
        "the branch sees the norm; the sum takes x as it was.",
        _wired(_from_normed),
    ),
    Mistake(
        "the normed vectors become the stream, before attention",
        "Attention's answer is added to the **normed** x. Add it to x as it came in. The "
        "second half is right.",
        _wired(_first_from_normed),
    ),
    Mistake(
        "the normed vectors become the stream, before the MLP",
        "The MLP's answer is added to the **normed** stream. Add it to the stream as it "
        "was. The first half is right.",
        _wired(_second_from_normed),
    ),
    Mistake(
        "attention and MLP side by side",
        "Both parts read the same x, and both answers are added at once. Some models do "
        "that; here the MLP reads the stream **after** attention has written to it.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: (
                x + attend(norm_1(x)) + mlp(norm_2(x))
            )
        ),
    ),
    Mistake(
        "attention and MLP side by side, from one norm",
        "The MLP reads the same normed x as attention, and `ln_2` plays no part. First add "
        "attention's answer, then norm the sum by `ln_2` for the MLP.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: (
                x + attend(norm_1(x)) + mlp(norm_1(x))
            )
        ),
    ),
    Mistake(
        "what attention added is lost at the end",
        "The MLP reads the right stream, but its answer is added to x as it came in, so "
        "what attention wrote is lost. Add it to the stream after attention.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: (
                x + mlp(norm_2(x + attend(norm_1(x))))
            )
        ),
    ),
    Mistake(
        "the MLP reads attention's answer alone",
        "The MLP reads only what attention has to add. It should read the whole stream, "
        "with that **added** to it.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: x + mlp(norm_2(attend(norm_1(x))))
        ),
    ),
    Mistake(
        "the MLP reads attention's answer alone, and both are added",
        "Both answers are added, but the MLP has read only attention's. It should read the "
        "whole stream: x with attention's answer already in it.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: (
                x + attend(norm_1(x)) + mlp(norm_2(attend(norm_1(x))))
            )
        ),
    ),
    Mistake(
        "x is added once more at the end",
        "You have x in the sum twice. The stream after attention holds it already; the MLP's "
        "answer is added to that, and to nothing else.",
        _wired(_added_twice),
    ),
    Mistake(
        "norms exchanged",
        "The two norms are swapped: `ln_1` stands before attention, `ln_2` before the "
        "MLP.",
        _wired(norms=(2, 1)),
    ),
    Mistake(
        "the first norm's weights twice",
        "Both norms have the weights of `ln_1`. Before the MLP stands `ln_2`, with weights "
        "of its own.",
        _wired(norms=(1, 1)),
    ),
    Mistake(
        "the second norm's weights twice",
        "Both norms have the weights of `ln_2`. Before attention stands `ln_1`, with "
        "weights of its own.",
        _wired(norms=(2, 2)),
    ),
    Mistake(
        "no norm at all",
        "Both norms are missing. Attention and MLP each read the stream through a norm of "
        "their own.",
        _wired(norms=(None, None)),
    ),
    Mistake(
        "no norm before attention",
        "The norm before attention is missing: it reads the stream through `ln_1`.",
        _wired(norms=(None, 2)),
    ),
    Mistake(
        "no norm before the MLP",
        "The norm before the MLP is missing: it reads the stream through `ln_2`.",
        _wired(norms=(1, None)),
    ),
    Mistake(
        "weight and bias of the norms exchanged",
        "In both norms, weight and bias are swapped. Look at the order in which your "
        "`layer_norm` takes them.",
        _wired(names=("bias", "weight")),
    ),
    Mistake(
        "no attention",
        "The attention is missing: the vectors never talk. Its answer is added first.",
        _wired(lambda x, norm_1, attend, norm_2, mlp: x + mlp(norm_2(x))),
    ),
    Mistake(
        "no MLP",
        "The MLP is missing. After attention has added its part, the MLP adds its own.",
        _wired(lambda x, norm_1, attend, norm_2, mlp: x + attend(norm_1(x))),
    ),
    Mistake(
        "MLP before attention",
        "The MLP comes first here. In GPT the vectors talk first and think then.",
        _wired(_mlp_first),
    ),
    Mistake(
        "always one head",
        "You use one head, whatever `n_head` says. The scores of one wide head are not "
        "those of several narrow ones: hand `n_head` on to `attend`.",
        _wired(n_head=1),
    ),
    Mistake(
        "always two heads",
        "You use two heads, whatever `n_head` says. Hand `n_head` on to `attend`.",
        _wired(n_head=2),
    ),
    Mistake(
        "always four heads",
        "You use four heads, as the course's own model has. Other layers have other "
        "numbers: hand `n_head` on to `attend`.",
        _wired(n_head=4),
    ),
    written_into(
        _wired(_in_place), by="`+=`", instead="`x = x + …` makes a new tensor."
    ),
    Mistake(
        "a name that w does not have",
        "A name that you look up is not in `w`. This dictionary has one layer's weights "
        "only, so no layer number comes first, and every name ends in weight or bias: see "
        "the table above.",
        lambda x, w, n_head: w["h.0.ln_1.weight"],
    ),
)

CHECK = Check(
    "block",
    4,
    draw,
    oracle,
    MISTAKES,
    forbidden=(
        *LIBRARIES,
        *BENDS,
        *NORMS,
        *(".TransformerEncoderLayer", ".TransformerEncoder"),
        ".TransformerDecoderLayer",
    ),
    after=("gelu", "layer_norm", "mlp"),
)
