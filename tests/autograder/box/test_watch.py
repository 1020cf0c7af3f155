"""Is it noticed what a submission reaches for, and is honest work let be?"""

import pytest

from autograder.box import sandbox
from autograder.box.execute import Cell, execute
from autograder.box.kernel import Template
from autograder.box.sandbox import WORK, Limits
from autograder.box.template import CASES
from tests.need import need


@pytest.fixture(scope="module")
def template():
    need(sandbox.why_not() is None, sandbox.why_not())
    with Template() as found:
        yield found


def reached(template, *sources):
    """What each cell reached for; an error of its own is no matter."""
    cells = [Cell(source) for source in sources]
    execute(cells, template, {CASES: b"hidden", "mine.txt": b"mine"}, {}, Limits())
    assert not [cell.died for cell in cells if cell.died]
    return [cell.reached for cell in cells]


ATTEMPTS = {
    "files": [
        "open('/home/teacher/gradebook.db')",
        "open('../../../seed')",
        "import tempfile; open(f'{tempfile.gettempdir()}/other/seed')",
        "import os; os.listdir(os.path.abspath('../other'))",
        "import os; os.listdir('..')",
        "open('sub/../../seed')",
        "import os; os.listdir('/')",
        "import os; list(os.walk('../..'))",
        "from pathlib import Path; Path('/opt/course/solutions').iterdir().__next__()",
        "import glob; glob.glob('/opt/course/autograder/checks/*')",
        "open('/opt/course/autograder/checks/attend/attend.py')",
        "import os; os.listdir('/opt/course/autograder/classroom')",
        "open('/proc/self/environ')",
        "open(f'/proc/{1}/cmdline')",
        "import os; os.listdir('/proc/self/fd')",
        "open('/etc/passwd')",
        "import sqlite3; sqlite3.connect('/home/teacher/gradebook.db')",
        "import autograder.check as c; open(c.__file__, 'a')",
        "import os; os.open('/usr/lib/x', os.O_CREAT | os.O_WRONLY)",
        "!cat /home/teacher/gradebook.db",
        "%%bash\ncat ../../seed",
        "%%!\ncat ../../seed",
        "%%sx\ncat ../../seed",
        "%%script sh\ncat ../../seed",
        "import os; os.system('head -1 </proc/1/environ')",
        "import subprocess; subprocess.run(['cat', '/proc/1/environ'])",
        "async def f(): open('/seed')\nawait f()",
        "import threading\nt = threading.Thread(target=open, args=['/seed'])\nt.start()\nt.join()",
    ],
    "network": [
        "import socket; socket.create_connection(('127.0.0.1', 9), 1)",
        "import socket; socket.socket().connect(('1.1.1.1', 53))",
        "import socket; socket.gethostbyname('example.com')",
        "import socket\ns = socket.socket(type=socket.SOCK_DGRAM)\ns.sendto(b'x', ('1.1.1.1', 9))",
        "import urllib.request; urllib.request.urlopen('http://example.com')",
        "!curl example.com",
    ],
    "inputs": [
        "import os; open(os.environ['GPT_CASES'], 'rb')",
        "from pathlib import Path; Path('cases.safetensors').read_bytes()",
        "open('check.py', 'w').write('a = open(\"cases.safetensors\", \"rb\")')\nimport check",
        "import numpy as np; np.fromfile('cases.safetensors', np.uint8)",
    ],
    "memory": [
        "import sys; sys._getframe()",
        "import inspect; inspect.currentframe()",
        "import inspect; inspect.stack()",
        "import gc; gc.get_objects()",
        "import gc; gc.get_referrers(gc)",
        "import sys; sys._current_frames()",
        "import ctypes; ctypes.CDLL(None)",
        "exec('import sys; sys._getframe()')",
        "open('mine.py', 'w').write('import sys; sys._getframe()')\nimport mine",
    ],
}


@pytest.mark.parametrize("kind", ATTEMPTS)
def test_what_is_not_its_own_is_noticed(template, kind):
    found = reached(template, *ATTEMPTS[kind])
    expected = [kind]
    told = dict(zip(ATTEMPTS[kind], found, strict=True))
    assert {source: kinds for source, kinds in told.items() if kinds != expected} == {}


