"""Transforms embedded and event sub-processes (BPMN 2.0.2, 10.3.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine_svc.compile.events import error_catch
from engine_svc.compile.executable import Element, ElementKind, SubProcessSpec
from engine_svc.compile.transform import Transform, Transformation
from engine_svc.model.elements import (
    ErrorStartEvent,
    EventSubProcess,
    FlowContainer,
    FlowNode,
    StartEvent,
    SubProcess,
)


def start_of(body: FlowContainer, index_of: Mapping[str, int]) -> int:
    """Return the index of the start event of a process or sub-process."""
    return next(index_of[node.id] for node in body.nodes if isinstance(node, StartEvent))


def _sub_process(node: SubProcess, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.SUB_PROCESS, SubProcessSpec(start_of(node.body, index_of)))


def _event_sub_process(node: EventSubProcess, index_of: Mapping[str, int]) -> Transformation:
    start = next(inner for inner in node.body.nodes if isinstance(inner, ErrorStartEvent))
    return Transformation(ElementKind.EVENT_SUB_PROCESS, SubProcessSpec(index_of[start.id], error_catch(start.error)))


def event_sub_processes_of(elements: Iterable[Element]) -> dict[int, tuple[int, ...]]:
    """Return the indexes of the event sub-processes of each scope that has some, in document order."""
    found: dict[int, tuple[int, ...]] = {}
    for element in elements:
        if element.kind is ElementKind.EVENT_SUB_PROCESS:
            found[element.scope] = (*found.get(element.scope, ()), element.index)
    return found


TRANSFORMS: Mapping[type[FlowNode], Transform] = {SubProcess: _sub_process, EventSubProcess: _event_sub_process}
