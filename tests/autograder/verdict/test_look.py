"""Does the static look find the shortcut, and let honest scratch work be?"""

import itertools
import tracemalloc

import pytest

from autograder.verdict.look import imported, modules, replaced, uses
from autograder.verdict.reaches import DYNAMIC, FILE
from tests.timing import growth

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
        ("g = getattr\ndef encode(x):\n    return g(x, 'soft' + 'max')(-1)",),
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


LIBRARY = (".softmax", ".Softmax", ".gelu", ".GELU", ".layer_norm", "gpt.model")
GIVEN = "from gpt.model import small\nmodel = small()\nend = model.end\np = w = end"


@pytest.mark.parametrize(
    "code",
    [
        "return sorted(x, key=lambda end: end)",
        "return [end for end in x] + [w for p in x for w in p]",
        "return [(lambda y=end: y + end) for end in x if end]",
        "return {p: w for p, w in x} | {end for end in x if end}",
        "def inner(end, *p, w=1, **more):\n        return end + w\n    return inner(x)",
        "end = 3\n    def inner():\n        return end\n    return inner()",
        "end = 3\n    return [y + end for y in x if (lambda: end)()]",
        "for end, (p, *w) in x:\n        return end, p, w",
        "with x as end:\n        return end",
        "try:\n        y = 1\n    except ValueError as end:\n        return end",
        "import math as end\n    return end.exp(x)",
        (
            "match x:\n        case [end, *p]:\n            return end\n"
            "        case {'a': 1, **w}:\n            return w\n    return x"
        ),
        "if (end := x[0]):\n        return end",
        (
            "class Own:\n        end = 3\n        p: float = 1\n        last = end + p\n"
            "        def go(self, w):\n            return self.end + w\n    return Own()"
        ),
        "return x.end + getattr(x, 'end') + f(end=3)",
        (
            "def inner():\n        nonlocal_ = 1\n        def more():\n"
            "            nonlocal nonlocal_\n            nonlocal_ = 2\n        return more\n"
            "    return inner"
        ),
    ],
)
def test_a_name_of_one_s_own_is_not_the_notebook_s(code):
    cells = (GIVEN, f"def encode(x):\n    {code}")
    assert not found(*cells, names=LIBRARY)


@pytest.mark.parametrize(
    "code",
    [
        "class Row:\n    end: int\n    p: float = 0.5\n    w: object = field(list)",
        "class Row:\n    def __init__(self, end):\n        self.end = self.p = end",
        "class Row:\n    def end(self):\n        return self.end()",
        "Row = lambda end, p=3: end + p",
        "Row = [end for end in range(3)]",
        "if 1:\n    def Row(end):\n        p = end\n        return p",
        "async def Row(end):\n    async for p in end:\n        return p",
        "def Row(): ...\nx = [(lambda end: end)(3) for end in ()], lambda p: (lambda w: w)",
    ],
)
def test_nor_is_a_field_an_attribute_or_a_parameter_of_what_it_uses(code):
    cells = (GIVEN, f"@dataclass\n{code}" if "class" in code else code)
    assert not found(*cells, "def encode(x):\n    return Row(x)", names=LIBRARY)


@pytest.mark.parametrize(
    "code",
    [
        "return end",
        "return (lambda x: x + end)(x)",
        "return [end for x in x]",
        "return [y for y in end if y]",
        "def inner():\n        return end\n    return inner()",
        "def inner():\n        global end\n        return end\n    end = 1\n    return inner",
        "class Own:\n        p = end\n    return Own.p",
        "class Own:\n        end = end\n    return Own.end",
        "class Own:\n        end = 3\n        def go(self):\n            return end",
        "def inner(x=end, *, y=p):\n        end = p = 1\n    return inner()",
        "f = lambda end, x=(lambda: end): end; return f(x)",
    ],
)
def test_but_what_a_function_takes_from_the_notebook_is(code):
    assert found(GIVEN, f"def encode(x):\n    {code}", names=LIBRARY)


