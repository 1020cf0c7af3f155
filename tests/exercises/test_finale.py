"""Do the last cells of a notebook say what is wrong, and "the same" only if it is?"""

import heapq
import json
import linecache
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from autograder.verdict import session
from autograder.verdict.source import of as source_of
from autograder import checks
from autograder.check import finale
from autograder.verdict.finale import Finale

ROOT = Path(__file__).parents[2]
FINALES = {
    "tokenize": ["agree", "prompt", "model_writes"],
    "embed": ["agree"],
    "attend": ["agree", "look"],
    "mlp": ["agree"],
    "sample": ["agree", "own_story"],
    "modern": ["agree"],
    "train": ["agree"],
    "cache": ["agree", "own_story"],
    "chat": ["agree"],
}


@pytest.fixture
def told(monkeypatch, capsys):
    """What the finales of a notebook say, after `change` has been done to its source.

    change: (the cell's grade id, what stands there, what takes its place); with "" for
    what stands there, a cell of its own after the steps.
    """

    def play(word, *change):
        main = ModuleType("__main__")
        main.display = lambda *_: None
        monkeypatch.setitem(sys.modules, "__main__", main)
        monkeypatch.chdir(ROOT / "solutions" / word)
        book = json.loads(Path(f"{word}.ipynb").read_text("utf-8"))
        said, after, ran = {}, "", []
        monkeypatch.setattr(
            session, "written", lambda name: source_of([*enumerate(ran)], name)
        )
        for cell in book["cells"]:
            label = cell["metadata"].get("nbgrader", {"grade": True})
            if cell["cell_type"] != "code" or label["grade"]:
                continue
            source, name = "".join(cell["source"]), label["grade_id"]
            if change and change[0] == name:
                _, old, new = change
                assert old in source
                source, after = (source.replace(old, new), "") if old else (source, new)
            if name in FINALES[word] and after:
                exec(after, vars(main))  # noqa: S102 - it is ours
                after = ""
            capsys.readouterr()
            ran.append(source)
            file = f"<{word}, {name}>"
            linecache.cache[file] = (len(source), None, source.splitlines(True), file)
            exec(compile(source, file, "exec"), vars(main))  # noqa: S102
            if name in FINALES[word]:
                said[name] = capsys.readouterr().out.strip().splitlines()[-1]
        return said

    return play


@pytest.mark.parametrize("word", FINALES)
def test_the_solution_is_the_same(told, word):
    assert told(word) == dict.fromkeys(FINALES[word], "✓ the same")


