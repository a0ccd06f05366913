"""Reads a BPMN process into a document, where the format can say all that the process says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

from engine_svc.model.context import local_name, written_name
from engine_svc.model.documents.bindings import PLAIN, Attribute, Reading, bpmn, pop, remove
from engine_svc.model.documents.format import CATCH, KINDS, PROCESS, TRANSITION, Bound, Kind, bound_properties
from engine_svc.model.documents.names import FLOW_PREFIX, FlowNames, catch_id, start_id, timeout_id, way_out_id
from engine_svc.model.namespaces import BPMN, DIAGRAM, XSI, split
from engine_svc.model.xml import read_document

_DRAWING = frozenset({"incoming", "outgoing", "textAnnotation", "association", "group"})
"""What only says how a diagram is drawn."""
_WITHOUT_EFFECT: Mapping[str, frozenset[str]] = {
    "gatewayDirection": frozenset(),
    "implementation": frozenset(),
    "processType": frozenset(),
    "isClosed": frozenset(),
    "isImmediate": frozenset(),
    "definitionalCollaborationRef": frozenset(),
    "isForCompensation": frozenset({"false"}),
    "parallelMultiple": frozenset({"false"}),
    "startQuantity": frozenset({"1"}),
    "completionQuantity": frozenset({"1"}),
}
"""Attribute -> the values that say nothing; any where the set is empty."""


class NotExpressibleError(Exception):
    """A process holds what the format cannot express; `reasons` are pairs of an element's id and what it is."""

    def __init__(self, reasons: Iterable[tuple[str, str]]) -> None:
        self.reasons = tuple(dict.fromkeys(reasons))
        super().__init__("; ".join(f"{element}: {what}" for element, what in self.reasons))


def from_bpmn(xml: bytes, key: str) -> dict[str, Any]:
    """Return the document for the process `key` of a file that can be deployed. Raises `NotExpressibleError`.

    Diagrams, annotations and the names of declarations are left out.
    """
    root = read_document(xml).root
    reading = Reading(root)
    process = next(element for element in root.findall(bpmn("process")) if element.get("id") == key)
    pop(process, "isExecutable")
    reader = _Reader(reading, process)
    document = {"id": key, **reader.properties(process, PROCESS), **reader.body(process, "")}
    _leftover(process, reading)
    if reading.reported:
        raise NotExpressibleError(reading.reported)
    return document


