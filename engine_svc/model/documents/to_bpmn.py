"""Writes a checked document as BPMN 2.0 XML, and remembers where each element comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from engine_svc.model.documents.bindings import CAMUNDA, FLOWABLE, FLOWMESH, Writing, bpmn
from engine_svc.model.documents.format import CATCH, KINDS, PROCESS, TRANSITION, Bound, bound_properties
from engine_svc.model.documents.located import Path
from engine_svc.model.documents.names import FlowNames, catch_id, start_id, timeout_id, way_out_id
from engine_svc.model.documents.shapes import Checking
from engine_svc.model.namespaces import BPMN, XSI
from engine_svc.model.rules import Rule

TARGET_NAMESPACE = "urn:flowmesh:process-definition"
_NAMESPACES: Any = {None: BPMN, "xsi": XSI, "flowable": FLOWABLE, "camunda": CAMUNDA, "flowmesh": FLOWMESH}
_FLOW_ORIGINS = {"sourceRef": "from", "targetRef": "to"}


@dataclass(slots=True, frozen=True)
class Trace:
    """Which part of the document the elements and attributes of the BPMN come from."""

    elements: dict[str, Path] = field(default_factory=dict)
    """By element id."""
    properties: dict[str, dict[str, Path]] = field(default_factory=dict)
    """By element id, then by what messages call the attribute or child element."""


@dataclass(slots=True, frozen=True)
class _WayOut:
    """The flow out of an event that is not among the document's transitions."""

    source: str
    target: str
    path: Path


def to_bpmn(document: Mapping[str, Any], checking: Checking) -> tuple[bytes, Trace]:
    """Return BPMN XML for a document whose skeleton is sound; where a START is missing or unclear is reported."""
    writer = _Writer(checking)
    return writer.write(document), writer.trace


