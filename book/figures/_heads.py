"""All heads of a model at once: a choice among small matrices, and one head in words.

The small matrices show how the heads differ, and no word in them could be read. So each
is a button: the one that is chosen is told below, in the story's own words. No script is
needed; a browser that knows no :has() shows all heads, one after the other.
"""

from html import escape
from itertools import pairwise

from edition import tr

from ._svg import Markup

TONES = [0.1, 0.15, 0.3, 0.5, 0.7, 0.9, 1.01]  # shares below the first are left out
STRONG = 0.3  # the least share that is told in words
CLOSE = (".", ",", "d")  # labels that stand at the word before them


def _small(shares, framed):
    """A matrix (T, T) as a small picture: a path for all squares of a tone."""
    T, drawn = len(shares), []
    for low, high in pairwise(TONES):
        rows = ((shares >= low) & (shares < high)).nonzero().tolist()
        if rows:
            d = "".join(f"M{j} {i}h1v1h-1z" for i, j in rows)
            tone = min(100, round(100 * (0.18 + (low + high) / 2)))
            drawn.append(f'<path style="--tone:{tone}%" d="{d}"/>')
    drawn += [
        f'<rect x="{j - 1.2}" y="{i - 1.2}" width="3.4" height="3.4"/>'
        for i, j in framed
    ]
    edge = f'<path class="edge" d="M0 0V{T}H{T}z"/>'
    return (
        f'<svg viewBox="-1 -1 {T + 2} {T + 2}" aria-hidden="true">'
        f"{edge}{''.join(drawn)}</svg>"
    )


def _in_words(labels, shares, framed):
    """The story, and under each token the one that it looks at most, if it does so."""
    tokens = []
    for i, label in enumerate(labels):
        share, j = shares[i].max(0)
        word = f"<b>{escape(label)}</b>"
        if share >= STRONG:
            tone = round(8 + 34 * float(share))
            to = f"{escape(labels[j])} {share:.2f}"
            kind = ' class="framed"' if (i, int(j)) in framed else ""
            tokens.append(f'<li{kind} style="--tone:{tone}%">{word}<i>{to}</i></li>')
        else:
            kind = ' class="close"' if label in CLOSE else ""
            tokens.append(f"<li{kind}>{word}</li>")
    return f"<ol>{''.join(tokens)}</ol>"


def heads(labels, shares, framed, chosen):
    """A choice of heads as HTML.

    labels: the T tokens. shares: {(layer, h): (T, T)}. framed: {head: [(query, key),
    ...]}, squares that the prose reads. chosen: the head that is shown at first.
    """
    marks, told, alt = [], [], []
    key = tr(
        "Under a token stands the one that it looks at most, where that one gets a share "
        "of {strong} or more.",
        strong=f"{STRONG:g}",
    )
    for (layer, h), matrix in shares.items():
        name, own = f"{layer}.{h}", framed.get((layer, h), ())
        checked = " checked" if (layer, h) == chosen else ""
        marks.append(
            f'<label><input type="radio" name="twelve" value="{name}"{checked}>'
            f"<span>{name}</span>{_small(matrix, own)}</label>"
        )
        told.append(
            f'<div class="twelve-one"><p><b>{tr("Head {head}", head=name)}.</b> {key}</p>'
            f"{_in_words(labels, matrix, own)}</div>"
        )
        alt += [f"{name}: {labels[i]} → {labels[j]}" for i, j in own]
    columns = sum(layer == chosen[0] for layer, _ in shares)
    title = tr("The heads, each with its attention matrix: choose one")
    return Markup(
        f'<div class="twelve" style="--columns:{columns}"><fieldset>'
        f"<legend>{title}</legend>{''.join(marks)}</fieldset>{''.join(told)}</div>",
        f"{title}. {'; '.join(alt)}",
    )
