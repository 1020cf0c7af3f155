"""How the course is graded: checks, reference tensors, verification."""
