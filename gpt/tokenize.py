"""Stage 1, tokenize: text in, ids out, by byte-level byte-pair encoding (BPE).

    text: str  ->  chunks: list[str]  ->  ids: list[int], each in 0 … n_vocab - 1

>>> tokenizer = train("leap leaps leaping", n_vocab=259)
>>> tokenizer.encode("leaps")
[258, 115]
>>> tokenizer.pieces("leaps")
[b'leap', b's']

Sources: Sennrich et al. (2016, section 3.2) for merging pairs, Radford et al. (2019,
section 2.2) for bytes and chunks. For one vocabulary, the ids are those of tiktoken.
"""

import os
import re
from base64 import b64decode, b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import accumulate, chain, pairwise
from math import inf
from operator import add, index
from pathlib import Path

import regex
import tiktoken

from gpt.data import write_whole

# GPT-2's chunks: the end of a contraction; letters, digits or other signs, each with
# at most one space before them; white space. No merge crosses the border of a chunk.
PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

_ANY_CHUNKS = regex.compile(PATTERN)
_LINES = re.compile(r"(?<=\S)(?=\n)")  # no chunk crosses the end of a line
_RARE = re.compile("[\U00010000-\U0010ffff]")  # emoji, for one


def _common_chunks() -> re.Pattern:
    r"""The pattern for texts without rare characters: \p{L} becomes [A-Za-zª…].

    This Python's own re can read, and it is three times as fast as regex.
    """
    every = "".join(map(chr, range(0x10000)))

    def members(group: str) -> str:
        runs = regex.findall(f"{group}+", every)
        return "".join(f"{re.escape(run[0])}-{re.escape(run[-1])}" for run in runs)

    space, letter, digit = map(members, (r"\s", r"\p{L}", r"\p{N}"))
    pattern = PATTERN.replace(r"[^\s\p{L}\p{N}]", f"[^{space}{letter}{digit}]")
    pattern = pattern.replace(r"\p{L}", f"[{letter}]").replace(r"\p{N}", f"[{digit}]")
    pattern = pattern.replace(r"\s", f"[{space}]").replace(r"\S", f"[^{space}]")
    return re.compile(pattern)


_COMMON_CHUNKS = _common_chunks()

_BYTES = [bytes([b]) for b in range(256)]
SHORT = 64  # what is no longer is merged without a heap, and remembered
REMEMBERED = 2**16  # how many of these
FEW = 2048  # so many merges can each be tried in every chunk
LONG = 2**14  # a chunk of so many bytes is worth a look for what pieces it can have


def split(text: str) -> list[str]:
    """The chunks of a text; joined, they are the text again.

    (Except for half a surrogate pair, which UTF-8 cannot hold: U+FFFD, as in tiktoken.)
    """
    text = _unicode(text)
    if not _RARE.search(text):
        return _COMMON_CHUNKS.findall(text)
    chunks = []
    for line in _LINES.split(text):
        pattern = _ANY_CHUNKS if _RARE.search(line) else _COMMON_CHUNKS
        chunks += pattern.findall(line)
    return chunks


