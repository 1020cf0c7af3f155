"""dpo_loss(chosen, rejected, chosen_before, rejected_before, beta): learn by preference.

The oracle is PyTorch's softplus in double precision. Margins are drawn of both signs, so
that no two of the four numbers may change places, and so large that a sigmoid is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import log
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, drawn_until, learning, stop
from autograder.checks._slips import (
    WRITES,
    an_assert,
    double_precision,
    only_the_first,
    two_at_once,
    written_into,
)
from autograder.checks._twins import twins
from autograder.checks.chat._material import LIBRARIES

Four = tuple[Tensor, Tensor, Tensor, Tensor]


def oracle(
    chosen: Tensor,
    rejected: Tensor,
    chosen_before: Tensor,
    rejected_before: Tensor,
    beta: float,
) -> Tensor:
    if not beta > 0:
        raise ValueError("beta must be above 0")
    now = chosen.double() - rejected.double()
    before = chosen_before.double() - rejected_before.double()
    margins = beta * (now - before)
    return functional.softplus(-margins).mean().float()


def draw(rng: np.random.Generator) -> list[Case]:
    def below(*shape: int) -> Tensor:
        """Log probabilities from -1 to -7, in eighths."""
        return torch.from_numpy(-rng.integers(8, 57, shape) / 8).float()

    def four(B: int) -> Four:
        return tuple(below(B) for _ in range(4))

    def beta(low: float = 0.1, high: float = 0.9) -> float:
        """With three decimal places, of which the last is no 0."""
        tens = between(rng, round(100 * low), round(100 * high) - 1)
        return (10 * tens + between(rng, 1, 9)) / 1000

    def apart(margin: float, B: int = 3) -> Four:
        """Pairs that differ by about so much."""
        now, was, other, before = four(B)
        return now + min(margin, 0), was - max(margin, 0), other, before

    def mixed(by: float) -> Four:
        """One pair of a large margin, and one of a small."""
        chosen, rejected, *before = four(2)
        chosen[0] += by
        return chosen, rejected, *before

    def by_both(drawn: Four) -> Four:
        return learning(drawn[0]), learning(drawn[1]), *drawn[2:]

    far = four(3)
    far[0][0] -= 1000
    far[1][1] -= 1000
    same, low = four(3), between(rng, 600, 900)
    known = below(3), below(3)
    return [
        Case("one pair", (*four(1), beta())),
        Case("two pairs", drawn_until(_unround, lambda: (*four(2), beta()))),
        Case("many pairs", (*four(between(rng, 130, 140)), beta())),
        Case("β of 1", (*four(3), 1.0)),
        Case("β above 1", (*four(3), beta(1.5, 4))),
        Case("a small β", (*apart(-30.0), beta(0.0, 0.01))),
        Case("β just below 1", (*apart(-4.0), between(rng, 992, 997) / 1000)),
        Case("the chosen answers have become likelier", (*apart(4.0), beta())),
        Case("the rejected answers have become likelier", (*apart(-4.0), beta())),
        Case(
            "answers that were equally likely before",
            (*four(3)[:2], known[0], known[0].clone(), beta()),
        ),
        Case(
            "answers that are equally likely now",
            (known[1], known[1].clone(), *four(3)[:2], beta()),
        ),
        Case("the gradient", (*by_both(four(3)), beta())),
        edge("the gradient at large differences", (*by_both(far), 1.0)),
        edge(
            "nothing has changed yet",
            (*same[:2], *(x.clone() for x in same[:2]), beta()),
        ),
        edge("a difference of 1,000", (*apart(1000.0), 1.0)),
        edge("a difference of −1,000", (*apart(-1000.0), 1.0)),
        edge("a difference of about 20", (*apart(20.0, 1), 1.0)),
        edge(
            "a single pair far apart, beside one that is not", (*mixed(-400.0), beta())
        ),
        edge(
            "long answers, whose log probabilities are low",
            drawn_until(_halves_show, lambda: (*(x - low for x in four(3)), beta())),
        ),
        edge("a very small β", (*apart(-900.0), between(rng, 2, 9) / 10_000)),
        edge("β of 0", (*four(2), 0.0)),
        edge("β below 0", (*four(2), -beta())),
        edge("β as a whole number", (*four(2), between(rng, 12, 30))),
        *twins(
            oracle,
            lambda: (*four(7), beta()),
            "the chosen",
            "the rejected",
            "the chosen before",
            "the rejected before",
            "`beta`",
            others={4: lambda *args: args[4] + 0.5},
        ),
    ]


def _unround(*args: Any) -> bool:
    """Whether four decimal places are too few for the answer."""
    right = oracle(*args)
    return abs(right - right.round(decimals=4)) > max(3e-5, 2e-4 * right)


def _halves_show(*args: Any) -> bool:
    """Whether each of the tensors is too fine for half precision."""
    right = oracle(*args)
    coarse = (
        oracle(*args[:i], args[i].half().float(), *args[i + 1 :]) for i in range(4)
    )
    return all(abs(found - right) > 1e-3 * right for found in coarse)


def _refused() -> Any:
    raise ValueError("beta must be above 0")


def _margin(c: Tensor, r: Tensor, c0: Tensor, r0: Tensor) -> Tensor:
    return (c - c0) - (r - r0)


def _loss(
    chosen: Tensor,
    rejected: Tensor,
    chosen_before: Tensor,
    rejected_before: Tensor,
    beta: float,
    wrong: Callable[[], Any] | None = _refused,
    bad: Callable[[float], bool] = lambda beta: not beta > 0,
    margin: Callable[..., Tensor] = _margin,
    scale: Callable[[Tensor, float], Tensor] = lambda margin, beta: beta * margin,
    log_sigma: Callable[[Tensor], Tensor] = functional.logsigmoid,
    sign: int = -1,
    last: Callable[[Tensor], Any] = torch.mean,
) -> Any:
    """The loss with a screw at each step. `wrong`: what to do with a `bad` β."""
    if wrong and bad(beta):
        return wrong()
    m = margin(chosen, rejected, chosen_before, rejected_before)
    return last(sign * log_sigma(scale(m, beta)))


def _by(**screws: Any) -> Callable[..., Any]:
    return partial(_loss, **screws)


def worked(
    chosen: Tensor,
    rejected: Tensor,
    chosen_before: Tensor,
    rejected_before: Tensor,
    beta: float,
) -> dict[str, Any]:
    c, r, c0, r0 = (
        x.double() for x in (chosen, rejected, chosen_before, rejected_before)
    )
    return {
        "log-ratios of the chosen": c - c0,
        "log-ratios of the rejected": r - r0,
        "beta times their difference": beta * ((c - c0) - (r - r0)),
        "the loss of each pair": -functional.logsigmoid(beta * ((c - c0) - (r - r0))),
    }


def _held(margin: Tensor, least: float) -> Tensor:
    return torch.sigmoid(margin).clamp(min=least).log()


def _swapped(name: str, hint: str, margin: Callable[..., Tensor]) -> Mistake:
    return Mistake(name, hint, _by(margin=margin))


def _into_chosen(chosen, rejected, chosen_before, rejected_before, beta):
    made = _loss(chosen, rejected, chosen_before, rejected_before, beta)
    chosen -= chosen_before
    return made


def _into_rejected(chosen, rejected, chosen_before, rejected_before, beta):
    made = _loss(chosen, rejected, chosen_before, rejected_before, beta)
    rejected -= rejected_before
    return made


def _each_by_itself(c: Tensor, r: Tensor, c0: Tensor, r0: Tensor, beta: float) -> Any:
    if not beta > 0:
        return _refused()
    each = [functional.logsigmoid(beta * x) for x in (c - c0, r - r0)]
    return (each[1] - each[0]).mean()


MISTAKES = (
    _swapped(
        "chosen and rejected exchanged",
        "The sign of what σ is taken of is wrong, so the **rejected** answers are preferred. "
        "Is there a minus too many inside σ, or one too few in `1 / (1 + exp(−x))` or "
        "`softplus(−x)`? Or are chosen and rejected exchanged, or now and before?",
        lambda c, r, c0, r0: (r - r0) - (c - c0),
    ),
    _swapped(
        "the log-ratios added",
        "You add both log-ratios. It is their **difference** that says which answer has "
        "gained more.",
        lambda c, r, c0, r0: (c - c0) + (r - r0),
    ),
    _swapped(
        "without the model before",
        "What the model was before drops out: it is missing, or both answers have the **same** "
        "one subtracted. Then answers that were likely from the start look as if they had "
        "been learned. Subtract from each its own log probability before.",
        lambda c, r, c0, r0: c - r,
    ),
    _swapped(
        "the model before alone",
        "Only the model before comes in. What it says never changes, so nothing would be "
        "learned: the log-ratio is now − before.",
        lambda c, r, c0, r0: c0 - r0,
    ),
    _swapped(
        "now and before added",
        "The log probabilities of the model before have the wrong sign, as if they were added, "
        "or had changed places. Each answer's own is **subtracted** from what it is now.",
        lambda c, r, c0, r0: (c + c0) - (r + r0),
    ),
    _swapped(
        "the brackets left out",
        "Without brackets the last sign is wrong: the rejected answer's own log probability "
        "before is **added** in the end, since minus minus is plus.",
        lambda c, r, c0, r0: c - c0 - r - r0,
    ),
    _swapped(
        "only the chosen",
        "The rejected answers do not come in. The loss compares both log-ratios: subtract "
        "that of the rejected one.",
        lambda c, r, c0, r0: c - c0,
    ),
    _swapped(
        "only the rejected",
        "The chosen answers do not come in. The loss compares both log-ratios, and the "
        "chosen one's comes first.",
        lambda c, r, c0, r0: -(r - r0),
    ),
    _swapped(
        "the rejected not compared with before",
        "The rejected answers are not compared with what they were before. Both answers have "
        "a log-ratio.",
        lambda c, r, c0, r0: (c - c0) - r,
    ),
    _swapped(
        "the chosen not compared with before",
        "The chosen answers are not compared with what they were before. Both answers have "
        "a log-ratio.",
        lambda c, r, c0, r0: c - (r - r0),
    ),
    _swapped(
        "ratios of logarithms",
        "You divide log probabilities. The logarithm of a ratio is a **difference** of "
        "logarithms: now − before.",
        lambda c, r, c0, r0: c / c0 - r / r0,
    ),
    _swapped(
        "logarithms once more",
        "You take logarithms of what you are given, and these are logarithms already, below "
        "0. Subtract them as they are.",
        lambda c, r, c0, r0: (c.log() - c0.log()) - (r.log() - r0.log()),
    ),
    _swapped(
        "probabilities",
        "You turn the log probabilities into probabilities and subtract those. The formula "
        "has logarithms: subtract them as they are.",
        lambda c, r, c0, r0: (c.exp() - c0.exp()) - (r.exp() - r0.exp()),
    ),
    _swapped(
        "ratios without a logarithm",
        "You subtract ratios of probabilities. It is their **logarithms** that are "
        "subtracted, and these you have already: now − before.",
        lambda c, r, c0, r0: (c - c0).exp() - (r - r0).exp(),
    ),
    _swapped(
        "the absolute difference",
        "You take the absolute value of the difference. If the rejected answer gains more, "
        "it is below 0, and the loss has to be large.",
        lambda c, r, c0, r0: _margin(c, r, c0, r0).abs(),
    ),
    _swapped(
        "cut off at 0",
        "You cut off what is below 0. If the rejected answer gains more, the difference is "
        "below 0, and the loss has to be large.",
        lambda c, r, c0, r0: _margin(c, r, c0, r0).clamp(min=0),
    ),
    _swapped(
        "the mean before the sigmoid",
        "You average the pairs first and take σ of that. Each pair has its own loss: the mean "
        "comes last.",
        lambda c, r, c0, r0: _margin(c, r, c0, r0).mean(),
    ),
    Mistake(
        "β forgotten",
        "Your β does not come in. It multiplies the difference of the log-ratios.",
        _by(scale=lambda m, beta: m),
    ),
    Mistake(
        "divided by β",
        "You divide by β. The difference is **multiplied** by it.",
        _by(scale=lambda m, beta: m / beta),
    ),
    Mistake(
        "β outside",
        "You multiply the loss by β. It stands **inside** σ, before the difference.",
        lambda *args: args[-1] * _loss(*args, scale=lambda m, beta: m),
    ),
    Mistake(
        "β subtracted",
        "You subtract β, as if it were a margin. It **multiplies** the difference.",
        _by(scale=lambda m, beta: m - beta),
    ),
    Mistake(
        "β added",
        "You add β. It **multiplies** the difference.",
        _by(scale=lambda m, beta: m + beta),
    ),
    Mistake(
        "β always 0.1",
        "Your β is always 0.1, as in many programs. The caller says which: use the argument "
        "`beta`.",
        _by(scale=lambda m, beta: 0.1 * m),
    ),
    Mistake(
        "β always ½",
        "Your β is always ½, as in the example. The caller says which: use the argument "
        "`beta`.",
        _by(scale=lambda m, beta: 0.5 * m),
    ),
    Mistake(
        "β for the chosen alone",
        "Your β multiplies only the first log-ratio. It stands before the whole difference: are "
        "there brackets around it?",
        lambda c, r, c0, r0, beta: (
            _refused()
            if not beta > 0
            else -functional.logsigmoid(beta * (c - c0) - (r - r0)).mean()
        ),
    ),
    Mistake(
        "β for the rejected alone",
        "Your β multiplies only the second log-ratio. It stands before the whole difference: "
        "are there brackets around it?",
        lambda c, r, c0, r0, beta: (
            _refused()
            if not beta > 0
            else -functional.logsigmoid((c - c0) - beta * (r - r0)).mean()
        ),
    ),
    Mistake(
        "decimal logarithms",
        "You take logarithms to the base of 10. In this course it is nats, the natural "
        "logarithm.",
        _by(last=lambda each: each.mean() / log(10)),
    ),
    Mistake(
        "decimal logarithms of a sigmoid",
        "You take logarithms to the base of 10, and of a sigmoid that may be 0. In this "
        "course it is nats, the natural logarithm: `logsigmoid` gives it.",
        _by(log_sigma=lambda m: torch.sigmoid(m).log10()),
    ),
    Mistake(
        "two sigmoids",
        "You take the sigmoid of a sigmoid. One is enough: `logsigmoid` holds one already.",
        _by(log_sigma=lambda m: functional.logsigmoid(torch.sigmoid(m))),
    ),
    Mistake(
        "the wrong sign, and the logarithm of a sigmoid",
        "The sign of what σ is taken of is wrong, so the **rejected** answers are preferred: "
        "σ(x) is `1 / (1 + exp(−x))`. And where the sigmoid is 0, its logarithm is −∞: "
        "`logsigmoid` stays right.",
        _by(log_sigma=lambda m: torch.sigmoid(-m).log()),
    ),
    Mistake(
        "a share of the other order",
        "You let a pair count a little for the other order, too: that is label smoothing. "
        "Here the chosen answer is chosen: −log σ alone.",
        _by(
            log_sigma=lambda m: (
                0.9 * functional.logsigmoid(m) + 0.1 * functional.logsigmoid(-m)
            )
        ),
    ),
    Mistake(
        "the minus forgotten",
        "Your loss is below 0: the minus before the logarithm is missing. So it would be made "
        "smaller by making the **rejected** answers likelier.",
        _by(sign=1),
    ),
    Mistake(
        "the minus inside",
        "The minus stands inside σ. There it turns the preference around: it belongs before "
        "the logarithm.",
        _by(scale=lambda m, beta: -beta * m, sign=1),
    ),
    Mistake(
        "the logarithm forgotten",
        "You have −σ. It is −**log** σ, which becomes very large where the model is sure and "
        "wrong.",
        _by(log_sigma=torch.sigmoid),
    ),
    Mistake(
        "one less σ",
        "You have 1 − σ, the probability of being wrong. The loss is −log σ.",
        _by(log_sigma=lambda m: 1 - torch.sigmoid(m), sign=1),
    ),
    Mistake(
        "the sigmoid forgotten",
        "The sigmoid is missing: you take the difference itself. −log σ of it keeps pairs "
        "that are learned already from counting for ever.",
        _by(log_sigma=lambda m: m),
    ),
    Mistake(
        "tanh",
        "You take tanh for the sigmoid. The sigmoid is 1 / (1 + exp(**−**x)), between 0 and "
        "1.",
        _by(log_sigma=lambda m: torch.tanh(m)),
    ),
    Mistake(
        "a hinge",
        "This is a hinge, 1 − x where that is above 0. DPO has −log σ in its place.",
        _by(log_sigma=lambda m: (1 - m).relu(), sign=1),
    ),
    Mistake(
        "a hinge at 0",
        "You cut −x off at zero: a pair that is learned counts nothing at all, and one that is "
        "not counts −x. In its place DPO has −log σ(x), which bends between the two.",
        _by(log_sigma=lambda m: m.clamp(max=0)),
    ),
    Mistake(
        "the squared difference",
        "This is a square, as some relatives of DPO have it. Here the loss is −log σ of β "
        "times the difference.",
        _by(log_sigma=lambda m: (m - 0.5).square(), sign=1),
    ),
    Mistake(
        "the square of another loss",
        "This is the loss of IPO, a relative of DPO: the squared distance of the difference "
        "from 1 / (2β). Here the loss is −log σ of β times the difference.",
        _by(
            scale=lambda m, beta: m - 1 / (2 * beta),
            log_sigma=lambda m: m.square(),
            sign=1,
        ),
    ),
    Mistake(
        "the logarithm of a sigmoid",
        "Right until the difference is far below 0: then `exp` is ∞, the sigmoid 0, and its "
        "logarithm −∞. `logsigmoid` does it all at once and stays right.",
        _by(log_sigma=lambda m: torch.sigmoid(m).log()),
    ),
    Mistake(
        "the exponential by hand, with a clamp",
        "You cut the difference off, so that `exp` is not ∞. So large losses are too small. "
        "`logsigmoid` needs no such help.",
        _by(log_sigma=lambda m: functional.logsigmoid(m.clamp(-50, 50))),
    ),
    Mistake(
        "a little added for safety",
        "You add a little before the logarithm, or keep the sigmoid above a little, so that "
        "the logarithm is never −∞. So large losses are too small. `logsigmoid` needs no such "
        "help.",
        _by(log_sigma=lambda m: (torch.sigmoid(m) + 1e-9).log()),
    ),
    Mistake(
        "a little more added for safety",
        "You add a little before the logarithm, or keep the sigmoid above a little, so that "
        "the logarithm is never −∞. So large losses are too small. `logsigmoid` needs no such "
        "help.",
        _by(log_sigma=lambda m: (torch.sigmoid(m) + 1e-8).log()),
    ),
    *(
        Mistake(
            f"a sigmoid that is {least:.0e} at least",
            "You keep the sigmoid above a tiny number, so that its logarithm is never −∞. So "
            "large losses are too small, and there the gradient is 0. `logsigmoid` needs no "
            "such help.",
            _by(log_sigma=partial(_held, least=least)),
        )
        for least in (1e-10, 1e-12)  # 1e-8 is as if it were added
    ),
    Mistake(
        "exp over 1 + exp",
        "Right until the difference is 89 or more: then `exp` is ∞, and ∞ over ∞ is not a "
        "number. `logsigmoid` stays right.",
        _by(log_sigma=lambda m: (m.exp() / (1 + m.exp())).log()),
    ),
    Mistake(
        "bits",
        "You take logarithms to the base of 2. In this course it is nats, the natural "
        "logarithm.",
        _by(last=lambda each: each.mean() / log(2)),
    ),
    Mistake(
        "a sum over the pairs",
        "You add up the pairs. It is their **mean**, so that the loss does not depend on how "
        "many there are.",
        _by(last=torch.sum),
    ),
    Mistake(
        "a loss for each pair",
        "You give a loss for each pair. Give their mean, a tensor without axes.",
        _by(last=lambda each: each),
    ),
    Mistake(
        "divided by two",
        "You divide by twice the number of pairs, as if each answer counted by itself. There "
        "is one loss a **pair**.",
        _by(last=lambda each: each.mean() / 2),
    ),
    Mistake(
        "any β let through",
        "A β of 0 or below is accepted. With 0 nothing can be learned, and below it the wrong "
        "answers are: raise a ValueError.",
        _by(wrong=None),
    ),
    Mistake(
        "β of 0 let through",
        "A β of 0 is accepted. Then the loss is log 2, whatever the model does: only β **above** "
        "0 is right.",
        _by(bad=lambda beta: beta < 0),
    ),
    Mistake(
        "β below 0 let through",
        "Only 0 itself is refused. β below 0 would prefer the rejected answers: raise a "
        "ValueError there, too.",
        _by(bad=lambda beta: beta == 0),
    ),
    Mistake(
        "β above 1 refused",
        "You refuse β above 1. It may be any number above 0.",
        _by(bad=lambda beta: not 0 < beta <= 1),
    ),
    an_assert(_by(wrong=lambda: stop(AssertionError)), "A wrong β"),
    Mistake(
        "a number instead of a tensor",
        "This is the right number, but no tensor any more, as `item` leaves it. The gradient "
        "would be lost: give back a tensor without axes.",
        lambda *args: float(oracle(*args).detach()),
    ),
    Mistake(
        "the gradient lost",
        "This is the right number, but its gradient is lost, so no model can learn by it. "
        "NumPy, `.detach()`, `.item()`, `torch.tensor` and `torch.no_grad()` lose it: stay with "
        "PyTorch from the four tensors to the mean.",
        _by(last=lambda each: each.mean().detach()),
    ),
    Mistake(
        "an array on the way",
        "NumPy takes no tensor by which a model learns. `.detach()`, as the error suggests, "
        "would lose the gradient without a word: do all of it with PyTorch.",
        lambda chosen, *rest: _loss(torch.from_numpy(chosen.numpy()), *rest),
    ),
    _swapped(
        "the rejected detached",
        "The number is right, but the **rejected** answers are cut off, by `.detach()`, `.data` "
        "or `no_grad`: nothing would make them less likely. Only the model before is left as it is, and both "
        "answers learn.",
        lambda c, r, c0, r0: _margin(c, r.detach(), c0, r0),
    ),
    _swapped(
        "the chosen detached",
        "The number is right, but the **chosen** answers are cut off, by `.detach()`, `.data` "
        "or `no_grad`: nothing would make them likelier. Only the model before is left as it is, and both answers learn.",
        lambda c, r, c0, r0: _margin(c.detach(), r, c0, r0),
    ),
    Mistake(
        "two branches by `where`",
        "The number is right, but its gradient is NaN where the difference is large: `where` "
        "throws the wrong branch away, and its gradient is ∞ times 0. `logsigmoid` needs no "
        "two branches.",
        _by(
            log_sigma=lambda m: torch.where(
                m > 0, -m.neg().exp().log1p(), m - m.exp().log1p()
            )
        ),
    ),
    Mistake(
        "an axis left over",
        "This is the right number, but in a tensor with one axis. It should have none.",
        _by(last=lambda each: each.mean()[None]),
    ),
    double_precision(oracle),
    only_the_first(_by(last=lambda each: each[0]), "pair"),
    written_into(_into_chosen, "chosen", WRITES, "chosen is changed in place"),
    written_into(_into_rejected, "rejected", WRITES, "rejected is changed in place"),
    two_at_once(
        "no model before, and β forgotten",
        _by(margin=lambda c, r, c0, r0: c - r, scale=lambda m, beta: m),
        "The model as it was before does not come in.",
        "β is missing.",
    ),
    Mistake(
        "the logarithm of the mean",
        "You average the sigmoids and take the logarithm of the mean. Each pair has its own "
        "loss: the logarithm comes first, and the mean last.",
        _by(log_sigma=torch.sigmoid, last=lambda each: -each.neg().mean().log()),
    ),
    Mistake(
        "the largest loss",
        "You give the largest loss of all pairs. It is their **mean** that is asked for.",
        _by(last=torch.max),
    ),
    Mistake(
        "the smallest loss",
        "You give the loss of one pair alone, the smallest: the largest logarithm is that. It is "
        "the **mean** of all pairs that is asked for.",
        _by(last=torch.min),
    ),
    Mistake(
        "to the power of β",
        "You take the difference to the power of β. It is **multiplied** by it.",
        _by(scale=lambda m, beta: m**beta),
    ),
    Mistake(
        "a softmax over the pairs",
        "You take `log_softmax`, which lets the pairs share one probability, so that a single "
        "pair is always certain. Each pair is by itself: that is `logsigmoid`.",
        _by(log_sigma=lambda m: m.log_softmax(-1)),
    ),
    Mistake(
        "a sigmoid for each answer",
        "You take log σ of each log-ratio by itself, and subtract. The log-ratios are "
        "subtracted first, and there is one σ, of β times their difference.",
        _each_by_itself,
    ),
    _swapped(
        "by way of probabilities",
        "You go by `exp` and back by a logarithm. The probability of a long answer is 0 in "
        "float32, and its logarithm −∞: the log-ratio is a **difference** of what you are given.",
        lambda c, r, c0, r0: (c.exp() / c0.exp()).log() - (r.exp() / r0.exp()).log(),
    ),
)

CHECK = Check(
    "dpo_loss",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    worked=worked,
)
