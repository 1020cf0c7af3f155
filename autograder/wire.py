"""How values travel between the student's kernel and the grader: safetensors only.

`pack` turns a value built from None, bool, int, float, str, bytes, list, tuple, dict,
numpy arrays and torch tensors into the bytes of one safetensors file: every array,
string and list of integers becomes a tensor, named by its place in the value, and the
metadata tells how they fit together. `unpack` reads such bytes back. It never unpickles
and never runs anything, so it may be given bytes that a hostile program made.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from itertools import pairwise
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

MAX_BYTES = 16_000_000
MAX_DEPTH = 16
MAX_NODES = 200_000

_INT64 = range(-(2**63), 2**63)


def pack(value: Any) -> bytes:
    """The value as the bytes of a safetensors file. ValueError for any other type."""
    tensors: dict[str, np.ndarray] = {}
    structure = _flatten(value, "", tensors, 0)
    return safetensors.numpy.save(tensors, {"structure": json.dumps(structure)})


def unpack(data: bytes) -> Any:
    """The value that `pack` was given. ValueError where `data` is anything else."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"{len(data)} bytes, where at most {MAX_BYTES} are read")
    try:
        tensors = safetensors.numpy.load(data)
        header = data[8 : 8 + struct.unpack("<Q", data[:8])[0]]
        structure = json.loads(json.loads(header)["__metadata__"]["structure"])
    except (
        SafetensorError,
        KeyError,
        TypeError,
        ValueError,
        RecursionError,
        struct.error,
    ) as error:
        raise ValueError(f"not a packed value: {error}") from None
    budget = [MAX_NODES]
    try:
        return _restore(structure, tensors, budget, 0)
    except (
        AttributeError,
        KeyError,
        TypeError,
        IndexError,
        OverflowError,
    ) as error:
        raise ValueError(f"not a packed value: {error!r}") from None


def is_torch(value: Any) -> bool:
    """Whether `value` is a torch tensor, without importing torch to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _flatten(value: Any, path: str, tensors: dict[str, np.ndarray], depth: int) -> list:
    """The structure of `value` as JSON; its data goes into `tensors`."""
    if depth > MAX_DEPTH:
        raise ValueError(f"nested more than {MAX_DEPTH} deep")

    def put(kind: str, array: np.ndarray, part: str = "") -> list:
        name = f"{path}{part}".removeprefix("/") or "value"
        tensors[name] = np.ascontiguousarray(array).reshape(array.shape)
        return [kind, name]

    if value is None:
        return ["none"]
    if isinstance(value, bool | np.bool_):
        return ["bool", bool(value)]
    if isinstance(value, int | np.integer):
        return ["int", str(int(value))]
    if isinstance(value, float | np.floating):
        return ["float", float(value).hex()]
    if isinstance(value, str):
        data = str(value).encode("utf-8", "surrogatepass")
        return put("str", np.frombuffer(data, np.uint8))
    if isinstance(value, bytes | bytearray):
        return put("bytes", np.frombuffer(bytes(value), np.uint8))
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        if value and all(_is_int64(x) for x in value):
            return put(f"ints {kind}", np.array([int(x) for x in value], np.int64))
        if kind == "list" and _are_rows(value):
            return put("rows", np.array(value, np.int64))
        if kind == "list" and value and all(type(x) is bytes for x in value):
            joined = np.frombuffer(b"".join(value), np.uint8)
            lengths = np.array([len(x) for x in value], np.int64)
            return put("pieces", joined) + put("", lengths, "/lengths")[1:]
        items = [
            _flatten(x, f"{path}/{i}", tensors, depth + 1) for i, x in enumerate(value)
        ]
        return [kind, items]
    if isinstance(value, dict):
        if all(isinstance(key, str) and key and "/" not in key for key in value):
            return [
                "record",
                {
                    str(key): _flatten(x, f"{path}/{key}", tensors, depth + 1)
                    for key, x in value.items()
                },
            ]
        keys = _flatten(list(value.keys()), f"{path}/keys", tensors, depth + 1)
        values = _flatten(list(value.values()), f"{path}/values", tensors, depth + 1)
        return ["dict", keys, values]
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return put("array", value)
    if is_torch(value):
        tensor = value.detach().cpu()
        if "bfloat16" in str(tensor.dtype):
            return put("tensor bfloat16", tensor.float().numpy())
        return put("tensor", tensor.numpy())
    raise ValueError(f"a {type(value).__name__} cannot be handed in as an answer")


def _is_int64(value: Any) -> bool:
    return (
        isinstance(value, int | np.integer)
        and not isinstance(value, bool)
        and int(value) in _INT64
    )


def _are_rows(value: list) -> bool:
    """Whether it is a list of tuples of integers, all of one length above zero."""
    return (
        bool(value)
        and all(type(x) is tuple and len(x) == len(value[0]) for x in value)
        and len(value[0]) > 0
        and all(_is_int64(i) for x in value for i in x)
    )


def _restore(
    structure: Any, tensors: dict[str, np.ndarray], budget: list[int], depth: int
) -> Any:
    budget[0] -= 1
    if budget[0] < 0 or depth > MAX_DEPTH + 1:
        raise ValueError("too many parts, or nested too deep")
    kind, *rest = structure
    if kind == "none":
        return None
    if kind == "bool":
        return bool(rest[0])
    if kind == "int":
        return int(rest[0])
    if kind == "float":
        return float.fromhex(rest[0])
    if kind in ("list", "tuple"):
        items = [_restore(x, tensors, budget, depth + 1) for x in rest[0]]
        return items if kind == "list" else tuple(items)
    if kind == "record":
        return {
            key: _restore(x, tensors, budget, depth + 1) for key, x in rest[0].items()
        }
    if kind == "dict":
        keys = _restore(rest[0], tensors, budget, depth + 1)
        values = _restore(rest[1], tensors, budget, depth + 1)
        return dict(zip(keys, values, strict=True))
    array = tensors[rest[0]]
    if kind == "str":
        return array.astype(np.uint8).tobytes().decode("utf-8", "surrogatepass")
    if kind == "bytes":
        return array.astype(np.uint8).tobytes()
    if kind in ("ints list", "ints tuple"):
        budget[0] -= math.prod(array.shape) // 64
        values = array.astype(np.int64).ravel().tolist()
        return values if kind == "ints list" else tuple(values)
    if kind == "rows":
        budget[0] -= math.prod(array.shape) // 64
        return [tuple(row) for row in array.astype(np.int64).tolist()]
    if kind == "pieces":
        joined = array.astype(np.uint8).tobytes()
        ends = np.cumsum(tensors[rest[1]].astype(np.int64).ravel()).tolist()
        budget[0] -= len(ends) // 64
        return [joined[a:b] for a, b in pairwise([0, *ends])]
    if kind == "array":
        return array
    if kind in ("tensor", "tensor bfloat16"):
        import torch

        tensor = torch.from_numpy(array.copy())
        return tensor.bfloat16() if kind == "tensor bfloat16" else tensor
    raise ValueError(f"unknown kind {str(kind)[:40]!r}")
