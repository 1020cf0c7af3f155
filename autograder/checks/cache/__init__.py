"""The exercise "cache": what attention needs of the past is kept, not computed again.

Keys and values behind those that are kept, the mask of the last tokens, attention that
remembers, what may stay when a text changes, what each call reads, a batch of texts that differ in length, and
the memory that all this takes. The oracles know nothing of the course's code: they are
NumPy, PyTorch's own attention in double precision, and plain Python.
"""

CHECKS = (
    "extend",
    "late_mask",
    "attend_step",
    "reusable",
    "readings",
    "text_mask",
    "kept_bytes",
)
