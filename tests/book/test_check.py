"""What the site shows of the checks is what they say: some are run again, or all."""

import copy
import os
import re

import pytest

from book import record_check as recorder
from book import recording

RECORDED = recording.read(recorder.FILE)
ALL = os.environ.get("GPT_TEST_ALL") == "1"
AGAIN = [*recorder.ASKED] if ALL else ["tokenize", "attend"]


def steady(answers):
    """Without the long numbers that a pointer reads: their last digits may differ."""
    answers = copy.deepcopy(answers)
    for answer in answers:
        answer["html"] = re.sub("<title>.*?</title>", "", answer["html"])
    return answers


@pytest.mark.parametrize("exercise", AGAIN)
def test_the_check_says_what_is_recorded(exercise):
    now = recorder.record(exercise, recorder.ASKED[exercise])
    assert steady(RECORDED[exercise]) == steady(now), (
        f"the check says something else: run `python book/record_check.py {exercise}`"
    )


def test_the_file_is_what_the_recorder_writes():
    assert recording.lines(RECORDED) == recorder.FILE.read_text("utf-8")
    assert [*RECORDED] == ["made by", *recorder.ASKED]
    assert str(recorder.ROOT) not in recorder.FILE.read_text("utf-8")


@pytest.mark.parametrize("exercise", recorder.ASKED)
def test_the_answers_are_those_of_the_recorder(exercise):
    """A few wrong ones, each with its own words, and last the right one."""
    asked, answers = recorder.ASKED[exercise], RECORDED[exercise]
    cells = recorder.notebook_of(exercise, asked).cells[-2 * len(answers) :]
    assert [answer["tried"] for answer in answers] == [*asked.answers]
    assert [answer["code"] for answer in answers] == [c.source for c in cells[::2]]
    *wrong, right = answers
    assert len(wrong) in (2, 3)
    assert right["text"].startswith("✓") and not right["error"]
    said = {answer["text"].split("\n")[2] for answer in wrong}
    assert len(said) == len(wrong)
    assert all(answer["text"].startswith("✗") for answer in wrong)
    assert all(answer["error"].startswith("CheckFailed: ") for answer in wrong)


def test_a_step_that_is_not_there():
    with pytest.raises(ValueError, match=r"attend.ipynb has no step gelu"):
        recorder.notebook_of("attend", recorder.Asked("gelu", {}))
