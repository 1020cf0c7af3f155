"""Style that no page uses is left out of the built site.

The themes bring style for every part that they could have, most of what a page weighs. A rule stays where
each class and name that it speaks of stands in some page, or in a script that may add it.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

import drawings
import join
import tinycss2
from rcssmin import cssmin
from rjsmin import jsmin

_WORD = re.compile(r"[A-Za-z_][\w-]*")
# What a selector asks of an element: a class, an id, or (as a word) the element's name.
_STATES = re.compile(r"(?<!\\)::?[\w-]+(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?")
_ATTRIBUTES = re.compile(r"\[[^\]]*\]")
_CLASS = re.compile(r"[.#](-?[A-Za-z_](?:[\w-]|\\.)*)")
_TAG = re.compile(r"(?<![\w.#-])([a-zA-Z][\w-]*)")
# A variable where it is set, in a style that has been made short, and where one is read.
_VARIABLE = re.compile(
    r"([{;])(--[\w-]+):(?:[^;{}()]|\([^()]*(?:\([^()]*\)[^()]*)*\))*(?:;|(?=}))"
)
_EMPTY = re.compile(r"(?<=})[^{}@]+{}")
_READ = re.compile(r"(?<![\w-])(--[\w-]+)(?!\s*:|[\w-])")
_LISTING = re.compile(r'<div class="highlight"><pre.*?</pre>', re.DOTALL)
# What Pygments marks in a listing and the book writes as any other word: names, signs, spaces.
_PLAIN = re.compile(r'<span(?: class="(?:n|p|o|w|nn|nb|bp|na|nx|nv)")?>([^<]*)</span>')
# What the themes' scripts only look for: a page that has such a thing names it itself.
_SOUGHT = {
    *("sidebar", "margin-caption", "marginnote", "sidenote", "dataframe"),
    *("dropdown-menu", "dropdown-menu-dark", "dropdown-item", "btn-check"),
    *("list-group-item", "list-group-item-action", "bd-header-announcement"),
    *("version-switcher__menu", "version-switcher__button"),
    "pst-button-link-to-stable-version",
}
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


def pages_in(folder: Path) -> list[Path]:
    """All pages of a built site; what lies in _static is a part of a theme."""
    found = sorted(folder.rglob("*.html"))
    return [one for one in found if "_static" not in one.relative_to(folder).parts]


def names_in(folder: Path) -> set[str]:
    """All that a page or a script of the site may call an element: names, classes, ids."""
    seen, texts = _Seen(), []
    for page in pages_in(folder):
        texts.append(page.read_text("utf-8"))
        seen.feed(texts[-1])
    for script in _loaded(folder, texts):
        seen.names.update({*_WORD.findall(script)} - _SOUGHT)
    return seen.names


def _loaded(folder: Path, pages: list[str]) -> list[str]:
    """The scripts that a page may load. The themes bring more, which nothing names."""
    waiting, found = {}, []
    for path in folder.rglob("*.js"):
        if path.name not in ("small.js", "texts.js") and path.parent.name != "steps":
            waiting[path] = path.read_text("utf-8", "replace")
    texts = "\n".join(pages)
    while texts:
        named = {
            path
            for path in waiting
            if "_static" not in path.relative_to(folder).parts or path.name in texts
        }
        new = [waiting.pop(path) for path in named]
        texts = "\n".join(new)
        found += new
    return found


def without_unused(style: str, texts: list[str]) -> str:
    """A style without the variables (`--name: value`) that nothing reads.

    texts: all that may read one, the style itself among them.
    """
    while True:
        read = {name for text in texts for name in _READ.findall(text)}
        kept = _VARIABLE.sub(
            lambda one, read=read: one[0] if one[2] in read else one[1], style
        )
        if kept == style:
            return _EMPTY.sub("", style)
        texts = [kept if text is style else text for text in texts]
        style = kept


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


def plainer(page: str) -> str:
    """A page whose listings mark only the words that book.css gives a tone of their own."""
    return _LISTING.sub(lambda one: _PLAIN.sub(r"\1", one[0]), page)


def slim(folder: Path) -> None:
    """Write all of a built site anew without what is not used, and shorter."""
    pages = pages_in(folder)
    for page in pages:
        text = plainer(drawings.shorter(page.read_text("utf-8")))
        page.write_text(text, "utf-8")
    names = names_in(folder)
    styles = {
        path: lean(path.read_text("utf-8"), names) for path in folder.rglob("*.css")
    }
    texts = [page.read_text("utf-8") for page in pages]
    texts += [*styles.values(), *_loaded(folder, texts)]
    for path, text in styles.items():
        path.write_text(without_unused(text, texts), "utf-8")
    for path in folder.joinpath("_static").rglob("*.js"):
        text = path.read_text("utf-8")
        if (
            len(text) > 2_000 and text.count("\n") > len(text) / 200
        ):  # not short already
            path.write_text(jsmin(text, keep_bang_comments=True), "utf-8")
    join.join(folder, pages)
