"""Pictures of a report: columns and bars as SVG of our own numbers, without a style."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

WIDTH, HEIGHT = 360, 150  # as wide as a phone, so that its words stay readable
_LEFT, _TOP, _BOTTOM = 16, 18, 22


def columns(values: Sequence[tuple[str, int]], title: str) -> Markup:
    """A histogram of tenths: a column for each, its number above it, shares below."""
    most = max([1, *(count for _, count in values)])
    wide = (WIDTH - 2 * _LEFT) / max(1, len(values))
    tall = HEIGHT - _TOP - _BOTTOM
    told = ", ".join(f"{label}: {count:,}" for label, count in values)
    drawn = [
        f'<line x1="0" y1="{HEIGHT - _BOTTOM}" x2="{WIDTH}" y2="{HEIGHT - _BOTTOM}"/>'
    ]
    for i, (_, count) in enumerate(values):
        high = tall * count / most
        x, y = _LEFT + i * wide, HEIGHT - _BOTTOM - high
        middle = f"{x + wide / 2:.1f}"
        drawn.append(
            f'<rect class="column" x="{x + 2:.1f}" y="{y:.1f}" width="{wide - 4:.1f}" '
            f'height="{high:.1f}" rx="2"/>'
        )
        if count:
            drawn.append(
                f'<text class="value" x="{middle}" y="{y - 5:.1f}" '
                f'text-anchor="middle">{count:,}</text>'
            )
    for i in range(0, len(values) + 1, 2):
        drawn.append(
            f'<text x="{_LEFT + i * wide:.1f}" y="{HEIGHT - 7}" text-anchor="middle">'
            f"{100 * i // len(values)}{' %' if i == len(values) else ''}</text>"
        )
    return Markup(
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}. {escape(told)}">{"".join(drawn)}</svg>'
    )


def bar(share: float) -> Markup:
    """A share of one as a bar; the number stands beside it, so it is silent."""
    wide = 100 * min(1.0, max(0.0, share))
    return Markup(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" '
        f'aria-hidden="true"><rect width="{wide:.1f}" height="8"/></svg>'
    )
