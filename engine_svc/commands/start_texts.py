"""What starts a process by itself, as its model says it: names and times of start events.

They are needed before any instance is there, so that an expression in them sees no variables.
"""

from __future__ import annotations

from typing import Any

from engine_svc.compile.executable import (
    CatchSpec,
    ConditionTrigger,
    Element,
    Evaluate,
    ExecutableProcess,
    MessageTrigger,
    ReceiveTaskSpec,
    SignalTrigger,
    StartSpec,
    TimerTrigger,
    Trigger,
)
from engine_svc.expressions.coercion import to_string
from engine_svc.expressions.errors import ExpressionError
from engine_svc.expressions.timers import InvalidTimer
from engine_svc.state.instance import Wait
from engine_svc.storage.start_events import Starts, StartSubscription, StartTimer
from mesh.errors import InvalidModel, Violation

MAX_NAME = 255


class _Nothing:
    """Sees no variables."""

    def lookup(self, name: str) -> Any:
        raise KeyError(name)


_NOTHING = _Nothing()


def starts_of(process: ExecutableProcess, resource: str, now: int) -> Starts:
    """Return what starts a process by itself. Raises `InvalidModel` (BPMN_INVALID) where a text cannot be used."""
    subscriptions: list[StartSubscription] = []
    timers: list[StartTimer] = []
    for element in _starting(process):
        trigger = trigger_of(element)
        match trigger:
            case MessageTrigger():
                name = _text(trigger.name, element, resource, "message name")
                subscriptions.append(StartSubscription(element.id, Wait.MESSAGE, name))
            case SignalTrigger():
                name = _text(trigger.name, element, resource, "signal name")
                subscriptions.append(StartSubscription(element.id, Wait.SIGNAL, name))
            case ConditionTrigger():
                subscriptions.append(StartSubscription(element.id, Wait.CONDITION, ""))
            case TimerTrigger():
                timers.append(_timer(trigger, element, resource, now))
            case _:
                continue
    return Starts(subscriptions, timers)


def trigger_of(element: Element) -> Trigger | None:
    """Return what an element waits for."""
    spec = element.spec
    return spec.trigger if isinstance(spec, StartSpec | CatchSpec | ReceiveTaskSpec) else None


def _starting(process: ExecutableProcess) -> list[Element]:
    found: list[Element] = []
    for index in process.starts:
        element = process.elements[index]
        if trigger_of(element) is not None:
            found.append(element)
        elif not isinstance(element.spec, StartSpec | ReceiveTaskSpec):
            # An event-based gateway: any of its events starts the process.
            found += [process.elements[flow.target] for flow in element.outgoing]
    return found


def _timer(trigger: TimerTrigger, element: Element, resource: str, now: int) -> StartTimer:
    text = _text(trigger.text, element, resource, "time", limit=None)
    end_date = "" if trigger.end_date is None else _text(trigger.end_date, element, resource, "end date", limit=None)
    timer = StartTimer(element.id, trigger.kind, text, end_date)
    try:
        timer.first(now)
    except InvalidTimer as error:
        raise _refused(element, resource, str(error)) from error
    return timer


def _text(expression: Evaluate, element: Element, resource: str, what: str, limit: int | None = MAX_NAME) -> str:
    try:
        value = expression(_NOTHING)
    except ExpressionError as error:
        raise _refused(
            element, resource, f"the {what} of a start event is needed before there are variables: {error}"
        ) from error
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise _refused(element, resource, f"the {what} must be a non-empty text, not {value!r}")
    text = to_string(value)
    if limit is not None and len(text) > limit:
        raise _refused(element, resource, f"the {what} has {len(text)} characters, more than the {limit} allowed")
    return text


def _refused(element: Element, resource: str, message: str) -> InvalidModel:
    violation = Violation(f"{resource}#{element.id}", message)
    return InvalidModel("BPMN_INVALID", f"nothing was deployed: {violation.field} {message}", violations=[violation])
