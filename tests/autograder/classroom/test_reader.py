"""Does what a student wrote stay within the reader's limits, and is the rest unharmed?"""

import ast
import json
import os
import signal
from pathlib import Path

import pytest

from autograder.box.sandbox import Limits
from autograder.classroom import cells, reader, submission, verify
from autograder.classroom.exam import exam
from autograder.classroom.reader import Asked, Reader, Stopped
from autograder.verdict import leans, look, source
from tests.autograder.hostile.item import Item, notebook

ASKED = {"f": Asked("f", (".softmax",), (), 1_000)}
F = (2, "def f(x):\n    return x")
SIZE = 190_000  # characters: nearly all that a notebook may have


def much(part, end=""):
    return part * (SIZE // len(part)) + end


def names(count):
    letters = [chr(0x4E00 + i) for i in range(400)]
    return "\n".join(f"{a}{b} = f" for a in letters for b in letters[: count // 400])


# What is said of a cell: None where it is read, else why not.
DEEP = "nested too deeply"
SLOW = "seconds to read"
CODES = {
    "a name of many parts": ("import " + "a." * 60_000 + "b", DEEP),
    "items": (f"x = a{much('[0]')}", DEEP),
    "attributes": (f"x = a{much('.a')}", DEEP),
    "terms": (f"x = 1{much('+1')}", DEEP),
    "terms beyond the limit": ("x = " + "+".join("1" * 3_500), DEEP),
    "minus": (f"x = {'-' * SIZE}1", DEEP),
    "brackets": ("(" * (SIZE // 2) + ")" * (SIZE // 2), None),  # no Python
    "decorators": (much("@a\n", "def g(x): x"), None),
    "lambdas in lambdas": (f"x = {much('lambda x: ')}1", DEEP),
    "lambdas in lines": (f"x = {'lambda x: ' * 90}x\n" * 210, None),
    "a table": (f"x = {{{much('1:a,')}}}", None),
    "a row": (f"x = {much('a,')}", None),
    "names of every alphabet": (names(16_000), None),
    "text in text": (much("f'{a!r:{b}}' "), None),
    "a huge number": ("x = " + "9" * SIZE, None),  # no Python
    "a huge hexadecimal number": ("x = 0x" + "f" * SIZE, None),
    "assignments in a row": (much("x = ", "1"), None),
    "classes": (much("class A: f\n"), None),
    "loops in loops": ("x = " + "[" * 90 + "y" + " for x in y]" * 90, None),
    "magics": (much("%t\n"), SLOW),
    "magics in magics": ("%time " * 30_000 + "1", DEEP),
    "no characters": (much("\0"), None),
}  # fmt: skip


@pytest.fixture(scope="module")
def reads():
    made = Reader()
    yield made
    made.close()


def held():
    """Megabytes that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


@pytest.mark.parametrize("kind", CODES)
def test_no_code_takes_more_than_it_may(reads, kind, record_property):
    code, why = CODES[kind]
    before, began = held(), reads.cpu
    try:
        said = reads.look([(1, code), F], [], frozenset(), ASKED)["f"].unread
    except Stopped as stopped:
        said = str(stopped)
    # What takes long a faster machine gets through, and a slower one stops more.
    assert said is None or SLOW in said or (why and why in said)
    assert why in (None, SLOW) or said
    record_property("seconds", round(reads.cpu - began, 1))
    assert reads.cpu - began <= reader.SECONDS + 1
    assert held() - before < 20
    answer = reads.look([F], [], frozenset(), ASKED)["f"]  # of the next submission
    assert (answer.unread, answer.refused, answer.around) == (None, None, None)


NOTEBOOKS = {
    "lists": b'{"cells": [' + b"[]," * 6_000_000 + b"[]]}",
    "lists in lists": b'{"cells": ' + b"[" * 6_000_000,
    "tables in tables": b'{"a":' * 3_000_000,
    "names": b'{"cells": [{' + b'"a":[[[]]],' * 1_800_000 + b'"a":1}]}',
    "numbers": b'{"cells": [' + b"1e9," * 4_000_000 + b"1]}",
    "a number": b'{"cells": ' + b"9" * 4_000_000 + b"}",
    "text": b'{"cells": [{"source": "' + b"\\ud83d\\ude00" * 1_500_000 + b'"}]}',
}


@pytest.mark.parametrize("kind", NOTEBOOKS)
def test_no_notebook_takes_more_than_it_may(reads, kind):
    before, began = held(), reads.cpu
    try:
        reads.parse(NOTEBOOKS[kind])
    except ValueError as error:
        assert str(error)
    assert reads.cpu - began <= reader.SECONDS + 1
    assert held() - before < 40
    assert reads.parse(b'{"cells": []}')["cells"] == []


def test_what_takes_too_long_is_stopped_and_said():
    quick = Reader(seconds=0.3)
    with pytest.raises(Stopped, match="more than 0.3 seconds"):
        quick.look([(1, much("%t\n")), F], [], frozenset(), ASKED)
    assert quick.look([F], [], frozenset(), ASKED)["f"].unread is None
    quick.close()


def test_what_takes_too_much_memory_is_stopped_and_said():
    small = Reader(memory_mb=100)
    with pytest.raises(ValueError, match="cannot be read: it takes more than 100 MB"):
        small.parse(NOTEBOOKS["lists"])
    assert small.parse(b'{"cells": []}')["cells"] == []
    small.close()


def test_a_reader_that_was_ended_is_started_again(reads):
    reads.parse(b'{"cells": []}')
    reads.process.kill()
    reads.process.wait()
    with pytest.raises(RuntimeError, match="ended"):  # nobody's fault: tried again
        reads.parse(b'{"cells": []}')
    assert reads.parse(b'{"cells": []}')["cells"] == []


def test_a_crash_of_the_parser_is_the_submission_s_own():
    made = Reader()
    made.parse(b'{"cells": []}')
    made.process.send_signal(signal.SIGSEGV)
    made.process.wait()
    with pytest.raises(ValueError, match="reading it takes too much"):
        made.parse(b'{"cells": []}')
    assert made.parse(b'{"cells": []}')["cells"] == []
    made.close()


def test_it_ends_with_who_started_it():
    made = Reader()
    made.parse(b'{"cells": []}')
    process = made.process
    process.stdin.close()
    assert process.wait(30) == 0
    made.close()


def test_one_process_reads_many_submissions(reads):
    reads.parse(b'{"cells": []}')
    process = reads.process
    for _ in range(5):
        reads.look([F], [], frozenset(), ASKED)
        reads.sound("2026-11-20 12:00:00 UTC")
        with pytest.raises(ValueError, match="not JSON"):
            reads.parse(b"{")
    assert reads.process is process


def test_it_imports_nothing_that_takes_long():
    """Neither torch nor nbformat, which take a second; and no secret can be there."""
    made = Reader()
    made.look([(1, "%pwd"), F], [], frozenset(), ASKED)
    mapped = Path(f"/proc/{made.process.pid}/maps").read_text()
    made.close()
    assert "libpython" in mapped or "/python" in mapped
    assert "torch" not in mapped and "numpy" not in mapped and "rpds" not in mapped


def test_it_answers_as_one_would_here(reads):
    code = "import pickle\ndef f(x):\n    y = map(str, x)\n    return pickle, max(y), min(y)"
    use = "def g(x):\n    return f(x).softmax(-1)"
    own, given = [(2, code), (3, use)], [(1, "import torch")]
    asked = {
        "f": Asked("f", (".softmax",), (), 9),
        "g": Asked("g", (".softmax",), (), 9),
    }
    found = reads.look(own, given, frozenset(), asked)
    assert found["f"].refused is None
    assert found["f"].text == "\n" + code.partition("\n")[2]
    assert source.of([(1, found["f"].text)], "f").used_up
    assert str(found["f"].around) == "pickle (cell 2, line 1)"
    assert found["g"].refused == look.uses(own, "g", [".softmax"])[0]
    assert found["g"].line == "return f(x).softmax(-1)" and found["g"].steps == ["f"]


def test_of_a_notebook_that_cannot_be_read_nothing_is_graded(monkeypatch):
    made = Reader(memory_mb=100)
    monkeypatch.setattr(submission, "here", lambda: made)
    handed_in = submission.HandedIn(NOTEBOOKS["lists"], {}, "yesterday", (), "")
    nb, flags = submission.sanitized(handed_in, "work", cells.Released({}, {}))
    assert "Nothing could be graded" in nb.cells[0].source
    assert flags == ["the notebook cannot be read: it takes more than 100 MB to read"]
    assert submission.sound(handed_in.timestamp, flags) is None
    assert flags[1] == "timestamp.txt is no time: left out"
    made.close()


def test_the_grader_itself_parses_only_what_is_small(template, monkeypatch):
    """Whatever stands in a cell, of a wrong step only its own few lines are parsed here."""
    bomb = "x = a[0] + 1\n" * 3_000  # small enough for the reader on a slow machine
    wrong = f"def softmax(s):\n    return s * 0\n{bomb}"
    nb = notebook(Item("much", "", instead=(wrong,)))
    grading = verify.Grading(exam("attend", b"small"))
    parsed, keep = [], ast.parse

    def noted(text, *args, **more):
        parsed.append(len(text))
        return keep(text, *args, **more)

    monkeypatch.setattr(ast, "parse", noted)
    verify.run(nb, grading, template, {}, Limits())
    verify.verify(nb, grading)
    assert grading.ran["softmax"].answers and not grading.found["softmax"].right
    assert parsed and max(parsed) <= leans.CHARACTERS


def test_an_honest_notebook_takes_a_few_messages(reads):
    """Each costs about a millisecond."""
    asked = []
    keep = reads._ask
    reads._ask = lambda *a: asked.append(a[0]) or keep(*a)
    data = json.dumps({"cells": [{"cell_type": "code", "source": F[1]}] * 100})
    nb, _ = reads.sanitized(data.encode(), cells.Released({}, {}))
    own = [(n, cell["source"]) for n, cell in enumerate(nb["cells"])]
    reads.look(own, [], frozenset(), ASKED)
    assert asked == ["notebook", "look"]
    del reads._ask


def test_it_is_not_as_large_as_who_starts_it(reads):
    """The kernel tells of a process's most memory as if it were its parent's."""
    ours = bytearray(400 << 20)
    ours[:: 1 << 12] = b"x" * len(ours[:: 1 << 12])
    made = Reader()
    made.parse(b'{"cells": []}')
    assert made.process is not None
    made.close()
    del ours
