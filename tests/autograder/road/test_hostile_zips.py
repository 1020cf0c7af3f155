"""What a zip or a folder may hold to do harm, and whatever else it may hold.

No file is ever written but below submitted/ and replaced/, nothing that was there is
lost, nothing is filed for somebody whom the names do not say, and the others go on.
"""

import io
import json
import os
import shutil
import stat
import struct
import zipfile
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.classroom import book
from autograder.road import times
from autograder.road.desk import archive, intake, people
from tests.autograder.road.lms import CANVAS_CSV, canvas, notebook, zipped
from tests.autograder.road.test_collect import lies

GOOD = canvas("Anna Example", 101, 1, "attend.ipynb")
BAD = canvas("明 李", 103, 2, "attend.ipynb")


@pytest.fixture
def roster(klass, run, tmp_path):
    (tmp_path / "canvas.csv").write_text(CANVAS_CSV)
    assert run("roster", tmp_path / "canvas.csv")[0] == 0
    return klass


def packed(*entries):
    """A zip of (ZipInfo or name, bytes); a name may be anything."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for info, content in entries:
            file.writestr(info, content)
    return data.getvalue()


def link(name, target):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target.encode()


def encrypted():
    """A zip whose second file says that it is encrypted."""
    data = bytearray(packed((GOOD, notebook()), (BAD, b"secret")))
    for mark, at in (b"PK\x03\x04", 6), (b"PK\x01\x02", 8):
        where = data.rindex(mark) + at
        data[where] |= 1
    return bytes(data)


def damaged():
    """One whose second file is damaged."""
    data = bytearray(packed((GOOD, notebook()), (BAD, notebook(work="x"))))
    at = data.rindex(b"PK\x03\x04") + 200
    data[at : at + 40] = b"\xff" * 40
    return bytes(data)


def overlapping(times=400, size=20 << 20):
    """Many entries in the directory, all of one compressed stream of zeros."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = stream.compress(b"\0" * size) + stream.flush()
    crc, names_ = (
        zlib.crc32(b"\0" * size),
        [f"li_103_{n}_a{n}.ipynb" for n in range(times)],
    )
    out, directory = bytearray(), bytearray()
    fields = 0, 8, 0, 0x21, crc, len(body), size
    out += struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, *fields, len(names_[0]), 0)
    out += names_[0].encode() + body
    for name in names_:
        directory += (
            struct.pack(
                "<4sHHHHHHIIIHHHHHII",
                b"PK\1\2",
                20,
                20,
                *fields,
                len(name),
                0,
                0,
                0,
                0,
                0,
                0,
            )
            + name.encode()
        )
    end = struct.pack(
        "<4sHHHHIIH", b"PK\5\6", 0, 0, times, times, len(directory), len(out), 0
    )
    return bytes(out + directory + end)


def bomb(name="x.png", size=64 << 20):
    return zipped({name: b"\0" * size})


