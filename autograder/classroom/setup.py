"""What all submissions of a class have in common; it takes no PyTorch to say so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.box.sandbox import Limits
from autograder.classroom.cells import Released


@dataclass(frozen=True)
class Setup:
    """One run's: `sources` are released files."""

    assignment: str
    submitted: Path | None  # None on another machine,
    seed_file: Path | None  # as this is
    about: Released
    sources: dict[str, bytes]
    limits: Limits
    sandboxed: bool
