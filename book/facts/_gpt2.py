"""What GPT-2's own tokenizer makes of the book's texts, recorded."""

import json
from pathlib import Path

RECORDED = Path(__file__).parents[1] / "recorded" / "gpt2.json"


def gpt2_tokens(text):
    """What GPT-2's own tokenizer makes of a text: [(id, piece), ...].

    Read from recorded/gpt2.json, which `python book/record.py TEXT` writes from the
    real encoding; a piece that is no UTF-8 by itself is written as \\x.. bytes.
    """
    texts = json.loads(RECORDED.read_text("utf-8"))["texts"]
    if text not in texts:
        raise ValueError(
            f"GPT-2's tokens of {text!r} are not recorded; record them with: "
            f"python book/record.py {json.dumps(text, ensure_ascii=False)}"
        )
    return list(zip(texts[text]["ids"], texts[text]["pieces"]))
