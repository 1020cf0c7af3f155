"""The chapter Attend: what its prose says is what its cells find.

The page's cells are run once; `facts` holds every number that the prose glues, and
`names` what the reader has after the last cell, and what the pictures were drawn from.
"""

import html
import inspect
import re
from math import log, sqrt

import pytest
import torch

import book.facts.attend as measured
import gpt.attend
from bench.chapter import BOOK, CELL
from gpt import world
from gpt.attend import attend, attention, fast_attention

CHAPTER = "attend"

PAGE = (BOOK / "attend.md").read_text("utf-8")


def test_every_number_that_the_prose_glues_is_found(facts):
    in_text = set(re.findall(r"\{glue:text\}`(\w+)`", PAGE))
    in_text |= set(re.findall(r"```\{glue\} (\w+)", PAGE))
    assert len(in_text) > 40 and in_text == set(facts)


# --- each step gives the numbers of the one before ---------------------------------
def test_the_loop_the_matrix_and_the_softmax_are_one_average(names):
    average_past, mask = names["average_past"], gpt.attend.causal_mask
    for n in (1, 2, 7):
        x = torch.randn(n, 5)
        W = torch.ones(n, n).tril()
        W = W / W.sum(-1, keepdim=True)
        softmax = torch.zeros(n, n).masked_fill(~mask(n), -torch.inf).softmax(-1)
        torch.testing.assert_close(average_past(x), W @ x)
        torch.testing.assert_close(softmax, W)


def test_one_product_is_the_same_as_asking_one_by_one(names):
    by_hand = names["attention_by_hand"]
    for n in (1, 3, 40):
        q, k, v = torch.randn(3, n, 6)
        torch.testing.assert_close(by_hand(q, k, v), attention(q, k, v))
        torch.testing.assert_close(by_hand(q, k, v), fast_attention(q, k, v))


@pytest.mark.parametrize("n_head", [1, 2, 4])
def test_heads_one_after_the_other_are_the_whole_stage(names, n_head):
    x, w_qkv, w_out = (torch.randn(shape) for shape in ((9, 8), (8, 24), (8, 8)))
    b_qkv, b_out = torch.randn(24), torch.randn(8)
    weights = w_qkv, b_qkv, w_out, b_out, n_head
    found = names["attend_by_hand"](x, *weights)
    torch.testing.assert_close(found, attend(x, *weights), atol=1e-4, rtol=1e-4)


def test_every_comparison_that_a_cell_shows_is_true(page):
    shown = [value for value in page.shown if isinstance(value, bool)]
    asked = PAGE.count("\ntorch.allclose(") + PAGE.count("\ntorch.equal(")
    assert len(shown) == asked == 5
    assert all(shown)


# --- the code that is shown --------------------------------------------------------
INCLUDED = re.findall(
    r"literalinclude\} \.\./gpt/attend\.py\n:pyobject: (\w+)\n:start-at: (.+)\n"
    r":prepend: (def .*:)\n",
    PAGE,
)


@pytest.mark.parametrize(("name", "start", "signature"), INCLUDED)
def test_the_lines_that_are_shown_compute_the_same(name, start, signature):
    real = getattr(gpt.attend, name)
    lines = inspect.getsource(real).split("\n")
    first = [i for i, line in enumerate(lines) if start in line]
    assert first and '"""' not in "\n".join(lines[first[0] :])
    written = re.match(r"def (\w+)\((.*)\):", signature)
    assert written[1] == name
    given = [part.split("=")[0] for part in written[2].split(", ")]
    assert given == list(inspect.signature(real).parameters)[: len(given)]
    shown = "\n".join([signature, *lines[first[0] :]])
    assert max(map(len, shown.split("\n"))) <= 72, shown
    space = {}
    exec(compile(shown, "shown", "exec"), vars(gpt.attend).copy(), space)  # noqa: S102
    q, k, v, x = torch.randn(4, 5, 8)
    arguments = {
        "causal_mask": (5,),
        "attention_weights": (q, k),
        "attention": (q, k, v),
        "split_heads": (x, 4),
        "merge_heads": (torch.randn(4, 5, 2),),
        "attend": (x, *map(torch.randn, ((8, 24), (24,), (8, 8), (8,))), 2),
    }[name]
    torch.testing.assert_close(space[name](*arguments), real(*arguments))


def test_all_functions_of_the_stage_are_shown():
    assert [name for name, _, _ in INCLUDED] == [
        "causal_mask",
        "attention_weights",
        "attention",
        "split_heads",
        "merge_heads",
        "attend",
    ]
    assert PAGE.count("literalinclude") == len(INCLUDED)


def test_the_lines_of_shown_code_fit_the_column():
    for cell in CELL.finditer(PAGE):
        if "remove-" not in cell[2].partition("\n")[0]:
            long = [line for line in cell[2].split("\n") if len(line) > 72]
            assert not long, long


