"""Times in a table beside the zip: one order for a column, and nothing is guessed."""

import datetime
import warnings

import pytest

from autograder.road.desk import stamps
from autograder.road.desk.archive import Piece
from autograder.road.times import Clock


def table(*cells, dates=None, zone="UTC"):
    """What a CSV with these times says."""
    rows = "".join(f's{n},"{cell}"\n' for n, cell in enumerate(cells))
    piece = Piece("t.csv", ("t.csv",), lambda most: f"id,time\n{rows}".encode())
    found = stamps.Times(dates=dates)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of a library, on the instructor's screen
        found.add(piece, None, Clock(zone))
    return found


def times(*cells, **how):
    """The same: of each its time or None; and what is told."""
    found = table(*cells, **how)
    known = [found.known.get(f"s{n}") for n in range(len(cells))]
    return [at and f"{at:%Y-%m-%d %H:%M}" for at in known], found.problems


@pytest.mark.parametrize(
    ("cells", "dates", "found"),
    [
        (("05/11/2026 10:00", "25/11/2026 10:00"), None, ("11-05", "11-25")),
        (("05/11/2026 10:00", "05/25/2026 10:00"), None, ("05-11", "05-25")),
        (("05-11-26 10:00", "25-11-26 10:00"), None, ("11-05", "11-25")),
        (("05.11.2026 10:00", "6.5.26, 10:00"), None, ("11-05", "05-06")),
        (("05.11.2026 10:00", "05/25/2026 10:00"), None, ("11-05", "05-25")),
        (("05/05/2026 10:00",), None, ("05-05",)),
        (("05/11/2026 10:00",), "day-first", ("11-05",)),
        (("05/11/2026 10:00",), "month-first", ("05-11",)),
        (("2026-11-05 10:00", "2026/11/05 10:00 AM"), "day-first", ("11-05", "11-05")),
        (("2026-11-05T10:00:00Z", "20261105T100000Z"), None, ("11-05", "11-05")),
        (("2026-11-05 02:00:00 -0800",), None, ("11-05",)),
        (("Thursday, 5 November 2026, 10:00 AM",), None, ("11-05",)),
        (("Nov 5, 2026 at 10:00am",), None, ("11-05",)),
        (("Thursday, 05/11/2026, 10:00 AM",), "day-first", ("11-05",)),
    ],
)
def test_one_order_for_a_whole_column(cells, dates, found):
    assert times(*cells, dates=dates) == ([f"2026-{day} 10:00" for day in found], [])


@pytest.mark.parametrize(
    "cells", [("05/11/2026 10:00",), ("25/11/2026 10:00", "05/25/2026 10:00")]
)
def test_where_nothing_decides_it_is_asked(cells):
    with pytest.raises(
        ValueError, match="say --dates day-first or --dates month-first"
    ):
        times(*cells)


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "10:00",
            "9",
            "Thursday 9",
            "20 November",
            "November 2026",
            "2026",
            "1795132800",
        ),
        *("2026-11-05 10:00 PST", "2026-11-05 10:00 CEST", "2026-11-05 10:00 UTC+3"),
        *(
            "0001-01-01 00:00:00 +14:00",
            "0001-01-01 00:00",
            "9999-12-31 23:59 -14:00",
            "1926-11-05 10:00",
            "26-11-05 10:00",  # not the 26th of November 2005
        ),
        *(
            "2026-11-05 10:00 +99:00",
            "2026-13-05 10:00",
            "31/02/2026 10:00",
            "x" * 99 + "1",
        ),
    ],
)
def test_what_is_no_time_is_told_and_stops_nothing(cell):
    """Whatever this machine's own zone is called."""
    found, told = times("2026-11-05 10:00", cell, dates="day-first", zone="Asia/Tokyo")
    assert found == ["2026-11-05 01:00", None]
    assert (
        len(told) == 1
        and told[0].startswith("t.csv, line 3: ")
        and "no time" in told[0]
    )


def test_a_day_without_an_hour_is_told():
    """It counts from its first minute, so it makes nobody late; and who it is, is said."""
    days = "2026-11-20", "20.11.2026", "Friday, 20 November 2026", "11/20/2026"
    whole = "2026-11-20 00:00", "20 Nov 2026, 12 AM", "2026-11-20T00:00Z"
    found, told = times(*whole, *days)
    assert set(found) == {"2026-11-20 00:00"} and not told
    (note,) = table(*whole, *days).notes
    assert "4 times without an hour" in note and "first minute" in note
    assert note.endswith(": s3, s4, s5, s6")
    assert not table(*whole).notes


def test_a_bad_time_of_gradescope():
    from autograder.road.desk.gradescope import when

    assert when("0001-01-01 00:00:00 +14:00") is None
    assert when("2026-13-45 00:00:00 Z") is None
    assert when("2026-11-05 10:00:00 +02:00") == datetime.datetime(2026, 11, 5, 8)
