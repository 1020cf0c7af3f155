"""The oracles of the exercise "mlp" beside a second opinion: transformers' GPT-2.

The exercise itself is asked for what it promises: the student's own stack writes the
course's continuation.
"""

from functools import partial
from math import pi, sqrt

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.activations import ACT2FN
from transformers.models.gpt2.modeling_gpt2 import GPT2MLP, GPT2Block

from autograder.checks import load
from autograder.checks.mlp import block, count_parameters, layer_norm, mlp
from autograder.checks.mlp._material import tanh_gelu
from autograder.verdict import bank
from autograder.verdict.judge import expected, is_right, judge
from autograder.verdict.outcome import run_all
from gpt import world
from gpt.attend import attend
from gpt.model import Config, small
from tests.autograder.checks.test_checks import SEEDS, drawn, solution


def cases(name: str, many: int = 8):
    for seed in SEEDS[:many]:
        for case, want in zip(*drawn("mlp", name, seed), strict=True):
            yield case, want.value


def config(C: int, d_mlp: int, n_head: int = 1) -> GPT2Config:
    none = {"resid_pdrop": 0.0, "attn_pdrop": 0.0, "embd_pdrop": 0.0}
    return GPT2Config(
        n_embd=C, n_inner=d_mlp, n_head=n_head, attn_implementation="eager", **none
    )


def near(a: torch.Tensor, b: torch.Tensor) -> None:
    torch.testing.assert_close(a.float(), b, rtol=1e-4, atol=2e-5)


def test_gelu_is_transformers_gelu_new():
    for case, want in cases("gelu"):
        near(ACT2FN["gelu_new"](*case.args), want)


def test_the_exact_gelu_is_wrong_wherever_it_can_be_told_apart():
    for case, want in cases("gelu"):
        far = case.what == "numbers far from zero"
        if not far and "call" not in case.what:  # nor the small ones of a twin
            off = (torch.nn.functional.gelu(*case.args) - want).abs()
            assert (off > 1e-4).any(), case.what


@pytest.mark.parametrize("root", [(2 / pi) ** 0.5, 0.797885, 0.79788, 0.7979, 0.798])
@pytest.mark.parametrize("factor", [0.044715, 0.0447151, 0.04471, 0.04472, 0.0447])
def test_a_gelu_that_passes_is_good_enough_for_a_block(root, factor):
    """A rounded constant costs its own step, and not a right one that comes later."""

    def bend(x):
        return 0.5 * x * (1 + torch.tanh(root * (x + factor * x**3)))

    known = load("mlp")
    steps = ("gelu", bend), ("mlp", partial(mlp.plain, bend=bend))
    for name, answer in (*steps, ("block", partial(block._block, bend=bend))):
        for seed in SEEDS[:8]:
            asked, wanted = drawn("mlp", name, seed)
            got = run_all(answer, [case.args for case in asked])
            right = is_right(known[name], wanted, got)
            if name == "gelu" and not right:
                return
            assert right, (name, seed)


def test_mlp_is_transformers_gpt2_mlp():
    for case, want in cases("mlp"):
        x, *weights = case.args
        theirs = GPT2MLP(weights[0].shape[1], config(*weights[0].shape)).double()
        names = ("c_fc.weight", "c_fc.bias", "c_proj.weight", "c_proj.bias")
        rows = (weight.double() for weight in weights)
        theirs.load_state_dict(dict(zip(names, rows, strict=True)))
        with torch.no_grad():
            near(theirs(x.double().contiguous()), want)


def test_block_is_transformers_gpt2_block():
    for case, want in cases("block"):
        x, w, n_head = case.args
        theirs = GPT2Block(config(*w["mlp.c_fc.weight"].shape, n_head)).double()
        theirs.load_state_dict({name: weight.double() for name, weight in w.items()})
        T, C = x.shape[-2:]
        future = torch.full((T, T), -torch.inf, dtype=torch.float64).triu(1)
        with torch.no_grad():
            y = theirs(x.double().reshape(-1, T, C), attention_mask=future[None, None])
        near((y[0] if isinstance(y, tuple) else y).reshape(x.shape), want)


def test_a_whole_layer_of_the_course_s_model_agrees_with_the_oracle():
    model, tokenizer = small()
    end = tokenizer.special_tokens[world.END]
    flow = model.trace(torch.tensor([[end, *tokenizer.encode(world.PROMPT)]]))
    x = flow["embed"]
    for n in range(model.config.n_layer):
        w = {name: model.weights[f"h.{n}.{name}"] for name in block.NAMES}
        want = flow[f"{n}.stream"]
        near(block.oracle(x, w, model.config.n_head), want)
        x = want


@pytest.mark.parametrize(
    ("size", "published"),
    [((50257, 1024, 12, 768), 124_439_808), ((50257, 1024, 48, 1600), 1_557_611_200)],
)
def test_count_parameters_knows_the_published_models(size, published):
    assert count_parameters.oracle(*size) == published


def test_count_parameters_agrees_with_transformers_and_with_the_course():
    for case, want in cases("count_parameters", 4):
        n_vocab, n_ctx, n_layer, C = case.args
        if not n_layer or C > 96:
            continue  # a model of no layers is none, and larger ones take long to build
        sizes = {"n_positions": n_ctx, "n_layer": n_layer, "n_embd": C, "n_head": 1}
        theirs = GPT2LMHeadModel(GPT2Config(vocab_size=n_vocab, **sizes))
        assert theirs.num_parameters() == want
        assert Config(n_vocab, n_ctx, n_layer, 1, C).n_parameters == want


