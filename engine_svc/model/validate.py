"""Checks a model that was read: structure, conditions, expressions."""

from __future__ import annotations

from engine_svc.model.checks.boundary_events import check_boundary_events
from engine_svc.model.checks.conditions import check_conditions
from engine_svc.model.checks.event_gateways import check_event_gateways
from engine_svc.model.checks.inclusive_joins import check_inclusive_joins
from engine_svc.model.checks.links import check_links
from engine_svc.model.checks.scopes import check_scopes
from engine_svc.model.checks.sequence_flows import check_sequence_flows
from engine_svc.model.checks.start_messages import check_start_messages
from engine_svc.model.checks.texts import check_expression_length, check_texts
from engine_svc.model.checks.throw_events import check_throw_events
from engine_svc.model.elements import Definitions
from engine_svc.model.problem import Findings, Problem

_STRUCTURE = (
    check_sequence_flows,
    check_scopes,
    check_conditions,
    check_boundary_events,
    check_throw_events,
    check_links,
    check_event_gateways,
    check_inclusive_joins,
)


def validate(definitions: Definitions) -> tuple[Problem, ...]:
    """Return every problem of the model's structure, in file order.

    What the parser reported already is not reported again.
    """
    findings = Findings()
    for process in definitions.processes:
        for check in _STRUCTURE:
            check(process, findings)
    check_start_messages(definitions, findings)
    if check_expression_length(definitions, findings):
        for process in definitions.processes:
            check_texts(process, findings)
    return findings.in_file_order()
