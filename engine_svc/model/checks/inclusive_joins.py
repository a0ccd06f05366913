"""Bounds what the compiler computes for inclusive joins (BPMN 2.0.2, 13.4.3).

For every flow into an inclusive join it stores all elements from which that flow can be reached.
"""

from __future__ import annotations

from engine_svc.model.elements import InclusiveGateway, Process, containers
from engine_svc.model.problem import Findings
from engine_svc.model.rules import Rule

MAX_REACHABILITY = 500_000
"""Flows into inclusive joins times flow nodes, in one scope."""


def check_inclusive_joins(process: Process, findings: Findings) -> None:
    """Report scopes whose inclusive joins would take too much memory."""
    for owner, body in containers(process):
        joins = {node.id for node in body.nodes if isinstance(node, InclusiveGateway)}
        entering = sum(flow.target_ref in joins for flow in body.flows)
        if entering * len(body.nodes) > MAX_REACHABILITY:
            findings.error(
                Rule.INCLUSIVE_JOINS_TOO_MANY,
                owner.id,
                owner.source,
                f"{owner.id!r} has {len(body.nodes)} elements and {entering} flows into inclusive gateways: "
                "too many to look ahead for. Move parts of it into sub-processes.",
            )
