"""A text as the page sees it (book/live/story.js, bets.js, state.js): pieces, words, bets."""

import json
import re
from functools import cache
from itertools import accumulate
from math import log
from urllib.parse import parse_qsl

import pytest
import torch

from gpt import world
from tests.site.live.test_parity import END, ROUNDED, STORIES, TOKENIZER

PURPLE = "Once a purple 狐狸 🦊 named"
TEXTS = [
    "",
    STORIES[0],
    f"{STORIES[1]}{world.END}{STORIES[2][:40]}",
    f"{STORIES[3]} {STORIES[4]} {STORIES[5]}",  # more than the context holds
    f"{STORIES[0]}{world.END}",
    PURPLE,
    "Once a little fox nam",
    "Once  a\nlittle fox,, ",
    "word " * 70,
]


def units(text):
    """How many of JavaScript's characters: two for what UTF-16 writes in two."""
    return len(text.encode("utf-16-le")) // 2


def tokens_of(text):
    """The ids, and where each ends in the text: None inside of a character."""
    ids = TOKENIZER.encode(text, "all")
    sizes = [len(TOKENIZER.decode_bytes([id])) for id in ids]
    ends = {0: 0} | {
        len(text[:n].encode()): units(text[:n]) for n in range(1, len(text) + 1)
    }
    return ids, [ends.get(at) for at in accumulate(sizes)]


@cache
def shares(ids):
    with torch.no_grad():
        return ROUNDED(torch.tensor([ids]))[0, -1].double().softmax(-1)


def chance(before, text):
    """Of the text's tokens in turn, as far as the context reaches."""
    p = 1.0
    for n, id in enumerate(ids := TOKENIZER.encode(text, "all")):
        if len(before) + n > ROUNDED.config.n_ctx:
            break
        p *= float(shares((*before, *ids[:n]))[id])
    return p


def truth(told):
    """The author's odds after some words; None where he never came."""
    last = max((i for i, word in enumerate(told) if word == world.END), default=-1)
    try:
        for n in range(len(told)):
            if told[n] == world.END:
                before = max((i for i in range(n) if told[i] == world.END), default=-1)
                if world.END not in world.next_word(" ".join(told[before + 1 : n])):
                    return None
        return world.next_word(" ".join(told[last + 1 :]))
    except ValueError:
        return None


def as_written(told, i):
    """Word i as the author writes it: a space before it, or none."""
    first = i == 0 or told[i - 1] == world.END
    return told[i] if first or told[i] in (".", ",", world.END) else f" {told[i]}"


def bets(told, i, before, written):
    """What may stand as word i, after the tokens `before`; written: by the author."""
    odds = truth(told[:i]) if written else None
    if odds is None:
        p = shares(before)
        order = sorted(range(len(p)), key=lambda id: (-p[id], id))[:6]
        texts = [TOKENIZER.decode([id]) for id in order]
        return [
            (text, text.strip() or text, float(p[id]), None)
            for text, id in zip(texts, order)
        ]
    first = i == 0 or told[i - 1] == world.END
    texts = {
        word: word if first or word in (".", ",", world.END) else f" {word}"
        for word in odds
    }
    return [(texts[w], w, chance(before, texts[w]), odds[w]) for w in odds]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("first", ["", STORIES[7]])
