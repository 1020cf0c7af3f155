"""The oracles of Sample against what others have written, and its cases themselves.

`transformers` is for tests only: while a student works, an oracle needs no more than
torch and NumPy. Of equally likely tokens it keeps whatever its sorting gives it, so the
cases with ties are left out there.
"""

import json
import warnings

import numpy as np
import pytest
import torch
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from autograder import checks
from autograder.classroom import course as course_files
from autograder.verdict import bank, look
from autograder.verdict.compare import difference
from autograder.verdict.judge import expected, judge
from autograder.verdict.outcome import run
from gpt import sample as course
from gpt import world
from gpt.model import small

SEEDS = [bank.PUBLIC_SEED, *(b"%d" % n for n in range(9))]
KNOWN = checks.load("sample")


def drawn(name: str):
    """Each case of a check over all seeds, with what the oracle says to it."""
    for seed in SEEDS:
        cases = bank.draw(KNOWN[name], seed)
        yield from zip(cases, expected(KNOWN[name], cases), strict=True)


def valued(name: str):
    """As `drawn`, only the cases whose answer is a value, with that value."""
    return ((case, want.value) for case, want in drawn(name) if not want.raised)


def warped(warper, logits: torch.Tensor) -> torch.Tensor:
    """The distribution that a logits processor of transformers leaves of a row."""
    return torch.softmax(warper(None, logits[None].double()), -1)[0].float()


def tied(p: torch.Tensor, kept: torch.Tensor) -> bool:
    """Whether the least likely token that is kept has an equal."""
    return int((p == p[kept > 0].min()).sum()) > 1


def test_temperature_is_that_of_transformers():
    for case, want in valued("probabilities"):
        logits, temperature = (*case.args, 1.0)[:2]
        theirs = warped(TemperatureLogitsWarper(float(temperature)), logits)
        torch.testing.assert_close(want, theirs, rtol=1e-6, atol=1e-9)


def test_top_k_is_that_of_transformers_where_nothing_ties():
    compared = 0
    for case, want in valued("keep_top_k"):
        p, k = case.args
        if not tied(p, want):
            theirs = warped(TopKLogitsWarper(k), p.double().log())
            torch.testing.assert_close(want, theirs, rtol=1e-5, atol=1e-7)
            compared += 1
    assert compared >= 11 * len(SEEDS)


def test_top_p_is_that_of_transformers_where_nothing_ties():
    compared = 0
    for case, want in valued("keep_top_p"):
        p, top_p = case.args
        # Its sum of the rest may miss by rounding a line that is reached exactly.
        if not tied(p, want) and case.what != "the line is reached exactly":
            theirs = warped(TopPLogitsWarper(top_p), p.double().log())
            torch.testing.assert_close(want, theirs, rtol=1e-5, atol=1e-7)
            compared += 1
    assert compared >= 14 * len(SEEDS)


def test_a_draw_is_numpys_choice_from_the_same_point():
    """`RandomState.choice` inverts the distribution, too, with its next random number."""
    for seed, (case, want) in enumerate(valued("draw")):
        p, _ = case.args
        exact = p.double() / p.double().sum()
        theirs = np.random.RandomState(seed).choice(len(p), p=exact.numpy())
        u = np.random.RandomState(seed).random_sample()
        assert KNOWN["draw"].oracle(p, u) == theirs
        assert p[want] > 0


@pytest.mark.parametrize("name", [name for name in KNOWN if hasattr(course, name)])
def test_the_courses_own_functions_do_the_same(name):
    check = KNOWN[name]
    for case, want in drawn(name):
        got = run(getattr(course, name), case.args)
        assert not difference(want, got, check.rtol, check.atol), case.what


def around(name, args):
    """The lines on which a case lets a point fall: where its shares end, the point."""
    if name == "keep_top_p":
        p, top_p = args
        yield p.sort(descending=True).values.double().cumsum(0), top_p
    elif name == "draw":
        p, u = args
        yield p.double().cumsum(0), u
    else:
        table, ids, us, _ = args
        text = KNOWN["write"].oracle(*args)
        for last, u in zip(text[len(ids) - 1 : -1], us, strict=False):
            yield torch.softmax(table[last].double(), -1).cumsum(0), u


@pytest.mark.parametrize("name", ["keep_top_p", "draw", "write"])
def test_a_point_is_well_inside_a_share_or_the_numbers_are_exact(name):
    """So that neither the order of adding nor the precision can decide a case."""
    for case, _ in valued(name):
        for ends, point in around(name, case.args):
            shares = ends.diff().tolist()
            exact = all((share * 2**24).is_integer() for share in shares)
            gap = float((torch.cat([ends, torch.zeros(1)]) - point).abs().min())
            assert gap > 5e-6 or exact or point in (0, 1), case.what


