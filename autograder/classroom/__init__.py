"""The room that answers: how is a class graded and recorded?

`submission` takes what was handed in, and `reader` takes it apart (`cells`), in a process
of its own with little memory and time; `verify` runs it (`box`) and judges it
(`verdict`); `runner` and `worker` do that for many at a time, `record` writes a grade
into the gradebook, whole or not at all, and `grade` is the command. `preprocessors` are
the same steps for nbgrader's own; `course` knows where everything lies; `demo` makes a
class to try it on.

It trusts the instructor's files and the gradebook, and nothing in a submission, not even
the names of files. It may import every other room; of the doors it imports none, and it is
never imported by another room.
"""
