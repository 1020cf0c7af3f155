"""Beyond the stages, cache: what attention needs of the past is kept, not computed again.

    ids of what is new: int64 (B, T_new)  ->  its logits (B, T_new, n_vocab)

>>> cache = Cache(n_layer=1)
>>> one = torch.ones(1, 1, 1, 2)  # (B, H, T_new, d_head): one token, one head
>>> k, v = cache.extend(0, one, 3 * one)
>>> k, v = cache.extend(0, 2 * one, 4 * one)
>>> k[0, 0, :, 0], v[0, 0, :, 0], cache.length
(tensor([1., 2.]), tensor([3., 4.]), 2)
>>> late_mask(1, 3)  # the last of three tokens may look at all
tensor([[True, True, True]])
>>> kept_bytes(n_tokens=1024, n_layer=12, n_kv_head=12, d_head=64, n_bytes=4)  # GPT-2
75497472

Sources: Vaswani et al. (2017, section 3.2.3) for the mask that makes it possible, Shazeer
(2019, section 2.4) for what a step must load, Beltagy et al. (2020, section 3.1) for the
window.
"""

import random
from collections.abc import Callable, Iterable
from math import sqrt

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from gpt.embed import same_kind
from gpt.sample import choose, prompt_ids

ROOM = 64  # tokens that a new buffer has room for; it doubles when it is full


def late_mask(n_new: int, n: int, device: torch.device | str | None = None) -> Tensor:
    """Who may look at whom where only the last n_new of n tokens ask.

    (n_new, n), bool, True where key j is not after the query: the last rows of the
    causal mask. Raises ValueError where n_new is more than n.
    """
    if n_new > n:
        raise ValueError(f"{n_new} queries and {n} keys: the new are among all")
    ones = torch.ones(n_new, n, dtype=torch.bool, device=device)
    return ones.tril(n - n_new)


def window_mask(
    n_new: int, n: int, width: int, device: torch.device | str | None = None
) -> Tensor:
    """`late_mask`, but a query sees only the last `width` tokens, itself among them."""
    if width < 1:
        raise ValueError(f"the width is {width}, but a token sees at least itself")
    return late_mask(n_new, n, device).triu(n - n_new - width + 1)


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """The weighted sums of the values for the last tokens only: (..., T_new, d_v).

    q: (..., T_new, d_head), k: (..., T, d_head), v: (..., T, d_v), float, T_new <= T.
    mask: bool, fits (..., T_new, T); None is `late_mask`.
    """
    _fit(q, k, v)
    scores = q @ k.transpose(-2, -1) / sqrt(q.shape[-1])  # (..., T_new, T)
    if mask is None:
        mask = late_mask(*scores.shape[-2:], q.device)
    return scores.masked_fill(~mask, -torch.inf).softmax(-1) @ v


def fast_attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None
) -> Tensor:
    """The same numbers from PyTorch's own kernel, as in `gpt.attend`."""
    _fit(q, k, v)
    n_new, n = q.shape[-2], k.shape[-2]
    if mask is None and n_new == n:
        return scaled_dot_product_attention(q, k, v, is_causal=True)
    if mask is None and n_new > 1:  # one query may look at all
        mask = late_mask(n_new, n, q.device)
    return scaled_dot_product_attention(q, k, v, attn_mask=mask)


def kept_bytes(
    n_tokens: int, n_layer: int, n_kv_head: int, d_head: int, n_bytes: int = 2
) -> int:
    """The memory of a cache: a key and a value of n_bytes numbers for each token, layer
    and head that has its own."""
    return 2 * n_tokens * n_layer * n_kv_head * d_head * n_bytes


