"""The chapter MLP: each causal sentence, in the order of the page, and what proves it.

`claim` fails where the page no longer says the sentence; the rest of a test fails where
the model, the world or the method no longer bears it out.
"""

from collections import Counter
from math import log

import pytest
import torch
from torch.nn.functional import normalize

import gpt.mlp
from book.facts import held_out, ids_of, ids_of_words
from book.facts import mlp as measured
from gpt import world
from gpt.attend import attend
from gpt.model import GPT
from gpt.train import batches
from tests.book.page import claim

CHAPTER = "mlp"

KINDS = "fashion", "clay", "machine learning"
ACTS = "wore", "dried", "guessed"


@pytest.fixture(scope="module")
def others(names):
    """Four stories that the page does not tell: another hero, another light."""
    begin = "Far away a shy owl named Tom lived in the garden. One evening he worked"
    return measured.Four(
        {
            kind: ids_of(
                names["tokenizer"],
                f"{begin} with a{kind and ' ' + kind} model. When the sun came up, "
                "the model",
            )
            for kind in (*KINDS, "")
        }
    )


def parts(model, attend=None, mlp=None):
    """The model, what its parts add at a layer changed by functions (layer, added)."""
    layer = iter(range(10**9))

    def block(x, norm_1, attend_, norm_2, mlp_):
        n = next(layer) % model.config.n_layer
        y = attend_(norm_1(x))
        x = x + (attend(n, y) if attend else y)
        y = mlp_(norm_2(x))
        return x + (mlp(n, y) if mlp else y)

    return model.replace(block=block)


def at(layer, place, note):
    """For `parts`: at one layer and place another note."""

    def changed(n, y):
        if n == layer:
            y = y.clone()
            y[0, place] = note
        return y

    return changed


def bets(model, ids, words, tokenizer, place=-1):
    with torch.no_grad():
        p = model(ids)[0, place].softmax(-1)
    return p[ids_of_words(tokenizer, words)].tolist()


# --- what attention left ----------------------------------------------------------
def test_attention_of_layer_0_brings_the_kind(facts, names, others):
    claim(
        "mlp",
        "As embedded, it is the very same vector as in the story of a clay model. Then attention in layer 0 "
        "brings the kind, and after it the two vectors have a cosine of ….",
    )
    model, tokenizer = names["model"], names["tokenizer"]
    first, second = (
        model.trace(names["four"].ids[kind], "embed")["embed"][0, -1]
        for kind in ("fashion", "clay")
    )
    assert torch.equal(first, second)
    assert float(facts["kinds_apart"]) < 0.8
    # what attention of layer 0 writes there, exchanged: the bet goes with it
    for four in (names["four"], others):
        for act, mine, its in (
            ("dried", "fashion", "clay"),
            ("wore", "clay", "fashion"),
        ):
            note = model.trace(four.ids[its], "0.attend")["0.attend"][0, -1]
            changed = parts(model, attend=at(0, -1, note))
            assert bets(changed, four.ids[mine], [act], tokenizer)[0] > 0.9


# --- the stream -------------------------------------------------------------------
def test_the_parts_only_add(names):
    claim(
        "mlp",
        "As every part has one, a single vector for each token runs through the whole "
        "model, from the embedding to the end, and the parts only add to it.",
    )
    flow = names["model"].trace(names["story"].ids)
    total = flow["embed"].clone()
    for n in range(3):
        total += flow[f"{n}.attend"] + flow[f"{n}.mlp"]
    torch.testing.assert_close(total, flow["2.stream"], atol=1e-4, rtol=1e-5)


def test_a_short_note_can_decide(names):
    """The kind, which decides the bet, is shorter than most of what attention writes."""
    claim("mlp", "And even a short note on the whiteboard can decide, as we shall see.")
    flow = names["model"].trace(names["four"].ids["fashion"], "0.attend", "0.mlp")
    short, long = (float(x[0, -1].norm()) for x in flow.values())
    assert short < 0.25 * long
    assert short < names["lengths"].parts["1.attend"]


# --- layer norm -------------------------------------------------------------------
def test_without_epsilon_it_is_0_by_0():
    claim("mlp", "since without it we would divide 0 by 0")
    x, one, zero = torch.full((4,), 3.0), torch.ones(4), torch.zeros(4)
    assert gpt.mlp.layer_norm(x, one, zero, eps=0.0).isnan().all()
    assert (gpt.mlp.layer_norm(x, one, zero) == 0).all()


def test_the_norm_forgets_length_and_mean(names):
    claim(
        "mlp",
        "It forgets how long the vector was, and what its mean was. What stays is how "
        "its numbers differ from each other, in proportion. Attention and the MLP read "
        "nothing else, and so the stream may grow as it likes.",
    )
    model = names["model"]
    w = model.weights
    for n in range(3):
        x = model.trace(names["story"].ids, f"{n}.middle")[f"{n}.middle"]
        for part in ("ln_1", "ln_2"):
            given = [w[f"h.{n}.{part}.{kind}"] for kind in ("weight", "bias")]
            want = gpt.mlp.layer_norm(x, *given)
            for other in (10 * x, x + 7):
                found = gpt.mlp.layer_norm(other, *given)
                torch.testing.assert_close(found, want, atol=1e-3, rtol=1e-3)
    # the parts are handed what is normed, and nothing beside it
    read = []
    gpt.mlp.block(
        torch.ones(3),
        lambda x: "normed",
        lambda x: read.append(x) or torch.zeros(3),
        lambda x: "normed",
        lambda x: read.append(x) or torch.zeros(3),
    )
    assert read == ["normed", "normed"]


