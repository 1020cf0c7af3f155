"""Is every mistake caught and named, by the very `check()` that a notebook calls?"""

import base64
import functools
import json
import shutil
import sys
import types

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder import checks
from autograder.check import ANSWER, RESULT, CheckFailed, check
from autograder.classroom import course, verify
from autograder.classroom.exam import exam
from autograder.verdict import bank, outcome, wire
from autograder.verdict.judge import expected, judge
from tests.depth import many

SEEDS = [b"%d" % n for n in range(many(1))]
ALL = [(a, c) for a in course.assignments() for c in checks.load(a).values()]
MISTAKES = [(a, c, m) for a, c in ALL for m in c.mistakes]


@pytest.fixture
def shown(monkeypatch):
    """What `check` displays, as a list of MIME bundles."""
    bundles = []
    monkeypatch.setattr(
        "IPython.display.display", lambda bundle, raw: bundles.append(bundle)
    )
    return bundles


@pytest.fixture(scope="session")
def references(tmp_path_factory):
    """A folder an exercise, each with a reference written now."""
    folder = tmp_path_factory.mktemp("references")
    for assignment in course.assignments():
        (folder / assignment).mkdir()
        solved = course.root() / "solutions" / assignment / f"{assignment}.ipynb"
        bank.write(assignment, folder / assignment, solved)
    return folder


def hand_in(shown, monkeypatch, tmp_path, found, cases, function):
    """What `check` publishes while grading, as the grader reads it."""
    file = tmp_path / "cases.safetensors"
    inputs = {found.name: [outcome.to_args(case.args) for case in cases]}
    file.write_bytes(wire.pack(inputs))
    monkeypatch.setenv("GPT_CASES", str(file))
    check(found.name, function)
    monkeypatch.delenv("GPT_CASES")
    data = base64.b64decode(shown.pop()[ANSWER]["outcomes"])
    return outcome.from_rows(wire.unpack(data))


def student(shown, name, function):
    """The panel that a student sees, and whether `check` raised."""
    try:
        check(name, function)
    except CheckFailed:
        return shown.pop(), True
    return shown.pop(), False


@functools.lru_cache(maxsize=4)  # all mistakes of a check come one after the other
def drawn(found, seed):
    """Hidden cases, what is right there, and what each mistake makes of them, once."""
    cases = bank.draw(found, seed)

    @functools.cache
    def made(mistake, i):
        return outcome.run(mistake.answer, cases[i].args)

    return cases, expected(found, cases), made


def test_every_mistake_is_caught_and_named(
    shown, monkeypatch, tmp_path, references, record
):
    killed, survivors = 0, []
    for assignment, found, mistake in MISTAKES:
        monkeypatch.chdir(references / assignment)
        panel, raised = student(shown, found.name, mistake.answer)
        plain = panel["text/plain"]
        fine = raised and panel[RESULT]["points"] < found.points
        fine = fine and mistake.hint in plain
        for seed in SEEDS:
            cases, wanted, made = drawn(found, seed)
            got = [made(mistake, i) for i in range(len(cases))]
            if seed == SEEDS[0]:  # as a notebook hands it in, once
                got = hand_in(
                    shown, monkeypatch, tmp_path, found, cases, mistake.answer
                )
            verdict = judge(found, cases, wanted, got, hidden=True, made=made)
            fine = fine and not verdict.right and verdict.points < found.points
            fine = fine and verdict.mistake == mistake
        killed += fine
        if not fine:
            survivors.append(f"{found.name}: {mistake.name}")
    record(kill_rate=killed / len(MISTAKES), mistakes=len(MISTAKES), checks=len(ALL))
    assert not survivors


@pytest.mark.parametrize(("assignment", "found"), ALL, ids=lambda x: str(x)[:30])
def test_the_oracle_itself_earns_all_points(
    shown, monkeypatch, tmp_path, references, assignment, found
):
    monkeypatch.chdir(references / assignment)
    panel, raised = student(shown, found.name, found.oracle)
    assert not raised
    assert panel[RESULT]["points"] == found.points
    cases = bank.draw(found, b"hidden")
    got = hand_in(shown, monkeypatch, tmp_path, found, cases, found.oracle)
    assert judge(found, cases, expected(found, cases), got).points == found.points


