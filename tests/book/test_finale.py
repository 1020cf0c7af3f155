"""What the site says the last cells print is what they print: some run again, or all."""

import os
import re

import pytest

from book import record_finale as recorder
from book import recording

RECORDED = recording.read(recorder.FILE)
ALL = os.environ.get("GPT_TEST_ALL") == "1"
AGAIN = [*recorder.SHOWN] if ALL else ["attend"]
# training multiplies the last digits, in which processors differ
TRAINED = {"train", "chat"}


def words_and_numbers(outputs: list[dict]) -> tuple[str, list[float]]:
    """What is printed, less what a trained model decides: answers, story, bars."""
    text = "\n".join(output["text"] for output in outputs).replace("█", "")
    text = "\n\n".join(part for part in text.split("\n\n") if "→" not in part)
    text = re.sub(r"(?s)^Once .*?<\|endoftext\|>", "Once …", text, flags=re.MULTILINE)
    number = re.compile(r"\d+(?:\.\d+)?")
    return number.sub("#", text), [float(n) for n in number.findall(text)]


@pytest.mark.parametrize("exercise", AGAIN)
def test_the_last_cell_prints_what_is_recorded(exercise):
    kept, now = RECORDED[exercise], recorder.record(exercise)
    stale = f"it prints something else: run `python book/record_finale.py {exercise}`"
    if exercise in TRAINED:
        (words, numbers), (wanted, near) = map(words_and_numbers, (kept, now))
        assert words == wanted, stale
        assert numbers == pytest.approx(near, rel=0.3), stale
    else:
        assert kept == now, stale


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
