"""The end of a notebook: a student's steps beside the course's own, in its model.

Nothing is graded here. What differs is said in a sentence or two: which step, where and
by how much, or what is no longer as it was given.
"""

from __future__ import annotations

import contextlib
import dis
import re
import traceback
from collections.abc import Callable, Collection, Iterator
from types import CodeType
from typing import Any

import numpy as np
import torch

from autograder.checks import Case, Check
from autograder.verdict import errors, lines, repair, whole
from autograder.verdict.compare import describe, difference
from autograder.verdict.outcome import Outcome, run
from autograder.verdict.remark import remark
from autograder.verdict.remark.seen import PLAIN
from autograder.verdict.remark.unknown import MODULES, close, elsewhere
from autograder.verdict.source import Written
from autograder.verdict.wire import article
from gpt import world
from gpt.model import GPT, small
from gpt.tokenize import PATTERN, Tokenizer

RESTART = "choose *Kernel → Restart Kernel and Run All Cells*"
CELL = "<module>"  # what Python calls the code that stands in no function
PATIENCE = 2.0  # seconds of computing for all small changes in a whole model
LONGEST = 200  # characters of an error's message
LOST = (
    "makes the right numbers, but has lost their gradient, so no model can learn by them. "
    "Do all of it with tensors of PyTorch: NumPy, `.detach()`, `.data`, `.item()`, "
    "`torch.tensor(...)` and `torch.no_grad()` lose the gradient."
)
BENT = (
    "makes the right numbers, but their gradient is not that of the course's own, so a model "
    "would learn something else by them. Is a part of the way cut off, by `.detach()`, "
    "`.data`, `.item()`, `torch.tensor(...)` or `torch.no_grad()`?"
)


