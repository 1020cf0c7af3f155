"""The exercise "embed": do its oracles agree with others, and its words with the model?

`transformers` holds an embedding of GPT-2 and a table of sinusoids that nobody here has
written. What a student may write in another style must be right too, and what the
notebook says of the shipped model must be true.
"""

import json
import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from autograder import checks
from autograder.verdict import bank
from autograder.verdict.compare import difference
from autograder.verdict.judge import expected, judge
from autograder.verdict.outcome import run, run_all
from gpt import world
from gpt.model import small

ROOT = Path(__file__).parents[3]
SEEDS = [bank.PUBLIC_SEED, *(b"%d" % n for n in range(12))]
CHECKS = checks.load("embed")


@cache
def cells() -> dict[str, str]:
    path = ROOT / "solutions" / "embed" / "embed.ipynb"
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    ids = [
        cell["metadata"].get("nbgrader", {}).get("grade_id", cell["id"])
        for cell in found
    ]
    return {i: "".join(cell["source"]) for i, cell in zip(ids, found, strict=True)}


@pytest.fixture(scope="module")
def notebook() -> dict:
    """What the solution's notebook defines, without its checks and its try-it cells."""
    names = {"check": lambda name, function: None}
    for i, source in cells().items():
        if i in ("imports", "given") or i.startswith("write_"):
            source = source.replace("import check, finale", "import finale")
            exec(source, names)  # noqa: S102
    return names


def cases(name: str):
    for seed in SEEDS:
        yield from bank.draw(CHECKS[name], seed)


def test_embed_is_the_embedding_of_gpt2():
    from transformers import GPT2Config, GPT2Model

    compared = 0
    for case in cases("embed"):
        ids, wte, wpe = case.args
        want = run(CHECKS["embed"].oracle, case.args)
        if want.raised:
            continue
        sizes = {"n_embd": wte.shape[1], "n_head": 1, "n_layer": 1, "n_inner": 4}
        config = GPT2Config(len(wte), len(wpe), **sizes)
        model = GPT2Model(config).eval()
        model.load_state_dict({"wte.weight": wte, "wpe.weight": wpe}, strict=False)
        with torch.no_grad():
            got = model(torch.atleast_2d(ids), output_hidden_states=True)
        torch.testing.assert_close(
            got.hidden_states[0], want.value.reshape(-1, *want.value.shape[-2:])
        )
        compared += 1
    assert compared == 22 * len(SEEDS)


def test_sinusoids_are_those_of_a_published_model():
    from transformers.models.distilbert import modeling_distilbert

    for case in cases("sinusoids"):
        n_ctx, d_model = case.args
        if d_model % 2:
            continue
        theirs = torch.empty(n_ctx, d_model)
        modeling_distilbert.create_sinusoidal_embeddings(n_ctx, d_model, theirs)
        torch.testing.assert_close(CHECKS["sinusoids"].oracle(n_ctx, d_model), theirs)


def test_one_hot_times_the_table_is_the_look_up():
    for case in cases("look_up"):
        ids, wte = case.args
        if ids.ndim == 1:
            product = CHECKS["one_hot"].oracle(ids, len(wte)) @ wte
            assert torch.equal(product, CHECKS["look_up"].oracle(ids, wte))


def in_three_ways(table, row):
    v = table[row]
    yield table @ v / (table.norm(dim=1) * v.norm())
    unit = table / (table * table).sum(1, keepdim=True).sqrt()
    yield unit @ unit[row]
    yield torch.nn.functional.cosine_similarity(table, v, dim=1, eps=0.0)


def test_no_rounding_decides_who_is_near():
    for case in cases("nearest"):
        table, row, k = case.args
        for near in in_three_ways(table, row):
            order = sorted(range(len(table)), key=lambda i: (-float(near[i]), i))
            order.remove(row)
            assert order[:k] == CHECKS["nearest"].oracle(*case.args), case.what


def look_up_by_loop(ids, wte):
    if ids.ndim == 2:
        return torch.stack([look_up_by_loop(text, wte) for text in ids])
    return torch.stack([wte[i] for i in ids.tolist()])


def look_up_selected(ids, wte):
    return wte.index_select(0, ids.flatten()).reshape(*ids.shape, -1)


def one_hot_of_eye(ids, n_vocab):
    return torch.eye(n_vocab)[ids]


def one_hot_by_comparison(ids, n_vocab):
    return (ids[:, None] == torch.arange(n_vocab)).float()


def one_hot_by_loop(ids, n_vocab):
    rows = torch.zeros((len(ids), n_vocab))
    for t, i in enumerate(ids):
        rows[t][i] = 1
    return rows


