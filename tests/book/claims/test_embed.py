"""What the chapter Embed claims, sentence by sentence, and the measurement behind it."""

import json

import pytest
import torch
from torch.nn.functional import cosine_similarity

from book.facts import cosine, held_out, ids_of, ids_of_words
from book.facts import embed as measured
from book.facts import tokenize as cut
from gpt import world
from gpt.attend import attention
from gpt.embed import embed, neighbours, positions, sinusoids, tokens
from gpt.model import GPT, Config, initial
from gpt.train import TEXT
from tests.book.page import claim

CHAPTER = "embed"

SOME = 200  # stories


@pytest.fixture(scope="module")
def wte(model):
    return model.weights["wte.weight"]


@pytest.fixture(scope="module")
def near(wte, tokenizer):
    """near("fox", "hare"): the cosine of their rows."""
    return lambda a, b: measured.between(wte, tokenizer, a, b)


@pytest.fixture(scope="module")
def recorded():
    return json.loads(measured.RECORDED.read_text("utf-8"))


@pytest.fixture(scope="module")
def two_tables():
    """What reads and what predicts, of a shorter run than the recorded one."""
    return measured.trained(seed=0, steps=220, two_tables=True)


def bets(model, tokenizer, text):
    """{word: probability} of what follows a text."""
    last = model(ids_of(tokenizer, text))[0, -1].softmax(-1)
    return lambda *words: float(last[ids_of_words(tokenizer, words)].sum())


def exchanged(story, words):
    """The story, each of `words` in it replaced by the next one."""
    after = dict(zip(words, (*words[1:], words[0])))
    told = [after.get(word, word) for word in world._WORD.findall(story)]
    return world._text(told)


def odds(story):
    """The probability of a story, by the world itself."""
    probability, told = 1.0, ""
    for word in [*world._WORD.findall(story), world.END]:
        probability *= world.next_word(told)[word]
        told += f" {word}"
    return probability


# --- look-ups ---------------------------------------------------------------------
def test_ids_say_nothing_of_likeness(page, near):
    claim(
        "embed",
        "To a network that computes with ids, *frog* is as close to *jump* as can be, "
        "and *duck*, number …, is farther away.",
    )
    row = page.names["row"]
    assert abs(row("frog") - row("jump")) == 1 < abs(row("frog") - row("duck"))
    assert near("frog", "duck") > 0.5 and abs(near("frog", "jump")) < 0.1
    assert page.facts["duck"] == str(row("duck"))


def test_a_lookup_can_be_trained_as_the_product_that_it_is():
    claim("embed", "**a look-up is a one-hot vector times a matrix.**")
    claim(
        "embed",
        "The table is a matrix like any other in the model, and it can be trained.",
    )
    ids = torch.randint(7, (20,))
    one = torch.randn(7, 4, requires_grad=True)
    other = one.detach().clone().requires_grad_()
    (tokens(ids, one) ** 3).sum().backward()
    ((torch.eye(7)[ids] @ other) ** 3).sum().backward()
    torch.testing.assert_close(one.grad, other.grad)
    assert (one.grad[ids].norm(dim=1) > 0).all()


def test_a_cosine_sees_only_the_direction(page):
    claim("embed", "A cosine sees only the direction.")
    cos, (a, b) = page.names["cos"], torch.randn(2, 9)
    torch.testing.assert_close(cos(a, b), cos(7 * a, 0.1 * b))


def test_all_other_products_are_zero(page):
    claim("embed", "only the row is fetched, because all the other products are zero")
    W, o = page.names["W"], page.names["o"]
    products = o[:, None] * W  # (n_vocab, C), what the sum adds up
    assert torch.equal(products.sum(0), W[2])
    assert not products[[0, 1, 3]].any()


def test_what_has_no_row_is_refused(wte, model):
    claim("embed", "Both refuse an id or a place that has no row.")
    with pytest.raises(ValueError, match="no row"):
        tokens(torch.tensor([len(wte)]), wte)
    wpe = model.weights["wpe.weight"]
    with pytest.raises(ValueError, match="context"):
        positions(len(wpe) + 1, wpe)


# --- learned, not designed --------------------------------------------------------
def test_a_step_on_the_rows_alone_makes_the_next_token_less_of_a_surprise(
    model, tokenizer
):
    claim(
        "embed",
        "each step of training moves its rows a little, so that the next token becomes "
        "less of a surprise",
    )
    weights = measured.random_weights(model)
    told = held_out(SOME)
    losses = [measured.loss(GPT(model.config, weights), tokenizer, told)]
    for _ in range(3):
        push = sum(measured.pushes_of(GPT(model.config, weights), tokenizer, told))
        weights["wte.weight"] = weights["wte.weight"] - 0.1 * push
        losses.append(measured.loss(GPT(model.config, weights), tokenizer, told))
    assert losses == sorted(losses, reverse=True) and losses[-1] < losses[0] - 0.1