LATE = "raise NotImplementedError()"
STORY = "write_my_gpt"
WRONG = [  # word, finale, cell, what stands there, what takes its place, what is said
    ("mlp", "agree", STORY, "    return u", "    return 0 * u", "`my_gpt` differs"),
    (
        *("mlp", "agree", STORY, '["wte.weight"])\n    ###'),
        '["wte.weight"]).softmax(-1)\n    ###',
        "is `.softmax` needed?",
    ),
    ("mlp", "agree", "write_gelu", "inside =", LATE, "`gelu` is not written yet."),
    ("mlp", "agree", "write_mlp", "gelu(x", "torch.relu(x", "`mlp` is not right yet"),
    ("mlp", "agree", STORY, "", "layer = 0", "of `my_gpt` raised TypeError"),
    (
        *("mlp", "agree", STORY, "", 'model.weights["wte.weight"][5] += 1'),
        '`model.weights["wte.weight"]` is no longer the course\'s: 96 of 56,448',
    ),
    ("mlp", "agree", STORY, "model.config.n_head", "3", "each block had 3 heads: this"),
    (
        *("mlp", "agree", STORY, "model.config.n_head", "5"),
        "`x = block(x, layer(n), 5)` of `my_gpt` raised ValueError: 96",
    ),
    ("mlp", "agree", STORY, "layer(n)", "layer(1)", "the weights of layer 1: each"),
    ("mlp", "agree", STORY, "range(model", "range(1, model", "layer 0 were left out"),
    ("mlp", "agree", STORY, "in range(", "in range(3)[::-1] or (", "in reverse order"),
    (
        "mlp",
        "agree",
        STORY,
        "x = layer_norm(x",
        "layer_norm(x",
        "`ln_f`, were left out",
    ),
    (
        *("mlp", "agree", STORY, 'embed(ids, w["wte.weight"], w["wpe.weight"])'),
        'w["wte.weight"][ids]',
        "the places were left out",
    ),
    (
        *("mlp", "agree", STORY, "x = block(x, layer", "x = x + block(x, layer"),
        "config.n_head)`: is that operation needed?",
    ),
    (
        *("mlp", "agree", STORY, "    x = layer_norm(x", "        x = layer_norm(x"),
        "how far in should it stand?",
    ),
    ("mlp", "agree", STORY, "n_layer)", "n_layer + 1)", "where does it end?"),
    ("mlp", "agree", STORY, "embed(ids", "embed(read", "never uses its argument `ids`"),
    (
        *("mlp", "agree", STORY, "w = model.weights", "w = model.weights; w['wte.weight'][3] = 0"),
        '`model.weights["wte.weight"]` is no longer the course\'s',
    ),
    ("modern", "agree", "write_rotate", "a * cos - b", "a * cos + b", "`rotate` differs"),
    ("modern", "agree", "write_turns", "-pairs", "pairs", "`turns` differs from"),
    ("modern", "agree", "write_swiglu", "gate * torch", "torch", "`swiglu` differs"),
    (
        *("modern", "agree", "write_grouped_attention", "n - n_new", "n - n_new + 1"),
        "`grouped_attention` differs from the course's own in the model's logits",
    ),
    ("modern", "agree", "write_qk_norm", "w_k, eps", "w_q, eps", "`qk_norm` differs"),
    ("modern", "agree", "write_rms_norm", "mean_square =", LATE, "is not written yet"),
    ("train", "agree", "write_batch", "[-1]", "[end]", "`batch` differs from"),
    ("train", "agree", "write_loss", ".mean()", ".sum()", "`loss` differs from"),
    ("train", "agree", "write_gradient", "/ asked.sum()", "", "`gradient` differs"),
    (
        *("train", "agree", "write_learning_rate", "step + 1", "step"),
        "`learning_rate` differs from the course's own in a run of 400 steps",
    ),
    ("train", "agree", "write_clip", ".sqrt()", "", "`clip` differs from"),
    (
        *("train", "agree", "write_adamw", " if weight.ndim > 1 else weight", ""),
        "`adamw` differs from the course's own for ln_f.weight",
    ),
    ("train", "agree", "write_fit", "step, rate\n", "0, rate\n", "`fit` differs from"),
    ("train", "agree", "write_fit", "weights, losses =", LATE, "`fit` is not written"),
    ("cache", "agree", "write_extend", "[kept, new]", "[new, kept]", "`extend` differs"),
    ("cache", "agree", "write_late_mask", "width + 1)", "width)", "own (a window)"),
    ("cache", "agree", "write_late_mask", "past = ", LATE, "is not written yet"),
    ("cache", "agree", "write_attend_step", " / sqrt(q.shape[-1])", "", "in layer 0"),
    (
        *("cache", "agree", "write_attend_step", "= extend(old_k, k), extend(old_v, v)"),
        *("= k, v", "when the prompt is cut after 1: "),
    ),
    ("cache", "agree", "write_reusable", ") - 1)", "))", "on the same prompt again"),
    ("cache", "agree", "write_readings", "[-n_ctx:]", "", "`readings` differs from the"),
    ("cache", "agree", "write_text_mask", " | itself", "", "`text_mask` differs from"),
    ("cache", "agree", "write_kept_bytes", "2 * kept", "kept", "`kept_bytes` differs"),
    ("cache", "agree", "write_extend", "", "end = 5", "`end` is no longer"),
    ("cache", "own_story", "write_write_on", "[stay:]", "", "reads: at index 1"),
    ("cache", "own_story", "write_write_on", "before = window", "pass", "each call reads"),
    ("cache", "own_story", "write_write_on", "kept.cut(stay)", "pass", "`cut` before"),
    ("cache", "own_story", "write_write_on", "text[-n_ctx:]", "text", "the context of"),
    ("cache", "own_story", "write_write_on", "[0, -1]", "[0, 0]", "in the first 5"),
    ("cache", "own_story", "write_write_on", "list(ids), []", "ids, []", "the caller's"),
    ("cache", "own_story", "write_write_on", "[window[stay:]]", "window[stay:]", "lost?"),
    ("cache", "own_story", "write_write_on", "[0, -1]", "", "last row"),
    ("cache", "own_story", "write_write_on", "text, before =", LATE, "is not written yet"),
    ("chat", "agree", "write_render", "+ text + closing", "+ text", "`render` differs"),
    ("chat", "agree", "write_few_shot", 'question}:"', 'question}: "', "`few_shot` dif"),
    ("chat", "agree", "write_answers_only", "here == end", "following == end", "own on a"),
    ("chat", "agree", "write_log_probabilities", ")).sum", ")).mean", "`log_pro"),
    ("chat", "agree", "write_exact_rate", " in answers:", " == answers[0]:", "`exact_ra"),
    ("chat", "agree", "write_kl", "log_p.exp()", "log_q.exp()", "between `tuned` and"),
    ("chat", "agree", "write_dpo_loss", "beta * margin", "margin", "`dpo_loss` differs"),
    ("chat", "agree", "write_kl", "log_p, log_q =", LATE, "`kl` is not written yet"),
    ("attend", "agree", "write_scores", " / sqrt(d_head)", "", "in layer 0: 1248 of"),
    ("attend", "look", "write_scores", " / sqrt(d_head)", "", "`scores` is not right"),
    ("attend", "agree", "write_attention", "@ v", "@ v * torch.nan", "holds NaN"),
    (
        "attend",
        "agree",
        "write_attention",
        "@ v",
        "@ v[..., :5]",
        "(1, 4, 14, 5), where",
    ),
    ("attend", "agree", "write_softmax", "", "del softmax", "`softmax` has no meaning"),
    ("attend", "agree", "write_attend", "", "end = 5", "`end` is no longer"),
    (
        *("attend", "agree", "write_attend", ""),
        "model = model.replace(attention=attention)",
        "`model` has another `attention`",
    ),
    (
        "embed",
        "agree",
        "write_embed",
        "",
        "wte[3] = 0",
        "no longer the course's: 96 of",
    ),
    (
        "embed",
        "agree",
        "write_embed",
        "",
        "tokenizer.ranks = {}",
        "`tokenizer` has oth",
    ),
    ("embed", "agree", "write_embed", "+ wpe", "- wpe", "`embed` differs"),
    (
        "embed",
        "agree",
        "write_embed",
        "len(wpe):",
        "16:",
        "of `embed` raised ValueError",
    ),
    ("sample", "agree", "write_unembed", "wte.T", "wte.T * 1.001", "`unembed` differs"),
    ("sample", "agree", "write_keep_top_k", "[:k]", "[: k + 1]", "(hot, but top-k 4)"),
    ("sample", "agree", "write_draw", "return last", "pass", "`draw` is not right yet"),
    ("sample", "own_story", "write_go_on", "[0, -1]", "[0, 0]", "after the **first**"),
    (
        "sample",
        "own_story",
        "write_go_on",
        ", temperature))",
        "))",
        "temperature were 1",
    ),
    (
        "sample",
        "own_story",
        "write_go_on",
        "([text])",
        "([ids])",
        "but the prompt each",
    ),
    (
        "sample",
        "own_story",
        "write_go_on",
        "([text])",
        "([text[-1:]])",
        "last id alone",
    ),
    (
        *("sample", "own_story", "write_go_on", "[0, -1]", "[0]"),
        "As `p` it got a float32 tensor of shape (14, 588), and not a tensor of 1 axis.",
    ),
    (
        *(
            "sample",
            "own_story",
            "write_go_on",
            "(logits, u, t",
            "(logits.softmax(0), u, t",
        ),
        "at index 14 it is",
    ),
    ("sample", "own_story", "write_go_on", "choose(", "chose(", "Is `choose` meant?"),
    ("sample", "own_story", "write_go_on", "list(ids)", "ids", "which is the caller's"),
    ("sample", "own_story", "write_go_on", "if not ids", "if 0", "for no ids at all"),
    (
        *("sample", "own_story", "write_go_on", ", temperature)", ", 1 / temperature)"),
        "divide by it",
    ),
    (
        "sample",
        "own_story",
        "write_go_on",
        "if not",
        LATE,
        "`go_on` is not written yet.",
    ),
    (
        "tokenize",
        "agree",
        "write_train",
        "min(counts",
        "max(counts",
        "`train` is not r",
    ),
    ("tokenize", "prompt", "write_ranks", "", "PATTERN = '.'", "no longer GPT-2's"),
    (
        "tokenize",
        "prompt",
        "write_train",
        "chunks, merges =",
        LATE,
        "`learned` has no mea",
    ),
    ("tokenize", "model_writes", "write_merge", "i += 2", "i += 1", "`merge` is not r"),
]


