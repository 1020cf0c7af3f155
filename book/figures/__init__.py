"""Every picture of the book: one palette, one figure style, one animation player.

A chapter's pictures are functions in the module of its name (`figures.attend` draws
those of attend.md); the modules with an underscore are what all chapters share. A
drawing function is handed what it shows (`facts` measures, `figures` draws), draws with
matplotlib in the colours named here, passes every word through `tr` (of `edition`), and
returns `show(fig, alt)`, `play(frames, title, captions)`, `tokens(pieces)`, a `table`, or
other `Markup`. A figure is inline SVG whose colours are CSS variables, so that one picture
follows the reader's light or dark page by itself. The same input gives the same bytes.
"""

from edition import tr

from ._arcs import arcs
from ._heads import heads
from ._map import stage_map
from ._narrow import NARROW
from ._page import beside, samp, table
from ._player import play
from ._style import (
    ABOVE,
    ACCENT,
    ASKS,
    BELOW,
    BLUE,
    CENTRED,
    FAINT,
    GREEN,
    INK,
    MODEL,
    MONO,
    MUTED,
    ORANGE,
    PALETTE,
    PAPER,
    PURPLE,
    SEQUENTIAL,
    SKY,
    TRUTH,
    VERMILION,
    bare,
    canvas,
    drawing,
    heat,
)
from ._svg import Markup, show
from ._tokens import tokens

__all__ = [
    "ABOVE",
    "ACCENT",
    "ASKS",
    "BELOW",
    "BLUE",
    "CENTRED",
    "FAINT",
    "GREEN",
    "INK",
    "MODEL",
    "MONO",
    "MUTED",
    "NARROW",
    "ORANGE",
    "PALETTE",
    "PAPER",
    "PURPLE",
    "SEQUENTIAL",
    "SKY",
    "TRUTH",
    "VERMILION",
    "Markup",
    "arcs",
    "bare",
    "beside",
    "canvas",
    "drawing",
    "heads",
    "heat",
    "play",
    "samp",
    "show",
    "stage_map",
    "table",
    "tokens",
    "tr",
]
