"""kl(logits, before, targets): how far a model is from what it was, in nats.

The oracle is PyTorch's own `kl_div` in double precision. Both directions, the mean over
all places and the mean of the rows' means differ in every case that has a margin.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import log

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, drawn_until, normal
from autograder.checks._slips import (
    WRITES,
    double_precision,
    two_at_once,
    written_into,
)
from autograder.checks._twins import mirrored, twins
from autograder.checks.chat._material import DIVERGENCES, LIBRARIES, eighths, goals


def oracle(logits: Tensor, before: Tensor, targets: Tensor) -> Tensor:
    now, was = (x.double().log_softmax(-1) for x in (logits, before))
    each = functional.kl_div(was, now, reduction="none", log_target=True).sum(-1)
    return each[targets.ge(0)].mean().float()


def draw(rng: np.random.Generator) -> list[Case]:
    def two(B: int, T: int, n_vocab: int) -> tuple[Tensor, Tensor, Tensor]:
        now, was = (eighths(rng, B, T, n_vocab) for _ in range(2))
        return now, was, goals(rng, B, T, n_vocab)

    def all_asked(B: int, T: int, n_vocab: int) -> Tensor:
        return torch.from_numpy(rng.integers(0, n_vocab, (B, T)))

    def hardly() -> tuple[Tensor, Tensor, Tensor]:
        now, _, targets = two(2, 3, 4)
        return now, now + normal(rng, 2, 3, 4, scale=0.1), targets

    long, many, wide = (between(rng, 130, 140) for _ in range(3))
    now, was, asked = two(2, 3, 4)
    lift = torch.tensor([1000.0, -1000.0, 0.0, 0.0])[rng.permutation(4)]
    same, some = two(2, 3, 4), goals(rng, 3, 4, 5)
    some[1] = -1
    zeros = torch.full((2, 4), -1)
    zeros[0, 1] = zeros[1, 2] = 0
    return [
        Case("one row, one place", (*two(1, 1, 2)[:2], all_asked(1, 1, 2))),
        Case("two rows, three places, four tokens", two(2, 3, 4)),
        Case("rows that ask for all", (*two(2, 4, 3)[:2], all_asked(2, 4, 3))),
        Case("as many rows as places and tokens", two(4, 4, 4)),
        Case("rows that ask for few and for many", two(4, 6, 3)),
        Case(
            "uneven logits",
            (normal(rng, 2, 5, 6), normal(rng, 2, 5, 6), goals(rng, 2, 5, 6)),
        ),
        Case("a long text", two(3, long, 3)),
        Case("many rows", two(many, 3, 3)),
        Case("a large vocabulary", two(2, 3, 2 * wide)),
        edge("a row that asks for nothing", (*two(3, 4, 5)[:2], some)),
        edge("targets of 0 alone", (*two(2, 4, 3)[:2], zeros)),
        edge("a model that has hardly changed", drawn_until(_unround, hardly)),
        edge("no difference", (same[0], same[0].clone(), same[2])),
        edge("logits that are all larger, and no less likely", (now, now + 5, asked)),
        edge("logits of 1,000", (now + 1000, was - 1000, asked)),
        edge("tokens that have become impossible", (now + lift, was, asked)),
        edge("tokens that were impossible", (now, was + lift, asked)),
        edge("a vocabulary of one token", two(2, 3, 1)),
        edge(
            "tensors that lie across in memory",
            tuple(map(across, two(3, 4, 5))),
        ),
        *twins(
            oracle,
            lambda: (
                mirrored(rng, eighths(rng, 7, 7, 4)),
                mirrored(rng, eighths(rng, 7, 7, 4)),
                goals(rng, 7, 7, 4),
            ),
            "the logits now",
            "the logits before",
            "the targets",
        ),
    ]


def _unround(*args: Tensor) -> bool:
    """Whether four decimal places are too few for the answer."""
    right = oracle(*args)
    return abs(right - right.round(decimals=4)) > 3e-5


def _soft(logits: Tensor) -> Tensor:
    return logits.log_softmax(-1)


def _forward(log_p: Tensor, log_q: Tensor) -> Tensor:
    return (log_p.exp() * (log_p - log_q)).sum(-1)


def _asked(each: Tensor, targets: Tensor) -> Tensor:
    return each[targets >= 0].mean()


def _far(
    logits: Tensor,
    before: Tensor,
    targets: Tensor,
    soft: Callable[[Tensor], Tensor] = _soft,
    one: Callable[[Tensor, Tensor], Tensor] = _forward,
    mean: Callable[[Tensor, Tensor], Tensor] = _asked,
    last: Callable[[Tensor], Tensor] = lambda x: x,
) -> Tensor:
    """The divergence with a screw at each step."""
    return last(mean(one(soft(logits), soft(before)), targets))


def _by(**screws) -> Callable[..., Tensor]:
    return partial(_far, **screws)


def worked(logits: Tensor, before: Tensor, targets: Tensor) -> dict[str, Tensor]:
    log_p, log_q = _soft(logits.double()), _soft(before.double())
    each = _forward(log_p, log_q)
    return {
        "p, now": log_p.exp(),
        "log p - log q": log_p - log_q,
        "the sum at each place": each,
        "where a token is asked for": targets >= 0,
        "their mean": _asked(each, targets),
    }


def _of_targets(logits: Tensor, before: Tensor, targets: Tensor) -> Tensor:
    """The log-ratio of the targets alone."""
    ratio = _soft(logits) - _soft(before)
    each = ratio.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    return _asked(each, targets)


def _estimated(logits: Tensor, before: Tensor, targets: Tensor) -> Tensor:
    """From one token a place: q over p, less its logarithm, less 1."""
    ratio = _soft(before) - _soft(logits)
    each = ratio.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    return _asked(each.exp() - each - 1, targets)


def _of_rows(each: Tensor, targets: Tensor) -> Tensor:
    asked = targets >= 0
    return ((each * asked).sum(-1) / asked.sum(-1)).mean()


def _into_logits(logits: Tensor, before: Tensor, targets: Tensor) -> Tensor:
    made = _far(logits, before, targets)
    logits -= before + 1
    return made


def _of_targets_weighed(logits: Tensor, before: Tensor, targets: Tensor) -> Tensor:
    """The part of the targets alone."""
    p, q = _soft(logits), _soft(before)
    part = p.exp() * (p - q)
    return _asked(part.gather(-1, targets.clamp(min=0)[..., None])[..., 0], targets)


MISTAKES = (
    Mistake(
        "the other direction",
        "You multiply by q, what the model was before, and take log q − log p. The model as it "
        "is **now** comes first: log p − log q, multiplied by p.",
        lambda logits, before, targets: _far(before, logits, targets),
    ),
    Mistake(
        "weighed by what was before",
        "You multiply log p − log q by q. It is multiplied by the probabilities of the model "
        "as it is **now**, p.",
        _by(one=lambda p, q: (q.exp() * (p - q)).sum(-1)),
    ),
    Mistake(
        "the sign",
        "Your divergence is below 0, and it never is. The difference is log p − log q, in "
        "this order.",
        _by(last=torch.neg),
    ),
    Mistake(
        "not weighed",
        "You add up log p − log q as they are. Each difference is multiplied by p, so "
        "that what is hardly ever written hardly counts.",
        _by(one=lambda p, q: (p - q).sum(-1)),
    ),
    Mistake(
        "weighed by log p",
        "You multiply by log p. Multiply by the probabilities p themselves: take `exp`.",
        _by(one=lambda p, q: (p * (p - q)).sum(-1)),
    ),
    Mistake(
        "weighed by the logits",
        "You multiply by the logits. Multiply by the probabilities p.",
        lambda logits, before, targets: _asked(
            (logits * (_soft(logits) - _soft(before))).sum(-1), targets
        ),
    ),
    Mistake(
        "the difference of probabilities",
        "You multiply p − q by p. It is the difference of the **logarithms** that is meant.",
        _by(one=lambda p, q: (p.exp() * (p.exp() - q.exp())).sum(-1)),
    ),
    Mistake(
        "the ratio of logarithms",
        "You divide log p by log q. The logarithm of a ratio is a **difference** of "
        "logarithms.",
        _by(one=lambda p, q: (p.exp() * (p / q)).sum(-1)),
    ),
    Mistake(
        "the ratio without a logarithm",
        "You multiply p / q by p. It is the **logarithm** of this ratio that is meant.",
        _by(one=lambda p, q: (p.exp() * (p - q).exp()).sum(-1)),
    ),
    Mistake(
        "the cross-entropy",
        "You have −Σ p log q, the cross-entropy. p log p is missing: without it even two "
        "equal models are far apart.",
        _by(one=lambda p, q: -(p.exp() * q).sum(-1)),
    ),
    Mistake(
        "the entropy",
        "You have Σ p log p, up to its sign an entropy: the model before does not come in. "
        "Subtract log q.",
        _by(one=lambda p, q: (p.exp() * p).sum(-1)),
    ),
    Mistake(
        "a sum of logarithms",
        "You add log p and log q. It is their **difference** that says how much more likely a "
        "token has become.",
        _by(one=lambda p, q: (p.exp() * (p + q)).sum(-1)),
    ),
    Mistake(
        "absolute differences",
        "You take absolute values. Where a token has become less likely its part is below 0, "
        "and stays so: only the sum is never below 0.",
        _by(one=lambda p, q: (p.exp() * (p - q).abs()).sum(-1)),
    ),
    Mistake(
        "squared differences",
        "You square the differences. In the formula they stand as they are.",
        _by(one=lambda p, q: (p.exp() * (p - q).square()).sum(-1)),
    ),
    Mistake(
        "half the squared differences",
        "You square the differences and take half: that is an estimate, near the divergence "
        "of two models that hardly differ. In the formula the differences stand as they are.",
        _by(one=lambda p, q: (p.exp() * (p - q).square()).sum(-1) / 2),
    ),
    Mistake(
        "an estimate of each token, not weighed",
        "You take q / p − 1 − log (q / p), an estimate for tokens that were **drawn**, and add "
        "it up for all. Here all tokens are known: each log p − log q is multiplied by p.",
        _by(one=lambda p, q: ((q - p).exp() - 1 - (q - p)).sum(-1)),
    ),
    Mistake(
        "of the likeliest token alone",
        "You take log p − log q of the likeliest token alone. All tokens of the vocabulary "
        "count, each multiplied by p.",
        _by(one=lambda p, q: (p - q).gather(-1, p.argmax(-1, True))[..., 0]),
    ),
    Mistake(
        "both directions",
        "You take both directions together. Here it is one alone: p times log p − log q.",
        _by(one=lambda p, q: ((p.exp() - q.exp()) * (p - q)).sum(-1) / 2),
    ),
    Mistake(
        "of the target alone",
        "You take log p − log q of the target alone. All tokens of the vocabulary count, each "
        "multiplied by p.",
        _of_targets,
    ),
    Mistake(
        "a mean over the vocabulary",
        "You average over the vocabulary, too. At each place it is a **sum** over all "
        "tokens: multiplied by p, it is a mean already.",
        _by(one=lambda p, q: (p.exp() * (p - q)).mean(-1)),
    ),
    Mistake(
        "no softmax",
        "You take logits for log probabilities. A log softmax over the vocabulary makes them "
        "such.",
        _by(soft=lambda x: x),
    ),
    Mistake(
        "probabilities by softmax, logits for logarithms",
        "You multiply by the right p, but you subtract logits. Logits are log probabilities only "
        "after a log softmax, which moves both models differently.",
        lambda logits, before, targets: _asked(
            (logits.softmax(-1) * (logits - before)).sum(-1), targets
        ),
    ),
    Mistake(
        "only the model now by a log softmax",
        "The model before comes in with its logits as they are. They become log "
        "probabilities by a log softmax only, as those of the model now do.",
        lambda logits, before, targets: _asked(
            _forward(_soft(logits), before), targets
        ),
    ),
    Mistake(
        "all places in the sum",
        "Your sum goes over all places, and you divide by the number of those that are asked "
        "for. Take the sum over the vocabulary alone, and then the places that count.",
        _by(mean=lambda each, targets: each.sum() / (targets >= 0).sum()),
    ),
    Mistake(
        "divided by the places of a row",
        "You divide by the length of a row. Divide by the number of places where a token is "
        "asked for, of all rows together.",
        _by(mean=lambda each, targets: each[targets >= 0].sum() / targets.shape[1]),
    ),
    Mistake(
        "the places shifted once more",
        "You shift the targets or the logits once more. The targets are shifted already: each "
        "belongs to the place where it stands.",
        _by(mean=lambda each, targets: _asked(each[:, :-1], targets[:, 1:])),
    ),
    Mistake(
        "only the first row",
        "Only the first row comes in. It is one mean over the places that are asked for, of "
        "**all** rows together.",
        lambda *args: _far(*(x[:1] for x in args)),
    ),
    Mistake(
        "the first row's places in all rows",
        "You take the places that the **first** row's targets ask for, in every row. Each row "
        "has targets of its own.",
        _by(mean=lambda each, targets: each[:, targets[0] >= 0].mean()),
    ),
    Mistake(
        "squared differences, not weighed",
        "You square the differences of the logarithms and add them up. In the formula each "
        "stands as it is, and is multiplied by p.",
        _by(one=lambda p, q: (p - q).square().sum(-1)),
    ),
    Mistake(
        "an estimate from the target alone",
        "You estimate the divergence from the target alone. All tokens of the vocabulary are "
        "known here: sum over them, each multiplied by p.",
        _estimated,
    ),
    Mistake(
        "a softmax over the places",
        "Your softmax goes over the places. At each place the tokens of the **vocabulary** "
        "share: that is the last axis.",
        _by(soft=lambda x: x.log_softmax(1)),
    ),
    Mistake(
        "a softmax over the rows",
        "Your softmax goes over the rows. At each place the tokens of the **vocabulary** "
        "share: that is the last axis.",
        _by(soft=lambda x: x.log_softmax(0)),
    ),
    Mistake(
        "the logarithm of a softmax",
        "Right until a probability is 0 in float32: then its logarithm is −∞, and the sum is "
        "no number or ∞. `log_softmax` stays right.",
        lambda logits, before, targets: _asked(
            (
                logits.softmax(-1)
                * (logits.softmax(-1).log() - before.softmax(-1).log())
            ).sum(-1),
            targets,
        ),
    ),
    Mistake(
        "the logarithm of a ratio",
        "Right until a probability is 0 in float32: then the ratio is 0 or ∞, or no number. "
        "Subtract logarithms, as `log_softmax` gives them.",
        lambda logits, before, targets: _asked(
            (logits.softmax(-1) * (logits.softmax(-1) / before.softmax(-1)).log())
            .nan_to_num(nan=0.0)
            .sum(-1),
            targets,
        ),
    ),
    Mistake(
        "the logarithm of a softmax, of the model now",
        "Right until a token has become impossible: then p is 0 in float32, its logarithm −∞, "
        "and 0 · −∞ is no number. `log_softmax` of the model now stays right, as that of the "
        "model before does.",
        lambda logits, before, targets: _asked(
            _forward(logits.softmax(-1).log(), _soft(before)), targets
        ),
    ),
    Mistake(
        "a little added for safety",
        "You add a little before the logarithm, so that it is never −∞. Now what has become "
        "impossible is not. `log_softmax` needs no such help.",
        lambda logits, before, targets: _asked(
            (
                logits.softmax(-1)
                * (
                    (logits.softmax(-1) + 1e-9).log()
                    - (before.softmax(-1) + 1e-9).log()
                )
            ).sum(-1),
            targets,
        ),
    ),
    Mistake(
        "all places",
        "You average over all places. Only those count where a token is asked for, where the "
        "target is 0 or more.",
        _by(mean=lambda each, targets: each.mean()),
    ),
    Mistake(
        "the places where nothing is asked",
        "You average over the places where nothing is asked. Where is your mask true?",
        _by(mean=lambda each, targets: each[targets < 0].mean()),
    ),
    Mistake(
        "targets of 0 left out",
        "Where the target is 0 the place does not count for you. 0 is a token like any "
        "other: nothing is asked where the target is **below** 0.",
        _by(mean=lambda each, targets: each[targets > 0].mean()),
    ),
    Mistake(
        "divided by all places",
        "Places where nothing is asked are 0 in your sum, but you divide by their number, "
        "too. Divide by the number of those that are asked for.",
        _by(mean=lambda each, targets: (each * (targets >= 0)).mean()),
    ),
    Mistake(
        "a sum over the places",
        "You add up the places. Divide by the number of those where a token is asked for: it "
        "is a mean.",
        _by(mean=lambda each, targets: each[targets >= 0].sum()),
    ),
    Mistake(
        "the mean of the rows' means",
        "You average each row and then the rows, so places of short answers count for more. "
        "It is one mean over **all** places that are asked for.",
        _by(mean=_of_rows),
    ),
    Mistake(
        "divided by the rows",
        "You divide by the number of rows. Divide by the number of **places** where a token "
        "is asked for.",
        _by(mean=lambda each, targets: each[targets >= 0].sum() / len(targets)),
    ),
    Mistake(
        "a number for each row",
        "You give a number for each row. It is one mean over all places that are asked for, "
        "of all rows together.",
        _by(mean=lambda each, targets: (each * (targets >= 0)).sum(-1)),
    ),
    Mistake(
        "a mean for each row",
        "You give a mean for each row. It is one mean over all places that are asked for, of "
        "all rows together.",
        _by(
            mean=lambda each, targets: (
                (each * (targets >= 0)).sum(-1) / (targets >= 0).sum(-1)
            )
        ),
    ),
    Mistake(
        "a number for each place",
        "You give a number for each place that is asked for. Give their mean, one number.",
        _by(mean=lambda each, targets: each[targets >= 0]),
    ),
    Mistake(
        "a number for every place",
        "You give a number for every place. Only those count where a token is asked for, and "
        "of these it is the mean.",
        _by(mean=lambda each, targets: each),
    ),
    Mistake(
        "the largest",
        "You give the largest divergence of all places. The **mean** of them is asked for.",
        _by(mean=lambda each, targets: each[targets >= 0].max()),
    ),
    Mistake(
        "bits",
        "You take logarithms to the base of 2, so these are bits. In this course it is nats, "
        "the natural logarithm.",
        _by(last=lambda x: x / log(2)),
    ),
    Mistake(
        "cut off below 0",
        "You cut off the parts that are below 0. Where a token has become less likely its "
        "part is below 0, and stays so.",
        _by(one=lambda p, q: (p.exp() * (p - q)).clamp(min=0).sum(-1)),
    ),
    Mistake(
        "a number instead of a tensor",
        "This is the right number, but no tensor any more, as `item` leaves it. A tensor "
        "without axes is asked for: one can compute gradients through it.",
        lambda *args: float(oracle(*args)),
    ),
    Mistake(
        "an axis left over",
        "This is the right number, but in a tensor with one axis. It should have none.",
        _by(last=lambda x: x[None]),
    ),
    double_precision(oracle),
    written_into(_into_logits, "logits", WRITES, "the logits are changed"),
    two_at_once(
        "the other direction, over all places",
        lambda logits, before, targets: _far(
            before, logits, targets, mean=lambda each, targets: each.mean()
        ),
        "You multiply by q, and the model as it is now comes first.",
        "you average over all places, and only those count where a token is asked for.",
    ),
    Mistake(
        "a little added for safety: 1e-6",
        "You add a little before the logarithm, so that it is never −∞. Now what has become "
        "impossible is not. `log_softmax` needs no such help.",
        _by(soft=lambda x: (x.softmax(-1) + 1e-6).log()),
    ),
    Mistake(
        "a little added for safety: 1e-8",
        "You add a little before the logarithm, so that it is never −∞. Now what has become "
        "impossible is not. `log_softmax` needs no such help.",
        _by(soft=lambda x: (x.softmax(-1) + 1e-8).log()),
    ),
    Mistake(
        "a little added for safety: 1e-10",
        "You add a little before the logarithm, so that it is never −∞. Now what has become "
        "impossible is not. `log_softmax` needs no such help.",
        _by(soft=lambda x: (x.softmax(-1) + 1e-10).log()),
    ),
    Mistake(
        "a little added for safety: 1e-12",
        "You add a little before the logarithm, so that it is never −∞. Now what has become "
        "impossible is not. `log_softmax` needs no such help.",
        _by(soft=lambda x: (x.softmax(-1) + 1e-12).log()),
    ),
    Mistake(
        "a softmax twice",
        "You take a softmax of a softmax. Logits become log probabilities by one `log_softmax`: "
        "after a second one they are almost alike.",
        _by(soft=lambda x: x.softmax(-1).log_softmax(-1)),
    ),
    Mistake(
        "the logarithm of a logarithm",
        "Your result is never a number: you take the logarithm of what are logarithms already, "
        "and below 0 there is none. Subtract them as they are.",
        _by(one=lambda p, q: (p.exp() * (p.log() - q.log())).sum(-1)),
    ),
    Mistake(
        "of the target alone, weighed",
        "You take the target's part alone. The sum goes over **all** tokens of the vocabulary; "
        "the target only says which places count.",
        _of_targets_weighed,
    ),
    Mistake(
        "the largest part of the vocabulary",
        "You take the largest part at each place. It is the **sum** over all tokens of the "
        "vocabulary.",
        _by(one=lambda p, q: (p.exp() * (p - q)).amax(-1)),
    ),
    Mistake(
        "a number for each place, and 0 elsewhere",
        "You give a number for each place, 0 where nothing is asked. Give one number: the mean "
        "over the places where a token is asked for.",
        _by(mean=lambda each, targets: each * (targets >= 0)),
    ),
    Mistake(
        "the median",
        "You take the median of the places, the one in the middle. The **mean** is asked for: "
        "their sum, divided by how many they are.",
        _by(mean=lambda each, targets: each[targets >= 0].median()),
    ),
    Mistake(
        "a sigmoid",
        "You take a sigmoid of each logit by itself. At each place the probabilities of all "
        "tokens add up to 1: that is a softmax.",
        _by(soft=functional.logsigmoid),
    ),
    Mistake(
        "the logarithm of a sigmoid",
        "You take a sigmoid of each logit by itself. At each place the probabilities of all "
        "tokens add up to 1: that is a softmax.",
        _by(soft=lambda x: x.sigmoid().log()),
    ),
    Mistake(
        "divided by the sum of the targets",
        "You divide by the sum of the targets, which are ids, and a sum of ids means nothing. "
        "Divide by **how many** of them are 0 or more.",
        _by(mean=lambda each, targets: (each * (targets >= 0)).sum() / targets.sum()),
    ),
    Mistake(
        "targets as row numbers",
        "You take the targets as indices, so each picks the row of that number. A mask is "
        "needed, true where a token is asked for: compare the targets with 0.",
        _by(mean=lambda each, targets: each[targets].mean()),
    ),
)

CHECK = Check(
    "kl",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + DIVERGENCES,
    worked=worked,
)
