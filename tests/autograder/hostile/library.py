"""Ready-made answers where the step is to be written: by other names, from elsewhere.

What is found costs the step; what reaches for names that a look cannot follow is at
least told to a person. (An answer that is right and honest-looking is a right answer.)
"""

from tests.autograder.hostile.item import ALL, Item, family


def borrowed(name: str, hopes: str, softmax: str, head: str = "", **more) -> Item:
    """softmax by somebody else's: the step earns nothing."""
    source = f"{head}\ndef softmax(scores):\n    return {softmax}".strip()
    more = {"wrong": ("softmax",), "flagged": True} | more
    return Item(name, hopes, solved=ALL, instead=(source,), **more)


def hidden(name: str, hopes: str, softmax: str, head: str = "", **more) -> Item:
    """A name that is put together while it runs: a person must be told."""
    return borrowed(name, hopes, softmax, head, wrong=(), **more)


def own(name: str, hopes: str, code: str) -> Item:
    """A cell that gives `softmax` another meaning; the written step looks honest."""
    return Item(name, hopes, code, at="softmax", solved=ALL, flagged=True)


ITEMS = family(
    "library",
    borrowed("torch's own", "nobody looks", "torch.softmax(scores, -1)"),
    borrowed("the method", "nobody looks there", "scores.softmax(-1)"),
    borrowed("a module", "a class has another name", "torch.nn.Softmax(-1)(scores)"),
    borrowed(
        "an alias",
        "the name stands in another line",
        "f(scores, -1)",
        "from torch.nn.functional import softmax as f",
    ),
    borrowed(
        "a helper",
        "the name stands in another function",
        "helper(scores)",
        "def helper(x):\n    return inner(x)\ninner = lambda x: x.log_softmax(-1).exp()",
    ),
    borrowed(
        "getattr with a name",
        "getattr names it in a string",
        'getattr(torch, "softmax")(scores, -1)',
    ),
    borrowed(
        "the library's dictionary",
        "a module is a dictionary",
        'torch.nn.functional.__dict__["softmax"](scores, -1)',
    ),
    borrowed(
        "attrgetter",
        "operator knows the way",
        'operator.attrgetter("nn.functional.softmax")(torch)(scores, -1)',
        "import operator",
    ),
    borrowed(
        "methodcaller",
        "operator calls it",
        'operator.methodcaller("softmax", -1)(scores)',
        "import operator",
    ),
    borrowed(
        "torch.ops",
        "below torch there is aten",
        "torch.ops.aten._softmax(scores, -1, False)",
    ),
    borrowed(
        "attention for softmax",
        "fused attention of one-hot values is a softmax",
        "torch.nn.functional.scaled_dot_product_attention(scores[..., None, :], "
        "torch.eye(scores.shape[-1]), torch.eye(scores.shape[-1]), scale=1.0)[..., 0, :]",
        wrong=("softmax",),
    ),
    hidden(
        "getattr with half a name",
        "nobody adds strings",
        'getattr(torch, "soft" + "max")(scores, -1)',
    ),
    hidden(
        "getattr by another name",
        "nobody knows what g is",
        'g(torch, "soft" + "max")(scores, -1)',
        "g = getattr",
    ),
    borrowed(
        "a class of one's own for show",
        "its method has the library's name, and the scores are none of it",
        "Own(scores).all()",
        "class Own:\n"
        "    def __init__(self, x):\n        self.x = x\n"
        "    def softmax(self, axis):\n        return self.x\n"
        "    def all(self):\n        return self.x.softmax(-1)",
    ),
    borrowed(
        "another's self",
        "the method takes the scores for itself",
        "Own.all(scores)",
        "class Own:\n    def softmax(self, axis):\n        return axis\n"
        "    def all(self):\n        return self.softmax(-1)",
    ),
    borrowed(
        "all names of a library",
        "no line names it with a dot",
        "log_softmax(scores, -1).exp()",
        "from torch.nn.functional import *",
    ),
    borrowed(
        "a name set from inside",
        "the cell only calls a function",
        "f(scores, -1)",
        "def prepare():\n    global f\n    f = torch.softmax\nprepare()",
    ),
    hidden("eval", "text is no code", """eval("torch.soft" + "max(scores, -1)")"""),
    hidden(
        "exec",
        "text is no code",
        "found['f'](scores)",
        "found = {'torch': torch}\nexec('f = lambda x: torch.soft' 'max(x, -1)', found)",
    ),
    hidden(
        "import by name",
        "importlib has no name for it",
        "f(scores, -1)",
        "import importlib\n"
        "f = vars(importlib.import_module('torch.nn.functional'))['soft' + 'max']",
    ),
    hidden(
        "a loop over the library",
        "it is found by its length",
        "f(scores, -1)",
        "f = next(v for k, v in vars(torch.nn.functional).items() "
        "if k[:4] == 'soft' and len(k) == 7 and k[4] == 'm' and k[5] == 'a')",
    ),
    own(
        "globals",
        "the look follows names, and this one is text",
        'globals()["soft" + "max"] = lambda x: getattr(torch, "soft" + "max")(x, -1)',
    ),
    own(
        "the shell's names",
        "the shell knows all names",
        'get_ipython().user_ns["softmax"] = lambda x: torch.softmax(x, -1)',
    ),
    own(
        "the shell's push",
        "the shell takes names",
        'get_ipython().push({"softmax": lambda x: torch.softmax(x, -1)})',
    ),
    own(
        "main's attributes",
        "the notebook is a module",
        'import __main__\nsetattr(__main__, "softmax", lambda x: torch.softmax(x, -1))',
    ),
    Item(
        "a function's code",
        "the function stays, its code is another's",
        "def mine(scores):\n    return torch.softmax(scores, -1)\n"
        "softmax.__code__ = mine.__code__",
        at="softmax",
        solved=ALL,
        wrong=("softmax",),
        flagged=True,
    ),
    own(
        "a check that hands over another",
        "the check's own function is replaced",
        "import autograder.check as c\nkeep = c._hand_in\nc._hand_in = lambda n, f, file: "
        "keep(n, (lambda x: torch.softmax(x, -1)) if n == 'softmax' else f, file)",
    ),
    *(
        Item(
            name,
            hopes,
            solved=ALL,
            instead=(
                f"import {file}\ndef softmax(scores):\n    return {file}.f(scores)",
            ),
            files={f"{file}.py": b"import torch\nf = lambda x: torch.softmax(x, -1)\n"},
            flagged=True,
        )
        for name, hopes, file in (
            ("a file of one's own", "the look reads the notebook only", "mine"),
            ("a file named like a library", "that library is known", "pandas"),
        )
    ),
    Item(
        "an extension",
        "it may do anything to the notebook",
        "%load_ext mine",
        at="softmax",
        solved=ALL,
        files={"mine.py": b"def load_ipython_extension(shell): ..."},
        flagged=True,
    ),
    Item(
        "a script that is run",
        "%run is no Python",
        "%run mine.py",
        at="softmax",
        solved=ALL,
        files={"mine.py": b"import torch\nsoftmax = lambda x: torch.softmax(x, -1)\n"},
        flagged=True,
    ),
    Item(
        "the course's own attention",
        "the model that is given has it",
        solved=ALL,
        instead=(
            """
import sys
def attention(q, k, v):
    return sys.modules["gpt.attend"].attention(q, k, v)
""",
        ),
        wrong=("attention",),
        flagged=True,
    ),
)