def test_the_four_leaps_can_replace_each_other_everywhere(model, tokenizer, near):
    claim(
        "embed",
        "In the small world, *leap, jump, skip* and *hop* can replace each other "
        "everywhere, and the model has found that out from the text alone.",
    )
    told = [story for story in held_out(SOME) if "leap" in story]
    for story in told:
        other = exchanged(story, world.LEAP)
        assert other != story and odds(other) == pytest.approx(odds(story))
    before, after = measured.cosines_before_and_after(model, tokenizer)
    leaps = [measured.WORDS.index(word) for word in world.LEAP]
    assert after[leaps][:, leaps].min() > 0.99
    assert before[leaps][:, leaps].fill_diagonal_(0).abs().max() < 0.3


def test_each_animal_has_a_row_because_it_is_named_again(model, tokenizer, page):
    claim(
        "embed",
        "Yet each animal keeps a row of its own, because it is named again at the end "
        "of the story.",
    )
    claim("embed", "since the model can no longer tell which of them goes home.")
    assert float(page.facts["one_fox"]) > 0.3
    assert abs(float(page.facts["one_leap"].replace("−", "-"))) < 0.01
    one_row = measured.merged(model, tokenizer, world.RUN)
    text = f"{world.PROMPT} she lost her hat. She had to leap over the wall and look "
    text += "behind the roses, and there it was. At last Ada the"
    assert bets(model, tokenizer, text)("fox") > 0.95
    bet = bets(one_row, tokenizer, text)
    assert all(0.15 < bet(animal) < 0.35 for animal in world.RUN)
    # where the loss has risen: at the animal, when it is named again
    animals = set(ids_of_words(tokenizer, world.RUN))
    again = elsewhere = 0.0
    for story in held_out(SOME):
        ids = ids_of(tokenizer, story)
        worse = surprise(one_row, ids) - surprise(model, ids)
        seen = set()
        for id, more in zip(ids[0, 1:].tolist(), worse.tolist()):
            if id in animals and seen & animals:
                again += more
            else:
                elsewhere += more
            seen.add(id)
    assert again > 0.9 * (again + elsewhere) > 0


def surprise(model, ids):
    """-log p of each token of ids (1, T) but the first: (T - 1,)."""
    logs = model(ids)[0, :-1].log_softmax(-1)
    return -logs.gather(1, ids[0, 1:, None])[:, 0].detach()


def test_only_little_can_say_good_night(model, tokenizer, page):
    claim(
        "embed",
        "*Clever, brave* and *shy* can share a row as well (…), but not with *little* "
        "(…), as "
        "only *little* can stand in *Good night, little fox*.",
    )
    assert abs(float(page.facts["one_shy"].replace("−", "-"))) < 0.01
    assert float(page.facts["one_little"]) > 0.5
    moods = measured.KINDS["moods"]
    text = f"{world.PROMPT} she lost her hat. She had to leap over the wall and look "
    text += "behind the roses, and there it was. At last Ada the fox ran home. "
    text += "Good night,"
    assert world.next_word(text).keys() & set(moods) == {"little"}
    assert bets(model, tokenizer, text)(*moods[:3]) < 0.01
    one_row = measured.merged(model, tokenizer, moods)
    assert bets(model, tokenizer, text)("little") > 0.4
    assert bets(one_row, tokenizer, text)("little") < 0.1
    # and there the loss has risen
    (little,) = ids_of_words(tokenizer, ["little"])
    night = elsewhere = 0.0
    for story in held_out(SOME):
        ids = ids_of(tokenizer, story)
        worse = surprise(one_row, ids) - surprise(model, ids)
        at = (ids[0, 1:] == little) & (torch.arange(len(worse)) > 20)
        night += float(worse[at].sum())
        elsewhere += float(worse[~at].sum())
    assert night > 0.3 * SOME and abs(elsewhere) < 0.2 * night


def test_before_training_a_word_resembles_only_itself(model, tokenizer):
    claim("embed", "Before training, a word resembles only itself.")
    before, after = measured.cosines_before_and_after(model, tokenizer)
    before = before.clone().fill_diagonal_(0)
    assert before.abs().max() < 0.5 and before.abs().mean() < 0.15
    assert (after > 0.5).sum() > 2 * len(after)


