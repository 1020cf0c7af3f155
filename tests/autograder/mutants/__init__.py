"""Wrong answers that nobody wrote: mutants of every solution, tried on its check.

`make` takes a right answer apart with `ast` and gives it back with one thing changed;
`exam` judges it as the grader would. `python -m tests.autograder.mutants` tries them
all. A mutant that the check does not refuse is either equal to the right answer, which
`equal.txt` says with its reason, or a hole in the check.

No mutation library is used: those that are kept (mutmut, cosmic-ray) rewrite files and
run a test suite once per mutant, and know nothing of axes, batches or sizes.
"""
