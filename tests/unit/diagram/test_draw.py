"""SVG images of BPMN files."""

from __future__ import annotations

import random
import re
import time

import pytest
from lxml import etree

from engine_svc.diagram.draw import MAX_ITEMS, DiagramTooLargeError, draw
from engine_svc.model.xml import XmlRefusedError
from tests.unit.bpmn_models import flow, real_model
from tests.unit.diagram.models import EVENTS, TRIGGERS, edge, file, gallery, process, shape

SVG = "{http://www.w3.org/2000/svg}"


def image(content: bytes, *highlight: str) -> etree._Element:
    """The image of process `p`, read back."""
    return etree.fromstring(draw(content, "p", set(highlight)))


def groups(root: etree._Element) -> dict[str, etree._Element]:
    """What is drawn for each element."""
    return {group.get("data-element-id", ""): group for group in root.iter(f"{SVG}g") if group.get("data-element-id")}


def texts(root: etree._Element) -> list[str]:
    """All texts, each line one."""
    return ["".join(str(part) for part in span.itertext()) for span in root.iter(f"{SVG}tspan")]


def view_box(root: etree._Element) -> list[float]:
    return [float(value) for value in root.get("viewBox", "").split()]


def test_every_shape_is_drawn() -> None:
    root = image(gallery())
    drawn = groups(root)
    assert len(drawn) == len(EVENTS) * (len(TRIGGERS) + 3) + 12 + 2 + 7 + 5 + 1 + 7 + 4
    bare = [identifier for identifier, group in drawn.items() if not len(group)]
    assert not bare
    assert {"Pool & lanes", "First lane", "Black box", "A group", "plain", "scriptTask"} <= set(texts(root))
    # The icons of what an event catches and throws differ, and so do those of different triggers.
    icons = [etree.tostring(drawn[f"n{column}"][-1]) for column in range(1, len(TRIGGERS) + 3)]
    assert len(set(icons)) == len(icons)


def test_what_is_drawn_lies_where_the_diagram_says() -> None:
    model = process('<startEvent id="s"/><task id="t" name="Do"/>' + flow("s", "t"))
    places = shape("s", -100, -50, 36, 36) + shape("t", 100, -80, 100, 80) + edge("s_t", (-64, -32), (100, -40))
    root = image(file(model, places))
    drawn = groups(root)
    circle = drawn["s"].find(f"{SVG}circle")
    box = drawn["t"].find(f"{SVG}rect")
    assert circle is not None
    assert box is not None
    assert (circle.get("cx"), circle.get("cy"), circle.get("r")) == ("-82", "-32", "18")
    assert (box.get("x"), box.get("y"), box.get("width"), box.get("height")) == ("100", "-80", "100", "80")
    line = drawn["s_t"].find(f"{SVG}polyline")
    assert line is not None
    assert line.get("points", "").startswith("-64,-32 ")
    assert view_box(root) == [-120, -100, 340, 120]


def test_highlighted_elements_stand_out() -> None:
    drawn = groups(image(gallery(), "n3", "f1", "unknown"))
    marked = {identifier for identifier, group in drawn.items() if "highlight" in group.get("class", "")}
    assert marked == {"n3", "f1"}
    assert drawn["n3"].get("fill") != drawn["n4"].get("fill")


def test_colours_of_the_diagram() -> None:
    model = process('<task id="a"/><task id="b"/>')
    places = shape("a", 0, 0, 100, 80, 'bioc:stroke="#1e88e5" bioc:fill="#bbdefb"')
    places += shape("b", 200, 0, 100, 80, 'bioc:stroke="red;}" bioc:fill="url(http://x)"')
    drawn = groups(image(file(model, places)))
    blue, plain = drawn["a"].find(f"{SVG}rect"), drawn["b"].find(f"{SVG}rect")
    assert blue is not None
    assert plain is not None
    assert (blue.get("stroke"), blue.get("fill")) == ("#1e88e5", "#bbdefb")
    assert (plain.get("stroke"), plain.get("fill")) == ("#22242a", "#ffffff")


