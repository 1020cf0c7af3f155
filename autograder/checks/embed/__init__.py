from autograder.checks.embed._material import CHECKS as CHECKS
