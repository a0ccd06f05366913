"""Boundary events: what they may be attached to, and which may stand together (BPMN 2.0.2, 10.5.4)."""

from __future__ import annotations

from collections.abc import Iterable

from engine_svc.model.elements import (
    Activity,
    BoundaryEvent,
    CancelDefinition,
    CompensationDefinition,
    ErrorDefinition,
    EscalationDefinition,
    EventDefinition,
    EventSubProcess,
    FlowContainer,
    FlowNode,
    MessageDefinition,
    Process,
    StartEvent,
    Transaction,
    UnsupportedNode,
    containers,
)
from engine_svc.model.problem import Findings
from engine_svc.model.rules import Rule


def check_boundary_events(process: Process, findings: Findings) -> None:
    """Report boundary events without an activity, flows that lead to one, and two catches of the same."""
    for _, body in containers(process):
        events = [node for node in body.nodes if isinstance(node, BoundaryEvent)]
        handlers = [node for node in body.nodes if isinstance(node, EventSubProcess)]
        nodes = {node.id: node for node in body.nodes}
        for event in events:
            _check_attachment(event, nodes, findings)
        _check_flows(body, nodes, findings)
        _check_handlers(body, events, findings)
        by_activity: dict[str, list[FlowNode]] = {}
        for event in events:
            by_activity.setdefault(event.attached_to, []).append(event)
        for activity, together in by_activity.items():
            if activity:
                _check_unique(together, f"boundary events of {activity!r}", findings)
        starts = {start.id: owner for owner in handlers for start in owner.body.nodes if isinstance(start, StartEvent)}
        _check_unique_starts(handlers, starts, findings)


def _check_attachment(event: BoundaryEvent, nodes: dict[str, FlowNode], findings: Findings) -> None:
    activity = nodes.get(event.attached_to)
    if isinstance(activity, UnsupportedNode):
        return
    if not event.attached_to:
        message = f"The boundary event {event.id!r} has no attachedToRef. Attach it to an activity."
    elif activity is None:
        message = (
            f"attachedToRef of {event.id!r} names {event.attached_to!r}, which is no activity of the same scope. "
            "Attach it to an activity beside it."
        )
    elif isinstance(activity, EventSubProcess):
        findings.warning(
            Rule.BOUNDARY_EVENT_ATTACHMENT,
            event.id,
            event.source,
            f"{event.id!r} is attached to the event sub-process {activity.id!r} and never waits. Put the event into "
            "the scope around it, as an event sub-process of its own.",
        )
        return
    elif not isinstance(activity, Activity):
        message = (
            f"{event.id!r} is attached to the {activity.bpmn_type} {activity.id!r}. Attach it to a task, call activity "
            "or sub-process."
        )
    elif isinstance(event.definition, CancelDefinition) and not isinstance(activity, Transaction):
        findings.error(
            Rule.CANCEL_PLACEMENT,
            event.id,
            event.source,
            f"{event.id!r} waits for a cancellation on the {activity.bpmn_type} {activity.id!r}. Only transactions are "
            "cancelled: attach it to one, or make the sub-process a transaction.",
        )
        return
    else:
        return
    findings.error(Rule.BOUNDARY_EVENT_ATTACHMENT, event.id, event.source, message)


def _check_flows(body: FlowContainer, nodes: dict[str, FlowNode], findings: Findings) -> None:
    for flow in body.flows:
        source, target = nodes.get(flow.source_ref), nodes.get(flow.target_ref)
        if isinstance(target, BoundaryEvent):
            findings.error(
                Rule.BOUNDARY_EVENT_INCOMING,
                target.id,
                flow.source,
                f"Sequence flow {flow.id!r} leads to the boundary event {target.id!r}. Lead it to the element behind "
                "it.",
            )
        for node in {flow.source_ref: source, flow.target_ref: target}.values():
            if isinstance(node, EventSubProcess):
                findings.error(
                    Rule.EVENT_SUB_PROCESS_CONNECTED,
                    node.id,
                    flow.source,
                    f"Sequence flow {flow.id!r} is connected to the event sub-process {node.id!r}, which only its "
                    "event starts. Remove the flow, or remove triggeredByEvent.",
                )


def _check_handlers(body: FlowContainer, events: Iterable[BoundaryEvent], findings: Findings) -> None:
    handlers: dict[str, list[str]] = {}
    for event_id, handler in body.compensation_links:
        handlers.setdefault(event_id, []).append(handler)
    for event in events:
        if not isinstance(event.definition, CompensationDefinition):
            continue
        found = handlers.get(event.id, [])
        if not found:
            findings.warning(
                Rule.COMPENSATION_HANDLER,
                event.id,
                event.source,
                f"The compensation event {event.id!r} has no handler: {event.attached_to!r} is never compensated. Draw "
                "an association from it to the activity that compensates.",
            )
        elif len(found) > 1:
            findings.error(
                Rule.COMPENSATION_HANDLER,
                event.id,
                event.source,
                f"The compensation event {event.id!r} has several handlers ({', '.join(found)}). Keep one, a "
                "sub-process if there is more to do.",
            )


def _check_unique_starts(
    handlers: list[EventSubProcess], owners: dict[str, EventSubProcess], findings: Findings
) -> None:
    starts = [start for owner in handlers for start in owner.body.nodes if start.id in owners]
    first: dict[tuple[str, str], FlowNode] = {}
    for start in starts:
        _check_first(first, owners[start.id], _caught(start), "event sub-processes of the same scope", findings)


def _check_unique(nodes: Iterable[FlowNode], which: str, findings: Findings) -> None:
    first: dict[tuple[str, str], FlowNode] = {}
    for node in nodes:
        _check_first(first, node, _caught(node), which, findings)


def _check_first(
    first: dict[tuple[str, str], FlowNode],
    node: FlowNode,
    caught: tuple[Rule, str, str] | None,
    which: str,
    findings: Findings,
) -> None:
    if caught is None:
        return
    rule, kind, what = caught
    other = first.setdefault((kind, what), node)
    if other is not node:
        findings.error(
            rule,
            node.id,
            node.source,
            f"{other.id!r} and {node.id!r}, both {which}, catch {_described(kind, what)}. Remove one of them.",
        )


def _caught(node: FlowNode) -> tuple[Rule, str, str] | None:
    definition: EventDefinition | None = getattr(node, "definition", None)
    match definition:
        case ErrorDefinition(code=code):
            return Rule.ERROR_CATCH_DUPLICATE, "error", code
        case EscalationDefinition(code=code):
            return Rule.BOUNDARY_EVENT_DUPLICATE, "escalation", code
        case MessageDefinition(message=message) if isinstance(node, BoundaryEvent) and message.text:
            return Rule.BOUNDARY_EVENT_DUPLICATE, "message", message.text
        case CancelDefinition():
            return Rule.BOUNDARY_EVENT_DUPLICATE, "cancellation", ""
        case CompensationDefinition():
            return Rule.BOUNDARY_EVENT_DUPLICATE, "compensation", ""
        case _:
            return None


def _described(kind: str, what: str) -> str:
    match kind, what:
        case ("error", code) if code:
            return f"the error code {code!r}"
        case ("error", _):
            return "every error"
        case ("escalation", code) if code:
            return f"the escalation code {code!r}"
        case ("escalation", _):
            return "every escalation"
        case ("message", name):
            return f"the message {name!r}"
        case _:
            return f"the {kind}"
