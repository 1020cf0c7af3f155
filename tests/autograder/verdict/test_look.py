"""Does the static look find the shortcut, and let honest scratch work be?"""

import tracemalloc

import pytest

from autograder.verdict.look import DYNAMIC, FILE, modules, uses

FORBIDDEN = ("tiktoken", "gpt.tokenize")


def found(*cells, names=FORBIDDEN):
    return [str(u) for u in uses(list(enumerate(cells, 1)), "encode", names)]


@pytest.mark.parametrize(
    "cells",
    [
        ("import tiktoken\ndef encode(t):\n    return tiktoken.get_encoding('gpt2')",),
        ("def encode(t):\n    import tiktoken",),
        ("import tiktoken as t", "def encode(x):\n    return t.get_encoding('gpt2')"),
        ("from tiktoken import get_encoding as g", "def encode(x):\n    return g('a')"),
        (
            "import gpt.tokenize",
            "def encode(x):\n    return gpt.tokenize.train(x, 300)",
        ),
        ("from gpt import tokenize", "def encode(x):\n    return tokenize.split(x)"),
        ("from gpt.tokenize import *\ndef encode(x):\n    import gpt.tokenize",),
        (
            "import tiktoken\ndef helper(x):\n    return tiktoken",
            "def encode(x):\n    return other(x)",
            "other = helper",
        ),
        ("import tiktoken\nencode = tiktoken.get_encoding('gpt2').encode",),
        ("%time import tiktoken", "def encode(x):\n    return tiktoken"),
        (
            "import tiktoken\nclass A:\n    def f(self):\n        return tiktoken",
            "def encode(x):\n    return A().f()",
        ),
    ],
)
def test_the_shortcut_is_found(cells):
    assert found(*cells)


@pytest.mark.parametrize(
    "cells",
    [
        ("def encode(x):\n    return x.softmax(-1)",),
        ("def encode(x):\n    y = x + 1\n    return (y / 2).softmax(-1)",),
        ("import torch\ndef encode(x):\n    return torch.softmax(x, -1)",),
        ("from torch import softmax as s", "def encode(x):\n    return s(x, -1)"),
        ("import torch.nn.functional as F", "f = F.softmax", "def encode(x): f(x)"),
    ],
)
def test_a_method_is_found_whatever_it_is_called_on(cells):
    assert found(*cells, names=(".softmax",))


@pytest.mark.parametrize(
    "code",
    [
        "getattr(torch, 'softmax')(x, -1)",
        "vars(torch)['softmax'](x, -1)",
        "torch.nn.functional.__dict__['softmax'](x, -1)",
        "operator.attrgetter('nn.functional.softmax')(torch)(x, -1)",
        "operator.methodcaller('softmax', -1)(x)",
        "torch.ops.aten._softmax(x, -1, False)",
    ],
)
def test_a_name_that_is_written_as_text_is_found(code):
    assert found(f"def encode(x):\n    return {code}", names=(".softmax",))


def test_a_module_that_is_named_by_text_is_found():
    assert found("def encode(x):\n    return importlib.import_module('tiktoken')")


def test_a_file_that_is_named_like_a_library_is_not_that_library():
    cells = [(1, "import scipy\nfrom pandas import f"), (2, "encode = scipy.run, f")]
    assert not uses(cells, "encode", [FILE])
    for file in ("scipy.py", "pandas.cpython-311-x86_64-linux-gnu.so", "scipy.pyc"):
        files = [file, "reference.safetensors", "torch.txt"]
        assert uses(cells, "encode", [FILE], beside=modules(files))
    assert not uses(cells, "encode", [FILE], beside=modules(["torch.py"]))


def test_one_s_own_function_of_that_name_is_let_be():
    cell = "def softmax(x):\n    return x.exp()\ndef encode(x):\n    return softmax(x)"
    assert not found(cell, names=(".softmax",))


def test_it_says_where():
    cell = "x = 1\nimport tiktoken\n\ndef encode(t):\n    return tiktoken.model(t)"
    assert found(cell) == [
        "tiktoken (cell 1, line 2)",
        "tiktoken.model (cell 1, line 5)",
        "tiktoken (cell 1, line 5)",
    ] or "tiktoken (cell 1, line 2)" in found(cell)


