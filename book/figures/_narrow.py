"""A figure as a phone shows it: laid out anew on a narrow sheet, its words large enough.

On a page of 360 pixels a figure has 328 of them. A drawing of 300 units is then shown
at 1.09 pixels a unit, and words of 10.1 units have 11 pixels, the least that a test
(tests/site/test_figures.py) lets pass.
"""

import textwrap
import warnings

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

NARROW = 300  # units: the width of a phone's version
SMALLEST = 10.1  # units: its smallest words


def _words(fig):
    return [text for text in fig.findobj(Text) if text.get_text().strip()]


def fits(fig):
    """Whether a figure can be read on a phone as it is."""
    wide = fig.get_figwidth() * 72
    least = min((text.get_fontsize() for text in _words(fig)), default=SMALLEST)
    return least * NARROW / wide >= SMALLEST - 0.05


def relaid(fig, height=None):
    """The same figure, NARROW units wide: changed in place.

    height: units; without it, as high as it was. Titles that are too long are broken.
    """
    tall = fig.get_figheight() if height is None else height / 72
    fig.set_size_inches(NARROW / 72, tall)
    painter = FigureCanvasAgg(fig)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        painter.draw()  # so that there are ticks, and places
    for text in _words(fig):
        text.set_fontsize(max(SMALLEST, text.get_fontsize()))
    for ax in fig.axes:
        for name in (ax.title, ax._left_title, ax._right_title, ax.xaxis.label):
            _break(name, painter.get_renderer())
    return fig


def _break(text, renderer):
    """A line that leaves the sheet becomes two or three."""
    words = text.get_text()
    for lines in (2, 3):
        box = text.get_window_extent(renderer)
        if box.x0 >= -1 and box.x1 <= text.figure.bbox.x1 + 1 or "\n" in words:
            return
        width = max(map(len, words.split())) - 1
        while len(broken := textwrap.wrap(words, width := width + 1)) > lines:
            pass
        text.set_text("\n".join(broken))