# --- before or after --------------------------------------------------------------
def test_what_learns_at_which_rate(names):
    claim(
        "mlp",
        "At a learning rate of …, pre-norm has come to … after … steps, "
        "while post-norm stands at … and the stack without a stream at …, "
        "so these two have learned no more than that. At …, however, "
        "post-norm learns too, only more slowly (… against …). The stack "
        "without a stream has learned at neither (…). So post-norm can be "
        "trained, with smaller steps or",
    )
    deep = names["deep"]
    high, low = deep.ends.values()
    assert high["pre-norm"] < deep.blind - 2
    for block in ("post-norm", "no stream"):
        assert abs(high[block] - deep.blind) < 0.2
    assert low["pre-norm"] < low["post-norm"] - 0.5
    assert low["post-norm"] < deep.blind - 0.2
    assert abs(low["no stream"] - deep.blind) < 0.2


def test_so_it_is_with_other_weights_and_stories(names):
    """Post-norm at both rates again, with another seed of both."""
    claim("mlp", "At …, however, post-norm learns too, only more slowly")
    tokenizer, blind = names["tokenizer"], names["deep"].blind
    post, pre = names["post"], names["pre"]
    end = {
        rate: sum(measured.learn(tokenizer, post, rate, seed=1)[-10:]) / 10
        for rate in measured.RATES
    }
    assert abs(end[1e-2] - blind) < 0.2
    assert end[1e-3] < blind - 0.2
    found = sum(measured.learn(tokenizer, pre, 1e-2, 100, seed=1)[-10:]) / 10
    assert found < blind - 1


def test_the_end_needs_its_norm(names):
    claim(
        "mlp",
        "The price is that with pre-norm the stream itself is never normed, so one more "
        "norm stands at its end.",
    )
    model, last = names["model"], names["model"].weights["ln_f.weight"]
    norm = model.stages["layer_norm"]
    bare = model.replace(
        layer_norm=lambda x, weight, bias: (
            x if weight is last else norm(x, weight, bias)
        )
    )
    assert names["loss"](bare) > names["loss"](model) + 0.05
    assert float(model.trace(names["story"].ids)["2.stream"].std(-1).mean()) > 2


def test_the_pull_falls_with_depth_only_with_pre_norm(facts, names):
    claim(
        "mlp",
        "When our own stacks grow from … layers to …, the pull on the last one gets "
        "weaker by a factor of … with pre-norm, and does not get weaker with post-norm.",
    )
    pulls = names["deep"].pulls
    assert pulls["pre-norm"] == sorted(pulls["pre-norm"], reverse=True)
    assert pulls["pre-norm"][0] > 2.5 * pulls["pre-norm"][-1]
    for block in ("post-norm", "no stream"):
        assert pulls[block][-1] > pulls[block][0]


def test_adam_s_step_does_not_grow_with_the_gradient():
    claim(
        "mlp",
        "But this explains little here. We trained with AdamW, which divides the pull at "
        "each weight by how strong it has been there lately. So its steps do not grow "
        "with the pull.",
    )
    steps = []
    for times in (1.0, 1000.0):
        x = torch.linspace(1, 2, 5).requires_grad_()
        optimizer = torch.optim.AdamW([x], lr=1e-2, betas=(0.9, 0.95))
        for _ in range(20):
            optimizer.zero_grad()
            (times * x.sin().sum()).backward()
            optimizer.step()
        steps.append(x.detach())
    torch.testing.assert_close(*steps)


# --- where vectors do not talk ----------------------------------------------------
def test_what_a_vector_knows_of_the_others_attention_has_brought(names):
    claim(
        "mlp",
        "So whatever a vector knows about the rest of the text was brought "
        "by attention.",
    )
    claim("mlp", "Embedding, norms, MLP and unembedding treat each vector by itself.")
    model, ids = names["model"], names["story"].ids
    deaf = parts(model, attend=lambda n, y: 0 * y)
    other = ids.clone()
    other[0, 4:8] = ids[0, 8:12]
    assert not torch.allclose(model(ids)[0, -1], model(other)[0, -1], atol=1e-2)
    torch.testing.assert_close(deaf(ids)[0, -1], deaf(other)[0, -1])


# --- the pencil and the bend ------------------------------------------------------
def test_the_pencil_bets_on_wore_only_at_a_model_and_of_fashion(page, names):
    claim(
        "mlp",
        "*Wore* is bet on if the kind was fashion **and** this is the model, but not if "
        "only one of them holds.",
    )
    x, h = torch.tensor([[1.0, 1], [-1, 1], [1, 0], [-1, 0]]), names["W_in"]
    found = torch.relu(x @ h + names["b_in"]) @ names["W_out"]
    assert found.tolist() == [[2, 0], [0, 2], [-1, -1], [-1, -1]]
    # the cell shows it, and the filled table is of the same vectors
    shown = [value for value in page.shown if isinstance(value, torch.Tensor)]
    assert any(torch.equal(value, found) for value in shown)
    assert torch.equal(names["pencil"].corners, x)
    assert torch.equal(names["pencil"].out, found)


