"""What a person sees of a verdict: the student's panel, and the grader's feedback."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np

from autograder.checks import Case
from autograder.verdict import picture
from autograder.verdict.compare import describe, difference
from autograder.verdict.judge import Verdict
from autograder.verdict.outcome import (
    AGAIN,
    REUSED,
    UNUSABLE,
    Outcome,
    StillRunning,
)
from autograder.verdict.points import number
from autograder.verdict.wire import is_torch

WIDTH = 72  # characters of a value that are shown
FEW = 16  # numbers of a tensor, or of several in one argument, that are shown
LINES = 12  # of what a function printed

# JupyterLab's own colours where it gives them; both themes are readable without.
_STYLE = """
border-left: 4px solid {colour}; padding: .4em .9em; margin: .3em 0;
font-family: var(--jp-ui-font-family, system-ui, sans-serif); line-height: 1.5;
""".replace("\n", " ")
_GOOD = "var(--jp-success-color1, #1a7f37)"
_BAD = "var(--jp-warn-color1, #b35900)"
_CODE = (
    "font-family: var(--jp-code-font-family, ui-monospace, monospace);"
    " font-size: .92em; white-space: pre-wrap; overflow-wrap: anywhere; margin: .3em 0;"
    " background: none; color: inherit; padding: 0; border: 0"
)


# What to do where nothing is known of a mistake.
_BESIDE = (
    "Print what each line of yours makes of the case below, and compare: the right values "
    "on the way stand there. The first that differs is where to look."
)
_BY_HAND = (
    "Work the case below out by hand, and print what each line of yours makes of it. The "
    "first line that surprises you is where to look."
)


def student(
    verdict: Verdict,
    cases: Sequence[Case],
    wanted: Sequence[Outcome],
    got: Sequence[Outcome],
    worked: Callable[..., dict[str, Any]] | None = None,
) -> dict[str, str]:
    """The panel under a check on a student's own machine, as HTML and as text.

    worked: `Check.worked`, where a check has it.
    """
    lines = _explain(verdict)
    code, seen = "", ("", "")
    if verdict.results and not verdict.right:
        first = next(i for i, r in enumerate(verdict.results) if r.why)
        code = _example(verdict.check, cases[first], wanted[first], got[first])
        on_the_way = ""
        if worked and not verdict.mistake and _is_off(wanted[first], got[first]):
            on_the_way = _on_the_way(worked(*cases[first].args))
            code += on_the_way
        told = verdict.mistake or verdict.meant or verdict.remark or verdict.stale
        # Of a thing of another kind, its kind is what there is to mend.
        told = told or verdict.results[first].why.startswith("it returned")
        if not told and got[first].raised != StillRunning.__name__:
            lines.append(_BESIDE if on_the_way else _BY_HAND)
        seen = _picture(wanted[first].value, got[first].value)
    return _render(verdict, lines, code, seen)


def feedback(verdict: Verdict) -> dict[str, str]:
    """What a student reads after grading: no hidden input and no expected value.

    Nor which cases are right: that could be chosen, to tell what the inputs are.
    """
    return _render(verdict, _explain(verdict), "", listed=False)


def example(
    verdict: Verdict,
    cases: Sequence[Case],
    wanted: Sequence[Outcome],
    got: Sequence[Outcome],
) -> tuple[str, str]:
    """The first case that is wrong, as text, and its picture as HTML, if there is one."""
    first = next(i for i, r in enumerate(verdict.results) if r.why)
    code = _example(verdict.check, cases[first], wanted[first], got[first])
    return code, _picture(wanted[first].value, got[first].value)[0]


def reason(verdict: Verdict) -> str:
    """What there is to mend, in a sentence or two; empty where all is right."""
    if verdict.right:
        return ""
    lines = _explain(verdict)
    if verdict.mistake:  # its hint says more
        lines.remove(verdict.reason)
    return " ".join(lines)


def _headline(verdict: Verdict) -> str:
    mark = "✓" if verdict.right else "✗"
    points = f"{number(verdict.points)} of {number(verdict.possible)}"
    plural = "" if verdict.possible == 1 else "s"
    return f"{mark} {verdict.check}: {points} point{plural}"


def _explain(verdict: Verdict) -> list[str]:
    lines = [verdict.stale] if verdict.stale else []
    lines += filter(None, [instead(verdict)])
    if not verdict.right:
        hint = verdict.mistake and verdict.mistake.hint
        lines += filter(None, [verdict.reason, hint, verdict.meant, verdict.remark])
    return lines


def instead(verdict: Verdict) -> str:
    """Which steps of the course's own stood in for others, and why; or nothing."""
    taken = dict(verdict.foreign)
    why = []
    if wrong := [step for step in verdict.instead if step not in taken]:
        verb = "are" if len(wrong) > 1 else "is"
        why.append(
            f"This step was run with the course's own {_names(wrong)}, for yours {verb} not "
            "right yet, not there, or refused for what it uses. If it is right: has its "
            "cell run, and has no later cell defined it anew?"
        )
    if taken:
        many = len(taken) > 1
        for_ = (
            "imports have taken their names: they stand"
            if many
            else "an import has taken its name: it stands"
        )
        why.append(
            f"This step was run with the course's own {_names([*taken])}, for {for_} for "
            f"{_names([*taken.values()])} now. Import {'them' if many else 'it'} by another "
            "name, then run the cell of your own step again."
        )
    return " ".join(why)


