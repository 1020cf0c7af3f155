"""What a person said of a hand-in's time: kept whole, corrected, never another's."""

import datetime
import itertools
import shutil
import sqlite3
from types import SimpleNamespace

import pytest

from autograder.classroom import book, collect, submission, verdicts
from autograder.road.desk import filing, origin, words
from tests.autograder.road.lms import canvas, notebook, zipped
from tests.autograder.road.test_collect import go, lies, roster, students

__all__ = ["go", "roster"]
NOON = datetime.datetime(2026, 11, 20, 12)
DAY = datetime.timedelta(days=1)
UTC = ("--zone", "UTC")
DUE = ("--handed-in", "2026-11-20 12:00", *UTC)


def of(number, late=True, work="1"):
    """Canvas's zip with one file: of that number, marked LATE or not."""
    name = canvas("Anna Example", 101, number, "attend.ipynb", late=late)
    return {name: notebook(work=work)}


def stamp(klass):
    return lies(klass).get("aexample/attend/timestamp.txt", b"").decode().strip()


def due(run, *date):
    assert run("due", "attend", *date, "--per-day", "10%", *UTC)[0] == 0


def graded(klass):
    """As `grade` leaves it in the gradebook, of which only times matter here."""
    place = klass / "submitted" / "aexample" / "attend"
    handed_in = collect.collect(place, "attend")
    at = submission.sound(handed_in.timestamp, [])
    about = {"status": "GRADED", "flags": [], "checks": {}}
    with book.opened() as gradebook:
        gradebook.update_or_create_assignment("attend")
        gradebook.update_or_create_notebook("attend", "attend")
        gradebook.update_or_create_submission("attend", "aexample", timestamp=at)
        verdicts.write(gradebook, "attend", "aexample", about, handed_in.fingerprint)
        gradebook.db.commit()
    return late()


def late():
    """By how much the graded one is late."""
    with book.opened() as gradebook:
        every = {s.student: s for s in book.standings(gradebook, "attend")}
    return every["aexample"].late


def new(how, at=None, late_by=None, packed=None, is_late=False):
    """One hand-in as `collect` has it, with the word of its time."""
    more = {"assumed": how != words.KNOWN, "packed": packed, "late_by": late_by}
    to = "aexample", "attend", b"", {}, at, "Canvas"
    is_late = is_late or how == words.LATE
    made = filing.Filed(*to, **more, is_late=is_late)
    assert made.how == how
    return made


def apply(before, one, again=False):
    """Time and word after a decision, and what was told."""
    at, row = before
    what, told = words.decide(one, at, row, again)
    if what == words.STAY:
        return before, told
    late_by = one.late_by and one.late_by.total_seconds()
    row = SimpleNamespace(how=one.how, late_by=late_by, packed=one.packed)
    return (at if what == words.RECORD else one.at, row), told


def says(state):
    """What a time and its word say, whoever said it."""
    at, row = state
    return at if row is None or row.how != words.LATE else row.late_by


TIMES = [NOON - DAY, NOON, NOON + DAY]
ZIPS = [None, NOON, NOON + DAY]
LATES = [1 * DAY, 2 * DAY]
NEW = [
    *(new(how, at, None, p) for how in (words.KNOWN, words.BY) for at in TIMES for p in ZIPS),
    *(new(words.LATE, at, by, p) for at in [*TIMES, None] for by in LATES for p in ZIPS),
    new(words.NONE),
    new(words.NONE, is_late=True),
]  # fmt: skip
BEFORE = [(at, None) for at in [None, *TIMES]]
BEFORE += [apply((None, None), one)[0] for one in NEW if one.how != words.NONE]


