"""How much room a text takes in a terminal, and what of it there is room for."""

from __future__ import annotations

import unicodedata


def cells(text: str) -> int:
    """How many cells of a terminal a text takes: an ideograph two, an accent none."""
    return sum(map(_cell, text))


def _cell(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def padded(text: str, width: int) -> str:
    return text + " " * (width - cells(text))


def cut(text: str, width: int, more: str) -> str:
    """A name of at most so many cells: its beginning and its end."""
    if cells(text) <= width:
        return text
    end = head(text[::-1], (width - len(more)) // 3)[::-1]
    return head(text, width - len(more) - cells(end)) + more + end


def cut_end(text: str, width: int, more: str) -> str:
    return text if cells(text) <= width else head(text, width - len(more)) + more


def head(text: str, width: int) -> str:
    """As much of the beginning as there is room for."""
    taken = ""
    for letter in text:
        width -= _cell(letter)
        if width < 0:
            break
        taken += letter
    return taken


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most so many cells, broken at blanks where there are any."""
    lines, words = [], text.split(" ")
    line = ""
    while words:
        word = words.pop(0)
        longer = f"{line} {word}" if line else word
        if cells(longer) <= width:
            line = longer
        elif line:
            lines.append(line)
            line = ""
            words.insert(0, word)
        else:
            begin = head(word, width) or word[0]
            lines.append(begin)
            words.insert(0, word[len(begin) :])
    return [*lines, line] if line else lines
