from autograder.checks.sample._material import CHECKS as CHECKS
