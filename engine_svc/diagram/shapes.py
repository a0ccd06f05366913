"""Draws nodes: events, activities, gateways, data, pools and what else has an outline."""

from __future__ import annotations

from dataclasses import dataclass

from engine_svc.diagram.icons import event_icon, gateway_icon, marker, task_icon
from engine_svc.diagram.items import Bounds, Point, Shape
from engine_svc.diagram.labels import along_left, at_top, inside, text_block, wrapped
from engine_svc.diagram.looks import ACTIVITIES, EVENTS, GATEWAYS, SUB_PROCESSES
from engine_svc.diagram.svg import at, circle, path, polygon, rectangle

POOL_BAND = 30.0
_MARKER = 14.0
_MARKER_GAP = 4.0


@dataclass(slots=True, frozen=True)
class Palette:
    """`ink` for lines and signs, `paper` for areas."""

    ink: str
    paper: str


def draw_shape(shape: Shape, palette: Palette) -> str:
    """Return a shape without a label that lies outside it."""
    kind = shape.look.kind
    if kind in EVENTS:
        return _event(shape, palette)
    if kind in ACTIVITIES:
        return _activity(shape, palette)
    if kind in GATEWAYS:
        return _gateway(shape, palette)
    match kind:
        case "participant" | "lane":
            return _band(shape, palette)
        case "textAnnotation":
            return _annotation(shape, palette)
        case "group":
            return _group(shape, palette)
        case "dataStoreReference":
            return _store(shape.bounds, palette)
        case "dataObjectReference" | "dataObject" | "dataInput" | "dataOutput":
            return _page(shape, palette)
    box = rectangle(*_box(shape.bounds), fill=palette.paper, stroke=palette.ink)
    return box + inside(shape.look.name, shape.bounds)


def has_outer_label(shape: Shape) -> bool:
    """Tell whether the name stands outside the shape."""
    kind = shape.look.kind
    return (
        kind in EVENTS
        or kind in GATEWAYS
        or kind in ("dataObjectReference", "dataObject", "dataStoreReference", "dataInput", "dataOutput", "group")
    )


def _box(bounds: Bounds) -> tuple[float, float, float, float]:
    return bounds.x, bounds.y, bounds.width, bounds.height


def _event(shape: Shape, palette: Palette) -> str:
    look, bounds = shape.look, shape.bounds
    x, y = bounds.center
    radius = min(bounds.width, bounds.height) / 2
    dash = "none" if look.interrupting else "5 3"
    width = 3.5 if look.kind == "endEvent" else 1.6
    drawn = circle(x, y, radius, fill=palette.paper, stroke=palette.ink, stroke_width=width, stroke_dasharray=dash)
    if look.kind not in ("startEvent", "endEvent"):
        drawn += circle(x, y, radius * 0.84, fill="none", stroke=palette.ink, stroke_width=1.4, stroke_dasharray=dash)
    icon = event_icon(look.trigger, palette.ink, palette.paper, throwing=look.throwing)
    return drawn + (at(x, y, icon, radius / 18) if icon else "")


def _activity(shape: Shape, palette: Palette) -> str:
    look, bounds = shape.look, shape.bounds
    is_open = look.kind in SUB_PROCESSES and shape.expanded
    width = 4.0 if look.kind == "callActivity" else 1.6
    dash = "2 4" if look.dashed else "none"
    drawn = rectangle(
        *_box(bounds), rx=10, fill=palette.paper, stroke=palette.ink, stroke_width=width, stroke_dasharray=dash
    )
    if look.kind == "transaction":
        drawn += rectangle(
            bounds.x + 3,
            bounds.y + 3,
            max(bounds.width - 6, 1),
            max(bounds.height - 6, 1),
            rx=8,
            fill="none",
            stroke=palette.ink,
            stroke_width=1.2,
        )
    icon = task_icon(look.kind, palette.ink, palette.paper)
    if icon:
        drawn += at(bounds.x + 6, bounds.y + 6, icon)
        if look.kind == "receiveTask" and look.instantiates:
            drawn += circle(bounds.x + 14, bounds.y + 14, 12, fill="none", stroke=palette.ink, stroke_width=1.1)
    markers = list(look.markers)
    if not is_open and look.kind in SUB_PROCESSES | {"callActivity"}:
        markers.insert(0, "plus")
    row = len(markers) * (_MARKER + _MARKER_GAP) - _MARKER_GAP
    left = bounds.center[0] - row / 2
    for place, name in enumerate(markers):
        drawn += at(left + place * (_MARKER + _MARKER_GAP), bounds.bottom - _MARKER - 3, marker(name, palette.ink))
    if is_open:
        return drawn + at_top(look.name, bounds)
    # What is on the task already leaves less room for the name.
    top = 18.0 if icon and bounds.height >= 60 else 0.0
    low = _MARKER if markers else 0.0
    room = Bounds(bounds.x, bounds.y + top / 2, bounds.width, max(bounds.height - top / 2 - low, 1))
    return drawn + inside(look.name, room)


