"""Places the elements of a process whose file has no diagram."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lxml import etree

from engine_svc.diagram.items import Bounds, Drawing, Line, Point, Shape
from engine_svc.diagram.labels import wrapped
from engine_svc.diagram.layers import layers_of
from engine_svc.diagram.looks import (
    ACTIVITIES,
    DATA,
    EVENTS,
    FLOW_NODES,
    SUB_PROCESSES,
    Elements,
    child_text,
    look_of,
)
from engine_svc.model.context import local_name
from engine_svc.model.namespaces import BPMN

EVENT_SIZE = 36.0
GATEWAY_SIZE = 50.0
TASK_WIDTH, TASK_HEIGHT = 100.0, 80.0
LAYER_GAP, NODE_GAP = 60.0, 46.0
PADDING, TITLE = 24.0, 26.0
LANE_GAP = 12.0
"""Between lines that run below the nodes."""
ANNOTATION_WIDTH = 140.0


@dataclass(slots=True)
class _Block:
    """The content of a process or sub-process, from (0, 0) to its size."""

    width: float = 0.0
    height: float = 0.0
    drawing: Drawing = field(default_factory=Drawing)
    places: dict[str, Bounds] = field(default_factory=dict)

    def moved(self, dx: float, dy: float) -> Drawing:
        """Return what is drawn, elsewhere."""
        return Drawing(
            [replace(shape, bounds=shape.bounds.moved(dx, dy)) for shape in self.drawing.shapes],
            [replace(line, points=tuple((x + dx, y + dy) for x, y in line.points)) for line in self.drawing.lines],
        )


def lay_out(process: etree._Element, elements: Elements) -> Drawing:
    """Return the elements of a process in layers from left to right."""
    return _block(process, elements).drawing


def _children(container: etree._Element, names: frozenset[str]) -> list[etree._Element]:
    return [child for child in container.iterchildren(f"{{{BPMN}}}*") if child.get("id") and local_name(child) in names]


def _block(container: etree._Element, elements: Elements) -> _Block:
    nodes = _children(container, FLOW_NODES)
    hosts = {node.get("id", ""): node.get("attachedToRef", "") for node in nodes if local_name(node) == "boundaryEvent"}
    placed = [node for node in nodes if hosts.get(node.get("id", "")) is None]
    index = {node.get("id", ""): position for position, node in enumerate(placed)}
    # A boundary event leads on from its activity.
    index |= {event: index[host] for event, host in hosts.items() if host in index}
    flows = [
        flow
        for flow in container.iterchildren(f"{{{BPMN}}}sequenceFlow")
        if flow.get("sourceRef") in index and flow.get("targetRef") in index
    ]
    edges = [(index[flow.get("sourceRef", "")], index[flow.get("targetRef", "")]) for flow in flows]
    layers = layers_of(len(placed), edges)
    block = _Block()
    inner = {node.get("id", ""): _block(node, elements) for node in placed if local_name(node) in SUB_PROCESSES}
    sizes = [_size(node, inner.get(node.get("id", ""))) for node in placed]
    _place(block, layers, placed, sizes, inner, elements)
    _attach(block, nodes, hosts, elements)
    _Router(block, layers, [node.get("id", "") for node in placed]).route(flows, hosts, elements)
    _place_artifacts(block, container, elements)
    return block


def _size(node: etree._Element, inner: _Block | None) -> tuple[float, float]:
    kind = local_name(node)
    if kind in EVENTS:
        return EVENT_SIZE, EVENT_SIZE
    if inner is not None:
        return max(inner.width + 2 * PADDING, 140.0), max(inner.height + 2 * PADDING + TITLE, 100.0)
    if kind in ACTIVITIES:
        return TASK_WIDTH, TASK_HEIGHT
    return GATEWAY_SIZE, GATEWAY_SIZE


def _place(
    block: _Block,
    layers: list[list[int]],
    nodes: list[etree._Element],
    sizes: list[tuple[float, float]],
    inner: dict[str, _Block],
    elements: Elements,
) -> None:
    heights = [sum(sizes[n][1] for n in layer) + NODE_GAP * (len(layer) - 1) for layer in layers]
    block.height = max(heights, default=0.0)
    x = 0.0
    for layer, height in zip(layers, heights, strict=True):
        width = max(sizes[n][0] for n in layer)
        y = (block.height - height) / 2
        for n in layer:
            own_width, own_height = sizes[n]
            bounds = Bounds(x + (width - own_width) / 2, y, own_width, own_height)
            identifier = nodes[n].get("id", "")
            block.places[identifier] = bounds
            block.drawing.shapes.append(Shape(look_of(nodes[n], elements), bounds))
            content = inner.get(identifier)
            if content is not None:
                left = bounds.x + (bounds.width - content.width) / 2
                moved = content.moved(left, bounds.y + TITLE + PADDING)
                block.drawing.shapes += moved.shapes
                block.drawing.lines += moved.lines
            y += own_height + NODE_GAP
        x += width + LAYER_GAP
    block.width = max(x - LAYER_GAP, 0.0)


def _attach(block: _Block, nodes: list[etree._Element], hosts: dict[str, str], elements: Elements) -> None:
    taken: dict[str, int] = {}
    for node in nodes:
        identifier = node.get("id", "")
        host = block.places.get(hosts.get(identifier, ""))
        if host is None:
            continue
        number = taken.get(hosts[identifier], 0)
        taken[hosts[identifier]] = number + 1
        steps = max(int((host.width - EVENT_SIZE) // (EVENT_SIZE + 8)), 0) + 1
        x = host.right - EVENT_SIZE - 8 - (number % steps) * (EVENT_SIZE + 8)
        bounds = Bounds(x, host.bottom - EVENT_SIZE / 2, EVENT_SIZE, EVENT_SIZE)
        block.places[identifier] = bounds
        block.drawing.shapes.append(Shape(look_of(node, elements), bounds))
        block.height = max(block.height, bounds.bottom)


class _Router:
    """Leads the flows of a block around its nodes."""

    def __init__(self, block: _Block, layers: list[list[int]], ids: list[str]) -> None:
        self._block = block
        self._columns = [[block.places[ids[node]] for node in layer] for layer in layers]
        self._layer_of = {ids[node]: number for number, layer in enumerate(layers) for node in layer}
        self._lowest = block.height + NODE_GAP / 2

    def route(self, flows: list[etree._Element], hosts: dict[str, str], elements: Elements) -> None:
        """Add the lines of all flows; the block grows with those that run below the nodes."""
        for flow in flows:
            source, target = flow.get("sourceRef", ""), flow.get("targetRef", "")
            if source not in self._block.places or target not in self._layer_of:
                continue
            points = self._points(source, target, hosts.get(source))
            self._block.drawing.lines.append(Line(look_of(flow, elements), tuple(points)))

    def _points(self, source: str, target: str, host: str | None) -> list[Point]:
        begin, end = self._block.places[source], self._block.places[target]
        first, last = self._layer_of[host or source], self._layer_of[target]
        entry = end.x, end.center[1]
        # Of the whole column: a flow turns where no other node can be.
        before = min(place.x for place in self._columns[last]) - LAYER_GAP / 3
        if host is not None:
            start = begin.center[0], begin.bottom
            if first < last and self._is_free(start[1] + 14, first, last):
                low = start[1] + 14
                return _straightened([start, (start[0], low), (before, low), (before, entry[1]), entry])
            low = self._below()
            return [start, (start[0], low), (before, low), (before, entry[1]), entry]
        start = begin.right, begin.center[1]
        if first < last and self._is_free(start[1], first, last):
            return _straightened([start, (before, start[1]), (before, entry[1]), entry])
        behind = max(place.right for place in self._columns[first]) + LAYER_GAP / 3
        low = self._below()
        return [start, (behind, start[1]), (behind, low), (before, low), (before, entry[1]), entry]

    def _is_free(self, y: float, first: int, last: int) -> bool:
        return last - first <= 20 and not any(
            place.y - 4 < y < place.bottom + 4 for column in self._columns[first + 1 : last] for place in column
        )

    def _below(self) -> float:
        low = self._lowest
        self._lowest += LANE_GAP
        self._block.height = max(self._block.height, low + LANE_GAP)
        return low


def _straightened(points: list[Point]) -> list[Point]:
    result: list[Point] = []
    for point in points:
        if result and abs(result[-1][0] - point[0]) < 0.5 and abs(result[-1][1] - point[1]) < 0.5:
            continue
        result.append(point)
    return result if len(result) > 1 else points[-2:]


def _place_artifacts(block: _Block, container: etree._Element, elements: Elements) -> None:
    """Put data and annotations in a row below, with their associations."""
    artifacts = _children(container, (DATA - {"dataObject"}) | {"textAnnotation"})
    x, tallest = 0.0, 0.0
    top = block.height + NODE_GAP
    for artifact in artifacts:
        width, height = 36.0, 50.0
        if local_name(artifact) == "textAnnotation":
            lines = wrapped(child_text(artifact, "text")[:1000], ANNOTATION_WIDTH - 10, 12)
            width, height = ANNOTATION_WIDTH, max(len(lines) * 14.4 + 10, 30.0)
        bounds = Bounds(x, top, width, height)
        block.places[artifact.get("id", "")] = bounds
        block.drawing.shapes.append(Shape(look_of(artifact, elements), bounds))
        x += max(width, 90.0) + 20
        tallest = max(tallest, height)
    if artifacts:
        block.width = max(block.width, x - 20)
        block.height = top + tallest + 20
    for association in container.iterchildren(f"{{{BPMN}}}association"):
        ends = [block.places.get(association.get(name, "")) for name in ("sourceRef", "targetRef")]
        source, target = ends
        if source is not None and target is not None and source is not target:
            points = (_edge_towards(source, target), _edge_towards(target, source))
            if points[0] != points[1]:
                block.drawing.lines.append(Line(look_of(association, elements), points))


def _edge_towards(place: Bounds, other: Bounds) -> Point:
    x, y = place.center
    if other.center[1] > place.bottom:
        return x, place.bottom
    if other.center[1] < place.y:
        return x, place.y
    return (place.right, y) if other.center[0] > x else (place.x, y)
