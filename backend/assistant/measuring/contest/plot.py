"""Draws accuracy against the time of a question, one panel a set, as a small SVG."""

import math
from collections.abc import Sequence
from html import escape

from backend.assistant.measuring.contest.entrants import FERRY
from backend.assistant.measuring.contest.results import Measured, Result

WIDTH, HEIGHT = 440, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 16, 34, 44
FASTEST, SLOWEST = 1, 6  # powers of ten, in microseconds: 10 µs to 1 s
DECADES = ("10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s")
LABEL_HEIGHT, LETTER_WIDTH, GAP = 13, 6, 8
STYLE = (
    "text{font:11px sans-serif;fill:#333}.title{font-weight:bold;font-size:13px}"
    ".grid{stroke:#ddd}.rival{fill:#777}.ferry{fill:#c2410c}"
)


def draw(results: Sequence[Result]) -> str:
    """Return the drawing; two panels stand side by side."""
    across = min(2, len(results))
    width, height = WIDTH * across, HEIGHT * math.ceil(len(results) / across)
    panels = [
        f'<g transform="translate({WIDTH * (i % across)},{HEIGHT * (i // across)})">{_panel(each)}</g>'
        for i, each in enumerate(results)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
        "<title>Accuracy against the median time of a question</title>"
        f'<style>{STYLE}</style><rect width="{width}" height="{height}" fill="#fff"/>\n'
        + "\n".join(panels)
        + "\n</svg>\n"
    )


def _panel(result: Result) -> str:
    grid = [
        f'<path class="grid" d="M{_x(10.0**power):.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
        f'<text x="{_x(10.0**power):.1f}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">{name}</text>'
        for power, name in enumerate(DECADES, FASTEST)
    ]
    grid += [
        f'<path class="grid" d="M{LEFT} {_y(share):.1f}H{WIDTH - RIGHT}"/>'
        f'<text x="{LEFT - 5}" y="{_y(share) + 4:.1f}" text-anchor="end">{share:.0%}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    ]
    title = f'<text class="title" x="{LEFT}" y="20">{escape(result.name)}</text>'
    foot = f'<text x="{WIDTH / 2}" y="{HEIGHT - 10}" text-anchor="middle">time of a question, p50</text>'
    return title + "".join(grid) + foot + _points(result.rivals)


def _points(rivals: Sequence[Measured]) -> str:
    """Draw a point for each, its label beside it, pushed down where it would cover another."""
    drawn: list[str] = []
    taken: list[tuple[float, float, float]] = []
    for each in sorted(rivals, key=lambda rival: -rival.accuracy):
        x, y = _x(each.p50_us), _y(each.accuracy)
        title = each.title.replace(" extractOne,", "")
        width = LETTER_WIDTH * len(title)
        fits = x + GAP + width < WIDTH
        start, level = x + GAP if fits else x - GAP - width, y + 4
        while any(
            abs(level - other) < LABEL_HEIGHT and start < end and first < start + width
            for first, end, other in taken
        ):
            level += 1
        taken.append((start, start + width, level))
        kind, side = "ferry" if each.key == FERRY else "rival", "start" if fits else "end"
        drawn.append(
            f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
            f'<text x="{x + GAP if fits else x - GAP:.1f}" y="{level:.1f}" text-anchor="{side}">'
            f"{escape(title)}</text>"
        )
    return "".join(drawn)


def _x(microseconds: float) -> float:
    along = (math.log10(microseconds) - FASTEST) / (SLOWEST - FASTEST)
    return LEFT + max(0.0, min(1.0, along)) * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
