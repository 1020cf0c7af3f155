"""The room that answers: what does an instructor do with a class?

One command a module, in the order of a term: `release`, `roster`, `collect`, `due`,
`grade`, `review`, `regrade`, `feedback`, `report`, `export`; `status` tells where a class
stands, `upgrade` what a newer course would do to it, and `demo` makes one to try it on.
The command's name is its module's name, and each module says what it does in `ABOUT`,
takes its `arguments`, and does it in `run`. At the top of a module stands only what takes
no time to import, so that a wrong word is answered at once.

What they need stands in folders: `handout` is what students get, `desk` what they hand
in, `look` the pages, and `forms` the files that an LMS takes back; beside them `text`,
`times` and `dues` are how a terminal, a time and a late day are written.

It stands above `classroom`, which grades and records; points, names and lateness it
takes from `classroom.book` alone, so that every page and every table says the same.

Trusted are the instructor's words and files; what an LMS exported is read like a
submission, bounded and escaped. It may import every room, and is never imported by one.
"""