def test_labels_are_wrapped_and_end() -> None:
    words = " ".join(["word"] * 300)
    model = process(f'<task id="t" name="{words}"/><startEvent id="s" name="{"x" * 3000}"/>')
    root = image(file(model, shape("t", 0, 0, 100, 80) + shape("s", 200, 0, 36, 36)))
    lines = texts(root)
    assert len(lines) <= 4 + 12
    assert [line for line in lines if line.endswith("…")]
    assert max(len(line) for line in lines) < 40


def test_east_asian_text_breaks_anywhere() -> None:
    root = image(file(process(f'<task id="t" name="{"审批" * 8}"/>'), shape("t", 0, 0, 100, 80)))
    assert texts(root) == ["审批审批审批审", "批审批审批审批", "审批"]


def test_what_models_say_is_only_text() -> None:
    evil = "&lt;script&gt;alert(1)&lt;/script&gt;"
    model = process(
        f'<task id="t&quot;&gt;&lt;script&gt;" name="{evil}"/><startEvent id="s" name="{evil}"/>'
        f'<textAnnotation id="a"><text>{evil}</text></textAnnotation>'
    )
    places = shape("t&quot;&gt;&lt;script&gt;", 0, 0, 100, 80) + shape("s", 200, 0, 36, 36)
    places += shape("a", 300, 0, 100, 80)
    root = image(file(model, places), 't"><script>')
    assert not list(root.iter(f"{SVG}script"))
    assert {str(element.tag) for element in root.iter()} <= {
        f"{SVG}{name}" for name in ("svg", "g", "rect", "circle", "path", "polygon", "polyline", "text", "tspan")
    }
    assert not [name for element in root.iter() for name in element.attrib if str(name).startswith("on")]
    assert 't"><script>' in groups(root)


@pytest.mark.parametrize(
    "bounds",
    [
        ("nan", 0, 10, 10),
        ("inf", 0, 10, 10),
        (0, "1e300", 10, 10),
        (0, 0, -5, 10),
        (0, 0, 0, 10),
        ("", 0, 10, 10),
        ("0x10", 0, 10, 10),
        (0, 0, "9" * 5000, 10),
    ],
)
def test_places_that_make_no_sense_are_left_out(bounds: tuple[object, ...]) -> None:
    x, y, width, height = bounds
    broken = f'<bpmndi:BPMNShape bpmnElement="t"><dc:Bounds x="{x}" y="{y}" width="{width}" height="{height}"/></bpmndi:BPMNShape>'
    model = process('<task id="t"/><startEvent id="s"/>' + flow("s", "t"))
    places = broken + shape("s", 0, 0, 36, 36) + edge("s_t", (0, 0)) + shape("gone", 0, 0, 36, 36)
    root = image(file(model, places))
    assert set(groups(root)) == {"s"}
    assert view_box(root) == [-20, -20, 76, 76]