def plain_unembed(x, wte):
    return torch.einsum("...c,vc->...v", x, wte)


def plain_probabilities(logits, temperature=1.0):
    if temperature <= 0:
        raise ValueError("no")
    scaled = logits / temperature
    scaled = scaled - torch.max(scaled, -1, keepdim=True).values
    return scaled.exp() / scaled.exp().sum(dim=-1, keepdim=True)


def plain_greedy(logits):
    best = 0
    for i in range(len(logits)):
        if logits[i] > logits[best]:
            best = i
    return best


def plain_order(p):
    return sorted(range(len(p)), key=lambda i: (-p[i].item(), i))


def plain_keep_top_k(p, k):
    if k not in range(1, len(p) + 1):
        raise ValueError("no")
    kept = p.clone()
    for i in plain_order(p)[k:]:
        kept[i] = 0
    return kept / kept.sum()


def plain_keep_top_p(p, top_p):
    if top_p <= 0 or top_p > 1:
        raise ValueError("no")
    kept, total = torch.zeros(len(p)), 0.0
    for i in plain_order(p):
        kept[i] = p[i]
        total += p[i]  # in float32
        if total >= top_p:
            break
    return kept / total


def plain_draw(p, u):
    ends = torch.cumsum(p, 0)  # in float32
    i = int((ends <= u).sum())
    return i if i < len(p) else max(j for j in range(len(p)) if p[j] > 0)


def less_and_less_draw(p, u):
    for i in range(len(p)):
        u -= p[i]
        if u < 0:
            return i
    return int(p.nonzero()[-1])


def scaled_draw(p, u):
    ends = p.double().numpy().cumsum()
    return int(np.searchsorted(ends, u * ends[-1], side="right"))


def plain_write(table, ids, us, stop):
    if len(ids) == 0:
        raise ValueError("no")
    new = []
    while len(new) < len(us) and (not new or new[-1] != stop):
        last = (ids + new)[-1]
        new += [plain_draw(plain_probabilities(table[last], 1.0), us[len(new)])]
    return ids + new


OTHERS = [
    ("unembed", plain_unembed),
    ("probabilities", plain_probabilities),
    ("greedy", plain_greedy),
    ("keep_top_k", plain_keep_top_k),
    ("keep_top_p", plain_keep_top_p),
    ("draw", plain_draw),
    ("draw", less_and_less_draw),
    ("draw", scaled_draw),
    ("write", plain_write),
]


@pytest.mark.parametrize(
    ("name", "answer"), OTHERS, ids=[answer.__name__ for _, answer in OTHERS]
)
def test_right_answers_of_other_kinds_are_right(name, answer):
    check = KNOWN[name]
    for case, want in drawn(name):
        got = run(answer, case.args)
        assert not difference(want, got, check.rtol, check.atol), case.what


def test_no_mistake_makes_torch_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, check in KNOWN.items():
            cases = bank.draw(check, bank.PUBLIC_SEED)
            for mistake in check.mistakes:
                for case in cases:
                    got = run(mistake.answer, case.args)
                    assert "Warning" not in str(got.raised), (name, mistake.name)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("probabilities", "torch.softmax(z / t, -1)"),
        ("probabilities", "torch.nn.functional.softmax(z / t, -1)"),
        ("probabilities", "F.softmax(z / t, -1)"),
        ("draw", "torch.multinomial(z, 1).item()"),
        ("keep_top_p", "course.keep_top_p(z, t)"),
    ],
)
def test_what_a_step_is_about_may_not_be_borrowed(name, source):
    cells = [
        (
            1,
            "import torch\nimport torch.nn.functional as F\nimport gpt.sample as course",
        ),
        (2, f"def {name}(z, t):\n    return {source}"),
    ]
    assert look.uses(cells, name, KNOWN[name].forbidden)
    assert not look.uses(cells, name, ())


def loop_without_an_end(p, top_p):
    order, kept, n = plain_order(p), torch.zeros(len(p)), 0
    total = 0.0
    while total < top_p:
        kept[order[n]] = p[order[n]]
        total += p[order[n]]  # in float32
        n += 1
    return kept / kept.sum()


def sum_without_an_end(p, top_p):
    order, kept, n = plain_order(p), torch.zeros(len(p)), 0
    while kept.sum() < top_p:
        kept[order[n]] = p[order[n]]
        n += 1
    return kept / kept.sum()


def count_without_an_end(p, top_p):
    ends = p[plain_order(p)].cumsum(0)
    return plain_keep_top_k(p, int((ends < top_p).sum()) + 1)


def return_only_in_the_loop(p, top_p):
    kept, total = torch.zeros(len(p)), 0.0
    for i in plain_order(p):
        kept[i] = p[i]
        total += p[i].item()
        if total >= top_p:
            return kept / kept.sum()
    return None


