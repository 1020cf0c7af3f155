"""Is what runs a submission a real kernel, fresh, quick, and counted?"""

import os
import platform
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.box import execute as execute_module
from autograder.box import sandbox
from autograder.box.execute import Cell, execute
from autograder.box.kernel import Template
from autograder.box.sandbox import Limits
from autograder.check import ANSWER
from tests.need import need


def run(template, *sources, limits=None, graded=False):
    """The cells, run; each knows how it ended."""
    cells = [Cell(source, graded) for source in sources]
    execute(cells, template, {}, {}, limits or Limits())
    return cells


def ended(cells):
    return [cell.died or cell.error for cell in cells]


HANDS_IN = (
    "from IPython.display import display\n"
    f"def hand_in(x): display({{{ANSWER!r}: x, 'text/plain': ''}}, raw=True)\n"
)


def test_it_is_ipython_with_its_magics_and_its_plots(template):
    cells = run(
        template,
        "x = !echo hello\nassert list(x) == ['hello']\n%timeit -n1 -r1 pass",
        "assert get_ipython().kernel.implementation == 'ipython'\n_ = await_me = 1",
        "import asyncio; await asyncio.sleep(0.01); y = 2",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])",
        "assert y == 2 and get_ipython().user_ns['x'] == ['hello']",
        "%reset -f",
        "x",
    )
    assert ended(cells) == [None] * 6 + ["NameError"]


def test_each_cell_is_transformed_once_and_anew(template):
    cells = run(
        template,
        "seen = []\ndef count(lines):\n    seen.append(1)\n"
        "    return [line.replace('NUMBER', str(len(seen))) for line in lines]\n"
        "get_ipython().input_transformers_cleanup.append(count)",
        "a = NUMBER",
        "a = NUMBER",
        "assert (a, NUMBER) == (2, 3)",
    )
    assert ended(cells) == [None] * 4


def test_a_cell_within_a_cell_is_not_taken_for_another(template):
    cells = run(
        template,
        "shell = get_ipython()\nshell.transform_cell('a = 1')\n"
        "shell.run_cell('%time b = 2')\nassert b == 2 and 'a' not in dir()",
        "shell.transform_cell('a = 1')",
        "%time c = 3",
        "assert c == 3 and 'a' not in dir()",
    )
    assert ended(cells) == [None] * 4


def test_what_a_kernel_needs_is_there_before_it_starts(template):
    """Else each would import it anew; a debugger, which costs the most, is not."""
    (cell,) = run(
        template,
        "import sys\nloaded = set(sys.modules)\n"
        "import matplotlib.pyplot, numpy.random, torch.nn.functional, IPython.display\n"
        "import ipykernel.zmqshell\n"
        "assert set(sys.modules) == loaded and 'debugpy' not in loaded",
    )
    assert ended([cell]) == [None]


def test_what_can_follow_in_a_story_is_known_before_it_starts(template):
    (cell,) = run(
        template,
        "from gpt import world\nknown = world.fork.cache_info().misses\n"
        "world.corpus(5000, seed=1)\nassert world.fork.cache_info().misses == known > 0",
    )
    assert ended([cell]) == [None]


def test_nobody_reads_a_traceback_so_none_is_written(template):
    cells = run(
        template,
        "import sys\nshell, told = get_ipython(), []\n"
        "shell._showtraceback = lambda *of: told.extend(of[2])\n"
        "loaded = set(sys.modules)",
        "1 / 0",
        "del shell._showtraceback\n"
        "assert ''.join(told).strip() == 'ZeroDivisionError: division by zero'\n"
        "assert set(sys.modules) == loaded",
    )
    assert ended(cells) == [None, None, None]
    (cell,) = run(template, "1 / 0")
    assert cell.error == "ZeroDivisionError"


def test_the_template_has_nothing_to_complain_of(template):
    run(template, "1 / 0")
    assert not select.select([template.process.stderr], [], [], 0)[0]


def test_its_own_work_is_done_in_one_thread(template):
    """Beside it are only the two of the message queue."""
    (cell,) = run(template, "import os\nassert len(os.listdir('/proc/self/task')) == 3")
    assert ended([cell]) == [None]


