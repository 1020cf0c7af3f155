"""How a record is kept: what made it, when and on what, and a line for each entry.

The commands book/record_*.py measure what takes too long for a page, and keep it in
book/recorded/. The chapters read it there.
"""

import json
import os
import platform
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import torch

from gpt.data import write_whole

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "book/recorded"
SECONDS = 600  # for a cell, on a busy machine


def made_by(command: str, **settings) -> dict:
    """What a record, or a part of one, begins with. settings: a seed, for instance."""
    return {
        "made by": f"python book/{command}",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "torch": torch.__version__.split("+")[0],
        **settings,
    }


def ran(notebook: nbformat.NotebookNode, exercise: str) -> nbformat.NotebookNode:
    """The notebook with what its cells print, run as a student's is: beside the reference."""
    from nbclient import NotebookClient

    here = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "solutions" / exercise / "reference.safetensors", folder)
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": folder}},
        )
        return client.execute(env={**os.environ, "PYTHONPATH": here})


def read(file: Path) -> dict:
    """What is recorded so far; nothing where there is no file."""
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def keep(file: Path, recorded: dict) -> None:
    write_whole(file, lines(recorded).encode())


def lines(recorded: dict) -> str:
    """The file: a line for each entry, so that a change is easy to read."""
    return _lines(recorded, 2) + "\n"


def _lines(thing, depth: int) -> str:
    """With depth, a line for each entry of a table, and for each list or table in a list."""
    if depth and isinstance(thing, dict):
        inside = (f"{_json(key)}: {_lines(x, depth - 1)}" for key, x in thing.items())
        return "{\n" + ",\n".join(inside) + "\n}"
    if (
        depth
        and isinstance(thing, list)
        and thing
        and isinstance(thing[0], list | dict)
    ):
        return "[\n" + ",\n".join(map(_json, thing)) + "\n]"
    return _json(thing)


def _json(thing) -> str:
    return json.dumps(thing, ensure_ascii=False)
