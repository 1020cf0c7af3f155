"""Questions about stories: each answer is found in the story again, by another reading."""

import doctest
import random
import re
from itertools import islice

import pytest

import gpt.questions
from gpt import world
from gpt.questions import NOT_TOLD, QUESTIONS, STORY, TOLD, ask, interviews, told

STORIES = list(islice(world.stories(11), 300))
FOUND = [told(story) for story in STORIES]
# A question (its slots any words) -> where the story says it, and the two answers in it.
# In the pattern, X is what is asked for; N the hero's name.
READINGS = {
    r"Who lived (.+)\?": (r"a \w+ (\w+) named (\w+) lived {0}\.", "{2}.", "{2} the {1} lived {q}."),
    r"Where did (\w+) live\?": (r"named {0} lived (\w+ the \w+)\.", "{1}.", "{q} lived {1}."),
    r"What was (\w+)\?": (r"a (\w+ \w+) named {0} ", "A {1}.", "{q} was a {1}."),
    r"Who was (\w+)\?": (r"a {0} (\w+) named (\w+) ", "{2}.", "{2} the {1} was {q}."),
    r"When was it\?": (r"\. One (\w+) ", "One {1}.", "It was one {1}."),
    r"How did (\w+) go home\?": (r"At last {0} the (\w+) (\w+) home", None, "{q} the {1} {2} home."),
    r"Who says good night\?": (r"named (\w+) .*Good night, ", "The author.", "The author says good night to {1}."),
    r"What did (\w+) plant\?": (r" planted (\w+ \w+)\.", "{1}.", "{q} planted {1}."),
    r"Where did the (\w+) grow\?": (r"The {0} that grew near (the \w+) w", "Near {1}.", "The {q} grew near {1}."),
    r"Who got the (\w+)\?": (r"named (\w+) .*The {0} that.* gave (it|them) to (\w+ \w+)\.", "{3}.", "{1} gave {2} to {3}."),
    r"What did the model do\?": (r"the model (.+?), and", "It {1}.", "The model {1}."),
    r"What kind of model was it\?": (r"worked with a (fashion|machine learning|clay) model", "{1}.", "It was a {1} model."),
    r"Who did (\w+) meet\?": (r" met (\w+) the (\w+)\.", "{1} the {2}.", "{q} met {1} the {2}."),
    r"Who showed (\w+) how to (?:run|fly|swim)\?": (r" met (\w+) the (\w+)\..*how to (run|fly|swim)\.", "{1}.", "{1} the {2} showed {q} how to {3}."),
    r"Who showed (\w+) how to (?:leap|jump|skip|hop)\?": (r"a \w+ (\w+) named (\w+) .* met {0} .*how to (leap|jump|skip|hop),", "{2}.", "{2} the {1} showed {q} how to {3}."),
    r"What did (\w+) lose\?": (r" lost (\w+ \w+)\.", "{1}.", "{q} lost {1}."),
    r"Where did (\w+) look\?": (r" look (behind the \w+),", "{1}.", "{q} looked {1}."),
}  # fmt: skip


def reading(question, story):
    """The two answers as another reader finds them in the story's text."""
    for pattern, (place, short, long) in READINGS.items():
        if asked := re.fullmatch(pattern, question):
            q = asked[1] if asked.groups() else ""
            found = re.search(place.replace("{0}", q), story)
            if found is None:
                return NOT_TOLD
            if short is None:  # the pronoun is nowhere near: it is the name's
                short = ("She" if q in world.SHE else "He") + " {2}."
            words = [found[0], *found.groups()]
            filled = (form.format(*words, q=q) for form in (short, long))
            return tuple(form[0].upper() + form[1:] for form in filled)
    raise AssertionError(f"no reading of {question!r}")


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.text)
def test_answers_are_those_that_another_reading_finds(question):
    draw, answers = random.Random(1), set()
    for story, found in zip(STORIES, FOUND):
        asked = ask(question, found, draw)
        assert asked[1:] == reading(asked.question, story), (asked, story)
        answers.add(asked.short)
    assert len(answers) > 1


def test_what_was_told_can_be_told_again():
    for story in STORIES[:50]:
        found = told(story)
        assert found == told(story + world.END)
        for slot in ("name", "animal", "mood"):
            assert f" {found[slot]} " in story
        assert (found["event"] in world.EVENTS) and found[
            "name"
        ] in world.SHE + world.HE


def test_a_kind_of_model_that_is_not_told_is_not_guessed():
    (kind,) = [q for q in QUESTIONS if q.needs == "kind"]
    story = (
        "Once a shy owl named Ada lived by the sea. One day she worked with a model. When "
        "the sun came up, the model dried on the shelf, and she began to leap for joy. At "
        "last Ada the owl flew home."
    )
    assert ask(kind, told(story), random.Random(0))[1:] == NOT_TOLD
    clay = story.replace("a model", "a clay model")
    assert ask(kind, told(clay), random.Random(0)).short == "Clay."


def test_interviews_are_the_same_for_a_seed_and_mostly_about_what_was_told():
    first, again = (list(islice(interviews(3, 2), 250)) for _ in range(2))
    assert first == again
    assert [story for story, _ in first] == list(islice(world.stories(3), 250))
    asked = [one for _, turns in first for one in turns]
    assert len(asked) == 500
    share = sum(one.short != NOT_TOLD[0] for one in asked) / len(asked)
    assert abs(share - TOLD) < 0.08  # four standard deviations
    assert len({one.question.split()[0] for one in asked}) == 5


@pytest.mark.parametrize("text", ["", "Once upon a time.", STORY[:-1], STORY + STORY])
def test_what_is_no_story_is_refused(text):
    with pytest.raises(ValueError, match="no story of the small world"):
        told(text)


def test_doctest():
    assert doctest.testmod(gpt.questions).failed == 0
