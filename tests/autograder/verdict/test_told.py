"""What feedback can carry of the hidden inputs, whatever a submission does: counted.

The inputs are in the box from the first check on. Whoever answers in there can choose
how each check fails, and reads what is said of it; so that is one of so many pages.
"""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from nbformat.v4 import new_code_cell

from autograder import checks
from autograder.box import execute as execute_module
from autograder.box.execute import Cell, execute
from autograder.box.messages import CASES
from autograder.box.sandbox import Limits
from autograder.classroom import verify
from autograder.classroom.exam import exam, wanted
from autograder.verdict import panel, source, told
from autograder.verdict.compare import ERRORS, difference
from autograder.verdict.judge import Result, Verdict, judge
from autograder.verdict.outcome import Outcome, run
from tests.autograder.hostile import item
from tests.autograder.hostile.item import ALL, Item, notebook

PAGE = Path(__file__).parents[3] / "book" / "grading.md"
CHECKS = [(word, name) for word in checks.exercises() for name in checks.load(word)]


def asked(word):
    """Each check of an exercise, with its hidden cases and what is right there."""
    drawn = exam(word, b"told")
    return {n: (c, drawn.cases[n], wanted(drawn, n)) for n, c in drawn.checks.items()}


def marked(word):
    """How many released cells are marked where they fail, knowing the inputs or not."""
    cells = notebook(Item("as released", "", assignment=word)).cells
    cells = [c for c in cells if c.cell_type == "code" and "nbgrader" in c.metadata]
    return sum(not cell.metadata.nbgrader["grade"] for cell in cells)


def test_the_page_for_instructors_says_how_much_feedback_can_carry():
    most = max(
        told.bits(asked(word), marked(word)) for word in sorted(checks.exercises())
    )
    (said,) = re.findall(r"at most (\d+) bits", PAGE.read_text("utf-8"))
    assert int(said) - 20 < most <= int(said)  # a mistake more leaves it true


def test_bits_are_those_of_all_combinations():
    """Of two checks with a right page each: counted one by one."""
    word = min(checks.exercises())
    two = dict([*asked(word).items()][:2])
    ways = [2 + sum(told.pages(*each)) for each in two.values()]
    assert told.bits(two, 3) == pytest.approx(math.log2(math.prod(ways)) + 3)


def test_beyond_the_steps_that_are_explained_only_points_count(monkeypatch):
    word = min(checks.exercises())
    monkeypatch.setattr(told, "EXPLAINED", 0)
    ways = [2 + told.pages(*each)[0] for each in asked(word).values()]
    assert told.bits(asked(word), 0) == pytest.approx(math.log2(math.prod(ways)))


ODD = [
    *(
        Outcome(x)
        for x in (None, True, 3, 0.5, "x", b"x", [], (), {}, [None], {7: [7]})
    ),
    *(Outcome(x) for x in (np.ones(3), torch.ones(2, 3), torch.ones(3, 2).long())),
    *(Outcome([torch.full((2, 2), n)]) for n in (0.0, math.nan)),
    *(Outcome(raised=name, message="8128") for name in sorted(ERRORS)),
    *(Outcome(raised=name) for name in ("another answer", "unusable answer", "8128")),
    Outcome(raised="StillRunning", message="after 8128 seconds"),
]


def bent(want):
    """Answers that differ from the right one in every part."""
    yield from (replace(want, changed=(0, 1, 2)), replace(want, own=(1, 2)))
    value = want.value
    if isinstance(value, torch.Tensor):
        for shape in ((), (1, *value.shape), value.shape[::-1], (8128,)):
            yield Outcome(torch.ones(shape).to(value.dtype))
        for dtype in (torch.bfloat16, torch.float64, torch.int8, torch.bool):
            yield Outcome(value.to(dtype))
        if value.is_floating_point():
            other = value.clone().contiguous()
            other.reshape(-1)[:1] += 7
            yield from map(Outcome, (other, value + 7, value * math.nan))
    if isinstance(value, list | tuple):
        yield from map(Outcome, (value[:-1], [*value, 8128], [None for _ in value]))
        for i, part in enumerate(value[:3]):
            for other in bent(Outcome(part)):
                yield Outcome([*value[:i], other.value, *value[i + 1 :]])
    if isinstance(value, dict) and value:
        *most, (key, last) = value.items()
        yield from (Outcome(dict(most)), Outcome({**value, 8128: 1}))
        for other in bent(Outcome(last)):
            yield Outcome({**value, key: other.value})


