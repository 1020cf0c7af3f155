"""The book's figures: one palette, small and stable SVG, and frames that share."""

import itertools
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import animation
from matplotlib.colors import to_hex

from book import figures
from tests.site.live import build

STATIC = Path(figures.__file__).parents[1] / "_static"


@pytest.fixture(autouse=True)
def a_fresh_page():
    """Ids depend on what was shown before on the same page."""
    figures._svg._used.clear()


def plot(shift=0.0):
    fig, ax = figures.canvas(4)
    ax.plot([0, 1, 2, 3], [shift, 1, 4, 9], label="squares")
    ax.scatter([1, 2], [1, 4])
    ax.set(xlabel="x", ylabel="y", title="A title", ylim=(0, 10))
    ax.text(1, 5, "␣果", family="monospace")
    ax.legend()
    return fig


def square(at, size="300 100"):
    return (
        f'<svg viewBox="0 0 {size}"><rect x="{at}" y="4" width="9" height="9"/>'
        f'<text x="1" y="9">the same</text></svg>'
    )


# --- the palette ---------------------------------------------------------------------
def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
def test_contrast(side):
    paper = figures.PALETTE["paper"][side]
    for name in set(figures.PALETTE) - {"faint", "paper"}:  # words are written in all
        assert contrast(figures.PALETTE[name][side], paper) >= 4.5, name


def test_the_page_has_the_same_colours():
    css = (STATIC / "book.css").read_text("utf-8")
    light, dark = (
        dict(re.findall(r"--fig-(\w+): (#\w{6});", css.split(start)[1].split("}")[0]))
        for start in ("html:not([data-theme])", 'html[data-theme="dark"]')
    )
    assert light == {name: colour for name, (colour, _) in figures.PALETTE.items()}
    assert dark == {name: colour for name, (_, colour) in figures.PALETTE.items()}


def test_a_meaning_has_one_colour_in_pictures_and_living_parts():
    style = build.MODULES.joinpath("page.css").read_text("utf-8")
    names = {light: name for name, (light, _) in figures.PALETTE.items()}
    meanings = "model", "truth", "above", "below", "asks"
    for meaning in meanings:
        colour = names[getattr(figures, meaning.upper())]
        assert f"  --{meaning}: var(--fig-{colour});" in style, meaning
    # the sign of a number and whose bets they are are never told by one colour
    assert len({getattr(figures, meaning.upper()) for meaning in meanings}) == 5


@pytest.mark.parametrize(
    "rule", ['[aria-pressed="true"]', '[aria-checked="true"]', ".vectors-mark.here"]
)
def test_what_is_chosen_has_not_the_colour_of_the_model(rule):
    for file in sorted(build.MODULES.glob("*.css")):
        for selector, body in re.findall(
            r"([^{}]+){([^{}]*)}", file.read_text("utf-8")
        ):
            if rule in selector:
                assert "fig-blue" not in body, f"{file.name}: {selector.strip()}"


# --- show ----------------------------------------------------------------------------
def test_show_follows_the_page():
    markup = figures.show(plot(), "Squares").markup
    root = re.match(r'<div class="figure-box"><svg [^>]*style="([^"]*)"', markup)[1]
    assert "--c-blue:var(--fig-blue,#0069ab)" in root
    # every colour in the drawing is one of the page's variables
    assert not re.findall(r"#[0-9a-f]{6}\b", markup.replace(root, ""))
    assert set(re.findall(r"var\(--c-(\w+)\)", markup)) <= set(
        re.findall(r"--c-(\w+):", root)
    )


def test_show_is_small_labelled_and_clean():
    markup = figures.show(plot(), 'Squares, "quoted" & <odd>').markup
    assert len(markup) < 9_000
    assert (
        'role="img" aria-label="Squares, &quot;quoted&quot; &amp; &lt;odd&gt;"'
        in markup
    )
    for waste in ("<style", "<metadata", "DejaVu", "xmlns", "\n"):
        assert waste not in markup
    assert "--fig-mono" in markup  # a text that asked for it keeps its fixed width
    ElementTree.fromstring(markup)


def test_the_same_figure_gives_the_same_bytes():
    first = figures.show(plot(), "Squares").markup
    figures._svg._used.clear()
    assert figures.show(plot(), "Squares").markup == first


