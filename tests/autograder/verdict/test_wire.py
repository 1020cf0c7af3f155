"""Do values survive the way to the grader, and do hostile bytes stop at the door?"""

import contextlib
import itertools
import json
import pickle
import sys
import tracemalloc

import numpy as np
import pytest
import safetensors.numpy
import torch
from hypothesis import given
from hypothesis import strategies as st

from autograder.verdict import outcome, wire
from autograder.verdict.plain import MAX_ALIKE, lies_across


def repr_short(value):
    return repr(value)[:30]


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


@given(plain)
def test_a_file_is_as_safetensors_writes_it(value):
    data = wire.pack(value)
    text = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    tensors = safetensors.numpy.load(data)
    assert safetensors.numpy.save(tensors, text["__metadata__"]) == data


def test_a_file_of_every_dtype_is_as_safetensors_writes_it():
    kinds = [np.float16, np.float32, np.float64, np.bool_]
    kinds += [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
    arrays = [np.ones((2, 3), kind) for kind in kinds]
    data = wire.pack(arrays + arrays[::-1])
    text = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    tensors = safetensors.numpy.load(data)
    assert safetensors.numpy.save(tensors, text["__metadata__"]) == data
    assert wire.unpack(wire.pack([np.ones(2, ">i8")]))[0].tolist() == [1, 1]


@given(plain)
def test_a_plain_copy_is_what_packing_and_unpacking_give(value):
    back = wire.copy(value)
    assert repr(back) == repr(wire.unpack(wire.pack(value)))
    assert all(a is not b for a, b in zip(_changeable(back), _changeable(value)))


def _changeable(value):
    """The lists and dicts in a value, and it itself."""
    if isinstance(value, dict):
        return [value, *(x for part in value.values() for x in _changeable(part))]
    if isinstance(value, list | tuple):
        own = [value] if isinstance(value, list) else []
        return [*own, *(x for part in value for x in _changeable(part))]
    return []


@pytest.mark.parametrize(
    "value",
    [
        {"k" * 30: 1},
        {"k": [[[[[[[[1]]]]]]]]},
        ["x"] * 5000,
        [2**63],
        [-(2**63) - 1, 0],
        {n * (2**61 - 1): n for n in range(-4, 5)},
        [1] * 100_001,
        [True, 1],
        [(1, True)],
        {b"a": (1, 2.5)},
        [np.int64(3)],
        [np.float64(1.5)],
        [b"a", bytearray(b"b")],
        {1: {"a/b": None}},
        "é" * 100_001,
    ],
    ids=repr_short,
)
def test_at_the_edges_of_plain_a_copy_is_the_same(value):
    assert repr(wire.copy(value)) == repr(wire.unpack(wire.pack(value)))


@pytest.mark.parametrize(
    "value",
    [[1, 2], [[1], ["a"]], ([0],), {"a": [None]}, [{}], [torch.ones(1)]],
    ids=repr,
)
def test_a_copy_shares_nothing_that_can_be_changed(value):
    copied = wire.copy(value)
    for mine, theirs in zip(_changeable(copied), _changeable(value), strict=True):
        assert mine is not theirs
    if isinstance(value[0] if isinstance(value, list) else 0, torch.Tensor):
        assert copied[0].data_ptr() != value[0].data_ptr()


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        10**5000,
        nested(20),
        nested(2000),
        torch.zeros(0, 10**9),
        {"k" * 50_000: ["x"] * 100},
    ],
    ids=["large", "deep", "deeper", "wide", "long"],
)
def test_what_cannot_be_packed_is_not_copied(value):
    for use in wire.copy, wire.pack:
        with pytest.raises(ValueError):
            use(value)


def test_a_view_that_says_minus_is_copied_as_what_it_is():
    z = torch.imag(torch.conj(torch.tensor([1 + 2j])))  # -2, kept as 2 and a sign
    assert z.is_neg() and not wire.copy([z])[0].is_neg()
    assert wire.copy([z])[0].tolist() == [-2.0]


def test_a_dict_whose_keys_lie_in_one_place_is_refused_as_ever():
    alike = {(a * (2**61 - 1), b * (2**61 - 1)): 0 for a in range(5) for b in range(5)}
    for use in wire.copy, wire.pack:
        with pytest.raises(ValueError, match="such keys"):
            use(alike)


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


def forged(structure, **tensors) -> bytes:
    text = structure if isinstance(structure, str) else json.dumps(structure)
    return safetensors.numpy.save(tensors, {"structure": text})