def test_a_name_that_is_set_as_the_notebook_s_is_the_notebook_s():
    setter = "def setter():\n    global f\n    f = torch.softmax"
    assert found(setter, "def encode(x):\n    return f(x)", names=LIBRARY)


OWN = """
class Own:
    def __init__(self, f):
        self.layer_norm = f
        self.inner = Inner()
    def softmax(self, x):
        return x.exp()
    def _softmax(self, x):
        return self.softmax(self.gelu(x)) + self._softmax(x) + self.layer_norm(x)
    @staticmethod
    def gelu(x):
        return x * (x > 0)
    def all(self, x):
        return self.inner.softmax(x) + [self.gelu(y) for y in x]
class Inner(Base):
    softmax = lambda x: x
class Base:
    gelu: object
"""


@pytest.mark.parametrize(
    "code",
    [
        "return Own().softmax(x)",
        "return Own.gelu(x) + Own().all(x) + Own()._softmax(x)",
        "own = Own()\n    return own.softmax(x) + getattr(own, 'softmax')(x)",
        "(a, [b]), c = (1, [Own()]), 3\n    return b.softmax(x)",
        "a = b = Own()\n    c = b\n    return [c.gelu(y) for y in x]",
        "return shared.softmax(x) + shared.inner.softmax(x)",
        "return Inner().gelu(x)",
        (
            "class Local:\n        def softmax(self, x):\n            return x\n"
            "    return Local().softmax(x)"
        ),
    ],
)
def test_a_method_of_one_s_own_class_is_one_s_own(code):
    cells = (OWN, "shared = Own()", f"def encode(x):\n    {code}")
    assert not found(*cells, names=LIBRARY)


@pytest.mark.parametrize(
    "code",
    [
        "return x.softmax(-1)",
        "return Own()(x).softmax(-1)",
        (
            "class Local:\n        def softmax(x):\n            return x.softmax(-1)\n"
            "        go = staticmethod(softmax)\n    return Local.go(x)"
        ),
        "own = Own()\n    own = x\n    return own.softmax(-1)",
        "own, y = x\n    return own.softmax(-1)",
        "y, own, *z = *x, Own(), 1\n    return own.softmax(-1)",
        "*own, y = Own(), 1\n    return own.softmax(-1)",
        "own, y = y, own = Own(), x\n    return own.softmax(-1)",
        "for own in (Own(), x):\n        return own.softmax(-1)",
        "own: Own = x\n    return own.softmax(-1)",
        "return Own().inner.layer_norm(x)",
        "return Own().made.softmax(-1)",
        "return either.softmax(-1)",
        (
            "class Local:\n        def softmax(x):\n            return x.softmax(-1)\n"
            "    return Local.softmax(x)"
        ),
        (
            "class Local:\n        def softmax(self):\n            return self\n"
            "        def go(self):\n            return self.softmax(-1)\n"
            "    return Local.go(x)"
        ),
        (
            "class Local:\n        def softmax(self):\n            return self\n"
            "        @staticmethod\n        def go(self):\n"
            "            return self.softmax(-1)\n    return Local().go(x)"
        ),
        (
            "class Local(torch.Tensor):\n        def softmax(self):\n"
            "            return super().softmax(-1)\n    return Local().softmax()"
        ),
        "class Local(torch.nn.Module):\n        pass\n    return Local().softmax(x)",
        "class Local:\n        softmax = torch.softmax\n    return Local.softmax(x, -1)",
        "own = Own()\n    own.softmax = torch.softmax\n    return own.softmax(x, -1)",
    ],
)
def test_the_library_s_is_found_beside_it(code):
    more = "either = Own()\nif 1:\n    either = 3"
    assert found(OWN, more, f"def encode(x):\n    {code}", names=LIBRARY)


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("from torch import *", "softmax(x, -1)"),
        ("from torch.nn.functional import softmax as s", "(lambda y: s(y))(x)"),
        ("import torch.nn.functional as F\nG = F", "G.gelu(x)"),
        ("import torch\nf = torch.nn\nclass A:\n    g = f.GELU()", "A.g(x)"),
        ("from operator import *", "attrgetter('shape', 'softmax')(x)"),
        ("import gpt as g", "g.model.small()"),
        ("from gpt import model as m", "m.small()"),
        ("", "x.__getattribute__('softmax')(-1)"),
        ("", "(y := x).softmax(-1)"),
        ("", "[y.softmax(-1) for y in x]"),
        ("@wraps\ndef helper(y):\n    return y.softmax(-1)", "map(helper, x)"),
        ("import random\nimport gpt.model as random", "random.small()"),
    ],
)
def test_it_is_found_by_every_plain_way(head, code):
    assert found(head, f"def encode(x):\n    return {code}", names=LIBRARY)


