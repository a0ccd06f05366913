"""Parallel gateway (BPMN 2.0 section 13.4.1): waits for one token of each incoming flow, forks to all outgoing."""

from __future__ import annotations

from engine_svc.compile.executable import Element
from engine_svc.runtime.behaviors import joins
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Fork at once, or wait until every incoming flow has brought a token in this scope."""
    if len(element.incoming) > 1:
        arrivals = joins.arrive(execution, token)
        if len({arrival.flow for arrival in arrivals}) < len(element.incoming):
            return
        token = joins.merge(execution, element, arrivals)
    execution.complete(token, element)
