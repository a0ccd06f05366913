"""Draws flows and associations with their ends."""

from __future__ import annotations

from itertools import pairwise
from math import hypot

from engine_svc.diagram.items import Line, Point
from engine_svc.diagram.svg import circle, path, points_text, polygon, tag

_HEAD_LENGTH = 10.0
_HEAD_HALF = 4.2


def draw_line(line: Line, ink: str, paper: str) -> str:
    """Return a line without its label."""
    kind = line.look.kind
    points = list(line.points)
    if kind == "sequenceFlow":
        head = _closed_head(points[-2], points[-1], ink, ink)
        drawn = _stroke([*points[:-1], _short(points[-2], points[-1], _HEAD_LENGTH)], ink, 1.6) + head
        if line.look.default:
            drawn += _slash(points[0], points[1], ink)
        elif line.look.conditional:
            drawn += _diamond(points[0], points[1], ink, paper)
        return drawn
    if kind == "messageFlow":
        head = _closed_head(points[-2], points[-1], ink, paper)
        drawn = _stroke([*points[:-1], _short(points[-2], points[-1], _HEAD_LENGTH)], ink, 1.4, "9 6")
        return drawn + circle(*points[0], 3.5, fill=paper, stroke=ink, stroke_width=1.3) + head
    drawn = _stroke(points, ink, 1.5, "1 5")
    if line.look.directions in ("One", "Both"):
        drawn += _open_head(points[-2], points[-1], ink)
    if line.look.directions == "Both":
        drawn += _open_head(points[1], points[0], ink)
    return drawn


def middle(points: tuple[Point, ...]) -> Point:
    """Return the point halfway along a line."""
    lengths = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    left = sum(lengths) / 2
    for length, (start, end) in zip(lengths, pairwise(points), strict=True):
        if left <= length and length > 0:
            return _along(start, end, left / length)
        left -= length
    return points[-1]


def _along(start: Point, end: Point, part: float) -> Point:
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part


def _direction(start: Point, end: Point) -> tuple[float, float, float]:
    length = hypot(end[0] - start[0], end[1] - start[1])
    if not length:
        return 1.0, 0.0, 0.0
    return (end[0] - start[0]) / length, (end[1] - start[1]) / length, length


def _short(start: Point, end: Point, by: float) -> Point:
    dx, dy, length = _direction(start, end)
    by = min(by, length) * 0.8
    return end[0] - dx * by, end[1] - dy * by


def _stroke(points: list[Point], ink: str, width: float, dash: str = "") -> str:
    style = {"stroke_dasharray": dash} if dash else {}
    return tag(
        "polyline",
        points=points_text(points),
        fill="none",
        stroke=ink,
        stroke_width=width,
        stroke_linejoin="round",
        stroke_linecap="round",
        **style,
    )


def _wings(start: Point, end: Point, length: float, half: float) -> tuple[Point, Point]:
    dx, dy, _ = _direction(start, end)
    base = end[0] - dx * length, end[1] - dy * length
    return (base[0] - dy * half, base[1] + dx * half), (base[0] + dy * half, base[1] - dx * half)


def _closed_head(start: Point, end: Point, ink: str, area: str) -> str:
    left, right = _wings(start, end, _HEAD_LENGTH, _HEAD_HALF)
    return polygon([end, left, right], fill=area, stroke=ink, stroke_width=1.2, stroke_linejoin="round")


def _open_head(start: Point, end: Point, ink: str) -> str:
    left, right = _wings(start, end, 8.0, 5.0)
    return tag("polyline", points=points_text([left, end, right]), fill="none", stroke=ink, stroke_width=1.4)


def _slash(start: Point, end: Point, ink: str) -> str:
    dx, dy, length = _direction(start, end)
    at = min(12.0, length / 2)
    x, y = start[0] + dx * at, start[1] + dy * at
    a = x - dx * 3 - dy * 5.5, y - dy * 3 + dx * 5.5
    b = x + dx * 3 + dy * 5.5, y + dy * 3 - dx * 5.5
    return path(f"M{points_text([a])}L{points_text([b])}", fill="none", stroke=ink, stroke_width=1.6)


def _diamond(start: Point, end: Point, ink: str, paper: str) -> str:
    dx, dy, length = _direction(start, end)
    size = min(8.0, length / 2)
    tip = start[0] + dx * size * 2, start[1] + dy * size * 2
    mid = start[0] + dx * size, start[1] + dy * size
    half = size * 0.6
    corners = [start, (mid[0] - dy * half, mid[1] + dx * half), tip, (mid[0] + dy * half, mid[1] - dx * half)]
    return polygon(corners, fill=paper, stroke=ink, stroke_width=1.3)
