"""log_probabilities(logits, targets): the log probability of each row's answer, in nats.

The oracle is PyTorch's own cross-entropy in double precision, row by row. Rows ask for
different numbers of tokens, the first and the last token of the vocabulary among them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf, log

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, learning, normal, stop
from autograder.checks._slips import (
    WRITES,
    double_precision,
    lists_of_numbers,
    only_the_first,
    two_at_once,
    written_into,
)
from autograder.checks._twins import mirrored, twins
from autograder.checks.chat._material import LIBRARIES, LOSSES, eighths, goals


def oracle(logits: Tensor, targets: Tensor) -> Tensor:
    how = {"ignore_index": -1, "reduction": "sum"}
    rows = zip(logits.double(), targets, strict=True)
    return -torch.stack([functional.cross_entropy(*row, **how) for row in rows]).float()


def draw(rng: np.random.Generator) -> list[Case]:
    def asked(B: int, T: int, n_vocab: int, most: int = 24) -> tuple[Tensor, Tensor]:
        return eighths(rng, B, T, n_vocab, most=most), goals(rng, B, T, n_vocab)

    def all_asked(B: int, T: int, n_vocab: int) -> tuple[Tensor, Tensor]:
        targets = torch.from_numpy(rng.integers(0, n_vocab, (B, T)))
        return eighths(rng, B, T, n_vocab), targets

    long, many, wide = (between(rng, 130, 140) for _ in range(3))
    some = goals(rng, 3, 4, 5)
    some[1] = -1
    far = eighths(rng, 2, 3, 4)
    far[0, :, ::2] += 1000
    far[0, :, 1::2] -= 1000
    far[1] -= 1000
    of_far = goals(rng, 2, 3, 4)  # in the first row only a token that is unlikely
    of_far[0, of_far[0] >= 0] = int(rng.choice([1, 3]))
    lost = eighths(rng, 2, 3, 4) + torch.tensor([80.0, -80.0, 0.0, 40.0])
    never = torch.from_numpy(rng.permuted([[0, 1, 2], [3, 1, 0]], axis=1))
    unsure = normal(rng, 2, 5, 6)
    return [
        Case("one row, one token", all_asked(1, 1, 2)),
        Case("two rows, three places, four tokens", asked(2, 3, 4)),
        Case("rows that ask for all", all_asked(2, 4, 3)),
        Case("as many rows as places and tokens", asked(4, 4, 4)),
        Case("as many places as tokens", asked(2, 5, 5)),
        Case("more rows than places", asked(6, 3, 4)),
        Case("uneven logits", (unsure, goals(rng, 2, 5, 6))),
        Case("a long text", all_asked(2, long, 3)),
        Case("many rows", asked(many, 3, 3)),
        Case("a large vocabulary", asked(2, 3, 2 * wide)),
        Case("the gradient", (learning(eighths(rng, 3, 4, 5)), goals(rng, 3, 4, 5))),
        edge("a row that asks for nothing", (eighths(rng, 3, 4, 5), some)),
        edge(
            "nothing is asked at all", (eighths(rng, 2, 3, 4), torch.full((2, 3), -1))
        ),
        edge("large logits", (far, of_far)),
        edge("the gradient at large logits", (learning(far), of_far)),
        edge("tokens that are all but impossible", (lost, never)),
        edge("a vocabulary of one token", asked(2, 3, 1)),
        edge("one place in each row", all_asked(3, 1, 4)),
        edge("a single row", asked(1, 4, 3)),
        edge(
            "logits that are all alike",
            (torch.full((2, 3, 5), 0.5), goals(rng, 2, 3, 5)),
        ),
        edge(
            "tensors that lie across in memory",
            (across(eighths(rng, 3, 4, 5)), across(goals(rng, 3, 4, 5))),
        ),
        *twins(
            oracle,
            lambda: (mirrored(rng, eighths(rng, 7, 7, 4)), all_asked(7, 7, 4)[1]),
            "the logits",
            "the targets",
        ),
    ]


def _soft(logits: Tensor) -> Tensor:
    return logits.log_softmax(-1)


def _picked(log_p: Tensor, targets: Tensor) -> Tensor:
    return log_p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]


def _summed(
    logits: Tensor,
    targets: Tensor,
    soft: Callable[[Tensor], Tensor] = _soft,
    goal: Callable[[Tensor], Tensor] = lambda targets: targets,
    pick: Callable[[Tensor, Tensor], Tensor] = _picked,
    asked: Callable[[Tensor], Tensor] = lambda targets: targets >= 0,
    add: Callable[[Tensor, Tensor], Tensor] = lambda each, asked: (each * asked).sum(
        -1
    ),
    last: Callable[[Tensor], Tensor] = lambda x: x,
) -> Tensor:
    """The sum with a screw at each step."""
    of_target = pick(soft(logits), goal(targets))
    return last(add(of_target, asked(targets)))


def _by(**screws) -> Callable[..., Tensor]:
    return partial(_summed, **screws)


def worked(logits: Tensor, targets: Tensor) -> dict[str, Tensor]:
    log_p = logits.double().log_softmax(-1)
    of_target = _picked(log_p, targets)
    return {
        "log p of every token": log_p,
        "of the targets": of_target,
        "0 where nothing is asked": of_target * (targets >= 0),
        "the sum of each row": (of_target * (targets >= 0)).sum(-1),
    }


def _last_token(log_p: Tensor, targets: Tensor) -> Tensor:
    """As an index of −1 does in square brackets."""
    B, T = targets.shape
    return log_p[torch.arange(B)[:, None], torch.arange(T), targets]


def _by_gather(log_p: Tensor, targets: Tensor) -> Tensor:
    if (targets < 0).any():
        stop(RuntimeError)
    return _picked(log_p, targets)


def _where(each: Tensor, asked: Tensor) -> Tensor:
    return torch.where(asked, each, 0.0).sum(-1)


def _left_over(logits: Tensor, targets: Tensor) -> Tensor:
    """With (B, T, 1) of `gather`, beside a mask (B, T)."""
    picked = _soft(logits).gather(-1, targets.clamp(min=0)[..., None])
    return torch.where(targets >= 0, picked, 0.0).sum(-1)


def _in_the_middle(logits: Tensor, targets: Tensor) -> Tensor:
    picked = _soft(logits).gather(-1, targets.clamp(min=0)[:, None])[:, 0]
    return (picked * (targets >= 0)).sum(-1)


def _mean(each: Tensor, asked: Tensor) -> Tensor:
    return (each * asked).sum(-1) / asked.sum(-1)


def _all(each: Tensor, asked: Tensor) -> Tensor:
    return each.sum(-1)


def _shifted(targets: Tensor) -> Tensor:
    return torch.cat([targets[:, 1:], torch.full_like(targets[:, :1], -1)], -1)


def _next(logits: Tensor, targets: Tensor) -> Tensor:
    return _summed(logits, _shifted(targets))


def _kept(last: bool) -> Callable[[Tensor, Tensor], Tensor]:
    """Of each row's tokens that are asked for, the first or the last."""

    def add(each: Tensor, asked: Tensor) -> Tensor:
        order = asked.flip(-1) if last else asked
        one = (order.cumsum(-1) == 1) & order
        return (each * (one.flip(-1) if last else one)).sum(-1)

    return add


