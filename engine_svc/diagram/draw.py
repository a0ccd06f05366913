"""Draws a process as an SVG image."""

from __future__ import annotations

from collections.abc import Collection

from engine_svc.diagram.interchange import read_interchange
from engine_svc.diagram.items import Bounds, Drawing, Line, Shape
from engine_svc.diagram.labels import LINE_HEIGHT, outside
from engine_svc.diagram.layout import lay_out
from engine_svc.diagram.lines import draw_line, middle
from engine_svc.diagram.looks import SUB_PROCESSES, elements_by_id
from engine_svc.diagram.shapes import Palette, draw_shape, has_outer_label
from engine_svc.diagram.svg import group, number
from engine_svc.model.namespaces import BPMN
from engine_svc.model.xml import read_document

MAX_ITEMS = 5_000
MARGIN = 20.0
PALETTE = Palette("#22242a", "#ffffff")
HIGHLIGHT = Palette("#c2410c", "#ffedd5")
_HALO = {"stroke": "#ffffff", "stroke_width": "3", "stroke_linejoin": "round", "paint_order": "stroke"}
"""Keeps labels readable that lie across a line."""
_FONT = "font-family:Arial,Helvetica,sans-serif;font-size:12px"


class DiagramTooLargeError(Exception):
    """There is more to draw than `MAX_ITEMS`."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} shapes and lines, more than {MAX_ITEMS}")
        self.count = count


def draw(content: bytes, process_key: str, highlight: Collection[str] = ()) -> bytes:
    """Return the SVG image of a process of a BPMN file, elements with an id in `highlight` standing out.

    A file without a diagram of the process is laid out here. Raises `DiagramTooLargeError`, and
    `engine_svc.model.xml.XmlRefusedError` for what is no acceptable XML.
    """
    root = read_document(content).root
    elements = elements_by_id(root)
    process = elements.get(process_key)
    if process is None:
        return _image(Drawing(), highlight).encode()
    drawing = read_interchange(root, process, elements)
    if drawing is None:
        _refuse_too_many(sum(1 for element in process.iterdescendants(f"{{{BPMN}}}*") if element.get("id")))
        drawing = lay_out(process, elements)
    _refuse_too_many(len(drawing))
    return _image(drawing, highlight).encode()


def _refuse_too_many(count: int) -> None:
    if count > MAX_ITEMS:
        raise DiagramTooLargeError(count)


def _image(drawing: Drawing, highlight: Collection[str]) -> str:
    parts: list[str] = []
    texts: list[str] = []
    taken = [shape.bounds for shape in drawing.shapes]
    shapes = sorted(enumerate(drawing.shapes), key=lambda entry: (_depth(entry[1]), _rank(entry), entry[0]))
    for _, shape in (entry for entry in shapes if _depth(entry[1]) < _LINES):
        parts.append(_shape(shape, highlight, texts, taken))
    for line in drawing.lines:
        parts.append(_line(line, highlight, texts, taken))
        xs, ys = [x for x, _ in line.points], [y for _, y in line.points]
        taken.append(Bounds(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)))
    for _, shape in (entry for entry in shapes if _depth(entry[1]) > _LINES):
        parts.append(_shape(shape, highlight, texts, taken))
    left = min((place.x for place in taken), default=0.0) - MARGIN
    top = min((place.y for place in taken), default=0.0) - MARGIN
    width = max((place.right for place in taken), default=0.0) + MARGIN - left
    height = max((place.bottom for place in taken), default=0.0) + MARGIN - top
    box = " ".join(number(value) for value in (left, top, width, height))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{number(width)}" height="{number(height)}" '
        f'style="{_FONT}">\n' + "\n".join(parts + texts) + "\n</svg>\n"
    )


_LINES = 3
"""Lines lie above what holds other shapes, and below all else."""


def _depth(shape: Shape) -> int:
    kind = shape.look.kind
    if kind == "participant":
        return 0
    if kind == "lane":
        return 1
    if kind in SUB_PROCESSES and shape.expanded:
        return 2
    if kind == "boundaryEvent":
        return 5
    return 6 if kind == "group" else 4


def _rank(entry: tuple[int, Shape]) -> float:
    # What holds others is the larger one.
    bounds = entry[1].bounds
    return -bounds.width * bounds.height if _depth(entry[1]) < _LINES else 0.0


def _shape(shape: Shape, highlight: Collection[str], texts: list[str], taken: list[Bounds]) -> str:
    marked = shape.look.id in highlight
    palette = HIGHLIGHT if marked else Palette(shape.stroke or PALETTE.ink, shape.fill or PALETTE.paper)
    if has_outer_label(shape):
        bounds = shape.bounds
        below = bounds.center[0], bounds.y + 4 if shape.look.kind == "group" else bounds.bottom + 4
        _label(shape.look.name, shape.label, below, texts, taken)
    return _group(shape.look.id, shape.look.kind, draw_shape(shape, palette), palette.ink, marked=marked)


def _line(line: Line, highlight: Collection[str], texts: list[str], taken: list[Bounds]) -> str:
    marked = line.look.id in highlight
    ink = HIGHLIGHT.ink if marked else line.stroke or PALETTE.ink
    x, y = middle(line.points)
    _label(line.look.name, line.label, (x, y - LINE_HEIGHT - 3), texts, taken)
    return _group(line.look.id, line.look.kind, draw_line(line, ink, PALETTE.paper), ink, marked=marked)


def _label(text: str, place: Bounds | None, below: tuple[float, float], texts: list[str], taken: list[Bounds]) -> None:
    block, room = outside(text, place, below)
    if room is not None:
        taken.append(room)
        texts.append(group(block, fill=PALETTE.ink, **_HALO))


def _group(identifier: str, kind: str, content: str, ink: str, *, marked: bool) -> str:
    name = f"{kind} highlight" if marked else kind
    # The fill is that of texts: every other part says its own.
    return group(content, data_element_id=identifier, class_=name, fill=ink)
