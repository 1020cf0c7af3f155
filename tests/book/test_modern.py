"""The chapter Modern: its numbers, its pencil, and the models that its record compares."""

import json
import re
from math import cos, pi

import pytest
import torch
from torch.testing import assert_close

from bench.chapter import BOOK
from book import recording
from book.facts import modern as measured
from gpt import modern
from gpt.model import GPT, Config
from tests.book.page import claim

CHAPTER = "modern"
PAGE = (BOOK / "modern.md").read_text("utf-8")


@pytest.fixture(scope="module")
def recorder():
    import record_modern  # the chapters run where book/ is on the path

    return record_modern


@pytest.fixture(scope="module")
def recorded(recorder):
    return json.loads(recorder.FILE.read_text("utf-8"))


def test_every_number_that_the_prose_glues_is_found(facts):
    in_text = set(re.findall(r"\{glue:text\}`(\w+)(?::[^`]*)?`", PAGE))
    assert len(in_text) > 15 and in_text == set(facts)


# --- the pencil -------------------------------------------------------------------
def test_the_pencil_of_the_norm():
    for x in ([3.0, 4.0], [30.0, 40.0]):
        found = modern.rms_norm(torch.tensor(x), torch.ones(2), 0)
        assert_close(found, torch.tensor([0.85, 1.13]), rtol=0, atol=0.005)
        layer = torch.nn.functional.layer_norm(torch.tensor(x), (2,), eps=0)
        assert_close(layer, torch.tensor([-1.0, 1.0]))


@pytest.mark.parametrize(("i", "j", "score"), [(1, 0, 1), (3, 2, 1), (2, 1, 1), (3, 0, -1), (2, 2, 0)])  # fmt: skip
def test_the_pencil_of_the_turns(i, j, score):
    assert f"| {i} | {j} | {i - j} | |" in PAGE
    assert cos((i - j) * pi / 2 - pi / 2) == pytest.approx(score)
    q, k = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])

    def turned(x, place):
        angle = torch.tensor([[place * pi / 2]])
        return modern.rotate(x, angle.cos(), angle.sin())

    found = turned(q, i) @ turned(k, j).T
    assert_close(found, torch.tensor([[float(score)]]), rtol=0, atol=1e-6)


def test_the_scores_of_the_picture(model_and_tokenizer):
    found = measured.scores(*model_and_tokenizer)
    said = measured.spreads(found)
    assert float(said["rope_spread"]) < 1e-5
    assert float(said["learned_spread"]) > 0.1
    assert [int(place) for place in said["query_places"].split(", ")] == [*found.rope]
    assert {len(line) for line in found.rope.values()} == {said["query_far"]}


def test_the_exercise_gives_the_real_model_its_own_context():
    cells = json.loads(
        (BOOK.parent / "solutions/modern/modern.ipynb").read_text("utf-8")
    )
    text = "".join("".join(cell["source"]) for cell in cells["cells"])
    assert f"it reads {measured.REAL.n_ctx:,} tokens" in text


@pytest.fixture
def model_and_tokenizer(names):
    return names["gpt"], names["tokenizer"]


def test_the_query_of_the_picture_is_that_of_the_model(model_and_tokenizer):
    """Learned places, as the model itself has them: its score of *the* with *the*."""
    model, tokenizer = model_and_tokenizer
    (the,) = tokenizer.encode(" the")
    trace = model.trace(torch.full((1, 64), the), "0.q", "0.k")
    q, k = trace["0.q"][0, 0], trace["0.k"][0, 0]
    want = (k[14:30] @ q[30] / 24**0.5).flip(0)
    found = torch.tensor(measured.scores(model, tokenizer).learned[30])
    assert_close(found, want, rtol=1e-4, atol=1e-4)


def test_the_real_model_is_as_large_as_it_is_said():
    assert measured.REAL.n_parameters == 134_515_008


