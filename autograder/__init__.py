"""How the course is graded. Here stand the doors that people come through.

A notebook calls `check`; the commands, for students (`progress`) and instructors, are in
`__main__` (`python -m autograder --help`). Behind them are four rooms, and each imports
only those after it: `classroom` (how is a class graded and recorded?), `box` (where does
hostile code run?), `verdict` (is the answer right, and what is said?), `checks` (what is
asked?). The page of each, its `__init__.py`, says what it holds and what it trusts.
"""

import sys

# jsonschema, which nbformat needs, builds a grammar of all web addresses as it is
# imported, if this package is there: more than a second, for a check that nothing makes.
sys.modules.setdefault("rfc3987_syntax", None)
