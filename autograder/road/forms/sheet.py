"""A CSV file that an LMS wrote: its rows as they are, to be given back in the same form.

Such a file comes from outside: names in it are anybody's. What a spreadsheet would take
for a formula is defused where it is a name, and never where the LMS finds its student
by it.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MOST = 64 << 20  # bytes of a file: a class of 100,000 has room in it
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_BOM = b"\xef\xbb\xbf"
# Canvas writes a name that begins with = as a formula that gives this name.
_CANVAS = re.compile(r'="[^"]*"')
_WITH_COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d{1,2}")
_WITH_POINT = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)\.\d{1,2}")


@dataclass(frozen=True)
class Sheet:
    """The rows of a CSV file, the header first, and how it is written."""

    rows: list[list[str]]
    delimiter: str = ","
    newline: str = "\n"
    bom: bool = False

    @property
    def header(self) -> list[str]:
        return self.rows[0]

    def column(self, *names: str) -> int | None:
        """The place of the first column so named; upper and lower case are one."""
        known = [cell.strip().casefold() for cell in self.header]
        return next(
            (known.index(n.casefold()) for n in names if n.casefold() in known), None
        )

    def comma(self, places: Iterable[int]) -> bool:
        """Whether numbers in these columns have a decimal comma.

        The cells say; where none does, semicolons do: Canvas and spreadsheets write them
        where the comma is the decimal sign.
        """
        cells = [
            row[i].strip() for i in places for row in self.rows[1:] if i < len(row)
        ]
        commas = sum(bool(_WITH_COMMA.fullmatch(cell)) for cell in cells)
        points = sum(bool(_WITH_POINT.fullmatch(cell)) for cell in cells)
        return commas > points or (commas == points and self.delimiter == ";")

    def bytes(self) -> bytes:
        text = io.StringIO()
        write = csv.writer(text, delimiter=self.delimiter, lineterminator=self.newline)
        write.writerows(self.rows)
        return (_BOM if self.bom else b"") + text.getvalue().encode("utf-8")


def read(path: Path) -> Sheet:
    """A file that an LMS exported. ValueError where it cannot be read as CSV."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST + 1)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > MOST:
        raise ValueError(f"{path} has more than {MOST >> 20} MB: this is no gradebook")
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
        if "\0" in text:  # of UTF-16 without a mark
            raise ValueError
    except ValueError:
        raise ValueError(
            f"{path} is not UTF-8: take it as the LMS exports it, or save it again as "
            '"CSV UTF-8"'
        ) from None
    first = text.partition("\n")[0]
    between = re.search(r'^(?:"[^"]*"|[^",;\t]*)([,;\t])', first)
    delimiter = between[1] if between else ","
    try:
        rows = list(
            csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        )
    except csv.Error as error:
        raise ValueError(f"{path} is no sound CSV file: {error}") from None
    rows = [row for row in rows if row]
    if not rows or len(rows[0]) < 2:
        raise ValueError(f"{path} holds no table: its first line has no columns")
    return Sheet(
        rows, delimiter, "\r\n" if first.endswith("\r") else "\n", data.startswith(_BOM)
    )


def defused(cell: str) -> str:
    """A text that no spreadsheet takes for a formula.

    An apostrophe stands before it, as a person would type it to write a text there.
    """
    begins = cell.lstrip(" ").startswith(FORMULA)
    return f"'{cell}" if begins and not _CANVAS.fullmatch(cell) else cell


def written(points: float, comma: bool = False) -> str:
    """Points with two digits, as every LMS rounds them."""
    text = f"{points:.2f}"
    return text.replace(".", ",") if comma else text


def is_number(cell: str, comma: bool = False) -> float | None:
    """The finite number in a cell, which may have signs between thousands; else None.

    `comma` is the file's decimal sign: it says whether 1,000 is one or a thousand.
    """
    text = re.sub(r"(?<=\d)[\s'’](?=\d{3}(?!\d))", "", cell.strip())
    for decimal in ",." if comma else ".,":
        between = "," if decimal == "." else "."
        number = rf"[+-]?(?:\d+|\d{{1,3}}(?:\{between}\d{{3}})+)(?:\{decimal}\d*)?"
        if re.fullmatch(number, text, re.ASCII):
            found = float(text.replace(between, "").replace(decimal, "."))
            return found if math.isfinite(found) else None
    return None
