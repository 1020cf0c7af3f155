"""loss: the mean surprise over the targets that are asked.

The oracle is PyTorch's own cross-entropy in double precision. In some cases the logits
lie hundreds apart, or all of them far from 0, so that `exp` of them is ∞ or 0; in others
the stories have unequally many questions, so that a wrong mean shows. Where nothing is
asked, a ValueError is right.
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
    two_at_once,
    written_into,
)
from autograder.checks._twins import twins
from autograder.checks.train._material import (
    LIBRARIES,
    LOSSES,
    axes_taken_for_sure,
    looked_up,
    targets,
)


def oracle(logits: Tensor, targets: Tensor) -> Tensor:
    if not (targets >= 0).any():
        raise ValueError("nothing is asked")
    rows = logits.double().reshape(-1, logits.shape[-1])
    return functional.cross_entropy(rows, targets.reshape(-1), ignore_index=-1).float()


def draw(rng: np.random.Generator) -> list[Case]:
    def asked(*shape: int, share: float = 0.7) -> tuple[Tensor, Tensor]:
        """Logits of this shape, and their targets."""
        return tenths(rng, *shape), targets(rng, shape[-1], *shape[:-1], asked=share)

    def far(*shape: int) -> tuple[Tensor, Tensor]:
        """The right token's logit is far below the largest, at one place at least."""
        logits, wanted = asked(*shape, share=1)
        logits = logits * 100
        logits.view(-1, shape[-1])[0, int(wanted.view(-1)[0])] = -300
        return logits, wanted

    def sure(by: float) -> tuple[Tensor, Tensor]:
        """The right token's logit is far above all others."""
        logits, wanted = asked(3, 5)
        at = wanted.clamp(min=0)[:, None]
        return logits.scatter(1, at, by + tenths(rng, 3, 1)), wanted

    def some_asked(logits: Tensor, wanted: Tensor) -> bool:
        return 2 <= int((wanted >= 0).sum()) < len(wanted)

    def uneven_loss(*args: Tensor) -> bool:
        """Whether it is another one if it is rounded."""
        right = oracle(*args)
        return bool((right - right.round(decimals=4)).abs() > 1e-5)

    uneven = targets(rng, 5, 3, 6, asked=1)
    uneven[1, between(rng, 1, 2) :] = -1
    uneven[2, between(rng, 3, 4) :] = -1
    heights = torch.tensor([0.0, 300.0, -400.0])[:, None]
    lone = targets(rng, 5, 2, 4, asked=0, least=2)
    lying = across(targets(rng, 5, 3, 4))
    batch, many = between(rng, 133, 140), between(rng, 270, 290)
    nothing = torch.full((2, 3), -1)
    wide = tenths(rng, 3, many), targets(rng, many, 3, asked=1, least=130)
    return [
        Case("two places, both asked", asked(2, 3, share=1)),
        Case(
            "some places that are not asked",
            drawn_until(some_asked, lambda: asked(4, 3)),
        ),
        Case("a batch of stories", asked(2, 4, 5)),
        Case("stories of different lengths", (tenths(rng, 3, 6, 5), uneven)),
        Case("a single question in a batch", (tenths(rng, 2, 4, 5), lone)),
        Case("uneven numbers", (normal(rng, 4, 5), targets(rng, 5, 4))),
        Case("as many stories as places and tokens", asked(4, 4, 4)),
        Case("a model that is sure, and wrong", far(3, 4)),
        Case("many tokens to choose from", wide),
        Case("a long story", asked(between(rng, 133, 140), 3)),
        edge(
            "a model that is sure, and right",
            drawn_until(uneven_loss, lambda: sure(9)),
        ),
        edge("a model that is as sure as can be, and right", sure(400)),
        edge("a batch that is sure, and wrong", far(2, 2, 5)),
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
        edge("a batch of many stories", asked(batch, 2, 3)),
        edge("a single token to choose from", asked(3, 1)),
        edge("a batch of a single number", asked(1, 1, 1)),
        edge("what lies across in memory", (across(tenths(rng, 3, 4, 5)), lying)),
        *twins(oracle, lambda: asked(7, 5, share=0.9), "the logits", "the targets"),
    ]


