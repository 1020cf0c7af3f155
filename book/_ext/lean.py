"""Style that no page uses is left out of the built site.

The themes bring style for every part that they could have, most of what a page weighs. A rule stays where
each class and name that it speaks of stands in some page, or in a script that may add it.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

import tinycss2
from rcssmin import cssmin
from rjsmin import jsmin

_WORD = re.compile(r"[A-Za-z_][\w-]*")
# What a selector asks of an element: a class, an id, or (as a word) the element's name.
_STATES = re.compile(r"(?<!\\)::?[\w-]+(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?")
_ATTRIBUTES = re.compile(r"\[[^\]]*\]")
_CLASS = re.compile(r"[.#](-?[A-Za-z_](?:[\w-]|\\.)*)")
_TAG = re.compile(r"(?<![\w.#-])([a-zA-Z][\w-]*)")
NESTED = ("media", "supports", "layer", "container")


class _Seen(HTMLParser):
    """The names of all elements, classes and ids of the pages that it is fed.

    And every word of their scripts, which may write elements.
    """

    def __init__(self):
        super().__init__()
        self.names = {"html", "body"}
        self._in_script = False

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        for name, value in attrs:
            if name in ("class", "id") and value:
                self.names.update(value.split())
        self._in_script = tag == "script"

    def handle_data(self, data):
        if self._in_script:
            self.names.update(_WORD.findall(data))

    def handle_endtag(self, tag):
        self._in_script = False


def names_in(folder: Path) -> set[str]:
    """All that a page or a script of the site may call an element: names, classes, ids."""
    seen = _Seen()
    for page in folder.rglob("*.html"):
        seen.feed(page.read_text("utf-8"))
    for script in folder.rglob("*.js"):
        if script.name not in ("small.js", "texts.js"):
            seen.names.update(_WORD.findall(script.read_text("utf-8", "replace")))
    return seen.names


def used(selector: str, names: set[str]) -> bool:
    """Whether some element could be meant by a selector."""
    bare = _STATES.sub("", _ATTRIBUTES.sub("", selector))
    asked = {name.replace("\\", "") for name in _CLASS.findall(bare)}
    asked |= {tag.lower() for tag in _TAG.findall(_CLASS.sub("", bare))}
    return asked <= names


def lean(style: str, names: set[str]) -> str:
    """A style without the rules, and the selectors of a rule, that mean no element."""
    rules = tinycss2.parse_stylesheet(style, skip_comments=True, skip_whitespace=True)
    licence = re.match(r"[^{]*?(/\*!.*?\*/)", style, re.DOTALL)
    return (f"{licence[1]}\n" if licence else "") + _written(rules, names)


def _written(rules, names):
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            text = tinycss2.serialize(rule.prelude)
            chosen = [one.strip() for one in _apart(text) if used(one, names)]
            if chosen:
                kept.append(f"{','.join(chosen)}{{{tinycss2.serialize(rule.content)}}}")
        elif (
            rule.type == "at-rule" and rule.content and rule.lower_at_keyword in NESTED
        ):
            inner = tinycss2.parse_rule_list(rule.content, True, True)
            if text := _written(inner, names):
                kept.append(
                    f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{text}}}"
                )
        elif rule.type != "error":
            kept.append(rule.serialize())
    return cssmin("\n".join(kept), keep_bang_comments=True)


def _apart(selectors: str) -> list[str]:
    """Selectors at their commas, but for those in brackets."""
    parts, depth = [""], 0
    for sign in selectors:
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def slim(folder: Path) -> None:
    """Write all styles of a built site anew without what is not used, and scripts shorter."""
    names = names_in(folder)
    for path in folder.rglob("*.css"):
        text = path.read_text("utf-8")
        path.write_text(lean(text, names), "utf-8")
    for path in folder.joinpath("_static").rglob("*.js"):
        text = path.read_text("utf-8")
        if (
            len(text) > 2_000 and text.count("\n") > len(text) / 200
        ):  # not short already
            path.write_text(jsmin(text, keep_bang_comments=True), "utf-8")
