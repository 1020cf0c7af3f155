"""The room that answers: where does hostile code run?

`sandbox` and `inner` are the walls, `seccomp` the doors in them, `memory` the watch on
what a box holds, `watch` on what it reaches for. `template` is the process that all
kernels are forks of; `app` is the kernel, which runs inside; `kernel`, `provisioner` and
`cold` are how the grader comes to one, and `execute` runs a submission's cells in it.
`messages` is what they say to each other.

Nothing that comes out of a kernel is trusted: it is counted, bounded and kept as bytes.
What runs inside is `app`, `watch` and `autograder.check`, and is the student's to break.

It imports of `verdict` only how an answer travels, and never `checks` or `classroom`:
what is in a box could be read there.
"""