@pytest.mark.parametrize(
    "cells",
    [
        ("def encode(x):\n    return list(x)",),
        ("def encode(x):\n    'not tiktoken'\n    return x  # tiktoken",),
        ("def encode(x):\n    return x", "import tiktoken\ntiktoken.get_encoding('a')"),
        ("def encode(x):\n    return gpt2(x)", "gpt2 = 3"),
        (
            "def encode(text):\n    ids = [text]\n    return ids",
            "import tiktoken\nfor text in 'ab':\n    ids = tiktoken.encode(text)",
        ),
        ("def encode(x):\n    return x", "this is a syntax error tiktoken ("),
        ("def encode(x):\n    return x.y", "f(1).z = tiktoken"),
        ("import tiktokenizer\ndef encode(x):\n    return tiktokenizer",),
    ],
)
def test_honest_work_is_let_be(cells):
    assert not found(*cells)


@pytest.mark.parametrize(
    "cells",
    [
        ("def encode(x):\n    return __import__('tik' + 'token')",),
        ("def encode(x):\n    return getattr(x, 'soft' + 'max')(-1)",),
        ("import mine\ndef encode(x):\n    return mine.encode(x)",),
        ("from .mine import f\ndef encode(x):\n    return f(x)",),
        ("def encode(x): x", "globals()['enc' + 'ode'] = other"),
        ("def encode(x): x", "import __main__ as m\nsetattr(m, 'encode', other)"),
        ("def encode(x): x", "get_ipython().push({'encode': other})"),
        ("def encode(x): x", "shell = get_ipython()\nshell.push({'encode': other})"),
        ("def encode(x): x", "get_ipython().user_ns['encode'] = other"),
        ("def encode(x): x", "encode.__code__ = other.__code__"),
        ("def encode(x): x", "exec('def encode(x): y')"),
        ("def encode(x): x", "%run mine.py"),
        ("def encode(x): x", "import autograder.check as c\nc._hand_in = None"),
    ],
)
def test_reaching_around_is_noticed(cells):
    assert found(*cells, names=DYNAMIC)


@pytest.mark.parametrize(
    "cell",
    [
        "from autograder.check import check",
        "%time encode('a')",
        "!ls",
        "%%bash\nls",
        "import matplotlib.pyplot as plt\nplt.plot([1])",
        "x = getattr(y, 'name', 3)",
        "import mine",  # and `encode` does not use it
        "d = {'softmax': 1}\nd['softmax'] = 2",
    ],
)
def test_a_cell_of_plain_scratch_work_is_no_reaching_around(cell):
    assert not found("def encode(x):\n    return x", cell, names=DYNAMIC)


def test_a_cell_that_may_define_anything_costs_no_points():
    """It may as well be scratch work; but a person is told."""
    cells = ("def encode(x):\n    return x", "exec('y = 1')\nimport tiktoken")
    assert not found(*cells) and found(*cells, names=DYNAMIC)


def test_of_a_function_that_was_written_anew_only_the_last_counts():
    cells = [(1, "def encode(x):\n    return x.softmax(0)"), (2, "def encode(x): x")]
    assert uses(cells, "encode", (".softmax",))
    assert not uses(cells, "encode", (".softmax",), latest=True)
    assert uses(cells[::-1], "encode", (".softmax",), latest=True)


@pytest.mark.parametrize(
    "code",
    ["getattr(x, 'a" + ".a" * 20_000 + "')", "a" + ".a" * 20_000, "a = b\n" * 10_000],
    ids=["text", "name", "lines"],
)
def test_it_takes_no_more_memory_than_its_code_is_long(code):
    tracemalloc.start()
    uses([(1, f"def encode(x):\n    {code}"), (2, code)], "encode", DYNAMIC)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1000 * len(code)


def test_what_is_found_does_not_depend_on_what_was_looked_at_before():
    first = "import tiktoken\ndef encode(x):\n    return x"
    assert not found(first, "encode(1)") and not found(first, "a = tiktoken")
    assert found(first, "def encode(x):\n    return tiktoken")
    assert found("\n" + first.replace("return x", "return tiktoken")) == [
        "tiktoken (cell 1, line 2)",
        "tiktoken (cell 1, line 4)",
    ]
