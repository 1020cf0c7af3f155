"""Remarks by shape: the right numbers in other places, or right in a part only."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from autograder.verdict.remark.factor import multiple
from autograder.verdict.remark.seen import Seen, is_tensor, small, theirs


def turned(seen: Seen) -> str | None:
    """The right numbers in other places."""
    pairs = seen.tensors
    if not pairs or any(w.numel() != g.numel() or w.numel() < 2 for w, g in pairs):
        return None
    if all(w.ndim > 1 and seen.near(w, g.mT) for w, g in pairs if g.ndim > 1) and all(
        g.ndim > 1 for _, g in pairs
    ):
        return "Your answer is the right one with its last two axes exchanged."
    if all(w.shape != g.shape for w, g in pairs):
        if all(seen.near(w.flatten(), g.flatten()) for w, g in pairs):
            more = {g.ndim - w.ndim for w, g in pairs}
            axes = {1: ": it has one axis too many", -1: ": it has one axis too few"}
            how = axes.get(*more, "") if len(more) == 1 else ""
            return (
                "The numbers are right and in the right order, but the shape is "
                f"not{how}."
            )
        return None
    if all(w.shape == g.shape for w, g in pairs):
        for axis in (-1, -2):
            if all(w.ndim >= -axis and seen.near(w, g.flip(axis)) for w, g in pairs):
                which = "each row" if axis == -1 else "the rows"
                return f"The right numbers, but {which} in reverse order."
    return None


def piece(seen: Seen) -> str | None:
    """Right, but only the beginning or the end of what should come back."""
    pairs = seen.tensors
    if any(w.ndim != g.ndim for w, g in pairs) or not any(g.numel() for _, g in pairs):
        return None
    for axis, what in ((-2, "row"), (-1, "column"), (-3, "head or text")):
        if any(w.ndim < -axis or g.shape[axis] >= w.shape[axis] for w, g in pairs):
            continue
        many = [(w, g, g.shape[axis]) for w, g in pairs]
        for which, start in (("first", lambda w, n: 0), ("last", lambda w, n: w - n)):
            cut = [w.narrow(axis, start(w.shape[axis], n), n) for w, _, n in many]
            if not all(seen.near(a, g) for a, (_, g, _) in zip(cut, many, strict=True)):
                continue
            if all(n == 1 for _, _, n in many):
                return (
                    f"What comes back is right, but it is only the {which} {what}. Does "
                    "`return` stand inside a loop, or does each round overwrite the one "
                    "before?"
                )
            if all(n == w.shape[axis] - 1 for w, _, n in many):
                other = "last" if which == "first" else "first"
                return f"What comes back is right, but the {other} {what} is missing."
            return f"What comes back is right, but only the {which} {what}s come."
    return None


def in_part(seen: Seen) -> str | None:
    """Wrong in the same rows or columns of every answer, and nowhere else."""
    pairs = seen.tensors
    if not pairs or any(w.shape != g.shape or w.ndim < 1 for w, g in pairs):
        return None
    tolerance = {"rtol": seen.check.rtol, "atol": seen.check.atol, "equal_nan": True}
    wrong = [~w.double().isclose(g.double(), **tolerance) for w, g in pairs]
    for axis, what in ((-2, "row"), (-1, "column")):
        if any(w.ndim < -axis for w in wrong):
            continue
        if axis == -1 and all(w.ndim == 1 for w in wrong):
            what = "number"
        lines = [w.movedim(axis, 0).flatten(1).any(1) for w in wrong]
        sizes = [len(line) for line in lines]
        if min(sizes) < 2 or any(bool(line.all()) for line in lines):
            continue
        found = [line.nonzero().flatten().tolist() for line in lines]
        if all(places == [0] for places in found):
            return f"Only the first {what} of your answer is wrong."
        ends = [n - 1 for n in sizes]
        if all(places == [end] for places, end in zip(found, ends, strict=True)):
            return f"Only the last {what} of your answer is wrong."
        starts = {places[0] for places in found}
        upward = all(
            places == [*range(places[0], n)]
            for places, n in zip(found, sizes, strict=True)
        )
        if upward and len(starts) == 1 and max(sizes) - max(starts) > 1:
            (start,) = starts
            if start == 1:
                return f"Only the first {what} of your answer is right."
            return (
                f"The first {theirs(start)} {what}s are right, and all after them are wrong, "
                "however many there are. Is there a fixed number in it?"
            )
    square = all(w.ndim > 1 and w.shape[-1] == w.shape[-2] > 1 for w in wrong)
    if square and not any(w.tril().any() for w in wrong):
        return "Only what stands above the diagonal is wrong: the future."
    if square and not any(w.triu(1).any() or w.tril(-1).any() for w in wrong):
        return "Only the diagonal is wrong: what each token has with itself."
    if square and not any(w.triu().any() for w in wrong):
        return "Only what stands below the diagonal is wrong: the past."
    return None


def turned_too(seen: Seen) -> str | None:
    """Turned, and something besides."""
    pairs = seen.tensors
    if not pairs or any(w.ndim < 2 or g.ndim < 2 for w, g in pairs):
        return None
    turned = [
        replace(o, value=o.value.mT) if i in seen.wrong and is_tensor(o.value) else o
        for i, o in enumerate(seen.got)
    ]
    # Of numbers that are alike in both ways nothing can be said.
    if all(w.shape == g.shape and seen.near(g, g.mT) for w, g in pairs):
        return None
    also = multiple(Seen(seen.check, seen.cases, seen.wanted, turned, None))
    if also is None:
        return None
    return (
        "Two things at once. The last two axes of your answer are exchanged. And once "
        f"they are not: {small(also)}"
    )


def in_other_places(seen: Seen) -> str | None:
    pairs = seen.tensors
    if not any(w.unique().numel() > 2 for w, _ in pairs):
        return None
    if not all(w.shape == g.shape and _sorted_alike(seen, w, g) for w, g in pairs):
        return None
    said = "All the right numbers come back, but not in their places."
    if any(w.ndim > 1 for w, _ in pairs):
        said += " Which axis does each step of yours work along?"
    return said


def _sorted_alike(seen: Seen, one: Tensor, other: Tensor) -> bool:
    return seen.near(one.flatten().sort()[0], other.flatten().sort()[0])


def axes(seen: Seen) -> str | None:
    """An axis too few or too many."""
    pairs = seen.tensors
    if not pairs or any(w.shape == g.shape for w, g in pairs):
        return None
    if all(g.ndim == w.ndim - 1 for w, g in pairs):
        return (
            "Your answer has one axis too few: a sum, a mean or an index has taken it "
            "away. `keepdim=True`, or a slice instead of an index, keeps it."
        )
    many = any(g.ndim > w.ndim + 1 for w, g in pairs)
    if many and all(_only_ones_before(w, g) for w, g in pairs):
        return (
            "Your answer has axes of size 1 in front which should not be there. Something "
            "in it has more axes than what comes in: print its shape after each line."
        )
    if all(g.ndim == w.ndim + 1 for w, g in pairs):
        return (
            "Your answer has one axis too many. Print the shape after each line: where "
            "does it come in?"
        )
    if all(g.ndim == w.ndim for w, g in pairs):
        for axis in (-1, -2, -3, -4):
            if all(
                w.ndim >= -axis
                and w.shape[axis] != g.shape[axis]
                and w.shape[:axis] == g.shape[:axis]
                and (axis == -1 or w.shape[axis + 1 :] == g.shape[axis + 1 :])
                and w.ndim == g.ndim
                for w, g in pairs
            ):
                steps = {g.shape[axis] - w.shape[axis] for w, g in pairs}
                if steps in ({1}, {-1}):
                    more = "many" if steps == {1} else "few"
                    return f"Along axis {axis} there is one too {more}."
                told = f"The shape is right but for axis {axis}."
                return " ".join(filter(None, [told, _length(seen, axis)]))
        return _length(seen, -1)
    return None


def _only_ones_before(want: Tensor, got: Tensor) -> bool:
    more = got.ndim - want.ndim
    return more > 0 and {*got.shape[:more]} == {1} and got.shape[more:] == want.shape


def _length(seen: Seen, axis: int) -> str | None:
    """From what an axis that is of another size has its size, if it always is that."""
    wrong = [i for i in seen.wrong if not seen.wanted[i].raised]
    sizes = [seen.got[i].value.shape[axis] for i in wrong]
    right = [seen.wanted[i].value.shape[axis] for i in wrong]
    if sizes == right or len({*sizes}) < 2:
        return None
    for k, name in enumerate(seen.names):
        args = [seen.cases[i].args[k] for i in wrong if k < len(seen.cases[i].args)]
        if len(args) < len(wrong) or not all(map(is_tensor, args)):
            continue
        if [x.numel() for x in args] == sizes:
            return f"Along axis {axis} it is as long as `{name}` has numbers in all."
        for other in (-1, -2, -3):
            deep = all(x.ndim >= -other for x in args)
            if deep and [x.shape[other] for x in args] == sizes:
                return f"Along axis {axis} it is as long as axis {other} of `{name}`."
    return None
