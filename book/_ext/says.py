"""What a check says: a few answers to choose from, and its panel beneath, as recorded.

book/record_check.py has run them all. The choice is made by radio buttons and style
alone, so that it works without JavaScript. `{says}` EXERCISE puts it into a page; the
pages of the exercises have it after the table of their steps.
"""

import functools
import json
import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.highlighting import PygmentsBridge
from sphinx.util.docutils import SphinxDirective

RECORD = Path(__file__).parents[1] / "recorded" / "check.json"
FOLDED = "A right answer, if you want to see it before you write your own"
_TABLE = re.compile(r"</table>\s*</div>")


@functools.cache
def recorded() -> dict:
    return json.loads(RECORD.read_text("utf-8"))


def _highlighted(code: str) -> str:
    lines = PygmentsBridge("html", "sphinx").highlight_block(code, "python")
    return f'<div class="highlight-python notranslate">{lines}</div>'


def section(exercise: str, told: str, folded: bool = False) -> str:
    """The answers of an exercise, beneath a sentence that tells what this is, as HTML.

    folded: the answer that is right is shown only to those who ask for it.
    """
    answers = recorded()[exercise]
    choices, shown = [], []
    for i, answer in enumerate(answers):
        tried, mark = escape(answer["tried"]), " checked" if i == 0 else ""
        choices.append(
            f'<label><input type="radio" name="says-{exercise}" value="{i + 1}"{mark}>'
            f"<span>{tried}</span></label>"
        )
        code, error = _highlighted(answer["code"]), ""
        if answer["error"]:
            error = f'<pre class="says-error">{escape(answer["error"])}</pre>'
        elif folded:
            code = f"<details><summary>{FOLDED}</summary>{code}</details>"
        shown.append(
            f'<div class="says-one" role="group" aria-label="{tried}">{code}'
            f"{_highlighted(answer['check'])}"
            f'<div class="says-said">{answer["html"]}{error}</div></div>'
        )
    return (
        f'<section class="says" aria-label="What the check says"><p>{told}</p>'
        f"<fieldset><legend>An answer to <code>{answers[0]['step']}</code></legend>"
        f"{''.join(choices)}</fieldset>{''.join(shown)}</section>"
    )


def after_steps(body: str, page: str) -> str:
    """The page of an exercise, with what its check says after the table of its steps."""
    exercise = page.rpartition("/")[2]
    step = recorded()[exercise][0]["step"]
    told = (
        f"Each check tells you what is wrong. Here is that of <code>{step}</code>, word "
        "for word as in the notebook. Choose an answer:"
    )
    table = _TABLE.search(body)
    if not table or f">{step}<" not in body[: table.end()]:
        raise ValueError(f"{page} has no table of steps with {step}")
    end = table.end()
    return f"{body[:end]}{section(exercise, told, folded=True)}{body[end:]}"


class Says(SphinxDirective):
    """What the check of an exercise says, on another page."""

    required_arguments = 1
    final_argument_whitespace = False

    def run(self):
        exercise = self.arguments[0]
        if exercise not in recorded():
            raise self.error(f"{RECORD.name} has no exercise {exercise!r}")
        step, up = recorded()[exercise][0]["step"], "../" * self.env.docname.count("/")
        notebook = f"{up}exercises/{exercise}/{exercise}.html"
        told = (
            f'This is <code>{step}</code>, a step of <a href="{notebook}">the exercise '
            f"{exercise.capitalize()}</a>. Choose an answer, and read what its check "
            "says, word for word as in the notebook:"
        )
        return [nodes.raw("", section(exercise, told), format="html")]


def setup(app):
    app.add_directive("says", Says)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
