"""Escalations (BPMN 2.0 section 10.5.6): looked for from the inside out like errors, but the thrower goes on.

An interrupting catch ends the activity it is attached to, or its scope; what nothing catches has no effect.
"""

from __future__ import annotations

from engine_svc.compile.executable import (
    PROCESS_SCOPE,
    CatchSpec,
    Element,
    ElementKind,
    EscalationTrigger,
    StartSpec,
    SubProcessSpec,
)
from engine_svc.runtime.behaviors.firing import begin_event_sub_process, interrupt_scope, plan
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Stage, Token


def escalate(execution: Execution, scope_key: int, code: str) -> bool:
    """Throw an escalation inside a scope; say whether something caught it.

    The callers of the instance must have been loaded (`calls.missing_caller`).
    """
    instance = execution.instance
    handled = False
    while True:
        owner = instance.tokens.get(scope_key)
        if not handled and (owner is None or owner.stage is not Stage.BODY):
            start = _catching_start(execution, PROCESS_SCOPE if owner is None else owner.element, code)
            if start is not None:
                _hand_over(execution, scope_key, start, code)
                return True
        if owner is None:
            return _escalate_to_caller(execution, code)
        boundary = _boundary_catch(execution, owner, code)
        if boundary is not None:
            _leave_by(execution, boundary, code)
            return True
        handled = execution.elements[owner.element].kind is ElementKind.EVENT_SUB_PROCESS
        scope_key = owner.scope_key


def _escalate_to_caller(execution: Execution, code: str) -> bool:
    instance = execution.instance
    if not instance.parent_id:
        return False
    caller = execution.unit.executions[instance.parent_id]
    token = caller.instance.tokens.get(instance.parent_key)
    if token is None:
        return False
    boundary = _boundary_catch(caller, token, code)
    caught = boundary is not None
    if boundary is not None:
        _leave_by(caller, boundary, code)
    else:
        caught = escalate(caller, token.scope_key, code)
    if caught:
        caller.touched = True
    return caught


def _boundary_catch(execution: Execution, host: Token, code: str) -> Token | None:
    every: Token | None = None
    for companion in execution.instance.hosted.get(host.key, ()):
        spec = execution.elements[companion.element].spec
        if isinstance(spec, CatchSpec) and isinstance(spec.trigger, EscalationTrigger):
            if spec.trigger.code == code:
                return companion
            if not spec.trigger.code and every is None:
                every = companion
    return every


def _catching_start(execution: Execution, place: int, code: str) -> Element | None:
    every: Element | None = None
    for index in execution.instance.definition.process.event_sub_processes.get(place, ()):
        spec = execution.elements[index].spec
        assert isinstance(spec, SubProcessSpec)
        start = execution.elements[spec.start]
        assert isinstance(start.spec, StartSpec)
        if isinstance(start.spec.trigger, EscalationTrigger):
            if start.spec.trigger.code == code:
                return start
            if not start.spec.trigger.code and every is None:
                every = start
    return every


def _leave_by(execution: Execution, companion: Token, code: str) -> None:
    element = execution.elements[companion.element]
    assert isinstance(element.spec, CatchSpec)
    _tell(execution, companion.scope_key, element.spec.trigger, code)
    plan(execution, companion)


def _hand_over(execution: Execution, scope_key: int, start: Element, code: str) -> None:
    assert isinstance(start.spec, StartSpec)
    if start.spec.interrupting:
        interrupt_scope(execution, scope_key, f"event subprocess ({start.id})")
    _tell(execution, scope_key, start.spec.trigger, code)
    begin_event_sub_process(execution, scope_key, start, entered=False)


def _tell(execution: Execution, scope_key: int, trigger: object, code: str) -> None:
    assert isinstance(trigger, EscalationTrigger)
    if trigger.code_variable:
        execution.set_variable(scope_key, trigger.code_variable, code)
