"""Sequence flows connect two nodes of the same scope (BPMN 2.0.2, 8.4.13 and 10.3.5)."""

from __future__ import annotations

from engine_svc.model.elements import EndEvent, FlowContainer, Process, SequenceFlow, StartEvent, containers
from engine_svc.model.problem import Findings
from engine_svc.model.rules import Rule


def check_sequence_flows(process: Process, findings: Findings) -> None:
    """Report flows that lead from or to nowhere, cross a boundary, or may not begin or end where they do."""
    everywhere = {node.id for _, body in containers(process) for node in body.nodes if node.id}
    for _, body in containers(process):
        _check_ends(body, everywhere, findings)
        _check_events(body, findings)


def _check_ends(body: FlowContainer, everywhere: set[str], findings: Findings) -> None:
    here = {node.id for node in body.nodes if node.id}
    for flow in body.flows:
        crossing = False
        for attribute, reference, rule in (
            ("sourceRef", flow.source_ref, Rule.SEQUENCE_FLOW_SOURCE_UNKNOWN),
            ("targetRef", flow.target_ref, Rule.SEQUENCE_FLOW_TARGET_UNKNOWN),
        ):
            if not reference:
                findings.error(rule, flow.id, flow.source, f"{_name(flow)} has no {attribute}. Connect it.")
            elif reference not in everywhere:
                findings.error(
                    rule,
                    flow.id,
                    flow.source,
                    f"{attribute} of {_name(flow)} names {reference!r}, which is no event, activity or "
                    "gateway of this process. Connect the flow again.",
                )
            elif reference not in here:
                crossing = True
        if crossing:
            findings.error(
                Rule.SEQUENCE_FLOW_CROSSES_SCOPE,
                flow.id,
                flow.source,
                f"{_name(flow)} from {flow.source_ref!r} to {flow.target_ref!r} crosses the boundary of a "
                "sub-process. End inside, and continue from the sub-process itself.",
            )


def _check_events(body: FlowContainer, findings: Findings) -> None:
    starts = {node.id for node in body.nodes if isinstance(node, StartEvent)}
    ends = {node.id for node in body.nodes if isinstance(node, EndEvent)}
    for flow in body.flows:
        if flow.target_ref in starts:
            findings.error(
                Rule.START_EVENT_INCOMING,
                flow.target_ref,
                flow.source,
                f"{_name(flow)} leads to the start event {flow.target_ref!r}. Lead it to the element behind it.",
            )
        if flow.source_ref in ends:
            findings.error(
                Rule.END_EVENT_OUTGOING,
                flow.source_ref,
                flow.source,
                f"{_name(flow)} leaves the end event {flow.source_ref!r}. Remove the flow, or replace the "
                "end event by a task or gateway.",
            )


def _name(flow: SequenceFlow) -> str:
    return f"Sequence flow {flow.id!r}"
