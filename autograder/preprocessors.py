"""The course's own steps in `nbgrader autograde`: relabel, restore, execute, verify.

nbgrader_config.py puts them in place of nbgrader's own, so that `nbgrader autograde`,
the formgrader's button and `python -m autograder grade` all go the same way. The rule
is fail closed: a point is given only where this process has itself received an answer
and found it right. Whatever a submission printed, raised or displayed counts nothing.
"""

from __future__ import annotations

import atexit
import base64
import binascii
import functools
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import SCHEMA_VERSION
from nbgrader.preprocessors import NbGraderPreprocessor, OverwriteCells
from traitlets import Bool, Dict, Unicode

from autograder import bank, checks, look, outcome, panel, wire
from autograder.checks import Case, Check
from autograder.execute import Cell, execute
from autograder.judge import Verdict, expected, judge
from autograder.kernel import Limits, Template
from autograder.template import CASES


@dataclass
class Grading:
    """What one submission's grading knows, from its execution to its verification."""

    checks: dict[str, Check]
    cases: dict[str, list[Case]]
    flags: list[str] = field(default_factory=list)
    ran: dict[str, Cell] = field(default_factory=dict)  # by the name of the check


class Relabel(NbGraderPreprocessor):
    """Give every cell the metadata that its grade id has in the gradebook, or none.

    What a submission says of points, locks and tags is not the student's to say: a tag
    can make an executor skip a cell, and a retitled cell can escape its check. Of cells
    with the same grade id the last one keeps it; the others run as ordinary cells.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            known = gradebook.find_notebook(about["notebook"], about["assignment"])
            points = {cell.name: cell.max_score for cell in known.grade_cells}
            solutions = {cell.name for cell in known.solution_cells}
            sources = {cell.name: cell for cell in known.source_cells}
            flags, seen = [], set()
            for cell in reversed(nb.cells):
                name = cell.metadata.get("nbgrader", {}).get("grade_id")
                if "skip-execution" in cell.metadata.get("tags", []):
                    flags.insert(0, f"{name or 'a cell'}: was tagged to be skipped")
                cell.metadata = NotebookNode()
                if name not in sources or name in seen:
                    continue
                seen.add(name)
                cell.metadata["nbgrader"] = NotebookNode(
                    grade=name in points,
                    solution=name in solutions,
                    task=False,
                    locked=sources[name].locked,
                    grade_id=name,
                    cell_type=str(sources[name].cell_type),
                    checksum=sources[name].checksum,
                    schema_version=SCHEMA_VERSION,
                )
                if name in points:
                    cell.metadata.nbgrader["points"] = points[name]
        nb.metadata["autograder"] = NotebookNode(flags=flags)
        return nb, resources


class Restore(OverwriteCells):
    """Give locked cells their released source, and return graded cells that are missing.

    A missing cell returns at the end, where everything it needs has been defined.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        nb, resources = super().preprocess(nb, resources)
        with self.gradebook:
            source = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
            present = {
                cell.metadata.nbgrader.get("grade_id")
                for cell in nb.cells
                if utils.is_grade(cell)
            }
            sources = {cell.name: cell for cell in source.source_cells}
            manual = {cell.name for cell in source.solution_cells}
            for grade in source.grade_cells:
                if grade.name not in present:
                    self.log.warning("Graded cell %s is missing: returned", grade.name)
                    cell = self.missing_cell_transform(
                        sources[grade.name], grade.max_score, grade.name in manual
                    )
                    nb.cells.append(cell)
        return nb, resources


