"""Notebooks and folders in disorder: graded as far as it goes, and nobody else suffers.

Where nothing can be read there are no points, and the instructor is told why.
"""

import json
import os
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from tests.autograder.hostile.item import (
    ALL,
    Item,
    family,
    find,
    grade_id,
    notebook,
    solutions,
)


def raw(name: str, hopes: str, content: bytes | str, **more) -> Item:
    """A file in a notebook's place that is none."""
    content = content if isinstance(content, bytes) else content.encode()
    return Item(name, hopes, raw=content, **({"flagged": True} | more))


def solved() -> dict:
    """A notebook as JSON, with every step solved."""
    found = json.loads(nbformat.writes(notebook(Item("", "", solved=ALL))))
    for cell in found["cells"]:
        cell["source"] = "".join(cell["source"])
    return found


def changed(name: str, hopes: str, change, **more) -> Item:
    """All is solved; `change` is done to the notebook's JSON, which may then be odd."""
    found = solved()
    found = change(found) or found
    content = json.dumps(found).encode()
    return Item(name, hopes, raw=content, **({"solved": ALL} | more))


def cells(notebook: dict, kind: str = "code") -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def every(**what):
    """A change of every cell."""

    def change(notebook):
        for cell in notebook["cells"]:
            cell.update(what)

    return change


def labels(**what):
    """A change of every cell's label."""

    def change(notebook):
        for cell in notebook["cells"]:
            if "nbgrader" in cell["metadata"]:
                cell["metadata"]["nbgrader"].update(what)

    return change


def metadata(**what):
    return lambda notebook: notebook["metadata"].update(what)


def top(**what):
    return lambda notebook: notebook.update(what)


def sources_as_lists(notebook):
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)


def odd_cells(notebook):
    """Among the cells some that are none."""
    notebook["cells"][3:3] = [None, 5, "cell", [], {}, {"cell_type": "code"}]
    notebook["cells"].append({"cell_type": "strange", "source": 5, "metadata": []})
    notebook["cells"].append(
        {"cell_type": "code", "source": {"a": 1}, "metadata": None}
    )


def version_3(notebook):
    worksheet = {"cells": []}
    for cell in notebook["cells"]:
        code = cell["cell_type"] == "code"
        text = {"input": cell["source"]} if code else {"source": cell["source"]}
        more = {"outputs": [], "language": "python", "collapsed": False} if code else {}
        kind = {"cell_type": cell["cell_type"], "metadata": cell["metadata"]}
        worksheet["cells"].append({**kind, **text, **more})
    return {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [worksheet],
    }


def duplicate_labels(notebook):
    notebook.cells += [nbformat.from_dict(dict(c)) for c in notebook.cells]


def duplicate_ids(notebook):
    for cell in notebook.cells:
        cell["id"] = "the-same"


def reverse(notebook):
    notebook.cells = notebook.cells[::-1]


def delete_set_up(notebook):
    notebook.cells = [
        c for c in notebook.cells if grade_id(c) not in ("imports", "given")
    ]


def delete_all(notebook):
    notebook.cells = []


def delete_checks(notebook):
    notebook.cells = [
        c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("grade")
    ]


def retype(notebook):
    """Checks become markdown, text becomes code."""
    for cell in notebook.cells:
        label = cell.metadata.get("nbgrader", {})
        if label.get("grade"):
            cell.cell_type = "markdown"
            cell.pop("outputs"), cell.pop("execution_count")


