"""Due dates, penalties and extensions: the same in every book, and no code is run again."""

import contextlib
import datetime
import json
import re

import nbformat
import pytest
import sqlalchemy as sa
from nbgrader.plugins import LateSubmissionPlugin
from traitlets.config import Config

from autograder import __main__ as command
from autograder.classroom import book, course, demo, grade, late
from autograder.road import times

DUE = "2026-11-20 12:00"
EX = demo.ASSIGNMENT
DAY = 86400


def hand_in(folder, student, when, which):
    place = folder / "submitted" / student / EX
    place.mkdir(parents=True)
    (made,) = [one for one in demo.CLASS if one.student == which]
    (place / f"{EX}.ipynb").write_text(nbformat.writes(demo.notebook(made)), "utf-8")
    (place / "timestamp.txt").write_text(f"{when} UTC\n")


@pytest.fixture(scope="module")
def graded(classroom, tmp_path_factory):
    """Two graded submissions, one two days late, and a student who has none yet."""
    hand_in(classroom, "aexample", "2026-11-22 11:00:00", "honest-as-taught")
    hand_in(classroom, "mli", "2026-11-20 11:00:00", "unfinished")
    file = tmp_path_factory.mktemp("roster") / "list.csv"
    file.write_text("id,name\naexample,Anna Example\nmli,Mia Li\njmueller,J. Müller\n")
    with contextlib.redirect_stdout(None):
        assert command.main(["roster", str(file)]) == 0
        early = ["due", EX, "2026-11-21", "--zone", "UTC", "--per-day", "25%"]
        assert command.main(early) == 0  # before nbgrader knows the exercise
    rows = {row.student: row.points for row in grade.grade(EX)}
    assert rows == {"aexample": 15.0, "mli": 8.0}
    assert totals() == {"aexample": 15.0, "mli": 8.0}
    return classroom


@pytest.fixture
def due(graded, capsys):
    """`due` for the exercise: its exit code, what it said, and everybody's total."""

    def go(*words, exercise=EX):
        capsys.readouterr()
        code = command.main(["due", exercise, *words, "--zone", "UTC"])
        said = capsys.readouterr()
        return code, said.out + re.sub(r"^class .*\n", "", said.err), totals()

    go("none", "--per-day", "none", "--cap", "none", "--grace", "none")
    for student in "aexample", "mli", "jmueller":
        go("--student", student, "--days", "none")
    return go


def standings():
    with book.opened() as gradebook:
        return {s.student: s for s in book.standings(gradebook, EX)}


def totals():
    """By our own book; nbgrader's score less its penalty must be the same."""
    found = standings()
    with book.opened() as gradebook:
        for handed_in in gradebook.assignment_submissions(EX):
            mine = found[handed_in.student.id]
            assert mine.total == pytest.approx(
                handed_in.score - handed_in.late_submission_penalty
            )
            assert mine.due == handed_in.duedate
    return {student: s.total for student, s in found.items() if s.total is not None}


def times_graded():
    with book.opened() as gradebook:
        query = sa.select(book.GRADINGS.c.student, book.GRADINGS.c.times)
        return dict(gradebook.db.execute(query).all())


def test_a_policy_recomputes_and_runs_nothing(due):
    before = times_graded()
    assert due(DUE)[2] == {"aexample": 20, "mli": 8}  # late, and it costs nothing
    code, said, now = due("--per-day", "10%", "--cap", "50%")
    assert code == 0 and now == {"aexample": 16, "mli": 8}
    assert "1 total changed, no code was run" in said
    assert "aexample  Anna Example  20.00 → 16.00  1 day 23 hours late" in said
    assert "mli" not in said
    assert due("--per-day", "3")[2]["aexample"] == 14  # points, not a share
    assert due("--cap", "5")[2]["aexample"] == 15
    assert due("--grace", "2d")[2]["aexample"] == 20
    assert due("--grace", "30m")[2]["aexample"] == 15
    code, said, now = due("2026-11-22 12:00")
    assert now["aexample"] == 20 and "in time" in said
    assert "No student's total changed" in due("2026-11-23")[1]
    assert due("none")[2] == {"aexample": 20, "mli": 8}
    assert times_graded() == before


