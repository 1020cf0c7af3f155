"""From a sanitized notebook to a verified one: run it in its box, judge its answers.

The rule is fail closed: a point is given only where this process has itself received an
answer and found it right. Whatever a submission printed, raised or displayed counts
nothing, and no output of its own cells is kept: hidden inputs are in its kernel.
"""

from __future__ import annotations

import base64
import binascii
import functools
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.box.execute import Cell, execute
from autograder.box.kernel import Template
from autograder.box.messages import CASES
from autograder.box.sandbox import Limits
from autograder.box.watch import REACHED
from autograder.classroom import submission
from autograder.classroom.exam import Exam, made, public, wanted
from autograder.verdict import look, outcome, panel, source, told, wire
from autograder.verdict.compare import ERRORS
from autograder.verdict.judge import UNWRITTEN, Verdict, followed, judge

NO_SANDBOX = "ran without a sandbox"


@dataclass
class Grading:
    """What one submission's grading knows, from its execution to its verification."""

    exam: Exam
    flags: list[str] = field(default_factory=list)
    ran: dict[str, Cell] = field(default_factory=dict)  # by the name of the check
    beside: frozenset[str] = frozenset()  # modules that were handed in
    # And once more, with the course's own in place of these earlier steps.
    again: dict[str, Cell] = field(default_factory=dict)
    instead: dict[str, list[str]] = field(default_factory=dict)
    found: dict[str, Verdict] | None = None  # of the first run

    def flag(self, what: str) -> None:
        if what not in self.flags:
            self.flags.append(what)


def run(
    nb: NotebookNode,
    grading: Grading,
    template: Template,
    files: dict[str, bytes],
    limits: Limits,
) -> float:
    """Run the notebook in a box of its own; the CPU seconds that it took there.

    RuntimeError where it was cut short through no fault of the submission.
    Of a cell that failed the type of its error stays, and after the first check, which
    brings the hidden inputs, only that it failed; of cells that were not released, not
    even that. What stands after the last check is not run: nothing there can change a
    grade.
    A check that is not passed, as is one of the steps before it, is run once more in
    another box, where the course's own steps stand in place of those, if there is time:
    both runs together have the seconds of one.
    """
    began = time.monotonic()
    grading.beside = look.modules(files)
    files = files | {CASES: grading.exam.packed}
    cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    running = [
        (n, Cell(c.source, submission.is_grade(c))) for n, c in enumerate(cells, 1)
    ]
    cpu = _execute(running, grading, template, files, limits)
    knows = False  # the inputs
    for cell, (_, ran) in zip(cells, running, strict=True):
        cell.outputs, cell.execution_count = [], None
        knows = knows or ran.graded
        if ended := _ended(cell, ran, knows):
            cell.outputs = [_output("error", ename=ended, evalue="", traceback=[])]
        if submission.is_grade(cell):
            grading.ran[cell.metadata.nbgrader["grade_id"]] = ran
    grading.found = _first(nb, grading)
    grading.instead = _to_follow(nb, grading)
    left = limits.seconds - (time.monotonic() - began)
    if grading.instead and left > 0:
        limits = replace(limits, seconds=left)
        cpu += _execute(
            _again(cells, running, grading), grading, template, files, limits
        )
    return cpu


def _execute(
    cells: list[tuple[int, Cell]],
    grading: Grading,
    template: Template,
    files: dict[str, bytes],
    limits: Limits,
) -> float:
    """Run the cells up to the last check, and flag what is odd by a cell's number."""
    last = max((n for n, (_, cell) in enumerate(cells, 1) if cell.graded), default=0)
    cpu = execute([cell for _, cell in cells[:last]], template, files, {}, limits)
    if template.process.poll() is not None:  # and with it every kernel
        raise RuntimeError("the process that kernels are forks of has died")
    for number, ran in cells:
        odd = [*([ran.died] if ran.died else []), *(REACHED[k] for k in ran.reached)]
        for what in odd:
            grading.flag(f"code cell {number}: {what}")
    return cpu


def _to_follow(nb: NotebookNode, grading: Grading) -> dict[str, list[str]]:
    """The steps that may be right with the course's own in place of which others."""
    asked, found = grading.exam.checks, grading.found
    own, given = _sources(nb)
    seen = {"beside": grading.beside, "given": given}
    failed = [name for name in asked if name in found and not found[name].right]
    functions = {
        c.metadata.nbgrader["grade_id"]: _function(c.source) for c in _graded(nb)
    }
    # What the cell of a wrong step defines again may be wrong from there on.
    spoiled = {s for name in failed for s in source.beside(own, functions[name])}
    instead = {}
    for name in failed:
        made_from = look.earlier(asked, name, own, functions[name], **seen)
        again = source.beside(own, functions[name])  # these belong to the step itself
        made_from = [step for step in made_from if step not in again]
        taken = _foreign(nb, grading, name, made_from)
        wrong = {*failed, *taken, *spoiled}
        steps = [step for step in made_from if step in wrong]
        if not steps or found[name].note == UNWRITTEN:
            continue
        if not look.refusal(asked[name], own, functions[name], apart=steps, **seen):
            instead[name] = steps
    return instead


