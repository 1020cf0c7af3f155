"""Remarks by other arguments: the answer is right, but for another question.

What is wrong for the arguments that came may be right for them sorted, halved, stripped.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from autograder.verdict.outcome import run
from autograder.verdict.remark.seen import Seen, exactly, fits, is_hollow, is_tensor

_FAR = 1e-3  # more than what rounding makes
_ODD = TypeError, ValueError, AttributeError, LookupError, RuntimeError


def as_if(seen: Seen) -> str | None:
    """Right for other arguments than those that were given."""
    wrong = [i for i in seen.wrong if not seen.wanted[i].raised]
    wrong = wrong or seen.wrong
    if any(seen.got[i].raised for i in wrong):
        return None
    if len(wrong) == 1 and _is_choice(seen.got[wrong[0]].value):
        return None  # one of a few numbers, which many ways lead to
    if all(is_hollow(seen.got[i].value) for i in wrong):
        return None  # many ways lead to nothing
    if all(_no_number(seen.got[i].value) for i in wrong):
        return None  # and many to NaN
    hair = _HAIR if any(_is_far_off(seen, i) for i in wrong) else ()
    for k, name in enumerate(seen.names):
        fixed = [one for one in _FIXED if _everywhere(seen, k, one[1])]
        for words, other in (*fixed, *hair, *_OTHERS):
            if all(_so(seen, i, k, other) for i in wrong) and _stays(seen, k, other):
                one = _one_of([seen.cases[i].args[k] for i in wrong])
                words = words.format(one=one)
                return f"Where it is wrong, it answers as if `{name}` {words}."
        for j, second in enumerate(seen.names):
            other = _argument(j)
            so = j != k and all(_so(seen, i, k, other) for i in wrong)
            if so and _stays(seen, k, other):
                return f"It answers as if `{name}` were `{second}`."
        for key in _keys(seen, k):
            for words, other in _FIXED[:2]:
                entry = _entry(key, other)
                so = all(_so(seen, i, k, entry) for i in wrong)
                if so and _stays(seen, k, entry):
                    return f"Where it is wrong, it answers as if `{key}` {words}."
            for second in _keys(seen, k):
                if second > key and all(
                    _so(seen, i, k, _entries(key, second)) for i in wrong
                ):
                    return f"It answers as if `{key}` and `{second}` were exchanged."
    return None


def _is_far_off(seen: Seen, i: int) -> bool:
    """Whether it is another answer, and not the same less exactly, or none."""
    wanted, got = seen.wanted[i], seen.got[i]
    if wanted.raised:
        return False
    if not (is_tensor(wanted.value) and is_tensor(got.value)):
        return True
    if wanted.value.shape != got.value.shape or not wanted.value.numel():
        return True
    return bool((wanted.value.double() - got.value.double()).abs().max() > _FAR)


def _everywhere(seen: Seen, k: int, other: Callable[..., Any]) -> bool:
    """Whether what is right is so with another k-th argument, too."""
    for i, case in enumerate(seen.cases):
        if i in seen.wrong or seen.wanted[i].raised or k >= len(case.args):
            continue
        try:
            given = _given(other, case.args, k)
        except _ODD:
            return False
        should = run(seen.check.oracle, (*case.args[:k], given, *case.args[k + 1 :]))
        if should.raised or not seen.same(should, seen.got[i]):
            return False
    return True


def _stays(seen: Seen, k: int, other: Callable[..., Any]) -> bool:
    """Whether it is so of other arguments as well, as far as the function can be asked.

    What is all zeros, or one of a few numbers, may be right for many a wrong reason.
    """
    for i in [i for i in seen.wrong if not seen.wanted[i].raised][:3]:
        args = seen.cases[i].args
        for k_th in _moved(seen, args, k):
            moved = (*args[:k], k_th, *args[k + 1 :])
            should = run(seen.check.oracle, moved)
            got = None if should.raised else seen.again(*moved)
            if got is None or seen.same(should, got):
                continue
            try:
                given = _given(other, moved, k)
            except _ODD:
                continue
            would = run(seen.check.oracle, (*moved[:k], given, *moved[k + 1 :]))
            if would.raised != got.raised or not seen.same(would, got):
                return False
    return True


def _moved(seen: Seen, args: tuple, k: int) -> Iterator[Any]:
    """Other values for the k-th argument."""
    x = args[k] if k < len(args) else None
    if is_tensor(x) and x.is_floating_point() and x.numel():
        yield x * 0.5 + torch.linspace(-1, 1, x.numel()).view_as(x).flip(-1)
    elif isinstance(x, dict) and x and all(map(is_tensor, x.values())):
        if all(part.is_floating_point() for part in x.values()):
            yield {name: 0.7 * part for name, part in x.items()}
    else:
        fit = (c.args[k] for c in seen.cases if k < len(c.args) and fits(x, c.args[k]))
        yield from itertools.islice(fit, 3)


def _given(other: Callable[..., Any], args: tuple, k: int) -> Any:
    """The k-th argument as `other` has it, which may look at the rest of them."""
    wide = other.__code__.co_argcount == 2 if hasattr(other, "__code__") else False
    return other(args[k], args) if wide else other(args[k])


def _one_of(values: list[Any]) -> str:
    """What one of the things in such a value is called."""
    if all(isinstance(x, str) for x in values):
        return "character"
    if all(is_tensor(x) and x.ndim == 2 for x in values):
        return "row"
    return "item"


def _argument(j: int) -> Callable[..., Any]:
    def other(x: Any, args: tuple) -> Any:
        return args[j] if fits(x, args[j]) else x

    return other


def _keys(seen: Seen, k: int) -> list[str]:
    """The names of the tensors in an argument that is a table of them."""
    tables = [case.args[k] for case in seen.cases if k < len(case.args)]
    if not all(isinstance(table, dict) for table in tables):
        return []
    return [key for key, part in tables[0].items() if is_tensor(part)]


def _entry(key: str, other: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda table: table | {key: other(table[key])}


def _entries(key: str, second: str) -> Callable[[Any], Any]:
    return lambda table: table | {key: table[second], second: table[key]}


def _no_number(value: Any) -> bool:
    return is_tensor(value) and value.numel() > 0 and bool(value.isnan().all())


def _is_choice(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return all(type(item) is int and 0 <= item < 64 for item in items)


def _so(seen: Seen, i: int, k: int, other: Callable[[Any], Any]) -> bool:
    """Whether the answer to case i is right if the k-th argument is another."""
    args = seen.cases[i].args
    if k >= len(args) or seen.late:
        return False
    try:
        given = _given(other, args, k)
    except _ODD:
        return False
    if given is None or exactly(given, args[k]):
        return False
    should = run(seen.check.oracle, (*args[:k], given, *args[k + 1 :]))
    return should.raised == seen.got[i].raised and seen.same(should, seen.got[i])


def _float(x: Any) -> Tensor:
    if not (is_tensor(x) and x.is_floating_point() and x.ndim):
        raise TypeError
    return x


def _text_of(x: Any) -> str:
    if not isinstance(x, str):
        raise TypeError
    return x


def _ids(x: Any) -> list:
    if not isinstance(x, list):
        raise TypeError
    return x


def _deep(x: Any) -> Tensor:
    if not is_tensor(x) or x.ndim != 3:
        raise TypeError
    return x


def _reordered(order: tuple[int, ...]) -> Callable[[Any], Tensor]:
    return lambda x: _deep(x).permute(order)


def _table(x: Any) -> dict[Any, int]:
    if not isinstance(x, dict) or not all(type(i) is int for i in x.values()):
        raise TypeError
    return x


def _plain_number(x: Any) -> float:
    if type(x) not in (int, float):
        raise TypeError
    return x


def _shifted(step: float) -> Callable[[Any], float]:
    def other(x: Any) -> float:
        if type(x) is not float:
            raise TypeError
        return x + step

    return other


# A line that is reached or not, where a tiny number was added to be safe.
_HAIR: tuple[tuple[str, Callable[[Any], Any]], ...] = tuple(
    (
        f"were a little {size}: look at what just reaches it, and at what you {do}",
        _shifted(step),
    )
    for much in (1e-6, 1e-5, 1e-4)
    for size, do, step in (("larger", "add", much), ("smaller", "subtract", -much))
)
# Who answers so does it in every case, as far as it makes a difference.
_FIXED: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("were all zeros", lambda x: torch.zeros_like(_float(x))),
    ("were all ones", lambda x: torch.ones_like(_float(x))),
    ("were 1", lambda x: type(_plain_number(x))(1)),
)
_OTHERS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("were in lower case", lambda x: _text_of(x).lower()),
    ("had no white space at its ends", lambda x: _text_of(x).strip()),
    ("had no white space at its end", lambda x: _text_of(x).rstrip()),
    ("had single spaces only", lambda x: " ".join(_text_of(x).split())),
    ("had plain line ends", lambda x: "\n".join(_text_of(x).splitlines())),
    (
        "had plain line ends (`\\n`)",
        lambda x: _text_of(x).replace("\r\n", "\n").replace("\r", "\n"),
    ),
    (
        "had its accents put together (Unicode's NFC)",
        lambda x: unicodedata.normalize("NFC", _text_of(x)),
    ),
    (
        "had its characters made alike (Unicode's NFKC)",
        lambda x: unicodedata.normalize("NFKC", _text_of(x)),
    ),
    (
        "had no characters beyond ASCII",
        lambda x: _text_of(x).encode("ascii", "ignore").decode(),
    ),
    (
        "had `?` for each character beyond ASCII",
        lambda x: _text_of(x).encode("ascii", "replace").decode(),
    ),
    (
        "were first divided by the length of each row",
        lambda x: _float(x) / x.norm(dim=-1, keepdim=True).clamp(min=1e-12),
    ),
    ("had the mean of each row subtracted", lambda x: _float(x) - x.mean(-1, True)),
    ("had a softmax taken of it", lambda x: _float(x).softmax(-1)),
    (
        "were multiplied by the root of its last axis",
        lambda x: _float(x) * x.shape[-1] ** 0.5,
    ),
    (
        "were divided by the root of its last axis",
        lambda x: _float(x) / x.shape[-1] ** 0.5,
    ),
    (
        "were divided by the root of its second to last axis",
        lambda x: _float(x) / x.shape[-2] ** 0.5,
    ),
    ("were twice as large", lambda x: 2 * (x if is_tensor(x) else _plain_number(x))),
    ("were half as large", lambda x: (x if is_tensor(x) else _plain_number(x)) / 2),
    ("had another sign", lambda x: -(x if is_tensor(x) else _plain_number(x))),
    ("were squared", lambda x: (x if is_tensor(x) else _plain_number(x)) ** 2),
    ("were its root", lambda x: (x if is_tensor(x) else _plain_number(x)) ** 0.5),
    ("were its absolute value", abs),
    ("were sorted", lambda x: x.sort()[0] if is_tensor(x) else sorted(_ids(x))),
    (
        "were sorted, the largest first",
        lambda x: x.sort(descending=True)[0] if is_tensor(x) else sorted(_ids(x))[::-1],
    ),
    ("were backwards", lambda x: x.flip(-1) if is_tensor(x) else x[::-1]),
    ("had its rows in reverse order", lambda x: _float(x).flip(-2)),
    ("were rounded", lambda x: _float(x).round(decimals=2)),
    ("had its last two axes exchanged", lambda x: x.mT),
    *(
        (f"had its axes in the order {order}", _reordered(order))
        for order in ((1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    ),
    (
        "had been reshaped, not transposed: `reshape` exchanges no axes",
        lambda x: x.reshape(*x.shape[:-2], x.shape[-1], x.shape[-2]).mT,
    ),
    (
        "had its new ids counted from 256 on, without a gap",
        lambda x: {key: 256 + n for n, key in enumerate(_table(x))},
    ),
    ("were one divided by it", lambda x: 1 / _plain_number(x)),
    ("were one larger", lambda x: _plain_number(x) + 1),
    ("were one smaller", lambda x: _plain_number(x) - 1),
    ("lacked its first {one}", lambda x: x[1:]),
    ("lacked its last {one}", lambda x: x[:-1]),
    ("held only its first {one}", lambda x: x[:1]),
    ("held only its last {one}", lambda x: x[-1:]),
    ("held each of its items once", lambda x: [*dict.fromkeys(_ids(x))]),
)
