"""How values travel between the student's kernel and the grader: safetensors only.

`pack` turns a value built from None, bool, int, float, str, bytes, list, tuple, dict,
numpy arrays and torch tensors into the bytes of one safetensors file: every array,
string and list of integers becomes a tensor, named by its place in the value, and the
metadata tells how they fit together. `unpack` reads such bytes back. It never unpickles
and never runs anything, so it may be given bytes that a hostile program made: what it
builds is of exactly these types, and neither larger nor slower to build than the bytes
allow. Its errors quote nothing of them, so nothing can be smuggled out in a message.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from autograder.verdict import plain

MAX_BYTES = 16_000_000
MAX_HEADER = 2_000_000  # of these; what JSON tells takes far more room once it is read
MAX_DEPTH = 16
MAX_NODES = 200_000
SHARE = 2 * MAX_NODES  # bytes: values that take no more together fit, whatever they are

_INT64 = range(-(2**63), 2**63)
_DTYPES = {"bool", "float16", "float32", "float64"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}
_READ = set(map(np.dtype, _DTYPES))


def pack(value: Any) -> bytes:
    """The value as the bytes of a safetensors file. ValueError for any other type."""
    writer = _Writer()
    structure = json.dumps(writer.write(value, "", 0))
    data = safetensors.numpy.save(writer.tensors, {"structure": structure})
    if len(data) > MAX_BYTES or int.from_bytes(data[:8], "little") > MAX_HEADER:
        raise ValueError("it is too large to be handed in as an answer")
    return data


def unpack(data: bytes) -> Any:
    """The value that `pack` was given. ValueError where `data` is anything else."""
    size = int.from_bytes(data[:8], "little")
    if len(data) > MAX_BYTES or size > MAX_HEADER:
        raise ValueError(
            f"at most {MAX_BYTES} bytes are read, {MAX_HEADER} of them as its header"
        )
    try:
        tensors = safetensors.numpy.load(data)
        header = json.loads(data[8 : 8 + size].decode())
        structure = json.loads(header["__metadata__"]["structure"])
    except (
        *(SafetensorError, KeyError, TypeError, ValueError),
        *(RecursionError, OverflowError),
    ) as error:
        raise _forged(f"no sound header ({type(error).__name__})") from None
    reader = _Reader(tensors)
    value = reader.read(structure, 0)
    if tensors:
        raise _forged("a tensor that belongs nowhere")
    return value


def copy(value: Any) -> Any:
    """What `unpack(pack(value))` gives; most values need not go through bytes."""
    try:
        return plain.copied(value, tensors=True)
    except plain.NotPlain:
        return unpack(pack(value))


def article(noun: str) -> str:
    """A noun, or the name of a type, with the article before it."""
    small = noun.lower()
    vowel = small[:1] in tuple("aeio") or (small[:2] == "un" and small[:3] != "uni")
    return f"{'an' if vowel else 'a'} {noun}"


def is_torch(value: Any) -> bool:
    """Whether `value` is a torch tensor, without importing torch to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


class _Writer:
    """Takes a value apart: `write` gives its structure, its data goes to `tensors`."""

    def __init__(self) -> None:
        self.tensors: dict[str, np.ndarray] = {}
        self.nodes = self.bytes = 0

    def write(self, value: Any, path: str, depth: int) -> list:
        """The structure of `value` as JSON."""
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise ValueError(
                f"it has too many parts, or is nested more than {MAX_DEPTH} deep"
            )
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
            return self.put("str", np.frombuffer(data, np.uint8), path)
        if isinstance(value, bytes | bytearray):
            return self.put("bytes", np.frombuffer(bytes(value), np.uint8), path)
        if isinstance(value, list | tuple):
            return self.write_list(value, path, depth)
        if isinstance(value, dict):
            return self.write_dict(value, path, depth)
        if isinstance(value, np.ndarray):
            return self.put("array", value, path)
        if is_torch(value):
            narrow = "bfloat16" in str(value.dtype)
            try:
                tensor = value.detach().cpu().resolve_neg()
                array = (tensor.float() if narrow else tensor).numpy()
            except (TypeError, RuntimeError):  # sparse, quantized, without data, ...
                raise _unusable(f"{value.dtype} tensor of this layout") from None
            if narrow:
                return self.put("tensor bfloat16", array, path)
            if plain.lies_across(value):
                return self.put("tensor across", array.swapaxes(-1, -2), path)
            return self.put("tensor", array, path)
        raise _unusable(type(value).__name__)

    def write_list(self, value: list | tuple, path: str, depth: int) -> list:
        kind = "list" if isinstance(value, list) else "tuple"
        if value and all(_is_int64(x) for x in value):
            array = np.array([int(x) for x in value], np.int64)
            return self.put(f"ints {kind}", array, path)
        if kind == "list" and _are_rows(value):
            return self.put("rows", np.array(value, np.int64), path)
        if kind == "list" and value and all(type(x) is bytes for x in value):
            joined = np.frombuffer(b"".join(value), np.uint8)
            lengths = np.array([len(x) for x in value], np.int64)
            pieces = self.put("pieces", joined, path)
            return pieces + self.put("", lengths, f"{path}/lengths")[1:]
        items = [self.write(x, f"{path}/{i}", depth + 1) for i, x in enumerate(value)]
        return [kind, items]

    def write_dict(self, value: dict, path: str, depth: int) -> list:
        if all(_is_name(key) for key in value):
            parts = {
                str(key): self.write(x, f"{path}/{key}", depth + 1)
                for key, x in value.items()
            }
            return ["record", parts]
        keys = self.write(list(value.keys()), f"{path}/keys", depth + 1)
        values = self.write(list(value.values()), f"{path}/values", depth + 1)
        if not plain.are_keys(list(value)):
            raise _unusable("dict with such keys")
        return ["dict", keys, values]

    def put(self, kind: str, array: np.ndarray, path: str) -> list:
        self.bytes += array.nbytes
        if array.dtype not in _READ and array.dtype.name not in _DTYPES:
            raise _unusable(f"{array.dtype} array")
        if self.bytes > MAX_BYTES or max(array.shape, default=0) > MAX_BYTES:
            raise ValueError("it is too large to be handed in as an answer")
        name = path.removeprefix("/") or "value"
        self.tensors[name] = np.ascontiguousarray(array).reshape(array.shape)
        return [kind, name]


