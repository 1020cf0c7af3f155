"""What the site says the last cells print is what they print: some run again, or all."""

import os

import pytest

from book import record_finale as recorder
from book import recording

RECORDED = recording.read(recorder.FILE)
ALL = os.environ.get("GPT_TEST_ALL") == "1"
AGAIN = [*recorder.SHOWN] if ALL else ["attend"]


@pytest.mark.parametrize("exercise", AGAIN)
def test_the_last_cell_prints_what_is_recorded(exercise):
    assert RECORDED[exercise] == recorder.record(exercise), (
        f"it prints something else: run `python book/record_finale.py {exercise}`"
    )


def test_the_file_is_what_the_recorder_writes():
    assert recording.lines(RECORDED) == recorder.FILE.read_text("utf-8")
    assert [*RECORDED] == ["made by", *recorder.SHOWN]
    assert str(recorder.ROOT) not in recorder.FILE.read_text("utf-8")


@pytest.mark.parametrize("exercise", recorder.SHOWN)
def test_each_says_that_student_and_course_agree(exercise):
    assert RECORDED[exercise][-1]["text"].endswith("✓ the same")


def test_neither_checks_nor_trials_run():
    *before, last = recorder.notebook_of("attend").cells
    assert recorder.is_last(last, "agree")
    assert not any(cell.source.startswith(("check(", "# Try it")) for cell in before)


def test_a_cell_that_is_not_there(monkeypatch):
    monkeypatch.setitem(recorder.SHOWN, "attend", "nothing")
    with pytest.raises(ValueError, match=r"attend.ipynb has no cell nothing"):
        recorder.notebook_of("attend")


def test_texts_are_joined_and_empty_ones_left_out():
    outputs = [{"text": "a"}, {"text": ""}, {"text": "b", "html": "<b>"}, {"text": "c"}]
    assert recorder.joined(outputs) == [{"text": "a"}, *outputs[2:]]
    for halves in (["a\n\nb\n"], ["a\n", "\nb\n"], ["a\n\n", "b\n"], ["a", "\n\nb"]):
        assert recorder.joined({"text": half} for half in halves) == [
            {"text": "a\n\nb"}
        ]
