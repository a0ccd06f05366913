"""Exclusive gateway (BPMN 2.0 section 13.4.2): takes the first flow whose condition holds."""

from __future__ import annotations

from engine_svc.compile.executable import Element
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Leave at once. Raises `WrongState` (EXPRESSION_FAILED, NO_OUTGOING_FLOW)."""
    execution.complete(token, element)
