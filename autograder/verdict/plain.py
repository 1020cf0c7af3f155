"""Values of Python's own plain types, copied as packing and unpacking would copy them.

Most of what checks hand over and get back is of this kind and small: then no bytes need
to be made. What is large, deep or of another type is `wire`'s.
"""

from __future__ import annotations

import itertools
import operator
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

PARTS = (
    4000  # fewer than a file's header has room for, with every name as long as allowed
)
DEPTH = 6
KEY = 20  # characters of a text that is a key
LETTERS = 100_000  # of all texts and bytes; and so many numbers in a row
NUMBERS = 1_000_000  # in all tensors together
MAX_ALIKE = 16  # keys of a dict with the same hash: a few thousand would take hours
_FIRST, _LAST = -(2**63), 2**63 - 1


class NotPlain(Exception):
    """It is of another type, or larger than what is copied here."""


def copied(value: Any, tensors: bool = False) -> Any:
    """A copy that shares nothing that can be changed. NotPlain where it is not known.

    With `tensors`, these are taken too, and their copies ask for no gradient.
    """
    return _Copier(tensors).copied(value, 0)


def _tensor(value: Any) -> Any:
    """A copy of a common tensor in memory, without its gradient; else NotPlain."""
    torch = sys.modules.get("torch")
    if (
        torch is None
        or type(value) is not torch.Tensor
        or value.dtype not in (torch.float32, torch.float64, torch.int64, torch.bool)
        or (value.layout, value.device.type) != (torch.strided, "cpu")
        or value.numel() > NUMBERS
        or not min(value.shape, default=1)
    ):
        raise NotPlain
    across = lies_across(value)
    value = value.detach().mT if across else value.detach()
    value = value.clone(memory_format=torch.contiguous_format)
    return value.mT if across else value


def lies_across(tensor: Any) -> bool:
    """Whether in memory the last two axes of a tensor are exchanged, and no others."""
    exchanged = tensor.ndim > 1 and not tensor.is_contiguous()
    return exchanged and tensor.mT.is_contiguous()


class _Copier:
    def __init__(self, tensors: bool) -> None:
        self.tensors = tensors
        self.parts = self.letters = self.numbers = 0

    def copied(self, value: Any, depth: int) -> Any:
        kind = type(value)
        self.parts += 1
        if self.parts > PARTS or depth > DEPTH:
            raise NotPlain
        if value is None or kind is bool or kind is float:
            return value
        if kind is int:
            return _small(value)
        if kind is str or kind is bytes:
            self.letters += len(value)
            if self.letters > LETTERS:
                raise NotPlain
            return value
        if kind is list or kind is tuple:
            if value and kinds_of(value) == {int}:  # as most are
                _small(min(value)), _small(max(value))
                self.letters += len(value)
                if self.letters > LETTERS:
                    raise NotPlain
                return kind(value)
            parts = self.each(value, depth + 1)
            if kind is tuple and all(map(operator.is_, parts, value)):
                return value  # nobody can change it, so it stays the object that it is
            return kind(parts)
        if kind is dict:
            keys = self.each([*value], depth + 1)
            texts = kinds_of(keys) <= {str}
            if texts and max(map(len, keys), default=0) > KEY:
                raise NotPlain
            if not texts and not are_keys(keys):
                raise NotPlain
            parts = self.each([*value.values()], depth + 1)
            return dict(zip(keys, parts, strict=True))
        if not self.tensors:
            raise NotPlain
        made = _tensor(value)
        self.numbers += made.numel()
        if self.numbers > NUMBERS:
            raise NotPlain
        return made

    def each(self, values: Sequence[Any], depth: int) -> list[Any]:
        """A copy of each value: of all at once, where they are of one common kind."""
        kinds = kinds_of(values)
        if kinds == {int}:
            _small(min(values)), _small(max(values))
        elif kinds == {str} or kinds == {bytes}:
            self.letters += sum(map(len, values))
        elif kinds == {list} or kinds == {tuple}:
            numbers = [*itertools.chain.from_iterable(values)]
            if kinds_of(numbers) != {int}:
                return [self.copied(value, depth) for value in values]
            _small(min(numbers)), _small(max(numbers))
            self.letters += len(numbers)
        else:
            return [self.copied(value, depth) for value in values]
        self.parts += len(values)
        if self.parts > PARTS or self.letters > LETTERS or depth > DEPTH:
            raise NotPlain
        return [*map(list, values)] if kinds == {list} else [*values]


def kinds_of(values: Iterable[Any]) -> set[type]:
    """The types that there are among them."""
    return set(map(type, values))


def comparable(one: Iterable[Any], other: Iterable[Any]) -> bool:
    """Whether `==` tells all of two rows: what is in both is of one kind, which is whole
    numbers, texts, or rows of whole numbers.
    """
    kinds = kinds_of(one)
    if len(kinds) != 1 or kinds != kinds_of(other):
        return False
    flat = itertools.chain.from_iterable
    return kinds <= {int, str, bytes} or (
        kinds <= {list, tuple} and kinds_of(flat(one)) | kinds_of(flat(other)) == {int}
    )


def _small(number: int) -> int:
    if not _FIRST <= number <= _LAST:
        raise NotPlain
    return number


def are_keys(keys: list) -> bool:
    """Whether a dict can have these keys, and without many of them in one place."""

    def is_key(key: Any) -> bool:
        if isinstance(key, tuple):
            return all(map(is_key, key))
        kinds = bool | np.bool_ | int | np.integer | float | np.floating | str | bytes
        return key is None or isinstance(key, kinds)

    kinds = kinds_of(keys)
    if kinds == {tuple}:
        kinds = kinds_of(itertools.chain.from_iterable(keys))
    if not (kinds <= {int, str, bytes} or all(map(is_key, keys))):
        return False
    hashes = [*map(hash, keys)]
    if len(set(hashes)) == len(keys):
        return True  # no two are equal
    hashes.sort()
    if any(a == b for a, b in zip(hashes, hashes[MAX_ALIKE:], strict=False)):
        return False
    return len(set(keys)) == len(keys)
