"""block: norm and attention, norm and MLP, each of which adds to the stream.

The oracle is PyTorch's encoder layer with the norms first and a causal mask. Cases in
which a part adds nothing show which half is at fault, and a long stream shows whether
it runs past the norms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from math import sqrt

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, large, singles
from autograder.checks._slips import written_into
from autograder.checks._twins import twins
from autograder.checks.mlp._material import (
    BENDS,
    EPS,
    LIBRARIES,
    NORMS,
    apart,
    quarters,
    shipped,
    tanh_gelu,
    vectors,
    weights,
)
from autograder.checks.mlp.layer_norm import oracle as layer_norm
from autograder.checks.mlp.mlp import plain as think

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


MLP = "c_fc.weight", "c_fc.bias", "c_proj.weight", "c_proj.bias"


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
    """Each layer's weights in an order of their own: they are taken by their names."""
    cases = []
    for case in _cases(rng):
        x, w, n_head = case.args
        names = [*w]
        w = {names[i]: w[names[i]] for i in rng.permutation(len(names))}
        cases.append(replace(case, args=(x, w, n_head)))
    w = _layer(rng, 4, 12)
    return [
        *cases,
        edge(
            "as many hidden units as queries, keys and values, and named before them",
            (quarters(rng, 3, 4), {"mlp.c_fc.weight": w["mlp.c_fc.weight"], **w}, 2),
        ),
        *singles(lambda *one: (quarters(rng, *one), _layer(rng, 1, 4), 1), 2, 3),
        *twins(
            oracle,
            lambda: (quarters(rng, 5, 4), _layer(rng, 4, 6), 2),
            *("the vectors", "one of the weights", "the number of heads"),
            others={1: _with_another_bias, 2: 1},
        ),
    ]


def _with_another_bias(x: Tensor, w: Weights, n_head: int) -> Weights:
    return w | {"mlp.c_fc.bias": -w["mlp.c_fc.bias"]}


