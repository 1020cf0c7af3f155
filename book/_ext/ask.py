"""Questions that a reader can answer, and what is hidden until it was predicted.

In a chapter, a question has three parts: what is asked, a list, and the answer.

    :::{question}
    What does the first token hold?

    - [x] Its own value
    - [ ] Nothing, since no token stands before it

      It may look at itself, so there is one score, and its share is one.

    Always its own value, because …
    :::

The list makes the kind: `[x]` before the right one of several choices; `[=]` before the right
number, such as `[=] {glue:text}`key` ± 2` (without ±, half a unit of its last digit), and `[ ]`
before numbers that are likely and wrong; or a numbered list, in the right order. The paragraph
under an item that is not right says why it is tempting, and why wrong; in an order, why the
item cannot stand earlier.

`{predict}` is the same before something that the page shows. What stands between it and
`{predicted}` is its answer, and hidden until it is asked for. There, the list may be left out.

Without JavaScript, and on paper, a question has its answer in a fold, and what was to be
predicted is simply shown. ask.js does the rest. jupyterquiz and sphinx-exercise were looked
at: the one shows nothing without a script, the other takes no answers.
"""

import hashlib
import random
import re
from html import escape
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

_MARK = re.compile(r"\[([x= ])\]\s+")
_NUMBER = re.compile(r"([-−]?)(\d[\d,]*)(\.\d+)?(?:/(\d+))?")
_WITHIN = re.compile(r"\s*±\s*([\d.]+)\s*$")
HIDE = "document.currentScript.parentElement.setAttribute('hidden', 'until-found')"  # no flash
log = logging.getLogger(__name__)


class ask(nodes.General, nodes.Element):
    """A question as it was written; `predict` is whether the page itself answers it."""


class predicted(nodes.General, nodes.Element):
    """Here ends what was to be predicted."""


class tag(nodes.General, nodes.Element):
    """An element of HTML: `name`, and its attributes in `given`."""


def number_in(text: str) -> tuple[float, float]:
    """(the first number of a text, half a unit of its last digit).

    Raises ValueError where there is none.
    """
    found = _NUMBER.search(text)
    if not found:
        raise ValueError(f"there is no number in {text!r}")
    sign, whole, rest, below = found.groups()
    size = float(whole.replace(",", "") + (rest or "")) / int(below or 1)
    return -size if sign else size, 0.5 * 10.0 ** -(len(rest or ".") - 1)


class Question(SphinxDirective):
    """A question with its answer, or what is to be predicted."""

    has_content = True
    option_spec: ClassVar = {"unit": directives.unchanged_required}

    def run(self):
        self.assert_has_content()
        said = f"{self.env.docname}\n{chr(10).join(self.content)}"
        node = ask(
            predict=self.name == "predict",
            unit=self.options.get("unit", ""),
            number=hashlib.sha256(said.encode()).hexdigest()[:8],
        )
        self.set_source_info(node)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


class Predicted(SphinxDirective):
    def run(self):
        return [predicted()]


def _tag(name, *children, **given):
    given = {key.strip("_").replace("_", "-"): value for key, value in given.items()}
    return tag("", *children, name=name, given=given)


class Item:
    """A line of a question's list: what it says, what explains it, and what it is."""

    def __init__(self, item):
        first, *self.why = item.children
        self.said = [child.deepcopy() for child in first.children]
        mark = None
        if self.said and isinstance(self.said[0], nodes.Text):
            mark = _MARK.match(self.said[0].astext())
        self.mark = mark[1] if mark else ""
        if mark:
            self.said[0] = nodes.Text(self.said[0].astext()[mark.end() :])
        self.near = None
        if within := _WITHIN.search(self.text()):
            self.near = float(within[1])
            self.said[-1] = nodes.Text(_WITHIN.sub("", self.said[-1].astext()))

    def text(self):
        return "".join(child.astext() for child in self.said)

    def copy(self):
        return [child.deepcopy() for child in self.said]


