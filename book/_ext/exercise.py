"""The page of an exercise: its steps in one look, and the plumbing folded.

The notebook that students get stays as it is. On the site the table of its steps becomes
a list that fits a phone, and each step leads to its section. At the list's end stands
what the notebook's last cell prints when all is solved, as book/record_finale.py has
recorded it. Cells that only import and prepare are folded.
"""

import functools
import json
import re
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup
from docutils import nodes

RECORD = Path(__file__).parents[1] / "recorded" / "finale.json"
EXERCISES = "exercises/"
PLUMBING = {  # cells that nobody has to read, by their grade_id
    "imports": "Imports",
    "given": "What is given, as code",
}
_TABLE = re.compile(
    r'<div class="pst-scrollable-table-container"><table.*?</table>\s*</div>', re.DOTALL
)
_SECTION = re.compile(r'<section id="([^"]+)">\s*<h2>(\d+) · ')
LONG, FIRST = 800, 2  # characters, and the lines of a longer text that are shown
BOLD = r"<strong>\1</strong>"
CONTROL = {n: 0x2400 + n for n in range(32) if chr(n) != "\n"}  # as signs that are seen
_BOLD = re.compile("\x1b\\[1m(.*?)\x1b\\[0m", re.DOTALL)


@functools.cache
def recorded() -> dict:
    return json.loads(RECORD.read_text("utf-8"))


def finale(exercise: str) -> str:
    """What the last cell prints, as HTML; most of a long text is folded."""
    said = []
    for output in recorded()[exercise]:
        if "html" in output:
            said.append(output["html"])
            continue
        lines = output["text"].split("\n")
        if len(output["text"]) <= LONG:
            said.append(_pre(lines))
            continue
        rest = f"<details><summary>And more</summary>{_pre(lines[FIRST:])}</details>"
        said += [_pre(lines[:FIRST]), rest]
    return "".join(said)


def _pre(lines: list[str]) -> str:
    text = _BOLD.sub(BOLD, escape("\n".join(lines), quote=False))
    return f"<pre>{text.translate(CONTROL)}</pre>"


def steps(body: str, page: str) -> str:
    """The page with a list of its steps in place of their table.

    Raises ValueError where there is no such table, or a step has no section.
    """
    exercise, table = page.rpartition("/")[2], _TABLE.search(body)
    if not table:
        raise ValueError(f"{page} has no table of its steps")
    places = {number: place for place, number in _SECTION.findall(body)}
    rows = BeautifulSoup(table[0], "html.parser").select("tbody tr")
    items, points = [], 0
    for row in rows:
        number, name, does, worth = map(_inside, row("td"))
        if number not in places:
            raise ValueError(f"{page}: step {number} has no section")
        points += int(worth)
        many = "1 point" if worth == "1" else f"{worth} points"
        items.append(
            f'<li><a href="#{places[number]}">{name}</a>'
            f'<span class="steps-worth">{many}</span><span>{does}</span></li>'
        )
    many = f"{len(rows)} functions to write, {points} points in all"
    last = (
        '<li class="steps-last"><strong>Then your code prints</strong>'
        f"{finale(exercise)}</li>"
    )
    listed = (
        f'<p class="steps-sum">{many}</p>'
        f'<ol class="steps" aria-label="The steps">{"".join(items)}{last}</ol>'
    )
    return body[: table.start()] + listed + body[table.end() :]


def _inside(cell) -> str:
    """What a cell of a table holds, as HTML."""
    return (cell.p or cell).decode_contents().strip()


def fold(app, doctree):
    """Folds the cells of an exercise that only import and prepare."""
    if not app.env.docname.startswith(EXERCISES):
        return
    for cell in list(doctree.findall(nodes.container)):
        told = cell.get("cell_metadata", {}).get("nbgrader", {})
        title = PLUMBING.get(told.get("grade_id"))
        if title is None:
            continue
        many = cell.astext().strip("\n").count("\n") + 1
        opening = f'<details class="plumbing"><summary>{title}: {many} lines</summary>'
        place = cell.parent.index(cell)
        cell.parent.insert(place + 1, nodes.raw("", "</details>", format="html"))
        cell.parent.insert(place, nodes.raw("", opening, format="html"))


def setup(app):
    app.connect("doctree-read", fold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