def test_a_templates_memory_lies_in_huge_pages():
    """So a fork copies a few page tables only; what the pages hold stays."""
    thp = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    known = (
        sys.platform == "linux" and thp.exists() and "[never]" not in thp.read_text()
    )
    release = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
    need(known and release >= (6, 1), "no Linux 6.1 with huge pages")
    source = """if True:
        from pathlib import Path
        from autograder.box import linux
        known = bytes(range(256)) * (1 << 16)
        held = bytearray(known)
        linux.collapse()
        assert held == known
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
        print(*[line.split()[1] for line in lines if line.startswith("AnonHuge")])
    """
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 16 << 10  # kB: all but the ends of two times 16 MB


def test_a_fork_knows_its_own_thread(template):
    """The C library keeps a thread's id; another thread's signal goes there."""
    (cell,) = run(
        template,
        "import signal, threading, time\nhit = []\n"
        "signal.signal(signal.SIGUSR1, lambda *_: hit.append(1))\n"
        "arguments = (threading.get_ident(), signal.SIGUSR1)\n"
        "t = threading.Thread(target=signal.pthread_kill, args=arguments)\n"
        "t.start(); t.join(); time.sleep(0.1)\nassert hit == [1]",
    )
    assert ended([cell]) == [None]


def test_where_a_box_does_not_close_no_kernel_starts_and_the_template_goes_on():
    need(sandbox.why_not() is None, sandbox.why_not())
    with Template() as template:
        with pytest.raises(RuntimeError, match="did not start"):
            run(template, "pass", limits=Limits(scratch_mb=-1))
        assert ended(run(template, "1 / 0")) == ["ZeroDivisionError"]


def test_prints_of_threads_and_children_break_nothing(template):
    (threads, children, pool, after) = run(
        template,
        "import threading\n"
        "ts = [threading.Thread(target=print, args=('x' * 9999,)) for _ in range(40)]\n"
        "[t.start() for t in ts]; [t.join() for t in ts]",
        "import os, time\n"
        "for _ in range(5):\n"
        "    if os.fork() == 0:\n"
        "        print('x' * 99999, flush=True)\n        os._exit(0)\n"
        "    assert os.wait()[1] == 0",
        "import multiprocessing as mp\n"
        "with mp.get_context('fork').Pool(2) as p: assert p.map(abs, [-1, -2]) == [1, 2]",
        "after = 1",
        limits=Limits(cell_seconds=20),
    )
    assert ended([threads, children, pool, after]) == [None] * 4


def test_what_a_cell_awaits_is_there_for_the_next(template):
    cells = run(
        template,
        "import asyncio\nawait asyncio.sleep(0.3)\na = 1",
        "assert a == 1\nasync def f(): return 2",
        "[x async for x in (await f(),)]",
        "%%time\nb = 1",
        "b = await f()\n%time pass",
        "assert b == 2\nawait f",
        "await asyncio.sleep(60)",
        "assert b == 2",
        "import time\nwhile 'await': time.sleep(1)",
        "b",
        limits=Limits(cell_seconds=1),
    )
    wanted = [None] * 2 + ["TypeError"] + [None] * 2 + ["TypeError", "Timeout", None]
    assert ended(cells) == [*wanted, "Timeout", None]


def count_requests(monkeypatch):
    asked, ask = [], execute_module._Kernel._ask
    monkeypatch.setattr(
        execute_module._Kernel,
        "_ask",
        lambda kernel, cells: asked.append(len(cells)) or ask(kernel, cells),
    )
    return asked


def test_it_need_not_wait_for_the_grader_between_cells(template, monkeypatch):
    asked = count_requests(monkeypatch)
    cells = run(template, *[HANDS_IN + "hand_in(1)"] * 9, "1 / 0", "2", graded=True)
    assert ended(cells) == [None] * 9 + ["ZeroDivisionError", None]
    assert asked == [11] and [cell.answers for cell in cells[:9]] == [[1]] * 9


def test_after_a_slow_cell_it_waits(template, monkeypatch):
    """The grader may be about to interrupt it, and would interrupt the next."""
    asked = count_requests(monkeypatch)
    slow = "import time; time.sleep(0.6)"
    cells = run(template, "a = 1", slow, "a", "a", limits=Limits(cell_seconds=1))
    assert ended(cells) == [None] * 4 and asked == [4, 2]


