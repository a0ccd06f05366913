"""Compensation (BPMN 2.0 section 10.7): what was completed is undone by its handlers, the last one first.

A sub-process is compensated as a unit, with the variables that it ended with. As in Flowable, who throws does not
wait for the handlers; they keep the scope alive.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine_svc.compile.executable import (
    NO_ELEMENT,
    CompensationTrigger,
    ElementKind,
    StartSpec,
    SubProcessSpec,
)
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import ROOT_SCOPE, Compensable, Stage, Token


def compensate(execution: Execution, scope_key: int, activity: int) -> None:
    """Start the handlers of what was completed in a scope, or of one activity in it or around it."""
    scopes = execution.instance.scopes
    place = _place(execution, scope_key)
    if activity == NO_ELEMENT:
        entries, scopes[place].compensations = scopes[place].compensations, []
        scopes[place].encoded = None
        run_handlers(execution, place, entries)
        return
    while True:
        scope = scopes[place]
        entries = [entry for entry in scope.compensations if entry.element == activity]
        if entries:
            scope.compensations = [entry for entry in scope.compensations if entry.element != activity]
            scope.encoded = None
            run_handlers(execution, place, entries)
            return
        if place == ROOT_SCOPE:
            return
        place = scope.parent_key


def _place(execution: Execution, scope_key: int) -> int:
    # An event sub-process that has completed nothing itself compensates what the scope around it has.
    instance = execution.instance
    owner = instance.tokens.get(scope_key)
    while (
        owner is not None
        and not instance.scopes[scope_key].compensations
        and execution.elements[owner.element].kind is ElementKind.EVENT_SUB_PROCESS
    ):
        scope_key = owner.scope_key
        owner = instance.tokens.get(scope_key)
    return scope_key


def run_handlers(execution: Execution, scope_key: int, entries: Sequence[Compensable]) -> None:
    """Start the handlers of entries within a scope, those of the last one first."""
    for entry in reversed(entries):
        element = execution.elements[entry.element]
        handler = element.wrapping.compensation_handler if element.wrapping is not None else NO_ELEMENT
        own = own_handler(execution, entry.element)
        if handler == NO_ELEMENT and own == NO_ELEMENT:
            inner = _open(execution, scope_key, entry) if entry.variables else scope_key
            run_handlers(execution, inner, entry.inner)
            if inner != scope_key and not execution.instance.scopes[inner].live_tokens:
                execution.end_scope(inner)
            continue
        place = _open(execution, scope_key, entry) if entry.variables else scope_key
        execution.start_token(place, handler if handler != NO_ELEMENT else own)


def own_handler(execution: Execution, sub_process: int) -> int:
    """Return the index of the compensation event sub-process of a sub-process; NO_ELEMENT where it has none."""
    for index in execution.instance.definition.process.event_sub_processes.get(sub_process, ()):
        spec = execution.elements[index].spec
        assert isinstance(spec, SubProcessSpec)
        start = execution.elements[spec.start].spec
        if isinstance(start, StartSpec) and isinstance(start.trigger, CompensationTrigger):
            return index
    return NO_ELEMENT


def _open(execution: Execution, scope_key: int, entry: Compensable) -> int:
    """Open the scope of what was completed once more, with the variables of then; return its key."""
    token = Token(scope_key, entry.element)
    token.stage = Stage.COMPENSATING
    execution.wait(token)
    execution.instance.scopes[scope_key].live_tokens += 1
    execution.open_scope(token.key, scope_key, entry.variables)
    return token.key
