"""Escalations (BPMN 2.0 section 10.5.6): looked for from the inside out like errors, but the thrower goes on.

An interrupting catch ends the activity it is attached to, or its scope; what nothing catches has no effect.
"""

from __future__ import annotations

from engine_svc.compile.executable import CatchSpec, EscalationTrigger, StartSpec
from engine_svc.runtime.behaviors.catching import (
    EVERY_CODE,
    NOT,
    THIS_CODE,
    AtBoundary,
    InScope,
    Rank,
    boundary_catch,
    nearest_catch,
)
from engine_svc.runtime.behaviors.firing import begin_event_sub_process, interrupt_scope, plan
from engine_svc.runtime.execution import Execution


def escalate(execution: Execution, scope_key: int, code: str) -> bool:
    """Throw an escalation inside a scope; say whether something caught it.

    The callers of the instance must have been loaded (`calls.missing_caller`).
    """
    found = nearest_catch(execution, scope_key, _rank(code))
    if found is None:
        return _escalate_to_caller(execution, code)
    _hand_over(execution, found, code)
    return True


def _escalate_to_caller(execution: Execution, code: str) -> bool:
    instance = execution.instance
    if not instance.parent_id:
        return False
    caller = execution.unit.executions[instance.parent_id]
    token = caller.instance.tokens.get(instance.parent_key)
    if token is None:
        return False
    boundary = boundary_catch(caller, token, _rank(code))
    if boundary is not None:
        _hand_over(caller, boundary, code)
        caught = True
    else:
        caught = escalate(caller, token.scope_key, code)
    if caught:
        caller.touched = True
    return caught


def _rank(code: str) -> Rank:
    def rank(trigger: object) -> int:
        if not isinstance(trigger, EscalationTrigger):
            return NOT
        if trigger.code == code:
            return THIS_CODE
        return NOT if trigger.code else EVERY_CODE

    return rank


def _hand_over(execution: Execution, found: AtBoundary | InScope, code: str) -> None:
    if isinstance(found, AtBoundary):
        companion = found.companion
        element = execution.elements[companion.element]
        assert isinstance(element.spec, CatchSpec)
        _tell(execution, companion.scope_key, element.spec.trigger, code)
        plan(execution, companion)
        return
    start = found.start
    assert isinstance(start.spec, StartSpec)
    if start.spec.interrupting:
        interrupt_scope(execution, found.scope_key, f"event subprocess ({start.id})")
    _tell(execution, found.scope_key, start.spec.trigger, code)
    begin_event_sub_process(execution, found.scope_key, start, entered=False)


def _tell(execution: Execution, scope_key: int, trigger: object, code: str) -> None:
    assert isinstance(trigger, EscalationTrigger)
    if trigger.code_variable:
        execution.set_variable(scope_key, trigger.code_variable, code)
