"""The whole road with a class of 200, from `release` to a gradebook for Canvas.

Every number is the same wherever one looks: in the terminal's table, in nbgrader's
gradebook, on the students' pages, in the report and in the files for Canvas, Moodle and
a spreadsheet. What it is to be is reckoned here, from what was put in.
"""

import contextlib
import csv
import datetime
import functools
import html
import io
import itertools
import json
import math
import re
import statistics
import zipfile
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from nbgrader.plugins import CsvExportPlugin

from autograder import __main__ as command
from autograder.classroom import book, course
from tests.autograder.road import lms
from tests.autograder.road.made import handed_in, typed

WORD, OTHER = "mlp", "attend"
POINTS = {
    WORD: {
        "gelu": 3,
        "layer_norm": 4,
        "mlp": 3,
        "dropout": 3,
        "block": 4,
        "count_parameters": 3,
    },
    OTHER: {
        "average_past": 1,
        "averaging_weights": 2,
        "softmax": 3,
        "scores": 2,
        "attention_weights": 3,
        "attention": 2,
        "split_heads": 2,
        "merge_heads": 2,
        "attend": 3,
    },
}
MENDED = {**POINTS[OTHER], "softmax": 5}  # the update: 22 points in all
DUE = datetime.datetime(2026, 11, 20, 12, 0)
HOUR = 1.0  # of grace
SECOND = 1 / 3600
DAY = 24.0


@dataclass(frozen=True)
class Kind:
    """How a notebook was done: so many steps, of which some in another way.

    `share` is what those earn: 0 where they are wrong whatever they are given.
    """

    steps: int | None = None
    changes: dict = field(default_factory=dict)
    share: dict = field(default_factory=dict)

    def points(self, checks):
        """What each check is to give."""
        done = [*checks][: self.steps]
        return {
            c: round(p * self.share.get(c, c in done), 2) for c, p in checks.items()
        }


def swap(old, new):
    """A change of a step: one piece of its source for another."""

    def changed(source):
        assert old in source
        return source.replace(old, new)

    return changed


# Three of dropout's 23 special cases want an error, and all of them cost a fifth.
NO_ERROR = re.compile(r" *if not 0 <= p.*\n.*raise .*\n")
KINDS = {
    "right": Kind(),
    "untouched": Kind(0),
    "begun": Kind(1),
    "half": Kind(2),
    "most": Kind(4),
    "relu": Kind(
        2,
        {"gelu": swap("0.5 * x * (1 + torch.tanh(inside))", "x.clamp(min=0)")},
        {"gelu": 0},
    ),
    "no mean": Kind(
        2,
        {"layer_norm": swap("x - x.mean(-1, keepdim=True)", "x")},
        {"layer_norm": 0},
    ),
    "no error": Kind(
        None,
        {"dropout": lambda source: NO_ERROR.sub("", source)},
        {"dropout": 1 - 0.2 * 3 / 23},
    ),
    "no places": Kind(
        None,
        {"count_parameters": swap(" + n_ctx * C", "")},
        {"count_parameters": 0},
    ),
    "no sum": Kind(
        3, {"softmax": swap(" / powers.sum(-1, keepdim=True)", "")}, {"softmax": 0}
    ),
    "three": Kind(3),
    "cut off": Kind(0),
    "the other exercise": Kind(0),
}


@dataclass(frozen=True)
class Member:
    """A student: what was handed in, so many hours after the due date, under which name.

    kind: None where nothing came that is a submission. by_hand: typed in the formgrader
    before the second hand-in (`again`, with its hours), after: at the very end.
    days: of extension. untimed: Canvas writes LATE, and nobody knows more.
    """

    kind: str | None
    hours: float = 0.0
    file: str = ""
    name: str = ""
    login: str = ""
    days: float = 0.0
    by_hand: dict = field(default_factory=dict)
    again: tuple = ()
    untimed: bool = False
    sent: bytes | None = None  # what came in place of a notebook
    flagged: bool = False
    waits: bool = False

    def last(self):
        """The hand-in that counts."""
        return self.again or (self.kind, self.hours)

    def checks(self, checks):
        return KINDS[self.last()[0]].points(checks) | self.by_hand

    def loses(self, checks):
        """A tenth of the points for each day begun, at most half, within what there is."""
        late = self.last()[1] - DAY * self.days
        if late <= HOUR + SECOND / 2:
            return 0.0
        most = sum(checks.values())
        owed = min(most / 10 * math.ceil(late / DAY - 1e-9), most / 2)
        return min(owed, sum(self.checks(checks).values()))

    def total(self, checks):
        if self.kind is None:
            return None
        return sum(self.checks(checks).values()) - self.loses(checks)


