"""The exercise "train": what makes a model of random numbers.

Batches and their targets, the loss and its gradient, the learning rate, clipping, AdamW,
and the loop that has all of them in it. Graded by losses, gradients and updated weights
on given inputs, never by what a run happens to reach. Ids and targets are int64, all else
is float32. The oracles know nothing of the course's code: they are PyTorch's own
operators, or plain numpy, in double precision.
"""

CHECKS = (
    "batch",
    "loss",
    "gradient",
    "learning_rate",
    "clip",
    "adamw",
    "fit",
)
