"""BPMN errors (BPMN 2.0 section 10.5.6): looked for from the inside out, and caught by what is nearest.

At each level a catch of the very code beats one of every error. An event sub-process of a scope is nearer than the
boundary events of its sub-process. What an event sub-process throws is not caught beside it, only further out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from engine_svc.compile.executable import PROCESS_SCOPE, Element, ElementKind, ErrorCatchSpec, SubProcessSpec
from engine_svc.runtime.behaviors.cancellation import cancel_activity, cancel_content
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token


@dataclass(slots=True, frozen=True)
class BpmnError:
    """An error that was thrown. Without a code it is caught by every catch."""

    code: str
    message: str
    variables: dict[str, Any] = field(default_factory=dict)
    """Set where the error is caught."""


def throw_from_activity(execution: Execution, token: Token, error: BpmnError) -> bool:
    """Throw an error in the activity that a token waits in; say whether something caught it.

    What catches it cancels the activity it is attached to, or all of its scope. Nothing changes where nothing does.
    """
    boundary = _catch(execution, execution.elements[token.element].boundary, error)
    if boundary is not None:
        _leave_by(execution, token, boundary, error)
        return True
    return throw_in_scope(execution, token.scope_key, error)


def throw_in_scope(execution: Execution, scope_key: int, error: BpmnError) -> bool:
    """Throw an error inside a scope; say whether something caught it. See `throw_from_activity`."""
    handlers = execution.instance.definition.process.event_sub_processes
    handled = False
    while True:
        owner = execution.instance.tokens.get(scope_key)
        if not handled:
            index = PROCESS_SCOPE if owner is None else owner.element
            handler = _catch(execution, handlers.get(index, ()), error)
            if handler is not None:
                _hand_over(execution, scope_key, handler, error)
                return True
        if owner is None:
            return False
        element = execution.elements[owner.element]
        boundary = _catch(execution, element.boundary, error)
        if boundary is not None:
            _leave_by(execution, owner, boundary, error)
            return True
        handled = element.kind is ElementKind.EVENT_SUB_PROCESS
        scope_key = owner.scope_key


def _catch(execution: Execution, candidates: Iterable[int], error: BpmnError) -> Element | None:
    every: Element | None = None
    for index in candidates:
        element = execution.elements[index]
        code = _spec(element).code
        if code and (code == error.code or not error.code):
            return element
        if not code and every is None:
            every = element
    return every


def _spec(element: Element) -> ErrorCatchSpec:
    spec = element.spec.catch if isinstance(element.spec, SubProcessSpec) else element.spec
    assert isinstance(spec, ErrorCatchSpec)
    return spec


def _leave_by(execution: Execution, token: Token, boundary: Element, error: BpmnError) -> None:
    cancel_activity(execution, token, f"boundary event ({boundary.id})")
    _tell(execution, token.scope_key, boundary, error)
    token.element = boundary.index
    execution.agenda.append(token)


def _hand_over(execution: Execution, scope_key: int, handler: Element, error: BpmnError) -> None:
    cancel_content(execution, scope_key, f"event subprocess ({handler.id})")
    _tell(execution, scope_key, handler, error)
    execution.start_token(scope_key, handler.index)


def _tell(execution: Execution, scope_key: int, catch: Element, error: BpmnError) -> None:
    for name, value in error.variables.items():
        execution.set_variable(scope_key, name, value)
    spec = _spec(catch)
    if spec.code_variable:
        execution.set_variable(scope_key, spec.code_variable, error.code)
    if spec.message_variable:
        execution.set_variable(scope_key, spec.message_variable, error.message)
