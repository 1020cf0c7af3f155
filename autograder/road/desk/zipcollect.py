"""`nbgrader zip_collect`, made to know whose a file is as `autograder collect` does.

nbgrader unpacks what lies in the class's `downloaded/EXERCISE/archive` and asks a plugin,
for each file, whose it is. `autograder collect` is the better way: it unpacks nothing.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from nbgrader.plugins import FileNameCollectorPlugin

from autograder.classroom import course, names
from autograder.road.desk import people, senders


class Collector(FileNameCollectorPlugin):
    """Finds the student by the roster, in the names that LMSs write."""

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Whose a file is and what it is called; None where it fits nobody."""
        app: Any = self.parent
        top = Path(app._format_collect_path(app.extracted_directory))
        parts = Path(submitted_file).relative_to(top).parts
        # nbgrader unpacks each zip into a folder of the zip's name.
        for cut in range(min(2, len(parts))):
            found = senders.sender(parts[cut:], self._directory, course.assignments())
            students = self._directory.find(found.keys) if found else set()
            if len(students) == 1:
                return {"student_id": students.pop(), "file_id": found.inner[-1]}
        self.log.warning("Nobody on the roster: %s", names.shown("/".join(parts)))
        return None

    @functools.cached_property
    def _directory(self) -> people.Directory:
        from nbgrader.api import Gradebook

        from autograder.classroom import late

        with Gradebook(self.parent.coursedir.db_url) as gradebook:
            late.create(gradebook)
            return people.Directory(people.load(gradebook))
