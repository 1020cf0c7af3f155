"""Characters as tokens: the smallest tokenizer, for training on a text of any kind.

"To be"  <->  [32, 53, 1, 40, 43]
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from gpt.data import write_whole


class Characters:
    """A vocabulary of characters: those given, each once, sorted; the id is the place.

    >>> letters = Characters("hello")
    >>> letters.encode("hole")
    [1, 3, 2, 0]
    >>> letters.decode([1, 3, 2, 0])
    'hole'
    """

    def __init__(self, text: Iterable[str]):
        self.characters = sorted(set(text))
        self.ids = {character: id for id, character in enumerate(self.characters)}
        self.special_tokens: dict[str, int] = {}

    @property
    def n_vocab(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> list[int]:
        """The id of each character. Raises ValueError for one that has none."""
        try:
            return [self.ids[character] for character in text]
        except KeyError as error:
            raise ValueError(
                f"the character {error} (at {text.index(error.args[0])}) is none of the "
                f"{self.n_vocab} of this vocabulary"
            ) from None

    def decode(self, ids: Iterable[int]) -> str:
        return "".join(self.characters[id] for id in ids)

    def save(self, path: str | os.PathLike) -> None:
        """Write a JSON file, whole or not at all: the characters as one string."""
        text = json.dumps({"characters": "".join(self.characters)}, ensure_ascii=True)
        write_whole(path, (text + "\n").encode())

    @staticmethod
    def load(path: str | os.PathLike) -> "Characters":
        """Read such a file; ValueError where it is another."""
        try:
            return Characters(json.loads(Path(path).read_bytes())["characters"])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} holds no characters: {error!r}") from None
