"""The page that a student gets: each step with their own code and what was said of it.

It is made from the graded notebook, in which every output of a check is ours and no other
output is kept, and from the book, which says what the points are. What the student wrote
is text here: it is neither read nor coloured, only cut into lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from autograder.classroom.book import Scored, Standing
from autograder.classroom.hands import EARLIER
from autograder.road.look import files, plural, points, templates

LINES = 300  # of a step's code that are shown
WIDTH = 2_000  # characters of one of them
ALIKE = 3  # steps of which the same is said, so that it is said once
LONGEST = 64 << 20  # bytes of a graded notebook

Plain = dict[str, Any]
# A mistake's sentence, a case as text, and its picture, as HTML of our own.
Example = tuple[str, str, str]


@dataclass(frozen=True)
class Job:
    """All that a page is made from, but for the notebook; it travels to the writers."""

    exercise: str
    title: str
    steps: Mapping[str, str]  # the graded cells in order, each with its heading
    standing: Standing
    comments: Mapping[str, str]  # of the instructor, by cell
    examples: Mapping[str, Example]  # of the mistakes that were named, by check
    notebook: Path
    page: Path


def write(job: Job) -> None:
    """Make the page and write it, whole."""
    from gpt.data import write_whole

    with job.notebook.open("rb") as file:
        data = file.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise ValueError(f"{job.notebook.name} as graded is larger than any page")
    text = html(job, json.loads(data))
    job.page.parent.mkdir(parents=True, exist_ok=True)
    write_whole(job.page, text.encode("utf-8", "replace"))


def html(job: Job, notebook: Plain) -> str:
    """The page as text."""
    s = job.standing
    own, said = _cells(notebook)
    file = files.read(s.flags, job.exercise)
    unread = not (file or s.stands)  # the note at the top says why
    if unread:
        said = {}
    steps = [
        _step(job, name, title, *own.get(name, ("", None)), said.get(name, ""))
        for name, title in job.steps.items()
    ]
    for step in steps if unread else ():
        step["words"] = step["words"] if step["some"] else "not read"
    return (
        templates()
        .get_template("feedback.html")
        .render(
            title=job.title,
            name=s.name,
            student=s.student,
            total=s.total or 0.0,
            score=s.score or 0.0,
            possible=s.possible,
            penalty=s.penalty,
            handed_in=s.handed_in,
            due=s.due,
            late=s.late,
            grace=None if s.is_late else s.grace,
            file=file,
            notes=[] if s.stands else files.notes(s.flags, job.exercise),
            stands=s.stands,
            outdated=bool(s.outdated),
            everywhere=_everywhere(steps),
            empty=all(step["code"] is None for step in steps),
            steps=steps,
        )
    )


def _cells(notebook: Plain) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """For each graded cell: the student's own cell and its text; what the check said.

    That stands in the cell that is to be filled in before the check, or in the graded
    cell itself, where a person grades it.
    """
    own: dict[str, tuple[str, str]] = {}
    said: dict[str, str] = {}
    last: tuple[str, str] | None = None
    for cell in notebook["cells"]:
        label = cell["metadata"].get("nbgrader", {})
        source = "".join(cell["source"])
        solution, graded = (
            label.get("solution"),
            label.get("grade") or label.get("task"),
        )
        if solution:
            last = label["grade_id"], source
        if graded:
            name = label["grade_id"]
            if last is not None:
                own[name] = last
            last = None
            for output in cell.get("outputs", []):
                if output["output_type"] == "display_data":
                    text = output["data"].get("text/plain", "")
                    said[name] = "".join(text)
    return own, said


def _step(
    job: Job, name: str, title: str, cell: str, code: str | None, said: str
) -> Plain:
    scored = job.standing.checks.get(name, Scored(0.0, 0.0))
    right = scored.earned >= scored.possible
    lines = code.rstrip().split("\n") if code is not None else []
    wrong = (scored.auto or 0.0) < scored.possible  # by the check alone
    comment = "\n".join(job.comments.get(key, "") for key in {name: 0, cell: 0})
    example = job.examples.get(name) if wrong else None
    if example and example[0] not in said:
        example = None  # feedback explains few steps: no page may tell more (`told`)
    return {
        "title": title,
        "points": scored.points,
        "possible": scored.possible,
        "right": right,
        "some": bool(scored.earned),
        "mark": "✓" if right else "◐" if scored.earned else "✗",
        "words": _words(scored, right),
        "lines": [line for line in said.split("\n")[1:] if line.strip()],
        "code": None if code is None else [line[:WIDTH] for line in lines[:LINES]],
        "cut": max(0, len(lines) - LINES),
        "example": example and (example[1], Markup(example[2])),
        "hand": _by_hand(scored),
        "comment": [line for line in comment.split("\n") if line.strip()],
    }


def _everywhere(steps: Sequence[Plain]) -> list[str]:
    """What was said alike at every step that is not right: it goes to the top, once."""
    wrong = [step for step in steps if step["lines"]]
    if len(wrong) < ALIKE or any(s["lines"] != wrong[0]["lines"] for s in wrong):
        return []
    told = wrong[0]["lines"]
    for step in wrong:
        step["lines"] = []
    return told


def _words(scored: Scored, right: bool) -> str:
    if scored.manual is None and scored.auto is None:
        return "not graded yet"
    if right:
        return "right"
    if not scored.earned:
        return "not yet right"
    if scored.manual is None and scored.earned > scored.possible / 2:
        return "the idea is right, special cases are not"
    return "partly right"


def _by_hand(scored: Scored) -> str:
    told = []
    if scored.manual is not None:
        told.append(f"Your instructor gave {plural(scored.manual, 'point')}")
        if scored.waits == EARLIER:
            told[-1] += " to an earlier hand-in of yours"
        if scored.auto is not None and scored.auto != scored.manual:
            told[-1] += f" in place of the check's {points(scored.auto)}"
    if scored.extra:
        more = plural(abs(scored.extra), "extra point")
        verb = "was" if abs(scored.extra) == 1 else "were"
        told.append(f"{more} {verb} {'added' if scored.extra > 0 else 'taken off'}")
        if scored.waits == EARLIER and scored.manual is None:
            told[-1] += " to an earlier hand-in of yours"
    if scored.waits == EARLIER:
        told.append("They stand until your instructor has looked at this one")
    return ". ".join(told) + "." if told else ""


def code_of(notebook: Path, check: str, most: int) -> list[str] | None:
    """The student's own lines for a check, at most so many; None if they are not there."""
    try:
        own, _ = _cells(json.loads(notebook.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if check not in own:
        return None
    return [line[:WIDTH] for line in own[check][1].rstrip().split("\n")[:most]]


def headings(solution: Path) -> tuple[str, dict[str, str]]:
    """The title of an exercise, and for each graded cell the heading it stands under."""
    title, heading, found = solution.stem, "", {}
    cells: Sequence[Plain] = json.loads(solution.read_text("utf-8"))["cells"]
    for cell in cells:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            for mark, words in re.findall(r"^(#{1,3}) +(.+?)\s*$", text, re.MULTILINE):
                if len(mark) == 1:
                    title = words
                heading = re.sub(r"[*`$]", "", words)
        label = cell["metadata"].get("nbgrader", {})
        if label.get("grade") or label.get("task"):
            found[label["grade_id"]] = heading or label["grade_id"]
    return title, found
