"""Conditions and default flows (BPMN 2.0.2, 10.6), with the severities of Flowable's own validation.

An exclusive gateway's flow without condition is a warning there, and is taken when its turn comes; a
condition on the default flow, or on the only flow, is refused.
"""

from __future__ import annotations

from engine_svc.model.elements import (
    EventBasedGateway,
    ExclusiveGateway,
    FlowNode,
    ParallelGateway,
    Process,
    SequenceFlow,
    UnsupportedNode,
    containers,
)
from engine_svc.model.problem import Findings
from engine_svc.model.rules import Rule


def check_conditions(process: Process, findings: Findings) -> None:
    """Report default flows and conditions that do not fit the element they leave."""
    for _, body in containers(process):
        outgoing: dict[str, list[SequenceFlow]] = {}
        for flow in body.flows:
            outgoing.setdefault(flow.source_ref, []).append(flow)
        for node in body.nodes:
            if not isinstance(node, UnsupportedNode):
                _check_node(node, outgoing.get(node.id, []), findings)


def _check_node(node: FlowNode, outgoing: list[SequenceFlow], findings: Findings) -> None:
    if node.default and node.default not in {flow.id for flow in outgoing}:
        findings.warning(
            Rule.DEFAULT_FLOW_UNKNOWN,
            node.id,
            node.source,
            f"The default flow {node.default!r} of {node.id!r} does not leave it and is ignored. Choose one of its "
            "outgoing flows, or remove the attribute default.",
        )
    if isinstance(node, ExclusiveGateway):
        _check_exclusive(node, outgoing, findings)
        return
    for flow in outgoing:
        if flow.condition is None:
            continue
        if isinstance(node, ParallelGateway | EventBasedGateway):
            why = "a parallel gateway takes all its flows" if isinstance(node, ParallelGateway) else "the event decides"
            findings.warning(
                Rule.CONDITION_IGNORED,
                flow.id,
                flow.source,
                f"The condition of {flow.id!r} is ignored: {why}. Remove it, or use an inclusive gateway.",
            )
        elif flow.id == node.default:
            findings.warning(
                Rule.DEFAULT_FLOW_CONDITION,
                flow.id,
                flow.source,
                f"The condition of {flow.id!r} is ignored, because it is the default flow of {node.id!r}. Remove it.",
            )


def _check_exclusive(node: ExclusiveGateway, outgoing: list[SequenceFlow], findings: Findings) -> None:
    if not outgoing:
        findings.error(
            Rule.EXCLUSIVE_GATEWAY_NO_OUTGOING,
            node.id,
            node.source,
            f"The exclusive gateway {node.id!r} has no outgoing flow. Connect it, or use an end event.",
        )
        return
    if len(outgoing) == 1:
        if outgoing[0].condition is not None:
            findings.error(
                Rule.EXCLUSIVE_GATEWAY_SINGLE_CONDITION,
                node.id,
                outgoing[0].source,
                f"{outgoing[0].id!r} is the only flow that leaves the exclusive gateway {node.id!r} and "
                "has a condition. Remove the condition, or add the flow for the other case.",
            )
        return
    for flow in outgoing:
        if flow.id == node.default:
            if flow.condition is not None:
                findings.error(
                    Rule.DEFAULT_FLOW_CONDITION,
                    flow.id,
                    flow.source,
                    f"{flow.id!r} is the default flow of the exclusive gateway {node.id!r} and has a "
                    "condition. Remove the condition.",
                )
        elif flow.condition is None:
            findings.warning(
                Rule.EXCLUSIVE_GATEWAY_FLOW_WITHOUT_CONDITION,
                flow.id,
                flow.source,
                f"{flow.id!r} leaves the exclusive gateway {node.id!r} without condition: it is always taken "
                "when no earlier flow was, and later flows never are. Add a condition, or make it the "
                "default.",
            )