@pytest.mark.parametrize(("word", "name"), CHECKS, ids=[n for _, n in CHECKS])
def test_every_reason_is_one_of_those_counted(word, name):
    check, cases, right = asked(word)[name]
    for want in right[:: max(1, len(right) // 6)]:
        known = told.reasons(want)
        for got in (*ODD, *right[:3], *bent(want)):
            said = difference(want, got, check.rtol, check.atol, hidden=True)
            assert said is None or said in known, said
    for mistake in check.mistakes[:3]:
        got = [run(mistake.answer, case.args) for case in cases]
        found = judge(check, cases, right, got, hidden=True)
        if not found.note:  # of mistakes, nothing is lost
            assert told.bounded(found, right).results == found.results
            assert (found.mistake and found.mistake.hint or "") in told.hints(check)


def test_a_sentence_that_is_not_counted_is_not_said():
    """Whatever made it: the bound does not rest on there being none."""
    result = Result("a case", "its first number is 8128")
    found = Verdict("softmax", 1, 3, (result,), remark="Its first number is 8128.")
    said = panel.feedback(told.bounded(found, [Outcome(1.0)]))["text/html"]
    assert "8128" not in said
    assert told.SOMEHOW in said


def test_which_cases_are_right_is_not_told():
    def page(whys):
        results = tuple(map(Result, ["one", "two", "three", "four"], whys))
        return panel.feedback(Verdict("softmax", 1.5, 3, results))

    wrong = "the value is wrong"
    assert page([wrong, None, wrong, None]) == page([wrong, wrong, None, None])


def test_what_the_source_tells_is_kept():
    found = Verdict("a", 0, 3, (Result("a", told.SOMEHOW),), remark="`x` is used up.")
    kept = [found.remark]
    assert told.bounded(found, [Outcome(1.0)], written=kept) == found
    assert told.bounded(found, [Outcome(1.0)]).remark is None
    both = replace(found, meant="Look at the axis.")
    assert told.bounded(both, [Outcome(1.0)], written=kept).remark is None


ALL_AT_ONCE = """
def scores(k, q):
    k = 2 ^ 3
    rows = []
    rows.append(1)
    later = map(int, rows)
    for row in later:
        unused = len(later)
        sorted(rows)
        return row
    return later
    return rows
"""


def test_no_function_gives_rise_to_more_sentences_than_are_counted():
    found = source.of([(1, ALL_AT_ONCE)], "scores").sentences(["q", "k"])
    assert 5 <= len(found) <= source.SENTENCES


def test_feedback_says_what_a_wrong_step_s_own_lines_show(template):
    wrong = "def scores(q, k):\n    k = q\n    return q @ k.mT / q.shape[-1] ** 0.5"

    def edit(nb):
        for cell in nb.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "write_scores":
                cell.source = wrong

    nb, _ = graded(template, edit)
    pages = [c.outputs[0].data["text/plain"] for c in nb.cells if c.get("outputs")]
    (said,) = [page for page in pages if page.startswith("✗ scores")]
    assert "gives `k` a new value before the one that comes in has been used" in said


def test_of_steps_that_are_not_explained_only_the_points_are_told():
    results = (Result("one", "its value is wrong"), Result("two"))
    found = Verdict("a", 1.5, 3, results, remark=min(told.remarks()))
    shown = panel.feedback(told.bounded(found, [Outcome(1.0)] * 2, explained=False))
    assert (
        shown["text/plain"]
        == f"✗ a: 1.5 of 3 points\nRight in 1 of 2 cases. {told.MORE}"
    )


def test_a_remark_that_stands_word_for_word_is_kept():
    kept = min(told.remarks())
    found = Verdict("softmax", 0, 3, (Result("a", told.SOMEHOW),), remark=kept)
    assert told.bounded(found, [Outcome(1.0)]).remark == kept
    assert not any(re.search(r"\{|\ue000", said) for said in told.remarks())


# --- what cells can say ---------------------------------------------------------------
SPELL = """
def spell(n):
    kinds = (ValueError, TypeError, KeyError, IndexError, OSError, EOFError, None)
    if kinds[n % len(kinds)]:
        raise kinds[n % len(kinds)]
"""


def graded(template, edit, **more):
    nb = notebook(Item("siege", "", solved=ALL, edit=edit, **more))
    grading = verify.Grading(exam("attend", b"told"))
    verify.run(nb, grading, template, {}, Limits())
    verify.verify(nb, grading)
    return nb, grading


def test_cells_after_the_first_check_spell_nothing(template):
    def edit(nb):
        code = [i for i, cell in enumerate(nb.cells) if cell.cell_type == "code"]
        graded = [
            i for i in code if nb.cells[i].metadata.get("nbgrader", {}).get("grade")
        ]
        own = [SPELL, *(f"spell({n})" for n in range(30))]
        late = [new_code_cell(source) for source in own]
        early = [new_code_cell(source) for source in own]
        nb.cells[graded[1] : graded[1]] = late  # first, so that the places hold
        nb.cells[graded[0] : graded[0]] = early
        for cell in nb.cells[graded[3] + 61 :]:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "write_attend":
                cell.source += "\nraise BlockingIOError"

    nb, _ = graded(template, edit)
    cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    first = next(
        i for i, c in enumerate(cells) if c.metadata.get("nbgrader", {}).get("grade")
    )
    said = [[o.ename for o in c.outputs if o.output_type == "error"] for c in cells]
    assert len({name for names in said[:first] for name in names}) == 6
    assert {name for names in said[first:] for name in names} == {told.ODD}
    own = [
        names
        for c, names in zip(cells, said, strict=True)
        if "nbgrader" not in c.metadata
    ]
    assert sum(map(bool, own)) == sum(map(bool, said[:first]))


MEMORY = """
import os, re
found = os.path.exists(os.environ["GPT_CASES"])
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        if re.search(r" rw-p .* 0\\s*(\\[heap\\])?$", line):
            start, end = (int(x, 16) for x in line.split()[0].split("-"))
            memory.seek(start)
            found = found or re.search(rb"[i]nputs-[t]hat-[n]obody", memory.read(end - start))
assert not found
"""


def test_a_cell_that_dies_when_it_runs_again_spells_nothing(template, monkeypatch):
    """It knows the time, and a cell that has seen the inputs chose when to die."""
    mark = template.box.code / "later"
    end = execute_module._Kernel.__exit__
    monkeypatch.setattr(
        execute_module._Kernel, "__exit__", lambda *a: (end(*a), mark.touch())[0]
    )

    def edit(nb):
        places = [item.find(nb, name) for name in ("scores", "average_past")]
        late, early = "import os\nos._exit(0)", "import os\nos.path.exists("
        nb.cells.insert(places[0], new_code_cell(late))
        nb.cells.insert(
            places[1], new_code_cell(f"{early}'/opt/course/later') and os._exit(0)")
        )

    try:
        nb, grading = graded(template, edit)
    finally:
        mark.unlink()
    assert sum("the kernel died" in flag for flag in grading.flags) == 2
    assert not [
        o for c in nb.cells for o in c.get("outputs", ()) if o.output_type == "error"
    ]


def test_before_the_first_check_the_inputs_are_nowhere(template):
    mark = b"inputs-that-nobody-knows-yet"
    look = MEMORY
    there = (
        "import os\nassert open(os.environ['GPT_CASES'], 'rb').read()[:6] == b'inputs'"
    )
    cells = [Cell(look), Cell("import os; os._exit(1)"), Cell(look)]
    cells += [Cell(there, graded=True), Cell(there)]
    execute(cells, template, {CASES: mark}, {}, Limits())
    assert cells[1].died == "the kernel died"
    assert [cell.error for cell in cells] == [None] * 5
    late = [Cell("pass", graded=True), Cell(look)]
    execute(late, template, {CASES: mark}, {}, Limits())
    assert late[1].error == "AssertionError", "it would have been found"


def test_a_box_that_dies_gets_them_again_with_its_next_check(template):
    there = "import os\nassert os.path.exists(os.environ['GPT_CASES'])"
    early = there.replace("assert", "assert not")
    cells = [Cell(early), Cell("os._exit(1)", graded=True), Cell("x = 1")]
    cells.append(Cell(there, graded=True))
    execute(cells, template, {CASES: b"x"}, {}, Limits())
    assert [cell.error for cell in cells] == [None] * 4
    assert [bool(cell.died) for cell in cells] == [False, True, False, False]


@pytest.mark.parametrize("error", ["Timeout", "NameError", "8128", "BlockingIOError"])
def test_why_a_check_handed_nothing_in_is_one_of_a_few(error):
    said = told.stopped(error)
    assert said in {*told.STOPS.values(), told.stopped("ValueError")}