def test_without_a_diagram_it_is_laid_out() -> None:
    inner = '<startEvent id="is"/><task id="it"/>' + flow("is", "it")
    model = process(
        '<startEvent id="s" name="Begin"/><userTask id="a"/><boundaryEvent id="b" attachedToRef="a"/>'
        f'<subProcess id="sub">{inner}</subProcess><endEvent id="e"/><task id="loop"/><task id="lone"/>'
        '<textAnnotation id="note"><text>Note</text></textAnnotation>'
        '<association id="link" sourceRef="a" targetRef="note"/>'
        + "".join(
            flow(*ends) for ends in (("s", "a"), ("a", "sub"), ("b", "e"), ("sub", "e"), ("sub", "loop"), ("loop", "a"))
        )
    )
    root = image(file(model))
    drawn = groups(root)
    nodes = {"s", "a", "b", "sub", "is", "it", "e", "loop", "lone", "note", "link", "is_it"}
    assert nodes | {"s_a", "a_sub", "b_e", "sub_e", "sub_loop", "loop_a"} == set(drawn)
    boxes = {}
    for identifier in ("a", "sub", "it", "loop", "lone"):
        box = drawn[identifier].find(f"{SVG}rect")
        assert box is not None
        x, y, width, height = (float(box.get(name, "")) for name in ("x", "y", "width", "height"))
        boxes[identifier] = (x, y, x + width, y + height)
    assert boxes["a"][2] < boxes["sub"][0] < boxes["it"][0] < boxes["it"][2] < boxes["sub"][2] < boxes["loop"][0]
    assert boxes["sub"][1] < boxes["it"][1] < boxes["it"][3] < boxes["sub"][3]
    outer = [boxes[identifier] for identifier in ("a", "sub", "loop", "lone")]
    for number, one in enumerate(outer):
        for other in outer[number + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    left, top, width, height = view_box(root)
    assert all(
        left < x and top < y and right < left + width and low < top + height for x, y, right, low in boxes.values()
    )


def test_a_diagram_of_another_process_is_not_taken() -> None:
    model = '<process id="other"><task id="o"/></process>' + process('<task id="t"/>')
    content = file(model, shape("o", 0, 0, 100, 80), "other")
    assert set(groups(image(content))) == {"t"}
    assert set(groups(etree.fromstring(draw(content, "other")))) == {"o"}


@pytest.mark.parametrize("depth", [1, 60])
def test_nested_sub_processes(depth: int) -> None:
    content = '<task id="t"/>'
    for number in range(depth):
        content = f'<subProcess id="p{number}">{content}</subProcess>'
    assert len(groups(image(file(process(content))))) == depth + 1


def test_a_long_loop_without_a_diagram() -> None:
    count = 1500
    tasks = "".join(f'<task id="t{n}"/>' for n in range(count))
    flows = "".join(flow(f"t{n}", f"t{(n + 1) % count}") for n in range(count))
    before = time.perf_counter()
    root = image(file(process(tasks + flows)))
    assert len(groups(root)) == 2 * count
    assert time.perf_counter() - before < 5


def test_a_dense_graph_without_a_diagram() -> None:
    count = 45
    tasks = "".join(f'<task id="t{n}"/>' for n in range(count))
    flows = "".join(flow(f"t{a}", f"t{b}") for a in range(count) for b in range(count))
    assert len(groups(image(file(process(tasks + flows))))) == count + count * count


def test_too_much() -> None:
    tasks = "".join(f'<task id="t{n}"/>' for n in range(MAX_ITEMS + 1))
    with pytest.raises(DiagramTooLargeError) as refused:
        draw(file(process(tasks)), "p")
    assert refused.value.count == MAX_ITEMS + 1
    places = "".join(shape(f"t{n}", n, n, 10, 10) for n in range(MAX_ITEMS + 1))
    with pytest.raises(DiagramTooLargeError):
        draw(file(process(tasks), places), "p")
    with pytest.raises(XmlRefusedError):
        draw(b"<!DOCTYPE x []><x/>", "p")


@pytest.mark.parametrize("seed", range(200))
def test_damaged_files_are_drawn(seed: int) -> None:
    """Values of one file are swapped about and broken; what comes out is an image."""
    chance = random.Random(seed)
    values = ["", "p", "n1", "f0", "-1", "1e9", "NaN", "pool", "true", "&amp;&lt;", "\u202e", "x" * 300]

    def damage(match: re.Match[str]) -> str:
        return f'{match[1]}="{chance.choice(values)}"' if chance.random() < 0.05 else match[0]

    content = re.sub(r'(?<![:\w])(?!xmlns)([a-zA-Z]+)="[^"]*"', damage, gallery().decode())
    # Without a diagram the same elements are laid out.
    if seed % 2:
        content = content.replace("bpmndi:BPMNPlane", "bpmndi:Nothing")
    root = image(content.encode())
    assert all(abs(value) < 1e8 for value in view_box(root))


def test_nothing_to_draw() -> None:
    assert view_box(image(file(process("")))) == [-20, -20, 40, 40]


@pytest.mark.parametrize(
    ("name", "key", "expected"),
    [
        ("camunda7-invoice.bpmn", "invoice", {"approveInvoice", "prepareBankTransfer"}),
        ("camunda7-review-invoice.bpmn", "ReviewInvoice", set()),
        ("flowable-vacation-request.bpmn20.xml", "vacationRequest", {"handleRequest"}),
    ],
)
def test_real_models(name: str, key: str, expected: set[str]) -> None:
    root = etree.fromstring(draw(real_model(name), key))
    drawn = groups(root)
    assert expected <= set(drawn)
    assert len(drawn) > 5
