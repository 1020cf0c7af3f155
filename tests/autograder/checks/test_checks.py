"""Are the checks themselves right? Asked of every check of every exercise.

Draws keep their shape over many seeds, every known mistake is wrong in every draw and
differs from every other, hints help without telling, and an answer that does nothing is
right by luck in a few cases at most. Oracles meet the solutions, which know nothing of
them.
"""

import doctest
import json
import re
from functools import cache, partial
from pathlib import Path

import pytest

from autograder import checks
from autograder.checks import Check
from autograder.checks._material import WHY
from autograder.verdict import bank, panel, wire
from autograder.verdict.compare import difference
from autograder.verdict.judge import Verdict, expected, judge
from autograder.verdict.outcome import Outcome, run, run_all
from tests.depth import many

ROOT = Path(__file__).parents[3]
SEEDS = [bank.PUBLIC_SEED, *(b"%d" % n for n in range(many(10)))]
SOME = SEEDS[:16]

EXERCISES = checks.exercises()
CHECKS = [
    (exercise, check)
    for exercise in EXERCISES
    for check in checks.load(exercise).values()
]
every_check = pytest.mark.parametrize(
    ("exercise", "check"), CHECKS, ids=[f"{e}-{c.name}" for e, c in CHECKS]
)
every_exercise = pytest.mark.parametrize("exercise", EXERCISES)

LAZY = {
    "None": lambda *args: None,
    "[]": lambda *args: [],
    "{}": lambda *args: {},
    "()": lambda *args: (),
    "empty text": lambda *args: "",
    "empty bytes": lambda *args: b"",
    "0": lambda *args: 0,
    "True": lambda *args: True,
    "the first argument": lambda *args: args[0],
    "the last argument": lambda *args: args[-1],
    "all arguments": lambda *args: args,
    "an error": lambda *args: {}["x"],
    "a ValueError": lambda *args: int("x"),
}


@cache
def drawn(exercise: str, name: str, seed: bytes) -> tuple[list, list[Outcome]]:
    check = checks.load(exercise)[name]
    cases = bank.draw(check, seed)
    return cases, expected(check, cases)


def wrong(check: Check, wanted: list[Outcome], got: list[Outcome]) -> list[int]:
    return [
        i
        for i, (w, g) in enumerate(zip(wanted, got, strict=True))
        if difference(w, g, check.rtol, check.atol)
    ]


def answers(function, cases) -> list[Outcome]:
    return [run(function, case.args) for case in cases]


def same(a: Outcome, b: Outcome) -> bool:
    return a.changed == b.changed and not difference(a, b, 0, 0)


def verdict_on(exercise: str, draft) -> Verdict:
    """The public verdict on a function whose name begins with that of its step."""
    known = checks.load(exercise)
    check = known[max(known, key=lambda c: draft.__name__.startswith(f"{c}_"))]
    cases = bank.draw(check, bank.PUBLIC_SEED)
    got = run_all(draft, [case.args for case in cases])
    return judge(check, cases, expected(check, cases), got)


@cache
def notebook(exercise: str) -> dict:
    path = ROOT / "solutions" / exercise / f"{exercise}.ipynb"
    return json.loads(path.read_text(encoding="utf-8"))


def cells(exercise: str, **wanted) -> dict[str, str]:
    """The sources of nbgrader's cells with these settings, by their grade_id."""
    found = {}
    for cell in notebook(exercise)["cells"]:
        settings = cell["metadata"].get("nbgrader", {})
        if settings and all(settings.get(k) == v for k, v in wanted.items()):
            source = cell["source"]
            found[settings["grade_id"]] = "".join(source)
    return found


@cache
def solution(exercise: str) -> dict:
    """What the instructor's notebook defines, without running its checks."""
    names: dict = {"check": lambda name, function: None, "display": lambda *what: None}
    for cell in notebook(exercise)["cells"]:
        settings = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and settings and not settings["grade"]:
            exec("".join(cell["source"]), names)  # noqa: S102 - it is ours
    return names


@every_check
def test_a_seed_always_draws_the_same(exercise, check):
    for seed in SEEDS[:3]:
        first = [(case.what, case.args) for case in bank.draw(check, seed)]
        again = [(case.what, case.args) for case in bank.draw(check, seed)]
        assert repr(first) == repr(again)


@every_check
def test_every_seed_draws_other_inputs_for_the_same_purposes(exercise, check):
    purposes = [case.what for case in drawn(exercise, check.name, SEEDS[0])[0]]
    assert len(purposes) >= 4, (
        f"{check.name} draws {len(purposes)} cases, not 4 or more"
    )
    assert len(set(purposes)) == len(purposes), (
        f"two cases of {check.name} say the same"
    )
    for place, case in enumerate(drawn(exercise, check.name, SEEDS[0])[0]):
        if case.edge:
            continue  # of some edges, such as an empty text, there is only one
        seen = {wire.pack(drawn(exercise, check.name, s)[0][place].args) for s in SEEDS}
        # Two tiny inputs may meet by chance, and no more than that.
        few = (
            f"{purposes[place]!r}: {len(SEEDS)} seeds draw {len(seen)} different inputs"
        )
        assert len(seen) >= len(SEEDS) - 2, few
    for seed in SEEDS:
        cases, _ = drawn(exercise, check.name, seed)
        assert [case.what for case in cases] == purposes


