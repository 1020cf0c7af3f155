"""A student's name, which is a folder's name: can it be graded, and how is it shown?

Real people have apostrophes, brackets, blanks and every script in their names, and all
of that is taken. What is refused no keyboard gives by accident: it comes of an old zip
file, or is meant to turn a line of text around or to become a part of a page.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence

FEW = 6  # names that a sentence tells
LIST = "`roster` with the LMS's own list gives the class its ids"
LONGEST = 128  # characters: so many has nbgrader's gradebook room for
_JOINERS = "\u200c\u200d"  # Persian, Sinhala and other scripts write names with them
_ODD = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, format, half a character, line breaks
_MARKUP = {"<": "(", ">": ")", '"': "'", "\\": "-"}  # and what is suggested instead


def problem(name: str) -> str | None:
    """Why the submissions of a student so named cannot be graded, and what to do."""
    odd = next((letter for letter in name if _refused(letter)), None)
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        why = "its name is not UTF-8"
    elif odd in _MARKUP:
        why = f"a page would take {odd} in its name for code"
    elif odd is not None:
        why = f"its name holds the invisible character U+{ord(odd):04X}"
    elif name.startswith("."):
        why = "nbgrader takes no folder whose name begins with a dot"
    elif name.strip() != name:
        why = "its name begins or ends with a blank"
    elif len(name) > LONGEST:
        why = f"its name has {len(name)} characters, more than {LONGEST}"
    else:
        return None
    return f"rename the folder to '{suggestion(name)}': {why}"


def suggestion(name: str) -> str:
    """A name like this one under which a student can be graded."""
    letters = [_decoded(letter) for letter in name]
    letters = [_MARKUP.get(letter, letter) for letter in "".join(letters)]
    plain = "".join(letter for letter in letters if not _refused(letter))
    plain = re.sub(r"^[.\s]+|\s+$", "", plain)
    return plain[: 40 if len(plain) > LONGEST else None].strip() or "student"


def shown(name: str, encoding: str = "utf-8") -> str:
    """A name, or any text, as one line that moves no cursor and that can be printed."""
    visible = "".join(
        letter if letter.isprintable() or letter in _JOINERS else _escaped(letter)
        for letter in name
    )
    return visible.encode(encoding, "backslashreplace").decode(encoding)


def several(found: Iterable[str], most: int = FEW) -> str:
    """The first of these, as a sentence tells them; a sign where there are more."""
    every = [*found]
    return ", ".join(map(shown, every[:most])) + " …" * (len(every) > most)


def by_name(students: Sequence[str], everybody: int, do: str = LIST) -> str:
    """What is told of those whom no id names; without names where that is everybody."""
    were = (
        "was found by the name" if len(students) == 1 else "were found by their names"
    )
    told = f"{len(students):,} {were} alone, as the class knows no id of theirs"
    if len(students) < everybody:
        told += f": {several(students)}"
    return f"{told}; {do}" if do else told


def told(file: str) -> str:
    """The name of a file that was handed in, as a flag says it."""
    return ascii(file)[1:-1][:60]


def _refused(letter: str) -> bool:
    odd = unicodedata.category(letter) in _ODD and letter not in _JOINERS
    return odd or letter in _MARKUP


def _byte(letter: str) -> bytes | None:
    """The byte of a file's name that was no UTF-8, and that Python keeps so."""
    return os.fsencode(letter) if "\udc80" <= letter <= "\udcff" else None


def _decoded(letter: str) -> str:
    byte = _byte(letter)
    return letter if byte is None else byte.decode("cp1252", "ignore")


def _escaped(letter: str) -> str:
    byte = _byte(letter)
    if byte is not None:
        return f"\\x{byte[0]:02x}"
    return letter.encode("unicode_escape").decode()