def test_names_are_unique_over_the_course():
    names = [c.name for _, c in ALL]
    assert len(set(names)) == len(names)
    for _, found in ALL:
        mistakes = [m.name for m in found.mistakes]
        assert len(set(mistakes)) == len(mistakes)


def test_every_exercise_knows_ten_mistakes():
    for assignment in course.assignments():
        assert sum(a == assignment for a, _, _ in MISTAKES) >= 10


def test_the_committed_reference_is_the_banks(references):
    for assignment in course.assignments():
        for room in ("solutions", "exercises"):
            committed = course.root() / room / assignment / bank.REFERENCE
            fresh = references / assignment / bank.REFERENCE
            # another processor's last digits are no news: `bank.write` leaves them, too
            assert bank.only_rounded(committed.read_bytes(), fresh.read_bytes()), (
                f"{committed} is stale: run `make exercises`"
            )


def test_a_notebook_that_travels_alone_is_checked_all_the_same(
    shown, monkeypatch, tmp_path, references
):
    monkeypatch.chdir(tmp_path)
    for assignment, found in ALL:
        wrong = found.mistakes[0].answer
        alone = student(shown, found.name, wrong)
        monkeypatch.chdir(references / assignment)
        assert student(shown, found.name, wrong) == alone
        monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="no check named 'count_pair' .* tokenize"):
        check("count_pair", len)


def leaning(main, step, right, answer, *args):
    """What a later step gives: right only if the step in `main` is the right one."""
    return answer(*args) if getattr(main, step) is right else None


def test_a_wrong_step_costs_no_later_one(shown, monkeypatch, references):
    """Wherever one step may call another: the course's own stands in for a wrong one."""
    main = sys.modules["__main__"]
    for assignment in course.assignments():
        monkeypatch.chdir(references / assignment)
        known = checks.load(assignment)
        for name in known:
            for step in known[name].after:
                for other in known[name].after:
                    monkeypatch.setattr(main, other, known[other].oracle, raising=False)
                monkeypatch.setattr(main, step, known[step].mistakes[0].answer)

                wanted = known[step].oracle, known[name].oracle
                follows = functools.partial(leaning, main, step, *wanted)
                before = dict(vars(main))
                panel, raised = student(shown, name, follows)
                assert not raised, panel["text/plain"]
                assert panel[RESULT]["points"] == known[name].points
                assert f"run with the course's own `{step}`, for" in panel["text/plain"]
                assert vars(main) == before


def test_with_the_course_s_own_steps_its_own_mistake_is_named(
    shown, monkeypatch, references
):
    monkeypatch.chdir(references / "tokenize")
    found = checks.load("tokenize")
    wrong = found["train"].mistakes[0]
    main = sys.modules["__main__"]
    for step in found["train"].after:
        monkeypatch.setattr(main, step, found[step].oracle, raising=False)
    monkeypatch.setattr(main, "merge", found["merge"].mistakes[0].answer)

    def train(*args):
        fine = main.merge is found["merge"].oracle
        return wrong.answer(*args) if fine else {}

    text = student(shown, "train", train)[0]["text/plain"]
    assert (
        "This step was run with the course's own `merge`, for yours is not right"
        in text
    )
    assert wrong.hint in text
    # What does not lean on the wrong one hears nothing of it.
    text = student(shown, "train", wrong.answer)[0]["text/plain"]
    assert wrong.hint in text and "course's own" not in text


