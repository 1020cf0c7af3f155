"""The book's mark as pictures of points, for home screens and for those who install the book.

It is drawn from logo.svg, whose shapes are arcs of one circle: `M x y A r r 0 0 1 x y`.
"""

import math
import re
from pathlib import Path

from PIL import Image, ImageDraw

LOGO = Path(__file__).parents[1] / "_static/logo.svg"
PAPER = "#fdfcfa"
FINER = 4  # it is drawn this much larger first, so that its edges are smooth
# name: (points, the mark's share of the width, the ground)
ICONS = {
    "icon-192.png": (192, 1.0, None),
    "icon-512.png": (512, 1.0, None),
    "maskable-512.png": (512, 0.68, PAPER),  # a launcher may cut off a fifth all around
    "touch-180.png": (180, 0.8, PAPER),
}
_NUMBER = r"(-?[\d.]+)"
_ARC = re.compile(
    rf'd="M{_NUMBER} {_NUMBER}A{_NUMBER} {_NUMBER} 0 0 1 {_NUMBER} {_NUMBER}"'
)


def arcs(svg: str) -> tuple[float, float, list[tuple[str, float, float, float]]]:
    """The width of the view, that of the lines, and each arc: colour, radius, from, to.

    The angles are degrees, clockwise from the right. ValueError where the mark holds
    another shape than arcs around the middle of the view.
    """
    size = float(re.search(r'viewBox="0 0 ([\d.]+) ', svg)[1])
    width = float(re.search(r'stroke-width="([\d.]+)"', svg)[1])
    found, colour, middle = [], "", size / 2
    for element in re.findall(r"<(?:g|path)\b[^>]*>", svg):
        if stroke := re.search(r'stroke="(#\w+)"', element):
            colour = stroke[1]
        if not element.startswith("<path"):
            continue
        arc = _ARC.search(element)
        if not arc:
            raise ValueError(f"logo.svg: {element} is no arc, and icons.py draws arcs")
        x, y, radius, _, to_x, to_y = map(float, arc.groups())
        if abs(math.hypot(x - middle, y - middle) - radius) > 0.05 * radius:
            raise ValueError(f"logo.svg: {element} does not go around the middle")
        angles = [
            math.degrees(math.atan2(b - middle, a - middle))
            for a, b in ((x, y), (to_x, to_y))
        ]
        found.append((colour, radius, *angles))
    return size, width, found


def draw(points: int, share: float = 1.0, ground: str | None = None) -> Image.Image:
    """The mark, `points` wide and high, on a ground or on none."""
    size, width, found = arcs(LOGO.read_text("utf-8"))
    side = points * FINER
    image = Image.new("RGBA", (side, side), ground or (0, 0, 0, 0))
    pen, unit = ImageDraw.Draw(image), side * share / size
    for colour, radius, start, end in found:
        reach = (radius + width / 2) * unit  # Pillow draws inwards from the box
        box = (side / 2 - reach, side / 2 - reach, side / 2 + reach, side / 2 + reach)
        pen.arc(box, start, end, fill=colour, width=round(width * unit))
    image = image.resize((points, points), Image.Resampling.LANCZOS)
    return image.convert("RGB") if ground else image


def write(folder: Path) -> None:
    """Write all icons into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (points, share, ground) in ICONS.items():
        draw(points, share, ground).save(folder / name, optimize=True)
