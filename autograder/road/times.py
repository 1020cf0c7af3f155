"""Times as people write and read them: in a zone that is named, kept as UTC."""

from __future__ import annotations

import datetime
import os
import re
import time
import zoneinfo
from collections.abc import Sequence

YEARS = 2000, 2100  # a year beyond is a slip, and sums with it fail everywhere
MOST_DAYS = 3650
_UNITS = {
    60: ("m", "min", "mins", "minute", "minutes"),
    3600: ("h", "hr", "hrs", "hour", "hours"),
    86400: ("d", "day", "days"),
}
_SECONDS = {word: size for size, words in _UNITS.items() for word in words}
# A day, alone or as an option's value, and an hour that is the word behind it.
_DAY = re.compile(r"(--[\w-]+=)?\d+([-./])\d+\2\d+")
_HOUR = re.compile(r"\d\d?:\d\d\S*")


def joined(words: Sequence[str]) -> list[str]:
    """The words of a command, with a day, its hour and its zone as one: without quotes."""
    found: list[str] = []
    for word in words:
        day, *more = found[-1].split(" ") if found else [""]
        is_hour = not more and _HOUR.fullmatch(word)
        if _DAY.fullmatch(day) and (is_hour or (len(more) == 1 and _is_zone(word))):
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


class Clock:
    """A time zone in which times are read and shown; without a name, this machine's."""

    def __init__(self, zone: str | None = None) -> None:
        self.zone = _zone(zone) if zone else None
        self.is_named = self.zone is not None
        self.key = (zone if self.is_named else _machines()) or ""
        local = time.tzname[0]
        self.name = zone or f"this machine's ({local}); --zone names another"

    def read(self, text: str) -> datetime.datetime:
        """A time in UTC, without a zone. ValueError for what is no time.

        A day alone means its last second: what is due on the 20th is in time until it ends.
        A zone that is named beside the time is that of the clock's days from then on, if
        it had none.
        """
        when, zone = text.strip(), self.zone
        named = re.fullmatch(r"(.*\d)\s+([A-Za-z][\w/+-]*)", when)
        if named:
            when, zone = named[1], _zone(named[2])
            self.key = self.key if self.is_named else named[2]
        when = re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", when)
        try:
            found = datetime.datetime.fromisoformat(when)
        except ValueError:
            raise ValueError(
                f"{text!r} is no date: write it as '2026-11-20 23:59', with a zone "
                "after it if need be ('2026-11-20 23:59 Europe/Berlin')"
            ) from None
        if _is_day(when):
            found = found.replace(hour=23, minute=59, second=59)
        if not YEARS[0] <= found.year <= YEARS[1]:
            years = " to ".join(map(str, YEARS))
            raise ValueError(f"{text!r} is too far away: a year from {years} is meant")
        if found.tzinfo is None and zone is not None:
            found = found.replace(tzinfo=zone)
        meant = found.astimezone(datetime.UTC)  # naive: as this machine counts
        if meant.astimezone(found.tzinfo).replace(tzinfo=None) != found.replace(
            tzinfo=None
        ):
            raise ValueError(
                f"{text!r} does not exist: the clocks are put forward then"
            )
        return meant.replace(tzinfo=None)

    def _here(self, when: datetime.datetime) -> datetime.datetime:
        when = when.replace(tzinfo=datetime.UTC)
        try:
            return when.astimezone(self.zone)
        except (OverflowError, OSError, ValueError):
            return when  # at the end of all dates: it can be seen, and taken back

    def short(self, when: datetime.datetime | None) -> str:
        """A time, given as UTC without a zone, in this zone."""
        return "–" if when is None else f"{self._here(when):%a %d %b %Y, %H:%M %Z}"

    def show(self, when: datetime.datetime | None) -> str:
        """The same, and what it is in UTC."""
        if when is None:
            return "no date"
        here = self._here(when)
        if not here.utcoffset():
            return self.short(when)
        return f"{self.short(when)} ({when:%H:%M} UTC)"


def _zone(name: str) -> datetime.tzinfo:
    if name.upper() in ("UTC", "Z"):
        return datetime.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"no time zone is called {name!r}: say it as Europe/Berlin"
        ) from None


def _is_zone(word: str) -> bool:
    if re.fullmatch(r"[+-]\d\d:?\d\d", word):
        return True
    try:
        return _zone(word) is not None
    except ValueError:
        return False


def _machines() -> str | None:
    """The name of this machine's zone, where it has one."""
    named = os.environ.get("TZ") or os.path.realpath("/etc/localtime")
    name = named.removeprefix(":").rpartition("zoneinfo/")[2]
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return name


def _is_day(text: str) -> bool:
    """Whether it is a day without a time of day, in any form of ISO 8601."""
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def seconds(text: str, option: str) -> int:
    """How long '30m', '2 hours' or '1d 12h' is. ValueError for what is not wholly read."""
    number, total = r"(\d+(?:\.\d+)?)\s*([a-z]+)", -1.0
    parts = re.findall(number, text)
    whole = re.fullmatch(rf"\s*(?:{number}\s*)+", text)
    if whole and all(word in _SECONDS for _, word in parts):
        total = sum(float(value) * _SECONDS[word] for value, word in parts)
    if not 0 <= total <= MOST_DAYS * 86400:
        raise ValueError(
            f"{option}: {text!r} is not how long something takes: 30m, 2h, 1d, or "
            "together, as 1d 12h or 1h30m"
        )
    return round(total)


def days(text: str, option: str) -> int:
    """So many days of 24 hours, in seconds; 1.5 is one and a half."""
    if not re.fullmatch(r"\d+(\.\d+)?", text.strip()) or float(text) > MOST_DAYS:
        raise ValueError(
            f"{option}: {text!r} is no number of days up to {MOST_DAYS:,}, or 'none'"
        )
    return round(float(text) * 86400)


def amount(text: str, option: str) -> tuple[float, bool] | None:
    """Points, or a share of them, and which of both."""
    if text == "none":
        return None
    number, share = text.rstrip("%").strip(), text.endswith("%")
    try:
        value = float(number) / (100 if share else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= (1 if share else 1e6):
        raise ValueError(f"{option} {text!r} is neither '10%' nor a number of points")
    return value, share


def span(time_: datetime.timedelta) -> str:
    """How long, in the two largest units."""
    left, told = round(time_.total_seconds()), []
    for size, word in (86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"):
        count, left = divmod(left, size)
        if count:
            told.append(f"{count:,} {word}{'' if count == 1 else 's'}")
    return " ".join(told[:2]) or "0 seconds"