def test_without_the_bend_it_cannot_say_and(facts, names):
    claim(
        "mlp",
        "A machine without a bend adds the same whatever else is true, so it cannot say "
        "*and*.",
    )
    claim(
        "mlp",
        "With the bend, the kind counts only if the word is *model*. *Fashion* in place "
        "of *machine learning* then adds … to *wore*, and at another word it adds ….",
    )
    claim("mlp", "Then *wore* still gets most where it should, at a model of fashion.")
    assert (facts["bent_model"], facts["bent_other"]) == ("2", "0")
    assert facts["straight_model"] == facts["straight_other"] == "4"
    pencil = names["pencil"]
    for out in (pencil.out, pencil.straight):
        assert (out[0, 0] > out[1:, 0]).all() and out[0, 0] > out[0, 1]


def test_no_choice_of_numbers_would_help():
    claim(
        "mlp",
        "No choice of numbers would help, because two matrices in a row are one matrix, "
        "and two shifts are one shift:",
    )
    claim(
        "mlp",
        "If $x_1$ grows by 1, then $xW + b$ changes by the first row of $W$, whatever "
        "$x_2$ is. With a bend between them, the two matrices are no longer one.",
    )
    dice = torch.Generator().manual_seed(0)
    for _ in range(20):
        w_in, b_in, w_out = (
            torch.randn(*shape, generator=dice, dtype=torch.float64)
            for shape in ((2, 9), (9,), (9, 2))
        )
        # what x2 adds, with x1 = 1 and with x1 = -1
        x = torch.tensor([[1.0, 1], [1, 0], [-1, 1], [-1, 0]], dtype=torch.float64)
        y = (x @ w_in + b_in) @ w_out
        torch.testing.assert_close(y, x @ (w_in @ w_out) + b_in @ w_out)
        torch.testing.assert_close(y[0] - y[1], y[2] - y[3])
        torch.testing.assert_close((y[0] - y[2]) / 2, (w_in @ w_out)[0])
        torch.testing.assert_close((y[1] - y[3]) / 2, (w_in @ w_out)[0])
        bent = torch.relu(x @ w_in + b_in) @ w_out
        assert not torch.allclose(bent[0] - bent[1], bent[2] - bent[3])


def test_relu_is_deaf_below_zero():
    claim(
        "mlp",
        "There its slope is 0, so a token at which the answer is 0 teaches "
        "this unit nothing.",
    )
    slopes = []
    for bend in (torch.relu, gpt.mlp.gelu):
        # a unit whose answer is below zero, at its question and its note
        unit = [torch.tensor(v, requires_grad=True) for v in (0.5, -2.0, 0.7)]
        w_in, b_in, w_out = unit
        (bend(w_in * 1.0 + b_in) * w_out).backward()
        moved = [bool(v.grad) for v in unit]
        assert moved == [bend is not torch.relu] * 3
        x = torch.tensor([-2.0, -1.0, -0.1]).requires_grad_()
        bend(x).sum().backward()
        slopes.append(x.grad)
    assert (slopes[0] == 0).all() and (slopes[1] != 0).all()


def test_gelu_lets_through_the_share_below(facts):
    claim("mlp", "For $x$ = −2, 0 and 2, the share is …, and what comes out is ….")
    x = torch.tensor([-2.0, 0, 2])
    assert facts["shares_of_gelu"] == "0.02, 0.50, 0.98"
    assert facts["gelu_of_these"] == "−0.05, 0.00, 1.95"
    torch.testing.assert_close(
        torch.nn.functional.gelu(x), torch.tensor([-0.05, 0, 1.95]), atol=0.005, rtol=0
    )


def test_the_tanh_is_as_near_as_the_page_says(facts):
    claim(
        "mlp",
        "GPT-2 computes it with tanh, a function that rises from −1 to 1 "
        "in the shape of an S, in an approximation from the same paper "
        "that is never wrong by more than …:",
    )
    x = torch.linspace(-8, 8, 50_001, dtype=torch.float64)
    error = float((gpt.mlp.gelu(x) - torch.nn.functional.gelu(x)).abs().max())
    assert error < float(facts["tanh_error"]) < 0.001


# --- dropout ----------------------------------------------------------------------
def test_dropout_keeps_the_mean(names):
    claim(
        "mlp",
        "The others are divided by $1 - p$, so that the mean stays what it was.",
    )
    claim(
        "mlp",
        "Dividing by it keeps their sum, on average, at what it will be in use, when "
        "nothing is dropped.",
    )
    dice = torch.Generator().manual_seed(0)
    for p in (0.1, 0.5):
        u = torch.rand(100_000, generator=dice)
        kept = names["dropout"](torch.ones(100_000), u, p)
        assert abs(float(kept.mean()) - 1) < 0.01


