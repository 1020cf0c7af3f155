"""The public reference on disk: rewritten when it says something else, and only then."""

import json

import numpy as np
import pytest
import safetensors.numpy

from autograder.verdict import bank


@pytest.fixture
def stored(tmp_path):
    """The reference of an exercise, and a way to change one of its tensors."""
    path = bank.write("embed", tmp_path)
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    about = json.loads(raw[8 : 8 + size])["__metadata__"]

    def change(dtype, by):
        tensors = safetensors.numpy.load(raw)
        name = max(
            (name for name in tensors if tensors[name].dtype == dtype),
            key=lambda name: tensors[name].size,
        )
        tensors[name] = by(tensors[name])
        changed = safetensors.numpy.save(tensors, about)
        path.write_bytes(changed)
        bank.write("embed", tmp_path)
        return path.read_bytes() == changed, path.read_bytes() == raw

    return change, path, raw


def test_the_rounding_of_another_processor_changes_nothing(stored):
    change, _, _ = stored
    kept, _ = change(np.float32, lambda t: np.nextafter(t, np.float32(9)))
    assert kept


@pytest.mark.parametrize(
    "dtype, by",
    [
        (np.float32, lambda t: t * np.float32(1 + 1e-5)),
        (np.float32, lambda t: np.where(t == t.max(), np.float32("nan"), t)),
        (np.float32, lambda t: t[:-1]),
        (np.float32, lambda t: t.astype(np.float64)),
        (np.int64, lambda t: t + 1),
    ],
)
def test_what_says_something_else_is_written_anew(stored, dtype, by):
    change, _, _ = stored
    assert change(dtype, by) == (False, True)


@pytest.mark.parametrize("damage", [lambda raw: b"", lambda raw: raw[:-9]])
def test_a_damaged_one_is_written_anew(stored, tmp_path, damage):
    _, path, raw = stored
    path.write_bytes(damage(raw))
    bank.write("embed", tmp_path)
    assert path.read_bytes() == raw