# --- the pencil --------------------------------------------------------------------
def test_the_pencil(names, facts):
    x = torch.tensor([[12.0, 0], [0, 0], [0, 12]])
    averages = names["average_past"](x)
    assert averages.tolist() == [[12, 0], [6, 0], [4, 4]]  # "(12, 0), (6, 0), (4, 4)"
    Q, K = names["Q"], names["K"]
    scores = Q @ K.T
    assert scores[2].tolist() == [2, 1, 1]  # "2, 1, 1 become 4, 2, 2"
    powers = (2**scores).tril()
    shares = powers / powers.sum(-1, keepdim=True)
    assert shares[2].tolist() == [0.5, 0.25, 0.25]
    torch.testing.assert_close(shares, names["asked"].shares)
    torch.testing.assert_close(scores, names["asked"].scores)
    torch.testing.assert_close(shares @ x, torch.tensor([[12.0, 0], [4, 0], [6, 3]]))
    for row in ("| fashion | (1, 0) | (2, 0) | (12, 0) |", "| the | (0, 1) | (0, 1) |"):
        assert row in PAGE
    assert Q.tolist() == [[1, 0], [0, 1], [1, 1]]
    assert K.tolist() == [[2, 0], [0, 1], [0, 1]]
    table = facts["pencil_row"]._repr_html_()
    for cell in ("1 · 2 + 1 · 0 = 2", "½", "¼", "(6, 0)", "(0, 3)", "(6, 3)"):
        assert cell in table
    # "√2 cancels the root; log 2 turns e into 2"
    pencil = names["pencil"] @ K.T / sqrt(Q.shape[-1])
    torch.testing.assert_close(pencil.exp(), 2**scores)
    # "One score more means twice the share"; scores in steps of log 2
    two = torch.tensor([log(2), 0.0]).softmax(-1)
    torch.testing.assert_close(two[0], 2 * two[1])


def test_the_player_says_what_the_pencil_finds(facts):
    player = facts["player"]._repr_html_()
    assert 'data-count="11"' in player
    captions = player[player.index('class="player-captions"') :]
    assert captions.count("<li>") == 11
    said = html.unescape(re.sub("</?code>", "`", captions))
    for phrase in (
        "Scores: fashion 0, the 1.",
        "the shares, ⅓, ⅔.",
        "the sum is (4, 0).",
        "Scores: fashion 2, the 1, model 1.",
        "the shares, ½, ¼, ¼.",
        "Then ¼ of the value of `model`, (0, 12) is added: the sum is (6, 3).",
    ):
        assert phrase in said


def test_the_predictions(names, facts):
    assert facts["doubled_shares"] == "⅔, ⅙, ⅙" and facts["doubled"] == "(8, 2)"
    assert facts["shifted"] == facts["swapped"] == "(6, 3)"
    assert facts["swapped_rows"] == "(0, 0) and (9.6, 0)"
    name, percent = facts["mixed"].split(", ")
    assert name == "Mei" and float(percent) > 99
    first = [float(share) for share in facts["mixed_first"].split(" and ")]
    assert min(first) > 0.6 and float(facts["mixed_second"]) < 0.1


# --- the trained model -----------------------------------------------------------------
def test_the_stories_are_read_up_to_the_word_that_decides(names, facts):
    stories, told = names["stories"], names["told"]
    assert [*stories] == ["fashion", "clay", "machine learning", ""]
    for kind, story in stories.items():
        assert story.ids is told[kind] and story.labels[-1] == "model"
    assert facts["back"] == "10"


def test_a_word_that_stands_at_two_distances_is_refused(names):
    """The prose gives one number for how far back the word that decides stands."""
    model, tokenizer = names["model"], names["tokenizer"]
    fashion = names["stories"]["fashion"]
    nearer = measured.read(model, tokenizer, "She met a machine learning model")
    with pytest.raises(ValueError, match="tokens back"):
        measured.back_to_the_kind({"fashion": fashion, "machine learning": nearer})


def test_the_story_is_the_one_of_the_course(names):
    model, tokenizer, end = names["model"], names["tokenizer"], names["end"]
    prompt = [end, *tokenizer.encode(world.PROMPT)]
    new = model.generate(prompt, 50, seed=0, stop=end, temperature=0.8)
    text = "".join(tokenizer.decode([id]) for id in new)
    assert names["STORY"] + world.END == world.PROMPT + text


def test_every_square_that_is_framed_is_dark(names):
    weights = names["trace"]["1.weights"][0]
    torch.testing.assert_close(names["story"].trace["1.weights"][0], weights)
    framed = measured.looked_at(names["story"])
    assert list(framed) == [(0, 1), (1, 1), (1, 3), (2, 3)]
    for head, squares in framed.items():
        assert all(names["story"].shares(head)[i, j] > 0.7 for i, j in squares)


def test_the_table_of_looks_names_every_square_that_is_framed(names):
    rows = re.findall(
        r"^\| ((?:\d\.\d(?: and )?)+) \| (.+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE
    )
    told = set()
    for heads, *cells in rows:
        # the word of each cell is the one in italics, or END, or the full stop
        words = [
            "END" if cell == "END" else "." if "stop" in cell else cell.split("*")[1]
            for cell in cells
        ]
        told |= {(head, *words) for head in heads.split(" and ")}
    labels = names["story"].labels
    assert told == {
        (f"{layer}.{h}", labels[i], labels[j], labels[i + 1])
        for (layer, h), squares in measured.looked_at(names["story"]).items()
        for i, j in squares
    }


def test_that_no_bet_moves_is_said_only_where_none_does():
    rest = measured.Rest(shares=[0.9], adds=[2.0], elsewhere=[0.4], moved=0.7)
    with pytest.raises(ValueError, match="without a head a bet moves by 0.7"):
        _ = rest.said


def test_the_numbers_of_the_architecture(names, facts):
    config = names["model"].config
    assert facts["d_head"] == "24" and facts["all_heads"] == "12"
    one_layer = [
        weight.numel()
        for name, weight in names["model"].weights.items()
        if name.startswith("h.0.attn.")
    ]
    assert facts["attend_parameters"] == f"{sum(one_layer):,}"
    assert config.n_ctx >= names["ids"].shape[1] == len(names["story"].labels)