def test_what_only_is_named_like_a_library_is_not_that_library():
    """But an import makes it that one, under whatever name."""
    own = "def random(x):\n    return x"
    cell = "def encode(x):\n    return random(x) + random.seed"
    assert not found(own, cell, names=["random"])
    assert found(cell, names=["random"]) and found(
        "import random", cell, names=["random"]
    )
    other = "def encode(x):\n    return r.random()"
    assert found("import random as r", other, names=["random"])
    assert found("import numpy as r", other, names=["numpy.random"])


def test_of_an_import_only_what_is_used_counts():
    cells = "from torch import exp, softmax", "def encode(x):\n    return exp(x)"
    assert not found(*cells, names=LIBRARY)


def test_of_a_given_cell_only_its_imports_count():
    def refused(code, *more):
        cells = [(1, f"def encode(x):\n    return {code}"), *more]
        return uses(cells, "encode", LIBRARY, given=[(0, GIVEN)])

    assert not refused("x + end") and not refused("model.vectors(x)")
    assert refused("small()(x)")
    assert not refused("small(x)", (2, "def small(x):\n    return x"))


SPLIT = "import regex\n\n\ndef split(text):\n    return regex.findall(P, text)"
CHAPTER = "from gpt.tokenize import split\n\n\ndef count(x):\n    return split(x)"
MINE = "def encode(x):\n    return split(x)"


@pytest.mark.parametrize("latest", [True, False])
@pytest.mark.parametrize(
    ("cells", "refused"),
    [
        ([CHAPTER, MINE], False),
        ([MINE, CHAPTER], False),
        ([MINE, "from gpt.tokenize import split, train"], False),
        ([MINE, "from gpt.tokenize import train as split"], True),
        ([MINE, "from tiktoken import split"], True),
        (["from gpt.tokenize import encode", "split = 3"], True),
        (["from gpt import tokenize", "encode = tokenize.split"], True),
    ],
)
def test_what_a_given_cell_defines_may_be_imported_as_well(cells, refused, latest):
    numbered = [*enumerate(cells, 2)]
    for given in ([(1, SPLIT)], [(9, SPLIT)]):
        there = latest and given == [(9, SPLIT)] and "split(x)" in cells[0]
        seen = {"latest": latest, "given": given}
        found = uses(numbered, "encode", FORBIDDEN, **seen)
        assert bool(found) is (refused and not there)


def test_the_newest_meaning_of_a_name_counts_whoever_gives_it():
    cells = [(2, "from tiktoken import split"), (3, MINE)]
    for given, refused in (((1, SPLIT), True), ((4, SPLIT), False), ((2, SPLIT), True)):
        found = uses(cells, "encode", FORBIDDEN, latest=True, given=[given])
        assert bool(found) is refused
        assert uses(cells, "encode", FORBIDDEN, given=[given])


