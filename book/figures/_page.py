"""Pieces of the page that are not drawn: tables, and things beside each other."""

from html import escape

from ._svg import Markup


def _html(content):
    as_html = getattr(content, "_repr_html_", None)
    return as_html() if as_html else escape(str(content))


def table(header, *rows):
    """An HTML table; a cell that knows its HTML, such as `tokens`, goes in as it is."""

    def cells(tag, row):
        inside = (_html(content) for content in row)
        return "".join(f"<{tag}>{one}</{tag}>" for one in inside)

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    body = body.replace('class="tokens"', 'class="tokens" style="margin:0"')
    return Markup(
        '<div class="pst-scrollable-table-container"><table class="table">'
        f"<thead><tr>{cells('th', header)}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>",
        " | ".join(map(str, header)),
    )


def samp(text):
    """What a model reads or writes, as it stands: it is the same in every edition."""
    return Markup(f"<samp>{escape(text.replace(chr(10), ' ⏎ '))}</samp>", text)


def beside(*things, gap=2.0):
    """Things that know their HTML beside each other, as far as there is room.

    gap: the room between them, in rem.
    """
    inside = "".join(f"<div>{_html(thing)}</div>" for thing in things)
    style = f"display:flex;flex-wrap:wrap;gap:1rem {gap}rem"
    alt = "\n".join(map(str, things))
    return Markup(f'<div style="{style}">{inside}</div>', alt)
