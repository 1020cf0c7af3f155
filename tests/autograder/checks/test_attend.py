"""The oracles of the exercise "attend" against others, and what its notebook tells.

The checks ask PyTorch's fused kernels. Here transformers' GPT-2, float32 loops and
PyTorch's unfused modules have to say the same; right answers in another style have to
pass, and what the notebook's prose says of the model has to be so.
"""

from math import inf, sqrt

import pytest
import torch
from torch import nn
from torch.nn import functional

from autograder import checks
from autograder.checks.attend._material import shipped
from autograder.verdict import bank
from autograder.verdict.compare import difference
from autograder.verdict.judge import expected, judge
from autograder.verdict.outcome import run
from gpt import world
from gpt.model import small
from tests.autograder.checks.test_checks import solution

CHECKS = checks.load("attend")
SEEDS = [b"%d" % n for n in range(8)]


def cases(name, seeds=SEEDS):
    """Every case of a check with the oracle's outcome, over some seeds."""
    for seed in seeds:
        drawn = bank.draw(CHECKS[name], seed)
        yield from zip(drawn, expected(CHECKS[name], drawn), strict=True)


def faults(name, answer, seeds=SEEDS):
    """The purposes of the cases in which an answer is wrong."""
    check = CHECKS[name]
    return {
        case.what
        for case, want in cases(name, seeds)
        if difference(want, run(answer, case.args), check.rtol, check.atol)
    }


def test_attend_is_the_attention_of_transformers_gpt2():
    transformers = pytest.importorskip("transformers")

    def theirs(x, w_qkv, b_qkv, w_out, b_out, n_head):
        C = x.shape[-1]
        config = transformers.GPT2Config(
            n_embd=C, n_head=n_head, n_positions=512, attn_implementation="eager"
        )
        module = transformers.models.gpt2.modeling_gpt2.GPT2Attention(config).eval()
        weights = {
            "c_attn.weight": w_qkv,
            "c_attn.bias": b_qkv,
            "c_proj.weight": w_out,
            "c_proj.bias": b_out,
        }
        module.load_state_dict(weights, strict=False)
        T = x.shape[-2]
        future = torch.full((T, T), -inf).triu(1)[None, None]
        batch = x.contiguous() if x.ndim == 3 else x[None]  # it uses `view`
        with torch.no_grad():
            heard = module(batch, attention_mask=future)[0]
        return heard if x.ndim == 3 else heard[0]

    assert not faults("attend", theirs)


def test_the_weights_are_those_of_a_module_that_keeps_them():
    """`need_weights` takes PyTorch's unfused way, which writes the weights down."""

    def theirs(q, k):
        T, d = q.shape[-2:]
        module = nn.MultiheadAttention(d, 1, batch_first=True)
        with torch.no_grad():
            eye = torch.eye(d)
            module.in_proj_weight.copy_(torch.cat([eye, eye, eye]))
            module.in_proj_bias.zero_()
            future = torch.ones(T, T, dtype=torch.bool).triu(1)
            flat = q.reshape(-1, T, d), k.reshape(-1, T, d)
            weights = module(*flat, flat[1], attn_mask=future)[1]
        return weights.reshape(*q.shape[:-1], T)

    assert not faults("attention_weights", theirs)


def test_attention_asked_query_by_query():
    def one_text(q, k, v):
        rows = []
        for t in range(len(q)):
            s = torch.stack([q[t] @ key / sqrt(len(key)) for key in k[: t + 1]])
            rows.append(s.softmax(0) @ v[: t + 1])
        return torch.stack(rows)

    def by_hand(q, k, v):
        flat = [x.reshape(-1, *x.shape[-2:]) for x in (q, k, v)]
        return torch.stack([*map(one_text, *flat)]).reshape(*q.shape[:-1], -1)

    assert not faults("attention", by_hand)


def test_shares_of_the_past_and_nothing_of_the_future():
    for name in "averaging_weights", "attention_weights":
        for _, outcome in cases(name):
            W = outcome.value
            torch.testing.assert_close(W.sum(-1), torch.ones(W.shape[:-1]))
            assert (W >= 0).all() and not W.triu(1).any()
    for name in "average_past", "attention", "attend":
        for case, outcome in cases(name, SEEDS[:2]):
            many = 3 if name == "attention" else 1
            tensors, rest = case.args[:many], case.args[many:]
            for t in range(tensors[0].shape[-2]):
                changed = [x.clone() for x in tensors]
                for x in changed:
                    x[..., t:, :] += torch.rand(x.shape[-1]) * (1 + x[..., t:, :].abs())
                moved = CHECKS[name].oracle(*changed, *rest) - outcome.value
                assert (moved[..., :t, :].abs() < 1e-6).all()
                assert (moved[..., t:, :].abs() > 1e-4).any()