# --- why alike comes together -----------------------------------------------------
def test_a_row_is_what_a_token_says_and_how_it_is_predicted(model, tokenizer):
    claim(
        "embed",
        "So **a row is both what a token says and how it is predicted**.",
    )
    changed = measured.swapped(model, tokenizer, "hat", "coat")
    (hat,) = ids_of_words(tokenizer, ["hat"])
    ids = ids_of(tokenizer, f"{world.PROMPT} she lost her hat")
    assert ids[0, -1] == hat
    one, other = (m.trace(ids, "embed", "logits") for m in (model, changed))
    assert not torch.equal(one["embed"][0, -1], other["embed"][0, -1])
    assert torch.equal(one["embed"][0, :-1], other["embed"][0, :-1])
    before = one["logits"][0, :-1] != other["logits"][0, :-1]  # where nothing differs
    coat = ids_of_words(tokenizer, ["coat"])[0]
    assert set(before.any(0).nonzero().flatten().tolist()) == {hat, coat}


def test_the_first_step_pushes_leap_and_hop_the_same_way(model, tokenizer, page):
    claim(
        "embed",
        "Where *leap* can come next, *hop* can come as well, so the last vector must "
        "score both alike. Training therefore moves their two rows the same way.",
    )
    claim(
        "embed",
        "A text goes on in the same way after either word, so reading moves their rows "
        "the same way, too.",
    )
    reads, predicts = measured.pushes(model, tokenizer, held_out(SOME))
    leap, hop, fox = ids_of_words(tokenizer, ("leap", "hop", "fox"))
    for push in reads, predicts:
        assert cosine(push[leap], push[hop]) > 0.85
        assert abs(cosine(push[leap], push[fox])) < 0.3
    assert float(page.facts["push_predict"]) > 0.97
    assert float(page.facts["push_read"]) > 0.85


def test_with_two_tables_leap_and_hop_are_nearer_in_the_one_that_predicts(
    two_tables, tokenizer, recorded
):
    claim(
        "embed",
        "So they come together in both, and closer in the one for predicting.",
    )
    claim("sample", "Tying is not needed for *leap* and *hop* to come together.")
    for one, other in (("leap", "hop"), ("brave", "shy")):
        read, predict = (
            measured.between(table, tokenizer, one, other) for table in two_tables
        )
        assert 0.6 < read < 0.9 < predict
        pair = f"{one} {other}"
        assert recorded["two tables, the one that is read"][pair] < 0.9
        assert recorded["two tables, the one that predicts"][pair] > 0.98
        assert min(recorded[f"seed {n}"][pair] for n in (0, 1)) > 0.98


def test_she_is_near_table_because_shelf_begins_with_it(
    model, tokenizer, wte, two_tables, recorded
):
    claim("embed", "The tokenizer writes *shelf* in three tokens, ` she` + `l` + `f`.")
    claim(
        "embed",
        "Clay dries on the table or on the shelf, so where *table* can come next, the "
        "token ` she` can come as well.",
    )
    pieces = [bytes(piece) for piece in tokenizer.pieces(" shelf")]
    assert pieces == [b" she", b"l", b"f"]
    text = f"{world.PROMPT} she worked with a clay model. When the sun came up, "
    bet = bets(model, tokenizer, text + "the model dried on the")
    assert 0.4 < bet("table") < 0.6 and 0.4 < bet("she") < 0.6
    assert measured.nearest(wte, tokenizer, "she", 1)[0][0] == "table"
    # the use that predicts has brought them together, and not the use that reads
    read, predict = (
        measured.between(table, tokenizer, "she", "table") for table in two_tables
    )
    assert read < 0.1 and predict > 0.3
    assert recorded["two tables, the one that is read"]["she table"] < 0.1
    assert recorded["two tables, the one that predicts"]["she table"] > 0.4


def test_opposites_are_neighbours_because_they_stand_in_the_same_places(near):
    claim("embed", "because they stand in the same places.")
    for pair in ("mother", "father"), ("brave", "shy"):
        assert near(*pair) > 0.99
        told = [story for story in held_out(SOME) if pair[0] in story]
        for story in told:
            other = exchanged(story, pair)
            assert other != story and odds(other) == pytest.approx(odds(story))