def test_pieces_words_and_bets(node, text, first):
    got = node.ask("story", [first, text])
    own, ends = tokens_of(text)
    ids = [END, *own]
    assert got["ids"] == ids
    pieces, at, open_ = [], 0, []
    for n, (id, end) in enumerate(zip(own, ends), 1):
        open_.append(id)
        if end is not None:
            place = n - len(open_) + 1
            pieces.append({"from": at, "to": end, "ids": open_, "place": place})
            at, open_ = end, []
    assert got["pieces"] == pieces

    found = [*world._WORD.finditer(text)]
    told = [match[0] for match in found]
    starts = [units(text[: match.start()]) for match in found]
    stops = [units(text[: match.end()]) for match in found]
    counts = {0: 1} | {end: n + 1 for n, end in enumerate(ends, 1) if end is not None}
    ends_at = [0, *(match.end() for match in found)]
    spelt = [
        text[ends_at[i] : ends_at[i + 1]] == as_written(told, i)
        for i in range(len(told))
    ]
    written = [all(spelt[:i]) for i in range(len(told) + 1)]  # until word i
    written[-1] &= ends_at[-1] == len(text)
    dropped = max(0, len(ids) - ROUNDED.config.n_ctx)
    for i, word in enumerate(got["words"]):
        assert (word["word"], word["from"], word["to"]) == (
            told[i],
            starts[i],
            stops[i],
        )
        odds = truth(told[:i])
        can = odds is not None and told[i] in odds
        assert word["sayable"] == (can and all(spelt[: i + 1]))
        assert word["before"] == counts.get(stops[i - 1] if i else 0, -1)
    assert len(got["words"]) == len(told)
    for i, seen in enumerate(got["bets"]):
        before = got["words"][i]["before"] if i < len(told) else len(ids)
        if before <= dropped:
            assert seen is None and got["apart"][i] is None
            continue
        want = bets(told, i, tuple(ids[dropped:before]), written[i])
        for one, (said, word, model, odds) in zip(seen, want, strict=True):
            assert one["model"] == pytest.approx(model, abs=1e-5)
            assert one["truth"] == pytest.approx(odds)
            if odds is not None or model > 0.05:  # equal ones may stand in any order
                assert (one["text"], one["word"]) == (said, word)
        apart = got["apart"][i]
        if seen[0]["truth"] is None:
            assert apart is None
        else:
            kl = sum(p * log(p / q) for _, _, q, p in want if p)
            assert apart == pytest.approx(max(0, kl), abs=1e-4)


# --- bars ----------------------------------------------------------------------------
def bet(word, model, odds):
    return {"text": f" {word}", "word": word, "model": model, "truth": odds}


THREE = [bet("river", 0.5, 0.6), bet("lake", 0.3, 0.4), bet("sea", 0.004, 0)]
MANY = [bet(f"w{n}", 0.01 * n, 0.02 * (9 - n)) for n in range(10)]
UNKNOWN = [bet("a", 0.4, None), bet(world.END, 0.0001, None), bet(" \n", 0.9999, None)]


def test_a_stretch_for_each_bet(node):
    def row(drawn):
        rows = dict(part.split(":", 1) for part in drawn.split(";"))
        return {
            whose.strip("-"): re.findall(
                r"(var\(--\S+?\)|transparent) ([\d.]+)%? ?([\d.]*)", stops
            )
            for whose, stops in rows.items()
        }

    for bets, came in ((THREE, "lake"), (THREE[:1], "river"), (UNKNOWN, "b")):
        got = row(node.ask("stripes", [bets, came]))
        assert [*got] == ["model", "truth"]
        for whose, stops in got.items():
            at, want = 0, []
            for one in bets:
                end = at + 100 * (one[whose] or 0)
                gap = 1.2 if len(bets) > 1 else 0
                colour = "came" if one["word"] == came else "other"
                to = max(at, end - gap)
                want.append(
                    (f"var(--{whose}-{colour})", pytest.approx(at), pytest.approx(to))
                )
                want.append(("transparent", pytest.approx(to), pytest.approx(end)))
                at = end
            assert [(name, float(a), float(b)) for name, a, b in stops[:-1]] == want
            assert stops[-1][:2] == ("transparent", "0")


def number(p):
    if p is None:
        return "unknown"
    if p == 0:
        return "0"
    if p < 0.0005:
        return "< 0.001"
    return "> 0.999" if 0.9995 <= p < 1 else f"{p:.3f}"