def test_an_extension_is_one_students(due):
    due(DUE, "--per-day", "2")
    assert totals() == {"aexample": 16, "mli": 8}
    _, said, now = due("--student", "aexample", "--days", "1")
    assert now == {"aexample": 18, "mli": 8}
    assert "extension  aexample: Sat 21 Nov 2026, 12:00 UTC" in said
    assert (
        due("--student", "aexample", "--until", "2026-11-22 11:00")[2]["aexample"] == 20
    )
    due("2026-11-10 12:00")  # a date of their own stays where it is
    assert totals() == {"aexample": 20, "mli": 0}  # 11 days at 2 points: no less than 0
    due(DUE)
    assert due("--student", "aexample", "--days", "none")[2]["aexample"] == 16
    code, said, _ = due("--student", "aexample", "--days", "2", exercise="all")
    assert code == 0 and totals()["aexample"] == 20
    assert due("--student", "aexample", "--days", "0")[2]["aexample"] == 16  # its own
    due("--student", "aexample", "--days", "none", exercise="all")
    due("--student", "aexample", "--days", "none")
    assert totals()["aexample"] == 16


def test_an_extension_that_only_nbgrader_knows_stays(due):
    due(DUE, "--per-day", "2")
    with book.opened() as gradebook:
        gradebook.grant_extension(EX, "aexample", days=1)
    assert due("--grace", "5m")[2]["aexample"] == 18
    assert due("--student", "aexample", "--days", "none")[2]["aexample"] == 16


def test_a_rule_for_all_holds_where_there_is_no_own(due):
    code, said, _ = due("--per-day", "5%", exercise="all")
    assert code == 0 and f"but {EX}: by a rule of their own" in said
    with book.opened() as gradebook:
        assert late.rule(gradebook, "attend").per_day == 0.05
        assert late.rule(gradebook, EX).per_day == 0
    due("--per-day", "none", exercise="all")


def test_nbgrader_takes_off_the_same(due, graded):
    """Its own command, for one who had an extension before handing anything in."""
    due(DUE, "--per-day", "10%", "--cap", "90%")
    due("--student", "jmueller", "--days", "1")
    assert standings()["jmueller"].due == datetime.datetime(2026, 11, 21, 12)
    assert standings()["jmueller"].status == book.MISSING
    hand_in(graded, "jmueller", "2026-11-24 10:00:00", "honest-as-taught")
    result = course.api().autograde(EX, "jmueller", force=True)
    assert result["success"], result
    with book.opened() as gradebook:
        handed_in = gradebook.find_submission(EX, "jmueller")
        assert handed_in.extension == datetime.timedelta(days=1)
        assert handed_in.total_seconds_late == 3 * DAY - 2 * 3600
        assert handed_in.late_submission_penalty == 6.0  # three days have begun
        assert late.settle(gradebook, EX) == 0  # nothing is to be mended
    assert totals() == {"aexample": 16, "mli": 8, "jmueller": 14}
    # What is handed in again without a time does not keep the earlier one's lateness.
    (graded / "submitted" / "jmueller" / EX / "timestamp.txt").unlink()
    assert course.api().autograde(EX, "jmueller", force=True)["success"]
    assert standings()["jmueller"].handed_in is None
    (graded / "submitted" / "aexample" / EX / "timestamp.txt").unlink()
    grade.grade(EX, ["aexample"], force=True)
    assert totals() == {"aexample": 20, "mli": 8, "jmueller": 20}
    with book.opened() as gradebook:
        gradebook.find_submission(EX, "aexample").timestamp = datetime.datetime(
            2026, 11, 22, 11
        )
        gradebook.db.commit()


def by_hand(points):
    with book.opened() as gradebook:
        (first, *_) = gradebook.find_submission(EX, "mli").notebooks[0].grades
        first.extra_credit = points
        gradebook.db.commit()


@pytest.mark.parametrize(("points", "penalty", "total"), [(15.0, 20, 3), (-50.0, 0, 0)])
def test_a_penalty_follows_points_by_hand(due, points, penalty, total):
    """It was cut to the 8 points of the moment of grading, and may be 20 of more."""
    due("2026-11-10 12:00", "--per-day", "2")
    assert totals()["mli"] == 0
    by_hand(points)
    found = standings()["mli"]
    assert (found.penalty, found.owed, found.total) == (penalty, 20, total)
    with book.opened() as gradebook:  # so do the formgrader's numbers, at once
        assert gradebook.find_submission(EX, "mli").late_submission_penalty == penalty
    by_hand(None)
    assert standings()["mli"].penalty == 8


def test_another_plugin_takes_off_what_it_did(due):
    due(DUE, "--per-day", "2")
    with book.opened() as gradebook:
        config = Config({"AssignLatePenalties": {"plugin_class": LateSubmissionPlugin}})
        late.configured(gradebook, config)
        (theirs,) = gradebook.find_submission(EX, "aexample").notebooks
        theirs.late_submission_penalty = 7.0
        gradebook.db.commit()
        found = {s.student: s.penalty for s in book.standings(gradebook, EX)}
        assert found["aexample"] == 7
    assert totals()["aexample"] == 16  # ours


