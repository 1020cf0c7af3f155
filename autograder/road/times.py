"""Times as people write and read them: in a zone that is named, kept as UTC."""

from __future__ import annotations

import datetime
import re
import time
import zoneinfo

_UNITS = {"m": 60, "h": 3600, "d": 86400}


class Clock:
    """A time zone in which times are read and shown; without a name, this machine's."""

    def __init__(self, zone: str | None = None) -> None:
        self.zone = _zone(zone) if zone else None
        self.is_named = self.zone is not None
        local = time.tzname[0]
        self.name = zone or f"this machine's ({local}); --zone names another"

    def read(self, text: str) -> datetime.datetime:
        """A time in UTC, without a zone. ValueError for what is no time.

        A day alone means its last second: what is due on the 20th is in time until it ends.
        """
        when, zone = text.strip(), self.zone
        named = re.fullmatch(r"(.*\d)\s+([A-Za-z][\w/+-]*)", when)
        if named:
            when, zone = named[1], _zone(named[2])
        when = re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", when)
        try:
            found = datetime.datetime.fromisoformat(when)
        except ValueError:
            raise ValueError(
                f"{text!r} is no date: write it as '2026-11-20 23:59', with a zone "
                "after it if need be ('2026-11-20 23:59 Europe/Berlin')"
            ) from None
        if re.fullmatch(r"\d{4}-?\d\d-?\d\d", when):
            found = found.replace(hour=23, minute=59, second=59)
        if found.tzinfo is None and zone is not None:
            found = found.replace(tzinfo=zone)
        try:
            found = found.astimezone(datetime.UTC)  # naive: as this machine counts
        except (OverflowError, OSError):
            raise ValueError(f"{text!r} is too far away") from None
        return found.replace(tzinfo=None)

    def _here(self, when: datetime.datetime) -> datetime.datetime:
        return when.replace(tzinfo=datetime.UTC).astimezone(self.zone)

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


def seconds(text: str, option: str) -> int:
    """How long '30m', '2h' or '1.5d' is."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([mhd])\w*", text.strip())
    value = float(found[1]) * _UNITS[found[2]] if found else -1
    if not 0 <= value <= 3650 * 86400:
        raise ValueError(
            f"{option}: {text!r} is not how long something takes: 30m, 2h, 1d"
        )
    return round(value)


def span(time_: datetime.timedelta) -> str:
    """How long, in the two largest units."""
    left, told = round(time_.total_seconds()), []
    for size, word in (86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"):
        count, left = divmod(left, size)
        if count:
            told.append(f"{count:,} {word}{'' if count == 1 else 's'}")
    return " ".join(told[:2]) or "0 seconds"
