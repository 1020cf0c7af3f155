"""Can a submission's code see, reach or use up what is not its own?

Each attempt runs in a real box, next to nothing that is mocked; what it finds out, it
tells by the type of the error that it raises.
"""

import asyncio
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from autograder.box import linux, memory, sandbox
from autograder.box.execute import Cell, execute
from autograder.box.kernel import Template
from autograder.box.sandbox import Limits
from autograder.box.seccomp import CLONE, CLONE3, IOCTL, REFUSED, SOCKET
from autograder.classroom import grade, preprocessors
from tests.need import need

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module", params=["warm", "cold"])
def box(request):
    """A template of each kind: forks in a box in its box, and one box a kernel."""
    problem = sandbox.why_not()
    need(problem is None, problem)
    if request.param == "warm":
        need(sandbox.warm(), "namespaces inside bubblewrap: see sandbox.why_not")
    with Template(cold=request.param == "cold") as made:
        yield made


def run(template, *sources, limits=None, files=None):
    """The cells, run; each knows how it ended."""
    cells = [Cell(source) for source in sources]
    execute(cells, template, files or {}, {}, limits or Limits())
    return cells


def answers(template, *questions, **how):
    """Which of the expressions are true inside a box."""
    asked = [f"import os, sys\nassert not ({question})" for question in questions]
    cells = run(template, *asked, **how)
    for cell in cells:
        assert cell.error in (None, "AssertionError"), cell
        assert not cell.died, cell
    return [cell.error == "AssertionError" for cell in cells]


def finds(template, *questions, **how):
    """Whether all of the expressions are true inside a box."""
    found = answers(template, *questions, **how)
    return all(found) or [q for q, yes in zip(questions, found, strict=True) if not yes]


def test_the_question_can_be_answered_both_ways(box):
    assert answers(box, "1 + 1 == 2", "1 + 1 == 3") == [True, False]


def test_it_runs_where_an_event_loop_is_running(template):
    """As in JupyterLab's server, from which formgrader grades."""

    async def server():
        return answers(template, "1 + 1 == 2")

    with ThreadPoolExecutor(1) as thread:  # there may be a loop in this one
        assert thread.submit(asyncio.run, server()).result() == [True]


HIDDEN = [
    *(ROOT / "solutions", ROOT / "exercises", ROOT / "tests", ROOT / ".git"),
    *(ROOT / "nbgrader_config.py", ROOT / "autograder" / "checks"),
    *(ROOT / "autograder" / "verdict" / "bank.py", ROOT / "autograder" / "classroom"),
    *(ROOT / "autograder" / "classes", Path.home() / ".bashrc"),
    *map(Path, ("/etc/passwd", "/etc/shadow", "/run", "/var", "/sys/kernel")),
]


def test_what_is_not_the_student_s_is_not_there(box):
    there = f"[p for p in {[str(path) for path in HIDDEN]} if os.path.exists(p)]"
    assert finds(box, f"{there} == []", "os.path.exists('/usr')") is True


def test_of_the_course_only_what_a_kernel_needs_is_there(box):
    # Whatever is added here can be read by every submission: does it know an answer?
    shown = sorted(
        f"{name}.py"
        for name in (
            *("__init__", "check"),
            *("verdict/__init__", "verdict/compare", "verdict/outcome"),
            *("verdict/plain", "verdict/wire"),
            *("box/__init__", "box/template", "box/app", "box/messages", "box/watch"),
            *("box/sandbox", "box/inner", "box/seccomp", "box/memory", "box/linux"),
        )
    )
    listed = (
        "sorted(os.path.relpath(os.path.join(top, file), '/opt/course/autograder') "
        "for top, _, files in os.walk('/opt/course/autograder') for file in files)"
    )
    assert (
        finds(
            box,
            f"{listed} == {shown}",
            "sorted(os.listdir('/opt/course')) == ['autograder', 'gpt']",
        )
        is True
    )
    hidden = ("checks", "verdict.judge", "verdict.bank", "classroom")
    for cell in run(box, *(f"import autograder.{name}" for name in hidden)):
        assert cell.error == "ModuleNotFoundError", cell.source