def test_a_date_that_goes_and_comes_back_brings_nbgraders_extensions(due):
    due(DUE, "--per-day", "2")
    with book.opened() as gradebook:
        gradebook.grant_extension(EX, "aexample", days=1)
    assert due("none")[2]["aexample"] == 20
    assert due(DUE)[2]["aexample"] == 18
    with book.opened() as gradebook:  # and nbgrader has it again: it may change it
        gradebook.grant_extension(EX, "aexample", days=2)
    assert totals()["aexample"] == 20
    assert due("--student", "aexample", "--days", "none")[2]["aexample"] == 16


def test_an_extension_beyond_all_dates_is_refused_or_can_be_taken_back(due):
    due("2100-12-30", "--per-day", "2")
    code, said, _ = due("--student", "jmueller", "--days", "3650")
    assert code == 2 and "beyond 2100" in said
    with book.opened() as gradebook:  # as an earlier version let it happen
        late.set_extension(gradebook, EX, "mli", datetime.timedelta(days=3650))
        known = gradebook.find_assignment(EX)
        known.duedate = datetime.datetime(9999, 12, 31, 23, 59)
        gradebook.find_submission(EX, "aexample").extension = datetime.timedelta(9999)
        gradebook.db.commit()
    assert command.main(["due", "--zone", "Asia/Tokyo"]) == 0
    assert due("none")[0] == 0
    assert due("2026-11-25")[2] == {**totals(), "aexample": 20, "mli": 8}


def test_days_are_counted_in_the_zone_that_was_named(due):
    words = ["due", EX, "2026-10-24 23:59", "--zone", "Europe/Berlin"]
    assert command.main([*words, "--student", "jmueller", "--days", "3"]) == 0
    ends = datetime.datetime(2026, 10, 27, 22, 59)  # 23:59 CET
    assert standings()["jmueller"].due == ends
    assert command.main([*words[:2], "2026-10-26 23:59", *words[3:]]) == 0
    assert standings()["jmueller"].due == datetime.datetime(2026, 10, 29, 22, 59)


@pytest.mark.parametrize(
    "words",
    [
        *(["tomorrow"], ["20.11.2026"], ["2026-11-20", "--per-day", "ten"]),
        *(["--per-day", "-1"], ["--per-day", "200%"], ["--grace", "soon"]),
        *(["--student", "mli"], ["--days", "3"], ["--until", DUE]),
        *(["--student", "mlo", "--days", "1"], ["--student", "mli", "--days", "x"]),
        *(["--student", "mli", "--days", "1", "--until", DUE], ["--cap", "nan"]),
        *(["--student", "mli", "--days", "1h1"], ["--grace", "2months"]),
        *(["9999-12-31 23:59"], ["1999-12-31"], ["--student", "mli", "--days", "9e9"]),
    ],
)
def test_what_makes_no_sense_changes_nothing(due, words):
    before = json.dumps(standings(), default=str)
    code, said, _ = due(*words)
    assert code == 2 and said.count("\n") == 1
    assert json.dumps(standings(), default=str) == before


@pytest.mark.parametrize(
    ("words", "at"),
    [
        (["2026-11-28", "23:59"], (28, 23)),
        (["2026-11-28", "23:59", "America/New_York", "--grace", "1h"], (29, 4)),
        (["2026-11-28", "23:59", "-0500"], (29, 4)),
        (
            ["2026-11-20", "--student", "mli", "--until", "2026-11-28", "23:59"],
            (28, 23),
        ),
        (["2026-11-20", "--student", "mli", "--until=2026-11-28", "23:59"], (28, 23)),
    ],
)
def test_no_quotes_are_needed_round_a_date(due, words, at):
    code, said, _ = due(*words)
    assert code == 0, said
    assert standings()["mli"].due == datetime.datetime(2026, 11, at[0], at[1], 59)


def test_where_words_have_no_place_it_is_said(due, capsys):
    for words in ["28.11.2026", "23:59"], ["Nov", "28", "at", "noon"]:
        code, said, _ = due(*words)
        assert code == 2 and f"'{' '.join(words)}' is no date: write it as" in said
    assert command.main(["due", EX, "--zone", "UTC", "2026-11-28", "23:59"]) == 2
    said = capsys.readouterr().err
    assert "no place for '2026-11-28 23:59'; what has no --name of its own" in said
    assert command.main(["due", EX, "--zome", "UTC"]) == 2
    assert "no place for '--zome', 'UTC' (--help" in capsys.readouterr().err
    assert command.main(["grade", EX, "attend"]) == 2
    assert "no place for 'attend' (--help" in capsys.readouterr().err