class _Writer:
    def __init__(self, checking: Checking) -> None:
        self.trace = Trace()
        self._checking = checking
        self._writing = Writing()
        self._names = FlowNames()

    def write(self, document: Mapping[str, Any]) -> bytes:
        root = etree.Element(
            bpmn("definitions"),
            {"targetNamespace": TARGET_NAMESPACE},
            nsmap=_NAMESPACES,
        )
        process = etree.SubElement(root, bpmn("process"), {"id": document["id"], "isExecutable": "true"})
        self.trace.elements[document["id"]] = ()
        self._properties(process, document, PROCESS, ())
        self._body(process, document, "", ())
        for element in reversed(self._writing.declared.values()):
            root.insert(0, element)
        etree.cleanup_namespaces(root, keep_ns_prefixes=["flowable", "xsi"])
        etree.indent(root)
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)

    def _body(self, parent: etree._Element, scope: Mapping[str, Any], scope_id: str, path: Path) -> None:
        ways_out: list[_WayOut] = []
        if (start := self._implied_start(scope, scope_id, path)) is not None:
            etree.SubElement(parent, bpmn("startEvent"), {"id": start.source})
            self.trace.elements[start.source] = start.path
            ways_out.append(start)
        for position, task in enumerate(scope["tasks"]):
            ways_out.extend(self._task(parent, task, (*path, "tasks", position)))
        defaults = self._defaults(scope, path)
        nodes = {element.get("id"): element for element in parent}
        for position, transition in enumerate(scope["transitions"]):
            source, target = transition["from"], transition["to"]
            identifier = transition.get("id") or self._names.name(source, target)
            self._flow(parent, identifier, source, target, transition, (*path, "transitions", position))
            if defaults.get(source) == position:
                nodes[source].set("default", identifier)
        for way in ways_out:
            self._flow(parent, way_out_id(way.source), way.source, way.target, {}, way.path)

    def _task(self, parent: etree._Element, task: Mapping[str, Any], path: Path) -> list[_WayOut]:
        kind = KINDS[task["type"]]
        identifier = task["id"]
        element = etree.SubElement(parent, bpmn(kind.element), {"id": identifier, **kind.fixed})
        self.trace.elements[identifier] = path
        self._properties(element, task, bound_properties(kind), path)
        if kind.has_body:
            self._body(element, task, identifier, path)
        ends = []
        if (timeout := task.get("timeout")) is not None:
            ends.append(self._timeout(parent, identifier, timeout, (*path, "timeout")))
        for position, caught in enumerate(task.get("catch", [])):
            ends.extend(self._caught(parent, identifier, position, caught, (*path, "catch", position)))
        return ends

    def _timeout(self, parent: etree._Element, host: str, timeout: Mapping[str, Any], path: Path) -> _WayOut:
        identifier = timeout_id(host)
        self._boundary(parent, identifier, host, {"timer": {"duration": timeout["after"]}}, path)
        for origin in self.trace.properties[identifier]:
            self.trace.properties[identifier][origin] = (*path, "after")
        return _WayOut(identifier, timeout["to"], path)

    def _caught(
        self, parent: etree._Element, host: str, position: int, caught: Mapping[str, Any], path: Path
    ) -> list[_WayOut]:
        identifier = caught.get("id") or catch_id(host, position)
        self._boundary(parent, identifier, host, caught, path)
        return [_WayOut(identifier, caught["to"], path)] if "to" in caught else []

    def _boundary(
        self, parent: etree._Element, identifier: str, host: str, values: Mapping[str, Any], path: Path
    ) -> None:
        element = etree.SubElement(parent, bpmn("boundaryEvent"), {"id": identifier, "attachedToRef": host})
        self.trace.elements[identifier] = path
        self._properties(element, values, CATCH, path)

    def _properties(
        self, element: etree._Element, values: Mapping[str, Any], bound: Mapping[str, Bound], path: Path
    ) -> None:
        known = self.trace.properties.setdefault(element.get("id", ""), {})
        for name, part in bound.items():
            if name in values:
                part.binding.write(element, values[name], self._writing)
                known.update(dict.fromkeys(part.binding.origins, (*path, name)))

    def _flow(
        self,
        parent: etree._Element,
        identifier: str,
        source: str,
        target: str,
        values: Mapping[str, Any],
        path: Path,
    ) -> None:
        ends = {"sourceRef": source, "targetRef": target}
        element = etree.SubElement(parent, bpmn("sequenceFlow"), {"id": identifier, **ends})
        self.trace.elements[identifier] = path
        self._properties(element, values, TRANSITION, path)
        self.trace.properties[identifier].update({origin: (*path, name) for origin, name in _FLOW_ORIGINS.items()})

    def _defaults(self, scope: Mapping[str, Any], path: Path) -> dict[str, int]:
        """Return the position of the default transition of each task that has one."""
        types = {task["id"]: task["type"] for task in scope["tasks"]}
        found: dict[str, int] = {}
        for position, transition in enumerate(scope["transitions"]):
            source = transition["from"]
            if not transition.get("default"):
                continue
            kind = KINDS.get(types.get(source, ""))
            if kind is None or not (kind.is_activity or kind.has_default):
                self._checking.error(
                    Rule.ATTRIBUTE_NOT_SUPPORTED,
                    (*path, "transitions", position, "default"),
                    f"{source!r} has no default transition: only tasks, sub-processes, exclusive and inclusive "
                    "gateways of the same scope have one. Remove it.",
                )
            elif source in found:
                self._checking.error(
                    Rule.ATTRIBUTE_CONFLICT,
                    (*path, "transitions", position, "default"),
                    f"{source!r} has another default, transitions[{found[source]}]. Keep one of them.",
                )
            else:
                found[source] = position
        return found

    def _implied_start(self, scope: Mapping[str, Any], scope_id: str, path: Path) -> _WayOut | None:
        tasks = scope["tasks"]
        if any(task["type"] == "START" for task in tasks) or scope.get("triggeredByEvent"):
            return None
        followed = {transition["to"] for transition in scope["transitions"]}
        for task in tasks:
            caught = [task.get("timeout", {}), *task.get("catch", [])]
            followed.update(entry["to"] for entry in caught if "to" in entry)
        first = [
            position
            for position, task in enumerate(tasks)
            if task["id"] not in followed and not task.get("triggeredByEvent")
        ]
        if len(first) == 1:
            return _WayOut(start_id(scope_id), tasks[first[0]]["id"], (*path, "tasks", first[0]))
        if first:
            listed = ", ".join(repr(tasks[position]["id"]) for position in first[:10])
            message = (
                f"it is not clear where to begin: no transition leads to {listed}. Add the transitions that are "
                "missing, or a task of type START."
            )
        else:
            message = "it is not clear where to begin: transitions lead to every task. Add a task of type START."
        self._checking.error(Rule.DOCUMENT_START_UNCLEAR, (*path, "tasks"), message)
        return None