def _same(x: Tensor) -> Tensor:
    return x


def _log_softmax(z: Tensor) -> Tensor:
    return z.log_softmax(-1)


def _asked(targets: Tensor) -> Tensor:
    return targets >= 0


def _mean(surprise: Tensor, asked: Tensor) -> Tensor:
    """Of the places that are asked; `surprise` has the shape of the targets."""
    return surprise[asked].mean()


def _pick(logp: Tensor, targets: Tensor) -> Tensor:
    return logp.gather(-1, targets.clamp(min=0)[..., None])[..., 0]


def plain(
    logits: Tensor,
    targets: Tensor,
    first: Callable[[Tensor], Tensor] = _same,
    log_of_bets: Callable[[Tensor], Tensor] = _log_softmax,
    pick: Callable[[Tensor, Tensor], Tensor] = _pick,
    sign: Callable[[Tensor], Tensor] = torch.neg,
    asked: Callable[[Tensor], Tensor] = _asked,
    mean: Callable[[Tensor, Tensor], Tensor] = _mean,
    last: Callable[[Tensor], Tensor] = _same,
    none: Callable[[], Tensor] | None = lambda: stop(ValueError),
) -> Tensor:
    """The loss with a screw at each step."""
    if none and not (targets >= 0).any():
        return none()
    surprise = sign(pick(log_of_bets(first(logits)), targets))
    return last(mean(surprise, asked(targets)))


def _by(**screws) -> Callable[..., Tensor]:
    return partial(plain, **screws)


def worked(logits: Tensor, targets: Tensor) -> dict[str, Tensor | int]:
    asked = targets >= 0
    rows, wanted = logits[asked].double(), targets[asked]
    surprise = -rows.log_softmax(-1).gather(-1, wanted[:, None])[:, 0]
    return {
        "the targets that are asked": wanted,
        "what was bet on each": (-surprise).float().exp(),
        "their surprises": surprise + 0.0,  # and not -0
        "how many they are": len(wanted),
    }


def _hand_made(
    height: Callable[[Tensor], Tensor | float],
) -> Callable[[Tensor], Tensor]:
    """Logarithms of bets by exponentials, after `height` has been subtracted."""

    def log_of_bets(z: Tensor) -> Tensor:
        moved = z - height(z)
        return moved - moved.exp().sum(-1, keepdim=True).log()

    return log_of_bets


def _all_pairs(logits: Tensor, targets: Tensor) -> Tensor:
    """As logp[:, targets] has it: the bets of each place on the targets of all."""
    if not (targets >= 0).any():
        stop(ValueError)
    logp = logits.log_softmax(-1).reshape(-1, logits.shape[-1])
    asked = targets.reshape(-1) >= 0
    return -logp[asked][:, targets.reshape(-1)[asked]].mean()


def _once_more(logits: Tensor, targets: Tensor) -> Tensor:
    """Shifted by one once more; a place alone has no other."""
    if not (targets >= 0).any():
        stop(ValueError)
    if targets.ndim == 0:
        stop(IndexError)
    return plain(logits[..., :-1, :], targets[..., 1:], none=None)


def _story_by_story(surprise: Tensor, asked: Tensor) -> Tensor:
    if surprise.ndim < 2:
        return _mean(surprise, asked)
    rows = surprise.masked_fill(~asked, 0).sum(-1) / asked.sum(-1)
    return rows.nanmean()


def _by_row_numbers(logits: Tensor, targets: Tensor) -> Tensor:
    """As logp[numbers of the rows, targets] has it, where places have one axis."""
    if not (targets >= 0).any():
        stop(ValueError)
    picked = logits.log_softmax(-1)[torch.arange(len(targets)), targets]
    return -picked[targets >= 0].mean()