def rewrite(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = "raise SystemExit('no check today')"
            cell.metadata.nbgrader |= {"locked": False, "points": 0}


def reorder(notebook):
    """All checks first, before anything is defined."""
    graded = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
    rest = [c for c in notebook.cells if c not in graded]
    notebook.cells = [*graded, *rest]


def extra(notebook):
    for number in range(100):
        notebook.cells.insert(9, new_code_cell(f"x{number} = {number}"))
        notebook.cells.insert(9, new_markdown_cell("note"))
        notebook.cells.insert(9, new_raw_cell("raw"))


def pasted_in_one(notebook):
    """Everything in the first cell that is one's own; the others are empty."""
    every = "\n\n".join(solutions("attend").values())
    first = find(notebook, "write_average_past")
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = ""
    notebook.cells[first].source = every


def syntax_error(notebook):
    notebook.cells[
        find(notebook, "write_softmax")
    ].source = "def softmax(x:\n  return ("


def as_folder(folder: Path) -> None:
    path = folder / "attend.ipynb"
    path.unlink()
    path.mkdir()


def as_pipe(folder: Path) -> None:
    path = folder / "attend.ipynb"
    path.unlink()
    os.mkfifo(path)


def missing(folder: Path) -> None:
    (folder / "attend.ipynb").unlink()


def renamed(folder: Path) -> None:
    (folder / "attend.ipynb").rename(folder / "Attend (final 2).ipynb")


def in_a_copy(folder: Path) -> None:
    """The work is in a copy; the notebook itself is as it was released."""
    (folder / "attend.ipynb").rename(folder / "attend-Copy1.ipynb")
    (folder / "attend.ipynb").write_bytes(RELEASED)


def beside_a_rival(folder: Path) -> None:
    """Another notebook of the exercise, in which something else was written."""
    rival = (folder / "attend.ipynb").read_text("utf-8")
    rival = rival.replace("return", "raise SystemExit and")
    (folder / "attend-Copy1.ipynb").write_text(rival, encoding="utf-8")


def rivals(folder: Path) -> None:
    """Two that differ, and neither has the exercise's name."""
    beside_a_rival(folder)
    renamed(folder)


def bombs_beside(folder: Path) -> None:
    """Copies that take long to read, and more of them than are looked at."""
    for number in range(20):
        deep = b'{"cells": ' * 100_000 + b"[" * (number + 1)
        (folder / f"copy {number}.ipynb").write_bytes(deep)


def sparse_notebooks(folder: Path) -> None:
    for number in range(120):
        with (folder / f"{number}.ipynb").open("wb") as file:
            file.truncate(16 << 20)


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def odd_files(folder: Path) -> None:
    """Names that some program will stumble over."""
    for name in ("-rf", "a\nb", "$(touch x)", "..hidden", "ü\u202egnp.exe", "x" * 250):
        (folder / name).write_bytes(b"odd")
    (folder / os.fsdecode(b"\xff\xfe.txt")).write_bytes(b"odd")
    os.mkfifo(folder / "pipe.txt")
    deep = folder
    for _ in range(60):
        deep /= "deep"
    deep.mkdir(parents=True)


def many_files(folder: Path) -> None:
    for number in range(3000):
        (folder / f"{number}.txt").write_text("x")


def sparse_file(folder: Path) -> None:
    with (folder / "data.bin").open("wb") as file:
        file.truncate(2 << 30)


RELEASED = nbformat.writes(notebook(Item("", ""))).encode()

# What a program of the grader's may import or read where it stands.
TRAP = b"""
import os
open("@MARKER@", "a").write(__file__)
"""
TRAPS = (
    *("torch.py", "numpy.py", "autograder.py", "gpt.py", "json.py", "nbformat.py"),
    *("sitecustomize.py", "usercustomize.py", "conftest.py", "nbgrader_config.py"),
    *("ipython_config.py", "ipython_kernel_config.py", "jupyter_config.py"),
    *("jupyter_nbconvert_config.py", "safetensors.py", "IPython.py", "evil.pth"),
    *("profile_default/startup/0.py", ".ipython/profile_default/startup/0.py"),
    *("autograder/__init__.py", "autograder/check.py", "autograder/verdict/wire.py"),
    *("autograder/verdict/__init__.py", "torch/__init__.py"),
    *("gpt/__init__.py", "regex/__init__.py", "pyproject.toml", "setup.py"),
)

ITEMS = family(
    "broken",
    # --- no notebook --------------------------------------------------------------
    raw("bad JSON", "what cannot be read cannot be wrong", "{"),
    raw("not UTF-8", "the same, in bytes", b"\xff\xfe\x00{}"),
    raw("UTF-16", "another program's encoding", "{}".encode("utf-16")),
    raw("nothing", "an empty file", b""),
    raw("NULs", "a file of zeros", b"\0" * 10_000),
    raw("a zip", "a zip named as a notebook", b"PK\x03\x04" + b"\0" * 100),
    raw("a number", "JSON, but no notebook", b"5"),
    raw("a list", "JSON, but no notebook", b"[]"),
    raw("null", "JSON, but no notebook", b"null"),
    raw("an empty object", "a notebook without anything", b"{}"),
    raw("NaN", "JSON that is none", b"NaN"),
    raw("a page", "a web page saved under the notebook's name", "<html>log in</html>"),
    raw("a conflict", "a merge that was not finished", "<<<<<<< HEAD\n{}\n=======\n"),
    raw("deep brackets", "JSON nested 100,000 times", b"[" * 100_000 + b"]" * 100_000),
    raw(
        "deep objects",
        "and objects, with a notebook's own keys",
        b'{"cells":' * 50_000 + b"[]" + b"}" * 50_000,
    ),
    raw("a long number", "a number of a million digits", b"9" * 1_000_000),
    raw(
        "cells that are none",
        "cells that are a text, a number, an object",
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": "cells"}',
    ),
    raw(
        "thirty megabytes",
        "a notebook that takes an hour to read",
        json.dumps(
            {
                "nbformat": 4,
                "nbformat_minor": 5,
                "metadata": {},
                "cells": [
                    {"cell_type": "markdown", "source": "x" * 30_000_000, "metadata": {}}
                ],
            }
        ),
    ),
    raw(
        "a hundred thousand cells",
        "and one of very many cells",
        json.dumps(
            {
                "nbformat": 4,
                "nbformat_minor": 5,
                "metadata": {},
                "cells": [
                    {
                        "cell_type": "code",
                        "source": "",
                        "metadata": {},
                        "outputs": [],
                        "execution_count": None,
                    }
                ]
                * 100_000,
            }
        ),
    ),
    Item("a missing notebook", "nothing is there", build=missing, flagged=True),
    Item("another name", "the notebook has another name", build=renamed,
         solved=ALL, flagged=True),
    Item("work in a copy", "the notebook itself is as it was released", build=in_a_copy,
         solved=ALL, flagged=True),
    Item("a copy beside the work", "the grader takes the better one", build=beside_a_rival,
         solved=ALL, flagged=True),
    Item("two of other names", "the grader takes the better one", build=rivals, flagged=True),
    Item("bombs beside the work", "twenty copies that take long to read",
         build=bombs_beside, solved=ALL, flagged=True),
    Item("sparse notebooks", "two gigabytes of zeros that are nowhere on the disk",
         build=sparse_notebooks, solved=ALL, flagged=True),
    Item("an empty folder", "nothing at all is there", build=empty, flagged=True),
    Item("a folder as notebook", "it cannot be opened", build=as_folder, flagged=True),
    Item("a pipe as notebook", "who reads it waits for ever", build=as_pipe, flagged=True),
    # --- a notebook in another form: what is solved counts ---------------------------
    changed("sources as lists", "as nbformat has them on disk", sources_as_lists),
    Item("a byte order mark", "as Windows has it", solved=ALL,
         raw=b"\xef\xbb\xbf" + json.dumps(solved()).encode()),
    changed("format 4.0", "an old minor version", top(nbformat_minor=0)),
    changed("format 4.99", "a minor version to come", top(nbformat_minor=99)),
    changed("a minor version that is a text", "and one that is none", top(nbformat_minor="x")),
    changed("format 3", "ten years old", version_3),
    changed("extra keys", "keys that no notebook has", top(evil=[1] * 1000, cells_2=[])),
    changed("no metadata", "metadata that are missing", lambda nb: nb.pop("metadata") and None),
    changed("metadata of another type", "metadata that are a list", top(metadata=[])),
    changed(
        "a wrong kernelspec",
        "a kernel of the attacker's choice",
        metadata(kernelspec={"name": "bash", "display_name": "; rm -rf /", "language": "R"}),
    ),
    changed(
        "a kernelspec that is a text", "and one that is none", metadata(kernelspec="python3")
    ),
    changed(
        "languages and widgets",
        "metadata that a page shows",
        metadata(language_info=5, widgets={"a": [1]}, title="<script>", authors="me"),
    ),
    changed(
        "huge metadata",
        "five megabytes that everybody copies",
        metadata(huge="x" * 5_000_000, deep=[[[[[[]]]]]]),
    ),
    changed(
        "no metadata in cells",
        "without labels there is nothing to grade: the checks return at the end",
        lambda nb: [c.pop("metadata") for c in nb["cells"]] and None,
    ),
    changed(
        "labels of odd types",
        "a label that is a text, a grade id that is a list",
        labels(grade_id={"a": []}, points="many", grade="yes", locked=[]),
    ),
    changed("labels without types", "all labels say yes", labels(points=-1e308, task=True)),
    changed("checksums and versions", "they are made up", labels(checksum=5, schema_version=99)),
    changed("no cell ids", "as before format 4.5", lambda nb: [c.pop("id") for c in nb["cells"]] and None),
    changed("odd cell ids", "ids with markup, very long, of another type",
            lambda nb: [c.update(id=i) for c, i in zip(nb["cells"], ['"><script>', "x" * 9999, 5, None, [], ""])] and None),
    changed("no outputs", "code cells without outputs", lambda nb: [c.pop("outputs", 0) for c in cells(nb)] and None),
    changed("odd outputs", "outputs that are none",
            lambda nb: [c.update(outputs=o) for c, o in zip(cells(nb), [5, None, "x", [5], [{}], {}])] and None),
    changed("odd counts", "execution counts that are none", every(execution_count="x")),
    changed("odd tags", "tags that are a number or a list of lists",
            lambda nb: [c["metadata"].update(tags=t) for c, t in zip(nb["cells"], [5, None, [[]], "skip-execution", {}])] and None),
    changed("attachments", "attachments that are none", every(attachments={"a": 5, "../../x": {"image/png": "AA"}})),
    changed("odd cells", "among the cells there are some that are none", odd_cells),
    changed("bidi and NUL", "characters that turn the text around",
            lambda nb: nb["cells"].insert(3, {"cell_type": "markdown", "metadata": {}, "id": "x",
                "source": "\u202e\u2066 fine \0 \x1b[2J \ufeff \ud800 \udfff"}) ),
    changed("half characters in code", "a surrogate in a code cell and in a name",
            lambda nb: nb["cells"].insert(3, {"cell_type": "code", "metadata": {}, "id": "x", "outputs": [],
                "execution_count": None, "source": "x = '\ud800'\n\0\x1b"}) ),
    # --- cells in disorder --------------------------------------------------------
    Item("duplicate cell ids", "all cells have one id", edit=duplicate_ids, solved=ALL),
    Item("everything twice", "each graded cell is there twice", edit=duplicate_labels, solved=ALL),
    Item("deleted checks", "without a check nothing is wrong", edit=delete_checks, solved=ALL),
    Item("deleted set-up", "the locked cells with the imports are gone", edit=delete_set_up, solved=ALL),
    Item("deleted cells", "no cell is left", edit=delete_all),
    Item("retyped checks", "checks are text now", edit=retype, solved=ALL),
    Item("rewritten checks", "checks are unlocked and say something else", edit=rewrite, solved=ALL),
    Item("checks first", "they run before anything is defined", edit=reorder),
    Item("reversed", "the last cell comes first", edit=reverse),
    Item("extra cells", "three hundred cells of one's own", edit=extra, solved=ALL),
    Item("pasted in one", "all steps in one cell, the others empty", edit=pasted_in_one, solved=ALL),
    Item("a syntax error", "it costs its own step", edit=syntax_error,
         solved=ALL, wrong=("softmax",)),
    Item("reset", "all names are gone, `check` too", "%reset -f", at="softmax",
         solved=ALL, wrong=("softmax", "scores", "attention_weights", "attention",
                            "split_heads", "merge_heads", "attend")),
    Item("magics that do not exist", "an error in its own cell only",
         "%%nonsense\nhello", solved=ALL),
    Item("an extension and a script", "what is not there cannot be run",
         "%load_ext autoreload\n%autoreload 2\n%run nothing.py", solved=ALL),
    Item("javascript and html", "a cell that a browser runs",
         "%%javascript\nfetch('/hub/api/users', {method: 'DELETE'})", solved=ALL),
    Item("captured", "a check that is captured hands in nothing",
         "from IPython.utils import capture\nkeep = capture.capture_output()\nkeep.__enter__()",
         wrong=ALL, solved=ALL),
    Item("exit", "the kernel is told to go", "exit()\nquit()\nraise SystemExit", solved=ALL),
    Item("os._exit", "the kernel is gone, and comes back", "import os\nos._exit(0)",
         solved=ALL, flagged=True),
    Item("a segmentation fault", "the kernel is gone, and comes back",
         "import ctypes\nctypes.string_at(8)", solved=ALL, flagged=True),
    Item("an abort", "the kernel is gone, and comes back", "import os\nos.abort()",
         solved=ALL, flagged=True),
    Item("death in a function", "it costs its own step",
         solved=ALL, flagged=True, wrong=("merge_heads",),
         instead=("def merge_heads(x):\n    import os\n    os._exit(3)",)),
    Item("death in every function", "nine kernels die",
         solved=ALL, flagged=True, wrong=ALL, code="""
import os, autograder.check as c
c._hand_in = lambda *a: os._exit(0)
"""),
    # --- the folder ------------------------------------------------------------------
    Item("odd file names", "newlines, dashes, bidi, very long, not UTF-8, a pipe, depth",
         build=odd_files, solved=ALL),
    Item("three thousand files", "whoever copies them is busy", build=many_files, solved=ALL),
    Item("two gigabytes", "a file that is larger on arrival", build=sparse_file,
         solved=ALL, flagged=True),
    Item("traps", "names that a program of the grader's may import",
         files=dict.fromkeys(TRAPS, TRAP), solved=ALL),
    Item("a timestamp that is none", "who is late is not known",
         files={"timestamp.txt": b"yesterday \xff\0 <b>" + b"x" * 100_000}, solved=ALL),
    Item("a timestamp in the far future", "the year 10000",
         files={"timestamp.txt": b"99999-12-31 25:61:61 UTC+99"}, solved=ALL),
    Item("a reference of one's own", "the public cases are the attacker's, or no file",
         files={"reference.safetensors": b"\xff" * 1000}, solved=ALL),
    Item("a second notebook", "another one, and one that is broken",
         files={"other.ipynb": b"{", "Attend.ipynb": b"{}", "-x.ipynb": b""}, solved=ALL),
)  # fmt: skip