def test_nothing_is_gained_by_learning_by_heart(facts, names):
    claim(
        "mlp",
        "Ours takes none, because each of its … training stories was drawn afresh, so "
        "that nothing can be gained by learning one by heart.",
    )
    # the stories of training are no easier than those that it did not see
    model, tokenizer = names["model"], names["tokenizer"]
    with torch.no_grad():
        seen, unseen = (
            float(model.loss(*next(batches(tokenizer, world.stories(seed), 500))))
            for seed in (3, 1_000_000)
        )
    assert abs(seen - unseen) < 0.01
    assert facts["n_trained"] == "80,000"


# --- the stack --------------------------------------------------------------------
def test_the_whole_model_is_below_the_floor_by_luck(facts, names):
    claim(
        "mlp",
        "(That our model's … lies below the floor is luck. These hundred stories "
        "surprise a little less than the average, and the author itself pays … for "
        "them.)",
    )
    author, whole = float(facts["author_here"]), float(facts["loss_whole"])
    assert author < whole < float(facts["floor"])
    # the stories are those of the loss: as many tokens, and the same words
    told = held_out(100)
    assert names["loss"](names["model"]) == pytest.approx(whole, abs=5e-5)
    ids, targets = next(batches(names["tokenizer"], iter(told), 100))
    assert torch.equal(ids, names["ids"]) and torch.equal(targets, names["targets"])


def test_the_mlps_did_not_learn_to_work_alone(facts, names):
    claim(
        "mlp",
        "A bigram model, which has only counted which token follows which, "
        "is better with …, so the MLPs alone get less out of a token than "
        "is possible.",
    )
    worth = names["worth"].losses
    assert worth["nothing is missing"] == min(worth.values())
    bigram = float(facts["bigram"])
    assert worth["nothing is missing"] < bigram < worth["without attention"] - 0.2


def test_without_the_mlps_the_vectors_say_what_they_are(facts, names):
    claim(
        "mlp",
        "Without the MLPs the model is worse than blind, because … of the story's "
        "vectors go on saying what they are, and bet on their own word.",
    )
    model = names["model"]
    assert names["worth"].losses["without the MLPs"] > log(model.config.n_vocab)
    assert float(facts["own_share"].strip("%")) > 60
    # on new stories, too; and there the loss is above blind only because of them
    alone = parts(model, mlp=lambda n, y: 0 * y)
    with torch.no_grad():
        logits = alone(names["ids"])
    asked = names["targets"] >= 0
    own = (logits.argmax(-1) == names["ids"])[asked]
    loss = torch.nn.functional.cross_entropy(
        logits[asked], names["targets"][asked], reduction="none"
    )
    assert own.float().mean() > 0.6
    assert loss[own].mean() > log(model.config.n_vocab)


# --- the lens ---------------------------------------------------------------------
def test_the_name_is_brought_by_attention_of_layer_1(facts, names):
    claim("mlp", "Then attention in layer 1 brings the name.")
    claim("mlp", "Attention in layer 1 brings the name from the first sentence, and")
    model, tokenizer, story = (names[k] for k in ("model", "tokenizer", "story"))
    nothing = torch.zeros(model.config.d_model)
    found = {}
    for place in (story.day, story.last):
        for n in range(3):
            changed = parts(model, attend=at(n, place, nothing))
            words = "Ada", "she", "he"
            found[place, n] = bets(changed, story.ids, words, tokenizer, place)
    # without it *he* is back, and *Ada* one name of many; the others are not needed
    assert found[story.day, 1][0] < 0.1 and found[story.day, 1][2] > 0.3
    assert found[story.last, 1][0] < 0.2
    for n in (0, 2):
        assert found[story.day, n][0] > 0.3 and found[story.day, n][2] < 0.01
        assert found[story.last, n][0] > 0.99
    # and of another name it brings that
    told = "".join(story.pieces[1 : story.last + 1]).replace("Ada", "Kofi")
    other = ids_of(tokenizer, told.replace("she", "he"))
    note = model.trace(other, "1.attend")["1.attend"][0, -1]
    changed = parts(model, attend=at(1, story.last, note))
    assert bets(changed, story.ids, ["Kofi"], tokenizer, story.last)[0] > 0.5


def test_the_lens_and_what_it_does_not_see(facts, names):
    claim(
        "mlp",
        "Only clay seems to be late, as *dried* has just … there. But the lens reads "
        "with the eyes of the last layer, and what an early layer writes need not be "
        "meant for it.",
    )
    looks = names["concluding"].looks
    assert float(facts["before_most"]) < 0.005
    assert looks["fashion"].bets["0.stream"]["wore"] > 0.7
    assert looks["machine learning"].bets["0.stream"]["guessed"] > 0.6
    assert looks["clay"].bets["0.stream"]["dried"] < 0.1
    assert float(facts["clay_most"]) > 0.5 and facts["clay_first"] not in ACTS
    # what is written there is meant for others: it decides, and the lens cannot read it
    for kind in ("fashion", "machine learning", "no kind"):
        assert names["exchanged"].bets[kind, "clay"]["dried"] > 0.98


