"""What the book says about a real model: the record, and the model where it is there."""

import json
from itertools import pairwise

import pytest

from book import facts, recording
from gpt import smollm2, world
from tests.book.page import claim
from tests.need import need


@pytest.fixture(scope="module")
def recorder():
    import record_smollm2  # the chapters run where book/ is on the path

    return record_smollm2


@pytest.fixture(scope="module")
def recorded(recorder):
    return json.loads(recorder.FILE.read_text("utf-8"))


def near(one, other):
    """Whether two records agree: the same but for numbers, which may differ a little."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < 0.01
    if isinstance(one, dict) and isinstance(other, dict):
        return [*one] == [*other] and all(near(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(near, one, other))
    return one == other


# --- the model itself -------------------------------------------------------------
@pytest.fixture(scope="module")
def real(recorder):
    need(smollm2.installed(), f"SmolLM2: {smollm2.HOW}")
    return recorder.Real()


def test_the_record_is_what_the_model_does(real, recorder, recorded):
    found = recorder.looked_at(real)
    for part, value in found.items():
        assert near(json.loads(json.dumps(value)), recorded[part]), part


@pytest.mark.parametrize("number", [0, 1, 3, 6, 9, 12])
def test_the_texts_begin_as_recorded(real, recorder, recorded, number):
    """Their first tokens: later ones may part where two were nearly equal."""
    one = recorded["written"][number]
    assert [one["prompt"], one["how"]] == [*recorder.WRITTEN[number]]
    text = recorder.write(real, one["prompt"], one["how"], n_new=5)
    assert text and one["text"].startswith(text)


# --- the record and the prose -----------------------------------------------------
def test_the_file_is_what_the_recorder_writes(recorder, recorded):
    assert recording.lines(recorded) == recorder.FILE.read_text("utf-8")
    assert recorded["made by"] == "python book/record_smollm2.py"


def test_a_wrong_record_is_seen(recorded):
    assert near(recorded["near"], json.loads(json.dumps(recorded["near"])))
    for wrong in (
        {**recorded["near"], "leap": recorded["near"]["fox"]},
        {k: v for k, v in recorded["near"].items() if k != "leap"},
        {**recorded["near"], "leap": [["leaps", 0.7], *recorded["near"]["leap"][1:]]},
    ):
        assert not near(recorded["near"], wrong)


def test_how_it_cuts(recorded):
    cut = recorded["cut"]
    claim("tokenize", "its pre-tokenizer makes every digit a chunk of its own")
    numbers = cut["380 381 1234567 + 9.11"]["pieces"]
    assert all(len(piece) == 1 for piece in numbers if piece.strip().isdigit())
    assert numbers.count(" ") == 3
    claim(
        "tokenize",
        "Here 果 is one token, so it was frequent enough in the tokenizer's training "
        "text to be glued",
    )
    for word in ("水果", "苹果"):
        pieces = cut[word]["pieces"]
        assert pieces[-1] == "果" and len(pieces) == 4
    claim("tokenize", "It cuts our prompt into the same … pieces")
    ours = [piece for _, piece in facts.gpt2_tokens(world.PROMPT)]
    assert cut[world.PROMPT]["pieces"] == ours


def test_its_neighbours(recorded):
    near_to = {word: [p for p, _ in found] for word, found in recorded["near"].items()}
    claim("embed", "Nothing has a cosine of 1.00 here.")
    assert max(c for found in recorded["near"].values() for _, c in found) < 0.9
    claim("embed", "Nearest to *leap* is not another verb but *leaps*.")
    assert near_to["leap"][0] == " leaps"
    assert " wolf" in near_to["fox"] and " Spain" in near_to["France"]
    claim("embed", "All its cosines are nearly equal")
    fruit = [c for _, c in recorded["near"]["果"]]
    assert fruit[0] - fruit[-1] < 0.02
    assert all(
        found[0][1] - found[-1][1] > 0.08
        for word, found in recorded["near"].items()
        if word != "果"
    )


def test_its_directions(recorded):
    steps = recorded["steps"]
    claim(
        "embed",
        "In the first three lines the nearest row is the partner, which it was not "
        "before the step was added.",
    )
    partners = " jumped", " dogs", " queen"
    for (*_, reached, nothing), partner in zip(steps, partners):
        assert reached[0] == partner != nothing
    claim("embed", "takes *Germany* back to *Paris*, with *Berlin* in second place")
    assert steps[3][3][:2] == [" Paris", " Berlin"]
    claim("embed", "*Rome* is not among the first three.")
    assert steps[4][3][0] == " Paris" and " Rome" not in steps[4][3]
    claim("embed", "In the last two the word stays where it was.")
    for *_, c, reached, _ in steps[5:]:
        assert reached[0].strip() == c


def test_its_heads(recorded):
    heads = recorded["heads"]
    claim("attend", "head 4.2 does so only for some")
    shares = [found["4.2"] for found in heads.values()]
    assert max(shares) > 0.9 and min(shares) < 0.3
    assert min(found["16.0"] for found in heads.values()) > 0.85
    claim("attend", "So it looks one token back, whatever stands there")
    assert recorded["before"]["16.0"][0] > 0.6
    claim("attend", "Head 4.2 gives the token before only … on average")
    assert recorded["before"]["4.2"][1] < 0.2


def test_its_sink(recorded):
    sink = recorded["sink"]
    assert sink.index(max(sink)) == 20 and sum(share > 0.5 for share in sink) > 12


def test_its_models(recorded):
    models = recorded["models"]
    claim(
        "attend", "*Fashion model* and *machine learning model* part in layers 4 to 6"
    )
    fashion = models["a fashion model | a machine learning model"]
    falls = {n: a - b for n, (a, b) in enumerate(pairwise(fashion))}  # n: in layer n
    assert {*sorted(falls, key=falls.get)[-2:]} == {4, 5}
    assert fashion[4] > 0.95 and fashion[7] < 0.76
    together = models["a machine learning model | a neural network model"]
    assert min(together) > 0.95
    claim(
        "attend", "the red apple is nearer to the experiment (…) than to the fruit (…)"
    )
    fruit = recorded["fruit"]
    assert fruit["红苹果 | 实验结果"][-1] > fruit["新鲜水果 | 红苹果"][-1] + 0.03


def test_its_lens(recorded):
    claim("mlp", "*Paris* comes first only after the very last layer.")
    first = [piece for piece, _ in recorded["lens"]]
    assert first[0] == " is" and first.index(" Paris") == len(first) - 1 == 30
    claim("mlp", "for most of the way, the lens reads a full stop or a space")
    assert sum(piece in (".", " ") for piece in first) > 20


def test_what_it_writes(recorded):
    texts = {one["prompt"]: one["text"] for one in recorded["written"][:8]}
    claim("sample", "In the first line it has begun to repeat itself")
    assert texts["The city"].count("The city's infrastructure is designed") == 1
    assert texts["The city"].startswith("'s infrastructure is designed")
    claim("sample", "energy and mass are *opposite in polarity*")
    einstein = texts["To date, the cleverest thinker of all time was"]
    assert "Albert Einstein" in einstein and "opposite in polarity" in einstein
    claim(
        "modern",
        "To the bare question the likeliest next token is `<|im_end|>`, the end of a "
        "message, and there we stopped.",
    )
    assert texts["What is the capital of France?"] == "<|im_end|>"
    chat = next(text for prompt, text in texts.items() if prompt.startswith("<|im_st"))
    assert chat == "The capital of France is Paris.<|im_end|>"