def test_an_earlier_step_that_a_cell_defines_again_is_not_excused(
    shown, monkeypatch, references
):
    monkeypatch.chdir(references / "mlp")
    known = checks.load("mlp")
    again = "def gelu(x):\n    return x\n"
    cell = "def mlp(x, w, b, v, c):\n    return gelu(x @ w + b) @ v + c"
    space = {"In": ["", "def gelu(x):\n    return oracle(x)", again + cell]}
    monkeypatch.setattr(
        "IPython.get_ipython", lambda: types.SimpleNamespace(user_ns=space)
    )
    main = sys.modules["__main__"]

    def mlp(x, w, b, v, c):
        return main.gelu(x @ w + b) @ v + c

    space["mlp"] = mlp
    monkeypatch.setattr(main, "gelu", lambda x: x, raising=False)
    panel, raised = student(shown, "mlp", mlp)
    assert raised
    assert "This cell defines `gelu` again, and that" in panel["text/plain"]
    space["In"][2] = cell  # it stands in a cell of its own
    panel, raised = student(shown, "mlp", mlp)
    assert not raised and "the course's own `gelu`" in panel["text/plain"]
    space["In"][2] = again + cell  # and a right one does no harm
    monkeypatch.setattr(main, "gelu", known["gelu"].oracle)
    assert not student(shown, "mlp", mlp)[1]


def test_a_ready_made_answer_is_refused_in_the_notebook_too(
    shown, monkeypatch, references
):
    """As the grader will: a student should not hear of it only there."""
    monkeypatch.chdir(references / "sample")
    ready = "def probabilities(z, t):\n    return (z / t).softmax(-1)"
    own = "def probabilities(z, t):\n    return mine(z, t)"
    cells = {"In": ["", ready]}
    monkeypatch.setattr(
        "IPython.get_ipython", lambda: types.SimpleNamespace(user_ns=cells)
    )

    def probabilities(*args):
        raise AssertionError("nobody calls it: what is forbidden comes first")

    cells["probabilities"] = probabilities
    panel, raised = student(shown, "probabilities", probabilities)
    assert raised
    assert panel["text/plain"].splitlines()[1] == (
        "It uses `softmax`, in the line `return (z / t).softmax(-1)`: it is a softmax, "
        "ready made. This step asks you to write `probabilities` yourself."
    )
    assert panel[RESULT]["points"] == 0
    cells["In"].append(own)  # written anew
    right = checks.load("sample")["probabilities"].oracle
    cells["probabilities"] = right
    panel, raised = student(shown, "probabilities", right)
    assert not raised and panel[RESULT]["points"] > 0
    cells["In"].append("probabilities = lambda z, t: (z / t).softmax(-1)")
    assert student(shown, "probabilities", right)[1]  # whatever `right` calls itself


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("gelu", "def gelu(x):\n    return F.gelu(x)", "`gelu`, in the line `return"),
        ("gelu", "gelu = torch.nn.GELU()", "`GELU`, in the line `gelu = torch"),
        (
            "layer_norm",
            "from torch import layer_norm",
            "`layer_norm`, in the line `from",
        ),
        (
            "dropout",
            "dropout = lambda x, u, p: F.dropout(x, p)",
            "it is dropout, ready",
        ),
        (
            "softmax",
            "def softmax(s):\n    return (s - s.logsumexp(-1)).exp()",
            "another",
        ),
        ("softmax", "def softmax(s):\n    return s.log_softmax(-1)", "all but an exp"),
        (
            "probabilities",
            "probabilities = scipy.special.softmax",
            "it has a softmax",
        ),
        (
            "draw",
            "def draw(p, u):\n    return random.random()",
            "the given ones decide",
        ),
        ("encode", "import tiktoken\nencode = tiktoken.encode", "a tokenizer, ready"),
        (
            "cosines",
            "def cosines(t, v): return F.cosine_similarity(t, v)",
            "the cosine",
        ),
    ],
)
def test_the_grader_refuses_in_the_same_words(
    shown, monkeypatch, references, name, code, said
):
    word = checks.having(name)
    monkeypatch.chdir(references / word)
    function = checks.load(word)[name].oracle
    cells = {"In": ["", code], name: function}
    monkeypatch.setattr(
        "IPython.get_ipython", lambda: types.SimpleNamespace(user_ns=cells)
    )
    panel, raised = student(shown, name, function)
    assert raised and said in panel["text/plain"]
    label = {"grade_id": name, "locked": True, "grade": True, "solution": False}
    label |= {"points": checks.load(word)[name].points, "schema_version": 3}
    metadata = {"nbgrader": label | {"task": False}}
    notebook = new_notebook(cells=[new_code_cell(code), new_code_cell()])
    notebook.cells[1].update(source=f'check("{name}", {name})', metadata=metadata)
    grading = verify.Grading(exam(word, b"seed"), ran={name: None})
    verify.verify(notebook, grading)
    feedback = notebook.cells[1].outputs[0].data["text/plain"]
    assert feedback == panel["text/plain"]
    (flag,) = notebook.metadata["autograder"]["flags"]
    assert flag.startswith(f"{name}: uses ") and flag.endswith(("line 1)", "line 2)"))


