"""Kinds of slip that any step invites, made of its right answer.

Each function here takes the right answer of a step (and the step) and gives one with a
slip in it, or None where the slip does not fit. Its docstring is what a student did;
`said`, what they must be told, unless the check knows the mistake by name.
"""

from __future__ import annotations

import copy
import inspect
import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import torch
from torch import Tensor

Answer = Callable[..., Any]


class Step(NamedTuple):
    """What a slip has to know of a step: its arguments' names, and what comes of them."""

    name: str
    right: Answer
    names: list[str]
    gives: Any  # the right answer to a case
    wants: tuple  # the arguments of that case
    refuses: bool  # whether it has something to refuse


class Kind(NamedTuple):
    what: str
    said: str
    make: Callable[[Step], Answer | None]


KINDS: list[Kind] = []

CAUSAL = ("average_past", "attention", "attend", "block")
SHARES = ("averaging_weights", "softmax", "attention_weights", "probabilities")
SHARES += ("keep_top_k", "keep_top_p")


def said(pattern: str):
    """Notes a kind of slip, and the pattern of what has to be said to it."""

    def note(make):
        KINDS.append(Kind(make.__name__.replace("_", " "), pattern, make))
        return make

    return note


def slips(step: Step) -> Iterator[tuple[Kind, Answer]]:
    """The slips that fit a step."""
    for kind in KINDS:
        made = kind.make(step)
        if made is not None:
            yield kind, signed(made, step.right)


def signed(answer: Answer, right: Answer) -> Answer:
    """An answer that tells what the right one is called with, as a function would."""
    with suppress(AttributeError):
        answer.__wrapped__ = right
    return answer


def _floats(step: Step) -> bool:
    return isinstance(step.gives, Tensor) and step.gives.is_floating_point()


def _many(step: Step) -> bool:
    return _floats(step) and step.gives.ndim > 0


def _items(step: Step) -> bool:
    """A list of what can be counted and sorted, as tensors cannot."""
    return isinstance(step.gives, list) and not isinstance(step.gives[0], Tensor)


def _rows(step: Step) -> bool:
    return _floats(step) and step.gives.ndim > 1


def _after(step: Step, change: Callable[[Any], Any]) -> Answer | None:
    """The right answer, changed."""
    if repr(change(copy.deepcopy(step.gives))) == repr(step.gives):
        return None  # here it is right
    return lambda *args: change(step.right(*args))


def _with(step: Step, name: str, change: Callable[[Any], Any]) -> Answer | None:
    """The right answer to another argument."""
    if name not in step.names:
        return None
    k = step.names.index(name)
    return lambda *args: step.right(*args[:k], change(args[k]), *args[k + 1 :])


# --- what comes back ----------------------------------------------------------------
@said("a `return` at its end|return")
def printed_instead_of_returned(step):
    return lambda *args: print(step.right(*args))


@said("tuple of one")
def a_comma_at_the_end(step):
    return _after(step, lambda out: (out,))


@said("text comes back|text|returned a str")
def formatted_as_a_text(step):
    return None if isinstance(step.gives, str) else _after(step, str)


@said("float64|double")
def in_double_precision(step):
    return _after(step, lambda out: out.double()) if _floats(step) else None


@said("list")
def as_a_list(step):
    return _after(step, lambda out: out.tolist()) if _floats(step) else None


@said("list of tensors|list or tuple")
def a_list_of_rows(step):
    return _after(step, list) if _rows(step) else None


@said("decimal places|Nearly right|`int64`|right numbers, rounded")
def rounded_for_printing(step):
    return _after(step, lambda out: out.round(decimals=2)) if _floats(step) else None


@said("decimal places|Nearly right|rounded")
def a_number_rounded_for_printing(step):
    return (
        _after(step, lambda out: round(out, 2)) if type(step.gives) is float else None
    )


@said("tensor")
def a_tensor_of_one_number(step):
    if type(step.gives) not in (int, float):
        return None
    return _after(step, torch.tensor)


@said("number with a point|float")
def a_number_with_a_point(step):
    return _after(step, float) if type(step.gives) is int else None


@said("axis too many")
def a_batch_that_nobody_asked_for(step):
    return _after(step, lambda out: out[None]) if _floats(step) else None


# --- right numbers, in other places or sizes --------------------------------------------
@said("axes exchanged|shape")
def transposed(step):
    if not _rows(step) or step.name == "averaging_weights":
        return None
    return _after(step, lambda out: out.mT)


