"""Cancel end event (BPMN 2.0 section 10.5.3): undoes a transaction and leaves it by its cancel boundary event."""

from __future__ import annotations

from engine_svc.compile.executable import CancelTrigger, CatchSpec, Element, SubProcessSpec
from engine_svc.runtime.behaviors.compensation import run_handlers
from engine_svc.runtime.behaviors.firing import fire_boundary
from engine_svc.runtime.behaviors.multi_instance import is_child
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Compensable, Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """End what runs in the transaction, compensate what was completed in it, and go on behind the boundary event."""
    instance = execution.instance
    execution.over(token, element)
    owner = instance.tokens[token.scope_key]
    while not _is_transaction(execution, owner):
        owner = instance.tokens[owner.scope_key]
    completed = [_completed(execution, owner)]
    if is_child(execution, owner):
        # One cancelled instance cancels all of them.
        body = instance.tokens[owner.scope_key]
        completed = [
            *instance.scopes[body.key].compensations,
            *(_completed(execution, child) for child in instance.tokens.values() if child.scope_key == body.key),
        ]
        owner = body
    scope_key = owner.scope_key
    boundary = _boundary(execution, owner)
    fire_boundary(execution, boundary, execution.elements[boundary.element])
    run_handlers(execution, scope_key, completed)


def _is_transaction(execution: Execution, token: Token) -> bool:
    spec = execution.elements[token.element].spec
    return isinstance(spec, SubProcessSpec) and spec.transaction


def _completed(execution: Execution, transaction: Token) -> Compensable:
    scope = execution.instance.scopes[transaction.key]
    return Compensable(transaction.key, transaction.element, dict(scope.variables), scope.compensations)


def _boundary(execution: Execution, transaction: Token) -> Token:
    for companion in execution.instance.hosted.get(transaction.key, ()):
        spec = execution.elements[companion.element].spec
        if isinstance(spec, CatchSpec) and isinstance(spec.trigger, CancelTrigger):
            return companion
    raise AssertionError("a transaction with a cancel end event has a cancel boundary event")