def test_it_shows_everything(due, capsys):
    due(DUE, "--per-day", "10%", "--cap", "50%", "--grace", "30m")
    due("--student", "mli", "--days", "2")
    command.main(["due", "--zone", "Europe/Berlin"])
    said = capsys.readouterr().out
    assert "times are Europe/Berlin" in said
    line = next(line for line in said.splitlines() if EX in line)
    assert "Fri 20 Nov 2026, 13:00 CET" in line and "10% a day, at most 50%" in line
    assert "mli Sun 22 Nov 2026, 13:00 CET" in " ".join(said.split())
    command.main(["due", EX, "--json"])
    told = json.loads(capsys.readouterr().out)["exercises"][EX]
    assert told["due"] == "2026-11-20T12:00:00Z" and told["grace"] == 1800


def test_only_what_a_class_has_begun_is_listed(klass, run):
    code, said = run("due")
    assert code == 0 and "no exercise was released or collected yet" in said
    (klass / "course.json").write_text('{"exercises": {"mlp": {}}}')
    (klass / "submitted" / "ada" / "attend").mkdir(parents=True)
    run("due", "sample", "2026-11-20 12:00", "--zone", "UTC")
    said = run("due", "--zone", "UTC")[1]
    listed = [line.split()[0] for line in said.splitlines()[3:]]
    assert listed == ["attend", "mlp", "sample"]
    assert "train     –" in run("due", "train")[1]  # who asks is told
    told = json.loads(run("due", "--json")[1])["exercises"]
    assert [word for word, row in told.items() if row["begun"]] == listed


def test_times_in_their_zones():
    berlin = times.Clock("Europe/Berlin")
    at = datetime.datetime
    assert berlin.read("2026-07-01 12:00") == at(2026, 7, 1, 10)  # summer
    assert berlin.read("2026-12-01 12:00") == at(2026, 12, 1, 11)
    assert berlin.read("2026-12-01 12:00 UTC") == at(2026, 12, 1, 12)
    assert berlin.read("2026-12-01T12:00-0800") == at(2026, 12, 1, 20)
    assert berlin.read("2026-12-01 12:00 America/New_York") == at(2026, 12, 1, 17)
    assert berlin.read("2026-12-01") == at(2026, 12, 1, 22, 59, 59)  # until it ends
    assert berlin.read("2026-W47-6") == at(2026, 11, 21, 22, 59, 59)
    assert berlin.read("2026-10-25 02:30") == at(2026, 10, 25, 0, 30)  # the first one
    with pytest.raises(ValueError, match="does not exist"):
        berlin.read("2026-03-29 02:30")
    with pytest.raises(ValueError, match="too far away"):
        berlin.read("9999-12-31 23:59 UTC")
    with pytest.raises(ValueError, match="no time zone"):
        times.Clock("Mars/Base")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("30m", 1800), ("2 hours", 7200), ("1.5d", 1.5 * DAY), ("0m", 0)),
        *(("1h30m", 5400), ("1d 12h", 1.5 * DAY), ("1 day 1 min", DAY + 60)),
        *(("2months", None), ("1h30", None), ("1", None), ("", None), ("1h, 2m", None)),
        *(("4000d", None), ("-1h", None), ("1hd", None), ("9" * 400 + "d", None)),
    ],
)
def test_how_long_something_takes_is_read_wholly_or_not(text, seconds):
    if seconds is not None:
        assert times.seconds(text, "--grace") == seconds
        return
    with pytest.raises(ValueError, match="1h30m"):
        times.seconds(text, "--grace")


@pytest.mark.parametrize(
    ("rule", "seconds", "points"),
    [
        (late.Rule(), 99 * DAY, 0),
        (late.Rule(0.1), 0, 0),
        (late.Rule(0.1), 1, 2),
        (late.Rule(0.1), DAY, 2),
        (late.Rule(0.1), DAY + 1, 4),
        (late.Rule(0.1), 99 * DAY, 20),
        (late.Rule(0.1, True, 0.5), 99 * DAY, 10),
        (late.Rule(3, False, 7, False), 99 * DAY, 7),
        (late.Rule(0.1, grace=3600), 3600, 0),
        (late.Rule(0.1, grace=3600), 3601, 2),
        (late.Rule(0.1, grace=2 * DAY), 2 * DAY + 1, 6),
    ],
)
def test_what_a_rule_costs(rule, seconds, points):
    assert rule.penalty(seconds, 20) == pytest.approx(points)