@said("reverse order|other places|not in their places|backwards")
def backwards(step):
    if _floats(step):
        return _after(step, lambda out: out.flip(-1))
    if isinstance(step.gives, list | str):
        return _after(step, lambda out: out[::-1])
    return None


@said(r"times what it should be|sum to|twice as large")
def times_two(step):
    return _after(step, lambda out: 2 * out) if _floats(step) else None


@said(r"by one factor|times what it should be|sum to|multiplied by the root")
def times_the_root_of_the_last_axis(step):
    return _after(step, lambda out: out * out.shape[-1] ** 0.5) if _many(step) else None


@said("too large by 0.5|sum to")
def plus_a_half(step):
    return _after(step, lambda out: out + 0.5) if _many(step) else None


@said("without its signs|another sign|its absolute value")
def without_signs(step):
    if not _floats(step) or not (step.gives < 0).any():
        return None
    return _after(step, torch.abs)


@said("another sign|-1 times|sums to -1")
def the_other_sign(step):
    return _after(step, torch.neg) if _floats(step) else None


@said("sum to|sums to|shares|first number|first column")
def one_share_doubled(step):
    if step.name not in SHARES:
        return None

    def doubled(*args):
        out = step.right(*args)
        out[..., 0] *= 2
        return out

    return doubled


# --- loops --------------------------------------------------------------------------
@said("is missing|left out|only the first|return|whatever it is given")
def returned_inside_the_loop(step):
    if isinstance(step.gives, list):
        return _after(step, lambda out: out[:1])
    if isinstance(step.gives, dict):
        return _after(step, lambda out: dict([*out.items()][:1]))
    return _after(step, lambda out: out[..., :1, :]) if _rows(step) else None


@said("is missing|left out|one too few|too few|ended one earlier|it lacks")
def the_last_one_forgotten(step):
    if isinstance(step.gives, list | str):
        return _after(step, lambda out: out[:-1])
    if isinstance(step.gives, dict):
        return _after(step, lambda out: dict([*out.items()][:-1]))
    return _after(step, lambda out: out[..., :-1, :]) if _rows(step) else None


@said("begin|stands before|left out|others among|is missing")
def the_first_one_forgotten(step):
    if isinstance(step.gives, list | str):
        return _after(step, lambda out: out[1:])
    return None


@said("too large by 1|every value|one larger|from 1")
def counted_from_one(step):
    if isinstance(step.gives, dict):
        return _after(step, lambda out: {key: value + 1 for key, value in out.items()})
    if type(step.gives) is int or _items(step):
        return _after(step, _one_more)
    return None


def _one_more(value: Any) -> Any:
    if isinstance(value, list):
        return [_one_more(item) for item in value]
    return value + 1


# --- more than one call -----------------------------------------------------------------
@said("random numbers of its own")
def own_random_numbers(step):
    own = {"u": random.random, "us": None}
    name = next((name for name in own if name in step.names), None)
    if name is None:
        return None

    def change(u):
        if isinstance(u, Tensor):
            return torch.rand(u.shape)
        return [random.random() for _ in u] if name == "us" else random.random()

    return _with(step, name, change)


@said("outlives a call")
def a_list_as_a_default(step):
    if not isinstance(step.gives, list):
        return None
    kept: list = []

    def keeps(*args):
        kept.extend(step.right(*args))
        return list(kept)

    return keeps


@said("outlives a call")
def a_sum_that_is_never_set_back(step):
    if not _floats(step):
        return None
    seen = []

    def keeps(*args):
        seen.append(len(seen))
        return step.right(*args) + len(seen)

    return keeps


@said(
    "not the same afterwards|was changed on the way|belongs to the caller|still needs"
)
def an_argument_written_into(step):
    for k, x in enumerate(step.wants):
        if isinstance(x, Tensor) and x.numel():
            change = torch.Tensor.zero_
        elif isinstance(x, list | dict):
            change = type(x).clear
        else:
            continue

        def writes(*args, k=k, change=change):
            out = copy.deepcopy(step.right(*args))
            change(args[k])
            return out

        return writes
    return None


# --- arguments --------------------------------------------------------------------------
def _ignored(step: Step, name: str, value: Any) -> Answer | None:
    return _with(step, name, lambda old: type(old)(value))


IGNORED = r"`{0}`"


@said(IGNORED.format("temperature"))
def temperature_ignored(step):
    return _ignored(step, "temperature", 1)


@said(IGNORED.format("stop"))
def stop_ignored(step):
    return _ignored(step, "stop", -1)


@said(IGNORED.format("k"))
def k_fixed(step):
    return _ignored(step, "k", 3) if type(step.wants[-1]) is int else None