def test_heads_are_cut_and_joined_as_pytorch_folds_them():
    """`unfold` by d_head columns gives the heads, and `fold`ing undoes it."""
    for case, outcome in cases("split_heads"):
        x, n_head = case.args
        if outcome.raised:
            assert x.shape[-1] % n_head
            continue
        d = x.shape[-1] // n_head
        torch.testing.assert_close(outcome.value, x.unfold(-1, d, d).movedim(-2, -3))
        assert torch.equal(CHECKS["merge_heads"].oracle(outcome.value), x)


OTHER_WAYS = {
    "average_past": lambda x: x.cumsum(0) / torch.arange(1, len(x) + 1)[:, None],
    "averaging_weights": lambda x: (
        torch.zeros(len(x), len(x))
        .masked_fill(torch.ones(len(x), len(x)).triu(1) > 0, -inf)
        .softmax(-1)
    ),
    "softmax": lambda s: (s - s.logsumexp(-1, keepdim=True)).exp(),
    "scores": lambda q, k: (q / q.shape[-1] ** 0.5) @ k.transpose(-1, -2),
    "attention_weights": lambda q, k: (
        (q @ k.mT / sqrt(q.shape[-1]))
        .masked_fill(
            torch.ones(q.shape[-2], q.shape[-2]).tril() == 0, torch.finfo().min
        )
        .softmax(-1)
    ),
    "attention": lambda q, k, v: functional.scaled_dot_product_attention(
        q, k, v, is_causal=True
    ),
    "split_heads": lambda x, n_head: (
        torch.stack(x.split(x.shape[-1] // n_head, -1), -3)
        if x.shape[-1] % n_head == 0
        else int("no")
    ),
    "merge_heads": lambda x: torch.cat([*x.movedim(-3, 0)], -1),
    "attend": lambda x, w_qkv, b_qkv, w_out, b_out, n_head: (
        functional.scaled_dot_product_attention(
            *(
                part.unflatten(-1, (n_head, -1)).transpose(-3, -2)
                for part in functional.linear(x, w_qkv.T, b_qkv).chunk(3, -1)
            ),
            is_causal=True,
        )
        .transpose(-3, -2)
        .flatten(-2)
        .matmul(w_out)
        .add(b_out)
    ),
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_right_answer_in_another_style_passes(name):
    assert not faults(name, OTHER_WAYS[name])


def _added_to_the_future(q, k, v=None):
    """A mask of −1e9 that is added: what scores as low as that is not hidden by it."""
    s = CHECKS["scores"].oracle(q, k)
    ahead = torch.ones(s.shape[-2:]).triu(1)
    shares = torch.softmax(s - 1e9 * ahead, -1)
    return shares if v is None else shares @ v


def test_each_trap_has_its_case():
    """The rare wrong turns are met by the very case that was made for them."""
    past = {m.name: m.answer for m in CHECKS["attention_weights"].mistakes}
    alluring = "a last token that scores highest everywhere"
    again = past["masked after the softmax, then divided again"]
    low, sunk = "very negative scores", "very negative scores before one of 0"
    assert faults("attention_weights", again) == {alluring, low, sunk}
    zeros = past["every score of 0 masked"]
    assert "some scores of exactly 0" in faults("attention_weights", zeros)
    minus = past["scores of the future set to −100"]
    assert faults("attention_weights", minus) == {low, sunk}
    for name in ("attention_weights", "attention"):
        assert faults(name, _added_to_the_future) == {sunk}
    shares = {m.name: m.answer for m in CHECKS["softmax"].mistakes}
    beyond = "scores beyond a million, and minus infinity"
    assert faults("softmax", shares["the largest of all scores subtracted"]) == {
        beyond,
        "large, small and very negative scores",
    }
    assert faults("softmax", shares["the largest score not subtracted"]) == {
        beyond,
        "large scores",
        "large, small and very negative scores",
        "only very negative scores",
    }


def _shares_by_column(x):
    W = torch.zeros(len(x), len(x))
    for i in range(len(x)):
        for j in range(i + 1):
            W[i, j] = 1 / (j + 1)
    return W


def _one_tensor_many_times(x):
    total, rows = torch.zeros(x.shape[1]), []
    for row in x:
        total += row
        rows.append(total)
    return torch.stack(rows)


def _from_the_last_row_up(x):
    for t in range(len(x) - 1, -1, -1):
        x[t] = x[: t + 1].mean(0)
    return x


def _masked(q, k, make):
    s = q @ k.mT / sqrt(q.shape[-1])
    return make(s, torch.ones(s.shape[-2:], dtype=torch.bool).triu(1)).softmax(-1)


def _weighted_row_by_row(q, k, v):
    A, out = _masked(q, k, lambda s, m: s.masked_fill(m, -inf)), torch.zeros_like(q)
    for t in range(len(q)):
        out[t] = A[t] @ v
    return out


def _refusing_by(remainder):
    def split(x, n_head):
        if remainder(x, n_head):
            raise ValueError("uneven")
        return x.reshape(*x.shape[:-1], n_head, -1).transpose(-3, -2)

    return split


def _texts_only_in_batches(x, n_head):
    B, T, C = x.shape
    return x.reshape(B, T, n_head, C // n_head).transpose(1, 2)


def _filled_slice_by_slice(x):
    H, T, d = x.shape[-3:]
    out = torch.zeros(T, H * d)
    for h in range(H):
        out[:, h * d : (h + 1) * d] = x[h]
    return out


def _values_not_split(x, w_qkv, b_qkv, w_out, b_out, n_head):
    q, k, v = (x @ w_qkv + b_qkv).chunk(3, -1)
    q, k = (OTHER_WAYS["split_heads"](part, n_head) for part in (q, k))
    heads = OTHER_WAYS["attention"](q, k, v)
    return heads.transpose(-3, -2).flatten(-2) @ w_out + b_out


def _rows_in_three(x, w_qkv, b_qkv, w_out, b_out, n_head):
    q, k, v = (x @ w_qkv + b_qkv).chunk(3)
    q, k, v = (OTHER_WAYS["split_heads"](part, n_head) for part in (q, k, v))
    heads = OTHER_WAYS["attention"](q, k, v)
    return heads.transpose(-3, -2).flatten(-2) @ w_out + b_out


# What a student wrote, and what the panel has to name.
SLIPS = [
    ("average_past", _one_tensor_many_times, "one total in every row"),
    ("average_past", _from_the_last_row_up, "the vectors changed"),
    (
        "average_past",
        lambda x: x.cumsum(0) / torch.arange(1, len(x) + 1),
        "the counts laid across",
    ),
    ("averaging_weights", _shares_by_column, "the axis of the sums is lost"),
    (
        "attention_weights",
        lambda q, k: _masked(
            q, k, lambda s, m: (t := s.tril()).masked_fill(t == 0, -inf)
        ),
        "every score of 0 masked",
    ),
    (
        "attention_weights",
        lambda q, k: _masked(q, k, lambda s, m: s.masked_fill(m, -20.0)),
        "scores of the future set to −20",
    ),
    (
        "attention_weights",
        lambda q, k: _masked(q, k, lambda s, m: (s.masked_fill(m, -inf), s)[1]),
        "not masked",
    ),
    (
        "attention",
        _weighted_row_by_row,
        "room as wide as the queries, for one head",
    ),
    (
        "split_heads",
        lambda x, n_head: x.reshape(*x.shape[:-1], -1, n_head).transpose(-3, -2),
        "pieces of n_head columns",
    ),
    ("split_heads", _refusing_by(lambda x, H: len(x) % H), "the first axis shared out"),
    ("split_heads", _refusing_by(lambda x, H: x.shape[1] % H), "axis 1 shared out"),
    (
        "split_heads",
        _refusing_by(lambda x, H: H % x.shape[-1]),
        "heads divided by columns",
    ),
    (
        "split_heads",
        _texts_only_in_batches,
        "batches only, and nothing is refused",
    ),
    ("merge_heads", _filled_slice_by_slice, "three axes put in order"),
    ("attend", _values_not_split, "shapes that do not fit"),
    ("attend", _rows_in_three, "the rows cut in three"),
]


@pytest.mark.parametrize(("name", "answer", "named"), SLIPS, ids=[s[2] for s in SLIPS])
def test_a_slip_is_called_by_its_name(name, answer, named):
    for seed in bank.PUBLIC_SEED, *SEEDS[:2]:
        drawn = bank.draw(CHECKS[name], seed)
        got = [run(answer, case.args) for case in drawn]
        verdict = judge(CHECKS[name], drawn, expected(CHECKS[name], drawn), got)
        assert verdict.mistake and verdict.mistake.name == named


def test_what_torch_gives_in_two_parts_is_told():
    def softmax(s):
        return torch.exp(s - s.max(-1, keepdim=True))

    cases = bank.draw(CHECKS["softmax"], bank.PUBLIC_SEED)
    got = [run(softmax, case.args) for case in cases]
    verdict = judge(CHECKS["softmax"], cases, expected(CHECKS["softmax"], cases), got)
    assert "give two tensors" in verdict.meant


def test_an_error_that_has_many_causes_is_not_laid_to_one():
    """Of an answer that is an error in every case, the hint speaks in questions."""
    errors = ("TypeError", "RuntimeError")
    for name, check in CHECKS.items():
        drawn = [case for case, _ in cases(name, SEEDS[:1])]
        for mistake in check.mistakes:
            raised = {run(mistake.answer, case.args).raised for case in drawn}
            if len(raised) == 1 and raised <= {*errors}:
                assert "If " in mistake.hint or "?" in mistake.hint, mistake.hint


def test_what_the_model_was_asked_is_the_same_on_every_machine():
    """Float32 would round in another order elsewhere; double precision leaves room."""
    model, weights, _ = shipped()
    assert {w.dtype for w in model.weights.values()} == {torch.float64}
    assert {w.dtype for w in weights.values()} == {torch.float32}


CONTINUATION = (
    " Ada worked with a machine learning model. When the moon came up, the model "
    "guessed the next word, and she began to jump for joy. At last Ada the fox ran "
    "home. Good night, little fox.<|endoftext|>"
)


def test_the_student_s_attention_writes_the_continuation_of_the_course():
    story, model = solution("attend")["story"], solution("attend")["model"]
    own = model.replace(attention=solution("attend")["attention"])
    assert story(own) == story(model) == CONTINUATION


def test_head_1_1_looks_at_the_name_and_at_the_animal():
    names = solution("attend")
    words, trace = names["words"], names["trace"]
    A = names["attention_weights"](trace["1.q"], trace["1.k"])[0, 1]
    last = words.index(" last")
    who = [words.index(" day"), last, last + 2]
    assert words[:12][-1] == "."  # the first sentence, as the prose says
    assert words[last - 1 : last + 3] == [" At", " last", " Ada", " the"]
    assert [words[i] for i in who] == [" day", " last", " the"]
    for row, found in zip(A[who], (" Ada", " Ada", " fox"), strict=True):
        place = words.index(found)
        assert row.argmax() == place < 12
        assert row[place] > 0.8


def test_what_the_last_cells_say_of_other_heads_and_other_attention():
    names = solution("attend")
    model, words = names["model"], names["words"]
    layers = [
        names["attention_weights"](names["trace"][f"{n}.q"], names["trace"][f"{n}.k"])
        for n in (0, 1)
    ]
    second = words.index(" model", words.index(" model") + 1)
    assert words[layers[0][0, 1, second].argmax()] == " learning"
    assert layers[0][0, 1, second].max() > 0.8
    for head in (1, 3):
        assert words[layers[1][0, head, words.index(" last")].argmax()] == " Ada"

    def with_the_future(q, k, v):
        return names["softmax"](names["scores"](q, k)) @ v

    def equal_shares(q, k, v):
        return names["averaging_weights"](v[0, 0]) @ v

    def without_the_root(q, k, v):
        return names["attention"](q * sqrt(q.shape[-1]), k, v)

    def exchanged(q, k, v):
        return names["attention"](k, q, v)

    def itself_alone(q, k, v):
        return v

    told = names["story"]
    assert told(model.replace(attention=with_the_future)) == CONTINUATION
    for other in equal_shares, without_the_root, exchanged, itself_alone:
        whole = world.PROMPT + told(model.replace(attention=other))
        assert not world.grammatical(whole)


def test_the_head_believes_the_first_sentence():
    """The notebook asks whom it believes where two names differ."""
    names = solution("attend")
    text = (world.PROMPT + CONTINUATION).removesuffix(world.END)
    ids, words = names["read"](text.replace("named Ada", "named Mei"))
    model, _ = small()
    trace = model.trace(ids)
    A = names["attention_weights"](trace["1.q"], trace["1.k"])[0, 1]
    last = words.index(" last")
    assert A[last, words.index(" Mei")] > 0.8 > A[last, words.index(" Ada")]


def test_the_lamp_and_the_numbers_of_the_prose():
    names = solution("attend")
    model, _ = small()
    heads = model.config.n_layer * model.config.n_head
    assert (model.config.n_layer, heads) == (3, 12)  # "three layers", "twelve heads"
    s = torch.tensor([0.0, 1.0, 3.0])
    assert [f"{p:.2f}" for p in s.exp()] == ["1.00", "2.72", "20.09"]
    assert f"{s.exp().sum():.2f}" == "23.80"
    assert [f"{p:.2f}" for p in names["softmax"](s)] == ["0.04", "0.11", "0.84"]
    assert torch.tensor(100.0).exp() == inf and torch.tensor(-1000.0).exp() == 0