def test_what_a_notebook_needs_is_there(box):
    (cell,) = run(
        box,
        "import torch, numpy, regex, tiktoken, matplotlib\n"
        "from gpt.model import small\nfrom autograder.check import check\n"
        "model, tokenizer = small()\n"
        "assert model(torch.tensor([[1, 2]])).shape == (1, 2, 588)\n"
        "assert open('mine.txt').read() == 'hello'\n"
        "open('/tmp/work/new', 'w').write('x' * 1000)",
        files={"mine.txt": b"hello"},
    )
    assert (cell.error, cell.died) == (None, None)


def test_secrets_of_the_environment_stay_outside(monkeypatch, box):
    monkeypatch.setenv("GPT_TEST_SECRET", "secret")
    every = "b''.join(open(f'/proc/{p}/environ', 'rb').read() for p in ('self', '1'))"
    questions = ("'secret' not in str(os.environ)", f"b'SECRET' not in {every}")
    assert finds(box, *questions, "os.environ['HOME'] == '/tmp/home'") is True


def test_there_is_no_other_process(box):
    alone = "[p for p in os.listdir('/proc') if p.isdigit()] == ['1']"
    assert finds(box, alone, "os.getpid() == 1 and os.getppid() == 0") is True


def test_there_is_no_network(box):
    there, local, names = run(
        box,
        "assert open('/proc/net/dev').read().count(':') == 1",  # lo
        "import socket\nsocket.create_connection(('127.0.0.1', 22), timeout=2)",
        "import socket\nsocket.getaddrinfo('pypi.org', 80)",
        limits=Limits(cell_seconds=10),
    )
    assert there.error is None
    assert local.error in ("OSError", "ConnectionRefusedError")
    assert names.error == "gaierror"


def test_nothing_can_be_written_outside_the_scratch_folder(box):
    places = ["/usr", "/bin", "/", "/dev", "/opt/course/gpt", "/opt/environment"]
    places += ["/proc/1", "/opt", "/etc"]
    for cell in run(box, *(f"open({p + '/planted'!r}, 'w')" for p in places)):
        assert cell.error in ("OSError", "PermissionError", "FileNotFoundError"), cell
    assert not any(Path(place, "planted").exists() for place in places)


def test_the_scratch_folders_are_of_bounded_size(box):
    fill = (
        "for i in range(99):\n    with open(f'{0}/f{{i}}', 'wb') as file:\n"
        "        file.write(b'x' * 10**6)"
    )
    limits = Limits(scratch_mb=50)
    cells = run(box, fill.format("/tmp/work"), fill.format("/dev/shm"), limits=limits)
    assert [cell.error for cell in cells] == ["OSError", "OSError"]
    assert [cell.died for cell in cells] == [None, None]


def test_there_is_no_privilege_and_no_way_to_one(box):
    status = "open('/proc/self/status').read()"
    none = [
        f"'{name}:\\t0000000000000000' in {status}"
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
    ]
    libc = "__import__('ctypes').CDLL(None)"
    spaces = [
        f"{libc}.unshare({flag}) == -1"
        for flag in ("0x10000000", "0x20000", "0x40000000")  # user, mount, network
    ]
    assert (
        finds(
            box,
            *none,
            *spaces,
            f"'NoNewPrivs:\\t1' in {status} and 'Seccomp:\\t2' in {status}",
            f"{libc}.mount(b'x', b'/tmp', b'tmpfs', 0, 0) == -1",
            "os.getuid() not in (0, 65534)",
        )
        is True
    )


def test_a_sibling_cannot_be_seen_or_reached(box):
    """The first leaves a mark wherever it may write."""
    first = run(box, "open('/tmp/mark', 'w').write('x')\nopen('/dev/shm/m', 'w')")
    assert not first[0].error
    marks = ("os.path.exists('/tmp/mark')", "os.path.exists('/dev/shm/m')")
    assert answers(box, *marks) == [False, False]


