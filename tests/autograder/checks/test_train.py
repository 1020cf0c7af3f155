"""The oracles of the exercise "train" beside a second opinion: PyTorch's, or by hand.

The exercise itself is asked for what it promises: the student's own loop trains a GPT.
"""

import io
from contextlib import redirect_stdout
from math import exp, log

import numpy as np
import torch
from torch.nn import functional
from torch.optim import lr_scheduler

from autograder.checks import load
from autograder.checks.train import fit
from gpt import band, train
from tests.autograder.checks.test_checks import SEEDS, drawn, notebook, solution


def cases(name: str, many: int = 8):
    """The arguments of cases that are answered, and the answers."""
    for seed in SEEDS[:many]:
        for case, want in zip(*drawn("train", name, seed), strict=True):
            if not want.raised:
                yield case.args, want.value


def near(a: torch.Tensor, b: torch.Tensor, rtol: float = 2e-5, atol: float = 1e-6):
    torch.testing.assert_close(a.float(), b, rtol=rtol, atol=atol)


def test_batch_asks_at_each_place_for_what_comes_next():
    for (stories, end), (ids, targets) in cases("batch"):
        assert len(ids) == len(targets) == len(stories)
        for story, read, asked in zip(stories, ids, targets, strict=True):
            text, T = [end, *story, end], len(story) + 1
            for t in range(len(read)):
                assert read[t] == (text[t] if t < T else end)
                assert asked[t] == (text[t + 1] if t < T else -1)


def by_hand(logits, targets) -> tuple[float, list]:
    """The mean surprise and its gradient, number by number in Python's own floats."""
    total, many = 0.0, sum(t >= 0 for t in targets.flatten().tolist())
    slopes = []
    rows = logits.double().reshape(-1, logits.shape[-1]).tolist()
    for row, t in zip(rows, targets.flatten().tolist(), strict=True):
        top = max(row)
        whole = sum(exp(z - top) for z in row)
        asked = t >= 0
        total += (log(whole) + top - row[t]) * asked
        p = [exp(z - top) / whole for z in row]
        slopes.append([(p[i] - (i == t)) * asked / many for i in range(len(row))])
    return total / many, slopes


def test_loss_and_gradient_are_what_comes_of_them_by_hand():
    for args, want in cases("loss", 4):
        near(torch.tensor(by_hand(*args)[0]), want)
    for args, want in cases("gradient", 4):
        near(torch.tensor(by_hand(*args)[1]).reshape(want.shape), want)


def test_the_gradient_is_how_the_loss_changes_where_a_logit_does():
    loss, slope = (load("train")[name].oracle for name in ("loss", "gradient"))
    logits, targets = torch.randn(3, 4), torch.tensor([1, -1, 0])
    for place in np.ndindex(3, 4):
        by = torch.zeros(3, 4)
        by[place] = 0.02
        change = loss(logits + by, targets) - loss(logits - by, targets)
        near(change / 0.04, slope(logits, targets)[place], 0, 1e-3)


def test_learning_rate_is_pytorch_s_schedule():
    """A line, then a cosine: LinearLR and CosineAnnealingLR; and by LambdaLR."""
    rate = load("train")["learning_rate"].oracle
    for steps, peak, up, last in ((40, 0.3, 10, 0.0), (25, 0.01, 1, 0.002)):
        mine = [rate(step, steps, peak, up, last) for step in range(steps)]
        weight = torch.nn.Parameter(torch.zeros(1))
        optimizers = [torch.optim.SGD([weight], lr=peak) for _ in range(2)]
        parts = [
            lr_scheduler.LinearLR(optimizers[0], 1 / up, total_iters=max(up - 1, 1)),
            lr_scheduler.CosineAnnealingLR(optimizers[0], steps - up, last),
        ]
        sequence = lr_scheduler.SequentialLR(optimizers[0], parts, [up])
        scaled = lr_scheduler.LambdaLR(
            optimizers[1],
            lambda step, of=(steps, peak, up, last): rate(step, *of) / of[1],
        )
        for step in range(steps):
            for optimizer in optimizers:
                found = optimizer.param_groups[0]["lr"]
                assert abs(found - mine[step]) < 1e-9, (optimizer, step)
                optimizer.step()
            sequence.step()
            scaled.step()


def test_learning_rate_is_the_course_s_where_the_warm_up_is_a_tenth():
    rate = load("train")["learning_rate"].oracle
    for step in range(400):
        course = train.learning_rate(step, 400, 0.01, last=0.001)
        assert abs(rate(step, 400, 0.01, 40, 0.001) - course) < 1e-12


FAR = 1e15  # so far from 0 that the 1e-6 which PyTorch adds to a length does not count