@every_check
def test_the_oracle_answers_every_case_and_changes_nothing(exercise, check):
    for seed in SEEDS:
        for outcome in drawn(exercise, check.name, seed)[1]:
            assert outcome.raised in (None, "ValueError")
            assert not outcome.changed


@every_check
def test_every_mistake_is_wrong_in_every_draw_and_like_no_other(exercise, check):
    assert len(check.mistakes) >= 2
    for seed in SEEDS[: many(1)]:  # that each is wrong is asked of more seeds elsewhere
        cases, wanted = drawn(exercise, check.name, seed)
        made = {m.name: answers(m.answer, cases) for m in check.mistakes}
        assert len(made) == len(check.mistakes), "two mistakes of one name"
        names = list(made)
        for i, name in enumerate(names):
            assert wrong(check, wanted, made[name]), f"{name}: right with seed {seed}"
            for other in names[:i]:
                pairs = zip(made[name], made[other], strict=True)
                assert not all(same(a, b) for a, b in pairs), f"{name} = {other}"


@every_exercise
def test_an_exercise_knows_at_least_ten_mistakes(exercise):
    assert sum(len(c.mistakes) for c in checks.load(exercise).values()) >= 10


@every_exercise
def test_hints_are_sentences_of_their_own_and_hold_no_code(exercise):
    seen = {}
    for check in checks.load(exercise).values():
        for mistake in check.mistakes:
            hint = mistake.hint
            # The same slip in two checks may have the same sentence, and so may slips of
            # one check that have one cause.
            first = seen.setdefault(hint, (check, mistake.name))
            assert check is first[0] or mistake.name == first[1], f"twice: {hint}"
            assert 40 <= len(hint) <= 400, hint
            assert hint[0] == hint[0].upper() and hint[-1] in ".?!", hint
            assert hint.count("`") % 2 == 0, hint
            code = (
                r"\n|==|:=|\blambda\b|\breturn \w+\(|\bdef \w|\bfor \w+ in\b|\w\(\w+, "
            )
            assert not re.search(code, hint.replace("(a, b)", "")), hint


@every_exercise
def test_no_word_of_a_hint_was_broken_by_a_name_put_into_it(exercise):
    """As "context" would be, where "text" is replaced by "ids" inside words too."""
    whole = {"avoids", "forbids", "grids", "sigmoids", "sinusoids"}
    for check in checks.load(exercise).values():
        for mistake in check.mistakes:
            inside = set(re.findall(r"[a-z]+ids\b|\bids[a-z]+", mistake.hint.lower()))
            assert inside <= whole, mistake.hint


@every_check
@pytest.mark.parametrize("lazy", LAZY)
def test_an_answer_that_does_nothing_is_seldom_right(exercise, check, lazy):
    for seed in SOME:
        cases, wanted = drawn(exercise, check.name, seed)
        right = len(cases) - len(wrong(check, wanted, answers(LAZY[lazy], cases)))
        assert right < 0.6 * len(cases), f"right in {right} cases with seed {seed}"


@every_check
def test_a_check_builds_on_earlier_ones_only(exercise, check):
    names = list(checks.load(exercise))
    before = names[: names.index(check.name)]
    assert set(check.after) <= set(before)


@every_check
def test_the_solution_agrees_with_the_oracle(exercise, check):
    function = solution(exercise)[check.name]
    for seed in SEEDS:
        cases, wanted = drawn(exercise, check.name, seed)
        found = wrong(check, wanted, answers(function, cases))
        assert not found, f"{cases[found[0]].what} with seed {seed}"


@every_exercise
def test_the_solution_s_examples_are_true(exercise):
    names = solution(exercise)
    tried = 0
    for name in checks.load(exercise):
        assert name in names, f"solutions/{exercise} has no function {name}"
        for example in doctest.DocTestFinder().find(names[name], name, globs=names):
            results = doctest.DocTestRunner(verbose=False).run(example)
            assert not results.failed, name
            tried += results.attempted
    assert tried >= len(checks.load(exercise))


@every_exercise
def test_the_notebook_asks_for_exactly_these_checks(exercise):
    known = checks.load(exercise)
    tests = cells(exercise, grade=True)
    assert list(tests) == list(known), "graded cells of the notebook, and checks"
    for name, source in tests.items():
        assert source == f'check("{name}", {name})'
    points = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"]["points"]
        for cell in notebook(exercise)["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade")
    }
    assert points == {check.name: check.points for check in known.values()}


