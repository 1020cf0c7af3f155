"""Is a shortcut seen that is hidden, and honest code of the same look let be?"""

import pytest

from autograder.verdict.look import unread, uses
from autograder.verdict.reaches import DYNAMIC

GIVEN = [
    (
        1,
        "import torch\nfrom torch import Tensor\nfrom gpt.model import small\nmodel = small()",
    )
]
NAMES = (".softmax", ".Softmax", "gpt.model", "gpt.attend", "scipy")

# By what the student hopes to hide it: the cells. Each leans on the library's softmax.
HIDDEN = {
    "letters of another alphabet": [
        "def softmax(x):\n    return torch.\u017foftmax(x, -1)"
    ],
    "a block of the model": ["def softmax(x):\n    return model._block(0, x, print)"],
    "a default of another time": [
        "def softmax(x, f=None):\n    return f(x, -1)",
        "softmax.__defaults__ = (torch.softmax,)",
    ],
    "a text that the shell runs": [
        "from IPython import get_ipython as g\ng().run_cell('f = torch.softmax')",
        "def softmax(x):\n    return f(x, -1)",
    ],
    "slash": ["/print 1\ndef softmax(scores):\n    return torch.softmax(scores, -1)"],
    "comma": [",print a b\ndef softmax(scores):\n    return torch.softmax(scores, -1)"],
    "semi": [";print a b\ndef softmax(scores):\n    return torch.softmax(scores, -1)"],
    "time cont": [
        "%time x = [ \\\n1]\ndef softmax(scores):\n    return torch.softmax(scores, -1)"
    ],
    "who_ls": [
        "x = %who_ls \\\nint\ndef softmax(scores):\n    return torch.softmax(scores, -1)"
    ],
    "bang": [
        "!true \\\nls -la /tmp\ndef softmax(scores):\n    return torch.softmax(scores, -1)"
    ],
    "help": ["torch.exp?\ndef softmax(scores):\n    return torch.softmax(scores, -1)"],
    "prompt": [">>> def softmax(scores):\n...     return torch.softmax(scores, -1)"],
    "string bang": [
        '%pwd\n"""\n!"""; f = torch.softmax; """\n"""\ndef softmax(scores):\n    return f(scores,-1)'
    ],
    "time": [
        "%time f = torch.softmax",
        "def softmax(scores):\n    return f(scores, -1)",
    ],
    "time opt": [
        "%timeit -n 1 -r 1 f = torch.softmax",
        "def softmax(scores):\n    return f(scores, -1)",
    ],
    "cell time": [
        "%%time\nf = torch.softmax",
        "def softmax(scores):\n    return f(scores, -1)",
    ],
    "cell cell": [
        "%%time\n%%capture out\nf = torch.softmax",
        "def softmax(scores):\n    return f(scores, -1)",
    ],
    "automagic": [
        "time f = torch.softmax",
        "def softmax(scores):\n    return f(scores, -1)",
    ],
    "alias magic": [
        "%alias_magic bash time\n",
        "%%bash\nf = torch.softmax",
        "def softmax(scores):\n    return f(scores, -1)",
    ],
    "deep": [
        "x = 1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1\ndef softmax(scores):\n    return torch.softmax(scores, -1)"
    ],
    "stages": ['def softmax(scores):\n    return model.stages["softmax"](scores)'],
    "stages2": [
        "s = model.stages",
        'def softmax(scores):\n    return s["attention"](scores)',
    ],
    "probs": [
        "def softmax(scores):\n    return torch.distributions.Categorical(logits=scores).probs"
    ],
    "probs2": [
        "from torch.distributions import Categorical as C",
        "def softmax(scores):\n    return C(logits=scores).probs",
    ],
    "list": [
        "box = []",
        "box.append(torch.softmax)",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "dict": [
        "box = {}",
        "box['a'] = torch.softmax",
        "def softmax(scores):\n    return box['a'](scores, -1)",
    ],
    "update": [
        "box = dict()",
        "box.update(a=torch.softmax)",
        "def softmax(scores):\n    return box['a'](scores, -1)",
    ],
    "list.append": [
        "box = []",
        "list.append(box, torch.softmax)",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "helper fills": [
        "box = []\ndef fill(b):\n    b.append(torch.softmax)",
        "fill(box)",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "helper fills global": [
        "box = []\ndef fill():\n    box[:] = [torch.softmax]",
        "fill()",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "timeit": [
        "import timeit\nbox = []\ntimeit.timeit('box.append(torch.softmax)', number=1, globals={'box': box, 'torch': torch})",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "magic timeit": [
        "box = []\n%timeit -n1 -r1 box.append(torch.softmax)",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "match": [
        "def softmax(scores):\n    match torch:\n        case object(softmax=f):\n            return f(scores, -1)"
    ],
    "match alias": [
        "M = type(torch)",
        "def softmax(scores):\n    match torch:\n        case M(softmax=f):\n            return f(scores, -1)",
    ],
    "patch": [
        "torch.exp = torch.softmax",
        "def softmax(scores):\n    return torch.exp(scores, -1)",
    ],
    "patch alias": [
        "t = torch; t.exp = torch.softmax",
        "def softmax(scores):\n    return torch.exp(scores, -1)",
    ],
    "patch alias2": [
        "import torch as t\nt.exp = torch.softmax",
        "def softmax(scores):\n    return torch.exp(scores, -1)",
    ],
    "patch in def": [
        "def go():\n    t = torch\n    t.exp = t.softmax\ngo()",
        "def softmax(scores):\n    return torch.exp(scores, -1)",
    ],
    "patch for": [
        "for torch.exp in [torch.softmax]: pass",
        "def softmax(scores):\n    return torch.exp(scores, -1)",
    ],
    "default": ["def softmax(scores, f=torch.softmax):\n    return f(scores, -1)"],
    "attr of f": [
        "def g(): ...\ng.h = torch.softmax",
        "def softmax(scores):\n    return g.h(scores, -1)",
    ],
    "class attr": [
        "class A: pass\nA.h = torch.softmax",
        "def softmax(scores):\n    return A.h(scores, -1)",
    ],
    "instance attr": [
        "class A: pass\na = A()\na.h = torch.softmax",
        "def softmax(scores):\n    return a.h(scores, -1)",
    ],
    "closure": [
        "def make(f):\n    return lambda s: f(s, -1)\nsoftmax = make(torch.softmax)"
    ],
    "decorator": [
        "def deco(g):\n    return lambda s: torch.softmax(s, -1)\n@deco\ndef softmax(s): ..."
    ],
    "partial": [
        "from functools import partial\nsoftmax = partial(torch.softmax, dim=-1)"
    ],
    "global in def": [
        "def go():\n    global f\n    f = torch.softmax\ngo()",
        "def softmax(scores):\n    return f(scores,-1)",
    ],
    "lambda append": [
        "box = []\n(lambda b: b.append(torch.softmax))(box)",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "map append": [
        "box = []\nlist(map(box.append, [torch.softmax]))",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "bound append": [
        "box = []\na = box.append\na(torch.softmax)",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "slice": [
        "box = [0]\nbox[0:1] = [torch.softmax]",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "alias box": [
        "box = []\nb = box\nb.append(torch.softmax)",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "aug": [
        "box = []\nbox += [torch.softmax]",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "with": [
        "import contextlib\nwith contextlib.nullcontext(torch.softmax) as f: pass",
        "def softmax(scores):\n    return f(scores, -1)",
    ],
    "except": [
        "try:\n    raise E(torch.softmax)\nexcept E as e:\n    f = e.args[0]",
        "def softmax(scores):\n    return f(scores, -1)",
    ],
    "queue": [
        "import queue\nq = queue.Queue()\nq.put(torch.softmax)\n",
        "def softmax(scores):\n    return q.get()(scores, -1)",
    ],
    "itertools": [
        "import itertools\nit = itertools.repeat(torch.softmax)",
        "def softmax(scores):\n    return next(it)(scores,-1)",
    ],
    "gen send": [
        "def g():\n    f = yield\n    while True: yield f\nc = g(); next(c); c.send(torch.softmax)",
        "def softmax(scores):\n    return next(c)(scores,-1)",
    ],
    "class dict": [
        "class A(dict): pass\na = A()\na['x'] = torch.softmax",
        "def softmax(scores):\n    return a['x'](scores, -1)",
    ],
    "metaclass": [
        "class M(type):\n    def __getattr__(c, n): return torch.softmax\nclass A(metaclass=M): pass",
        "def softmax(scores):\n    return A.x(scores, -1)",
    ],
    "heapq": [
        "import heapq\nh=[]\nheapq.heappush(h,(0,torch.softmax))",
        "def softmax(scores):\n    return h[0][1](scores,-1)",
    ],
    "contextvar": [
        "import contextvars\nv = contextvars.ContextVar('v')\nv.set(torch.softmax)",
        "def softmax(scores):\n    return v.get()(scores,-1)",
    ],
    "own method": [
        "class A:\n    def softmax(self, x): ...\nA.softmax = torch.softmax",
        "def softmax(scores):\n    return A.softmax(scores,-1)",
    ],
    "own method2": [
        "class A:\n    softmax = staticmethod(torch.softmax)",
        "def softmax(scores):\n    return A.softmax(scores,-1)",
    ],
    "nested mod": [
        "class T:\n    t = torch",
        "def softmax(scores):\n    return T.t.softmax(scores, -1)",
    ],
    "asarray": ["def softmax(scores):\n    return torch.asarray(scores).softmax(-1)"],
    "type": ["def softmax(scores):\n    return type(scores).softmax(scores, -1)"],
    "nn": ["def softmax(scores):\n    return torch.nn.Softmax(-1)(scores)"],
    "handed kw": [
        "box = []\ndef fill(b):\n    b.append(torch.softmax)",
        "fill(b=box)",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "handed star": [
        "box = []\ndef fill(b):\n    b.append(torch.softmax)",
        "fill(*[box])",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "handed method": [
        "box = []\nclass F:\n    def fill(self, b):\n        b.append(torch.softmax)",
        "F().fill(box)",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "handed later": [
        "box = []\n",
        "fill(box)",
        "def fill(b):\n    b.append(torch.softmax)",
        "def softmax(scores):\n    return box[0](scores, -1)",
    ],
    "attr handed": [
        "class A: pass\ndef fill(b):\n    b.f = torch.softmax",
        "fill(A)",
        "def softmax(scores):\n    return A.f(scores, -1)",
    ],
    "eval": ["def softmax(scores):\n    return eval('torch.softmax')(scores,-1)"],
    "star": [
        "from torch import *",
        "def softmax(scores):\n    return Softmax(-1)(scores)",
    ],
}
# And what nobody can say of: a person is told.
AROUND = {
    "the shell by another name": [
        "from IPython import get_ipython as g\ng().push({'softmax': f})",
        "def softmax(x):\n    return x",
    ],
    "the shell itself": [
        "from IPython.core.interactiveshell import InteractiveShell as S\nS.instance().push({'softmax': f})",
        "def softmax(x):\n    return x",
    ],
    "the notebook's table": [
        "locals()['softmax'] = f",
        "def softmax(x):\n    return x",
    ],
    "another name for getattr": [
        "from builtins import getattr as g",
        "def softmax(x):\n    return g(x, 'soft' + 'max')(-1)",
    ],
    "what is built in": ["def softmax(x):\n    return __builtins__['ev' + 'al']('x')"],
    "a text that is put together": [
        "def softmax(x):\n    return getattr(torch, f'softmax')(x, -1)"
    ],
    "reduce": [
        "def softmax(scores):\n    return functools.reduce(getattr, ['softmax'], torch)(scores, -1)"
    ],
    "reduce2": [
        "import functools\nn='soft'+'max'",
        "def softmax(scores):\n    return functools.reduce(getattr, [n], torch)(scores, -1)",
    ],
    "attrgetter": [
        "import operator",
        "def softmax(scores):\n    return operator.attrgetter('soft' + 'max')(torch)(scores, -1)",
    ],
    "attrgetter map": [
        "import operator\ng = operator.attrgetter",
        "def softmax(scores):\n    return g('soft' + 'max')(torch)(scores, -1)",
    ],
    "methodcaller": [
        "import operator",
        "def softmax(scores):\n    return operator.methodcaller('soft' + 'max', -1)(scores)",
    ],
    "dict[...]": [
        "n='soft'+'max'",
        "def softmax(scores):\n    return torch.nn.functional.__dict__[n](scores, -1)",
    ],
    "vars update": [
        "vars(torch).update(exp=torch.softmax)",
        "def softmax(scores):\n    return torch.exp(scores, -1)",
    ],
    "pickle": [
        "import pickle\nb=b'x'",
        "def softmax(scores):\n    return pickle.loads(b)(scores, -1)",
    ],
    "marshal": ["import marshal", "def softmax(scores):\n    return marshal.loads(b)"],
    "copyreg": [
        "import copyreg",
        "def softmax(scores):\n    return copyreg.__newobj__(x)",
    ],
    "FunctionType": [
        "import types",
        "def softmax(scores):\n    return types.FunctionType(c, {})(scores)",
    ],
    "FunctionType2": [
        "from types import FunctionType",
        "def softmax(scores):\n    return FunctionType(c, {})(scores)",
    ],
    "FunctionType3": [
        "def softmax(scores):\n    return type(lambda: 0)(c, {})(scores)"
    ],
    "library": ["def softmax(scores):\n    return torch.library.get_kernel(scores)"],
    "ops": ["def softmax(scores):\n    return torch.ops.aten[n](scores)"],
    "inspect": [
        "import inspect",
        "def softmax(scores):\n    return dict(inspect.getmembers(torch))[n](scores, -1)",
    ],
    "f-magic": [
        "s = 'torch.soft' + 'max'",
        "%time f = {s}",
        "def softmax(scores):\n    return f(scores, -1)",
    ],
    "f-magic2": [
        "s = 'soft' + 'max'",
        "%time f = torch.$s",
        "def softmax(scores):\n    return f(scores, -1)",
    ],
    "setattr": [
        "setattr(torch, 'exp', torch.softmax)",
        "def softmax(scores):\n    return torch.exp(scores, -1)",
    ],
    "patch plain": [
        "def mine(): ...\nt = torch; t.exp = mine",
        "def softmax(scores):\n    return torch.exp(scores, -1)",
    ],
    "mock": [
        "from unittest import mock\nmock.patch.object(torch, 'exp', torch.softmax).start()",
        "def softmax(scores):\n    return torch.exp(scores, -1)",
    ],
    "input transformer": [
        "ip = get_ipython()\nip.input_transformers_post.append(f)",
        "def softmax(scores):\n    return scores",
    ],
    "user_ns": [
        "get_ipython().user_ns['f'] = g",
        "def softmax(scores):\n    return scores",
    ],
    "eval3": ["def softmax(scores):\n    return eval('torch.soft'+'max')(scores,-1)"],
    "run": ["run mine.py", "def softmax(scores):\n    return scores"],
    "subprocess": [
        "import subprocess",
        "def softmax(scores):\n    return subprocess.run(['python', scores])",
    ],
    "os.system": ["import os", "def softmax(scores):\n    return os.system('python')"],
    "formatter": [
        "import string",
        "def softmax(scores):\n    return string.Formatter().get_field('0.soft' 'max', [torch], {})[0](scores,-1)",
    ],
    "subclasses": [
        "def softmax(scores):\n    return [c for c in object.__subclasses__()][0](scores)"
    ],
    "edit locked": [
        "import autograder.check as c\nc.x = 1",
        "def softmax(scores):\n    return scores",
    ],
    "sys.modules alias": [
        "import sys\nm = sys.modules",
        "def softmax(scores):\n    return m['tor' + 'ch']",
    ],
    "sys.modules from": [
        "from sys import modules",
        "def softmax(scores):\n    return modules['tor' + 'ch']",
    ],
    "patch tensor": [
        "torch.Tensor.go = torch.softmax",
        "def softmax(scores):\n    return scores.go(-1)",
    ],
    "patch Tensor2": [
        "Tensor.go = torch.softmax",
        "def softmax(scores):\n    return scores.go(-1)",
    ],
    "cls patch": [
        "X = Tensor\nX.go = torch.softmax",
        "def softmax(scores):\n    return scores.go(-1)",
    ],
}

# What looks like it, and is honest.
HONEST = {
    "a library's function of that name": [
        "x = torch.ones(3)\ny = torch.add(x, torch.softmax(x, -1))",
        "def softmax(x):\n    return torch.exp(x)",
    ],
    "a comparison": [
        "def compare(f):\n    results = []\n    results.append(f(x) - torch.softmax(x, -1))",
        "def softmax(x):\n    return x",
        "compare(softmax)",
    ],
    "a list of differences": [
        "found = []\nfound.append(softmax(x) - torch.softmax(x, -1))",
        "def softmax(x):\n    return x",
    ],
    "a setting": [
        "torch.backends.cudnn.benchmark = True\nimport sys\nsys.stdout = f",
        "def softmax(x):\n    return torch.exp(x)",
    ],
    "a triangle": [
        "tril = torch.tril(torch.ones(8, 8))\nw = x.masked_fill(tril == 0, -1)\nw = torch.softmax(w, -1)",
        "def softmax(x):\n    return x * tril",
    ],
    "a constant": [
        "N = 3\nprint(N, torch.softmax(x, -1))",
        "def softmax(x):\n    return x * N",
    ],
    "a time": [
        "%timeit -n1 -r1 torch.softmax(x, -1)\n%time y = {1: 2}",
        "def softmax(x):\n    return x",
    ],
    "commands": [
        "%%bash\nls -la $HOME\nsoftmax=1",
        "!echo $HOME {x}\n%cd $HOME",
        "def softmax(x):\n    return x",
    ],
    "an error": ["this is torch.softmax (", "def softmax(x):\n    return x"],
    "a class's own list": [
        "class A:\n    def __init__(self):\n        self.seen = []\n    def go(self, x):\n        self.seen.append(x)\n        return x",
        "def softmax(x):\n    return A().go(x)",
    ],
    "a table that is filled": [
        "seen = {}\ndef note(k, x):\n    seen[k] = x\n    return x",
        "def softmax(x):\n    return note(1, x)",
    ],
    "an attribute of what was made": [
        "import collections\nrow = collections.Counter()\nrow.name = torch.ones",
        "def softmax(x):\n    return torch.exp(x)",
    ],
    "a type": ["def softmax(x):\n    return type(x)(x, 3) + type('A', (), {})().x"],
    "a shell that is asked for a picture": [
        "from IPython import get_ipython\nget_ipython().run_line_magic('matplotlib', 'inline')",
        "def softmax(x):\n    return x",
    ],
    "a compiled one": ["@torch.compile(mode='default')\ndef softmax(x):\n    return x"],
}


def leans(cells, names):
    cells = [*enumerate(cells, 2)]
    return unread(cells) or uses(cells, "softmax", names, given=GIVEN)


@pytest.mark.parametrize("way", HIDDEN)
def test_the_shortcut_is_seen(way):
    assert leans(HIDDEN[way], NAMES)


@pytest.mark.parametrize("way", AROUND)
def test_reaching_around_is_seen(way):
    assert leans(AROUND[way], DYNAMIC)


@pytest.mark.parametrize("way", HONEST)
def test_honest_code_is_let_be(way):
    assert not leans(HONEST[way], (*NAMES, *DYNAMIC))


def test_what_is_seen_does_not_stay():
    """What was changed in one notebook is as it was in the next."""
    own = "def softmax(x):\n    return torch.exp(x)"
    assert leans(["t = torch\nt.exp = torch.softmax", own], NAMES)
    assert not leans(["t = torch", own], (*NAMES, *DYNAMIC))


def test_code_in_a_text_is_told_by_its_line():
    cells = [(2, "x = 1\n%%time\n"), (3, "%%time\ny = 1\nsoftmax = torch.softmax")]
    assert [str(use) for use in uses(cells, "softmax", NAMES)] == [
        "softmax (cell 3, line 3)"
    ]
