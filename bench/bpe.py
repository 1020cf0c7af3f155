"""Byte-level BPE: training beside Hugging Face tokenizers and the chapter's naive
trainer, encoding beside tiktoken. All must give the same result before they are timed.
"""

import random
import string
from base64 import b64encode
from importlib.metadata import version
from pathlib import Path

import tokenizers
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer

from bench.chapter import source
from bench.measure import Row, seconds
from gpt import world
from gpt.data import tiny_shakespeare
from gpt.tokenize import Tokenizer, train

N_BYTES, N_VOCAB = 130_000, 500


def run() -> list[Row]:
    text, name = varied_text()
    rows = measure(text, name) + [against_naive(text, name)]
    return rows + measure(world.corpus(N_BYTES, seed=0), "the small world", "_world")


def measure(text: str, name: str, suffix: str = "") -> list[Row]:
    """Training beside Hugging Face's, and encoding beside tiktoken's."""
    text, what = first_bytes(text, name)
    tokenizer = train(text, N_VOCAB)
    encoding = tokenizer.to_tiktoken()
    same("tokenizers' vocabulary", train_hf(text, N_VOCAB), tokenizer.ranks)
    unspaced = without_spaces(text)
    for told in (text, *unspaced.values()):
        same("tiktoken's ids", encoding.encode(told), tokenizer.encode(told))
    ours, hf = seconds(
        15, lambda: train(text, N_VOCAB), lambda: train_hf(text, N_VOCAB)
    )
    # The fastest that tiktoken has; and of ours both a tokenizer that has read the
    # text, whose chunks it remembers, and one that has read nothing.
    peer, again, first = seconds(
        15,
        lambda: encoding.encode_ordinary(text),
        lambda: tokenizer.encode(text),
        lambda: Tokenizer(tokenizer.ranks).encode(text),
    )
    slowest, kind = 0.0, ""
    for each, told in unspaced.items():
        peer_word, word = seconds(
            15,
            lambda told=told: encoding.encode_ordinary(told),
            lambda told=told: Tokenizer(tokenizer.ranks).encode(told),
        )
        slowest, kind = max((slowest, kind), (word / peer_word, each))
    peer_is = f"tiktoken {version('tiktoken')}"
    return [
        Row(
            f"bpe_train_over_hf{suffix}",
            ours / hf,
            f"training, tokenizers {version('tokenizers')}; {what}",
            at_most=8,
        ),
        Row(
            f"bpe_encode_over_tiktoken{suffix}",
            again / peer,
            f"encoding, {peer_is}; {what}",
            at_most=1.3,
        ),
        Row(
            f"bpe_encode_first_over_tiktoken{suffix}",
            first / peer,
            f"encoding for the first time, {peer_is}; {what}",
            at_most=1.3,
        ),
        Row(
            f"bpe_encode_unspaced_over_tiktoken{suffix}",
            slowest,
            f"encoding a text without spaces for the first time, {peer_is}; "
            f"of {len(unspaced)} kinds the slowest: {kind}",
            at_most=4,
        ),
    ]


def without_spaces(text: str) -> dict[str, str]:
    """Texts that have no spaces, by their kind."""
    draw, n = random.Random(0), len(text)
    return {
        "its letters as one word": "".join(filter(str.isalpha, text)),
        "random letters": "".join(draw.choices(string.ascii_lowercase, k=n)),
        "four letters": "".join(draw.choices("ACGT", k=n)),
        "one letter": "a" * n,
        "dashes": "-" * n,
        "digits": "".join(draw.choices(string.digits, k=n)),
        "Chinese": "".join(
            draw.choices("从前有一只小狐狸住在河边它喜欢吃果子", k=n // 3)
        ),
        "base64": b64encode(draw.randbytes(n * 3 // 4)).decode(),
        "random bytes as Latin-1": draw.randbytes(n // 2).decode("latin-1"),
    }


def against_naive(text: str, name: str) -> Row:
    """Training beside the trainer that the chapter shows, which takes its time."""
    text, what = first_bytes(text, name)
    chapter = {}
    exec(source("tokenize", "naive"), chapter)  # noqa: S102 (the course's own code)
    naive = []
    fast, slow = seconds(
        3,
        lambda: train(text, N_VOCAB),
        lambda: naive.append(chapter["train_naive"](text, N_VOCAB)),
    )
    same("the naive vocabulary", naive[0], train(text, N_VOCAB).ranks)
    return Row(
        "bpe_naive_over_fast",
        slow / fast,
        f"training, the chapter's naive trainer; {what}",
        at_least=15,
    )


def first_bytes(text: str, name: str) -> tuple[str, str]:
    """The first N_BYTES of a text, and what is done with which text, for the table."""
    text = text.encode()[:N_BYTES].decode(errors="ignore")
    return text, f"{N_VOCAB} tokens, {len(text.encode()):,} bytes of {name}"


def varied_text() -> tuple[str, str]:
    """Tiny Shakespeare where it can be had, else what every clone has; and its name."""
    try:
        return tiny_shakespeare(), "tiny Shakespeare"
    except (OSError, ValueError):
        root = Path(__file__).parents[1]
        own = sorted([*root.glob("gpt/*.py"), *root.glob("book/*.md")])
        prose = "".join(path.read_text("utf-8") for path in own)[: N_BYTES // 2]
        rest = N_BYTES - len(prose.encode())
        return prose + world.corpus(rest, seed=1), "this repository and the small world"


def train_hf(text: str, n_vocab: int) -> dict[bytes, int]:
    """The same training by Hugging Face tokenizers: raw text to {bytes: id}.

    Its byte-level chunks write byte b as a printable character. These are passed as
    "special tokens" in the order of bytes, so that byte b has id b and ties fall alike.
    """
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    byte = {chr(b): b for b in shown} | {chr(256 + i): b for i, b in enumerate(hidden)}
    model = tokenizers.Tokenizer(BPE())
    model.pre_tokenizer = ByteLevel(add_prefix_space=False)
    trainer = BpeTrainer(
        vocab_size=n_vocab,
        special_tokens=sorted(byte, key=byte.get),
        show_progress=False,
    )
    model.train_from_iterator([text], trainer)
    return {bytes(byte[c] for c in p): id for p, id in model.get_vocab().items()}


def same(what: str, theirs: object, ours: object) -> None:
    if theirs != ours:
        raise ValueError(f"{what} and ours differ: nothing here is worth timing")