def train(text: str, n_vocab: int, special_tokens: Iterable[str] = ()) -> "Tokenizer":
    """A tokenizer of n_vocab tokens: 256 bytes, then merges, then special tokens.

    Byte b has id b and merge k has id 256 + k. Each merge joins the most frequent pair
    of neighbours; among equally frequent pairs the one with the smallest left id, then
    with the smallest right id. Special tokens in the text are cut out, not counted.

    Where the text has too few pairs (every chunk has become one token), training ends
    early: `n_vocab` of the result says how far it came.

    Raises ValueError where n_vocab has no room for the bytes and the special tokens.
    """
    if isinstance(special_tokens, str):
        raise ValueError(f"special_tokens is a list, such as [{special_tokens!r}]")
    names = list(dict.fromkeys(special_tokens))
    n_ranks = n_vocab - len(names)
    if n_ranks < 256:
        raise ValueError(
            f"n_vocab is {n_vocab}, but 256 bytes and {len(names)} special tokens "
            f"need at least {256 + len(names)}"
        )
    # Equal chunks merge alike: one of each is enough, with the times that it occurs.
    parts = _cut(_unicode(text), names)[::2]
    times = Counter(chunk for part in parts for chunk in split(part))
    words = {chunk: list(chunk.encode()) for chunk in times}  # chunk -> its ids so far

    counts = defaultdict(int)  # pair of ids -> times it occurs in the text
    where = defaultdict(set)  # pair of ids -> chunks that have it, or once had it
    for chunk, word in words.items():
        for pair in pairwise(word):
            counts[pair] += times[chunk]
            where[pair].add(chunk)
    # The heap's top is the next pair by the rule above, if its count still holds. A
    # count that fell is put right when it comes to the top; one that rose is pushed.
    heap = [(-count, pair) for pair, count in counts.items()]
    heapify(heap)

    pieces = [*_BYTES]  # id -> bytes
    while heap and len(pieces) < n_ranks:
        count, pair = heappop(heap)
        if -count != counts[pair]:
            if counts[pair]:
                heappush(heap, (-counts[pair], pair))
            continue
        new = len(pieces)
        pieces.append(pieces[pair[0]] + pieces[pair[1]])
        risen = set()
        for chunk in where.pop(pair):
            words[chunk], lost, gained = _merge(words[chunk], pair, new)
            for old in lost:
                counts[old] -= times[chunk]
            for now in gained:
                counts[now] += times[chunk]
                where[now].add(chunk)
            risen.update(gained)
        del counts[pair]
        for now in risen:
            if counts[now]:
                heappush(heap, (-counts[now], now))
    ranks = {piece: id for id, piece in enumerate(pieces)}
    return Tokenizer(ranks, {name: len(ranks) + i for i, name in enumerate(names)})


def _merge(word: list[int], pair: tuple[int, int], new: int) -> tuple[list, list, list]:
    """The word with the pair joined from the left; the pairs that it lost and gained."""
    (left, right), last = pair, len(word) - 1
    merged, lost, gained = [], [], []
    i = 0
    while i <= last:
        if word[i] != left or i == last or word[i + 1] != right:
            merged.append(word[i])
            i += 1
            continue
        if merged:
            lost.append((merged[-1], left))
            gained.append((merged[-1], new))
        if i + 2 <= last:
            lost.append((right, word[i + 2]))
            gained.append((new, word[i + 2]))
        merged.append(new)
        i += 2
    return merged, lost, gained


