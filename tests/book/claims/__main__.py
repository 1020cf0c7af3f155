"""List the causal sentences of the book with their tests: python -m tests.book.claims"""

import ast
from pathlib import Path

from bench.chapter import BOOK
from tests.book.page import CHAPTERS, prose


def claims() -> dict[str, list[tuple[str, str]]]:
    """For each page, its claims as (sentence, test), in the order of the page."""
    found: dict[str, list[tuple[str, str]]] = {page: [] for page in CHAPTERS}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for test in ast.parse(path.read_text("utf-8")).body:
            for node in ast.walk(test):
                if (
                    isinstance(node, ast.Call)
                    and getattr(node.func, "id", "") == "claim"
                ):
                    page, sentence = map(ast.literal_eval, node.args)
                    where = f"{path.name}::{test.name}"
                    found[page].append((" ".join(sentence.split()), where))
    for page, said in found.items():
        text = prose(page)
        said.sort(key=lambda claim: text.find(claim[0]))
    return found


if __name__ == "__main__":
    for page, said in claims().items():
        print(f"\n{BOOK.name}/{page}.md: {len(said)} sentences")
        for sentence, test in said:
            print(f"  {sentence}\n      {test}")