class _Reader:
    def __init__(self, reading: Reading, process: etree._Element) -> None:
        self._reading = reading
        self._made_flow_ids = _made_flow_ids(process)

    def properties(self, element: etree._Element, bound: Mapping[str, Bound]) -> dict[str, Any]:
        """Take out of `element` what is known of it."""
        taken = {name: part.binding.take(element, self._reading) for name, part in bound.items()}
        return {name: value for name, value in taken.items() if value is not None}

    def body(self, parent: etree._Element, scope_id: str) -> dict[str, Any]:
        """Take the tasks and transitions out of a process or sub-process."""
        flows = parent.findall(bpmn("sequenceFlow"))
        ways_out = {flow.get("sourceRef", ""): flow for flow in flows if _is_way_out(flow)}
        boundary = parent.findall(bpmn("boundaryEvent"))
        defaults = {default for element in parent if (default := pop(element, "default"))}
        tasks: dict[str, dict[str, Any]] = {}
        activities: set[str] = set()
        for element in list(parent):
            if (kind := _kind_of(element)) is None or self._is_implied_start(element, scope_id, ways_out):
                continue
            identifier = element.get("id", "")
            tasks[identifier] = self._task(element, *kind)
            if KINDS[kind[0]].is_activity:
                activities.add(identifier)
        for element in boundary:
            host = (pop(element, "attachedToRef") or "").strip()
            if host not in activities:
                self._reading.report(element, "a boundary event of something that is no task")
            else:
                self._boundary(element, host, tasks[host], ways_out)
        for flow in ways_out.values():
            if flow.getparent() is not None:
                self._reading.report(flow, f"the id {flow.get('id')!r}")
        transitions = [self._transition(flow, defaults) for flow in flows if flow.getparent() is not None]
        for unknown in defaults - {flow.get("id") for flow in flows}:
            self._reading.report(parent, f"the default flow {unknown!r}, which is not there")
        return {"tasks": list(tasks.values()), "transitions": transitions}

    def _task(self, element: etree._Element, name: str, kind: Kind) -> dict[str, Any]:
        for key in kind.fixed:
            pop(element, key)
        task: dict[str, Any] = {"id": element.get("id", ""), "type": name}
        task |= self.properties(element, bound_properties(kind))
        if kind.has_body:
            task |= self.body(element, task["id"])
        _leftover(element, self._reading)
        remove(element)
        return task

    def _is_implied_start(self, element: etree._Element, scope_id: str, ways_out: Mapping[str, etree._Element]) -> bool:
        identifier = element.get("id", "")
        if local_name(element) != "startEvent" or identifier != start_id(scope_id) or identifier not in ways_out:
            return False
        remove(ways_out[identifier])
        _leftover(element, self._reading)
        remove(element)
        return True

    def _boundary(
        self, element: etree._Element, host: str, task: dict[str, Any], ways_out: Mapping[str, etree._Element]
    ) -> None:
        identifier = element.get("id", "")
        way_out = ways_out.get(identifier)
        target = {} if way_out is None else {"to": way_out.get("targetRef", "")}
        if way_out is not None:
            remove(way_out)
        values = self.properties(element, CATCH)
        _leftover(element, self._reading)
        remove(element)
        if identifier == timeout_id(host) and target and values.keys() == {"timer"} and "duration" in values["timer"]:
            task["timeout"] = {"after": values["timer"]["duration"], **target}
            return
        caught = task.setdefault("catch", [])
        named = {} if identifier == catch_id(host, len(caught)) else {"id": identifier}
        caught.append({**named, **values, **target})

    def _transition(self, flow: etree._Element, defaults: set[str]) -> dict[str, Any]:
        identifier = flow.get("id", "")
        transition = {} if identifier in self._made_flow_ids or not identifier else {"id": identifier}
        for name, attribute in (("from", "sourceRef"), ("to", "targetRef")):
            transition[name] = Attribute(attribute, "", PLAIN).take(flow, self._reading) or ""
        taken: dict[str, Any] = {**transition, **self.properties(flow, TRANSITION)}
        if identifier in defaults:
            taken["default"] = True
        _leftover(flow, self._reading)
        remove(flow)
        return taken


def _made_flow_ids(process: etree._Element) -> frozenset[str]:
    names = FlowNames()
    made = set()
    for flow in process.iter(bpmn("sequenceFlow")):
        identifier = flow.get("id", "")
        if not identifier.startswith(FLOW_PREFIX):
            continue
        if identifier == names.name(flow.get("sourceRef", ""), flow.get("targetRef", "")):
            made.add(identifier)
    return frozenset(made)


def _is_way_out(flow: etree._Element) -> bool:
    is_bare = len(flow) == 0 and set(flow.attrib) == {"id", "sourceRef", "targetRef"}
    return is_bare and flow.get("id") == way_out_id(flow.get("sourceRef", ""))


def _kind_of(element: etree._Element) -> tuple[str, Kind] | None:
    candidates = [(name, kind) for name, kind in KINDS.items() if element.tag == bpmn(kind.element)]
    # The special before the general.
    candidates.sort(key=lambda candidate: not (candidate[1].fixed or candidate[1].definition))
    for name, kind in candidates:
        is_defined = not kind.definition or element.find(bpmn(kind.definition)) is not None
        if is_defined and all(element.get(key) == value for key, value in kind.fixed.items()):
            return name, kind
    return None


def _leftover(element: etree._Element, reading: Reading) -> None:
    """Report what was not taken out of `element`."""
    for key, value in element.attrib.items():
        namespace, name = split(str(key))
        silent = _WITHOUT_EFFECT.get(name) if not namespace else None
        if namespace == XSI or key == "id" or (silent is not None and (not silent or value in silent)):
            continue
        reading.report(element, f"the attribute {'' if not namespace else 'of an extension '}{name}")
    for child in element:
        namespace, name = split(str(child.tag))
        if namespace in DIAGRAM or (namespace == BPMN and name in _DRAWING):
            continue
        if name == "extensionElements":
            for extension in child:
                reading.report(element, f"the extension {written_name(extension)}")
        else:
            reading.report(child, f"the element {name}")
