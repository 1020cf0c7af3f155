"""A time as an LMS, or a person, writes it into a table: which day is meant, and which hour."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

from autograder.road.times import Clock

DATES = ("day-first", "month-first")
FIRST = 2020  # the year before which nothing of this course was handed in
_NUMBERS = re.compile(r"(?<!\d)(\d\d?)([-./])(\d\d?)\2(\d{4}|\d\d)(?!\d)")
_YEAR = re.compile(r"(?<!\d)(\d{4})([-./])(\d\d?)\2(\d\d?)(?!\d)")
_SIGNED = re.compile(r"(UTC|GMT) ?[+-]", re.IGNORECASE)  # of which the sign is disputed
_DEFAULTS = (datetime.datetime(2000, 1, 1), datetime.datetime(2004, 2, 2, 1))


def day_first(cells: Iterable[str], name: str, said: str | None) -> bool:
    """Whether 5/11 is in November, for a whole column: a cell like 25/11 decides.

    `said` is what a person said of it (`DATES`). ValueError where nothing decides.
    """
    if said is not None:
        return said == DATES[0]
    found = [
        match for match in map(_NUMBERS.search, cells) if match and match[2] != "."
    ]
    days = [match for match in found if int(match[1]) > 12]
    months = [match for match in found if int(match[3]) > 12]
    either = [match for match in found if match not in (*days, *months)]
    either = [match for match in either if int(match[1]) != int(match[3])]
    if days and months:
        why = f"has both {days[0][0]} and {months[0][0]}"
    elif either and not (days or months):
        why = f"has {either[0][0]}, which may be of two months"
    else:
        return bool(days)
    raise ValueError(f"{name} {why}: say --dates {DATES[0]} or --dates {DATES[1]}")


def read(text: str, clock: Clock, days: bool) -> tuple[datetime.datetime, bool] | None:
    """A time as an LMS writes it, in UTC: `Thursday, 20 November 2026, 10:00 AM`.

    `days`: 5/11 is in November. With it, whether it has an hour: a day alone is taken as
    its first minute. None for what is no time, or has no date of a year.
    """
    from dateutil import parser

    if len(text) > 60 or _SIGNED.search(text):
        return None
    try:
        text = _in_order(text, days)
        # What a text does not say is taken from the default: so it says a date itself.
        at, other = (parser.parse(text, default=d, tzinfos=_zone) for d in _DEFAULTS)
        if at.date() != other.date() or not FIRST <= at.year < 2100:
            return None
        has_hour = at.hour == other.hour
        if at.tzinfo is None:
            return clock.read(at.isoformat()), has_hour
        return at.astimezone(datetime.UTC).replace(tzinfo=None), has_hour
    except (ValueError, OverflowError, TypeError):
        return None


def _in_order(text: str, days: bool) -> str:
    """The text with its date as 2026-11-05. ValueError where it has none that is one."""
    if year := _YEAR.search(text):
        parts, where = (int(year[1]), int(year[3]), int(year[4])), year
    elif where := _NUMBERS.search(text):
        one, two = int(where[1]), int(where[3])
        month, day = (two, one) if days or where[2] == "." else (one, two)
        parts = (int(where[4]) + 2000 * (len(where[4]) == 2), month, day)
    elif re.search(r"[^\W\d_]{3}", text) and re.search(r"(?<!\d)\d{4}(?!\d)", text):
        return text  # the month has a name
    elif re.fullmatch(r"\d{8}T\d{4,6}Z?", text):
        return text
    else:
        raise ValueError("no date")
    return f"{text[: where.start()]}{datetime.date(*parts)}{text[where.end() :]}"


def _zone(name: str | None, offset: int | None) -> datetime.tzinfo | None:
    """The zone that a text names, by its offset; only UTC has a name that all agree on."""
    if offset is not None:
        return datetime.timezone(datetime.timedelta(seconds=offset))
    if name is not None:
        raise ValueError(f"no time zone is called {name!r}")
    return None


def has_zone(text: str) -> bool:
    return bool(re.search(r"(Z|UTC|GMT|[+-]\d\d:?\d\d)$", text.strip()))