def _names(names: Sequence[str]) -> str:
    *most, last = (f"`{name}`" for name in names)
    return f"{', '.join(most)} and {last}" if most else last


def _example(name: str, case: Case, wanted: Outcome, got: Outcome) -> str:
    """The first wrong case, with its input, what was expected and what came."""
    arguments = [_argument(arg) for arg in case.args]
    rows = [f"{name}({', '.join(arguments)})"]
    if len(rows[0]) > WIDTH:  # a line for each, and the longest are cut
        rows = [f"{name}(", *(f"    {_clip(a, 2 * WIDTH)}," for a in arguments), ")"]
    if part := _part(wanted.value, got.value):
        place, wanted, got = part
        rows.append(f"  of what is given back, at {place}:")
    left, right = _values(wanted, got)
    if left != right:  # two tensors of one kind: the picture shows more
        rows.append(f"  expected  {left}")
        rows.append(f"  got       {right}")
    if got.printed:
        printed = got.printed.splitlines()
        more = ["    …"] if len(printed) > LINES else []
        rows += ["  printed", *(f"    {_clip(x)}" for x in printed[:LINES]), *more]
    if got.trace:
        rows.append("")
        rows += [f"  {line}" for line in got.trace.splitlines()]
        rows.append(f"  {got.raised}: {_clip(got.message)}")
    return "\n".join(rows)


def _part(wanted: Any, got: Any) -> tuple[str, Outcome, Outcome] | None:
    """The first of several tensors that is wrong, and its place among them."""
    mine = _tensors(got)
    theirs = _tensors(wanted) if mine else {}
    if not theirs or theirs.keys() != mine.keys() or "" in theirs:
        return None
    for place, want in theirs.items():
        pair = Outcome(want), Outcome(mine[place])
        if difference(*pair, 1e-4, 1e-5):
            return place if place.count("[") > 1 else f"index {place[1:-1]}", *pair
    return None


def _tensors(value: Any, at: str = "") -> dict[str, Any]:
    """The tensors of a tuple, and of tuples in it, by their places; none of anything else."""
    if not isinstance(value, tuple):
        return {at: value}
    parts = [_tensors(part, f"{at}[{i}]") for i, part in enumerate(value)]
    found = {place: x for part in parts for place, x in part.items()}
    return found if all(map(_is_tensor, found.values())) else {}