def _foreign(
    nb: NotebookNode, grading: Grading, name: str, steps: Sequence[str]
) -> dict[str, str]:
    """Those of these steps whose names an import has taken where `name` is checked."""
    own, given = (
        [(n, source) for n, source in cells if n < at]
        for at in [_place(nb, name)]
        for cells in _sources(nb)
    )
    found = {step: look.imported(step, own, grading.beside, given) for step in steps}
    return {step: taken[0] for step, taken in found.items() if taken}


def _place(nb: NotebookNode, name: str) -> int:
    """The number of the cell of a check."""
    cell = next(c for c in _graded(nb) if c.metadata.nbgrader["grade_id"] == name)
    return nb.cells.index(cell) + 1


def _again(
    cells: list[NotebookNode], running: list[tuple[int, Cell]], grading: Grading
) -> list[tuple[int, Cell]]:
    """The cells of the second run: before a check stand the course's own steps."""
    again = []
    for cell, (number, ran) in zip(cells, running, strict=True):
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in grading.instead:
            steps = [grading.exam.steps[step] for step in grading.instead[name]]
            grading.again[name] = Cell(cell.source, graded=True)
            again += [(number, Cell(source)) for source in steps]
            again.append((number, grading.again[name]))
        elif not (ran.graded or ran.died or _in_vain(cell, ran)):
            again.append((number, Cell(cell.source)))
    return again


def _in_vain(cell: NotebookNode, ran: Cell) -> bool:
    """Whether a cell that defines no step only used up its time."""
    return ran.error == "Timeout" and not submission.is_solution(cell)


def _output(kind: str, **content: Any) -> NotebookNode:
    return nbformat.from_dict({"output_type": kind, **content})


def _ended(cell: NotebookNode, ran: Cell, knows: bool) -> str | None:
    """What is told of a cell that failed, by whether it may have known the inputs.

    Before: the type of its error, if Python or PyTorch has one so named. After: that it
    failed, where it is one of those cells that were released, which have a number.
    """
    if not (ran.died or ran.error):
        return None
    if knows:
        return told.ODD if "nbgrader" in cell.metadata else None
    if ran.died or ran.error in ERRORS or ran.error in _KNOWN:
        return ran.died or ran.error
    return "an error of its own"


_KNOWN = (
    *("Timeout", "CheckFailed", "CheckMisused", "OutOfMemoryError", "LinAlgError"),
    *("StdinNotImplementedError", "UsageError", "CalledProcessError", "error"),
    *("JSONDecodeError", "UFuncTypeError", "AxisError", "Empty", "InvalidOperation"),
)


def verify(nb: NotebookNode, grading: Grading | None) -> None:
    """Compare what was handed in with the oracle; put the verdicts into the notebook.

    Every output of a graded cell is replaced: by the feedback, and by the number that
    nbgrader's own rule reads as the points.
    """
    verdicts = _verdicts(nb, grading)
    explained = 0
    for cell in _graded(nb):
        verdict = verdicts[cell.metadata.nbgrader["grade_id"]]
        said = verdict
        if grading and verdict.results:
            right = wanted(grading.exam, verdict.check)
            said = told.bounded(verdict, right, explained < told.EXPLAINED)
            explained += not verdict.right
        cell.outputs = [
            _output("display_data", data=panel.feedback(said), metadata={}),
            _output(
                "execute_result",
                data={"text/plain": repr(verdict.points)},
                metadata={},
                execution_count=None,
            ),
        ]
    flags = grading.flags if grading else ["the notebook was not executed"]
    nb.metadata["autograder"] = {
        "status": "FLAGGED" if flags else "GRADED",
        "flags": flags,
        "checks": {
            name: {
                "points": v.points,
                "possible": v.possible,
                "mistake": v.mistake.name if v.mistake else None,
                "reason": v.reason,
            }
            for name, v in verdicts.items()
        },
    }


def _verdicts(nb: NotebookNode, grading: Grading | None) -> dict[str, Verdict]:
    """The verdict on each graded cell, in the notebook's order."""
    if grading is None or grading.found is None:
        return _first(nb, grading)
    found = dict(grading.found)
    cells = {cell.metadata.nbgrader["grade_id"]: cell for cell in _graded(nb)}
    for name, steps in grading.instead.items():  # in the exercise's order
        if name not in grading.again:
            continue  # there was no time left
        course = _judged(cells[name], grading, *_sources(nb), steps)
        taken = _foreign(nb, grading, name, steps)
        wrong = [step for step in steps if step in taken or not found[step].right]
        found[name] = followed(found[name], course, wrong, taken)
    return found