def pad_left(texts: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Texts of different lengths as one tensor: ids (B, T), and pads (B,), both int64.

    Each row ends in its text's last id, and begins with `pads` zeros that are no text.
    """
    if not texts or not all(texts):
        raise ValueError("a batch needs a text, and each text an id")
    T = max(map(len, texts))
    ids = torch.tensor([[0] * (T - len(text)) + text for text in texts])
    return ids, torch.tensor([T - len(text) for text in texts])


class Cache:
    """The keys and values of all tokens read so far, of each of n_layer layers.

    A model that reads T_new more tokens gives each layer's new keys and values to
    `extend`, layer after layer, and takes all so far from it. H is that of the keys and
    values, which may be fewer than the queries' heads. pads: (B,), int64, how many tokens
    at the beginning of each row are no text (see `pad_left`); None where there are none.

    Raises ValueError where n_layer is not a whole number from 1 up.
    """

    def __init__(self, n_layer: int, pads: Tensor | None = None):
        if not isinstance(n_layer, int) or n_layer < 1:
            raise ValueError(
                f"n_layer must be a whole number from 1 up, not {n_layer!r}"
            )
        self.pads = pads
        self.length = 0  # tokens that all layers hold: the place of the next one
        self._kept: list = [()] * n_layer  # of each, a buffer of keys and one of values
        self._next = 0  # the layer whose turn it is

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Add k, v of the new tokens, (B, H, T_new, d_head); return those of all so far.

        `length` grows when the last layer is extended. Layer 0 begins anew after a reading
        that broke off. Raises ValueError, and adds nothing, where it is not the layer's
        turn, where the shapes do not fit, or where a gradient would be lost.
        """
        if layer not in (0, self._next):
            raise ValueError(f"layer {layer} is not the next one: that is {self._next}")
        self._check(layer, k, v)
        n = self.length + k.shape[-2]
        if not self._kept[layer] or n > self._kept[layer][0].shape[-2]:
            self._kept[layer] = [
                self._grown(layer, i, x, n) for i, x in enumerate((k, v))
            ]
        for buffer, new in zip(self._kept[layer], (k, v)):
            buffer[..., self.length : n, :] = new
        keys, values = self._kept[layer]
        self._next = (layer + 1) % len(self._kept)
        if self._next == 0:
            self.length = n
        return keys[..., :n, :], values[..., :n, :]

    def keep(self, rows: list[int]) -> None:
        """Forget all texts of the batch but these rows, in their order."""
        self._kept = [tuple(x[rows] for x in both) for both in self._kept]
        self.pads = None if self.pads is None else self.pads[rows]

    def places(self, n_new: int) -> Tensor:
        """The places of the next tokens in their texts: (B, n_new); of no text, 0."""
        columns = torch.arange(
            self.length, self.length + n_new, device=self.pads.device
        )
        return (columns - self.pads[:, None]).clamp(min=0)

    def mask(self, n_new: int) -> Tensor:
        """Whom the next tokens may look at in their texts: (B, 1, n_new, T).

        What is no text looks at itself, so that no row is without a key.
        """
        n, device = self.length + n_new, self.pads.device
        is_text = torch.arange(n, device=device) >= self.pads[:, None]  # (B, T)
        itself = torch.eye(n, dtype=torch.bool, device=device)[-n_new:]
        seen = is_text[:, None] & late_mask(n_new, n, device) | itself
        return seen[:, None]

    def _grown(self, layer: int, i: int, x: Tensor, n: int) -> Tensor:
        """A buffer with room for n tokens or more, and in it what was kept: by doubling,
        each token is copied about once."""
        room = max(ROOM, 1 << (n - 1).bit_length())
        buffer = x.new_empty(*x.shape[:-2], room, x.shape[-1])
        if self._kept[layer]:
            old = self._kept[layer][i]
            buffer[..., : self.length, :] = old[..., : self.length, :]
        return buffer

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
                "torch.no_grad(), or train it without a cache"
            )
        for name, new, kept in zip("kv", (k, v), self._kept[layer]):
            want = (*kept.shape[:-2], k.shape[-2], kept.shape[-1]), kept.dtype
            if (tuple(new.shape), new.dtype) != want or new.device != kept.device:
                raise ValueError(
                    f"{name} of layer {layer} is {tuple(new.shape)}, {new.dtype} on "
                    f"{new.device}; to what is kept, {want[0]}, {kept.dtype} on "
                    f"{kept.device} can be added"
                )