@pytest.mark.parametrize(
    ("cells", "taken"),
    [
        (["def merge(a): ...", "from heapq import merge"], ("heapq.merge", 2)),
        (["from heapq import merge", "def merge(a): ..."], None),
        (["import heapq as merge"], ("heapq", 1)),
        (["from os import path, sep as merge"], ("os.sep", 1)),
        (["from gpt.tokenize import merge"], ("gpt.tokenize.merge", 1)),
        (["from helpers import merge"], None),
        (["from heapq import merge", "merge = mine(merge)"], None),
        (["import heapq"], None),
    ],
)
def test_whose_import_has_taken_a_name_is_known(cells, taken):
    assert imported("merge", [*enumerate(cells, 1)]) == taken
    assert imported("merge", [*enumerate(cells, 1)], beside=frozenset(["heapq"])) == (
        None if taken and taken[0].startswith("heapq") else taken
    )


def test_what_is_given_and_has_another_meaning_since_is_known():
    given, mine = (1, SPLIT), (2, MINE)
    for cell, number in (
        ("from os.path import split", 3),
        ("def split(x): return x", 3),
        ("from gpt.tokenize import split", None),
        ("def other(split): return split", None),
    ):
        found = replaced("encode", [mine, (3, cell)], given=[given])
        assert found == ({"split": number} if number else {})
        assert not replaced("encode", [mine, (3, cell)], given=[given, (4, SPLIT)])
    assert not replaced("other", [(3, "from os.path import split")], given=[given])


def test_an_extension_that_is_harmless_is_no_script():
    cell = "%load_ext autoreload\n%autoreload 2\n%reload_ext autoreload"
    assert not found(cell, names=DYNAMIC)
    assert found("x = 1\n%load_ext  line_profiler ", names=DYNAMIC) == [
        "%load_ext line_profiler (cell 1, line 2)"
    ]
    assert found("%run mine.py", names=DYNAMIC) == ["%run (cell 1, line 1)"]
    assert found("get_ipython().run_line_magic(f'ru{n}', 'a')", names=DYNAMIC) == []
    cell = "def encode(x):\n    get_ipython().run_line_magic(f'ru{n}', 'a')"
    assert found(cell, names=DYNAMIC)


def test_of_whatever_was_written_anew_only_the_last_counts():
    for first, second in (
        ("f = torch.softmax", "f = lambda x: x.exp()"),
        ("class f:\n    go = torch.softmax", "class f:\n    go = 3"),
        ("from torch import softmax as f", "from mine import f"),
    ):
        cells = [(1, first), (2, "def encode(x):\n    return f(x)"), (3, second)]
        assert uses(cells, "encode", LIBRARY)
        assert not uses(cells, "encode", LIBRARY, latest=True)
    cells = [(1, "f = torch.softmax"), (2, "f = wrap(f)"), (3, "encode = f")]
    assert uses(cells, "encode", LIBRARY, latest=True)


@pytest.mark.parametrize(
    "code",
    [
        "(" * 80 + "x.softmax(-1)" + ")" * 80,
        "x" + " + 1" * 2_500 + " + x.softmax(-1)",
        "await x.softmax(-1)",
        "\n".join(f"x{i} = x{i - 1}" for i in range(1, 500)) + "\nx.softmax(-1)",
    ],
    ids=["brackets", "terms", "await", "names"],
)
def test_code_of_any_shape_is_looked_at(code):
    assert found(f"{code}\nencode = 1\nencode = x.softmax(-1)", names=LIBRARY)
    lines = code.replace("\n", "\n    ")
    assert found(f"async def encode(x):\n    {lines}", names=LIBRARY)


@pytest.mark.parametrize(
    "line",
    [
        "f = lambda x: x\n",
        "class A:\n    def f(self): self.a.f(A.f)\n",
        "a = a.b = c\n",
    ],
)
def test_it_takes_time_in_proportion(line):
    def look(count):
        cells = [
            (count, f"{line * count}{next(new)}"),  # not what is remembered
            (count + 1, "def encode(x):\n    return a, A, f"),
        ]
        uses(cells, "encode", (*LIBRARY, *DYNAMIC))

    new = itertools.count()
    # 16 in proportion, 256 by its square
    assert growth(look, (250,), (4_000,)) < 80
