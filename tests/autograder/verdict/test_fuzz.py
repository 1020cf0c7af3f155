"""Whatever a submission hands in: does only a right answer earn points, and is all else
a wrong answer or a ValueError, never another error and never a flood?

The values, files and outcomes are drawn by hypothesis, always the same ones; what is
right is asked of `right`, a second comparison that shares no code with the grader's.
"""

import base64
import dataclasses
import json
import math
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder import checks
from autograder.checks import Check
from autograder.verdict import bank, panel, wire
from autograder.verdict.compare import difference
from autograder.verdict.judge import expected, judge
from autograder.verdict.outcome import Outcome, from_rows, to_rows
from tests.depth import many

PLAIN = {type(None), bool, int, float, str, bytes, list, tuple, dict}
CHECKS = {
    f"{exercise}-{check.name}": check
    for exercise in checks.exercises()
    for check in checks.load(exercise).values()
}
every_check = pytest.mark.parametrize("name", CHECKS)


def fuzz(least: int):
    """The same examples in every run, and no clock: the machine may be busy."""
    return settings(
        max_examples=many(least),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@cache
def drawn(name: str) -> tuple[Check, list, list[Outcome], list[Outcome]]:
    """A check, hidden cases of it, what is right there, and on the public ones."""
    check = CHECKS[name]
    cases = bank.draw(check, b"fuzz")
    public = expected(check, bank.draw(check, bank.PUBLIC_SEED))
    return check, cases, expected(check, cases), public


def right(want, got, rtol=0.0, atol=0.0) -> bool:
    """Whether `got` is `want`, number by number."""

    def near(a, b):
        if math.isnan(b) or math.isinf(b):
            return a == b or (math.isnan(a) and math.isnan(b))
        return abs(a - b) <= atol + rtol * abs(b)

    if isinstance(want, list | tuple):
        if not isinstance(got, list | tuple) or len(want) != len(got):
            return False
        return all(right(a, b, rtol, atol) for a, b in zip(want, got, strict=True))
    if type(want) is not type(got):
        return False
    if isinstance(want, dict):
        keys = {key: key for key in got}
        return len(want) == len(got) and all(
            key in keys and right(key, keys[key]) and right(x, got[key], rtol, atol)
            for key, x in want.items()
        )
    if isinstance(want, np.ndarray | torch.Tensor):
        if want.dtype != got.dtype or want.shape != got.shape:
            return False
        pairs = zip(want.ravel().tolist(), got.ravel().tolist(), strict=True)
        if "float" in str(want.dtype):
            return all(near(b, a) for a, b in pairs)
        return all(a == b for a, b in pairs)
    if isinstance(want, float):
        return not math.isnan(want) and near(got, want)
    return want == got


def exactly(a, b) -> bool:
    """Whether two values are equal, with the same types all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(exactly, a, b))
    if isinstance(a, dict):
        return exactly(list(a.items()), list(b.items()))
    if isinstance(a, np.ndarray | torch.Tensor):
        return right(a, b)
    return repr(a) == repr(b)


def is_plain(value) -> bool:
    """Only the types of the wire, none of them a subclass."""
    if type(value) in (list, tuple):
        return all(map(is_plain, value))
    if type(value) is dict:
        return all(is_plain(x) for item in value.items() for x in item)
    return type(value) in PLAIN | {np.ndarray, torch.Tensor}


# --- what is drawn -------------------------------------------------------------------
dtypes = st.sampled_from(
    ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]
).map(np.dtype)
shapes = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
numpys = dtypes.flatmap(lambda dtype: arrays.arrays(dtype, shapes))
tensors = numpys.map(torch.from_numpy) | numpys.filter(
    lambda array: array.dtype.kind == "f"
).map(lambda array: torch.from_numpy(array).bfloat16())
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=4)
    | st.binary(max_size=4)
)
keys = st.recursive(scalars, lambda x: st.lists(x, max_size=3).map(tuple), max_leaves=4)
values = st.recursive(
    scalars | numpys | tensors,
    lambda x: (
        st.lists(x, max_size=4)
        | st.lists(x, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=3), x, max_size=3)
        | st.dictionaries(keys, x, max_size=3)
    ),
    max_leaves=8,
)
names = st.sampled_from(
    ["ValueError", "TypeError", "NotImplementedError", "StillRunning"]
    + ["unusable answer", "", "<script>", "E" * 61, "\ud800"]
)
places = st.lists(st.integers(-1, 5) | st.booleans(), max_size=3)
rows = st.tuples(
    values, st.none() | names, st.text(max_size=5), places, st.text(max_size=30)
).map(list)
outcomes = st.builds(
    Outcome,
    values,
    st.none() | names.filter(bool),
    st.text(max_size=5),
    st.sets(st.integers(0, 5)).map(sorted).map(tuple),
)


# --- the wire ------------------------------------------------------------------------
@fuzz(60)
@given(values)
def test_every_value_survives_with_its_types(value):
    back = wire.unpack(wire.pack(value))
    assert exactly(back, value)
    assert is_plain(back)


edits = st.lists(
    st.tuples(
        st.sampled_from(["set", "insert", "delete", "flip"]),
        st.floats(0, 1),  # where
        st.booleans(),  # in the header, or in the data
        st.binary(min_size=1, max_size=4) | st.sampled_from([b'"', b"[", b"}", b"9"]),
    ),
    max_size=5,
)


def edited(data: bytes, changes) -> bytes:
    """A file with some bytes changed; its header keeps the length that it says."""
    size = int.from_bytes(data[:8], "little")
    header, body = bytearray(data[8 : 8 + size]), bytearray(data[8 + size :])
    for what, where, in_header, some in changes:
        part = header if in_header else body
        at = int(where * max(0, len(part) - 1))
        if what == "insert":
            part[at:at] = some
        elif what == "delete":
            del part[at : at + len(some)]
        elif what == "set":
            part[at : at + len(some)] = some
        elif part:
            part[at] ^= 1 << (some[0] % 8)
    return len(header).to_bytes(8, "little") + header + body


def accepted(data: bytes):
    """What unpack makes of it, if it is a value: then one that pack could have sent."""
    try:
        value = wire.unpack(data)
    except ValueError as error:
        assert len(str(error)) < 120
        return None
    assert is_plain(value)
    assert exactly(wire.unpack(wire.pack(value)), value)
    return value


@fuzz(100)
@given(values, edits)
def test_a_damaged_file_is_a_value_or_a_value_error(value, changes):
    accepted(edited(wire.pack(value), changes))


nodes = st.deferred(
    lambda: (
        st.tuples(st.just("none")).map(list)
        | st.tuples(
            st.sampled_from(["bool", "int", "float"]),
            st.sampled_from(["1", "9" * 4301, "nan", "-inf", "0x1p9999", "x", True, 7]),
        ).map(list)
        | st.tuples(
            st.sampled_from(
                ["str", "bytes", "ints list", "ints tuple", "rows", "pieces", "array"]
                + ["tensor", "tensor bfloat16", "", "int", "list", "dict"]
            ),
            st.sampled_from("abc?"),
            st.sampled_from("abc"),
        ).flatmap(lambda x: st.sampled_from([list(x), list(x[:2])]))
        | st.tuples(
            st.sampled_from(["list", "tuple"]), st.lists(nodes, max_size=3)
        ).map(list)
        | st.tuples(
            st.just("record"), st.dictionaries(st.text(max_size=2), nodes, max_size=2)
        ).map(list)
        | st.tuples(st.just("dict"), nodes, nodes).map(list)
        | st.sampled_from([None, 7, "list", [], {}, [[]], {"list": 1}])
    )
)
abouts = st.tuples(
    st.sampled_from(
        ["BOOL", "U8", "I64", "F32", "F64", "F16", "BF16", "C64", "U64", "F4", "X"]
    ),
    st.lists(
        st.integers(0, 3) | st.sampled_from([-1, 2**31, 2**62, 2**63, 2**64, 1.5]),
        max_size=3,
    ),
    st.integers(-8, 8),  # how far its end is from where it should be
)
SIZES = {"BOOL": 1, "U8": 1, "F16": 2, "BF16": 2, "F32": 4}


@fuzz(160)
@given(nodes, st.lists(abouts, max_size=3), st.binary(max_size=64), st.booleans())
def test_a_forged_header_is_a_value_or_a_value_error(node, about, data, sound):
    header, start = {}, 0
    for name, (dtype, shape, off) in zip("abc", about, strict=False):
        size = math.prod(shape) * SIZES.get(dtype, 8)
        end = start + (size if sound or size != int(size) else int(size) + off)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
        start = end
    header["__metadata__"] = {"structure": json.dumps(node)}
    text = json.dumps(header).encode()
    body = data.ljust(int(start), b"\1") if sound and 0 <= start < 4096 else data
    accepted(len(text).to_bytes(8, "little") + text + body)


# --- outcomes ------------------------------------------------------------------------
@fuzz(60)
@given(st.lists(rows, max_size=2) | st.lists(rows | values, max_size=3) | values)
@example([[None, "", "", [], ""]])
@example([[1], [2, None, "", [0], ""]])
@example([[None, "E" * 61, "", [], ""]])
def test_any_value_is_outcomes_or_a_value_error(value):
    try:
        found = from_rows(value)
    except ValueError as error:
        assert len(str(error)) < 100
        return
    wanted = [
        [*row[:4], row[4][:2000]] if row[1:] and (row[1] or row[3]) else [*row[:1]]
        for row in value
    ]
    assert exactly(to_rows(found), wanted)


@fuzz(20)
@given(st.text(max_size=40) | st.binary(max_size=40).map(base64.b64encode))
def test_any_text_for_an_answer_is_refused(text):
    with pytest.raises(ValueError):
        from_rows(wire.unpack(base64.b64decode(text, validate=True)))


# --- the comparison ------------------------------------------------------------------
counts = st.dictionaries(
    st.integers(0, 2) | st.tuples(st.integers(0, 2)), st.integers(0, 2), min_size=1
)


@fuzz(60)
@given(outcomes | st.builds(Outcome, counts), st.data(), st.booleans())
def test_any_outcome_can_be_compared_with_any_other(want, data, hidden):
    if want.raised:
        want = dataclasses.replace(want, raised="ValueError")
    got = data.draw(outcomes)
    if data.draw(st.booleans()):
        value = want.value
        if isinstance(value, dict) and data.draw(st.booleans()):
            value = {equal(key): x for key, x in value.items()}
        else:
            value = changed(value, data.draw, 1e-4, 1e-5)
        got = dataclasses.replace(want, value=wire.unpack(wire.pack(value)))
    said = difference(want, got, 1e-4, 1e-5, hidden)
    same = want.raised == got.raised and (
        want.raised is not None or right(want.value, got.value, 1e-4, 1e-5)
    )
    assert (said is None) == (same and not {*got.changed} - {*want.changed})
    if hidden and said:
        assert said.encode()
        assert len(said) < 300


@fuzz(40)
@given(values)
@example(math.nan)
@example([0.5, {"a": math.nan}])
def test_a_value_is_what_it_is(value):
    def has_nan(x):
        if isinstance(x, dict):
            return any(map(has_nan, [*x, *x.values()]))
        if isinstance(x, list | tuple):
            return any(map(has_nan, x))
        return isinstance(x, float) and math.isnan(x)

    back = wire.unpack(wire.pack(value))
    said = difference(Outcome(value), Outcome(back), 0, 0)
    assert (said is None) != has_nan(value)  # a NaN alone is never right


MARK = 987654321
marked = st.recursive(
    st.sampled_from(
        [MARK, float(MARK), "987654321", b"987654321", None, True, (MARK,)]
        + [
            torch.tensor([MARK]),
            np.array([float(MARK)]),
            torch.full((2, 2), 1.0 * MARK),
        ]
    ),
    lambda x: (
        st.lists(x, max_size=3)
        | st.dictionaries(
            st.sampled_from([MARK, 1.0 * MARK, "987654321", (MARK, MARK), "a"]),
            x,
            max_size=3,
        )
    ),
    max_leaves=6,
)
wide = st.sampled_from([torch.zeros(MARK, 0), np.zeros((0, MARK))])
told = st.builds(
    Outcome,
    marked | wide | st.lists(wide, max_size=2),
    st.sampled_from([None, None, None, "987654321", "ValueError", "unusable answer"]),
    st.just("987654321"),
    st.just(()),
    st.just("987654321, line 987654321"),
)


@fuzz(100)
@given(marked, told)
def test_a_hidden_reason_tells_no_value_of_either_side(want, got):
    assert "98765" not in str(difference(Outcome(want), got, 1e-4, 1e-5, hidden=True))


# --- the verdict ---------------------------------------------------------------------
@every_check
def test_a_right_answer_earns_all_points(name):
    check, cases, wanted, public = drawn(name)
    got = from_rows(wire.unpack(wire.pack(to_rows(wanted))))
    for hidden in (True, False):
        found = judge(check, cases, wanted, got, hidden, known=public)
        assert found.right
        assert (found.points, found.reason) == (check.points, "")


def changed(value, draw, rtol: float, atol: float):
    """The value with one thing wrong in it, somewhere."""
    if isinstance(value, list | tuple | dict) and value and draw(st.booleans()):
        kind = type(value)
        parts = dict(value) if kind is dict else list(value)
        place = draw(
            st.sampled_from(list(parts if kind is dict else range(len(parts))))
        )
        what = draw(st.sampled_from(["change", "change", "drop", "add"]))
        if what == "change":
            parts[place] = changed(parts[place], draw, rtol, atol)
        elif what == "drop":
            del parts[place]
        elif kind is dict:
            parts[draw(st.sampled_from([0.5, "new", (-7, -7)]))] = parts[place]
        else:
            parts.insert(place, parts[place])
        return kind(parts)
    if isinstance(value, torch.Tensor | np.ndarray):
        return changed_tensor(value, draw, rtol, atol)
    other = [
        None,
        0,
        1,
        True,
        False,
        0.0,
        math.nan,
        "",
        b"",
        [],
        {},
        [0],
        torch.ones(1),
    ]
    if type(value) is int:
        other += [value + 1, -value, float(value), str(value), value == 1, [value]]
    if isinstance(value, float):
        step = 2 * (atol + rtol * abs(value)) + 1e-300
        other += [value + step, value - step, math.inf, -math.inf, np.float32(value)]
    if isinstance(value, str | bytes):
        other += [value[1:], value + value[:1], value[::-1], value.swapcase(), [value]]
        other += [value.encode() if isinstance(value, str) else value.decode("latin-1")]
    if isinstance(value, list | tuple):
        other += [value[1:], value[::-1], [value], [*value, 0]]
    if isinstance(value, dict):
        other += [
            list(value),
            list(value.items()),
            {str(k): v for k, v in value.items()},
        ]
        other += [dict.fromkeys(value), {equal(k): v for k, v in value.items()}]
    return draw(st.sampled_from(other))


def equal(key):
    """A key that Python takes for the same, and the grader does not."""
    if isinstance(key, tuple):
        return tuple(map(equal, key))
    small = type(key) is int and abs(key) < 2**53
    return float(key) if small else int(key) if type(key) is bool else key


def changed_tensor(value, draw, rtol: float, atol: float):
    whole = [torch.zeros_like, torch.flip] if isinstance(value, torch.Tensor) else []
    what = draw(st.sampled_from(["element"] * 4 + ["dtype", "shape", "kind", "all"]))
    if what == "dtype":
        kinds = [torch.float64, torch.float16, torch.int64, torch.bool, torch.bfloat16]
        return torch.as_tensor(value).to(draw(st.sampled_from(kinds)))
    if what == "shape":
        other = [value[None], value.ravel(), value[..., None]]
        return draw(st.sampled_from([*other, value.T] if value.ndim == 2 else other))
    if what == "kind":
        array = value.float().numpy() if isinstance(value, torch.Tensor) else value
        return draw(st.sampled_from([array, array.tolist()]))
    if what == "all" and whole and value.ndim:
        zeros, flip = whole
        return draw(st.sampled_from([zeros(value), flip(value, [-1]), -value.double()]))
    if not math.prod(value.shape):
        return None
    other = value.clone() if isinstance(value, torch.Tensor) else value.copy()
    at = tuple(draw(st.integers(0, n - 1)) for n in value.shape)
    number = value[at].item()
    if isinstance(number, float):
        step = 3 * (atol + rtol * abs(number)) if math.isfinite(number) else 0
        numbers = [number + step, number - step, -number, math.nan, math.inf, -math.inf]
        other[at] = draw(st.sampled_from([*numbers, 0.0, number + step / 4]))
    else:
        other[at] = not number if isinstance(number, bool) else number + 1
    return other


@every_check
@fuzz(6)
@given(data=st.data())
def test_one_thing_wrong_costs_its_case(name, data):
    """The case is wrong unless `right` says that the change is none, and only that."""
    check, cases, wanted, public = drawn(name)
    check = dataclasses.replace(check, mistakes=())
    place = data.draw(st.integers(0, len(cases) - 1))
    want = wanted[place]
    if want.raised:
        got = data.draw(outcomes)
    elif data.draw(st.integers(0, 9)) == 0:
        got = Outcome(want.value, changed=tuple({*want.changed} ^ {0, 1}))
    else:
        got = Outcome(changed(want.value, data.draw, check.rtol, check.atol))
        got = dataclasses.replace(got, changed=want.changed)
    got = Outcome(wire.unpack(wire.pack(got.value)), got.raised, changed=got.changed)
    same = want.raised == got.raised and not {*got.changed} - {*want.changed}
    if same and not want.raised:
        same = right(want.value, got.value, check.rtol, check.atol)
    answers = [got if i == place else w for i, w in enumerate(wanted)]
    unwritten = got.raised == "NotImplementedError" and not got.message
    for hidden in (True, False):
        found = judge(check, cases, wanted, answers, hidden, known=public)
        assert found.right == same
        if unwritten:
            assert found.points == 0
            continue
        for i, result in enumerate(found.results):
            assert (result.why is None) == (i != place or same)
        assert found.points == check.points if same else found.points < check.points


@every_check
@fuzz(1)
@given(data=st.data())
def test_any_outcomes_get_a_verdict_and_always_the_same(name, data):
    check, cases, wanted, public = drawn(name)
    some = st.sampled_from(wanted) | outcomes
    got = data.draw(st.lists(some, min_size=len(cases), max_size=len(cases)))
    found = judge(check, cases, wanted, got, hidden=True, known=public)
    assert found == judge(check, cases, wanted, got, hidden=True, known=public)
    ideas = [
        result.why is None
        for case, result in zip(cases, found.results, strict=False)  # none: unwritten
        if not case.edge
    ]
    most = 1 if ideas and all(ideas) else 0.5 * sum(ideas) / max(1, len(ideas))
    assert 0 <= found.points <= round(check.points * most, 2)
    assert len(found.reason) < 500
    shown = panel.feedback(found)
    assert all(text.encode() for text in shown.values())
