"""The words in pictures, in the language of the edition.

An edition in another language translates them in one place: a gettext catalogue,
book/locale/LANGUAGE/LC_MESSAGES/figures.mo, beside those that Sphinx keeps for the
prose. Its language is that of _config.yml, which the build names in GPT_LANGUAGE.
"""

import gettext
import os
from pathlib import Path

LOCALE = Path(__file__).parents[1] / "locale"

_edition = gettext.translation(
    "figures", LOCALE, languages=[os.environ.get("GPT_LANGUAGE", "en")], fallback=True
)


def tr(words, **given):
    """`words` in the language of the edition, with what is `given` in {braces}.

    tr("{name} asks", name="fox"): the catalogue has "{name} asks", and the translation
    may put the name elsewhere. Without `given`, braces stay as they are.
    """
    translated = _edition.gettext(words)
    return translated.format(**given) if given else translated