def test_the_student_s_own_stack_writes_the_course_s_continuation():
    names = solution("mlp")
    assert names["mine"] == (
        " Ada worked with a machine learning model. When the moon came up, the model "
        "guessed the next word, and she began to jump for joy. At last Ada the fox ran "
        "home. Good night, little fox.<|endoftext|>"
    )


def test_the_stack_of_the_notebook_is_the_course_s_model():
    names = solution("mlp")
    model, ids = names["model"], torch.tensor([names["prompt"]])
    near(names["my_gpt"](ids), model(ids))


# What students have written, and what it is to be called.

ROOT = sqrt(2 / torch.pi)


def gelu_by_rows(x):
    out = []
    for v in x:
        out.append(0.5 * v * (1 + torch.tanh(ROOT * (v + 0.044715 * v**3))))
    return torch.tensor(out)


def gelu_with_a_second_name(x):
    y = x
    y += 0.044715 * x**3
    return 0.5 * x * (1 + torch.tanh(ROOT * y))


def layer_norm_without_keepdim(x, weight, bias):
    d = x - x.mean(-1)
    return d / ((d**2).mean(-1) + 1e-5).sqrt() * weight + bias


def layer_norm_with_a_mean_that_lost_its_axis(x, weight, bias):
    d = x - x.mean(-1)
    return d / torch.sqrt((d**2).mean(-1, keepdim=True) + 1e-5) * weight + bias


def layer_norm_with_a_variance_that_lost_its_axis(x, weight, bias):
    d = x - x.mean(-1, keepdim=True)
    return d / torch.sqrt((d**2).mean(-1) + 1e-5) * weight + bias


def layer_norm_by_math(x, weight, bias):
    d = x - x.mean(-1, keepdim=True)
    return d / sqrt((d**2).mean(-1, keepdim=True) + 1e-5) * weight + bias


def layer_norm_of_the_sum(x, weight, bias):
    d = x - x.mean(-1, keepdim=True)
    return (d * weight + bias) / ((d**2).mean(-1, keepdim=True) + 1e-5).sqrt()


def layer_norm_by_distances(x, weight, bias):
    d = x - x.mean(-1, keepdim=True)
    return d / (d.abs().mean(-1, keepdim=True) + 1e-5) * weight + bias


def mlp_with_biases_in_the_matrices(x, w_in, b_in, w_out, b_out):
    return tanh_gelu(x @ (w_in + b_in)) @ (w_out + b_out)


def dropout_divided_in_place(x, u, p):
    if p < 0 or p >= 1:
        raise ValueError(p)
    x /= 1 - p
    return torch.where(u >= p, x, 0.0)


def block_of_four_heads(x, w, n_head):
    def norm(x, i):
        return layer_norm.oracle(x, w[f"ln_{i}.weight"], w[f"ln_{i}.bias"])

    x = x + attend(norm(x, 1), *(w[f"attn.c_{n}"] for n in ATTENTION), 4)
    return x + mlp.oracle(norm(x, 2), *(w[f"mlp.c_{n}"] for n in THOUGHT))


def count_parameters_with_a_square(n_vocab, n_ctx, n_layer, C):
    layer = 9 * C * C + 3 * C + C * C + C + 8 * C * C + 5 * C + 4 * C
    return (n_vocab + n_ctx) * C + n_layer * layer + 2 * C


ATTENTION = ("attn.weight", "attn.bias", "proj.weight", "proj.bias")
THOUGHT = ("fc.weight", "fc.bias", "proj.weight", "proj.bias")
DRAFTS = [
    (gelu_by_rows, "torch.tensor on a list of tensors"),
    (gelu_with_a_second_name, "a second name for x is changed in place"),
    (
        layer_norm_without_keepdim,
        "keepdim forgotten, and the variance taken of what is left",
    ),
    (layer_norm_with_a_mean_that_lost_its_axis, "keepdim forgotten for the mean"),
    (
        layer_norm_with_a_variance_that_lost_its_axis,
        "keepdim forgotten for the variance",
    ),
    (layer_norm_by_math, "math.sqrt on a tensor"),
    (layer_norm_of_the_sum, "the bias divided too"),
    (layer_norm_by_distances, "divided by the mean distance from the mean"),
    (mlp_with_biases_in_the_matrices, "the biases added to the matrices"),
    (dropout_divided_in_place, "x is changed in place"),
    (block_of_four_heads, "always four heads"),
    (
        count_parameters_with_a_square,
        "a matrix of 9C² for queries, keys and values",
    ),
]


@pytest.mark.parametrize(
    ("draft", "name"), DRAFTS, ids=lambda x: getattr(x, "__name__", x)
)
def test_a_draft_is_called_by_its_mistake(draft, name):
    known = load("mlp")
    check = known[max(known, key=lambda c: draft.__name__.startswith(f"{c}_"))]
    cases = bank.draw(check, bank.PUBLIC_SEED)
    got = run_all(draft, [case.args for case in cases])
    mistake = judge(check, cases, expected(check, cases), got).mistake
    assert mistake is not None and mistake.name == name