def test_a_cell_that_dies_takes_nothing_of_those_before_it_along(template, monkeypatch):
    """Not even where the kernel was far ahead of the grader, which reads slowly."""
    read = execute_module._Kernel._read
    slowly = lambda kernel, parts: time.sleep(0.02) or read(kernel, parts)
    monkeypatch.setattr(execute_module._Kernel, "_read", slowly)
    for death in ("import os; os._exit(0)", "import ctypes; ctypes.string_at(0)"):
        answers = [HANDS_IN + f"hand_in({n})" for n in range(9)]
        cells = run(template, *answers, death, *answers, graded=True)
        assert ended(cells) == [None] * 9 + ["the kernel died"] + [None] * 9
        del cells[9]
        assert [cell.answers for cell in cells] == [[n] for n in range(9)] * 2


def test_a_kernel_that_refuses_to_run_cells_is_not_asked_for_ever(
    template, monkeypatch
):
    asked = count_requests(monkeypatch)
    spoil = "def spoilt(*_): raise ValueError\nget_ipython().kernel.run = spoilt"
    cells = run(template, "1", spoil, "2", "3")
    assert ended(cells) == [None, None, "Error", "Error"] and asked == [4, 2, 1]


def test_an_interrupt_leaves_the_next_cell_a_kernel_that_answers(template):
    flood = HANDS_IN + "while True: display('x')"
    limits = Limits(cell_seconds=0.5, output_mb=64)
    cells = run(template, flood, HANDS_IN + "hand_in(1)", limits=limits, graded=True)
    assert ended(cells) == ["Timeout", None]
    assert cells[1].answers == [1]


def test_an_interrupt_comes_before_or_after_a_message_not_within(template):
    (cell,) = run(
        template,
        HANDS_IN + "import os, signal, zmq\nreal, armed = zmq.Socket.send, [1]\n"
        "def send(socket, data, flags=0, **how):\n"
        "    if flags & zmq.SNDMORE and armed:\n"
        "        armed.pop(); os.kill(os.getpid(), signal.SIGINT)\n"
        "    return real(socket, data, flags, **how)\n"
        "zmq.Socket.send = send\nhand_in(1)",
        graded=True,
    )
    assert (cell.error, cell.answers) == ("KeyboardInterrupt", [1])


def test_an_answer_counts_only_from_its_own_cell(template):
    late = (
        "kernel.session.send(kernel.iopub_socket, 'display_data', "
        f"{{'data': {{{ANSWER!r}: 3}}}}, parent=old)"
    )
    cells = [
        Cell(HANDS_IN + "hand_in(1)"),
        Cell("hand_in(2)", graded=True),
        Cell("kernel = get_ipython().kernel\nold = kernel.get_parent()"),
        Cell(late, graded=True),
    ]
    execute(cells, template, {}, {}, Limits())
    assert [cell.answers for cell in cells] == [[], [2], [], []]
    cells[2].source = "kernel = get_ipython().kernel"
    cells[3].source = "old = kernel.get_parent()\n" + late
    execute(cells[2:], template, {}, {}, Limits())
    assert cells[3].answers == [3]  # so this is how one is handed in


def test_of_many_answers_two_are_kept(template):
    """Enough to see that it is not one; and all but the first count as output."""
    source = HANDS_IN + "for _ in range(1000): hand_in('x' * 1000)"
    (cell,) = run(template, source, graded=True)
    assert len(cell.answers) == 2 and not cell.died
    source = HANDS_IN + "hand_in('x' * 3_000_000)\nhand_in('x' * 3_000_000)"
    (cell,) = run(template, source, limits=Limits(output_mb=2), graded=True)
    assert "more than 2 MB of output" in cell.died
    (cell,) = run(template, source[:-24], limits=Limits(output_mb=2), graded=True)
    assert not cell.died and len(cell.answers[0]) == 3_000_000


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_what_is_printed_is_counted_and_not_sent(template, monkeypatch, stream):
    read, kinds = execute_module._Kernel._read, []

    def reading(self, parts):
        message = read(self, parts)
        kinds.append(message["type"])
        return message

    monkeypatch.setattr(execute_module._Kernel, "_read", reading)
    limits = Limits(output_mb=2)
    prints = f"import sys\nfor _ in range(%d): print('x' * 99_999, file=sys.{stream})"
    little, much = prints % 15, prints % 90
    first, second = run(template, little, little, limits=limits)
    assert not first.died and "more than 2 MB of output" in second.died
    (endless,) = run(template, much + "\nwhile True: pass", limits=limits)
    assert "more than 2 MB of output" in endless.died  # before it is done
    assert "stream" not in kinds and "status" in kinds