def test_tokens_that_never_occur_are_pushed_away_in_one_direction(
    model, tokenizer, page
):
    claim(
        "embed",
        "They are never read and never the right answer, so training only moves them "
        "away from the last vectors, and all in nearly the same direction.",
    )
    unused = measured.unused(page.names["wte"], tokenizer, page.names["reading"]).ids
    told = held_out(SOME)
    reads, predicts = measured.pushes(model, tokenizer, told)
    assert not reads[unused].any()  # never read
    alike = measured.cosines(predicts[unused])
    assert alike.mean() > 0.95
    # away: after the step, a bet on them is less likely, at every token of the stories
    weights = measured.random_weights(model)
    x = GPT(model.config, weights).trace(ids_of(tokenizer, told[0]), "norm")["norm"][0]
    rows = weights["wte.weight"]
    change = x @ (rows - predicts)[unused].T - x @ rows[unused].T
    assert (change.mean(1) < 0).float().mean() > 0.9
    assert float(page.facts["unused_cos"]) > 0.99


def test_unused_fragments_are_parts_of_longer_pieces(page, tokenizer):
    claim(
        "embed",
        "They are … of the single bytes, and the … pieces that we counted "
        "in [Tokenize](tokenize.md), such as *…*, which only helped to "
        "make longer ones.",
    )
    names = page.names
    ids = measured.unused(names["wte"], tokenizer, names["reading"]).ids
    for id in ids:
        bits = names["piece"][id]
        longer = (p for p in tokenizer.ranks if len(p) > len(bits) and bits in p)
        assert len(bits) == 1 or any(longer)
    # they are those of Tokenize, which looks at the text that the tokenizer is made from
    pieces = {id for id in ids if len(names["piece"][id]) > 1}
    met = cut.unused(tokenizer, world.corpus(**TEXT))
    assert pieces == set(met.values())
    found = [int(page.facts[n]) for n in ("unused_bytes", "unused_fragments")]
    assert found == [len(ids) - len(pieces), len(pieces)]
    assert sum(found) == int(page.facts["n_unused"])


def test_no_other_two_directions_are_wider(page):
    claim(
        "embed",
        "PCA turns the cloud of points so that we see its two widest directions.",
    )
    claim(
        "embed",
        "They are found by `svd` (*singular value decomposition*), which gives "
        "directions at right angles to each other, the rows of `V`. The direction along "
        "which the points spread most comes first, and `S` says how much they spread "
        "along each.",
    )
    X, wide = page.names["X"], page.names["xy"].square().sum()
    V, S = page.names["V"], page.names["S"]
    torch.testing.assert_close(V @ V.T, torch.eye(len(V)), atol=1e-4, rtol=0)
    torch.testing.assert_close((X @ V.T).norm(dim=0), S, atol=1e-3, rtol=1e-3)
    assert S.tolist() == sorted(S.tolist(), reverse=True)
    for seed in range(20):
        dice = torch.Generator().manual_seed(seed)
        plane = torch.linalg.qr(torch.randn(X.shape[1], 2, generator=dice)).Q
        assert (X @ plane).square().sum() < wide


def test_two_words_seem_close_on_the_map_and_are_not(page, near):
    claim(
        "embed",
        "But two directions keep only … of the variance (the mean square "
        "of the distances from the centre), so a map can mislead.",
    )
    names = page.names
    spot = dict(zip(names["WORDS"], names["xy"]))
    a, b = page.facts["near_a"], page.facts["near_b"]
    wide = torch.pdist(names["xy"]).max()
    assert torch.dist(spot[a], spot[b]) < 0.1 * wide
    assert abs(near(a, b)) < 0.1
    assert float(names["kept"]) < 0.4


# --- directions -------------------------------------------------------------------
def test_a_dot_product_with_a_vector_of_length_1_is_a_length():
    claim("embed", "as its dot product with a row tells how far along it the row lies.")
    d, e = torch.randn(2, 96)
    d = d / d.norm()
    along = (e @ d) * d
    torch.testing.assert_close((e - along) @ d, torch.tensor(0.0), atol=1e-5, rtol=0)
    assert float(along.norm()) == pytest.approx(abs(float(e @ d)), rel=1e-4)


def test_one_direction_serves_both_ways(page):
    claim(
        "embed",
        "From *he* to *she* it is the same direction with the opposite sign, $-d$, so "
        "one serves both ways.",
    )
    difference = page.names["difference"]
    assert torch.equal(difference(("he", "she")), -page.names["he"])