@pytest.mark.parametrize("again", [False, True])
def test_every_word_after_every_other(again):
    for before, one in itertools.product(BEFORE, NEW):
        was = before[1].how if before[1] else words.NONE
        after, told = apply(before, one, again)
        told_of = f"{one} after {before}: {after}, {told!r}"
        assert apply(after, one)[0] == after, told_of  # the same says nothing new
        if one.how == words.NONE:
            assert after == before, told_of
            contradicts = (was == words.LATE) != one.is_late and was != words.NONE
            is_known = was == words.KNOWN or (before[0] and not before[1])
            assert bool(told) == (
                before == (None, None)
                or (contradicts and not is_known)
                or (again and one.is_late and was != words.LATE)
            ), told_of
        elif one.how == words.KNOWN:
            if was in (words.BY, words.LATE, words.NONE) and (
                before[1] or not before[0]
            ):
                assert after[1].how == words.KNOWN and after[0] == one.at, told_of
        elif was == words.KNOWN:  # a word for many takes no time that is known
            other = one.at < before[0] if one.how == words.BY else one.at != before[0]
            assert after == before and bool(told) == other, told_of
        elif after == before:  # it is said already, or told why not, or no news
            mine = one.late_by.total_seconds() if one.how == words.LATE else one.at
            known_before = (
                one.how == words.BY and was == words.NONE and one.at > before[0]
            )
            alike = was == one.how and says(before) == mine
            assert told or alike or known_before, told_of
        else:
            assert after[1].how == one.how, told_of
            assert one.at is None or after[0] == one.at, told_of
        if before[0] is None and one.at:  # who had no time has one
            assert after[0] == one.at, told_of
        if was == one.how == words.BY and one.packed and one.packed == before[1].packed:
            assert after[0] == one.at, told_of  # the same download corrects


def test_canvas_takes_late_away_and_gives_it(roster, go, run, tmp_path):
    due(run, "2026-11-20 12:00")
    assert go(of(1), "--late-by", "2d")[0] == 0 and graded(roster) == 2 * DAY
    code, said = go(of(1, late=False))
    assert code == 1 and "1 not LATE in Canvas any more" in said["left"][0]
    code, said = go(of(1, late=False), *DUE)
    assert code == 0 and students(said, "timed") == ["aexample"]
    assert not graded(roster) and stamp(roster) == "2026-11-20 12:00:00 UTC"
    code, said = go(of(1))
    assert code == 1 and "1 LATE in Canvas now" in said["left"][0]
    code, said = go(of(1), "--late-by", "1d")
    assert code == 0 and students(said, "timed") == ["aexample"]
    assert graded(roster) == DAY
    due(run, "2026-11-21 12:00")  # the very time that is said otherwise now
    at = "2026-11-21 12:00"
    assert go(of(1, late=False), "--handed-in", at, *UTC)[0] == 0
    due(run, "2026-11-20 12:00")
    assert late() == DAY
    due(run, "2026-11-25 12:00")
    assert not late()  # it follows no more
    with_times = tmp_path / "t.csv"
    with_times.write_text("id,submitted at\naexample,2026-11-22 12:00\n")
    assert go(of(1), with_times, *UTC)[0] == 0
    code, said = go(of(1), "--late-by", "1d")
    assert students(said, "same") == ["aexample"]
    assert "1 with a time that an LMS or a CSV said: that stays" in said["notes"][-1]


def test_a_mistyped_time_is_taken_back(roster, go, run):
    """By the same zip; one of a later download does not make all earlier ones late."""
    due(run, "2026-11-20 12:00")
    one, later = of(1, late=False), zipped(of(1, late=False), (2026, 11, 27, 9, 0, 0))
    for day in 25, 20, 15, 20:
        code, said = go(one, "--handed-in", f"2026-11-{day} 12:00", *UTC)
        assert code == 0 and stamp(roster).startswith(f"2026-11-{day}")
    for _ in range(2):
        code, said = go(later, "--handed-in", "2026-11-27 12:00", *UTC)
        assert students(said, "same") == ["aexample"]
        assert "1 there by an earlier time, as was said" in said["notes"][-1]
    more = "--replace", "aexample"
    assert go(later, "--handed-in", "2026-11-27 12:00", *UTC, *more)[0] == 0
    assert stamp(roster) == "2026-11-27 12:00:00 UTC"


def test_how_late_it_was_is_kept_while_nothing_is_due(roster, go, run):
    code, said = go(of(1), "--late-by", "1d")
    assert code == 0 and "1 LATE in Canvas, and nothing is due yet" in said["notes"][0]
    graded(roster)
    due(run, "2026-11-20 12:00")
    assert late() == DAY
    assert students(go(of(1), "--late-by", "1d")[1], "timed") == ["aexample"]
    due(run, "none")
    code, said = go(of(1), "--late-by", "2d")
    assert code == 0 and students(said, "timed") == ["aexample"]
    due(run, "2026-11-22 12:00")
    assert late() == DAY and graded(roster) == 2 * DAY
    assert students(go(of(1), "--late-by", "2d")[1], "same") == ["aexample"]


