"""The exercise "attend": from an average of the past to multi-head attention.

An average becomes a matrix, its equal shares become a softmax of scores, the scores
become those of queries and keys; then several heads do it side by side. A check builds
on those before it, as the student's functions do, and imports from their files.

Vectors are rows of float32 tensors. The oracles know nothing of the course's code: they
are PyTorch's own fused attention, softmax, einsum and MultiheadAttention, in double
precision, and NumPy where heads are split. An average of the past is attention whose
queries and keys are all zero. Large scores are made from
small whole numbers with d_head = 4, so that they are exact in float32 however they are
added up. What comes from the course's own model is computed in double precision and
then rounded, so that it is the same on every machine.
"""

CHECKS = (
    "average_past",
    "averaging_weights",
    "softmax",
    "scores",
    "attention_weights",
    "attention",
    "split_heads",
    "merge_heads",
    "attend",
)
