"""The small signs of BPMN: in events, on activities, in gateways.

Event icons lie about the origin and fit an event of radius 18; task icons fill a square of 16, markers one of 14.
`ink` is the colour of lines, `paper` that of areas.
"""

from __future__ import annotations

from math import pi

from engine_svc.diagram.items import Point
from engine_svc.diagram.svg import around, circle, path, points_text, polygon, rectangle, tag

_CROSS: list[Point] = [
    (-9, -6),
    (-6, -9),
    (0, -3),
    (6, -9),
    (9, -6),
    (3, 0),
    (9, 6),
    (6, 9),
    (0, 3),
    (-6, 9),
    (-9, 6),
    (-3, 0),
]
_PLUS: list[Point] = [
    (-3, -10),
    (3, -10),
    (3, -3),
    (10, -3),
    (10, 3),
    (3, 3),
    (3, 10),
    (-3, 10),
    (-3, 3),
    (-10, 3),
    (-10, -3),
    (-3, -3),
]
_POLYGONS: dict[str, list[Point]] = {
    "error": [(-9, 8), (-3.5, -8), (2.5, 1.5), (9, -9), (3.5, 9), (-2.5, -1)],
    "escalation": [(0, -10), (7, 9), (0, 1.5), (-7, 9)],
    "signal": [(0, -10), (10, 7), (-10, 7)],
    "link": [(-10, -4), (2, -4), (2, -9), (11, 0), (2, 9), (2, 4), (-10, 4)],
    "cancel": _CROSS,
    "multiple": around(5, 10.5),
    "parallelMultiple": _PLUS,
}


def event_icon(trigger: str, ink: str, paper: str, *, throwing: bool) -> str:
    """Return the sign of what an event catches or throws; empty for a trigger that has none."""
    area = ink if throwing else paper
    if trigger == "message":
        return _envelope(-9, -6.5, 18, 13, ink, paper, filled=throwing)
    if trigger == "timer":
        marks = "".join(
            f"M{points_text([outer])}L{points_text([inner])}"
            for outer, inner in zip(around(12, 10.5), around(12, 8.5), strict=True)
        )
        face = circle(0, 0, 10.5, fill=paper, stroke=ink, stroke_width=1.2)
        return face + path(f"{marks}M0,0L2,-7.5M0,0L5.5,1", fill="none", stroke=ink, stroke_width=1.2)
    if trigger == "conditional":
        page = rectangle(-7, -9, 14, 18, fill=paper, stroke=ink, stroke_width=1.2)
        return page + path("M-5,-5.5H5M-5,-2H5M-5,2H5M-5,5.5H5", fill="none", stroke=ink, stroke_width=1.2)
    if trigger == "compensate":
        return _compensation(area, ink)
    if trigger == "terminate":
        return circle(0, 0, 11, fill=ink, stroke="none")
    outline = _POLYGONS.get(trigger)
    if outline is None:
        return ""
    return polygon(outline, fill=area, stroke=ink, stroke_width=1.2, stroke_linejoin="round")


def _compensation(area: str, ink: str) -> str:
    return path("M-1,-7L-10,0L-1,7ZM9,-7L0,0L9,7Z", fill=area, stroke=ink, stroke_width=1.2, stroke_linejoin="round")


def _envelope(x: float, y: float, width: float, height: float, ink: str, paper: str, *, filled: bool) -> str:
    flap: list[Point] = [(x, y), (x + width / 2, y + height * 0.55), (x + width, y)]
    body = rectangle(x, y, width, height, fill=ink if filled else paper, stroke=paper if filled else ink)
    line = tag("polyline", points=points_text(flap), fill="none", stroke=paper if filled else ink)
    return tag("g", body + line, stroke_width="1.2")


def _gear() -> str:
    steps = 32
    rim = [
        point
        for index in range(steps)
        for point in [around(steps, 7.6 if index % 4 in (0, 1) else 5.6, -pi / 2 - pi / steps)[index]]
    ]
    return "M" + "L".join(f"{x + 8:.2f},{y + 8:.2f}" for x, y in rim) + "Z"