class Finale:
    """What a `with finale() as agrees:` has found: the first thing that is not the same.

    names: what the notebook defines. known: the exercise's checks. wrong: the first of
    some steps that its check does not find right. taken: those of some steps whose names
    an import has taken, with what they stand for. given: the names that the notebook's
    own cells define. written: what the source of one of its functions tells.
    """

    def __init__(
        self,
        names: dict[str, Any],
        known: dict[str, Check],
        wrong: Callable[[list[str]], str | None],
        taken: Callable[[list[str]], dict[str, str]] = lambda steps: {},
        given: Callable[[], Collection[str]] = frozenset,
        written: Callable[[str], Written | None] = lambda name: None,
    ) -> None:
        self.names, self.known, self.wrong, self.taken = names, known, wrong, taken
        self.given, self.written = given, written
        self.found: str | None = None

    def agrees(
        self,
        step: str,
        mine: Any,
        course: Any,
        where: str = "",
        learns: bool | torch.Tensor = False,
    ) -> bool:
        """Whether a step, or several as in "ranks(merges)", made what the course's make.

        Where the course raises an error, `course` is its class, and `mine` a function
        that should. learns: it must have kept its gradient, and if this is a tensor, have
        the course's at it. Only the first difference is told; the others mostly come of it.
        """
        check = self.known.get(step) or _plain(step)
        asked = learns is not False
        kept = not asked or getattr(mine, "requires_grad", False)
        pair = _gradients(mine, course, learns) if asked and kept else None
        mine, course = _detached(mine), _detached(course)
        if isinstance(course, type):
            want, got = Outcome(raised=course.__name__), run(mine, ())
        else:
            want, got = Outcome(course), run(lambda: mine, ())
        why = difference(want, got, check.rtol, check.atol)
        if why and not self.found:
            place = f" {where}" if where else ""
            text = f"`{step}` differs from the course's own{place}: {why.strip()}"
            said = self._as_if(step, mine)
            said = said or self._in_source(step, course, check)
            said = said or remark(check, [Case(where, ())], [want], [got])
            self.found = self._with_advice(text, step, said=said)
        if not why and asked:
            if not kept:
                why = f"`{step}` {LOST}"
            elif pair and difference(*pair, check.rtol, check.atol):
                why = f"`{step}` {BENT}"
            self.found = self.found or why
        return not why

    def ended(self, error: Exception) -> None:
        """The cell ended in an error; if something differed before, mostly for that."""
        if self.found:
            return
        lines = [*self._lines(error)]
        where, line, inner = self._own(lines)
        kind, message = type(error).__name__, str(error)[:LONGEST]
        unknown = re.search("'(\\w+)'", message) if kind == "NameError" else None
        if kind == "NotImplementedError":
            self.found = f"`{lines[-1][0]}` is not written yet."
        elif unknown:
            self.found = self._unknown(unknown[1], error)
        else:
            place = "" if where == CELL else f" of `{where}`"
            text = f"The line `{line}`{place} raised {kind}: {message}"
            if inner:  # a step that is right, and was given what it cannot use
                said = (
                    f"The error is in `{inner}`, which passes its check, so look at what "
                    f"this line gives it. {self._handed(error, inner)}"
                ).strip()
                with contextlib.suppress(
                    Exception
                ):  # the notebook's names may be anything
                    course = small()[0](self.names["read"])
                    why = self._in_source(where, course, _plain(where))
                    said = f"{said} {why or ''}".strip()
            else:
                failed = Outcome(raised=kind, message=message, trace=line)
                said = errors.told(failed, tensors="torch" in self.names)
            self.found = self._with_advice(text, str(lines), in_cell(error), said=said)

    def _own(self, lines: list[tuple[str, str]]) -> tuple[str, str, str]:
        """The line that a mistake may be in: function, line, and the right step it calls.

        An error in a step that is right comes from what it was given. lines: as of
        `_lines`, which ends where the error was raised.
        """
        for place, (name, _) in enumerate(lines):
            if place and name in self.known and self.wrong([name]) is None:
                own = [x for x in lines[:place] if x[0] not in self.given()]
                return *(own or lines)[-1], name
        return *lines[-1], ""

    def _handed(self, error: Exception, step: str) -> str:
        """Which argument of a step is unlike all that its check gives; or nothing."""
        cases = self.known[step].draw(np.random.default_rng(0))
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_code is not self._code(step):
                continue
            code = frame.f_code
            kept = {i.argval for i in dis.get_instructions(code) if "STORE" in i.opname}
            for k, name in enumerate(code.co_varnames[: code.co_argcount]):
                given = [case.args[k] for case in cases if k < len(case.args)]
                value = frame.f_locals.get(name)
                if name in kept or not given or _like(value) in {*map(_like, given)}:
                    continue
                return f"As `{name}` it got {_told(value)}, and not {_asked(given)}."
        return ""

    def _in_source(self, step: str, course: Any, check: Check) -> str | None:
        """What the lines of a whole model show, or which of them one change makes right."""
        about = None if step in self.known else self.written(step)
        if not about or not isinstance(self.names.get("read"), torch.Tensor):
            return None
        read = self.names["read"]

        def is_right(made: Callable[..., Any]) -> bool:
            got, want = repair.outcome(made, (read,)), Outcome(course)
            return not difference(want, got, check.rtol, check.atol, hidden=True)

        parameters = lines.parameters(about.function)
        return (
            about.first(parameters, Outcome(0), tensors=True)
            or about.ends_early("")
            or repair.place(about.function, self.names, is_right, PATIENCE)
            or about.not_kept
            or lines.unused(about.function)
        )

    def _as_if(self, step: str, mine: Any) -> str | None:
        """What a whole model or loop does instead, where each step is right in itself."""
        steps = [s for s in self.known if s in {*reached([step], self.names)}]
        if step in self.known or self.wrong(steps):
            return None
        with contextlib.suppress(Exception):  # the notebook's names may be anything
            return whole.as_if(mine, self.names)
        return None

    def _unknown(self, name: str, error: Exception) -> str:
        """What to do about a name that nothing defines."""
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        inside = {*frames[-1].f_locals} - {name}
        known = [n for n in self.names if not n.startswith("_")]
        for names in () if name in MODULES else (inside, known):
            if meant := close(name, names):
                return f"`{name}` has no meaning. Is `{meant}` meant?"
        where = elsewhere(name, self.names, "torch" in self.names)
        return (
            f"`{name}` has no meaning yet. {where}".translate(PLAIN)
            if where
            else f"`{name}` has no meaning yet: run the cell above that defines it, or look "
            "whether the name is mistyped."
        )

    def _with_advice(self, text: str, *mention: str, said: str | None) -> str:
        """What is wrong, and what to do next.

        mention: what it may come from, the likeliest first.
        """
        text = text if text.endswith(("?", ".")) else f"{text}."
        for step in mention:
            words = re.findall(r"\w+", step)
            steps = {*reached([*words], self.names)}
            asked = {*words, *(n for s in steps for n in mentioned(self._code(s)))}
            for name, meant in self.taken(
                [s for s in self.known if s in asked]
            ).items():
                return f"{text} `{name}` stands for `{meant}` now: an import has taken its name."
            wrong = self.wrong([name for name in self.known if name in steps])
            if wrong == step:
                return f"{text} Its check says more."
            if wrong:
                return f"{text} `{wrong}` is not right yet: its check says more."
        return f"{text} {said}" if said else text

    def _code(self, name: str) -> CodeType | None:
        return getattr(self.names.get(name), "__code__", None)

    def _lines(self, error: Exception) -> Iterator[tuple[str, str]]:
        """The notebook's lines on an error's way, each with the function it stands in."""
        for frame in traceback.extract_tb(error.__traceback__):
            code = self._code(frame.name)
            own = self.names.get(frame.name)
            own = getattr(own, "__module__", None) == "__main__" and code
            if frame.name == CELL or (own and own.co_filename == frame.filename):
                yield frame.name, frame.line or ""