def test_a_single_direction_turns_she_into_he(page, model, tokenizer):
    claim(
        "embed",
        "In the first story, the last vector must score *she* and *Ada* "
        "high and *he* and *Tom* low, and a single direction does a part "
        "of it.",
    )
    claim(
        "embed",
        "It is no surprise that the bet on *he* rises, since the ruler was "
        "made from the row of *he*. But the ruler was made without any "
        "name, and still, of all that is bet on the eight names, the "
        "he-names now have …, where they had …. (All he-names together get "
        "only …, though, of the … that they have in stories about a *he*.) "
        "So this direction turns *she* into *he*, and she-names into "
        "he-names, but it does not say which he-name.",
    )
    facts = page.facts
    assert float(facts["names_he"]) > 0.9
    assert float(facts["names_before"]) < 0.01
    assert float(facts["names_moved"]) > 0.95
    moved, there = (float(facts[f"names_of_he_{x}"]) for x in ("moved", "there"))
    assert 0.05 < moved < there / 3 and 0.3 < there < 0.37
    # another direction of the same length does nothing of the kind
    he = page.names["he"]
    chance = torch.randn(he.shape, generator=torch.Generator().manual_seed(0))
    found = measured.one_day(model, tokenizer, chance, held_out(SOME))
    assert float(found.said["names_moved"]) < 0.1


def test_other_directions_tell_she_with_a_capital_and_her(page, model, tokenizer):
    claim("embed", "So this direction is not *female or male* everywhere.")
    claim(
        "embed",
        "*She* with a capital and *her* never come next there, and other directions "
        "tell them from *He* and *his*.",
    )
    assert world.next_word(world.PROMPT).keys() == {"she", "Ada"}
    assert bets(model, tokenizer, world.PROMPT)("She", "He", "her", "his") < 0.01
    assert abs(float(page.facts["capital_he"])) < 0.1
    assert abs(float(page.facts["his_he"])) < 0.1
    ruled = page.names["ruled"]
    names = ruled["Tom"][0] - ruled["Ada"][0]
    for she, he in (("She", "He"), ("her", "his")):
        assert abs(ruled[he][0] - ruled[she][0]) < 0.3 * names


def test_the_usual_rule_lets_the_nearest_neighbour_answer(page):
    claim("embed", "because the answer was the nearest neighbour anyway.")
    sums = page.names["arithmetic"].sums
    ruled = [one for one in sums if one.right[1] == "word"]
    assert len(ruled) == int(page.facts["ruled"]) == int(page.facts["nothing"])
    assert all(one.answers[1] == one.answers[2] for one in ruled)
    assert int(page.facts["free"]) < len(ruled)


def test_a_direction_changes_the_kind_and_seldom_makes_the_word(page, recorded):
    claim(
        "embed",
        "So here a direction changes one property, but it seldom makes one word of "
        "another.",
    )
    n_words, n_kinds = (int(page.facts[name]) for name in ("n_words", "n_kinds"))
    assert int(page.facts["free"]) + int(page.facts["returned"]) <= 0.2 * 2 * n_words
    assert int(page.facts["free_kind"]) == n_kinds
    assert int(page.facts["nothing_kind"]) == 0
    for seed in (0, 1):  # nor is it luck
        found = recorded[f"seed {seed}"]
        assert found["free"] <= 0.25 * n_words
        assert found["free_kind"] >= n_kinds - 1 and found["nothing_kind"] <= 1


# --- places -----------------------------------------------------------------------
def test_attention_sees_a_set():
    claim(
        "embed",
        "How large a share is depends on the vectors and not on where they stand, so a "
        "token sees them as a set.",
    )
    q, k, v = torch.randn(3, 9, 4, dtype=torch.float64)
    order = torch.tensor([*torch.randperm(8).tolist(), 8])
    one, other = attention(q, k, v)[-1], attention(q[order], k[order], v[order])[-1]
    torch.testing.assert_close(one, other)
    with pytest.raises(AssertionError):  # while other vectors are another set
        torch.testing.assert_close(one, attention(q, k.roll(1, 0), v)[-1])


def test_order_comes_in_because_each_token_sees_only_those_before_it(page):
    claim("embed", "Without places nothing changes, and who met whom is lost.")
    claim(
        "embed",
        "(In later layers a trace of the order comes in, because each token sees only "
        "those before it.",
    )

    def everywhere(q, k, v):
        return (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5).softmax(-1) @ v

    names = page.names
    lost = names["model"].replace(embed=names["without_places"])

    def change(model, layer):
        one, other = (
            model.trace(ids_of(names["tokenizer"], text))[f"{layer}.attend"][0, -1]
            for text in (" Ada met Tom.", " Tom met Ada.")
        )
        return float((one - other).norm() / one.norm())

    assert change(lost, 0) < 1e-5
    assert change(lost, 1) > 0.01
    assert change(lost.replace(attention=everywhere), 1) < 1e-4
    assert change(names["model"], 0) > 0.1


