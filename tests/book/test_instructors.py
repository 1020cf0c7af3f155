"""Is every command and option there that the pages for instructors name?"""

import argparse
import importlib
import re
import shlex
from pathlib import Path

import pytest
import yaml

from autograder import __main__
from tests.book.road import BOOK, commands, listings

PAGES = ("instructors", "own", "scale", "grading")
README = Path(__file__).parents[2] / "README.md"


def parser(word):
    """What a command of the autograder takes, as `main` builds it."""
    known = argparse.ArgumentParser(exit_on_error=False)
    if word in __main__.ROAD:
        importlib.import_module(f"autograder.road.{word}").arguments(known)
        for name in ("--class", "--db"):  # which all of the road have
            known.add_argument(name)
    else:
        __main__._DOORS[word][1](known)
    return known


def told(page):
    text = README if page == "README" else BOOK / f"{page}.md"
    lines = text.read_text("utf-8").replace("\\\n", " ")
    for line in re.findall(r"python -m autograder ([^`\n|]+)", lines):
        words = shlex.split(line.partition(" #")[0].rstrip(" .,;:…"), posix=True)
        yield tuple(word for word in words if word not in ("…", "..."))


EVERY = sorted({(page, words) for page in (*PAGES, "README") for words in told(page)})


@pytest.mark.parametrize(
    ("page", "words"), EVERY, ids=lambda x: x if isinstance(x, str) else " ".join(x)
)
def test_every_command_that_a_page_names_can_be_typed(page, words):
    word, *rest = words
    assert word in [*__main__.ROAD, *__main__._DOORS], f"{page}: no command {word}"
    options = {
        name: action
        for action in parser(word)._actions
        for name in action.option_strings
    }
    for name in [one.partition("=")[0] for one in rest if one.startswith("--")]:
        assert name in options, f"{page}: {word} has no {name}"
    if rest and "--help" not in rest:
        parser(word).parse_args(rest)


def test_every_option_in_the_prose_is_one_of_a_command():
    known = {
        name
        for word in [*__main__.ROAD, *__main__._DOORS]
        for action in parser(word)._actions
        for name in action.option_strings
    }
    others = {"--course"}  # nbgrader's
    for page in PAGES:
        text = (BOOK / f"{page}.md").read_text("utf-8")
        for name in re.findall(r"`(--[\w-]+)", text):
            assert name in known | others, f"{page} names {name}"


def test_each_command_of_the_road_is_walked():
    walked = {words[0] for page in ("instructors", "own") for words in told(page)}
    assert walked >= {*__main__.ROAD}


def test_the_hub_s_settings_are_yaml():
    (text,) = (one.text for one in listings("scale") if one.kind == "yaml")
    found = yaml.safe_load(text)
    assert {*found} == {"singleuser", "cull", "prePuller", "scheduling", "hub"}


def test_the_figures_of_the_table_follow_from_its_formula():
    text = (BOOK / "scale.md").read_text("utf-8")
    rows = re.findall(
        r"^\| ([\d,]+) \| ([\d.]+) \| (\d+) cores \| (\d+) (\w+) \| ([^|]+) \| ([\d.]+) (.B) \|",
        text,
        re.MULTILINE,
    )
    assert len(rows) == 4
    for many, hours, cores, takes, unit, money, disk, size in rows:
        n = int(many.replace(",", ""))
        seconds = n * 0.6
        assert float(hours) == pytest.approx(seconds / 3600, rel=0.25)
        per = {"seconds": 1, "minutes": 60, "hours": 3600}[unit]
        assert int(takes) * per == pytest.approx(seconds / int(cores), rel=0.1)
        dollars = seconds / 3600 * 0.05
        if "cent" in money:
            assert dollars < 0.01
        else:
            assert float(money.split()[0]) == pytest.approx(dollars, rel=0.06)
        assert float(disk) * {"MB": 1e6, "GB": 1e9}[size] == pytest.approx(
            n * 50e3, rel=0.1
        )


def test_what_the_pages_name_as_commands_is_found():
    assert len(commands("instructors")) > 30
