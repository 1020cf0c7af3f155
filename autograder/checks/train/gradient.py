"""gradient: that of the mean surprise with respect to each logit.

The oracle is PyTorch's own way back through its own cross-entropy, in double precision.
In some cases the stories have unequally many questions, so that a wrong N shows, and in
others the logits lie hundreds apart. Where nothing is asked, a ValueError is right.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import (
    across,
    between,
    drawn_until,
    large,
    normal,
    stop,
    tenths,
)
from autograder.checks._slips import (
    an_assert,
    double_precision,
    list_of_rows,
    lists_of_numbers,
    only_the_first,
    only_the_last,
    two_at_once,
    written_into,
)
from autograder.checks._twins import twins
from autograder.checks.train._material import (
    DERIVES,
    LIBRARIES,
    axes_taken_for_sure,
    looked_up,
    targets,
)


def oracle(logits: Tensor, targets: Tensor) -> Tensor:
    if not (targets >= 0).any():
        raise ValueError("nothing is asked")
    rows = logits.double().reshape(-1, logits.shape[-1]).requires_grad_()
    functional.cross_entropy(rows, targets.reshape(-1), ignore_index=-1).backward()
    return rows.grad.reshape(logits.shape).float()


def draw(rng: np.random.Generator) -> list[Case]:
    def asked(*shape: int, share: float = 0.7) -> tuple[Tensor, Tensor]:
        """Logits of this shape, and their targets."""
        return tenths(rng, *shape), targets(rng, shape[-1], *shape[:-1], asked=share)

    def some_asked(logits: Tensor, wanted: Tensor) -> bool:
        return 2 <= int((wanted >= 0).sum()) < len(wanted)

    def sure(by: float) -> tuple[Tensor, Tensor]:
        """The right token's logit is far from all others."""
        logits, wanted = asked(3, 5)
        at = wanted.clamp(min=0)[:, None]
        return logits.scatter(1, at, by + tenths(rng, 3, 1)), wanted

    uneven = targets(rng, 5, 3, 6, asked=1)
    uneven[1, between(rng, 1, 2) :] = -1
    uneven[2, between(rng, 3, 4) :] = -1
    heights = torch.tensor([0.0, 300.0, -400.0])[:, None]
    many = between(rng, 270, 290)
    lying = across(targets(rng, 5, 3, 4))
    nothing = torch.full((2, 3), -1)
    return [
        Case("two places, both asked", asked(2, 3, share=1)),
        Case(
            "some places that are not asked",
            drawn_until(some_asked, lambda: asked(4, 3)),
        ),
        Case("a batch of stories", asked(2, 2, 3)),
        Case("stories of different lengths", (tenths(rng, 3, 6, 5), uneven)),
        Case(
            "a single question in a batch",
            (tenths(rng, 2, 4, 5), targets(rng, 5, 2, 4, asked=0, least=2)),
        ),
        Case("uneven numbers", (normal(rng, 4, 5), targets(rng, 5, 4))),
        Case("as many stories as places and tokens", asked(4, 4, 4)),
        Case(
            "many tokens to choose from",
            (tenths(rng, 3, many), targets(rng, many, 3, asked=1, least=130)),
        ),
        Case("a long story", asked(between(rng, 133, 140), 3)),
        edge("a model that is sure, and right", sure(6)),
        edge("a model that is as sure as can be, and right", sure(400)),
        edge("a model that is as sure as can be, and wrong", sure(-400)),
        edge("a model that knows nothing", (torch.ones(4, 7), targets(rng, 7, 4))),
        edge("logits far above 0", (large(rng, 3, 4), targets(rng, 4, 3))),
        edge("logits far below 0", (-large(rng, 3, 4), targets(rng, 4, 3))),
        edge(
            "places at different heights",
            (tenths(rng, 3, 4) + heights, targets(rng, 4, 3, asked=1)),
        ),
        edge(
            "a text of which nothing is asked",
            (tenths(rng, 3, 4), torch.full((3,), -1)),
        ),
        edge("a batch of which nothing is asked", (tenths(rng, 2, 3, 4), nothing)),
        edge("a single place", asked(1, 5)),
        edge("a place without an axis", asked(5)),
        edge("a batch of one story", asked(1, 4, 5)),
        edge("four axes", asked(2, 2, 3, 4)),
        edge("a batch of many stories", asked(between(rng, 133, 140), 2, 3)),
        edge("a single token to choose from", asked(3, 1)),
        edge("a batch of a single number", asked(1, 1, 1)),
        edge("what lies across in memory", (across(tenths(rng, 3, 4, 5)), lying)),
        *twins(oracle, lambda: asked(7, 5, share=0.9), "the logits", "the targets"),
    ]


