"""What a test needs from outside: skip without it, fail where all must run."""

import os

import pytest


def need(condition: object, missing: str) -> None:
    """Skip the test unless `condition` holds; with GPT_TEST_ALL=1, fail it.

    `missing` says what is not there and how to get it.
    """
    if condition:
        return
    if os.environ.get("GPT_TEST_ALL") == "1":
        pytest.fail(f"needed because GPT_TEST_ALL=1: {missing}")
    pytest.skip(missing)
