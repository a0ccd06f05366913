"""Conditional and variable events: looked at when a variable they read has changed, or on demand."""

from __future__ import annotations

from engine_svc.compile.executable import CatchSpec, ConditionTrigger, StartSpec, Trigger, VariableTrigger
from engine_svc.runtime.behaviors.firing import plan
from engine_svc.runtime.behaviors.triggers import evaluate
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import ROOT_SCOPE, Token

Change = tuple[int, str, str]
"""Scope, name and kind of a change: create, update, delete."""


def evaluate_changed(execution: Execution) -> bool:
    """Fire what the variables that changed in this step make happen; say whether anything did."""
    changes = execution.changed
    execution.changed = []
    fired = False
    for token in _watching(execution):
        # What was fired before may have ended it.
        if execution.instance.watching.get(token.key) is not token:
            continue
        trigger = trigger_of(execution, token)
        visible = _scopes_of(execution, token)
        seen = [change for change in changes if change[0] in visible]
        if (isinstance(trigger, VariableTrigger) and _is_meant(trigger, seen)) or (
            isinstance(trigger, ConditionTrigger) and _may_hold(trigger, seen) and holds(execution, token, trigger)
        ):
            plan(execution, token)
            fired = True
    return fired


def evaluate_all(execution: Execution) -> int:
    """Fire every conditional event whose condition holds now; return how many there were."""
    fired = 0
    for token in _watching(execution):
        if execution.instance.watching.get(token.key) is token:
            trigger = trigger_of(execution, token)
            if isinstance(trigger, ConditionTrigger) and holds(execution, token, trigger):
                plan(execution, token)
                fired += 1
    return fired


def holds(execution: Execution, token: Token, trigger: ConditionTrigger) -> bool:
    """Say whether a condition holds for a token that waits for it. Raises `WrongState` (EXPRESSION_FAILED)."""
    element = execution.elements[token.element]
    return bool(evaluate(execution, element, trigger.condition, _scope_of(execution, token)))


def trigger_of(execution: Execution, token: Token) -> Trigger | None:
    """Return what a token waits for."""
    spec = execution.elements[token.element].spec
    return spec.trigger if isinstance(spec, CatchSpec | StartSpec) else None


def _watching(execution: Execution) -> list[Token]:
    watching = execution.instance.watching
    return [watching[key] for key in sorted(watching)]


def _scope_of(execution: Execution, token: Token) -> int:
    # A boundary event sees what its activity sees.
    return token.host if token.host in execution.instance.scopes else execution.scope_of(token)


def _scopes_of(execution: Execution, token: Token) -> set[int]:
    scopes = execution.instance.scopes
    scope = scopes[_scope_of(execution, token)]
    found = {scope.key}
    while scope.key != ROOT_SCOPE:
        scope = scopes[scope.parent_key]
        found.add(scope.key)
    return found


def _may_hold(trigger: ConditionTrigger, changes: list[Change]) -> bool:
    return any(
        name in trigger.variables and (not trigger.variable_events or kind in trigger.variable_events)
        for _, name, kind in changes
    )


def _is_meant(trigger: VariableTrigger, changes: list[Change]) -> bool:
    kinds = {"all": {"create", "update", "delete"}}.get(trigger.change, set(trigger.change.split("-")))
    return any(name == trigger.variable and kind in kinds for _, name, kind in changes)
