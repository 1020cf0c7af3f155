"""Lists of names: of libraries, and of all by which code reaches what it does not name."""

from __future__ import annotations

import re
import sys

COMPUTED = "a computed name"  # getattr of something that is no plain string
FILE = "a module of its own"  # a file beside the notebook, which is not looked at
PATCH = "a patch of a library"  # another meaning for a name in it
EXPANDED = "a line that is made when it runs"  # %time x = {y}
SHELL = "the shell"  # get_ipython() for more than a magic
# Magics that run what is not in the notebook, or bring it in.
SCRIPTS = (
    *(
        "%run",
        "%load",
        "%loadpy",
        "%rerun",
        "%macro",
        "%rep",
        "%recall",
        "%edit",
        "%ed",
    ),
    *("%paste", "%cpaste", "%alias_magic", "%autocall"),
)
LOADERS = ("%load_ext", "%reload_ext")
HARMLESS = ("autoreload", "storemagic")  # extensions that come with IPython
REBIND = frozenset(
    (
        *("exec", "autograder", "globals", "setattr", "__main__", "unittest.mock"),
        *("IPython.core.interactiveshell", "IPython.core.getipython", "ipykernel"),
        *(".__code__", ".user_ns", SHELL, PATCH, EXPANDED, *SCRIPTS, *LOADERS),
    )
)
LONGEST = 200  # characters of a name that is looked for
# What takes a name as text, and which of its arguments that is (None: each of them).
BY_NAME = {
    "getattr": 1,
    "getattr_static": 1,
    "attrgetter": None,
    "methodcaller": 0,
    "import_module": 0,
    "__import__": 0,
    "__getattribute__": -1,
    "__getattr__": -1,
}
HOLDERS = ("vars", "globals", "locals", "__dict__", "modules")  # of what has a name
TIMERS = ("time", "timeit", "prun", "memit", "mprun", "lprun")
EXPANSION = re.compile(
    r"\{\w+\}|\$\w"
)  # which IPython replaces by what a name stands for
# What is odd where it is not just called.
ODD = {"get_ipython": SHELL, **dict.fromkeys(BY_NAME, COMPUTED)}
MAGICS = ("run_line_magic", "run_cell_magic", "system", "getoutput")
# What runs text as code.
RUNNERS = frozenset(
    (
        *("exec", "eval", "compile", "timeit", "repeat", "Timer", "run", "runctx"),
        *("run_cell", "run_code", "ex", "ev", "runsource", "runcode", "push"),
    )
)
# What changes the thing that it is called on, or that is its first argument.
CHANGERS = frozenset(
    (
        *("append", "appendleft", "extend", "extendleft", "insert", "add", "update"),
        *("setdefault", "push", "put", "put_nowait", "heappush", "insort", "register"),
        *("__setitem__", "__iadd__", "__ior__", "setitem", "iadd", "ior", "iconcat"),
        *(
            "__setattr__",
            "setattr",
            "__init__",
            "__setstate__",
            "send",
            "set",
            "copyto",
        ),
    )
)


# What code may come from beside the libraries that a notebook of this course can have.
KNOWN = frozenset(sys.stdlib_module_names) | {
    *(
        "IPython",
        "autograder",
        "gpt",
        "google",
        "matplotlib",
        "mpl_toolkits",
        "nbformat",
    ),
    *("numpy", "pandas", "regex", "safetensors", "scipy", "sklearn", "tiktoken"),
    *("tokenizers", "torch", "tqdm", "transformers", "typing_extensions"),
}
# Names by which Python code reaches what it does not name. They deserve a human's look.
DYNAMIC = (
    *("IPython.core.interactiveshell", "IPython.core.getipython", "ipykernel"),
    *(
        "__builtins__",
        "__import__",
        "importlib",
        "exec",
        "eval",
        "compile",
        "sys.modules",
        ".modules",
    ),
    *("autograder", "globals", "vars", "setattr", "__main__", ".__dict__", ".__code__"),
    *(".__globals__", ".__builtins__", "builtins", ".user_ns", "sys._getframe", "gc"),
    *("ctypes", COMPUTED, FILE, SHELL, PATCH, EXPANDED, *SCRIPTS, *LOADERS),
    # What makes a function of bytes or text, finds one, or lets another process work.
    *("pickle", "marshal", "copyreg", "shelve", "dill", "cloudpickle", "joblib"),
    *("torch.load", "numpy.load", ".read_pickle", "types.FunctionType"),
    *("types.LambdaType", "types.CodeType", "types.MethodType", "inspect", "runpy"),
    *("codeop", "code.InteractiveInterpreter", "code.InteractiveConsole", "pydoc"),
    *(
        "pkgutil",
        "unittest.mock",
        "logging.config",
        ".get_field",
        "subprocess",
        "os.system",
    ),
    *("os.popen", "multiprocessing", "torch.library", "torch.ops", "torch._C"),
    *("torch._refs", "torch._decomp", "torch._dynamo", "torch.overrides", "torch.fx"),
    *("torch.jit", "torch.package", "torch.export", "torch.utils.cpp_extension"),
    *(".__subclasses__", ".__mro__", ".__base__", ".__bases__", ".__closure__"),
    *(".__self__", ".__reduce__", ".__reduce_ex__", ".__setstate__", ".__setattr__"),
    *(".f_globals", ".f_locals", ".f_back", ".gi_frame", ".tb_frame"),
)
# What is as good as a name that a step forbids, though its text does not name it.
KIN = {
    "torch.distributions": ".softmax",  # Categorical(logits=x).probs
    ".gumbel_softmax": ".softmax",
    ".cross_entropy": ".softmax",  # by its gradient
    ".CrossEntropyLoss": ".softmax",
    ".stages": "gpt.model",  # the course's own functions, in its model
    "._block": "gpt.model",
    "._run": "gpt.model",
}
# Libraries of which one sets what is no function.
SETTINGS = {".sys", ".warnings", ".os", ".logging", ".tqdm", ".matplotlib"}
