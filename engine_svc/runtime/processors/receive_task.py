"""Receive task (BPMN 2.0 section 10.3.3)."""

from __future__ import annotations

from engine_svc.compile.executable import Element, ReceiveTaskSpec
from engine_svc.runtime.behaviors import triggers
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token, Wait


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Wait for the message, or to be triggered by API. Raises `WrongState` (EXPRESSION_FAILED)."""
    spec = element.spec
    assert isinstance(spec, ReceiveTaskSpec)
    if spec.trigger is None:
        execution.wait(token, Wait.TRIGGER)
    else:
        triggers.wait_for(execution, token, element, spec.trigger, execution.scope_of(token))