def test_by_hand_only_the_distance_counts(page):
    claim(
        "embed", "For the rows made by hand, the cosine depends only on the distance."
    )
    near = measured.cosines(sinusoids(64, 96))
    assert all(float(near.diagonal(k).std()) < 1e-5 for k in range(60))
    assert near.diagonal(1).mean() > near.diagonal(10).mean() + 0.1


def test_clocks_of_two_speeds_tell_what_one_cannot():
    claim(
        "embed", "The hand for the seconds tells 3 seconds from 4, but not 3 from 63."
    )
    claim(
        "embed",
        "The hand for the hours tells morning from noon, but not 3 seconds from 4.",
    )

    def hand(seconds, turn):
        angle = torch.tensor(2 * torch.pi * seconds / turn)
        return torch.stack([angle.sin(), angle.cos()])

    minute, half_day = 60, 12 * 60 * 60
    assert torch.dist(hand(3, minute), hand(4, minute)) > 0.1
    assert torch.dist(hand(3, minute), hand(63, minute)) < 1e-5
    nine, noon = 9 * 3600, 12 * 3600
    assert torch.dist(hand(nine, half_day), hand(noon, half_day)) > 1
    assert torch.dist(hand(3, half_day), hand(4, half_day)) < 1e-3


def test_ten_thousand_sets_how_slow_the_last_hand_is(page):
    claim(
        "embed",
        "The hand of the first two columns goes round once in … places, "
        "which is $2\\pi$ (angles are in radians, where a full turn is "
        "$2\\pi$), and that of every further pair is slower. The number "
        "10,000 sets how slow the last one is",
    )
    claim(
        "embed",
        "the last hand needs … places for one turn, so within a text it never comes back "
        "to where it was.",
    )
    found = measured.turns(page.names["places"].by_hand)
    assert found[0] == pytest.approx(2 * torch.pi, rel=1e-5) and found == sorted(found)
    assert found[-1] == pytest.approx(2 * torch.pi * 10_000 ** (94 / 96), rel=1e-3)
    assert int(page.facts["turn_slow"].replace(",", "")) == round(found[-1])
    slow = page.names["places"].by_hand[:, -2:]
    away = (slow[1:] - slow[0]).norm(dim=1)
    assert found[-1] > 100 * len(slow) and (away.diff() > 0).all()


def test_the_model_found_out_what_comes_after_what(page, model):
    claim(
        "embed",
        "The model was never told that place 41 comes after place 40. It "
        "found that out.",
    )
    wpe = model.weights["wpe.weight"]
    began = measured.random_weights(model)["wpe.weight"]
    assert neighbours(wpe, 40, 1)[1].tolist() == [41]
    assert measured.cosines(began).diagonal(1).abs().mean() < 0.2
    assert measured.cosines(wpe).diagonal(1)[:50].mean() > 0.5


def test_the_places_that_no_story_reaches_stay_random(page, model):
    claim("embed", "But it knows only what it has seen.")
    claim(
        "embed",
        "The rows from … on were never used. They still point where they "
        "pointed at random in the beginning (their cosine with those first "
        "rows is …), and they are only shorter, because training shrinks "
        "every matrix a little at each step.",
    )
    wpe = model.weights["wpe.weight"]
    began = measured.random_weights(model)["wpe.weight"]
    like = cosine_similarity(wpe, began)
    first = int(page.facts["first_unseen"])
    shorter = wpe[first:].norm(dim=-1) / began[first:].norm(dim=-1)
    assert 0.5 < shorter.min() and shorter.max() < 0.9
    assert shorter.max() - shorter.min() < 1e-3  # all by the same factor
    assert like[first:].min() > 0.999 and like[:first].max() < 0.7
    assert page.facts["unseen_cos"] == "1.00"


# --- adding -----------------------------------------------------------------------
def test_random_directions_are_nearly_at_right_angles(page):
    claim("embed", "has a root mean square of $1/\\sqrt{C}$")
    claim("embed", "For the rows of tokens and places it is hardly more, ….")
    for width in (16, 96, 768):
        one, other = torch.randn(2, 20_000, width)
        found = cosine_similarity(one, other).square().mean().sqrt()
        assert float(found) == pytest.approx(width**-0.5, rel=0.03)
    by_chance, found = (float(page.facts[n]) for n in ("by_chance", "token_place"))
    assert by_chance == pytest.approx(96**-0.5, abs=0.005)
    assert by_chance <= found < 1.3 * by_chance