BROKEN = b"PK\x03\x04 and then the connection broke"
SPECIAL = {
    # Late, and how late.
    "five hours late": Member("right", 5),
    "a day late": Member("half", DAY),
    "a day and a second late": Member("half", DAY + SECOND),
    "late with less than that costs": Member("begun", 2 * DAY),
    "late with nothing": Member("untouched", 3 * DAY),
    "nine days late": Member("right", 9 * DAY),
    "late with a part of a point": Member("no error", 30),
    "within the grace": Member("half", HOUR),
    "a second after the grace": Member("half", HOUR + SECOND),
    "late by an unknown time": Member("half", DAY, untimed=True),
    # More time.
    "extended, in time": Member("half", 2 * DAY, days=3),
    "extended, and late": Member("most", 2 * DAY, days=1),
    "extended, within the grace": Member("half", DAY + HOUR, days=1),
    "extended after it was graded": Member("half", 2 * DAY, days=2),
    # Handed in again.
    "again": Member("untouched", again=("right", 0)),
    "again, and late": Member("half", again=("most", 25)),
    "again, with points by hand": Member(
        "half", by_hand={"mlp": 1.5}, again=("most", 0), waits=True
    ),
    "again, with fewer points": Member("half", again=("begun", 0)),
    # Points by hand.
    "by hand": Member("half", by_hand={"dropout": 1.25}),
    "by hand, for less": Member("right", by_hand={"block": 0.5}),
    "by hand, and late": Member("begun", 5, by_hand={"mlp": 2.125}),
    "by hand, late with nothing": Member("untouched", 5, by_hand={"gelu": 1.25}),
    # Files.
    "a copy": Member("half", file="mlp-Copy1.ipynb"),
    "another name": Member("half", file="my homework.ipynb"),
    "a name in capitals": Member("half", file="MLP (3).ipynb"),
    "in a zip": Member("half", file="mlp.zip"),
    "cut off": Member("cut off", flagged=True, waits=True),
    "cut off, and seen": Member("cut off", flagged=True, by_hand={"gelu": 2.0}),
    "the other exercise": Member("the other exercise", flagged=True, waits=True),
    "the other's own file": Member(None, sent=b"attend", file="attend.ipynb"),
    "a corrupt zip": Member(None, sent=BROKEN, file="mlp.zip"),
    # Names.
    "in Chinese": Member("half", name="李, 小龙", login="李-小龙"),
    "in Greek": Member("half", name="Παπαδοπούλου, Ελένη"),
    "in Arabic": Member("half", name="علي, محمد"),
    "with accents": Member("half", 5, name="Żółć, Łucja"),
    "a formula": Member("half", name="=1+2, Eve"),
    "another formula": Member("half", 5, name='=HYPERLINK("http://x.example"), Mal'),
    "a name that two have": Member("right", name="Sample, Anna"),
    "a name that two have, too": Member("half", name="Sample, Anna"),
}
QUICK = ("half", "untouched", "begun", "most", "relu", "no mean", "untouched", "begun")
RARE = ("right", "no places", "no error")  # these run longest
SIZE, ABSENT, LONG = 200, 60, 9


def everybody():
    """The class: those above, some who hand in nothing, and ordinary students."""
    found = dict(SPECIAL)
    found |= {f"absent {i}": Member(None) for i in range(ABSENT)}
    for i, kind in zip(range(LONG), itertools.cycle(RARE), strict=False):
        found[f"long {i}"] = Member(kind)
    for i, kind in zip(itertools.count(), itertools.cycle(QUICK), strict=False):
        if len(found) == SIZE:
            return found
        found[f"student {i}"] = Member(kind)


