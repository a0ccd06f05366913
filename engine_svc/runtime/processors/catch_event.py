"""Intermediate catch event (BPMN 2.0 section 10.5.4): waits for its event."""

from __future__ import annotations

from engine_svc.compile.executable import CatchSpec, Element
from engine_svc.runtime.behaviors import triggers
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Wait. Raises `WrongState` (EXPRESSION_FAILED)."""
    spec = element.spec
    assert isinstance(spec, CatchSpec)
    triggers.wait_for(execution, token, element, spec.trigger, execution.scope_of(token))