class Form:
    """A question, taken apart and put together as HTML. ValueError where it is not one."""

    def __init__(self, node):
        self.node, self.id = node, f"q-{node['number']}"
        self.predict = node["predict"]
        at = next((i for i, one in enumerate(node.children) if _is_list(one)), None)
        if at is None and not self.predict:
            raise ValueError("a question needs a list: [x], [=], or a numbered one")
        end = len(node.children) if at is None else at
        *self.before, asked = node.children[:end] or [nodes.paragraph()]
        if not isinstance(asked, nodes.paragraph) or not asked.children:
            raise ValueError("before the list stands a paragraph that asks")
        self.asked, self.answer = asked, node.children[end + 1 :]
        self.items = [] if at is None else [Item(one) for one in node[at].children]
        marks = [item.mark for item in self.items]
        self.kind = "none" if at is None else _kind(node[at], marks)
        right = marks.count("x") + marks.count("=")
        if self.kind in ("choice", "number") and (right != 1 or "" in marks):
            raise ValueError(f"one item is right, and each has a mark: {marks}")
        if self.predict and self.answer:
            raise ValueError("what was to be predicted is the page's to tell")
        if not self.predict and not self.answer:
            raise ValueError("after the list, the answer is missing")
        for item in self.items:
            if not item.why and item.mark not in "x=" and self.kind != "order":
                raise ValueError(f"{item.text()!r} is not explained")
        self.luck = random.Random(self.id)

    def form(self):
        do = nodes.Text("Show what happens" if self.predict else "Check")
        do = _tag("div", _tag("button", do, type="submit"), class_="ask-do")
        if self.kind == "none":
            main = [_tag("p", *self.asked.children), do]
        else:
            legend = _tag("legend", *self.asked.children)
            parts = getattr(self, f"_{self.kind}")()
            main = [_tag("fieldset", legend, *parts, do)]
        said = _tag("div", class_="ask-said", role="status")
        return _tag("form", *self.before, *main, said, data_kind=self.kind)

    def _choice(self):
        for i in self.luck.sample(range(len(self.items)), len(self.items)):
            item = self.items[i]
            radio = _tag("input", type="radio", name_=self.id, value=str(i))
            if item.mark == "x":
                radio["given"]["data-right"] = ""
            yield _tag("label", radio, _tag("span", *item.copy()))

    def _number(self):
        unit = self.node["unit"]
        field = _tag("input", type="text", inputmode="decimal", autocomplete="off")
        field["given"] |= {"aria-label": f"Your number {unit}".strip(), "size": "9"}
        for i, item in enumerate(self.items):
            value, near = number_in(item.text())
            name = "data-right" if item.mark == "=" else f"data-wrong-{i}"
            field["given"][name] = f"{value:.12g} {item.near or near:.6g}"
        yield _tag("label", field, nodes.Text(f" {unit}"), class_="ask-number")

    def _order(self):
        many = range(len(self.items))
        mixed = [*many]
        while mixed == [*many]:
            self.luck.shuffle(mixed)
        yield _tag(
            "ol",
            *(
                _tag("li", _tag("span", *self.items[i].copy()), data_at=str(i))
                for i in mixed
            ),
            class_="ask-order",
        )

    def explained(self):
        """Every item that has a word to say, as a list; None where none has."""
        rows = []
        for i, item in enumerate(self.items):
            if item.why or self.kind == "order":
                said = _tag("span", *item.copy(), class_="ask-tried")
                rows.append(_tag("li", said, _tag("div", *item.why), data_for=str(i)))
        if not rows:
            return []
        if self.kind == "order":
            return [_tag("ol", *rows, class_="ask-why")]
        head = [] if self.predict else [_tag("p", nodes.Text("And the others?"))]
        return [*head, _tag("ul", *rows, class_="ask-why")]

    def fold(self, name, children):
        summary = _tag("summary", nodes.Text(name))
        return _tag("details", summary, *children, class_="ask-fold")

    def question(self):
        fold = self.explained()
        fold = [*fold, *self.answer] if self.kind == "order" else [*self.answer, *fold]
        given = {"class": "ask", "id": self.id}
        return tag("", self.form(), self.fold("Answer", fold), name="div", given=given)

    def prediction(self, shown):
        """Both parts of it: what asks, and what is shown then."""
        given = {"class": "ask predict", "id": self.id}
        hide = nodes.raw("", f"<script>{HIDE}</script>", format="html")
        rows = self.explained()
        if rows:
            shown = [*shown, self.fold("The predictions, explained", rows)]
        return [
            tag("", self.form(), name="div", given=given),
            _tag("div", hide, *shown, class_="predicted", id=f"{self.id}-shown"),
        ]


def _is_list(node):
    if isinstance(node, nodes.enumerated_list):
        return True
    return (
        isinstance(node, nodes.bullet_list) and _MARK.match(node.astext()) is not None
    )


def _kind(found, marks):
    if isinstance(found, nodes.enumerated_list):
        return "order"
    return "number" if "=" in marks else "choice"


class Ask(SphinxPostTransform):
    """Writes the questions, when the numbers of the page are known."""

    default_priority = 20
    formats = ("html",)

    def run(self, **how):
        for node in list(self.document.findall(ask)):
            try:
                self.write(node)
            except ValueError as error:
                log.warning("%s", error, location=node)
        for left in list(self.document.findall(predicted)):
            log.warning("nothing was to be predicted here", location=left)
            left.parent.remove(left)

    def write(self, node):
        form = Form(node)
        if not form.predict:
            node.replace_self(form.question())
            return
        after = node.parent.children[node.parent.index(node) + 1 :]
        ends = [i for i, one in enumerate(after) if isinstance(one, predicted)]
        if not ends or any(isinstance(one, ask) for one in after[: ends[0]]):
            raise ValueError("{predicted} must follow {predict}, in the same section")
        for one in after[: ends[0] + 1]:
            node.parent.remove(one)
        node.replace_self(form.prediction(after[: ends[0]]))


def visit(self, node):
    said = "".join(f' {key}="{escape(value)}"' for key, value in node["given"].items())
    self.body.append(f"<{node['name']}{said}>")


def depart(self, node):
    if node["name"] != "input":
        self.body.append(f"</{node['name']}>")


def fit(app, page, template, context, doctree):
    """The script and its style go to pages with questions."""
    if 'class="ask' in context.get("body", ""):
        app.add_js_file("ask.js", loading_method="defer", **{"data-page": page})
        app.add_css_file("ask.css")


def setup(app):
    app.add_node(tag, html=(visit, depart))
    for name, directive in (("question", Question), ("predict", Question)):
        app.add_directive(name, directive)
    app.add_directive("predicted", Predicted)
    app.add_node(ask)
    app.add_node(predicted)
    app.add_post_transform(Ask)
    app.connect("html-page-context", fit)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
