"""Can a submission's code see, reach or use up what is not its own?

Each attempt runs in a real box, next to nothing that is mocked; what it finds out, it
tells by the type of the error that it raises.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from autograder import grade, preprocessors, sandbox
from autograder.execute import Cell, execute
from autograder.kernel import Limits, Template
from tests.need import need

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def template():
    problem = sandbox.why_not()
    need(problem is None, problem)
    with Template() as made:
        yield made


def run(template, *sources, limits=None, files=None):
    """The cells, run; each knows how it ended."""
    cells = [Cell(source) for source in sources]
    execute(cells, template, files or {}, {}, limits or Limits())
    return cells


def finds(template, code, **how):
    """Whether the expression is true inside a box."""
    (cell,) = run(template, f"import os, sys\nassert not ({code})", **how)
    assert cell.error in (None, "AssertionError"), cell
    assert not cell.died, cell
    return cell.error == "AssertionError"


def test_the_question_can_be_answered_both_ways(template):
    assert finds(template, "1 + 1 == 2")
    assert not finds(template, "1 + 1 == 3")


def test_it_runs_where_an_event_loop_is_running(template):
    """As in JupyterLab's server, from which formgrader grades."""

    async def server():
        return finds(template, "1 + 1 == 2")

    with ThreadPoolExecutor(1) as thread:  # there may be a loop in this one
        assert thread.submit(asyncio.run, server()).result()


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "solutions",
        ROOT / "exercises",
        ROOT / "tests",
        ROOT / ".git",
        ROOT / "nbgrader_config.py",
        ROOT / "autograder" / "checks",
        ROOT / "autograder" / "bank.py",
        ROOT / "autograder" / "judge.py",
        ROOT / "autograder" / "classes",
        Path.home() / ".bashrc",
        Path("/etc/passwd"),
        Path("/etc/shadow"),
        Path("/run"),
        Path("/var"),
        Path("/sys/kernel"),
    ],
)
def test_what_is_not_the_student_s_is_not_there(template, path):
    assert not finds(template, f"os.path.exists({str(path)!r})")


def test_of_the_course_only_what_a_kernel_needs_is_there(template):
    shown = sorted(f"{name}.py" for name in sandbox.SHOWN)
    assert "judge.py" not in shown and "bank.py" not in shown
    assert finds(template, f"sorted(os.listdir('/opt/course/autograder')) == {shown}")
    assert finds(template, "sorted(os.listdir('/opt/course')) == ['autograder', 'gpt']")
    for name in ("checks", "judge", "bank", "preprocessors"):
        (cell,) = run(template, f"import autograder.{name}")
        assert cell.error == "ModuleNotFoundError", name


def test_what_a_notebook_needs_is_there(template):
    (cell,) = run(
        template,
        "import torch, numpy, regex, tiktoken, matplotlib\n"
        "from gpt.model import small\nfrom autograder.check import check\n"
        "model, tokenizer = small()\n"
        "assert model(torch.tensor([[1, 2]])).shape == (1, 2, 560)\n"
        "assert open('mine.txt').read() == 'hello'\n"
        "open('/tmp/work/new', 'w').write('x' * 1000)",
        files={"mine.txt": b"hello"},
    )
    assert (cell.error, cell.died) == (None, None)


def test_secrets_of_the_environment_stay_outside(template, monkeypatch):
    monkeypatch.setenv("GPT_TEST_SECRET", "secret")
    assert not finds(template, "'secret' in str(os.environ)")
    assert finds(template, "os.environ['HOME'] == '/tmp/home'")
    every = "b''.join(open(f'/proc/{p}/environ', 'rb').read() for p in ('self', '1'))"
    assert not finds(template, f"b'SECRET' in {every}")


def test_there_is_no_other_process(template):
    assert finds(template, "[p for p in os.listdir('/proc') if p.isdigit()] == ['1']")
    assert finds(template, "os.getpid() == 1 and os.getppid() == 0")


def test_there_is_no_network(template):
    assert finds(template, "open('/proc/net/dev').read().count(':') == 1")  # lo
    (cell,) = run(
        template,
        "import socket\nsocket.create_connection(('127.0.0.1', 22), timeout=2)",
        limits=Limits(cell_seconds=5),
    )
    assert cell.error in ("OSError", "ConnectionRefusedError")
    (cell,) = run(template, "import socket\nsocket.getaddrinfo('pypi.org', 80)")
    assert cell.error == "gaierror"


@pytest.mark.parametrize(
    "place",
    ["/usr", "/bin", "/", "/dev", "/opt/course/gpt", "/opt/environment", "/proc/1"],
)
def test_nothing_can_be_written_outside_the_scratch_folder(template, place):
    (cell,) = run(template, f"open({place + '/planted'!r}, 'w')")
    assert cell.error in ("OSError", "PermissionError", "FileNotFoundError")
    assert not Path(place, "planted").exists()


def test_there_is_no_privilege_and_no_way_to_one(template):
    status = "open('/proc/self/status').read()"
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert finds(template, f"'{name}:\\t0000000000000000' in {status}"), name
    assert finds(template, f"'NoNewPrivs:\\t1' in {status}")
    libc = "__import__('ctypes').CDLL(None)"
    for flag in ("0x10000000", "0x20000", "0x40000000"):  # user, mount, network
        assert finds(template, f"{libc}.unshare({flag}) == -1")
    assert finds(template, f"{libc}.mount(b'x', b'/tmp', b'tmpfs', 0, 0) == -1")
    assert finds(template, "os.getuid() not in (0, 65534)")


def test_a_sibling_cannot_be_seen_or_reached(template):
    """Two boxes at the same time; the first leaves a mark wherever it may write."""
    first = run(template, "open('/tmp/mark', 'w').write('x')\nopen('/dev/shm/m', 'w')")
    assert not first[0].error
    assert not finds(template, "os.path.exists('/tmp/mark')")
    assert not finds(template, "os.path.exists('/dev/shm/m')")


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
        "x = [bytearray(10**8) for _ in range(100)]",
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
    limits = Limits(cell_seconds=patience, memory_mb=1024)
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
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(c) for c in children}.union(*(started_by(c) for c in children))


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


def test_without_a_sandbox_grading_refuses_in_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
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
        cells = run(template, "x = 1", "assert x == 2", files={"a": b"1"})
        assert [cell.error for cell in cells] == [None, "AssertionError"]
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
