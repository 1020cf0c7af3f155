"""What a box can make the kernel hold, each tried in a real box: refused, or counted.

`python -m tests.autograder.box.held` prints what came of each under LIMITS: what was
tried, in MB; how much more the kernel held at most where it was not refused, as the
machine's own figures have it (so run it where little else runs); and how it ended.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from pathlib import Path

from autograder.box.execute import Cell, execute
from autograder.box.kernel import Template
from autograder.box.sandbox import Limits

TOOLS = """
import ctypes, fcntl, mmap, os, platform, resource, select, socket, threading, time
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
kept = []

def call(number, *arguments):
    number = number[platform.machine() == "aarch64"]
    found = libc.syscall(number, *map(ctypes.c_long, arguments))
    if found == -1:
        raise OSError(ctypes.get_errno(), "refused")
    return found

def mapped(size, rights=1, flags=0x4022):  # to read; private, of no file, not reserved
    at = libc.mmap(None, size, rights, flags, -1, 0)
    if at == 2**64 - 1:
        raise OSError(ctypes.get_errno(), "refused")
    return at

def children(count, do):  # each does it, says so and stays
    done, said = os.pipe()
    for _ in range(count):
        if not os.fork():
            try:
                do()
            finally:
                os.write(said, b"x")
                time.sleep(60)
                os._exit(0)
    for _ in range(count):
        os.read(done, 1)

def full(a):  # a socket or a pipe
    os.set_blocking(a, False)
    try:
        while True:
            os.write(a, bytes(1 << 16))
    except BlockingIOError:
        pass
