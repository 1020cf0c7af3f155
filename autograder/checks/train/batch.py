"""batch: stories of different lengths as ids and targets, filled up to one length.

The oracle is PyTorch's own way to fill up sequences. Among the stories are empty ones;
END may be any id, 0 too, below those of the stories or above, and stands in none of them. Without any story a
ValueError is right.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, some, stop
from autograder.checks._slips import an_assert, two_at_once
from autograder.checks._twins import twins
from autograder.checks.train._material import LIBRARIES

Stories = list[list[int]]
Row = Callable[[list[int], int, int], list[int]]


def oracle(stories: Stories, end: int) -> tuple[Tensor, Tensor]:
    if not stories:
        raise ValueError("no story")
    ids = [torch.tensor([end, *story]) for story in stories]
    targets = [torch.tensor([*story, end]) for story in stories]
    return pad_sequence(ids, True, end), pad_sequence(targets, True, -1)


def draw(rng: np.random.Generator) -> list[Case]:
    def story(long: int, n_vocab: int = 90) -> list[int]:
        return [between(rng, 1, n_vocab) for _ in range(long)]

    def told(*lengths: int) -> Stories:
        """The last two ids of each are two, so that a place too far shows."""
        made = []
        for long in lengths:
            ids = some(rng, range(1, 90), min(long, 80)) + story(max(0, long - 80))
            made.append(ids)
        return made

    again = told(3)[0]
    return [
        Case("two stories, the second shorter", (told(3, 1), between(rng, 91, 99))),
        Case("two stories, the first shorter", (told(2, 4), between(rng, 91, 99))),
        Case("a single story", (told(4), between(rng, 91, 99))),
        Case("stories of one length", (told(3, 3, 3), between(rng, 91, 99))),
        Case("many stories", (told(*rng.integers(1, 5, 139), 7), 588)),
        Case("a long story", (told(between(rng, 270, 290), 2), 50_256)),
        Case("as many stories as places", (told(3, 1, 2, 2), between(rng, 91, 99))),
        edge("an empty story beside another", (told(2, 0), between(rng, 91, 99))),
        edge("an empty story first", (told(0, 2, 1), between(rng, 91, 99))),
        edge("a single empty story", ([[]], between(rng, 91, 99))),
        edge("a story of one token", (told(1), between(rng, 91, 99))),
        edge("an END of 0", (told(3, 1), 0)),
        edge("an END of 1", ([[i + 1 for i in s] for s in told(4, 2)], 1)),
        edge("a token that comes twice in a row", ([[4, 4, *again], told(2)[0]], 95)),
        edge("stories whose ids are above END", ([[97, 96, 98], [96, *again]], 95)),
        edge("the same story twice", ([again, again[:1], again], between(rng, 91, 99))),
        edge("a batch without any story", ([], between(rng, 91, 99))),
        *twins(
            oracle,
            lambda: (told(4, 2, 5, 3, 6), 95),
            "the stories",
            "END",
            others={1: 96},
        ),
    ]


def _ids(story: list[int], end: int, T: int) -> list[int]:
    return [end, *story] + [end] * (T - 1 - len(story))


def _targets(story: list[int], end: int, T: int) -> list[int]:
    return [*story, end] + [-1] * (T - 1 - len(story))


def plain(
    stories: Stories,
    end: int,
    width: Callable[[Stories], int] = lambda stories: max(map(len, stories)) + 1,
    read: Row = _ids,
    ask: Row = _targets,
    given: Callable[[Stories], Stories] = lambda stories: stories,
    last: Callable = lambda ids, targets: (ids, targets),
    none: Callable = lambda: stop(ValueError),
) -> tuple:
    """A batch with loose screws; rows are cut to the width."""
    if not stories:
        return none()
    stories = given(stories)
    T = width(stories)
    made = ([row(s, end, T)[:T] for s in stories] for row in (read, ask))
    return last(*map(torch.tensor, made))


def _by(**screws) -> Callable[..., tuple]:
    return partial(plain, **screws)


def worked(stories: Stories, end: int) -> dict[str, list]:
    if not stories:
        return {}
    first = stories[0]
    return {
        "the first story, with END on both sides": [end, *first, end],
        "its ids: without the last of these": [end, *first],
        "its targets: without the first": [*first, end],
        "questions of each story": [len(story) + 1 for story in stories],
    }


def _filled(many: int, what: int) -> list[int]:
    return [what] * max(0, many)


def _pads(read: int | None = None, ask: int | None = None) -> Callable[..., tuple]:
    """Filled up with something else; None leaves it as it should be."""

    def ids(s: list[int], end: int, T: int) -> list[int]:
        return [end, *s] + _filled(T - 1 - len(s), end if read is None else read)

    def targets(s: list[int], end: int, T: int) -> list[int]:
        return [*s, end] + _filled(T - 1 - len(s), -1 if ask is None else ask)

    return partial(plain, read=ids, ask=targets)


def _asked_for_itself(s: list[int], end: int, T: int) -> list[int]:
    return [end, *s] + _filled(T - 1 - len(s), -1)


def _without_end_first(s: list[int], end: int, T: int) -> list[int]:
    return s + _filled(T - len(s), end)


def _next_of_story(s: list[int], end: int, T: int) -> list[int]:
    return [*s[1:], end][: len(s)] + _filled(T - len(s), -1)


def _in_front(row: Row) -> Row:
    """The same row with what fills it up in front."""

    def moved(s: list[int], end: int, T: int) -> list[int]:
        whole, own = row(s, end, T), len(s) + 1
        return whole[own:] + whole[:own]

    return moved


def _ragged(stories: Stories, end: int) -> tuple:
    """As torch.tensor of rows that are not equally long."""
    if len({*map(len, stories)}) != 1:
        stop(ValueError)
    return plain(stories, end)


def _into(stories: Stories, end: int) -> tuple:
    made = plain(stories, end)
    for story in stories:
        story.append(end)
    return made


def _in_one_row(stories: Stories, end: int) -> tuple:
    if not stories:
        stop(ValueError)
    row = [end, *(i for s in stories for i in (*s, end))]
    return torch.tensor([row[:-1]]), torch.tensor([row[1:]])


def _by_lists(width: Callable[[Stories], int]) -> Callable[..., tuple]:
    """Rows made of lists: where one is too long, they make no tensor."""

    def answer(stories: Stories, end: int) -> tuple:
        T = width(stories) if stories else stop(ValueError)
        rows = [[row(s, end, T) for s in stories] for row in (_ids, _targets)]
        return torch.tensor(rows[0]), torch.tensor(rows[1])

    return answer


def _by_slices(width: Callable[[Stories], int]) -> Callable[..., tuple]:
    """Rows written into a tensor: what is too long has no room."""

    def answer(stories: Stories, end: int) -> tuple:
        T = width(stories) if stories else stop(ValueError)
        ids = torch.full((len(stories), T), end)
        targets = torch.full((len(stories), T), -1)
        for b, s in enumerate(stories):
            ids[b, 1 : len(s) + 1] = torch.tensor(s, dtype=torch.int64)
            targets[b, : len(s)] = torch.tensor(s, dtype=torch.int64)
            targets[b, len(s)] = end
        return ids, targets

    return answer


def _too_few(stories: Stories) -> int:
    return max(map(len, stories))


def _of_the_first(stories: Stories) -> int:
    return len(stories[0]) + 1


def _of_the_last(stories: Stories) -> int:
    return len(stories[-1]) + 1


def _of_the_greatest(stories: Stories) -> int:
    return len(max(stories)) + 1


_SHIFT = "targets are the same tokens one place on"

MISTAKES = (
    Mistake(
        "targets not shifted",
        "At each place the model is asked for the very token that it reads there. It would "
        f"learn to repeat. Move the row by one place: {_SHIFT}.",
        _by(ask=_asked_for_itself),
    ),
    Mistake(
        "targets shifted the other way",
        "The model is asked for the token **before** the one that it reads. It is to say "
        f"what comes next: {_SHIFT}.",
        _by(
            ask=lambda s, end, T: (
                [end, end, *s][: len(s) + 1] + _filled(T - 1 - len(s), -1)
            )
        ),
    ),
    Mistake(
        "targets shifted by two",
        "The model is asked for the token after the next. Move the row by one place only: "
        "the first target is the first token of the story.",
        _by(ask=lambda s, end, T: [*s[1:], end] + _filled(T - max(1, len(s)), -1)),
    ),
    Mistake(
        "no END before the story",
        "Your ids begin with the story's first token, so nothing asks for that token. END "
        "stands before it: the first question is how a story begins.",
        _by(
            width=lambda stories: max(1, *map(len, stories), 1),
            read=_without_end_first,
            ask=_next_of_story,
        ),
    ),
    Mistake(
        "no END before the story, with room for it",
        "The ids begin with the story's first token, and the targets do too, so the model is "
        "asked for what it reads. END stands before the story in the ids.",
        _by(read=_without_end_first),
    ),
    Mistake(
        "END never asked for",
        "The last question of a story is missing: after its last token, END comes. Without "
        "it the model never learns to stop.",
        _by(ask=lambda s, end, T: s + _filled(T - len(s), -1)),
    ),
    Mistake(
        "END at the end of the ids too",
        "Your ids hold END once more, after the story, and a place more than is asked. What "
        "stands last is only a target: there is nothing to read after it.",
        _by(
            width=lambda stories: max(map(len, stories)) + 2,
            ask=_targets,
        ),
    ),
    Mistake(
        "everything is asked",
        "Where a row was filled up, the targets are END, so the model is asked for it again "
        "and again. Nothing may be asked there: −1.",
        _by(ask=lambda s, end, T: s + _filled(T - len(s), end)),
    ),
    Mistake(
        "targets filled up with 0",
        "The targets are filled up with 0. That is a token like any other, and it would be "
        "asked for. What asks nothing is −1.",
        _pads(ask=0),
    ),
    Mistake(
        "targets filled up with -100",
        "The targets are filled up with −100, as PyTorch's own loss has it where nobody says "
        "otherwise. In this course −1 asks nothing.",
        _pads(ask=-100),
    ),
    Mistake(
        "ids filled up with -1",
        "The ids are filled up with −1. No token has that id, and a table cannot look it up. "
        "Ids are filled up with END; it is the **targets** that are −1.",
        _pads(read=-1),
    ),
    Mistake(
        "ids filled up with 0",
        "The ids are filled up with 0. Take END for that: the caller says which id it is.",
        _pads(read=0),
    ),
    Mistake(
        "ids filled up with -1, targets with END",
        "What fills up has changed places: ids are filled up with END, and targets with −1.",
        _by(
            read=lambda s, end, T: [end, *s] + _filled(T - 1 - len(s), -1),
            ask=lambda s, end, T: s + _filled(T - len(s), end),
        ),
    ),
    Mistake(
        "-1 among the ids, after END",
        "You cut ids and targets out of one row, and so −1 is among the ids, after END. No token "
        "has that id, and a table cannot look it up. Ids are filled up with END, up to the last.",
        _by(
            read=lambda s, end, T: [end, *s, end][:T] + _filled(T - 2 - len(s), -1),
        ),
    ),
    Mistake(
        "filled up with the last token",
        "The ids are filled up with the story's last token. END goes there: the story is "
        "over.",
        _by(
            read=lambda s, end, T: [end, *s] + _filled(T - 1 - len(s), (s or [end])[-1])
        ),
    ),
    Mistake(
        "filled up in front",
        "The short stories are filled up in front, so they begin late. What fills up comes "
        "**after** the story: its first token stands at place 1.",
        _by(read=_in_front(_ids), ask=_in_front(_targets)),
    ),
    Mistake(
        "the first question left out",
        "Where the ids are END, nothing is asked in your batch. But END stands before the "
        "story too, and there the first token is asked for. Go by the story's length, and "
        "not by what stands there.",
        _by(
            ask=lambda s, end, T: (
                [-1, *s[1:], end][: len(s) + 1] + _filled(T - 1 - len(s), -1)
            )
        ),
    ),
    Mistake(
        "cut to the shortest",
        "All stories are cut to the shortest one. Fill up the short ones instead: nothing of "
        "a story is lost.",
        _by(
            width=lambda stories: min(map(len, stories)) + 1,
            read=lambda s, end, T: [end, *s],
            ask=lambda s, end, T: [*s, end],
        ),
    ),
    Mistake(
        "as wide as the first story",
        "The rows are as wide as the first story needs. The **longest** decides, wherever "
        "it stands.",
        _by(width=lambda stories: len(stories[0]) + 1),
    ),
    Mistake(
        "as wide as the last story",
        "The rows are as wide as the last story needs. The **longest** decides, wherever it "
        "stands.",
        _by(width=lambda stories: len(stories[-1]) + 1),
    ),
    Mistake(
        "a place too few",
        "The rows are as wide as the longest story, so its last question is cut off. A story "
        "of three tokens is four questions, for END is asked too.",
        _by(width=lambda stories: max(map(len, stories))),
    ),
    *(
        Mistake(f"{name}, {how}", hint, made(width))
        for name, hint, width in (
            (
                "a place too few",
                (
                    "A row has no room for all of its story: T is the length of the longest one "
                    "**plus 1**, because END is asked for too."
                ),
                _too_few,
            ),
            (
                "as wide as the first story",
                (
                    "Your T is that of the first story, and a longer one has no room. The "
                    "**longest** decides, wherever it stands."
                ),
                _of_the_first,
            ),
            (
                "as wide as the last story",
                (
                    "Your T is that of the last story, and a longer one has no room. The "
                    "**longest** decides, wherever it stands."
                ),
                _of_the_last,
            ),
            (
                "as wide as the greatest story",
                (
                    "`max` of lists compares their first items, and not how long they are. So a "
                    "longer story may have no room. Take the largest of their **lengths**."
                ),
                _of_the_greatest,
            ),
        )
        for how, made in (("in lists", _by_lists), ("in a tensor", _by_slices))
        if (width, made)
        != (_too_few, _by_lists)  # that is as if nothing were filled up
    ),
    Mistake(
        "END in the last column",
        "Your END stands in the last column of every row. It is asked for right after the "
        "**story's own** last token, and after that nothing is asked: −1.",
        _by(ask=lambda s, end, T: s + _filled(T - 1 - len(s), -1) + [end]),
    ),
    Mistake(
        "the ids without their first column",
        "Your targets are the ids without their first column, so they are a place short. They "
        "are as wide as the ids: after a story's last token END is asked for, and after that "
        "nothing, −1.",
        _by(last=lambda ids, targets: (ids, ids[:, 1:])),
    ),
    Mistake(
        "as wide as there are stories",
        "The rows are as wide as there are stories. It is the longest story that decides, "
        "by its tokens, plus 1.",
        _by(width=lambda stories: len(stories)),
    ),
    Mistake(
        "not filled up",
        "Rows of different lengths make no tensor. Fill up all to one length, that of the longest "
        "story **plus 1** (END is asked for too): ids with END, targets with −1.",
        _ragged,
    ),
    Mistake(
        "one long row",
        "All stories stand in one row, one after the other. Each story has a row of its own, "
        "so that no story sees another.",
        _in_one_row,
    ),
    Mistake(
        "targets first",
        "Ids and targets have changed places. The ids, what the model reads, come first.",
        _by(last=lambda ids, targets: (targets, ids)),
    ),
    Mistake(
        "ids twice",
        "Both are ids. The second is the targets: what the model is asked for.",
        _by(last=lambda ids, targets: (ids, ids)),
    ),
    Mistake(
        "only the ids",
        "Only the ids come back. Return both, ids and targets, separated by a comma.",
        _by(last=lambda ids, targets: ids),
    ),
    Mistake(
        "only the targets",
        "Only the targets come back. Return both, ids and targets, separated by a comma.",
        _by(last=lambda ids, targets: targets),
    ),
    Mistake(
        "in one tensor",
        "Ids and targets are in one tensor. Return them as two: with a comma between them, "
        "without `stack`.",
        _by(last=lambda ids, targets: torch.stack([ids, targets])),
    ),
    Mistake(
        "places in rows",
        "The batch lies on its side: a row for each place. A row belongs to a **story**, and "
        "has a column for each place.",
        _by(last=lambda ids, targets: (ids.mT.contiguous(), targets.mT.contiguous())),
    ),
    Mistake(
        "lists of numbers",
        "These are the right numbers, but in Python lists. Make a tensor of each: "
        "`torch.tensor` takes a list of rows.",
        _by(last=lambda ids, targets: (ids.tolist(), targets.tolist())),
    ),
    Mistake(
        "lists of rows",
        "The rows are right, but each list of them is not yet one tensor. `torch.stack` puts "
        "rows together, and `torch.tensor` takes a list of lists.",
        _by(last=lambda ids, targets: ([*ids], [*targets])),
    ),
    Mistake(
        "floats instead of ids",
        "These are floats. Ids and targets are whole numbers, int64: a table can only be "
        "looked up by whole numbers. Did a tensor of zeros or ones come first?",
        _by(last=lambda ids, targets: (ids.float(), targets.float())),
    ),
    Mistake(
        "int32 instead of int64",
        "These are the right numbers, but in 32 bits. Ids are int64 in PyTorch, and so they "
        "come if you say nothing about it.",
        _by(last=lambda ids, targets: (ids.int(), targets.int())),
    ),
    Mistake(
        "only the first story",
        "Only the first story comes back. Does `return` stand inside the loop? It ends the "
        "whole function at the first round.",
        _by(last=lambda ids, targets: (ids[:1], targets[:1])),
    ),
    Mistake(
        "only the last story",
        "Only the last story comes back: each round of the loop overwrites the one before. "
        "All of them are needed, one under the other.",
        _by(last=lambda ids, targets: (ids[-1:], targets[-1:])),
    ),
    *(
        Mistake(
            f"the stories sorted by length, the {which} first",
            "The stories come in another order, sorted by length. A batch keeps the order in "
            "which they were given.",
            _by(given=partial(sorted, key=len, reverse=down)),
        )
        for which, down in (("shortest", False), ("longest", True))
    ),
    Mistake(
        "the stories backwards",
        "Each story runs backwards in your batch: its last token comes first. Take its ids as they "
        "are given.",
        _by(given=lambda stories: [story[::-1] for story in stories]),
    ),
    Mistake(
        "only one place that was filled up asks nothing",
        "Where a row was filled up, only the first target is −1, and after it END is asked for. "
        "Nothing may be asked in **any** of these places: −1 up to the end of the row.",
        _by(
            ask=lambda s, end, T: (
                [*s, end] + [-1] * (T > len(s) + 1) + _filled(T - 2 - len(s), end)
            )
        ),
    ),
    Mistake(
        "empty stories refused",
        "You refuse a batch because a story in it is empty. A story may be empty: then only END "
        "is asked for. An empty list counts as false, in `all` and after `not`, too.",
        lambda stories, end: plain(stories, end) if all(stories) else stop(ValueError),
    ),
    Mistake(
        "empty stories left out",
        "Empty stories are left out. Each story has its row: an empty one is asked for END, "
        "right after END, and nothing else.",
        lambda stories, end: (
            plain([s for s in stories if s], end)
            if any(stories) or not stories
            else (torch.zeros(0, 1).long(), torch.zeros(0, 1).long())
        ),
    ),
    Mistake(
        "END is always 9",
        "END is always 9 in your batch, as in the example. The caller says which id it is: "
        "use the argument `end`.",
        lambda stories, end: plain(stories, 9),
    ),
    Mistake(
        "the largest id for END",
        "You work out END from the stories, as the id after the largest. The caller says "
        "which id it is: use the argument `end`.",
        lambda stories, end: plain(
            stories, max((i for s in stories for i in s), default=0) + 1
        ),
    ),
    Mistake(
        "stories are changed in place",
        "The batch is right, but END was appended to the caller's own stories, who still "
        "needs them as they were. Make new lists: `[*story, end]` is one.",
        _into,
    ),
    Mistake(
        "no story makes an empty batch",
        "The batches are right. But where there is no story there is nothing to ask, and you "
        "return an empty batch: raise a ValueError.",
        _by(none=lambda: (torch.zeros(0, 1).long(), torch.zeros(0, 1).long())),
    ),
    Mistake(
        "an error of another kind for no story",
        "Where there is no story, another error than a ValueError ends your function. Look at "
        "that first, and raise a ValueError.",
        _by(none=lambda: stop(IndexError)),
    ),
    an_assert(_by(none=lambda: stop(AssertionError)), "A batch of nothing"),
    two_at_once(
        "no END before the story, and none asked for",
        _by(
            width=lambda stories: max([len(s) - 1 for s in stories] + [0]),
            read=lambda s, end, T: s[:-1] + _filled(T + 1 - len(s), end),
            ask=lambda s, end, T: s[1:] + _filled(T + 1 - len(s), -1),
        ),
        "END is missing before the story, so nothing asks for its first token.",
        "END is missing as the last target, so the model never learns to stop.",
    ),
)

CHECK = Check(
    "batch",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    worked=worked,
    rtol=0.0,
    atol=0.0,
)
