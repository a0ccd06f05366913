"""Types: what `instance of` and the types of parameters mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from mesh.feel.evaluation import Run
from mesh.feel.nodes import TypeName
from mesh.feel.tokens import ParseError
from mesh.feel.values import Function, Range, YearsMonths

Predicate = Callable[[Run, Any], bool]

_SIMPLE: dict[str, frozenset[type]] = {
    "number": frozenset({int, Decimal}),
    "string": frozenset({str}),
    "boolean": frozenset({bool}),
    "date": frozenset({date}),
    "time": frozenset({time}),
    "date and time": frozenset({datetime}),
    "dateTime": frozenset({datetime}),
    "days and time duration": frozenset({timedelta}),
    "day and time duration": frozenset({timedelta}),
    "dayTimeDuration": frozenset({timedelta}),
    "years and months duration": frozenset({YearsMonths}),
    "year and month duration": frozenset({YearsMonths}),
    "yearMonthDuration": frozenset({YearsMonths}),
    "duration": frozenset({timedelta, YearsMonths}),
    "list": frozenset({list}),
    "context": frozenset({dict}),
    "function": frozenset({Function}),
    "range": frozenset({Range}),
    "null": frozenset({type(None)}),
    "Null": frozenset({type(None)}),
}


def predicate(name: TypeName) -> Predicate:
    """Return a function that tells whether a value is of a type. Raises `ParseError` for a type that is not known."""
    if name.result is not None:
        return _of_types(frozenset({Function}))
    if name.name in ("Any", "any"):
        return lambda run, value: value is not None
    if name.fields:
        return _context(name)
    if name.arguments is not None:
        return _generic(name)
    types = _SIMPLE.get(name.name)
    if types is None:
        raise ParseError(f"unknown type {name.name[:40]!r}", 0)
    return _of_types(types)


def accepts(name: TypeName) -> Predicate:
    """Return a function that tells whether a parameter of this type takes a value: null always."""
    if name.name in ("Any", "any"):
        return lambda run, value: True
    check = predicate(name)
    return lambda run, value: value is None or check(run, value)


def _of_types(types: frozenset[type]) -> Predicate:
    return lambda run, value: type(value) in types


def _generic(name: TypeName) -> Predicate:
    if name.name not in ("list", "range") or name.arguments is None or len(name.arguments) != 1:
        raise ParseError(f"the type {name.name[:40]!r} takes no types of this kind", 0)
    element = accepts(name.arguments[0])
    if name.name == "range":
        return lambda run, value: type(value) is Range and element(run, value.start) and element(run, value.end)

    def check(run: Run, value: Any) -> bool:
        if type(value) is not list:
            return False
        run.spend(len(value))
        return all(element(run, item) for item in value)

    return check


def _context(name: TypeName) -> Predicate:
    if name.name != "context":
        raise ParseError(f"the type {name.name[:40]!r} has no fields", 0)
    fields = [(field, accepts(kind)) for field, kind in name.fields]

    def check(run: Run, value: Any) -> bool:
        return type(value) is dict and all(field in value and holds(run, value[field]) for field, holds in fields)

    return check
