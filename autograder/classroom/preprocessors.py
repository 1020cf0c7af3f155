"""The course's own steps in `nbgrader autograde`: read, sanitize, execute, verify.

nbgrader_config.py puts them in place of nbgrader's own, so that `nbgrader autograde` and
the formgrader's button go the same way as `python -m autograder grade`, which runs the
same functions in parallel (see `worker`). Whoever reads the configuration imports this:
what takes PyTorch is imported by the step that needs it.
"""

from __future__ import annotations

import atexit
import contextlib
import json
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Dict, Unicode

from autograder.box.kernel import Template
from autograder.box.sandbox import Limits
from autograder.classroom import late, reader, submission
from autograder.classroom.collect import collect, timestamp
from autograder.classroom.record import Record


class Read(NotebookExporter):
    """Read a submitted notebook without trusting it; one that is none has no cells.

    nbgrader's converter gives up on a submission that it cannot read, and follows links.
    """

    def from_filename(
        self, filename: str, resources: Any = None, **kw: Any
    ) -> tuple[str, Any]:
        if not any(isinstance(step, Sanitize) for step in self._preprocessors):
            return super().from_filename(filename, resources, **kw)  # it is our own
        path = Path(filename)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            resources["released"] = submission.released(
                gradebook, about["assignment"], about["notebook"]
            )
        handed_in = collect(path.parent, path.stem)
        resources["fingerprint"] = handed_in.fingerprint
        nb, resources["flags"] = submission.read(
            handed_in, path.stem, resources["released"]
        )
        return self.from_notebook_node(nb, resources, **kw)


class Sanitize(NbGraderPreprocessor):
    """Bring the notebook back into the form in which it was released."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        data = json.dumps(nb).encode()
        nb, flags = reader.here().sanitized(data, resources["released"])
        nb = nbformat.from_dict(nb)
        about = {"flags": [*resources.get("flags", []), *flags]}
        nb.metadata["autograder"] = about | {"of": resources.get("fingerprint", "")}
        return nb, resources


class Execute(NbGraderPreprocessor):
    """Run the notebook in a box of its own, with the hidden inputs; keep its answers."""

    seed_file = Unicode(
        "autograder/seed", help="The instructor's secret; made on first use."
    ).tag(config=True)
    limits = Dict(
        help="What a submission may use: see autograder.box.sandbox.Limits."
    ).tag(config=True)
    sandbox = Bool(
        True, help="False runs submissions with the grader's own rights."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        from autograder.classroom import verify
        from autograder.classroom.exam import exam_of

        about = resources["nbgrader"]
        labels = [cell.metadata.get("nbgrader", {}) for cell in nb.cells]
        points = tuple((x.grade_id, x.points) for x in labels if "points" in x)
        asked = exam_of(about["assignment"], Path(self.seed_file), points)
        known = nb.metadata.pop("autograder", {})
        flags, resources["fingerprint"] = known.get("flags", []), known.get("of", "")
        grading = resources["autograder"] = verify.Grading(asked, list(flags))
        if not self.sandbox:
            grading.flags.append(verify.NO_SANDBOX)
        folder = Path(resources["metadata"].get("path") or ".")
        files = collect(folder, about["notebook"]).files
        limits = Limits(**self.limits)
        verify.run(nb, grading, template(self.sandbox), files, limits)
        return nb, resources


class Verify(NbGraderPreprocessor):
    """Compare what was handed in with the oracle; put the verdicts into the cells."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        from autograder.classroom import verify

        verify.verify(nb, resources.get("autograder"))
        return nb, resources


class Save(NbGraderPreprocessor):
    """Enter the grades as `Record` does: late penalties and flags included."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        about = resources["nbgrader"]
        gradebook = Gradebook(about["db_url"])
        folder = Path(resources["metadata"].get("path") or ".")
        with contextlib.closing(Record(gradebook, self.config)) as record:
            record.save(
                about["assignment"],
                about["student"],
                "",  # our own command will look at it again
                submission.sound(timestamp(folder), []),
                nb,
                submission=resources.get("fingerprint", ""),
            )
        return nb, resources


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


class Policy(LateSubmissionPlugin):
    """nbgrader's plugin, by the rules of the class.

    nbgrader does not tell it which exercise is meant; whoever asks has it.
    """

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        asking = self.parent
        gradebook, assignment = asking.gradebook, asking.assignment_id
        known = gradebook.find_assignment(assignment)
        possible = float(known.max_score or 0.0)
        found = late.rule(gradebook, assignment).penalty(total_seconds_late, possible)
        return found or None
