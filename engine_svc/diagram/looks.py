"""Reads how an element looks from the BPMN file."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from engine_svc.diagram.items import Look
from engine_svc.model.context import boolean, local_name, text_of
from engine_svc.model.namespaces import BPMN

EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
SUB_PROCESSES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
ACTIVITIES = SUB_PROCESSES | {
    "task",
    "userTask",
    "serviceTask",
    "scriptTask",
    "businessRuleTask",
    "sendTask",
    "receiveTask",
    "manualTask",
    "callActivity",
}
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"})
FLOW_NODES = EVENTS | ACTIVITIES | GATEWAYS
DATA = frozenset({"dataObjectReference", "dataObject", "dataStoreReference", "dataInput", "dataOutput"})
LINES = frozenset({"sequenceFlow", "messageFlow", "association", "dataInputAssociation", "dataOutputAssociation"})

MAX_TEXT = 1000
_EVENT_DEFINITION = "EventDefinition"

Elements = Mapping[str, etree._Element]
"""The elements of a file by id."""


def elements_by_id(root: etree._Element) -> Elements:
    """Return the BPMN elements of a file that have an id; the first one where several have the same."""
    found: dict[str, etree._Element] = {}
    for element in root.iter(f"{{{BPMN}}}*"):
        found.setdefault(element.get("id", ""), element)
    found.pop("", None)
    return found


def child_text(element: etree._Element, name: str) -> str:
    """Return the text of the first child of a name, empty where there is none."""
    child = element.find(f"{{{BPMN}}}{name}")
    return "" if child is None else text_of(child)


def look_of(element: etree._Element, elements: Elements) -> Look:
    """Return how an element looks."""
    kind = local_name(element)
    identifier = element.get("id", "")
    name = element.get("name", "")[:MAX_TEXT].strip()
    if kind in EVENTS:
        return _event(element, elements, identifier, kind, name)
    if kind in ACTIVITIES:
        return Look(
            identifier,
            kind,
            name,
            markers=_markers(element, kind),
            dashed=_is(element, "triggeredByEvent"),
            instantiates=_is(element, "instantiate"),
        )
    if kind in GATEWAYS:
        return Look(
            identifier,
            kind,
            name,
            instantiates=_is(element, "instantiate"),
            parallel_events=element.get("eventGatewayType") == "Parallel",
        )
    if kind in LINES:
        return _line(element, elements, identifier, kind, name)
    if kind in DATA:
        target = elements.get(element.get("dataObjectRef", ""), element)
        return Look(identifier, kind, name, collection=_is(target, "isCollection"))
    if kind == "textAnnotation":
        return Look(identifier, kind, child_text(element, "text")[:MAX_TEXT])
    if kind == "group":
        value = elements.get(element.get("categoryValueRef", ""))
        return Look(identifier, kind, "" if value is None else value.get("value", "")[:MAX_TEXT])
    return Look(identifier, kind, name, has_process=element.get("processRef", "") in elements)


def _event(element: etree._Element, elements: Elements, identifier: str, kind: str, name: str) -> Look:
    triggers = [local_name(child) for child in element if local_name(child).endswith(_EVENT_DEFINITION)]
    for child in element.findall(f"{{{BPMN}}}eventDefinitionRef"):
        # May be written with a prefix.
        definition = elements.get(text_of(child).rpartition(":")[2])
        if definition is not None:
            triggers.append(local_name(definition))
    trigger = triggers[0].removesuffix(_EVENT_DEFINITION) if triggers else ""
    if len(triggers) > 1:
        trigger = "parallelMultiple" if _is(element, "parallelMultiple") else "multiple"
    return Look(
        identifier,
        kind,
        name,
        trigger=trigger,
        throwing=kind in ("endEvent", "intermediateThrowEvent"),
        interrupting=boolean(element.get("cancelActivity", element.get("isInterrupting", "true"))) is not False,
    )


def _line(element: etree._Element, elements: Elements, identifier: str, kind: str, name: str) -> Look:
    directions = ""
    if kind == "association":
        directions = element.get("associationDirection", "")
    elif kind != "sequenceFlow" and kind != "messageFlow":
        directions = "One"
    source = elements.get(element.get("sourceRef", "")) if kind == "sequenceFlow" else None
    conditional = source is not None and element.find(f"{{{BPMN}}}conditionExpression") is not None
    return Look(
        identifier,
        kind,
        name,
        directions=directions,
        default=source is not None and bool(identifier) and source.get("default") == identifier,
        conditional=conditional and source is not None and local_name(source) not in GATEWAYS,
    )


def _markers(element: etree._Element, kind: str) -> tuple[str, ...]:
    markers = []
    for child in element:
        if local_name(child) == "standardLoopCharacteristics":
            markers.append("loop")
        elif local_name(child) == "multiInstanceLoopCharacteristics":
            markers.append("sequential" if _is(child, "isSequential") else "parallel")
    if _is(element, "isForCompensation"):
        markers.append("compensation")
    if kind == "adHocSubProcess":
        markers.append("adHoc")
    return tuple(markers)


def _is(element: etree._Element, attribute: str) -> bool:
    return boolean(element.get(attribute, "")) is True
