"""How points are written, in every table and on every page."""

from __future__ import annotations


def number(points: float) -> str:
    """Points as a person writes them: 2, 1.5, 0.67."""
    return f"{points:.2f}".rstrip("0").rstrip(".")
