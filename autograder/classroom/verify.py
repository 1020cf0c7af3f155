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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder import checks
from autograder.box.execute import Cell, execute
from autograder.box.kernel import Template
from autograder.box.messages import CASES
from autograder.box.sandbox import Limits
from autograder.box.watch import REACHED
from autograder.checks import Case, Check, Mistake
from autograder.classroom import submission
from autograder.verdict import bank, look, outcome, panel, wire
from autograder.verdict.compare import ERRORS
from autograder.verdict.judge import Verdict, expected, judge

NO_SANDBOX = "ran without a sandbox"


@dataclass(frozen=True, eq=False)
class Exam:
    """What a whole class is asked: the checks, the hidden cases, and their bytes."""

    checks: dict[str, Check]
    cases: dict[str, list[Case]]
    packed: bytes


@functools.lru_cache(maxsize=4)
def exam(assignment: str, seed: bytes) -> Exam:
    """Draw the hidden cases: the same for a whole class, so equal work earns equally."""
    found = checks.load(assignment)
    cases = {name: bank.draw(check, seed) for name, check in found.items()}
    inputs = {n: [list(case.args) for case in drawn] for n, drawn in cases.items()}
    return Exam(found, cases, wire.pack(inputs))


def exam_of(assignment: str, seed_file: Path) -> Exam:
    """The exam of the class whose secret is in `seed_file`, made on first use."""
    return exam(assignment, bank.hidden_seed(seed_file, assignment))


@dataclass
class Grading:
    """What one submission's grading knows, from its execution to its verification."""

    exam: Exam
    flags: list[str] = field(default_factory=list)
    ran: dict[str, Cell] = field(default_factory=dict)  # by the name of the check
    beside: frozenset[str] = frozenset()  # modules that were handed in


def run(
    nb: NotebookNode,
    grading: Grading,
    template: Template,
    files: dict[str, bytes],
    limits: Limits,
) -> float:
    """Run the notebook in a box of its own; the CPU seconds that it took there.

    RuntimeError where it was cut short through no fault of the submission.
    Of a cell that failed only the type of its error stays. What stands after the last
    check is not run: nothing there can change a grade.
    """
    grading.beside = look.modules(files)
    cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    running = [Cell(cell.source, submission.is_grade(cell)) for cell in cells]
    while running and not running[-1].graded:
        running.pop()
    cpu = execute(running, template, files | {CASES: grading.exam.packed}, {}, limits)
    if template.process.poll() is not None:  # and with it every kernel
        raise RuntimeError("the process that kernels are forks of has died")
    for cell in cells:
        cell.outputs, cell.execution_count = [], None
    for number, (cell, ran) in enumerate(zip(cells, running, strict=False), 1):
        odd = [*([ran.died] if ran.died else []), *(REACHED[k] for k in ran.reached)]
        grading.flags += [f"code cell {number}: {what}" for what in odd]
        if ended := ran.died or _error(ran):
            cell.outputs = [_output("error", ename=ended, evalue="", traceback=[])]
        if submission.is_grade(cell):
            grading.ran[cell.metadata.nbgrader["grade_id"]] = ran
    return cpu or 0.0


def _output(kind: str, **content: Any) -> NotebookNode:
    return nbformat.from_dict({"output_type": kind, **content})


def _error(ran: Cell) -> str | None:
    """The type of the error that ended a cell, if Python or PyTorch has one so named.

    Any other name could carry a message out of the box.
    """
    if ran.error is None or ran.error in ERRORS or ran.error in _KNOWN:
        return ran.error
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
    code = [(n, cell) for n, cell in enumerate(nb.cells, 1) if cell.cell_type == "code"]
    own = [(n, cell.source) for n, cell in code if not submission.is_locked(cell)]
    given = [cell.source for _, cell in code if submission.is_locked(cell)]
    for check in grading.exam.checks.values() if grading else ():
        _wanted(check, grading.exam), _public(check)  # an error here is our fault
    verdicts: list[Verdict] = []
    for cell in nb.cells:
        if not submission.is_grade(cell) or submission.is_solution(cell):
            continue
        failed = {v.check for v in verdicts if not v.right}
        try:
            verdict = _verdict(cell, grading, own, given, failed)
        except Exception as error:  # noqa: BLE001 - it costs this check, no other
            verdict = _unjudged(cell, grading, error)
        verdicts.append(verdict)
        cell.outputs = [
            _output("display_data", data=panel.feedback(verdict), metadata={}),
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
            v.check: {
                "points": v.points,
                "possible": v.possible,
                "mistake": v.mistake.name if v.mistake else None,
                "reason": v.reason,
            }
            for v in verdicts
        },
    }


def _unjudged(cell: NotebookNode, grading: Grading | None, error: Exception) -> Verdict:
    """No points where looking at an answer fails: only hostile ones come so far."""
    label = cell.metadata.nbgrader
    if grading:
        about = f"{type(error).__name__} while it was judged"
        grading.flags.append(f"{label['grade_id']}: {about}")
    nothing = Verdict(label["grade_id"], 0.0, label["points"])
    return _noted(nothing, "What was handed in could not be judged.")


def _verdict(
    cell: NotebookNode,
    grading: Grading | None,
    own: list[tuple[int, str]],
    given: list[str],
    failed: set[str],
) -> Verdict:
    name = cell.metadata.nbgrader["grade_id"]
    nothing = Verdict(name, 0.0, cell.metadata.nbgrader["points"])
    if grading is None or name not in grading.exam.checks or name not in grading.ran:
        return _noted(nothing, "This cell was not checked.")
    check, cases = grading.exam.checks[name], grading.exam.cases[name]
    function = _function(cell.source)
    seen = {"beside": grading.beside, "given": given}
    if refused := look.refusal(check, own, function, **seen):
        grading.flags.append(f"{name}: uses {refused.use}")
        return _noted(nothing, refused.note)
    if found := look.uses(own, function, look.DYNAMIC, **seen):
        flag = f"reaches around with {found[0]}"
        grading.flags += [flag] if flag not in grading.flags else []
    ran = grading.ran[name]
    try:
        got = _answers(ran, name)
    except ValueError as error:
        grading.flags.append(f"{name}: {error}")
        return _noted(nothing, "What was handed in is not an answer of this check.")
    if ran.died:
        return _noted(nothing, f"Nothing was handed in: {ran.died}.")
    if got is None:
        if ran.error is None:
            grading.flags.append(f"{name}: ran without an error or an answer")
            return _noted(nothing, "Nothing was handed in.")
        return _noted(nothing, f"Nothing was handed in: it stopped with {_error(ran)}.")
    wanted = _wanted(check, grading.exam)
    return judge(
        check,
        cases,
        wanted,
        got,
        hidden=True,
        failed=failed,
        known=_public(check),
        made=functools.partial(_made, check, grading.exam),
    )


@functools.cache
def _public(check: Check) -> list[outcome.Outcome]:
    """What is right on the public cases: everybody may know it, so it earns nothing."""
    return expected(check, bank.draw(check, bank.PUBLIC_SEED))


@functools.lru_cache(maxsize=100)
def _wanted(check: Check, asked: Exam) -> list[outcome.Outcome]:
    """What the oracle says to the hidden cases, once for a whole class."""
    return expected(check, asked.cases[check.name])


@functools.lru_cache(maxsize=20_000)
def _made(check: Check, asked: Exam, mistake: Mistake, i: int) -> outcome.Outcome:
    """What a mistake makes of a hidden case, once for a whole class."""
    return outcome.run(mistake.answer, asked.cases[check.name][i].args)


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
