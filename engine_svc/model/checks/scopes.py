"""Where a process or sub-process begins, and what can be reached from there.

An activity without incoming flow beside a start event is not started (BPMN 2.0.2, 10.3.1, would start it;
Flowable does not): it is reported as unreachable.
"""

from __future__ import annotations

from engine_svc.model.elements import (
    Activity,
    AdHocSubProcess,
    BoundaryEvent,
    CompensationDefinition,
    ErrorDefinition,
    EscalationDefinition,
    EventBasedGateway,
    EventSubProcess,
    FlowContainer,
    FlowNode,
    IntermediateCatchEvent,
    LinkDefinition,
    Process,
    ReceiveTask,
    StartEvent,
    SubProcess,
    UnsupportedNode,
    VariableDefinition,
    containers,
)
from engine_svc.model.problem import Findings
from engine_svc.model.rules import Rule


def check_scopes(process: Process, findings: Findings) -> None:
    """Report scopes that begin nowhere or in a way that is not executed, and elements that no token can reach."""
    for owner, body in containers(process):
        if isinstance(owner, UnsupportedNode):
            continue
        if isinstance(owner, FlowNode) and not body.nodes:
            findings.error(
                Rule.SUB_PROCESS_EMPTY,
                owner.id,
                owner.source,
                f"The sub-process {owner.id!r} is empty. Put a start event into it, or use a task.",
            )
        elif isinstance(owner, AdHocSubProcess):
            _check_ad_hoc(owner, body, findings)
        elif _check_start(owner, body, findings):
            _check_reachable(body, findings)


def _check_start(owner: Process | FlowNode, body: FlowContainer, findings: Findings) -> bool:
    starts = [node for node in body.nodes if isinstance(node, StartEvent)]
    if isinstance(owner, EventSubProcess):
        return _check_event_start(owner, starts, body, findings)
    none = [node for node in starts if node.definition is None]
    for extra in none[1:]:
        findings.error(
            Rule.START_EVENT_SEVERAL,
            extra.id,
            extra.source,
            f"{extra.id!r} is a second none start event in {owner.id!r}. Keep one, and fork behind it.",
        )
    if isinstance(owner, SubProcess):
        for node in starts:
            if node.definition is not None:
                findings.error(
                    Rule.EVENT_DEFINITION_NOT_ALLOWED,
                    node.id,
                    node.source,
                    f"The start event {node.id!r} of the sub-process {owner.id!r} waits for an event, but a token "
                    'starts it. Remove the event definition, or set triggeredByEvent="true".',
                )
        begins = bool(starts)
    else:
        for node in starts:
            _check_process_start(node, findings)
        begins = bool(starts) or _instantiates(body)
    # A start event that cannot be executed was reported already.
    if not begins and not any(node.bpmn_type == "startEvent" for node in body.nodes):
        what = "start event" if isinstance(owner, Process) else "none start event"
        findings.error(
            Rule.START_EVENT_MISSING,
            owner.id,
            owner.source,
            f"{owner.id!r} has no {what}. Add one.",
        )
        return False
    return True


def _check_process_start(node: StartEvent, findings: Findings) -> None:
    if isinstance(
        node.definition, ErrorDefinition | EscalationDefinition | CompensationDefinition | VariableDefinition
    ):
        findings.error(
            Rule.EVENT_DEFINITION_NOT_ALLOWED,
            node.id,
            node.source,
            f"The start event {node.id!r} waits for something that happens only within an instance. Put it into an "
            "event sub-process, or let a message, timer or signal start the process.",
        )


def _check_event_start(
    owner: EventSubProcess, starts: list[StartEvent], body: FlowContainer, findings: Findings
) -> bool:
    reported = any(node.bpmn_type == "startEvent" and isinstance(node, UnsupportedNode) for node in body.nodes)
    if len(starts) != 1 and not reported:
        findings.error(
            Rule.EVENT_SUB_PROCESS_START,
            owner.id,
            owner.source,
            f"The event sub-process {owner.id!r} has {len(starts) or 'no'} start events. Keep exactly one, with the "
            "event that starts it.",
        )
        return bool(starts)
    for start in starts:
        if start.definition is None:
            findings.error(
                Rule.EVENT_SUB_PROCESS_START,
                start.id,
                start.source,
                f"The start event {start.id!r} of the event sub-process {owner.id!r} waits for nothing. Give it an "
                "event definition, or remove triggeredByEvent.",
            )
    return True


def _check_ad_hoc(owner: AdHocSubProcess, body: FlowContainer, findings: Findings) -> None:
    if not any(isinstance(node, Activity | UnsupportedNode) for node in body.nodes):
        findings.error(
            Rule.SUB_PROCESS_EMPTY,
            owner.id,
            owner.source,
            f"The ad-hoc sub-process {owner.id!r} has no activity. Put the tasks into it that may be chosen.",
        )


def _instantiates(body: FlowContainer) -> bool:
    return any(isinstance(node, EventBasedGateway | ReceiveTask) and node.instantiate for node in body.nodes)


def _check_reachable(body: FlowContainer, findings: Findings) -> None:
    targets: dict[str, list[str]] = {}
    for flow in body.flows:
        targets.setdefault(flow.source_ref, []).append(flow.target_ref)
    for event, handler in body.compensation_links:
        targets.setdefault(event, []).append(handler)
    for node in body.nodes:
        if isinstance(node, BoundaryEvent):
            targets.setdefault(node.attached_to, []).append(node.id)
    pending = [node.id for node in body.nodes if _begins(node)]
    reached = set(pending)
    while pending:
        for target in targets.get(pending.pop(), ()):
            if target not in reached:
                reached.add(target)
                pending.append(target)
    for node in body.nodes:
        if node.id not in reached:
            findings.warning(
                Rule.ELEMENT_UNREACHABLE,
                node.id,
                node.source,
                f"No path leads from the start event to {node.bpmn_type} {node.id!r}: it is never executed. "
                "Connect or remove it.",
            )


def _begins(node: FlowNode) -> bool:
    """Tell whether a token may come to a node other than by a sequence flow or from the activity it is attached to."""
    return (
        isinstance(node, StartEvent | EventSubProcess | UnsupportedNode)
        or (isinstance(node, EventBasedGateway | ReceiveTask) and node.instantiate)
        or (isinstance(node, IntermediateCatchEvent) and isinstance(node.definition, LinkDefinition))
    )
