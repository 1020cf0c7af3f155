"""Do the modules in the page compute what gpt/ computes?"""

import random
import re
from itertools import islice
from unicodedata import category

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt import sample, tokenize, world
from gpt.embed import neighbours
from gpt.model import GPT, small
from tests.site.live import build

MODEL, TOKENIZER = small()
ROUNDED = GPT(
    MODEL.config, {name: torch.from_numpy(w) for name, w in build.rounded().items()}
)
STORIES = [*islice(world.stories(seed=77), 300)]
END = TOKENIZER.special_tokens[world.END]
# Browsers and `regex` know Unicode's newest letters from different years on: all that
# Python itself knows, both do.
ANY = st.text(st.characters(codec=None, exclude_categories=["Cn"]), max_size=40)


def prompts(n):
    """Stories that break off anywhere, as ids."""
    draw = random.Random(5)
    for story in STORIES[:n]:
        ids = [END, *TOKENIZER.encode(story)]
        yield ids[: draw.randint(1, min(64, len(ids)))]


@settings(max_examples=300, deadline=None)
@given(ANY)
def test_chunks_and_ids_are_those_of_gpt_tokenize(node, text):
    assert node.ask("split", text) == tokenize.split(text)
    assert node.ask("encode", text) == TOKENIZER.encode(text, "all")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Once a little fox named Ada",
        "don't we'll I'VE 'tis 12 34５ Ⅻ ½ x² ",
        "  two  spaces\n\n and\ttabs \x85 \u2028 \ufeff \x1c \u180e \u200b\u00a0x ",
        "狐狸住在河边。 לִסְטִים ﷽ नमस्ते",
        "🦊👩‍👩‍👧‍👦 🏳️‍🌈 é e\u0301",
        "half \ud83e and the other \udd8a, both \ud83e\udd8a",
        f"a{world.END}b{world.END}{world.END} <|endoftext|",
        "constructor __proto__ toString",
        "__proto__",
        "constructor",
    ],
)
def test_texts_of_every_script(node, text):
    assert node.ask("split", text) == tokenize.split(text)
    ids = TOKENIZER.encode(text, "all")
    assert node.ask("encode", text) == ids
    want = TOKENIZER.decode_bytes(ids).decode(errors="replace")
    assert node.ask("decode", ids) == want


def test_every_character_is_cut_alike(node):
    draw = random.Random(1)
    every = [chr(c) for c in range(0x110000) if category(chr(c)) not in ("Cn", "Cs")]
    draw.shuffle(every)
    text = "".join(every)
    assert len(text) > 250_000
    assert node.ask("split", text) == tokenize.split(text)


def test_stories_are_words_and_ids(node):
    for story in STORIES:
        assert node.ask("encode", story) == TOKENIZER.encode(story)
        assert node.ask("words", story) == world._WORD.findall(story)


def test_logits_are_those_of_the_same_weights_in_python(node):
    for ids in prompts(200):
        with torch.no_grad():
            want = ROUNDED(torch.tensor([ids]))[0]
            as_trained = MODEL(torch.tensor([ids]))[0]
        got = torch.tensor(node.ask("logits", ids))
        assert (got - want).abs().max() < 1e-4
        assert (got - as_trained).abs().max() < 0.02
        p, q = got.softmax(-1), as_trained.softmax(-1)
        assert (p - q).abs().max() < 1e-3


def test_all_that_is_made_on_the_way(node):
    for ids in prompts(20):
        with torch.no_grad():
            want = ROUNDED.trace(torch.tensor([ids]))
        for t, got in enumerate(node.ask("trace", ids)):
            near(got["embed"], want["embed"][0, t])
            near(got["norm"], want["norm"][0, t])
            for n, layer in enumerate(got["layers"]):
                near(layer["q"], want[f"{n}.q"][0, :, t].flatten())
                near(layer["heads"], want[f"{n}.heads"][0, :, t].flatten())
                near(layer["weights"], want[f"{n}.weights"][0, :, t, : t + 1])
                for name in ("norm_1", "attend", "middle", "hidden", "stream"):
                    near(layer[name], want[f"{n}.{name}"][0, t])


def near(got, want):
    assert (torch.tensor(got) - want).abs().max() < 1e-4


