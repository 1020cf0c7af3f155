"""Which commands need not wait for PyTorch? Its import takes longer than all the rest of them."""

import os
import subprocess
import sys

import pytest

from tests.autograder.road.conftest import ROOT


@pytest.mark.parametrize(
    "words",
    ["status", "roster", "due attend", "review attend", "export attend"],
)
def test_who_only_looks_does_not_wait_for_pytorch(klass, words):
    command = [sys.executable, "-X", "importtime", "-m", "autograder", *words.split()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "nbgrader.api" in imported  # it has opened the gradebook
    assert "torch" not in imported
