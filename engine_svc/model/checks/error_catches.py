"""Boundary events and event sub-processes: where they stand, and that each error has one catch (BPMN 2.0.2, 10.5.4)."""

from __future__ import annotations

from collections.abc import Iterable

from engine_svc.model.elements import (
    BoundaryErrorEvent,
    ErrorCatch,
    ErrorStartEvent,
    EventSubProcess,
    FlowContainer,
    FlowNode,
    PassThroughTask,
    Process,
    ServiceTask,
    SubProcess,
    UnsupportedNode,
    UserTask,
    containers,
)
from engine_svc.model.problem import Findings
from engine_svc.model.rules import Rule

_ACTIVITIES = (PassThroughTask, UserTask, ServiceTask, SubProcess)


def check_error_catches(process: Process, findings: Findings) -> None:
    """Report boundary events without an activity, flows that lead to a catch, and two catches of one code."""
    for _, body in containers(process):
        boundary_events = [node for node in body.nodes if isinstance(node, BoundaryErrorEvent)]
        handlers = [node for node in body.nodes if isinstance(node, EventSubProcess)]
        if boundary_events or handlers:
            _check_attachments(boundary_events, body, findings)
            _check_flows(body, findings)
            _check_codes(boundary_events, handlers, findings)


def _check_attachments(events: list[BoundaryErrorEvent], body: FlowContainer, findings: Findings) -> None:
    here = {node.id: node for node in body.nodes}
    for event in events:
        activity = here.get(event.attached_to)
        if isinstance(activity, UnsupportedNode):
            continue
        if not event.attached_to:
            message = f"The boundary event {event.id!r} has no attachedToRef. Attach it to an activity."
        elif activity is None:
            message = (
                f"attachedToRef of {event.id!r} names {event.attached_to!r}, which is no activity of the same scope. "
                "Attach it to an activity beside it."
            )
        elif not isinstance(activity, _ACTIVITIES) or isinstance(activity, EventSubProcess):
            message = (
                f"{event.id!r} is attached to the {activity.bpmn_type} {activity.id!r}. Attach it to a task or "
                "sub-process."
            )
        else:
            continue
        findings.error(Rule.BOUNDARY_EVENT_ATTACHMENT, event.id, event.source, message)


def _check_flows(body: FlowContainer, findings: Findings) -> None:
    nodes: dict[str, FlowNode] = {node.id: node for node in body.nodes}
    for flow in body.flows:
        target = nodes.get(flow.target_ref)
        if isinstance(target, BoundaryErrorEvent):
            findings.error(
                Rule.BOUNDARY_EVENT_INCOMING,
                target.id,
                flow.source,
                f"Sequence flow {flow.id!r} leads to the boundary event {target.id!r}. Lead it to the element behind "
                "it.",
            )
        for node in {flow.source_ref: nodes.get(flow.source_ref), flow.target_ref: target}.values():
            if isinstance(node, EventSubProcess):
                findings.error(
                    Rule.EVENT_SUB_PROCESS_CONNECTED,
                    node.id,
                    flow.source,
                    f"Sequence flow {flow.id!r} is connected to the event sub-process {node.id!r}, which only its "
                    "event starts. Remove the flow, or remove triggeredByEvent.",
                )


def _check_codes(
    boundary_events: list[BoundaryErrorEvent], handlers: list[EventSubProcess], findings: Findings
) -> None:
    by_activity: dict[str, list[tuple[FlowNode, ErrorCatch]]] = {}
    for event in boundary_events:
        by_activity.setdefault(event.attached_to, []).append((event, event.error))
    for activity, catches in by_activity.items():
        if activity:
            _check_unique(catches, f"boundary events of {activity!r}", findings)
    _check_unique(
        [(node, start.error) for node in handlers for start in node.body.nodes if isinstance(start, ErrorStartEvent)],
        "event sub-processes of the same scope",
        findings,
    )


def _check_unique(catches: Iterable[tuple[FlowNode, ErrorCatch]], which: str, findings: Findings) -> None:
    first: dict[str, FlowNode] = {}
    for node, catch in catches:
        other = first.setdefault(catch.code, node)
        if other is not node:
            what = f"the error code {catch.code!r}" if catch.code else "every error"
            findings.error(
                Rule.ERROR_CATCH_DUPLICATE,
                node.id,
                node.source,
                f"{other.id!r} and {node.id!r}, both {which}, catch {what}. Remove one of them.",
            )
