"""nbgrader's configuration for this course. See "For instructors" in README.md.

GPT_CLASS names the class that is graded: each has a folder of its own with what its
students submitted, what came of it, and its gradebook. Without it there is no class:
notebooks can be written and validated, and the gradebook is an empty one that nobody keeps.
"""

import os
import sys
from pathlib import Path

from nbgrader.preprocessors import CheckCellMetadata

from autograder.classroom import address, converters, course, pages
from autograder.classroom.preprocessors import (
    Execute,
    Policy,
    Read,
    Sanitize,
    Save,
    Verify,
)

c = get_config()  # noqa: F821 - given by traitlets
root = Path(__file__).parent.resolve()
try:
    place = course.class_folder() if course.has_class() else None
    nowhere = f"sqlite:///{course.nowhere() / address.FILE}" if not place else ""
    gradebook = (
        address.url(place) if place else os.environ.get("GPT_GRADEBOOK", nowhere)
    )
except ValueError as error:  # not an Exception: Jupyter would go on without all this
    sys.exit(f"{Path(__file__).name}: {error}")
folder = place.relative_to(root) if place else "autograder/no-class"  # is never made

c.CourseDirectory.root = str(root)
c.CourseDirectory.course_id = "gpt-in-four-stages"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = f"{folder}/submitted"
c.CourseDirectory.autograded_directory = f"{folder}/autograded"
c.CourseDirectory.feedback_directory = f"{folder}/feedback"
c.CourseDirectory.solution_directory = f"{folder}/solution"
c.CourseDirectory.db_url = gradebook
c.ZipCollectApp.downloaded_directory = f"{folder}/downloaded"
c.ZipCollectApp.collector_plugin = "autograder.road.desk.zipcollect.Collector"

converters.install()  # nbgrader's own commands read a folder as ours does
c.HTMLExporter.preprocessors = [pages.Escape]
c.Autograde.exporter_class = Read
c.Autograde.sanitize_preprocessors = [Sanitize, CheckCellMetadata]
c.Autograde.autograde_preprocessors = [
    Execute,
    Verify,
    Save,
    CheckCellMetadata,
]
c.AssignLatePenalties.plugin_class = Policy  # `autograder due` sets its rules
c.Execute.seed_file = str(root / folder / "seed")  # the class's secret
c.Execute.limits = {
    "cell_seconds": 30,
    "memory_mb": 2048,
}  # more: autograder/box/sandbox.py
c.Execute.sandbox = os.environ.get("GPT_SANDBOX", "yes") != "no"
