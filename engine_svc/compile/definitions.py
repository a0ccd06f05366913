"""Compiles a valid model to executable processes."""

from __future__ import annotations

from collections.abc import Mapping

from engine_svc.compile import events, gateways, subprocesses, tasks
from engine_svc.compile.executable import NO_ELEMENT, PROCESS_SCOPE, Element, ElementKind, ExecutableProcess
from engine_svc.compile.flows import connect
from engine_svc.compile.transform import Transform
from engine_svc.compile.wrapping import listeners, wrapping_of
from engine_svc.model.elements import (
    BoundaryEvent,
    Definitions,
    FlowContainer,
    FlowNode,
    ListenerEvent,
    Process,
    SequenceFlow,
    SubProcess,
    UserTask,
    containers,
)

_TRANSFORMS: Mapping[type[FlowNode], Transform] = {
    **events.TRANSFORMS,
    **gateways.TRANSFORMS,
    **tasks.TRANSFORMS,
    **subprocesses.TRANSFORMS,
}


def compile_definitions(definitions: Definitions) -> list[ExecutableProcess]:
    """Return the executable processes of a model that has no errors, in document order.

    Elements are numbered in document order, a sub-process before what it holds. A model with errors must
    not be compiled: what comes of it is not defined.
    """
    return [_compile(process) for process in definitions.processes]


def _compile(process: Process) -> ExecutableProcess:
    nodes: list[tuple[FlowNode, int]] = []
    sequence_flows: list[SequenceFlow] = []
    _collect(process.body, PROCESS_SCOPE, nodes, sequence_flows)
    model_nodes = [node for node, _ in nodes]
    index_of = {node.id: index for index, (node, _) in enumerate(nodes)}
    elements = tuple(_element(index, node, scope, index_of) for index, (node, scope) in enumerate(nodes))
    defaults = {index: node.default for index, (node, _) in enumerate(nodes) if node.default}
    _attach(model_nodes, elements, index_of)
    _wrap(process, model_nodes, elements, index_of)
    flows = connect(sequence_flows, elements, index_of, defaults)
    gateways.link_inclusive_joins(elements, events.connect_links(model_nodes, elements))
    return ExecutableProcess(
        key=process.id,
        name=process.name,
        version_tag=process.version_tag,
        documentation=process.documentation,
        start=subprocesses.start_of(process.body, index_of),
        elements=elements,
        flows=flows,
        by_id=index_of,
        event_sub_processes=subprocesses.event_sub_processes_of(elements),
        starts=subprocesses.starts_of(process.body, index_of),
        variables=subprocesses.variables_of(process.body),
        start_listeners=listeners(process.listeners, ListenerEvent.START),
        end_listeners=listeners(process.listeners, ListenerEvent.END),
        starter_users=tuple(text.text for text in process.candidate_starter_users),
        starter_groups=tuple(text.text for text in process.candidate_starter_groups),
        acknowledgement_micros=process.acknowledgement_micros,
    )


def _collect(
    body: FlowContainer,
    scope: int,
    nodes: list[tuple[FlowNode, int]],
    sequence_flows: list[SequenceFlow],
) -> None:
    sequence_flows.extend(body.flows)
    for node in body.nodes:
        nodes.append((node, scope))
        if isinstance(node, UserTask):
            nodes.extend((event, scope) for event in _timeout_events(node))
        if isinstance(node, SubProcess):
            _collect(node.body, len(nodes) - 1, nodes, sequence_flows)


def _timeout_events(node: UserTask) -> list[BoundaryEvent]:
    """Return the timers of a task's listeners as events on its boundary. No id of a file can have their sign."""
    return [
        BoundaryEvent(
            id=f"{node.id}#timeout{position}",
            bpmn_type="boundaryEvent",
            attached_to=node.id,
            interrupting=False,
            definition=timeout.timer,
            listener=timeout.listener,
        )
        for position, timeout in enumerate(node.timeouts, 1)
    ]


def _attach(nodes: list[FlowNode], elements: tuple[Element, ...], index_of: Mapping[str, int]) -> None:
    for node, element in zip(nodes, elements, strict=True):
        if isinstance(node, BoundaryEvent):
            activity = elements[index_of[node.attached_to]]
            # Nothing ever waits on the boundary of an event sub-process, as in Flowable.
            if activity.kind is not ElementKind.EVENT_SUB_PROCESS:
                activity.boundary += (element.index,)


def _wrap(process: Process, nodes: list[FlowNode], elements: tuple[Element, ...], index_of: Mapping[str, int]) -> None:
    handlers = _handlers(process, index_of)
    for node, element in zip(nodes, elements, strict=True):
        element.wrapping = wrapping_of(
            node,
            index_of,
            has_boundary=bool(element.boundary),
            compensation_handler=handlers.get(node.id, NO_ELEMENT),
            process_priority=process.job_priority,
        )


def _handlers(process: Process, index_of: Mapping[str, int]) -> dict[str, int]:
    """Return the index of the compensation handler by the id of the activity that it compensates."""
    found = {}
    for _, body in containers(process):
        attached = {node.id: node.attached_to for node in body.nodes if isinstance(node, BoundaryEvent)}
        found.update({attached[event]: index_of[handler] for event, handler in body.compensation_links})
    return found


def _element(index: int, node: FlowNode, scope: int, index_of: Mapping[str, int]) -> Element:
    transformation = _TRANSFORMS[type(node)](node, index_of)
    return Element(
        index=index,
        id=node.id,
        name=node.name,
        kind=transformation.kind,
        bpmn_type=node.bpmn_type,
        scope=scope,
        spec=transformation.spec,
    )
