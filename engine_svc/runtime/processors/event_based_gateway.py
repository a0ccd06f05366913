"""Event-based gateway (BPMN 2.0 section 10.6.6): the first of its events wins."""

from __future__ import annotations

from engine_svc.compile.executable import Element
from engine_svc.runtime.behaviors import companions
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Stage, Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Let every event behind the gateway wait; the gateway itself is passed. Raises `WrongState`."""
    execution.over(token, element)
    token.stage = Stage.CHOOSING
    execution.wait(token)
    companions.open_choice(execution, token, element)