# --- the models that are compared -------------------------------------------------
def test_without_a_modern_part_it_is_a_gpt_2(recorder):
    hybrid = recorder.Hybrid((), seed=3)
    for weight in hybrid.weights.values():  # biases and norms too
        weight += 0.1 * torch.randn(weight.shape)
    w, weights = hybrid.weights, {}
    weights |= {"wte.weight": w["table"], "wpe.weight": w["places"]}
    weights |= {"ln_f.weight": w["norm"], "ln_f.bias": w["norm.bias"]}
    for n in range(recorder.N_LAYER):
        for kind in ("", ".bias"):
            qkv = torch.cat([w[f"{n}.{name}{kind}"] for name in "qkv"])
            parts = {
                "attn.c_attn": qkv,
                "attn.c_proj": w[f"{n}.out{kind}"],
                "mlp.c_fc": w[f"{n}.up{kind}"],
                "mlp.c_proj": w[f"{n}.mlp_out{kind}"],
                "ln_1": w[f"{n}.norm_1{kind}"],
                "ln_2": w[f"{n}.norm_2{kind}"],
            }
            for name, weight in parts.items():
                turned = weight.T.contiguous() if weight.ndim > 1 else weight
                weights[f"h.{n}.{name}{kind or '.weight'}"] = turned
    gpt = GPT(Config(588, 64, recorder.N_LAYER, 4, 64), weights)
    ids = torch.randint(588, (2, 30))
    assert_close(hybrid(ids), gpt(ids), rtol=1e-4, atol=1e-4)


def test_with_all_of_them_it_is_a_llama(recorder):
    parts = "rope", "rms_norm", "swiglu", "grouped", "untied", "qk_norm"
    hybrid = recorder.Hybrid(parts, seed=4)
    w, weights = hybrid.weights, {}
    for name, weight in w.items():  # a Llama has no biases, and here they are 0
        if not name.endswith(".bias"):
            weight += 0.1 * torch.randn(weight.shape)
    names = {
        **{f"{x}": f"self_attn.{x}_proj" for x in "qkv"},
        "out": "self_attn.o_proj",
        "mlp_out": "mlp.down_proj",
        "gate": "mlp.gate_proj",
        "up": "mlp.up_proj",
        "norm_q": "self_attn.q_norm",
        "norm_k": "self_attn.k_norm",
        "norm_1": "input_layernorm",
        "norm_2": "post_attention_layernorm",
    }
    whole = {"table": "model.embed_tokens", "norm": "model.norm", "unembed": "lm_head"}
    for name, weight in w.items():
        if name in whole:
            weights[f"{whole[name]}.weight"] = weight
        elif not name.endswith(".bias"):
            n, part = name.split(".")
            weights[f"model.layers.{n}.{names[part]}.weight"] = weight
    wide = w["0.up"].shape[0]
    config = modern.Config(588, 64, 2, 4, 1, 64, 16, wide, tied=False, qk_norm=True)
    ids = torch.randint(588, (2, 30))
    found = modern.Llama(config, weights)(ids)
    assert_close(hybrid(ids), found, rtol=1e-4, atol=1e-4)


def test_two_tables_leave_less_than_half_of_the_width(recorder):
    claim("modern", "the MLPs had to become less than half as wide to pay for it.")
    wide = recorder.Hybrid(("untied",), 0).weights["0.up"].shape[0]
    assert wide < recorder.D_MLP / 2


def test_all_have_as_many_parameters(recorded):
    many = {run["parameters"] for run in recorded["runs"]}
    assert max(many) - min(many) < 0.002 * max(many)


@pytest.mark.parametrize("name", ["GPT-2", "SwiGLU, wide start"])
def test_the_first_steps_are_as_recorded(recorder, recorded, name):
    tokenizer = recorder.course_tokenizer()
    _, losses = recorder.losses(tokenizer, name, 0, recorder.FIRST)
    run = next(r for r in recorded["runs"] if (r["name"], r["seed"]) == (name, 0))
    assert sum(losses) / len(losses) == pytest.approx(run["first losses"], abs=0.005)


def test_the_record_is_whole(recorder, recorded):
    assert recording.lines(recorded) == recorder.FILE.read_text("utf-8")
    runs = [(run["name"], run["seed"]) for run in recorded["runs"]]
    assert sorted(runs) == sorted((n, s) for n in recorder.RUNS for s in recorder.SEEDS)


# --- a Llama ----------------------------------------------------------------------
def test_the_short_layer_is_a_layer_of_the_model(names):
    tiny = names["tiny"]
    flow = tiny.trace(torch.tensor([[1, 2, 3]]))

    def w(*parts):
        return [tiny.weights[f"model.layers.0.{part}.weight"] for part in parts]

    found = names["layer"](
        flow["embed"],
        *w("input_layernorm"),
        w(*(f"self_attn.{part}_proj" for part in "qkv")),
        *w("self_attn.o_proj", "post_attention_layernorm"),
        w(*(f"mlp.{part}_proj" for part in ("gate", "up", "down"))),
        tiny.config.n_head,
        tiny.config.n_kv_head,
        *modern.turns(torch.arange(3), tiny.config.d_head),
    )
    assert_close(found, flow["0.stream"])
