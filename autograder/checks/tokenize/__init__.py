from autograder.checks.tokenize._material import CHECKS as CHECKS