@pytest.mark.parametrize(
    ("bets", "came", "most", "words"),
    [
        (THREE, None, None, ["river", "lake", "sea"]),
        (THREE, "sea", 2, ["river", "sea"]),
        (THREE, "lake", 2, ["river", "lake"]),
        (MANY, "w3", None, ["w0", "w1", "w2", "w3", "w4", "w5"]),
        (MANY, "w9", 4, ["w0", "w1", "w2", "w9"]),
        (UNKNOWN, world.END, None, [" \n", "a", world.END]),
    ],
)
def test_the_table_of_what_may_come(node, bets, came, most, words):
    table = node.ask("table", [bets, came, most])
    assert (table["caption"], table["class"]) == ("May come", "live-bets")
    by_word = {one["word"]: one for one in bets}
    head, *rows, rest = table["rows"]
    assert head["cells"] == ["", "the model", "the truth"]
    assert head["kinds"] == [None, "model", "truth"] == rest["kinds"]
    assert head["scopes"] == ["col", "col"] and rest["scopes"] == ["row"]
    names = {world.END: "END", " \n": "␣⏎"}
    for row, word in zip(rows, words, strict=True):
        p, odds = by_word[word]["model"], by_word[word]["truth"]
        assert row["cells"] == [names.get(word, word), number(p), number(odds)]
        assert row["came"] == ("came" if word == came else None)
        assert row["scopes"] == ["row"] and row["kinds"] == [None, "model", "truth"]
        drawn = {"class": "live-bar", "aria-hidden": "true"}
        want = [
            one
            for share in (p, odds)
            for one in (
                {**drawn, "style": f"--p:{share or 0:.4f}"},
                {"class": "number"},
            )
            if share is not None and (share or one["class"] == "number")
        ]
        assert [{k: v for k, v in one.items() if v} for one in row["bars"]] == want
    for button, word in zip(table["buttons"], words, strict=True):
        assert button["chosen"] == word and button["type"] == "button"
        assert button["class"] == "live-pick"
        assert button["aria-pressed"] == json.dumps(word == came)
        assert button["title"] == f"Write “{names.get(word, word)}” here"
    left = 1 - sum(by_word[word]["model"] for word in words)
    odds = [by_word[word]["truth"] for word in words]
    others = "all other words" if len(words) < len(bets) else "any other word"
    known = None if None in odds else number(max(0, round(1 - sum(odds), 9)))
    assert rest["came"] == "rest"
    assert rest["cells"] == [
        others,
        number(max(0, round(left, 9))),
        known or "unknown",
    ]


def test_how_far_apart_they_are_is_said(node):
    kl = 0.6 * log(0.6 / 0.5) + 0.4 * log(0.4 / 0.3)
    assert node.ask("distance", THREE) == f"Apart (KL divergence {kl:.4f} nats)"
    for p, said in (
        (0.5, "Nearly equal (KL divergence < 0.0001 nats)"),
        (0.50004, "Nearly equal (KL divergence < 0.0001 nats)"),
        (0.4998, "Nearly equal (KL divergence 0.0002 nats)"),
        (0.492, "Close (KL divergence 0.0081 nats)"),
    ):
        bets = [bet("a", p, 0.5), bet("b", 0.5, 0.5)]
        assert node.ask("distance", bets) == said
    assert "no truth to compare with" in node.ask("distance", UNKNOWN)


# --- the address ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("before", "values", "after"),
    [
        ("", {"a": 1}, "?a=1"),
        ("?a=1&b=x", {"a": None}, "?b=x"),
        ("?a=1", {"a": None}, ""),
        ("?b=x+y", {"a": "& ü", "b": "z"}, "?b=z&a=%26+%C3%BC"),
        ("?a=0", {}, "?a=0"),
    ],
)
def test_what_is_set_is_put_into_the_address(node, before, values, after):
    address, recalled = node.ask("address", [before, values])
    assert address == f"/page.html{after}#end"
    assert recalled == dict(parse_qsl(after[1:]))


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("7", 7), ("9", 9), ("10", 3), ("-1", 3), ("1.5", 3), ("x", 3)],
)
def test_a_whole_number_of_the_address(node, text, number):
    assert node.ask("whole", [text, 3, 9]) == number
    for missing in (None, ""):
        assert node.ask("whole", [missing, 3, 9]) == 3
