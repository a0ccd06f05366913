"""Begins to wait for what a trigger says: a timer, message, signal, condition or variable."""

from __future__ import annotations

from typing import Any

from engine_svc.compile.executable import (
    ConditionTrigger,
    Element,
    Evaluate,
    MessageTrigger,
    SignalTrigger,
    TimerTrigger,
    Trigger,
    VariableTrigger,
)
from engine_svc.expressions.coercion import to_string
from engine_svc.expressions.errors import ExpressionError
from engine_svc.runtime.behaviors import timers
from engine_svc.runtime.changes import NewSubscription
from engine_svc.runtime.execution import Execution, ScopeReader
from engine_svc.state.instance import NO_HOST, Token, Wait
from mesh.errors import WrongState

MAX_NAME = 255
"""Characters that the index of subscriptions has room for."""


def wait_for(execution: Execution, token: Token, element: Element, trigger: Trigger, scope_key: int) -> None:
    """Let a token wait for a trigger, whose expressions see the variables of a scope.

    Raises `WrongState` (EXPRESSION_FAILED).
    """
    match trigger:
        case TimerTrigger():
            execution.wait(token, Wait.TIMER)
            timers.schedule(execution, token, element, trigger, scope_key)
        case MessageTrigger():
            execution.wait(token, Wait.MESSAGE)
            key = trigger.correlation_key
            correlation = "" if key is None else name_of(execution, element, key, scope_key, "correlation key")
            name = name_of(execution, element, trigger.name, scope_key, "message name")
            _subscribe(execution, token, element, name, correlation)
        case SignalTrigger():
            execution.wait(token, Wait.SIGNAL)
            name = name_of(execution, element, trigger.name, scope_key, "signal name")
            token.detail = {**(token.detail or {}), "name": name}
            _subscribe(execution, token, element, name, "", instance_wide=trigger.instance_wide)
        case ConditionTrigger():
            execution.wait(token, Wait.CONDITION)
        case VariableTrigger():
            execution.wait(token, Wait.VARIABLE)
        case _:
            # Errors, escalations, compensation: what throws them looks for the token.
            execution.wait(token, Wait.NOTHING)


def _subscribe(
    execution: Execution, token: Token, element: Element, name: str, correlation: str, *, instance_wide: bool = False
) -> None:
    activity = token.key if token.host == NO_HOST else token.host
    if instance_wide:
        # Signals of the instance alone find it in the state; the row tells people what is waited for.
        correlation = execution.instance.root_id
    execution.changes.new_subscriptions.append(
        NewSubscription(token.key, int(token.waits_for), name, correlation, element.id, activity)
    )


def name_of(execution: Execution, element: Element, expression: Evaluate, scope_key: int, what: str) -> str:
    """Evaluate the name of an event or a key, which must be a text or number.

    Raises `WrongState` (EXPRESSION_FAILED).
    """
    value = evaluate(execution, element, expression, scope_key)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise failed(element, f"the {what} must be a non-empty text, not {value!r}")
    text = to_string(value)
    if len(text) > MAX_NAME:
        raise failed(element, f"the {what} has {len(text)} characters, more than the {MAX_NAME} allowed")
    return text


def evaluate(execution: Execution, element: Element, expression: Evaluate, scope_key: int) -> Any:
    """Evaluate an expression as seen from a scope. Raises `WrongState` (EXPRESSION_FAILED)."""
    try:
        return expression(ScopeReader(execution, scope_key, element))
    except ExpressionError as error:
        raise failed(element, str(error), error.expression) from error


def failed(element: Element, message: str, expression: str = "") -> WrongState:
    """Return the error of an element whose expression cannot be used."""
    metadata = {"element_id": element.id}
    if expression:
        metadata["expression"] = expression
    return WrongState("EXPRESSION_FAILED", f"element {element.id}: {message}", metadata=metadata)
