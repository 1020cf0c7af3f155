"""What the prose says in numbers: measured, never typed.

A chapter's measurements are functions in the module of its name (`facts.attend` for
attend.md). A function is handed the model and what else it looks at, and returns what
it found: plain numbers and tensors for the pictures (`figures` draws them), or a
dict of facts for `say`. Nothing here draws.
"""

import myst_nb


def say(**facts):
    """Numbers for the prose, which names each as {glue:text}`name`."""
    for name, fact in facts.items():
        shown = f"{fact:,}" if isinstance(fact, int) else str(fact)
        myst_nb.glue(name, shown, display=False)


def two(number):
    """0.125 -> "0.12": two decimals."""
    return f"{float(number):.2f}"


def percent(share, digits=0):
    """0.5 -> "50 %", with a space that does not break."""
    return f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"
