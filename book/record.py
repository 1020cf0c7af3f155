"""Records what GPT-2's own tokenizer says about the texts of the book.

    python book/record.py              records every text of the file again
    python book/record.py TEXT ...     adds texts

The chapters read the file through `facts.gpt2_tokens`, so that the book builds on a
machine that cannot get GPT-2's vocabulary; tests/book compares the file with it where
it is there. Special tokens in a text are encoded as such.
"""

import json
import sys
from pathlib import Path

FILE = Path(__file__).parent / "recorded" / "gpt2.json"


def piece(token: bytes) -> str:
    """One token as text; where it is no UTF-8 by itself, its bytes as \\x.. ."""
    try:
        return token.decode()
    except UnicodeDecodeError:
        return "".join(f"\\x{byte:02x}" for byte in token)


def record(encoding, texts) -> dict:
    """Texts -> the content of the file. `encoding`: a tiktoken.Encoding."""
    entries = {}
    for text in texts:
        ids = encoding.encode(text, allowed_special="all")
        pieces = [piece(encoding.decode_single_token_bytes(number)) for number in ids]
        entries[text] = {"ids": ids, "pieces": pieces}
    return {"encoding": encoding.name, "n_vocab": encoding.n_vocab, "texts": entries}


def lines(recorded) -> str:
    """The file, a line a text, so that a change is easy to read."""
    texts = recorded["texts"].items()
    entries = ",\n".join(f"{_json(text)}: {_json(entry)}" for text, entry in texts)
    head = (
        f'"encoding": {_json(recorded["encoding"])}, "n_vocab": {recorded["n_vocab"]}'
    )
    return f'{{{head}, "texts": {{\n{entries}\n}}}}\n'


def _json(thing):
    return json.dumps(thing, ensure_ascii=False)


def main(texts):
    from gpt.data import gpt2

    known = json.loads(FILE.read_text("utf-8"))["texts"] if FILE.exists() else {}
    recorded = record(gpt2(), dict.fromkeys([*known, *texts]))
    FILE.write_text(lines(recorded), "utf-8")
    print(f"{len(recorded['texts'])} texts in {FILE.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