def test_a_matrix_can_let_the_token_through_or_the_place(page):
    claim(
        "embed",
        "For any matrix $M$, $(e + p)M = eM + pM$, so training can choose one that "
        "lets the token through, or the place, or both.",
    )
    claim(
        "embed",
        "(Side by side, $[e, p]$ would be the sum of $[e, 0]$ and $[0, p]$, which is a "
        "special case of adding.)",
    )
    e, p = torch.randn(2, 5, dtype=torch.float64)
    M = torch.randn(5, 3, dtype=torch.float64)
    torch.testing.assert_close((e + p) @ M, e @ M + p @ M)
    nothing = torch.zeros(5, dtype=torch.float64)
    beside = torch.cat([e, nothing]) + torch.cat([nothing, p])
    assert torch.equal(torch.cat([e, p]), beside)
    claim(
        "embed",
        "Or let a matrix do it. We fit one, which means that its numbers "
        "are chosen so that it turns each sum into the row of the token, "
        "as nearly as it can. Fitted to the sums of some places, it tells "
        "the token at the other places in … of the cases. Another, which "
        "turns each sum into the row of the place and was fitted to the "
        "sums of some tokens, tells the place of the other tokens in …, "
        "where guessing would give ….",
    )
    share = {
        name: int(page.facts[name].rstrip("%"))
        for name in ("read_back", "fit_token", "fit_place", "fit_chance")
    }
    assert share["fit_token"] > 85 and share["read_back"] > 85
    assert share["fit_place"] > 10 * share["fit_chance"] > 0


def test_the_wider_the_model_the_smaller_the_share_of_its_tables():
    claim(
        "embed",
        "So with the same vocabulary, the wider a model is, the smaller is the share of "
        "its tables.",
    )
    claim(
        "embed",
        "The tables grow with the *width*, as $C$ is also called, because "
        "their rows get longer. In each layer of stage 3 the matrices get "
        "longer rows and more of them, so a layer grows with the square of "
        "the width.",
    )
    claim(
        "embed",
        "The tables grow with the *width*, as $C$ is also called, because their rows get "
        "longer. In each layer of stage 3 the matrices get longer rows and more of them, "
        "so a layer grows with the square of the width.",
    )
    one, other = (
        initial(Config(n_vocab=9, n_ctx=9, n_layer=1, n_head=2, d_model=width), seed=0)
        for width in (8, 16)
    )
    for name, small in one.items():
        growth = [b / a for a, b in zip(small.shape, other[name].shape)]
        if name in ("wte.weight", "wpe.weight"):
            assert growth == [1, 2]
        elif small.ndim == 2:
            assert growth == [2, 2], name
    shares = []
    for width in (96, 192, 768, 1536, 12_288):
        c = Config(n_vocab=50_257, n_ctx=1024, n_layer=12, n_head=12, d_model=width)
        shares.append((c.n_vocab + c.n_ctx) * c.d_model / c.n_parameters)
    assert shares == sorted(shares, reverse=True) and shares[0] > 20 * shares[-1]


# --- the same row in every sentence -----------------------------------------------
def test_a_lookup_sees_the_id_and_nothing_else(wte):
    claim("embed", "A look-up sees the id and nothing else.")
    ids = torch.randint(len(wte), (2, 30))
    ids[:, -1] = 5
    assert torch.equal(*tokens(ids, wte)[:, -1])


def test_from_attention_on_the_same_token_has_different_vectors(model, tokenizer):
    claim(
        "embed",
        "In stage 3, attention lets it take something from the vectors before it, and "
        "from there on the two differ.",
    )
    one, other = (
        model.trace(measured.the_model(tokenizer, kind)) for kind in ("fashion", "clay")
    )
    assert torch.equal(one["embed"][0, -1], other["embed"][0, -1])
    assert torch.equal(one["0.q"][0, :, -1], other["0.q"][0, :, -1])
    for at in ("0.attend", "0.middle", "0.stream", "2.stream"):
        assert cosine(one[at][0, -1], other[at][0, -1]) < 0.8


def test_the_last_vectors_are_the_same_to_the_last_number(page, model, tokenizer):
    claim(
        "embed",
        "The two last vectors are the same to the last number, because it "
        "is the same token at the same place.",
    )
    last = page.names["last"]
    assert torch.equal(last["fashion"], last["clay"])
    claim("embed", "Yet one story goes on with *wore*, and the other with *dried*.")
    for kind, word in (("fashion", "wore"), ("clay", "dried")):
        ids = page.names["story"](kind)
        assert torch.equal(ids[None], measured.the_model(tokenizer, kind))
        last = model(ids[None])[0, -1].softmax(-1)
        assert last[ids_of_words(tokenizer, [word])] > 0.99
    claim(
        "embed",
        "(In the story of the *machine learning* model, which is one token longer, "
        "only the place is different.)",
    )
    clay, machine = (
        measured.the_model(tokenizer, kind)[0] for kind in ("clay", "machine learning")
    )
    assert len(machine) == len(clay) + 1 and machine[-1] == clay[-1]


