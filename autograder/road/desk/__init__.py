"""The desk: students of a class as an LMS lists them, and what they hand in.

`sheet` reads a table and `columns` knows what an LMS calls its columns; `people` are the
students as the gradebook keeps them. `archive` opens what an LMS hands out, `senders`
and `stamps` tell who handed a file in and when, as names say it; `whose` finds a student,
and `owners` that of each file. `exercises`, `gather` and `newest` say what it is and
whether it counts, `words` what a person's word on its time means, `intake` and `filing`
put it into the class, `origin` keeps where it came from, and `outcome` says what came of
it. `zipcollect` is the same for nbgrader's own command.
"""