@pytest.mark.parametrize("day", ["2026-11-27", "2026-11-03"])
def test_a_grade_keeps_the_word_of_its_own_hand_in(roster, go, run, tmp_path, day):
    """While a newer one is not graded, whatever was said of that."""
    due(run, "2026-11-20 12:00")
    go(of(1), "--late-by", "2d")
    assert graded(roster) == 2 * DAY
    times = tmp_path / "t.csv"
    times.write_text("id,submitted at\naexample,2026-11-21 12:00\n")
    for number, said in enumerate((["--late-by", "1d"], DUE, [times, *UTC], []), 2):
        assert go(of(number, said[:1] == ["--late-by"], work=f"{number}"), *said)[
            0
        ] in (0, 1)
        due(run, f"{day} 12:00")
        assert late() == 2 * DAY
        with book.opened() as gradebook:
            verdicts.note(gradebook, "attend", "aexample", "it failed")
            gradebook.db.commit()
        due(run, "2026-11-20 12:00")
        assert late() == 2 * DAY


def test_a_folder_that_a_person_has_changed_keeps_its_word(roster, go, run):
    """As `review` tells them to, where another notebook of two is to be graded."""
    due(run, "2026-11-20 12:00")
    go(of(1), "--late-by", "1d")
    (roster / "submitted/aexample/attend/attend.ipynb").write_bytes(notebook(work="2"))
    assert graded(roster) == DAY
    for day in 25, 10:
        due(run, f"2026-11-{day} 12:00")
        assert late() == DAY


class Killed(BaseException):
    """As by kill -9: nothing in Python goes on."""


def killed(*_):
    raise Killed


@pytest.mark.parametrize("at", ["note", "place"])
def test_what_was_said_is_there_before_the_folder(roster, go, run, monkeypatch, at):
    due(run, "2026-11-20 12:00")
    go(of(1), "--late-by", "2d")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        if at == "note":
            patch.setattr(origin, "note", killed)
        else:
            patch.setattr(filing.os, "rename", killed)
        go(of(1), "--late-by", "1d")
    assert graded(roster) == (DAY if at == "note" else 2 * DAY)
    due(run, "2026-11-25 12:00")
    assert late() == (DAY if at == "note" else 2 * DAY)
    assert go(of(1), "--late-by", "1d")[0] == 0
    assert graded(roster) == DAY
    due(run, "2026-12-01 12:00")
    assert late() == DAY


def test_a_locked_gradebook_leaves_the_folders_alone(roster, go, run):
    due(run, "2026-11-20 12:00")
    go(of(1, late=False), *DUE)
    before = lies(roster)
    other = sqlite3.connect(roster / "gradebook.db", isolation_level=None)
    other.execute("begin immediate")
    code, said = go(of(2, work="2"), "--late-by", "1d")
    other.close()
    assert code == 2 and "locked" in said and lies(roster) == before
    assert students(go(of(2, work="2"), "--late-by", "1d")[1], "newer") == ["aexample"]


def test_a_gradebook_of_before_asks_for_the_word(roster, go, run):
    """What lies in the folder tells a time, and not who said it."""
    due(run, "2026-11-20 12:00")
    go(of(1), "--late-by", "2d")
    shutil.copy(roster / "gradebook.db", roster / "backup.db")
    go(of(1), "--late-by", "1d")
    shutil.copy(roster / "backup.db", roster / "gradebook.db")
    assert graded(roster) == DAY
    due(run, "2026-11-21 12:00")
    code, said = go(of(1), "--late-by", "1d")
    assert code == 1 and students(said, "same") == ["aexample"]
    assert "1 with a time of which nobody knows any more who said" in said["left"][0]
    code, said = go(of(1), "--late-by", "1d", "--replace", "all")
    assert code == 0 and students(said, "timed") == ["aexample"]
    assert graded(roster) == DAY
    due(run, "2026-11-22 12:00")
    assert late() == DAY
    shutil.copy(roster / "backup.db", roster / "gradebook.db")
    due(run, "2026-11-21 12:00")
    assert go(of(1), "--late-by", "1d")[0] == 0  # the time agrees
    assert graded(roster) == DAY
    due(run, "2026-11-29 12:00")
    assert late() == DAY
