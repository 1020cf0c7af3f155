"""Data from a folder, from the cache and over a network that is a server on this very
machine: good bytes, wrong bytes, half of them, none."""

import hashlib
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import tiktoken

from gpt import data
from tests.need import need

NAME, TEXT = "tinyshakespeare/input.txt", "First Citizen:\r\nSpeak, speak.\n"
GPT2 = [name for name in data.FILES if name.startswith("tiktoken/")]


@pytest.fixture
def server():
    """A server on 127.0.0.1 that answers every path with `server.body`."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(self.path)
            self.send_response(self.server.status)
            self.send_header("Content-Length", str(self.server.length))
            self.end_headers()
            self.wfile.write(self.server.body)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.asked, server.status = [], 200
        server.body = TEXT.encode()
        server.length = len(server.body)
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def cache(tmp_path, monkeypatch, server):
    """An empty cache, no folder named, and TEXT at the server as tiny Shakespeare."""
    monkeypatch.delenv("GPT_DATA", raising=False)
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
    monkeypatch.setattr(data, "_cache", lambda: tmp_path / "cache")
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    url = f"http://127.0.0.1:{server.server_port}/input.txt"
    monkeypatch.setitem(data.FILES, NAME, (url, digest))
    return tmp_path / "cache"


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_first_use_downloads_and_the_next_ones_do_not(cache, server):
    assert [data.tiny_shakespeare() for _ in range(3)] == [TEXT] * 3
    assert server.asked == ["/input.txt"]
    assert files(cache) == {cache / NAME: TEXT.encode()}


def test_wrong_bytes_are_refused_and_not_kept(cache, server):
    server.body = TEXT.encode().replace(b"First", b"Worst")
    with pytest.raises(ValueError, match="input.txt .* SHA-256 is .*, it should be"):
        data.tiny_shakespeare()
    assert files(cache) == {}


@pytest.mark.parametrize("trouble", ["closed", "not found", "half", "no disk"])
def test_no_download_is_one_clear_sentence_and_leaves_nothing(
    cache, server, monkeypatch, trouble
):
    if trouble == "closed":
        url = "http://127.0.0.1:1/input.txt"
        monkeypatch.setitem(data.FILES, NAME, (url, data.FILES[NAME][1]))
    elif trouble == "not found":
        server.status = 404
    elif trouble == "half":
        server.length += 1000
    else:
        cache.write_text("a file where the folder should be")
    with pytest.raises(FileNotFoundError) as error:
        data.tiny_shakespeare()
    sentence = str(error.value)
    assert sentence.startswith(f"{NAME} is not on this machine and could not be")
    assert "set GPT_DATA" in sentence
    assert "\n" not in sentence
    assert files(cache) == {}


def test_a_spoilt_cache_is_downloaded_again(cache, server):
    data.tiny_shakespeare()
    (cache / NAME).write_bytes(b"half of i")
    assert data.tiny_shakespeare() == TEXT
    assert len(server.asked) == 2


def test_the_folder_that_gpt_data_names_comes_first(
    cache, server, tmp_path, monkeypatch
):
    monkeypatch.setenv("GPT_DATA", str(tmp_path / "given"))
    given = tmp_path / "given" / NAME
    given.parent.mkdir(parents=True)
    assert data.tiny_shakespeare() == TEXT  # nothing there: the cache, by a download
    given.write_text(TEXT, newline="")
    (cache / NAME).unlink()
    assert data.tiny_shakespeare() == TEXT
    assert len(server.asked) == 1
    given.write_text("my own notes")
    with pytest.raises(ValueError, match="given.*input.txt is not tinyshakespeare"):
        data.tiny_shakespeare()
    assert given.read_text() == "my own notes"


def test_write_whole_writes_all_or_nothing(tmp_path, monkeypatch):
    path = tmp_path / "file"
    data.write_whole(path, b"one")
    data.write_whole(path, b"two")
    assert files(tmp_path) == {path: b"two"}
    monkeypatch.setattr("os.replace", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        data.write_whole(path, b"three")
    assert files(tmp_path) == {path: b"two"}


def test_the_cache_is_where_the_system_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    for system, base in [("linux", "xdg"), ("win32", "local"), ("darwin", "Caches")]:
        monkeypatch.setattr("sys.platform", system)
        assert data._cache().parent.name == base
        assert data._cache().name == "gpt-in-four-stages"


def given(group):
    """The real folder of a group, in GPT_DATA or the cache: no test downloads it."""

    def no_network(*args, **kwargs):
        raise OSError("tests download nothing")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urllib.request, "urlopen", no_network)
        try:
            return data.fetch(group, [data._given(group)])
        except FileNotFoundError as error:
            need(False, str(error))


def test_the_real_tiny_shakespeare():
    given("tinyshakespeare")
    text = data.tiny_shakespeare()
    assert len(text) == 1_115_394
    assert text.startswith("First Citizen:\nBefore we proceed any further, hear me")


@pytest.fixture
def real():
    return given("tiktoken")


@pytest.fixture
def forgetful(monkeypatch):
    """tiktoken as in a new process: no encoding is loaded yet."""
    monkeypatch.setattr(tiktoken.registry, "ENCODINGS", {})


@pytest.mark.parametrize("variable", ["TIKTOKEN_CACHE_DIR", "GPT_DATA"])
def test_gpt2_from_a_folder_that_is_named(
    real, tmp_path, monkeypatch, forgetful, variable
):
    monkeypatch.setattr(data, "_cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: 1 / 0)
    monkeypatch.delenv("GPT_DATA", raising=False)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))  # nothing is there
    (tmp_path / "tiktoken").symlink_to(real)
    folders = {"TIKTOKEN_CACHE_DIR": tmp_path / "tiktoken", "GPT_DATA": tmp_path}
    monkeypatch.setenv(variable, str(folders[variable]))
    before = dict(os.environ)
    encoding = data.gpt2()
    assert encoding.encode("generative") == [8612, 876]
    assert encoding.n_vocab == 50257
    assert dict(os.environ) == before
    assert not (tmp_path / "cache").exists()


def test_gpt2_downloads_once(real, cache, monkeypatch, forgetful):
    asked = []

    def answer(url, timeout):
        asked.append(url)
        return open(real / next(n for n in GPT2 if data.FILES[n][0] == url)[9:], "rb")

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    assert data.gpt2().encode("generative") == [8612, 876]
    assert sorted(asked) == sorted(data.FILES[name][0] for name in GPT2)
    tiktoken.registry.ENCODINGS.clear()
    assert data.gpt2().n_vocab == 50257
    assert len(asked) == 2
    assert set(files(cache)) == {cache / name for name in GPT2}
    assert "TIKTOKEN_CACHE_DIR" not in os.environ


def test_gpt2_without_a_network(cache, monkeypatch, forgetful):
    def no_network(*args, **kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    with pytest.raises(
        FileNotFoundError, match="vocab.bpe .no route to host.; connect"
    ):
        data.gpt2()


def test_names_are_those_that_tiktoken_gives():
    for name in GPT2:
        url = data.FILES[name][0]
        assert name == f"tiktoken/{hashlib.sha1(url.encode()).hexdigest()}"
