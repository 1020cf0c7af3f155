from autograder.checks.attend._material import CHECKS as CHECKS
