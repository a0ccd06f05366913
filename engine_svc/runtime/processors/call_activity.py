"""Call activity (BPMN 2.0 section 10.3.6): runs another process as an instance of its own."""

from __future__ import annotations

from engine_svc.compile.executable import CallActivitySpec, Element
from engine_svc.expressions.coercion import to_string
from engine_svc.runtime.behaviors import calls, triggers
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import FindDefinition, Request
from engine_svc.state.definition import Definition
from engine_svc.state.instance import Token


def enter(execution: Execution, token: Token, element: Element) -> Request | None:
    """Begin the called instance, and wait until it ends. Raises `WrongState`, `NotFound`."""
    spec = element.spec
    assert isinstance(spec, CallActivitySpec)
    key = triggers.name_of(execution, element, spec.called_element, execution.scope_of(token), "called element")
    version = "" if spec.version is None else to_string(execution.evaluate(spec.version, token, element))

    def resume(definition: Definition) -> Request | None:
        calls.call(execution, token, element, spec, definition)
        return None

    definition = execution.instance.definition
    return FindDefinition(key, definition.tenant_id, spec.binding, version, definition.id, resume)
