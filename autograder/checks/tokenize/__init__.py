"""The exercise "tokenize": from the bytes of a text to tiktoken's ranks.

The student's functions work on lists of integer ids. A text is cut into chunks by
GPT-2's pattern, byte b has id b, and `merges` maps a pair of ids to the id that
replaces it: 256 for the first that training learned, then 257, and so on. The ids tell
that order; the dictionary may list its pairs in any other.

The oracles know nothing of the course's code: NumPy counts pairs, `str.replace` merges
(an id is a private-use character), Hugging Face `tokenizers` cuts and trains, tiktoken
encodes and decodes. What a student is likely to write instead stands beside each, as
its mistakes. Where a student's line would end in an error (it reads what is not there),
the mistake raises an error of the same type.
"""

CHECKS = (
    "to_chunks",
    "count_pairs",
    "merge",
    "train",
    "encode",
    "decode",
    "round_trip",
    "encode_special",
    "ranks",
)
