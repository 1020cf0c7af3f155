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
from array import array as row
from collections.abc import Callable, Sequence
from itertools import accumulate, chain, pairwise
from typing import Any

import numpy as np
from safetensors import SafetensorError, deserialize

from autograder.verdict import plain

MAX_BYTES = 16_000_000
MAX_HEADER = 2_000_000  # of these; what JSON tells takes far more room once it is read
MAX_DEPTH = 16
MAX_NODES = 200_000
SHARE = 2 * MAX_NODES  # bytes: values that take no more together fit, whatever they are

_INT64 = range(-(2**63), 2**63)
# What a file calls a dtype, in the order in which its tensors stand in a file.
_ORDER = (
    *("U64", "I64", "F64", "F32", "U32", "I32"),
    *("F16", "U16", "I16", "I8", "U8", "BOOL"),
)
_DTYPES = {
    name: np.dtype(f"<{name[0].lower()}{int(name[1:]) // 8}") for name in _ORDER[:-1]
} | {"BOOL": np.dtype("bool")}
_NAMES = {dtype.name: name for name, dtype in _DTYPES.items()}
# Named, for `isinstance(value, int | np.integer)` makes this anew for each value.
_BOOL, _INT, _FLOAT = bool | np.bool_, int | np.integer, float | np.floating
_LIST, _BYTES = list | tuple, bytes | bytearray

# Of a tensor: its dtype, its shape and its data.
_Part = tuple[str, Sequence[int], bytes | bytearray]


def pack(value: Any) -> bytes:
    """The value as the bytes of a safetensors file. ValueError for any other type."""
    writer = _Writer()
    structure = json.dumps(writer.write(value, "", 0))
    data = _file(writer.tensors, structure)
    if len(data) > MAX_BYTES or int.from_bytes(data[:8], "little") > MAX_HEADER:
        raise _too_large()
    return data


def unpack(data: bytes) -> Any:
    """The value that `pack` was given. ValueError where `data` is anything else."""
    size = int.from_bytes(data[:8], "little")
    if len(data) > MAX_BYTES or size > MAX_HEADER:
        raise ValueError(
            f"at most {MAX_BYTES} bytes are read, {MAX_HEADER} of them as its header"
        )
    try:
        tensors = {
            name: (part["dtype"], part["shape"], part["data"])
            for name, part in deserialize(data)
        }
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


def _file(tensors: dict[str, _Part], structure: str) -> bytes:
    """A safetensors file, as that package writes it, without a detour over numpy."""
    header: dict[str, Any] = {"__metadata__": {"structure": structure}}
    end, parts = 0, []
    for name, (dtype, shape, data) in sorted(
        tensors.items(), key=lambda part: (_ORDER.index(part[1][0]), part[0])
    ):
        start, end = end, end + len(data)
        about = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
        header[name] = about
        parts.append(data)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


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
        self.tensors: dict[str, _Part] = {}
        self.nodes = self.bytes = 0

    def write(self, value: Any, path: str, depth: int) -> list:
        """The structure of `value` as JSON."""
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise _too_many()
        if value is None:
            return ["none"]
        if isinstance(value, _BOOL):
            return ["bool", bool(value)]
        if isinstance(value, _INT):
            return ["int", str(int(value))]
        if isinstance(value, _FLOAT):
            return ["float", float(value).hex()]
        if isinstance(value, str):
            data = str(value).encode("utf-8", "surrogatepass")
            return self.put("str", "U8", [len(data)], data, path)
        if isinstance(value, _BYTES):
            return self.put("bytes", "U8", [len(value)], bytes(value), path)
        if isinstance(value, _LIST):
            return self.write_list(value, path, depth)
        if isinstance(value, dict):
            return self.write_dict(value, path, depth)
        if isinstance(value, np.ndarray):
            return self.put_array("array", value, path)
        if is_torch(value):
            narrow = "bfloat16" in str(value.dtype)
            try:
                tensor = value.detach().cpu().resolve_neg()
                array = (tensor.float() if narrow else tensor).numpy()
            except (TypeError, RuntimeError):  # sparse, quantized, without data, ...
                raise _unusable(f"{value.dtype} tensor of this layout") from None
            if narrow:
                return self.put_array("tensor bfloat16", array, path)
            if plain.lies_across(value):
                return self.put_array("tensor across", array.swapaxes(-1, -2), path)
            return self.put_array("tensor", array, path)
        raise _unusable(type(value).__name__)

    def write_list(self, value: list | tuple, path: str, depth: int) -> list:
        kind = "list" if isinstance(value, list) else "tuple"
        kinds = plain.kinds_of(value)
        whole = kinds == {int} or (value and all(map(_is_int64, value)))
        if whole and (numbers := _numbers(value)):
            return self.put(f"ints {kind}", "I64", [len(value)], numbers, path)
        if kind == "list" and kinds == {tuple} and len(value[0]) > 0:
            long = set(map(len, value)) == {len(value[0])}
            flat = [*chain.from_iterable(value)] if long else []
            whole = plain.kinds_of(flat) == {int} or all(map(_is_int64, flat))
            if flat and whole and (numbers := _numbers(flat)):
                shape = [len(value), len(value[0])]
                return self.put("rows", "I64", shape, numbers, path)
        if kind == "list" and kinds == {bytes}:
            joined, lengths = b"".join(value), row("q", map(len, value)).tobytes()
            pieces = self.put("pieces", "U8", [len(joined)], joined, path)
            return (
                pieces
                + self.put("", "I64", [len(value)], lengths, f"{path}/lengths")[1:]
            )
        self.expect(len(value))
        items = [self.write(x, f"{path}/{i}", depth + 1) for i, x in enumerate(value)]
        return [kind, items]

    def expect(self, many: int) -> None:
        """ValueError where so many more parts are too many: before any is written."""
        if self.nodes + many > MAX_NODES:
            raise _too_many()

    def write_dict(self, value: dict, path: str, depth: int) -> list:
        if all(_is_name(key) for key in value):
            self.expect(len(value))
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

    def put_array(self, kind: str, array: np.ndarray, path: str) -> list:
        dtype = _NAMES.get(array.dtype.name)
        if dtype is None:
            raise _unusable(f"{array.dtype} array")
        large = self.bytes + array.nbytes > MAX_BYTES
        if large or max(array.shape, default=0) > MAX_BYTES:
            raise _too_large()
        data = array.astype(_DTYPES[dtype], copy=False).tobytes()
        return self.put(kind, dtype, [*array.shape], data, path)

    def put(
        self, kind: str, dtype: str, shape: list[int], data: bytes, path: str
    ) -> list:
        self.bytes += len(data)
        if self.bytes > MAX_BYTES:
            raise _too_large()
        name = path.removeprefix("/") or "value"
        self.tensors[name] = dtype, shape, data
        return [kind, name]