@every_check
def test_the_text_of_a_step_says_what_does_not_count(exercise, check):
    """One name of each kind that is forbidden, in the step or in what all steps share."""
    texts = {}
    for cell in notebook(exercise)["cells"]:
        label = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if cell["cell_type"] == "markdown":
            step = "".join(cell["source"])
            texts[label] = step
        elif label == check.name:
            break
    said = f"{texts['how_to_work']}\n\n{step}"
    sentences = re.split(r"(?<=[.:)*])\s+(?=[A-Z(-])", said)
    told = [x for x in sentences if re.search(r"earns\s+nothing|not\s+count", x)]
    named = {name.strip("`") for x in told for name in re.findall(r"`[^`]+`", x)}
    for name in check.forbidden:
        kind = {other.lstrip(".") for other, why in WHY.items() if why == WHY[name]}
        assert kind & named, (
            f"{check.name} forbids {name}, and its text does not say so"
        )


@every_exercise
def test_the_map_in_the_introduction_lists_the_steps_and_their_points(exercise):
    intro = cells(exercise, locked=True)["intro"]
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|.*\| (\d+) \|$", intro, re.MULTILINE)
    known = checks.load(exercise).values()
    assert rows == [(str(i), c.name, str(c.points)) for i, c in enumerate(known, 1)]
    total = sum(check.points for check in known)
    assert f"all {total} points" in cells(exercise, locked=True)["end"]


@every_exercise
def test_the_notebook_is_clean_and_complete(exercise):
    book = notebook(exercise)
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    ids = []
    for cell in book["cells"]:
        settings = cell["metadata"].get("nbgrader")
        if settings:
            ids.append(settings["grade_id"])
            assert settings["schema_version"] == 3
            assert settings["locked"] == (not settings["solution"])
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
    assert len(set(ids)) == len(ids)
    for source in cells(exercise, solution=True).values():
        assert source.count("### BEGIN SOLUTION") == 1
        assert source.count("### END SOLUTION") == 1
        assert ">>>" in source.split("### BEGIN")[0]
    for source in cells(exercise, locked=True).values():
        assert "SOLUTION" not in source


def test_the_pattern_of_the_exercise_is_the_course_s():
    from autograder.checks.tokenize._material import PATTERN as ours
    from gpt.tokenize import PATTERN

    assert ours == PATTERN
    assert solution("tokenize")["PATTERN"] == PATTERN


LARGEST = 2**32  # ids have 32 bits in both libraries


def test_the_tokenizer_s_oracles_agree_with_each_other():
    """tiktoken joins bytes, Hugging Face joins pairs: on these merges it is the same."""
    from tokenizers import Tokenizer, models

    known = checks.load("tokenize")

    def letters(data: bytes) -> str:
        return "".join(chr(0x100 + b) for b in data)

    for seed in SEEDS[:15]:
        for case in drawn("tokenize", "encode", seed)[0]:
            text, merges = case.args
            if max(merges.values(), default=0) >= LARGEST:
                continue
            spelled = {
                rank: data for data, rank in known["ranks"].oracle(merges).items()
            }
            model = models.BPE(
                vocab={letters(data): rank for rank, data in spelled.items()},
                merges=[
                    (letters(spelled[a]), letters(spelled[b]))
                    for a, b in sorted(merges, key=merges.get)
                ],
            )
            ids = []
            for chunk in known["to_chunks"].oracle(text):
                ids += Tokenizer(model).encode(letters(bytes(chunk))).ids
            assert ids == known["encode"].oracle(text, merges), case.what


def test_special_tokens_are_those_of_tiktoken_itself():
    """Where no name holds or overlaps another, tiktoken alone has to say the same."""
    from autograder.checks.tokenize.encode import encoding

    def meet(a: str, b: str) -> bool:
        return a in b or any(a[-n:] == b[:n] for n in range(1, len(b)))

    compared = 0
    for seed in SEEDS:
        cases, wanted = drawn("tokenize", "encode_special", seed)
        for case, want in zip(cases, wanted, strict=True):
            text, merges, special, allowed = case.args
            large = max([*merges.values(), *special.values()], default=0) >= LARGEST
            if large or any(meet(a, b) for a in special for b in special if a != b):
                continue
            encode = partial(
                encoding(merges, special).encode, allowed_special=set(allowed)
            )
            assert not difference(want, run(encode, (text,)), 0, 0), case.what
            compared += 1
    assert compared >= 28 * len(SEEDS)  # so many or more draw no such names


def test_the_course_s_own_tokenizer_follows_the_exercise_s_rule_for_names():
    from gpt.tokenize import Tokenizer

    ranks = checks.load("tokenize")["ranks"].oracle
    for seed in SEEDS:
        cases, wanted = drawn("tokenize", "encode_special", seed)
        for case, want in zip(cases, wanted, strict=True):
            text, merges, special, allowed = case.args
            encode = Tokenizer(ranks(merges), special).encode
            assert not difference(want, run(encode, (text, allowed)), 0, 0), case.what


@every_check
def test_values_on_the_way_are_few_and_fit_every_case(exercise, check):
    """Where there is nothing on the way, as without a merge, there may be none."""
    if check.worked is None:
        return
    seen = 0
    for seed in SOME:
        cases, wanted = drawn(exercise, check.name, seed)
        for case, want in zip(cases, wanted, strict=True):
            if want.raised is None:
                values = check.worked(*case.args)
                text = panel._on_the_way(values)
                assert len(values) <= 6 and bool(text) == bool(values), case.what
                seen += bool(values)
    assert seen
