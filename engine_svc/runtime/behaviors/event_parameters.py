"""What comes with an event: computed where it is thrown, and kept where it is caught."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine_svc.compile.executable import CatchSpec, Element, Evaluate, MappingSpec, StartSpec
from engine_svc.expressions.errors import ExpressionError
from engine_svc.runtime.behaviors import mappings, triggers
from engine_svc.runtime.execution import Execution


class _ReceivedReader:
    """What an expression of a catch sees: only what came with the event."""

    __slots__ = ("_values", "now_micros", "user")

    def __init__(self, execution: Execution, values: Mapping[str, Any]) -> None:
        self._values = values
        self.now_micros = execution.now
        self.user = execution.unit.user

    def lookup(self, name: str) -> Any:
        """Return the value `name`; raise `KeyError` where none came."""
        return self._values[name]


def payload_of(
    execution: Execution, element: Element, of: tuple[MappingSpec, ...], scope_key: int, *, all_variables: bool = False
) -> dict[str, Any]:
    """Return the values that go with what an element throws. Raises `WrongState` (EXPRESSION_FAILED)."""
    payload = execution.visible(scope_key) if all_variables else {}
    for mapping, name, value in mappings.computed(execution, element, of, scope_key):
        payload[name] = mappings.placed(payload.get(name), mapping.target_path, value)
    return payload


def receive(execution: Execution, scope_key: int, element: Element, values: Mapping[str, Any]) -> None:
    """Set the variables that a catch keeps of what came with the event, seen from a scope.

    All of it under its own names, or what its parameters say, null for what did not come. Raises `WrongState`
    (EXPRESSION_FAILED).
    """
    spec = element.spec
    parameters = spec.parameters if isinstance(spec, CatchSpec | StartSpec) else ()
    if not parameters:
        for name, value in values.items():
            execution.set_variable(scope_key, name, value)
        return
    reader = _ReceivedReader(execution, values)
    for parameter in parameters:
        name = triggers.name_of(execution, element, parameter.target, scope_key, "variable of a parameter")
        if parameter.expression is None:
            execution.set_variable(scope_key, name, values.get(parameter.source))
        else:
            execution.set_variable(scope_key, name, _evaluated(element, parameter.expression, reader))


def _evaluated(element: Element, expression: Evaluate, reader: _ReceivedReader) -> Any:
    try:
        return expression(reader)
    except ExpressionError as error:
        raise triggers.failed(element, str(error), error.expression) from error