class Tokenizer:
    """A vocabulary: ranks {bytes: id}, which merge, and special_tokens {name: id}.

    The lower the id of a piece, the earlier its two parts are merged. Raises ValueError
    where a single byte has no id, or two tokens have the same, or a name is empty.
    """

    pattern, chunks = PATTERN, staticmethod(split)  # how it cuts, before any merge

    def __init__(
        self, ranks: Mapping[bytes, int], special_tokens: Mapping[str, int] = {}
    ):
        self.ranks = dict(ranks)
        self.special_tokens = dict(special_tokens)
        self._known = _Known(self._encode_chunk)  # chunk -> its ids
        self._known_parts = _Known(self._merge)
        self._bytes = {}  # id -> bytes
        named = {name.encode(): id for name, id in self.special_tokens.items()}
        for piece, id in [*self.ranks.items(), *named.items()]:
            if not piece or id in self._bytes:
                raise ValueError(f"{piece}: empty, or its id {id} has another token")
            self._bytes[id] = piece
        if missing := [b for b in range(256) if bytes([b]) not in self.ranks]:
            raise ValueError(f"ranks must have all 256 single bytes, not so {missing}")

    @property
    def n_vocab(self) -> int:
        """One more than the largest id: the rows that an embedding needs."""
        return max(self._bytes) + 1

    def encode(
        self,
        text: str,
        allowed_special: Collection[str] = (),
        disallowed_special: Collection[str] = "all",
    ) -> list[int]:
        """The ids of a text, equal to those of `tiktoken.Encoding.encode`.

        Read from the left, the longest special token that begins at a place is meant.
        It becomes its id if `allowed_special` names it or is "all"; else a ValueError
        says which it is and where. Give `disallowed_special=()` to read those not
        allowed as ordinary text, or the names of those that are still to be refused.
        """
        return self._encode(text, allowed_special, disallowed_special, 0)

    def encode_iterable(
        self,
        texts: Iterable[str],
        allowed_special: Collection[str] = (),
        disallowed_special: Collection[str] = "all",
    ) -> Iterator[int]:
        """Yield the ids of texts that follow one another, such as the lines of a file.

        They are those of the joined text, of which no more is kept than what comes
        after its last end of a word.
        """
        rest, at = "", 0
        for text in texts:
            rest += _str(text)
            stop = _settled(rest, self.special_tokens)
            done, rest = rest[:stop], rest[stop:]
            yield from self._encode(done, allowed_special, disallowed_special, at)
            at += stop
        yield from self._encode(rest, allowed_special, disallowed_special, at)

    def _encode(self, text, allowed_special, disallowed_special, at) -> list[int]:
        """As `encode`; the text begins at character `at`."""
        names = self.special_tokens
        allowed = {*(names if allowed_special == "all" else allowed_special)}
        refused = {*disallowed_special}
        if disallowed_special == "all":
            refused = names.keys() - allowed
        ids = []
        for i, part in enumerate(
            _cut(_unicode(text), names.keys() & allowed | refused)
        ):
            if i % 2 == 0:  # between two special tokens stands a text
                ids += self._encode_ordinary(part)
            elif part not in refused:
                ids.append(names[part])
            else:
                raise ValueError(
                    f"the special token {part!r} at character {at} of the text is not "
                    f"allowed; allowed_special={{{part!r}}} would allow it, and "
                    "disallowed_special=() would read it as ordinary text"
                )
            at += len(part)
        return ids

    def _encode_ordinary(self, text: str) -> list[int]:
        chunks, ids = self.chunks(text), []
        for start in range(0, len(chunks), REMEMBERED):
            some = chunks[start : start + REMEMBERED]
            if self._few:
                self._learn({*some})
            ids += chain.from_iterable(map(self._known.__getitem__, some))
        return ids

    def _learn(self, chunks: set[str]) -> None:
        """Remember the short ones of these chunks, merged together."""
        new = chunks - self._known.keys()
        if len(self._known) + len(new) > REMEMBERED:
            self._known.clear()
            new = chunks
        short = [chunk for chunk in new if len(chunk) <= SHORT]
        self._known.update(self._few.encode(short))

    @cached_property
    def _few(self) -> "_FewMerges | None":
        """The fastest way, where the whole vocabulary has few merges."""
        return _FewMerges.of(self.ranks)

    def _few_for(self, whole: bytes) -> "_FewMerges | None":
        """The same for one chunk, if it is long enough to be worth it.

        In a large vocabulary few pieces may be of its bytes, as in a line of dashes.
        """
        if self._few:
            return self._few if len(whole) > len(self._few.merges) else None
        if len(whole) < LONG:
            return None
        possible = {*whole}.issuperset
        return _FewMerges.of({p: id for p, id in self.ranks.items() if possible(p)})

    def _encode_chunk(self, chunk: str) -> list[int]:
        """The ids of a chunk; a long one is cut where no token reaches across."""
        whole = chunk.encode()
        if whole in self.ranks:
            return [self.ranks[whole]]
        if few := self._few_for(whole):
            return few.encode([chunk])[chunk]
        if len(whole) <= SHORT:
            return self._merge(whole)
        pairs = enumerate(pairwise(whole), 1)
        cuts = [0, *(i for i, pair in pairs if pair not in self._inside), len(whole)]
        parts = (whole[start:stop] for start, stop in pairwise(cuts))
        return [*chain.from_iterable(map(self._known_parts.__getitem__, parts))]

    @cached_property
    def _inside(self) -> set[tuple[int, int]]:
        """Which bytes stand side by side in a token (and some that UTF-8 never has)."""
        return {*pairwise(b"\xff".join(self.ranks))}

    def _merge(self, part: bytes) -> list[int]:
        """Merge the pair of lowest rank, the leftmost of these, until none has a rank."""
        if len(part) > SHORT:
            return self._merge_long(part)
        # Piece i ends at borders[i + 1]; ranks[i] is that of the pair that it begins.
        rank, borders = self.ranks.get, [*range(len(part) + 1)]
        ranks = [rank(part[i : i + 2], inf) for i in borders[:-2]]
        while ranks and (lowest := min(ranks)) < inf:
            i = ranks.index(lowest)
            del borders[i + 1], ranks[i]
            if i < len(ranks):
                ranks[i] = rank(part[borders[i] : borders[i + 2]], inf)
            if i > 0:
                ranks[i - 1] = rank(part[borders[i - 1] : borders[i + 1]], inf)
        return [self.ranks[part[start:stop]] for start, stop in pairwise(borders)]

    def _merge_long(self, part: bytes) -> list[int]:
        """The same in n log n steps: pairs wait by rank, and a heap knows the lowest."""
        n, rank = len(part), self.ranks.get
        # The piece that begins at each place, b"" where none begins any more, and
        # where the piece to its left begins.
        pieces, before = [*map(_BYTES.__getitem__, part), b""], [*range(-1, n)]
        waiting = defaultdict(list)  # rank -> where pairs of this rank begin
        for start, found in enumerate(map(rank, map(add, pieces[:-2], pieces[1:]))):
            waiting[found].append(start)
        waiting.pop(None, None)  # the pairs that have none
        heap = sorted(waiting)
        while heap:
            lowest = heappop(heap)
            whole, starts = self._bytes[lowest], waiting.pop(lowest)
            starts.sort(reverse=True)
            while starts:
                start = starts.pop()  # the leftmost
                middle, stop = start + len(pieces[start]), start + len(whole)
                if pieces[start] + pieces[middle] != whole:
                    continue  # by now, one of the two has merged with another
                pieces[start], pieces[middle], before[stop] = whole, b"", start
                left = before[start]
                if start > 0 and (found := rank(pieces[left] + whole)) is not None:
                    if found not in waiting:
                        heappush(heap, found)
                    waiting[found].append(left)
                if stop < n and (found := rank(whole + pieces[stop])) is not None:
                    if found not in waiting:
                        heappush(heap, found)
                    waiting[found].append(start)
                if heap and heap[0] < lowest:  # its turn comes first
                    heappush(heap, lowest)
                    waiting[lowest] = starts
                    break
        return [self.ranks[piece] for piece in pieces if piece]

    def pieces(self, text: str) -> list[bytes]:
        """The tokens of a text as bytes, for figures; special tokens are allowed."""
        return self._pieces(self.encode(text, allowed_special="all"))

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes of ids (T,). ValueError for one that does not exist, and where."""
        return b"".join(self._pieces(ids))

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids (T,). ValueError, too, where the bytes are not UTF-8."""
        pieces = self._pieces(ids)
        try:
            return b"".join(pieces).decode()
        except UnicodeDecodeError as error:
            stops = accumulate(map(len, pieces))
            position = next(i for i, stop in enumerate(stops) if stop > error.start)
            raise ValueError(
                f"not UTF-8 ({error.reason}) at byte {error.start}, in the token "
                f"{pieces[position]} at position {position}; decode_bytes takes it"
            ) from None

    def _pieces(self, ids: Iterable[int]) -> list[bytes]:
        pieces = []
        for position, id in enumerate(ids):
            try:
                pieces.append(self._bytes[index(id)])
            except (KeyError, TypeError):
                raise ValueError(
                    f"the id {id!r} at position {position} does not exist: ids are "
                    f"whole numbers below {self.n_vocab}"
                ) from None
        return pieces

    def save(self, path: str | os.PathLike) -> None:
        """Write a file, whole or not at all, in the format that its name asks for.

        NAME.json: tokenizer.json, as `tokenizers` and `transformers` read it, with all
        that this tokenizer is. Else the ranks as tiktoken has them, a line a piece:
        base64 and id, by id. That format has no place for special tokens.
        """
        if Path(path).suffix == ".json":
            from gpt import files  # imports torch, which no other part of this needs

            if self.pattern != PATTERN:
                raise ValueError(f"{path}: only chunks of GPT-2's kind can be written")
            return files.write_tokenizer(Path(path), self.ranks, self.special_tokens)
        ranks = sorted(self.ranks.items(), key=lambda item: item[1])
        write_whole(path, b"".join(b"%s %d\n" % (b64encode(p), id) for p, id in ranks))

    @staticmethod
    def load(
        path: str | os.PathLike, special_tokens: Mapping[str, int] = {}
    ) -> "Tokenizer":
        """Read such a file; special_tokens come to those that are in it.

        A malformed line is a ValueError with the line's number.
        """
        if Path(path).suffix == ".json":
            from gpt import files

            ranks, special = files.read_tokenizer(Path(path))
            return Tokenizer(ranks, special | dict(special_tokens))
        ranks, ids = {}, set()
        lines = Path(path).read_bytes().rstrip().splitlines()
        for number, line in enumerate(lines, 1):
            try:
                piece, id = line.split()
                piece, id = b64decode(piece, validate=True), int(id)
                if id < 0 or id in ids or piece in ranks:
                    raise ValueError("negative, or not its first time")
            except ValueError as error:
                raise ValueError(
                    f"{path}, line {number}: {line!r} is not a piece in base64, a "
                    f"space and its id: {error}"
                ) from None
            ranks[piece] = id
            ids.add(id)
        return Tokenizer(ranks, special_tokens)

    def to_tiktoken(self, name: str = "course") -> tiktoken.Encoding:
        """The same tokenizer as a tiktoken.Encoding."""
        return tiktoken.Encoding(
            name,
            pat_str=self.pattern,
            mergeable_ranks=self.ranks,
            special_tokens=self.special_tokens,
        )


