"""Line charts as SVG, for docs/plots. Text and lines follow the reader's theme: readable on a light and a dark page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 68, 24, 64, 60
"""Margins around the plot; the keys lie in the upper one."""
LIGHT = ("#1b5fb4", "#c2460a", "#1d7a3e", "#7b3fa0", "#6b6b00")
DARK = ("#79b0f5", "#ff9d66", "#6fcf8f", "#cfa3ee", "#d8d46a")
MARKS = ("circle", "square", "triangle", "diamond", "circle")
"""Lines are told apart by shape too, not by colour alone."""


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high`, with a text at some places. On a `log` axis what is below `low` is drawn at `low`."""

    label: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    log: bool = False

    def place(self, value: float) -> float:
        """0 at `low`, 1 at `high`, nothing outside."""
        value = min(max(value, self.low), self.high)
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Series:
    """A line: points in the order in which they are joined. `dashed` for what it is compared with."""

    name: str
    points: Sequence[Point]
    dashed: bool = False


def chart(title: str, x: Axis, y: Axis, series: Sequence[Series], *, goals: Sequence[Point] = ()) -> str:
    """The whole file. Each of `goals` is a corner (x, y) within which the lines should get: a faint rectangle from the
    origin."""
    parts = [_frame(title, x, y)]
    for goal in goals:
        right, top = _at(x, y, goal)
        parts.append(
            f'<rect class="goal" x="{LEFT}" y="{top:.1f}" width="{right - LEFT:.1f}" '
            f'height="{HEIGHT - BOTTOM - top:.1f}"/>'
        )
    for number, each in enumerate(series):
        kind, mark = number % len(LIGHT), MARKS[number % len(MARKS)]
        places = [_at(x, y, point) for point in each.points]
        path = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
        dashed = ' stroke-dasharray="6 4"' if each.dashed else ""
        parts.append(f'<polyline class="line s{kind}"{dashed} points="{path}"/>')
        parts += [_mark(mark, kind, *place) for place in places]
        key = LEFT + number * (WIDTH - LEFT - RIGHT) / len(series)
        parts.append(f'<polyline class="line s{kind}"{dashed} points="{key:.0f},46 {key + 26:.0f},46"/>')
        parts.append(_mark(mark, kind, key + 13, 46))
        parts.append(f'<text x="{key + 32:.0f}" y="50">{escape(each.name)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{escape(title)}">\n<style>{_style()}</style>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _style() -> str:
    def colours(ink: str, faint: str, paper: str, lines: Sequence[str]) -> str:
        rules = [
            f"text{{fill:{ink}}} .axis{{stroke:{ink}}} .grid{{stroke:{faint}}} .goal{{fill:{faint}}} "
            f".paper{{fill:{paper}}}"
        ]
        rules += [f"polyline.s{number}{{stroke:{line}}} .m{number}{{fill:{line}}}" for number, line in enumerate(lines)]
        return " ".join(rules)

    return (
        "text{font:13px system-ui,sans-serif} .title{font-size:16px;font-weight:600} .axis,.grid{stroke-width:1} "
        ".line{stroke-width:2;fill:none} .goal{opacity:.5} "
        + colours("#24292f", "#d8dee4", "#ffffff", LIGHT)
        + " @media (prefers-color-scheme: dark){"
        + colours("#e6edf3", "#3d444d", "#0d1117", DARK)
        + "}"
    )


def _frame(title: str, x: Axis, y: Axis) -> str:
    """Paper, title, axes, grid and labels."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="title" x="{LEFT}" y="24">{escape(title)}</text>',
    ]
    for value, text in x.ticks:
        across = LEFT + x.place(value) * (right - LEFT)
        parts.append(f'<line class="grid" x1="{across:.1f}" x2="{across:.1f}" y1="{TOP}" y2="{bottom}"/>')
        parts.append(f'<text x="{across:.1f}" y="{bottom + 18}" text-anchor="middle">{escape(text)}</text>')
    for value, text in y.ticks:
        down = bottom - y.place(value) * (bottom - TOP)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{down:.1f}" y2="{down:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{down + 4:.1f}" text-anchor="end">{escape(text)}</text>')
    middle = (TOP + bottom) / 2
    parts += [
        f'<line class="axis" x1="{LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}"/>',
        f'<line class="axis" x1="{LEFT}" x2="{LEFT}" y1="{TOP}" y2="{bottom}"/>',
        f'<text x="{(LEFT + right) / 2:.0f}" y="{HEIGHT - 16}" text-anchor="middle">{escape(x.label)}</text>',
        f'<text transform="translate(18 {middle:.0f}) rotate(-90)" text-anchor="middle">{escape(y.label)}</text>',
    ]
    return "\n".join(parts)


def _at(x: Axis, y: Axis, point: Point) -> Point:
    return LEFT + x.place(point[0]) * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y.place(point[1]) * (
        HEIGHT - BOTTOM - TOP
    )


def _mark(shape: str, kind: int, across: float, down: float) -> str:
    if shape == "circle":
        return f'<circle class="m{kind}" cx="{across:.1f}" cy="{down:.1f}" r="3.5"/>'
    corners = {
        "square": ((-3.2, -3.2), (3.2, -3.2), (3.2, 3.2), (-3.2, 3.2)),
        "triangle": ((0.0, -4.2), (4.0, 3.2), (-4.0, 3.2)),
        "diamond": ((0.0, -4.6), (4.6, 0.0), (0.0, 4.6), (-4.6, 0.0)),
    }[shape]
    path = " ".join(f"{across + right:.1f},{down + below:.1f}" for right, below in corners)
    return f'<polygon class="m{kind}" points="{path}"/>'
