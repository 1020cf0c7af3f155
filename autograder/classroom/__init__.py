"""The room that answers: how is a class graded and recorded?

`collect` reads a student's folder and `choose` says which notebook in it counts; `reader`
takes that one apart (`cells`), in a process of its own with little memory and time, and
`submission` brings it into order; `verify` runs it (`box`) and judges it
(`verdict`); `runner` and `worker` do that for many at a time, `record` writes a grade
into the gradebook, whole or not at all, `grade` is the command, and `table` is what it
prints. `cluster` and `courier` do what the runner does on a Dask cluster, at its two ends.
`address` says where the gradebook lies, `engines` opens it on a server, and `faults` tells
what is wrong with one, and tries again. `converters`, `preprocessors` and `pages` are the same steps for nbgrader's own
commands and pages; `names` knows whose name can be graded and how it is shown; `course`
knows where everything lies; `demo` makes a class to try it on.

It trusts the instructor's files and the gradebook, and nothing in a submission, not even
the names of files. It may import every other room; of the doors it imports none, and it is
never imported by another room.
"""
