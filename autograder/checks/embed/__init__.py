"""The checks of the exercise "embed": from ids to vectors, one per token and its place.

Tables are float32 tensors, one row per token or place; ids are int64. The oracles know
nothing of the course's code: PyTorch's own embedding, one-hot and cosine operators, and
NumPy in double precision; sinusoids come from the complex exponential. Where two rows
are equally near, their entries are 1 or -1 times a power of two, or sides of triangles
whose cosines are equal however they are computed, so that no rounding tells them apart.
"""

CHECKS = (
    "look_up",
    "one_hot",
    "cosines",
    "nearest",
    "direction",
    "sinusoids",
    "embed",
)