def test_the_bet_follows_the_note_of_the_first_mlp(names, others):
    claim(
        "mlp",
        "The bet follows the note. In each of the … ways to carry a note of one of the "
        "three kinds into another story, the word that belongs to the note gets at "
        "least …, although what attention brought is still there, and says otherwise.",
    )
    for four in (names["four"], others):
        found = exchanged(names, four)
        (*kinds, none) = four.ids
        for note, act in zip(kinds, ACTS):
            for kind in four.ids:
                assert found.bets[kind, note][act] > 0.98
        for kind in kinds:  # and the note of no kind says that it may be any
            assert all(0.2 < p < 0.5 for p in found.bets[kind, none].values())
    assert names["exchanged"].bets == exchanged(names, names["four"]).bets


def test_what_decides_the_bet_travels_in_this_note(facts, names, others):
    claim(
        "mlp",
        "With a note of zeros, the three words together have no more than … in any of "
        "the four stories. So what decides the bet travels in this note.",
    )
    assert float(facts["left_most"]) < 0.005
    for four in (names["four"], others):
        found = exchanged(names, four)
        for kind in four.ids:
            assert sum(found.silenced[kind].values()) < 0.02


def exchanged(names, four):
    model, tokenizer = names["model"], names["tokenizer"]
    return measured.exchanged(model, tokenizer, four, names["with_note"])


def test_two_conclusions_are_drawn_at_once_and_one_later(facts, names, others):
    claim(
        "mlp",
        "Let the later MLPs be silent at this token, so that they add "
        "nothing. Then *wore* keeps … and *guessed* …, but *dried* only …. "
        "In two of the stories the first MLP has turned the kind into the "
        "act, then. In the clay story later MLPs finish this, as the lens "
        "has shown.",
    )
    for four in (names["four"], others):
        later = exchanged(names, four).later
        assert (
            later["fashion"]["wore"] > 0.7
            and later["machine learning"]["guessed"] > 0.7
        )
        assert later["clay"]["dried"] < 0.4
    # the lens: after the first MLP, and after the second
    looks = names["concluding"].looks
    assert float(facts["dried_after"]) < 0.1 and float(facts["wore_after"]) > 0.7
    assert set(looks) == set(names["four"].ids)


def test_the_answer_is_a_sum(facts, names, others):
    claim(
        "mlp",
        "Does the trained model say *and*, as the pencil's machine does? "
        "Its first MLP reads a sum, the embedding of *model* plus what "
        "attention brought. We take the two apart. (The norm divides by "
        "the root of the variance of what it reads. Here we always divide "
        "by the root that belongs to the sum, as in the whole model. "
        "Otherwise a short vector would be made as long as a long one.) "
        "First only the embedding goes through the norm and the MLP. We "
        "put the note that comes out into the fashion story in place of "
        "the MLP's own note, and change nothing else. The bets on *wore*, "
        "*dried* and *guessed* are then …. Next, only the vector that "
        "attention brought in the fashion story goes through the norm and "
        "the MLP. With that note none of the three words has more than …, "
        "but *wore* has … of the little that the three have. The two "
        "notes, simply added, give *wore* …, where the MLP's own note "
        "gives it …. (In the other two stories, too, the sum gives the "
        "right word at least …, and with the later MLPs silent *wore* "
        "keeps ….) So the first MLP needs no *and* for this step. The note "
        "made from the kind says which act, the other note says that a "
        "model does something, and added they say both. (Notes are added "
        "before the softmax, so the bets themselves do not add up.) Even "
        "if the bend is left out, in this MLP and at this token, *wore*, "
        "*dried* and *guessed* get …, each in its own story.",
    )
    model, tokenizer, with_note = (
        names[k] for k in ("model", "tokenizer", "with_note")
    )
    again = measured.halves(model, tokenizer, names["four"], with_note)
    assert again.items() <= facts.items()
    for four in (names["four"], others):
        for kind in KINDS:
            found = measured.halves(model, tokenizer, four, with_note, kind)
            # (*machine learning* puts it two places later, and the place speaks, too)
            evenly = all(0.2 < float(p) < 0.5 for p in found["given_model"].split(", "))
            assert evenly or kind == "machine learning"
            assert float(found["given_kind"]) < 0.1
            assert float(found["given_which"].split("\N{NO-BREAK SPACE}")[0]) > 98
            assert float(found["given_sum"]) > 0.96
            assert float(found["given_sums"]) > 0.9
            assert float(found["given_both"]) > 0.98
        straight = measured.halves(model, tokenizer, four, with_note)["given_straight"]
        assert all(float(p) > 0.75 for p in straight.split(", "))


def test_no_bend_is_needed_here(facts):
    """The test above measures it on other stories, too."""
    claim(
        "mlp",
        "Even if the bend is left out, in this MLP and at this token, "
        "*wore*, *dried* and *guessed* get …, each in its own story.",
    )
    assert all(float(p) > 0.75 for p in facts["given_straight"].split(", "))