def _cases(rng: np.random.Generator) -> list[Case]:
    stream, n = vectors(rng, 5, "{before}")
    own = dict(zip(NAMES, weights(n, *NAMES), strict=True))
    some = rng.choice(own["mlp.c_fc.bias"].shape[0], 64, replace=False)
    own["mlp.c_fc.weight"] = own["mlp.c_fc.weight"][:, some].clone()
    own["mlp.c_fc.bias"] = own["mlp.c_fc.bias"][some]
    own["mlp.c_proj.weight"] = own["mlp.c_proj.weight"][some]
    signs = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])
    many = {name: w / 8 for name, w in _layer(rng, 130, 8).items()}
    return [
        Case("three tokens, two heads", (_far(rng, 3, 4), _layer(rng, 4, 8), 2)),
        edge("a single token", (quarters(rng, 1, 4), _layer(rng, 4, 6), 1)),
        Case(
            "a layer in which only attention adds something",
            (_far(rng, 3, 4), _layer(rng, 4, 8, "mlp"), 2),
        ),
        Case(
            "a layer in which only the MLP adds something",
            (_far(rng, 3, 4), _layer(rng, 4, 8, "attn"), 2),
        ),
        Case(
            "a layer in which no part adds anything",
            (_far(rng, 3, 4), _layer(rng, 4, 8, "attn", "mlp"), 2),
        ),
        Case("a batch of texts", (_far(rng, 2, 3, 6), _layer(rng, 6, 24), 3)),
        Case(
            "a long stream, to which little is added",
            (_far(rng, 4, 8), _layer(rng, 8, 12), 4),
        ),
        Case("as many heads as numbers", (_far(rng, 4, 4), _layer(rng, 4, 16), 4)),
        edge(
            "a layer of the course's own model, with some of its hidden units",
            (stream, own, shipped()[0].config.n_head),
        ),
        Case(
            "a long text",
            (_far(rng, between(rng, 513, 530), 4), _layer(rng, 4, 8), 2),
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
        edge(
            "more hidden units than four times the numbers",
            (quarters(rng, 3, 4), _layer(rng, 4, between(rng, 18, 22)), 2),
        ),
        edge("many heads", (quarters(rng, 3, 130), many, 130)),
        edge(
            "a batch of many texts",
            (quarters(rng, between(rng, 129, 140), 2, 4), _layer(rng, 4, 8), 2),
        ),
        edge(
            "large vectors of a single number",
            (16 * large(rng, 4, 1) * signs, _layer(rng, 1, 4), 1),
        ),
    ]


def _far(rng: np.random.Generator, *shape: int) -> Tensor:
    """A stream in which no ε is seen, nor in what the attention makes of it."""
    return 8 * apart(rng, *shape)


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


def _attend(x: Tensor, w: Weights, n_head: int, causal: bool = True) -> Tensor:
    if x.shape[-1] % n_head:  # as the course's own attend, which students are given
        raise ValueError("so many heads cannot share the columns")
    C = x.shape[-1]
    shapes = w["attn.c_attn.weight"].shape, w["attn.c_attn.bias"].shape
    if shapes != ((C, 3 * C), (3 * C,)):
        raise ValueError("so many columns are not those of x")
    qkv = x @ w["attn.c_attn.weight"] + w["attn.c_attn.bias"]  # (..., T, 3C)
    q, k, v = (
        part.unflatten(-1, (n_head, -1)).transpose(-3, -2)
        for part in qkv.split(x.shape[-1], -1)
    )  # (..., n_head, T, d_head)
    T, d_head = q.shape[-2:]
    future = torch.arange(T)[:, None] < torch.arange(T)
    scores = q @ k.transpose(-2, -1) / sqrt(d_head)
    if causal:
        scores = scores.masked_fill(future, -torch.inf)
    together = (scores.softmax(-1) @ v).transpose(-3, -2).flatten(-2)  # (..., T, C)
    return together @ w["attn.c_proj.weight"] + w["attn.c_proj.bias"]


def _pre_norm(x, norm_1, attend, norm_2, mlp):
    x = x + attend(norm_1(x))
    return x + mlp(norm_2(x))


def _block(
    x: Tensor,
    w: Weights,
    n_head: int,
    wire: Callable[..., Tensor] = _pre_norm,
    first: str | None = "ln_1",
    second: str | None = "ln_2",
    norm: Callable[[Tensor, Tensor, Tensor], Tensor] = layer_norm,
    given: Callable[[Weights], Weights] = lambda w: w,
    heads: Callable[[int, Tensor], int] = lambda n_head, x: n_head,
    causal: bool = True,
    bend: Callable[[Tensor], Tensor] = tanh_gelu,
) -> Tensor:
    """A block, put together by wire(x, norm_1, attend, norm_2, mlp), with screws.

    first and second are the norms that are taken, None for none; `given` exchanges
    weights; `heads` makes a number of heads of the one that is given, and of x.
    """
    w = given(w)

    def normed(x: Tensor, ln: str | None) -> Tensor:
        return x if ln is None else norm(x, w[f"{ln}.weight"], w[f"{ln}.bias"])

    return wire(
        x,
        lambda x: normed(x, first),
        lambda x: _attend(x, w, heads(n_head, x), causal),
        lambda x: normed(x, second),
        lambda x: think(x, *(w[f"mlp.{name}"] for name in MLP), bend=bend),
    )


def worked(x: Tensor, w: Weights, n_head: int) -> dict[str, Tensor]:
    x, w = x.double(), {name: weight.double() for name, weight in w.items()}
    normed = layer_norm(x, w["ln_1.weight"], w["ln_1.bias"]).double()
    heard = _attend(normed, w, n_head)
    stream = x + heard
    normed_2 = layer_norm(stream, w["ln_2.weight"], w["ln_2.bias"]).double()
    noted = think(normed_2, *(w[f"mlp.{name}"] for name in MLP))
    return {
        "x through ln_1": normed,
        "attention's answer": heard,
        "the stream with it": stream,
        "that through ln_2": normed_2,
        "the MLP's answer": noted,
        "the stream with it too": stream + noted,
    }


def _in_turn(
    answer_1: Callable[[Tensor, Tensor], Tensor],
    answer_2: Callable[[Tensor, Tensor], Tensor],
) -> Callable[..., Tensor]:
    """A wire with the two sums as screws: answer(the stream, the part's answer)."""

    def wire(x, norm_1, attend, norm_2, mlp):
        x = answer_1(x, attend(norm_1(x)))
        return answer_2(x, mlp(norm_2(x)))

    return wire


def _added(x: Tensor, answer: Tensor) -> Tensor:
    return x + answer


def _norm_around_parts(x, norm_1, attend, norm_2, mlp):
    x = x + norm_1(attend(norm_1(x)))
    return x + norm_2(mlp(norm_2(x)))


def _norm_at_the_end(x, norm_1, attend, norm_2, mlp):
    return norm_2(_pre_norm(x, norm_1, attend, norm_2, mlp))


def _normed_twice(x, norm_1, attend, norm_2, mlp):
    x = x + attend(norm_1(x))
    return x + mlp(norm_2(norm_1(x)))


def _normed_x_for_both(x, norm_1, attend, norm_2, mlp):
    """What `ln_2` norms is the normed x with attention's answer."""
    normed = norm_1(x)
    middle = normed + attend(normed)
    return x + mlp(norm_2(middle))


def _mlp_reads_normed(x, norm_1, attend, norm_2, mlp):
    """The first normed vectors are normed again for the MLP."""
    normed = norm_1(x)
    return x + attend(normed) + mlp(norm_2(normed))


def _heard_twice(x, norm_1, attend, norm_2, mlp):
    heard = attend(norm_1(x))
    return x + heard + heard + mlp(norm_2(x + heard))


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


def _only_the_answers(x, norm_1, attend, norm_2, mlp):
    return attend(norm_1(x)) + mlp(norm_2(x))


def _mean_of_the_answers(x, norm_1, attend, norm_2, mlp):
    return x + (attend(norm_1(x)) + mlp(norm_2(x))) / 2


def _talk_twice(x, norm_1, attend, norm_2, mlp):
    x = x + attend(norm_1(x))
    return _pre_norm(x, norm_1, attend, norm_2, mlp)


def _think_twice(x, norm_1, attend, norm_2, mlp):
    x = _pre_norm(x, norm_1, attend, norm_2, mlp)
    return x + mlp(norm_2(x))


def _a_comma(x, norm_1, attend, norm_2, mlp):
    x = x + attend(norm_1(x))
    return x, mlp(norm_2(x))


def _added_twice(x, norm_1, attend, norm_2, mlp):
    middle = x + attend(norm_1(x))
    return x + middle + mlp(norm_2(middle))


def _other_weights(name: str, other: str) -> Mistake:
    return Mistake(
        f"{other} for {name}",
        f"Where `{name}` belongs you take `{other}`, which has the same shape. Compare the "
        "twelve names with the table above, one by one.",
        lambda x, w, n_head: _block(x, {**w, name: w[other]}, n_head),
    )


def _unused(name: str, what: str) -> Mistake:
    return Mistake(
        f"{name} plays no part",
        f"`{name}` plays no part. It is {what}: compare what you hand over with the "
        "function's `def`.",
        partial(
            _block,
            given=lambda w: {
                **w,
                name: (torch.zeros_like if "bias" in name else torch.ones_like)(
                    w[name]
                ),
            },
        ),
    )


def _another_eps(eps: float) -> Mistake:
    def norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return functional.layer_norm(x, weight.shape, weight, bias, eps)

    return Mistake(
        f"norms with an ε of {eps}",
        f"Nearly right: the norms have another ε than yours of step 2, {eps}. Use your "
        "`layer_norm`, whose ε is 1e-5.",
        lambda x, w, n_head: _block(x, w, n_head, norm=norm),
    )


def _another_bend(name: str, what: str, bend: Callable[[Tensor], Tensor]) -> Mistake:
    return Mistake(
        name,
        f"Inside the MLP stands {what} where a GELU by tanh belongs. Use your `mlp` of "
        "step 3, which bends with your `gelu`.",
        partial(_block, bend=bend),
    )


def _norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """As it is typed: what does not fit ends in an error of a product or a sum."""
    centred = x - x.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)
    return centred / (variance + EPS).sqrt() * weight + bias


