"""Is a name that is pasted into a page of nbgrader's only ever a name there?"""

import re

import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_markdown_cell, new_notebook
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from autograder.classroom import pages
from tests.autograder.hostile.pages import TOKEN, Live

MEAN = [
    f"<script>alert('{TOKEN}')</script>",
    f"</script><script>alert('{TOKEN}')</script>",
    f'"><img src=x onerror="alert(`{TOKEN}`)">',
    f'"; alert("{TOKEN}"); "',
    f'\\"; alert("{TOKEN}") //',
]
TEMPLATES = [
    "manage_students_assignments.tpl",
    "manage_students_notebook_submissions.tpl",
]


def rendered(template, name):
    values = {"student_id": name, "assignment_id": name, "base_url": ""}
    environment = pages.environment(handlers.template_path)
    return environment.get_template(template).render(values)


@pytest.mark.parametrize("name", MEAN)
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_name_is_text_in_the_formgraders_pages(template, name):
    page = rendered(template, name)
    assert TOKEN in page
    assert "<script>alert" not in page and 'onerror="' not in page
    # In a script it is one text, whatever quotes are in it.
    (told,) = re.findall(r"var student_id = (.*);\n", page)
    assert re.fullmatch(r'"([^"\\<]|\\[u"\\][0-9a-f]{0,4})*"', told), told


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_real_name_is_shown_as_it_is(template):
    page = rendered(template, "O'Neill & [Søn]")
    assert (
        "O&#39;Neill &amp; [Søn]</li>" in page or "O&#39;Neill &amp; [Søn]</a>" in page
    )
    assert 'var student_id = "O\\u0027Neill \\u0026 [S\\u00f8n]";' in page


@pytest.mark.parametrize("name", MEAN)
def test_a_name_is_text_in_the_page_of_a_submission(name):
    config = Config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    config.HTMLExporter.preprocessors = [pages.Escape]
    keys = ("student", "last_name", "first_name", "notebook_path")
    about = {"index": 0, "total": 1, "base_url": "", **dict.fromkeys(keys, name)}
    nb = new_notebook(cells=[new_markdown_cell("hello")])
    page, _ = HTMLExporter(config=config).from_notebook_node(nb, resources=about)
    assert page.count(TOKEN) >= 4
    assert "<script>alert" not in page and "<img" not in page
    assert Live(page).found == []