def test_one_vector_tells_them_apart_and_without_attention_nothing_does(
    page, model, tokenizer
):
    claim("embed", "All that tells them apart is one vector, … tokens before.")
    claim(
        "embed",
        "As long as each vector is computed by itself, the two stories must go on alike.",
    )
    one, other = (measured.the_model(tokenizer, kind) for kind in ("fashion", "clay"))
    weights = model.weights["wte.weight"], model.weights["wpe.weight"]
    differ = (embed(one, *weights) != embed(other, *weights)).any(-1)[0]
    (at,) = differ.nonzero().flatten().tolist()
    assert one.shape[1] - 1 - at == int(page.facts["back"])
    alone = model.replace(attention=lambda q, k, v: v)  # each takes from itself alone
    assert torch.equal(alone(one)[0, -1], alone(other)[0, -1])
    assert not torch.allclose(model(one)[0, -1], model(other)[0, -1])


# --- what follows -----------------------------------------------------------------
def test_a_swapped_row_makes_the_story_of_an_owl(page, model, tokenizer):
    claim(
        "embed",
        "It reads *fox* and looks up an owl, so in all that it does, this is the story "
        "of an owl, which flies.",
    )
    claim(
        "embed",
        "At the end it predicts the row of the owl, but in the swapped table that row "
        "belongs to *fox*.",
    )
    swapped = measured.swapped(model, tokenizer, "fox", "owl")
    fox = ids_of(tokenizer, world.PROMPT)
    owl = ids_of(tokenizer, world.PROMPT.replace("fox", "owl"))
    one, other = swapped(fox)[0, -1], model(owl)[0, -1]
    rows = ids_of_words(tokenizer, ("fox", "owl"))
    exchanged = other.clone()
    exchanged[rows] = other[rows[::-1]]
    torch.testing.assert_close(one, exchanged)
    assert page.facts["swapped"] == page.facts["course"].replace("ran", "flew")


def test_without_places_words_are_whole_and_stories_are_not(model, tokenizer, page):
    claim("embed", "It still writes words, and words that go together.")
    claim("embed", "But it no longer knows in which order things were said.")
    assert not world.grammatical(f"{world.PROMPT} {page.facts['placeless']}")
    placeless = measured.placeless(model)
    assert measured.without_mistake(placeless, tokenizer, 10) <= 1
    known = set(world._WORD.findall(world.corpus(200_000, seed=0)))
    told = " ".join(measured.write(placeless, tokenizer, seed) for seed in range(10))
    words = world._WORD.findall(told)
    assert sum(word in known for word in words) > 0.95 * len(words)


def test_the_model_goes_by_places_and_not_by_distances_alone(page, model, tokenizer):
    claim("embed", "One place makes no difference to this text.")
    claim("embed", "(On new stories it is more surprised, though.")
    claim(
        "embed",
        "So the model goes by *where* things stand, with a little tolerance, and the "
        "distances alone are not enough for it.",
    )
    told = held_out(SOME)
    losses = [
        measured.loss(measured.moved(model, n), tokenizer, told) for n in (0, 1, 3)
    ]
    assert 1.2 * losses[0] < losses[1] < 1.5 * losses[0] < 2 * losses[0] < losses[2]
    here, one_on = (measured.write(measured.moved(model, n), tokenizer) for n in (0, 1))
    assert here == one_on == measured.write(model, tokenizer)
    assert page.facts["one_on"] == page.facts["moved_of"]
    assert int(page.facts["three_on"]) <= 2


def test_a_direction_need_not_follow_a_column(page):
    claim(
        "embed",
        "A property, if it is there at all, is a direction, and a direction need not "
        "follow a column.",
    )
    for direction in (page.names["he"], page.names["many"]):
        unit = direction / direction.norm()
        assert unit.abs().max() < 0.5


def test_a_text_longer_than_the_context_is_refused(model, wte):
    claim("embed", "It could not, since `wpe` has … rows.")
    wpe = model.weights["wpe.weight"]
    embed(torch.zeros(64, dtype=torch.int64), wte, wpe)
    with pytest.raises(ValueError, match="context"):
        embed(torch.zeros(65, dtype=torch.int64), wte, wpe)
