"""Calling functions: FEEL's own by signature, those of an expression by their definition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from mesh.feel.errors import LimitExceeded, WarningKind
from mesh.feel.evaluation import Run
from mesh.feel.limits import CHARACTERS_PER_STEP, MAX_CALL_DEPTH
from mesh.feel.values import Function, Range, YearsMonths, type_name

_TYPES: dict[str, frozenset[type]] = {
    "number": frozenset({int, Decimal}),
    "string": frozenset({str}),
    "boolean": frozenset({bool}),
    "list": frozenset({list}),
    "context": frozenset({dict}),
    "date": frozenset({date}),
    "time": frozenset({time}),
    "date and time": frozenset({datetime}),
    "days duration": frozenset({timedelta}),
    "duration": frozenset({timedelta, YearsMonths}),
    "day": frozenset({date, datetime}),
    "range": frozenset({Range}),
    "function": frozenset({Function}),
    "point": frozenset({int, Decimal, str, date, time, datetime, timedelta, YearsMonths}),
    "any": frozenset(
        {bool, int, Decimal, str, list, dict, date, time, datetime, timedelta, YearsMonths, Range, Function}
    ),
}
_NULL = type(None)


@dataclass(slots=True, frozen=True)
class Parameter:
    """A parameter of one of FEEL's functions."""

    name: str
    types: frozenset[type]
    optional: bool

    def taken(self, value: Any) -> Any:
        """Return the value as the parameter takes it, `_REFUSED` where it does not.

        A list of one element stands for the element, an element for the list of it (DMN 1.4, 10.3.2.9.4).
        """
        kind = type(value)
        if kind in self.types:
            return value
        if kind is list:
            return value[0] if len(value) == 1 and type(value[0]) in self.types else _REFUSED
        return [value] if list in self.types and value is not None else _REFUSED


_REFUSED = object()


@dataclass(slots=True, frozen=True)
class Signature:
    """One way to call a function: its parameters, and what it does with them."""

    parameters: tuple[Parameter, ...]
    required: int
    variadic: bool
    function: Callable[..., Any]

    def bind(self, arguments: Sequence[Any]) -> list[Any] | None:
        """Return the arguments as the function takes them; None where they do not fit."""
        count = len(arguments)
        if count < self.required:
            return None
        if self.variadic:
            return self._bind_variadic(arguments)
        if count > len(self.parameters):
            return None
        bound = []
        for parameter, value in zip(self.parameters, arguments, strict=False):
            found = value if type(value) in parameter.types else parameter.taken(value)
            if found is _REFUSED:
                return None
            bound.append(found)
        return bound

    def _bind_variadic(self, arguments: Sequence[Any]) -> list[Any] | None:
        if not arguments:
            return None
        *parameters, last = self.parameters
        bound = []
        for parameter, value in zip(parameters, arguments, strict=False):
            found = parameter.taken(value)
            if found is _REFUSED:
                return None
            bound.append(found)
        rest = [last.taken(value) for value in arguments[len(parameters) :]]
        if any(value is _REFUSED for value in rest):
            return None
        return [*bound, rest]

    def bind_named(self, arguments: dict[str, Any]) -> list[Any] | None:
        """Return the arguments as the function takes them; None where they do not fit."""
        if any(all(name != parameter.name for parameter in self.parameters) for name in arguments):
            return None
        values: list[Any] = []
        for index, parameter in enumerate(self.parameters):
            if parameter.name not in arguments:
                if index < self.required:
                    return None
                values.append(None)
            elif self.variadic and index == len(self.parameters) - 1:
                value = arguments[parameter.name]
                values.extend(value if type(value) is list else [value])
            else:
                values.append(arguments[parameter.name])
        if not self.variadic:
            # What is not given at the end is left out, which null is not: floor(n: 1.5, scale: null) is null.
            given = max((i for i, each in enumerate(self.parameters) if each.name in arguments), default=-1)
            del values[given + 1 :]
        return self.bind(values)


class Builtin:
    """One of FEEL's functions: its name and the ways to call it."""

    __slots__ = ("name", "signatures", "value")

    def __init__(self, name: str) -> None:
        self.name = name
        self.signatures: list[Signature] = []
        self.value: Function
        """The function as a value that can be handed on."""

    def call(self, run: Run, arguments: list[Any]) -> Any:
        """Call by position. Null where no signature fits."""
        for signature in self.signatures:
            bound = signature.bind(arguments)
            if bound is not None:
                _spend_texts(run, bound)
                return signature.function(run, *bound)
        return self._refused(run, arguments)

    def call_named(self, run: Run, arguments: dict[str, Any]) -> Any:
        """Call by name. Null where no signature fits."""
        for signature in self.signatures:
            bound = signature.bind_named(arguments)
            if bound is not None:
                _spend_texts(run, bound)
                return signature.function(run, *bound)
        return self._refused(run, list(arguments.values()))

    def _refused(self, run: Run, arguments: list[Any]) -> Any:
        types = ", ".join(type_name(argument) for argument in arguments[:8])
        return run.null(WarningKind.INVALID_ARGUMENTS, f"{self.name}({types}) is not known")


def _spend_texts(run: Run, arguments: list[Any]) -> None:
    """Take the steps for going through each string once, as all functions do in one way or another."""
    for argument in arguments:
        if type(argument) is str and len(argument) >= CHARACTERS_PER_STEP:
            run.spend_text(len(argument))


BUILTINS: dict[str, Builtin] = {}
"""FEEL's functions by name; filled by `mesh.feel.functions`."""


def feel(name: str, signature: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a Python function one of FEEL's, or one more way to call it.

    The signature is `name: type, ...`, where `type?` takes null as well, a name with `?` may be left out, and a last
    `...name` takes any number. The function gets the run, then the arguments.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        builtin = BUILTINS.get(name)
        if builtin is None:
            builtin = BUILTINS[name] = Builtin(name)
            # Named arguments of a function as a value go by its first signature.
        builtin.signatures.append(_signature(signature, function))
        names = tuple(parameter.name for parameter in builtin.signatures[0].parameters)
        builtin.value = Function(name, names, builtin.call, builtin.call_named)
        return function

    return register


def _signature(text: str, function: Callable[..., Any]) -> Signature:
    parameters, required, variadic = [], 0, False
    for part in filter(None, text.split(", ")):
        name, _, kinds = part.partition(": ")
        nullable = kinds.endswith("?")
        types = frozenset().union(*(_TYPES[kind] for kind in kinds.rstrip("?").split("|")))
        if name.startswith("..."):
            variadic = True
        optional = name.endswith("?")
        required += not optional and not variadic
        parameters.append(Parameter(name.strip(".?"), types | {_NULL} if nullable or optional else types, optional))
    return Signature(tuple(parameters), required, variadic, function)


def call_value(run: Run, function: Function, arguments: list[Any]) -> Any:
    """Call a function that is a value. Raises `LimitExceeded` where functions call one another too deeply."""
    return _nested(run, function.call, arguments)


def call_value_named(run: Run, function: Function, arguments: dict[str, Any]) -> Any:
    """Call a function that is a value with named arguments. Raises `LimitExceeded` as `call_value` does."""
    return _nested(run, function.call_named, arguments)


def _nested(run: Run, call: Callable[[Run, Any], Any], arguments: Any) -> Any:
    if run.calls >= MAX_CALL_DEPTH:
        raise LimitExceeded(f"functions call one another more than {MAX_CALL_DEPTH} levels deep")
    run.calls += 1
    try:
        return call(run, arguments)
    finally:
        run.calls -= 1
