"""BPMN errors (BPMN 2.0 section 10.5.6): looked for from the inside out, and caught by what is nearest (`catching`).

What nothing in a called instance catches is thrown at the call activity of its caller.
"""

from __future__ import annotations

from engine_svc.compile.executable import CatchSpec, Element, ErrorTrigger, StartSpec
from engine_svc.runtime.behaviors.bpmn_error import BpmnError
from engine_svc.runtime.behaviors.cancellation import halt
from engine_svc.runtime.behaviors.catching import (
    EVERY_CODE,
    NOT,
    THIS_CODE,
    AtBoundary,
    InScope,
    Rank,
    best,
    boundary_catch,
    nearest_catch,
)
from engine_svc.runtime.behaviors.companions import open_boundary
from engine_svc.runtime.behaviors.event_parameters import receive
from engine_svc.runtime.behaviors.firing import begin_event_sub_process, interrupt_scope, plan
from engine_svc.runtime.behaviors.multi_instance import is_child
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Stage, Token


def throw_from_activity(execution: Execution, token: Token, error: BpmnError) -> bool:
    """Throw an error in the activity that a token waits in; say whether something caught it.

    What catches it cancels the activity it is attached to, or all of its scope. Nothing changes where nothing does.
    The callers of the instance must have been loaded (`calls.missing_caller`).
    """
    if token.stage is Stage.STARTING and _will_catch(execution, token, error):
        # A start listener throws: the boundary events, which come after the listeners, are there for it all the same.
        open_boundary(execution, token, execution.elements[token.element])
    boundary = boundary_catch(execution, token, _rank(error))
    if boundary is not None:
        _hand_over(execution, boundary, error)
        return True
    return throw_in_scope(execution, token.scope_key, error)


def _will_catch(execution: Execution, token: Token, error: BpmnError) -> bool:
    if is_child(execution, token):
        return False
    specs = (execution.elements[index].spec for index in execution.elements[token.element].boundary)
    return best(((spec, spec.trigger) for spec in specs if isinstance(spec, CatchSpec)), _rank(error)) is not None


def throw_in_scope(execution: Execution, scope_key: int, error: BpmnError) -> bool:
    """Throw an error inside a scope; say whether something caught it. See `throw_from_activity`."""
    found = nearest_catch(execution, scope_key, _rank(error))
    if found is None:
        return _throw_at_caller(execution, error)
    _hand_over(execution, found, error)
    return True


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


def _rank(error: BpmnError) -> Rank:
    def rank(trigger: object) -> int:
        if not isinstance(trigger, ErrorTrigger):
            return NOT
        if not trigger.code:
            return EVERY_CODE
        return THIS_CODE if trigger.code == error.code or not error.code else NOT

    return rank


def _hand_over(execution: Execution, found: AtBoundary | InScope, error: BpmnError) -> None:
    if isinstance(found, AtBoundary):
        companion = found.companion
        _tell(execution, companion.scope_key, execution.elements[companion.element], error)
        plan(execution, companion)
        return
    start = found.start
    interrupt_scope(execution, found.scope_key, f"event subprocess ({start.id})")
    _tell(execution, found.scope_key, start, error)
    begin_event_sub_process(execution, found.scope_key, start, entered=False)


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
