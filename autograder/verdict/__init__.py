"""The room that answers: is the answer right, and what is said?

Outcomes are compared with what the oracle says (`compare`, `judge`), a mistake gets its
name, and a student a panel to read (`panel`, `picture`); `told` counts what feedback on
hidden cases can say, and keeps it to that; `finale` tells how the steps
differ from the course's own in its model; `look` reads what a step leans on without
running it, from each `statement` and its `scope` (for grading, in a process of its own,
so these and `source` import next to nothing); `source` what only its text can tell;
`stale` tells where that is not what the student wrote last; `bank` draws the cases,
public and hidden; `wire`, with `plain`, and `outcome` are how a tensor, and what a function made
of it, travel.

Trusted, but for what it is handed: bytes and sources of a submission are taken apart
here and never unpickled or run. Of this room `wire`, `plain`, `outcome` and `compare`
are in a student's kernel too, so they know no answer.

It imports `checks`, and never `box` or `classroom`: a verdict does not depend on where
the code ran or whose it was.
"""