def cosines_by_loop(table, v):
    def length(x):
        return math.sqrt(sum(float(y) ** 2 for y in x))

    return torch.tensor(
        [
            sum(float(a * b) for a, b in zip(row, v, strict=True))
            / length(row)
            / length(v)
            for row in table
        ]
    )


def cosines_of_units(table, v):
    unit = table / torch.linalg.vector_norm(table, dim=1, keepdim=True)
    return (unit * (v / torch.linalg.vector_norm(v))).sum(1)


def nearest_stable(table, row, k):
    near = cosines_of_units(table, table[row])
    near[row] = -math.inf
    return torch.sort(near, descending=True, stable=True).indices[:k].tolist()


def direction_by_loop(table, froms, tos):
    total = torch.zeros(table.shape[1])
    for a, b in zip(froms, tos, strict=True):
        total += table[b] - table[a]
    mean = total / len(froms)
    return mean / math.sqrt(float(mean @ mean))


def direction_of_means(table, froms, tos):
    step = table[tos].mean(0) - table[froms].mean(0)
    return torch.nn.functional.normalize(step, dim=0)


def sinusoids_by_loop(n_ctx, d_model):
    if d_model % 2 == 1:
        raise ValueError("odd")
    rows = []
    for t in range(n_ctx):
        row = []
        for i in range(d_model // 2):
            angle = t / 10000 ** (2 * i / d_model)
            row += [math.sin(angle), math.cos(angle)]
        rows.append(row)
    return torch.tensor(rows)


def sinusoids_by_logarithm(n_ctx, d_model):
    """Everything in float32, as most published code has it."""
    if d_model % 2:
        raise ValueError("odd")
    place = torch.arange(n_ctx).float().unsqueeze(1)
    speed = torch.exp(
        torch.arange(0, d_model, 2).float() * (-math.log(10000.0) / d_model)
    )
    table = torch.zeros(n_ctx, d_model)
    table[:, 0::2] = torch.sin(place * speed)
    table[:, 1::2] = torch.cos(place * speed)
    return table


def sinusoids_in_numpy(n_ctx, d_model):
    if d_model % 2:
        raise ValueError("odd")
    i = np.arange(d_model // 2)
    angle = np.arange(n_ctx)[:, None] / np.power(10000, 2 * i / d_model)
    pairs = np.stack([np.sin(angle), np.cos(angle)], -1)
    return torch.from_numpy(pairs.reshape(n_ctx, d_model)).float()


def embed_with_places_looked_up(ids, wte, wpe):
    n_vocab, (n_ctx, _) = len(wte), wpe.shape
    if ids.size(-1) > n_ctx or ids.numel() == 0:
        raise ValueError("length")
    if not ((ids >= 0) & (ids < n_vocab)).all():
        raise ValueError("id")
    return wte[ids] + wpe[torch.arange(ids.size(-1))]


def embed_token_by_token(ids, wte, wpe):
    if ids.ndim == 2:
        return torch.stack([embed_token_by_token(text, wte, wpe) for text in ids])
    if not len(ids):
        raise ValueError("empty")
    rows = []
    for t, i in enumerate(ids.tolist()):
        if t >= len(wpe) or not 0 <= i < len(wte):
            raise ValueError("cannot be read")
        rows.append(wte[i] + wpe[t])
    return torch.stack(rows)


OTHERS = [
    ("look_up", look_up_by_loop),
    ("look_up", look_up_selected),
    ("one_hot", one_hot_of_eye),
    ("one_hot", one_hot_by_comparison),
    ("one_hot", one_hot_by_loop),
    ("cosines", cosines_by_loop),
    ("cosines", cosines_of_units),
    ("nearest", nearest_stable),
    ("direction", direction_by_loop),
    ("direction", direction_of_means),
    ("sinusoids", sinusoids_by_loop),
    ("sinusoids", sinusoids_by_logarithm),
    ("sinusoids", sinusoids_in_numpy),
    ("embed", embed_with_places_looked_up),
    ("embed", embed_token_by_token),
]


@pytest.mark.parametrize(
    ("name", "answer"), OTHERS, ids=lambda x: getattr(x, "__name__", "")
)
def test_another_style_is_as_right(name, answer):
    check = CHECKS[name]
    for case in cases(name):
        want, got = run(check.oracle, case.args), run(answer, case.args)
        assert not difference(want, got, check.rtol, check.atol), case.what
        assert not got.changed


# What students have written, and what it is to be called.


def look_up_of_a_pair(ids, wte):
    return wte[ids, ids]


def look_up_turned_round(ids, wte):
    return ids[wte]


def cosines_without_brackets(table, v):
    return table @ v / table.norm(dim=1) * v.norm()


def nearest_by_topk(table, row, k):
    near = cosines_of_units(table, table[row])
    near[row] = float("-inf")
    return torch.topk(near, k).indices.tolist()


def nearest_from_the_second(table, row, k):
    near = cosines_of_units(table, table[row])
    return [int(i) for i in near.topk(k + 1)[1]][1:]


def nearest_below_one(table, row, k):
    near = table @ table[row] / (table.norm(dim=1) * table[row].norm())
    order = sorted(range(len(table)), key=lambda i: -near[i])
    return [i for i in order if near[i] < 1][:k]


def sinusoids_that_turn(n_ctx, d_model, exponent, turn=1.0):
    """As in the notebook's first draft: an odd number of columns is not refused."""
    t, two_i = torch.arange(n_ctx)[:, None], torch.arange(0, d_model, 2)
    table = torch.zeros(n_ctx, d_model)
    angles = t * 10_000 ** exponent(two_i) * turn
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles.cos()
    return table


def sinusoids_upwards(n_ctx, d_model):
    return sinusoids_that_turn(n_ctx, d_model, lambda two_i: two_i / d_model)


def sinusoids_by_one_less(n_ctx, d_model):
    return sinusoids_that_turn(n_ctx, d_model, lambda two_i: -two_i / (d_model - 1))


def sinusoids_in_degrees(n_ctx, d_model):
    return sinusoids_that_turn(
        n_ctx, d_model, lambda two_i: -two_i / d_model, math.pi / 180
    )


def embed_that_refuses_nothing(ids, wte, wpe):
    return wte[ids] + wpe[1 : ids.shape[-1] + 1]


def embed_with_all_places(ids, wte, wpe):
    return wte[ids] + wpe


def embed_with_ifs_and_len(ids, wte, wpe):
    if not 0 < len(ids) <= len(wpe):
        raise ValueError("length")
    for i in ids:
        if i < 0 or i >= len(wte):
            raise ValueError("no such row")
    return wte[ids] + wpe[: len(ids)]


def embed_with_ifs(ids, wte, wpe):
    T = ids.shape[-1]
    if T == 0 or T > len(wpe):
        raise ValueError("length")
    for i in ids:
        if i < 0 or i >= len(wte):
            raise ValueError("no such row")
    return wte[ids] + wpe[:T]


DRAFTS = [
    (look_up_of_a_pair, "the ids used twice"),
    (look_up_turned_round, "the ids indexed by the table"),
    (cosines_without_brackets, "multiplied by v's length"),
    (nearest_by_topk, "topk"),
    (nearest_from_the_second, "topk, and its first dropped"),
    (nearest_below_one, "all with the cosine 1 left out"),
    (sinusoids_upwards, "the angle multiplied instead of divided, in float32"),
    (sinusoids_by_one_less, "C − 1 in the exponent"),
    (sinusoids_in_degrees, "degrees made radians"),
    (embed_that_refuses_nothing, "places counted from one"),
    (embed_with_all_places, "the whole table of places"),
    (
        embed_with_ifs_and_len,
        "no batches: a `len`, and an `if` about a whole text",
    ),
    (embed_with_ifs, "no batches: a `len`, or an `if` about a whole text"),
]


@pytest.mark.parametrize(
    ("draft", "name"), DRAFTS, ids=lambda x: getattr(x, "__name__", x)
)
def test_a_draft_is_called_by_its_mistake(draft, name):
    check = CHECKS[max(CHECKS, key=lambda c: draft.__name__.startswith(f"{c}_"))]
    drawn = bank.draw(check, bank.PUBLIC_SEED)
    got = run_all(draft, [case.args for case in drawn])
    mistake = judge(check, drawn, expected(check, drawn), got).mistake
    assert mistake is not None and mistake.name == name


def test_every_check_has_rows_of_the_shipped_model():
    model, _ = small()
    tables = [model.weights["wte.weight"], model.weights["wpe.weight"]]
    rows = {tuple(row.tolist()) for table in tables for row in table}
    for name in ("look_up", "cosines", "nearest", "direction", "embed"):
        for seed in SEEDS:
            drawn = bank.draw(CHECKS[name], seed)
            (case,) = [c for c in drawn if "own model" in c.what]
            for table in case.args:
                if isinstance(table, torch.Tensor) and table.ndim == 2:
                    assert {tuple(row.tolist()) for row in table} <= rows, name


def test_the_reference_is_small():
    assert (ROOT / "solutions" / "embed" / bank.REFERENCE).stat().st_size < 500_000


# What the notebook says of the model.


def test_the_numbers_in_the_introduction(notebook):
    for word, i in re.findall(r"` (\w+)` is (\d+)", cells()["intro"]):
        assert notebook["id_of"](word) == int(i)
    assert notebook["name"](461) == " fox"
    assert "name(461)` is the text" in cells()["given_note"]
    assert notebook["wte"].shape == (588, 96)
    assert notebook["wpe"].shape == (64, 96)
    assert "(588, 96)" in cells()["given_note"]


def test_words_that_can_replace_each_other_are_neighbours(notebook):
    id_of, nearest = notebook["id_of"], notebook["nearest"]
    leap, *rest = (id_of(word) for word in world.LEAP)
    assert set(nearest(notebook["wte"], leap, 3)) == set(rest)
    for kind in (world.RUN, world.FLY):
        ids = {id_of(word) for word in kind}
        assert set(nearest(notebook["wte"], id_of(kind[0]), 3)) == ids - {
            id_of(kind[0])
        }
    fox, leap = (
        notebook["cosines"](notebook["wte"], notebook["wte"][i])
        for i in (id_of("fox"), leap)
    )
    assert fox[id_of("hare")] < leap[id_of("jump")] - 0.2  # "less closely"


def test_tokens_that_no_story_holds_are_all_alike(notebook):
    wte, told = notebook["wte"], notebook["told"]
    rest = [i for i in range(559) if i not in told]
    unit = torch.nn.functional.normalize(wte[rest], dim=1)
    assert (unit @ unit.T).median() > 0.99
    near = notebook["nearest"](wte, notebook["id_of"]("them"), 3)
    assert not {*near} & {*told}


def test_the_helper_says_when_a_word_is_not_one_token(notebook):
    with pytest.raises(ValueError, match=r"' b', 'oo', 't', 's'"):
        notebook["id_of"]("boots")


def test_one_pair_of_pronouns_sorts_the_names(notebook):
    wte, told, id_of = (notebook[n] for n in ("wte", "told", "id_of"))
    along = notebook["cosines"](
        wte[told], notebook["direction"](wte, [id_of("he")], [id_of("she")])
    )
    order = [told[j] for j in along.argsort()]
    assert set(order[:5]) == {id_of(word) for word in ("he", *world.HE)}
    assert set(order[-5:]) == {id_of(word) for word in ("she", *world.SHE)}


def test_two_plurals_find_the_others(notebook):
    wte, told, id_of = (notebook[n] for n in ("wte", "told", "id_of"))
    froms, tos = [id_of("bean"), id_of("poppy")], [id_of("beans"), id_of("poppies")]
    along = notebook["cosines"](wte[told], notebook["direction"](wte, froms, tos))
    order = [notebook["name"](told[j]) for j in along.argsort()]
    one, many = world.FLOWER + world.CROP, world.FLOWERS + world.CROPS
    assert set(order[:6]) == {f" {word}" for word in one}
    assert set(order[-6:]) == {f" {word}" for word in many}


def test_the_student_s_stage_tells_the_story_of_the_course(notebook):
    exec(cells()["agree"], notebook)  # noqa: S102
    assert notebook["mine"] == notebook["story"](notebook["model"])
    assert notebook["mine"] == (
        " Ada worked with a machine learning model. When the moon came up, the model "
        "guessed the next word, and she began to jump for joy. At last Ada the fox ran "
        "home. Good night, little fox." + world.END
    )
    exec(cells()["try-other-places"], notebook)  # noqa: S102

    def could_be_told(text: str) -> bool:
        return world.grammatical((world.PROMPT + text).replace(world.END, ""))

    assert could_be_told(notebook["mine"])
    for other in ("no_places", "made_by_hand", "from_the_end"):
        model = notebook["model"].replace(embed=notebook[other])
        assert not could_be_told(notebook["story"](model)), other


def test_a_fox_that_is_called_an_owl_still_runs(notebook):
    """The riddle at the end of the notebook."""
    exec(cells()["agree"], notebook)  # noqa: S102
    fox, owl = notebook["id_of"]("fox"), notebook["id_of"]("owl")

    def exchanged(ids, wte, wpe):
        other = wte.clone()
        other[[fox, owl]] = wte[[owl, fox]]
        return notebook["embed"](ids, other, wpe)

    told = notebook["story"](notebook["model"].replace(embed=exchanged))
    assert "At last Ada the owl ran home." in told
