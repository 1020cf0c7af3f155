"""The chapter Embed: what its prose says is what its cells find.

The page's cells are run once; `facts` holds every number that the prose glues, and
`names` what the reader has after the last cell.
"""

import ast
import re
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cosine_similarity, normalize

from bench.chapter import BOOK, CELL
from book.facts import card
from book.facts import embed as measured
from book.figures import embed as drawn
from gpt import world
from gpt.embed import embed, neighbours, sinusoids, tokens
from gpt.model import initial

CHAPTER = "embed"

PAGE = (BOOK / "embed.md").read_text("utf-8")


@pytest.fixture(scope="module")
def cosine(names):
    """cosine("fox", "hare"): of their rows in the shipped model."""
    wte, row = names["wte"], names["row"]
    return lambda a, b: float(cosine_similarity(wte[row(a)], wte[row(b)], dim=0))


def test_every_number_that_the_prose_glues_is_found(facts):
    in_text = set(re.findall(r"\{glue:text\}`(\w+)`", PAGE))
    assert len(in_text) > 25 and in_text <= set(facts)
    own = Path(__file__).read_text("utf-8")
    assert not [name for name in set(facts) - in_text if f'facts["{name}"]' not in own]


# --- the pencil -------------------------------------------------------------------
def test_the_pencils_table_is_the_one_in_the_code_and_its_answers_are_right(page):
    names, said = page.names, page.printed.splitlines()
    W, cos = names["W"], names["cos"]
    printed = re.findall(r"^\| \d \| (\w+) \| (\d) \| (\d) \|$", PAGE, re.MULTILINE)
    assert [name for name, _, _ in printed] == ["fox", "bear", "otter", "frog"]
    assert W.tolist() == [[float(a), float(b)] for _, a, b in printed]
    fox, bear, otter, frog = W
    assert W[torch.tensor([3, 2, 3])].tolist() == [[0, 5], [3, 4], [0, 5]]
    assert (names["o"] @ W).tolist() == otter.tolist() == [3, 4]
    answers = [cos(otter, frog), cos(otter, fox), cos(fox, frog), cos(fox, bear)]
    assert torch.stack(answers).tolist() == pytest.approx([0.8, 0.6, 0, 1])
    assert said[:2] == [
        "tensor([3., 4.]) tensor([3., 4.])",
        "tensor(0.8000) tensor(1.)",
    ]
    # "Fox otter and otter fox … (5, 4)"
    assert (fox + otter).tolist() == [5, 4]
    # "a fox at place 1? It is (5, 0), a bear at place 0"
    assert (fox + torch.tensor([3.0, 0])).tolist() == bear.tolist() == [5, 0]


def test_the_lines_of_the_course_that_are_shown():
    code = (BOOK.parent / "gpt" / "embed.py").read_text("utf-8")
    lines = ast.get_source_segment(
        code, next(f for f in ast.parse(code).body if getattr(f, "name", "") == "embed")
    ).splitlines()
    assert lines[0].startswith("def embed(") and len(lines) == 9
    assert lines[8].lstrip().startswith("return tokens(ids, wte) + positions(")
    for mark in re.findall(r"^:start-at: (.*)$", PAGE, re.MULTILINE):
        assert code.count(mark) == 1, mark


