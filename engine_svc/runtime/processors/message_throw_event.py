"""Message throw or end event, or send task, whose message the engine sends itself (BPMN 2.0 section 10.5.5)."""

from __future__ import annotations

from engine_svc.compile.executable import Element, MessageThrowSpec
from engine_svc.runtime.behaviors import triggers
from engine_svc.runtime.changes import ThrownMessage
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Send, and leave: whoever waits gets the message once this step is stored. Raises `WrongState`."""
    spec = element.spec
    assert isinstance(spec, MessageThrowSpec)
    scope_key = execution.scope_of(token)
    name = triggers.name_of(execution, element, spec.name, scope_key, "message name")
    key = spec.correlation_key
    correlation = "" if key is None else triggers.name_of(execution, element, key, scope_key, "correlation key")
    execution.changes.messages.append(ThrownMessage(name, correlation, {}))
    execution.complete(token, element)
