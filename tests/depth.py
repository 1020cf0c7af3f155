"""How much is tried of what is generated: seeds, mutants, random examples.

`make test` tries enough to see a fault of any kind, the same on each day; with
`make test DEPTH=10` it is ten times as much, for a change of the checks or the judging.
"""

import os

DEPTH = int(os.environ.get("GPT_TEST_DEPTH") or 1)


def many(least: int) -> int:
    """So many of them, or as many more as the depth asks for."""
    return least * DEPTH
