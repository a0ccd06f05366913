"""Where events may throw: cancellation within transactions, compensation of what exists (BPMN 2.0.2, 10.5.5)."""

from __future__ import annotations

from engine_svc.model.elements import (
    Activity,
    CancelDefinition,
    CompensationDefinition,
    EndEvent,
    FlowNode,
    IntermediateThrowEvent,
    Process,
    Transaction,
    UnsupportedNode,
    containers,
)
from engine_svc.model.problem import Findings
from engine_svc.model.rules import Rule


def check_throw_events(process: Process, findings: Findings) -> None:
    """Report cancel end events outside of transactions, and compensation of activities that do not exist."""
    activities = {
        node.id
        for _, body in containers(process)
        for node in body.nodes
        if isinstance(node, Activity | UnsupportedNode)
    }
    for owner, body in containers(process):
        for node in body.nodes:
            if isinstance(node, EndEvent | IntermediateThrowEvent):
                _check(node, owner, activities, findings)


def _check(
    node: EndEvent | IntermediateThrowEvent, owner: Process | FlowNode, activities: set[str], findings: Findings
) -> None:
    match node.definition:
        case CancelDefinition() if not isinstance(owner, Transaction | UnsupportedNode):
            findings.error(
                Rule.CANCEL_PLACEMENT,
                node.id,
                node.source,
                f"The cancel end event {node.id!r} does not stand in a transaction. Make {owner.id!r} one, or "
                "use an error end event.",
            )
        case CompensationDefinition(activity_ref=reference) if reference and reference not in activities:
            findings.error(
                Rule.COMPENSATION_ACTIVITY_UNKNOWN,
                node.id,
                node.source,
                f"activityRef of {node.id!r} names {reference!r}, which is no activity of this process. Correct it, or "
                "remove it to compensate everything in the scope.",
            )