class _Reader:
    """Puts a value together again. Each tensor is used once, as `_Writer` names it, so
    that a small file cannot become a large value.
    """

    def __init__(self, tensors: dict[str, np.ndarray]) -> None:
        self.tensors, self.nodes = tensors, 0

    def read(self, node: Any, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise _forged("too many parts, or nested too deep")
        match node:
            case ["none"]:
                return None
            case ["bool", bool() as value]:
                return value
            case ["int", str() as text]:
                return _converted(int, text)
            case ["float", str() as text]:
                return _converted(float.fromhex, text)
            case ["list", list() as parts]:
                return [self.read(part, depth + 1) for part in parts]
            case ["tuple", list() as parts]:
                return tuple([self.read(part, depth + 1) for part in parts])
            case ["record", dict() as parts]:
                return {key: self.read(part, depth + 1) for key, part in parts.items()}
            case ["dict", keys, values]:
                keys, values = self.read(keys, depth + 1), self.read(values, depth + 1)
                if not type(keys) is type(values) is list or len(keys) != len(values):
                    raise _forged("a dict of unequal halves")
                if not plain.are_keys(keys):
                    raise _forged("keys that no dict has")
                return dict(zip(keys, values, strict=True))
            case ["str", str() as name]:
                data = self.take(name, "uint8", 1).tobytes()
                return _converted(lambda b: b.decode("utf-8", "surrogatepass"), data)
            case ["bytes", str() as name]:
                return self.take(name, "uint8", 1).tobytes()
            case ["ints list", str() as name]:
                return self.take(name, "int64", 1).tolist()
            case ["ints tuple", str() as name]:
                return tuple(self.take(name, "int64", 1).tolist())
            case ["rows", str() as name]:
                array = self.take(name, "int64", 2)
                numbers = iter(array.ravel().tolist())
                if not array.size:
                    raise _forged("rows without a number")
                return list(zip(*[numbers] * array.shape[1], strict=True))
            case ["pieces", str() as name, str() as sizes]:
                joined = self.take(name, "uint8", 1).tobytes()
                lengths = self.take(sizes, "int64", 1)
                within = (lengths >= 0) & (lengths <= len(joined))
                if not within.all() or lengths.sum() != len(joined):
                    raise _forged("pieces that do not fit")
                ends = np.cumsum(lengths).tolist()
                return [joined[a:b] for a, b in pairwise([0, *ends])]
            case ["array", str() as name]:
                return self.take(name)
            case ["tensor", str() as name]:
                return _tensor(self.take(name))
            case ["tensor across", str() as name]:
                array = self.take(name)
                if array.ndim < 2:
                    raise _forged("a tensor of too few axes")
                return _tensor(array).mT
            case ["tensor bfloat16", str() as name]:
                return _tensor(self.take(name, "float32")).bfloat16()
        raise _forged("a part of no known kind")

    def take(
        self, name: str, dtype: str | None = None, axes: int | None = None
    ) -> np.ndarray:
        array = self.tensors.pop(name, None)
        if array is None:
            raise _forged("a tensor is missing, or is used twice")
        if array.dtype not in _READ or (dtype and array.dtype != dtype):
            raise _forged("a tensor of another dtype than its kind has")
        if max(array.shape, default=0) > MAX_BYTES or axes not in (None, array.ndim):
            raise _forged("a tensor of another shape than its kind has")
        if array.dtype == bool and array.view(np.uint8).max(initial=0) > 1:
            raise _forged("a bool that is neither true nor false")
        return array


def _forged(what: str) -> ValueError:
    return ValueError(f"not a packed value: {what}")


def _unusable(what: str) -> ValueError:
    return ValueError(f"{article(what)} cannot be handed in as an answer")


def _converted(convert: Callable[[Any], Any], data: Any) -> Any:
    try:
        return convert(data)
    except (ValueError, OverflowError):  # whose text quotes the data
        raise _forged("a number or a text that is none") from None


def _tensor(array: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(array.copy())


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


def _is_name(key: Any) -> bool:
    """Whether a key can be a part of a tensor's name: a text that UTF-8 can write."""
    if not isinstance(key, str) or not key or "/" in key or key == "__metadata__":
        return False
    try:
        return bool(key.encode())
    except UnicodeEncodeError:
        return False