def _into_targets(logits: Tensor, targets: Tensor) -> Tensor:
    made = _summed(logits, targets)
    targets[targets < 0] = 0
    return made


def _into_logits(logits: Tensor, targets: Tensor) -> Tensor:
    made = _summed(logits, targets)
    logits -= logits.amax(-1, keepdim=True) + 1
    return made


def _gathered(log_p: Tensor, targets: Tensor) -> Tensor:
    return log_p.gather(-1, targets[..., None])[..., 0]


MISTAKES = (
    Mistake(
        "the mean of each row",
        "You divide by the number of tokens. The probability of an answer is the **product** "
        "of all its tokens', so its logarithm is their sum.",
        _by(add=_mean),
    ),
    Mistake(
        "divided by the length of the row",
        "You divide by the number of places, as `mean` does. The log probability of an "
        "answer is a **sum**.",
        _by(add=lambda each, asked: (each * asked).mean(-1)),
    ),
    Mistake(
        "one sum for all rows",
        "You add up all rows. Each row is an answer of its own and has its own sum: add "
        "along the last axis alone.",
        _by(last=lambda x: x.sum()),
    ),
    Mistake(
        "the mean of the rows",
        "You average over the rows. Each row is an answer of its own and has its own sum.",
        _by(last=lambda x: x.mean()),
    ),
    Mistake(
        "the mean of all tokens",
        "This is a loss, up to its sign: one mean for all tokens. Here each row has its own "
        "**sum**.",
        lambda logits, targets: _summed(logits, targets).sum() / (targets >= 0).sum(),
    ),
    Mistake(
        "the sign of a loss",
        "Your numbers are above 0: that is a loss. A log probability is 0 at most.",
        _by(last=torch.neg),
    ),
    Mistake(
        "the loss",
        "You compute the loss: the mean of −log p over all tokens. Here each row has its own "
        "sum of log p, without the minus.",
        lambda logits, targets: -_summed(logits, targets).sum() / (targets >= 0).sum(),
    ),
    Mistake(
        "the probability itself",
        "These are the probabilities of the answers. Their **logarithms** are asked for.",
        _by(last=torch.exp),
    ),
    Mistake(
        "a sum of probabilities",
        "You add probabilities. They would have to be multiplied: add their **logarithms**.",
        _by(soft=lambda logits: logits.softmax(-1)),
    ),
    Mistake(
        "the logarithm of a sum",
        "You add probabilities and take the logarithm of the sum. Take the logarithm of each "
        "first: a product becomes a sum.",
        _by(soft=lambda logits: logits.softmax(-1), last=torch.log),
    ),
    Mistake(
        "bits",
        "You take logarithms to the base of 2, so these are bits. In this course it is nats, "
        "the natural logarithm.",
        _by(last=lambda x: x / log(2)),
    ),
    Mistake(
        "decimal logarithms",
        "You take logarithms to the base of 10. In this course it is nats, the natural "
        "logarithm.",
        _by(last=lambda x: x / log(10)),
    ),
    Mistake(
        "the logits themselves",
        "You add up logits. They become log probabilities only by a log softmax over the "
        "vocabulary.",
        _by(soft=lambda logits: logits),
    ),
    Mistake(
        "a softmax over the places",
        "Your softmax goes over the places. At each place the tokens of the **vocabulary** "
        "share: that is the last axis.",
        _by(soft=lambda logits: logits.log_softmax(1)),
    ),
    Mistake(
        "a softmax over the rows",
        "Your softmax goes over the rows. At each place the tokens of the **vocabulary** "
        "share: that is the last axis.",
        _by(soft=lambda logits: logits.log_softmax(0)),
    ),
    Mistake(
        "the logarithm of a softmax",
        "Right until a probability is too small for float32: then it is 0, and its logarithm "
        "−∞. `log_softmax` does both at once and stays right.",
        _by(soft=lambda logits: logits.softmax(-1).log()),
    ),
    Mistake(
        "the exponentials by hand",
        "Right until a logit is 89 or more: then its `exp` is ∞, and ∞ over ∞ is not a "
        "number. `log_softmax` takes any number.",
        _by(
            soft=lambda logits: (
                logits.exp() / logits.exp().sum(-1, keepdim=True)
            ).log()
        ),
    ),
    Mistake(
        "the exponentials by hand, where something is asked",
        "Right while the logits are small: `exp` of 89 or more is ∞, and of −104 or less 0, "
        "and ∞ over ∞ and 0 over 0 are no numbers. `log_softmax` takes any number.",
        _by(
            soft=lambda logits: (
                logits.exp() / logits.exp().sum(-1, keepdim=True)
            ).log(),
            add=_where,
        ),
    ),
    Mistake(
        "less the logarithm of the sum of exponentials",
        "Right until a logit is 89 or more: then its `exp` is ∞. `log_softmax` takes any "
        "number.",
        _by(soft=lambda logits: logits - logits.exp().sum(-1, keepdim=True).log()),
    ),
    Mistake(
        "a little added for safety",
        "You add a little before the logarithm, so that it is never −∞. Now what is hardly "
        "likely is likelier than it should be. `log_softmax` needs no such help.",
        _by(soft=lambda logits: (logits.softmax(-1) + 1e-9).log()),
    ),
    Mistake(
        "the logarithms cut off",
        "You cut off what is below a limit. A log probability may be as low as −1,000: leave "
        "it as `log_softmax` gives it.",
        _by(soft=lambda logits: logits.log_softmax(-1).clamp(min=-100)),
    ),
    Mistake(
        "-1 is the last token",
        "Where nothing is asked you count the last token of the vocabulary: an index of −1 "
        "means the last one in Python. These places must not count.",
        _by(pick=_last_token, add=_all),
    ),
    Mistake(
        "-1 is token 0",
        "Where nothing is asked you count token 0. To make an index of −1 a 0 is fine, but "
        "then these places must not be added.",
        _by(add=_all),
    ),
    Mistake(
        "an error where nothing is asked",
        "A target of −1 ends in an error, since `gather` takes no negative index. Put any "
        "token's there, and do not count these places.",
        _by(pick=_by_gather),
    ),
    Mistake(
        "the axis of `gather` left",
        "The axis of size 1 that `gather` needed is still there, so your mask and your sum "
        "go along other axes than you mean. Take it away right after `gather`: with "
        "`[..., 0]`, or `squeeze` of that axis.",
        _left_over,
    ),
    Mistake(
        "all targets at each place",
        "In square brackets, `[:, :, targets]` takes **all** targets at each place. Each "
        "place has one of its own: that is what `gather` picks.",
        lambda logits, targets: (_soft(logits)[:, :, targets] * (targets >= 0)).sum(-1),
    ),
    Mistake(
        "a new axis in the middle",
        "Your targets got their new axis between rows and places, so a place picks what "
        "belongs to another. It stands at the **end**, where the vocabulary is.",
        _in_the_middle,
    ),
    Mistake(
        "all axes of size 1 taken away",
        "`squeeze()` takes away **every** axis of size 1, that of the places too where there "
        "is one place. Say which axis is meant: the last.",
        _by(
            pick=lambda log_p, targets: log_p.gather(
                -1, targets.clamp(min=0)[..., None]
            ).squeeze()
        ),
    ),
    Mistake(
        "the last place left out",
        "You leave out the last place of each row. The targets are shifted already, so each "
        "place counts whose target is 0 or more, the last one too.",
        lambda logits, targets: _summed(logits[:, :-1], targets[:, :-1]),
    ),
    Mistake(
        "the product first",
        "You multiply the probabilities and take the logarithm of the product. Of many "
        "tokens the product is 0 in float32, and its logarithm −∞. Add logarithms instead.",
        lambda logits, targets: (
            _picked(logits.softmax(-1), targets)
            .masked_fill(targets < 0, 1.0)
            .prod(-1)
            .log()
        ),
    ),
    Mistake(
        "an array instead of a tensor",
        "This is the right answer, but an array of NumPy. Give a tensor, and compute with "
        "tensors from the start: a model is to learn by it, and NumPy knows no gradient.",
        lambda *args: oracle(*(x.detach() for x in args)).numpy(),
    ),
    Mistake(
        "an array on the way",
        "NumPy takes no tensor by which a model learns. `.detach()`, as the error suggests, "
        "would lose the gradient without a word: do all of it with PyTorch, from logits to sum.",
        lambda logits, targets: _summed(torch.from_numpy(logits.numpy()), targets),
    ),
    Mistake(
        "the gradient lost",
        "These are the right numbers, but their gradient is lost, so no model can learn by "
        "them. NumPy, `.detach()`, `.item()`, `torch.tensor` and `torch.no_grad()` lose it, and "
        "`requires_grad_()` does not bring it back: stay with PyTorch from logits to sum.",
        _by(last=Tensor.detach),
    ),
    Mistake(
        "the logarithm of the sum detached",
        "Your numbers are right, but a part of them is cut off by `.detach()`: what you "
        "subtract from the logits. So only the target's logit learns, and nothing makes the "
        "other tokens less likely. Leave out the `.detach()`.",
        _by(soft=lambda logits: logits - logits.logsumexp(-1, keepdim=True).detach()),
    ),
    Mistake(
        "token 0 is not asked for",
        "Targets of 0 are left out. 0 is a token like any other: nothing is asked where the "
        "target is **below** 0.",
        _by(asked=lambda targets: targets > 0),
    ),
    Mistake(
        "the mask the other way round",
        "You count the places where nothing is asked, and leave out the others. Where is "
        "your mask true?",
        _by(asked=lambda targets: targets < 0),
    ),
    Mistake(
        "-∞ where nothing is asked",
        "Where nothing is asked you put −∞, and so the sum is −∞. What does not count in a "
        "sum is 0.",
        _by(add=lambda each, asked: each.masked_fill(~asked, -inf).sum(-1)),
    ),
    Mistake(
        "the logits masked",
        "You make the logits 0 where nothing is asked, and count these places all the same. "
        "Mask the log probabilities instead, at the end.",
        lambda logits, targets: _summed(
            logits * (targets >= 0)[..., None], targets, add=_all
        ),
    ),
    Mistake(
        "the probabilities masked",
        "You make probabilities 0 where nothing is asked, and the logarithm of 0 is −∞. Take "
        "the logarithm first.",
        lambda logits, targets: (
            (_picked(logits.softmax(-1), targets) * (targets >= 0)).log().sum(-1)
        ),
    ),
    Mistake(
        "the next target",
        "You shift the targets or the logits once more. The targets are shifted already: that "
        "of a place is what comes next there, so both belong to the same place.",
        _next,
    ),
    Mistake(
        "the likeliest token",
        "You take the largest log probability at each place. It is the **target's** that is "
        "asked for.",
        _by(pick=lambda log_p, targets: log_p.amax(-1)),
    ),
    Mistake(
        "how often the likeliest token is right",
        "You count where the likeliest token is the target. What is asked for is how likely "
        "the target is.",
        lambda logits, targets: (logits.argmax(-1) == targets).sum(-1).float(),
    ),
    Mistake(
        "the sum over the vocabulary",
        "You add up all tokens of the vocabulary. Only the target's log probability counts "
        "at each place.",
        _by(pick=lambda log_p, targets: log_p.sum(-1)),
    ),
    Mistake(
        "only the first token",
        "Only the first token of each answer counts. All that are asked for do.",
        _by(add=_kept(last=False)),
    ),
    Mistake(
        "only the last token",
        "Only the last token of each answer counts. All that are asked for do, from the "
        "first one on.",
        _by(add=_kept(last=True)),
    ),
    Mistake(
        "one number for each place",
        "You give a number for each place. The answer is the sum of each row: one number a "
        "row.",
        _by(add=lambda each, asked: each * asked),
    ),
    Mistake(
        "an axis left over",
        "There is an axis of size 1 left at the end. `sum` takes an axis away, unless "
        "`keepdim` keeps it.",
        _by(last=lambda x: x[:, None]),
    ),
    Mistake(
        "the sum over the rows",
        "You add up the rows, and a number for each place is left. Add along the **places**, "
        "the last axis.",
        _by(add=lambda each, asked: (each * asked).sum(0)),
    ),
    Mistake(
        "the average of the vocabulary taken away",
        "You subtract the mean of the logits. Subtract the logarithm of the sum of their "
        "exponentials: that is what `log_softmax` does.",
        _by(soft=lambda logits: logits - logits.mean(-1, keepdim=True)),
    ),
    Mistake(
        "a softmax over places and tokens",
        "Your softmax goes over all places of a row at once. At **each** place the tokens of "
        "the vocabulary share: that is the last axis alone.",
        _by(soft=lambda logits: logits - logits.logsumexp((-2, -1), keepdim=True)),
    ),
    Mistake(
        "the target's logit detached",
        "Your numbers are right, but `.detach()`, `.data` or `.item()` cuts off the target's "
        "own logit. So nothing would make the target likelier: it learns together with what "
        "is subtracted from it.",
        _by(soft=lambda x: x.detach() - x.logsumexp(-1, keepdim=True)),
    ),
    Mistake(
        "the largest taken away",
        "You subtract the largest logit, and stop there. That makes exponentials safe, but "
        "the logarithm of their sum still has to be subtracted.",
        _by(soft=lambda logits: logits - logits.amax(-1, keepdim=True)),
    ),
    Mistake(
        "the sigmoid",
        "You take the sigmoid of each logit by itself. The probabilities of a "
        "vocabulary add up to 1: that is a softmax.",
        _by(soft=lambda logits: functional.logsigmoid(logits)),
    ),
    only_the_first(lambda *args: _summed(*args)[0], "row"),
    double_precision(oracle),
    lists_of_numbers(oracle),
    written_into(
        _into_targets,
        "targets",
        "an assignment to its places",
        "the targets are changed",
    ),
    written_into(_into_logits, "logits", WRITES, "the logits are changed"),
    two_at_once(
        "a mean, with the sign of a loss",
        _by(add=_mean, last=torch.neg),
        "You divide by the number of tokens, and a sum is asked for.",
        "the sign is that of a loss.",
    ),
    Mistake(
        "−1 made 1",
        "`abs` makes 1 of −1. Then token 1 stands where nothing is asked, and a vocabulary of "
        "one token has none: take token 0, which there always is.",
        _by(goal=torch.abs, pick=_gathered),
    ),
    Mistake(
        "cut off above 0",
        "You cut off what is **above** 0, so all targets become 0, and −1 stays −1, which "
        "`gather` does not take. What is below 0 is to become 0: which end is meant?",
        _by(goal=lambda targets: targets.clamp(max=0), pick=_gathered),
    ),
)

CHECK = Check(
    "log_probabilities",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + LOSSES,
    worked=worked,
)