def _softmax(z: Tensor) -> Tensor:
    return z.softmax(-1)


def _truth(logits: Tensor, targets: Tensor) -> Tensor:
    """1 for the token that came, 0 for all others and where nothing is asked."""
    tokens = torch.arange(logits.shape[-1])
    return (tokens == targets[..., None]).float()


def _minus(p: Tensor, truth: Tensor) -> Tensor:
    return p - truth


def _asked_only(slope: Tensor, asked: Tensor) -> Tensor:
    return slope * asked[..., None]


def _count(asked: Tensor) -> Tensor | int:
    return asked.sum()


def plain(
    logits: Tensor,
    targets: Tensor,
    bets: Callable[[Tensor], Tensor] = _softmax,
    truth: Callable[[Tensor, Tensor], Tensor] = _truth,
    minus: Callable[[Tensor, Tensor], Tensor] = _minus,
    mask: Callable[[Tensor, Tensor], Tensor] = _asked_only,
    asked: Callable[[Tensor], Tensor] = lambda targets: targets >= 0,
    count: Callable[[Tensor], Tensor | int] = _count,
    last: Callable[[Tensor, Tensor], Tensor] = lambda slope, targets: slope,
    none: Callable[[Tensor], Tensor] | None = lambda logits: stop(ValueError),
) -> Tensor:
    """The gradient with a screw at each step."""
    if none and not (targets >= 0).any():
        return none(logits)
    slope = minus(bets(logits), truth(logits, targets))
    return last(mask(slope, asked(targets)) / count(asked(targets)), targets)


def _by(**screws) -> Callable[..., Tensor]:
    return partial(plain, **screws)


def worked(logits: Tensor, targets: Tensor) -> dict[str, Tensor | int]:
    asked = targets >= 0
    p, truth = logits.double().softmax(-1).float(), _truth(logits, targets)
    return {
        "the bets": p,
        "the truth": truth,
        "bets minus truth, where asked": (p - truth) * asked[..., None] + 0.0,  # not -0
        "how many are asked": int(asked.sum()),
    }


def _truth_of(change: Callable[[Tensor, int], Tensor]) -> Callable[..., Tensor]:
    """The truth, of targets of which something has been made."""
    return lambda logits, targets: _truth(logits, change(targets, logits.shape[-1]))


def _of_all_places(logits: Tensor, targets: Tensor) -> Tensor:
    """As slope[..., targets] -= 1 has it: the targets of all places, at each."""
    tokens = torch.arange(logits.shape[-1])
    hit = (tokens == targets[targets >= 0].reshape(-1, 1)).any(0)
    return hit.float().expand_as(logits)


def _written(
    place: Callable[[Tensor, Tensor], tuple], axis: int = -1
) -> Callable[..., Tensor]:
    """1 subtracted in the bets themselves, at a place, and what is not asked made 0."""

    def answer(logits: Tensor, targets: Tensor) -> Tensor:
        asked = targets >= 0
        if not asked.any():
            stop(ValueError)
        slope = logits.softmax(axis)
        slope[place(targets, slope)] -= 1
        return slope * asked[..., None] / asked.sum()

    return answer


def _exponentials(z: Tensor) -> Tensor:
    return z.exp() / z.exp().sum(-1, keepdim=True)


def _nudged(logits: Tensor, targets: Tensor) -> Tensor:
    """As a nudge of each logit in float32 has it."""
    if not (targets >= 0).any():
        stop(ValueError)
    rows, wanted = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
    asked = (wanted >= 0)[:, None]
    by = 1e-3 * torch.eye(rows.shape[-1])
    pushed = (rows[:, None] + by).log_softmax(-1) - rows.log_softmax(-1)[:, None]
    at = wanted.clamp(min=0)[:, None, None].expand(-1, rows.shape[-1], 1)
    slope = -pushed.gather(-1, at)[..., 0] / 1e-3
    return (slope * asked / asked.sum()).reshape(logits.shape)


def _by_story(logits: Tensor, targets: Tensor) -> Tensor:
    """Of the mean of each story's mean."""
    if targets.ndim < 2 or not (targets >= 0).any():
        return plain(logits, targets)
    asked = targets >= 0
    own = asked.sum(-1, keepdim=True).clamp(min=1)[..., None]
    stories = asked.any(-1).sum()
    slope = plain(logits, targets, count=lambda asked: 1)
    return slope / own / stories