def test_what_the_notebook_gives_is_not_the_student_s(
    shown, monkeypatch, tmp_path, references
):
    """But what it imports is not theirs either. As the grader has it, too."""
    shutil.copy(references / "embed" / bank.REFERENCE, tmp_path)
    monkeypatch.chdir(tmp_path)
    given = "from gpt.model import small\nmodel, tokenizer = small()"
    right = checks.load("embed")["look_up"].oracle
    cells = {"In": ["", f"{given}\n"], "look_up": right}
    monkeypatch.setattr(
        "IPython.get_ipython", lambda: types.SimpleNamespace(user_ns=cells)
    )
    label = {"nbgrader": {"locked": True}}
    cell = {"source": given.splitlines(keepends=True), "metadata": label}
    (tmp_path / "embed.ipynb").write_text(json.dumps({"cells": [cell]}))
    (tmp_path / "odd.ipynb").write_text("[]")
    cells["In"].append("def look_up(ids, wte):\n    return model.table[ids]")
    assert not student(shown, "look_up", right)[1]
    cells["In"].append("def look_up(ids, wte):\n    return small()[0].table[ids]")
    panel, raised = student(shown, "look_up", right)
    assert raised and "It uses `gpt.model`, in the line" in panel["text/plain"]


def test_what_outlives_a_call_does_not_pass(shown, monkeypatch, tmp_path, references):
    """Neither in the notebook, where a second check would show it, nor when graded."""
    monkeypatch.chdir(references / "tokenize")
    found = checks.load("tokenize")["to_chunks"]

    def kept(calls):
        def to_chunks(text):
            calls.append(text)
            return found.oracle(text) + [[0]] * (calls.count(text) - 1)

        return to_chunks

    panel, raised = student(shown, "to_chunks", kept([]))
    assert raised and panel[RESULT]["points"] < found.points
    assert "Something outlives a call" in panel["text/plain"]
    cases = bank.draw(found, b"hidden")
    got = hand_in(shown, monkeypatch, tmp_path, found, cases, kept([]))
    verdict = judge(found, cases, expected(found, cases), got, hidden=True)
    assert not verdict.right
    assert "gives another answer" in verdict.reason


def test_an_endless_function_is_tried_only_once(shown, monkeypatch, references):
    calls = []

    def endless(text):
        calls.append(text)
        while True:
            pass

    monkeypatch.chdir(references / "tokenize")
    monkeypatch.setattr("autograder.verdict.outcome.SECONDS", 0.1)
    panel, raised = student(shown, "to_chunks", endless)
    assert raised
    assert len(calls) == 1
    assert "still running after 0.1 seconds" in panel["text/plain"]


def test_a_wrong_name_says_which_there_are(monkeypatch, tmp_path, references):
    shutil.copy(references / "tokenize" / bank.REFERENCE, tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="no check named 'count_pair' .* count_pairs"):
        check("count_pair", len)
    with pytest.raises(ValueError, match="without brackets"):
        check("count_pairs", 3)


def test_no_expected_value_is_near_while_grading(
    shown, monkeypatch, tmp_path, references
):
    """Grading mode never opens the reference and never imports the checks."""
    (_, found), *_ = ALL
    cases = bank.draw(found, b"x")
    monkeypatch.chdir(tmp_path)  # no reference here
    for name in list(sys.modules):
        if name.startswith("autograder.checks") or name == "autograder.verdict.judge":
            monkeypatch.delitem(sys.modules, name)
    hand_in(shown, monkeypatch, tmp_path, found, cases, found.oracle)
    assert "autograder.checks" not in sys.modules
    assert "autograder.verdict.judge" not in sys.modules
