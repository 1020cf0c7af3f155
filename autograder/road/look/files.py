"""Which file was read, and why not another: flags in words that a student may read.

Only what was known before the box was opened is told to a student. What a submission did
in the box, it chose itself, with the hidden inputs before it: that is for the instructor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAME = r"(?P<file>\S.*?)"
_UNREAD = r"the notebook (?P<why>is not .*|has .*|cannot be read: .*)"
_SAID: tuple[tuple[str, str], ...] = (
    (
        rf"(?P<own>\S+) is as it was released: {_NAME} was graded in its place",
        (
            "`{own}` is as you got it, with nothing filled in. Your work is in `{file}`, so "
            "that was read. Next time, save it as `{own}`."
        ),
    ),
    (
        rf"{_NAME} was graded in its place",
        (
            "No notebook was called `{mine}`. `{file}` is one of this exercise, so that was "
            "read. Next time, name it `{mine}`."
        ),
    ),
    (
        rf"{_NAME} was not graded: it differs from (?P<own>\S+?)(?:, which .*)?",
        (
            "`{file}` was there too, and differs. `{own}` has the name of the exercise, so "
            "that one counts. If the other is the one you meant, tell your instructor."
        ),
    ),
    (
        r"(?P<file>.+) differ: name the one that counts (?P<own>\S+)",
        (
            "There are several notebooks ({file}), which differ, and none is called `{own}`. "
            "So none was read: hand in the one that counts as `{own}`."
        ),
    ),
    (
        r"no notebook is named (?P<own>\S+): none is there",
        (
            "No notebook came with what you handed in: there is nothing to grade. Hand in "
            "`{own}`."
        ),
    ),
    (
        rf"no notebook is named (?P<own>\S+): there is {_NAME}",
        (
            "No notebook is called `{own}`; there is `{file}`, which is none of this "
            "exercise. Hand in the exercise as `{own}`."
        ),
    ),
    (
        _UNREAD,
        (
            "Your file is there, but it could not be read as a notebook, so nothing could be "
            "graded. Open it in JupyterLab, save it, and hand it in again."
        ),
    ),
    (
        rf"{_NAME} (?P<why>is a link|is no ordinary file|cannot be read): left out",
        "`{file}` could not be read: hand in the file itself.",
    ),
    (
        rf"{_NAME} has [\d,]+ bytes, which is too many: left out",
        (
            "`{file}` is too large and was left out. A notebook is small without what its "
            "cells have printed: clear all outputs, and hand it in again."
        ),
    ),
    (
        r"(?P<own>\S+) is a folder",
        "`{own}` is a folder, not a notebook: hand in the file that is in it.",
    ),
    (
        r"more than (?P<why>\d+ (?:notebooks|files)): the rest was left out",
        "There were more than {why}: the rest was not looked at.",
    ),
    (
        r"(?P<file>\S+): was tagged to be skipped",
        "The cell `{file}` had the tag `skip-execution`. It was run all the same.",
    ),
    (
        r".*\b(?:this )?looks like (?P<file>\w+).*",
        "This seems to be the notebook of another exercise, `{file}`. Hand in `{mine}`.",
    ),
)
_KNOWN = [(re.compile(pattern), words) for pattern, words in _SAID]


def notes(flags: Iterable[str], exercise: str) -> list[str]:
    """What a student is told of these flags, a sentence each; of most, nothing."""
    told = []
    for flag in flags:
        for pattern, words in _KNOWN:
            if found := pattern.fullmatch(flag):
                parts = {
                    k: v.replace("`", "'") for k, v in found.groupdict().items() if v
                }
                told.append(words.format(**{"mine": f"{exercise}.ipynb"} | parts))
                break
    return list(dict.fromkeys(told))


def read(flags: Iterable[str], exercise: str) -> str:
    """The name of the file that was graded; none where it could not be read."""
    for flag in flags:
        if re.fullmatch(rf"{_UNREAD}|no notebook is named \S+: .*", flag):
            return ""
        if found := re.fullmatch(
            rf"(?:\S+ is as it was released: )?{_NAME} was graded in its place", flag
        ):
            return found["file"]
    return f"{exercise}.ipynb"
