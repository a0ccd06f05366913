"""Link events: a throw goes on at the one catch of its name in the same scope (BPMN 2.0.2, 10.5.5)."""

from __future__ import annotations

from engine_svc.model.elements import (
    FlowContainer,
    IntermediateCatchEvent,
    IntermediateThrowEvent,
    LinkDefinition,
    Process,
    containers,
)
from engine_svc.model.problem import Findings
from engine_svc.model.rules import Rule


def check_links(process: Process, findings: Findings) -> None:
    """Report link throws that lead nowhere or to several places, and flows that stand in for a link."""
    for _, body in containers(process):
        _check_scope(body, findings)


def _check_scope(body: FlowContainer, findings: Findings) -> None:
    catches: dict[str, list[IntermediateCatchEvent]] = {}
    throws: list[tuple[IntermediateThrowEvent, str]] = []
    for node in body.nodes:
        if isinstance(node, IntermediateCatchEvent) and isinstance(node.definition, LinkDefinition):
            catches.setdefault(node.definition.link, []).append(node)
        elif isinstance(node, IntermediateThrowEvent) and isinstance(node.definition, LinkDefinition):
            throws.append((node, node.definition.link))
    for node, link in throws:
        if link and link not in catches:
            findings.error(
                Rule.LINK_TARGET,
                node.id,
                node.source,
                f"The link {link!r} that {node.id!r} throws has no catch event in the same scope. Add an intermediate "
                "catch event with that link name.",
            )
    for link, nodes in catches.items():
        for extra in nodes[1:]:
            findings.error(
                Rule.LINK_TARGET,
                extra.id,
                extra.source,
                f"{nodes[0].id!r} and {extra.id!r} both catch the link {link!r}. Keep one, or name one of them anew.",
            )
    _check_flows(
        body, {node.id for nodes in catches.values() for node in nodes}, {node.id for node, _ in throws}, findings
    )


def _check_flows(body: FlowContainer, catches: set[str], throws: set[str], findings: Findings) -> None:
    for flow in body.flows:
        if flow.target_ref in catches:
            findings.error(
                Rule.LINK_CONNECTED,
                flow.target_ref,
                flow.source,
                f"Sequence flow {flow.id!r} leads to the link catch event {flow.target_ref!r}. Lead it to the element "
                "behind it.",
            )
        if flow.source_ref in throws:
            findings.error(
                Rule.LINK_CONNECTED,
                flow.source_ref,
                flow.source,
                f"Sequence flow {flow.id!r} leaves the link throw event {flow.source_ref!r}, which goes on at its "
                "catch event. Remove the flow.",
            )
