"""Exclusive gateway (BPMN 2.0 section 13.4.2)."""

from __future__ import annotations

from engine_svc.compile.executable import Element
from engine_svc.runtime.execution import Execution, no_outgoing_flow
from engine_svc.state.instance import Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Take the first outgoing flow whose condition holds, in document order, else the default flow.

    Raises `WrongState` (NO_OUTGOING_FLOW).
    """
    execution.record_passage(token, element)
    if not element.outgoing:
        execution.end_token(token)
        return
    default = element.default_flow
    for flow in element.outgoing:
        if flow is not default and (flow.condition is None or execution.evaluate(flow.condition, token, element)):
            execution.take(token, flow)
            return
    if default is None:
        raise no_outgoing_flow(element)
    execution.take(token, default)
