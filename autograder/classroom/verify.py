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
import warnings
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
from autograder.classroom import reader, submission
from autograder.classroom.exam import Exam, made, public, wanted
from autograder.classroom.reader import Asked, Look, Stopped
from autograder.verdict import look, outcome, panel, source, told, wire
from autograder.verdict.compare import ERRORS
from autograder.verdict.judge import UNWRITTEN, Verdict, followed, judge
from autograder.verdict.remark import arguments

NO_SANDBOX = "ran without a sandbox"
_DEF = re.compile(r"^(?:async +)?def +(\w{1,60}) *\(", re.MULTILINE)
UNSEEN = (
    "No points: code that this function may come from could not be looked at, because it "
    "is too large or nested too deeply. Write it in plain, shorter statements."
)


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
    looks: dict[str, Look] | None = None  # what the code of each check tells
    renamed: dict[str, str] = field(default_factory=dict)  # what stands for a step
    cells: dict[str, str] = field(
        default_factory=dict
    )  # the sources of steps, by check
    # Those of them that Python cannot read, with line and reason, once it is asked.
    unparsed: dict[str, tuple[int, str, str]] | None = None

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
        # The clock tells a cell that runs again when another one died, and so anything.
        if ended := _ended(cell, ran, knows or ran.later):
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
    looks = _looks(nb, grading)
    failed = [name for name in asked if name in found and not found[name].right]
    # What the cell of a wrong step defines again may be wrong from there on.
    spoiled = {step for n in failed if n in looks for step in looks[n].again}
    instead: dict[str, list[str]] = {}
    for name in (name for name in failed if name in looks):
        look = looks[name]
        wrong = {*failed, *look.taken, *spoiled}
        steps = [step for step in look.steps if step in wrong]
        if steps and found[name].note != UNWRITTEN:
            instead[name] = steps
    if instead:
        apart = _look(nb, grading, instead) or {}
        instead = {n: s for n, s in instead.items() if _is_free(apart.get(n))}
    return {n: s for n, s in instead.items() if _in_order(n, instead, nb, grading)}


def _is_free(look: Look | None) -> bool:
    return look is not None and not (look.refused or look.unread)


def _in_order(
    name: str, instead: dict[str, list[str]], nb: NotebookNode, grading: Grading
) -> bool:
    """Whether the course's own steps that stand before a check are earlier ones only.

    In a notebook whose checks have changed places it would find its own answer there.
    """
    asked, place = list(grading.exam.checks), _place(nb, name)
    there = [step for n in instead if _place(nb, n) <= place for step in instead[n]]
    return all(asked.index(step) < asked.index(name) for step in there)


def _foreign(
    nb: NotebookNode, grading: Grading, name: str, steps: Sequence[str]
) -> dict[str, str]:
    """Those of these steps whose names an import has taken where `name` is checked."""
    taken = _looks(nb, grading)[name].taken
    return {step: taken[step] for step in steps if step in taken}


def _looks(nb: NotebookNode, grading: Grading) -> dict[str, Look]:
    """What the code of each check tells; none where that cannot be found out."""
    if grading.looks is None:
        grading.looks = _look(nb, grading, {}) or {}
    return grading.looks


def _look(
    nb: NotebookNode, grading: Grading, apart: dict[str, list[str]]
) -> dict[str, Look] | None:
    cells = {cell.metadata.nbgrader["grade_id"]: cell for cell in _graded(nb)}
    asked = {
        name: Asked(
            _function(cells[name].source),
            check.forbidden,
            check.after,
            _place(nb, name),
            tuple(apart.get(name, ())),
        )
        for name, check in grading.exam.checks.items()  # the exercise's order counts
        if name in cells
    }
    try:
        return reader.here().look(*_sources(nb), grading.beside, asked)
    except (Stopped, ValueError) as error:
        grading.flag(f"its code could not be looked at: {error}")
        return None


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
        if grading and verdict.results and not verdict.right:
            right = wanted(grading.exam, verdict.check)
            seen = (grading.looks or {}).get(verdict.check)
            written = seen and _written(seen.text, _function(cell.source))
            asked = arguments(grading.exam.checks[verdict.check])
            about = written.sentences(asked) if written else ()
            said = told.bounded(verdict, right, explained < told.EXPLAINED, about)
            explained += 1
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
        course = _judged(cells[name], grading, again=True)
        taken = _foreign(nb, grading, name, steps)
        wrong = [step for step in steps if step in taken or not found[step].right]
        found[name] = followed(found[name], course, wrong, taken)
    return found