def _is_off(wanted: Outcome, got: Outcome) -> bool:
    """Whether the numbers are wrong, and not only what they come in, or an error."""
    if wanted.raised or got.raised:
        return False
    a, b = wanted.value, got.value
    if not (_is_tensor(a) and _is_tensor(b)):
        return type(a) is type(b) and bool(difference(Outcome(a), Outcome(b), 0, 0))
    if math.prod(a.shape) != math.prod(b.shape):
        return True
    numbers = [np.asarray(x.detach() if is_torch(x) else x).ravel() for x in (a, b)]
    return not np.allclose(*numbers, rtol=1e-3, atol=1e-5, equal_nan=True)


def _on_the_way(values: dict[str, Any]) -> str:
    """The values that lead to the answer, a line for each; there may be none."""
    if not values:
        return ""
    wide = max(map(len, values))
    lines = [f"    {name:<{wide}}  {_rounded(value)}" for name, value in values.items()]
    return "\n  the right values on the way to it\n" + "\n".join(
        _clip(x, 2 * WIDTH) for x in lines
    )


def _rounded(value: Any) -> str:
    """A value with four digits of each number; of a large tensor only its kind."""
    if not _is_tensor(value) or math.prod(value.shape) > 16:
        exact = is_torch(value) and str(value.dtype) == "torch.float64"
        value = value.float() if exact else value  # as the student's own numbers are
        return f"{value:.4g}" if isinstance(value, float) else _argument(value)
    numbers = np.asarray(value.detach() if is_torch(value) else value)
    if numbers.dtype.kind != "f":
        return repr(numbers.tolist())
    return np.array2string(
        numbers, separator=", ", formatter={"float": "{:.4g}".format}
    ).replace("\n", "")


def _count(tensors: Sequence[Any]) -> int:
    return sum(math.prod(tensor.shape) for tensor in tensors)


def _argument(value: Any) -> str:
    """A value as a person would write it; of a large tensor only its kind."""
    if isinstance(value, dict) and any(map(_is_tensor, value.values())):
        plural = "" if len(value) == 1 else "s"
        return f"a dict of {len(value)} tensor{plural}"
    if isinstance(value, list | tuple) and any(map(_is_tensor, value)):
        if all(map(_is_tensor, value)) and _count(value) <= FEW:
            shown = ", ".join(map(_argument, value))
            return f"[{shown}]" if isinstance(value, list) else f"({shown})"
        if isinstance(value, tuple) and any(isinstance(part, tuple) for part in value):
            return _outline(value)
        plural = "" if len(value) == 1 else "s"
        return f"a {type(value).__name__} of {len(value)} tensor{plural}"
    if not _is_tensor(value):
        return repr(value)
    if 0 < math.prod(value.shape) <= FEW:
        numbers = value.detach() if is_torch(value) else value
        if str(value.dtype) == "torch.bfloat16":  # which NumPy does not have
            numbers = numbers.float()
        numbers = np.asarray(numbers)
        if numbers.dtype.kind == "f":
            numbers = np.array([*map(_short, numbers.ravel())]).reshape(numbers.shape)
        return repr(numbers.tolist())
    return describe(value).removeprefix("a ").removeprefix("an ")


