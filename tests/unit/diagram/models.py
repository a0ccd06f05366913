"""Files with diagrams for tests."""

from __future__ import annotations

from tests.unit.bpmn_models import NAMESPACES

DI_NAMESPACES = (
    'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
    'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
    'xmlns:di="http://www.omg.org/spec/DD/20100524/DI" '
    'xmlns:bioc="http://bpmn.io/schema/bpmn/biocolor/1.0"'
)


def file(model: str, plane: str = "", plane_of: str = "p") -> bytes:
    """A file with the given content, and a diagram where `plane` has some."""
    diagram = f'<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="{plane_of}">{plane}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
    return f"<definitions {NAMESPACES} {DI_NAMESPACES}>{model}{diagram if plane else ''}</definitions>".encode()


def process(content: str) -> str:
    """A process `p`."""
    return f'<process id="p" isExecutable="true">{content}</process>'


def shape(element: str, x: float, y: float, width: float, height: float, attributes: str = "", inner: str = "") -> str:
    """The place of a node."""
    bounds = f'<dc:Bounds x="{x}" y="{y}" width="{width}" height="{height}"/>'
    return f'<bpmndi:BPMNShape bpmnElement="{element}" {attributes}>{bounds}{inner}</bpmndi:BPMNShape>'


def edge(element: str, *points: tuple[float, float]) -> str:
    """The way of a line."""
    waypoints = "".join(f'<di:waypoint x="{x}" y="{y}"/>' for x, y in points)
    return f'<bpmndi:BPMNEdge bpmnElement="{element}">{waypoints}</bpmndi:BPMNEdge>'


TRIGGERS = (
    "message",
    "timer",
    "error",
    "escalation",
    "signal",
    "conditional",
    "link",
    "compensate",
    "cancel",
    "terminate",
)
EVENTS = ("startEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent", "endEvent")
TASKS = (
    "task",
    "userTask",
    "serviceTask",
    "scriptTask",
    "businessRuleTask",
    "sendTask",
    "receiveTask",
    "manualTask",
    "callActivity",
    "subProcess",
    "transaction",
    "adHocSubProcess",
)
GATEWAYS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway")


def gallery() -> bytes:
    """Every shape once, each with its type as its name."""
    nodes: list[str] = []
    places: list[str] = []

    def add(
        kind: str, name: str, x: float, y: float, size: tuple[float, float], attributes: str = "", inner: str = ""
    ) -> str:
        identifier = f"n{len(places)}"
        nodes.append(f'<{kind} id="{identifier}" name="{name}" {attributes}>{inner}</{kind}>')
        places.append(
            shape(identifier, x, y, *size, 'isExpanded="false"' if "Process" in kind or kind == "transaction" else "")
        )
        return identifier

    for row, kind in enumerate(EVENTS):
        definitions = ["", *(f"<{trigger}EventDefinition/>" for trigger in TRIGGERS)]
        definitions.append("<messageEventDefinition/><timerEventDefinition/>")
        for column, definition in enumerate(definitions):
            dashed = 'cancelActivity="false"' if kind == "boundaryEvent" and column % 2 else ""
            dashed = 'isInterrupting="false"' if kind == "startEvent" and column % 2 else dashed
            add(kind, "", 40 + 60 * column, 40 + 60 * row, (36, 36), dashed, definition)
        add(kind, "", 40 + 60 * len(definitions), 40 + 60 * row, (36, 36), 'parallelMultiple="true"', definitions[-1])
    loops = (
        "",
        "<standardLoopCharacteristics/>",
        "<multiInstanceLoopCharacteristics/>",
        '<multiInstanceLoopCharacteristics isSequential="true"/>',
    )
    for column, kind in enumerate(TASKS):
        attributes = 'isForCompensation="true"' if column % 3 == 0 else ""
        if kind == "receiveTask":
            attributes = 'instantiate="true"'
        add(kind, kind, 40 + 130 * (column % 6), 380 + 110 * (column // 6), (100, 80), attributes, loops[column % 4])
    add("subProcess", "event sub-process", 40, 610, (240, 120), 'triggeredByEvent="true"')
    places[-1] = places[-1].replace('isExpanded="false"', 'isExpanded="true"')
    add("transaction", "transaction", 310, 610, (240, 120))
    places[-1] = places[-1].replace('isExpanded="false"', 'isExpanded="true"')
    for column, kind in enumerate(GATEWAYS):
        add(kind, kind, 40 + 100 * column, 760, (50, 50))
    add("eventBasedGateway", "starts", 540, 760, (50, 50), 'instantiate="true"')
    add("eventBasedGateway", "all", 640, 760, (50, 50), 'eventGatewayType="Parallel" instantiate="true"')
    add("dataObjectReference", "data", 40, 870, (36, 50))
    add("dataInput", "input", 140, 870, (36, 50))
    add("dataOutput", "output", 240, 870, (36, 50), 'isCollection="true"')
    add("dataStoreReference", "store", 340, 870, (50, 50))
    add("textAnnotation", "", 440, 870, (140, 50), "", "<text>A note on two lines or so, as people write</text>")
    nodes.append('<group id="g" categoryValueRef="cv"/>')
    places.append(shape("g", 20, 850, 400, 110))
    flows = (
        ("sequenceFlow", 'name="plain"'),
        ("sequenceFlow", 'name="default"'),
        ("sequenceFlow", 'name="conditional"'),
        ("messageFlow", 'name="message"'),
        ("association", ""),
        ("association", 'associationDirection="Both"'),
        ("dataInputAssociation", ""),
    )
    nodes.append('<task id="from" default="f1"/>')
    for row, (kind, attributes) in enumerate(flows):
        inner = "<conditionExpression>${x}</conditionExpression>" if "conditional" in attributes else ""
        nodes.append(f'<{kind} id="f{row}" sourceRef="from" targetRef="from" {attributes}>{inner}</{kind}>')
        y = 620 + 45 * row
        places.append(edge(f"f{row}", (760, y), (850, y), (850, y + 20), (940, y + 20)))
    collaboration = (
        '<collaboration id="c"><participant id="pool" name="Pool &amp; lanes" processRef="p"/>'
        '<participant id="black" name="Black box"/></collaboration>'
        '<category id="cat"><categoryValue id="cv" value="A group"/></category>'
    )
    nodes.append('<laneSet><lane id="l1" name="First lane"/><lane id="l2" name="Second lane"/></laneSet>')
    places += [
        shape("pool", 840, 20, 300, 200, 'isHorizontal="true"'),
        shape("l1", 870, 20, 270, 100),
        shape("l2", 870, 120, 270, 100),
        shape("black", 840, 250, 300, 60),
    ]
    return file(collaboration + process("".join(nodes)), "".join(places), "c")