def _gateway(shape: Shape, palette: Palette) -> str:
    look, bounds = shape.look, shape.bounds
    x, y = bounds.center
    corners: list[Point] = [(x, bounds.y), (bounds.right, y), (x, bounds.bottom), (bounds.x, y)]
    drawn = polygon(corners, fill=palette.paper, stroke=palette.ink, stroke_width=1.6)
    if look.kind == "exclusiveGateway" and not shape.cross_visible:
        return drawn
    icon = gateway_icon(
        look.kind, palette.ink, palette.paper, starts=look.instantiates, parallel_events=look.parallel_events
    )
    return drawn + at(x, y, icon, min(bounds.width, bounds.height) / 50)


def _band(shape: Shape, palette: Palette) -> str:
    look, bounds = shape.look, shape.bounds
    is_pool = look.kind == "participant"
    drawn = rectangle(*_box(bounds), fill=palette.paper, stroke=palette.ink, stroke_width=1.6 if is_pool else 1.2)
    if is_pool and not look.has_process:
        return drawn + inside(look.name, bounds)
    if shape.horizontal:
        if is_pool:
            edge = f"M{bounds.x + POOL_BAND:.2f},{bounds.y:.2f}V{bounds.bottom:.2f}"
            drawn += path(edge, fill="none", stroke=palette.ink, stroke_width=1.2)
        return drawn + along_left(look.name, bounds, POOL_BAND)
    if is_pool:
        edge = f"M{bounds.x:.2f},{bounds.y + POOL_BAND:.2f}H{bounds.right:.2f}"
        drawn += path(edge, fill="none", stroke=palette.ink, stroke_width=1.2)
    return drawn + inside(look.name, Bounds(bounds.x, bounds.y, bounds.width, POOL_BAND))


def _annotation(shape: Shape, palette: Palette) -> str:
    bounds = shape.bounds
    bracket = f"M{bounds.x + 10:.2f},{bounds.y:.2f}H{bounds.x:.2f}V{bounds.bottom:.2f}H{bounds.x + 10:.2f}"
    lines = wrapped(shape.look.name, max(bounds.width - 10, 12), max(1, int(bounds.height // 14)))
    room = rectangle(*_box(bounds), fill="none", stroke="none")
    bracket = path(bracket, fill="none", stroke=palette.ink, stroke_width=1.4)
    return room + bracket + text_block(lines, bounds.x + 6, bounds.y + 4, "start")


def _group(shape: Shape, palette: Palette) -> str:
    return rectangle(
        *_box(shape.bounds),
        rx=10,
        fill="none",
        stroke=palette.ink,
        stroke_width=1.4,
        stroke_dasharray="8 4 1 4",
        pointer_events="none",
    )


def _store(bounds: Bounds, palette: Palette) -> str:
    x, y, width, height = _box(bounds)
    lid = min(height * 0.12, 8.0)
    curve = f"A{width / 2:.2f},{lid:.2f} 0 0 0 "
    body = (
        f"M{x:.2f},{y + lid:.2f}A{width / 2:.2f},{lid:.2f} 0 0 1 {x + width:.2f},{y + lid:.2f}"
        f"V{y + height - lid:.2f}A{width / 2:.2f},{lid:.2f} 0 0 1 {x:.2f},{y + height - lid:.2f}Z"
    )
    drawn = path(body, fill=palette.paper, stroke=palette.ink, stroke_width=1.4)
    for step in range(3):
        top = y + lid + step * lid
        ring = f"M{x:.2f},{top:.2f}{curve}{x + width:.2f},{top:.2f}"
        drawn += path(ring, fill="none", stroke=palette.ink, stroke_width=1.2)
    return drawn


def _page(shape: Shape, palette: Palette) -> str:
    x, y, width, height = _box(shape.bounds)
    fold = min(width, height) * 0.3
    outline = (
        f"M{x:.2f},{y:.2f}H{x + width - fold:.2f}L{x + width:.2f},{y + fold:.2f}V{y + height:.2f}H{x:.2f}Z"
        f"M{x + width - fold:.2f},{y:.2f}V{y + fold:.2f}H{x + width:.2f}"
    )
    drawn = path(outline, fill=palette.paper, stroke=palette.ink, stroke_width=1.4, stroke_linejoin="round")
    if shape.look.kind in ("dataInput", "dataOutput"):
        arrow = "M0,3H7V0L13,5L7,10V7H0Z"
        area = palette.ink if shape.look.kind == "dataOutput" else palette.paper
        drawn += at(x + 4, y + 4, path(arrow, fill=area, stroke=palette.ink, stroke_width=1.1))
    if shape.look.collection:
        drawn += at(x + width / 2 - 7, y + height - 15, marker("parallel", palette.ink))
    return drawn
