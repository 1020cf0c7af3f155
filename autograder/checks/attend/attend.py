"""The whole stage: causal self-attention with several heads, from vectors to vectors.

The oracle is PyTorch's own MultiheadAttention, which keeps its matrices on their side.
The weights of the cases are small enough that no token takes all the shares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, lying, singles, tenths
from autograder.checks._slips import batches_only, no_batches
from autograder.checks._twins import mirrored, twins
from autograder.checks.attend._material import (
    KERNELS,
    LIBRARIES,
    huge,
    not_masked,
    root_forgotten,
    shipped,
    trace,
    two_texts,
    unchanged,
)
from autograder.checks.attend.attention import attention
from autograder.checks.attend.attention_weights import weights
from autograder.checks.attend.merge_heads import oracle as merged
from autograder.checks.attend.split_heads import oracle as parted


def oracle(
    x: Tensor, w_qkv: Tensor, b_qkv: Tensor, w_out: Tensor, b_out: Tensor, n_head: int
) -> Tensor:
    T, C = x.shape[-2:]
    with torch.no_grad():
        theirs = torch.nn.MultiheadAttention(C, n_head, batch_first=True).double()
        theirs.in_proj_weight.copy_(w_qkv.T)
        theirs.in_proj_bias.copy_(b_qkv)
        theirs.out_proj.weight.copy_(w_out.T)
        theirs.out_proj.bias.copy_(b_out)
        future = torch.ones(T, T, dtype=torch.bool).triu(1)
        x = x.double()
        return theirs(x, x, x, attn_mask=future, need_weights=False)[0].float()


def _weights(rng: np.random.Generator, C: int) -> list[Tensor]:
    """w_qkv, b_qkv, w_out, b_out."""
    shapes = (C, 3 * C), (3 * C,), (C, C), (C,)
    return [tenths(rng, *shape) / 5 for shape in shapes]


def _huge(rng: np.random.Generator) -> tuple:
    """Each bias is seen in a text of its own, of zeros or of what makes the values zero."""
    w_qkv, b_qkv = huge(rng, 2, 6), huge(rng, 6)
    w_qkv[:, :4] *= -1
    b_qkv[:3] *= -1
    w_qkv[0, 4:] = b_qkv[4:] = huge(rng, 2)
    w_qkv[1, 4:] *= -1
    one, other = huge(rng, 2).tolist()
    x = torch.tensor([[0.0, 0.0], [-1.0, 0.0], [one, -other], [-one, other]])
    signs = torch.tensor([1.0, -1.0])
    w_out, b_out = huge(rng, 2, 2) * signs, huge(rng, 2) * signs
    return x[:, None], w_qkv, b_qkv, w_out, b_out, 2


def _layer(rng: np.random.Generator) -> tuple:
    """What a layer of the course's own model is given, and its weights."""
    layer, (x,) = trace(rng, 6, "norm_1")
    model, weights, _ = shipped()
    parts = "c_attn.weight", "c_attn.bias", "c_proj.weight", "c_proj.bias"
    named = [weights[f"h.{layer}.attn.{part}"] for part in parts]
    return (x, *named, model.config.n_head)


def draw(rng: np.random.Generator) -> list[Case]:
    C = between(rng, 3, 4)
    (texts,) = two_texts(rng, 1, 3, 4)
    return [
        Case("three tokens, two heads", (tenths(rng, 3, 4), *_weights(rng, 4), 2)),
        Case("a single head", (tenths(rng, 3, 3), *_weights(rng, 3), 1)),
        edge("a single token", (tenths(rng, 1, 4), *_weights(rng, 4), 2)),
        edge("heads of a single number", (tenths(rng, 4, C), *_weights(rng, C), C)),
        Case("three heads", (tenths(rng, 5, 6), *_weights(rng, 6), 3)),
        Case("a layer of the course's own model", _layer(rng)),
        Case("a batch of texts", (tenths(rng, 2, 3, 6), *_weights(rng, 6), 2)),
        Case("two texts that differ in the last token", (texts, *_weights(rng, 4), 2)),
        Case(
            "a long text",
            (tenths(rng, between(rng, 257, 270), 6), *_weights(rng, 6), 3),
        ),
        Case("many heads", (tenths(rng, 3, 130) / 3, *_weights(rng, 130), 130)),
        edge(
            "three times as many tokens as numbers",
            (tenths(rng, 6, 2), *_weights(rng, 2), 2),
        ),
        edge(
            "as many texts as tokens and numbers",
            (tenths(rng, 4, 4, 4), *_weights(rng, 4), 2),
        ),
        edge("a batch of one text", (tenths(rng, 1, 3, 4), *_weights(rng, 4), 2)),
        edge(
            "vectors that lie across in memory",
            (across(tenths(rng, 2, 5, 4)), *lying(_weights(rng, 4)), 2),
        ),
        edge(
            "a batch of many texts",
            (tenths(rng, between(rng, 257, 270), 2, 4), *_weights(rng, 4), 2),
        ),
        edge("vectors of a single number", (tenths(rng, 3, 1), *_weights(rng, 1), 1)),
        edge("large numbers, in four texts of one token", _huge(rng)),
        edge(
            "a batch, and a single head", (tenths(rng, 2, 3, 4), *_weights(rng, 4), 1)
        ),
        edge(
            "a batch, and heads of a single number",
            (tenths(rng, 2, 3, 4), *_weights(rng, 4), 4),
        ),
        *singles(lambda *one: (tenths(rng, *one), *_weights(rng, 1), 1), 2, 3),
        *twins(
            oracle,
            lambda: (mirrored(rng, tenths(rng, 7, 4)), *_weights(rng, 4), 2),
            "the vectors",
            "w_qkv",
            "b_qkv",
            "w_out",
            "b_out",
            "the number of heads",
            others={5: 1},
        ),
    ]