@said(IGNORED.format("n_head"))
def one_head_only(step):
    return _ignored(step, "n_head", 1)


@said(IGNORED.format("b_out"))
def last_bias_forgotten(step):
    return _with(step, "b_out", torch.zeros_like)


@said(IGNORED.format("bias"))
def bias_forgotten(step):
    return _with(step, "bias", torch.zeros_like)


@said(IGNORED.format("weight"))
def weight_forgotten(step):
    return _with(step, "weight", torch.ones_like)


@said(IGNORED.format("allowed"))
def allowed_ignored(step):
    if "allowed" not in step.names:
        return None
    return lambda text, merges, special, allowed: step.right(
        text, merges, special, [*special]
    )


@said(IGNORED.format("text") + "|lower case|capital")
def the_text_in_lower_case(step):
    return _with(step, "text", str.lower)


@said(IGNORED.format("text") + "|white space")
def the_text_stripped(step):
    return _with(step, "text", str.strip)


# --- sizes and shapes -------------------------------------------------------------------
@said(
    "fixed number|at most|Is there a fixed number|everywhere but|All else is right|is missing"
)
def right_up_to_eight_rows(step):
    if not _rows(step) or step.name in ("one_hot",):
        return None

    def short(*args):
        out = step.right(*args).clone()
        if out.ndim > 1:
            out[..., 8:, :] = 0
        return out

    return short


@said("axes|axis|batch|everywhere but|one text")
def a_batch_unpacked_as_one_text(step):
    if step.name not in ("scores", "attention", "attend", "layer_norm", "mlp", "block"):
        return None

    def unpacks(x, *rest):
        (T, C) = x.shape
        return step.right(x.reshape(T, C), *rest)

    return unpacks


@said("batch|Alone|first text|everywhere but")
def the_first_text_for_all(step):
    if step.name not in CAUSAL[1:] + ("layer_norm", "mlp", "scores"):
        return None

    def first(*args):
        out = step.right(*args)
        return out[:1].expand_as(out).clone() if out.ndim > 2 else out

    return first


@said("what comes after|future|later")
def the_next_row_seen(step):
    if step.name not in CAUSAL:
        return None

    def sees(*args):
        out = step.right(*args)
        later = torch.cat([out[..., 1:, :], out[..., -1:, :]], -2)
        return (out + later) / 2

    return sees


# --- refusals ---------------------------------------------------------------------------
@said("ValueError|refus")
def nothing_refused(step):
    if not step.refuses:
        return None

    def lets_pass(*args):
        try:
            return step.right(*args)
        except ValueError:
            return step.gives

    return lets_pass


@said("ValueError|assert")
def refused_by_assert(step):
    if not step.refuses:
        return None

    def asserts(*args):
        try:
            return step.right(*args)
        except ValueError as error:
            raise AssertionError(str(error)) from None

    return asserts


@said("instead of raising|ValueError")
def the_error_returned(step):
    if not step.refuses:
        return None

    def returns(*args):
        try:
            return step.right(*args)
        except ValueError as error:
            return error

    return returns


# --- names ------------------------------------------------------------------------------
@said("does not know `X`")
def a_name_in_capitals(step):
    if not isinstance(step.wants[0], Tensor):
        return None
    return lambda *args: X.mT  # noqa: F821 - the slip


@said("return|None")
def a_method_of_a_list_returned(step):
    if not _items(step):
        return None
    return lambda *args: step.right(*args).sort()


# --- two at once ------------------------------------------------------------------------
@said("(?i)two things at once")
def transposed_and_times_three(step):
    if not _rows(step) or step.name == "averaging_weights":
        return None
    return _after(step, lambda out: 3 * out.mT)


@said("list")
def a_list_and_times_three(step):
    return _after(step, lambda out: (3 * out).tolist()) if _many(step) else None


@said("tuple of one")
def a_comma_and_one_forgotten(step):
    if not isinstance(step.gives, list):
        return None
    return _after(step, lambda out: (out[:-1],))


def step_of(name: str, right: Answer, cases, wanted) -> Step:
    """A step as slips see it, from its public cases."""
    first = next(i for i, want in enumerate(wanted) if not want.raised and _full(want))
    return Step(
        name,
        right,
        [*inspect.signature(right).parameters],
        wanted[first].value,
        cases[first].args,
        any(want.raised for want in wanted),
    )


def _full(want) -> bool:
    value = want.value
    if isinstance(value, Tensor):
        return value.numel() > 0
    return not hasattr(value, "__len__") or len(value) > 0


def told(kind: Kind, text: str) -> bool:
    return bool(re.search(kind.said, text))
