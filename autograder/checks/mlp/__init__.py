from autograder.checks.mlp._material import CHECKS as CHECKS
