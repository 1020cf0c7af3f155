"""What the inputs are drawn from: everybody's seed, and each class's own.

Whoever only asks for these need not wait for PyTorch.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

PUBLIC_SEED = b"public"
REFERENCE = "reference.safetensors"  # what was drawn from it, beside each notebook


def hidden_seed(file: Path, assignment: str) -> bytes:
    """The seed that grades an exercise: it comes of the instructor's secret.

    The secret is made on first use, in `file`, readable by its owner alone. One secret
    gives a whole class the same cases, so that equal work earns equal points; another
    changes every one of them.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_hex(32) + "\n")
        with contextlib.suppress(FileExistsError):  # another process was first
            os.link(part, file)
        part.unlink()
    secret = file.read_text().strip().encode()
    return hmac.new(secret, assignment.encode(), hashlib.sha256).digest()
