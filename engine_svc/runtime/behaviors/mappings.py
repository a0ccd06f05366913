"""Input and output mappings: values that are computed in one scope and set in another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine_svc.compile.executable import Element, MappingSpec
from engine_svc.runtime.behaviors.triggers import evaluate, failed
from engine_svc.runtime.execution import Execution


def computed(
    execution: Execution, element: Element, mappings: Iterable[MappingSpec], scope_key: int
) -> list[tuple[MappingSpec, str, Any]]:
    """Return each mapping with its variable's name and value, all as seen from a scope.

    Raises `WrongState` (EXPRESSION_FAILED).
    """
    found = []
    for mapping in mappings:
        name = evaluate(execution, element, mapping.target, scope_key)
        if not isinstance(name, str) or not name:
            raise failed(element, f"the variable of a mapping must be a non-empty text, not {name!r}")
        found.append((mapping, name, evaluate(execution, element, mapping.value, scope_key)))
    return found


def placed(current: Any, path: tuple[str, ...], value: Any) -> Any:
    """Return a value with another one put at a path of keys below it."""
    if not path:
        return value
    kept = dict(current) if isinstance(current, dict) else {}
    kept[path[0]] = placed(kept.get(path[0]), path[1:], value)
    return kept


def apply_inputs(execution: Execution, element: Element, mappings: tuple[MappingSpec, ...], scope_key: int) -> None:
    """Set variables of a scope of an activity's own."""
    scope = execution.instance.scopes[scope_key]
    # One after another: a mapping may read what the one before it has set.
    for mapping in mappings:
        for entry, name, value in computed(execution, element, (mapping,), scope_key):
            if entry.transient:
                execution.set_transient(scope_key, name, value)
            else:
                execution.set_local(scope_key, name, placed(scope.variables.get(name), entry.target_path, value))


def apply_outputs(execution: Execution, element: Element, mappings: tuple[MappingSpec, ...], scope_key: int) -> None:
    """Set variables of the scopes around an activity, computed in the activity's own scope."""
    parent = execution.instance.scopes[scope_key].parent_key
    for mapping, name, value in computed(execution, element, mappings, scope_key):
        if mapping.transient:
            execution.set_transient(parent, name, value)
            continue
        current = None
        if mapping.target_path:
            try:
                current = execution.reader(parent).lookup(name)
            except KeyError:
                current = None
        execution.set_variable(parent, name, placed(current, mapping.target_path, value))
