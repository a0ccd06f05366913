"""What happens when an event comes that a token waits for (BPMN 2.0 sections 10.5.4 to 10.5.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine_svc.compile.executable import CatchSpec, Element, ElementKind, StartSpec, SubProcessSpec
from engine_svc.runtime.behaviors import companions, timers
from engine_svc.runtime.behaviors.cancellation import (
    cancel_activity,
    cancel_content,
    close_companions,
    drop_rows,
    forget,
    terminate,
)
from engine_svc.runtime.behaviors.event_parameters import receive
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import NO_HOST, Stage, Token, Wait


def plan(execution: Execution, token: Token) -> None:
    """Let the event come that a token waits for once all that moves already has moved, as Flowable does in a step."""
    if token.stage is not Stage.FIRING:
        token.stage = Stage.FIRING
        execution.agenda.append(token)
    elif not _interrupts(execution, token):
        execution.repeated[token.key] = execution.repeated.get(token.key, 0) + 1


def fire_planned(execution: Execution, token: Token) -> None:
    """Fire an event that was planned; one that has come again before this is planned again."""
    token.stage = Stage.ACTIVE
    key = token.key
    go_on(execution, token)
    times = execution.repeated.pop(key, 0)
    if times and token.key == key:
        plan(execution, token)
        if times > 1:
            execution.repeated[key] = times - 1


def _interrupts(execution: Execution, token: Token) -> bool:
    spec = execution.elements[token.element].spec
    return not isinstance(spec, CatchSpec | StartSpec) or spec.interrupting


def fire(execution: Execution, token: Token, variables: Mapping[str, Any]) -> None:
    """The event has come that a token waits for, with variables. The step goes on from there."""
    receive(execution, token.scope_key, execution.elements[token.element], variables)
    go_on(execution, token)


def go_on(execution: Execution, token: Token) -> None:
    """Go on behind an event that has come and whose variables are set."""
    element = execution.elements[token.element]
    if element.kind is ElementKind.BOUNDARY_EVENT:
        fire_boundary(execution, token, element)
    elif element.kind is ElementKind.START_EVENT:
        start_event_sub_process(execution, token, element)
    elif token.host != NO_HOST:
        _choose(execution, token, element)
    else:
        drop_rows(execution, token)
        execution.complete(token, element)


def fire_boundary(execution: Execution, token: Token, element: Element) -> None:
    """A boundary event goes on by its flow; an interrupting one ends its activity first."""
    spec = element.spec
    assert isinstance(spec, CatchSpec)
    if not spec.interrupting:
        _keep_waiting(execution, token, element)
        # Each time it fires is an activity of its own, beside the one that waits.
        successor = Token(token.scope_key, element.index)
        execution.instance.scopes[token.scope_key].live_tokens += 1
        if spec.listener is None:
            _go_on_behind(execution, successor, element)
        else:
            successor.detail = {"host": token.host}
            execution.agenda.append(successor)
        return
    host = execution.instance.tokens[token.host]
    drop_rows(execution, token)
    execution.instance.remove_waiting(token)
    cancel_activity(execution, host, f"boundary event ({element.id})")
    # The companion takes the place of its host: the scope keeps as many tokens as it had.
    token.host = NO_HOST
    execution.instance.add_waiting(token)
    _go_on_behind(execution, token, element)


def _go_on_behind(execution: Execution, token: Token, element: Element) -> None:
    if element.wrapping is None or not element.wrapping.start_listeners:
        execution.complete(token, element)
        return
    # Its start listeners are called once it has fired, before all that moves already.
    execution.wait(token)
    token.stage = Stage.STARTING
    execution.agenda.appendleft(token)


def start_event_sub_process(execution: Execution, token: Token, element: Element) -> None:
    """Start the event sub-process of a start event; an interrupting one ends all else in its scope first."""
    spec = element.spec
    assert isinstance(spec, StartSpec)
    scope_key = token.scope_key
    if spec.interrupting:
        drop_rows(execution, token)
        execution.withdraw(token)
        interrupt_scope(execution, scope_key, f"event subprocess ({element.id})")
    else:
        _keep_waiting(execution, token, element)
    begin_event_sub_process(execution, scope_key, element, entered=True)


def begin_event_sub_process(execution: Execution, scope_key: int, start: Element, *, entered: bool) -> None:
    """Begin the event sub-process of a start event in a scope; `entered`: its start event is passed already."""
    handler = execution.elements[start.scope]
    if handler.wrapping is not None or start.wrapping is not None:
        execution.start_token(scope_key, handler.index)
        return
    spec = handler.spec
    assert isinstance(spec, SubProcessSpec)
    owner = Token(scope_key, handler.index)
    execution.instance.scopes[scope_key].live_tokens += 1
    execution.wait(owner)
    execution.open_scope(owner.key, scope_key, spec.variables)
    companions.open_event_sub_processes(execution, owner.key)
    token = Token(owner.key, start.index)
    execution.instance.scopes[owner.key].live_tokens += 1
    if entered:
        execution.complete(token, start)
    else:
        execution.agenda.append(token)


def interrupt_scope(execution: Execution, scope_key: int, reason: str) -> None:
    """End everything in a scope, and what its other event sub-processes wait for."""
    cancel_content(execution, scope_key, reason)
    close_event_starts(execution, scope_key, reason)


def close_event_starts(execution: Execution, scope_key: int, reason: str) -> None:
    """End what the event sub-processes of a scope wait for."""
    companions = execution.instance.hosted.get(scope_key)
    if not companions:
        return
    waiting = [token for token in companions if token.scope_key == scope_key and token.stage is not Stage.NOTICE]
    terminate(execution, waiting, reason)
    for token in waiting:
        forget(execution, token)


def close_idle_event_starts(execution: Execution) -> None:
    """End what event sub-processes wait for in scopes in which nothing but event sub-processes is left, as Flowable.

    Nothing may be moving. Those that run go on to their end.
    """
    instance = execution.instance
    scopes, execution.quieter = execution.quieter, set()
    for scope_key in sorted(scopes & instance.scopes.keys()):
        if not any(
            token.scope_key == scope_key
            and token.host == NO_HOST
            and execution.elements[token.element].kind is not ElementKind.EVENT_SUB_PROCESS
            for token in instance.tokens.values()
        ):
            close_event_starts(execution, scope_key, "completed")


def _keep_waiting(execution: Execution, token: Token, element: Element) -> None:
    # Messages, signals and conditions may come again; a timer only where it is a cycle.
    if token.waits_for is Wait.TIMER:
        drop_rows(execution, token)
        timers.schedule_next(execution, token, element)


def _choose(execution: Execution, token: Token, element: Element) -> None:
    # The first event of an event-based gateway ends the waiting for the others.
    holder = execution.instance.tokens[token.host]
    drop_rows(execution, token)
    execution.instance.remove_waiting(token)
    close_companions(execution, holder.key, "event based gateway cancel")
    execution.withdraw(holder)
    token.host = NO_HOST
    execution.instance.add_waiting(token)
    execution.complete(token, element)
