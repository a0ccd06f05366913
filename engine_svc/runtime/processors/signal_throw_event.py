"""Signal throw or end event (BPMN 2.0 section 10.5.5)."""

from __future__ import annotations

from typing import Any

from engine_svc.compile.executable import Element, SignalThrowSpec
from engine_svc.runtime.behaviors import calls, signals, triggers
from engine_svc.runtime.behaviors.event_parameters import payload_of
from engine_svc.runtime.changes import ThrownSignal
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import Request
from engine_svc.state.instance import Token


def enter(execution: Execution, token: Token, element: Element) -> Request | None:
    """Throw: what waits in this instance goes on in this step, others after it. Raises `WrongState`."""
    spec = element.spec
    assert isinstance(spec, SignalThrowSpec)

    def again() -> Request | None:
        return enter(execution, token, element)

    if spec.instance_wide and (request := calls.load_callers(execution, again)) is not None:
        return request
    name = triggers.name_of(execution, element, spec.name, execution.scope_of(token), "signal name")
    payload: dict[str, Any] = {}
    if spec.payload or spec.all_variables:
        scope_key = execution.scope_of(token)
        payload = payload_of(execution, element, spec.payload, scope_key, all_variables=spec.all_variables)
    if not spec.asynchronous:
        signals.deliver(execution, name, payload)
    if spec.instance_wide:
        _deliver_to_callers(execution, name, payload)
    else:
        execution.changes.signals.append(ThrownSignal(name, payload, everywhere=spec.asynchronous))
    execution.complete(token, element)
    return None


def _deliver_to_callers(execution: Execution, name: str, payload: dict[str, Any]) -> None:
    unit = execution.unit
    current = execution
    while current.instance.parent_id:
        current = unit.executions[current.instance.parent_id]
        if signals.deliver(current, name, payload):
            current.touched = True