@pytest.mark.parametrize(
    ("word", "cell", "step", "old", "new", "what"),
    WRONG,
    ids=[f"{row[0]}-{row[2]}-{n}" for n, row in enumerate(WRONG)],
)
def test_what_is_wrong_is_said_in_a_sentence_or_two(
    told, word, cell, step, old, new, what
):
    new = f"{new}\n    {old}" if new is LATE else new
    said = told(word, step, old, new)[cell]
    assert said.startswith("✗ ") and what in said
    assert "Traceback" not in said and len(said) < 500


def test_a_name_that_an_import_has_taken_is_told_and_no_step_is_blamed():
    def train(text):
        return merge(text)  # noqa: F821 - the notebook's

    train.__module__ = "__main__"
    names = {"train": train, "merge": heapq.merge}
    asked = []

    def taken(steps):
        asked.append(steps)
        return {"merge": "heapq.merge"} if "merge" in steps else {}

    known = checks.load("tokenize")
    found = Finale(names, known, lambda steps: "to_chunks", taken)
    found.agrees("train(stories)", {1: 2}, {1: 3})
    said = "`merge` stands for `heapq.merge` now: an import has taken its name."
    assert found.found.endswith(said) and "is not right" not in found.found
    assert asked == [["merge", "train"]]


def test_a_step_that_a_model_learns_by_keeps_its_gradient():
    at = torch.tensor([1.0, 2.0], requires_grad=True)
    found = Finale({}, checks.load("chat"), lambda steps: None)
    assert found.agrees("dpo_loss", at.sum(), (2 * at).mean(), learns=True)
    assert found.agrees("dpo_loss", at.sum().detach(), at.sum().detach())
    assert not found.found
    assert not found.agrees("dpo_loss", at.sum().detach(), at.sum(), learns=True)
    assert found.found.startswith("`dpo_loss` makes the right numbers, but has lost")
    found.found = None
    assert not found.agrees("dpo_loss", at.mean(), at.sum(), learns=True)
    assert "differs from the course's own" in found.found


def test_a_gradient_is_the_course_s_too():
    at = torch.tensor([1.0, 2.0], requires_grad=True)

    def told(mine, course):
        found = Finale({}, checks.load("chat"), lambda steps: None)
        return found.agrees("dpo_loss", mine, course, learns=at), found.found

    assert told((2 * at).mean(), at.sum()) == (True, None)
    for mine in (
        at.sum().detach() + 0 * at.sum(),
        at[0] + at[1].detach(),
        at.detach().requires_grad_().sum(),
    ):
        same, said = told(mine, at.sum())
        assert not same
        assert "their gradient is not that of the course's own" in said
    same, said = told(at.sum().detach(), at.sum())
    assert not same and "has lost" in said


def test_while_grading_nothing_is_compared(monkeypatch, capsys):
    monkeypatch.setenv("GPT_CASES", "cases")
    with finale(1, 2) as agrees:
        agrees("attention", 1, 2)
        raise AssertionError("it went on")
    assert not capsys.readouterr().out
