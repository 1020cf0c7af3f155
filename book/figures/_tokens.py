"""A row of tokens as coloured chips."""

import html

from edition import tr_many

from ._svg import Markup


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
    ids: as many integers; or give pieces as pairs (id, text).
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
    many = tr_many("{n} token", "{n} tokens", len(pieces))
    return Markup(
        f'<ol class="tokens" aria-label="{many}">{"".join(chips)}</ol>',
        f"{many}: {alt}",
    )