class Execute(NbGraderPreprocessor):
    """Run the notebook in a box of its own, with the hidden inputs; keep its answers.

    The outputs of a student's own cells are not kept: hidden inputs are in that kernel.
    What stays of a cell that failed is the type of its error.
    """

    seed_file = Unicode(
        "autograder/seed", help="The instructor's secret; made on first use."
    ).tag(config=True)
    limits = Dict(help="What a submission may use: see autograder.sandbox.Limits.").tag(
        config=True
    )
    sandbox = Bool(
        True, help="False runs submissions with the grader's own rights."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        grading = _prepare(resources["nbgrader"]["assignment"], Path(self.seed_file))
        grading.flags += nb.metadata.pop("autograder", {}).get("flags", [])
        if not self.sandbox:
            grading.flags.append("ran without a sandbox")
        resources["autograder"] = grading
        cells = [cell for cell in nb.cells if cell.cell_type == "code"]
        running = [Cell(cell.source, utils.is_grade(cell)) for cell in cells]
        inputs = {
            name: [list(case.args) for case in cases]
            for name, cases in grading.cases.items()
        }
        files = {CASES: wire.pack(inputs)} | self._files(resources)
        execute(running, template(self.sandbox), files, {}, Limits(**self.limits))
        for number, (cell, ran) in enumerate(zip(cells, running, strict=True), 1):
            cell.outputs, cell.execution_count = [], None
            if ran.died:
                grading.flags.append(f"code cell {number}: {ran.died}")
            if ended := ran.died or ran.error:
                name = re.sub(r"[^\w ]", "", ended)[:80]
                cell.outputs = [new_output("error", ename=name, evalue="")]
            if utils.is_grade(cell):
                grading.ran[cell.metadata.nbgrader["grade_id"]] = ran
        return nb, resources

    def _files(self, resources: Any) -> dict[str, bytes]:
        """The other files of the submission, as far as there is room for them."""
        folder = Path(resources["metadata"].get("path") or ".")
        found, room = {}, 16 << 20
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if path.is_file() and not path.is_symlink() and path.suffix != ".ipynb":
                room -= path.stat().st_size
                if room < 0:
                    break
                found[path.name] = path.read_bytes()
        return found


_templates: dict[bool, Template] = {}


def template(sandboxed: bool = True) -> Template:
    """The template of this process, made anew if it has died; it ends with us."""
    known = _templates.get(sandboxed)
    if known is None or known.process.poll() is not None:
        if known:
            known.close()
        known = _templates[sandboxed] = Template(sandboxed)
        atexit.register(known.close)
    return known


class Verify(NbGraderPreprocessor):
    """Compare what was handed in with the oracle; put the verdict into the cell.

    Every output of a graded cell is replaced: by the feedback, and by the number that
    nbgrader's own rule reads as the points.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        grading = resources.get("autograder")
        own = [
            (number, cell.source)
            for number, cell in enumerate(nb.cells, 1)
            if cell.cell_type == "code" and not utils.is_locked(cell)
        ]
        verdicts: list[Verdict] = []
        for cell in nb.cells:
            if not utils.is_grade(cell) or utils.is_solution(cell):
                continue
            failed = {v.check for v in verdicts if not v.right}
            verdict = self._verdict(cell, grading, own, failed)
            verdicts.append(verdict)
            cell.outputs = [
                new_output("display_data", panel.feedback(verdict)),
                new_output(
                    "execute_result",
                    {"text/plain": repr(verdict.points)},
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
        return nb, resources

    def _verdict(
        self,
        cell: NotebookNode,
        grading: Grading | None,
        own: list[tuple[int, str]],
        failed: set[str],
    ) -> Verdict:
        name = cell.metadata.nbgrader["grade_id"]
        nothing = Verdict(name, 0.0, cell.metadata.nbgrader["points"])
        if grading is None or name not in grading.checks or name not in grading.ran:
            return _noted(nothing, "This cell was not checked.")
        check, cases = grading.checks[name], grading.cases[name]
        function = _function(cell.source)
        if found := look.uses(own, function, check.forbidden):
            grading.flags.append(f"{name}: uses {found[0]}")
            return _noted(
                nothing, f"It uses {found[0]}, which this step asks you to write."
            )
        if found := look.uses(own, function, look.DYNAMIC):
            grading.flags.append(f"{name}: reaches around with {found[0]}")
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
            ename = re.sub(r"\W", "", ran.error)[:40]
            return _noted(nothing, f"Nothing was handed in: it stopped with {ename}.")
        wanted = _wanted(check, wire.pack([list(case.args) for case in cases]))
        return judge(
            check, cases, wanted, got, hidden=True, failed=failed, known=_public(check)
        )


@functools.cache
def _public(check: Check) -> list[outcome.Outcome]:
    """What is right on the public cases: everybody may know it, so it earns nothing."""
    return expected(check, bank.draw(check, bank.PUBLIC_SEED))


@functools.cache
def _wanted(check: Check, cases: bytes) -> list[outcome.Outcome]:
    """What the oracle says to the hidden cases, once for a whole class."""
    return expected(check, [Case("", tuple(args)) for args in wire.unpack(cases)])


def _prepare(assignment: str, seed_file: Path) -> Grading:
    """Draw the hidden cases: the same for a whole class, so equal work earns equally."""
    seed = bank.hidden_seed(seed_file, assignment)
    found = checks.load(assignment)
    cases = {name: bank.draw(check, seed) for name, check in found.items()}
    return Grading(found, cases)


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
        raise ValueError(f"the answer cannot be read: {error}") from None


def _function(source: str) -> str:
    """The name of the function that a check cell hands over."""
    return source.rpartition(",")[2].strip().rstrip(")").strip()


def _noted(verdict: Verdict, note: str) -> Verdict:
    return Verdict(verdict.check, 0.0, verdict.possible, note=note)