def _first(nb: NotebookNode, grading: Grading | None) -> dict[str, Verdict]:
    """What each check found of the student's own steps."""
    for name, check in grading.exam.checks.items() if grading else ():
        wanted(grading.exam, name), public(check)  # an error here is our fault
    own, given = _sources(nb)
    found = [_judged(cell, grading, own, given) for cell in _graded(nb)]
    return {verdict.check: verdict for verdict in found}


def _sources(nb: NotebookNode) -> tuple[list[look.Cell], list[look.Cell]]:
    """The student's own cells and the given ones, by their numbers."""
    code = [(n, cell) for n, cell in enumerate(nb.cells, 1) if cell.cell_type == "code"]
    own = [(n, cell.source) for n, cell in code if not submission.is_locked(cell)]
    return own, [(n, cell.source) for n, cell in code if submission.is_locked(cell)]


def _graded(nb: NotebookNode) -> list[NotebookNode]:
    return [
        cell
        for cell in nb.cells
        if submission.is_grade(cell) and not submission.is_solution(cell)
    ]


def _judged(
    cell: NotebookNode,
    grading: Grading | None,
    own: list[look.Cell],
    given: list[look.Cell],
    apart: Sequence[str] = (),
) -> Verdict:
    try:
        return _verdict(cell, grading, own, given, apart)
    except Exception as error:  # noqa: BLE001 - it costs this check, no other
        return _unjudged(cell, grading, error)


def _unjudged(cell: NotebookNode, grading: Grading | None, error: Exception) -> Verdict:
    """No points where looking at an answer fails: only hostile ones come so far."""
    label = cell.metadata.nbgrader
    if grading:
        about = f"{type(error).__name__} while it was judged"
        grading.flag(f"{label['grade_id']}: {about}")
    nothing = Verdict(label["grade_id"], 0.0, label["points"])
    return _noted(nothing, "What was handed in could not be judged.")


def _verdict(
    cell: NotebookNode,
    grading: Grading | None,
    own: list[look.Cell],
    given: list[look.Cell],
    apart: Sequence[str],
) -> Verdict:
    """One check: by its first run, or by the one with the course's own for `apart`."""
    name = cell.metadata.nbgrader["grade_id"]
    nothing = Verdict(name, 0.0, cell.metadata.nbgrader["points"])
    if grading is None or name not in grading.exam.checks or name not in grading.ran:
        return _noted(nothing, "This cell was not checked.")
    check, cases = grading.exam.checks[name], grading.exam.cases[name]
    function = _function(cell.source)
    seen = {"beside": grading.beside, "given": given, "apart": apart}
    if refused := look.refusal(check, own, function, **seen):
        grading.flag(f"{name}: uses {refused.use}")
        return _noted(nothing, refused.note)
    if found := look.uses(own, function, look.DYNAMIC, **seen):
        grading.flag(f"reaches around with {found[0]}")
    ran = grading.again[name] if apart else grading.ran[name]
    try:
        got = _answers(ran, name)
    except ValueError as error:
        grading.flag(f"{name}: {error}")
        return _noted(nothing, "What was handed in is not an answer of this check.")
    if ran.died:
        return _noted(nothing, f"Nothing was handed in: {ran.died}.")
    if got is None:
        if ran.error is None:
            grading.flag(f"{name}: ran without an error or an answer")
            return _noted(nothing, "Nothing was handed in.")
        return _noted(nothing, f"Nothing was handed in: {told.stopped(ran.error)}.")
    return judge(
        check,
        cases,
        wanted(grading.exam, name),
        got,
        hidden=True,
        known=public(check),
        made=functools.partial(made, grading.exam, name),
        written=functools.partial(source.of, own, function),  # only if wrong
    )


def _answers(ran: Cell, name: str) -> list[outcome.Outcome] | None:
    """What the cell handed in, or None. ValueError where it is not one sound answer."""
    handed_in = ran.answers
    if not handed_in:
        return None
    if len(handed_in) > 1:
        raise ValueError(f"{len(handed_in)} answers were handed in, not one")
    answer = handed_in[0]
    if not isinstance(answer, dict) or answer.get("check") != name:
        raise ValueError("the answer is not named as this check's")
    try:
        data = base64.b64decode(answer.get("outcomes", ""), validate=True)
        return outcome.from_rows(wire.unpack(data))
    except (binascii.Error, TypeError, ValueError) as error:
        said = re.sub(r"[^\w ,.:-]", "", str(error))[:80]
        raise ValueError(f"the answer cannot be read: {said}") from None


def _function(source: str) -> str:
    """The name of the function that a check cell hands over."""
    return source.rpartition(",")[2].strip().rstrip(")").strip()


def _noted(verdict: Verdict, note: str) -> Verdict:
    return Verdict(verdict.check, 0.0, verdict.possible, note=note)