HONEST = [
    "open('mine.txt').read(); open('notes.txt', 'w').write('x')",
    "import os; os.makedirs('plots/a'); os.listdir(); list(os.walk('.'))",
    f"import os; os.chdir('plots/a'); open('b', 'w'); open('{WORK}/mine.txt')",
    f"import os; os.chdir('{WORK}')",
    "import tempfile; a = tempfile.gettempdir() + '/a'; open(a, 'w'); open(a).read()",
    "%%python3\nprint(4 / 2 // 1)",
    "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1 / 2)'])",
    "import tempfile; tempfile.NamedTemporaryFile().write(b'x'); tempfile.mkdtemp()",
    "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.title('é $x^2$'); plt.savefig('a.png')",
    "import torch; torch.save([torch.ones(2)], 'a.pt'); torch.load('a.pt')",
    "import numpy as np; np.save('a.npy', np.ones(2)); np.load('a.npy')",
    "from collections import namedtuple; P = namedtuple('P', 'a b'); P(1, 2)",
    "import dataclasses\n@dataclasses.dataclass\nclass A:\n    a: int = 1",
    "import warnings; warnings.warn('mind')",
    "import logging; logging.warning('mind')",
    "import inspect\ndef f(): return 1\ninspect.getsource(f), inspect.signature(f)",
    "import copy; copy.deepcopy([[1]] * 9); id(copy)",
    "import pickle; pickle.loads(pickle.dumps([1]))",
    "import platform; platform.platform(), platform.processor(), platform.node()",
    "import os; os.cpu_count(), os.environ.get('HOME'), os.environ.setdefault('A', 'b')",
    "import torch; torch.cuda.is_available(), torch.get_num_threads()",
    "import gpt.model, gpt.world; m = gpt.model.load(); gpt.world.entropy()",
    "from gpt.model import load; load('gpt2')",
    "from torch.utils.data import DataLoader; list(DataLoader(range(4), num_workers=1))",
    "import multiprocessing as mp\nwith mp.Pool(1) as pool: pool.map(abs, [1, 2])",
    "import asyncio; await asyncio.sleep(0.01)",
    "import asyncio; p = await asyncio.create_subprocess_exec('true'); await p.wait()",
    "import ssl, socket, urllib.request, http.client, mimetypes; mimetypes.guess_type('a.py')",
    "import subprocess; subprocess.run(['ls', '-l'])",
    "!ls; python --version",
    "%%bash\necho hello > file.txt\ncat file.txt",
    "%timeit -n1 -r1 pass",
    "import json, csv, sqlite3, unittest, doctest, pdb, decimal, tracemalloc, faulthandler",
    "import traceback; traceback.print_exc()",
    "import regex, tiktoken, safetensors.torch; regex.findall('a', 'aa')",
    "open('/proc/cpuinfo').read(); open('/proc/self/status').read(); open('/dev/null')",
    "import random, secrets, uuid; uuid.uuid4(); secrets.token_hex(); random.seed()",
    "1 / 0",
    "from autograder.check import check\ncheck('softmax', len)",
    "def broken(:",
    "from IPython.display import HTML, Markdown, display; display(HTML('<b>a</b>'))",
    "get_ipython().run_line_magic('who', '')",
    "import locale, gettext, getpass, time, zoneinfo; zoneinfo.ZoneInfo('Europe/Berlin')",
    "import concurrent.futures as c\nwith c.ThreadPoolExecutor() as pool: list(pool.map(abs, [1]))",
    "import torch.nn as nn; nn.Linear(2, 2)(torch.ones(2)).sum().backward()",
    "?print",
    "help(len)",
]


def test_honest_work_is_let_be(template):
    told = dict(zip(HONEST, reached(template, *HONEST), strict=True))
    assert {source: kinds for source, kinds in told.items() if kinds} == {}


def test_it_is_told_with_the_cell_that_did_it(template):
    found = reached(template, "a = 1", "open('/seed')", "open('/seed')", "b = 2")
    assert found == [[], ["files"], ["files"], []]


def test_it_cannot_be_made_to_tell_anything_else(template):
    """A name of the student's own could carry a hidden input out."""
    spoil = "get_ipython().kernel.watch.told = lambda: "
    lies = "['secret', 'files', 5, [], {}]", "'secret files'", "None", "{'files': 1}"
    found = reached(template, *(spoil + lie for lie in lies))
    assert found == [["files"], [], [], []]