def _by_place(name: str, order: Iterable[str]) -> Mistake:
    order = [*order]
    return Mistake(
        f"weights by their places, {name}",
        "You take the weights by their **places** in `w`, and they may stand there in any "
        'order. Take each by its name, as in `w["ln_1.weight"]`.',
        lambda x, w, n_head: _block(
            x, dict(zip(order, w.values(), strict=True)), n_head, norm=_norm
        ),
    )


def _part(name: str, hint: str, answer: Callable[[Tensor, Tensor], Tensor]) -> Mistake:
    return Mistake(name, hint, partial(_block, wire=_in_turn(answer, answer)))


MISTAKES = (
    Mistake(
        "post-norm",
        "The norms stand on the stream itself, after each addition, as in the first "
        "transformer. GPT-2 moved them **before** each part, into the branch: the stream "
        "runs past them.",
        partial(_block, wire=_post_norm),
    ),
    Mistake(
        "norm after each part",
        "You norm what each part **gives**. The norm comes before: it brings what the part "
        "**reads** to one size.",
        partial(_block, wire=_norm_after_parts),
    ),
    Mistake(
        "no residual stream",
        "Each part replaces the vector. It should only **add** to it, so that what was "
        "there stays: that is the residual stream, and there are two additions.",
        partial(
            _block,
            wire=lambda x, norm_1, attend, norm_2, mlp: mlp(norm_2(attend(norm_1(x)))),
        ),
    ),
    Mistake(
        "attention replaces the stream",
        "After attention, the old vector is lost: what attention gives should be "
        "**added** to x.",
        partial(_block, wire=_no_first_stream),
    ),
    Mistake(
        "the MLP replaces the stream",
        "The MLP's answer stands alone at the end. It should be **added** to what was "
        "there before it.",
        partial(_block, wire=_no_second_stream),
    ),
    Mistake(
        "the normed vectors become the stream",
        "You overwrite x with the normed x, so the additions go to the wrong vector. Only "
        "the branch sees the norm; the sum takes x as it was.",
        partial(_block, wire=_from_normed),
    ),
    Mistake(
        "the normed vectors become the stream, before attention",
        "Attention's answer is added to the **normed** x. Add it to x as it came in. The "
        "second half is right.",
        partial(_block, wire=_first_from_normed),
    ),
    Mistake(
        "the normed vectors become the stream, before the MLP",
        "The MLP's answer is added to the **normed** stream. Add it to the stream as it "
        "was. The first half is right.",
        partial(_block, wire=_second_from_normed),
    ),
    Mistake(
        "attention and MLP side by side",
        "Both parts read the same x, and both answers are added at once. Some models do "
        "that; here the MLP reads the stream **after** attention has written to it.",
        partial(
            _block,
            wire=lambda x, norm_1, attend, norm_2, mlp: (
                x + attend(norm_1(x)) + mlp(norm_2(x))
            ),
        ),
    ),
    Mistake(
        "attention and MLP side by side, from one norm",
        "The MLP reads the same normed x as attention, and `ln_2` plays no part. First add "
        "attention's answer, then norm the sum by `ln_2` for the MLP.",
        partial(
            _block,
            wire=lambda x, norm_1, attend, norm_2, mlp: (
                x + attend(norm_1(x)) + mlp(norm_1(x))
            ),
        ),
    ),
    Mistake(
        "what attention added is lost at the end",
        "The MLP reads the right stream, but its answer is added to x as it came in, so "
        "what attention wrote is lost. Add it to the stream after attention.",
        partial(
            _block,
            wire=lambda x, norm_1, attend, norm_2, mlp: (
                x + mlp(norm_2(x + attend(norm_1(x))))
            ),
        ),
    ),
    Mistake(
        "the MLP reads attention's answer alone",
        "The MLP reads only what attention has to add. It should read the whole stream, "
        "with that **added** to it.",
        partial(
            _block,
            wire=lambda x, norm_1, attend, norm_2, mlp: (
                x + mlp(norm_2(attend(norm_1(x))))
            ),
        ),
    ),
    Mistake(
        "the MLP reads attention's answer alone, and both are added",
        "Both answers are added, but the MLP has read only attention's. It should read the "
        "whole stream: x with attention's answer already in it.",
        partial(
            _block,
            wire=lambda x, norm_1, attend, norm_2, mlp: (
                x + attend(norm_1(x)) + mlp(norm_2(attend(norm_1(x))))
            ),
        ),
    ),
    Mistake(
        "x is added once more at the end",
        "You have x in the sum twice. The stream after attention holds it already; the MLP's "
        "answer is added to that, and to nothing else.",
        partial(_block, wire=_added_twice),
    ),
    Mistake(
        "norms exchanged",
        "The two norms are swapped: `ln_1` stands before attention, `ln_2` before the "
        "MLP.",
        partial(_block, first="ln_2", second="ln_1"),
    ),
    Mistake(
        "the first norm's weights twice",
        "Both norms have the weights of `ln_1`. Before the MLP stands `ln_2`, with weights "
        "of its own.",
        partial(_block, second="ln_1"),
    ),
    Mistake(
        "the second norm's weights twice",
        "Both norms have the weights of `ln_2`. Before attention stands `ln_1`, with "
        "weights of its own.",
        partial(_block, first="ln_2"),
    ),
    Mistake(
        "no norm at all",
        "Both norms are missing. Attention and MLP each read the stream through a norm of "
        "their own.",
        partial(_block, first=None, second=None),
    ),
    Mistake(
        "no norm before attention",
        "The norm before attention is missing: it reads the stream through `ln_1`.",
        partial(_block, first=None),
    ),
    Mistake(
        "no norm before the MLP",
        "The norm before the MLP is missing: it reads the stream through `ln_2`.",
        partial(_block, second=None),
    ),
    Mistake(
        "weight and bias of the norms exchanged",
        "In both norms, weight and bias are swapped. Look at the order in which your "
        "`layer_norm` takes them.",
        partial(_block, norm=lambda x, weight, bias: layer_norm(x, bias, weight)),
    ),
    Mistake(
        "no attention",
        "The attention is missing: the vectors never talk. Its answer is added first.",
        partial(_block, wire=lambda x, norm_1, attend, norm_2, mlp: x + mlp(norm_2(x))),
    ),
    Mistake(
        "no MLP",
        "The MLP is missing. After attention has added its part, the MLP adds its own.",
        partial(
            _block, wire=lambda x, norm_1, attend, norm_2, mlp: x + attend(norm_1(x))
        ),
    ),
    Mistake(
        "MLP before attention",
        "The MLP comes first here. In GPT the vectors talk first and think then.",
        partial(_block, wire=_mlp_first),
    ),
    Mistake(
        "norms before and after each part",
        "You norm what each part reads **and** what it gives. There is one norm for each "
        "part, before it: its answer is added as it is.",
        partial(_block, wire=_norm_around_parts),
    ),
    Mistake(
        "a norm at the end",
        "You norm the stream once more at the end. The block ends with the second sum; "
        "the last norm stands after all layers.",
        partial(_block, wire=_norm_at_the_end),
    ),
    Mistake(
        "both norms before the MLP",
        "Before the MLP you norm twice, by `ln_1` and by `ln_2`. It reads the stream "
        "through `ln_2` alone.",
        partial(_block, wire=_normed_twice),
    ),
    Mistake(
        "the MLP reads the normed x",
        "The MLP reads what `ln_1` has normed, without attention's answer. It reads the "
        "stream **after** attention has written to it, through `ln_2`.",
        partial(_block, wire=_mlp_reads_normed),
    ),
    Mistake(
        "attention is added to the normed x, and the MLP to x",
        "Attention's answer is added to the **normed** x, and at the end it is lost. Add "
        "it to x as it came in, and the MLP's answer to that sum.",
        partial(_block, wire=_normed_x_for_both),
    ),
    _part(
        "the answers divided by √2",
        "You divide what is added by √2, or multiply it by a number. Each part's answer is "
        "added as it is.",
        lambda x, answer: x + answer / sqrt(2),
    ),
    _part(
        "the sums divided by √2",
        "You divide the sums by √2. In GPT-2 nothing brings the stream to a size: what a "
        "part gives is added, and that is all.",
        lambda x, answer: (x + answer) / sqrt(2),
    ),
    _part(
        "the halves of the answers",
        "You add half of what each part gives, or take an average. Each part's answer is "
        "added as it is.",
        lambda x, answer: x + answer / 2,
    ),
    _part(
        "averages instead of sums",
        "You take the average of the stream and each part's answer. The answer is "
        "**added**, and the stream keeps its size.",
        lambda x, answer: (x + answer) / 2,
    ),
    _part(
        "the answers subtracted",
        "You subtract what each part gives. It is **added** to the stream.",
        lambda x, answer: x - answer,
    ),
    _part(
        "x is added twice in each sum",
        "The stream is counted twice in each sum. Does your `mlp` or `attend` add x "
        "already? They give only what is to be added.",
        lambda x, answer: x + (x + answer),
    ),
    _part(
        "products instead of sums",
        "You multiply the stream by each part's answer. The answer is **added**.",
        torch.mul,
    ),
    Mistake(
        "attention's answer subtracted",
        "In the first sum you subtract: attention's answer is **added** to x.",
        partial(_block, wire=_in_turn(torch.sub, _added)),
    ),
    Mistake(
        "the MLP's answer subtracted",
        "In the second sum you subtract: the MLP's answer is **added** to the stream.",
        partial(_block, wire=_in_turn(_added, torch.sub)),
    ),
    Mistake(
        "x times attention's answer",
        "You multiply x by attention's answer. The answer is **added** to x. The second "
        "half is right.",
        partial(_block, wire=_in_turn(torch.mul, _added)),
    ),
    Mistake(
        "the stream times the MLP's answer",
        "You multiply the stream by the MLP's answer. The answer is **added** to it. The "
        "first half is right.",
        partial(_block, wire=_in_turn(_added, torch.mul)),
    ),
    Mistake(
        "a bend on attention's answer",
        "You bend attention's answer by `gelu` before it is added. The bend belongs inside "
        "the MLP; what a part gives is added as it is.",
        partial(_block, wire=_in_turn(lambda x, y: x + tanh_gelu(y), _added)),
    ),
    Mistake(
        "a bend on the MLP's answer",
        "You bend the MLP's answer by `gelu` before it is added. Your `mlp` has bent its "
        "hidden units already; what a part gives is added as it is.",
        partial(_block, wire=_in_turn(_added, lambda x, y: x + tanh_gelu(y))),
    ),
    Mistake(
        "only the two answers, side by side",
        "You add the two answers to each other, and x is in no sum. The stream has to go "
        "on: add attention's answer to x, then the MLP's answer to that sum.",
        partial(_block, wire=_only_the_answers),
    ),
    Mistake(
        "the mean of the two answers",
        "You add the average of the two answers to x. They are not averaged: add "
        "attention's answer first, and let the MLP read that sum.",
        partial(_block, wire=_mean_of_the_answers),
    ),
    Mistake(
        "attention twice",
        "Attention writes to the stream twice. In a block it does so once, and then comes "
        "the MLP.",
        partial(_block, wire=_talk_twice),
    ),
    Mistake(
        "the MLP twice",
        "The MLP writes to the stream twice. In a block it does so once.",
        partial(_block, wire=_think_twice),
    ),
    Mistake(
        "a comma for a plus",
        "Two tensors come back, the stream after attention and the MLP's answer. Is there "
        "a comma where a `+` should be? Return their sum.",
        partial(_block, wire=_a_comma),
    ),
    Mistake(
        "x is added once more to attention's answer",
        "In the first sum the stream is counted twice. Attention's answer is added to it "
        "once.",
        partial(_block, wire=_in_turn(lambda x, y: x + (x + y), _added)),
    ),
    Mistake(
        "x is added once more to the MLP's answer",
        "In the second sum the stream is counted twice. Does your `mlp` add x already? It "
        "gives only what is to be added.",
        partial(_block, wire=_in_turn(_added, lambda x, y: x + (x + y))),
    ),
    Mistake(
        "attention's answer twice",
        "Attention's answer is in the sum twice. The stream after attention holds it "
        "already; the MLP's answer is added to that, and to nothing else.",
        partial(_block, wire=_in_turn(lambda x, y: x + 2 * y, _added)),
    ),
    Mistake(
        "attention's answer once more at the end",
        "Attention's answer is added again at the end. The stream after attention holds it "
        "already; the MLP's answer is added to that, and to nothing else.",
        partial(_block, wire=_heard_twice),
    ),
    Mistake(
        "the block twice",
        "Attention and MLP each write to the stream twice. One layer does it once; the "
        "layers are stacked later.",
        lambda x, w, n_head: _block(_block(x, w, n_head), w, n_head),
    ),
    Mistake(
        "the block three times",
        "Attention and MLP each write to the stream three times. Is there a loop over the "
        "layers? A block is **one** layer, whose weights are in `w`; the layers are stacked "
        "later.",
        lambda x, w, n_head: _block(_block(_block(x, w, n_head), w, n_head), w, n_head),
    ),
    Mistake(
        "only what is added",
        "You give only what the two parts have to add. Return the stream, with both "
        "answers in it.",
        lambda x, w, n_head: _block(x, w, n_head) - x,
    ),
    Mistake(
        "norms without weight and bias",
        "The norms bring the vectors to one size, but their weight and bias play no part. "
        "Hand both over to your `layer_norm`.",
        partial(
            _block,
            norm=lambda x, weight, bias: functional.layer_norm(x, weight.shape),
        ),
    ),
    Mistake(
        "RMS norms",
        "The norms leave the mean alone, as newer models do. Use your `layer_norm` of step "
        "2, which subtracts it.",
        partial(
            _block,
            norm=lambda x, weight, bias: (
                functional.rms_norm(x, weight.shape, weight, EPS) + bias
            ),
        ),
    ),
    Mistake(
        "norms over the tokens",
        "Your norms go over the tokens, so these depend on each other. Use your "
        "`layer_norm`, which norms each vector by itself.",
        partial(
            _block,
            norm=lambda x, weight, bias: (
                (x - x.mean(-2, keepdim=True))
                / (x.var(-2, correction=0, keepdim=True) + EPS).sqrt()
                * weight
                + bias
            ),
        ),
    ),
    Mistake(
        "norms with a variance over C − 1",
        "The norms divide by a variance over C − 1. Use your `layer_norm` of step 2, which "
        "takes the plain mean of the squares.",
        partial(
            _block,
            norm=lambda x, weight, bias: (
                (x - x.mean(-1, keepdim=True))
                / (x.var(-1, keepdim=True) + EPS).sqrt()
                * weight
                + bias
            ),
        ),
    ),
    _another_eps(1e-6),
    _another_eps(1e-12),
    _another_eps(1e-3),
    _another_bend("ReLU in the MLP", "a ReLU", torch.relu),
    _another_bend(
        "the exact GELU in the MLP", "the exact GELU by erf", functional.gelu
    ),
    _another_bend("SiLU in the MLP", "a SiLU", functional.silu),
    _another_bend("no bend in the MLP", "no bend", lambda h: h),
    _another_bend("tanh in the MLP", "a tanh alone", torch.tanh),
    _unused("ln_1.weight", "what `ln_1` multiplies by"),
    _unused("ln_1.bias", "what `ln_1` adds"),
    _unused("ln_2.weight", "what `ln_2` multiplies by"),
    _unused("ln_2.bias", "what `ln_2` adds"),
    _unused("attn.c_attn.bias", "the `b_qkv` of `attend`"),
    _unused("attn.c_proj.bias", "the `b_out` of `attend`"),
    _unused("mlp.c_fc.bias", "the `b_in` of `mlp`"),
    _unused("mlp.c_proj.bias", "the `b_out` of `mlp`"),
    _other_weights("ln_1.weight", "ln_2.weight"),
    _other_weights("ln_1.bias", "ln_2.bias"),
    _other_weights("ln_2.weight", "ln_1.weight"),
    _other_weights("ln_2.bias", "ln_1.bias"),
    _other_weights("ln_1.bias", "ln_1.weight"),
    _other_weights("ln_2.bias", "ln_2.weight"),
    _other_weights("ln_1.weight", "ln_1.bias"),
    _other_weights("ln_2.weight", "ln_2.bias"),
    _other_weights("attn.c_proj.bias", "mlp.c_proj.bias"),
    _other_weights("mlp.c_proj.bias", "attn.c_proj.bias"),
    Mistake(
        "not causal",
        "The tokens listen to the future too. Use the `attend` that is given, which masks "
        "it.",
        partial(_block, causal=False),
    ),
    Mistake(
        "d_head for n_head",
        "You make as many heads as a head has numbers. Hand `n_head` on to `attend` as it "
        "is.",
        partial(_block, heads=lambda n_head, x: x.shape[-1] // n_head),
    ),
    Mistake(
        "as many heads as tokens",
        "You make as many heads as there are tokens. Hand `n_head` on to `attend`.",
        partial(_block, heads=lambda n_head, x: x.shape[-2]),
    ),
    Mistake(
        "always one head",
        "You use one head, whatever `n_head` says. The scores of one wide head are not "
        "those of several narrow ones: hand `n_head` on to `attend`.",
        partial(_block, heads=lambda n_head, x: 1),
    ),
    Mistake(
        "always two heads",
        "You use two heads, whatever `n_head` says. Hand `n_head` on to `attend`.",
        partial(_block, heads=lambda n_head, x: 2),
    ),
    Mistake(
        "always four heads",
        "You use four heads, as the course's own model has. Other layers have other "
        "numbers: hand `n_head` on to `attend`.",
        partial(_block, heads=lambda n_head, x: 4),
    ),
    written_into(
        partial(_block, wire=_in_place),
        by="`+=`",
        instead="`x = x + …` makes a new tensor.",
    ),
    _by_place("in the order of layer", sorted(NAMES)),
    _by_place("in the order of the model", NAMES),
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
    worked=worked,
)