def by_hand(dtype: str, shape: list[int], data: bytes) -> bytes:
    """A file with one tensor that safetensors itself would not write."""
    about = {"dtype": dtype, "shape": shape, "data_offsets": [0, len(data)]}
    header = {"a": about, "__metadata__": {"structure": '["tensor", "a"]'}}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def used(structure):
    """The tensors that a structure mentions: one too many would be reason enough."""
    known = {"a": np.arange(3), "b": np.arange(3), "c": np.arange(3.0)}
    return {n: array for n, array in known.items() if f'"{n}"' in json.dumps(structure)}


def test_a_flood_is_refused():
    with pytest.raises(ValueError, match="at most"):
        wire.unpack(b"\x00" * (wire.MAX_BYTES + 1))
    with pytest.raises(ValueError, match="as its header"):
        wire.unpack(forged(["list", [["none"]] * 300_000]))


def test_the_parts_of_a_value_are_counted(monkeypatch):
    monkeypatch.setattr(wire, "MAX_NODES", 100)
    assert len(wire.unpack(forged(["list", [["none"]] * 99]))) == 99
    with pytest.raises(ValueError, match="too many parts"):
        wire.unpack(forged(["list", [["none"]] * 100]))
    with pytest.raises(ValueError, match="too many parts"):
        wire.pack([None] * 100)


@pytest.mark.parametrize("many", [[object()] * 2, {"x": object(), "y": 1}])
def test_too_many_parts_are_refused_before_the_first_is_looked_at(monkeypatch, many):
    with pytest.raises(ValueError, match="object"):
        wire.pack(many)
    monkeypatch.setattr(wire, "MAX_NODES", 2)
    with pytest.raises(ValueError, match="too many parts"):
        wire.pack(many)


def test_what_is_one_part_however_long_is_counted_as_one(monkeypatch):
    ids = {i: i + 1 for i in range(100)}  # keys and values are a row of numbers each
    monkeypatch.setattr(wire, "MAX_NODES", 5)
    assert wire.unpack(wire.pack([ids])) == [ids]


@pytest.mark.parametrize("kind", ["array", "tensor", "ints list", "str", "rows"])
def test_a_tensor_is_used_once(kind):
    """Or a file of 16 MB would become a value of 3 TB."""
    array = np.zeros((2, 2), np.int64)
    array = array.astype(np.uint8) if kind == "str" else array
    array = array if kind in ("array", "tensor", "rows") else array.ravel()
    assert wire.unpack(forged(["list", [[kind, "a"]]], a=array))
    with pytest.raises(ValueError, match="used twice"):
        wire.unpack(forged(["list", [[kind, "a"]] * 2], a=array))
    with pytest.raises(ValueError, match="belongs nowhere"):
        wire.unpack(forged(["list", [[kind, "a"]]], a=array, b=array))


