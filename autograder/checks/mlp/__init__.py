"""The checks of the exercise "mlp": from a single activation to a block, and its count.

All tensors are float32. A layer's weights carry the names and shapes of GPT-2's
published file, matrices as (in, out). The oracles know nothing of the course's code:
they are PyTorch's own operators and modules in double precision, a block is its
`TransformerEncoderLayer` with the norms first, and parameters are counted by building
the modules. What a student is likely to write instead stands beside each, as its
mistakes; where their line would end in an error, it does so here too.
"""

CHECKS = ("gelu", "layer_norm", "mlp", "dropout", "block", "count_parameters")
