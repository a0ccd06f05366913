"""Transforms sub-processes: embedded, event, transaction and ad-hoc (BPMN 2.0.2, 10.3.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine_svc.compile.executable import NO_ELEMENT, AdHocSpec, Element, ElementKind, SubProcessSpec
from engine_svc.compile.texts import compiled_condition_or_none, compiled_or_none
from engine_svc.compile.transform import Transform, Transformation
from engine_svc.model.elements import (
    Activity,
    AdHocSubProcess,
    EventBasedGateway,
    EventSubProcess,
    FlowContainer,
    FlowNode,
    ReceiveTask,
    StartEvent,
    SubProcess,
    Transaction,
)


def start_of(body: FlowContainer, index_of: Mapping[str, int]) -> int:
    """Return the index of the none start event of a process or sub-process, NO_ELEMENT where it has none."""
    return next(
        (index_of[node.id] for node in body.nodes if isinstance(node, StartEvent) and node.definition is None),
        NO_ELEMENT,
    )


def starts_of(body: FlowContainer, index_of: Mapping[str, int]) -> tuple[int, ...]:
    """Return the indexes of everything that starts a process, in document order."""
    entered = {flow.target_ref for flow in body.flows}
    return tuple(
        index_of[node.id]
        for node in body.nodes
        if isinstance(node, StartEvent)
        or (isinstance(node, EventBasedGateway | ReceiveTask) and node.instantiate and node.id not in entered)
    )


def variables_of(body: FlowContainer) -> dict[str, Any]:
    """Return the values of the data objects that have one, by variable name."""
    return {data.name or data.id: data.value for data in body.data_objects}


def _sub_process(node: SubProcess, index_of: Mapping[str, int]) -> Transformation:
    spec = SubProcessSpec(
        start_of(node.body, index_of),
        transaction=isinstance(node, Transaction),
        variables=variables_of(node.body),
    )
    return Transformation(ElementKind.SUB_PROCESS, spec)


def _event_sub_process(node: EventSubProcess, index_of: Mapping[str, int]) -> Transformation:
    start = next(index_of[inner.id] for inner in node.body.nodes if isinstance(inner, StartEvent))
    return Transformation(ElementKind.EVENT_SUB_PROCESS, SubProcessSpec(start, variables=variables_of(node.body)))


def _ad_hoc(node: AdHocSubProcess, index_of: Mapping[str, int]) -> Transformation:
    entered = {flow.target_ref for flow in node.body.flows}
    enabled = tuple(
        index_of[inner.id]
        for inner in node.body.nodes
        if isinstance(inner, Activity)
        and not isinstance(inner, EventSubProcess)
        and not inner.for_compensation
        and inner.id not in entered
    )
    spec = AdHocSpec(
        enabled,
        sequential=node.sequential,
        completion_condition=compiled_condition_or_none(node.completion_condition),
        cancel_remaining=node.cancel_remaining,
        active_elements=compiled_or_none(node.active_elements),
        variables=variables_of(node.body),
    )
    return Transformation(ElementKind.AD_HOC_SUB_PROCESS, spec)


def event_sub_processes_of(elements: Iterable[Element]) -> dict[int, tuple[int, ...]]:
    """Return the indexes of the event sub-processes of each scope that has some, in document order."""
    found: dict[int, tuple[int, ...]] = {}
    for element in elements:
        if element.kind is ElementKind.EVENT_SUB_PROCESS:
            found[element.scope] = (*found.get(element.scope, ()), element.index)
    return found


TRANSFORMS: Mapping[type[FlowNode], Transform] = {
    SubProcess: _sub_process,
    Transaction: _sub_process,
    AdHocSubProcess: _ad_hoc,
    EventSubProcess: _event_sub_process,
}
