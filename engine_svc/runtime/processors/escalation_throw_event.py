"""Escalation throw or end event (BPMN 2.0 section 10.5.5)."""

from __future__ import annotations

from engine_svc.compile.executable import Element, EscalationThrowSpec
from engine_svc.runtime.behaviors import calls, escalations
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import Request
from engine_svc.state.instance import Token


def enter(execution: Execution, token: Token, element: Element) -> Request | None:
    """Throw, and go on unless what catches it ends the scope."""
    spec = element.spec
    assert isinstance(spec, EscalationThrowSpec)

    def again() -> Request | None:
        return enter(execution, token, element)

    if (request := calls.load_callers(execution, again)) is not None:
        return request
    execution.complete(token, element)
    escalations.escalate(execution, token.scope_key, spec.code)
    if token in execution.agenda:
        # Nothing has interrupted its scope at once. What catches it moves before it.
        execution.agenda.remove(token)
        execution.agenda.append(token)
    return None
