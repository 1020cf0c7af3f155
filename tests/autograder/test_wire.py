"""Do values survive the way to the grader, and do hostile bytes stop at the door?"""

import json
import pickle

import numpy as np
import pytest
import safetensors.numpy
import torch
from hypothesis import given
from hypothesis import strategies as st

from autograder import wire

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters())  # lone surrogates too
    | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=4)
        | st.dictionaries(st.tuples(st.integers(), st.integers()), inner, max_size=4)
        | st.dictionaries(st.binary(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(plain)
def test_a_value_survives(value):
    back = wire.unpack(wire.pack(value))
    assert back == value
    assert repr(back) == repr(value)  # True is not 1, a tuple is not a list


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(6).reshape(2, 3),
        torch.randn(2, 0, 3),
        torch.tensor(1.5),
        torch.tensor([True, False]),
        torch.randn(3).bfloat16(),
        torch.randn(4, 4).T,
    ],
)
def test_a_tensor_survives_with_its_shape_and_dtype(tensor):
    back = wire.unpack(wire.pack([tensor]))[0]
    assert back.dtype == tensor.dtype
    assert back.shape == tensor.shape
    assert torch.equal(back, tensor)


def test_numpy_numbers_and_subclasses_become_plain():
    class Sly(int):
        def __eq__(self, other):
            return True

        __hash__ = int.__hash__

    value = {"a": np.int64(3), "b": [Sly(1), np.int32(2)], "c": np.float32(0.5)}
    back = wire.unpack(wire.pack(value))
    assert back == {"a": 3, "b": [1, 2], "c": 0.5}
    assert all(type(x) is int for x in back["b"])


def test_integers_in_a_list_are_one_tensor_named_by_its_place():
    data = wire.pack({"merge": {"args": [[1, 2, 3], "果"]}})
    tensors = safetensors.numpy.load(data)
    assert tensors["merge/args/0"].tolist() == [1, 2, 3]
    assert tensors["merge/args/1"].tobytes() == "果".encode()


@pytest.mark.parametrize("value", [{1, 2}, object(), lambda: 0, 1j, range(3)])
def test_other_types_are_refused(value):
    with pytest.raises(ValueError, match="cannot be handed in"):
        wire.pack(value)


def test_nesting_is_bounded_on_both_sides():
    deep = 0
    for _ in range(wire.MAX_DEPTH + 2):
        deep = [deep, None]
    with pytest.raises(ValueError, match="deep"):
        wire.pack(deep)
    structure = '["list", [' * 5000 + '["none"]' + "]]" * 5000
    forged = safetensors.numpy.save({}, {"structure": structure})
    with pytest.raises(ValueError):
        wire.unpack(forged)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 8,
        b"\xff" * 64,
        (2**62).to_bytes(8, "little") + b"{}",
        pickle.dumps(Bomb()),
        safetensors.numpy.save({"a": np.arange(3)}),
        *(
            safetensors.numpy.save({"a": np.arange(3)}, {"structure": text})
            for text in (
                "",
                "7",
                "{}",
                "[]",
                "null",
                '["array", "b"]',
                '["array", ["a"]]',
                '["str"]',
                '["int", "%s"]' % ("9" * 9999),
                '["dict", ["none"], ["none"]]',
                '["dict", ["ints list", "a"], ["list", []]]',
                '["dict", ["list", [["list", []]]], ["list", [["none"]]]]',
                '["rows", "a"]',
                '["pieces", "a"]',
                '["pieces", "a", "b"]',
                '["float", "0x1p99999"]',
                '["record", []]',
                '["list", {"a": 1}]',
                "NaN",
            )
        ),
    ],
)
def test_forged_bytes_raise_a_value_error_and_nothing_else(data):
    with pytest.raises(ValueError):
        wire.unpack(data)


@given(st.binary(max_size=200))
def test_any_bytes_raise_a_value_error_and_nothing_else(data):
    with pytest.raises(ValueError):
        wire.unpack(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner)
    ),
)
kinds = st.sampled_from(
    ["none", "bool", "int", "float", "list", "tuple", "dict", "record", "str"]
    + ["bytes", "rows", "ints list", "array", "tensor", "tensor bfloat16", "?"]
)
structures = st.recursive(
    st.tuples(kinds, json_values | st.just("a")).map(list) | json_values,
    lambda inner: st.tuples(kinds, st.lists(inner, max_size=3) | inner).map(list),
)


@given(structures)
def test_any_structure_is_a_value_or_a_value_error(structure):
    text = json.dumps(structure)
    data = safetensors.numpy.save({"a": np.arange(3.0)}, {"structure": text})
    try:
        wire.unpack(data)
    except ValueError:
        pass


def test_a_flood_is_refused():
    with pytest.raises(ValueError, match="at most"):
        wire.unpack(b"\x00" * (wire.MAX_BYTES + 1))
    same = '["list", [' + ",".join(['["array", "a"]'] * (wire.MAX_NODES + 1)) + "]]"
    data = safetensors.numpy.save({"a": np.arange(3)}, {"structure": same})
    with pytest.raises(ValueError, match="too many"):
        wire.unpack(data)