def test_a_norm_of_its_own_would_stretch_the_smaller_half(names):
    claim(
        "mlp",
        "",
    )
    model, w = names["model"], names["w"]
    seen = model.trace(names["four"].ids["fashion"], "embed", "0.attend", "0.norm_2")
    word, brought, normed = (x[0, -1] for x in seen.values())
    both = word + brought
    given = [w[f"h.0.ln_2.{part}"] for part in ("weight", "bias")]
    root = (both.var(correction=0) + 1e-5).sqrt()
    halves = [(x - x.mean()) / root * given[0] + given[1] for x in (word, brought)]
    torch.testing.assert_close(sum(halves) - given[1], normed, atol=1e-4, rtol=1e-4)
    assert float(word.std(correction=0)) < 0.8 * float(root)
    own = gpt.mlp.layer_norm(word, *given) - given[1]
    assert float(own.norm()) > 1.3 * float((halves[0] - given[1]).norm())
    # and the answer would look as if it needed the bend
    ids, acts = (
        names["four"].ids["fashion"],
        ids_of_words(names["tokenizer"], ACTS),
    )
    note = sum(
        gpt.mlp.mlp(gpt.mlp.layer_norm(x, *given), *names["mlp_0"])
        for x in (word, brought)
    )
    assert float(names["with_note"](ids, {0: note})[acts].max()) < 0.97


def test_fashion_adds_the_same_at_another_word(names):
    """What the note changes from clay to fashion does not need the word *model*."""
    claim(
        "mlp",
        "The note made from the kind says which act, the other note says that a model "
        "does something, and added they say both.",
    )
    model, tokenizer, w = (names[k] for k in ("model", "tokenizer", "w"))
    given = [w[f"h.0.ln_2.{part}"] for part in ("weight", "bias")]
    fashion, clay = (
        model.trace(names["four"].ids[kind], "embed", "0.attend")
        for kind in ("fashion", "clay")
    )
    word = fashion["embed"][0, -1]
    own = w["wte.weight"][ids_of_words(tokenizer, ["model"])[0]]

    def turned(word):
        notes = [
            gpt.mlp.mlp(
                gpt.mlp.layer_norm(word + flow["0.attend"][0, -1], *given),
                *names["mlp_0"],
            )
            for flow in (fashion, clay)
        ]
        return notes[0] - notes[1]

    want = turned(word)
    for other in ids_of_words(tokenizer, ["moon", "fox", "she", "wall", "hat"]):
        found = turned(word - own + w["wte.weight"][other])
        assert float(torch.cosine_similarity(found, want, dim=0)) > 0.9
        assert abs(float(found.norm() / want.norm()) - 1) < 0.2


# --- units ------------------------------------------------------------------------
def test_two_units_together_tell_a_hero(names):
    claim("mlp", "Where both light up at *last*, it is always *Ada* or *Kofi*.")
    units, places = names["units"].read, names["heard"].places
    both = {*units[1, 346].lit} & {*units[1, 157].lit}
    heroes = Counter(places[i].hero for i in both if places[i].this == " last")
    assert set(heroes) == {"Ada", "Kofi"}
    told = sum(place.this == " last" and place.hero in heroes for place in places)
    assert heroes.total() == told > 50


def test_some_names_have_no_unit_of_their_own(facts, names):
    claim(
        "mlp",
        "For each of … names no unit lights up for that name alone, so it takes several "
        "units to say that the hero has it.",
    )
    one = {lit[0] for lit in names["units"].names.values() if len(lit) == 1}
    assert len(one) + int(facts["names_without"]) == 8
    assert int(facts["names_without"]) >= 2
    assert int(facts["name_more"]) > 3 * int(facts["name_one"])
    # yet units together do tell them: no two heroes have the same units
    codes = {
        name: frozenset(u for u, lit in names["units"].names.items() if name in lit)
        for name in world.SHE + world.HE
    }
    assert len(set(codes.values())) == 8 and all(codes.values())


def test_units_of_layer_0_know_what_attention_has_brought(facts, names):
    claim(
        "mlp",
        "And the units of layer 0 do not ask only for the word on which they stand, "
        "since attention has come before them. At the same *model*, … of them light up "
        "in the stories of one kind and not in the others.",
    )
    assert int(facts["one_kind"]) >= 10
    model, tokenizer = names["model"], names["tokenizer"]
    deaf = parts(model, attend=lambda n, y: 0 * y if n == 0 else y)
    heard = measured.listen(deaf, tokenizer, 300)
    assert measured.tell_one_kind(heard) == 0


def test_unit_47_is_missed_only_with_its_twins(facts, names):
    claim(
        "mlp",
        "Without unit 47 alone, the loss hardly changes. The unit has … twins, and "
        "the more of the … are struck out, the more the loss goes up.",
    )
    loss, without, model = (names[k] for k in ("loss", "without", "model"))
    twins = names["units"].twins
    assert 47 in twins and len(twins) == int(facts["n_twins"]) > 5
    whole = loss(model)
    assert abs(loss(without(2, [47])) - whole) < 0.0005
    dice = torch.Generator().manual_seed(1)
    rises = []
    for many in (1, 7, 10, len(twins)):  # the mean over several choices
        drawn = [torch.randperm(len(twins), generator=dice)[:many] for _ in range(5)]
        struck = [[twins[i] for i in chosen] for chosen in drawn]
        rises.append(sum(loss(without(2, units)) for units in struck) / 5 - whole)
    assert rises == sorted(rises) and rises[0] < 0.0005 and rises[-1] > 0.002
    # twelve other units in place of the twins do not do that
    rest = [u for u in range(384) if u not in twins]
    drawn = [rest[i] for i in torch.randperm(len(rest), generator=dice)[: len(twins)]]
    assert loss(without(2, drawn)) - whole < 0.001
    # so the loss is not unmoved for want of a note
    assert float(model.weights["h.2.mlp.c_proj.weight"][47].norm()) > 0.1


