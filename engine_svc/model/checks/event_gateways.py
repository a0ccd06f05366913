"""Event-based gateways: each way behind one begins by waiting (BPMN 2.0.2, 10.6.6)."""

from __future__ import annotations

from engine_svc.model.elements import (
    EventBasedGateway,
    FlowContainer,
    IntermediateCatchEvent,
    LinkDefinition,
    Process,
    ReceiveTask,
    UnsupportedNode,
    containers,
)
from engine_svc.model.problem import Findings
from engine_svc.model.rules import Rule


def check_event_gateways(process: Process, findings: Findings) -> None:
    """Report event-based gateways without flow, with flows to what does not wait, or that cannot begin a process."""
    for owner, body in containers(process):
        for node in body.nodes:
            if isinstance(node, EventBasedGateway):
                _check_targets(node, body, findings)
                if node.instantiate:
                    _check_instantiate(node, body, in_process=owner is process, findings=findings)


def _check_targets(gateway: EventBasedGateway, body: FlowContainer, findings: Findings) -> None:
    nodes = {node.id: node for node in body.nodes}
    targets = [nodes.get(flow.target_ref) for flow in body.flows if flow.source_ref == gateway.id]
    if not targets:
        findings.error(
            Rule.EVENT_GATEWAY_TARGET,
            gateway.id,
            gateway.source,
            f"The event-based gateway {gateway.id!r} has no outgoing flow. Lead flows to the events it waits for.",
        )
    for target in targets:
        waits = (
            target is None
            or isinstance(target, ReceiveTask | UnsupportedNode)
            or (isinstance(target, IntermediateCatchEvent) and not isinstance(target.definition, LinkDefinition))
        )
        if not waits:
            assert target is not None
            findings.error(
                Rule.EVENT_GATEWAY_TARGET,
                gateway.id,
                gateway.source,
                f"The event-based gateway {gateway.id!r} leads to the {target.bpmn_type} {target.id!r}, which waits "
                "for no event. Put an intermediate catch event or receive task before it.",
            )


def _check_instantiate(
    gateway: EventBasedGateway, body: FlowContainer, *, in_process: bool, findings: Findings
) -> None:
    entered = any(flow.target_ref == gateway.id for flow in body.flows)
    if entered or not in_process:
        where = "has an incoming flow" if entered else "stands in a sub-process"
        findings.error(
            Rule.EVENT_GATEWAY_INSTANTIATE,
            gateway.id,
            gateway.source,
            f'The event-based gateway {gateway.id!r} says instantiate="true" and {where}: it cannot begin a process. '
            "Remove the attribute, or the flow.",
        )