def ids_of(markup):
    return re.findall(r'\bid="([^"]+)"', markup)


def test_ids_differ_between_figures_and_every_reference_resolves():
    pages = [figures.show(plot(), "Squares").markup for _ in range(3)]
    pages.append(figures.show(plot(2.0), "Squares").markup)
    for markup in pages:
        named = re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', markup)
        assert named and {a or b for a, b in named} <= set(ids_of(markup))
    every = list(itertools.chain.from_iterable(map(ids_of, pages)))
    assert every and len(every) == len(set(every))


def test_words_around_a_tspan_stay():
    words = "one <tspan>two</tspan> three"
    svg = f'<svg viewBox="0 0 9 9">\n<text x="1" y="2">{words}</text>\n</svg>'
    assert f">{words}</text></svg>" in figures.show(svg, "Words").markup


def test_a_heat_map_is_mixed_by_the_page():
    fig, ax = figures.canvas(3, 3)
    ax.pcolormesh([[0, 1], [2, 3]])
    assert "color-mix(in oklab" in figures.show(fig, "Four cells").markup


def test_a_heat_map_of_a_matrix_has_its_labels_and_numbers():
    fig, ax = figures.canvas(3, 3)
    figures.heat(
        ax, [[1.0, 0.0], [0.25, 0.75]], ["a", "b"], ["c", "d"], "{:.2f}".format
    )
    assert [text.get_text() for text in ax.texts] == ["1.00", "0.00", "0.25", "0.75"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["a", "b"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["c", "d"]
    top, bottom = (ax.transData.transform((0, row))[1] for row in (0, 1))
    assert top > bottom  # row 0 is on top
    dark, light = (ax.texts[i].get_color() for i in (0, 1))
    assert (dark, light) == (figures.PAPER, figures.INK)
    known = {light for light, _ in figures.PALETTE.values()} | set(
        figures._style.VARIABLE
    )
    known.add(figures._style.BLACK)
    svg = figures.show(fig, "a matrix")._repr_html_()
    drawn = set(re.findall(r"#[0-9a-f]{6}\b", re.sub("--c-.*?>", ">", svg)))
    assert drawn <= known


def test_a_heat_map_without_numbers_can_be_told_its_largest():
    _, ax = figures.canvas(3, 3)
    figures.heat(ax, [[0.0, 0.0]])
    figures.heat(ax, [[0.5, 0.0]], high=1)
    assert not ax.texts
    tones = [to_hex(squares.get_facecolor()) for squares in ax.patches]
    half = to_hex(figures.SEQUENTIAL(0.5))
    assert tones == [figures.PAPER, figures.PAPER, half]


@pytest.mark.parametrize("share", [0.0, 0.5, 0.56, 0.6, 0.7, 0.87, 0.9, 1.0])
def test_a_number_on_a_square_has_the_colour_that_can_be_read(share):
    _, ax = figures.canvas(3, 3)
    figures.heat(ax, [[share]], written="{:.2f}".format, high=1)
    square, ink = to_hex(ax.patches[0].get_facecolor()), ax.texts[0].get_color()
    assert contrast(square, ink) >= 4.5  # on a light page; tests/site looks at both


# --- twice ---------------------------------------------------------------------------
def widths(markup):
    found = re.findall(r'<svg (class="\w+" )?viewBox="0 0 ([\d.]+)', markup)
    return [(kind[7:-2], float(width)) for kind, width in found]


def test_a_figure_whose_words_would_be_small_on_a_phone_is_drawn_twice():
    fig, ax = figures.canvas(6.4)
    ax.set_title(title := "a title that is longer than a phone is wide, far longer")
    ax.text(0.5, 0.5, "small", size=8)
    markup = figures.show(fig, "Words").markup
    assert widths(markup) == [("wide", 460.8), ("narrow", figures.NARROW)]
    wide, narrow = markup.split('<svg class="narrow"')
    assert "font-size:8px" in wide and "font-size:10.1px" in narrow
    assert f">{title}</text>" in wide and title not in narrow


def test_a_figure_that_a_phone_can_show_is_drawn_once():
    fig, ax = figures.canvas(4)
    ax.text(0.5, 0.5, "large enough")
    assert widths(figures.show(fig, "Words").markup) == [("", 288)]


def test_a_phone_can_have_a_picture_of_its_own_or_a_height():
    tall, _ = figures.canvas(4, 5)
    markup = figures.show(figures.canvas(6.4)[0], "Words", tall).markup
    assert widths(markup) == [("wide", 460.8), ("narrow", 288)]
    markup = figures.show(figures.canvas(6.4)[0], "Words", 400).markup
    assert f'"narrow" viewBox="0 0 {figures.NARROW} 400"' in markup


# --- the heads -----------------------------------------------------------------------
def test_of_the_heads_one_is_chosen_and_told_in_words():
    shares = torch.tensor([[1.0, 0.0], [0.75, 0.25]])
    every = {(0, 0): shares, (0, 1): torch.eye(2)}
    markup = figures.heads(["a", "<b>"], every, {(0, 0): [(1, 0)]}, (0, 1)).markup
    assert markup.count('type="radio"') == 2
    assert re.search(r'value="0.1" checked', markup)
    assert (
        '<li class="framed" style="--tone:34%"><b>&lt;b&gt;</b><i>a 0.75</i>' in markup
    )
    first, second = re.findall(r"<svg.*?</svg>", markup)
    assert "M0 0h1v1h-1z" in first and "<rect" in first and "<rect" not in second


def test_glyphs_that_matplotlib_lacks_do_not_warn(recwarn):
    figures.show(plot(), "Squares")
    assert not [w for w in recwarn if "Glyph" in str(w.message)]


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_show_needs_an_alt(alt):
    with pytest.raises(ValueError, match="say what the picture shows"):
        figures.show(plot(), alt)


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        (3, "a picture is int"),
        ("<p>no</p>", "<svg> element"),
        ("<svg viewBox='0 0 1 1'><g></svg>", "well-formed"),
        ("<svg><g/></svg>", "viewBox"),
    ],
)
def test_what_is_no_picture_says_so(picture, says):
    with pytest.raises(ValueError, match=says):
        figures.show(picture, "x")


