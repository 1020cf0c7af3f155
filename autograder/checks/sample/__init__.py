"""The exercise "sample": from the last vector to the next id, and round.

Vectors become logits, logits probabilities, some of these are kept, and a point u
between 0 and 1 picks an id. Nothing here is judged by luck: the points are given, and
they lie well inside a share, except where a border is the point of the case. There, all
numbers are fractions of a power of two, so every order of adding them gives the same.

The oracles are torch's softmax and linear map, and NumPy's stable argsort, cumsum and
searchsorted, in float64, so that the references do not depend on the machine. What a
student is likely to write instead stands beside each, as its mistakes.
"""

CHECKS = (
    "unembed",
    "probabilities",
    "greedy",
    "keep_top_k",
    "keep_top_p",
    "draw",
    "write",
)
