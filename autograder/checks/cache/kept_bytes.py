"""kept_bytes: the memory of a cache, of which a window keeps the last tokens only.

The oracle lets PyTorch make the tensors of a token, and asks how many bytes they take.
Sizes are those of real models, and odd ones.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between
from autograder.checks._slips import tensor_for_integer, two_at_once
from autograder.checks._twins import twins
from autograder.checks.cache._material import LIBRARIES

Width = int | None


def oracle(
    n_tokens: int,
    n_layer: int,
    n_kv_head: int,
    d_head: int,
    n_bytes: int = 2,
    width: int | None = None,
) -> int:
    last = range(n_tokens)[-width:] if width is not None else range(n_tokens)
    shape = n_layer, 2, n_kv_head, d_head, n_bytes  # what one token leaves
    each = torch.empty(shape, dtype=torch.uint8).nbytes
    return each * (
        last.stop - last.start
    )  # of Python's numbers, which have no upper limit


def draw(rng: np.random.Generator) -> list[Case]:
    def sizes(most: int = 3000) -> tuple[int, int, int, int]:
        """Tokens, layers, heads of keys, d_head: four different numbers."""
        return (
            between(rng, 200, most),
            between(rng, 13, 48),
            between(rng, 3, 12),
            between(rng, 50, 130),
        )

    n, *rest = sizes()
    few, far = between(rng, 9, n // 2), between(rng, 90_000, 2_000_000)
    return [
        edge("GPT-2", (1024, 12, 12, 64, 4)),
        Case("numbers of two bytes, since nothing is said", sizes()),
        Case("numbers of four bytes", (*sizes(), 4)),
        Case("numbers of a single byte", (*sizes(), 1)),
        Case("numbers of eight bytes", (*sizes(), 8)),
        Case("a window", (n, *rest, 2, few)),
        Case("a window, and numbers of four bytes", (n, *rest, 4, few)),
        Case("a text shorter than the window", (*sizes(), 2, 4096)),
        Case("a very long text", (far, *rest)),
        Case(
            "a very long text, and a window", (far, *rest, 2, between(rng, 900, 5000))
        ),
        edge("a text as long as the window", (n, *rest, 2, n)),
        edge("a text one longer than the window", (n, *rest, 2, n - 1)),
        edge("a text one shorter than the window", (n, *rest, 2, n + 1)),
        edge("a window of a single token", (n, *rest, 2, 1)),
        edge("no window, said aloud", (n, *rest, 4, None)),
        edge("a single token", (1, *rest)),
        edge("a text without tokens", (0, *rest)),
        edge("a text without tokens, and a window", (0, *rest, 2, few)),
        edge("a single head of keys", (n, rest[0], 1, rest[2])),
        edge("a single layer", (n, 1, *rest[1:])),
        edge("heads of a single number", (n, *rest[:2], 1)),
        edge("numbers of many bytes", (*sizes(), between(rng, 131, 140))),
        edge("one of everything", (1, 1, 1, 1, 1)),
        edge("GPT-3, and a text of 100,000 tokens", (100_000, 96, 96, 128)),
        edge("more bytes than 32 bits can count", (10_000_000, 140, 8, 256)),
        edge("more bytes than a float counts exactly", (3**23, 131, 137, 139, 8)),
        edge("more bytes than 64 bits can count", (3**36, 131, 137, 139, 8)),
        *twins(
            oracle,
            lambda: (n, *rest, 4, few),
            *("the tokens", "the layers", "the heads", "the width of a head"),
            *("the bytes of a number", "the window"),
            others={
                0: few - 1,
                1: rest[0] + 1,
                2: rest[1] + 1,
                3: rest[2] + 1,
                4: 8,
                5: few + 1,
            },
        ),
    ]


def _least(n: int, width: Width) -> int:
    return n if width is None else min(n, width)


def _bytes(
    n_tokens: int,
    n_layer: int,
    n_kv_head: int,
    d_head: int,
    n_bytes: int = 2,
    width: Width = None,
    two: float = 2,
    tokens: Callable[[int, Width], Any] = _least,
    layers: Callable[[int], Any] = lambda n: n,
    heads: Callable[[int], Any] = lambda n: n,
    numbers: Callable[[int], Any] = lambda n: n,
    each: Callable[[int], Any] = lambda n: n,
    last: Callable[[Any], Any] = lambda found: found,
) -> Any:
    """The product with a screw at each factor."""
    kept = tokens(n_tokens, width)
    of_a_layer = two * kept * heads(n_kv_head) * numbers(d_head)
    return last(of_a_layer * layers(n_layer) * each(n_bytes))


def _by(**screws) -> Callable[..., Any]:
    return partial(_bytes, **screws)


def worked(
    n_tokens: int,
    n_layer: int,
    n_kv_head: int,
    d_head: int,
    n_bytes: int = 2,
    width: int | None = None,
) -> dict[str, int]:
    numbers = 2 * d_head * n_kv_head
    return {
        "numbers of a token in a layer": numbers,
        "numbers of a token in all layers": numbers * n_layer,
        "bytes of a token": numbers * n_layer * n_bytes,
        "tokens that are kept": _least(n_tokens, width),
    }


MISTAKES = (
    Mistake(
        "keys or values alone",
        "You count the keys alone, or the values. A token leaves **both**: twice as much.",
        _by(two=1),
    ),
    Mistake(
        "queries kept too",
        "You count three vectors for each token. The queries are not kept: a key and a value "
        "are two.",
        _by(two=3),
    ),
    Mistake(
        "twice too much",
        "You count the key and the value twice: a factor of 4. Is the 2 for key and value "
        "in it once more?",
        _by(two=4),
    ),
    Mistake(
        "the layers forgotten",
        "This is the cache of a single layer. Every layer has keys and values of its own.",
        _by(layers=lambda n: 1),
    ),
    Mistake(
        "the heads forgotten",
        "This is the cache of a single head. Each head of keys has its own.",
        _by(heads=lambda n: 1),
    ),
    Mistake(
        "the width of a head forgotten",
        "You count each key as a single number. It has d_head of them.",
        _by(numbers=lambda n: 1),
    ),
    Mistake(
        "the tokens forgotten",
        "This is what **one** token leaves. Each token of the text leaves as much.",
        _by(tokens=lambda n, width: 1),
    ),
    Mistake(
        "numbers instead of bytes",
        "You count the numbers. Each of them takes `n_bytes` bytes.",
        _by(each=lambda n: 1),
    ),
    Mistake(
        "always two bytes",
        "You count two bytes a number, always. The caller says how many: use `n_bytes`.",
        _by(each=lambda n: 2),
    ),
    Mistake(
        "always four bytes",
        "You count four bytes a number, always. The caller says how many: use `n_bytes`.",
        _by(each=lambda n: 4),
    ),
    Mistake(
        "four bytes where nothing is said",
        "Where nothing is said of the bytes, yours is another number. The `def` of this step "
        "says 2: leave that line as it was.",
        lambda n_tokens, n_layer, n_kv_head, d_head, n_bytes=4, width=None: _bytes(
            n_tokens, n_layer, n_kv_head, d_head, n_bytes, width
        ),
    ),
    Mistake(
        "bits",
        "You count bits, eight for each byte. Bytes are asked for.",
        _by(last=lambda found: found * 8),
    ),
    Mistake(
        "n_bytes taken for bits",
        "You divide by eight, as if `n_bytes` were bits. They are bytes already.",
        _by(last=lambda found: found // 8),
    ),
    Mistake(
        "kilobytes",
        "You divide by a thousand or by 1024. Bytes are asked for, as they are.",
        _by(last=lambda found: found // 1024),
    ),
    Mistake(
        "kilobytes of a thousand",
        "You give thousands of bytes. Bytes are asked for, as they are.",
        _by(last=lambda found: found // 1000),
    ),
    Mistake(
        "gigabytes",
        "You give billions of bytes. Bytes are asked for, as they are, in a whole number.",
        _by(last=lambda found: found / 1e9),
    ),
    Mistake(
        "every token with every other",
        "You square the number of tokens. Those are the scores, and they are not kept: a "
        "cache grows with the length of the text.",
        _by(tokens=lambda n, width: _least(n, width) ** 2),
    ),
    Mistake(
        "the sum instead of the product",
        "You add the sizes. In each layer there are heads, in each head tokens, for each "
        "token numbers: they are **multiplied**.",
        lambda n_tokens, n_layer, n_kv_head, d_head, n_bytes=2, width=None: (
            2 * (_least(n_tokens, width) + n_layer + n_kv_head + d_head) * n_bytes
        ),
    ),
    Mistake(
        "the heads squared",
        "The heads are in it twice. The width of a head, d_head, is that of one head "
        "already.",
        _by(heads=lambda n: n * n),
    ),
    Mistake(
        "the width of a head squared",
        "The width of a head is in it twice. A key has d_head numbers, not a matrix of them.",
        _by(numbers=lambda n: n * n),
    ),
    Mistake(
        "d_head to the power of n_bytes",
        "`**` is a power: here d_head is multiplied by itself, `n_bytes` times. Each of the "
        "numbers takes `n_bytes` bytes, so that is a factor like the others: `*`.",
        lambda n_tokens, n_layer, n_kv_head, d_head, n_bytes=2, width=None: _bytes(
            n_tokens, n_layer, n_kv_head, d_head**n_bytes, 1, width
        ),
    ),
    Mistake(
        "a comma instead of a product",
        "Two numbers come back: a comma makes a pair of what stands before and behind it. The "
        "bytes of a number are a **factor**: `*`.",
        lambda n_tokens, n_layer, n_kv_head, d_head, n_bytes=2, width=None: (
            _bytes(n_tokens, n_layer, n_kv_head, d_head, 1, width),
            n_bytes,
        ),
    ),
    Mistake(
        "divided by the heads",
        "You divide by the number of heads. Each head of keys has d_head numbers of its own, "
        "so it is a **factor** like the others.",
        lambda n_tokens, n_layer, n_kv_head, d_head, n_bytes=2, width=None: (
            2 * _least(n_tokens, width) * n_layer * d_head // n_kv_head * n_bytes
        ),
    ),
    Mistake(
        "d_head divided by the heads",
        "You share d_head among the heads. It is the width of **one** head already.",
        lambda n_tokens, n_layer, n_kv_head, d_head, n_bytes=2, width=None: _bytes(
            n_tokens, n_layer, n_kv_head, d_head // n_kv_head, n_bytes, width
        ),
    ),
    Mistake(
        "the window forgotten",
        "Without a window it is right. Where a `width` is given, no more than the last "
        "`width` tokens are kept.",
        _by(tokens=lambda n, width: n),
    ),
    Mistake(
        "always the whole window",
        "You count `width` tokens, even where the text is shorter. It takes no more than its "
        "own length: the smaller of the two.",
        _by(tokens=lambda n, width: n if width is None else width),
    ),
    Mistake(
        "the larger of the two",
        "You take the larger of text and window. A window keeps **no more** than `width` "
        "tokens: the smaller.",
        _by(tokens=lambda n, width: n if width is None else max(n, width)),
    ),
    Mistake(
        "the rest of a division",
        "`%` gives what is left over by a division. A window keeps no more than `width` "
        "tokens: take the smaller of the two numbers.",
        _by(tokens=lambda n, width: n if width is None else n % width),
    ),
    Mistake(
        "nothing for a text inside the window",
        "Where the text is no longer than the window, you count no bytes. Nothing falls out "
        "then: all of its tokens are kept.",
        _by(tokens=lambda n, width: n if width is None else 0 if n <= width else width),
    ),
    Mistake(
        "nothing for a text shorter than the window",
        "Where the text is shorter than the window, you count no bytes. Nothing falls out "
        "then: all of its tokens are kept.",
        _by(tokens=lambda n, width: n if width is None else 0 if n < width else width),
    ),
    Mistake(
        "only half falls out of the window",
        "With a window, you throw away the old keys or the old values, and go on counting "
        "the others. Both are kept of the last `width` tokens only.",
        lambda n_tokens, n_layer, n_kv_head, d_head, n_bytes=2, width=None: (
            (n_tokens + _least(n_tokens, width))
            * n_layer
            * n_kv_head
            * d_head
            * n_bytes
        ),
    ),
    Mistake(
        "what has fallen out of the window",
        "You count the tokens that have fallen out of the window. Those are thrown away: "
        "the last `width` are kept.",
        _by(tokens=lambda n, width: n if width is None else max(n - width, 0)),
    ),
    Mistake(
        "the width subtracted",
        "You subtract the width: those are the tokens that are thrown away. The last `width` "
        "are **kept**, or all, where the text is shorter than the window.",
        _by(tokens=lambda n, width: n if width is None else n - width),
    ),
    Mistake(
        "the width of a head forgotten in the window",
        "Without a window it is right. With one, a factor is missing: each key and value has "
        "d_head numbers there too. Only the number of **tokens** depends on the window.",
        lambda n_tokens, n_layer, n_kv_head, d_head, n_bytes=2, width=None: _bytes(
            *(n_tokens, n_layer, n_kv_head),
            1 if width is not None and width < n_tokens else d_head,
            *(n_bytes, width),
        ),
    ),
    Mistake(
        "the tokens alone where there is a window",
        "Where a width is given, you return a number of tokens, not of bytes. In `a if c else "
        "b`, all before the `if` belongs to `a`: put the whole choice in brackets, or give it "
        "a name in a line of its own.",
        lambda n_tokens, n_layer, n_kv_head, d_head, n_bytes=2, width=None: (
            _bytes(n_tokens, n_layer, n_kv_head, d_head, n_bytes)
            if width is None
            else min(n_tokens, width)
        ),
    ),
    Mistake(
        "text and window multiplied",
        "You multiply the tokens by the width of the window. Those are scores. What is kept "
        "are `width` tokens, or fewer.",
        _by(tokens=lambda n, width: n * (1 if width is None else width)),
    ),
    Mistake(
        "one token less in the window",
        "Your window keeps one token too few: the last `width` tokens are kept.",
        _by(tokens=lambda n, width: n if width is None else min(n, width - 1)),
    ),
    Mistake(
        "one token more in the window",
        "Your window keeps one token too many: the last `width` tokens are kept.",
        _by(tokens=lambda n, width: n if width is None else min(n, width + 1)),
    ),
    Mistake(
        "one token too few",
        "You count one token too few: each token of the text leaves a key and a value.",
        _by(tokens=lambda n, width: _least(n, width) - 1),
    ),
    Mistake(
        "one token too many",
        "You count one token too many: there are as many as were read.",
        _by(tokens=lambda n, width: _least(n, width) + 1),
    ),
    Mistake(
        "None compared with a number",
        "Where no width is given, `width` is `None`, and cannot be compared with a number. "
        "Ask whether it is `None` first.",
        _by(tokens=min),
    ),
    Mistake(
        "nothing without a window",
        "Where no width is given, you count no tokens. `None` means that there is no window: "
        "all are kept.",
        _by(tokens=lambda n, width: min(n, width or 0)),
    ),
    Mistake(
        "nothing returned without a window",
        "Where no width is given, nothing comes back. Does `return` stand only inside the "
        "`if`?",
        lambda n_tokens, n_layer, n_kv_head, d_head, n_bytes=2, width=None: (
            None
            if width is None
            else _bytes(n_tokens, n_layer, n_kv_head, d_head, n_bytes, width)
        ),
    ),
    Mistake(
        "nothing returned where the window is not full",
        "Only where the text is longer than the window something comes back. Without a "
        "window, and in a text that fits into it, all tokens are kept: say so after the "
        "`if`.",
        lambda n_tokens, n_layer, n_kv_head, d_head, n_bytes=2, width=None: (
            _bytes(n_tokens, n_layer, n_kv_head, d_head, n_bytes, width)
            if width is not None and width < n_tokens
            else None
        ),
    ),
    Mistake(
        "the bytes taken for the window",
        "`n_bytes` and `width` have changed places. The fifth number is the bytes of a "
        "number, the sixth the window: leave the `def` as it was.",
        lambda n_tokens, n_layer, n_kv_head, d_head, n_bytes=2, width=None: _bytes(
            n_tokens, n_layer, n_kv_head, d_head, width or 2, n_bytes
        ),
    ),
    Mistake(
        "rounded to thousands",
        "The bytes are rounded to thousands. They are asked for as they are, to the last "
        "one: leave the rounding out.",
        _by(last=lambda found: round(found / 1000) * 1000),
    ),
    Mistake(
        "a float",
        "The number is right, but it is a float, which is exact only up to 16 digits. Return "
        "an `int`: `*` of whole numbers gives one, `/` does not.",
        _by(last=float),
    ),
    Mistake(
        "a text",
        "This is a text. Return the number itself, without a unit.",
        _by(last=str),
    ),
    Mistake(
        "rounded to 32 bits",
        "Large numbers come out wrong: they do not fit into 32 bits, as in a tensor of "
        "int32. A whole number of Python's has no upper limit.",
        _by(last=lambda found: (found + 2**31) % 2**32 - 2**31),
    ),
    Mistake(
        "rounded to 64 bits",
        "The largest number comes out wrong: it does not fit into the 64 bits of NumPy's and "
        "PyTorch's whole numbers. Multiply Python's own with `*`: an `int` has no upper "
        "limit.",
        _by(last=lambda found: (found + 2**63) % 2**64 - 2**63),
    ),
    Mistake(
        "through a float",
        "The largest numbers are a little off: somewhere they are a float, by `/` or `**`, "
        "which is exact only up to 16 digits. Multiply whole numbers only.",
        _by(last=lambda found: int(float(found))),
    ),
    tensor_for_integer(_bytes),
    two_at_once(
        "keys alone, and the window forgotten",
        _by(two=1, tokens=lambda n, width: n),
        "You count the keys alone, or the values: a token leaves both.",
        "a window keeps no more than the last `width` tokens.",
    ),
    two_at_once(
        "numbers instead of bytes, keys alone",
        _by(two=1, each=lambda n: 1),
        "You count the numbers, and each takes `n_bytes` bytes.",
        "a token leaves a key **and** a value.",
    ),
)

CHECK = Check(
    "kept_bytes",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    worked=worked,
)