SOME = 5000
BOMBS = {
    "one tensor many times": (
        ["list", [["tensor", "a"]] * SOME],
        {"a": np.zeros(SOME)},
    ),
    "one text many times": (
        ["list", [["str", "a"]] * SOME],
        {"a": np.zeros(SOME, np.uint8)},
    ),
    "rows without a number": (["rows", "a"], {"a": np.zeros((10**6, 0), np.int64)}),
    "pieces that overlap": (
        ["pieces", "a", "b"],
        {
            "a": np.zeros(SOME, np.uint8),
            "b": np.array([1] + [SOME - 1, 1 - SOME] * SOME + [SOME - 1]),
        },
    ),
    "pieces that overlap around 2**64": (
        ["pieces", "a", "b"],
        {
            "a": np.zeros(SOME, np.uint8),
            "b": np.array([1] + [2**62] * 4 * SOME + [SOME - 1]),
        },
    ),
    "keys of a tensor without a number": (
        ["dict", ["tensor", "a"], ["tensor", "b"]],
        {"a": np.zeros((10**5, 0)), "b": np.zeros((10**5, 0))},
    ),
    "lists in lists": ("[" + "[]," * 10**6 + "[]]", {}),
    "rows of one": (["rows", "a"], {"a": np.full((10**5, 1), 2**60)}),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_file_does_not_become_a_large_value(bomb):
    structure, tensors = BOMBS[bomb]
    data = forged(structure, **tensors)
    tracemalloc.start()
    try:
        with contextlib.suppress(ValueError):
            wire.unpack(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * len(data) + 100_000


def test_keys_that_collide_are_refused():
    """A dict with a thousand keys of one hash takes a million comparisons to build."""
    step = sys.hash_info.modulus
    for many, refused in ((MAX_ALIKE, False), (MAX_ALIKE + 1, True)):
        keys = ["list", [["int", str(i * step)] for i in range(1, many + 1)]]
        rows = [[i * step for i in row] for row in itertools.product((0, 1), repeat=6)]
        for structure, tensors in (
            (["dict", keys, ["list", [["none"]] * many]], {}),
            (
                ["dict", ["rows", "a"], ["ints list", "b"]],
                {"a": np.array(rows[:many]), "b": np.arange(many)},
            ),
        ):
            data = forged(structure, **tensors)
            if refused:
                with pytest.raises(ValueError, match="keys that no dict has"):
                    wire.unpack(data)
            else:
                value = wire.unpack(data)
                assert len(value) == many
                assert wire.unpack(wire.pack(value)) == value
    with pytest.raises(ValueError, match="such keys"):
        wire.pack({i * step: None for i in range(1, MAX_ALIKE + 2)})


@pytest.mark.parametrize(
    "data",
    [
        by_hand("BOOL", [4], b"\0\1\2\xff"),
        by_hand("C64", [1], bytes(8)),
        by_hand("BF16", [4], bytes(8)),
        by_hand("F8_E4M3", [8], bytes(8)),
        by_hand("F4", [16], bytes(8)),
        by_hand("F64", [2**33, 2**33], b""),
        by_hand("F64", [1] * 10_000, bytes(8)),
        by_hand("U8", [2**62, 0], b""),
        by_hand("U8", [2**31, 0, 2**31], b""),
        by_hand("I64", [2**63, 0], b""),
        by_hand("I64", [2**64 - 1, 0], b""),
        *(
            forged(structure, **used(structure))
            for structure in (
                ["int", 1e300],
                ["int", 7],
                ["int", "9" * 4301],
                ["float", 1.0],
                ["float", "1" * 400 + "p99999"],
                ["bool", 1],
                ["none", "a"],
                ["list", "none"],
                ["list", [["none"]], "a"],
                ["str", "a"],
                ["bytes", "c"],
                ["rows", "a"],
                ["ints list", "c"],
                ["tensor bfloat16", "c"],
                ["tensor bfloat16", "a"],
                ["dict", ["tensor", "a"], ["tensor", "b"]],
                ["dict", ["array", "a"], ["array", "b"]],
                ["dict", ["ints list", "a"], ["record", {}]],
                ["dict", ["ints tuple", "a"], ["ints list", "b"]],
                ["dict", ["list", [["tensor", "a"]]], ["list", [["none"]]]],
            )
        ),
        # Equal keys: a dict has one of them.
        forged(
            [
                "dict",
                ["list", [["int", "1"], ["bool", True], ["float", "0x1p0"]]],
                ["list", [["none"], ["none"], ["none"]]],
            ]
        ),
    ],
)
def test_what_pack_does_not_write_is_not_read(data):
    with pytest.raises(ValueError, match="not a packed value"):
        wire.unpack(data)


SECRET = "27182818"


@pytest.mark.parametrize(
    "data",
    [
        by_hand(SECRET, [1], bytes(8)),
        by_hand("F64", [int(SECRET)], bytes(8)),
        SECRET.encode() + bytes(100),
        *(
            forged(
                structure, **{SECRET: np.frombuffer(b"\xff" + SECRET.encode(), "u1")}
            )
            for structure in (
                SECRET,
                f'["{SECRET}',
                [SECRET, "a"],
                [SECRET],
                ["array", SECRET * 2],
                ["int", SECRET + "x"],
                ["float", SECRET + "x"],
                ["str", SECRET],
                ["record", {SECRET: 3}],
            )
        ),
    ],
)
def test_an_error_quotes_nothing_of_the_data(data):
    """Hidden inputs could be in it, and what it says is shown."""
    with pytest.raises(ValueError) as caught:
        wire.unpack(data)
    assert SECRET not in str(caught.value)
    assert str(int.from_bytes(SECRET.encode()[:8], "little")) not in str(caught.value)
    assert len(str(caught.value)) < 100
    assert caught.value.__cause__ is None


class Odd(np.ndarray):
    pass


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(2, dtype=torch.complex64),
        torch.ones(2, dtype=torch.float8_e4m3fn),
        torch.ones(2, 2).to_sparse(),
        torch.ones(2, device="meta"),
        torch.zeros(1).expand(10**12),
        torch.zeros(10**8, 0),
        np.ones(2, np.longdouble),
        np.ones(2, complex),
        np.array(["a"]),
        np.array([None]),
        np.zeros((), [("a", int)]),
        np.datetime64("2026-01-01"),
        9**9999,
        {torch.ones(2): 1},
        {(torch.ones(2),): 1},
        {frozenset(): 1},
        ["a" * 10] * 40_000,
        "a" * 17_000_000,
        [np.ones(10**6), np.ones(10**6)],
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_packed_is_a_value_error(value):
    with pytest.raises(ValueError):
        wire.pack(value)


def test_a_value_within_itself_is_refused():
    loop: list = []
    loop.append(loop)
    wide: list = []
    for _ in range(wire.MAX_DEPTH - 1):  # 10**15 parts, in ten lists
        wide = [wide] * 10
    for value in (loop, wide):
        with pytest.raises(ValueError, match="too many parts"):
            wire.pack(value)


@pytest.mark.parametrize(
    "value",
    [
        {"__metadata__": "a"},
        {"\ud800": "a", "b": [1, 2]},
        {"": "a", "/": "b"},
        {"a": {"b": "c"}, "a/b": "d"},
        {None: 1, True: 2, 0: 3, 0.5: 4, "x": 5, b"x": 6, (1, ("y", None)): 7},
        [[], (), {}, "", b"", [b""], [()], [(), ()]],
        {"value": "x", "lengths": [b"ab", b"c"]},
        -0.0,
        2**63,
        [2**63, -(2**63) - 1],
        [True, 1],
        5e-324,
    ],
    ids=repr,
)
def test_odd_values_survive(value):
    back = wire.unpack(wire.pack(value))
    assert repr(back) == repr(value)


def test_arrays_and_tensors_become_plain():
    for array in (
        np.arange(3).view(Odd),
        np.arange(3, dtype=">i4"),
        np.arange(6).reshape(2, 3).T,
        np.broadcast_to(np.float16(2), (2, 3)),
        np.array(1.5),
    ):
        back = wire.unpack(wire.pack(array))
        assert type(back) is np.ndarray
        assert back.dtype == array.dtype.newbyteorder("=")
        assert back.tolist() == array.tolist()
    negative = torch.randn(3, dtype=torch.complex64).conj().imag  # a view with a sign
    parameter = torch.nn.Parameter(torch.ones(2))
    for tensor in (negative, parameter, torch.ones(2)[::1].expand(3, 2)):
        back = wire.unpack(wire.pack(tensor))
        assert type(back) is torch.Tensor
        assert not back.requires_grad
        assert torch.equal(back, tensor)


TENSORS = [
    torch.arange(6.0).reshape(2, 3),
    torch.arange(6.0).reshape(2, 3).T,
    torch.arange(6)[::2],
    torch.tensor(1.5, dtype=torch.float64),
    torch.tensor([True, False]),
    torch.tensor([float("nan"), -0.0, float("inf")]),
    torch.zeros(3, requires_grad=True),
    torch.zeros(1, 4).expand(3, 4),
    torch.zeros(0, 4),
    torch.nn.Parameter(torch.ones(2)),
    torch.ones(2, dtype=torch.bfloat16),
    torch.ones(2, dtype=torch.int32),
    torch.conj(torch.ones(2)),
    [1, 2, 3],
    {"a": (torch.ones(2), "b")},
    [torch.ones(2, 3).T, torch.ones(1, requires_grad=True), torch.zeros(0, 4)],
    ([torch.ones(2).to(torch.float16)], torch.nn.Parameter(torch.ones(2))),
    {"w": torch.zeros(1, 4).expand(3, 4), "b": np.ones(2)},
    None,
]


@pytest.mark.parametrize("number", range(len(TENSORS)))
def test_a_copy_is_what_packing_and_unpacking_give(number):
    value = TENSORS[number]
    copied, wanted = wire.copy(value), wire.unpack(wire.pack(value))
    assert wire.pack(copied) == wire.pack(wanted)
    assert type(copied) is type(wanted)
    if isinstance(copied, torch.Tensor):
        assert copied.is_contiguous() or lies_across(copied)
        assert not copied.requires_grad
        assert copied.data_ptr() != value.data_ptr() or not copied.numel()


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(2).to_sparse(),
        torch.ones(2, dtype=torch.complex64),
        torch.ones(2, device="meta"),
        torch.zeros(1).expand(10**12),
    ],
    ids=["sparse", "complex", "meta", "expanded"],
)
def test_what_cannot_be_packed_cannot_be_copied(value):
    with pytest.raises(ValueError):
        wire.copy(value)


@pytest.mark.parametrize(
    "value",
    [
        torch.zeros(300_000),
        [[] for _ in range(20_000)],
        ["x" * 9] * 20_000,
        ["x" * 900_000],
    ],
    ids=["numbers", "parts", "words", "letters"],
)
def test_answers_that_are_too_large_together_leave_the_others(value):
    """Else one that is small enough by itself takes all of its check's answers along."""
    small, large = outcome.Outcome("fox"), outcome.Outcome(value)
    raised = outcome.Outcome(raised="IndexError")
    assert wire.pack(outcome.to_rows([large]))
    packed = outcome.packed([small, *[large] * 18, raised])
    first, *others, last = outcome.from_rows(wire.unpack(packed))
    assert (first, last) == (small, raised)
    assert {one.raised for one in others} == {outcome.UNUSABLE}