def _all_at_once(logits: Tensor, targets: Tensor) -> Tensor:
    """One softmax of all numbers at the places that are asked."""
    asked = targets >= 0
    if not asked.any():
        stop(ValueError)
    z = logits[asked]
    return (z.logsumexp((0, 1)) - z.gather(-1, targets[asked][:, None])).mean()


def _logits_masked(logits: Tensor, targets: Tensor) -> Tensor:
    """0 in place of the logits where nothing is asked, and these places counted."""
    asked = targets >= 0
    if not asked.any():
        stop(ValueError)
    log_p = (logits * asked[..., None]).log_softmax(-1)
    return -log_p.gather(-1, targets.clamp(min=0)[..., None]).sum() / asked.sum()


def _zeroed(logits: Tensor, targets: Tensor) -> Tensor:
    answer = plain(logits, targets)
    targets.clamp_(min=0)
    return answer


def _lowered(logits: Tensor, targets: Tensor) -> Tensor:
    answer = plain(logits, targets)
    logits -= logits.amax(-1, keepdim=True)
    return answer


def _of_a_least_size(least: float, *args: Tensor) -> Tensor:
    return plain(*args, log_of_bets=lambda z: z.softmax(-1).clamp(min=least).log())


def _until_one_is_not_asked(logits: Tensor, targets: Tensor) -> Tensor:
    """As a loop over all places has it that ends where nothing is asked."""
    rows, wanted = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
    first = int((wanted >= 0).int().argmin()) if (wanted < 0).any() else len(wanted)
    return plain(rows[:first], wanted[:first])


def _of_the_first(surprise: Tensor, asked: Tensor) -> Tensor:
    return surprise[asked][0]


_NO_INF = "`logsumexp` and `log_softmax` take logits of any size"

