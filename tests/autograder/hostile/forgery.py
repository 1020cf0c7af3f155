"""Points without right answers: what is forged must earn nothing.

The kernel is the attacker's, with all that is in it: the check, the display, the
session's key, the socket. The answer's bytes are the only thing that counts.
"""

from tests.autograder.hostile.item import ALL, Item, family, solutions

# Every step answers with the value of an expression of its first argument, `x`.
EVERY = """
names = ("average_past averaging_weights softmax scores attention_weights attention "
         "split_heads merge_heads attend").split()
def everywhere(function):
    for name in names:
        globals()[name] = function
import torch, autograder.check as c
keep = c._hand_in
c._hand_in = lambda name, function, file: keep(name, answer, file)
"""
# The attacker sends what it likes, signed with the session's own key.
SEND = """
import json
kernel = get_ipython().kernel
session, socket = kernel.session, kernel.iopub_socket
parent = kernel.get_parent("shell")
def sign(*parts):
    parts = [p if isinstance(p, bytes) else json.dumps(p).encode() for p in parts]
    return [b"iopub", b"<IDS|MSG>", session.sign(parts), *parts]
def header(kind):
    return session.msg_header(kind) | {"date": "2026-11-20T12:00:00Z"}
"""
# It hands in bytes of its own making.
BYTES = """
import base64, json, struct, numpy as np, safetensors.numpy, autograder.check as c
from autograder.verdict import wire
from IPython.display import display
def hand_in(name, data, **more):
    text = data if isinstance(data, str) else base64.b64encode(data).decode()
    display({c.ANSWER: {"check": name, "outcomes": text} | more}, raw=True)
def packed(structure, tensors={}, **metadata):
    tensors = {"value": np.zeros(1)} | tensors
    return safetensors.numpy.save(tensors, {"structure": json.dumps(structure)})
c._hand_in = lambda name, function, file: forged(name, function, file)
"""


def answering(name: str, hopes: str, answer: str, **more) -> Item:
    """Every step gives this answer."""
    return Item(name, hopes, f"{EVERY}\n{answer.strip()}\neverywhere(answer)", **more)


def handing_in(name: str, hopes: str, forged: str, **more) -> Item:
    """Every check hands in what `forged` makes."""
    return Item(name, hopes, f"{BYTES}\n{forged.strip()}", **more)


def sending(name: str, hopes: str, code: str, **more) -> Item:
    """All is solved; a cell of its own sends a message that no kernel would send."""
    return Item(name, hopes, f"{SEND}\n{code.strip()}", solved=ALL, **more)


def skip_all(notebook):
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution"]


def swap(notebook):
    """The cell of the first check, which is solved, under every other check's name."""
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = 'check("average_past", average_past)'


def rename(notebook):
    """Each solved function under the grade id of the next."""
    graded = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
    ids = [cell.metadata.nbgrader.grade_id for cell in graded]
    for cell, name in zip(graded, [*ids[1:], ids[0]], strict=True):
        cell.metadata.nbgrader.grade_id = name


def rich(notebook):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader |= {"points": 1000, "grade": True, "locked": False}


def by_hand(notebook):
    """Every cell asks to be graded by a person, who is in a hurry."""
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader |= {"solution": True, "grade": True, "points": 50}


def brought_along(notebook):
    """Outputs from home, in case nobody runs the notebook."""
    from nbformat.v4 import new_output

    for cell in notebook.cells:
        if cell.cell_type == "code":
            data = {"text/plain": "20.0"}
            cell.outputs = [new_output("execute_result", data, execution_count=1)]
            cell.execution_count = 1


def shown_points(notebook):
    notebook.metadata["autograder"] = {
        "status": "GRADED",
        "flags": [],
        "checks": {"softmax": {"points": 100, "possible": 3, "mistake": None}},
    }


def drop_checks(notebook):
    """No check, no wrong answer."""
    notebook.cells = [
        c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("grade")
    ]


def solved_once(step: str, line: str) -> tuple[str, ...]:
    """The solution of a step, with a line of the attacker's before its own."""
    head, mark, body = solutions("attend")[step].rpartition('"""\n')
    return (f"{head}{mark}    {line}\n{body}",)


