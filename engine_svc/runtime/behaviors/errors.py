"""BPMN errors (BPMN 2.0 section 10.5.6): looked for from the inside out, and caught by what is nearest.

At each level a catch of the very code beats one of every error. An event sub-process of a scope is nearer than the
boundary events of its sub-process. What an event sub-process throws is not caught beside it, only further out. What
nothing in a called instance catches is thrown at the call activity of its caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from engine_svc.compile.executable import (
    PROCESS_SCOPE,
    CatchSpec,
    Element,
    ElementKind,
    ErrorTrigger,
    StartSpec,
    SubProcessSpec,
)
from engine_svc.runtime.behaviors.bpmn_error import BpmnError
from engine_svc.runtime.behaviors.cancellation import halt
from engine_svc.runtime.behaviors.companions import open_boundary
from engine_svc.runtime.behaviors.event_parameters import receive
from engine_svc.runtime.behaviors.firing import begin_event_sub_process, interrupt_scope, plan
from engine_svc.runtime.behaviors.multi_instance import is_child
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Stage, Token

Catch = TypeVar("Catch")


def throw_from_activity(execution: Execution, token: Token, error: BpmnError) -> bool:
    """Throw an error in the activity that a token waits in; say whether something caught it.

    What catches it cancels the activity it is attached to, or all of its scope. Nothing changes where nothing does.
    The callers of the instance must have been loaded (`calls.missing_caller`).
    """
    if token.stage is Stage.STARTING and _will_catch(execution, token, error):
        # A start listener throws: the boundary events, which come after the listeners, are there for it all the same.
        open_boundary(execution, token, execution.elements[token.element])
    boundary = _boundary_catch(execution, token, error)
    if boundary is not None:
        _leave_by(execution, boundary, error)
        return True
    return throw_in_scope(execution, token.scope_key, error)


def _will_catch(execution: Execution, token: Token, error: BpmnError) -> bool:
    if is_child(execution, token):
        return False
    specs = (execution.elements[index].spec for index in execution.elements[token.element].boundary)
    triggers = [spec.trigger for spec in specs if isinstance(spec, CatchSpec)]
    return _best([(trigger, trigger) for trigger in triggers if isinstance(trigger, ErrorTrigger)], error) is not None


def throw_in_scope(execution: Execution, scope_key: int, error: BpmnError) -> bool:
    """Throw an error inside a scope; say whether something caught it. See `throw_from_activity`."""
    instance = execution.instance
    handlers = instance.definition.process.event_sub_processes
    handled = False
    while True:
        owner = instance.tokens.get(scope_key)
        if not handled and (owner is None or owner.stage is not Stage.BODY):
            index = PROCESS_SCOPE if owner is None else owner.element
            start = _catching_start(execution, handlers.get(index, ()), error)
            if start is not None:
                _hand_over(execution, scope_key, start, error)
                return True
        if owner is None:
            return _throw_at_caller(execution, error)
        boundary = _boundary_catch(execution, owner, error)
        if boundary is not None:
            _leave_by(execution, boundary, error)
            return True
        handled = execution.elements[owner.element].kind is ElementKind.EVENT_SUB_PROCESS
        scope_key = owner.scope_key


def _throw_at_caller(execution: Execution, error: BpmnError) -> bool:
    instance = execution.instance
    if not instance.parent_id:
        return False
    caller = execution.unit.executions[instance.parent_id]
    token = caller.instance.tokens.get(instance.parent_key)
    if token is None or not throw_from_activity(caller, token, error):
        return False
    caller.touched = True
    # What catches it ends the called instance once it moves; until then nothing else happens there.
    halt(caller, instance.id, f"error {error.code}")
    return True


def _boundary_catch(execution: Execution, host: Token, error: BpmnError) -> Token | None:
    companions = execution.instance.hosted.get(host.key, ()) if host.key else ()
    triggers = []
    for companion in companions:
        spec = execution.elements[companion.element].spec
        if isinstance(spec, CatchSpec) and isinstance(spec.trigger, ErrorTrigger):
            triggers.append((companion, spec.trigger))
    return _best(triggers, error)


def _catching_start(execution: Execution, handlers: Iterable[int], error: BpmnError) -> Element | None:
    triggers = []
    for index in handlers:
        spec = execution.elements[index].spec
        assert isinstance(spec, SubProcessSpec)
        start = execution.elements[spec.start]
        assert isinstance(start.spec, StartSpec)
        if isinstance(start.spec.trigger, ErrorTrigger):
            triggers.append((start, start.spec.trigger))
    return _best(triggers, error)


def _best(triggers: Iterable[tuple[Catch, ErrorTrigger]], error: BpmnError) -> Catch | None:
    every: Catch | None = None
    for catch, trigger in triggers:
        if trigger.code and (trigger.code == error.code or not error.code):
            return catch
        if not trigger.code and every is None:
            every = catch
    return every


def _leave_by(execution: Execution, companion: Token, error: BpmnError) -> None:
    element = execution.elements[companion.element]
    _tell(execution, companion.scope_key, element, error)
    plan(execution, companion)


def _hand_over(execution: Execution, scope_key: int, start: Element, error: BpmnError) -> None:
    interrupt_scope(execution, scope_key, f"event subprocess ({start.id})")
    _tell(execution, scope_key, start, error)
    begin_event_sub_process(execution, scope_key, start, entered=False)


def _tell(execution: Execution, scope_key: int, catch: Element, error: BpmnError) -> None:
    assert isinstance(catch.spec, CatchSpec | StartSpec)
    trigger = catch.spec.trigger
    assert isinstance(trigger, ErrorTrigger)
    if catch.spec.parameters:
        receive(execution, scope_key, catch, {**error.variables, **error.payload})
    else:
        receive(execution, scope_key, catch, error.variables)
    if trigger.code_variable:
        execution.set_variable(scope_key, trigger.code_variable, error.code)
    if trigger.message_variable:
        execution.set_variable(scope_key, trigger.message_variable, error.message)
