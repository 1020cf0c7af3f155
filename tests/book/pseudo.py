"""Runs a chapter in a language in which every word is in brackets.

    python -m tests.book.pseudo CHAPTER

prints, as JSON, what was asked of the catalogue and every text that a reader would see
in pictures, tables, players and glued facts. It runs in a process of its own, because
modules keep the words that they have translated.
"""

import gettext
import json
import re
import sys
from html.parser import HTMLParser

from bench.chapter import BOOK

# What a translation leaves as it is: code, what is given, markup, the end of a line.
KEPT = re.compile(r"(`[^`]*`|\{\w+\}|\*|<[^>]+>|\n)")
# A bracket is one character, that a text stays about as long; the opening one is of the
# private use area, and says which message it is.
FIRST, CLOSE = 0xE000, "⟧"
BRACKETED = re.compile("([\ue000-\uf8ff])([^\ue000-\uf8ff⟧]*)⟧")


class Brackets(gettext.NullTranslations):
    """A catalogue that has every message, and translates it in brackets."""

    def __init__(self):
        super().__init__()
        self.asked = {}  # message: its number

    def gettext(self, message):
        number = self.asked.setdefault(message, len(self.asked))
        parts = KEPT.split(message)
        opening = chr(FIRST + number)
        parts[::2] = [part and f"{opening}{part}{CLOSE}" for part in parts[::2]]
        return "".join(parts)

    def ngettext(self, one, many, n):
        self.asked.setdefault(one, len(self.asked))
        return self.gettext(one if n == 1 else many)


class Texts(HTMLParser):
    """Every text of some HTML, and those of labels; without what is code or a model's."""

    def __init__(self):
        super().__init__()
        self.path, self.found = [], []

    def handle_starttag(self, tag, attributes):
        self.path.append(tag)
        for name, text in attributes:
            if name in ("aria-label", "alt", "title"):
                self.found.append((name, text))

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.path.pop()

    def handle_endtag(self, tag):
        while self.path.pop() != tag:  # a <br> is never closed
            pass

    def handle_data(self, text):
        if not {"code", "samp", "style"} & set(self.path):
            self.found.append((self.path[-1], text))


def texts(html):
    """HTML -> [(tag or attribute, text), ...]."""
    parser = Texts()
    parser.feed(html)
    parser.close()
    return list(_whole(parser.found))


def _whole(found):
    """A title of two lines, of which the first does not close its bracket, as one text."""
    began = None
    for where, text in found:
        if began is not None:
            text, began = f"{began} {text}", None
        opened = sum("\ue000" <= letter <= "\uf8ff" for letter in text)
        if where == "text" and opened > text.count(CLOSE):
            began = text
        else:
            yield where, text


def main(chapter):
    sys.path.insert(0, str(BOOK))
    import edition

    from tests.book.page import run

    edition.catalogue = Brackets()
    page = run(chapter)
    seen = []
    for name, fact in page.facts.items():
        if isinstance(fact, str):
            seen.append((f"fact {name}", fact))
    for thing in (*page.shown, *page.facts.values()):
        if hasattr(thing, "markup"):
            seen += texts(thing.markup)
    found = {"asked": list(edition.catalogue.asked), "seen": seen}
    print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1])
