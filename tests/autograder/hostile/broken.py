from tests.autograder.hostile.item import family

ITEMS = family("broken")