def _gradients(
    mine: Any, course: Any, learns: bool | torch.Tensor
) -> tuple[Outcome, Outcome] | None:
    """The gradients of the course's answer and of a student's at what they learn by."""
    if not isinstance(learns, torch.Tensor):
        return None
    want, got = (
        torch.autograd.grad(x.sum(), learns, retain_graph=True, allow_unused=True)[0]
        for x in (course, mine)
    )
    return Outcome(want), Outcome(got)


def _detached(value: Any) -> Any:
    return value.detach() if isinstance(value, torch.Tensor) else value


def _plain(step: str) -> Check:
    """A check of what is no step of its own, such as a whole model."""
    return Check(step, 0, list, lambda: None, (), atol=1e-4)


def _like(value: Any) -> tuple:
    """What a value is, as far as a step may be made for it: its kind and its axes."""
    if isinstance(value, torch.Tensor):
        return "tensor", value.ndim
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return ("number",) if number else (type(value),)


def _told(value: Any) -> str:
    plain = isinstance(value, torch.Tensor | int | float | str | bytes | list | dict)
    return describe(value) if plain else article(type(value).__name__)


def _asked(given: list[Any]) -> str:
    """What a step is made for, in words, by what its check gives."""
    if not all(isinstance(value, torch.Tensor) for value in given):
        return f"what its check gives, such as {describe(given[0])}"
    axes = sorted({value.ndim for value in given})
    plural = "" if axes == [1] else "s"
    return f"a tensor of {' or '.join(map(str, axes))} axis{plural}".replace(
        "axiss", "axes"
    )


def in_cell(error: Exception) -> str:
    """All that the cell mentions in which an error ended."""
    codes = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    return " ".join(n for c in codes if c.co_name == CELL for n in mentioned(c))


def reached(left: list[str], names: dict[str, Any]) -> Iterator[str]:
    """These functions of the notebook, and all that they lean on."""
    seen = set()
    while left:
        name = left.pop()
        function = names.get(name)
        if name in seen or getattr(function, "__module__", None) != "__main__":
            continue
        seen.add(name)
        yield name
        left += mentioned(getattr(function, "__code__", None))


def mentioned(code: CodeType | None) -> list[str]:
    """All names in the code of a function, and of those inside it."""
    if code is None:
        return []
    inner = [c for c in code.co_consts if isinstance(c, CodeType)]
    return [*code.co_names, *(name for c in inner for name in mentioned(c))]


def changed(given: tuple[Any, ...]) -> str | None:
    """What is no longer as it was given: model, tokenizer, pattern, the id of END."""
    model, tokenizer = small()
    for mine in given:
        what = None
        if isinstance(mine, GPT):
            what = _model(mine, model)
        elif isinstance(mine, Tokenizer):
            same = mine.ranks == tokenizer.ranks
            if not same or mine.special_tokens != tokenizer.special_tokens:
                what = "`tokenizer` has other tokens than the course's own"
        elif isinstance(mine, str):
            what = None if mine == PATTERN else "`PATTERN` is no longer GPT-2's"
        elif mine != tokenizer.special_tokens[world.END]:
            what = "`end` is no longer the id of END"
        if what:
            return f"{what}, so a cell has changed it. Find that cell, then {RESTART}."
    return None


def _model(mine: GPT, course: GPT) -> str | None:
    if mine.config != course.config:
        return "`model` has another size than the course's own"
    for name, want in course.weights.items():
        if not torch.equal(mine.weights[name], want):
            off = (mine.weights[name].detach() - want).abs()
            first = tuple((off != 0).nonzero()[0].tolist())
            return (
                f'`model.weights["{name}"]` is no longer the course\'s: '
                f"{int((off != 0).sum()):,} of {off.numel():,} numbers differ, first at "
                f"{first} and by up to {float(off.max()):.4g}"
            )
    for name, function in course.stages.items():
        if mine.stages[name] is not function:
            return f"`model` has another `{name}` than the course's own"
    return None
