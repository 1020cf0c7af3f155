"""A sample of the mutants of book/live, asked what is known to find one (finders.jsonl).

All of them, asked all that the tests ask: python -m tests.site.live.mutants
"""

import random
import shutil

import pytest

from tests.need import need
from tests.site.live import build, mutants


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    need(shutil.which("node"), "Node 18 or newer: apt-get install nodejs")
    typescript = build.MODULES / "node_modules/typescript"
    need(typescript.exists(), "typescript: type 'make node'")
    folder = tmp_path_factory.mktemp("mutants")
    build.write(folder)
    return folder


@pytest.fixture(scope="module")
def every(built):
    return mutants.mutants()


def test_a_sample_is_found(built, every):
    some = random.Random(11).sample(every, 40)
    by = mutants.found(some, mutants.FINDERS, built)
    names = [mutants.named(one) for one, i in zip(some, by, strict=True) if i is None]
    assert [name for name in names if not mutants.is_equal(name)] == []


def test_one_that_nothing_asks_about_is_alive(built, every, tmp_path):
    """So that `found` is no yes to everything; and one that does not begin is found."""
    few = tmp_path / "few.jsonl"
    few.write_text('["split", "Once a fox"]\n["shares", [[0, 1], {}]]\n', "utf-8")
    sign = next(one for one in every if one["module"] == "embed" and one["was"] == "+=")
    by_shares = next(
        one for one in every if one["module"] == "sample" and one["was"] == "-"
    )
    broken = sign | {"is": "!!"}
    got = mutants.found([sign, broken, by_shares], few, built)
    assert got == [None, -1, 1]


def test_a_line_of_the_list_means_what_it_says(every):
    for line in mutants.equal():
        assert any(mutants.says(line, mutants.named(one)) for one in every), line
    assert mutants.says("a | x[i] ⟦< → *⟧ 4?", "a | x[i] ⟦< → >=⟧ 4?")
    assert not mutants.says("a | x[i] ⟦< → *⟧ 4?", "a | xi ⟦< → >=⟧ 45")


def test_a_mutant_is_named_by_its_line(every):
    one = next(one for one in every if "Math.exp" in mutants.named(one))
    name = mutants.named(one)
    assert name.startswith(f"{one['module']} | ")
    assert f"⟦{one['was']} → {one['is']}⟧" in name


def test_of_many_questions_some_from_all_over_are_asked():
    lines = [f'["a", {n}]' for n in range(1_000)] + ['["b", 1]'] * 3
    some = mutants.thinned(lines)
    assert some[-1] == '["b", 1]' and len(some) == 151
    assert some[0] == lines[0] and some[149] == lines[993]
