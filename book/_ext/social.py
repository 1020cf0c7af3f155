"""The picture that stands beside a link to the book: a story, and two rows of bars."""

from functools import cache
from pathlib import Path

import matplotlib
import torch
from PIL import Image, ImageDraw, ImageFont

from gpt import world
from gpt.model import small

SIZE = (1200, 630)
PAPER, INK, MUTED, MODEL, TRUTH = "#fdfcfa", "#1d2129", "#5b6270", "#0069ab", "#a87200"
FONTS = Path(matplotlib.get_data_path(), "fonts/ttf")
LEFT, TOP, LINE, STRIPE = 70, 258, 96, 9
STORY = (
    f"{world.PROMPT} Ada worked with a machine learning model. "
    "When the moon came up, the model guessed the next word"
)


def bets(story: str) -> list[tuple[str, list[float], list[float], int]]:
    """Each word of a story, the model's and the author's odds there, and which came."""
    model, tokenizer = small()
    words = world._WORD.findall(story)
    found = []
    for i, word in enumerate(words):
        before = world._text(words[:i])
        odds = world.next_word(before)
        shares = [
            _chance(model, tokenizer, before, world._space(i, one) + one)
            for one in odds
        ]
        found.append((word, shares, [*odds.values()], [*odds].index(word)))
    return found


def _chance(model, tokenizer, before: str, text: str) -> float:
    """The model's probability of a text after another: of its tokens in turn."""
    ids = tokenizer.encode(world.END + before, allowed_special="all")
    chance = 1.0
    for id in tokenizer.encode(text, allowed_special="all"):
        with torch.no_grad():
            chance *= float(model(torch.tensor([ids]))[0, -1].softmax(-1)[id])
        ids = [*ids, id]
    return chance


@cache
def _font(size: int, bold: bool = False):
    return ImageFont.truetype(FONTS / f"DejaVuSans{'-Bold' * bold}.ttf", size)


def _row(draw, box, shares, came, colour):
    """One row of stripes: a stretch for each bet, the one that came in full colour."""
    left, top, right = box
    for i, share in enumerate(shares):
        end = left + (right - box[0]) * share
        tone = colour if i == came else _mixed(colour)
        if end - left > 1:
            gap = 2 if len(shares) > 1 else 0
            draw.rectangle((left, top, max(left, end - gap), top + STRIPE), fill=tone)
        left = end


def _mixed(colour: str, share: float = 0.3) -> tuple[int, ...]:
    """A colour on paper, as if it were a thin wash."""
    pairs = [[int(one[i : i + 2], 16) for one in (colour, PAPER)] for i in (1, 3, 5)]
    return tuple(round(share * a + (1 - share) * b) for a, b in pairs)


def picture() -> Image.Image:
    """1200 by 630, as social sites want it."""
    image = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((LEFT, 62), "GPT in Four Stages", INK, _font(58, bold=True))
    said = "Build the program that writes this, and see how close it comes"
    draw.text((LEFT, 148), f"{said} to the truth.", MUTED, _font(26))
    x, y = LEFT, TOP
    for i, (word, model, truth, came) in enumerate(bets(STORY)):
        width = draw.textlength(word, _font(36))
        x += 0 if i == 0 or word in ".," else 14
        if x + width > SIZE[0] - LEFT:
            x, y = LEFT, y + LINE
        draw.text((x, y), word, INK, _font(36))
        _row(draw, (x, y + 50, x + width), model, came, MODEL)
        _row(draw, (x, y + 50 + STRIPE + 4, x + width), truth, came, TRUTH)
        x += width
    y = SIZE[1] - 56
    for x, colour, text in (
        (LEFT, MODEL, "the model’s bets"),
        (380, TRUTH, "the truth"),
    ):
        draw.rectangle((x, y + 8, x + 40, y + 8 + STRIPE), fill=colour)
        draw.text((x + 54, y - 4), text, MUTED, _font(24))
    return image