def _divided_first(logits: Tensor, targets: Tensor) -> Tensor:
    """The bets divided by N, and 1 subtracted after that."""
    many = max((targets >= 0).sum(), 1)
    return plain(
        logits, targets, bets=lambda z: z.softmax(-1) / many, count=lambda asked: 1
    )


def _left_where_not_asked(
    made: Callable[[Tensor], Tensor], logits: Tensor, targets: Tensor
) -> Tensor:
    """Right where something is asked; elsewhere what stood there before."""
    right = plain(logits, targets)
    return torch.where((targets >= 0)[..., None], right, made(logits))


def _softmax_of_the_asked(logits: Tensor, targets: Tensor) -> Tensor:
    """One softmax of all numbers at the places that are asked."""
    asked = (targets >= 0)[..., None]
    powers = logits.masked_fill(~asked, -torch.inf).flatten().softmax(0)
    return plain(logits, targets, bets=lambda z: powers.reshape(z.shape))


def _first_place(logits: Tensor, targets: Tensor) -> Tensor:
    """The truth of the first place that is asked alone."""
    hit = _truth(logits, targets)
    found = hit.flatten().nonzero()[:1, 0]
    return torch.zeros_like(hit).flatten().index_fill(0, found, 1).reshape(hit.shape)


def _lowered(logits: Tensor, targets: Tensor) -> Tensor:
    answer = plain(logits, targets)
    logits -= logits.amax(-1, keepdim=True)
    return answer


def _zeroed(logits: Tensor, targets: Tensor) -> Tensor:
    answer = plain(logits, targets)
    targets.clamp_(min=0)
    return answer


_N = "N is how many places are **asked**, in the whole batch"
_AT_TARGET = "1 is subtracted for the token that came, and for no other"