def test_no_message_is_lost_where_the_grader_is_slow(template, monkeypatch):
    def slowly(kernel, parts, read=execute_module._Kernel._read):
        time.sleep(0.002)
        return read(kernel, parts)

    monkeypatch.setattr(execute_module._Kernel, "_read", slowly)
    source = HANDS_IN + "for _ in range(1500): display(1)\nhand_in('last')"
    (cell,) = run(template, source, graded=True)
    assert cell.answers == ["last"]


def test_a_message_that_is_not_signed_does_not_count(template):
    forge = (
        "session = get_ipython().kernel.session\n"
        "session.key = b'another'\nhand_in('forged')\n"
    )
    cells = run(
        template,
        HANDS_IN + forge,
        HANDS_IN + "hand_in(1)",
        limits=Limits(cell_seconds=1),
        graded=True,
    )
    assert cells[0].answers == [] and cells[0].died
    assert cells[1].answers == [1]


STRANGE = """
import json
session, publish = (get_ipython().kernel.session, get_ipython().kernel.iopub_socket)
def say(header=session.msg_header("error"), parent={}, content={}):
    parts = (header, parent, {}, content)
    parts = [json.dumps(part, default=str).encode() for part in parts]
    publish.send_multipart([b"<IDS|MSG>", session.sign(parts), *parts])
mine = get_ipython().kernel.get_parent()["header"]
"""


@pytest.mark.parametrize(
    "how",
    [
        *("say(parent=[1])", "say(parent='x')", "say(header=[])", "say([1], mine)"),
        *("say(parent=mine, content=[1])", "say(parent=mine, content={'ename': [[]]})"),
        "say({'msg_type': 'status'}, mine, {'execution_state': []})",
        "publish.send_multipart([b'<IDS|MSG>'])",
        "publish.send_multipart([b'x'] * 1000)",
    ],
)
def test_a_message_of_a_strange_shape_does_no_harm(template, how):
    """All that a kernel says is the student's to say."""
    cells = run(template, STRANGE + how, "1 / 0", graded=True)
    assert cells[0].died is None and cells[0].error in (None, "Error")
    assert cells[1].error == "ZeroDivisionError"


def test_the_computing_of_all_that_it_starts_is_counted(template):
    def cpu(*sources):
        return execute([Cell(s) for s in sources], template, {}, {}, Limits())

    busy = "import time\nwhile time.process_time() < 1: pass"
    child = (
        f"import os\nif os.fork() == 0:\n    {busy[12:]}\n    os._exit(0)\nos.wait()"
    )
    nothing = cpu("pass")
    assert 0 < nothing < 1
    assert cpu(busy) >= 1
    assert cpu("import time\n" + child) >= 1
    assert cpu(busy, "import os; os._exit(1)", "2") >= 2  # twice: a second kernel


def test_a_kernel_is_told_from_the_next(template):
    source = (
        HANDS_IN + "session = get_ipython().kernel.session\n"
        "hand_in([session.session, session.key.decode()])"
    )
    said = [run(template, source, graded=True)[0].answers[0] for _ in range(2)]
    assert said[0][0] != said[1][0] and said[0][1] != said[1][1]


def test_the_grader_keeps_nothing_open(template):
    run(template, "pass")
    time.sleep(1)  # what is closed is closed a moment later
    before = len(os.listdir("/proc/self/fd"))
    for source in ("pass", "import os; os._exit(1)", "print('x' * 100_000_000)"):
        run(template, source)
    for _ in range(100):
        if len(os.listdir("/proc/self/fd")) <= before:
            return
        time.sleep(0.1)
    pytest.fail(f"{len(os.listdir('/proc/self/fd'))} open, before {before}")


def test_a_thread_that_is_about_to_end_keeps_no_template_from_forks():
    """Matplotlib's ends a moment after it has found the fonts."""
    code = (
        "import threading, time\n"
        "from autograder.box.template import _threads\n"
        "ended = threading.Event()\n"
        "threading.Thread(target=ended.wait, args=(0.3,)).start()\n"
        "assert _threads(30) == 1\n"
        "threading.Thread(target=ended.wait, args=(9,)).start()\n"
        "assert _threads(0.1) == 2\n"
        "ended.set()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
