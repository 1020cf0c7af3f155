"""The exercise "modern": the parts that a Llama has in place of GPT-2's.

The norm without a mean, the MLP with a gate, places as angles, heads of queries that
share keys and values, and norms of both. All tensors are float32; a matrix of weights is
(out, in), as in published files of such models. The oracles know nothing of the course's
code: they are PyTorch's own operators in double precision, and complex numbers where
pairs of columns turn.
"""

CHECKS = (
    "rms_norm",
    "swiglu",
    "turns",
    "rotate",
    "share",
    "grouped_attention",
    "qk_norm",
)
