"""Honest work that looks unusual: it earns all that it should, and flags nothing."""

from tests.autograder.hostile.item import ALL, Item, family
from tests.autograder.hostile.theft import thief

ITEMS = family(
    "honest",
    Item("as taught", "every point", solved=ALL, flagged=False),
    Item(
        "warnings on stderr",
        "every point: a warning is no mistake",
        solved=ALL,
        flagged=False,
        code="""
import sys, warnings, logging
warnings.warn("only a warning")
logging.getLogger().error("and an error that is logged")
print("only a line", file=sys.stderr)
""",
    ),
    Item(
        "warnings in the function",
        "every point: what a function warns of is not wrong",
        solved=ALL,
        flagged=False,
        instead=(
            """
def average_past(x):
    import sys, warnings
    warnings.warn("slow")
    print("averaging", file=sys.stderr)
    print("averaging")
    return torch.stack([x[: t + 1].mean(0) for t in range(len(x))])
""",
        ),
    ),
    Item(
        "progress bars",
        "every point: a bar writes a hundred lines to stderr",
        "from tqdm.auto import tqdm\nimport time\n"
        "for _ in tqdm(range(200)):\n    time.sleep(0.001)",
        solved=ALL,
        flagged=False,
    ),
    Item(
        "slow but inside the limit",
        "every point: two seconds are not too many",
        "import time\ntime.sleep(2)",
        solved=ALL,
        flagged=False,
    ),
    Item(
        "extra imports",
        "every point: other libraries may be looked at",
        "import collections, functools, itertools, json, math, random, re, string\n"
        "import matplotlib.pyplot as plt\nimport numpy as np\nplt.plot(np.arange(5))\n"
        "plt.savefig('mine.png'); plt.show()",
        solved=ALL,
        flagged=False,
    ),
    Item(
        "a CUDA guard",
        "every point: there is no GPU here, and the code asks first",
        """
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.set_default_device(device)
if torch.cuda.is_available():
    torch.cuda.synchronize()
""",
        solved=ALL,
        flagged=False,
    ),
    Item(
        "a CUDA call without a guard",
        "its own cell fails, and nothing else",
        "torch.zeros(3).cuda()",
        solved=ALL,
        flagged=False,
    ),
    Item(
        "an error in scratch work",
        "its own cell fails, and nothing else",
        "1 / 0",
        solved=ALL,
        flagged=False,
    ),
    Item(
        "a plot and a table",
        "every point: what a cell displays costs nothing",
        """
from IPython.display import HTML, display
display(HTML("<b>bold</b>"), {"a": torch.arange(1000)})
heat(torch.rand(20, 20), range(20), range(20))
""",
        solved=ALL,
        flagged=False,
    ),
    Item(
        "random state and default settings",
        "every point: seeds and print options are one's own",
        "torch.manual_seed(0); torch.set_printoptions(precision=2)\n"
        "import random; random.seed(1)\n_ = torch.set_grad_enabled(False)",
        solved=ALL,
        flagged=False,
    ),
    Item(
        "magics",
        "every point: the time of a cell, a shell command, a directory",
        "%time x = 1\n%timeit -n1 -r1 x + 1\n!echo hello\n%pwd\n%matplotlib inline",
        solved=ALL,
        flagged=False,
    ),
    Item(
        "a cell of bash",
        "every point: a command of one's own",
        "%%bash\nls -la\npython3 --version || true",
        solved=ALL,
        flagged=False,
    ),
    Item(
        "threads and processes of one's own",
        "every point: numpy and torch make some, too",
        """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    list(pool.map(lambda n: torch.rand(50, 50) @ torch.rand(50, 50), range(50)))
torch.set_num_threads(2)
""",
        solved=ALL,
        flagged=False,
    ),
    Item(
        "much on the real stderr",
        "every point: what libraries of C write goes another way",
        "import os\nfor _ in range(40):\n    os.write(2, b'x' * 5000)\n"
        "os.system('head -c 200000 /dev/zero >&2')",
        solved=ALL,
        flagged=False,
    ),
    Item(
        "files beside the notebook",
        "every point: data and a picture are handed in, too",
        "assert open('data.txt').read() == 'mine'",
        files={"data.txt": b"mine", "picture of me.png": b"\x89PNG" * 100},
        solved=ALL,
        flagged=False,
    ),
    Item(
        "helpers and lambdas",
        "every point: solved in another way",
        solved=ALL,
        flagged=False,
        instead=(
            """
def softmax(scores):
    shifted = scores - scores.amax(-1, keepdim=True)
    return shifted.exp() / shifted.exp().sum(-1, keepdim=True)
""",
            """
def merge_heads(x):
    return torch.cat([x[..., h, :, :] for h in range(x.shape[-3])], dim=-1)
""",
        ),
    ),
    Item(
        "names that are elsewhere, too",
        "every point: a parameter, a field or an attribute is one's own",
        """
%load_ext autoreload
%autoreload 2
from dataclasses import dataclass
from torch import exp, softmax as theirs
end, p, w = theirs(torch.zeros(3), -1)
@dataclass
class Row:
    end: torch.Tensor
    p: float = 1.0
    def largest(self, w=None):
        return max(self.end.tolist(), key=lambda end: end * self.p)
class Shares:
    def softmax(self, end):
        powers = [exp(p - Row(p).largest()) for p in end]
        return torch.stack([w / w.sum() for w in powers])
    def of(self, end):
        return self.softmax(end)
""",
        at="softmax",
        solved=ALL,
        flagged=False,
        instead=(
            """
def softmax(scores):
    shape, shares = scores.shape, Shares()
    rows = scores.reshape(-1, shape[-1])
    return shares.softmax(rows).reshape(shape) if len(rows) else scores
""",
        ),
    ),
    Item(
        "compiled",
        "every point: a compiled function has the same numbers",
        "compiled = torch.compile(lambda x: x + 1, dynamic=True)\ncompiled(torch.ones(3))",
        solved=ALL,
        flagged=False,
        instead=(
            """
@torch.compile
def softmax(scores):
    shifted = scores - scores.amax(-1, keepdim=True)
    return shifted.exp() / shifted.exp().sum(-1, keepdim=True)
""",
            """
@torch.compile(fullgraph=True, mode="reduce-overhead")
def merge_heads(x):
    return torch.cat([x[..., h, :, :] for h in range(x.shape[-3])], dim=-1)
""",
        ),
    ),
    Item(
        "with gradients",
        "every point: a tensor that asks for a gradient has the same numbers",
        "import autograder.check as c\nkeep = c._hand_in\n"
        "w = torch.ones(1, requires_grad=True)\n"
        "c._hand_in = lambda n, f, file: keep(n, lambda *a: f(*a) * w, file)",
        solved=ALL,
    ),
    Item(
        "half finished",
        "the points of the first four steps",
        solved=("average_past", "averaging_weights", "softmax", "scores"),
        flagged=False,
    ),
    Item("untouched", "no points and no flag", flagged=False),
    thief(
        "a thief that finds something",
        "it is seen, so a thief that earns nothing has found nothing",
        "leak(hidden)",
        solved=("average_past",),
        flagged=False,
    ),
)