def test_clip_is_pytorch_s_clip_grad_norm():
    """Theirs adds a millionth to the length, so it is another one where that is tiny."""
    for args, want in cases("clip"):
        gradients, most = (*args, 1.0)[:2]
        weights = [torch.nn.Parameter(torch.zeros_like(g).double()) for g in gradients]
        for weight, g in zip(weights, gradients, strict=True):
            weight.grad = g.double() * FAR
        torch.nn.utils.clip_grad_norm_(weights, most * FAR)
        for weight, clipped in zip(weights, want, strict=True):
            near(weight.grad / FAR, clipped, 1e-5, 0)


def test_adamw_is_what_comes_of_it_by_hand():
    for args, want in cases("adamw", 4):
        w, g, mean, square = (x.double().numpy() for x in args[:4])
        step, rate, decay, betas = (*args[4:], *(0.1, (0.9, 0.95))[len(args) - 6 :])
        mean = betas[0] * mean + (1 - betas[0]) * g
        square = betas[1] * square + (1 - betas[1]) * g * g
        root = np.sqrt(square / (1 - betas[1] ** (step + 1))) + 1e-8
        fall = mean / (1 - betas[0] ** (step + 1)) / root
        w = w - rate * (decay if w.ndim > 1 else 0) * w - rate * fall
        for made, right in zip((w, mean, square), want, strict=True):
            near(torch.tensor(made), right)


def test_adamw_step_by_step_is_pytorch_s_whole_run():
    adamw = load("train")["adamw"].oracle
    torch.manual_seed(0)
    for shape, decay in (((3, 4), 0.1), ((4,), 0.0)):
        weight = torch.nn.Parameter(torch.randn(shape))
        mine = weight.detach().clone(), torch.zeros(shape), torch.zeros(shape)
        theirs = torch.optim.AdamW([weight], 0.05, (0.9, 0.95), weight_decay=decay)
        for step in range(20):
            weight.grad = torch.randn(shape)
            mine = adamw(mine[0], weight.grad.clone(), *mine[1:], step, 0.05)
            theirs.step()
        near(weight.detach(), mine[0], 1e-4, 1e-5)


def pytorch_s_own(weights, batches, peak, warm_up, model="tables"):
    """The loop with PyTorch's loss, way back, clipping, optimizer and schedule."""
    leaves = [w.double().requires_grad_() for w in weights]
    groups = [{"params": [w], "weight_decay": 0.1 * (w.ndim > 1)} for w in leaves]
    moved = torch.optim.AdamW(groups, lr=1.0, betas=(0.9, 0.95))
    scheduled = lr_scheduler.LambdaLR(
        moved, lambda step: fit.rate(step, len(batches), peak, warm_up)
    )
    losses = []
    for ids, asked in batches:
        parts = [w[ids] if w.ndim > 1 else w.expand(*ids.shape, -1) for w in leaves]
        logits = torch.stack(parts).sum(0).flatten(0, 1) * fit.LOUD[model]
        loss = functional.cross_entropy(logits, asked.flatten(), ignore_index=-1)
        moved.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(leaves, 1.0)
        moved.step()
        losses.append(loss.item())
        if len(losses) < len(batches):
            scheduled.step()
    return losses, [w.detach() for w in leaves]


def test_fit_is_pytorch_s_own_loop():
    for args, (losses, weights) in cases("fit", 4):
        theirs, made = pytorch_s_own(*args)
        near(torch.tensor(theirs), torch.tensor(losses))
        for mine, right in zip(made, weights, strict=True):
            near(mine, right)


def test_some_runs_are_clipped_and_others_not():
    """So that a loop without `clip`, or with one that always scales, is seen."""
    clipped = 0
    for (weights, batches, *_), _ in cases("fit", 1):
        now = [w.double().numpy() for w in weights]
        for ids, asked in batches:
            ids, asked = fit._questions(ids, asked)
            slopes = fit._back(now, ids, fit._forward(now, ids, asked)[1])
            clipped += sum((g**2).sum() for g in slopes) > 1
    steps = sum(len(batches) for (_, batches, *_), _ in cases("fit", 1))
    assert 0.05 * steps < clipped < 0.9 * steps


def test_the_student_s_own_loop_trains_a_gpt_into_the_band():
    names = solution("train")
    cells = {cell["id"]: "".join(cell["source"]) for cell in notebook("train")["cells"]}
    first = [w.clone() for w in names["noise_weights"]]
    with redirect_stdout(io.StringIO()) as said:
        exec(cells["learn"], names)  # noqa: S102 - it is ours
    losses, told = names["run_losses"], " ".join(said.getvalue().split())
    assert len(losses) == names["quick"].steps
    assert abs(losses[0] - log(names["world_tokenizer"].n_vocab)) < 0.05
    assert band.place(losses, band.of("quick")) == "inside"
    assert "Your run is inside the band at step 400" in told
    assert told.endswith("✓ the same")
    for before, now in zip(first, names["noise_weights"], strict=True):
        assert before.equal(now)  # what it began with is as it was