class _FewMerges:
    """A few merges, each made in its turn and in all chunks at once, by split and join.

    A character stands for a piece: the first 256 for the bytes, the next for the merges
    by rank. UTF-8 never has the byte 255, so that is the border between two chunks.
    """

    def __init__(self, ranks: Mapping[bytes, int]):
        by_rank = sorted({*ranks}.difference(_BYTES), key=ranks.get)
        signs = {byte: chr(i) for i, byte in enumerate(_BYTES)}
        self.merges = []  # (two signs, the sign that replaces them), by rank
        for i, whole in enumerate(by_rank, 256):
            splits = ((whole[:k], whole[k:]) for k in range(1, len(whole)))
            self.merges += [
                (signs[left] + signs[right], chr(i))
                for left, right in splits
                if left in signs and right in signs
            ]
            signs[whole] = chr(i)
        self.ids = {signs[piece]: id for piece, id in ranks.items()}
        # Where each piece comes out of its own bytes, as after any training, no merge
        # ever comes up when its turn is over; else this way is not that of the ranks.
        self.fit = self._merge(by_rank) == [signs[piece] for piece in by_rank]

    @staticmethod
    def of(ranks: Mapping[bytes, int]) -> "_FewMerges | None":
        """These, if they are few and fit."""
        few = len(ranks) <= 256 + FEW and _FewMerges(ranks)
        return few if few and few.fit else None

    def encode(self, chunks: Collection[str]) -> dict[str, list[int]]:
        """Each chunk and its ids."""
        merged = self._merge(chunk.encode() for chunk in chunks)
        id = self.ids.__getitem__
        return {
            chunk: [*map(id, text)] for chunk, text in zip(chunks, merged, strict=True)
        }

    def _merge(self, parts: Iterable[bytes]) -> list[str]:
        text = b"\xff".join(parts).decode("latin-1")
        there = {*text}
        for pair, whole in self.merges:
            if there.issuperset(pair) and len(apart := text.split(pair)) > 1:
                text = whole.join(apart)
                there.add(whole)
        return text.split("\xff") if text else []


