"""Honest work that looks unusual: it earns all that it should, and flags nothing."""

from tests.autograder.hostile.item import ALL, Item, family

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
)