def _thirds(x: Tensor, w: Tensor, b: Tensor) -> Sequence[Tensor]:
    return (x @ w + b).chunk(3, -1)


def _stage(
    x: Tensor,
    w_qkv: Tensor,
    b_qkv: Tensor,
    w_out: Tensor,
    b_out: Tensor,
    n_head: int,
    cut: Callable[[Tensor, Tensor, Tensor], Sequence[Tensor]] = _thirds,
    order: Sequence[int] = (0, 1, 2),
    split: Callable[[Tensor, int], Tensor] = parted,
    core: Callable[[Tensor, Tensor, Tensor], Tensor] = attention,
    merge: Callable[[Tensor], Tensor] = merged,
    out: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda y, w, b: y @ w + b,
) -> Tensor:
    """The whole stage, with a screw at each of its steps."""
    cuts = cut(x, w_qkv, b_qkv)
    q, k, v = (split(cuts[i], n_head) for i in order)
    return out(merge(core(q, k, v)), w_out, b_out)


def worked(
    x: Tensor, w_qkv: Tensor, b_qkv: Tensor, w_out: Tensor, b_out: Tensor, n_head: int
) -> dict[str, Tensor]:
    q, k, v = _thirds(x, w_qkv, b_qkv)
    heard = attention(*(parted(part, n_head) for part in (q, k, v)))
    together = merged(heard)
    return {
        "the queries of all heads": q,
        "the keys": k,
        "the values": v,
        "what each head hears": heard,
        "the heads merged": together,
        "that @ w_out + b_out": together @ w_out + b_out,
    }


def _taken_twice(name: str, twice: str, missing: str, order: Sequence[int]) -> Mistake:
    return Mistake(
        name,
        f"You take the {twice} twice, and the {missing} play no part. Each third has its "
        "own place: queries, keys, values.",
        partial(_stage, order=order),
    )


def _exchanged(name: str, taken: str, order: Sequence[int]) -> Mistake:
    return Mistake(
        name,
        f"You take {taken}, or hand them over in that order. It is queries, keys, "
        "values, here and in `attention`.",
        partial(_stage, order=order),
    )


def _always(name: str, n_head: int) -> Mistake:
    return Mistake(
        name,
        f"You always make {n_head} heads, but `n_head` says how many there are. Is there "
        "a number where a name should be?",
        partial(_stage, split=lambda x, H: parted(x, n_head)),
    )


def _every_third(x: Tensor, w: Tensor, b: Tensor) -> Sequence[Tensor]:
    return (x @ w + b).unflatten(-1, (-1, 3)).unbind(-1)


def _reshaped(x: Tensor, w: Tensor, b: Tensor) -> Sequence[Tensor]:
    C = x.shape[-1]
    return [x @ part + c for part, c in zip(w.reshape(3, C, C), b.chunk(3))]


def _one_bias(x: Tensor, w: Tensor, b: Tensor) -> Sequence[Tensor]:
    return [x @ part + b[: x.shape[-1]] for part in w.chunk(3, -1)]


def _rows_in_three(x: Tensor, w: Tensor, b: Tensor) -> Sequence[Tensor]:
    q, k, v = (x @ w + b).chunk(3)
    return q, k, v


def _without_bias(x: Tensor, w: Tensor, b: Tensor) -> Sequence[Tensor]:
    return _thirds(x, w, torch.zeros(1))