def test_the_animation_adds_up(names):
    wte, wpe, tokenizer = names["wte"], names["wpe"], names["tokenizer"]
    text, frames = [], []

    def keep(given, place, step):
        text.append(given)
        frames.append(draw_frame(given, place, step))
        return frames[-1]

    draw_frame = drawn._frame
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawn, "_frame", keep)
        player = drawn.two_lookups(names["five"], names["names"], wte, wpe)
    assert len(frames) == 17 and player.markup.count("<li>") == 17
    end, *words = text[0].names
    ids = text[0].ids
    assert ids[0] == tokenizer.special_tokens[world.END] and end == "END"
    assert [tokenizer.decode([id]).strip() for id in ids[1:]] == words
    assert world.PROMPT.startswith(" ".join(words))
    # the numbers below "= x" in the last frame are what stage 2 makes of the ids
    numbers = {}
    for label in frames[-1].axes[0].texts:
        x, y = label.get_position()
        if x > 220 and y > 200 and label.get_text() != "…":
            value = float(label.get_text().replace("−", "-"))
            numbers.setdefault(y, []).append(value)
    x = embed(torch.tensor(ids), wte, wpe)[:, :3]  # (5, 3)
    shown = torch.tensor([numbers[y] for y in sorted(numbers)])
    torch.testing.assert_close(shown, x, atol=0.00501, rtol=0)


# --- what the rows mean -----------------------------------------------------------
def test_the_exchangeable_are_one_row(cosine):
    for kind in (world.LEAP, ("river", "lake", "sea"), ("clever", "brave", "shy")):
        assert all(cosine(kind[0], other) > 0.99 for other in kind)
    # "brave and shy have a cosine of …, mother and father too"
    assert f"{cosine('brave', 'shy'):.2f}" == f"{cosine('mother', 'father'):.2f}"
    # "little is a bit apart"
    assert 0.5 < cosine("little", "clever") < 0.8


def test_the_first_lines_shown_are_leap_and_its_like(page):
    said = page.printed.splitlines()
    first = [line.split() for line in said[2:6]]
    assert {word for _, word in first[:3]} == set(world.LEAP) - {"leap"}
    assert all(c == "1.00" for c, _ in first[:3]) and float(first[3][0]) < 0.3


@pytest.mark.parametrize("kind", [world.RUN, world.FLY, world.SWIM])
def test_each_animal_is_nearer_to_its_own_kind(kind, cosine, names):
    others = set(world.RUN + world.FLY + world.SWIM) - set(kind)
    for animal in kind:
        own = [cosine(animal, a) for a in kind if a != animal]
        assert sum(own) / 3 > sum(cosine(animal, a) for a in others) / 8
    # "a fox is near those who run, …": its two nearest
    assert {
        word
        for word, _ in measured.nearest(names["wte"], names["tokenizer"], kind[0], 2)
    } <= set(kind)


def test_training_made_the_squares(names):
    kinds = [kind for kind, words in measured.KINDS.items() for _ in words]
    same = torch.tensor([[a == b for b in kinds] for a in kinds])
    same.fill_diagonal_(False)
    apart = torch.tensor([[a != b for b in kinds] for a in kinds])
    before, after = names["before"], names["after"]
    assert after[same].mean() > 0.6 and after[apart].mean() < 0.1
    assert abs(before[same].mean()) < 0.05 and before[same].abs().max() < 0.5
    # the random rows are those that training of the shipped model begins with
    rows = [names["row"](word) for word in names["WORDS"]]
    first = initial(names["model"].config, card()["seed"])["wte.weight"][rows]
    assert torch.equal(before, normalize(first, dim=-1) @ normalize(first, dim=-1).T)


def test_tokens_that_never_occur_have_one_row(facts, names):
    assert int(facts["n_unused"]) > 300
    wte, tokenizer, reading = (names[n] for n in ("wte", "tokenizer", "reading"))
    unused = measured.unused(wte, tokenizer, reading)
    assert {
        name: str(fact) for name, fact in unused.said.items()
    }.items() <= facts.items()
    assert float(facts["unused_cos"]) > 0.99 and unused.cosines.min() > 0.99
    assert measured.cosines(wte[sorted(reading.seen)]).mean() < 0.2
    assert tokenizer.ranks[facts["an_unused"].encode()] in unused.ids
    assert not reading.seen & set(unused.ids)
    assert len(facts["an_unused"]) > 1 and facts["an_unused"].isalpha()


