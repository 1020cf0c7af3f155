"""How an edition of the book writes: its words, and its numbers.

Both `figures` and `facts` need it, and neither imports the other, so it stands beside
them.

An edition in another language translates the words in one place: a gettext catalogue,
book/locale/LANGUAGE/LC_MESSAGES/figures.mo, beside those that Sphinx keeps for the
prose. Its language is that of _config.yml, which the build names in GPT_LANGUAGE. What
goes into the catalogue is every literal given to `tr`, `tr_many` or `mark`:

    xgettext -k --keyword=tr --keyword=tr_many:1,2 --keyword=mark book/*.py book/*/*.py
"""

import gettext
import os
from fractions import Fraction
from math import floor, log10
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"

catalogue = gettext.translation(
    "figures", LOCALE, languages=[os.environ.get("GPT_LANGUAGE", "en")], fallback=True
)


# --- words --------------------------------------------------------------------------
def tr(words, **given):
    """`words` in the language of the edition, with what is `given` in {braces}.

    tr("{name} asks", name="fox"): the catalogue has "{name} asks", and the translation
    may put the name elsewhere. Without `given`, braces stay as they are.
    """
    translated = catalogue.gettext(words)
    return translated.format(**given) if given else translated


def tr_many(one, many, n):
    """tr_many("{n} token", "{n} tokens", 7) -> "7 tokens", by the language's rule."""
    return catalogue.ngettext(one, many, n).format(n=n)


def mark(words):
    """The words themselves, which are translated later, by `tr` of a variable.

    It marks them for the extractor, which sees only literals: a constant, or the keys
    by which facts name what they found. (gettext's manual calls such a function N_.)
    """
    return words


# --- numbers ------------------------------------------------------------------------
def minus(number, form="g"):
    """-1.0 -> "−1": the sign that is as wide as a plus."""
    return f"{number:{form}}".replace("-", "\N{MINUS SIGN}")


def two(number):
    """0.125 -> "0.12": two decimals."""
    return minus(float(number), ".2f")


def tiny(number):
    """2e-05 -> "0.00002": one digit of a number below 1, and not in powers of ten."""
    number = float(f"{number:.0e}")
    places = -floor(log10(number)) if number else 0
    return f"{number:.{places}f}"


def percent(share, form=".0f"):
    """0.5 -> "50 %", with a space that does not break."""
    return f"{100 * share:{form}}\N{NO-BREAK SPACE}%"


def big(number):
    """175_000_000_000 -> "175 billion": three digits of a number from 1,000 up."""
    for unit, words in (
        (1e9, mark("{n} billion")),
        (1e6, mark("{n} million")),
        (1e3, mark("{n} thousand")),
    ):
        if number >= unit:
            return tr(words, n=f"{number / unit:.3g}")
    raise ValueError(f"{number} is not big")


def fraction(value):
    """0.3333 -> "⅓"; where there is no such sign, "2/5"."""
    signs = {(1, 2): "½", (1, 3): "⅓", (2, 3): "⅔", (1, 4): "¼", (1, 6): "⅙"}
    part = Fraction(float(value)).limit_denominator(20)
    return signs.get((part.numerator, part.denominator), str(part))


def tenth(number):
    """6.0 -> "6", -0.25 -> "−0.2": at most one decimal."""
    return minus(round(float(number), 1))


def vector(numbers, write=tenth):
    """[6.0, -3.0] -> "(6, −3)"; `write` says how each number is written."""
    return f"({', '.join(map(write, numbers))})"


def dots(pieces):
    """[b"b", b"all"] -> "b·all": a word in pieces."""
    return "·".join(piece.decode() for piece in pieces)
