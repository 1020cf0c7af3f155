"""What is not in the repository: tiny Shakespeare and GPT-2's vocabulary.

In: the name of a file. Out: its contents, checked by SHA-256. A file is looked for in
the folder that GPT_DATA names, then in the user's cache; else it is downloaded once.
"""

import hashlib
import http.client
import os
import sys
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import tiktoken

# name in GPT_DATA and in the cache -> where it comes from, SHA-256 of its bytes.
# tiktoken names a file of its cache by the SHA-1 of the address.
_CHAR_RNN = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/"
_GPT2 = "https://openaipublic.blob.core.windows.net/gpt-2/encodings/main/"
FILES = {
    "tinyshakespeare/input.txt": (
        _CHAR_RNN + "tinyshakespeare/input.txt",
        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    ),
    "tiktoken/6d1cbeee0f20b3d9449abfede4726ed8212e3aee": (
        _GPT2 + "vocab.bpe",
        "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
    ),
    "tiktoken/6c7ea1a7e38e3a7f062df639a5b80947f075ffe6": (
        _GPT2 + "encoder.json",
        "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
    ),
}


def tiny_shakespeare() -> str:
    """1,115,394 characters of Shakespeare's plays, as Karpathy (2015) cut them.

    Raises FileNotFoundError if it is neither here nor to be had over the network, and
    ValueError if what was found is another file.
    """
    folder = fetch("tinyshakespeare", [_given("tinyshakespeare")])
    return (folder / "input.txt").read_bytes().decode()


def gpt2() -> tiktoken.Encoding:
    """GPT-2's tokenizer (Radford et al., 2019), 50,257 tokens, from tiktoken.

    Its two files are looked for in TIKTOKEN_CACHE_DIR first. Errors as above.
    """
    named = os.environ.get("TIKTOKEN_CACHE_DIR")
    folder = fetch("tiktoken", [Path(named) if named else None, _given("tiktoken")])
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)  # tiktoken takes it from here only
    try:
        return tiktoken.get_encoding("gpt2")
    finally:
        if named is None:
            del os.environ["TIKTOKEN_CACHE_DIR"]
        else:
            os.environ["TIKTOKEN_CACHE_DIR"] = named


def fetch(group: str, folders: Iterable[Path | None] = ()) -> Path:
    """The first folder with all of FILES' files of a group; the cache is the last.

    What the cache lacks is downloaded into it. Every file's SHA-256 is checked.
    """
    names = [name for name in FILES if name.startswith(group + "/")]
    cache = _cache() / group
    for folder in folders:
        paths = [folder / name.split("/")[1] for name in names] if folder else []
        if paths and all(path.is_file() for path in paths):
            for name, path in zip(names, paths):
                _check(name, path.read_bytes(), str(path))
            return folder
    for name in names:
        path = cache / name.split("/")[1]
        try:
            _check(name, path.read_bytes(), str(path))
        except (OSError, ValueError):  # not there, or spoilt: get it anew
            _download(name, path)
    return cache


def write_whole(path: str | os.PathLike, data: bytes) -> None:
    """Write a file so that others see all of it or what was there before."""
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _download(name: str, path: Path) -> None:
    url = FILES[name][0]
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            data = response.read()
        _check(name, data, url)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    except (OSError, http.client.HTTPException) as error:
        raise FileNotFoundError(
            f"{name} is not on this machine and could not be downloaded from {url} "
            f"({error}); connect to the network once, or set GPT_DATA to a folder that "
            "holds it."
        ) from error


def _check(name: str, data: bytes, where: str) -> None:
    found, right = hashlib.sha256(data).hexdigest(), FILES[name][1]
    if found != right:
        raise ValueError(
            f"{where} is not {name} as this course knows it: its SHA-256 is {found}, "
            f"it should be {right}"
        )


def _given(group: str) -> Path | None:
    """The group's folder in GPT_DATA, where the user has set it."""
    given = os.environ.get("GPT_DATA")
    return Path(given) / group if given else None


def _cache() -> Path:
    """This course's folder in the user's cache, by the system's custom."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gpt-in-four-stages"