def test_what_the_twins_are_worth(facts, names):
    claim(
        "mlp",
        "Even all … together cost only … nats per token. That makes the "
        "probability of the token that comes smaller by … on average. "
        "(Compared with what is left to learn, though, it is much. The "
        "whole model pays only … nats more than the author pays for the "
        "same stories.)",
    )
    cost, over = float(facts["twins_cost"]), float(facts["whole_over"])
    assert 0 < over < cost / 2 < 0.005
    share = float(facts["twins_percent"].split("\N{NO-BREAK SPACE}")[0])
    assert share == pytest.approx(100 * cost, abs=0.1)
    author = float(facts["author_here"])
    assert over == pytest.approx(names["loss"](names["model"]) - author, abs=1e-4)


def test_the_question_of_fashion_is_spread_over_dozens(facts, names):
    claim(
        "mlp",
        "Without the first of them, unit …, nothing is lost. Without …, *wore* falls to "
        "…, and without … to …, near the third that a story without a kind would give "
        "it.",
    )
    claim(
        "mlp",
        "So what *fashion* means for a model is not in any single unit. It "
        "is spread over dozens, and the model can lose any one of these, "
        "but not all.",
    )
    tokenizer, four, without, struck = (
        names[k] for k in ("tokenizer", "four", "without", "struck")
    )
    for unit in struck.order[:48]:
        bet = measured.acts_bet(without(0, [unit]), tokenizer, four)
        assert min(bet.values()) > 0.98
    assert abs(struck.rows[48]["fashion"] - 1 / 3) < 0.08  # "near the third"
    assert 0.5 < struck.rows[16]["fashion"] < 0.9


def test_the_other_stories_do_not_suffer(names):
    """On new stories, by which the units were not chosen."""
    claim("mlp", "The other stories do not suffer.")
    claim(
        "mlp",
        "Without the … units that write most at this token among the rest, "
        "*wore* falls as well, though less, to …. If we strike out as many "
        "units drawn at random from the rest, hardly anything is lost "
        "(*wore* keeps …, on average over … such draws).",
    )
    shown = names["struck"]
    drawn = [bets["fashion"] for bets in shown.drawn]
    assert len(drawn) == 20 and sum(drawn) / 20 > 0.99 and min(drawn) > 0.95
    assert shown.rows[48]["fashion"] + 0.1 < shown.others["fashion"] < 0.8
    tokenizer, without, struck = (names[k] for k in ("tokenizer", "without", "struck"))
    changed = without(0, struck.order[:48])
    found = {kind: [] for kind in KINDS}
    for told in held_out(300):
        for kind, act in zip(KINDS, ACTS):
            if f"a {kind} model" in told:
                until = told[: told.index(", the model")] + ", the model"
                ids = ids_of(tokenizer, until)
                found[kind] += bets(changed, ids, [act], tokenizer)
    assert all(len(seen) >= 10 for seen in found.values())
    assert sum(found["fashion"]) / len(found["fashion"]) < 0.5
    assert min(found["clay"] + found["machine learning"]) > 0.98


# --- where a fact lives -----------------------------------------------------------
def test_the_first_mlp_knows_how_animals_move(names):
    claim(
        "mlp",
        "Here the step from animal to verb shows first, as if the MLP asked *is this a "
        "bird?* and noted *flew*.",
    )
    first, then = map(torch.tensor, (names["moves"].before, names["moves"].after))
    assert first.max() < 0.005
    right = torch.arange(12) // 4
    assert (then.argmax(1) == right).all()
    assert float(then[torch.arange(12), right].min()) > 0.7


def test_animals_that_move_alike_stand_together(names):
    claim("mlp", "because animals that move alike already stand together there.")
    animals = ids_of_words(names["tokenizer"], world.RUN + world.FLY + world.SWIM)
    rows = normalize(names["w"]["wte.weight"][animals], dim=-1)
    cosines = rows @ rows.T
    kind = torch.arange(12) // 4
    alike = (kind[:, None] == kind) & ~torch.eye(12, dtype=torch.bool)
    assert cosines[alike].min() > cosines[kind[:, None] != kind].max()


# --- counting ---------------------------------------------------------------------
def test_the_largest_part_is_questions_and_notes(names):
    claim(
        "mlp",
        "A GPT has more of its parameters in questions and notes than anywhere else.",
    )
    claim("mlp", "In all of them the MLPs have twice as many parameters as attention.")
    for found in names["shares"].shares.values():
        assert found["MLP"] == max(found.values())
        assert abs(found["MLP"] / found["attention"] - 2) < 0.02


