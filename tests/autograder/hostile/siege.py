"""Submissions that want to be read wrongly, not to be read, or to stop their reader."""

from nbformat import NotebookNode

from tests.autograder.hostile.item import ALL, Item, family, find

SOFTMAX = "def softmax(scores):\n    return torch.softmax(scores, -1)"
BY = "def softmax(scores):\n    return {}(scores, -1)"
LATER = (
    *("softmax", "scores", "attention_weights", "attention", "split_heads"),
    *("merge_heads", "attend"),
)


def beside(name: str, line: str, function: str = SOFTMAX) -> Item:
    """The library's softmax in plain sight, beside a line that Python cannot read."""
    return Item(
        name,
        "what cannot be read is not seen",
        solved=ALL,
        wrong=("softmax",),
        instead=(f"{line}\n{function}",),
        flagged=True,
    )


def hidden(name: str, code: str, way: str) -> Item:
    """The library's softmax by a way of its own."""
    return Item(
        name,
        "nobody sees where it comes from",
        code,
        at="softmax",
        solved=ALL,
        wrong=("softmax",),
        instead=(BY.format(way),),
        flagged=True,
    )


def bomb(name: str, code: str) -> Item:
    """What takes gigabytes or minutes to read."""
    return Item(
        name,
        "the grader runs out of memory or time",
        code,
        solved=ALL,
        wrong=ALL,
        flagged=True,
    )


def large(name: str, raw: bytes, flagged: bool | None = True) -> Item:
    """JSON of which Python's values are many times as large."""
    return Item(name, "the grader runs out of memory", raw=raw, flagged=flagged)


def kept(name: str) -> str:
    """A step that takes what there is by its name, and is not written otherwise."""
    return f"""
def wrong(*args):
    raise ValueError
try:
    {name}
except NameError:
    {name} = wrong
def other():
    pass
"""


def last_first(notebook: NotebookNode) -> None:
    """A late check comes before the first step, and the steps between are not written.

    Where a check is run once more after the course's own steps, they are there.
    """
    for step in ("softmax", "attention_weights"):
        notebook.cells[find(notebook, f"write_{step}")].source = kept(step)
    check = notebook.cells.pop(find(notebook, "attention"))
    notebook.cells.insert(find(notebook, "write_average_past"), check)


ITEMS = family(
    "siege",
    Item(
        "a late check comes first",
        "the course's own steps stand before it, and stay",
        edit=last_first,
        solved=(
            *("average_past", "averaging_weights", "scores", "split_heads"),
            "merge_heads",
        ),
    ),
    beside("a call by a slash", "/print 1"),
    beside("a call by a comma", ",print a b"),
    beside("a magic in two lines", "%time x = [ \\\n1]"),
    beside("a list of names in two lines", "x = %who_ls \\\nint"),
    beside("a command in two lines", "!true \\\nls /"),
    beside("a command in a string", '%pwd\n"""\n!"""; f = torch.softmax; """\n"""', BY.format("f")),
    Item(
        "terms beyond the limit",
        "a parser gives up, and a kernel with a higher limit does not",
        "import sys\nsys.setrecursionlimit(100_000)",
        at="softmax",
        solved=ALL,
        wrong=LATER,
        instead=(f"x = {'+'.join('1' * 3_500)}\n{SOFTMAX}",),
        flagged=True,
    ),
    hidden("in the text of a magic", "%time f = torch.softmax", "f"),
    hidden("by a magic without its sign", "time f = torch.softmax", "f"),
    hidden("put into a list", "box = []\nbox.append(torch.softmax)", "box[0]"),
    hidden(
        "put into a list by a helper",
        "box = []\ndef fill(b):\n    b.append(torch.softmax)\nfill(box)",
        "box[0]",
    ),
    hidden(
        "put into a list by a clock",
        "import timeit\nbox = []\n%timeit -n1 -r1 box.append(torch.softmax)",
        "box[0]",
    ),
    hidden("another meaning for exp", "t = torch\nt.exp = torch.softmax", "torch.exp"),
    hidden("a pattern", "match torch:\n    case object(softmax=f):\n        pass", "f"),
    hidden(
        "the softmax of a distribution",
        "def f(x, dim):\n    return torch.distributions.Categorical(logits=x).probs",
        "f",
    ),
    Item(
        "the model's own function",
        "the notebook's own model has it",
        solved=ALL,
        wrong=("attention",),
        instead=(
            """
from gpt.model import small
mine = small()[0]
def attention(q, k, v):
    return mine.stages['attention'](q, k, v)
""",
        ),
        flagged=True,
    ),
    bomb("a name of sixty thousand parts", f"import {'a.' * 60_000}b"),
    bomb("items of items", f"x = a{'[0]' * 60_000}"),
    bomb("magics without number", "%t\n" * 30_000),
    large("millions of lists", b'{"cells": [' + b"[]," * 6_000_000 + b"[]]}"),
    large("lists in lists", b'{"cells": ' + b"[" * 5_000_000),
    large("millions of names", b'{"cells": [{' + b'"":[[]],' * 2_400_000 + b'"a":1}], "x": 1}', None),
)  # fmt: skip
