"""Does a mistake cost the step in which it was made, and no other, and nothing more?

Each notebook is the instructor's with one step spoiled, run by the real grader in its
box and by `progress` on a student's own machine.
"""

import ast

import nbformat
import pytest

from autograder import checks, progress
from autograder.box.sandbox import Limits
from autograder.classroom import course, submission, verify
from autograder.classroom.exam import exam
from autograder.verdict import bank

KNOWN = {word: checks.load(word) for word in course.assignments()}
LEANT_ON = [
    (word, step)
    for word, known in KNOWN.items()
    for step in known
    if any(step in check.after for check in known.values())
]
NO_ROOT = "def scores(q, k):\n    return q @ k.mT"
FORBIDDEN = (  # in this step, and in those that call it
    "def softmax(scores):\n    one = torch.eye(scores.shape[-1])\n"
    "    return torch.nn.functional.scaled_dot_product_attention("
    "scores[..., None, :], one, one, scale=1.0)[..., 0, :]"
)


BY_GREEDY = (  # it calls a step that the course's own does without
    "def keep_top_k(p, k):\n    if not 1 <= k <= len(p):\n        raise ValueError(k)\n"
    "    kept, left = torch.zeros_like(p), p.clone()\n"
    "    for _ in range(k):\n        best = greedy(left)\n"
    "        kept[best], left[best] = p[best], -1\n"
    "    return kept / kept.sum()"
)
NO_GELU = "def gelu(x):\n    return x"
MLP_AND_GELU = (  # an earlier step again, and not rightly, in a later one's own cell
    "def gelu(x):\n    return x * (1 + torch.erf(x / 2**0.5)) / 2\n"
    "def mlp(x, w_in, b_in, w_out, b_out):\n"
    "    return gelu(x @ w_in + b_in) @ w_out + b_out"
)
LAST = (
    "def greedy(logits):\n"
    "    return max(range(len(logits)), key=lambda i: (logits[i], i))"
)


def spoiled(word, changes):
    """The instructor's notebook with other code for some of its steps."""
    nb = nbformat.read(course.solution(word), 4)
    for cell in nb.cells:
        label = cell.metadata.get("nbgrader", {})
        step = label.get("grade_id", "").removeprefix("write_")
        if label.get("solution") and step in changes:
            cell.source = changes[step]
    return nb


def graded(template, word, changes):
    """Points and reasons by check, and the flags."""
    nb = submission.parse(nbformat.writes(spoiled(word, changes)).encode())
    released = progress._released(course.solution(word).with_name(bank.REFERENCE))
    nb, flags = submission.sanitize(nb, released)
    grading = verify.Grading(exam(word, b"secret"), flags)
    verify.run(nb, grading, template, {}, Limits(cell_seconds=5))
    verify.verify(nb, grading)
    found = nb.metadata["autograder"]
    points = {name: about["points"] for name, about in found["checks"].items()}
    return points, found["checks"], found["flags"]


def test_what_pytorch_says_of_a_mistake_that_is_tried_is_for_nobody(template, recwarn):
    rms = (
        "def layer_norm(x, weight, bias):\n"
        "    square = x.square().mean(-1, keepdim=True)\n"
        "    return x / (square + 1e-5).sqrt() * weight + bias"
    )
    _, about, _ = graded(template, "mlp", {"layer_norm": rms})
    assert about["layer_norm"]["mistake"] == "RMS norm"
    assert not [one for one in recwarn if "degrees of freedom" in str(one.message)]


def full(word):
    return {name: check.points for name, check in KNOWN[word].items()}


@pytest.mark.parametrize(("word", "step"), LEANT_ON)
def test_one_wrong_step_costs_its_own_points(template, word, step):
    wrong = f"def {step}(*args, **more):\n    return 1 / 0"
    points, about, flags = graded(template, word, {step: wrong})
    assert points == full(word) | {step: 0}
    assert not flags
    assert "ZeroDivisionError" in about[step]["reason"]


