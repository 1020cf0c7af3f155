"""What the book says about GPT-2's tokens, against the real encoding."""

import json

import pytest

from book import facts, record
from gpt import data
from tests.need import need

RECORDED = json.loads(record.FILE.read_text("utf-8"))


@pytest.fixture(scope="module")
def encoding():
    try:
        return data.gpt2()
    except (OSError, ValueError) as error:
        need(False, f"GPT-2's vocabulary, in TIKTOKEN_CACHE_DIR: {error}")


@pytest.mark.parametrize("text", RECORDED["texts"])
def test_recorded_tokens_are_the_real_ones(encoding, text):
    now = record.record(encoding, [text])
    assert RECORDED["texts"][text] == now["texts"][text]
    assert (RECORDED["encoding"], RECORDED["n_vocab"]) == (now["encoding"], 50257)


@pytest.mark.parametrize("text", RECORDED["texts"])
def test_the_pieces_make_the_text(text):
    tokens = facts.gpt2_tokens(text)
    if not any("\\x" in piece for _, piece in tokens):
        assert "".join(piece for _, piece in tokens) == text


def test_the_file_is_what_the_recorder_writes():
    assert record.lines(RECORDED) == record.FILE.read_text("utf-8")


def test_a_text_that_is_not_recorded_says_how_to_record_it():
    with pytest.raises(ValueError, match=r"python book/record.py \"no such"):
        facts.gpt2_tokens("no such text")


def test_a_wrong_recording_is_seen(encoding):
    text = next(iter(RECORDED["texts"]))
    wrong = {**RECORDED["texts"][text], "ids": [0]}
    assert wrong != record.record(encoding, [text])["texts"][text]