def test_gpts_are_matrix_products(names):
    claim("mlp", "GPUs are built for matrix products, so they suit GPTs well.")
    costs = names["of_a_token"].costs
    assert all(cost.share > 0.97 for cost in costs.values())


def test_attention_costs_most_with_the_whole_context_in_view(names):
    claim("mlp", "(The whole context is in view here, where attention costs most.")
    for config in names["SIZES"].values():
        seen = [
            names["work"](config, t)[0] for t in (1, config.n_ctx // 2, config.n_ctx)
        ]
        assert seen == sorted(seen) and seen[0] < seen[-1]


# --- predictions ------------------------------------------------------------------
def test_attention_is_not_blind_to_order(facts, names):
    claim(
        "mlp",
        "The two outputs are swapped, and all others stay (…). Attention behaves "
        "otherwise, as the order decides which vector may look at which.",
    )
    assert facts["swap_same"] == "exactly so"
    model, story = names["model"], names["story"]
    w = [
        model.weights[f"h.0.attn.{name}.{kind}"]
        for name in ("c_attn", "c_proj")
        for kind in ("weight", "bias")
    ]
    x = model.trace(story.ids, "0.norm_1")["0.norm_1"]
    order = [*range(x.shape[1])]
    i, j = story.pieces.index(" fox"), story.pieces.index(" Ada")
    order[i], order[j] = j, i
    swapped = attend(x[:, order], *w, model.config.n_head)
    straight = attend(x, *w, model.config.n_head)[:, order]
    assert not torch.allclose(swapped, straight, atol=0.01)


def test_ten_times_the_stream(facts, names):
    claim(
        "mlp",
        "At the end nothing changes, since the norm forgets length. At the beginning the "
        "loss goes from … to …. The first layer reads the same as before, but what it "
        "adds is now small beside what is there, and the embedding drowns out all that "
        "the parts say.",
    )
    assert facts["loss_last_loud"] == facts["loss_gelu"]
    assert float(facts["loss_loud"]) > 3
    model, ids = names["model"], names["story"].ids
    loud = measured.loud_embedding(model)
    before, after = model.trace(ids), loud.trace(ids)
    torch.testing.assert_close(
        after["0.norm_1"], before["0.norm_1"], atol=0.02, rtol=0.02
    )
    share = [
        float((flow["2.stream"] - flow["embed"]).norm() / flow["embed"].norm())
        for flow in (before, after)
    ]
    assert share[1] < share[0] / 5


def test_layers_1_and_2_swapped(facts, names):
    claim(
        "mlp",
        "That is bad, but far from blind (…), as both layers read and write the same "
        "stream. But layer 2 asks for what layer 1 has not yet written.",
    )
    assert 0.5 < float(facts["loss_swapped"]) < 2
    # layer 2, told where it stands by layer 1, is not the trouble: without layer 1
    # before it, it does worse than with it
    model = names["model"]
    alone = parts(
        model,
        attend=lambda n, y: 0 * y if n == 1 else y,
        mlp=lambda n, y: 0 * y if n == 1 else y,
    )
    assert names["loss"](alone) > names["loss"](model) + 0.3


# --- check yourself ---------------------------------------------------------------
def test_the_bend_silences_most_answers(facts, names):
    claim("mlp", "the bend silences most of the answers (… to … of them are below zero")
    model = names["model"]
    below = []
    for n in range(3):
        x = torch.cat(
            [
                model.trace(ids_of(names["tokenizer"], told), f"{n}.norm_2")[
                    f"{n}.norm_2"
                ][0]
                for told in held_out(50)
            ]
        )
        w_in, b_in = (
            names["w"][f"h.{n}.mlp.c_fc.{kind}"] for kind in ("weight", "bias")
        )
        below.append(float((x @ w_in + b_in < 0).float().mean()))
    least, most = (float(facts[f"below_{k}"].strip("%\xa0")) for k in ("least", "most"))
    assert abs(100 * min(below) - least) < 2 and abs(100 * max(below) - most) < 2
    assert least > 70


def test_a_block_whose_last_matrices_are_zero_adds_nothing(names):
    claim("mlp", "Nothing. It adds 0, and the stream runs through.")
    model = names["model"]
    silent = {
        name: torch.zeros_like(value) if "c_proj" in name else value
        for name, value in model.weights.items()
    }
    flow = GPT(model.config, silent).trace(names["story"].ids)
    torch.testing.assert_close(flow["2.stream"], flow["embed"])


def test_the_lens_reads_the_embedding_as_its_token(names):
    claim(
        "mlp",
        "Because every part adds to the same vector, and the table that reads it at the "
        "end is the one that wrote its beginning. The embedding itself nearly always "
        "reads as the token that it stands for.",
    )
    model = names["model"]
    right = []
    for told in held_out(100):
        ids = ids_of(names["tokenizer"], told)
        read = names["lens"](model.trace(ids, "embed")["embed"])[0].argmax(-1)
        right += (read == ids[0]).tolist()
    assert sum(right) / len(right) > 0.9
