"""The room that answers: where does hostile code run?

`sandbox` and `inner` are the walls, made with the system calls of `linux`; `seccomp` says
which system calls a box may make; `memory` looks at what it holds, `watch` at what it
reaches for. `template` is the process that all
kernels are forks of; `app` is the kernel, which runs inside; `kernel`, `provisioner` and
`cold` are how the grader comes to one, and `execute` runs a submission's cells in it.
`messages` is what they say to each other.

Nothing that comes out of a kernel is trusted: it is counted, bounded and kept as bytes.
What runs inside (`app`, `watch`, `messages`, `autograder.check` and what that imports of
`verdict`: `sandbox.SHOWN` has the list) is the student's to break.

It imports of `verdict` only how an answer travels, and never `checks` or `classroom`:
what is in a box could be read there.
"""