_GEAR = _gear()
_TASK_PATHS: dict[str, tuple[str, ...]] = {
    "userTask": ("M1.5,15.2C1.5,10.5 4,8.6 8,8.6C12,8.6 14.5,10.5 14.5,15.2Z",),
    "scriptTask": ("M4.5,1H14.5C11,4.5 11.5,6 13,8C14.5,10 15,11.5 11.5,15H1.5C5,11.5 4.5,10 3,8C1.5,6 1,4.5 4.5,1Z",),
    "manualTask": (
        "M1,8.2L6.2,3C7.3,2 8.6,3.2 7.6,4.4L6,6.2H13.6C15.2,6.2 15.2,8 13.6,8H9.4H14C15.5,8 15.5,9.8 14,9.8H9.4"
        "H13.3C14.7,9.8 14.7,11.5 13.3,11.5H9.4H12C13.2,11.5 13.2,13.2 12,13.2H4.2C2.2,13.2 1,12 1,10Z",
    ),
}


def task_icon(kind: str, ink: str, paper: str) -> str:
    """Return the sign of a task's type in a square of 16; empty for a plain task."""
    line = {"fill": paper, "stroke": ink, "stroke_width": "1.1", "stroke_linejoin": "round"}
    body = "".join(path(data, **line) for data in _TASK_PATHS.get(kind, ()))
    match kind:
        case "userTask":
            return body + circle(8, 4.6, 3.6, **line)
        case "serviceTask":
            return path(_GEAR, **line) + circle(8, 8, 2.6, **line)
        case "scriptTask":
            return body + path("M5.5,4H11M4.7,6.7H10.8M5.6,9.4H12M5,12.2H11.2", fill="none", stroke=ink)
        case "businessRuleTask":
            table = rectangle(0.8, 2, 14.4, 12, **line) + rectangle(0.8, 2, 14.4, 3.4, fill=ink, stroke=ink)
            return table + path("M0.8,9.6H15.2M5.4,5.4V14", fill="none", stroke=ink, stroke_width="1.1")
        case "sendTask":
            return _envelope(0.5, 3, 15, 10.5, ink, paper, filled=True)
        case "receiveTask":
            return _envelope(0.5, 3, 15, 10.5, ink, paper, filled=False)
    return body


def marker(name: str, ink: str) -> str:
    """Return a marker of an activity in a square of 14."""
    line = {"fill": "none", "stroke": ink}
    match name:
        case "plus":
            return rectangle(0, 0, 14, 14, stroke_width=1.2, **line) + path("M7,3V11M3,7H11", stroke_width=1.2, **line)
        case "loop":
            return path("M4.6,12.3A5.6,5.6 0 1 1 9.6,12.2M4.8,8.6V12.5H0.9", stroke_width=1.5, **line)
        case "parallel":
            return path("M3,2V12M7,2V12M11,2V12", stroke_width=2, **line)
        case "sequential":
            return path("M2,3H12M2,7H12M2,11H12", stroke_width=2, **line)
        case "adHoc":
            return path("M1,9C3,4 5.2,4.8 7,7C8.8,9.2 11,10 13,5", stroke_width=2.4, **line)
    # Compensation.
    return path("M6.5,2.5L0.5,7L6.5,11.5ZM13,2.5L7,7L13,11.5Z", stroke_width=1.2, **line)


def gateway_icon(kind: str, ink: str, paper: str, *, starts: bool, parallel_events: bool) -> str:
    """Return the sign in a gateway of width 50, about the origin."""
    match kind:
        case "exclusiveGateway":
            return polygon(_CROSS, fill=ink, stroke="none")
        case "parallelGateway":
            return path("M0,-12V12M-12,0H12", fill="none", stroke=ink, stroke_width=4.5)
        case "inclusiveGateway":
            return circle(0, 0, 11.5, fill="none", stroke=ink, stroke_width=3.5)
        case "complexGateway":
            return path("M0,-13V13M-13,0H13M-9,-9L9,9M-9,9L9,-9", fill="none", stroke=ink, stroke_width=3.5)
    ring = circle(0, 0, 14.5, fill="none", stroke=ink, stroke_width=1.1)
    if not starts:
        ring += circle(0, 0, 11.8, fill="none", stroke=ink, stroke_width=1.1)
    inner = _PLUS if parallel_events else around(5, 10.5)
    small = [(x * 0.78, y * 0.78) for x, y in inner]
    return ring + polygon(small, fill=paper, stroke=ink, stroke_width=1.1)