def _outline(value: Any) -> str:
    """What a tuple is made of, down to its tensors, of which only the shape is told."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_outline, value))})"
    if _is_tensor(value):
        return f"a {tuple(value.shape)} tensor"
    return _clip(repr(value))


def _short(number: Any) -> float:
    """A number as a person would write it: 0.36, not 0.35999998 as float32 has it."""
    if not np.isfinite(number):
        return float(number)
    near = 2.0**-23 * abs(float(number)) if number.dtype == np.float32 else 0.0
    texts = (f"{float(number):.{digits}g}" for digits in range(1, 10))
    found = (float(text) for text in texts if abs(float(text) - number) <= near)
    return next(found, float(number))


def _picture(wanted: Any, got: Any) -> tuple[str, str]:
    """Two tensors that are not too deep, side by side, as HTML and as text."""
    if part := _part(wanted, got):
        wanted, got = (outcome.value for outcome in part[1:])
    for value in (wanted, got):
        if not _is_tensor(value) or not math.prod(value.shape) or value.ndim > 4:
            return "", ""
    return picture.pair(wanted, got, 1e-4, 1e-5)


def _values(wanted: Outcome, got: Outcome) -> tuple[str, str]:
    if wanted.raised or got.raised:
        return _say(wanted), _say(got)
    a, b = wanted.value, got.value
    if isinstance(a, dict) and isinstance(b, dict):  # in the same order
        b = {key: b[key] for key in [*a, *b] if key in b}
    if _is_tensor(a) or _is_tensor(b):
        return describe(a), describe(b)
    if isinstance(a, dict) and isinstance(b, dict) and len(repr(a)) > WIDTH:
        differ = [
            k for k in a if k not in b or difference(Outcome(a[k]), Outcome(b[k]), 0, 0)
        ]
        differ += [k for k in b if k not in a]
        return _pick(a, differ), _pick(b, differ)
    several = isinstance(a, tuple) and any(map(_is_tensor, a)) and type(b) is tuple
    if several and _outline(a) != _outline(b):
        return _outline(a), _outline(b)
    if isinstance(a, list | tuple | str | bytes) and type(a) is type(b):
        first = next(
            (
                i
                for i, (x, y) in enumerate(zip(a, b, strict=False))
                if difference(Outcome(x), Outcome(y), 0, 0)
            ),
            min(len(a), len(b)),
        )
        return _window(a, first), _window(b, first)
    return _clip(repr(a)), _clip(repr(b))


def _say(outcome: Outcome) -> str:
    if outcome.raised in (AGAIN, REUSED, UNUSABLE):
        return outcome.message
    if outcome.raised:
        return f"an error: {outcome.raised}"
    return _clip(_argument(outcome.value))


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "dtype")


def _clip(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _pick(mapping: dict, first: list) -> str:
    """The entries of a large dict that matter, or where none do, its first ones."""
    keys = [k for k in first if k in mapping][:3] or list(mapping)[:3]
    shown = [f"{k!r}: {mapping[k]!r}" for k in keys]
    dots = ["…"] if len(mapping) > len(shown) else []
    return _clip("{" + ", ".join(shown + dots) + "}") + f"   ({len(mapping)} keys)"


def _window(sequence: Any, first: int) -> str:
    """The part of a long sequence around the first difference."""
    whole = repr(sequence)
    if len(whole) <= WIDTH:
        return whole
    start = max(0, first - 3)
    part = sequence[start : start + (30 if isinstance(sequence, str | bytes) else 9)]
    dots = "… " if start else ""
    return f"{dots}{_clip(repr(part))} …   (from position {start}, of {len(sequence)})"


def _render(
    verdict: Verdict,
    lines: list[str],
    code: str,
    seen: tuple[str, str] = ("", ""),
    listed: bool = True,
) -> dict[str, str]:
    head = _headline(verdict)
    text = "\n".join([head, *lines, *filter(None, [code, seen[1]])])
    cases = "".join(
        f"<li>{'✓' if r.why is None else '✗'} {escape(r.what)}</li>"
        for r in verdict.results
    )
    items = (
        f'<ul style="list-style: none; padding-left: 1em; margin: .2em 0">{cases}</ul>'
    )
    every = ""
    if listed and verdict.results and not verdict.right:
        summary = f"<summary>All {len(verdict.results)} cases</summary>"
        every = f"<details>{summary}{items}</details>" if code else items
    style = _STYLE.format(colour=_GOOD if verdict.right else _BAD)
    html = (
        f'<div style="{style}"><strong>{escape(head)}</strong>'
        + "".join(f'<div style="margin: .3em 0">{_prose(line)}</div>' for line in lines)
        + (f'<pre style="{_CODE}">{escape(code)}</pre>' if code else "")
        + seen[0]
        + every
        + "</div>"
    )
    return {"text/plain": text, "text/html": html}


def _prose(text: str) -> str:
    """Escaped, with `code` between backticks and **stress** between stars."""
    parts = escape(text, quote=False).split("`")
    return "".join(
        f"<code>{part}</code>"
        if i % 2
        else re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", part)
        for i, part in enumerate(parts)
    )
