"""The formgrader's pages, with every name escaped in them.

nbgrader pastes names into its pages as they are, even what stands in a page's address,
and sends its lists of names as HTML. So `o'neill` and `a&b` look wrong, and `<script>`
would run with an instructor's rights. Names with brackets of that kind are refused
besides (`names`): two locks, since the pages are not ours.
"""

from __future__ import annotations

import functools
import html
import re
import sys
from collections.abc import Callable
from typing import Any

import jinja2
import nbformat
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

_BASE = "nbgrader.server_extensions.formgrader.base"


class Escape(Preprocessor):
    """Escapes the names in the page of one submission, which nbconvert makes.

    And shows its flags above the notebook: to the formgrader only, whose pages are made
    with the number of a submission. What a student reads is made without it.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        flags = nb.metadata.get("autograder", {}).get("flags", [])
        if flags and resources.get("submission_id"):
            lines = ["**FLAGGED: look at this, then confirm its points below.**", ""]
            lines += [f"- {_plain(flag)}" for flag in flags]
            nb = nbformat.from_dict(nb)
            nb.cells.insert(0, nbformat.v4.new_markdown_cell("\n".join(lines)))
        for key in ("student", "last_name", "first_name", "notebook_path"):
            if resources.get(key):
                resources[key] = html.escape(resources[key])
        return nb, resources


def _plain(flag: str) -> str:
    """A flag as text of Markdown, whatever is in it."""
    return html.escape(re.sub(r"([\\`*_\[\]#!|~$])", r"\\\1", flag))


class Templates(jinja2.FileSystemLoader):
    """nbgrader's templates, where a value in a script is written as a script's text."""

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, file, fresh = super().get_source(environment, template)
        source = re.sub(r'= "\{\{ (\w+) \}\}";', r"= {{ \1 | tojson }};", source)
        source = re.sub(r"/\{\{ (student_id) \}\}", r"/{{ \1 | urlencode }}", source)
        return source, file, fresh


@functools.cache
def environment(path: str) -> jinja2.Environment:
    """The templates in a folder, with all that is put into them escaped."""
    return jinja2.Environment(loader=Templates(path), autoescape=True)


def install() -> None:
    """Let the formgrader of this process, if there is one, make its pages so."""
    base = sys.modules.get(_BASE)
    if base is None:
        return
    from nbgrader.server_extensions.formgrader import handlers

    def render(self: Any, name: str, **values: Any) -> str:
        return environment(handlers.template_path).get_template(name).render(**values)

    def set_default_headers(self: Any) -> None:
        super(base.BaseApiHandler, self).set_default_headers()
        self.set_header("Content-Type", "text/plain; charset=UTF-8")

    base.BaseHandler.render = render
    base.BaseApiHandler.set_default_headers = set_default_headers