def _fit(q: Tensor, k: Tensor, v: Tensor) -> None:
    """ValueError where queries, keys and values do not belong together."""
    shapes = f"{tuple(q.shape)}, {tuple(k.shape)} and {tuple(v.shape)}"
    if q.ndim < 2 or q.shape[:-2] != k.shape[:-2] or q.shape[-1] != k.shape[-1]:
        raise ValueError(
            "q must be (..., T_new, d_head) and k (..., T, d_head), alike but for T; "
            f"q, k and v are {shapes}"
        )
    if k.shape[:-1] != v.shape[:-1]:
        raise ValueError(f"k and v must have one T; q, k and v are {shapes}")
    if q.shape[-2] > k.shape[-2]:
        raise ValueError(f"there are more queries than keys: q, k and v are {shapes}")
    same_kind(q=q, k=k, v=v)


class Reader:
    """A model that remembers what it has read: what comes again is not computed again.

    model: a GPT, or what else has a `config`, a `device` and (ids, cache) -> logits.
    A call reads ids (B, T), with pads (B,) where there are any, and returns the logits
    (B, T_new, n_vocab) of those ids that are new since the last call. Where the ids do
    not begin with what was read then, all are new: when a window slides, every token
    moves to another place, and nothing kept of it is right any more.
    """

    def __init__(self, model: Callable[..., Tensor]):
        self.model, self.device = model, model.device
        self._read, self._cache = None, None

    def __call__(self, ids: Tensor, pads: Tensor | None = None) -> Tensor:
        old = 0 if self._read is None else self._read.shape[-1]
        if not (old and self._goes_on(ids, pads, old)):
            old, self._cache = 0, Cache(self.model.config.n_layer, pads)
        self._read = None  # where the model fails, nothing counts as read
        logits = self.model(ids[..., old:], self._cache)
        self._read = ids
        return logits

    def _goes_on(self, ids: Tensor, pads: Tensor | None, old: int) -> bool:
        """Whether ids are those of the last call, all `old` of them, and more."""
        before = self._cache.pads
        if (pads is None) != (before is None) or ids.shape[:-1] != self._read.shape[
            :-1
        ]:
            return False
        same = pads is None or torch.equal(pads, before)
        return same and ids.shape[-1] > old and torch.equal(ids[..., :old], self._read)


def write_together(
    model: Callable[..., Tensor],
    prompts: Iterable[Iterable[int]],
    n_new: int,
    seeds: Iterable[int],
    stop: int | None = None,
    **how,
) -> list[list[int]]:
    """What `model.generate(prompt, n_new, seed=seed, stop=stop, **how)` yields for each
    prompt and its seed, computed in one batch. The prompts may differ in length.

    A text that is done waits for the others. Raises ValueError as `gpt.sample.generate`
    does, and where there is not one seed for each prompt.
    """
    n_ctx = model.config.n_ctx
    texts = [prompt_ids(prompt, n_ctx) for prompt in prompts]
    points = [random.Random(seed).random for seed in seeds]
    if len(points) != len(texts):
        raise ValueError(f"{len(texts)} prompts need as many seeds, not {len(points)}")
    begun = [len(text) for text in texts]
    read, done = Reader(model), [False] * len(texts)
    for _ in range(n_new):
        ids, pads = pad_left([text[-n_ctx:] for text in texts])
        pads = pads.to(model.device) if pads.any() else None
        with torch.no_grad():
            logits = read(ids.to(model.device), pads)[:, -1]  # (B, n_vocab)
        for text, row, point in zip(texts, logits, points):
            text.append(choose(row, point(), **how))
        done = [was or text[-1] == stop for was, text in zip(done, texts)]
        if all(done):
            break
    written = [text[n:] for text, n in zip(texts, begun)]
    return [new[: new.index(stop) + 1] if stop in new else new for new in written]
