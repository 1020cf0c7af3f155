"""Two tensors side by side, what was expected and what came, for a human eye.

Blue is positive, orange negative, and what is wrong has a frame. As HTML it is one
inline SVG a matrix, readable on light and dark; as text, wrong numbers have a star.
"""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

SIDE = 12  # rows and columns that are shown
WRITTEN = 8  # so many columns still have room for their numbers


def pair(want: Any, got: Any, rtol: float, atol: float) -> tuple[str, str]:
    """HTML and text of two tensors or arrays; the frame is where they differ.

    Of more than two dimensions, the first matrix that differs is shown; of a large one,
    the corner around the first difference.
    """
    a, b = _array(want), _array(got)
    alike = a.shape == b.shape
    wrong = ~np.isclose(b, a, rtol, atol, equal_nan=True) if alike else None
    (a, where), (b, _), (wrong, _) = (_matrix(x, wrong) for x in (a, b, wrong))
    high = max([1e-9, *np.abs(a[np.isfinite(a)]), *np.abs(b[np.isfinite(b)])])
    if not alike:
        where = ""
    html = text = ""
    columns = []
    for name, matrix, marks, other in (
        ("expected", a, None, b if alike else a),
        ("got", b, wrong, a if alike else b),
    ):
        texts = _texts(matrix, other, wrong)
        shape = tuple((want if name == "expected" else got).shape)
        title = f"{name} {shape}{where}"
        html += (
            '<figure style="margin: 0; max-width: 100%; overflow-x: auto">'
            f'<figcaption style="font-size: .9em">{escape(title)}</figcaption>'
            f"{_svg(matrix, marks, high, title, texts)}</figure>"
        )
        columns.append([title, *_lines(texts, marks)])
    width = max(map(len, columns[0])) + 4
    height = max(map(len, columns))
    left, right = ([*rows, *[""] * (height - len(rows))] for rows in columns)
    beside = zip(left, right, strict=True)
    text = "\n".join(f"  {one.ljust(width)}{other}".rstrip() for one, other in beside)
    box = "display: flex; flex-wrap: wrap; gap: .6em 1.8em; margin: .5em 0"
    return f'<div style="{box}">{html}</div>', text


def _array(value: Any) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach().double().numpy()
    return np.atleast_2d(np.asarray(value, dtype=float))


def _matrix(x: np.ndarray | None, wrong: np.ndarray | None) -> tuple[Any, str]:
    """The matrix to show, as much of it as there is room for, and which one it is."""
    if x is None:
        return None, ""
    first = np.argwhere(wrong)[0] if wrong is not None and wrong.any() else None
    lead = tuple(first[:-2]) if first is not None else (0,) * (x.ndim - 2)
    where = f", the part [{', '.join(map(str, lead))}]" if lead else ""
    x = x[lead]
    cut = []
    for axis in (0, 1):
        start = 0
        if first is not None and x.shape[axis] > SIDE:
            start = min(max(0, int(first[axis - 2]) - 2), x.shape[axis] - SIDE)
        cut.append(slice(start, start + SIDE))
        if x.shape[axis] > SIDE:
            stop = min(start + SIDE, x.shape[axis])
            where += f", {('rows', 'columns')[axis]} {start} to {stop - 1}"
    return x[tuple(cut)], where


def _number(value: float) -> str:
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == int(value) and abs(value) < 1e4:
        return f"{int(value)}"
    return f"{value:.2f}" if 0.1 <= abs(value) < 100 else f"{value:.2g}"


def _texts(
    x: np.ndarray, other: np.ndarray, wrong: np.ndarray | None
) -> list[list[str]]:
    """The numbers as they are shown; where they are wrong, with digits that show it."""

    def told(i: int, j: int) -> str:
        here, there = x[i, j], other[i, j]
        shown = _number(here)
        if wrong is None or not wrong[i, j] or shown != _number(there):
            return shown
        digits = (n for n in (3, 4, 5, 7) if f"{here:.{n}g}" != f"{there:.{n}g}")
        return f"{here:.{next(digits, 9)}g}"

    rows, columns = x.shape
    return [[told(i, j) for j in range(columns)] for i in range(rows)]


def _svg(
    x: np.ndarray,
    wrong: np.ndarray | None,
    high: float,
    title: str,
    texts: list[list[str]],
) -> str:
    rows, columns = x.shape
    written = columns <= WRITTEN
    wide, tall = (44, 22) if written else (16, 16)
    drawn = []
    for (i, j), value in np.ndenumerate(x):
        share = min(1.0, abs(value) / high) if np.isfinite(value) else 0.0
        colour = "0, 105, 171" if value > 0 else "201, 80, 10"
        bad = wrong is not None and wrong[i, j]
        frame = "#c9500a" if bad else "rgba(128, 128, 128, .35)"
        drawn.append(
            f'<rect x="{j * wide + 1}" y="{i * tall + 1}" width="{wide - 2}" '
            f'height="{tall - 2}" fill="rgba({colour}, {0.6 * share:.2f})" '
            f'stroke="{frame}" stroke-width="{2 if bad else 0.5}">'
            f"<title>[{i}, {j}] {value:.6g}</title></rect>"
        )
        if written:
            drawn.append(
                f'<text x="{j * wide + wide / 2:g}" y="{i * tall + 15}" '
                'font-size="11" text-anchor="middle" fill="currentColor" '
                f'pointer-events="none">{texts[i][j]}</text>'
            )
    width, height = max(1, columns * wide), max(1, rows * tall)
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{escape(title)}">{"".join(drawn)}</svg>'
    )


def _lines(texts: list[list[str]], wrong: np.ndarray | None) -> list[str]:
    def cell(i: int, j: int) -> str:
        star = "*" if wrong is not None and wrong[i, j] else " "
        return texts[i][j] + star

    cells = [[cell(i, j) for j in range(len(row))] for i, row in enumerate(texts)]
    width = max((len(c) for row in cells for c in row), default=0)
    return [" ".join(c.rjust(width) for c in row) for row in cells]