CASES = {
    "up": (
        packed((GOOD, notebook()), ("../../../evil.ipynb", notebook())),
        "elsewhere",
    ),
    "up within": (packed((GOOD, notebook()), (f"{BAD}/../../../x", b"")), "elsewhere"),
    "absolute": (packed((GOOD, notebook()), ("/tmp/evil.ipynb", b"")), "elsewhere"),
    "backslash": (packed((GOOD, notebook()), ("..\\..\\x.ipynb", b"")), "elsewhere"),
    "drive": (packed((GOOD, notebook()), ("C:\\x.ipynb", b"")), "elsewhere"),
    "link": (packed((GOOD, notebook()), link(BAD, "/etc/passwd")), "is a link"),
    "encrypted": (encrypted(), "is encrypted"),
    "damaged": (damaged(), "cannot be read"),
    "bomb": (packed((GOOD, notebook()), (BAD, b"\0" * (64 << 20))), "more than 20 MB"),
    "zip in a zip": (
        packed((GOOD, notebook()), (f"{BAD}.zip", zipped({"a.zip": zipped({})}))),
        "is a zip in a zip: not opened",
    ),
    "a broken zip in it": (
        packed((GOOD, notebook()), (f"{BAD}.zip", b"PK\3\4 no zip")),
        "cannot be opened",
    ),
    "a bomb in it": (
        packed((GOOD, notebook()), (f"{BAD}.zip", bomb("attend.ipynb"))),
        "more than 20 MB",
    ),
    "many in it": (
        packed(
            (GOOD, notebook()),
            (f"{BAD}.zip", zipped({f"{n}": b"" for n in range(2100)})),
        ),
        "more than 2,000 files",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_others_go_on(roster, run, tmp_path, name):
    data, told = CASES[name]
    (tmp_path / "submissions.zip").write_bytes(data)
    before = outside(roster, tmp_path)
    code, said = run("collect", tmp_path / "submissions.zip", "--json")
    assert code == 1
    assert any(told in one for one in json.loads(said)["left"]), said
    assert lies(roster) == {"aexample/attend/attend.ipynb": notebook()}
    assert outside(roster, tmp_path) == before


def test_one_stream_under_many_names(roster, run, tmp_path):
    """8 GB in 20 KB: no more than a few of them are looked at."""
    (tmp_path / "a.zip").write_bytes(packed((GOOD, notebook())))
    (tmp_path / "b.zip").write_bytes(overlapping())
    code, said = run("collect", tmp_path / "a.zip", tmp_path / "b.zip", "--json")
    assert code == 1 and set(lies(roster)) == {"aexample/attend/attend.ipynb"}
    assert any(
        "more than 60 notebooks in one hand-in" in x for x in json.loads(said)["left"]
    )


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no zip", bytes(1000)])
def test_a_zip_that_is_none(roster, run, tmp_path, data):
    (tmp_path / "a.zip").write_bytes(data)
    (tmp_path / "b.zip").write_bytes(packed((GOOD, notebook())))
    code, said = run("collect", tmp_path / "a.zip", tmp_path / "b.zip")
    assert code == 1 and "is no zip that can be read" in " ".join(said.split())
    assert set(lies(roster)) == {"aexample/attend/attend.ipynb"}
    assert run("collect", tmp_path / "none.zip")[0] == 2


def test_links_and_pipes_in_a_folder(roster, run, tmp_path):
    top = tmp_path / "f"
    (top / "mli").mkdir(parents=True)
    (top / "asample").mkdir()
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "attend.ipynb").write_bytes(notebook())
    (top / "mli" / "attend.ipynb").symlink_to(tmp_path / "else" / "attend.ipynb")
    (top / "aexample").symlink_to(tmp_path / "else")
    (top / "asample" / "attend.ipynb").write_bytes(notebook())
    os.mkfifo(top / "asample" / "data.csv")
    code, said = run("collect", top, "--json")
    left = " ".join(json.loads(said)["left"])
    assert code == 1 and set(lies(roster)) == {"asample/attend/attend.ipynb"}
    assert "mli/attend.ipynb is a link" in left and "aexample is a link" in left
    assert "data.csv is no ordinary file" in left


def test_a_link_in_submitted_leads_nowhere(roster, run, tmp_path):
    (roster / "submitted").mkdir()
    (tmp_path / "victim").mkdir()
    (roster / "submitted" / "aexample").symlink_to(tmp_path / "victim")
    (tmp_path / "a.zip").write_bytes(packed((GOOD, notebook())))
    code, said = run("collect", tmp_path / "a.zip")
    assert code == 1 and "is a link: nothing was filed" in " ".join(said.split())
    assert not list((tmp_path / "victim").iterdir())


def test_files_beside_are_bounded(roster, run, tmp_path):
    files = {GOOD: notebook()}
    odd = ["attend.ipynb\u202e", ".hidden", "a\tb", "ok.txt", "x" * 250]
    files |= {canvas("Anna Example", 101, 10 + n, x): b"1" for n, x in enumerate(odd)}
    files |= {canvas("Anna Example", 101, 90 + n, f"f{n}"): b"" for n in range(300)}
    files[canvas("Anna Example", 101, 50, "big.bin")] = b"\0" * (17 << 20)
    (tmp_path / "a.zip").write_bytes(zipped(files))
    run("collect", tmp_path / "a.zip")
    there = set(lies(roster))
    assert len(there) == 1 + 200 and "aexample/attend/ok.txt" in there
    assert not {f"aexample/attend/{x}" for x in odd if x != "ok.txt"} & there
    assert "aexample/attend/big.bin" not in there


def outside(folder, *more):
    """Every file around, but below submitted/ and replaced/, the gradebook, the lock."""
    found = {}
    for top in (folder.parent, *more):
        for path in top.rglob("*"):
            inside = path.relative_to(top).parts
            mine = inside[0] == folder.name and len(inside) > 1
            if mine and inside[1] in ("submitted", "replaced", "lock"):
                continue
            if path.is_file() and not path.name.startswith("gradebook.db"):
                found[path] = path.stat().st_mtime_ns, path.stat().st_size
    return found


# Whom a name means; None: somebody, and nobody can tell whom.
WHOSE = {
    "aexample": "aexample",
    "mli": "mli",
    "S3": "mli",
    "李明": "mli",
    "attend-jmueller": "jmueller",
    "jmueller+attend+2026-11-20 10:00:00.0 UTC": "jmueller",
    "Jörg Müller_9_assignsubmission_file_": "jmueller",
    "anna sample": None,
    GOOD: "aexample",
    BAD: "mli",
    canvas("Anna Sample", 5, 3, "x.ipynb"): None,
    "anon_x1_5_a.ipynb": None,
}
ODD = [
    *("..", ".", "submitted", "attend", "stranger", ".git", "a\0b", "x" * 300, ""),
    *("attend.ipynb", "tokenize.ipynb", "data.csv", "timestamp.txt", "attend.zip"),
    *("submission_metadata.yml", "C:", "\u202e", "=cmd|x", "a\\b"),
]
NAMES = st.one_of(st.sampled_from([*WHOSE]), st.sampled_from(ODD), st.text(max_size=8))
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
KINDS = {
    "attend": lambda path: notebook(work=path),
    "tokenize": lambda path: notebook("tokenize", work=path),
    "untouched": lambda path: notebook(work=""),
    "zip": lambda path: zipped({"mli/attend.ipynb": notebook(work=path), "../x": b""}),
    "broken": lambda path: b"{" + path.encode("utf-8", "replace"),
    "yaml": lambda path: b"- a: [",
    "nothing": lambda path: b"",
}


@pytest.fixture
def book_and_people(roster):
    with book.opened() as gradebook:
        yield gradebook, people.Directory(people.load(gradebook))


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    kinds=st.dictionaries(PATHS, st.sampled_from([*KINDS]), max_size=6),
    is_zip=st.booleans(),
)
def test_whatever_is_handed_in(roster, book_and_people, tmp_path, kinds, is_zip):
    """Nothing is written elsewhere, nothing is lost, nobody's work becomes another's."""
    files = {path: KINDS[kind](path) for path, kind in kinds.items() if path}
    path = tmp_path / ("some.zip" if is_zip else "some")
    if is_zip:
        path.write_bytes(packed(*files.items()))
    else:
        lay(path, files)
    there = notebooks(roster)
    before = outside(roster, tmp_path)
    wish = intake.Wish([path], replace=frozenset({"all"}))
    done = intake.take_in(wish, *book_and_people, times.Clock())
    assert outside(roster, tmp_path) == before
    now = notebooks(roster)
    assert set(there) <= set(now)  # each older one is in one place or the other
    for one in [*done.new, *done.newer]:
        where = f"{one.student}/{one.exercise}/{one.exercise}.ipynb"
        data = lies(roster)[where]
        sources = [name for name, body in files.items() if data == body]
        sources += [
            n for n, k in kinds.items() if k == "zip" and data == notebook(work=n)
        ]
        assert sources, "filed, and never handed in"
        named = [[WHOSE[x] for x in n.split("/") if x in WHOSE] for n in sources]
        own = [x for n, x in zip(sources, named, strict=True) if x or kinds[n] == "zip"]
        assert not own or any((x or ["mli"])[0] == one.student for x in own), sources
    for name in lies(roster):
        student, exercise, *rest = name.split("/")
        assert student in set(WHOSE.values()) | {"asample", "asample2"}
        assert len(rest) == 1 and exercise in ("attend", "tokenize")
    if not is_zip:
        shutil.rmtree(path)


def notebooks(klass):
    every = [*lies(klass).items(), *lies(klass, "replaced").items()]
    return {data for name, data in every if name.endswith(".ipynb")}


def lay(top, files):
    """What of these can be files, below a folder."""
    top.mkdir(exist_ok=True)
    for name, data in files.items():
        try:
            inner = top / name
            if top in inner.resolve().parents:
                inner.parent.mkdir(parents=True, exist_ok=True)
                inner.write_bytes(data)
        except (OSError, ValueError):
            continue


def test_an_entry_is_read_no_further_than_it_may(tmp_path):
    (tmp_path / "a.zip").write_bytes(bomb("x/y.png"))
    with archive.Sources() as sources:
        (piece,) = sources.pieces(tmp_path / "a.zip")
        with pytest.raises(ValueError, match="more than 1 MB"):
            piece.read(1 << 20)
