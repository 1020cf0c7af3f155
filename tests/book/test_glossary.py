"""The glossary: in order, with the field's words, and with both words where there are two."""

import re

import pytest

from bench.chapter import BOOK

BODY = (BOOK / "glossary.md").read_text("utf-8").split("```")[1]
ALIASES = {"BPE", "FFN", "RNN"}  # second names, under the entry of the first


def read():
    """{term: what the glossary says}, in its order."""
    found, open_terms = {}, []
    for line in BODY.splitlines()[1:]:
        if line.startswith("  "):
            found |= dict.fromkeys(open_terms, line.strip())
            open_terms = []
        elif line:
            open_terms.append(line)
    return found


ENTRIES = read()

# this book's word -> the field's, and the entry in which that is said
HOUSE = {
    "bend": ("activation function", "activation function"),
    "bet": ("predicted probability", "bet"),
    "note": ("output weights", "note"),
    "place": ("position", "position"),
    "pull": ("gradient", "gradient"),
    "question": ("input weights", "question"),
    "share": ("attention weight", "attention weight"),
    "spread": ("standard deviation", "standard deviation"),
}
FIELD = """
    ablation, activation function, attention sink, attention weight, base model,
    contextual embedding, cross-entropy, decoder-only, feed-forward layer, few-shot,
    gradient, in-context learning, induction head, overfitting, parameter, perplexity,
    polysemantic, position, RLHF, skip connection, standard deviation, superposition,
    system prompt
"""


def test_entries_stand_in_alphabetical_order():
    terms = [term.lower() for term in ENTRIES if term not in ALIASES]
    assert len(terms) > 80 and terms == sorted(terms)


def test_no_term_stands_twice():
    terms = re.findall(r"^[^\s{].*$", BODY, re.MULTILINE)
    assert len(terms) > 80 and len(terms) == len(set(terms))


@pytest.mark.parametrize("term", [term.strip() for term in FIELD.split(",")])
def test_the_words_of_the_field_are_there(term):
    assert ENTRIES[term]


@pytest.mark.parametrize("word", HOUSE)
def test_a_word_of_this_book_has_the_one_of_the_field(word):
    field, entry = HOUSE[word]
    said = ENTRIES[entry]
    assert "n this book" in said  # "In this book", "in this book"
    if entry == word:
        assert field in said
    else:
        assert re.search(rf"\*(the )?{word}\*", said)
    if word in ENTRIES:
        assert field in ENTRIES[word]


def test_every_word_that_is_said_to_be_this_books_is_one():
    for said in ENTRIES.values():
        for word in re.findall(r"In this book: \*(?:the |an |a )?(\w+)\*", said):
            assert word in HOUSE or word in ("exchange",), word