def test_a_text_that_changes_is_read_as_if_it_were_new(node):
    draw = random.Random(3)
    texts = [[*ids] for ids in prompts(12)]
    texts += [t[: draw.randint(1, len(t))] for t in texts] + [texts[0] * 9]
    draw.shuffle(texts)
    for text, got in zip(texts, node.ask("reread", texts)):
        with torch.no_grad():
            want = ROUNDED(torch.tensor([text[-64:]]))[0, -1]
        near(got, want)


def test_heads_that_are_switched_off_add_nothing(node):
    ids = [END, *TOKENIZER.encode(STORIES[0])][:40]
    layer, head = 1, 2

    weights = {name: w.clone() for name, w in ROUNDED.weights.items()}
    d_head = MODEL.config.d_model // MODEL.config.n_head
    rows = slice(head * d_head, (head + 1) * d_head)
    weights[f"h.{layer}.attn.c_proj.weight"][rows] = 0
    weights["h.2.mlp.c_proj.weight"][:] = 0
    weights["h.2.mlp.c_proj.bias"][:] = 0
    with torch.no_grad():
        want = GPT(MODEL.config, weights)(torch.tensor([ids]))[0]
    near(node.ask("switched", [ids, {"heads": ["1.2"], "mlps": [2]}]), want)


def test_the_worlds_odds_are_those_of_the_author(node):
    asked = 0
    for story in STORIES[:60]:
        told = world._WORD.findall(story)
        for n in range(len(told) + 1):
            want = world.next_word(" ".join(told[:n]))
            got = node.ask("nextWord", told[:n])
            assert list(got) == list(want)
            assert got == pytest.approx(want, abs=1e-12)
            asked += 1
    assert asked > 1_000


def test_what_the_world_cannot_say(node):
    told = ["Once", "a", "little", "purple"]
    with pytest.raises(ValueError):
        world.next_word(" ".join(told))
    assert node.ask("nextWord", told) is None
    assert node.ask("nextWord", [*told, "fox"]) is None


def test_points_are_those_of_python(node):
    for seed in (0, 1, 7, 2**31, 2**32 - 1):
        draw = random.Random(seed).random
        assert node.ask("points", [seed, 2_000]) == [draw() for _ in range(2_000)]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(-80, 80).map(lambda n: n / 10), min_size=1, max_size=30),
    st.floats(0.05, 10),
    st.none() | st.integers(1, 30),
    st.none() | st.floats(0.01, 1),
    st.floats(0, 1, exclude_max=True),
)
def test_shares_and_draws(node, logits, temperature, k, top_p, u):
    k = k and min(k, len(logits))
    p = sample.probabilities(torch.tensor(logits, dtype=torch.float64), temperature)
    if k is not None:
        p = sample.keep_top_k(p, k)
    if top_p is not None:
        reached = p.sort(descending=True).values.cumsum(0)
        if (reached - top_p).abs().min() < 1e-9:
            return  # rounding decides
        p = sample.keep_top_p(p, top_p)
    how = {"temperature": temperature, "topK": k, "topP": top_p}
    got = torch.tensor(node.ask("shares", [logits, how]), dtype=torch.float64)
    assert (got - p).abs().max() < 1e-9
    if (p.cumsum(0) - u).abs().min() > 1e-9:
        assert node.ask("draw", [got.tolist(), u]) == sample.draw(p, u)


def test_neighbours(node):
    for id in range(0, MODEL.config.n_vocab, 40):
        cosines, _ = neighbours(ROUNDED.weights["wte.weight"], id, 5)
        got = node.ask("neighbours", [id, 5])
        assert [one["cosine"] for one in got] == pytest.approx(
            cosines.tolist(), abs=1e-5
        )


def test_a_seed_writes_the_story_that_it_writes_in_python(node):
    """Past the context's end, too, and from texts of which the model has never read the like."""
    texts = [*prompts(30), [END], [END, *TOKENIZER.encode("a purple 狐狸 " * 9)][:64]]
    for seed, ids in enumerate(texts):
        want = [*ROUNDED.generate(ids, 50, seed=seed, stop=END)]
        assert node.ask("write", [ids, 50, seed, END]) == want


def test_the_first_story_on_the_home_page_is_that_of_the_course(node):
    from facts._reading import written_on

    ids = [END, *TOKENIZER.encode(world.PROMPT)]
    home = build.MODULES.joinpath("writer.js").read_text("utf-8")
    assert f'"{world.PROMPT}"' in home
    seed = int(re.search(r"const SEED = (\d+);", home)[1])
    assert node.ask("write", [ids, 50, seed, END]) == written_on(MODEL, TOKENIZER)