# --- play ----------------------------------------------------------------------------
def seen(markup, frame):
    """The drawing of one frame, as the player shows it."""
    drawn = ElementTree.fromstring(re.search(r"<svg.*</svg>", markup, re.DOTALL)[0])
    kept = []
    for part in drawn:
        spans = [span.split("-") for span in part.get("data-f", f"{frame}").split()]
        if any(int(span[0]) <= frame <= int(span[-1]) for span in spans):
            part.attrib.pop("data-f", None)
            part.attrib.pop("data-last", None)
            kept.append(ElementTree.tostring(part))
    return kept


@given(st.lists(st.lists(st.sampled_from("abcde"), max_size=8), min_size=2, max_size=9))
def test_woven_frames_can_be_taken_apart_again(frames):
    woven = figures._player._weave(frames)
    for number, pieces in enumerate(frames):
        assert [piece for piece, shown in woven if number in shown] == pieces


@given(st.sets(st.integers(0, 40), min_size=1))
def test_ranges_say_which_frames(numbers):
    said = set()
    for span in figures._player._ranges(sorted(numbers)).split():
        first, _, last = span.partition("-")
        said |= set(range(int(first), int(last or first) + 1))
    assert said == numbers


def test_play_shows_every_frame_and_shares_what_is_the_same():
    shifts = [0, 2, 4, 6]
    markup = figures.play([plot(s) for s in shifts], "A line").markup
    for number, shift in enumerate(shifts):
        figures._svg._used.clear()
        single = figures.play([plot(shift), plot(shift)], "A line").markup
        prefix = re.compile(rb"f[0-9a-f]{7}\d*-")
        now, alone = (
            [prefix.sub(b"", part) for part in seen(page, frame)]
            for page, frame in ((markup, number), (single, 0))
        )
        # definitions come first, and hold those of all frames
        assert now[1:] == alone[1:]
    assert len(markup) < 1.5 * len(single)


def test_the_last_frame_is_marked_for_paper_and_for_no_script():
    markup = figures.play([square(10), square(20), square(30)], "A square").markup
    marked = re.findall(r'<rect data-f="([^"]+)"( data-last="")?', markup)
    assert marked == [("0", ""), ("1", ""), ("2", ' data-last=""')]
    assert markup.count("the same") == 1


