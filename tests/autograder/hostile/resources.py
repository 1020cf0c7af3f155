"""Time, memory, processes, disk, output: used up without end, or to hurt others.

Most sit in the last step, which gives its right answer where nothing stopped it: so a
limit that does not hold earns points, and is seen. Each is bounded by itself, too. Which
limit a flood meets first, of time or of output, is the machine's to say.
"""

from tests.autograder.hostile.forgery import SEND
from tests.autograder.hostile.item import ALL, Item, family, solutions

KEPT = solutions("attend")["attend"].replace("def attend(", "def as_taught(")


def bomb(name: str, hopes: str, code: str, head: str = "", **more) -> Item:
    """In the last step; it costs that step, and all others are kept."""
    body = "\n".join(f"    {line}" for line in code.strip().splitlines())
    source = (
        f"{head}\n{KEPT}\n\ndef attend(*args):\n{body}\n    return as_taught(*args)"
    )
    more = {"wrong": ("attend",)} | more
    return Item(name, hopes, solved=ALL, instead=(source,), **more)


def own(name: str, hopes: str, code: str, **more) -> Item:
    """In a cell of its own; it costs nothing but perhaps that cell."""
    return Item(name, hopes, code, **({"solved": ALL} | more))


# A raw connection of the kernel's to the grader, below everything that counts messages.
RAW = """
import os, socket, struct, time
def links():
    for fd in range(3, 256):
        try:
            found = socket.socket(fileno=os.dup(fd))
            found.getpeername()
            found.setblocking(True)
            found.settimeout(0.5)
            yield found
        except OSError:
            pass
"""