def _first(nb: NotebookNode, grading: Grading | None) -> dict[str, Verdict]:
    """What each check found of the student's own steps."""
    for name, check in grading.exam.checks.items() if grading else ():
        wanted(grading.exam, name), public(check)  # an error here is our fault
    if grading:
        _looks(nb, grading)
        grading.renamed = _renamed(nb, grading)
    found = [_judged(cell, grading) for cell in _graded(nb)]
    return {verdict.check: verdict for verdict in found}


def _sources(nb: NotebookNode) -> tuple[list[look.Cell], list[look.Cell]]:
    """The student's own cells and the given ones, by their numbers."""
    code = [(n, cell) for n, cell in enumerate(nb.cells, 1) if cell.cell_type == "code"]
    own = [(n, cell.source) for n, cell in code if not submission.is_locked(cell)]
    return own, [(n, cell.source) for n, cell in code if submission.is_locked(cell)]


def _renamed(nb: NotebookNode, grading: Grading) -> dict[str, str]:
    """By the names of steps, the other names by which their own cells define a function.

    They stood there before the box was opened, so they tell nothing of what is in it. By
    the lines alone: a student's cell is not parsed here.
    """
    found, cell = {}, ""
    for each in nb.cells:
        if submission.is_solution(each):
            cell = each.source
        elif submission.is_grade(each):
            name = each.metadata.nbgrader["grade_id"]
            grading.cells[name] = cell
            defined = _DEF.findall(cell)
            known = name in defined or not defined
            if not known and defined[-1] not in grading.exam.checks:
                found[name] = defined[-1]
    return found


def _unparsed(grading: Grading) -> dict[str, tuple[int, str, str]]:
    """The steps whose own cell Python cannot read; asked where one handed nothing in."""
    if grading.unparsed is None:
        try:
            grading.unparsed = reader.here().unparsed(grading.cells)
        except (Stopped, ValueError):  # too much to read: others say so
            grading.unparsed = {}
    return grading.unparsed


def _graded(nb: NotebookNode) -> list[NotebookNode]:
    return [
        cell
        for cell in nb.cells
        if submission.is_grade(cell) and not submission.is_solution(cell)
    ]


def _judged(
    cell: NotebookNode, grading: Grading | None, again: bool = False
) -> Verdict:
    try:
        with warnings.catch_warnings(action="ignore"):  # mistakes are tried, odd values
            return _verdict(cell, grading, again)
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


def _verdict(cell: NotebookNode, grading: Grading | None, again: bool) -> Verdict:
    """One check: by its first run, or by the one with the course's own steps."""
    name = cell.metadata.nbgrader["grade_id"]
    nothing = Verdict(name, 0.0, cell.metadata.nbgrader["points"])
    if grading is None or name not in grading.exam.checks or name not in grading.ran:
        return _noted(nothing, "This cell was not checked.")
    check, cases = grading.exam.checks[name], grading.exam.cases[name]
    function = _function(cell.source)
    seen = grading.looks.get(name)
    if seen is None or seen.unread:
        if seen:  # for all checks together it has been flagged
            grading.flag(f"its code could not be looked at: {seen.unread}")
        return _noted(nothing, UNSEEN)
    if seen.refused and not again:
        refused = look.told(check, seen.refused, seen.line)
        grading.flag(f"{name}: uses {refused.use}")
        return _noted(nothing, refused.note)
    if seen.around:
        grading.flag(f"reaches around with {seen.around}")
    ran = grading.again[name] if again else grading.ran[name]
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
        unknown = ran.error == "NameError"
        if unknown and name in (found := _unparsed(grading)):
            return _noted(nothing, told.unparsed(name, *found[name]))
        if unknown and name in grading.renamed:
            return _noted(nothing, told.renamed(name, grading.renamed[name]))
        return _noted(nothing, f"Nothing was handed in: {told.stopped(ran.error)}.")
    return judge(
        check,
        cases,
        wanted(grading.exam, name),
        got,
        hidden=True,
        known=public(check),
        made=functools.partial(made, grading.exam, name),
        written=functools.partial(_written, seen.text, function),  # only if wrong
    )


def _written(text: str | None, function: str) -> source.Written | None:
    """What the source of a function tells, where the reader has found it small."""
    return source.of([(1, text)], function) if text else None


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
