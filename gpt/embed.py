"""Stage 2, embed: ids in, vectors out, one for each token and its place.

    ids: int64 (B, T)  ->  x: float32 (B, T, C), C = d_model

>>> table = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # two tokens, d_model = 2
>>> places = torch.tensor([[0.0, 0.0], [0.5, 0.5]])
>>> embed(torch.tensor([1, 1]), table, places)
tensor([[0.0000, 1.0000],
        [0.5000, 1.5000]])

Sources: Bengio et al. (2003, section 2) for learned vectors, Vaswani et al. (2017,
section 3.5) for sinusoids, Radford et al. (2018, section 4.1) for learned positions.
"""

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, embedding


def embed(ids: Tensor, wte: Tensor, wpe: Tensor) -> Tensor:
    """The vector of each token plus the vector of its place.

    ids: (T,) or (B, T), int64; wte: (n_vocab, C), a row a token; wpe: (n_ctx, C), a row
    a place. Returns (T, C) or (B, T, C), of the tables' dtype.

    Raises ValueError where an id has no row, or the text has no token or too many.
    """
    return tokens(ids, wte) + positions(ids.shape[-1], wpe)


def tokens(ids: Tensor, wte: Tensor) -> Tensor:
    """The row of `wte` (n_vocab, C) that each id names: (..., T) -> (..., T, C)."""
    if not isinstance(ids, Tensor) or ids.dtype != torch.int64 or ids.ndim < 1:
        kind = f"{ids.dtype} of shape {tuple(ids.shape)}" if _is(ids) else repr(ids)
        raise ValueError(f"ids must be an int64 tensor (T,) or (B, T), not {kind}")
    if ids.device != wte.device:
        raise ValueError(
            f"ids are on {ids.device} and the model is on {wte.device}; "
            f"ids.to({str(wte.device)!r}) moves them"
        )
    if not ids.numel():
        raise ValueError("there are no ids: an empty prompt has no last token")
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high >= len(wte):
        wrong = low if low < 0 else high
        raise ValueError(
            f"the id {wrong} has no row in the table: ids are from 0 to {len(wte) - 1}"
        )
    return embedding(ids, wte)


def positions(n: int, wpe: Tensor) -> Tensor:
    """The first n rows of `wpe` (n_ctx, C), one for each place."""
    if n > len(wpe):
        raise ValueError(
            f"{n} tokens are more than the context of {len(wpe)}: drop the oldest ones"
        )
    return wpe[:n]


def sinusoids(n_ctx: int, d_model: int) -> Tensor:
    """Positions made by hand: clocks that turn ever more slowly. (n_ctx, C), float32.

    Columns 2i and 2i + 1 are sine and cosine of position / 10000^(2i / C). Raises
    ValueError where d_model is not even.
    """
    if d_model < 2 or d_model % 2:
        raise ValueError(f"d_model is {d_model}, but sines and cosines come in pairs")
    pairs = torch.arange(0, d_model, 2, dtype=torch.float64)
    speed = 10_000.0 ** (-pairs / d_model)  # (C / 2,), radians a step
    place = torch.arange(n_ctx, dtype=torch.float64)[:, None]
    angle = place * speed  # (n_ctx, C / 2)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1).float()


def neighbours(table: Tensor, row: int, k: int) -> tuple[Tensor, Tensor]:
    """The k rows of `table` (n, C) that point most nearly as `row` does.

    Returns their cosines, falling, and their numbers, both (k,); not `row` itself.
    """
    if not 0 <= row < len(table) or not 0 < k < len(table):
        raise ValueError(
            f"row {row} and k {k}: the table has rows 0 to {len(table) - 1}, "
            "and a row is not its own neighbour"
        )
    cosine = cosine_similarity(table, table[row], dim=-1)  # (n,)
    cosine[row] = -torch.inf
    return torch.topk(cosine, k)


def same_kind(**tensors: Tensor) -> None:
    """ValueError where a tensor's dtype or device is not that of the first one."""
    (name, first), *others = tensors.items()
    for other, tensor in others:
        for what in ("dtype", "device"):
            one, two = getattr(first, what), getattr(tensor, what)
            if one != two:
                raise ValueError(
                    f"{name} and {other} must have one {what}, not {one} and {two}"
                )


def _is(value: object) -> bool:
    return isinstance(value, Tensor)