MISTAKES = (
    Mistake(
        "the logarithm of a softmax",
        "Right until a bet is too small for a float: then it is 0, and −ln 0 is ∞. Do not "
        f"make the bets first and take their logarithm: {_NO_INF}.",
        _by(log_of_bets=lambda z: z.softmax(-1).log()),
    ),
    Mistake(
        "a little added to the bets",
        "You keep the bets from 0 by a tiny number, which you add, or below which you let none "
        "fall. So a model that is very wrong pays too little, and its surprise has a ceiling. "
        f"That of a bet of e⁻²⁰⁰ is 200: {_NO_INF}.",
        _by(log_of_bets=lambda z: (z.softmax(-1) + 1e-9).log()),
    ),
    *(
        Mistake(
            f"bets of a least size, {least}",
            "You do not let any bet be smaller than some tiny number. So the surprise has a "
            f"ceiling. That of a bet of e⁻²⁰⁰ is 200: {_NO_INF}.",
            partial(_of_a_least_size, least),
        )
        # 1e-9 is as if it were added
        for least in (1e-7, 1e-8, 1e-10, 1e-12, 1e-15, 1e-20, 1e-30)
    ),
    Mistake(
        "exp of the logits as they are",
        "Right until a logit is 89 or more: its `exp` is ∞. And where all of them are below "
        "−104, their sum is 0. `logsumexp` and `log_softmax` take logits of any size.",
        _by(log_of_bets=_hand_made(lambda z: 0.0)),
    ),
    Mistake(
        "the largest of all subtracted",
        "You subtract the largest of **all** logits, also those of other places. Where a "
        "place lies far below it, all its powers are 0. Each place has a largest logit of "
        "its own.",
        _by(log_of_bets=_hand_made(lambda z: z.max())),
    ),
    Mistake(
        "the mean subtracted",
        "You subtract the mean of the logits before `exp`. The largest may still be far above "
        "it, and its power ∞. Subtract the largest, or leave it to `logsumexp`.",
        _by(log_of_bets=_hand_made(lambda z: z.mean(-1, keepdim=True))),
    ),
    Mistake(
        "a softmax of a softmax",
        "The bets are made twice: what goes into the last softmax is already a softmax. It "
        "takes the logits as they are.",
        _by(first=lambda z: z.softmax(-1)),
    ),
    Mistake(
        "no minus",
        "The loss is negative. A logarithm of a bet is below 0, and a surprise is above: −ln "
        "p.",
        _by(sign=_same),
    ),
    Mistake(
        "not asked counted as the last token",
        "Where nothing is asked, you look up the bet on token −1, which in Python is the "
        "**last** one. Leave those places out.",
        _by(
            pick=lambda logp, t: logp.gather(-1, (t % logp.shape[-1])[..., None])[
                ..., 0
            ],
            asked=lambda t: t >= -1,
        ),
    ),
    Mistake(
        "not asked counted as token 0",
        "Where nothing is asked, you count the bet on token 0. Leave those places out of the "
        "mean altogether.",
        _by(asked=lambda t: t >= -1),
    ),
    *(
        Mistake(
            f"not asked counted in the sum as {token}",
            f"What you divide by is right. But the sum has the places where nothing is asked, too, "
            f"with the surprise of {token}. Make that 0, or leave those places out first.",
            _by(pick=pick, mean=lambda s, asked: s.sum() / asked.sum()),
        )
        for token, pick in (
            ("token 0", _pick),
            (
                "the last token",
                lambda logp, t: logp.gather(-1, (t % logp.shape[-1])[..., None])[
                    ..., 0
                ],
            ),
        )
    ),
    Mistake(
        "until one is not asked",
        "Your loop ends at the first place where nothing is asked, so all places after it are "
        "lost. `break` ends a loop; `continue` goes on with the next place.",
        _until_one_is_not_asked,
    ),
    Mistake(
        "token 0 not asked",
        "Token 0 is left out, as if nothing were asked there. It is a token like any other: "
        "only −1 asks nothing.",
        _by(asked=lambda t: t > 0),
    ),
    Mistake(
        "token 0 left out of the sum",
        "Where token 0 is asked, you add nothing, but count the place. It is a token like any "
        "other: only −1 asks nothing.",
        _by(pick=lambda logp, t: _pick(logp, t) * (t != 0)),
    ),
    Mistake(
        "what is not asked counted in the mean",
        "The sum is right, but you divide by **all** places. Divide by those that are asked: "
        "the others would make the loss look better than it is.",
        _by(mean=lambda s, asked: s.masked_fill(~asked, 0).sum() / asked.numel()),
    ),
    Mistake(
        "the mean of each story's mean",
        "You take the mean of each story first, and then the mean of these. So the tokens of "
        "a short story weigh more. Every token that is asked weighs the same.",
        _by(mean=_story_by_story),
    ),
    Mistake(
        "the mean of each story's mean, empty ones too",
        "You take the mean of each story first, and then the mean of these. So the tokens of "
        "a short story weigh more, and one in which nothing is asked gives 0 / 0. One sum over "
        "all, divided by one N.",
        _by(
            mean=lambda s, asked: (
                s.masked_fill(~asked, 0).sum(-1) / asked.sum(-1)
            ).mean()
        ),
    ),
    Mistake(
        "-1 looked up",
        "Where nothing is asked, the target is −1. It is no id: `gather` and `scatter` cannot look "
        "it up, and `one_hot` knows no such class. Leave those places out first, or look up any other id there and leave it out of the mean.",
        looked_up(plain),
    ),
    Mistake(
        "the logarithm of the logits",
        "You take the logarithm of the logits themselves, and many of them are negative. They "
        "are no bets yet: a softmax makes bets of them, and `log_softmax` their logarithms.",
        _by(log_of_bets=torch.log),
    ),
    Mistake(
        "only places of one axis",
        "You look up by the numbers of the rows, which is right where the places have one axis. "
        "In a batch they have two, and there may be more or none. Flatten the places first, or "
        "take `gather` along the last axis.",
        _by_row_numbers,
    ),
    Mistake(
        "one softmax of all places",
        "Your softmax goes over all places at once, so the bets of all of them share 1. At "
        "**each** place the tokens of the vocabulary share: that is the last axis alone.",
        _all_at_once,
    ),
    Mistake(
        "the logits masked",
        "You make the logits 0 where nothing is asked, and add up these places all the same: "
        "each then costs ln of the vocabulary. Leave out their surprises instead.",
        _logits_masked,
    ),
    Mistake(
        "the bet on the likeliest token",
        "You look up the bet on the likeliest token. The loss asks what was bet on the token "
        "that **came**: the target says which it is.",
        _by(pick=lambda logp, t: logp.amax(-1)),
    ),
    Mistake(
        "divided by the stories",
        "You divide by the number of rows. The mean is over the **tokens** that are asked.",
        _by(
            mean=lambda s, asked: (
                s[asked].sum() / (len(s) if s.ndim else stop(TypeError))
            )
        ),
    ),
    Mistake(
        "the sum instead of the mean",
        "You add up the surprises. The loss is their **mean**, so that it does not depend on "
        "how many tokens a batch has.",
        _by(mean=lambda s, asked: s[asked].sum()),
    ),
    Mistake(
        "twice as large",
        "Your loss is twice what it should be. It is −ln p, without a factor.",
        _by(last=lambda x: 2 * x),
    ),
    Mistake(
        "the mean over all tokens of the vocabulary",
        "Your mean is over all bets of each place, the zeros among them, so it is n_vocab "
        "times too small. One bet of each place counts.",
        lambda logits, targets: plain(
            logits, targets, mean=lambda s, a: s[a].mean() / logits.shape[-1]
        ),
    ),
    Mistake(
        "every token's surprise",
        "You take the mean surprise of **all** tokens of the vocabulary. Only the one that "
        "came counts: the target says which it is.",
        _by(pick=lambda logp, t: logp.mean(-1)),
    ),
    Mistake(
        "the bets of each place on all targets",
        "You look up the bets of each place on the targets of **all** places. Each place has "
        "one target: pair them, one by one. `gather` does this, or an index for both axes.",
        _all_pairs,
    ),
    Mistake(
        "no mean",
        "These are the surprises of all tokens. The loss is one number: their mean.",
        _by(mean=lambda s, asked: s[asked]),
    ),
    Mistake(
        "no mean, and zeros",
        "These are the surprises of all places, with 0 where nothing is asked. The loss is "
        "one number: the mean of those that are asked.",
        _by(mean=lambda s, asked: s.masked_fill(~asked, 0)),
    ),
    Mistake(
        "only the first surprise",
        "Only the first surprise comes back. Does `return` stand inside the loop? It ends the "
        "whole function at the first round.",
        _by(mean=_of_the_first),
    ),
    Mistake(
        "only the last surprise",
        "Only the last surprise comes back: each round of the loop overwrites the one before. "
        "Add them up, and divide at the end.",
        _by(mean=lambda s, asked: s[asked][-1]),
    ),
    Mistake(
        "the largest surprise",
        "You take the largest surprise. The loss is the **mean** of all.",
        _by(mean=lambda s, asked: s[asked].max()),
    ),
    Mistake(
        "the median",
        "You take the median of the surprises. The loss is their **mean**, in which a very "
        "wrong bet weighs much.",
        _by(mean=lambda s, asked: s[asked].median()),
    ),
    Mistake(
        "the median of the logarithms",
        "You take the median: the logarithm in the middle. The loss is the **mean** of all "
        "surprises, in which a very wrong bet weighs much.",
        _by(mean=lambda s, asked: -(-s[asked]).median()),
    ),
    Mistake(
        "bits instead of nats",
        "Your loss is in bits, by the logarithm to base 2. It is asked in nats: the natural "
        "logarithm, `log`.",
        _by(last=lambda x: x / torch.tensor(2.0).log()),
    ),
    Mistake(
        "the logarithm to base 10",
        "You take the logarithm to base 10. It is the natural one that is asked, `log`.",
        _by(last=lambda x: x / torch.tensor(10.0).log()),
    ),
    Mistake(
        "the perplexity",
        "You give the perplexity, e to the loss. The loss itself is asked: leave out the last "
        "exponential.",
        _by(last=torch.exp),
    ),
    Mistake(
        "the logarithm of the mean bet",
        "You take the mean of the bets, and then its logarithm. It is the other way round: "
        "each bet's logarithm, and the mean of these.",
        _by(
            log_of_bets=lambda z: z.softmax(-1),
            sign=_same,
            last=lambda p: -p.log(),
        ),
    ),
    Mistake(
        "no logarithm",
        "You add up the bets themselves. A surprise is −ln p: the logarithm is missing.",
        _by(log_of_bets=lambda z: z.softmax(-1)),
    ),
    Mistake(
        "what was not bet",
        "You take what was **not** bet on the right token, 1 − p. A surprise is −ln p, which "
        "has no upper limit.",
        _by(log_of_bets=lambda z: z.softmax(-1), sign=lambda p: 1 - p),
    ),
    Mistake(
        "one over the bet",
        "You take 1 / p. A surprise is its logarithm, ln (1 / p).",
        _by(sign=lambda logp: torch.exp(-logp)),
    ),
    Mistake(
        "only the target's logit",
        "You take the logit of the right token with a minus. The first part of the formula is "
        "missing: the logarithm of the sum of all powers.",
        _by(log_of_bets=_same),
    ),
    Mistake(
        "only the logsumexp",
        "You take the logarithm of the sum of all powers. From it the logit of the right token "
        "is subtracted, or the target would play no part.",
        _by(
            log_of_bets=lambda z: z.logsumexp(-1, keepdim=True).expand_as(z), sign=_same
        ),
    ),
    Mistake(
        "added instead of subtracted",
        "You add the logit of the right token to the logarithm of the sum. It is "
        "**subtracted**: a high logit for what came means a small surprise.",
        _by(
            log_of_bets=lambda z: z.logsumexp(-1, keepdim=True) + z,
            sign=_same,
        ),
    ),
    Mistake(
        "no exponential in the sum",
        "You take the logarithm of the sum of the logits themselves. Each is the exponent of "
        "a power of e first: `logsumexp` has it all.",
        _by(log_of_bets=lambda z: z - z.sum(-1, keepdim=True).log()),
    ),
    Mistake(
        "no logarithm of the sum",
        "You subtract the logit from the sum of all powers. The **logarithm** of that sum is "
        "meant.",
        _by(log_of_bets=lambda z: z - z.exp().sum(-1, keepdim=True)),
    ),
    Mistake(
        "the mean of the powers",
        "You take the logarithm of the mean of all powers. It is that of their **sum**: bets "
        "add up to 1.",
        _by(
            log_of_bets=lambda z: (
                z - (z.logsumexp(-1, keepdim=True) - torch.tensor(z.shape[-1]).log())
            )
        ),
    ),
    Mistake(
        "the largest logit instead of the sum",
        "You subtract the target's logit from the largest one. It is subtracted from the "
        "logarithm of the sum of **all** powers, in which the largest only weighs most.",
        _by(log_of_bets=lambda z: z - z.amax(-1, keepdim=True)),
    ),
    Mistake(
        "bets by a sigmoid",
        "You make the bet of the right token's logit alone, by a sigmoid. A softmax compares "
        "it with the logits of **all** tokens.",
        _by(log_of_bets=functional.logsigmoid),
    ),
    Mistake(
        "the logits with the other sign",
        "The logits have the other sign: a high one means a small bet in your softmax.",
        _by(first=torch.neg),
    ),
    Mistake(
        "a softmax along the places",
        "Your softmax runs along the places of a story. The bets of **one** place add up to "
        "1: that is the last axis.",
        _by(log_of_bets=lambda z: z.log_softmax(-2)),
    ),
    Mistake(
        "a softmax along the first axis",
        "Your softmax runs along the first axis. The bets of **one** place add up to 1: that "
        "is the last axis, `-1`.",
        _by(log_of_bets=lambda z: z.log_softmax(0)),
    ),
    Mistake(
        "a softmax of all numbers",
        "Your softmax is one for all places together. Each place has bets of its own, which "
        "add up to 1: along the last axis.",
        _by(log_of_bets=lambda z: z - z.logsumexp([*range(z.ndim)])),
    ),
    Mistake(
        "the entropy of the bets",
        "You take the mean of −ln p over all tokens, each as often as it is bet on. That is "
        "how unsure the model **is**. The loss asks only what was bet on the token that came.",
        _by(pick=lambda logp, t: (logp.exp() * logp).sum(-1)),
    ),
    Mistake(
        "weighted by the bet",
        "You multiply each surprise by the bet itself. All that are asked weigh the same.",
        _by(sign=lambda logp: -logp * logp.exp()),
    ),
    Mistake(
        "a squared error",
        "You square what was not bet on the right token. A surprise is −ln p.",
        _by(sign=lambda logp: (1 - logp.exp()) ** 2),
    ),
    Mistake(
        "the share of wrong guesses",
        "You count how often the likeliest token was not the right one. The loss asks how "
        "much was **bet** on the right one.",
        lambda logits, targets: plain(
            logits,
            targets,
            mean=lambda s, asked: (logits.argmax(-1) != targets)[asked].float().mean(),
        ),
    ),
    Mistake(
        "shifted once more",
        "You move logits and targets by one place against each other. That was done when the "
        "batch was made: the target at a place is what is asked **there**.",
        _once_more,
    ),
    Mistake(
        "a number instead of a tensor",
        "This is the right number, but a plain Python one. Return the tensor without axes "
        "that `mean` gives.",
        _by(last=lambda x: x.item()),
    ),
    Mistake(
        "a tensor of one axis",
        "This is the right number, but in a tensor with an axis of size 1. `mean` without a "
        "number of an axis gives a tensor without axes.",
        _by(last=lambda x: x[None]),
    ),
    double_precision(plain, "Does a constant or `numpy` make it so?"),
    *axes_taken_for_sure(plain),
    written_into(
        _zeroed, "targets", by="an assignment to a part of it", instead="Copy it first."
    ),
    written_into(_lowered, "logits"),
    Mistake(
        "nothing is refused",
        "Right where something is asked. Where nothing is, there is no mean, and you return "
        "what is not a number. Look at that first, and raise a ValueError.",
        _by(none=None),
    ),
    Mistake(
        "only a batch without targets is refused",
        "You refuse what has no targets. Where nothing is asked there are targets, and all of "
        "them are −1: look whether **any** is asked, and raise a ValueError where none is.",
        lambda logits, targets: (
            plain(logits, targets, none=None) if len(targets) else stop(ValueError)
        ),
    ),
    Mistake(
        "0 where nothing is asked",
        "Right where something is asked. Where nothing is, you return 0, as if the model were "
        "perfect. Raise a ValueError.",
        _by(none=lambda: torch.tensor(0.0)),
    ),
    an_assert(_by(none=lambda: stop(AssertionError)), "A batch without a question"),
    two_at_once(
        "not asked counted as the last token, and the sum",
        _by(
            pick=lambda logp, t: logp.gather(-1, (t % logp.shape[-1])[..., None])[
                ..., 0
            ],
            asked=lambda t: t >= -1,
            mean=lambda s, asked: s.sum(),
        ),
        "Where nothing is asked, you look up the bet on token −1, the last one.",
        "you add up, where the mean is asked.",
    ),
)

CHECK = Check(
    "loss",
    4,
    draw,
    oracle,
    MISTAKES,
    forbidden=(*LIBRARIES, *LOSSES),
    worked=worked,
    atol=1e-6,
)
