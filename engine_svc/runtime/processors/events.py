"""Events that only mark where a token passes or ends (BPMN 2.0 sections 10.5.2 to 10.5.4)."""

from __future__ import annotations

from engine_svc.compile.executable import Element
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token


def enter_start_event(execution: Execution, token: Token, element: Element) -> None:
    """Leave at once: a start event that was triggered, a boundary event that was caught, or a mark."""
    execution.complete(token, element)


def enter_end_event(execution: Execution, token: Token, element: Element) -> None:
    """End the token."""
    execution.complete(token, element)