@pytest.mark.parametrize("who", [0, -1])
def test_a_signal_to_all_reaches_nobody_outside(box, who):
    """To its process group, and to all that it may signal; the template goes on."""
    cells = run(box, f"import os, signal\nos.kill({who}, signal.SIGKILL)", "1 / 0")
    assert cells[1].error == "ZeroDivisionError"
    assert box.process.poll() is None


CALLS = """
import ctypes, errno, platform
libc = ctypes.CDLL(None, use_errno=True)
which = ("x86_64", "aarch64").index(platform.machine())
def call(number, *arguments):
    ctypes.set_errno(0)
    if libc.syscall(number, *arguments) != -1: return "it went through"
    return errno.errorcode[ctypes.get_errno()]
"""


def test_calls_that_no_notebook_needs_are_refused(box):
    """With arguments that would otherwise be wrong in another way."""
    refused = (
        f"got = {{n: call(c[which], -1, -1, -1, -1) for n, c in {REFUSED}.items()}}\n"
        "assert set(got.values()) == {'EPERM'}, got"
    )
    other = (
        f"clone, clone3, ioctl, socket = {[CLONE, CLONE3, IOCTL, SOCKET]}\n"
        "for space in (17, 25, 26, 27, 28, 29, 30):\n"
        "    assert call(clone[which], 1 << space | 0x800, 0, 0, 0, 0) == 'EPERM'\n"
        "assert call(clone3[which], 0, 0) == 'ENOSYS'\n"
        "assert call(ioctl[which], 0, 0x5412, b'x') == 'EPERM'\n"
        "assert call(ioctl[which], 0, 0x5412 | 1 << 32, b'x') == 'EPERM'\n"
        "for family in (16, 17, 38, 40):\n"
        "    assert call(socket[which], family, 2, 0) == 'EAFNOSUPPORT'"
    )
    cells = run(box, CALLS + refused, CALLS + other)
    assert [cell.error for cell in cells] == [None, None]


def test_of_calls_under_other_numbers_none_goes_through(template):
    """The 32-bit ways into the kernel, where the same calls have other numbers."""
    need(platform.machine() == "x86_64", "an x86_64 machine")
    x32, i386 = run(
        template,
        CALLS + "assert call(0x40000000 | 39) == 'EPERM'",  # getpid
        # mov eax, 20 (getpid); int 0x80; ret
        "import ctypes, mmap\nm = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | 32, prot=7)\n"
        "m.write(bytes.fromhex('b814000000cd80c3'))\n"
        "at = ctypes.addressof(ctypes.c_char.from_buffer(m))\n"
        "ctypes.CFUNCTYPE(ctypes.c_int)(at)()",
    )
    assert (x32.error, x32.died) == (None, None)
    assert i386.died == "the kernel died"


def test_what_notebooks_do_is_not_refused(box):
    cells = run(
        box,
        "import torch\ntorch.set_num_threads(4)\na = torch.randn(300, 300)\n"
        "(a @ a).sum().item()\nb = a.clone().requires_grad_(); (b @ b).sum().backward()",
        "import threading\nt = threading.Thread(target=print); t.start(); t.join()",
        "import subprocess\nassert subprocess.check_output(['echo', 'x']) == b'x\\n'",
        "import socket\na, b = socket.socketpair(); a.send(b'x'); b.recv(1)",
        "import multiprocessing as mp\nwith mp.Pool(2) as p: p.map(abs, [1, 2])",
        "import matplotlib.pyplot as plt\nplt.plot([1]); plt.savefig('x.png')",
        "import torch.utils.data as d\n"
        "list(d.DataLoader(torch.arange(9), num_workers=1))",
    )
    assert [cell.died or cell.error for cell in cells] == [None] * len(cells)


MEMORY = {
    "children that each hold a part": (
        "import os\nfor _ in range(8):\n    if os.fork() == 0:\n"
        "        x = bytearray(10**8); time.sleep(60)\n"
    ),
    "memory that hides": (
        "import ctypes\nctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\n"
        "x = [bytearray(b'x') * 10**8 for _ in range(8)]\n"
    ),
}


