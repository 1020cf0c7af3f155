"""What a real model, SmolLM2, does with the examples of the book, recorded."""

import json
from pathlib import Path

RECORDED = Path(__file__).parents[1] / "recorded" / "smollm2.json"


def smollm2(part):
    """One part of recorded/smollm2.json, which `python book/record_smollm2.py` writes.

    A chapter that shows it says so, with `smollm2("date")`.
    """
    return json.loads(RECORDED.read_text("utf-8"))[part]