ITEMS = family(
    "resources",
    # --- time -------------------------------------------------------------------
    bomb("an endless loop", "the grader waits", "while True:\n    pass"),
    bomb("a sleep", "a cell that computes nothing has no limit",
         "import time\ntime.sleep(1000)", flagged=None),
    bomb("a deaf loop", "KeyboardInterrupt is caught, and so is everything else", """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""", flagged=True),
    bomb("signals blocked", "what interrupts does not arrive", """
import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
signal.setitimer(signal.ITIMER_PROF, 0)
time.sleep(1000)
""", flagged=True),
    bomb("the timer is taken away", "the limit for one case is a timer in my process", """
import signal, threading
signal.setitimer(signal.ITIMER_PROF, 0)
signal.signal(signal.SIGPROF, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
threading.Event().wait(1000)
""", flagged=True),
    bomb("a power of a power", "one step of C code cannot be interrupted",
         "x = 9 ** 9 ** 9"),
    bomb("a regular expression", "it tries two to the power of sixty ways",
         "import re\nre.match('(a+)+$', 'a' * 60 + 'b')"),
    bomb("it stops itself", "a stopped process neither works nor ends",
         "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n"
         "import time\ntime.sleep(1000)"),
    Item("a second and a half in every cell", "each is inside its limit, all together are not",
         solved=ALL, wrong=ALL, flagged=True,
         edit=lambda nb: nb.cells.__setitem__(slice(3, 3), [
             __import__("nbformat").v4.new_code_cell("import time\ntime.sleep(1.5)")
             for _ in range(12)])),
    bomb("input", "the grader types something", "input('Your name? ')"),
    bomb("reading from stdin", "the grader types something",
         "import os, sys\nassert os.read(0, 10) or sys.stdin.read()"),
    bomb("a password", "the grader types something",
         "import getpass\ngetpass.getpass()"),
    own("an exit that never ends", "the kernel cannot be shut down", """
import atexit, signal, threading
def stay(*a):
    while True:
        pass
atexit.register(stay)
for number in (1, 3, 15):
    signal.signal(number, stay)
threading.Thread(target=threading.Event().wait).start()
"""),
    # --- memory -----------------------------------------------------------------
    bomb("a list without end", "all memory is mine",
         "keep = []\nfor _ in range(500):\n    keep.append(bytearray(b'x') * (10 << 20))"),
    bomb("one large tensor", "torch reserves without asking",
         "keep = torch.ones(5, 1 << 28)"),
    bomb("shared memory", "what is shared is nobody's, so nobody's limit counts it", """
import mmap
keep = mmap.mmap(-1, 3 << 30)
for at in range(0, 3 << 30, 1 << 20):
    keep[at : at + (1 << 20)] = b"x" * (1 << 20)
"""),
    bomb("files in memory", "many files without a name, each below the limit", """
import os
keep = [os.memfd_create(str(i)) for i in range(60)]
for file in keep:
    for _ in range(60):
        os.write(file, b"x" * (1 << 20))
"""),
    bomb("System V memory", "a segment belongs to no process", """
import ctypes
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
for key in range(12):
    at = libc.shmat(libc.shmget(0, 256 << 20, 0o1600), None, 0)
    assert at and at < 1 << 63
    ctypes.memset(at, 1, 256 << 20)
"""),
    bomb("memory of many processes", "the limit counts each process by itself", """
import os, time
children, go = [], os.pipe()
for _ in range(8):
    child = os.fork()
    if not child:
        keep = bytearray(b"x") * (400 << 20)
        os.write(go[1], b"x")
        time.sleep(30)
        os._exit(0)
for _ in range(8):
    os.read(go[0], 1)
"""),
    bomb("recursion", "the stack has no end", """
import sys
sys.setrecursionlimit(10**9)
def deeper(x):
    return [deeper(x)]
deeper(1)
"""),
    bomb("a large answer", "an answer larger than the grader",
         "return torch.ones(1 << 24)"),
    # --- processes ---------------------------------------------------------------
    bomb("a fork bomb", "500 processes", """
import os, time
for _ in range(500):
    if not os.fork():
        time.sleep(60)
        os._exit(0)
"""),
    bomb("zombies", "500 dead processes that nobody buries", """
import os
for _ in range(500):
    if not os.fork():
        os._exit(0)
"""),
    bomb("threads", "500 threads", """
import threading, time
for _ in range(500):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
"""),
    bomb("a daemon", "twice forked, it lives on when all is graded", """
import os, time
if not os.fork():
    os.setsid()
    if not os.fork():
        os.execv("/bin/sleep", ["@DAEMON@", "300"])
    os._exit(0)
""", wrong=()),
    own("daemons that burn", "four of them compute when all is graded", """
import os, time
for _ in range(4):
    if not os.fork():
        os.setsid()
        os.execv("/bin/sh", ["@DAEMON@", "-c", "while :; do :; done"])
"""),
    bomb("kill all", "whoever can be killed is killed",
         "import os, contextlib\nfor target in (-1, 1):\n"
         "    with contextlib.suppress(OSError):\n        os.kill(target, 9)\nos._exit(0)", flagged=True),
    own("kill the group", "a process group reaches across boxes",
        "import os, signal\nos.kill(0, signal.SIGTERM)\nos.killpg(0, signal.SIGKILL)",
        flagged=None),
    own("kill the parent", "the template ends, and all kernels with it", """
import os, signal
for target in (os.getppid() or 1, 1, 2, -1, *range(2, 400)):
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
        try:
            os.kill(target, number)
        except (ProcessLookupError, PermissionError):
            pass
""", flagged=None),
    bomb("higher limits", "a limit that I set is my limit", """
import resource
for what in (resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU):
    resource.setrlimit(what, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""),
    bomb("a higher rank", "first come, first served, and I come first",
         "import os\nos.nice(-10)"),
    # --- disk, files, sockets -----------------------------------------------------
    bomb("disk", "a gigabyte in files below the limit", """
for i in range(40):
    with open(f"/tmp/{i}", "wb") as file:
        for _ in range(25):
            file.write(b"x" * (1 << 20))
"""),
    bomb("inodes", "100,000 files with nothing in them", """
for i in range(100_000):
    open(f"/tmp/{i}", "w").close()
"""),
    bomb("open files", "5,000 of them", "keep = [open('/dev/null') for _ in range(5000)]"),
    bomb("sockets and pipes", "buffers of the system's own memory", """
import socket
keep = []
for _ in range(5000):
    a, b = socket.socketpair()
    a.setblocking(False)
    keep.append((a, b))
    try:
        while True:
            a.send(b"x" * 65536)
    except BlockingIOError:
        pass
"""),
    own("descriptors closed", "the kernel cannot speak any more",
        "import os\nos.closerange(0, 256)", flagged=True),
    # --- output -------------------------------------------------------------------
    bomb("200 MB of print", "the grader keeps what is printed",
         "import sys\nfor _ in range(200):\n    print('x' * (1 << 20), file=sys.stderr)",
         flagged=None),
    own("200 MB of print in a cell", "the grader keeps what is printed",
        "for _ in range(200):\n    print('x' * (1 << 20))", flagged=None),
    own("a flood of displays", "each is a message",
        "from IPython.display import HTML, display\nfor _ in range(20_000):\n"
        "    display(HTML('x' * 1000))", flagged=None),
    own("a flood of comms", "each is a message", """
from comm import create_comm
for _ in range(20_000):
    create_comm("flood", data={"x": "x" * 1000})
""", flagged=None),
    own("a huge traceback", "the error's text has fifty megabytes",
        "raise ValueError('x' * 50_000_000)", flagged=None),
    own("a deep traceback", "an error a thousand calls deep", """
def deeper(n):
    if not n:
        raise ValueError("y" * 100)
    deeper(n - 1)
deeper(900)
"""),
    Item("a flood of answers", "answers are no output, so nobody counts them", SEND + """
import autograder.check as c
big = "A" * 15_000_000
def check(name, function):
    for _ in range(60):
        session.send(socket, "display_data", {"data": {c.ANSWER: {"check": name,
            "outcomes": big}}, "metadata": {}, "transient": {}},
            parent=kernel.get_parent("shell"))
""", flagged=True),
    own("a flood of replies", "the other channel is read by nobody", SEND + """
who = kernel._parent_ident["shell"] if hasattr(kernel, "_parent_ident") else []
stream = kernel.shell_stream if hasattr(kernel, "shell_stream") else kernel.shell_socket
stream = getattr(stream, "socket", stream)
for _ in range(150):
    session.send(stream, "execute_reply", {"status": "x" * 15_000_000}, parent=parent,
                 ident=who)
""", flagged=None),
    own("a message without an end", "a message of many frames is kept until it is whole",
        RAW + """
frame = struct.pack(">BQ", 3, 1 << 20) + b"x" * (1 << 20)  # MORE, and a long size
until = time.monotonic() + 2.5
for link in links():
    try:
        for _ in range(1500):
            link.sendall(frame)
            if time.monotonic() > until:
                break
    except OSError:
        pass
""", flagged=None),
    group="short",
)  # fmt: skip