"""
_OTHER = ("MemFree", "Buffers", "Cached", "SReclaimable", "AnonPages")
LIMITS = Limits(memory_mb=500)
STAY = "\ntime.sleep(60)"
MEMORY = r"more than \d+ MB of memory"


@dataclass(frozen=True)
class Attempt:
    """What is tried, how many MB it would hold, and the code that does it.

    `ends` is the error that refuses it, or what the box is ended with.
    """

    what: str
    mb: int
    code: str
    ends: str

    def holds(self, cell: Cell) -> bool:
        """Whether it ended as it must."""
        return bool(re.fullmatch(self.ends, cell.died or cell.error or ""))


def refused(what: str, mb: int, code: str, error: str = "PermissionError") -> Attempt:
    return Attempt(what, mb, code, error)


def ended(what: str, mb: int, code: str, why: str = MEMORY) -> Attempt:
    return Attempt(what, mb, code + STAY, why)


REFUSED = (
    refused(
        "page tables: one byte in each 2 MB of 640 GB, read by two children",
        2560,
        "at = mapped(640 << 30)\nfor _ in range(2):\n    if not os.fork():\n"
        "        for i in range(0, 640 << 30, 2 << 20): ctypes.string_at(at + i, 1)\n"
        "        time.sleep(60)",
        "OSError",
    ),
    refused("shared memory without a name", 8000, "mmap.mmap(-1, 8 << 30)"),
    refused("shared memory of /dev/zero", 8000, "open('/dev/zero', 'r+b')"),
    refused("files in memory (memfd)", 8000, "os.memfd_create('x')"),
    refused("System V memory", 8000, "call((29, 194), 0, 8 << 30, 0o1600)"),
    refused("huge pages of the machine", 8000, "mapped(2 << 20, 3, 0x40022)"),
    refused("pipes of a megabyte", 8000, "fcntl.fcntl(os.pipe()[1], 1031, 1 << 20)"),
    refused(
        "pages of vanished mappings in pipes (vmsplice)",
        8000,
        "call((278, 75), os.pipe()[1], 0, 0, 0)",
    ),
    refused("the same by splice", 8000, "os.splice(0, os.pipe()[1], 1)"),
    refused("the same by tee", 8000, "call((276, 77), os.pipe()[0], 0, 1, 0)"),
    refused(
        "pages of vanished files in sockets (sendfile)",
        8000,
        "open('x', 'wb').write(b'x' * 4096)\na, b = socket.socketpair()\n"
        "os.sendfile(a.fileno(), os.open('x', 0), 0, 1)",
    ),
    refused(
        "large buffers of a socket",
        8000,
        "socket.socketpair()[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)",
    ),
    refused("watches (inotify)", 500, "call((294, 26), 0)"),
    refused("rules (landlock)", 8000, "call((444, 444), 0, 0, 1)"),
    refused("keys", 20, "call((248, 217), 0, 0, 0, 0, 0)"),
    refused("filters of system calls", 60, "call((317, 277), 0, 0, 0)"),
    refused("the same by prctl", 60, "call((157, 167), 22, 2, 0)"),
    refused("a large table of futexes", 1024, "call((157, 167), 78, 1, 1 << 24, 0)"),
    refused("requests for asynchronous reading", 64, "call((206, 0), 65536, 0)"),
    refused(
        "rules for each page of a mapping", 4000, "call((237, 235), 0, 0, 0, 0, 0, 0)"
    ),
    refused(
        "locks on parts of a file",
        4000,
        "fcntl.lockf(open('x', 'wb'), fcntl.LOCK_EX, 1)",
    ),
    refused(
        "message queues",
        800,
        "if libc.mq_open(b'/x', 0o102, 0o600, None) == -1:\n"
        "    raise OSError(ctypes.get_errno(), 'refused')",
        "OSError",
    ),
    refused(
        "timers",
        40,
        "made = ctypes.c_int()\nfor _ in range(100_000):\n"
        "    call((222, 107), 1, 0, ctypes.addressof(made))",
        "BlockingIOError",
    ),
    refused("locked memory", 2000, "call((149, 228), mapped(1 << 20), 1 << 20)"),
    *(
        refused(
            f"files without content in {place}",
            2000,
            f"for i in range(1_000_000): os.close(os.open(f'{place}/{{i}}', 0o101))",
            "OSError",
        )
        for place in ("/tmp", "/dev/shm")
    ),
    refused(
        "names of attributes of a file",
        2000,
        "f = os.open('x', 0o102)\nfor i in range(1_000_000):\n"
        "    os.setxattr(f, f'user.{i}', bytes(1000))",
        f"OSError|{MEMORY}",  # where a folder has no bound of its own
    ),
)
ENDED = (
    ended(
        "sockets full of data, in 20 children",
        970,
        "def fill():\n    for _ in range(110):\n        a, b = socket.socketpair()\n"
        "        kept.extend((a, b))\n        full(a.fileno())\n        full(b.fileno())\n"
        "children(20, fill)",
    ),
    ended(
        "sockets that are closed, and wait in one queue with what they sent",
        1700,
        "for n in range(200):\n    b = socket.socket(socket.AF_UNIX)\n"
        "    b.bind(f'\\0{n}')\n    b.listen(40)\n    kept.append(b)\n"
        "    for _ in range(41):\n        with socket.socket(socket.AF_UNIX) as a:\n"
        "            a.connect(f'\\0{n}')\n            full(a.fileno())",
    ),
    ended(
        "pipes full of data, in 40 children",
        250,
        "def fill():\n    for _ in range(110):\n        a, b = os.pipe()\n        full(b)\n"
        "children(40, fill)",
    ),
    ended(
        "descriptors that watch each other (epoll), in 40 children",
        100,
        "def watch():\n    ears = [select.epoll() for _ in range(110)]\n"
        "    kept.extend(ears)\n"
        "    ends = [x for _ in range(55) for x in os.pipe()]\n"
        "    for ear in ears:\n        for end in ends: ear.register(end)\n"
        "children(40, watch)",
    ),
    ended(
        "mappings, each of one page",
        30,
        "at = mapped(500 << 20, 3)\nfor i in range(0, 480 << 20, 8192):\n"
        "    libc.mprotect(ctypes.c_void_p(at + i), 4096, 1)",
        r"more than [\d,]+ mappings of memory",
    ),
)
MORE = (
    ended(
        "page tables of 60 children, as many as each may have",
        700,
        "def spread():\n    soft, _ = resource.getrlimit(resource.RLIMIT_AS)\n"
        "    size = soft - (900 << 20) >> 21 << 21\n    at = mapped(size)\n"
        "    for i in range(0, size, 2 << 20): ctypes.string_at(at + i, 1)\n"
        "children(60, spread)",
    ),
)


def tried(template: Template, *attempts: Attempt) -> list[Cell]:
    """What came of attempts, each a cell of one box."""
    tools, *cells = [Cell(TOOLS), *(Cell(attempt.code) for attempt in attempts)]
    execute([tools, *cells], template, {}, {}, LIMITS)
    assert not tools.error, tools
    return cells


def used() -> int:
    """Bytes in use that would not be given back and are no process's own."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    kb = {name: int(rest.split()[0]) for name, rest in (x.split(":") for x in lines)}
    free = sum(kb[x] for x in _OTHER)
    return (kb["MemTotal"] - free + kb["Shmem"]) << 10


def measured(template: Template, attempt: Attempt) -> tuple[Cell, int]:
    """What came of it, and by how many MB more of the machine's memory was in use."""
    before, most, over = used(), 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.02):
            most = max(most, used() - before)

    thread = threading.Thread(target=watch)
    thread.start()
    (cell,) = tried(template, attempt)
    over.set()
    thread.join()
    return cell, most >> 20


def main() -> None:
    row = "| {:66} | {:>9} | {:>8} | {}"
    print(row.format("what", "tried, MB", "held, MB", "how it ended"))
    with Template() as template:
        for attempt in (*REFUSED, *MORE, *ENDED):
            cell, held = measured(template, attempt)
            how = f"ended: {cell.died}" if cell.died else f"refused ({cell.error})"
            if not attempt.holds(cell):
                how = f"NOT STOPPED: {cell.error}"
            elif not cell.died:
                held = "–"
            print(row.format(attempt.what, attempt.mb, held, how), flush=True)


if __name__ == "__main__":
    main()
