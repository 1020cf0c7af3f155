"""How the road's pages look: one file each, in the book's colours, with no script.

What is put into a page is text, never markup: every value is escaped by the templates,
and the browser is told to load nothing and to run nothing (`policy`). Only what is made
here of our own sentences is markup: `prose`, and pictures of our own numbers.
"""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
import re
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

HERE = Path(__file__).parent
GENERATOR = "GPT in Four Stages: the autograder"
MAKER = f'<meta name="generator" content="{GENERATOR}">'


@functools.cache
def style() -> str:
    """The style of all pages, as it stands in them."""
    return (HERE / "page.css").read_text("utf-8").strip()


@functools.cache
def policy() -> str:
    """What a browser may do with a page: apply this style, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )


@functools.cache
def templates() -> jinja2.Environment:
    """The templates in this folder; whatever is put into them is escaped."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.globals |= {
        "policy": policy,
        "style": lambda: Markup(style()),
        "maker": Markup(MAKER),
    }
    found.filters |= {
        "prose": prose,
        "points": points,
        "plural": plural,
        "when": when,
        "span": span,
        "thousands": lambda number: f"{number:,}",
    }
    return found


@functools.cache
def version() -> str:
    """A hash of all that decides how a page looks."""
    digest = hashlib.sha256()
    for file in sorted(HERE.iterdir()):
        if file.is_file() and file.suffix in (".py", ".css", ".html"):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def prose(text: str) -> Markup:
    """Text with `code` between backticks and **stress** between stars, as markup."""
    parts = str(escape(text)).split("`")
    return Markup(
        "".join(
            f"<code>{part}</code>"
            if i % 2
            else re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", part)
            for i, part in enumerate(parts)
        )
    )


def points(number: float) -> str:
    """Points as a person writes them: 2, 1.5, 0.67."""
    return f"{number:.2f}".rstrip("0").rstrip(".") or "0"


def plural(number: float, word: str) -> str:
    """`1 point`, `2.5 points`."""
    shown = points(number) if isinstance(number, float) else f"{number:,}"
    return f"{shown} {word}" if number == 1 else f"{shown} {word}s"


def when(time: datetime.datetime) -> str:
    """A time in UTC as a person writes it."""
    return f"{time.day} {time:%B %Y, %H:%M} UTC"


def span(time: datetime.timedelta) -> str:
    """A length of time by its two largest units."""
    minutes = max(1, round(time.total_seconds() / 60))
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    told = [plural(number, word) for number, word in parts if number]
    return " and ".join(told[:2])
