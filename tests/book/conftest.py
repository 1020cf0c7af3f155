"""What the tests of a chapter share: its page, run once. They name it as `CHAPTER`."""

import pytest

from tests.book.page import run


@pytest.fixture(scope="module")
def page(request):
    return run(request.module.CHAPTER)


@pytest.fixture(scope="module")
def names(page):
    """What the reader has after the last cell."""
    return page.names


@pytest.fixture(scope="module")
def facts(page):
    """Every number that the prose glues."""
    return page.facts


@pytest.fixture(scope="module")
def model(names):
    return names["model"]


@pytest.fixture(scope="module")
def tokenizer(names):
    return names["tokenizer"]