def greedy_from(low):
    def answer(logits):
        best, value = 0, low
        for i, logit in enumerate(logits.tolist()):
            if logit > value:
                best, value = i, logit
        return best

    return answer


def divided_draw(fallback):
    def answer(p, u):
        total = 0.0
        for i, share in enumerate((p / p.sum()).tolist()):
            total += share
            if u < total:
                return i
        return fallback(p)

    return answer


def draw_at_a_scaled_point(p, u):
    u, total = u * p.sum(), 0.0
    for i in range(len(p)):
        total = total + p[i]  # in float32
        if u < total:
            return i
    return None


def draw_but_never_token_0_at_the_end(p, u):
    total = 0.0
    for i, share in enumerate(p.tolist()):
        total += share
        if u < total:
            return i
    for i in range(len(p) - 1, 0, -1):
        if p[i] > 0:
            return i
    return None


def less_than_the_mean(logits, temperature=1.0):
    if temperature <= 0:
        raise ValueError("no")
    scaled = logits / temperature
    scaled = scaled - scaled.mean(-1, keepdim=True)
    return scaled.exp() / scaled.exp().sum(-1, keepdim=True)


ALMOST = [
    ("keep_top_p", loop_without_an_end, "one beyond the tokens"),
    ("keep_top_p", sum_without_an_end, "one beyond the tokens"),
    ("keep_top_p", count_without_an_end, "a k above the number of tokens"),
    ("keep_top_p", return_only_in_the_loop, "no answer below the line"),
    ("greedy", greedy_from(-10.0), "the search begins too high"),
    ("greedy", greedy_from(-1000.0), "the search begins too high"),
    ("greedy", greedy_from(0.0), "the search begins at 0"),
    ("draw", divided_draw(lambda p: None), "divided by the sum, and off the end"),
    (
        "draw",
        divided_draw(lambda p: len(p) - 1),
        "divided by the sum, and a token of probability 0",
    ),
    ("draw", draw_at_a_scaled_point, "off the end"),  # of two kinds
    (
        "draw",
        draw_but_never_token_0_at_the_end,
        "beyond the sum, token 0 is forgotten",
    ),
    ("probabilities", less_than_the_mean, "the mean is taken away"),
]


@pytest.mark.parametrize(("name", "answer", "mistake"), ALMOST)
def test_what_is_nearly_right_is_wrong_in_every_draw_and_named(name, answer, mistake):
    assert all(str(found).endswith(mistake) for found in named(name, answer))


def named(name, answer):
    """The names that the judge gives to an answer, over all seeds."""
    found = set()
    for seed in SEEDS:
        cases = bank.draw(KNOWN[name], seed)
        got = [run(answer, case.args) for case in cases]
        verdict = judge(KNOWN[name], cases, expected(KNOWN[name], cases), got)
        assert not verdict.right
        found.add(verdict.mistake and verdict.mistake.name)
    return found


def value_that_is_never_updated(logits):
    best, value = 0, logits[0]
    for i in range(len(logits)):
        if logits[i] > value:
            best = i
    return best


def one_vector_at_a_time(x, wte):
    return torch.stack([torch.dot(x, row) for row in wte])


def last_id_of_the_loop(logits):
    return [i for i in range(len(logits))][-1]


@pytest.mark.parametrize(
    ("name", "answer", "mistake"),
    [
        ("greedy", value_that_is_never_updated, "compared with the first only"),
        ("greedy", last_id_of_the_loop, "always the last place"),
        ("unembed", one_vector_at_a_time, "for one vector alone, by `dot`"),
        ("unembed", lambda x, wte: (x * wte).sum(-1), "for one vector alone"),
    ],
)
def test_mistakes_that_look_alike_are_told_apart(name, answer, mistake):
    assert named(name, answer) == {mistake}


def test_a_step_of_top_p_may_lean_on_top_k():
    assert KNOWN["keep_top_p"].after == ("keep_top_k",)


def test_the_last_cells_notice_a_temperature_that_is_not_used():
    """Of the stories that they compare, one differs for each of these mistakes."""
    book = json.loads(
        (course_files.root() / "solutions/sample/sample.ipynb").read_text("utf-8")
    )
    source = {cell["id"]: "".join(cell["source"]) for cell in book["cells"]}
    assert '{"temperature": 0.8, "seed": 6}' in source["agree"]
    assert "[(0, 0.8), (6, 0.8), (0, 1.5)]" in source["own-story"]
    model, tokenizer = small()
    end = tokenizer.special_tokens[world.END]
    prompt = [end, *tokenizer.encode(world.PROMPT)]

    def story(temperature, seed):
        how = {"seed": seed, "stop": end, "temperature": temperature}
        return [*model.generate(prompt, 50, **how)]

    assert story(1.0, 6) != story(0.8, 6) != story(1 / 0.8, 6)
    assert story(0.8, 0) != story(1.5, 0)
