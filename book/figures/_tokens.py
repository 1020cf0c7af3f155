"""A row of tokens as coloured chips; GPT-2's are read from a recorded file."""

import html
import json
from pathlib import Path

from ._svg import Markup

RECORDED = Path(__file__).parents[1] / "recorded" / "gpt2.json"


def _visible(piece):
    """Text of one token with what the eye misses made visible."""
    if isinstance(piece, bytes):
        try:
            piece = piece.decode()
        except UnicodeDecodeError:
            return "".join(f"\\x{byte:02x}" for byte in piece)
    return piece.replace(" ", "␣").replace("\n", "⏎").replace("\t", "⇥")


def tokens(pieces, ids=None):
    """A row of tokens as coloured chips, with their ids below where given.

    pieces: texts, or bytes (those that are no UTF-8 are shown as \\x..).
    ids: as many integers; or give pieces as the pairs of `gpt2_tokens`.
    """
    pieces = list(pieces)
    if pieces and isinstance(pieces[0], tuple):
        ids, pieces = [pair[0] for pair in pieces], [pair[1] for pair in pieces]
    if ids is not None and len(ids := list(ids)) != len(pieces):
        raise ValueError(f"{len(pieces)} pieces but {len(ids)} ids")
    chips = []
    for place, piece in enumerate(pieces):
        number = "" if ids is None else f"<small>{ids[place]}</small>"
        text = html.escape(_visible(piece)).replace("␣", '<span class="dim">␣</span>')
        chips.append(f'<li class="t{place % 5}"><code>{text}</code>{number}</li>')
    alt = " | ".join(_visible(piece) for piece in pieces)
    many = f"{len(pieces)} token{'' if len(pieces) == 1 else 's'}"
    return Markup(
        f'<ol class="tokens" aria-label="{many}">{"".join(chips)}</ol>',
        f"{many}: {alt}",
    )


def gpt2_tokens(text):
    """What GPT-2's own tokenizer makes of a text: [(id, piece), ...].

    Read from recorded/gpt2.json, which `python book/record.py TEXT` writes from the
    real encoding; a piece that is no UTF-8 by itself is written as \\x.. bytes.
    """
    texts = json.loads(RECORDED.read_text("utf-8"))["texts"]
    if text not in texts:
        raise ValueError(
            f"GPT-2's tokens of {text!r} are not recorded; record them with: "
            f"python book/record.py {json.dumps(text, ensure_ascii=False)}"
        )
    return list(zip(texts[text]["ids"], texts[text]["pieces"]))
