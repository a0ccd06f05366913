"""Reading variables, entries and elements. Most of what an expression does is this."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mesh.feel.calls import Builtin
from mesh.feel.errors import WarningKind
from mesh.feel.evaluation import PLAIN, SMALL, Evaluate, Run, Scope
from mesh.feel.properties import read_property


def outer_variable(name: str, builtin: Builtin | None) -> Evaluate:
    """Read a variable from outside, or one of FEEL's functions where there is no such variable."""

    def evaluate(scope: Scope) -> Any:
        try:
            value = scope.values[name]
        except KeyError:
            if builtin is not None:
                return builtin.value
            return scope.run.null(WarningKind.NO_VARIABLE, f"there is no variable {name[:80]}")
        kind = type(value)
        if kind in PLAIN or (kind is int and -SMALL < value < SMALL):
            return value
        return scope.run.input(name, value)

    return evaluate


def entry(owner: Evaluate, name: str) -> Evaluate:
    """Read the property `name` of what `owner` gives."""

    def read(scope: Scope) -> Any:
        value = owner(scope)
        if type(value) is dict and name in value:
            return value[name]
        return read_property(scope.run, value, name)

    return read


def outer_entry(path: tuple[str, ...], otherwise: Evaluate) -> Evaluate:
    """Read an entry of a variable from outside without a look at its other entries."""
    first, *names = path

    def read(scope: Scope) -> Any:
        value = scope.values.get(first)
        for name in names:
            if type(value) is not dict or name not in value:
                return otherwise(scope)
            value = value[name]
        kind = type(value)
        if kind in PLAIN or (kind is int and -SMALL < value < SMALL):
            return value
        return scope.run.input(path, value)

    return read


def element(run: Run, value: Any, index: int | Decimal) -> Any:
    """Return an element of a list by its index from 1, or from -1 at the end; null where there is none."""
    if value is None:
        return None
    items = value if type(value) is list else [value]
    if type(index) is int and index != 0 and -len(items) <= index <= len(items):
        return items[index - 1 if index > 0 else index]
    return run.null(WarningKind.NO_PROPERTY, f"a list of {len(items)} has no element {str(index)[:40]}")
