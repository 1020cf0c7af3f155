"""Beyond the stages, cache: what attention needs of the past is kept, not computed again.

    ids of what is new: int64 (B, T_new)  ->  its logits (B, T_new, n_vocab)

>>> cache = Cache(n_layer=1)
>>> one = torch.ones(1, 1, 1, 2)  # (B, H, T_new, d_head): one token, one head
>>> k, v = cache.extend(0, one, 3 * one)
>>> k, v = cache.extend(0, 2 * one, 4 * one)
>>> k[0, 0, :, 0], v[0, 0, :, 0], cache.length
(tensor([1., 2.]), tensor([3., 4.]), 2)

Sources: Vaswani et al. (2017, section 3.2.3) for the mask that makes it possible, Shazeer
(2019, section 2.4) for the cost of a step and what it must load.
"""

import torch
from torch import Tensor

ROOM = 64  # tokens that a new buffer has room for; it doubles when it is full


def late_mask(n_new: int, n: int, device: torch.device | str | None = None) -> Tensor:
    """Who may look at whom where only the last n_new of n tokens ask: the last rows of
    the causal mask. (n_new, n), bool, True where key j is not after the query.

    Raises ValueError where n_new is more than n.
    """
    if n_new > n:
        raise ValueError(
            f"{n_new} queries are more than the {n} keys: the new are among all"
        )
    ones = torch.ones(n_new, n, dtype=torch.bool, device=device)
    return ones.tril(n - n_new)


class Cache:
    """The keys and values of all tokens read so far, of each of n_layer layers.

    A model that reads T_new more tokens gives each layer's new keys and values to
    `extend` and takes all so far from it. H is that of the keys and values, which may be
    fewer than the queries' heads.

    Raises ValueError where n_layer is not a whole number from 1 up.
    """

    def __init__(self, n_layer: int):
        if not isinstance(n_layer, int) or n_layer < 1:
            raise ValueError(
                f"n_layer must be a whole number from 1 up, not {n_layer!r}"
            )
        self._lengths = [0] * n_layer
        self._kept: list = [None] * n_layer  # a buffer of keys and one of values each

    @property
    def length(self) -> int:
        """How many tokens all layers hold: the place of the next one.

        While a model reads, it stays what it was until the last layer is extended.
        """
        return min(self._lengths)

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Add k, v of the new tokens, (B, H, T_new, d_head); return those of all so far.

        Raises ValueError, and adds nothing, where there is no such layer, where the
        shapes do not fit each other or what is kept, or where a gradient would be lost.
        """
        if not 0 <= layer < len(self._kept):
            raise ValueError(
                f"there is no layer {layer}: the cache has layers 0 to "
                f"{len(self._kept) - 1}"
            )
        old, new = self._lengths[layer], self._lengths[layer] + k.shape[-2]
        self._check(layer, k, v)
        if self._kept[layer] is None or new > self._kept[layer][0].shape[-2]:
            self._grow(layer, k, v, new)
        for buffer, added in zip(self._kept[layer], (k, v)):
            buffer[..., old:new, :] = added
        self._lengths[layer] = new
        keys, values = self._kept[layer]
        return keys[..., :new, :], values[..., :new, :]

    def _grow(self, layer: int, k: Tensor, v: Tensor, length: int) -> None:
        """Buffers of twice the room, so that copying costs little for each token."""
        room, old = ROOM, self._lengths[layer]
        while room < length:
            room *= 2
        buffers = [x.new_empty(*x.shape[:-2], room, x.shape[-1]) for x in (k, v)]
        for buffer, kept in zip(buffers, self._kept[layer] or ()):
            buffer[..., :old, :] = kept[..., :old, :]
        self._kept[layer] = buffers

    def _check(self, layer: int, k: Tensor, v: Tensor) -> None:
        """ValueError where k and v cannot be added to a layer."""
        if k.ndim < 3 or k.shape[:-1] != v.shape[:-1]:
            raise ValueError(
                "k and v must both be (B, H, T_new, d_head), and are "
                f"{tuple(k.shape)} and {tuple(v.shape)}"
            )
        if k.requires_grad or v.requires_grad:
            raise ValueError(
                "a cache is for writing and keeps no gradient: call the model within "
                "torch.no_grad(), or without a cache to train it"
            )
        for name, new, kept in zip("kv", (k, v), self._kept[layer] or ()):
            one = (*kept.shape[:-2], kept.shape[-1]), kept.dtype, kept.device
            two = (*new.shape[:-2], new.shape[-1]), new.dtype, new.device
            if one != two:
                raise ValueError(
                    f"{name} of layer {layer} is {tuple(new.shape)}, {new.dtype} on "
                    f"{new.device}, and does not fit what is kept: "
                    f"{tuple(kept[..., : self._lengths[layer], :].shape)}, {kept.dtype} "
                    f"on {kept.device}"
                )
