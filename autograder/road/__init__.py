"""The room that answers: what does an instructor do with a class?

One command a module, in the order of a term: `grade` … The command's name is its
module's name, and each module says what it does in `ABOUT`, takes its `arguments`, and
does it in `run`. At the top of a module stands only what takes no time to import, so
that a wrong word is answered at once.

It stands above `classroom`, which grades and records; points, names and lateness it
takes from `classroom.book` alone, so that every page and every table says the same.

Trusted are the instructor's words and files; what an LMS exported is read like a
submission, bounded and escaped. It may import every room, and is never imported by one.
"""
