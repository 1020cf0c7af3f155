"""How the course is graded: checks, reference tensors, verification."""

import sys

# jsonschema, which nbformat needs, builds a grammar of all web addresses as it is
# imported, if this package is there: more than a second, for a check that nothing makes.
sys.modules.setdefault("rfc3987_syntax", None)