@pytest.mark.parametrize("name", MEMORY)
def test_a_box_that_holds_too_much_memory_ends(box, name):
    cells = run(
        box,
        "import time",
        MEMORY[name] + "time.sleep(30)",
        "time",
        limits=Limits(memory_mb=700),
    )
    assert cells[1].died == "more than 700 MB of memory"
    assert (cells[2].died, cells[2].error) == (None, None)


def test_without_a_box_its_folders_are_not_counted(monkeypatch):
    """They are the machine's."""
    monkeypatch.setattr(memory, "_files", lambda pid: 1 << 50)
    assert memory.excess(os.getpid(), 1 << 29)
    assert not memory.excess(os.getpid(), 1 << 29, boxed=False)


def test_what_a_fork_shares_with_its_parent_counts_once(box):
    """The imports of torch, and what a notebook made before it forked."""
    cells = run(
        box,
        "import os, time\nx = bytearray(3 * 10**8)",
        "for _ in range(20):\n    if os.fork() == 0: time.sleep(60)",
        "time.sleep(1)",
        limits=Limits(memory_mb=800),
    )
    assert [cell.died or cell.error for cell in cells] == [None] * 3


@pytest.mark.parametrize(
    "draw", ["torch.rand(1).item()", "random.random()", "numpy.random.rand()"]
)
def test_forks_do_not_draw_the_same_numbers(template, draw):
    code = "import torch, random, numpy\n"
    code += f"raise type('E' + str(int(1e9 * {draw})), (Exception,), {{}})"
    assert len({run(template, code)[0].error for _ in range(3)}) == 3


ENDS = {
    "a cell that never ends": ("while True: pass", "Timeout", None),
    "one that will not be stopped": (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        None,
        "it could not be interrupted",
    ),
    "an exit": ("import os; os._exit(0)", None, "the kernel died"),
    "a segmentation fault": (
        "import ctypes; ctypes.string_at(0)",
        None,
        "the kernel died",
    ),
    "a flood of print": ("while True: print('x' * 10_000)", None, "output"),
    "one huge print": ("print('x' * 100_000_000)", None, "output"),
    "a disk bomb": (
        "for i in range(99): open(f'f{i}', 'wb').write(b'x' * 10**7)",
        "OSError",
        None,
    ),
    "a large file": ("open('f', 'wb').truncate(10**9)", "OSError", None),
    "a memory bomb": (
        "x = bytearray(5 * 10**9)",
        "MemoryError",
        None,
    ),
    "a fork bomb": ("import os\nwhile True: os.fork()", None, None),
    "asking": ("input()", "StdinNotImplementedError", None),
}


@pytest.mark.parametrize("name", ENDS)
def test_it_ends_and_what_comes_after_it_runs(template, name):
    source, error, died = ENDS[name]
    patience = 2 if "Timeout" == error or "interrupted" in str(died) else 20
    # What a fork bomb leaves goes on beside the next cells, and needs its memory.
    most = 8192 if "fork" in name else 1024
    limits = Limits(cell_seconds=patience, memory_mb=most)
    cells = run(template, "a = 1", source, "assert a == 1", "1 / 0", limits=limits)
    if error:
        assert cells[1].error == error
    if died:
        assert died in cells[1].died
    assert cells[1].error or cells[1].died
    assert (cells[2].error, cells[2].died) == (None, None)
    assert cells[3].error == "ZeroDivisionError"


def test_a_notebook_has_a_limit_too(template):
    cells = run(
        template,
        *["import time; time.sleep(1)"] * 9,
        limits=Limits(seconds=2, cell_seconds=5),
    )
    assert cells[0].died is None and cells[-1].died == "the notebook ran for 2 seconds"


