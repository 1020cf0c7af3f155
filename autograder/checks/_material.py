"""What the checks of all exercises draw their cases from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, edge


def between(rng: np.random.Generator, low: int, high: int) -> int:
    """From low to high, both possible."""
    return int(rng.integers(low, high + 1))


def drawn_until(good: Callable[..., bool], draw: Callable[[], tuple]) -> tuple:
    while not good(*(made := draw())):
        pass
    return made


def some(rng: np.random.Generator, items: Sequence, count: int) -> list:
    """`count` of the items, each at most once, in any order."""
    return [items[int(i)] for i in rng.choice(len(items), count, replace=False)]


def tenths(rng: np.random.Generator, *shape: int, below: int = 30) -> Tensor:
    """Float32 with one decimal place, as a person would write them; none is 0.

    Their absolute values are below `below` tenths.
    """
    numbers = rng.integers(1, below, shape) * rng.choice([-1, 1], shape)
    return torch.tensor(numbers / 10, dtype=torch.float32)


def normal(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Tensor:
    """Float32 from a normal distribution of mean 0."""
    return torch.tensor(scale * rng.normal(size=shape), dtype=torch.float32)


def large(rng: np.random.Generator, *shape: int) -> Tensor:
    """Whole numbers of more than a thousand, as float32, no two the same."""
    numbers = between(rng, 1200, 1500) + 100 * rng.permutation(int(np.prod(shape)))
    return torch.tensor(numbers.reshape(shape), dtype=torch.float32)


def singles(make: Callable[..., tuple], *many: int) -> list[Case]:
    """A case for each number of axes, all of size 1: who loses one of them is wrong.

    make: the arguments, from such a shape.
    """
    words = ("one axis", "two axes", "three axes", "four axes")
    return [
        edge(f"a single number, in {words[axes - 1]}", make(*[1] * axes))
        for axes in many
    ]


def learning(x: Tensor) -> Tensor:
    """The same numbers, of which a case asks for the gradient, too."""
    return x.clone().requires_grad_()


def across(x: Tensor) -> Tensor:
    """The same numbers, but as they lie in memory rows and columns are exchanged.

    So lies what a transpose gives: such a tensor can be reshaped, and mostly not viewed.
    """
    return x.mT.contiguous().mT


def lying(tensors: Sequence[Tensor]) -> list[Tensor]:
    """The matrices among them `across`, the vectors as they are."""
    return [across(x) if x.ndim > 1 else x for x in tensors]


def stop(error: type[Exception]) -> NoReturn:
    """For a mistake whose line ends in an error: as the student's own would."""
    raise error("as the student's line would")


def story_ids(rng: np.random.Generator, tokenizer: Any) -> list[int]:
    """A story of the small world as the model reads it, from END on."""
    from gpt import world

    story = next(world.stories(int(rng.integers(1 << 31))))
    return [tokenizer.special_tokens[world.END], *tokenizer.encode(story)]


def _why(why: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, why)


# Why a name that a step forbids is no work of one's own: a sentence for each kind, which
# the text of the step names too.
WHY = {
    **_why(
        "the course's own answers are in there",
        *("gpt.tokenize", "gpt.embed", "gpt.attend", "gpt.mlp", "gpt.sample"),
        *("gpt.model", "gpt.modern", "gpt.cache", "gpt.train"),
        *("gpt.chat", "gpt.tune"),
    ),
    **_why("it has whole models, ready made", "transformers"),
    **_why("it is a tokenizer, ready made", "tiktoken", "tokenizers"),
    **_why("PyTorch's own functions are in there", "torch._C", "torch.ops"),
    **_why(
        "it is a table that looks up its rows, ready made",
        *(".embedding", ".Embedding", ".embedding_bag", ".EmbeddingBag"),
    ),
    **_why("it makes one-hot rows, ready made", ".one_hot"),
    **_why(
        "it is the cosine, ready made",
        *(".cosine_similarity", ".CosineSimilarity"),
    ),
    **_why(
        "it is attention, ready made",
        *(".scaled_dot_product_attention", ".multi_head_attention_forward"),
        *(".MultiheadAttention", ".flex_attention"),
    ),
    **_why("it is a softmax, ready made", ".softmax", ".Softmax"),
    **_why("it is a softmax, all but an exponential", ".log_softmax", ".LogSoftmax"),
    **_why(
        "it is a softmax of the same numbers with the other sign",
        *(".softmin", ".Softmin"),
    ),
    **_why(
        "it is a softmax in another dress, because exp(x - logsumexp(x)) is the softmax "
        "of x",
        ".logsumexp",
    ),
    **_why("it has a softmax and a logsumexp, ready made", "scipy"),
    **_why("it is GELU, ready made, in place of your own `gelu`", ".gelu", ".GELU"),
    **_why(
        "it is a norm, ready made, in place of your own `layer_norm`",
        *(".layer_norm", ".LayerNorm", ".native_layer_norm"),
        *(".group_norm", ".GroupNorm"),
    ),
    **_why("it is PyTorch's RMS norm, ready made", ".rms_norm", ".RMSNorm"),
    **_why("it is the bend of the gate, ready made", ".silu", ".SiLU"),
    **_why(
        "it is dropout, ready made, with random numbers of its own",
        *(".dropout", ".Dropout", ".alpha_dropout", ".feature_dropout"),
    ),
    **_why(
        "it is the loss, ready made",
        *(".cross_entropy", ".CrossEntropyLoss", ".nll_loss", ".NLLLoss"),
    ),
    **_why("it makes gradients by itself", ".backward", "torch.autograd", "torch.func"),
    **_why(
        "it clips gradients, ready made",
        *(".clip_grad_norm_", ".clip_grad_norm", ".clip_grads_with_norm_"),
        "torch.nn.utils",
    ),
    **_why("it has optimizers and their schedules, ready made", "torch.optim"),
    **_why(
        "it is the KL divergence, ready made",
        *(".kl_div", ".KLDivLoss", ".kl_divergence"),
    ),
    **_why(
        "it is a block, ready made",
        *(".TransformerEncoderLayer", ".TransformerEncoder"),
        ".TransformerDecoderLayer",
    ),
    **_why(
        "it has random numbers of its own, and here the given ones decide",
        *(".multinomial", "torch.distributions", "random", "numpy.random"),
    ),
}
