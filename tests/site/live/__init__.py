"""The living pages. `build` is the module that makes their files."""

import importlib.util
from pathlib import Path

_FILE = Path(__file__).parents[3] / "book/_ext/live.py"
_SPEC = importlib.util.spec_from_file_location("live_build", _FILE)
build = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(build)