def started_by(pid):
    """The processes that came of one, all generations."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    children = {int(child) for file in lists for child in file.read_text().split()}
    return children.union(*(started_by(child) for child in children))


def test_nothing_is_left_behind():
    need(sandbox.why_not() is None, sandbox.why_not())
    with Template() as template:
        pid, folder = template.process.pid, template.box.folder
        quiet = started_by(pid)
        daemon = (
            "import os, time\nif os.fork() == 0:\n    os.setsid()\n"
            "    if os.fork() == 0:\n        time.sleep(600)\n    os._exit(0)"
        )
        run(template, daemon, "while True: pass", limits=Limits(cell_seconds=1))
        assert quiet and started_by(pid) == quiet
        assert folder.exists()
    assert not folder.exists()
    assert str(folder) not in Path("/proc/self/mountinfo").read_text()
    for _ in range(100):  # the last of them end a moment after the first
        left = [p for p in (pid, *quiet) if Path(f"/proc/{p}").exists()]
        if not left:
            break
        time.sleep(0.1)
    assert not left


GRADER = """
import sys, threading
from autograder.box.execute import Cell, execute
from autograder.box.kernel import Template
from autograder.box.sandbox import Limits
template = Template(cold=sys.argv[1] == "cold")
daemon = "import os\\nif os.fork() == 0: os.setsid()\\nwhile True: pass"
cells = [Cell("pass"), Cell(daemon)]
arguments = cells, template, {}, {}, Limits()
threading.Thread(target=execute, args=arguments, daemon=True).start()
print(template.box.folder, flush=True)
threading.Event().wait()
"""


@pytest.mark.parametrize("kind", ["warm", "cold"])
def test_a_grader_that_is_killed_leaves_no_process_and_the_next_one_tidies_up(kind):
    need(sandbox.why_not() is None, sandbox.why_not())
    need(kind == "cold" or sandbox.warm(), "namespaces inside bubblewrap")
    command = [sys.executable, "-c", GRADER, kind]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as grader:
        try:
            folder = Path(grader.stdout.readline().decode().strip())
            for _ in range(300):  # until the student's own child is there
                running = started_by(grader.pid)
                if busy := sum(map(is_busy, running)) >= 2:
                    break
                time.sleep(0.1)
        finally:
            grader.kill()
    assert busy and folder.is_dir()
    for _ in range(100):
        left = [pid for pid in running if Path(f"/proc/{pid}").exists()]
        if not left:
            break
        time.sleep(0.1)
    assert not left
    sandbox.Box().close()
    assert not folder.exists()


def is_busy(pid):
    """Whether a process has computed for a while, or is doing so."""
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "R"
        )
    except OSError:
        return False


def test_a_folder_that_is_in_use_is_not_tidied_up():
    with sandbox.Box() as living, sandbox.Box() as other:
        assert living.folder.exists() and (living.folder / "code" / "gpt").is_dir()
        other.close()
        other.close()
        assert living.folder.exists() and not other.folder.exists()


def test_graders_that_start_at_once_do_not_tidy_up_each_other():
    def start(_):
        box = sandbox.Box()
        for _ in range(3):
            sandbox._sweep()
        return box

    with ThreadPoolExecutor(8) as threads:
        boxes = list(threads.map(start, range(40)))
    there = [box.folder.exists() and any(box.folder.iterdir()) for box in boxes]
    for box in boxes:
        box.close()
    assert all(there) and len({box.folder for box in boxes}) == 40
    assert not any(box.folder.exists() for box in boxes)


def test_a_folder_of_the_same_name_that_is_no_grader_s_stays(tmp_path, monkeypatch):
    """A link, a file, and what a link leads to."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    (tmp_path / "gpt-link").symlink_to(tmp_path / "other")
    (tmp_path / "gpt-file").touch()
    (tmp_path / "gpt-dead").mkdir()
    sandbox.Box().close()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["gpt-file", "gpt-link", "other"]
    assert (tmp_path / "other" / "file").exists()


def test_where_forks_are_not_possible_kernels_start_cold(monkeypatch):
    need(sandbox.why_not() is None, sandbox.why_not())
    real = sandbox._why_not
    monkeypatch.setattr(
        sandbox, "_why_not", lambda user, cold=False: None if cold else "no"
    )
    assert sandbox.why_not() is None and not sandbox.warm()
    with Template() as template:
        assert template.cold and template.process.poll() is None
        (cell,) = run(template, "import os; assert os.getpid() == 1; 1 / 0")
        assert cell.error == "ZeroDivisionError"
    monkeypatch.setattr(sandbox, "_why_not", lambda user, cold=False: "no")
    assert sandbox.why_not() == "no"
    assert real(os.geteuid()) is None or real(os.geteuid(), cold=True) is None