@pytest.mark.parametrize(
    ("word", "spoil", "lost"),
    [
        ("attend", {"scores": NO_ROOT}, {"scores"}),
        ("attend", {"softmax": "def softmax(scores):\n    retrun scores"}, {"softmax"}),
        ("attend", {"softmax": FORBIDDEN}, {"softmax"}),
        (
            "attend",
            {"scores": NO_ROOT, "attention": "def attention(q, k, v):\n    return v"},
            {"scores", "attention"},
        ),
        (
            "attend",
            {"scores": "def scores(q, k):\n    raise NotImplementedError()"},
            {"scores"},
        ),
        ("sample", {"greedy": LAST, "keep_top_k": BY_GREEDY}, {"greedy"}),
        ("mlp", {"mlp": MLP_AND_GELU}, {"mlp"}),
        ("mlp", {"gelu": NO_GELU, "mlp": MLP_AND_GELU}, {"gelu", "mlp"}),
    ],
)
def test_check_and_grader_follow_through_alike(template, tmp_path, word, spoil, lost):
    points, _, flags = graded(template, word, spoil)
    right = full(word)
    assert {name for name in right if points[name] < right[name]} == lost
    nbformat.write(spoiled(word, spoil), tmp_path / f"{word}.ipynb")
    reference = course.solution(word).with_name(bank.REFERENCE)
    (tmp_path / bank.REFERENCE).write_bytes(reference.read_bytes())
    (public,) = progress.progress(tmp_path)
    shown = public.points
    assert {name for name in right if shown[name] < right[name]} == lost
    # Forbidden work is seen, also where the course's own has taken its place.
    assert bool(flags) == ("softmax" in spoil and "torch." in spoil["softmax"])


@pytest.mark.parametrize("end", ["while True:\n        pass", "os._exit(1)"])
def test_what_does_not_return_costs_its_own_points(template, end):
    wrong = f"import os\ndef softmax(scores):\n    {end}"
    points, _, _ = graded(template, "attend", {"softmax": wrong})
    assert points == full("attend") | {"softmax": 0}


def test_nothing_is_earned_by_the_course_s_own_steps(template):
    """Neither by a step that is not written, nor by the one that they stand in for."""
    known = KNOWN["attend"]
    nothing = {n: f"def {n}(*args):\n    raise NotImplementedError()" for n in known}
    points, _, flags = graded(template, "attend", nothing)
    assert not any(points.values()) and not flags
    steal = {
        "scores": NO_ROOT + "\nmine = scores",
        "attention_weights": (
            "def attention_weights(q, k):\n    global mine\n    mine = scores\n"
            "    return softmax(mine(q, k))"
        ),
        "attention": "def scores(q, k):\n    return mine(q, k)\ndef attention(q, k, v):\n"
        "    return attention_weights(q, k) @ v",
    }
    points, _, _ = graded(template, "attend", steal)
    assert points["scores"] <= known["scores"].points / 2


def test_forbidden_work_behind_another_name_is_flagged(template):
    hidden = (
        "def softmax(scores, *v):\n    if v:\n"
        "        q, k, v = scores, *v\n"
        "        return torch.nn.functional.scaled_dot_product_attention("
        "q, k, v, is_causal=True)\n"
        "    return scores.exp()"
    )
    changes = {
        "softmax": hidden + "\nkept = softmax",
        "attention": "def attention(q, k, v):\n    return kept(q, k, v)",
    }
    _, _, flags = graded(template, "attend", changes)
    assert any(flag.startswith("attention: uses") for flag in flags)


def test_an_import_that_takes_a_step_s_name_is_followed_as_by_check(template):
    taken = "from heapq import merge as scores\n"
    whole = course.steps("attend")["attention_weights"]
    changes = {"attention_weights": taken + whole}
    points, about, flags = graded(template, "attend", changes)
    assert points == full("attend") and not flags
    assert about["attention_weights"]["reason"] == ""


def test_a_step_by_another_name_is_told_when_graded(template):
    whole = course.steps("attend")["scores"]
    changes = {"scores": whole.replace("def scores", "def my_scores")}
    points, about, flags = graded(template, "attend", changes)
    assert points == full("attend") | {"scores": 0} and not flags
    told = "`scores` is not known there. Its own cell defines `my_scores`: give that"
    assert told in about["scores"]["reason"]
    for cell in ("kept = 1", f"{whole}\ndef helps(): ...", "def softmax(x): ..."):
        nb = spoiled("attend", {"scores": cell})  # nothing, itself, another step
        assert not verify._renamed(nb, verify.Grading(exam("attend", b"secret")))


def test_after_names_all_that_a_step_calls():
    """In the notebook's order, with those that the called ones call."""
    for word, known in KNOWN.items():
        for name, source in course.steps(word).items():
            after = known[name].after
            calls = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)]
            called = {ast.unparse(n.func) for n in calls} & {*known}  # no example's
            assert called - {name} <= {*after}, name
            assert all({*known[step].after} <= {*after} for step in after), name
            assert after == tuple(n for n in known if n in after), name
            assert [*known].index(name) > max([-1, *map([*known].index, after)])
