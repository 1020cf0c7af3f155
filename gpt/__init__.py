"""GPT in Four Stages: the reference implementation, one module a chapter."""