def _split_by_view(x: Tensor, H: int) -> Tensor:
    return x.reshape(*x.shape[:-2], H, x.shape[-2], -1)


def _merged_by_view(x: Tensor) -> Tensor:
    return x.reshape(*x.shape[:-3], x.shape[-2], -1)


def _split_in_turn(x: Tensor, H: int) -> Tensor:
    return x.unflatten(-1, (-1, H)).movedim(-1, -3)


def _merged_in_turn(x: Tensor) -> Tensor:
    return x.movedim(-3, -1).flatten(-2)


def _like_merged(y: Tensor, one: Tensor) -> Tensor:
    """One head's answer, as often as there are heads."""
    return torch.cat([one] * y.shape[-3], -1)


def _split_again(x: Tensor, *weights) -> Tensor:
    return _stage(x, *weights, merge=lambda y: parted(y, weights[-1]))


def _head_by_head(
    x: Tensor, w_qkv: Tensor, b_qkv: Tensor, w_out: Tensor, b_out: Tensor, n_head: int
) -> Tensor:
    """As if each head's q, k and v stood together in the matrix."""
    parts = (x @ w_qkv + b_qkv).unflatten(-1, (n_head, 3, -1)).unbind(-2)
    q, k, v = (part.transpose(-3, -2) for part in parts)
    return merged(attention(q, k, v)) @ w_out + b_out


def _bias_a_head(x: Tensor, *weights) -> Tensor:
    *_, b_out, n_head = weights
    return _stage(x, *weights) + (n_head - 1) * b_out


def _root_of_width(x: Tensor, *weights) -> Tensor:
    core = partial(attention, by=lambda q: sqrt(x.shape[-1]))
    return _stage(x, *weights, core=core)