def test_a_matplotlib_animation_is_taken():
    fig, ax = figures.canvas()
    (line,) = ax.plot([0, 1], [0, 1])

    def draw(number):
        line.set_ydata([0, number])
        return [line]

    # without pyplot a figure has no canvas of its own for the animation to use
    moving = animation.FuncAnimation(fig, draw, frames=range(1, 6))
    markup = figures.play(moving, "A line turns").markup
    assert 'data-count="5"' in markup
    assert len({tuple(seen(markup, frame)) for frame in range(5)}) == 5


def test_forty_frames_stay_small():
    frames = []
    for lit in range(40):
        fig, ax = figures.canvas()
        colours = [figures.ACCENT if i == lit else figures.FAINT for i in range(40)]
        ax.bar(range(40), [1 + i * 7 % 5 for i in range(40)], color=colours)
        frames.append(fig)
    assert len(figures.play(frames, "Bars").markup) < 40_000


def test_captions_are_text_with_code():
    markup = figures.play([square(1), square(2)], "T", ["a `b<c` d", "<i>"]).markup
    assert "<li>a <code>b&lt;c</code> d</li><li>&lt;i&gt;</li>" in markup


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([square(1)], "T"), "at least 2 frames and got 1"),
        (([square(1), square(2, "9 9")], "T"), "different sizes"),
        (([square(1), square(2)], "T", ["one"]), "2 frames but 1 captions"),
        (([square(1), square(2)], "T", None, 0), "longer than 0"),
        (([square(1), square(2)], " "), "title is empty"),
    ],
)
def test_play_says_what_is_wrong(arguments, says):
    with pytest.raises(ValueError, match=says):
        figures.play(*arguments)


# --- tokens --------------------------------------------------------------------------
def test_tokens_make_the_invisible_visible():
    chips = figures.tokens([" a<b", "\n", b"\xe6\x9e", "果".encode()], [1, 2, 3, 4])
    assert '<span class="dim">␣</span>a&lt;b</code><small>1</small>' in chips.markup
    assert repr(chips) == "4 tokens: ␣a<b | ⏎ | \\xe6\\x9e | 果"


def test_tokens_takes_pairs():
    pairs = figures.tokens([(7, "x"), (8, "y")]).markup
    figures._svg._used.clear()
    assert pairs == figures.tokens(["x", "y"], [7, 8]).markup


def test_tokens_counts_ids():
    with pytest.raises(ValueError, match="2 pieces but 1 ids"):
        figures.tokens(["a", "b"], [1])


# --- the map -------------------------------------------------------------------------
def test_the_map_links_to_the_chapters_that_exist():
    toc = (STATIC.parents[1] / "_toc.yml").read_text("utf-8")
    markup = figures.stage_map().markup
    for stage in figures._map.STAGES:
        exists = re.search(rf"book/{stage}\s*$", toc, re.MULTILINE) is not None
        assert markup.count(f'href="{stage}.html"') == (2 if exists else 0)
    ElementTree.fromstring(markup)


@pytest.mark.parametrize("stage", figures._map.STAGES)
def test_the_map_lights_one_stage(stage):
    markup = figures.stage_map(stage).markup
    assert markup.count('class="stage lit"') == 2  # wide, and tall for a phone
    assert markup.count('class="stage dim"') == 8
    assert "stage lit" not in figures.stage_map().markup


def test_the_map_knows_its_stages():
    with pytest.raises(ValueError, match="no stage 'unembed'; one of tokenize"):
        figures.stage_map("unembed")


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("M 1 2 L 1 5 L 3 5 L 3 2 z M 4 2 L 5 6", "M1 2V5H3V2zM4 2L5 6"),
        ("M 0.12345 2 C 1 2 3 4 5 6 L 5 7", "M0.12 2C1 2 3 4 5 6L5 7"),  # after a curve
        ("M 1 1 L 2 2 z L 2 3", "M1 1L2 2zL2 3"),  # z goes back: x is 1 again
    ],
)
def test_a_path_says_only_what_changes(long, short):
    assert figures._svg._clean("d", long) == short
