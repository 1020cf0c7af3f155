"""The box besieged: what the kernel would hold, and what a run can spell.

The first ones sit in the last step, which gives its right answer where nothing refused
them: so each that goes through earns points, and is seen. The attempts are those of
`box.held`. The others try to carry hidden inputs out by what a student reads later, or
to take along what another run left.
"""

import re

from nbformat.v4 import new_code_cell

from tests.autograder.box import held
from tests.autograder.hostile.item import ALL, Item, family, find
from tests.autograder.hostile.resources import bomb, own

# These are tried by `test_held` in one box; here beside neighbours, by the real grader.
TRIED = (
    "page tables",
    "shared memory",
    "huge pages",
    "pipes of",
    "pages of vanished",
    "large buffers",
    "watches",
    "rules (",
    "filters",
    "a large table",
    "requests for",
    "rules for",
    "locks on",
    "timers",
    "files without content in /dev/shm",
)
BOMBS = [
    bomb(
        re.sub(r":.*| \(.*", "", attempt.what),
        "the kernel holds it for me, and nobody counts it",
        attempt.code,
        head=held.TOOLS,
        flagged=None,
    )
    for attempt in held.REFUSED
    if attempt.what.startswith(TRIED)
]


def cells(at: str, *sources: str):
    """An edit: cells of the author's own before the cell of a check."""

    def edit(nb):
        place = find(nb, at)
        nb.cells[place:place] = map(new_code_cell, sources)

    return edit


# The bits of the hidden inputs, by whatever way they can be had.
BITS = """
import builtins, os
data = open(os.environ["GPT_CASES"], "rb").read()
bits = [data[-200 + i // 8] >> i % 8 & 1 for i in range(300)]
kinds = [k for k in vars(builtins).values()
         if isinstance(k, type) and issubclass(k, OSError | ArithmeticError | ValueError)]
def spell(n):
    raise kinds[sum(bits[5 * n + i] << i for i in range(5)) % len(kinds)]
"""
EARLY = """
import os, threading, time
def wait():
    for _ in range(1000):
        if os.path.exists(os.environ["GPT_CASES"]):
            print(open(os.environ["GPT_CASES"], "rb").read()[:80])
            return
        time.sleep(0.01)
threading.Thread(target=wait, daemon=True).start()
"""
NOWHERE = """
import gc, os
here = os.listdir(".") + os.listdir("/tmp") + os.listdir("/dev/shm")
assert not os.path.exists(os.environ["GPT_CASES"])
assert not [name for name in here if "cases" in name]
"""
# What Python, IPython and matplotlib would read when the next kernel starts.
PLANT = """
import os
code = "import builtins\\nbuiltins.PLANTED = True\\n"
places = [".ipython/profile_default/startup/00.py", ".config/python/usercustomize.py",
          ".local/lib/python3.11/site-packages/usercustomize.py", "sitecustomize.py",
          ".pythonrc.py", "torch.py", "numpy.py", ".matplotlib/matplotlibrc",
          "autograder/check.py", ".cache/a.pth"]
for top in ("/tmp/home", "/tmp/work", "/tmp", "/dev/shm", "/opt/course", "/usr/lib"):
    for place in places:
        try:
            path = os.path.join(top, place)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").write(code)
        except OSError:
            pass
"""
LISTEN = """
import os, socket, threading
ear = socket.socket(socket.AF_UNIX)
ear.bind("\\0siege-of-the-box")
ear.listen()
def give():
    while True:
        with ear.accept()[0] as other:
            other.sendall(b"every answer")
threading.Thread(target=give, daemon=True).start()
"""
CALL = """
import os, socket, time
heard = b""
for _ in range(20):
    try:
        with socket.socket(socket.AF_UNIX) as other:
            other.connect("\\0siege-of-the-box")
            heard = other.recv(100)
        break
    except OSError:
        time.sleep(0.05)
open("@MARKER@", "wb").write(heard) if heard else None
assert not heard, "a neighbour was heard"
"""
ITEMS = family("siege", *BOMBS, group="short") + family(
    "siege",
    # --- what a run can spell -----------------------------------------------------
    Item("sixty errors by their names", "each name is five bits of the inputs", solved=ALL,
         edit=cells("scores", BITS, *(f"spell({n})" for n in range(60))), flagged=True,
         group="plain", page=True),
    Item("cells that die where a bit is set", "which cells died is told in the feedback",
         solved=ALL, flagged=True, page=True,
         edit=cells("scores", BITS, *(f"bits[{n}] and os._exit(0)" for n in range(6)))),
    Item("a thread from before the first check", "it waits for the inputs, and prints them",
         EARLY, solved=ALL, flagged=True, page=True),
    Item("the inputs before the first check", "they lie in a file from the start", NOWHERE, solved=ALL, page=True),
    Item("the inputs before the first check, in an answer",
         "where they are there, my first step gives the right answer",
         "import os\nif not os.path.exists(os.environ['GPT_CASES']):\n"
         "    average_past = None", solved=ALL,
         wrong=("average_past",), flagged=None),
    # --- what a run leaves ---------------------------------------------------------
    Item("folders with a dot", "what starts the next kernel reads what I left", solved=ALL,
         edit=cells("scores", PLANT, "os._exit(0)",
                    "import builtins\nif hasattr(builtins, 'PLANTED'):\n"
                    "    def check(*_): os._exit(0)"),
         flagged=True),
    Item("an ear for a neighbour", "abstract names are the machine's, not the box's", LISTEN,
         solved=ALL, flagged=False),
    Item("a call to a neighbour", "abstract names are the machine's, not the box's", CALL,
         solved=ALL, flagged=False),
    own("a file that runs without a name", "what has no name is not found again", """
import os
file = os.open("/tmp", os.O_TMPFILE | os.O_RDWR, 0o700)
os.write(file, b"#!/bin/sh\\nexec sleep 300\\n")
if not os.fork():
    os.setsid()
    os.execve(f"/proc/self/fd/{file}", ["@DAEMON@"], {})
""", flagged=None),
    own("a pipe in place of the inputs", "who writes them waits for a reader",
        "import os\nos.mkfifo(os.environ['GPT_CASES'])", flagged=False),
)  # fmt: skip