class _Reader:
    """Puts a value together again. Each tensor is used once, as `_Writer` names it, so
    that a small file cannot become a large value.
    """

    def __init__(self, tensors: dict[str, _Part]) -> None:
        self.tensors, self.nodes = tensors, 0

    def read(self, node: Any, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise _forged("too many parts, or nested too deep")
        match node:
            case ["ints list", str() as name]:
                return self.numbers(name, 1)[1]
            case ["str", str() as name]:
                return _converted(_text, self.take(name, "U8", 1)[2])
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
            case ["bytes", str() as name]:
                return bytes(self.take(name, "U8", 1)[2])
            case ["ints tuple", str() as name]:
                return tuple(self.numbers(name, 1)[1])
            case ["rows", str() as name]:
                shape, numbers = self.numbers(name, 2)
                if not numbers:
                    raise _forged("rows without a number")
                return list(zip(*[iter(numbers)] * shape[1], strict=True))
            case ["pieces", str() as name, str() as sizes]:
                joined = bytes(self.take(name, "U8", 1)[2])
                lengths = self.numbers(sizes, 1)[1]
                if min(lengths, default=0) < 0 or sum(lengths) != len(joined):
                    raise _forged("pieces that do not fit")
                return [joined[a:b] for a, b in pairwise([0, *accumulate(lengths)])]
            case ["array", str() as name]:
                return self.array(name)
            case ["tensor", str() as name]:
                return _tensor(self.array(name))
            case ["tensor across", str() as name]:
                array = self.array(name)
                if array.ndim < 2:
                    raise _forged("a tensor of too few axes")
                return _tensor(array).mT
            case ["tensor bfloat16", str() as name]:
                return _tensor(self.array(name, "F32")).bfloat16()
        raise _forged("a part of no known kind")

    def take(
        self, name: str, dtype: str | None = None, axes: int | None = None
    ) -> _Part:
        part = self.tensors.pop(name, None)
        if part is None:
            raise _forged("a tensor is missing, or is used twice")
        kind, shape, _ = part
        if kind not in _DTYPES or (dtype and kind != dtype):
            raise _forged("a tensor of another dtype than its kind has")
        if max(shape, default=0) > MAX_BYTES or axes not in (None, len(shape)):
            raise _forged("a tensor of another shape than its kind has")
        return part

    def numbers(self, name: str, axes: int) -> tuple[Sequence[int], list[int]]:
        """The shape of a tensor of whole numbers, and these."""
        _, shape, data = self.take(name, "I64", axes)
        return shape, np.frombuffer(data, "<i8").tolist()

    def array(self, name: str, dtype: str | None = None) -> np.ndarray:
        kind, shape, data = self.take(name, dtype)
        found = np.frombuffer(data, _DTYPES[kind])
        try:
            array = found.reshape(shape)
        except (ValueError, OverflowError):
            raise _forged("a tensor of a shape that none has") from None
        if array.dtype == bool and array.view(np.uint8).max(initial=0) > 1:
            raise _forged("a bool that is neither true nor false")
        return array


def _forged(what: str) -> ValueError:
    return ValueError(f"not a packed value: {what}")


def _too_many() -> ValueError:
    return ValueError(f"it has too many parts, or is nested more than {MAX_DEPTH} deep")


def _too_large() -> ValueError:
    return ValueError("it is too large to be handed in as an answer")


def _unusable(what: str) -> ValueError:
    return ValueError(f"{article(what)} cannot be handed in as an answer")


def _converted(convert: Callable[[Any], Any], data: Any) -> Any:
    try:
        return convert(data)
    except (ValueError, OverflowError):  # whose text quotes the data
        raise _forged("a number or a text that is none") from None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _numbers(values: Sequence[Any]) -> bytes | None:
    """Whole numbers as bytes; None where one of them takes more than eight."""
    try:
        return row("q", values).tobytes()
    except OverflowError:
        return None


def _tensor(array: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(array.copy())


def _is_int64(value: Any) -> bool:
    whole = isinstance(value, _INT) and not isinstance(value, bool)
    return whole and int(value) in _INT64


def _is_name(key: Any) -> bool:
    """Whether a key can be a part of a tensor's name: a text that UTF-8 can write."""
    if not isinstance(key, str) or not key or "/" in key or key == "__metadata__":
        return False
    try:
        return bool(key.encode())
    except UnicodeEncodeError:
        return False