def test_the_map_keeps_little_and_the_page_says_so(facts, names, cosine):
    assert 20 <= int(facts["kept"].rstrip("%")) <= 35
    spot = dict(zip(names["WORDS"], names["xy"].tolist()))
    a, b = facts["near_a"], facts["near_b"]
    near = torch.dist(torch.tensor(spot[a]), torch.tensor(spot[b]))
    far = torch.dist(torch.tensor(spot["Ada"]), torch.tensor(spot["poppies"]))
    assert near < 0.1 * far and abs(cosine(a, b)) < 0.05
    # one label is drawn for words on one spot
    for kind in ("water", "green", "walls", "leap"):
        points = torch.tensor([spot[word] for word in measured.KINDS[kind]])
        assert torch.pdist(points).max() < 0.03


# --- directions -------------------------------------------------------------------
def test_the_two_rulers_order_words_that_did_not_make_them(names):
    ruled, cos = names["ruled"], names["cos"]
    assert all(ruled[name][0] < -0.3 for name in world.SHE)
    assert all(ruled[name][0] > 0.3 for name in world.HE)
    # "so are the plants and their plurals"
    for one, many in measured.PLURALS.items():
        assert ruled[one][1] < -0.25
        assert ruled[many][1] > 0.25
    # "Were lies higher than was, while it and them hardly differ"
    assert ruled["were"][1] > ruled["was"][1] + 0.25
    assert abs(ruled["it"][1] - ruled["them"][1]) < 0.1
    # at length 1, along() is the dot product with the unit vector
    he, row, wte = names["he"], names["row"], names["wte"]
    assert ruled["Ada"][0] == pytest.approx(float(wte[row("Ada")] @ (he / he.norm())))
    # the arrows of the picture are the pairs that the shown code takes
    for one, other in measured.PAIRS:
        assert f'("{one}", "{other}")' in PAGE
    assert float(cos(he, wte[row("he")] - wte[row("she")])) == pytest.approx(1)


def test_the_plain_score_is_lower_than_the_usual_one(facts, names):
    free, ruled, nothing, n = (
        int(facts[name]) for name in ("free", "ruled", "nothing", "n_words")
    )
    sums = names["arithmetic"].sums
    partners = [one for one in sums if one.word not in world.SHE]
    assert free < nothing <= ruled < n == len(partners)
    # every word on its own, without forbidding it: names change, pronouns stay
    found = {(one.word, one.direction): one.answers[0] for one in sums}
    assert all(found[name, "he"] in world.HE for name in world.SHE)
    assert found["her", "he"] == "her" and found["was", "many"] == "was"
    assert all(
        found[one, "many"] in measured.KINDS["plurals"] for one in measured.PLURALS
    )
    # what the picture ticks off is what was counted
    table = drawn.arithmetic(sums)._repr_html_()
    assert table.count("✓") == free + ruled + nothing
    assert table.count("○") == 2 * int(facts["free_kind"])
    assert table.count("✗") == 3 * len(sums) - table.count("✓") - table.count("○")


# --- places -----------------------------------------------------------------------
def test_the_lines_shown_of_without_places(page):
    said = page.printed.splitlines()
    shown = dict(
        line.split()[::-1] for line in said if line.endswith(("places", "embed"))
    )
    assert shown["without_places"] == "0.000" and float(shown["embed"]) > 0.1


def test_the_learned_places_find_their_neighbours(facts, names):
    one, two, ten = (float(facts[f"beside_{k}"]) for k in (1, 2, 10))
    assert one > two + 0.1 > ten + 0.2 and abs(ten) < 0.1
    _, rows = neighbours(names["wpe"], 40, 1)
    assert rows.tolist() == [41]
    # by hand, the cosine depends only on the distance
    near = names["by_hand"]
    assert all(float(near.diagonal(k).std()) < 1e-5 for k in range(60))
    assert torch.equal(names["places"].by_hand, sinusoids(*names["wpe"].shape))
    assert torch.equal(names["places"].learned, names["wpe"])


