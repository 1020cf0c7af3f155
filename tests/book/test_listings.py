"""Every listing of the book is complete: a reader who types it in misses no name."""

import inspect
import re
from importlib import import_module

import pytest

from bench.chapter import BOOK
from tests.book import listings

PAGE = BOOK / "sample.md"


@pytest.mark.parametrize("page", listings.PAGES, ids=lambda page: page.stem)
def test_no_listing_lacks_a_name(page):
    assert not listings.faults(page)


def test_the_heads_that_pages_write_are_those_of_the_functions():
    """Without types, and without what the excerpt leaves out."""
    seen = 0
    for page in listings.PAGES:
        for listing in listings.listings(page, page.read_text("utf-8")):
            head = re.match(r"def (\w+)\((.*)\):\n", listing.code)
            if not listing.file or not head or "self" in head[2]:
                continue
            module = import_module(f"gpt.{listing.file.stem}")
            real = iter(inspect.signature(getattr(module, head[1])).parameters)
            written = re.findall(r"(?:^|, )\**(\w+)", head[2])
            assert all(name in real for name in written), (page.name, head[0])
            seen += 1
    assert seen > 20


# --- the check itself ---------------------------------------------------------------
def cell(code, tags=""):
    options = f":tags: [{tags}]\n\n" if tags else ""
    return f"```{{code-cell}} ipython3\n{options}{code}\n```\n"


def faults(text):
    return listings.faults(PAGE, text)


def test_a_name_that_comes_too_late_is_missed():
    assert faults(cell("print(x)") + cell("x = 1")) == ["sample.md:1 lacks x"]
    assert not faults(cell("x = 1") + cell("print(x)"))
    assert faults(cell("y = y + 1")) == ["sample.md:1 lacks y"]
    assert faults(cell("def f():\n    return g()") + cell("g = 1"))


def test_what_a_hidden_cell_defines_must_be_named():
    hidden = cell("x = 1", "remove-cell")
    assert faults(hidden + cell("print(x)")) == ["sample.md:6 lacks x"]
    assert not faults(hidden + "Here `x` is one.\n" + cell("print(x)"))
    assert not faults(hidden + cell("print(x)  # x is one"))
    hidden = cell("import torch", "remove-cell")
    assert faults(hidden + "`torch`\n" + cell("torch.ones(1)")) == [
        "sample.md:7 lacks torch"
    ]


def test_an_excerpt_may_use_what_its_file_has_and_no_more():
    loop = (
        "```{literalinclude} ../gpt/sample.py\n:pyobject: generate\n"
        ":start-at: %s\n:prepend: def generate(model, ids, n_new, seed, stop, n_ctx, "
        "choose, **how):\n```\n"
    )
    told = "It reads `text[-n_ctx:]`.\n"
    assert faults(loop % "uniform =" + told) == ["sample.md:1 lacks text"]
    assert not faults(loop % "text = prompt_ids")


def test_what_is_no_python_is_an_error():
    with pytest.raises(ValueError, match="no Python"):
        faults(cell("x = "))


def test_plain_blocks_are_read_too():
    assert faults("```python\nprint(a)\n```\n") == ["sample.md:1 lacks a"]