CLASS = everybody()
# The second exercise, of which a check's points are changed; the same people.
SOME = {
    "student 0": Member("right"),
    "student 1": Member("three"),
    "student 2": Member("no sum"),
    "student 3": Member("untouched"),
    "student 4": Member("right", 5 * DAY),
    "student 5": Member("three", 5, file="attend-Copy1.ipynb"),
    "student 6": Member("half", by_hand={"softmax": 1.5}),
    "student 7": Member("three", by_hand={"scores": 1.0}),
    "student 8": Member("cut off", flagged=True, waits=True),
    "extended, in time": Member("three", 2 * DAY, days=3),
}
HOLDS = {**POINTS, OTHER: MENDED}
NOBODY = Member(None)
BOTH = ((WORD, CLASS), (OTHER, SOME))
LOGIN = {who: m.login or f"s{i:03}" for i, (who, m) in enumerate(CLASS.items())}
NUMBER = {who: 1000 + i for i, who in enumerate(CLASS)}
NAME = {who: m.name or f"Student{NUMBER[who]}, Sam" for who, m in CLASS.items()}
PEOPLE = [(NAME[who], NUMBER[who], LOGIN[who]) for who in CLASS]
LATER = "extended after it was graded"


@functools.cache
def notebook(word, kind):
    if kind == "the other exercise":
        return notebook(OTHER, "half")
    made = KINDS[kind]
    data = json.dumps(handed_in(word, made.changes, made.steps)).encode()
    return data[: len(data) // 2] if kind == "cut off" else data


def downloaded(word, members, again=False):
    """Canvas's zip of an assignment; `again` after some have handed in once more."""
    files = {}
    for number, (who, m) in enumerate(members.items(), 5000):
        kind, hours = m.last() if again else (m.kind, m.hours)
        if kind is None and m.sent is None:
            continue
        file, data = m.file or f"{word}.ipynb", m.sent
        if data == b"attend":
            data = notebook(OTHER, "half")
        elif data is None:
            data = notebook(word, kind)
            if file.endswith(".zip"):
                data = lms.zipped({"homework/mlp.ipynb": data})
        if again and m.again:
            number, file = number + 1000, f"{word}-1.ipynb"
        last, first = NAME[who].split(", ")
        at = f"{first} {last}", NUMBER[who], number
        files[lms.canvas(*at, file, late=hours > DAY * m.days)] = data
    files[lms.canvas("Casper Ghost", 9999, 9999, f"{word}.ipynb")] = notebook(
        word, "half"
    )
    files["reading list.pdf"] = b"%PDF-1.4"
    return lms.zipped(files, (2026, 11, 30, 12 if again else 10, 0, 0))


def times(members, again=False):
    """What the instructor wrote down of who was late: Canvas's zip does not say it."""
    lines = ["id,submitted at"]
    for who, m in members.items():
        _, hours = m.last() if again else (m.kind, m.hours)
        if hours > 0 and not m.untimed:
            at = DUE + datetime.timedelta(hours=hours)
            lines.append(f"{LOGIN[who]},{at:%Y-%m-%d %H:%M:%S} UTC")
    return "\n".join(lines) + "\n"


def run(*words):
    """A command; its exit code, and what it said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = command.main([*map(str, words), "--class", "test"])
    return code, said.getvalue()


def everything(folder):
    """All that a class has: its gradebook's rows, and its files but the lock."""
    with book.opened() as gradebook:
        names = sa.inspect(gradebook.engine).get_table_names()
        rows = {
            name: gradebook.db.execute(sa.text(f"SELECT * FROM {name}")).all()
            for name in names
        }
    files = {
        path: path.read_bytes()
        for top in (folder, course.root() / "exercises")
        for path in top.rglob("*")
        if path.is_file() and path.suffix not in (".db", ".log") and path.name != "lock"
    }
    return rows, files


ROW = re.compile(
    r"^  (\S+) +(-?\d+\.\d\d|–)  [█·]{10}  (GRADED|FLAGGED|INFRA)(.*)$", re.MULTILINE
)


def table(word, members):
    """Each student's points in the terminal; a larger class is summed up, so 60 a time."""
    asked = [LOGIN[who] for who, m in members.items() if m.kind]
    found = {}
    for i in range(0, len(asked), 60):
        some = [w for student in asked[i : i + 60] for w in ("--student", student)]
        for student, points, status, notes in ROW.findall(run("grade", word, *some)[1]):
            found[student] = float(points), status, notes
    return found


def formgrader(word):
    """What nbgrader's own interface shows, and what its own export makes of it."""
    shown = {s["student"]: s for s in course.api().get_submissions(word)}
    with book.opened() as gradebook:
        plugin = CsvExportPlugin(assignment=[word])
        plugin.to = str(course.class_folder() / "nbgrader.csv")
        plugin.export(gradebook)
    with open(plugin.to, encoding="utf-8", newline="") as file:
        return shown, {row["student_id"]: row for row in csv.DictReader(file)}


def sheet(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def rows_by(rows, key):
    """The rows below a header, by what stands in a column."""
    head, *rest = rows
    return {row[head.index(key)]: dict(zip(head, row, strict=True)) for row in rest}


@pytest.fixture(scope="module")
def walk(classroom, tmp_path_factory):
    """The road, once; what each step said, and what is there at its end."""
    patch, desk = pytest.MonkeyPatch(), tmp_path_factory.mktemp("desk")
    patch.setenv("COLUMNS", "300")
    w = SimpleNamespace(folder=classroom, desk=desk, said={})
    lay_out(desk)
    come_in(w)
    grade_all(w)
    mend(w)
    hand_out(w)
    yield w
    patch.undo()


def lay_out(desk):
    """What the LMS gives: its gradebook, and zips of what was handed in."""
    (desk / "GRADES.csv").write_text(lms.gradebook(PEOPLE, mlp=20, attend=20), "utf-8")
    (desk / "22.csv").write_text(lms.gradebook(PEOPLE, mlp=20, attend=22), "utf-8")
    emails = [f"{login},{i}@example.org" for i, login in enumerate(LOGIN.values())]
    (desk / "emails.csv").write_text("\n".join(["id,email", *emails]), "utf-8")
    for name, word, again in (
        ("first", WORD, False),
        ("later", WORD, True),
        ("attend", OTHER, False),
    ):
        members = dict(BOTH)[word]
        (desk / f"{name}.zip").write_bytes(downloaded(word, members, again))
        (desk / f"{name}.csv").write_text(times(members, again), "utf-8")
    (desk / "broken.zip").write_bytes((desk / "first.zip").read_bytes()[:-99])


def come_in(w):
    w.said["release"] = run("release", WORD, OTHER)
    w.said["roster"] = run("roster", w.desk / "GRADES.csv")
    run("roster", w.desk / "emails.csv")
    for word, members in BOTH:
        run("due", word, f"{DUE:%Y-%m-%d %H:%M}", "--zone", "UTC")
        run("due", word, "--per-day", "10%", "--cap", "50%", "--grace", "1h")
        for who, m in members.items():
            if m.days and who != LATER:
                run("due", word, "--student", LOGIN[who], "--days", m.days)
    w.said["broken"] = run("collect", WORD, w.desk / "broken.zip")
    w.said["bare"] = run("collect", WORD, w.desk / "first.zip", "--dry-run")
    w.nothing = not (w.folder / "submitted").exists()
    w.said["first"] = collect(w, WORD, "first")
    w.filed = {p.parent.parent.name for p in w.folder.glob("submitted/*/*/*.ipynb")}


def collect(w, word, name):
    on_time = ["--handed-in", f"{DUE:%Y-%m-%d %H:%M}", "--zone", "UTC"]
    files = w.desk / f"{name}.zip", w.desk / f"{name}.csv"
    return run("collect", word, *files, *on_time, "--late-by", "1d")


def by_hand(word, members):
    for who, m in members.items():
        for check, points in m.by_hand.items():
            # Of a notebook that cannot be read there is no step to write a comment on.
            comment = None if m.flagged else f"I have seen {check}."
            typed(word, LOGIN[who], check, points, comment)


def grade_all(w):
    """The class, what came later, and the second exercise."""
    w.said["grade"] = run("grade", WORD)
    by_hand(WORD, CLASS)
    w.said["later"] = collect(w, WORD, "later")
    w.said["again"] = run("grade", WORD, "--jobs", 1)
    w.said["more time"] = run("due", WORD, "--student", LOGIN[LATER], "--days", 2)
    w.said["attend"] = collect(w, OTHER, "attend")
    run("grade", OTHER, "--jobs", 1)
    by_hand(OTHER, SOME)


def mend(w):
    """A check is to have other points: five, where it had three."""
    w.before = {s: x.total for s, x in stands(OTHER).items()}
    solution = course.solution(OTHER)
    made = json.loads(solution.read_text("utf-8"))
    for cell in made["cells"]:
        label = cell["metadata"].get("nbgrader", {})
        if label.get("grade") and label["grade_id"] == "softmax":
            label["points"] = MENDED["softmax"]
    solution.write_text(json.dumps(made), "utf-8")
    before = everything(w.folder)
    w.said["dry run"] = run("regrade", OTHER, "--dry-run", "--jobs", 1)
    w.untouched = everything(w.folder) == before
    w.said["regrade"] = run("regrade", OTHER, "--jobs", 1)
    w.said["regrade again"] = run("regrade", OTHER)


def hand_out(w):
    w.said["feedback"] = run("feedback", WORD, OTHER)
    w.said["report"] = run("report", "--no-pairs")
    w.said["old points"] = run("export", "--into", w.desk / "GRADES.csv")
    w.said["canvas"] = run("export", "--into", w.desk / "22.csv")
    for word, form in itertools.product((WORD, OTHER), ("plain", "canvas", "moodle")):
        w.said[form, word] = run("export", word, "--for", form)
    w.review, w.status = (
        json.loads(run(command, "--json")[1].partition("\n")[2])
        for command in ("review", "status")
    )
    w.summary = run("grade", WORD)[1]
    w.tables = {word: table(word, members) for word, members in BOTH}
    w.nbgrader = {word: formgrader(word) for word, _ in BOTH}


def stands(word):
    with book.opened() as gradebook:
        return {s.student: s for s in book.standings(gradebook, word)}


CASES = [
    (word, {who: members.get(who, NOBODY) for who in CLASS}) for word, members in BOTH
]
EACH = pytest.mark.parametrize(("word", "members"), CASES, ids=[WORD, OTHER])


def wanted(word, members):
    """The total of each who has a grade, by login."""
    return {
        LOGIN[who]: f"{m.total(HOLDS[word]):.2f}"
        for who, m in members.items()
        if m.kind
    }


def in_the_table(w, word):
    return {student: points for student, (points, _, _) in w.tables[word].items()}


def in_nbgrader(w, word):
    shown, exported = w.nbgrader[word]
    graded = [student for student, about in shown.items() if about["autograded"]]
    return {student: exported[student]["score"] for student in graded}


def on_the_pages(w, word):
    pages = w.folder.glob(f"feedback/*/{word}/{word}.html")
    total = re.compile(r"<strong>([\d.]+)</strong> <span>of [\d.]+ points")
    return {p.parts[-3]: total.search(p.read_text("utf-8"))[1] for p in pages}


def in_the_report(w, word):
    column, found = course.assignments().index, {}
    text = (w.folder / "report.html").read_text("utf-8")
    place = sorted((WORD, OTHER), key=column).index(word)
    for name, cells in re.findall(r"<tr><td><bdi>(.*?)</bdi></td>(.*?)</tr>", text):
        cell = re.findall(r"<td class=\"number\">(\S+?)(?: .*?)?</td>", cells)[place]
        found[re.search(r"\((\S+)\)$", html.unescape(name))[1]] = cell
    assert len(found) == SIZE
    return {student: cell for student, cell in found.items() if cell != "–"}


def in_the_plain_file(w, word):
    rows = rows_by(sheet(w.folder / f"exports/{word}-plain.csv"), "student")
    assert len(rows) == SIZE
    return {student: row["total"] for student, row in rows.items() if row["total"]}


def in_canvas_own_file(w, word):
    title = {WORD: "mlp (501)", OTHER: "attend (502)"}[word]
    rows = rows_by(sheet(w.folder / "exports/all-canvas-gradebook.csv"), "SIS Login ID")
    return {login: rows[login][title] for login in LOGIN.values() if rows[login][title]}


def in_a_file_for_canvas(w, word):
    rows = rows_by(sheet(w.folder / f"exports/{word}-canvas.csv"), "SIS Login ID")
    return {login: rows[login][word] for login in LOGIN.values() if rows[login][word]}


def in_a_file_for_moodle(w, word):
    rows = rows_by(sheet(w.folder / f"exports/{word}-moodle.csv"), "Email address")
    logins = [*LOGIN.values()]
    return {logins[int(mail.partition("@")[0])]: r[word] for mail, r in rows.items()}


@EACH
@pytest.mark.parametrize(
    "place",
    (
        *(in_the_table, in_nbgrader, on_the_pages, in_the_report, in_the_plain_file),
        *(in_canvas_own_file, in_a_file_for_canvas, in_a_file_for_moodle),
    ),
)
def test_the_total_is_what_was_put_in(walk, place, word, members):
    found = {student: f"{float(p):.2f}" for student, p in place(walk, word).items()}
    assert found == wanted(word, members)


@EACH
def test_the_spreadsheet_has_every_number(walk, word, members):
    rows = rows_by(sheet(walk.folder / f"exports/{word}-plain.csv"), "student")
    for who, m in members.items():
        row, checks = rows[LOGIN[who]], HOLDS[word]
        if m.kind is None:
            assert row["status"] == "MISSING", who
            assert not any(
                row[c] for c in (*checks, "score", "late_penalty", "by_hand")
            )
            continue
        points = m.checks(checks)
        found = {c: float(row[c]) for c in checks}
        assert found == {c: float(f"{p:.2f}") for c, p in points.items()}, who
        assert row["score"] == f"{sum(points.values()):.2f}", who
        assert row["late_penalty"] == f"{m.loses(checks):.2f}", who
        assert row["possible"] == f"{sum(checks.values()):.2f}"
        hand = f"{sum(m.by_hand.values()):.2f}" if m.by_hand else ""
        assert row["by_hand"] == hand, who
        assert row["status"] == ("FLAGGED" if m.flagged else "GRADED"), who
        assert row["needs_a_look"] == ("yes" if m.waits else "no"), who


@EACH
def test_nbgrader_has_the_points_and_what_being_late_takes_off(walk, word, members):
    shown, exported = walk.nbgrader[word]
    for who, m in members.items():
        if m.kind is None:
            assert not shown.get(LOGIN[who], {}).get("autograded"), who
            continue
        one, row, checks = shown[LOGIN[who]], exported[LOGIN[who]], HOLDS[word]
        score = sum(m.checks(checks).values())
        assert one["score"] == pytest.approx(score), who
        assert one["max_score"] == sum(checks.values())
        assert float(row["raw_score"]) == pytest.approx(score), who
        off = float(row["late_submission_penalty"])
        assert off == pytest.approx(m.loses(checks)), who
        assert one["needs_manual_grade"] == m.waits, who


@EACH
def test_the_table_says_what_the_points_are(walk, word, members):
    for who, m in members.items():
        if m.kind is None:
            assert LOGIN[who] not in walk.tables[word]
            continue
        _, status, notes = walk.tables[word][LOGIN[who]]
        assert status == ("FLAGGED" if m.flagged else "GRADED"), who
        off = m.loses(HOLDS[word])
        told = f"-{off:.2f}".rstrip("0").rstrip(".") + " for being late"
        assert (told in notes) if off else ("late" not in notes), who
        assert ("points by hand" in notes) == bool(m.by_hand), who


@EACH
def test_the_page_says_each_step_and_what_a_person_wrote(walk, word, members):
    for who, m in members.items():
        path = walk.folder / "feedback" / LOGIN[who] / word / f"{word}.html"
        if m.kind is None:
            assert not path.exists()
            continue
        page, checks = path.read_text("utf-8"), HOLDS[word]
        cells = re.findall(r'<td class="number">([\d.]+) of ([\d.]+)</td></tr>', page)
        steps = [(f"{p:.2f}", f"{checks[c]:.2f}") for c, p in m.checks(checks).items()]
        assert [(f"{float(a):.2f}", f"{float(b):.2f}") for a, b in cells[:-1]] == steps
        last, first = NAME[who].split(", ")
        assert f"<bdi>{html.escape(f'{first} {last}', quote=False)}</bdi>" in (
            page.replace("&#34;", '"')
        ), who
        told = " ".join(re.sub(r"<[^>]+>", "", page).split())
        assert ("taken off, because they came late" in told) == bool(m.loses(checks))
        for check in m.by_hand:
            written = f"Your instructor writes: I have seen {check}."
            assert (written in told) != m.flagged, who


def test_a_broken_zip_of_the_lms_changes_nothing(walk):
    code, told = walk.said["broken"]
    assert code == 1 and "broken.zip is no zip that can be read" in told
    assert walk.nothing


def test_what_canvas_does_not_say_is_asked_for(walk):
    code, told = walk.said["bare"]
    sent = [m for m in CLASS.values() if m.kind]
    late = sum(m.hours > DAY * m.days for m in sent)
    assert code == 1 and f"{late} LATE in Canvas" in told
    assert f"{len(sent) - late} of {len(sent)} have no time of handing in" in told


def test_who_handed_in_is_filed_and_nobody_else(walk):
    assert walk.filed == {LOGIN[who] for who, m in CLASS.items() if m.kind}
    code, told = walk.said["first"]
    assert code == 1 and f"{len(walk.filed)} new" in told
    assert f"mlp: {SIZE - len(walk.filed)} have handed in nothing" in told


def test_who_fits_nobody_is_listed_and_not_guessed(walk):
    for step in "first", "later", "attend":
        told = walk.said[step][1]
        assert "ghostcasper_9999 is nobody on the roster" in told
        assert "reading list.pdf is nobody on the roster" in told


def test_a_zip_and_a_notebook_that_cannot_be_read_are_told(walk):
    told = walk.said["first"][1]
    broken = NUMBER["a corrupt zip"]
    assert re.search(rf"_{broken}_\d+_mlp\.zip cannot be opened", told)
    for who in "cut off", "cut off, and seen":
        assert f"{LOGIN[who]}: mlp.ipynb: the notebook is not JSON" in told
        assert "the notebook is not JSON" in walk.tables[WORD][LOGIN[who]][2]
    other = LOGIN["the other exercise"]
    assert f"{other}: mlp.ipynb: it looks like attend, another exercise" in told
    assert "looks like attend" in walk.tables[WORD][other][2]


def test_only_what_came_again_is_graded_again_and_every_move_is_told(walk):
    again = {who: m for who, m in CLASS.items() if m.again}
    assert f"{len(again)} newer" in walk.said["later"][1]
    told = walk.said["again"][1]
    assert f"{len(again)} graded again: handed in again" in told
    assert f"{len(again)} grades moved:" in told
    for who, m in again.items():
        old = replace(m, again=()).total(POINTS[WORD])
        assert move(LOGIN[who], old, m.total(POINTS[WORD])) in told, who
    hand = LOGIN["again, with points by hand"]
    assert f"{hand}: points given by hand stand; look at them again" in told


def test_what_waits_for_a_person_is_put_before_one_and_nothing_else(walk):
    found = {(row["exercise"], row["student"]): row["why"] for row in walk.review}
    assert {*found} == {
        (word, LOGIN[who]) for word, some in BOTH for who, m in some.items() if m.waits
    }
    (why,) = found[WORD, LOGIN["again, with points by hand"]]
    assert why == "points by hand (mlp) were given to an earlier hand-in: still right?"


def test_more_time_moves_a_grade_and_runs_nothing(walk):
    m = CLASS[LATER]
    old, new = replace(m, days=0).total(POINTS[WORD]), m.total(POINTS[WORD])
    told = walk.said["more time"][1]
    assert "1 total changed, no code was run" in told and old < new
    assert f"{old:.2f} → {new:.2f}  in time" in told


def test_a_dry_run_tells_whose_grade_would_move_by_how_much_and_why(walk):
    code, told = walk.said["dry run"]
    assert code == 0 and "nothing was written" in told
    assert f"{len(SOME)} graded again: its points have changed" in told
    assert moves(told) == moved_by_the_update()


def test_a_dry_run_writes_nothing(walk):
    assert walk.untouched


def test_the_regrade_moves_what_the_dry_run_has_told(walk):
    code, told = walk.said["regrade"]
    assert code == 0 and moves(told) == moved_by_the_update()
    told = walk.said["regrade again"][1]
    assert "nothing that decides a grade has changed" in told


def test_points_by_hand_and_comments_survive_a_regrade(walk):
    known = stands(OTHER)
    for who, m in SOME.items():
        for check, points in m.by_hand.items():
            found = known[LOGIN[who]].checks[check]
            assert (found.manual, found.points) == (points, points)
            page = walk.folder / "feedback" / LOGIN[who] / OTHER / f"{OTHER}.html"
            assert f"I have seen {check}." in page.read_text("utf-8")


def test_canvas_with_other_points_is_refused_until_it_has_ours(walk):
    code, told = walk.said["old points"]
    assert code == 2 and "20 points there and 22 here" in told
    assert walk.said["canvas"][0] == 1  # some wait for a person


def test_canvas_gets_all_else_back_as_it_was(walk):
    before = sheet(walk.desk / "22.csv")
    after = sheet(walk.folder / "exports/all-canvas-gradebook.csv")
    assert len(before) == len(after) == SIZE + 4
    for old, new in zip(before, after, strict=True):
        assert new[1:5] == old[1:5] and new[7:] == old[7:]
        assert new[0].removeprefix("'") == old[0]
    assert after[-1][5:7] == before[-1][5:7] == ["", ""]  # Canvas's own test student


def test_no_name_is_a_formula_in_any_file(walk):
    files = [*walk.folder.glob("exports/*.csv")]
    assert len(files) == 7
    for file in files:
        for row in sheet(file):
            assert not [cell for cell in row if cell.startswith(("=", "@", "+"))], file


def test_the_zip_for_canvas_has_the_page_of_each_under_its_own_number(walk):
    for word, members in BOTH:
        with zipfile.ZipFile(walk.folder / "feedback" / f"{word}-canvas.zip") as pages:
            found = [re.search(r"_(\d+)_(\d+)_", name) for name in pages.namelist()]
        assert {(int(m[1]), int(m[2])) for m in found} == {
            (NUMBER[who], number + 1000 * bool(m.again))
            for number, (who, m) in enumerate(members.items(), 5000)
            if m.kind
        }


def test_the_class_is_summed_up_by_the_same_numbers(walk):
    totals = [m.total(POINTS[WORD]) for m in CLASS.values() if m.kind]
    mean, middle = statistics.fmean(totals), statistics.median(totals)
    full = sum(total >= 20 for total in totals)
    said = f"{len(totals)} with a grade: mean {short(mean)}, median {short(middle)}"
    assert f"{said}, {full} with all" in walk.summary
    report = (walk.folder / "report.html").read_text("utf-8")
    assert f"<div><dt>median</dt><dd>{short(middle)}</dd></div>" in report
    assert f"<dd>{short(mean)} <span" in report


def test_the_status_counts_them(walk):
    rows = {row["exercise"]: row for row in walk.status["exercises"]}
    assert walk.status["roster"] == SIZE
    for word, members in BOTH:
        sent = [m for m in members.values() if m.kind]
        late = [m for m in sent if m.last()[1] - DAY * m.days > HOUR + SECOND / 2]
        wanted = {"submitted": len(sent), "missing": SIZE - len(sent), "infra": 0}
        wanted |= {"graded": len(sent), "to_grade": 0, "feedback": len(sent)}
        wanted |= {"flagged": sum(m.flagged for m in sent), "late": len(late)}
        wanted |= {"to_review": sum(m.waits for m in sent), "untimed": 0}
        assert {key: rows[word][key] for key in wanted} == wanted


def short(points):
    return f"{points:.2f}".rstrip("0").rstrip(".")


def move(student, old, new):
    return f"{student}: {short(old)} → {short(new)}, {new - old:+.2f} ("


def moves(told):
    """Whose grade moves in what was said: from, to, by how much, and why."""
    line = r"^  (\S+): (\S+) → (\S+), (\S+) \((.*)\): its points have changed$"
    return {m[1]: m.groups()[1:] for m in re.finditer(line, told, re.MULTILINE)}


def moved_by_the_update():
    found = {}
    for who, m in SOME.items():
        old, new = m.total(POINTS[OTHER]), m.total(MENDED)
        if old == new:
            continue
        steps = ["softmax 3 → 5"]
        if (before := m.loses(POINTS[OTHER])) != (after := m.loses(MENDED)):
            steps.append(f"off for being late {short(before)} → {short(after)}")
        about = short(old), short(new), f"{new - old:+.2f}", ", ".join(steps)
        found[LOGIN[who]] = about
    return found
