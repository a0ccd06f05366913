"""Error end event (BPMN 2.0 section 10.5.3)."""

from __future__ import annotations

from engine_svc.compile.executable import Element, ErrorThrowSpec
from engine_svc.expressions.coercion import to_string
from engine_svc.expressions.errors import OperationError
from engine_svc.runtime.behaviors import calls
from engine_svc.runtime.behaviors.bpmn_error import BpmnError
from engine_svc.runtime.behaviors.errors import throw_in_scope
from engine_svc.runtime.behaviors.event_parameters import payload_of
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import Request
from engine_svc.state.instance import Token
from mesh.errors import WrongState


def enter(execution: Execution, token: Token, element: Element) -> Request | None:
    """Throw the error into the scope around. Raises `WrongState` (BPMN_ERROR_NOT_CAUGHT, EXPRESSION_FAILED)."""
    spec = element.spec
    assert isinstance(spec, ErrorThrowSpec)

    def again() -> Request | None:
        return enter(execution, token, element)

    if (request := calls.load_callers(execution, again)) is not None:
        return request
    payload = payload_of(execution, element, spec.payload, execution.scope_of(token)) if spec.payload else {}
    error = BpmnError(spec.code, _message(execution, token, element, spec), payload=payload)
    scope_key = token.scope_key
    execution.over(token, element)
    if not throw_in_scope(execution, scope_key, error):
        raise WrongState(
            "BPMN_ERROR_NOT_CAUGHT",
            f"element {element.id} throws the error {spec.code!r} and nothing catches it; nothing was changed",
            metadata={"element_id": element.id, "error_code": spec.code},
        )
    return None


def _message(execution: Execution, token: Token, element: Element, spec: ErrorThrowSpec) -> str:
    if spec.message is None:
        return ""
    value = execution.evaluate(spec.message, token, element)
    try:
        return to_string(value)
    except OperationError as failure:
        raise WrongState(
            "EXPRESSION_FAILED",
            f"element {element.id}: the error message: {failure}",
            metadata={"element_id": element.id},
        ) from failure
