"""The animation player: frames as one SVG, in which what they share is written once."""

import difflib
import html
import itertools
import re

from ._svg import Markup, as_svg, draw, inline, prefix_of, rename, root, take_apart


def _frames_of(animation):
    """A matplotlib Animation -> one SVG a frame."""
    frames = []
    animation._init_draw()
    for data in animation.new_frame_seq():
        animation._draw_next_frame(data, blit=False)
        frames.append(draw(animation._fig))
    return frames


def _weave(frames):
    """Frames (lists of pieces) -> [(piece, frames that show it)], each piece once.

    The order of every frame is kept, because what comes later is drawn on top.
    """
    woven = [(piece, [0]) for piece in frames[0]]
    for number, pieces in enumerate(frames[1:], 1):
        before = [piece for piece, _ in woven]
        matcher = difflib.SequenceMatcher(None, before, pieces, autojunk=False)
        merged = []
        for _, a0, a1, b0, b1 in matcher.get_opcodes():
            if before[a0:a1] == pieces[b0:b1]:
                merged += [(piece, [*shown, number]) for piece, shown in woven[a0:a1]]
            else:
                merged += woven[a0:a1]
                merged += [(piece, [number]) for piece in pieces[b0:b1]]
        woven = merged
    return woven


def _ranges(numbers):
    """[0, 1, 2, 5] -> "0-2 5"."""
    parts = []
    for _, run in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in run]
        parts.append(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}")
    return " ".join(parts)


def _words(caption):
    """A caption as HTML; `code` between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(caption))


def play(frames, title, captions=None, seconds=1.0):
    """The animation player of the book: play, pause, step and scrub.

    frames: matplotlib figures, or SVG strings, or a matplotlib Animation.
    title: what is shown; the player's name for a screen reader.
    captions: one sentence a frame (`code` in backticks), read aloud when stepping.
    seconds: how long a frame stays.

    What frames share is written once. Without JavaScript, and on paper, the last frame
    and all captions remain.
    """
    if not isinstance(title, str) or not title.strip():
        raise ValueError("play(frames, title): title is empty; say what is shown")
    if hasattr(frames, "new_frame_seq"):
        frames = _frames_of(frames)
    taken = [take_apart(as_svg(frame)) for frame in frames]
    count = len(taken)
    if count < 2:
        raise ValueError(f"play needs at least 2 frames and got {count}; use show")
    if len(sizes := {size for size, _, _ in taken}) > 1:
        raise ValueError(
            f"frames of different sizes {sorted(sizes)}: the page would jump; "
            "draw all of them on canvases of the same size"
        )
    captions = [""] * count if captions is None else list(captions)
    if len(captions) != count:
        raise ValueError(f"{count} frames but {len(captions)} captions")
    if not seconds > 0:
        raise ValueError(f"seconds is {seconds}; a frame must stay longer than 0")

    woven = _weave([pieces for _, _, pieces in taken])
    definitions = {name: text for _, defs, _ in taken for name, text in defs.items()}
    drawn = []
    for piece, shown in woven:
        if len(shown) == count:
            drawn.append(piece)
        else:
            tag = re.match(r"<\w+", piece)[0]
            last = ' data-last=""' if shown[-1] == count - 1 else ""
            piece = f'{tag} data-f="{_ranges(shown)}"{last}{piece[len(tag) :]}'
            drawn.append(piece)
    defs = f"<defs>{''.join(definitions.values())}</defs>" if definitions else ""
    prefix = prefix_of(title, *captions, defs, *drawn)
    name = html.escape(title)
    svg = root(
        taken[0][0],
        f'aria-label="{name}"',
        rename(defs + "".join(drawn), prefix),
    )
    said = "".join(f"<li>{_words(caption)}</li>" for caption in captions)
    listed = f'<ol class="player-captions">{said}</ol>' if any(captions) else ""
    return Markup(
        inline(
            f'<div class="player" role="group" aria-label="{name}" '
            f'data-count="{count}" data-seconds="{seconds:g}">'
            f'<p class="player-title">{name}</p>'
            f'<div class="figure-box player-stage">{svg}</div>{listed}</div>'
        ),
        f"{title} ({count} frames)",
    )
