"""What the prose says in numbers: measured, never typed.

A chapter's measurements are functions in the module of its name (`facts.attend` for
attend.md); the modules with an underscore are what all chapters share. A function is
handed the model and what else it looks at, and returns what it found: plain numbers and
tensors for the pictures (`figures` draws them), or a dict of facts for `say`. Nothing
here draws.
"""

import myst_nb
from edition import percent, two

from ._gpt2 import gpt2_tokens
from ._reading import (
    bets,
    card,
    cosine,
    cosines,
    held_out,
    ids_of,
    ids_of_words,
    label,
    piece,
    stops,
    written_on,
)
from ._smollm2 import smollm2

__all__ = [
    "bets",
    "card",
    "cosine",
    "cosines",
    "gpt2_tokens",
    "held_out",
    "ids_of",
    "ids_of_words",
    "label",
    "percent",
    "piece",
    "say",
    "smollm2",
    "stops",
    "two",
    "written_on",
]


def say(**facts):
    """Numbers for the prose, which names each as {glue:text}`name`."""
    for name, fact in facts.items():
        shown = f"{fact:,}" if isinstance(fact, int) else str(fact)
        myst_nb.glue(name, shown, display=False)