MISTAKES = (
    Mistake(
        "the truth is the likeliest token",
        "You subtract 1 for the token that the model thinks likeliest. The truth is the token "
        "that **came**, and the target says which it is.",
        _by(truth=lambda logits, targets: _truth(logits, logits.argmax(-1))),
    ),
    Mistake(
        "truth minus bets",
        "The sign is the other one: yours is truth minus bets. The gradient says where the "
        "loss **grows**, and the step goes the other way later.",
        _by(minus=lambda p, truth: truth - p),
    ),
    Mistake(
        "bets plus truth",
        "You add the truth to the bets. It is subtracted: where the bet is all on what came, "
        "nothing is left to do.",
        _by(minus=lambda p, truth: p + truth),
    ),
    Mistake(
        "the bets alone",
        f"These are the bets, divided by N. The truth is missing: {_AT_TARGET}.",
        _by(minus=lambda p, truth: p),
    ),
    Mistake(
        "the truth alone",
        "Only the token that came has a gradient in yours. All others have their bet: what was "
        "bet on them is too much.",
        _by(minus=lambda p, truth: -truth),
    ),
    Mistake(
        "only the token that came",
        "The token that came is right, and all others are 0. They have a gradient too, their "
        "bet: what was bet on them was wrong.",
        _by(minus=lambda p, truth: (p - 1) * truth),
    ),
    Mistake(
        "0 for the token that came",
        "The token that came has 0 in yours. Its gradient is its bet minus 1, so that its "
        "logit goes up.",
        _by(minus=lambda p, truth: p * (1 - truth)),
    ),
    Mistake(
        "1 subtracted from all",
        "You subtract 1 from every bet. It is subtracted for the token that came, and for no "
        "other.",
        _by(minus=lambda p, truth: p - 1),
    ),
    Mistake(
        "1 subtracted for the tokens of all places",
        "At each place you subtract 1 for the targets of **all** places. Each place has one "
        "target: pair places and targets, by an index for each.",
        _by(truth=_of_all_places),
    ),
    Mistake(
        "the bets not made",
        "You subtract the truth from the logits. The softmax is missing: the gradient is made "
        "of bets.",
        _by(bets=lambda z: z),
    ),
    Mistake(
        "the logarithm of the bets",
        "You subtract the truth from the logarithms of the bets. It is the bets themselves "
        "that are meant: `softmax`, not `log_softmax`.",
        _by(bets=lambda z: z.log_softmax(-1)),
    ),
    Mistake(
        "exp of the logits as they are",
        "Right until a logit is 89 or more: its `exp` is ∞. PyTorch's `softmax` takes logits "
        "of any size, or subtract each place's largest first.",
        _by(bets=_exponentials),
    ),
    Mistake(
        "the largest of all subtracted",
        "You subtract the largest of **all** logits, also those of other places. Where a "
        "place lies far below it, all its powers are 0. Each place has a largest of its own.",
        _by(bets=lambda z: _exponentials(z - z.max())),
    ),
    Mistake(
        "a sigmoid",
        "You make each bet by a sigmoid of its own. Bets on one place add up to 1: that is a "
        "softmax.",
        _by(bets=torch.sigmoid),
    ),
    Mistake(
        "a softmax of a softmax",
        "The bets are made twice. The softmax takes the logits as they are.",
        _by(bets=lambda z: z.softmax(-1).softmax(-1)),
    ),
    Mistake(
        "a softmax along the places",
        "Your softmax runs along the places of a story. The bets of **one** place add up to "
        "1: that is the last axis.",
        _by(bets=lambda z: z.softmax(-2)),
    ),
    Mistake(
        "a softmax along the first axis",
        "Your softmax runs along the first axis. The bets of **one** place add up to 1: that "
        "is the last axis, `-1`.",
        _by(bets=lambda z: z.softmax(0)),
    ),
    Mistake(
        "a softmax of all numbers",
        "Your softmax is one for all places together. Each place has bets of its own, which "
        "add up to 1: along the last axis.",
        _by(bets=lambda z: z.flatten().softmax(0).reshape(z.shape)),
    ),
    Mistake(
        "the logits with the other sign",
        "The logits have the other sign in your softmax. It takes them as they are; only the "
        "truth is subtracted.",
        _by(bets=lambda z: (-z).softmax(-1)),
    ),
    Mistake(
        "the likeliest token for the bets",
        "You take 1 for the likeliest token and 0 for all others as the bets. The bets are "
        "the softmax itself: how **much** was bet counts.",
        _by(bets=lambda z: _truth(z, z.argmax(-1))),
    ),
    Mistake(
        "a softmax of all numbers that are asked",
        "Your softmax is one for all places that are asked together. Each place has bets of its "
        "own, which add up to 1: along the last axis.",
        _softmax_of_the_asked,
    ),
    Mistake(
        "divided before 1 is subtracted",
        "You divide the bets by N and subtract a whole 1 after that. First subtract, then divide "
        "all of it: (p − truth) / N.",
        _divided_first,
    ),
    Mistake(
        "1 instead of 1 less",
        "You set the bet on the token that came to 1. It becomes 1 **less** than it was: p − 1.",
        _by(minus=lambda p, truth: torch.where(truth > 0, 1.0, p)),
    ),
    Mistake(
        "1 subtracted at the first place only",
        "You subtract 1 at the first place that is asked, and at no other. **Each** place that is "
        "asked has a token that came.",
        _by(truth=_first_place),
    ),
    *(
        Mistake(
            f"{what} left where nothing is asked",
            f"Right where something is asked. Elsewhere {what} still stand in what you give back. "
            "Nothing can be wrong there: all its numbers are 0. Begin with zeros.",
            partial(_left_where_not_asked, made),
        )
        for what, made in (
            ("the bets", _softmax),
            ("the logits", lambda z: z),
            ("ones", torch.ones_like),
        )
    ),
    Mistake(
        "the slope of a bet",
        "You give p (1 − p), how a bet changes with its own logit. The loss changes with that bet "
        "by −1 / p, and each other logit changes it, too. All of it together is p − truth.",
        _by(minus=lambda p, truth: p * (1 - p)),
    ),
    Mistake(
        "not divided by N",
        "Nothing is divided: this is the gradient of the sum of all surprises. The loss is "
        f"their mean. {_N}.",
        _by(count=lambda asked: 1),
    ),
    Mistake(
        "divided by all places",
        f"You divide by all places. {_N}: a place that was filled up does not count.",
        _by(count=lambda asked: asked.numel()),
    ),
    Mistake(
        "each row by its own number",
        f"You divide each row by its own questions. {_N}: every token that is asked weighs the "
        "same, whichever story it is in.",
        _by(count=lambda asked: asked.sum(-1, keepdim=True)[..., None]),
    ),
    Mistake(
        "a mask without an axis for the tokens",
        "Your mask has a number for each place, and what it is multiplied by has one for each "
        "token of each place. Give the mask another axis at its end, of size 1.",
        _by(
            mask=lambda slope, asked: slope * asked,
            truth=_truth_of(lambda t, n: t.clamp(min=0)),
        ),
    ),
    Mistake(
        "-1 looked up",
        "Where nothing is asked, the target is −1. It is no id: `gather` and `scatter` cannot look "
        "it up, and `one_hot` knows no such class. Put any other id there first. All numbers of these places become 0 later.",
        looked_up(plain),
    ),
    Mistake(
        "one_hot of too few tokens",
        "`one_hot` makes as many columns as the largest target that it meets needs. Tell it how "
        "many tokens the vocabulary has: the last size of the logits.",
        _by(truth=lambda logits, t: functional.one_hot(t.clamp(min=0)).float()),
    ),
    *(
        Mistake(
            name,
            "You pair the numbers of the rows with the targets, which is right where the places "
            f"have one axis. In a batch they have two, and there may be more or none{also}. "
            "Flatten the places first, or take `scatter` along the last axis.",
            _written(
                lambda targets, slope: (torch.arange(len(targets)), targets), axis
            ),
        )
        for name, also, axis in (
            ("only places of one axis", "", -1),
            (
                "only places of one axis, and a softmax along axis 1",
                " (and the tokens are always the **last** axis of the softmax, `-1`)",
                1,
            ),
        )
    ),
    Mistake(
        "these columns of all places",
        "`[..., targets]` takes the columns of **all** targets, at each place. Each place has one "
        "target: pair places and targets, by an index for each.",
        _written(lambda targets, slope: (..., targets)),
    ),
    Mistake(
        "divided by the stories",
        f"You divide by the number of rows. {_N}.",
        _by(count=lambda asked: len(asked) if asked.ndim else stop(TypeError)),
    ),
    Mistake(
        "divided by the places of a row",
        f"You divide by the length of a row. {_N}.",
        _by(count=lambda asked: asked.shape[-1] if asked.ndim else stop(IndexError)),
    ),
    Mistake(
        "divided by n_vocab",
        f"You divide by the number of tokens in the vocabulary. {_N}.",
        lambda logits, targets: plain(
            logits, targets, count=lambda asked: logits.shape[-1]
        ),
    ),
    Mistake(
        "divided by all numbers",
        f"You divide by all numbers of the logits, as `mean` would. {_N}.",
        lambda logits, targets: plain(
            logits, targets, count=lambda asked: logits.numel()
        ),
    ),
    Mistake(
        "divided by N twice",
        f"You divide by N twice. Once is enough. {_N}.",
        _by(count=lambda asked: asked.sum() ** 2),
    ),
    Mistake(
        "multiplied by N",
        "You multiply by N. A mean is a sum **divided** by N, and so is its gradient.",
        _by(count=lambda asked: 1 / asked.sum()),
    ),
    Mistake(
        "each story by its own number",
        "You divide each story by its own questions, and then by the stories. Every token that "
        f"is asked weighs the same. {_N}.",
        _by_story,
    ),
    Mistake(
        "the bets where nothing is asked",
        "Where nothing is asked, your gradient is what was bet. Nothing can be wrong there: "
        "all its numbers are 0.",
        _by(mask=lambda slope, asked: slope),
    ),
    Mistake(
        "not asked counted as the last token",
        "Where nothing is asked, you subtract 1 for token −1, which in Python is the **last** "
        "one. All numbers of such a place are 0.",
        _by(
            truth=_truth_of(lambda t, n: t % n),
            mask=lambda slope, asked: slope,
        ),
    ),
    Mistake(
        "not asked counted as the last token, and by all places",
        "Where nothing is asked, you subtract 1 for token −1, which in Python is the **last** "
        "one, and count the place. All its numbers are 0, and N leaves it out.",
        _by(
            truth=_truth_of(lambda t, n: t % n),
            mask=lambda slope, asked: slope,
            count=lambda asked: asked.numel(),
        ),
    ),
    Mistake(
        "not asked counted as token 0",
        "Where nothing is asked, you subtract 1 for token 0. All numbers of such a place are "
        "0.",
        _by(
            truth=_truth_of(lambda t, n: t.clamp(min=0)),
            mask=lambda slope, asked: slope,
        ),
    ),
    Mistake(
        "the bets where nothing is asked, and by all places",
        "Where nothing is asked, your gradient is what was bet, and N counts the place too. "
        "All its numbers are 0, and N leaves it out.",
        _by(
            mask=lambda slope, asked: slope,
            count=lambda asked: asked.numel(),
        ),
    ),
    Mistake(
        "token 0 not asked",
        "Token 0 is left out, as if nothing were asked there. It is a token like any other: "
        "only −1 asks nothing.",
        _by(asked=lambda t: t > 0),
    ),
    Mistake(
        "places that are not asked left out",
        "The places where nothing is asked are missing. The gradient has the **shape** of the "
        "logits: they are there, and 0.",
        _by(last=lambda slope, targets: slope[targets >= 0]),
    ),
    Mistake(
        "added up over the places",
        "You add up the gradients of all places. Each logit has its own: the shape is that of "
        "the logits.",
        _by(last=lambda slope, targets: slope.reshape(-1, slope.shape[-1]).sum(0)),
    ),
    Mistake(
        "the gradient of the bets",
        "You give the change of the loss with each **bet**, −1 / p. Asked is the change with "
        "each logit, and the softmax between them makes p − truth of it.",
        _by(minus=lambda p, truth: -truth / p),
    ),
    Mistake(
        "times the bets",
        "You multiply by the bets once more, as for another loss. For the surprise, bets minus "
        "truth is all.",
        _by(minus=lambda p, truth: p * (p - truth)),
    ),
    Mistake(
        "times p (1 - p)",
        "You multiply by p (1 − p), the slope of a sigmoid, once more. It is in p − truth "
        "already: the logarithm of the loss has cancelled it.",
        _by(minus=lambda p, truth: (p - truth) * p * (1 - p)),
    ),
    Mistake(
        "of the loss in bits",
        "Your gradient is that of a loss in bits, larger by 1 / ln 2. The loss is in nats: "
        "leave that factor out.",
        _by(last=lambda slope, targets: slope / torch.tensor(2.0).log()),
    ),
    Mistake(
        "twice as much",
        "Your gradient is twice what it should be, as that of a square. There is no square in "
        "this loss.",
        _by(last=lambda slope, targets: 2 * slope),
    ),
    Mistake(
        "no signs",
        "All your numbers are positive. The token that came has a negative gradient: its logit "
        "should grow.",
        _by(last=lambda slope, targets: slope.abs()),
    ),
    Mistake(
        "squared",
        "You square the differences. The gradient is bets minus truth as it is, with its sign.",
        _by(minus=lambda p, truth: (p - truth) ** 2),
    ),
    Mistake(
        "nudged",
        "You nudge each logit and see what becomes of the loss. That is what a gradient means, "
        "but it is only about right, and slow. The formula, bets minus truth, is exact.",
        _nudged,
    ),
    Mistake(
        "the loss itself",
        "This is the loss. Its gradient is asked: a number for each logit.",
        lambda logits, targets: (
            functional.cross_entropy(
                logits.reshape(-1, logits.shape[-1]),
                targets.reshape(-1),
                ignore_index=-1,
            )
            if (targets >= 0).any()
            else stop(ValueError)
        ),
    ),
    only_the_first(
        lambda logits, targets: (
            plain(logits, targets)[0] if targets.ndim else stop(IndexError)
        ),
        "row",
    ),
    only_the_last(
        lambda logits, targets: (
            plain(logits, targets)[-1] if targets.ndim else stop(IndexError)
        ),
        "row",
    ),
    list_of_rows(plain),
    lists_of_numbers(plain),
    double_precision(plain, "Does a constant or `numpy` make it so?"),
    *axes_taken_for_sure(plain),
    written_into(_lowered, "logits"),
    written_into(
        _zeroed, "targets", by="an assignment to a part of it", instead="Copy it first."
    ),
    Mistake(
        "nothing is refused",
        "Right where something is asked. Where nothing is, you divide by 0. Look at that "
        "first, and raise a ValueError.",
        _by(none=None),
    ),
    Mistake(
        "zeros where nothing is asked",
        "Right where something is asked. Where nothing is, you return zeros, as if the model "
        "were perfect. There is no loss either: raise a ValueError.",
        _by(none=torch.zeros_like),
    ),
    an_assert(_by(none=lambda _: stop(AssertionError)), "A batch without a question"),
    two_at_once(
        "truth minus bets, and not divided by N",
        _by(minus=lambda p, truth: truth - p, count=lambda asked: 1),
        "The sign is the other one: the gradient is bets minus truth.",
        "you do not divide by N, how many places are asked.",
    ),
)

CHECK = Check(
    "gradient",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=(*LIBRARIES, *DERIVES),
    worked=worked,
    atol=2e-7,
)
