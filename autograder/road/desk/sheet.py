"""A table of text as an LMS, a spreadsheet or a person writes it: CSV in all its forms.

Commas, semicolons, tabs or bars; UTF-8 with or without a mark, UTF-16, or the code page
of Windows; quoted line breaks; Excel's own `sep=;` line. What was found is told.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from autograder.classroom import names

LARGEST = 64 << 20  # bytes
ROWS = 200_000
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Sheet:
    """A table: its headers as written, and each row by normal header, with its line.

    `form` says in words how the file was read.
    """

    headers: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]
    form: str

    def has(self, *headers: str) -> bool:
        """Whether it has all of these columns (as `normal` writes them)."""
        return set(headers) <= {normal(header) for header in self.headers}


def normal(header: str) -> str:
    """A header without what differs between versions: case, blanks and marks."""
    text = unicodedata.normalize("NFKC", header).casefold()
    return re.sub(r"[\W_]+", " ", text).strip()


def read(path: Path, known: Collection[str], encoding: str | None = None) -> Sheet:
    """The table in a file. `known` are normal headers, which tell the delimiter.

    ValueError where there is no such file, or no table in it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    if len(data) > LARGEST:
        raise ValueError(f"{path.name} has more than {LARGEST >> 20} MB")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ValueError(
            f"{path.name} is no CSV: save it as CSV (UTF-8), or export that"
            + "; what was handed in is for `collect`" * (path.suffix.lower() == ".zip")
        )
    text, told = decoded(data, path.name, encoding)
    return parse(text, known, path.name, told)


def parse(text: str, known: Collection[str], name: str, told: str = "") -> Sheet:
    """The table in a text; `told` is how it was decoded."""
    text = text.removeprefix("\ufeff").lstrip("\r\n")
    given = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)
    if given:  # Excel's own way to say it
        text = text[given.end() :]
    delimiters = [given[1]] if given else list(DELIMITERS)
    delimiter = max(delimiters, key=lambda one: _fit(text, one, known))
    about = ", ".join(filter(None, [told, DELIMITERS.get(delimiter, delimiter)]))
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    headers: tuple[str, ...] = ()
    found, begin = [], 1
    try:
        for row in rows:
            line, begin = begin, rows.line_num + 1
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if not headers:
                headers = tuple(cells)
                continue
            if len(found) == ROWS:
                raise ValueError(f"{name} has more than {ROWS:,} rows")
            found.append((line, _row(headers, cells)))
    except csv.Error as error:
        raise ValueError(
            f"{name}, line {begin}: a quote there begins or ends too much ({error}): put it "
            "right, or export the list again"
        ) from None
    if not headers:
        raise ValueError(f"{name} is empty")
    return Sheet(headers, tuple(found), about)


def _row(headers: tuple[str, ...], cells: list[str]) -> dict[str, str]:
    """The cells by normal header; of two columns with one header, the first counts."""
    row: dict[str, str] = {}
    for header, cell in zip(headers, cells, strict=False):
        row.setdefault(normal(header), cell)
    return row


def _fit(text: str, delimiter: str, known: Collection[str]) -> tuple[int, int]:
    """How well a delimiter fits: known headers in the first row, then columns."""
    try:
        first = next(csv.reader(io.StringIO(text[:65536]), delimiter=delimiter), [])
    except csv.Error:
        return (0, 0)
    return (sum(normal(cell) in known for cell in first), len(first))


def decoded(data: bytes, name: str, encoding: str | None = None) -> tuple[str, str]:
    """The text, and in which encoding it was, where that is worth a word."""
    if encoding is not None:
        try:
            return data.decode(encoding), names.shown(encoding)
        except LookupError:
            raise ValueError(f"no encoding is called {encoding!r}") from None
        except UnicodeDecodeError:
            raise ValueError(f"{name} is not in {encoding}") from None
    for mark, sixteen in (codecs.BOM_UTF16_LE, "LE"), (codecs.BOM_UTF16_BE, "BE"):
        if data.startswith(mark):
            return data.decode(f"utf-16-{sixteen}", "replace"), "UTF-16"
    head = data[:200]
    for which, sixteen in (
        (1, "LE"),
        (0, "BE"),
    ):  # Excel's "Unicode text", without a mark
        if len(head) > 8 and head[which::2].count(0) > 0.4 * len(head):
            return data.decode(f"utf-16-{sixteen}", "replace"), "UTF-16"
    try:
        return data.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
        return text, "read as Windows-1252: if names look wrong, say --encoding"
