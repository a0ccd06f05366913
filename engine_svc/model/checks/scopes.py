"""Where a process or sub-process begins, and what can be reached from there.

An activity without incoming flow beside a start event is not started (BPMN 2.0.2, 10.3.1, would start it;
Flowable does not): it is reported as unreachable.
"""

from __future__ import annotations

from engine_svc.model.elements import (
    BoundaryErrorEvent,
    EventSubProcess,
    FlowContainer,
    FlowNode,
    Process,
    StartEvent,
    UnsupportedNode,
    containers,
)
from engine_svc.model.problem import Findings
from engine_svc.model.rules import Rule


def check_scopes(process: Process, findings: Findings) -> None:
    """Report scopes without exactly one none start event, and elements that no token can reach."""
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
            continue
        if _check_start(owner, body, findings):
            _check_reachable(body, findings)


def _check_start(owner: Process | FlowNode, body: FlowContainer, findings: Findings) -> bool:
    starts = [node for node in body.nodes if isinstance(node, StartEvent)]
    for extra in starts[1:]:
        findings.error(
            Rule.START_EVENT_SEVERAL,
            extra.id,
            extra.source,
            f"{extra.id!r} is a second none start event in {owner.id!r}. Keep one, and fork behind it.",
        )
    # A start event of another kind was reported already.
    if not starts and not any(node.bpmn_type == "startEvent" for node in body.nodes):
        findings.error(
            Rule.START_EVENT_MISSING,
            owner.id,
            owner.source,
            f"{owner.id!r} has no none start event. Add one.",
        )
        return False
    return True


def _check_reachable(body: FlowContainer, findings: Findings) -> None:
    targets: dict[str, list[str]] = {}
    for flow in body.flows:
        targets.setdefault(flow.source_ref, []).append(flow.target_ref)
    for node in body.nodes:
        if isinstance(node, BoundaryErrorEvent):
            targets.setdefault(node.attached_to, []).append(node.id)
    pending = [node.id for node in body.nodes if isinstance(node, StartEvent | EventSubProcess | UnsupportedNode)]
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