class _Known(dict):
    """A part of a text -> its ids: most have come before, in this text or another."""

    def __init__(self, encode: Callable[[str | bytes], list[int]]):
        self.encode = encode

    def __missing__(self, part: str | bytes) -> list[int]:
        ids = self.encode(part)
        if len(part) <= SHORT:
            if len(self) >= REMEMBERED:
                self.clear()
            self[part] = ids
        return ids


def _str(text: str) -> str:
    """The text, if it is one."""
    if not isinstance(text, str):
        raise ValueError(f"the text must be a str, not {type(text).__name__}")
    return text


def _unicode(text: str) -> str:
    """The text, if it is one, with surrogate pairs joined and halves made U+FFFD."""
    try:
        _str(text).encode()
        return text
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _settled(text: str, names: Collection[str]) -> int:
    """Up to where a text can be encoded before it is known what follows it.

    It is the last end of a word where no special token stands or may yet begin.
    """
    last = len(text) - max(map(len, names), default=0)
    settled = at = 0
    for i, part in enumerate(_cut(text, names)):
        if i % 2 == 0:  # what is no space ends a chunk where a space follows it
            ends = (at + end.end() for end in regex.finditer(r"\S(?=\s)", part))
            settled = max((end for end in ends if end <= last), default=settled)
        at += len(part)
    return settled


def _cut(text: str, names: Collection[str]) -> list[str]:
    """The text cut at special tokens: text, name, text, name, …, text."""
    if not names:
        return [text]
    longest_first = sorted(names, key=len, reverse=True)
    return re.split("(" + "|".join(map(re.escape, longest_first)) + ")", text)
