"""Tokens that wait for an event on behalf of an activity or scope: boundary events and event sub-processes."""

from __future__ import annotations

from engine_svc.compile.executable import (
    PROCESS_SCOPE,
    CatchSpec,
    CompensationTrigger,
    Element,
    ErrorTrigger,
    EscalationTrigger,
    ReceiveTaskSpec,
    StartSpec,
    SubProcessSpec,
)
from engine_svc.runtime.behaviors import triggers
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import ROOT_SCOPE, Token, Wait


def open_boundary(execution: Execution, host: Token, element: Element) -> None:
    """Let the boundary events of an activity that begins wait, those that do not yet.

    Compensation waits nowhere: what throws it looks for what was completed.
    """
    if not element.boundary:
        return
    waiting = {token.element for token in execution.instance.hosted.get(host.key, ())}
    for index in element.boundary:
        event = execution.elements[index]
        spec = event.spec
        assert isinstance(spec, CatchSpec)
        if isinstance(spec.trigger, CompensationTrigger) or index in waiting:
            continue
        companion = Token(host.scope_key, index)
        companion.host = host.key
        triggers.wait_for(execution, companion, event, spec.trigger, execution.scope_of(host))


def open_event_sub_processes(execution: Execution, scope_key: int) -> None:
    """Let the event sub-processes of a scope that opens wait, those that do not yet.

    Errors and throws look for theirs themselves.
    """
    instance = execution.instance
    waiting = {token.element for token in instance.hosted.get(scope_key, ())}
    place = PROCESS_SCOPE if scope_key == ROOT_SCOPE else instance.tokens[scope_key].element
    for index in instance.definition.process.event_sub_processes.get(place, ()):
        sub_process = execution.elements[index].spec
        assert isinstance(sub_process, SubProcessSpec)
        start = execution.elements[sub_process.start]
        spec = start.spec
        assert isinstance(spec, StartSpec)
        assert spec.trigger is not None
        if isinstance(spec.trigger, ErrorTrigger | EscalationTrigger | CompensationTrigger) or start.index in waiting:
            continue
        companion = Token(scope_key, start.index)
        companion.host = scope_key
        triggers.wait_for(execution, companion, start, spec.trigger, scope_key)


def open_choice(execution: Execution, holder: Token, gateway: Element) -> None:
    """Let the events behind an event-based gateway wait, those that do not yet. Raises `WrongState`."""
    waiting = {token.element for token in execution.instance.hosted.get(holder.key, ())}
    for flow in gateway.outgoing:
        event = execution.elements[flow.target]
        if event.index in waiting:
            continue
        companion = Token(holder.scope_key, event.index, flow.index)
        companion.host = holder.key
        spec = event.spec
        assert isinstance(spec, CatchSpec | ReceiveTaskSpec)
        if spec.trigger is None:
            execution.wait(companion, Wait.TRIGGER)
        else:
            triggers.wait_for(execution, companion, event, spec.trigger, holder.scope_key)
