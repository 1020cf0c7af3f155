"""One submission as `collect` files it, with its time and whose word that is."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from autograder.classroom import collect
from autograder.classroom.assumed import BY, KNOWN, LATE, NONE


@dataclass(frozen=True)
class Filed:
    """One submission as it is to lie in its folder, and where it came from."""

    student: str
    exercise: str
    notebook: bytes
    files: Mapping[str, bytes]
    at: datetime.datetime | None
    form: str
    number: int = 0
    packed: datetime.datetime | None = None
    label: str = ""  # as `Sender` has it: pages go back to the LMS under it
    assumed: bool = False  # the time is a person's word for all that have none
    late_by: datetime.timedelta | None = None  # the word is of how late it was
    listed: bool = False  # the time is of a table that was given
    is_late: bool = False  # so Canvas says

    @property
    def how(self) -> str:
        """Whose word its time is, if anybody's."""
        if self.late_by is not None:
            return LATE
        if self.at is None:
            return NONE
        return BY if self.assumed else KNOWN

    @property
    def contents(self) -> dict[str, bytes]:
        """The names and bytes of all its files."""
        found = {f"{self.exercise}.ipynb": self.notebook, **self.files}
        if self.at is not None:
            stamp = f"{self.at.isoformat(sep=' ', timespec='seconds')} UTC\n"
            found[collect.STAMP] = stamp.encode()
        return found
