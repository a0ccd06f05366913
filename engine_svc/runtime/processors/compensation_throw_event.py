"""Compensation throw or end event (BPMN 2.0 section 10.5.5)."""

from __future__ import annotations

from engine_svc.compile.executable import CompensationThrowSpec, Element
from engine_svc.runtime.behaviors.compensation import compensate
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Start the handlers, and go on."""
    spec = element.spec
    assert isinstance(spec, CompensationThrowSpec)
    compensate(execution, token.scope_key, spec.activity)
    execution.complete(token, element)