MISTAKES = (
    Mistake(
        "one head instead of several",
        "Everything is one large head. Split q, k and v into heads before the "
        "attention, and merge after it.",
        partial(_stage, split=lambda x, H: x, merge=unchanged),
    ),
    _exchanged(
        "keys before queries",
        "the first third for the keys and the second for the queries",
        order=(1, 0, 2),
    ),
    _exchanged(
        "values before keys",
        "the second third for the values and the last for the keys",
        order=(0, 2, 1),
    ),
    _exchanged(
        "values first",
        "the first third for the values and the last for the queries",
        order=(2, 1, 0),
    ),
    _exchanged(
        "keys first", "the thirds in turn, but not from the first on", (1, 2, 0)
    ),
    _exchanged(
        "the last third first", "the thirds in turn, but from the last on", (2, 0, 1)
    ),
    _taken_twice("keys for values", "keys", "values", (0, 1, 1)),
    _taken_twice("queries for values", "queries", "values", (0, 1, 0)),
    _taken_twice("queries for keys", "queries", "keys", (0, 0, 2)),
    _taken_twice("keys for queries", "keys", "queries", (1, 1, 2)),
    _taken_twice("values for keys", "values", "keys", (0, 2, 2)),
    _taken_twice("values for queries", "values", "queries", (2, 1, 2)),
    Mistake(
        "x for queries, keys and values",
        "You hand x itself to the heads. Queries, keys and values are made of it first: x "
        "times `w_qkv`, plus `b_qkv`, cut in three.",
        partial(_stage, cut=lambda x, w, b: (x, x, x)),
    ),
    Mistake(
        "b_qkv subtracted",
        "You subtract `b_qkv`. It is **added** to the product.",
        partial(_stage, cut=lambda x, w, b: _thirds(x, w, -b)),
    ),
    Mistake(
        "b_qkv added twice",
        "`b_qkv` is added twice. Once is enough: to the product before it is cut, or a "
        "third of it to each part.",
        partial(_stage, cut=lambda x, w, b: _thirds(x, w, 2 * b)),
    ),
    Mistake(
        "b_qkv added to the matrix",
        "You add `b_qkv` to the matrix, so every number of a vector adds it again. First "
        "the product, then the bias.",
        partial(_stage, cut=lambda x, w, b: (x @ (w + b)).chunk(3, -1)),
    ),
    Mistake(
        "b_out added to the matrix",
        "You add `b_out` to the matrix, so every number of a vector adds it again. First "
        "the product, then the bias.",
        partial(_stage, out=lambda y, w, b: y @ (w + b)),
    ),
    Mistake(
        "b_out subtracted",
        "You subtract `b_out`. It is **added** at the very end.",
        partial(_stage, out=lambda y, w, b: y @ w - b),
    ),
    Mistake(
        "b_out added twice",
        "`b_out` is added twice. Once is enough, at the very end.",
        partial(_stage, out=lambda y, w, b: y @ w + 2 * b),
    ),
    Mistake(
        "the last product twice",
        "You multiply by `w_out` twice. Once is enough, after the heads are merged.",
        partial(_stage, out=lambda y, w, b: (y @ w + b) @ w + b),
    ),
    Mistake(
        "w_out before the vectors",
        "You write `w_out` first and the vectors second. These are the **rows**, so they "
        "stand on the left of `@`.",
        partial(_stage, out=lambda y, w, b: w @ y + b),
    ),
    Mistake(
        "the heads in reverse order",
        "The heads are put together from the last to the first. Head 0 comes first, as in "
        "your `merge_heads`.",
        partial(_stage, merge=lambda y: merged(y.flip(-3))),
    ),
    Mistake(
        "the sum of the heads",
        "You add up the heads, where they stand side by side: each keeps columns of its "
        "own. That is the work of `merge_heads`.",
        partial(_stage, merge=lambda y: _like_merged(y, y.sum(-3))),
    ),
    Mistake(
        "the mean of the heads",
        "You average the heads, where they stand side by side: each keeps columns of its "
        "own. That is the work of `merge_heads`.",
        partial(_stage, merge=lambda y: _like_merged(y, y.mean(-3))),
    ),
    Mistake(
        "only the first head",
        "Only the first head is heard. All of them are put side by side: that is the work "
        "of `merge_heads`.",
        partial(_stage, merge=lambda y: _like_merged(y, y[..., 0, :, :])),
    ),
    Mistake(
        "only the last head",
        "Only the last head is heard. Does each round of a loop overwrite the one before? "
        "All of them are put side by side.",
        partial(_stage, merge=lambda y: _like_merged(y, y[..., -1, :, :])),
    ),
    Mistake(
        "divided by √d twice",
        "The scores are divided by √d twice, once here and once in your `attention`. That "
        "one does it already.",
        partial(_stage, core=partial(attention, by=lambda q: q.shape[-1])),
    ),
    Mistake(
        "the shares alone",
        "You stop at the shares, or use them as if they were what is heard. Your "
        "`attention` also multiplies them by the values.",
        partial(_stage, core=lambda q, k, v: weights(q, k)),
    ),
    Mistake(
        "only the values",
        "Queries and keys play no part: each token hears its own value alone. Between split "
        "and merge stands your `attention`.",
        partial(_stage, core=lambda q, k, v: v),
    ),
    Mistake(
        "an average of the past",
        "Every token hears all of the past alike: queries and keys play no part. Between "
        "split and merge stands your `attention`.",
        partial(_stage, core=lambda q, k, v: attention(0 * q, k, v)),
    ),
    Mistake(
        "the answers scaled",
        "What the heads hear is scaled afterwards, as dropout does in training. It goes on "
        "as it is.",
        partial(_stage, core=lambda q, k, v: 0.9 * attention(q, k, v)),
    ),
    Mistake(
        "normed first",
        "You norm x first. The block does that, in the next chapter; here x is taken as it "
        "is.",
        lambda x, *weights: _stage(
            torch.nn.functional.layer_norm(x, x.shape[-1:]), *weights
        ),
    ),
    Mistake(
        "every third column",
        "You deal the columns out in turn: every third one to the queries. The three "
        "matrices stand side by side: the first C columns make the queries.",
        partial(_stage, cut=_every_third),
    ),
    Mistake(
        "the weight reshaped",
        "Reshaping `w_qkv` cuts through its rows. The three matrices stand side by "
        "side, so cut along the **last** axis, before the product or after it.",
        partial(_stage, cut=_reshaped),
    ),
    Mistake(
        "each head's q, k and v together",
        "You cut into heads first, and then each head's columns in three. It is the "
        "other way round here: C columns of queries for all heads, then the keys, then "
        "the values.",
        _head_by_head,
    ),
    Mistake(
        "shapes that do not fit",
        "Somewhere the shapes do not fit: print them after each line, and compare with "
        "the table of this step. Is it x times w, with nothing transposed? Are q, k "
        "**and** v split into heads? Is C the width of x?",
        partial(_stage, cut=lambda x, w, b: _thirds(x, w.T, b)),
    ),
    Mistake(
        "b_qkv forgotten",
        "`b_qkv` is missing: it is added to the product before it is cut in three.",
        partial(_stage, cut=_without_bias),
    ),
    Mistake(
        "b_out forgotten",
        "`b_out` is missing: it is added at the very end, to every token.",
        partial(_stage, out=lambda y, w, b: y @ w),
    ),
    Mistake(
        "both biases forgotten",
        "Both biases are missing. One is added after each of the two products.",
        partial(_stage, cut=_without_bias, out=lambda y, w, b: y @ w),
    ),
    Mistake(
        "b_out before the last product",
        "`b_out` is added to the merged heads, before the product by `w_out`. It comes "
        "after it: a product first, then its bias, as with `w_qkv`.",
        partial(_stage, out=lambda y, w, b: (y + b) @ w),
    ),
    Mistake(
        "the first third of b_qkv for all",
        "Queries, keys and values all get the first third of `b_qkv`. The bias is cut "
        "like the matrix: a third for each.",
        partial(_stage, cut=_one_bias),
    ),
    _always("always two heads", 2),
    _always("always four heads", 4),
    Mistake(
        "b_out added for each head",
        "`b_out` is added once for each head. It comes once, when the heads have been "
        "put together.",
        _bias_a_head,
    ),
    Mistake(
        "the last product forgotten",
        "These are the merged heads. One more product, by `w_out`, mixes what they have "
        "found, and then `b_out` is added.",
        partial(_stage, out=lambda y, w, b: y),
    ),
    Mistake(
        "the last bias without its product",
        "The bias `b_out` is there, the product by `w_out` is not. It mixes what the "
        "heads have found.",
        partial(_stage, out=lambda y, w, b: y + b),
    ),
    Mistake(
        "w_out on its side",
        "You multiply by `w_out` transposed, as PyTorch's own layers keep it. Here it "
        "stands to the right of the vectors as it is.",
        partial(_stage, out=lambda y, w, b: y @ w.T + b),
    ),
    Mistake(
        "split and merged without transposing",
        "The heads are split and merged by reshaping alone, so a head holds some of the "
        "tokens instead of some of the columns. Use your `split_heads` and "
        "`merge_heads`.",
        partial(_stage, split=_split_by_view, merge=_merged_by_view),
    ),
    Mistake(
        "merged without transposing",
        "The heads are split correctly, but merged by reshaping alone, and tokens are "
        "mixed up. Use your `merge_heads`.",
        partial(_stage, merge=_merged_by_view),
    ),
    Mistake(
        "heads interleaved",
        "Head 0 has every H-th column, in the split and in the merge. Its columns stand "
        "side by side: use your `split_heads` and `merge_heads`.",
        partial(_stage, split=_split_in_turn, merge=_merged_in_turn),
    ),
    Mistake(
        "√ of the model's width",
        "The scores are divided by the root of C, the width of the model. Each head "
        "has only `d_head` = C / H numbers, and adds up only that many.",
        _root_of_width,
    ),
    root_forgotten(
        partial(_stage, core=partial(attention, by=lambda q: 1.0)), "attention"
    ),
    not_masked(
        partial(_stage, core=partial(attention, allowed=unchanged)),
        "attention",
        name="not causal",
    ),
    Mistake(
        "the input added",
        "The input is added to the answer. The block does that, in the next chapter; "
        "here only what was heard is wanted.",
        lambda x, *weights: x + _stage(x, *weights),
    ),
    Mistake(
        "not merged",
        "The shapes do not fit at the end: the heads are still apart. Put them together "
        "before the last product.",
        partial(_stage, merge=unchanged),
    ),
    Mistake(
        "d_head for n_head",
        "You make as many heads as a head has numbers. `n_head` is how many heads there "
        "are, and that is what `split_heads` asks for.",
        partial(_stage, split=lambda x, H: parted(x, x.shape[-1] // H)),
    ),
    batches_only(_stage, 2, "B, T and C", "T and C, as in `split_heads`"),
    no_batches(_stage, 2, "T and C", "T and C, as in `split_heads`"),
    Mistake(
        "the rows cut in three",
        "You cut the **rows** in three, so each token is in one part only. `chunk` takes "
        "the first axis where you name none: here it should be the last.",
        partial(_stage, cut=_rows_in_three),
    ),
    Mistake(
        "split instead of merged",
        "After the attention the heads are split once more. There they are put together "
        "again: that is the work of `merge_heads`.",
        _split_again,
    ),
    Mistake(
        "cut along axis 1",
        "Right for one text. In a batch, axis 1 is that of the tokens: cut along the "
        "**last** axis.",
        partial(_stage, cut=lambda x, w, b: (x @ w + b).chunk(3, 1)),
    ),
)

CHECK = Check(
    "attend",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + KERNELS,
    after=(
        *("softmax", "scores", "attention_weights", "attention"),
        *("split_heads", "merge_heads"),
    ),
    worked=worked,
)
