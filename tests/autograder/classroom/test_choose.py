"""Is the notebook graded that was meant, and is a person told where it was not plain?"""

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from autograder.classroom.choose import choose

EMPTY = "# YOUR CODE HERE"
NAMES = "abc"
STEPS = dict.fromkeys(NAMES, EMPTY)


def notebook(*sources: str, names=NAMES) -> NotebookNode:
    """A notebook whose first steps have these sources; the others are as released."""
    rest = [EMPTY] * (len(names) - len(sources))
    cells = zip(names, [*sources, *rest], strict=True)
    return new_notebook(
        cells=[
            new_code_cell(source, metadata={"nbgrader": {"grade_id": name}})
            for name, source in cells
        ]
    )


RELEASED, HALF, DONE = notebook(), notebook("a = 1"), notebook("a = 1", "b", "c")
OTHER = notebook("x", "y", names=("d", "e", "c"))  # another exercise's
PLAIN = new_notebook(cells=[new_code_cell("a = 1")])
AS_RELEASED = "w.ipynb is as it was released: {} was graded in its place"
INSTEAD = "{} was graded in its place"


@pytest.mark.parametrize(
    ("own", "copies", "chosen", "flags"),
    [
        (DONE, {}, DONE, []),
        (RELEASED, {}, RELEASED, []),
        (PLAIN, {}, PLAIN, []),
        (None, {}, None, []),
        # work in a copy
        (RELEASED, {"c": DONE}, DONE, [AS_RELEASED.format("c")]),
        (RELEASED, {"c": RELEASED}, RELEASED, []),
        (RELEASED, {"c": OTHER}, RELEASED, []),
        (RELEASED, {"c": DONE, "d": RELEASED}, DONE, [AS_RELEASED.format("c")]),
        (RELEASED, {"c": DONE, "d": DONE}, DONE, [AS_RELEASED.format("c")]),
        (
            RELEASED,
            {"c": HALF, "d": DONE},
            RELEASED,
            ["c, d differ: name the one that counts w.ipynb"],
        ),
        # a copy beside the work
        (DONE, {"c": RELEASED}, DONE, []),
        (DONE, {"c": DONE}, DONE, []),
        (DONE, {"c": OTHER, "d": PLAIN}, DONE, []),
        (
            HALF,
            {"c": DONE},
            HALF,
            [
                (
                    "c was not graded: it differs from w.ipynb, which has the right name "
                    "(`review` says how to swap them)"
                )
            ],
        ),
        # another name
        (None, {"c": DONE}, DONE, [INSTEAD.format("c")]),
        (None, {"c": RELEASED}, RELEASED, [INSTEAD.format("c")]),
        (None, {"c": RELEASED, "d": DONE}, DONE, [INSTEAD.format("d")]),
        (None, {"c": OTHER, "d": PLAIN}, None, []),
        (
            None,
            {"c": HALF, "d": DONE},
            None,
            ["c, d differ: name the one that counts w.ipynb"],
        ),
        # the name is the student's
        (None, {"\x1b\n": DONE}, DONE, [INSTEAD.format("\\x1b\\n")]),
    ],
)
def test_the_notebook_that_was_meant(own, copies, chosen, flags):
    nb, odd = choose(own, copies, "w", STEPS)
    assert nb is chosen
    assert odd == flags


def test_of_cells_with_one_grade_id_the_last_counts():
    """As it does where the notebook is put in order."""
    twice = notebook("a", EMPTY, EMPTY, EMPTY, names="aabc")
    assert choose(twice, {"c": DONE}, "w", STEPS)[0] is DONE