def test_where_the_template_has_threads_kernels_start_cold(monkeypatch):
    need(sandbox.why_not() is None and sandbox.warm(), "namespaces inside bubblewrap")
    real = sandbox._lay_out

    def with_a_thread(code):
        real(code)
        with (code / "gpt" / "model.py").open("a") as file:
            file.write("\nimport threading, time\n")
            file.write("threading.Thread(target=time.sleep, args=(99,)).start()\n")

    monkeypatch.setattr(sandbox, "_lay_out", with_a_thread)
    with Template() as template:
        assert template.cold
        (cell,) = run(template, "1 / 0")
        assert cell.error == "ZeroDivisionError"


def as_an_ordinary_user(stash):
    """In a new process of root's: show what is needed to everybody, and be nobody.

    The interpreter and this repository may lie where only root can go (/root).
    """
    linux.call("unshare", linux.NEWNS)
    linux.mount(None, "/", None, linux.REC | linux.PRIVATE)
    places = {stash / str(n): p for n, p in enumerate([*sandbox._prefixes(), ROOT])}
    for kept, place in places.items():
        kept.mkdir()
        linux.mount(str(place), str(kept), None, linux.BIND | linux.REC)
    for place in places.values():
        for folder in reversed(place.parents):
            if not folder.stat().st_mode & 1:
                linux.mount("tmpfs", str(folder), "tmpfs", 0, "mode=755")
                break
    for kept, place in places.items():
        place.mkdir(parents=True, exist_ok=True)
        linux.mount(str(kept), str(place), None, linux.BIND | linux.REC)
    os.setgroups([])
    os.setgid(12345)
    os.setuid(12345)


def test_the_box_holds_for_an_ordinary_user_too(tmp_path):
    if os.geteuid():
        pytest.skip(
            "all of this run is an ordinary user's, so every test here shows it"
        )
    need(sandbox.warm(), "namespaces inside bubblewrap")
    some = "warm and (privilege or written or other_process or killed)"
    options = ["-q", "--noconftest", "-p", "no:cacheprovider", "-k", some]
    ours = {
        "HOME": "/nonexistent",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, __file__],
        cwd=ROOT,
        env=os.environ | ours,
        preexec_fn=lambda: as_an_ordinary_user(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert re.search(r"\n4 passed, \d+ deselected", done.stdout), done.stdout


def test_without_a_sandbox_grading_refuses_in_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("autograder.classroom.course.asked", lambda *_: ["ada"])
    sandbox._why_not.cache_clear()
    try:
        with pytest.raises(ValueError, match="apt install bubblewrap.*--no-sandbox"):
            Template()
        with pytest.raises(ValueError, match="apt install bubblewrap"):
            grade.grade("tokenize")
    finally:
        sandbox._why_not.cache_clear()


def test_code_that_is_trusted_runs_without_one():
    with Template(sandboxed=False) as template:
        fonts = "import os; assert os.environ['MPLCONFIGDIR'] == os.environ['HOME']"
        ours = resource.getrlimit(resource.RLIMIT_NPROC)  # all that we run counts
        many = f"import resource; assert resource.getrlimit(resource.RLIMIT_NPROC) == {ours}"
        cells = run(template, "x = 1", "assert x == 2", fonts, many, files={"a": b"1"})
        assert [cell.error for cell in cells] == [None, "AssertionError", None, None]
        folder = template.box.folder
    assert not folder.exists()


def test_a_template_that_died_is_made_anew():
    need(sandbox.why_not() is None, sandbox.why_not())
    first = preprocessors.template()
    assert preprocessors.template() is first
    first.process.kill()
    first.process.wait()
    second = preprocessors.template()
    assert second is not first
    (cell,) = run(second, "1 / 0")
    assert cell.error == "ZeroDivisionError"