ITEMS = family(
    "forgery",
    Item(
        "patched comparison",
        "the comparison takes place in the kernel, where everything is equal now",
        """
import numpy, torch
torch.testing.assert_close = lambda *a, **k: None
torch.equal = torch.allclose = numpy.array_equal = lambda *a, **k: True
import autograder.verdict.compare
autograder.verdict.compare.difference = lambda *a, **k: None
try:
    import autograder.verdict.judge
    autograder.verdict.judge.difference = lambda *a, **k: None
except ImportError:
    pass
""",
    ),
    Item(
        "every later cell becomes pass",
        "a check that does nothing raises nothing",
        r"get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\n'])",
        flagged=True,
    ),
    Item(
        "asserts and raises are dropped",
        "an AST transformer takes every assertion out",
        """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
    def visit_Raise(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Drop())
""",
    ),
    Item(
        "calls of check are dropped",
        "an AST transformer takes every check out, and no output is full marks",
        """
import ast
class Drop(ast.NodeTransformer):
    def visit_Expr(self, node):
        return ast.Pass() if "check" in ast.unparse(node) else node
get_ipython().ast_transformers.append(Drop())
""",
        flagged=True,
    ),
    Item("skip tag", "what is not run cannot fail", edit=skip_all, flagged=True),
    Item(
        "skip tag on solved work",
        "the tag also hides what is right: it is graded all the same, and told",
        edit=skip_all,
        solved=ALL,
        flagged=True,
    ),
    Item(
        "patched run_cell",
        "the shell runs nothing any more",
        "shell = get_ipython()\nshell.run_cell = shell.run_cell_async = None\n"
        "type(shell).run_cell = lambda *a, **k: None",
    ),
    Item(
        "patched do_execute",
        "the kernel itself says ok to every request",
        """
async def fine(*a, **k):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
get_ipython().kernel.do_execute = fine
""",
        flagged=True,
    ),
    Item(
        "patched display",
        "what is handed in says 20",
        """
import IPython.display, IPython.core.display_functions as f
def lie(*a, **k):
    get_ipython().displayhook(20)
IPython.display.display = f.display = f.publish_display_data = lie
""",
        flagged=True,
    ),
    Item(
        "a hook publishes points",
        "the first number that nbgrader finds is the score",
        """
from IPython.display import display
def five(info=None):
    display({"text/plain": "5"}, raw=True)
    get_ipython().displayhook(5)
for event in "pre_run_cell", "post_run_cell", "pre_execute", "post_execute":
    get_ipython().events.register(event, lambda *a: five())
""",
    ),
    Item(
        "check is replaced",
        "the notebook's own name `check` is the attacker's",
        """
import autograder.check
autograder.check.check = check = lambda *a, **k: print("all points")
autograder.check._hand_in = lambda *a, **k: None
""",
        flagged=True,
    ),
    Item(
        "a check that returns twenty",
        "the value of a graded cell is its score",
        "check = lambda *a, **k: 20.0",
        flagged=True,
    ),
    # --- messages ---------------------------------------------------------------
    Item(
        "a forged execute result",
        "a result with the right parent is believed",
        SEND
        + """
def check(*a):
    session.send(socket, "execute_result", {"data": {"text/plain": "20.0"},
        "metadata": {}, "execution_count": 1}, parent=kernel.get_parent("shell"))
""",
        flagged=True,
    ),
    Item(
        "idle before the answer",
        "the grader moves on, and the answer lands in the next check",
        SEND,
        solved=ALL,
        instead=solved_once(
            "softmax",
            'session.send(socket, "status", {"execution_state": "idle"}, '
            'parent=kernel.get_parent("shell"))',
        ),
        wrong=("softmax",),
        flagged=True,
    ),
    Item(
        "idle before every answer",
        "the grader moves on nine times",
        SEND
        + """
import autograder.check as c
keep = c._hand_in
def _hand_in(*a):
    session.send(socket, "status", {"execution_state": "idle"},
                 parent=kernel.get_parent("shell"))
    keep(*a)
c._hand_in = _hand_in
""",
        solved=ALL,
        wrong=ALL,
        flagged=True,
    ),
    Item(
        "an answer under the next request's id",
        "ids are counted up, so the next one can be guessed",
        SEND
        + """
def check(name, function):
    mine = kernel.get_parent("shell")
    head, _, count = mine["header"]["msg_id"].rpartition("_")
    for more in range(1, 30):
        at = {**mine, "header": {**mine["header"], "msg_id": f"{head}_{int(count) + more}"}}
        session.send(socket, "status", {"execution_state": "idle"}, parent=at)
""",
        flagged=True,
    ),
    Item(
        "handed in twice",
        "one of two answers will be right",
        """
import autograder.check as c
keep = c._hand_in
c._hand_in = lambda *a: (keep(*a), keep(*a))
""",
        solved=ALL,
        wrong=ALL,
        flagged=True,
    ),
    Item(
        "another check's name",
        "the easy answer counts for the hard question",
        """
import autograder.check as c
keep = c._hand_in
c._hand_in = lambda name, f, file: keep("average_past", average_past, file)
""",
        solved=("average_past",),
        flagged=True,
    ),
    Item(
        "a thread that answers for all",
        "it publishes whenever a graded cell runs",
        SEND
        + """
import threading, time, autograder.check as c
def loop():
    while True:
        time.sleep(0.001)
        for name in "softmax", "scores", "attention":
            session.send(socket, "display_data", {"data": {c.ANSWER: {"check": name,
                "outcomes": "AAAA"}}, "metadata": {}, "transient": {}},
                parent=kernel.get_parent("shell"))
def slowly(*a):
    time.sleep(0.05)
c._hand_in = slowly
threading.Thread(target=loop, daemon=True).start()
""",
        flagged=True,
    ),
    Item(
        "output after the cell",
        "a thread, an exit hook and a child publish when nobody looks any more",
        SEND
        + """
import atexit, os, threading, time
import autograder.check as c
answer = {"data": {c.ANSWER: {"check": "softmax", "outcomes": "AAAA"}}}
def publish(cell):
    session.send(socket, "display_data", {**answer, "metadata": {}}, parent=cell)
def later(cell):  # as soon as the grader has been told that this cell is done
    over = cell["header"]["msg_id"]
    while kernel.get_parent("shell")["header"]["msg_id"] == over:
        time.sleep(0.001)
    publish(cell)
def done(_):
    cell = kernel.get_parent("shell")
    threading.Thread(target=later, args=(cell,), daemon=True).start()
    if os.fork() == 0:
        try:
            publish(cell)
        finally:
            os._exit(0)
get_ipython().events.register("post_run_cell", done)
atexit.register(lambda: publish(kernel.get_parent("shell")))
""",
        solved=ALL,
    ),
    Item(
        "a result instead of an answer",
        "what a student's own check shows is believed",
        """
from IPython.display import display
import autograder.check as c
c._hand_in = lambda name, f, file: display(
    {c.RESULT: {"check": name, "points": 3, "possible": 3}}, raw=True)
""",
        flagged=True,
    ),
    Item(
        "an answer in another message",
        "an answer in a stream, a result, an update or a comm is taken as well",
        SEND
        + """
import autograder.check as c
def check(name, function):
    at = kernel.get_parent("shell")
    data = {"data": {c.ANSWER: {"check": name, "outcomes": ""}}, "metadata": {}}
    for kind in "execute_result", "update_display_data", "comm_msg", "stream", "error":
        session.send(socket, kind, data | {"ename": c.ANSWER}, parent=at)
""",
    ),
    # --- answers ----------------------------------------------------------------
    answering(
        "always equal",
        "whatever it is compared with, it is equal",
        """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __len__(self): return 1
    def __iter__(self): return iter([self])
    def __getattr__(self, name): return lambda *a, **k: self
answer = lambda *a: Equal()
""",
    ),
    answering(
        "a tensor that lies",
        "__torch_function__ says yes to every comparison",
        """
class Lie(torch.Tensor):
    @classmethod
    def __torch_function__(cls, f, types, args=(), kwargs=None):
        if "eq" in f.__name__ or "close" in f.__name__:
            return True
        return super().__torch_function__(f, types, args, kwargs or {})
    def __eq__(self, other): return True
answer = lambda x, *a: torch.zeros(x.shape).as_subclass(Lie)
""",
    ),
    answering(
        "an array that lies",
        "__array__, __reduce__ and detach give what is wanted later",
        """
import numpy as np
class Lie(np.ndarray):
    def __eq__(self, other): return True
    def __array_ufunc__(self, *a, **k): return True
    def __reduce__(self): return print, ("20",)
answer = lambda x, *a: np.zeros(x.shape, np.float32).view(Lie)
""",
    ),
    answering(
        "a list that lies",
        "a list of no length gives other items each time",
        """
class Lie(list):
    def __len__(self): return 0
    def __iter__(self): return iter(range(10))
    def __getitem__(self, i): return 0.5
    def __eq__(self, other): return True
answer = lambda x, *a: Lie()
""",
    ),
    answering(
        "not a number",
        "NaN differs from nothing",
        "answer = lambda x, *a: x * torch.nan",
    ),
    answering(
        "infinite",
        "infinity is near to everything",
        "answer = lambda x, *a: torch.full_like(x, torch.inf)",
    ),
    answering(
        "NaN with a message",
        "a NaN has 22 bits to play with",
        """
bits = torch.tensor([0x7fc0beef, -1], dtype=torch.int32)
answer = lambda x, *a: bits.view(torch.float32)[:1].expand(x.shape)
""",
    ),
    answering(
        "zeros",
        "some right answers are zero",
        "answer = lambda x, *a: torch.zeros(x.shape)",
    ),
    answering(
        "minus zero", "-0.0 equals 0.0", "answer = lambda x, *a: -torch.zeros(x.shape)"
    ),
    answering(
        "denormal numbers",
        "so small that every tolerance lets it pass",
        "answer = lambda x, *a: torch.full_like(x, 1e-42)",
    ),
    answering(
        "empty tensors",
        "all of no values are right",
        "answer = lambda x, *a: torch.empty(0)",
    ),
    answering(
        "a single number for all",
        "a number has the shape of everything, broadcast",
        "answer = lambda x, *a: torch.tensor(0.5)",
    ),
    answering(
        "the argument given back",
        "some answers are the question",
        "answer = lambda x, *a: x",
    ),
    answering(
        "views of the argument",
        "no copy is made, so the answer changes with the question",
        "answer = lambda x, *a: x[..., :1].expand(x.shape)",
    ),
    answering(
        "a generator",
        "it is asked for one value after another until it is right",
        "def answer(x, *a):\n    while True:\n        yield x",
    ),
    answering(
        "a class, a module, a function, a coroutine",
        "something without a value has no wrong value",
        """
async def nothing(): pass
import itertools
kinds = itertools.cycle([int, torch, answer_of := (lambda: 1), nothing(), object()])
answer = lambda *a: next(kinds)
""",
    ),
    answering(
        "an error as an answer",
        "a case that wants an error is right",
        "def answer(*a):\n    raise ValueError('as it should be')",
    ),
    answering(
        "an error that is returned",
        "ValueError returned instead of raised",
        "answer = lambda *a: ValueError('as it should be')",
    ),
    answering(
        "a huge integer",
        "10 ** 5000 is too long to write down",
        "answer = lambda *a: 10**5000",
    ),
    answering(
        "a list in itself",
        "whoever walks through it never comes to an end",
        "loop = []\nloop.append(loop)\nanswer = lambda *a: loop",
    ),
    answering(
        "a million parts",
        "a value so wide that reading it takes minutes",
        "answer = lambda *a: [[] for _ in range(300_000)]",
    ),
    answering(
        "an error without an end",
        "its text is made when it is shown",
        """
class Endless(Exception):
    def __str__(self): raise self
    __repr__ = __str__
def answer(*a): raise Endless
""",
    ),
    answering(
        "complex, sparse, quantized and meta tensors",
        "a tensor without plain numbers cannot be compared",
        """
import itertools
kinds = itertools.cycle([
    torch.zeros(2, dtype=torch.complex64), torch.zeros(2).to_sparse(),
    torch.empty(2, device="meta"), torch.zeros(2, dtype=torch.bfloat16),
    torch.quantize_per_tensor(torch.zeros(2), 0.1, 0, torch.qint8)])
answer = lambda *a: next(kinds)
""",
    ),
    Item(
        "right but for the dtype",
        "float64 is as good as float32",
        "torch.set_default_dtype(torch.float64)\n"
        "import autograder.check as c\nkeep = c._hand_in\n"
        "c._hand_in = lambda n, f, file: keep(n, lambda *a: f(*a).double(), file)",
        solved=ALL,
        wrong=ALL,
    ),
    Item(
        "right but for the shape",
        "a shape that broadcasts compares as equal",
        "import autograder.check as c\nkeep = c._hand_in\n"
        "c._hand_in = lambda n, f, file: keep(n, lambda *a: f(*a)[None], file)",
        solved=ALL,
        wrong=ALL,
    ),
    Item(
        "right but changes its argument",
        "what the caller has afterwards is nobody's business",
        solved=ALL,
        instead=(
            """
def average_past(x):
    y = torch.stack([x[: t + 1].mean(0) for t in range(len(x))])
    x.zero_()
    return y
""",
        ),
        wrong=("average_past",),
    ),
    Item(
        "strings and integers that lie",
        "subclasses of int and dict answer == as they like",
        """
class Int(int):
    def __eq__(self, other): return True
    def __hash__(self): return 0
class Dict(dict):
    def __eq__(self, other): return True
    def items(self): return []
import autograder.check as c
keep = c._hand_in
lies = {"count_pairs": Dict({(Int(1), Int(2)): Int(3)}), "merge": [Int(7)],
        "train": Dict(), "encode": [Int(0)], "to_chunks": [[Int(0)]], "decode": "",
        "encode_special": [Int(0)], "ranks": Dict({b"a": Int(0)}), "round_trip": True}
c._hand_in = lambda n, f, file: keep(n, lambda *a: lies[n], file)
""",
        assignment="tokenize",
    ),
    # --- replay -----------------------------------------------------------------
    Item(
        "public answers in order",
        "the hidden cases are the public ones",
        """
import autograder.check as c
from autograder.verdict import wire
known = wire.unpack(open("reference.safetensors", "rb").read())["checks"]
def replay(name):
    rows = iter(known[name]["expected"])
    return lambda *a: next(rows)[0]
keep = c._hand_in
c._hand_in = lambda name, f, file: keep(name, replay(name), file)
""",
    ),
    Item(
        "public answers handed in as they are",
        "the reference has the very rows that are wanted",
        BYTES
        + """
known = wire.unpack(open("reference.safetensors", "rb").read())["checks"]
def forged(name, function, file):
    hand_in(name, wire.pack(known[name]["expected"]))
""",
    ),
    Item(
        "the nearest public answer",
        "hidden cases are like public ones, so the nearest one is near enough",
        """
import autograder.check as c
from autograder.verdict import wire
known = wire.unpack(open("reference.safetensors", "rb").read())["checks"]
def nearest(name):
    def answer(*args):
        def apart(case):
            x, y = args[0], case[0]
            return 9e9 if x.shape != y.shape else (x - y).abs().sum().item()
        entry = known[name]
        best = min(range(len(entry["args"])), key=lambda i: apart(entry["args"][i]))
        return entry["expected"][best][0]
    return answer
keep = c._hand_in
c._hand_in = lambda name, f, file: keep(name, nearest(name), file)
""",
    ),
    Item(
        "public answers for texts",
        "the same for the exercise whose cases are words",
        """
import autograder.check as c
from autograder.verdict import wire
known = wire.unpack(open("reference.safetensors", "rb").read())["checks"]
def lookup(name):
    entry = known[name]
    rows = {repr(a): e for a, e in zip(entry["args"], entry["expected"])}
    return lambda *a: rows[repr(list(a))][0]
keep = c._hand_in
c._hand_in = lambda name, f, file: keep(name, lookup(name), file)
""",
        assignment="tokenize",
    ),
    Item(
        "cases of one's own",
        "a file of the hidden cases' name beside the notebook is read in their place",
        files={"cases.safetensors": b"not even a safetensors file"},
        solved=ALL,
    ),
    Item(
        "cases of one's own choice",
        "the environment says where the cases are, so it can say the public ones",
        """
import os
from autograder.verdict import wire
known = wire.unpack(open("reference.safetensors", "rb").read())["checks"]
mine = {name: entry["args"] for name, entry in known.items()}
open("mine", "wb").write(wire.pack(mine))
os.environ["GPT_CASES"] = os.path.abspath("mine")
import autograder.check as c
rows = {name: iter(entry["expected"]) for name, entry in known.items()}
keep = c._hand_in
c._hand_in = lambda n, f, file: keep(n, lambda *a: next(rows[n])[0], file)
""",
    ),
    # --- bytes ------------------------------------------------------------------
    handing_in(
        "a pickle",
        "the grader unpickles what it is given",
        """
import pickle, os
class Boom:
    def __reduce__(self): return os.system, ("touch @MARKER@",)
def forged(name, *a): hand_in(name, pickle.dumps([[Boom()]]))
""",
        flagged=True,
    ),
    handing_in(
        "a torch file",
        "torch.load runs what it reads",
        """
import io, torch, os
class Boom:
    def __reduce__(self): return os.system, ("touch @MARKER@",)
def forged(name, *a):
    file = io.BytesIO(); torch.save(Boom(), file); hand_in(name, file.getvalue())
""",
        flagged=True,
    ),
    handing_in(
        "an oversized header",
        "a header of 2 ** 62 bytes is allocated first",
        "def forged(name, *a): hand_in(name, struct.pack('<Q', 2**62) + b'{}')",
        flagged=True,
    ),
    handing_in(
        "a header of ten megabytes",
        "a million empty tensors",
        """
def forged(name, *a):
    one = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    head = json.dumps({str(i): one for i in range(150_000)}).encode()
    hand_in(name, struct.pack("<Q", len(head)) + head)
""",
        flagged=True,
    ),
    handing_in(
        "an answer of twenty megabytes",
        "too large to be read, too small to be dropped",
        "def forged(name, *a): hand_in(name, 'A' * 20_000_000)",
        at="attend",
    ),
    handing_in(
        "an answer of fifty megabytes",
        "the grader's memory is mine",
        "def forged(name, *a): hand_in(name, 'A' * 50_000_000)",
        at="attend",
    ),
    handing_in(
        "shapes that overflow",
        "2 ** 40 times 2 ** 40 numbers in no bytes",
        """
def forged(name, *a):
    meta = {"structure": json.dumps(["tensor", "value"])}
    shape = [2**40, 2**40, 0]
    head = json.dumps({"__metadata__": meta, "value": {"dtype": "F32",
        "shape": shape, "data_offsets": [0, 0]}}).encode()
    hand_in(name, struct.pack("<Q", len(head)) + head)
""",
        flagged=True,
    ),
    handing_in(
        "a structure without an end",
        "JSON nested a hundred thousand times",
        """
def forged(name, *a):
    meta = {"structure": "[" * 100_000 + "]" * 100_000}
    hand_in(name, safetensors.numpy.save({"value": np.zeros(1)}, meta))
""",
        flagged=True,
    ),
    handing_in(
        "a structure that doubles",
        "each list names the same tensor a million times",
        """
def forged(name, *a):
    leaf = ["tensor", "value"]
    row = ["list", [leaf] * 20_000]
    hand_in(name, packed(row, {"value": np.zeros(20_000)}))
""",
        flagged=True,
    ),
    handing_in(
        "an unknown kind",
        "the grader calls what the structure names",
        """
def forged(name, *a): hand_in(name, packed(["eval", "__import__('os').abort()"]))
""",
        flagged=True,
    ),
    handing_in(
        "a key that is not there",
        "its name, of a megabyte, lands in the record",
        "def forged(name, *a): hand_in(name, packed(['tensor', 'x' * 1_000_000]))",
        flagged=True,
    ),
    handing_in(
        "answers for a hundred thousand cases",
        "some of them will be right",
        "def forged(name, *a): hand_in(name, wire.pack([[None, None, '', [], '']] * 30_000))",
    ),
    handing_in(
        "no answers at all",
        "none of no answers is wrong",
        "def forged(name, *a): hand_in(name, wire.pack([]))",
    ),
    handing_in(
        "rows that are not outcomes",
        "a row that nobody foresaw",
        """
odd = iter([5, None, "text", {"a": 1}, [[1]], [[1, 2, 3, 4, 5]], [["", "", "", [-1], ""]],
            [[None, "x" * 100, "", [], ""]], [[1, None, "", [10**9], ""]]])
def forged(name, *a): hand_in(name, wire.pack(next(odd)))
""",
        flagged=True,
    ),
    handing_in(
        "errors in every case",
        "the rows say ValueError, as some cases want it",
        """
def forged(name, function, file):
    cases = wire.unpack(file.read_bytes())[name]
    hand_in(name, wire.pack([[None, "ValueError", "", [], ""] for _ in cases]))
""",
    ),
    handing_in(
        "an answer that is no dictionary",
        "a list, a number, a text, nothing",
        """
import itertools
odd = itertools.cycle([[], 5, "text", None, {"check": []}, {"outcomes": {}}, True])
def forged(name, *a): display({c.ANSWER: next(odd)}, raw=True)
""",
        flagged=True,
    ),
    handing_in(
        "an answer that is no base64",
        "umlauts, NULs, surrogates and numbers where letters should be",
        """
import itertools
odd = itertools.cycle(["ä", "\\0", "=" * 9, "\\ud800", "A"])
def forged(name, *a): hand_in(name, next(odd))
""",
        flagged=True,
    ),
    Item(
        "patched libraries",
        "json, base64, safetensors, copy and struct do as the attacker says",
        """
import base64, json, copy, struct, safetensors.numpy, autograder.verdict.wire, autograder.verdict.outcome
base64.b64encode = lambda *a: b"AAAA"
copy.deepcopy = lambda x, *a: x
safetensors.numpy.save = lambda *a, **k: b""
autograder.verdict.wire.pack = lambda *a: b""
autograder.verdict.outcome.SECONDS = 1e9
struct.unpack = lambda *a: (0,)
""",
        flagged=True,
    ),
    Item(
        "a patched session",
        "every message is signed as the attacker likes, and has another parent",
        """
from jupyter_client.session import Session
Session.sign = lambda *a: b"0" * 64
""",
        solved=ALL,
        group="short",
        flagged=True,
    ),
    # --- messages that no kernel sends: nothing of the rest may suffer -------------
    sending(
        "a parent that is a list",
        "the reader falls over its own feet",
        'socket.send_multipart(sign(header("status"), [], {}, {}))',
    ),
    sending(
        "a parent that is a text",
        "and so on",
        'socket.send_multipart(sign(header("status"), "parent", {}, {}))',
    ),
    sending(
        "a content that is a list",
        "content.get is no method of a list",
        'socket.send_multipart(sign(header("error"), parent["header"], {}, []))\n'
        'socket.send_multipart(sign(header("display_data"), parent["header"], {}, 5))\n'
        'socket.send_multipart(sign(header("status"), parent["header"], {}, None))',
    ),
    sending(
        "a header that is no header",
        "it has no type, no id, or is a number",
        'for odd in ({}, [], 5, None, "x", {"msg_id": "a"}, {"msg_type": []}):\n'
        '    socket.send_multipart(sign(odd, parent["header"], {}, {}))',
    ),
    sending(
        "a date that is no date",
        "dates are read in every part",
        """
for date in ("2026-99-99T99:99:99.9Z", "2026-11-20T12:00:00+99:99", "9" * 5000,
             "0000-00-00T00:00:00", "2026-11-20T24:61:61"):
    odd = header("display_data") | {"date": date}
    socket.send_multipart(sign(odd, parent["header"] | {"date": date}, {}, {"a": date}))
""",
    ),
    sending(
        "content of odd types",
        "an error named by a dictionary, a state that is a list",
        """
for kind, content in (("error", {"ename": {"a": 1}}), ("error", {}), ("error", {"ename": None}),
        ("status", {"execution_state": []}), ("status", {}), ("display_data", {"data": []}),
        ("display_data", {"data": "text"}), ("stream", {"text": 5})):
    socket.send_multipart(sign(header(kind), parent["header"], {}, content))
""",
    ),
    sending(
        "frames without order",
        "no delimiter, no signature, one empty frame, a thousand of them",
        """
for frames in ([b""], [b"x"] * 1000, [b"<IDS|MSG>"], [b"a", b"<IDS|MSG>", b"", b"{}"],
               sign({}, {}, {}, {})[:-1], [b"\\xff" * 100] * 7):
    socket.send_multipart(frames)
""",
    ),
    sending(
        "JSON that goes deep",
        "a hundred thousand brackets in each part, NaN, a number of a million digits",
        """
deep = b"[" * 100_000 + b"]" * 100_000
for odd in (deep, b"NaN", b"9" * 100_000, b'{"a": Infinity}', b"\\xff", b'"\\\\ud800"'):
    socket.send_multipart(sign(header("status"), parent["header"], odd, odd))
    socket.send_multipart(sign(odd, odd, odd, odd))
""",
    ),
    sending(
        "wrong signatures",
        "an unsigned message, one signed twice, one of another key",
        """
good = sign(header("status"), parent["header"], {}, {"execution_state": "idle"})
for signature in (b"", b"0" * 64, good[2][:-1], good[2].upper()):
    socket.send_multipart([*good[:2], signature, *good[3:]])
""",
    ),
)