def test_places_that_no_story_reaches_are_paler(facts, names):
    wpe, first = names["wpe"], int(facts["first_unseen"])
    assert first == int(facts["last_place"]) + 1 < int(facts["n_ctx"]) == len(wpe)
    # "paler" in the picture
    assert wpe[first:].norm(dim=1).max() < wpe[:first].norm(dim=1).min()


def test_the_sum_can_be_taken_apart(facts, names):
    assert int(facts["read_back"].rstrip("%")) > 85
    assert int(facts["confused"].rstrip("%")) > 95
    apart = measured.taken_apart(names["wte"], names["wpe"], names["reading"])
    assert apart.said.items() <= facts.items()
    piece = names["piece"]
    pairs = {(piece[was], piece[guessed]) for was, guessed in apart.wrong}
    assert {(b" sun", b" moon"), (b" moon", b" sun")} & pairs
    assert abs(float(facts["token_place"]) - float(facts["by_chance"])) < 0.03


def test_what_the_tables_cost(names):
    ours, gpt2, gpt3 = measured.costs(names["model"])
    assert (ours.tokens, ours.places) == (56_448, 6_144)
    assert gpt2.parameters == 124_439_808  # as published
    assert gpt3.parameters == 175e9
    table = drawn.costs([ours, gpt2, gpt3])._repr_html_()
    assert "<td>ours</td><td>56,448</td><td>6,144</td><td>15.7\xa0%</td>" in table
    assert re.findall(r"([\d.]+)\xa0%", table) == ["15.7", "31.6", "0.4"]


# --- what follows -----------------------------------------------------------------
def test_the_same_vector_goes_on_in_two_ways(page):
    said = page.printed.splitlines()
    assert said[-3:] == [
        "fashion model …, the model wore: 1.00",
        "clay model …, the model dried: 1.00",
        "True",
    ]


def test_the_predictions(facts, names):
    assert facts["swapped"] == facts["course"].replace("ran home", "flew home")
    # "letter for letter the same"; "only … are, and it writes"
    model, tokenizer = names["model"], names["tokenizer"]
    same = [measured.write(measured.moved(model, n), tokenizer) for n in (0, 1)]
    assert same[0] == same[1] == measured.write(model, tokenizer)
    assert same[0].removesuffix(world.END).strip() == facts["course"]
    assert facts["one_on"] == facts["moved_of"] == "20" and int(facts["three_on"]) < 8
    assert not world.grammatical(f"{world.PROMPT} {facts['moved']}")
    assert not world.grammatical(f"{world.PROMPT} {facts['placeless']}")
    assert "ran home" in facts["course"] and "fox flew" in facts["swapped"]
    assert world.grammatical(f"{world.PROMPT} {facts['course']}")
    words = set(re.findall(r"\w+", facts["placeless"]))
    assert words <= set(re.findall(r"\w+", world.corpus(100_000, seed=0)))
    id, wte, wpe = torch.tensor([5]), names["wte"], names["wpe"]
    bare = tokens(id, wte)
    assert torch.equal(names["without_places"](id, wte, 0), bare)
    placeless = measured.placeless(model).stages["embed"]
    assert torch.equal(placeless(id, wte, wpe), bare)
    # only the two rows are exchanged
    other = measured.swapped(model, tokenizer, "fox", "owl").weights["wte.weight"]
    fox, owl = map(names["row"], ("fox", "owl"))
    assert torch.equal(other[[fox, owl]], wte[[owl, fox]])
    changed = (other != wte).any(1).nonzero().flatten().tolist()
    assert changed == sorted([fox, owl])


def test_the_lines_of_shown_code_fit_the_column():
    for cell in CELL.finditer(PAGE):
        if "remove-" not in cell[2].partition("\n")[0]:
            long = [line for line in cell[2].split("\n") if len(line) > 72]
            assert not long, long
