"""Is a student told that what is checked is not what they wrote last?

Every cell here runs in a real shell of IPython's, the check's too.
"""

import atexit
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from autograder.check import RESULT
from autograder.verdict import wire

ROOT = Path(__file__).parents[3]
GIVEN = "import torch\nfrom autograder.check import check"
RIGHT = "def scores(q, k):\n    return q @ k.mT / k.shape[-1] ** 0.5"
WRONG = RIGHT.replace(" / k.shape[-1] ** 0.5", "")
STUB = "def scores(q, k):\n    raise NotImplementedError()"
CHECK = 'check("scores", scores)'
BEFORE = (
    "What is checked here is the version from before. Mend that cell, run it, then "
    "check again."
)


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run cells in a new shell, the check last: what the student sees of that."""
    bundles = []
    monkeypatch.setattr(
        "IPython.display.display", lambda bundle, raw: bundles.append(bundle)
    )
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.chdir(ROOT / "solutions" / "attend")
    for name in ("__main__", "displayhook", "excepthook"):
        holder = sys.modules if name == "__main__" else vars(sys)
        monkeypatch.setitem(holder, name, holder[name])
    InteractiveShell.clear_instance()
    config = Config({"HistoryManager": {"enabled": False}})
    shell = InteractiveShell.instance(config=config)

    def run(*cells):
        for cell in (GIVEN, *cells):  # where no event loop of another test is running
            with ThreadPoolExecutor(1) as thread:
                thread.submit(shell.run_cell, cell, store_history=True).result()
        return bundles.pop() if bundles else None

    yield run
    atexit.unregister(shell.atexit_operations)  # it keeps nothing, and takes its time
    InteractiveShell.clear_instance()


def lines(bundle):
    return bundle["text/plain"].splitlines()


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (
            "def scores(q, k):\n    x = q @ k.mT\n    retrun x",
            "did not run: SyntaxError in line 3 (`retrun x`).",
        ),
        (
            "def scores(q, k):\nreturn q @ k.mT",
            "did not run: IndentationError in line 2 (`return q @ k.mT`).",
        ),
        (
            "def scores(q, k:\n    return q @ k.mT",
            "did not run: SyntaxError in line 1 (`def scores(q, k:`).",
        ),
        (
            "def scores(q: Tensor, k):\n    return q @ k.mT",
            "stopped before `scores` was defined: NameError: name 'Tensor' is not defined.",
        ),
        (
            f"print(tau)\n\n{RIGHT}",
            "stopped before `scores` was defined: NameError: name 'tau' is not defined.",
        ),
        (
            f"import asyncio\nawait asyncio.sleep(0)\nprint(tau)\n{RIGHT}",
            "stopped before `scores` was defined: NameError: name 'tau' is not defined.",
        ),
        (
            f"raise KeyboardInterrupt\n{RIGHT}",
            "stopped before `scores` was defined: KeyboardInterrupt.",
        ),
        (
            "def scores(q, k):\n    break",
            "did not run: SyntaxError in line 2 (`break`).",
        ),
        (
            f"return 3\n{RIGHT}",
            "did not run: SyntaxError in line 1 (`return 3`).",
        ),
    ],
)
def test_a_cell_that_did_not_run_is_told_first(run, cell, said):
    for version in (RIGHT, WRONG, STUB):
        seen = run(version, cell, CHECK)
        told = lines(seen)[1]
        assert told.startswith("The last cell that defines `scores`, [")
        assert f"], {said}" in told and told.endswith(f" {BEFORE}")
        assert "Not written yet" not in seen["text/plain"]
        assert (seen[RESULT]["points"] > 0) is (version is RIGHT)


def test_the_numbers_are_those_of_the_cells(run):
    said = (
        "The last cell that defines `scores`, [4], did not run: SyntaxError in line 1"
    )
    told = lines(run(WRONG, "1 + 1", "def scores(q k): ...", "scores(q, q)", CHECK))[1]
    assert told == f"{said} (`def scores(q k): ...`). {BEFORE}"


@pytest.mark.parametrize("locked", [{CHECK}, set()])
def test_a_name_of_nearly_the_step_s_is_told(run, monkeypatch, locked):
    monkeypatch.setattr("autograder.verdict.session._locked", lambda *_: locked)
    typo = RIGHT.replace("scores", "score")
    told = f"Your last cell, [3], defines `score`, not `scores`. {BEFORE}"
    assert lines(run(WRONG, typo, CHECK))[1] == told


@pytest.mark.parametrize(
    "cells",
    [
        [RIGHT],
        [WRONG, RIGHT],
        [WRONG, "def scores(q k): ...", RIGHT],
        [RIGHT, WRONG, RIGHT, f"{RIGHT}\nprint(tau)"],
        [RIGHT, "scores(q k)"],
        [RIGHT, "scores(1, 2)"],
        [RIGHT, "def other(q k): ..."],
        [RIGHT, "def scores_of(q k): ..."],
        [RIGHT, f"{WRONG}\nreturn q @ k.mT"],
        [RIGHT, "import asyncio\nawait asyncio.sleep(0)"],
        [RIGHT, "first = scores", WRONG, "scores = first"],
        [RIGHT, "first = scores", "def scores(q k): ...", "scores = first"],
        [RIGHT, "first = scores", WRONG, "globals()['scores'] = first"],
        [RIGHT, "if tau:\n    def scores(q, k):\n        return q"],
        [RIGHT, "print(tau)\nscores = None"],
        [RIGHT, f"print(tau)\n{RIGHT}\n{WRONG}"],
        [RIGHT, f"print(tau)\n{WRONG}\nscores = None"],
        [RIGHT, "class Mine:\n    print(tau)\n    def scores(self): ..."],
        [RIGHT, "def mine():\n    scores = 1\n    print(tau)\nmine()"],
        ["scores = lambda q, k: q @ k.mT", "def scores(q k): ..."],
        [
            f"class Mine:\n    @staticmethod\n    {RIGHT}\nscores = Mine.scores".replace(
                "\n    return", "\n        return"
            ),
            "def scores(q k): ...",
        ],
        [f"import functools\n@functools.cache\n{RIGHT}", "def scores(q k): ..."],
        ["from gpt.attend import split_heads as scores", "def scores(q k): ..."],
        # Names that are meant.
        [RIGHT, "def softmax(scores):\n    return scores"],
        [RIGHT, "def share(x):\n    return x"],
        [RIGHT, "def score(q, k):\n    return scores(q, k)"],
        [RIGHT, "def score(q):\n    return q\ndef more(q):\n    return q"],
        [RIGHT, "def score(q):\n    return q", "1 + 1"],
        ["def score(q):\n    return q", RIGHT, "def score(q):\n    return -q"],
        [RIGHT.replace("q @", "score(q) @"), "def score(q):\n    return q"],
    ],
)
def test_nothing_is_told_where_that_is_not_so(run, cells):
    seen = run(*cells, CHECK)
    for phrase in ("from before", "last cell"):
        assert phrase not in seen["text/plain"]


def test_another_step_s_name_is_no_slip(run, monkeypatch):
    monkeypatch.chdir(ROOT / "solutions" / "sample")
    define = "def {}(p, k):\n    return p".format
    check = 'check("keep_top_k", keep_top_k)'
    seen = run(define("keep_top_k"), define("keep_top_p"), check)
    assert "last cell" not in seen["text/plain"]
    seen = run(define("keep_top_k"), define("keep_top_q"), check)
    assert "[7], defines `keep_top_q`, not `keep_top_k`" in lines(seen)[1]


def test_an_import_over_a_step_s_name_is_told(run):
    told = lines(run(RIGHT, "from heapq import merge as scores", CHECK))[1]
    assert told == (
        "`scores` is no longer your own: cell [3] imports `heapq.merge` by that name. "
        "Import it by another, then run the cell of your step again."
    )


def test_what_is_given_and_has_another_meaning_is_told(run, monkeypatch):
    given = "def given(q, k):\n    return q @ k.mT"
    monkeypatch.setattr("autograder.verdict.session._locked", lambda *_: {given})
    mine = "def scores(q, k):\n    return given(q, k) / k.shape[-1] ** 0.5"
    assert len(lines(run(given, mine, CHECK))) == 1
    told = lines(run(given, mine, "from operator import add as given", CHECK))[1]
    assert told.startswith("`given` is no longer what this notebook gives: cell [")
    assert len(lines(run(given, CHECK))) == 1


@pytest.mark.filterwarnings("ignore:.*is:SyntaxWarning")
def test_what_python_warns_of_is_said_only_once(run):
    run(RIGHT, "def mine(x):\n    return x is 1")
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        run(CHECK)
    assert not [warning for warning in seen if warning.category is SyntaxWarning]


def test_what_is_handed_over_by_another_name_is_that(run):
    other = RIGHT.replace("scores", "mine")
    seen = run(RIGHT, other, "def scores(q k): ...", 'check("scores", mine)')
    assert len(lines(seen)) == 1
    cells = [RIGHT, "first = scores", WRONG, "def scores(q k): ..."]
    assert len(lines(run(*cells, 'check("scores", first)'))) == 1


def test_a_cell_of_the_notebook_s_own_is_not_the_student_s(run, monkeypatch):
    monkeypatch.setattr("autograder.verdict.session._locked", lambda *_: {RIGHT})
    seen = run(RIGHT, "def scores(q k): ...", CHECK)
    assert "from before" not in seen["text/plain"]


def test_a_shell_that_leaves_cells_out_of_its_record_is_not_believed(run):
    told = "did not run"
    assert told in run(RIGHT, "def scores(q k): ...", CHECK)["text/plain"]
    cells = ["%paste", RIGHT, "def scores(q k): ...", CHECK]
    assert told not in run(*cells)["text/plain"]


def test_nothing_of_it_is_near_while_grading(run, monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "autograder.verdict.stale", raising=False)
    file = tmp_path / "cases.safetensors"
    file.write_bytes(wire.pack({"scores": []}))
    monkeypatch.setenv("GPT_CASES", str(file))
    seen = run(WRONG, "def scores(q k): ...", CHECK)
    assert lines(seen) == ["scores: 0 answers handed in"]
    assert "autograder.verdict.stale" not in sys.modules


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["def Scores(q, k):\n    return q"], "Your last cell, [3], defines `Scores`,"),
        (["def help(q):\n    return q\ndef mine(q, k):\n    return help(q)"], "`mine`"),
        (["def scores(q, k)\n    return q"], "[3], did not run: SyntaxError in line 1"),
        (["x = 3"], "No cell that has run defines `scores`."),
        (["def mine(q):\n    return q\nmine(3)"], "No cell that has run"),  # a trial
        (["def softmax(q):\n    return q"], "No cell that has run"),  # another step
    ],
)
def test_a_step_without_a_meaning_is_explained_below_its_check(
    run, cells, said, capsys
):
    run("from autograder.check import _watch\n_watch()", *cells, CHECK)
    printed = capsys.readouterr().out
    assert said in printed
    assert "✗ scores: " in printed
    run("scores")  # no check
    run('check("scores", tau)')
    assert "✗" not in capsys.readouterr().out


def test_an_answer_by_another_name_is_told_where_the_step_is_not_written(run):
    told = lines(run(STUB, "def mine(q, k):\n    return q", CHECK))[1]
    assert told == (
        "Your last cell, [3], defines `mine`, and `scores` is asked for. If that is "
        "your answer, give it the name `scores` in its `def` line, run the cell, then "
        "check again."
    )
    for other in ("x = 3", "def softmax(q):\n    return q"):
        assert lines(run(STUB, other, CHECK))[1].startswith("Not written yet")


def test_what_trying_mistakes_warns_of_is_not_shown(run, monkeypatch):
    from autograder.verdict import judge

    real = judge.judge

    def warns(*args, **named):
        warnings.warn("degrees of freedom", UserWarning, stacklevel=1)
        return real(*args, **named)

    monkeypatch.setattr(judge, "judge", warns)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        run(WRONG, CHECK)
    assert not [warning for warning in seen if "degrees" in str(warning.message)]


def test_what_the_numbers_of_a_check_bring_about_is_not_warned_of(run):
    warns = RIGHT.replace(
        "    return", "    import warnings\n    warnings.warn('degrees')\n    return", 1
    )
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert lines(run(warns, CHECK))[0].startswith("✓")
    assert not [warning for warning in seen if "degrees" in str(warning.message)]
