"""The exercise "chat": a conversation arranged as one text, and what is learned from it.

Ids are Python integers in lists, a message is a pair of a role and ids, and log
probabilities are in nats. The oracles know nothing of the course's code: they are plain
Python, NumPy, and PyTorch's own losses in double precision.
"""

CHECKS = (
    "render",
    "few_shot",
    "answers_only",
    "log_probabilities",
    "exact_rate",
    "kl",
    "dpo_loss",
)
