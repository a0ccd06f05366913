"""Reads the places of shapes and lines from the diagram interchange (BPMN DI) of a file."""

from __future__ import annotations

import math
import re

from lxml import etree

from engine_svc.diagram.items import Bounds, Drawing, Line, Point, Shape
from engine_svc.diagram.looks import LINES, Elements, look_of
from engine_svc.model.context import boolean, local_name
from engine_svc.model.namespaces import BPMN, split

BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DI = "{http://www.omg.org/spec/DD/20100524/DI}"
_COLOR = "{http://www.omg.org/spec/BPMN/non-normative/color/1.0}"
_BIOC = "{http://bpmn.io/schema/bpmn/biocolor/1.0}"

MAX_COORDINATE = 1_000_000.0
MAX_POINTS = 500
"""Points of one line; those beyond are left out, the last one aside."""
_HEX_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


def read_interchange(root: etree._Element, process: etree._Element, elements: Elements) -> Drawing | None:
    """Return the diagram that shows a process, None where the file has none.

    Shapes and lines without a usable place are left out.
    """
    for plane in root.iter(f"{BPMNDI}BPMNPlane"):
        drawing = Drawing()
        shown = False
        for entry in plane:
            element = elements.get(_reference(entry))
            if element is None:
                continue
            item: Shape | Line | None = None
            if entry.tag == f"{BPMNDI}BPMNShape":
                item = _shape(entry, element, elements)
                if item is not None:
                    drawing.shapes.append(item)
            elif entry.tag == f"{BPMNDI}BPMNEdge":
                item = _line(entry, element, elements)
                if item is not None:
                    drawing.lines.append(item)
            shown = shown or (item is not None and _is_inside(element, process))
        if shown:
            return drawing
    return None


def _reference(entry: etree._Element) -> str:
    # A qualified name: files of some tools write their prefix.
    return entry.get("bpmnElement", "").rpartition(":")[2]


def _is_inside(element: etree._Element, process: etree._Element) -> bool:
    return any(ancestor is process for ancestor in element.iterancestors(f"{{{BPMN}}}process"))


def _shape(entry: etree._Element, element: etree._Element, elements: Elements) -> Shape | None:
    bounds = _bounds(entry.find(f"{DC}Bounds"))
    if bounds is None or split(str(element.tag))[0] != BPMN or local_name(element) in LINES:
        return None
    return Shape(
        look_of(element, elements),
        bounds,
        label=_label(entry),
        # Without a word a sub-process is taken for closed, and drawn open where it is too large for that.
        expanded=boolean(entry.get("isExpanded", "")) is True
        or (entry.get("isExpanded") is None and (bounds.width > 150 or bounds.height > 110)),
        horizontal=boolean(entry.get("isHorizontal", "true")) is not False,
        cross_visible=boolean(entry.get("isMarkerVisible", "true")) is not False,
        stroke=_color(entry, f"{_COLOR}border-color", f"{_BIOC}stroke"),
        fill=_color(entry, f"{_COLOR}background-color", f"{_BIOC}fill"),
    )


def _line(entry: etree._Element, element: etree._Element, elements: Elements) -> Line | None:
    waypoints = entry.findall(f"{DI}waypoint")
    if len(waypoints) > MAX_POINTS:
        waypoints = [*waypoints[: MAX_POINTS - 1], waypoints[-1]]
    points: list[Point] = []
    for waypoint in waypoints:
        x, y = _number(waypoint.get("x", "")), _number(waypoint.get("y", ""))
        if x is not None and y is not None and (not points or points[-1] != (x, y)):
            points.append((x, y))
    if len(points) < 2 or local_name(element) not in LINES:
        return None
    stroke = _color(entry, f"{_COLOR}border-color", f"{_BIOC}stroke")
    return Line(look_of(element, elements), tuple(points), _label(entry), stroke)


def _label(entry: etree._Element) -> Bounds | None:
    return _bounds(entry.find(f"{BPMNDI}BPMNLabel/{DC}Bounds"))


def _bounds(element: etree._Element | None) -> Bounds | None:
    if element is None:
        return None
    numbers = [_number(element.get(name, "")) for name in ("x", "y", "width", "height")]
    x, y, width, height = numbers
    if x is None or y is None or width is None or height is None or width <= 0 or height <= 0:
        return None
    return Bounds(x, y, width, height)


def _number(text: str) -> float | None:
    try:
        number = float(text[:40])
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) <= MAX_COORDINATE else None


def _color(entry: etree._Element, *names: str) -> str:
    for name in names:
        value = entry.get(name, "")
        if _HEX_COLOR.fullmatch(value):
            return value
    return ""
