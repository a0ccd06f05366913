"""Abstract and manual tasks: nothing for the engine to do (BPMN 2.0 sections 10.2.3 and 10.2.4)."""

from __future__ import annotations

from engine_svc.compile.executable import Element
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Leave at once."""
    execution.complete(token, element)
